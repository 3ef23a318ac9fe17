"""The compiler as Bazel sees it."""

TenonInfo = provider(
    doc = "A Tenon compiler.",
    fields = {
        "compiler": "File: the program tenon-compiler",
        "libraries": "depset of File: the shared libraries that it loads; part of the key of what it makes",
    },
)

def _tenon_toolchain(ctx):
    return [platform_common.ToolchainInfo(tenon = TenonInfo(
        compiler = ctx.file.compiler,
        libraries = depset(ctx.files.libraries),
    ))]

tenon_toolchain = rule(
    implementation = _tenon_toolchain,
    attrs = {
        "compiler": attr.label(allow_single_file = True, mandatory = True),
        "libraries": attr.label_list(allow_files = True),
    },
)
