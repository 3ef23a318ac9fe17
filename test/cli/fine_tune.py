#!/usr/bin/env python3
"""fine_tune.py FOLDER: changes one weight, a harmless field of config.json and a byte of tokenizer_config.json of the model in FOLDER."""
import json
import pathlib
import struct
import sys

folder = pathlib.Path(sys.argv[1])
config = json.loads((folder / "config.json").read_text())
config["initializer_range"] = 0.25
(folder / "config.json").write_text(json.dumps(config))
with open(folder / "tokenizer_config.json", "a", encoding="utf-8") as file:
    file.write("\n")

path = next(folder.glob("*.safetensors"))
data = bytearray(path.read_bytes())
(length,) = struct.unpack("<Q", data[:8])
header = json.loads(data[8 : 8 + length])
begin, end = header["model.layers.0.mlp.up_proj.weight"]["data_offsets"]
for i in range(8 + length + begin, 8 + length + end, 2):
    data[i] ^= 0x40  # low bits of 16-bit numbers
path.write_bytes(data)
