#!/usr/bin/env python3
"""Writes the engine that another build of the compiler would have made: its own digest of sources, behind right digests.

usage: other_build.py ENGINE OUTPUT
"""
import hashlib
import struct
import sys

with open(sys.argv[1], "rb") as file:
    engine = bytearray(file.read())
(size,) = struct.unpack("<Q", engine[16:24])
metadata = engine[64 : 64 + size]
assert engine[32:64] == hashlib.blake2b(metadata, digest_size=32).digest()
# A string of flatbuffers: its length, its bytes. Key and value are two of them, in either order.
is_digest = lambda at: metadata[at : at + 4] == struct.pack("<I", 64) and metadata[at + 68] == 0 and not metadata[at + 4 : at + 68].strip(b"0123456789abcdef")
found = [at for at in range(0, size - 68, 4) if is_digest(at)]
assert len(found) == 1, found
metadata[found[0] + 4 : found[0] + 68] = b"0" * 64
engine[64 : 64 + size] = metadata
engine[32:64] = hashlib.blake2b(metadata, digest_size=32).digest()
with open(sys.argv[2], "wb") as file:
    file.write(engine)
