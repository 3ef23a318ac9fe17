"""A Tenon that is installed on this machine, as an external repository.

WORKSPACE:
    local_repository(name = "rules_tenon", path = "/usr/share/tenon/bazel")
    load("@rules_tenon//:installed.bzl", "tenon_installed")
    tenon_installed(name = "tenon", prefix = "/usr")
    register_toolchains("@tenon//:toolchain")
"""

_BUILD = """
load("@rules_tenon//:toolchain.bzl", "tenon_toolchain")

package(default_visibility = ["//visibility:public"])

tenon_toolchain(
    name = "installed",
    compiler = "bin/tenon-compiler",
    libraries = glob(["compiler-lib/*"]),
)

toolchain(
    name = "toolchain",
    toolchain = ":installed",
    toolchain_type = "@rules_tenon//:toolchain_type",
)

cc_import(
    name = "libtenon",
    shared_library = "lib/libtenon.so.0",
)

cc_import(
    name = "libtenon-text",
    shared_library = "lib/libtenon-text.so.0",
)

cc_library(
    name = "runtime",
    hdrs = glob(["include/tenon/*.h"]),
    includes = ["include"],
    deps = [":libtenon"],
)

cc_library(
    name = "text",
    deps = [":runtime", ":libtenon-text"],
)
"""

def _tenon_installed(ctx):
    prefix = ctx.path(ctx.attr.prefix)
    compiler = prefix.get_child("libexec").get_child("tenon").get_child("tenon-compiler")
    if not compiler.exists:
        fail("tenon_installed: there is no %s; install the compiler (Debian: the package tenon), or give its prefix" % compiler)
    ctx.symlink(compiler, "bin/tenon-compiler")

    # Another LLVM makes other code, so the libraries count as inputs. They are loaded from where they lie.
    ldd = ctx.execute(["ldd", compiler])
    if ldd.return_code:
        fail("tenon_installed: ldd %s: %s" % (compiler, ldd.stderr))
    for line in ldd.stdout.split("\n"):
        words = line.strip().split(" ")
        if len(words) > 2 and words[1] == "=>":
            if not words[2].startswith("/"):
                fail("tenon_installed: %s needs %s, which is not found" % (compiler, words[0]))
            ctx.symlink(words[2], "compiler-lib/" + words[0])

    ctx.symlink(prefix.get_child("include").get_child("tenon"), "include/tenon")
    folders = [prefix.get_child("lib")] + [prefix.get_child("lib").get_child(m) for m in ("x86_64-linux-gnu", "aarch64-linux-gnu")]
    for name in ("libtenon.so.0", "libtenon-text.so.0"):
        found = [f.get_child(name) for f in folders if f.get_child(name).exists]
        if not found:
            fail("tenon_installed: there is no %s below %s" % (name, prefix))
        ctx.symlink(found[0], "lib/" + name)
    ctx.file("BUILD", _BUILD)

tenon_installed = repository_rule(
    implementation = _tenon_installed,
    attrs = {"prefix": attr.string(default = "/usr", doc = "Where Tenon was installed.")},
    local = True,
)
