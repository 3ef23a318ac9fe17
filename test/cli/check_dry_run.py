#!/usr/bin/env python3
"""Compares what dry runs said (hit, shape, off; see dry-run.test) with what lies in FOLDER."""
import glob
import json
import os
import sys

folder = sys.argv[1]
hit, shape, off = (json.load(open(os.path.join(folder, name))) for name in ("hit", "shape", "off"))


def stored(kind):
    return {os.path.basename(path)[:-9] for path in glob.glob(f"{folder}/cache/v1/{kind}/*/*.manifest")}


rule = open(f"{folder}/out/m.d").read().replace("\\\n", " ").splitlines()[0].split(":", 1)[1].split()
assert hit["inputs"] == rule, (hit["inputs"], rule)
assert hit["outputs"] == [f"{folder}/out/m.tenon", f"{folder}/out/m.d"], hit["outputs"]
assert [part["part"] for part in hit["parts"]] == ["engine", "weights", "code cpu:x86-64-v3"], hit
assert all(part["hit"] for part in hit["parts"]) and hit["hit"], hit
for part, kind in zip(hit["parts"], ("engine", "weights", "code")):
    assert {part["key"]} == stored(kind), (part, stored(kind))
assert hit["key"] == hit["parts"][0]["key"]

# Another shape: the packed weights are known, and so is the name of their file.
assert [part["hit"] for part in shape["parts"]] == [False, True, False] and not shape["hit"], shape
assert shape["parts"][1]["key"] == hit["parts"][1]["key"] and shape["key"] != hit["key"]
assert len(shape["outputs"]) == 2 and shape["outputs"][1].endswith(".tnw") and not shape["weights_file_unknown"], shape

assert off["cache"] is None and not off["hit"] and off["weights_file_unknown"], off
assert off["outputs"] == ["n.tenon"] and off["inputs"] == [f"{folder}/model/config.json"], off
