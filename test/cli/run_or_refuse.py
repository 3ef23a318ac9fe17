#!/usr/bin/env python3
"""run_or_refuse.py TENON TARGET ENGINE: the engine runs where `tenon doctor` says that TARGET does, and is refused elsewhere.

Tests run on machines with and without AMX, so which of the two happens is for doctor to say; both are checked to the word.
"""
import json
import subprocess
import sys

import expect

tenon, target, engine = sys.argv[1:]
doctor = json.loads(subprocess.run([tenon, "doctor", "--no-probe", "--json"], capture_output=True, check=True, text=True).stdout)
missing = next(level["missing"] for level in doctor["targets"] if level["target"] == target)
out, problems = expect.run(expect.parse(["6" if missing else "0", "--", tenon, "run", engine, "-p", "In the beginning", "-n", "2"]))
wanted = ["In the beginning"]
if missing:
    wanted = [
        f"error: {engine}: this machine ({doctor['arch']}, {doctor['cpu']}) runs none of the engine's targets",
        f"'{target}' needs ",
        *missing,
        "compile for this machine: tenon compile MODEL -o FILE --target native",
    ]
problems += [f"no {text!r}" for text in wanted if text not in out]
print(out, *problems, sep="\n")
sys.exit(1 if problems else 0)
