#!/usr/bin/env python3
"""Broken copies of a GGUF file.

usage: bad_gguf.py FILE OUT CASE     writes one to OUT; refuse.py runs them all
"""
import struct
import sys


def u32(number):
    return struct.pack("<I", number)


def u64(number):
    return struct.pack("<Q", number & (1 << 64) - 1)


def key(name):
    return u64(len(name)) + name.encode()


def at(raw, name, after=0):
    """The offset of what follows a key or a tensor's name."""
    return raw.index(key(name)) + 8 + len(name) + after


def put(raw, offset, data):
    return raw[:offset] + data + raw[offset + len(data):]


def with_entry(raw, name, data):
    """One more entry, in front; the data stays aligned because the first key is followed by no tensor's offset."""
    entries = struct.unpack("<Q", raw[16:24])[0]
    body = key(name) + data
    grown = put(raw, 16, u64(entries + 1))[:24] + body
    # Tensors lie relative to the padded end of the header, so the header must grow by whole paddings.
    fill = -len(body + key("pad") + u32(9) + u32(0) + u64(0)) % 32
    grown += key("pad") + u32(9) + u32(0) + u64(fill) + bytes(fill)
    return put(grown, 16, u64(entries + 2)) + raw[24:]


TENSOR = "blk.0.attn_q.weight"  # rank, two sizes, type, offset: 4 + 16 + 4 + 8 bytes follow the name
CASES = {
    "gguf-empty": lambda raw: b"",
    "gguf-magic": lambda raw: b"GGML" + raw[4:],
    "gguf-version-0": lambda raw: put(raw, 4, u32(0)),
    "gguf-version-1": lambda raw: put(raw, 4, u32(1)),
    "gguf-version-9": lambda raw: put(raw, 4, u32(9)),
    "gguf-version-2-32": lambda raw: put(raw, 4, u32((1 << 32) - 1)),
    "gguf-big-endian": lambda raw: put(raw, 4, struct.pack(">I", 3)),
    "gguf-tensors-2-60": lambda raw: put(raw, 8, u64(1 << 60)),
    "gguf-entries-2-60": lambda raw: put(raw, 16, u64(1 << 60)),
    "gguf-cut-header": lambda raw: raw[:5000],
    "gguf-cut-data": lambda raw: raw[:-1],
    "gguf-long-array": lambda raw: with_entry(raw, "a.list", u32(9) + u32(0) + u64((1 << 22) + 1) + bytes((1 << 22) + 1)),
    "gguf-theta-inf": lambda raw: put(raw, at(raw, "llama.rope.freq_base", 4), struct.pack("<f", float("inf"))),
    "gguf-long-string": lambda raw: put(raw, at(raw, "general.architecture", 4), u64(1 << 60)),
    "gguf-key-twice": lambda raw: with_entry(raw, "llama.block_count", u32(4) + u32(2)),
    "gguf-type-unknown": lambda raw: put(raw, at(raw, TENSOR, 20), u32(99)),
    "gguf-type-k": lambda raw: put(raw, at(raw, TENSOR, 20), u32(20)),
    "gguf-unaligned": lambda raw: put(raw, at(raw, TENSOR, 24), u64(33)),
    "gguf-overlap": lambda raw: put(raw, at(raw, TENSOR, 24), u64(32)),
    "gguf-offset-2-63": lambda raw: put(raw, at(raw, TENSOR, 24), u64(1 << 63)),
    "gguf-size-2-62": lambda raw: put(raw, at(raw, TENSOR, 4), u64(1 << 62) + u64(1 << 62)),
    "gguf-shape": lambda raw: put(raw, at(raw, TENSOR, 12), u64(16)),
    "gguf-architecture": lambda raw: raw.replace(key("llama"), key("phi42")),
    "gguf-new-key": lambda raw: with_entry(raw, "llama.attention.brand_new", u32(4) + u32(2)),
    "gguf-pre": lambda raw: raw.replace(key("llama-bpe"), key("other-bpe")),
    "gguf-heads": lambda raw: put(raw, at(raw, "llama.attention.head_count", 4), u32(0)),
    "gguf-bos": lambda raw: put(raw, at(raw, "tokenizer.ggml.bos_token_id", 4), u32(384)),
    "gguf-token-twice": lambda raw: raw.replace(key("A"), key("B"), 1),
}


def make(source, out, name):
    with open(source, "rb") as file:
        raw = file.read()
    with open(out, "wb") as file:
        file.write(CASES[name](raw))


if __name__ == "__main__":
    make(*sys.argv[1:])
