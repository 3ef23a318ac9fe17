#!/usr/bin/env python3
"""Damages an engine in many places and checks how `tenon inspect` and `tenon run` refuse each.

usage: damage_engine.py TENON ENGINE WORK
"""
import json
import os
import struct
import subprocess
import sys

import expect

tenon, engine, work = sys.argv[1:]
with open(engine, "rb") as file:
    whole = file.read()
header_bytes, (metadata_bytes,) = 64, struct.unpack("<Q", whole[16:24])
listing = json.loads(subprocess.run([tenon, "inspect", engine, "--json"], capture_output=True, check=True, text=True).stdout)
segment = {s["name"]: s for s in listing["segments"]}
code = segment["code cpu:x86-64-v3"]
tokenizer, weights = segment["tokenizer.json"], segment["weights rank 0"]


def flip(at, mask=1):
    data = bytearray(whole)
    data[at] ^= mask
    return bytes(data)


def check(name, data, code, text, *command):
    path = os.path.join(work, "damaged.tenon")
    with open(path, "wb") as file:
        file.write(data)
    command = [tenon, *(command or ("run", "-p", "a", "-n", "1")), path]
    out, problems = expect.run(expect.parse([str(code), "--max-rss", "100", "--timeout", "30", "--", *command]))
    if text not in out:
        problems.append(f"no message with {text!r}")
    if problems:
        print(f"{name}: {'; '.join(problems)}\n{out}")
    return not problems


inspect, verify = ("inspect",), ("inspect", "--verify")
results = [
    check("empty", b"", 4, "expected at least 64 bytes, found 0"),
    check("header only", whole[:64], 4, "file size: expected"),
    check("cut in the metadata", whole[: 64 + metadata_bytes // 2], 4, "file size: expected"),
    check("cut in the code", whole[: code["offset"] + 100], 4, "file size: expected"),
    check("one byte short", whole[:-1], 4, "file size: expected"),
    check("one byte more", whole + b"\0", 4, "file size: expected"),
    check("text", b"hello\n" * 100, 4, "not an engine"),
    check("safetensors", struct.pack("<Q", 500) + b"{" * 500, 4, "not an engine"),
    check("zeros", bytes(len(whole)), 4, "not an engine"),
    check("future format", whole[:8] + b"\xff\0" + whole[10:], 4, "it is of a newer Tenon: format 255, this program reads 2"),
    check("metadata size above the file", whole[:16] + struct.pack("<Q", 1 << 60) + whole[24:], 4, "metadata size: expected"),
    check("metadata size of 64 MiB", whole[:16] + struct.pack("<Q", 64 << 20) + whole[24:], 4, "metadata size: expected"),
    check("metadata size 0", whole[:16] + bytes(8) + whole[24:], 4, "metadata size: expected"),
    check("stated digest", flip(40), 7, "metadata digest: expected"),
    check("code, by run", flip(code["offset"] + code["bytes"] // 2), 7, 'digest of segments[0] \'code cpu:x86-64-v3\': expected'),
    check("code, by inspect", flip(code["offset"]), 7, "digest of segments[0]", *inspect),
    check("tokenizer, by inspect --verify", flip(tokenizer["offset"] + 1000), 7, "damaged.tenon: digest of segments[1] 'tokenizer.json': expected", *verify),
    check("weights, by inspect --verify", flip(weights["offset"] + weights["bytes"] - 1), 7, "'weights rank 0': expected", *verify),
    check("padding, by inspect --verify", flip(code["offset"] - 1), 7, f"damaged.tenon: byte {code['offset'] - 1}, which is padding: expected 0, found 1", *verify),
    check("padding between segments", flip(tokenizer["offset"] - 1), 7, f"byte {tokenizer['offset'] - 1}, which is padding", *verify),
    check("weights, by run --verify", flip(weights["offset"]), 7, "'weights rank 0': expected", "run", "-p", "a", "-n", "1", "--verify"),
]
# A single bit anywhere in the metadata is an integrity error; in the header one or the other, never anything else.
for at in range(64, 64 + metadata_bytes, metadata_bytes // 40):
    results.append(check(f"metadata byte {at}", flip(at, 1 << at % 8), 7, "metadata digest: expected", *inspect))
for at in range(header_bytes):
    flipped = 7 if at >= 32 or 16 <= at < 19 else 4
    if at in (10, 11):  # format minor: a newer one may say more, so it is read
        continue
    results.append(check(f"header byte {at}", flip(at, 1 << at % 8), flipped, "damaged" if flipped == 7 else "error: ", *inspect))
print(f"{len(results)} cases, {results.count(False)} wrong")
sys.exit(0 if all(results) else 1)
