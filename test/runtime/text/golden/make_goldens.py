#!/usr/bin/env python3
"""Makes the golden files of this folder with Hugging Face's tokenizers library (made with 0.22.2; 0.23.3 gives the same but for
decoding normalized added tokens). Not part of the tests: they only read what it wrote. --check compares instead of writing.

    python3 -m venv /tmp/venv && /tmp/venv/bin/pip install tokenizers==0.22.2 && /tmp/venv/bin/python make_goldens.py

Each file holds a tokenizer, laid out as a family of models lays out its own, trained on the few lines below, and what the
library makes of texts and ids:  {"library", "tokenizer", "encode": [{"text", "ids", "special", "plain"}],
"decode": [{"ids", "shown", "hidden"}]}  where "special" are the ids with the post-processor's tokens, "plain" those with
special tokens' texts left as text, "shown" and "hidden" the text with and without special tokens.
"""
import json
import os
import random
import sys

import tokenizers
from tokenizers import Tokenizer, models, trainers

SAMPLE = """The cat sat on the mat, and the other cats sat down beside it; they'd all been there before.
In 1984 there were 12 345 678 of them; 3.14159 is less than 22/7. Don't you think it's so? I'll say we've seen it.
    for (int i = 0; i < 10; ++i) { total += values[i] * 2; }  // indented, with punctuation!!!
Größe, naïve café, déjà vu, Ångström, señor, ÆON. Здравствуй, мир. Καλημέρα κόσμε. שלום עולם. مرحبا بالعالم.
日本語の文章、東京都。中文字符测试。한국어 문장입니다. ภาษาไทย. 😀 👨‍👩‍👧 🇩🇪 end.
Another line\twith a tab and  two spaces   and three, then the thin\u2009space and the\u00a0hard one.
""".splitlines(keepends=True)

TEXTS = SAMPLE + [
    "", " ", "  ", "   ", "\n", "\n\n", " \n ", "\t\t", "\r\n\r\n  x", "a", " a", "a ", "  a  ", "the", " the", "The cat",
    "don't DON'T I'll we've they're you'd it's", "'s't're", "x'ſ 'ſt", "''", "1", "12", "123", "1234", "1234567890", "a1b22c333",
    "½ ² Ⅷ ٣٤ ४५", "1,234.5", "foo_bar-baz.qux", "<s>", "</s>", "<unk>", "<s>hello</s>", " <s> hello </s> ", "a<s>b</s>c",
    "<|im_start|>user\nhi<|im_end|>\n", "x <mask> y", "x<mask>y", "  <mask>  ", "word wordless sword word", "Word WORD",
    "▁", "▁a", " ▁ ", "a▁b", "<0x41>", "<0xE2>", "e\u0301 é \u0041\u030a Å \u212b", "ﬁ ﬀ ① ㎏ ½ Ａ", "\u1100\u1161\u11a8 각",
    "\u0327\u0301 a\u0301\u0327", "İ ı ß Σς ǅ", "\u2028\u2029\u0085", "\u200b\u200d\ufeff", "\u0000\u0001\u007f", "𝒜𝒷𝒸 😀😀", "�",
    "日本", "東京 tower", "한국어", "שָׁלוֹם", "a" * 70, "ab" * 40, " " * 33 + "x", "\n" * 9, "!?!?...", "$100 + €5 = £3", "C++ & C#",
    "tail spaces   ", "mixed\t \n\t end", "https://example.org/a?b=c&d=%20", "[INST] hi [/INST]", "x\u00a0y\u3000z",
]


def random_texts(rng, count):
    pool = list(" \t\n  abcdet'hS.,0123▁é") + ["the", " cat", "東", "京", "😀", "\u0301", "ß", "<s>", "</s>", "<mask>", "word", "İ", "½"]
    return ["".join(rng.choice(pool) for _ in range(rng.randint(1, 14))) for _ in range(count)]


def added(content, **flags):
    return {"content": content, "single_word": False, "lstrip": False, "rstrip": False, "normalized": False,
            "special": True, **flags}


LLAMA3 = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+"
          r"|\s+(?!\S)|\s+")
QWEN = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+")
CL100K = (r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+| ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++$|\s*[\r\n]"
          r"|\s+(?!\S)|\s")
O200K = (r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
         r"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
         r"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+")
HAN = (r"[\p{Han}]+|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Ll}\p{Lt}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]+|\p{N}{1,3}"
       r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s+")


def byte_level(**options):
    return {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True, **options}


def split(pattern, behavior="Isolated", invert=False):
    return {"type": "Split", "pattern": pattern, "behavior": behavior, "invert": invert}


def sequence(member, *items):
    return {"type": "Sequence", member: list(items)}


def template(before, ids):
    return {"type": "TemplateProcessing",
            "single": [{"SpecialToken": {"id": before, "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
            "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
            "special_tokens": {before: {"id": before, "ids": ids, "tokens": [before]}}}


def metaspace(**options):
    return {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": True, **options}


SPACES_TO_MARKS = sequence("normalizers", {"type": "Prepend", "prepend": "▁"},
                           {"type": "Replace", "pattern": {"String": " "}, "content": "▁"})
LLAMA2_DECODER = sequence("decoders", {"type": "Replace", "pattern": {"String": "▁"}, "content": " "},
                          {"type": "ByteFallback"}, {"type": "Fuse"},
                          {"type": "Strip", "content": " ", "start": 1, "stop": 0})
GPT2 = byte_level(use_regex=True)


def bytes_family(pre, vocab_size=420, **parts):
    return {"pre": pre, "decoder": byte_level(), "bytes": True, "size": vocab_size, **parts}


def pieces_family(**parts):
    return {"bytes": False, "size": 330, "decoder": LLAMA2_DECODER, "pre": None, **parts,
            "model": {"byte_fallback": True, "fuse_unk": True, "unk_token": "<unk>", **parts.get("model", {})}}


S = [added("<s>"), added("</s>")]
UNK = [added("<unk>")]
FAMILIES = {
    "llama3": bytes_family(sequence("pretokenizers", split({"Regex": LLAMA3}), byte_level(use_regex=False)),
                           added=S, bos="<s>", post=["byte_level"], model={"ignore_merges": True}),
    "gpt2": bytes_family(GPT2, added=[added("<|endoftext|>", normalized=False)], legacy=True,
                         model={"unk_token": "", "continuing_subword_prefix": "", "end_of_word_suffix": ""}),
    "gpt2-prefix": bytes_family(byte_level(add_prefix_space=True),
                                added=[added("<mask>", lstrip=True), added("word", special=False, single_word=True)]),
    "qwen": bytes_family(sequence("pretokenizers", split({"Regex": QWEN}), byte_level(use_regex=False)),
                         normalizer={"type": "NFC"},
                         added=[added("<|im_start|>"), added("<|im_end|>"), added("<mask>", special=False)]),
    "cl100k": bytes_family(sequence("pretokenizers", split({"Regex": CL100K}, "Removed", True), byte_level(use_regex=False)),
                           added=S),
    "o200k": bytes_family(sequence("pretokenizers", split({"Regex": O200K}), byte_level(use_regex=False)), added=S),
    "han": bytes_family(sequence("pretokenizers", {"type": "Digits", "individual_digits": True}, split({"Regex": HAN}),
                                 byte_level(use_regex=False)), added=S),
    "llama2": pieces_family(normalizer=SPACES_TO_MARKS, added=UNK + S, bos="<s>"),
    "llama2-normalized-added": pieces_family(
        normalizer=SPACES_TO_MARKS,
        added=UNK + S + [added("<mask>", special=False, normalized=True, rstrip=True), added("word", special=False, normalized=True)]),
    "mistral": pieces_family(pre=metaspace(prepend_scheme="first", split=False), added=UNK + S, bos="<s>"),
    "metaspace-always": pieces_family(pre=metaspace(), decoder=metaspace(), added=UNK + S + [added("<mask>", lstrip=True, rstrip=True)]),
    "metaspace-never": pieces_family(pre=metaspace(prepend_scheme="never"), decoder=metaspace(prepend_scheme="never"), added=UNK + S,
                                     model={"byte_fallback": False, "fuse_unk": False}),
    "nfkc-lower": pieces_family(
        normalizer=sequence("normalizers", {"type": "NFKC"}, {"type": "Lowercase"}, {"type": "Strip", "strip_left": True, "strip_right": True},
                            {"type": "Replace", "pattern": {"Regex": r"\s+"}, "content": " "}),
        pre=sequence("pretokenizers", {"type": "Digits", "individual_digits": False}, metaspace(prepend_scheme="first")),
        decoder=sequence("decoders", {"type": "ByteFallback"}, metaspace()),
        added=UNK + S + [added("word", special=False, normalized=True, single_word=True)],
        model={"fuse_unk": False}),
    "nfd-spaces": pieces_family(normalizer={"type": "NFD"}, pre=split({"String": " "}, "MergedWithNext"), decoder=None,
                                added=S, model={"unk_token": None, "byte_fallback": False, "fuse_unk": False}),
    "nfkd-merged": pieces_family(normalizer={"type": "NFKD"}, pre=split({"Regex": r"[\p{P}\s]"}, "MergedWithPrevious"),
                                 decoder=sequence("decoders", {"type": "Fuse"}, {"type": "Replace", "pattern": {"String": "the"}, "content": "THE"},
                                                  {"type": "Strip", "content": "e", "start": 2, "stop": 2}), added=UNK),
    "contiguous": pieces_family(pre=split({"Regex": r"\d|\s"}, "Contiguous"), added=UNK,
                                decoder={"type": "Strip", "content": "a", "start": 1, "stop": 0}),
}


def build(family):
    model = {"type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": None, "end_of_word_suffix": None,
             "fuse_unk": False, "byte_fallback": False, "ignore_merges": False, **family.get("model", {})}
    names = [token["content"] for token in family["added"]]
    first = [] if family["bytes"] else [name for name in names if name in ("<unk>", "<s>", "</s>")]
    if not family["bytes"] and model["byte_fallback"]:
        first += [f"<0x{byte:02X}>" for byte in range(256)]
    trainer = trainers.BpeTrainer(vocab_size=family["size"], special_tokens=first, show_progress=False,
                                  limit_alphabet=256 if family["bytes"] else 60,
                                  initial_alphabet=byte_alphabet() if family["bytes"] else [])
    document = {"version": "1.0", "truncation": None, "padding": None, "added_tokens": [],
                "normalizer": family.get("normalizer"), "pre_tokenizer": family["pre"], "post_processor": None,
                "decoder": family["decoder"], "model": {**model, "vocab": {}, "merges": []}}
    # The trainer marks every <0x..> as an added token; the vocabulary and merges are all that is taken from it.
    untrained = json.loads(json.dumps(document))
    untrained["model"].update(unk_token=None, ignore_merges=False)
    learner = Tokenizer.from_str(json.dumps(untrained))
    learner.train_from_iterator(SAMPLE * 3, trainer)
    learned = json.loads(learner.to_str())["model"]
    document["model"].update(vocab=learned["vocab"], merges=learned["merges"])
    next_id = len(learned["vocab"])
    for token in family["added"]:
        token_id = learned["vocab"].get(token["content"])
        if token_id is None:
            token_id, next_id = next_id, next_id + 1
        document["added_tokens"].append({"id": token_id, **token})
    document["added_tokens"].sort(key=lambda token: token["id"])
    if "bos" in family:
        bos = next(token["id"] for token in document["added_tokens"] if token["content"] == family["bos"])
        post = template(family["bos"], [bos])
        document["post_processor"] = sequence("processors", byte_level(trim_offsets=False), post) if "post" in family else post
    if family.get("legacy"):  # as the first files were: no model type, merges as lines
        del document["model"]["type"]
        document["model"]["merges"] = ["#version: 0.2"] + [" ".join(pair) for pair in document["model"]["merges"]]
    return document


def byte_alphabet():
    return tokenizers.pre_tokenizers.ByteLevel.alphabet()


def main():
    folder = os.path.dirname(os.path.abspath(__file__))
    for name, family in FAMILIES.items():
        rng = random.Random(name)
        document = build(family)
        tokenizer = Tokenizer.from_str(json.dumps(document))
        golden = {"library": "tokenizers " + tokenizers.__version__, "tokenizer": document, "encode": [], "decode": []}
        for text in TEXTS + random_texts(rng, 40):
            tokenizer.encode_special_tokens = False
            case = {"text": text, "ids": tokenizer.encode(text, add_special_tokens=False).ids,
                    "special": tokenizer.encode(text, add_special_tokens=True).ids}
            tokenizer.encode_special_tokens = True
            case["plain"] = tokenizer.encode(text, add_special_tokens=False).ids
            golden["encode"].append(case)
        tokenizer.encode_special_tokens = False
        size = tokenizer.get_vocab_size()
        lists = [case["ids"] for case in golden["encode"] if 0 < len(case["ids"]) < 80]
        lists += [ids[rng.randrange(len(ids)):][:rng.randint(1, 9)] for ids in lists]
        lists += [[rng.randrange(size) for _ in range(rng.randint(1, 12))] for _ in range(40)]
        if document["model"]["byte_fallback"]:
            byte = lambda value: document["model"]["vocab"][f"<0x{value:02X}>"]
            for raw in ["é".encode(), "日本😀".encode(), b"\xe6\x97", b"\xff", b"a\xf0\x9f\x98", b"\xc3\xa9\xc3", b"ab"]:
                lists += [[byte(value) for value in raw], [size - 1] + [byte(value) for value in raw] + [size - 2]]
        lists.append([])
        for ids in lists:
            try:
                golden["decode"].append({"ids": ids, "shown": tokenizer.decode(ids, skip_special_tokens=False),
                                         "hidden": tokenizer.decode(ids, skip_special_tokens=True)})
            except BaseException:  # the library panics where Strip's "stop" meets a short token
                continue
        with open(os.path.join(folder, name + ".json"), "w", encoding="utf-8") as out:
            json.dump(golden, out, ensure_ascii=True, separators=(",", ":"))
            out.write("\n")
        print(name, size, len(golden["encode"]), len(golden["decode"]))


def check():
    """Compares the files with what the installed library gives."""
    folder = os.path.dirname(os.path.abspath(__file__))
    for name in FAMILIES:
        with open(os.path.join(folder, name + ".json"), encoding="utf-8") as file:
            golden = json.load(file)
        tokenizer = Tokenizer.from_str(json.dumps(golden["tokenizer"]))
        differ = 0
        for case in golden["encode"]:
            tokenizer.encode_special_tokens = False
            differ += tokenizer.encode(case["text"], add_special_tokens=False).ids != case["ids"]
            differ += tokenizer.encode(case["text"], add_special_tokens=True).ids != case["special"]
            tokenizer.encode_special_tokens = True
            differ += tokenizer.encode(case["text"], add_special_tokens=False).ids != case["plain"]
        for case in golden["decode"]:
            differ += tokenizer.decode(case["ids"], skip_special_tokens=False) != case["shown"]
            differ += tokenizer.decode(case["ids"], skip_special_tokens=True) != case["hidden"]
        print(name, "differences from", tokenizers.__version__ + ":", differ)


if __name__ == "__main__":
    check() if sys.argv[1:] == ["--check"] else main()
