"""Compares logits with a golden: relative RMS error over all positions.

usage: compare_logits.py GOT.npy GOLDEN.npy LIMIT     exit code 0 where the error is at most LIMIT
"""
import array
import ast
import math
import struct
import sys


def load(path):
    with open(path, "rb") as file:
        assert file.read(8) == b"\x93NUMPY\x01\x00", path + " is not a .npy file of version 1.0"
        (length,) = struct.unpack("<H", file.read(2))
        header = ast.literal_eval(file.read(length).decode("latin1"))
        assert header["descr"] == "<f4" and not header["fortran_order"], header
        values = array.array("f")
        values.frombytes(file.read())
    assert len(values) == math.prod(header["shape"]), f"{path}: {len(values)} numbers for shape {header['shape']}"
    return header["shape"], values


def main(got_path, golden_path, limit):
    shape, got = load(got_path)
    golden_shape, golden = load(golden_path)
    if shape != golden_shape:
        print(f"shape {shape}, expected {golden_shape}")
        return 1
    difference = math.fsum((a - b) ** 2 for a, b in zip(got, golden))
    error = math.sqrt(difference / math.fsum(b * b for b in golden))
    print(f"relative RMS error {error:.3g}, limit {float(limit):.3g}")
    return 0 if error <= float(limit) else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
