"""The GoogleTest binaries below build/<preset>/test, one lit test per case."""
import os

import lit.formats


class UnitTests(lit.formats.GoogleTest):
    """Names read "folder/Binary/Suite/Case": the format's own have a "." for its list of sub-folders."""

    def getTestsInDirectory(self, *arguments):
        for test in super().getTestsInDirectory(*arguments):
            test.path_in_suite = tuple(part for part in test.path_in_suite if part != ".")
            yield test


config.name = "Tenon"
config.suffixes = []
config.excludes = ["unit", "CMakeFiles"]
config.test_format = UnitTests(".", "Tests")
config.test_source_root = os.path.join(config.tenon_build, "test")
config.test_exec_root = config.test_source_root
config.environment["TMPDIR"] = os.environ.get("TMPDIR", "/tmp")
