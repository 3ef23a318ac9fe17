"""Writes the golden GGUF files with the package `gguf`, and what an independent reader makes of them.

usage: python make.py      (Python 3.11, gguf 0.19.0, numpy, tokenizers 0.23.3, sentencepiece 0.2.3; deterministic but for their versions)

bytes/             a Hugging Face folder: Llama of random weights that BF16, F16 and F32 hold exactly, byte-level BPE laid out as Llama 3's
bytes-TYPE.gguf    the same model in GGUF, matrices in TYPE
pieces.gguf        another: SentencePiece vocabulary, a head of its own, biases, rope_freqs.weight, types mixed, alignment 64
expected.json      for each file: BLAKE2b-256 of every tensor as f32 in the model's order (numbers by gguf's own dequantization), token ids of texts
NAME.npy           logits of TOKENS, computed in double by test/compiler/families/tiny_llama.py
"""
import hashlib
import io
import json
import pathlib
import struct
import sys

import gguf
import numpy as np
import sentencepiece
import tokenizers
from gguf import GGMLQuantizationType as Type
from gguf import TokenType

HERE = pathlib.Path(__file__).parent
TESTS = HERE.parent.parent
sys.path.insert(0, str(TESTS / "compiler/families"))
import tiny_llama  # noqa: E402

TOKENS = [3, 77, 201, 5, 380, 12, 12, 256, 31, 144]
LINES = (TESTS / "models/eval/kjv.txt").read_text(encoding="utf-8").splitlines()
TEXTS = ["", " ", "In the beginning", "And the LORD said unto Moses, 1234567 times:\n\n\tBehold!", "  two  spaces  ", "It's I'LL don't",
         "caf\u00e9 \u4e2d\u6587 \U0001f600 \u0301", "tab\tnew\nline\r\n", "\u2581\u2581", "<|eot_id|>", "aaaaaaaaaaaaaaaa", LINES[7], LINES[200]]
LLAMA3 = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
TEMPLATE = "{% for m in messages %}{{ m['role'] }}: {{ m['content'] }}\n{% endfor %}"

CONFIG = {"model_type": "llama", "architectures": ["LlamaForCausalLM"], "vocab_size": 384, "hidden_size": 32, "num_hidden_layers": 2,
          "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 8, "intermediate_size": 64, "max_position_embeddings": 256,
          "rms_norm_eps": 1e-5, "rope_theta": 500000.0, "tie_word_embeddings": True, "torch_dtype": "bfloat16", "bos_token_id": 380,
          "eos_token_id": 381}
PIECES = {**CONFIG, "head_dim": 16, "num_hidden_layers": 1, "num_key_value_heads": 1, "rope_theta": 10000.0, "tie_word_embeddings": False,
          "attention_bias": True, "bos_token_id": 1, "eos_token_id": 2}
FACTORS = [1.0, 1.0, 1.25, 1.75, 3.0, 8.0, 8.0, 8.0]

GGUF_NAMES = {"model.embed_tokens": "token_embd", "model.norm": "output_norm", "lm_head": "output"}
LAYER_NAMES = {"input_layernorm": "attn_norm", "post_attention_layernorm": "ffn_norm", "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k",
               "self_attn.v_proj": "attn_v", "self_attn.o_proj": "attn_output", "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up",
               "mlp.down_proj": "ffn_down"}


def gguf_name(name):
    stem, ending = name.rsplit(".", 1)
    if stem in GGUF_NAMES:
        return f"{GGUF_NAMES[stem]}.{ending}"
    _, _, layer, rest = stem.split(".", 3)
    return f"blk.{layer}.{LAYER_NAMES[rest]}.{ending}"


def interleave(x, heads):
    """As llama.cpp's converter does to query and key."""
    return x.reshape(heads, 2, x.shape[0] // heads // 2, *x.shape[1:]).swapaxes(1, 2).reshape(x.shape)


def heads_of(name, config):
    return config["num_attention_heads"] if "q_proj" in name else config["num_key_value_heads"] if "k_proj" in name else 0


def make_weights(config, seed):
    """Whole numbers below 2^7 over powers of two: exact in BF16, F16 and F32 alike."""
    shapes = tiny_llama.make_weights(config, config["head_dim"], config["num_key_value_heads"])
    random = np.random.default_rng(seed)
    out = {}
    for name, rows in shapes.items():
        shape = (len(rows), len(rows[0])) if len(rows) > 1 else (len(rows[0]),)
        scale = 2.0**-6 if len(shape) == 1 else 2.0**-8
        out[name] = (random.integers(-127, 128, size=shape) * scale).astype(np.float32)
    return out


def write_gguf(path, config, weights, type_of, fields, alignment=32):
    """Returns the tensors as gguf decodes them, in the model's order."""
    writer = gguf.GGUFWriter(path, "llama")
    if alignment != 32:
        writer.add_custom_alignment(alignment)
    writer.add_name(path.stem)
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_head_count(config["num_attention_heads"])
    writer.add_head_count_kv(config["num_key_value_heads"])
    writer.add_key_length(config["head_dim"])
    writer.add_value_length(config["head_dim"])
    writer.add_layer_norm_rms_eps(config["rms_norm_eps"])
    writer.add_rope_freq_base(config["rope_theta"])
    writer.add_rope_dimension_count(config["head_dim"])
    writer.add_vocab_size(config["vocab_size"])
    writer.add_quantization_version(gguf.GGML_QUANT_VERSION)
    fields(writer)
    decoded = {}
    for name, values in weights.items():
        if name == "rope_freqs.weight":
            writer.add_tensor(name, values)
            continue
        heads = heads_of(name, config)
        stored = interleave(values, heads) if heads else values
        kind = Type.F32 if values.ndim == 1 else type_of(name)
        data = gguf.quants.quantize(stored, kind)
        floats = gguf.quants.dequantize(data, kind)
        if heads:  # the other way round
            rows = floats.shape[0] // heads
            floats = floats.reshape(heads, rows // 2, 2, *floats.shape[1:]).swapaxes(1, 2).reshape(floats.shape)
        decoded[name] = np.ascontiguousarray(floats, dtype=np.float32)
        writer.add_tensor(gguf_name(name), data, raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return decoded


def digests(decoded):
    return {name: hashlib.blake2b(x.tobytes(), digest_size=32).hexdigest() for name, x in decoded.items()}


def write_logits(path, config, decoded, factors=None):
    weights = {name: x.tolist() if x.ndim == 2 else [x.tolist()] for name, x in decoded.items()}
    plain = tiny_llama.inverse_frequencies
    if factors:
        tiny_llama.inverse_frequencies = lambda config, head: [f / d for f, d in zip(plain(config, head), factors)]
    tiny_llama.save_npy(path, tiny_llama.run(config, weights, TOKENS, config["head_dim"], config["num_key_value_heads"]))
    tiny_llama.inverse_frequencies = plain


def save_safetensors(path, weights):
    header, data = {}, b""
    for name, x in weights.items():
        bits = (np.ascontiguousarray(x).view(np.uint32) >> 16).astype(np.uint16).tobytes()
        header[name] = {"dtype": "BF16", "shape": list(x.shape), "data_offsets": [len(data), len(data) + len(bits)]}
        data += bits
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)


def train_bytes():
    t = tokenizers.Tokenizer(tokenizers.models.BPE(ignore_merges=True))
    pre, alphabet = tokenizers.pre_tokenizers, tokenizers.pre_tokenizers.ByteLevel.alphabet()
    t.pre_tokenizer = pre.Sequence([pre.Split(tokenizers.Regex(LLAMA3), "isolated"), pre.ByteLevel(add_prefix_space=False, use_regex=False)])
    t.decoder = tokenizers.decoders.ByteLevel()
    t.train_from_iterator(LINES, tokenizers.trainers.BpeTrainer(vocab_size=380, initial_alphabet=alphabet, show_progress=False))
    t.add_special_tokens(["<|begin_of_text|>", "<|end_of_text|>", "<|eot_id|>"])
    t.add_tokens([tokenizers.AddedToken("<tool>", normalized=False)])
    t.post_processor = tokenizers.processors.TemplateProcessing(single="<|begin_of_text|> $A", special_tokens=[("<|begin_of_text|>", 380)])
    return t


def bytes_fields(tokenizer):
    model = json.loads(tokenizer.to_str())
    tokens = [tokenizer.id_to_token(i) for i in range(tokenizer.get_vocab_size())]
    added = {t["id"]: TokenType.CONTROL if t["special"] else TokenType.USER_DEFINED for t in model["added_tokens"]}

    def fields(writer):
        writer.add_tokenizer_model("gpt2")
        writer.add_tokenizer_pre("llama-bpe")
        writer.add_token_list(tokens)
        writer.add_token_types([added.get(i, TokenType.NORMAL) for i in range(len(tokens))])
        writer.add_token_merges([" ".join(m) for m in model["model"]["merges"]])
        writer.add_bos_token_id(380)
        writer.add_eos_token_id(381)
        writer.add_chat_template(TEMPLATE)
    return fields


def train_pieces():
    out = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(LINES), model_writer=out, model_type="bpe", vocab_size=384, byte_fallback=True, character_coverage=0.995,
        normalization_rule_name="identity", remove_extra_whitespaces=False, split_digits=True, allow_whitespace_only_pieces=True,
        control_symbols=["<|im_end|>"], num_threads=1, minloglevel=2)
    return sentencepiece.SentencePieceProcessor(model_proto=out.getvalue())


def pieces_fields(pieces):
    def kind(i):
        return (TokenType.UNKNOWN if pieces.is_unknown(i) else TokenType.CONTROL if pieces.is_control(i) else
                TokenType.BYTE if pieces.is_byte(i) else TokenType.UNUSED if pieces.is_unused(i) else TokenType.NORMAL)
    ids = range(pieces.vocab_size())

    def fields(writer):
        writer.add_tokenizer_model("llama")
        writer.add_tokenizer_pre("default")
        writer.add_token_list([pieces.id_to_piece(i) for i in ids])
        writer.add_token_scores([pieces.get_score(i) for i in ids])
        writer.add_token_types([kind(i) for i in ids])
        writer.add_bos_token_id(1)
        writer.add_eos_token_id(2)
        writer.add_unk_token_id(0)
        writer.add_add_bos_token(True)
        writer.add_add_eos_token(False)
        writer.add_add_space_prefix(True)
        writer.add_chat_template(TEMPLATE)
    return fields


def main():
    expected = {"tokens": TOKENS, "files": {}, "texts": {}}
    tokenizer, weights = train_bytes(), make_weights(CONFIG, 1)
    folder = HERE / "bytes"
    folder.mkdir(exist_ok=True)
    save_safetensors(folder / "model.safetensors", weights)
    (folder / "config.json").write_text(json.dumps(CONFIG) + "\n")
    (folder / "generation_config.json").write_text(json.dumps({"bos_token_id": 380, "eos_token_id": [381, 382]}) + "\n")
    (folder / "tokenizer_config.json").write_text(
        json.dumps({"bos_token": "<|begin_of_text|>", "eos_token": "<|end_of_text|>", "chat_template": TEMPLATE}) + "\n")
    tokenizer.save(str(folder / "tokenizer.json"), pretty=False)
    for kind in (Type.F32, Type.F16, Type.BF16, Type.Q8_0, Type.Q4_0):
        path = HERE / f"bytes-{kind.name.lower()}.gguf"
        decoded = write_gguf(path, CONFIG, weights, lambda name: kind, bytes_fields(tokenizer))
        expected["files"][path.name] = digests(decoded)
        if kind in (Type.Q8_0, Type.Q4_0):
            write_logits(path.with_suffix(".npy"), CONFIG, decoded)
        else:
            assert all(np.array_equal(decoded[name], weights[name]) for name in weights)
    write_logits(HERE / "bytes.npy", CONFIG, weights)
    expected["texts"]["bytes"] = [
        {"text": t, "ids": (ids := tokenizer.encode(t).ids), "decoded": tokenizer.decode(ids, skip_special_tokens=True)} for t in TEXTS]

    pieces, weights = train_pieces(), make_weights(PIECES, 2)
    mixed = [Type.Q8_0, Type.Q4_0, Type.F16, Type.BF16, Type.F32]
    order = {name: mixed[i % len(mixed)] for i, name in enumerate(n for n, x in weights.items() if x.ndim == 2)}
    weights["rope_freqs.weight"] = np.array(FACTORS, dtype=np.float32)
    path = HERE / "pieces.gguf"
    decoded = write_gguf(path, PIECES, weights, order.get, pieces_fields(pieces), alignment=64)
    expected["files"][path.name] = digests(decoded)
    write_logits(HERE / "pieces.npy", PIECES, decoded, FACTORS)
    # SentencePiece itself knows no special tokens in text, and its empty text has no space in front either.
    expected["texts"]["pieces"] = [
        {"text": t, "ids": [1] + (ids := pieces.encode(t)), "decoded": pieces.decode(ids)} for t in TEXTS if "<|" not in t and "\u2581" not in t]
    (HERE / "expected.json").write_text(json.dumps(expected, indent=0, ensure_ascii=True) + "\n")


if __name__ == "__main__":
    main()
