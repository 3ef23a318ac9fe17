"""tenon_engine: a model in, an engine out, hermetically.

The compiler sees the files that `model` names and no others, no cache, no environment and no network, and the bytes of
the engine do not depend on the machine: remote caching and remote execution may share them.
"""

_SHAPES = ["max-batch", "max-seq", "kv-tokens", "page-tokens", "step-tokens", "logit-rows"]

def _model_path(files):
    """The argument of `tenon compile`: the one file that is a model, or the folder of config.json."""
    ggufs = [f for f in files if f.extension == "gguf"]
    if len(files) == 1 and ggufs:
        return files[0].path
    configs = [f for f in files if f.basename == "config.json"]
    if len(configs) != 1 or ggufs:
        fail("expected one GGUF file, or the files of one folder with a config.json", attr = "model")
    folder = configs[0].dirname
    for file in files:
        if file.dirname != folder:
            fail("%s does not lie in the folder of %s" % (file.path, configs[0].path), attr = "model")
    return folder

def _tenon_engine(ctx):
    tenon = ctx.toolchains["@rules_tenon//:toolchain_type"].tenon
    if ctx.attr.tp != 1:
        fail("%d: this Tenon compiles for one rank" % ctx.attr.tp, attr = "tp")
    if not ctx.attr.targets or "native" in ctx.attr.targets:
        fail("name the instruction sets, such as cpu:x86-64-v3: `native` is another one on each machine", attr = "targets")
    out = ctx.outputs.out or ctx.actions.declare_file(ctx.label.name + ".tenon")
    args = ctx.actions.args()
    args.add("compile")
    args.add(_model_path(ctx.files.model))
    args.add("-o", out)
    args.add_all(["--quiet", "--cache", "off"])
    args.add_all(ctx.attr.targets, before_each = "--target")
    for option in ["quant", "kv", "activations"]:
        args.add("--%s=%s" % (option, getattr(ctx.attr, option)))
    for option, value in ctx.attr.shapes.items():
        if option not in _SHAPES:
            fail("%s: expected one of %s" % (option, ", ".join(_SHAPES)), attr = "shapes")
        args.add("--%s=%s" % (option, value))
    ctx.actions.run(
        executable = tenon.compiler,
        arguments = [args],
        inputs = depset(ctx.files.model, transitive = [tenon.libraries]),
        outputs = [out],
        env = {},
        execution_requirements = {"block-network": "1"},
        mnemonic = "TenonCompile",
        progress_message = "Compiling the model %s" % ctx.label,
    )
    return [DefaultInfo(files = depset([out]), runfiles = ctx.runfiles([out]))]

tenon_engine = rule(
    implementation = _tenon_engine,
    doc = "Compiles a model into NAME.tenon. Attributes without a description are options of `tenon compile`.",
    attrs = {
        "model": attr.label_list(allow_files = True, mandatory = True, doc = "One GGUF file, or the files of a model's folder (glob)."),
        "targets": attr.string_list(mandatory = True),
        "quant": attr.string(default = "auto"),
        "kv": attr.string(default = "auto"),
        "activations": attr.string(default = "auto"),
        "shapes": attr.string_dict(doc = "Of " + ", ".join(_SHAPES) + "."),
        "tp": attr.int(default = 1, doc = "Ranks; 1 is what there is."),
        "out": attr.output(doc = "The engine's file, where NAME.tenon will not do."),
    },
    toolchains = ["@rules_tenon//:toolchain_type"],
)
