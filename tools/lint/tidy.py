#!/usr/bin/env python3
"""Runs clang-tidy (.clang-tidy) on every source of the runtime, the compiler and the tools.

A file that passed is not looked at again until it, a header of ours that it reaches, or .clang-tidy changes: BUILD/tidy holds one empty file for each
content that passed.
usage: tidy.py BUILD    BUILD holds compile_commands.json
"""
import concurrent.futures
import functools
import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
FOLDERS = ("runtime/", "compiler/", "tools/")
INCLUDE = re.compile(rb'^\s*#include "([^"]+)"', re.MULTILINE)


@functools.cache
def reached(path):
    """The files of the tree that `path` includes, itself first, in no particular depth."""
    found, open_list = {path: None}, [path]
    while open_list:
        for name in INCLUDE.findall((ROOT / open_list.pop()).read_bytes()):
            header = name.decode()
            if header not in found and (ROOT / header).is_file():
                found[header] = None
                open_list.append(header)
    return sorted(found)


def key(path):
    digest = hashlib.sha256((ROOT / ".clang-tidy").read_bytes())
    for name in reached(path):
        digest.update(name.encode() + b"\0" + (ROOT / name).read_bytes() + b"\0")
    return digest.hexdigest()


def check(build, path):
    """What clang-tidy says; empty when it is content."""
    stamp = build / "tidy" / key(path)
    if stamp.exists():
        return ""
    run = subprocess.run(["clang-tidy-22", "-p", str(build), "--quiet", str(ROOT / path)], capture_output=True, text=True)
    if run.returncode == 0:
        stamp.touch()
        return ""
    return run.stdout + run.stderr


def main(build):
    build = pathlib.Path(build).resolve()
    entries = json.loads((build / "compile_commands.json").read_text())
    files = {os.path.relpath(os.path.join(e["directory"], e["file"]), ROOT) for e in entries}
    files = sorted(f for f in files if f.startswith(FOLDERS))
    if not files:
        sys.exit("no sources in compile_commands.json")
    (build / "tidy").mkdir(exist_ok=True)
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        messages = [text for text in pool.map(lambda f: check(build, f), files) if text]
    print(*messages, sep="\n", end="")
    print(f"{len(files)} files, {len(messages)} with findings")
    return 1 if messages else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
