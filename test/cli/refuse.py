#!/usr/bin/env python3
"""Compiles broken models and checks that each is refused as its line says.

usage: refuse.py TABLE TENON MODEL WORK     TABLE holds lines '# REFUSE: CODE CASE [OPTIONS]: TEXT'

CASE is one of bad_models.py, made from the folder MODEL, or of bad_gguf.py, made from the file MODEL; `tenon compile` of it must end with exit
code CODE and a message that holds TEXT, within 30 s and 300 MiB (90 of them are LLVM's libraries, 91 the largest header), and leave nothing in the output's folder.
"""
import os
import re
import sys

import bad_gguf
import bad_models
import expect

LINE = re.compile(r"# REFUSE: (\d+) (\S+?)( [^:]*)?: (.*)")


def main(table, tenon, model, work):
    with open(table, encoding="utf-8") as file:
        lines = [LINE.fullmatch(line.rstrip("\n")) for line in file if line.startswith("# REFUSE:")]
    assert lines and all(lines), "lines must read '# REFUSE: CODE CASE: TEXT'"
    failed = 0
    for code, case, options, wanted in (line.groups() for line in lines):
        folder, out = os.path.join(work, "model"), os.path.join(work, "out")
        if os.path.isfile(model):
            folder += ".gguf"
            bad_gguf.make(model, folder, case)
        else:
            bad_models.make(model, folder, case)
        command = [tenon, "compile", folder, "-o", os.path.join(out, "m.tenon"), *(options or "").split()]
        text, problems = expect.run(expect.parse([code, "--max-rss", "300", "--timeout", "30", "--empty", out, "--", *command]))
        if wanted not in text:
            problems.append(f"no message with {wanted!r}")
        if problems:
            failed += 1
            print(f"{case}: {'; '.join(problems)}\n{text}")
    print(f"{len(lines)} cases, {failed} wrong")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
