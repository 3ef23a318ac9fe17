#!/usr/bin/env python3
"""set_config.py MODEL PATH VALUE OUT: copies the model folder MODEL to OUT and sets PATH (a.b) of its config.json to VALUE (JSON)."""
import json
import pathlib
import shutil
import sys

model, path, value, out = sys.argv[1:]
shutil.copytree(model, out)
file = pathlib.Path(out, "config.json")
config = json.loads(file.read_text())
*outer, last = path.split(".")
at = config
for key in outer:
    at = at[key]
at[last] = json.loads(value)
file.write_text(json.dumps(config))
