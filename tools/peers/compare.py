#!/usr/bin/env python3
"""Tenon beside other programs on the same synthetic weights, measured in turn.

    python3 -m venv peers && peers/bin/pip install ctranslate2 openvino-genai llama-cpp-python gguf numpy
    peers/bin/python tools/peers/compare.py test/models/configs/tinyllama-1.1b.json --rounds 7

Every round runs each program once for each piece of work, so that all meet the same clocks and neighbours; ratios are medians over rounds. A program that
is not installed is left out and named. Models are made in --folder once and reused.
"""

import argparse
import importlib.util
import json
import pathlib
import statistics
import subprocess
import sys

import synthetic

HERE = pathlib.Path(__file__).parent
# name -> (module that must be importable, formats: ours beside theirs)
PEERS = {
    "llama.cpp": ("llama_cpp", {"q4_0": "Q4_0.gguf", "q8_0": "Q8_0.gguf"}),
    "openvino": ("openvino_genai", {"q4_0": "Q4_0.gguf", "q8_0": "Q8_0.gguf"}),
    "ctranslate2": ("ctranslate2", {"int8_wo": "int8.ct2"}),
}
WORK = [("prefill", 128), ("prefill", 512), ("decode", 16, 1), ("decode", 16, 8)]


def tokens_of(work):
    return work[1] * (work[2] if work[0] == "decode" else 1)


class Tenon:
    def __init__(self, binary, engine, threads):
        self.command = [binary, "bench", engine, "--threads", str(threads), "--reps", "1", "--json"]

    def seconds(self, work):
        shape = ["--prompt", str(work[1])] if work[0] == "prefill" else ["--steps", str(work[1]), "--batch", str(work[2]), "--context", "8"]
        result = json.loads(subprocess.run(self.command + shape, check=True, capture_output=True, text=True).stdout)
        return tokens_of(work) / result[work[0]]["tokens_per_s"]


class Peer:
    def __init__(self, name, model, threads):
        self.process = subprocess.Popen(
            [sys.executable, HERE / "worker.py", name, model, str(threads)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, text=True)
        if self.process.stdout.readline().strip() != "ready":
            raise RuntimeError(f"{name} did not load {model}")

    def seconds(self, work):
        self.process.stdin.write(" ".join(map(str, work)) + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            raise RuntimeError("a peer ended in the middle")
        return None if answer.strip() == "cannot" else float(answer)


def make_model(llama, path):
    if path.exists():
        return
    kind = path.name.split(".")[0]
    if path.suffix == ".gguf":
        synthetic.write_gguf(llama, str(path) + ".part", kind)
    else:
        synthetic.write_ctranslate2(llama, str(path) + ".part", kind)
    pathlib.Path(str(path) + ".part").rename(path)


def make_engine(binary, source, recipe, path):
    if not path.exists():
        subprocess.run([binary, "compile", source, "--quant", recipe, "--max-batch", "8", "-o", path, "-q"], check=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("config")
    parser.add_argument("--folder", default="peers-models", type=pathlib.Path)
    parser.add_argument("--tenon", default="build/release/bin/tenon")
    parser.add_argument("--formats", default="q4_0,q8_0,int8_wo")
    parser.add_argument("--threads", default=2, type=int)
    parser.add_argument("--rounds", default=7, type=int)
    options = parser.parse_args()
    llama = synthetic.Llama(options.config)
    folder = options.folder / pathlib.Path(options.config).stem
    folder.mkdir(parents=True, exist_ok=True)

    for recipe in options.formats.split(","):
        runners = {}
        # int8_wo has no GGUF: its engine takes the same shapes from the config.
        source = f"random:{options.config}"
        for name, (module, formats) in PEERS.items():
            if recipe not in formats:
                continue
            if importlib.util.find_spec(module) is None:
                print(f"{name} is left out: {module} is not installed", file=sys.stderr)
                continue
            model = folder / formats[recipe]
            make_model(llama, model)
            if model.suffix == ".gguf":
                source = str(model)
            try:
                runners[name] = Peer(name, str(model), options.threads)
            except RuntimeError as error:
                print(f"{name} is left out: {error}", file=sys.stderr)
        engine = folder / f"{recipe}.tenon"
        make_engine(options.tenon, source, recipe, engine)
        runners = {"tenon": Tenon(options.tenon, str(engine), options.threads), **runners}
        report(recipe, runners, options.rounds)


def report(recipe, runners, rounds):
    times = {name: {work: [] for work in WORK} for name in runners}
    for _ in range(rounds):
        for work in WORK:
            for name, runner in runners.items():
                times[name][work].append(runner.seconds(work))
    for work in WORK:
        label = f"{recipe} {work[0]} {work[1]}" if work[0] == "prefill" else f"{recipe} decode batch {work[2]}"
        for name in runners:
            if None in times[name][work]:
                print(f"{label:24} {name:12} cannot")
                continue
            speed = tokens_of(work) / statistics.median(times[name][work])
            line = f"{label:24} {name:12} {speed:9.1f} tok/s"
            if name != "tenon":
                ratios = sorted(theirs / ours for theirs, ours in zip(times[name][work], times["tenon"][work]))
                line += f"   tenon is {statistics.median(ratios):.2f} x as fast [{ratios[0]:.2f}-{ratios[-1]:.2f}]"
            print(line, flush=True)


if __name__ == "__main__":
    main()
