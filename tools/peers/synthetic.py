"""Synthetic weights of a Llama config, written for each program that is compared: the same numbers for all.

Weights are uniform with variance 1 / columns, seeded by their names, as `tenon compile random:` has them in kind: speed does not depend on them, and
no activation overflows. Needs numpy, gguf and, for CTranslate2's folder, ctranslate2.
"""

import json
import math
import pathlib

import gguf
import numpy


class Llama:
    def __init__(self, config_path):
        self.config_path = pathlib.Path(config_path)
        config = json.loads(pathlib.Path(config_path).read_text())
        self.layers = config["num_hidden_layers"]
        self.hidden = config["hidden_size"]
        self.heads = config["num_attention_heads"]
        self.kv_heads = config.get("num_key_value_heads", self.heads)
        self.head_dim = config.get("head_dim") or self.hidden // self.heads
        self.inner = config["intermediate_size"]
        self.vocab = config["vocab_size"]
        self.context = config["max_position_embeddings"]
        self.eps = config["rms_norm_eps"]
        self.theta = config.get("rope_theta", 10000.0)
        self.tied = config.get("tie_word_embeddings", False)

    def matrices(self):
        """(GGUF name, rows, columns) of every matrix, in the order of the file."""
        queries, keys = self.heads * self.head_dim, self.kv_heads * self.head_dim
        yield "token_embd", self.vocab, self.hidden
        for i in range(self.layers):
            yield f"blk.{i}.attn_q", queries, self.hidden
            yield f"blk.{i}.attn_k", keys, self.hidden
            yield f"blk.{i}.attn_v", keys, self.hidden
            yield f"blk.{i}.attn_output", self.hidden, queries
            yield f"blk.{i}.ffn_gate", self.inner, self.hidden
            yield f"blk.{i}.ffn_up", self.inner, self.hidden
            yield f"blk.{i}.ffn_down", self.hidden, self.inner
        if not self.tied:
            yield "output", self.vocab, self.hidden

    def norms(self):
        for i in range(self.layers):
            yield f"blk.{i}.attn_norm"
            yield f"blk.{i}.ffn_norm"
        yield "output_norm"


def matrix(name, rows, columns):
    random = numpy.random.default_rng([ord(c) for c in name])
    bound = (3.0 / columns) ** 0.5
    return random.random((rows, columns), dtype=numpy.float32) * (2 * bound) - bound


def interleaved(llama, name, values):
    """GGUF's order of query and key rows: the pairs that rotate together lie side by side, where the others have them half a head apart."""
    if not name.endswith(("attn_q", "attn_k")):
        return values
    split = values.reshape(-1, 2, llama.head_dim // 2, values.shape[1])
    return split.swapaxes(1, 2).reshape(values.shape)


def add_vocabulary(writer, size):
    """Bytes, made-up words, and the two special tokens. Byte-level, since not every program reads the other kind from GGUF."""
    printable = list(range(33, 127)) + list(range(161, 173)) + list(range(174, 256))
    others = [b for b in range(256) if b not in printable]
    letters = [chr(b) for b in printable] + [chr(256 + i) for i in range(len(others))]
    words = [a + b for a in letters for b in letters][: max(0, size - 258)]
    words += [a + b + c for a in letters[:26] for b in letters for c in letters][: max(0, size - 258 - len(words))]
    tokens = letters + words + ["<s>", "</s>"]
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("llama-bpe")
    writer.add_array("tokenizer.ggml.tokens", tokens)
    writer.add_token_merges([f"{letters[0]} {letters[i]}" for i in range(16)])
    writer.add_array("tokenizer.ggml.token_type", [int(gguf.TokenType.NORMAL)] * (size - 2) + [int(gguf.TokenType.CONTROL)] * 2)
    writer.add_bos_token_id(size - 2)
    writer.add_eos_token_id(size - 1)


def write_gguf(llama, path, kind):
    """`kind` is the name of a gguf type: Q4_0, Q8_0, BF16, F16."""
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_name("synthetic")
    writer.add_file_type(gguf.LlamaFileType[f"MOSTLY_{kind}"])
    writer.add_context_length(llama.context)
    writer.add_embedding_length(llama.hidden)
    writer.add_block_count(llama.layers)
    writer.add_feed_forward_length(llama.inner)
    writer.add_head_count(llama.heads)
    writer.add_head_count_kv(llama.kv_heads)
    writer.add_key_length(llama.head_dim)
    writer.add_value_length(llama.head_dim)
    writer.add_layer_norm_rms_eps(llama.eps)
    writer.add_rope_freq_base(llama.theta)
    writer.add_rope_dimension_count(llama.head_dim)
    writer.add_vocab_size(llama.vocab)
    add_vocabulary(writer, llama.vocab)
    quant = gguf.GGMLQuantizationType[kind]
    for name, rows, columns in llama.matrices():
        data = gguf.quants.quantize(interleaved(llama, name, matrix(name, rows, columns)), quant)
        writer.add_tensor(name + ".weight", data, raw_dtype=quant)
    for name in llama.norms():
        writer.add_tensor(name + ".weight", numpy.ones(llama.hidden, numpy.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


HF_NAMES = {
    "token_embd": "model.embed_tokens", "output_norm": "model.norm", "output": "lm_head", "attn_q": "self_attn.q_proj", "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj", "attn_output": "self_attn.o_proj", "ffn_gate": "mlp.gate_proj", "ffn_up": "mlp.up_proj", "ffn_down": "mlp.down_proj",
    "attn_norm": "input_layernorm", "ffn_norm": "post_attention_layernorm",
}


def hugging_face_name(name):
    if not name.startswith("blk."):
        return HF_NAMES[name] + ".weight"
    _, layer, part = name.split(".")
    return f"model.layers.{layer}.{HF_NAMES[part]}.weight"


def write_folder(llama, folder):
    """config.json and one file of bf16 safetensors: what `tenon compile FOLDER` reads, without a tokenizer."""
    folder = pathlib.Path(folder)
    folder.mkdir()
    (folder / "config.json").write_text(llama.config_path.read_text())
    tensors = [(name, (rows, columns)) for name, rows, columns in llama.matrices()] + [(name, (llama.hidden,)) for name in llama.norms()]
    header, end = {}, 0
    for name, shape in tensors:
        begin, end = end, end + 2 * math.prod(shape)
        header[hugging_face_name(name)] = {"dtype": "BF16", "shape": list(shape), "data_offsets": [begin, end]}
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(folder / "model.safetensors", "wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for name, shape in tensors:
            values = matrix(name, *shape) if len(shape) == 2 else numpy.ones(shape, numpy.float32)
            gguf.quants.quantize(values, gguf.GGMLQuantizationType.BF16).tofile(file)


def write_ctranslate2(llama, folder, quantization):
    """`quantization` as CTranslate2 names it: int8, bfloat16, float32."""
    from ctranslate2.specs import common_spec, transformer_spec

    spec = transformer_spec.TransformerDecoderModelSpec.from_config(
        llama.layers, llama.heads, pre_norm=True, activation=common_spec.Activation.SWISH, ffn_glu=True, rms_norm=True,
        rotary_dim=0, rotary_interleave=False, rotary_base=llama.theta, num_heads_kv=llama.kv_heads)
    weights = {name: (rows, columns) for name, rows, columns in llama.matrices()}

    def take(name):
        return matrix(name, *weights[name])

    decoder = spec.decoder
    ones = numpy.ones(llama.hidden, numpy.float32)
    decoder.scale_embeddings = False
    decoder.embeddings.weight = take("token_embd")
    decoder.layer_norm.gamma = ones
    decoder.projection.weight = take("token_embd" if llama.tied else "output")
    for i, layer in enumerate(decoder.layer):
        attention, feed = layer.self_attention, layer.ffn
        attention.layer_norm.gamma = ones
        feed.layer_norm.gamma = ones
        attention.linear[0].weight = numpy.concatenate([take(f"blk.{i}.attn_{x}") for x in "qkv"])
        attention.linear[1].weight = take(f"blk.{i}.attn_output")
        feed.linear_0.weight = take(f"blk.{i}.ffn_gate")
        feed.linear_0_noact.weight = take(f"blk.{i}.ffn_up")
        feed.linear_1.weight = take(f"blk.{i}.ffn_down")
    spec.config.bos_token, spec.config.eos_token, spec.config.unk_token = "<s>", "</s>", "<unk>"
    spec.config.layer_norm_epsilon = llama.eps
    spec.register_vocabulary(["<unk>", "<s>", "</s>"] + [f"w{i}" for i in range(llama.vocab - 3)])
    spec.validate()
    spec.optimize(quantization=quantization)
    pathlib.Path(folder).mkdir()
    spec.save(str(folder))
