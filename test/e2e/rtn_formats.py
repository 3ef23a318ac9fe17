"""Engines of every weight format against the plain quantizer: `tenon compile --quant` and test/golden/rtn.py make the same codes.

usage: rtn_formats.py TENON TENON-INTERPRET FOLDER MODEL LIMIT

rtn.py's numbers are evaluated in f32 as they are; the engine holds keys, values and rows of activations in f32, so that only the
order of sums is left to differ. One code that is off by one in one group is seen. Prints the relative RMS error of the logits of a
golden prompt of 64 tokens; exit code 1 where one is above LIMIT.
"""
import pathlib
import subprocess
import sys

GOLDEN = pathlib.Path(__file__).resolve().parent.parent / "golden"
SHAPE = ["--max-batch", "1", "--max-seq", "64", "--step-tokens", "64", "--logit-rows", "16"]
GROUPS = [(f"int{bits}:{group}{asym}", f"int{bits}_wo:g{group}{asym.replace(':', ',')}")
          for bits in (8, 4) for group in (32, 64, 128) for asym in ("", ":asym")]
FORMATS = [("int8", "int8_wo"), *GROUPS, ("q8_0", "q8_0"), ("q4_0", "q4_0")]


def python(script, *arguments):
    return subprocess.run([sys.executable, GOLDEN / script, *arguments], capture_output=True, text=True)


def main(tenon, interpret, folder, model, limit):
    tokens = python("prompt.py", model, "p64").stdout
    plain, engine, got, expected = (str(pathlib.Path(folder, name)) for name in ("rtn", "m.tenon", "got.npy", "expected.npy"))
    exact = ["--activations", "float", "--kv", "f32", "--quiet"]
    failures = 0
    for definition, recipe in FORMATS:
        python("rtn.py", model, plain, definition).check_returncode()
        subprocess.run([interpret, plain, "--tokens", tokens, "--logits", expected], check=True)
        subprocess.run([tenon, "compile", model, "--quant", recipe, *exact, *SHAPE, "-o", engine], check=True)
        subprocess.run([tenon, "run", engine, "--tokens", tokens, "--logits", got, "--quiet"], check=True)
        compared = python("compare_logits.py", got, expected, limit)
        print(f"{recipe}: {compared.stdout.strip()}", flush=True)
        failures += compared.returncode != 0
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
