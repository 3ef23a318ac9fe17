"""Writes a Llama of random weights and, computed here in double from its formulas alone, the logits of some tokens.

usage: tiny_llama.py FOLDER VARIANT     prints the token ids; FOLDER gets the model and logits.npy

Pure Python on lists: small models only. Written from the published description of the model, not from Tenon's code.
"""
import array
import json
import math
import pathlib
import random
import struct
import sys

BASE = {
    "model_type": "llama", "architectures": ["LlamaForCausalLM"], "vocab_size": 37, "hidden_size": 20, "num_hidden_layers": 2,
    "num_attention_heads": 5, "intermediate_size": 28, "max_position_embeddings": 512, "rms_norm_eps": 1e-5, "torch_dtype": "float32",
}
VARIANTS = {
    # one kv head for each query head, a head of its own
    "mha": {"rope_theta": 10000.0},
    # one kv head for all, biases everywhere, tied, a head size that is not hidden / heads
    "mqa": {"num_key_value_heads": 1, "head_dim": 6, "attention_bias": True, "mlp_bias": True, "tie_word_embeddings": True},
    "gqa": {"num_attention_heads": 6, "num_key_value_heads": 2, "head_dim": 8, "hidden_act": "gelu"},
    "relu": {"hidden_act": "relu", "mlp_bias": True},
    "gelu_tanh": {"hidden_act": "gelu_pytorch_tanh", "attention_bias": True},
    "linear": {"rope_scaling": {"rope_type": "linear", "factor": 4.0}},
    "llama3": {
        "rope_parameters": {"rope_type": "llama3", "rope_theta": 500.0, "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
                            "original_max_position_embeddings": 64},
    },
}
TOKENS = 70  # more than one cache page


def inverse_frequencies(config, head):
    rope = config.get("rope_parameters") or config.get("rope_scaling") or {}
    theta = rope.get("rope_theta", config.get("rope_theta", 10000.0))
    plain = [theta ** (-2 * d / head) for d in range(head // 2)]
    kind = rope.get("rope_type", "default")
    if kind == "linear":
        return [f / rope["factor"] for f in plain]
    if kind == "llama3":
        out = []
        for f in plain:
            turns = rope["original_max_position_embeddings"] * f / (2 * math.pi)
            blend = (turns - rope["low_freq_factor"]) / (rope["high_freq_factor"] - rope["low_freq_factor"])
            blend = min(1.0, max(0.0, blend))
            out.append((1 - blend) * f / rope["factor"] + blend * f)
        return out
    assert kind == "default", kind
    return plain


ACTIVATIONS = {
    "silu": lambda x: x / (1 + math.exp(-x)),
    "gelu": lambda x: x / 2 * (1 + math.erf(x / math.sqrt(2))),
    "gelu_pytorch_tanh": lambda x: x / 2 * (1 + math.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))),
    "relu": lambda x: max(x, 0.0),
}


class Weights(dict):
    """Random numbers that f32 holds exactly, by checkpoint name, as lists of rows."""

    def __init__(self, seed):
        super().__init__()
        self.random = random.Random(seed)

    def matrix(self, name, rows, columns, scale):
        draw = lambda: struct.unpack("f", struct.pack("f", self.random.gauss(0, scale)))[0]
        self[name] = [[draw() for _ in range(columns)] for _ in range(rows)]

    def save(self, path):
        header, data = {}, b""
        for name, rows in self.items():
            flat = array.array("f", [x for row in rows for x in row])
            shape = [len(rows), len(rows[0])] if len(rows) > 1 else [len(rows[0])]
            header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [len(data), len(data) + 4 * len(flat)]}
            data += flat.tobytes()
        text = json.dumps(header).encode()
        path.write_bytes(struct.pack("<Q", len(text)) + text + data)


def make_weights(config, head, kv_heads):
    hidden, inner, heads = config["hidden_size"], config["intermediate_size"], config["num_attention_heads"]
    w = Weights(7)
    w.matrix("model.embed_tokens.weight", config["vocab_size"], hidden, 1.0)
    w.matrix("model.norm.weight", 1, hidden, 1.0)
    if not config.get("tie_word_embeddings"):
        w.matrix("lm_head.weight", config["vocab_size"], hidden, 0.3)
    for i in range(config["num_hidden_layers"]):
        layer = f"model.layers.{i}."
        w.matrix(layer + "input_layernorm.weight", 1, hidden, 1.0)
        w.matrix(layer + "post_attention_layernorm.weight", 1, hidden, 1.0)
        projections = {
            "self_attn.q_proj": (heads * head, hidden), "self_attn.k_proj": (kv_heads * head, hidden),
            "self_attn.v_proj": (kv_heads * head, hidden), "self_attn.o_proj": (hidden, heads * head),
            "mlp.gate_proj": (inner, hidden), "mlp.up_proj": (inner, hidden), "mlp.down_proj": (hidden, inner),
        }
        for name, (rows, columns) in projections.items():
            w.matrix(layer + name + ".weight", rows, columns, 0.3)
            if config.get("attention_bias" if "attn" in name else "mlp_bias"):
                w.matrix(layer + name + ".bias", 1, rows, 0.5)
    return w


def run(config, w, tokens, head, kv_heads):
    heads, eps = config["num_attention_heads"], config["rms_norm_eps"]
    frequencies, act = inverse_frequencies(config, head), ACTIVATIONS[config.get("hidden_act", "silu")]

    def linear(x, name):
        y = [sum(a * b for a, b in zip(x, row)) for row in w[name + ".weight"]]
        bias = w.get(name + ".bias")
        return [a + b for a, b in zip(y, bias[0])] if bias else y

    def norm(x, name):
        scale = 1 / math.sqrt(sum(a * a for a in x) / len(x) + eps)
        return [a * scale * g for a, g in zip(x, w[name + ".weight"][0])]

    def rotate(x, position):
        y = list(x)
        half = head // 2
        for start in range(0, len(x), head):
            for d in range(half):
                angle = position * frequencies[d]
                a, b = x[start + d], x[start + half + d]
                y[start + d] = a * math.cos(angle) - b * math.sin(angle)
                y[start + half + d] = b * math.cos(angle) + a * math.sin(angle)
        return y

    def attend(q, keys, values):
        out = []
        for h in range(heads):
            g = h // (heads // kv_heads)
            part = slice(g * head, (g + 1) * head)
            scores = [sum(a * b for a, b in zip(q[h * head:(h + 1) * head], k[part])) / math.sqrt(head) for k in keys]
            weights = [math.exp(s - max(scores)) for s in scores]
            total = sum(weights)
            out += [sum(p * v[part][d] for p, v in zip(weights, values)) / total for d in range(head)]
        return out

    caches = [([], []) for _ in range(config["num_hidden_layers"])]
    logits = []
    for position, token in enumerate(tokens):
        x = w["model.embed_tokens.weight"][token]
        for i, (keys, values) in enumerate(caches):
            layer = f"model.layers.{i}."
            h = norm(x, layer + "input_layernorm")
            keys.append(rotate(linear(h, layer + "self_attn.k_proj"), position))
            values.append(linear(h, layer + "self_attn.v_proj"))
            a = attend(rotate(linear(h, layer + "self_attn.q_proj"), position), keys, values)
            x = [p + q for p, q in zip(x, linear(a, layer + "self_attn.o_proj"))]
            h = norm(x, layer + "post_attention_layernorm")
            gated = [act(g) * u for g, u in zip(linear(h, layer + "mlp.gate_proj"), linear(h, layer + "mlp.up_proj"))]
            x = [p + q for p, q in zip(x, linear(gated, layer + "mlp.down_proj"))]
        h = norm(x, "model.norm")
        logits.append(linear(h, "model.embed_tokens" if config.get("tie_word_embeddings") else "lm_head"))
    return logits


def save_npy(path, rows):
    text = f"{{'descr': '<f4', 'fortran_order': False, 'shape': ({len(rows)}, {len(rows[0])}), }}".encode()
    text += b" " * (63 - (len(text) + 10) % 64) + b"\n"
    path.write_bytes(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text + array.array("f", [x for r in rows for x in r]).tobytes())


def main(folder, variant):
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    config = BASE | VARIANTS[variant]
    head = config.get("head_dim", config["hidden_size"] // config["num_attention_heads"])
    kv_heads = config.get("num_key_value_heads", config["num_attention_heads"])
    weights = make_weights(config, head, kv_heads)
    tokens = [weights.random.randrange(config["vocab_size"]) for _ in range(TOKENS)]
    save_npy(folder / "logits.npy", run(config, weights, tokens, head, kv_heads))
    weights.save(folder / "model.safetensors")
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    print(",".join(map(str, tokens)), end="")


if __name__ == "__main__":
    main(*sys.argv[1:])
