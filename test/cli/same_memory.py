#!/usr/bin/env python3
"""Compares the memory that plan, compile, inspect and run report in FOLDER/*.json, to the byte."""
import json
import sys

PARTS = ("weight_bytes", "kv_bytes", "io_bytes", "arena_bytes", "total_bytes")


def load(name):
    with open(f"{sys.argv[1]}/{name}.json", encoding="utf-8") as file:
        return json.load(file)


plan, compiled = load("plan")["plan"], load("compile")["plan"]
assert plan == compiled, "compile reports another plan than plan"
rank = load("inspect")["ranks"][0]
for planned, built in zip(plan["variants"], rank["variants"], strict=True):
    built["weight_bytes"] = rank["weight_bytes"]
    assert all(planned[part] == built[part] for part in PARTS), (planned, built)
    assert sum(planned[part] for part in PARTS[:4]) == planned["total_bytes"]
    print(planned["target"] + ":", *(f"{part[:-6].rstrip('_')} {planned[part]}" for part in PARTS))
memory = load("run")["memory"]
assert memory == {part: plan["variants"][0][part] for part in PARTS}, (memory, plan)
