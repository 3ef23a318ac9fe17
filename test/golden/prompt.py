"""Prints a golden prompt's tokens, or what should follow them, as tenon takes and prints them.

usage: prompt.py MODEL NAME [COUNT]     the prompt's ids, or COUNT greedy ids after it
"""
import json
import pathlib
import sys

model, name, *count = sys.argv[1:]
prompts = json.loads(pathlib.Path(model, "golden/prompts.json").read_text(encoding="utf-8"))
prompt = next(p for p in prompts if p["name"] == name)
ids = prompt["greedy_token_ids"][: int(count[0])] if count else prompt["token_ids"]
print(",".join(map(str, ids)), end="\n" if count else "")  # a prompt goes into a command line
