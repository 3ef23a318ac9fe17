"""The tests of the tree: .mlir and .test files with RUN lines. test/unit adds the GoogleTest binaries.

Loaded through build/<preset>/test/lit.site.cfg.py, so `lit build/<preset>/test` runs everything.
Substitutions: %tenon_root the source tree, %tenon_build the build folder, %models test/models, %python the interpreter; %expect and %refuse
are test/cli/expect.py and refuse.py; Tenon's tools go by their names.
"""
import os
import shutil
import subprocess

import lit.formats
from lit.llvm import llvm_config
from lit.llvm.subst import ToolSubst

config.name = "Tenon"
config.suffixes = [".mlir", ".test"]
config.excludes = ["Inputs", "models"]
config.test_format = lit.formats.ShTest(execute_external=False)
config.test_source_root = os.path.join(config.tenon_root, "test")
config.test_exec_root = os.path.join(config.tenon_build, "test")

config.environment["TENON_CACHE_DIR"] = "off"  # tests of the cache give their own folder
config.environment["ASAN_OPTIONS"] = "allow_user_poisoning=0"  # as in test/unit
llvm_config.use_default_substitutions()
config.substitutions += [
    ("%tenon_root", config.tenon_root),
    ("%tenon_build", config.tenon_build),
    ("%models", os.path.join(config.test_source_root, "models")),
    ("%python", config.python),
    ("%mlir_include", config.mlir_include),
    ("%expect", f"{config.python} {config.test_source_root}/cli/expect.py"),
    ("%refuse", f"{config.python} {config.test_source_root}/cli/refuse.py"),
]
tools = ["tenon", "tenon-golden", "tenon-opt", "tenon-interpret", "tenon-toy-engine"]
llvm_config.add_tool_substitutions(
    [ToolSubst(tool, unresolved="ignore") for tool in tools + ["split-file", "mlir-tblgen"]],
    [os.path.join(config.tenon_build, "bin"), config.llvm_tools_dir],
)
# A full disk is a file system of our own making, in a user namespace of our own.
if subprocess.run(["unshare", "-rm", "mount", "-t", "tmpfs", "-o", "size=64k", "none", "/mnt"], capture_output=True).returncode == 0:
    config.available_features.add("own-mounts")
if shutil.which("nginx", path=os.environ.get("PATH", "") + ":/usr/sbin"):
    config.available_features.add("nginx")
if shutil.which("bazel"):
    config.available_features.add("bazel")
for tool in tools:
    if os.path.exists(os.path.join(config.tenon_build, "bin", tool)):
        config.available_features.add(tool)
