#!/usr/bin/env python3
"""Checks every include edge of the tree against the layers.

A folder may include itself and what its row names; the longest matching row decides. LLVM and MLIR headers count as the folder "llvm".
usage: layering.py [ROOT]     prints one line per forbidden edge, exit code 1 when there is one
"""
import pathlib
import re
import subprocess
import sys

ALLOWED = {
    "runtime/schema": [],
    "runtime/include": [],
    "runtime/base": [],
    "runtime/io": ["runtime/base"],
    "runtime/device": ["runtime/base", "runtime/io"],
    "runtime/text": ["runtime/base"],
    "runtime/trust": ["runtime/base", "runtime/io"],
    "runtime/engine": ["runtime/base", "runtime/io", "runtime/schema", "runtime/device", "runtime/trust"],
    "runtime/program": ["runtime/base", "runtime/schema", "runtime/device", "runtime/engine"],
    "runtime/session": ["runtime/base", "runtime/schema", "runtime/device", "runtime/engine", "runtime/program", "runtime/trust"],
    "runtime/capi": ["runtime"],
    "dialects": ["llvm"],
    "passes": ["dialects", "llvm"],
    "codegen/Target.h": ["dialects", "llvm"],
    "codegen/common": ["codegen/Target.h", "dialects", "llvm"],
    "codegen/cpu": ["codegen/Target.h", "codegen/common", "dialects", "llvm"],
    "compiler/import": ["runtime/base", "runtime/io"],
    "compiler/weights": ["compiler/import", "dialects/qt/Storage.h", "runtime/base", "runtime/io"],
    "compiler/cache": ["runtime/base", "runtime/io", "runtime/trust", "llvm"],
    "compiler/families": ["compiler/import", "dialects", "runtime/base", "llvm"],
    "compiler": ["passes", "dialects", "codegen/Target.h", "runtime", "llvm"],
    "tools": ["compiler", "passes", "dialects", "codegen", "runtime", "llvm"],
    "test": ["tools", "compiler", "passes", "dialects", "codegen", "runtime", "llvm"],
    "docs": ["runtime/include"],
}
OURS = ("runtime/", "dialects/", "passes/", "codegen/", "compiler/", "tools/", "test/")
INCLUDE = re.compile(r'^\s*#?include\s+[<"]([^">]+)[">]', re.MULTILINE)


def folder_of(path):
    """The row that speaks for a path: the longest key that it lies under."""
    keys = [key for key in ALLOWED if path == key or path.startswith(key + "/")]
    return max(keys, key=len, default=None)


def target_of(header):
    if header.startswith(("mlir/", "llvm/", "lld/", "mlir-c/", "llvm-c/")):
        return "llvm"
    if header.startswith("tenon/schema/"):
        return "runtime/schema"
    if header.startswith("tenon/"):
        return "runtime/include"
    return header if header.startswith(OURS) else None  # the system's and the libraries' headers are free


def allowed(source, target):
    row = folder_of(source)
    if row is None:
        return True
    if target == "runtime/include" and source.startswith(("runtime/", "tools/", "test/", "docs/", "compiler/")):
        return True
    names = ALLOWED[row] + [row]
    return any(target == name or target.startswith(name + "/") for name in names)


def main(root):
    files = subprocess.run(["git", "-C", root, "ls-files", "*.h", "*.cpp", "*.c", "*.td"], capture_output=True, text=True, check=True)
    bad = 0
    for path in files.stdout.split():
        for header in INCLUDE.findall(pathlib.Path(root, path).read_text(encoding="utf-8")):
            target = target_of(header)
            if target and not allowed(path, target):
                print(f'{path}: includes "{header}", which {folder_of(path)} must not know')
                bad += 1
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else "."))
