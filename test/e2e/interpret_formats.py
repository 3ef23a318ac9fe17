"""Engines against the reference evaluation of the module that they were compiled from, for many weight formats.

usage: interpret_formats.py TENON TENON-INTERPRET FOLDER MODEL RECIPE[@ACTIVATIONS]...

Each recipe is compiled, run on a golden prompt of 64 tokens and compared with tenon-interpret on the module of phase `formats`,
where weights and activations are quantized but nothing is fused, scheduled or packed yet. Prints the relative RMS error of the logits; exit code 1
where one is too large. With float activations only the order of sums differs. With 8-bit ones a code may differ by one where norms
differ in the last place, and the rest of the model follows it; without such a code the error is below 1e-6.
Their limit is as wide as that, so it sees layouts, groups and scales gone wrong, not one code. Those have checks without a tolerance:
integerSumsAreExact of LinearCodesTests for products of codes on every instruction set, QuantizeRowTests for codes of rows, and
rtn_formats.py for codes of weights.
"""
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
SHAPE = ["--max-batch", "1", "--max-seq", "64", "--step-tokens", "1,3,48", "--logit-rows", "1,16"]


def python(script, *arguments):
    return subprocess.run([sys.executable, HERE.parent / "golden" / script, *arguments], capture_output=True, text=True)


LIMITS = {"float": "1e-4", "int8": "2e-2", "": "2e-2"}


def main(tenon, interpret, folder, model, *recipes):
    tokens = python("prompt.py", model, "p64").stdout
    module, engine, got, expected = (str(pathlib.Path(folder, name)) for name in ("m.mlir", "m.tenon", "got.npy", "expected.npy"))
    failures = 0
    for entry in recipes:
        recipe, _, activations = entry.partition("@")
        options = ["--quant", recipe, "--activations", activations or "auto", *SHAPE, "--quiet"]
        with open(module, "wb") as file:
            subprocess.run([tenon, "compile", model, *options, "--emit=formats"], stdout=file, check=True)
        subprocess.run([tenon, "compile", model, *options, "-o", engine], check=True)
        subprocess.run([tenon, "run", engine, "--tokens", tokens, "--logits", got, "--quiet"], check=True)
        subprocess.run([interpret, module, "--weights", model, "--tokens", tokens, "--logits", expected], check=True)
        compared = python("compare_logits.py", got, expected, LIMITS[activations])
        print(f"{entry}: {compared.stdout.strip()}", flush=True)
        failures += compared.returncode != 0
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
