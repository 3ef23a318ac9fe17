#!/usr/bin/env python3
"""Every FILE is one line that holds one JSON object with schema_version 1; no key twice, no NaN."""
import json
import sys


def unique(pairs):
    keys = [key for key, _ in pairs]
    assert len(keys) == len(set(keys)), f"a key twice: {keys}"
    return dict(pairs)


def refuse(constant):
    raise ValueError(f"{constant} is no JSON")


for path in sys.argv[1:]:
    with open(path, encoding="utf-8") as file:
        text = file.read()
    assert text.endswith("\n") and text.count("\n") == 1, f"{path}: expected one line"
    value = json.loads(text, object_pairs_hook=unique, parse_constant=refuse)
    assert isinstance(value, dict) and value["schema_version"] == 1, path
