"""Writes rope_golden.json: the frequencies, attention factors and some rows of rotary embeddings, as transformers gives them.

Needs numpy and transformers 5 (made with 5.23.0), not torch: the few torch calls of modeling_rope_utils are answered by numpy
in float32, which rounds alike but for the last digit of pow. Run: python3 rope_golden.py > rope_golden.json
"""
import json
import sys
import types

import numpy as np
from transformers import LlamaConfig
from transformers import modeling_rope_utils as rope_utils

F32 = np.float32


class Tensor(np.ndarray):
    """A numpy array with the methods of a torch tensor that the rope functions call."""

    def to(self, device=None, dtype=None):
        return self.astype(dtype or self.dtype).view(Tensor)

    def float(self):
        return self.to(dtype=F32)


def tensor(array):
    return np.asarray(array).view(Tensor)


rope_utils.torch = types.SimpleNamespace(
    Tensor=Tensor, int64=np.int64, float=F32, float32=F32,
    arange=lambda *a, dtype=np.int64, device=None: tensor(np.arange(*a, dtype=dtype)),
    where=lambda c, a, b: tensor(np.where(c, a, b)),
    tensor=lambda values, dtype=None, device=None: tensor(np.asarray(values, dtype=dtype)),
    clamp=lambda x, low, high: tensor(np.clip(x, F32(low), F32(high))),
)


def default(config, seq_len=None):
    dim = config.head_dim
    base = config.rope_parameters["rope_theta"]
    return tensor(F32(1.0) / base ** (np.arange(0, dim, 2, dtype=np.int64).astype(F32) / F32(dim))), 1.0


def case(name, head_dim, max_context, max_positions, rope, positions):
    stated = {"max_position_embeddings": max_positions, **rope}
    config = LlamaConfig(hidden_size=2 * head_dim, num_attention_heads=2, head_dim=head_dim, **json.loads(json.dumps(stated)))
    kind = config.rope_parameters.get("rope_type", "default")
    make = default if kind == "default" else rope_utils.ROPE_INIT_FUNCTIONS[kind]
    # Dynamic looks at the length at hand: a fixed-shape engine means its largest context.
    frequencies, factor = make(config, seq_len=max_context)
    frequencies = np.asarray(frequencies, dtype=F32)
    assert frequencies.shape == (head_dim // 2,)
    rows = []
    for position in positions:
        angle = F32(position) * frequencies
        assert angle.dtype == F32
        row = np.concatenate([np.cos(angle.astype(np.float64)), np.sin(angle.astype(np.float64))]).astype(F32) * F32(factor)
        rows.append({"position": position, "values": [float(f"{v:.9g}") for v in row]})
    return {"name": name, "head_dim": head_dim, "max_context": max_context, "config": stated, "attention_factor": factor,
            "inverse_frequencies": [float(f"{v:.9g}") for v in frequencies], "rows": rows}


LLAMA3 = {"rope_type": "llama3", "factor": 32.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
          "original_max_position_embeddings": 8192}
LONGROPE = {"rope_type": "longrope", "short_factor": [1.0, 1.1, 1.2, 1.5, 2.0, 2.5, 3.0, 3.5],
            "long_factor": [1.0, 2.0, 4.0, 8.0, 16.0, 24.0, 32.0, 48.0], "original_max_position_embeddings": 2048}
YARN = {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 2048}
CASES = [
    case("default", 16, 1024, 1024, {"rope_theta": 10000.0}, [0, 1, 1023]),
    case("default, transformers 5", 16, 64, 8192, {"rope_parameters": {"rope_theta": 500000.0, "rope_type": "default"}}, [63]),
    case("linear", 16, 8192, 8192, {"rope_theta": 10000.0, "rope_scaling": {"type": "linear", "factor": 4.0}}, [1, 8191]),
    case("dynamic beyond the trained context", 16, 8192, 2048,
         {"rope_theta": 10000.0, "rope_scaling": {"type": "dynamic", "factor": 2.0}}, [1, 8191]),
    case("dynamic within the trained context", 16, 1024, 2048,
         {"rope_theta": 10000.0, "rope_scaling": {"type": "dynamic", "factor": 2.0}}, [1, 1023]),
    case("llama3", 64, 131072, 131072, {"rope_theta": 500000.0, "rope_scaling": LLAMA3}, [1, 8192, 131071]),
    case("llama3, transformers 5", 64, 131072, 131072, {"rope_parameters": {"rope_theta": 500000.0, **LLAMA3}}, [131071]),
    case("yarn", 32, 8192, 8192, {"rope_theta": 10000.0, "rope_scaling": YARN}, [0, 1, 8191]),
    case("yarn, not truncated", 32, 8192, 8192, {"rope_theta": 10000.0, "rope_scaling": {**YARN, "truncate": False}}, [8191]),
    case("yarn, attention factor given", 32, 8192, 8192,
         {"rope_theta": 10000.0, "rope_scaling": {**YARN, "attention_factor": 0.75, "beta_fast": 16, "beta_slow": 2}}, [8191]),
    case("yarn, two magnitudes", 32, 8192, 8192,
         {"rope_theta": 10000.0, "rope_scaling": {**YARN, "mscale": 0.707, "mscale_all_dim": 1.0}}, [8191]),
    case("yarn, one magnitude", 32, 8192, 8192, {"rope_theta": 10000.0, "rope_scaling": {**YARN, "mscale": 0.707}}, [8191]),
    case("yarn, factor from the contexts", 32, 8192, 8192,
         {"rope_parameters": {"rope_theta": 150000.0, "rope_type": "yarn", "factor": None,
                              "original_max_position_embeddings": 1024}}, [8191]),
    case("longrope beyond the trained context", 16, 8192, 8192, {"rope_theta": 10000.0, "rope_scaling": LONGROPE}, [0, 1, 8191]),
    case("longrope within the trained context", 16, 2048, 8192, {"rope_theta": 10000.0, "rope_scaling": LONGROPE}, [1, 2047]),
    case("longrope, factor and attention factor given", 16, 8192, 8192,
         {"rope_theta": 10000.0, "rope_scaling": {**LONGROPE, "factor": 2.0, "attention_factor": 1.25}}, [8191]),
    case("longrope, factor given", 16, 8192, 8192, {"rope_theta": 10000.0, "rope_scaling": {**LONGROPE, "factor": 2.0}}, [8191]),
]
json.dump({"cases": CASES}, sys.stdout, indent=None, separators=(",", ":"))
print()
