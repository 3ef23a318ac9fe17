#!/usr/bin/env python3
"""Broken copies of a model folder: everything is linked from the sound model except what a case damages.

usage: bad_models.py MODEL OUT CASE     makes one, to look at by hand; refuse.py runs them all
"""
import json
import os
import shutil
import struct
import sys


class Folder:
    """The copy. Files are links until they are written."""

    def __init__(self, model, out):
        shutil.rmtree(out, ignore_errors=True)
        os.makedirs(out)
        self.path, self.model = out, os.path.abspath(model)
        for name in os.listdir(model):
            if os.path.isfile(os.path.join(model, name)):
                os.symlink(os.path.join(self.model, name), os.path.join(out, name))

    def name(self, name):
        return os.path.join(self.path, name)

    def drop(self, name):
        os.unlink(self.name(name))

    def read(self, name):
        with open(os.path.join(self.model, name), "rb") as file:
            return file.read()

    def write(self, name, data):
        if os.path.lexists(self.name(name)):
            self.drop(name)
        with open(self.name(name), "wb") as file:
            file.write(data.encode() if isinstance(data, str) else data)

    def json(self, name, change):
        """Writes the file anew after `change`, which edits the parsed value or returns another."""
        value = json.loads(self.read(name))
        other = change(value)
        self.write(name, json.dumps(value if other is None else other))

    def config(self, **keys):
        """Sets keys of config.json; REMOVE removes one."""
        self.json("config.json", lambda c: {k: v for k, v in {**c, **keys}.items() if v is not REMOVE})


REMOVE = object()

# ---------------------------------------------------------------- safetensors
WEIGHTS = "model.safetensors"
Q = "model.layers.0.self_attn.q_proj.weight"


def tensors(folder, change=lambda header: None, data=lambda data: data, text=lambda text: text, length=None):
    raw = folder.read(WEIGHTS)
    size = struct.unpack("<Q", raw[:8])[0]
    header, body = json.loads(raw[8 : 8 + size]), raw[8 + size :]
    other = change(header)
    encoded = text(json.dumps(header if other is None else other)).encode()
    folder.write(WEIGHTS, struct.pack("<Q", len(encoded) if length is None else length) + encoded + data(body))


def entry(folder, **fields):
    tensors(folder, lambda header: header[Q].update(fields))


def tensor_files():
    def text_of(content):
        return lambda f: f.write(WEIGHTS, content)

    def with_entry(**fields):
        return lambda f: entry(f, **fields)

    def shift(name, begin, end):
        return lambda f: tensors(f, lambda h: h[name].update(data_offsets=[h[name]["data_offsets"][0] + begin, h[name]["data_offsets"][1] + end]))

    nested = '{"a":' * 20000 + "1" + "}" * 20000
    return {
        "weights-empty": text_of(b""),
        "weights-seven-bytes": text_of(b"\x10\0\0\0\0\0\0"),
        "weights-cut-header": lambda f: f.write(WEIGHTS, f.read(WEIGHTS)[:500]),
        "weights-cut-data": lambda f: tensors(f, data=lambda d: d[:-100]),
        "weights-trailing-bytes": lambda f: tensors(f, data=lambda d: d + b"0123"),
        "weights-header-length-2-63": lambda f: tensors(f, length=1 << 63),
        "weights-header-length-max": lambda f: tensors(f, length=(1 << 64) - 1),
        "weights-header-length-90-mb": lambda f: (f.write(WEIGHTS, struct.pack("<Q", 90 << 20) + b"{"), os.truncate(f.name(WEIGHTS), 91 << 20)),
        "weights-header-cut-json": lambda f: tensors(f, text=lambda t: t[:-40]),
        "weights-header-garbage": lambda f: tensors(f, text=lambda t: "\xff\xfe" + t),
        "weights-header-array": text_of(struct.pack("<Q", 2) + b"[]"),
        "weights-header-nested": text_of(struct.pack("<Q", len(nested)) + nested.encode()),
        "weights-header-twice": lambda f: tensors(f, text=lambda t: t.replace("{", '{"' + Q + '": {"dtype": "F32", "shape": [], "data_offsets": [0, 0]}, ', 1)),
        "weights-lfs-pointer": text_of("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1793000\n"),
        "weights-overlap": shift(Q, -64, -64),
        "weights-hole": lambda f: tensors(f, lambda h: h.pop(Q) and None),
        "weights-begin-after-end": with_entry(data_offsets=[100, 50]),
        "weights-past-the-end": with_entry(data_offsets=[0, 1 << 40]),
        "weights-offset-2-64": with_entry(data_offsets=[0, (1 << 64) - 1]),
        "weights-offset-negative": with_entry(data_offsets=[-2, 0]),
        "weights-offset-real": with_entry(data_offsets=[0.5, 4]),
        "weights-offset-string": with_entry(data_offsets=["0", "4"]),
        "weights-shape-overflow": with_entry(shape=[1 << 32, 1 << 32, 1 << 32]),
        "weights-shape-lies": with_entry(shape=[64, 64]),
        "weights-shape-nine": with_entry(shape=[1] * 9),
        "weights-dtype-unknown": with_entry(dtype="Q4"),
        "weights-dtype-integer": with_entry(dtype="I16"),
        "weights-tensor-misshapen": with_entry(shape=[64, 256]),
        "weights-tensor-transposed": lambda f: tensors(f, lambda h: h["model.layers.0.mlp.up_proj.weight"]["shape"].reverse()),
        "weights-tensor-missing": lambda f: tensors(f, lambda h: {("x" + k if k == Q else k): v for k, v in h.items()}),
        "weights-tensor-extra-bias": lambda f: tensors(
            f, lambda h: h.update({Q[:-6] + "bias": {"dtype": "BF16", "shape": [2], "data_offsets": [size_of(h), size_of(h) + 4]}}), lambda d: d + b"\0\0\0\0"
        ),
        "weights-name-control": lambda f: tensors(f, lambda h: {k.replace(Q, "a\nb"): v for k, v in h.items()}),
        "weights-absent": lambda f: f.drop(WEIGHTS),
        "weights-pickle": lambda f: (f.drop(WEIGHTS), f.write("pytorch_model.bin", b"PK")),
        "weights-folder": lambda f: (f.drop(WEIGHTS), os.mkdir(f.name(WEIGHTS))),
        "weights-pipe": lambda f: (f.drop(WEIGHTS), os.mkfifo(f.name(WEIGHTS))),
        "weights-dangling-link": lambda f: (f.drop(WEIGHTS), os.symlink("nowhere", f.name(WEIGHTS))),
        "weights-link-loop": lambda f: (f.drop(WEIGHTS), os.symlink(WEIGHTS, f.name(WEIGHTS))),
    }


def size_of(header):
    return max(t["data_offsets"][1] for t in header.values() if "data_offsets" in t)


# ---------------------------------------------------------------- index
INDEX = "model.safetensors.index.json"


def index_files():
    def index(value):
        return lambda f: (os.rename(f.name(WEIGHTS), f.name("part.safetensors")), f.write(INDEX, json.dumps(value)))

    def naming(shard):
        return lambda f: index({"weight_map": {name: shard for name in names_in(f)}})(f)

    return {
        "shard-leaves-folder": naming("../part.safetensors"),
        "shard-absolute": naming("/etc/passwd"),
        "shard-in-subfolder": naming("sub/part.safetensors"),
        "shard-missing": naming("other.safetensors"),
        "shard-is-folder": naming(".."),
        "index-empty": index({"weight_map": {}}),
        "index-array": index([]),
        "index-number": index({"weight_map": {Q: 3}}),
        "index-tensor-missing": lambda f: index({"weight_map": dict.fromkeys(names_in(f) + ["lm_head.weight"], "part.safetensors")})(f),
        "index-tensor-unlisted": lambda f: index({"weight_map": dict.fromkeys(names_in(f)[1:], "part.safetensors")})(f),
        "index-and-single": lambda f: f.write(INDEX, json.dumps({"weight_map": {Q: WEIGHTS}})),
    }


def names_in(folder):
    raw = folder.read(WEIGHTS)
    header = json.loads(raw[8 : 8 + struct.unpack("<Q", raw[:8])[0]])
    return sorted(name for name in header if name != "__metadata__")


# ---------------------------------------------------------------- config.json
def config_files():
    def sets(**keys):
        return lambda f: f.config(**keys)

    def text(content):
        return lambda f: f.write("config.json", content)

    return {
        "config-absent": lambda f: f.drop("config.json"),
        "config-empty": text(""),
        "config-cut": lambda f: f.write("config.json", f.read("config.json")[:100]),
        "config-array": text("[]"),
        "config-not-json": text("hidden_size: 128\n"),
        "config-not-utf-8": lambda f: f.write("config.json", f.read("config.json").replace(b"llama", b"ll\xffma", 1)),
        "config-utf-16": lambda f: f.write("config.json", f.read("config.json").decode().encode("utf-16")),
        "config-key-twice": lambda f: f.write("config.json", f.read("config.json").replace(b"{", b'{"hidden_size": 256,', 1)),
        "config-nested": text('{"a":' * 5000 + "1" + "}" * 5000),
        "config-pipe": lambda f: (f.drop("config.json"), os.mkfifo(f.name("config.json"))),
        "config-large": lambda f: (f.write("config.json", "{"), os.truncate(f.name("config.json"), 5 << 20)),
        "config-no-hidden-size": sets(hidden_size=REMOVE),
        "config-zero-heads": sets(num_attention_heads=0),
        "config-zero-layers": sets(num_hidden_layers=0),
        "config-many-layers": sets(num_hidden_layers=4096),
        "config-negative": sets(intermediate_size=-1),
        "config-string": sets(hidden_size="128"),
        "config-real": sets(hidden_size=128.5),
        "config-true": sets(num_hidden_layers=True),
        "config-2-63": sets(vocab_size=1 << 63),
        "config-1e400": lambda f: f.write("config.json", f.read("config.json").replace(b"1e-05", b"1e400", 1)),
        "config-eps-negative": sets(rms_norm_eps=-1e-5),
        "config-odd-head": sets(head_dim=31),
        "config-heads-do-not-divide": sets(hidden_size=130, head_dim=REMOVE),
        "config-kv-heads-do-not-divide": sets(num_key_value_heads=3),
        "config-two-dtypes": sets(torch_dtype="float16", dtype="bfloat16"),
        "config-other-model": sets(hidden_size=256, head_dim=64),
        "config-fewer-layers": sets(num_hidden_layers=1),
        "config-eos-outside": sets(eos_token_id=4096),
        "config-unknown-key": sets(residual_multiplier=0.22),
        "config-unknown-model": sets(model_type="gpt_neox"),
        "config-other-family": sets(architectures=["MistralForCausalLM"]),
        "config-unknown-head": sets(architectures=["LlamaForSequenceClassification"]),
        "config-unknown-activation": sets(hidden_act="swiglu"),
        "config-quantized": sets(quantization_config={"quant_method": "gptq", "bits": 4}),
        "config-own-code": sets(auto_map={"AutoModel": "modeling.Model"}),
        "config-window": sets(model_type="mistral", architectures=["MistralForCausalLM"], sliding_window=16),
        "config-rope-unknown": sets(rope_parameters={"rope_type": "xpos", "rope_theta": 10000.0}),
        "config-rope-no-factor": sets(rope_parameters={"rope_type": "linear", "rope_theta": 10000.0}),
        "config-rope-zero-factor": sets(rope_parameters={"rope_type": "linear", "factor": 0, "rope_theta": 10000.0}),
        "config-rope-extra-key": sets(rope_parameters={"rope_type": "default", "rope_theta": 10000.0, "twist": 2}),
        "config-rope-two-spellings": sets(rope_parameters={"rope_type": "default", "rope_theta": 10000.0}, rope_theta=5000.0),
        "generation-cut": lambda f: f.write("generation_config.json", f.read("generation_config.json")[:20]),
        "generation-eos-outside": lambda f: f.json("generation_config.json", lambda g: g.update(eos_token_id=[4096])),
        "generation-temperature-string": lambda f: f.json("generation_config.json", lambda g: g.update(temperature="hot")),
    }


# ---------------------------------------------------------------- tokenizer.json
def tokenizer_files():
    def changes(change):
        return lambda f: f.json("tokenizer.json", change)

    def model(**fields):
        return changes(lambda t: t["model"].update(fields))

    return {
        "tokenizer-cut": lambda f: f.write("tokenizer.json", f.read("tokenizer.json")[:5000]),
        "tokenizer-array": lambda f: f.write("tokenizer.json", "[]"),
        "tokenizer-no-model": changes(lambda t: t.pop("model") and None),
        "tokenizer-wordpiece": model(type="WordPiece"),
        "tokenizer-unigram": model(type="Unigram"),
        "tokenizer-normalizer": changes(lambda t: t.update(normalizer={"type": "BertNormalizer"})),
        "tokenizer-pretokenizer": changes(lambda t: t.update(pre_tokenizer={"type": "UnicodeScripts"})),
        "tokenizer-decoder": changes(lambda t: t.update(decoder={"type": "CTC"})),
        "tokenizer-bad-regex": changes(lambda t: t.update(pre_tokenizer={"type": "Split", "pattern": {"Regex": "(a"}, "behavior": "Isolated", "invert": False})),
        "tokenizer-merge-unknown": changes(lambda t: t["model"]["merges"].insert(0, ["never", "seen"])),
        "tokenizer-merge-number": changes(lambda t: t["model"]["merges"].insert(0, 7)),
        "tokenizer-id-negative": changes(lambda t: t["model"]["vocab"].update({"!": -1})),
        "tokenizer-id-huge": changes(lambda t: t["model"]["vocab"].update({"!": 1 << 40})),
        "tokenizer-id-far": changes(lambda t: t["model"]["vocab"].update({"!": (1 << 31) - 2})),
        "tokenizer-id-twice": changes(lambda t: t["model"]["vocab"].update({"!": 1})),
        "tokenizer-vocab-array": model(vocab=[]),
        "tokenizer-added-string": changes(lambda t: t["added_tokens"][0].update(id="0")),
        "tokenizer-nested": lambda f: f.write("tokenizer.json", '{"normalizer":' + '{"type":"Sequence","normalizers":[' * 20000 + "]}" * 20000 + "}"),
        "tokenizer-map-cut": lambda f: f.write("special_tokens_map.json", "{"),
        "tokenizer-map-array": lambda f: f.write("special_tokens_map.json", "[]"),
        "tokenizer-unknown-absent": model(unk_token="<nowhere>"),
        "tokenizer-model-field": model(zzz=1),
        "tokenizer-added-empty": changes(lambda t: t["added_tokens"][0].update(content="")),
        "tokenizer-config-cut": lambda f: f.write("tokenizer_config.json", f.read("tokenizer_config.json")[:30]),
    }


CASES = {**tensor_files(), **index_files(), **config_files(), **tokenizer_files()}


def make(model, out, name):
    CASES[name](Folder(model, out))


if __name__ == "__main__":
    make(*sys.argv[1:])
