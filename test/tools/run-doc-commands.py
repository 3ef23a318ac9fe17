#!/usr/bin/env python3
"""Runs the commands that a document shows: every fenced block marked `sh`, in order, in one folder where `test` and `tools` are the tree's.

usage: run-doc-commands.py DOCUMENT ROOT BIN WORK     BIN is put first in PATH
"""
import os
import re
import shutil
import subprocess
import sys

document, root, binaries, work = sys.argv[1:]
with open(document, encoding="utf-8") as file:
    blocks = re.findall(r"^```sh\n(.*?)^```$", file.read(), re.DOTALL | re.MULTILINE)
assert blocks, f"{document} shows no commands"
shutil.rmtree(work, ignore_errors=True)
os.makedirs(work)
for name in ("test", "tools", "docs"):
    os.symlink(os.path.join(root, name), os.path.join(work, name))
environment = {**os.environ, "PATH": binaries + os.pathsep + os.environ["PATH"]}
for block in blocks:
    print(block, flush=True)
    subprocess.run(["bash", "-euxo", "pipefail", "-c", block], cwd=work, env=environment, stdin=subprocess.DEVNULL, check=True)
