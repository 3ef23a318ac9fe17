#!/usr/bin/env python3
"""run_or_refuse.py TENON TARGET ENGINE MODEL: the engine of MODEL runs where `tenon doctor` says that TARGET does, and is refused elsewhere, with a command that
compiles MODEL for this machine.

Tests run on machines with and without AMX, so which of the two happens is for doctor to say; both are checked to the word.
"""
import json
import shlex
import subprocess
import sys

import expect

tenon, target, engine, model = sys.argv[1:]
doctor = json.loads(subprocess.run([tenon, "doctor", "--no-probe", "--json"], capture_output=True, check=True, text=True).stdout)
missing = next(level["missing"] for level in doctor["targets"] if level["target"] == target)
out, problems = expect.run(expect.parse(["6" if missing else "0", "--", tenon, "run", engine, "-p", "In the beginning", "-n", "2"]))
wanted = ["In the beginning"]
if missing:
    wanted = [
        f"error: {engine}: this machine ({doctor['arch']}, {doctor['cpu']}) runs none of the engine's targets",
        f"'{target}' needs ",
        *missing,
        "compile for this machine, on this machine:",
        "tenon compile MODEL -o FILE --target=native --quant=auto --activations=auto",
    ]
if missing:  # the command does what it says
    command = next((line for line in out.splitlines() if line.strip().startswith("tenon compile MODEL")), "")
    words = [{"tenon": tenon, "MODEL": model, "FILE": engine + ".mended"}.get(word, word) for word in shlex.split(command)]
    for words in words, [tenon, "run", engine + ".mended", "-p", "In the beginning", "-n", "2"]:
        if words and subprocess.run(words, capture_output=True).returncode != 0:
            problems.append(f"failed: {shlex.join(words)}")
problems += [f"no {text!r}" for text in wanted if text not in out]
print(out, *problems, sep="\n")
sys.exit(1 if problems else 0)
