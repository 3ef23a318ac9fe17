#!/usr/bin/env python3
"""Writes the lists of passes in docs/passes.md from passes/*/Passes.td, by mlir-tblgen.

A list stands between `<!-- passes/FOLDER -->` and `<!-- end -->`; everything else in the page is kept.
usage: passes-doc.py MLIR_TBLGEN [--write]     prints the page as it should be, or writes it
"""
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "passes.md"
LIST = re.compile(r"(<!-- passes/(\w+) -->\n).*?(<!-- end -->)", re.DOTALL)


def passes_of(tblgen, folder):
    include = pathlib.Path(tblgen).resolve().parent.parent / "include"
    text = subprocess.run([tblgen, "-gen-pass-doc", f"-I{include}", ROOT / "passes" / folder / "Passes.td"],
                          check=True, capture_output=True, text=True).stdout
    text = text.split("\n", 1)[1].strip()  # without tablegen's own banner
    text = re.sub(r"^### `-(.*)`$", r"### `--\1`", text, flags=re.MULTILINE)
    return re.sub(r"\n{3,}", "\n\n", text)


def main():
    tblgen = sys.argv[1]
    page = LIST.sub(lambda m: f"{m[1]}\n{passes_of(tblgen, m[2])}\n\n{m[3]}", PAGE.read_text())
    if "--write" in sys.argv[2:]:
        PAGE.write_text(page)
    else:
        print(page, end="")


if __name__ == "__main__":
    main()
