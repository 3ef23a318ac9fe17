"""The GoogleTest binaries below build/<preset>/test, one lit test per case."""
import os

import lit.formats

config.name = "Tenon"
config.suffixes = []
config.excludes = ["unit", "CMakeFiles"]
config.test_format = lit.formats.GoogleTest(".", "Tests")
config.test_source_root = os.path.join(config.tenon_build, "test")
config.test_exec_root = config.test_source_root
config.environment["TMPDIR"] = os.environ.get("TMPDIR", "/tmp")
# For the preset asan: LLVM's libraries are not instrumented, so what our code marks in LLVM's arenas they never unmark.
config.environment["ASAN_OPTIONS"] = "allow_user_poisoning=0"
