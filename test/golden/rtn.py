"""A plain round-to-nearest quantizer: a copy of a model whose linear weights are the numbers that codes stand for, in f32.

usage: rtn.py MODEL OUT FORMAT     FORMAT: int8, int8:G, int4:G, int4:G:asym, q8_0 or q4_0; G inputs share a scale

The reference for --quant, written from the formats' definitions (docs/quantization.md) and sharing nothing with the compiler:
standard library only. Every step is rounded to f32, where ties fall as the definitions say, and scales to f16 (but those of int8 without groups).
"""
import array
import json
import math
import pathlib
import struct
import sys


def half(x):
    return struct.unpack("<e", struct.pack("<e", x))[0]


def single(x):
    return struct.unpack("<f", struct.pack("<f", x))[0]


def scaled(values, inverse):
    """Products as f32 rounds them."""
    return array.array("f", [v * inverse for v in values])


def inverse_of(scale):
    return single(1 / scale) if scale else 0.0


def symmetric(values, largest, narrow):
    scale = narrow(single(max(max(values), -min(values)) / largest))
    return [min(max(round(x), -largest), largest) * scale for x in scaled(values, inverse_of(scale))]  # round() ties to even


def asymmetric(values, largest):
    low, high = min(min(values), 0.0), max(max(values), 0.0)
    scale = half(single(single(high - low) / largest))
    if not scale:
        return [0.0] * len(values)
    zero = min(max(round(single(-low / scale)), 0), largest)
    return [(min(max(round(x) + zero, 0), largest) - zero) * scale for x in scaled(values, inverse_of(scale))]


def q8_0(values):
    exact = single(max(max(values), -min(values)) / 127)
    scale = half(exact)
    return [math.copysign(math.floor(abs(x) + 0.5), x) * scale for x in scaled(values, inverse_of(exact))]  # half away from zero


def q4_0(values):
    high, low = max(values), min(values)
    largest = high if high > -low else low if high < -low else next(v for v in values if v in (high, low))
    exact = largest / -8
    scale = half(exact)
    return [(min(15, int(single(x + 8.5))) - 8) * scale for x in scaled(values, inverse_of(exact))]


def quantizer(name):
    """The function and the number of inputs that share a scale, 0 for all."""
    if name in ("q8_0", "q4_0"):
        return {"q8_0": q8_0, "q4_0": q4_0}[name], 32
    kind, *options = name.split(":")
    bits, group = int(kind[3:]), int(options[0]) if options else 0
    if "asym" in options:
        return lambda values: asymmetric(values, 2**bits - 1), group
    return lambda values: symmetric(values, 2 ** (bits - 1) - 1, half if group else single), group


def read_bf16(data):
    wide = bytearray(2 * len(data))
    wide[2::4], wide[3::4] = data[0::2], data[1::2]
    values = array.array("f")
    values.frombytes(bytes(wide))
    return values


def main(model, out, name):
    model, out = pathlib.Path(model), pathlib.Path(out)
    out.mkdir(parents=True, exist_ok=True)
    for path in model.iterdir():
        if path.is_file() and path.suffix != ".safetensors":
            (out / path.name).write_bytes(path.read_bytes())
    raw = (model / "model.safetensors").read_bytes()
    (length,) = struct.unpack_from("<Q", raw)
    header = json.loads(raw[8 : 8 + length])
    header.pop("__metadata__", None)
    quantize, group = quantizer(name)
    tensors, blobs, at = {}, [], 0
    for tensor, info in header.items():
        assert info["dtype"] == "BF16", info
        begin, end = info["data_offsets"]
        values = read_bf16(raw[8 + length + begin : 8 + length + end])
        if len(info["shape"]) == 2:
            columns = info["shape"][1]
            step = group or columns
            result = array.array("f")
            for row in range(0, len(values), columns):
                for first in range(row, row + columns, step):
                    result.extend(quantize(values[first : min(first + step, row + columns)]))
            values = result
        tensors[tensor] = {"dtype": "F32", "shape": info["shape"], "data_offsets": [at, at + 4 * len(values)]}
        blobs.append(values.tobytes())
        at += 4 * len(values)
    text = json.dumps(tensors).encode()
    text += b" " * (-len(text) % 8)
    (out / "model.safetensors").write_bytes(struct.pack("<Q", len(text)) + text + b"".join(blobs))


if __name__ == "__main__":
    main(*sys.argv[1:])
