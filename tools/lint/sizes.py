#!/usr/bin/env python3
"""Files that outgrow a head: above 500 lines fails, above 300 is listed. Generated pages and data are not counted.

usage: sizes.py ROOT
"""
import pathlib
import subprocess
import sys

SOURCES = ("*.h", "*.cpp", "*.c", "*.td", "*.py", "*.sh", "*.cmake", "*.mlir", "*.test", "CMakeLists.txt", "tools/dev")
LOOK, LIMIT = 300, 500


def main(root):
    files = subprocess.run(["git", "-C", root, "ls-files", *SOURCES, ":!test/models"], capture_output=True, text=True, check=True).stdout.split()
    sizes = sorted(((len(pathlib.Path(root, f).read_bytes().splitlines()), f) for f in files), reverse=True)
    for lines, file in sizes:
        if lines > LOOK:
            print(f"{lines:5} {file}{'  too long, split it' if lines > LIMIT else ''}")
    middle = sizes[len(sizes) // 2][0]
    print(f"{len(files)} files, {sum(lines for lines, _ in sizes)} lines, median {middle}")
    return 1 if sizes[0][0] > LIMIT else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
