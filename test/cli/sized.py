#!/usr/bin/env python3
"""Runs a command with --cache-size: the bytes of some kinds of entries in the output of `tenon cache stats --json`, and some more.

usage: sized.py STATS MORE KIND... -- COMMAND...
"""
import json
import pathlib
import subprocess
import sys

split = sys.argv.index("--")
stats = json.loads(pathlib.Path(sys.argv[1]).read_text(encoding="utf-8"))
size = sum(stats[kind]["bytes"] for kind in sys.argv[3:split]) + int(sys.argv[2])
sys.exit(subprocess.run([*sys.argv[split + 1 :], "--cache-size", str(size)], check=False).returncode)
