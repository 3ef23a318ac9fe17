#!/usr/bin/env python3
"""check_npy.py LOGITS.npy RUN.json: reads the file by the format's own words and compares its last row with the first generated token."""
import ast
import json
import struct
import sys

with open(sys.argv[1], "rb") as file:
    magic, size = file.read(8), struct.unpack("<H", file.read(2))[0]
    assert magic == b"\x93NUMPY\x01\x00" and (10 + size) % 64 == 0
    header = ast.literal_eval(file.read(size).decode("latin-1"))
    data = file.read()
rows, columns = header["shape"]
assert header["descr"] == "<f4" and header["fortran_order"] is False and len(data) == rows * columns * 4
last = struct.unpack(f"<{columns}f", data[-columns * 4 :])
with open(sys.argv[2], encoding="utf-8") as file:
    run = json.load(file)
assert len(run["prompt_tokens"]) == rows
assert last.index(max(last)) == run["tokens"][0], (last.index(max(last)), run["tokens"])
print(f"shape ({rows}, {columns}), largest of the last row is the token that was generated")
