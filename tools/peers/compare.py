#!/usr/bin/env python3
"""Tenon beside other programs on the same synthetic weights, measured in turn.

    python3 -m venv peers && peers/bin/pip install ctranslate2 openvino-genai llama-cpp-python gguf numpy
    peers/bin/python tools/peers/compare.py test/models/configs/tinyllama-1.1b.json --prepare
    peers/bin/python tools/peers/compare.py test/models/configs/tinyllama-1.1b.json --formats q4_0 --rounds 7

Every round runs each program once for each piece of work, so that all meet the same clocks and neighbours; every burst stands behind a short untimed
one. Ratios are medians over rounds, with the lowest and the highest. A program that is not installed, or does not read its model, is left out and
named. Models are made in --folder once and reused: remove it when Tenon's engines should be compiled anew. pip builds llama-cpp-python for the machine
it is on; CMAKE_ARGS=-DGGML_NATIVE=ON asks for that.
"""

import argparse
import importlib.util
import json
import pathlib
import shutil
import statistics
import subprocess
import sys
import time

import synthetic

HERE = pathlib.Path(__file__).parent
# Ours -> what is compiled, and theirs: (name in worker.py, model in the folder).
FORMATS = {
    "q4_0": ("Q4_0.gguf", [("llama.cpp", "Q4_0.gguf"), ("openvino-gguf", "Q4_0.gguf")]),
    "q8_0": ("Q8_0.gguf", [("llama.cpp", "Q8_0.gguf"), ("openvino-gguf", "Q8_0.gguf")]),
    "int8_wo": ("bf16", [("ctranslate2", "int8.ct2"), ("openvino", "int8.xml")]),
    # CTranslate2 has no 4-bit format for processors: its 8 bits are what a user of it has.
    "int4_wo:g128": ("bf16", [("ctranslate2", "int8.ct2"), ("openvino", "int4.xml")]),
}
MODULES = {"llama.cpp": "llama_cpp", "openvino": "openvino", "openvino-gguf": "openvino_genai", "ctranslate2": "ctranslate2"}
WORK = [("prefill", 128), ("prefill", 512), ("decode", 16, 1), ("decode", 16, 8)]
# Threads of the program that ran before go on spinning for up to 0.2 s.
PAUSE = 0.3


def tokens_of(work):
    return work[1] * (work[2] if work[0] == "decode" else 1)


def label_of(work):
    return f"prefill {work[1]}" if work[0] == "prefill" else f"decode batch {work[2]}"


class Tenon:
    """A process for each burst: `bench` warms up by itself, and opening an engine maps it."""

    def __init__(self, binary, engine, threads):
        self.command = [binary, "bench", engine, "--threads", str(threads), "--reps", "1", "--json"]

    def seconds(self, work):
        # It times both phases; the other one is made short.
        if work[0] == "prefill":
            shape = ["--prompt", str(work[1]), "--steps", "1"]
        else:
            shape = ["--prompt", "8", "--steps", str(work[1]), "--batch", str(work[2]), "--context", "8"]
        result = json.loads(subprocess.run(self.command + shape, check=True, capture_output=True, text=True).stdout)
        return tokens_of(work) / result[work[0]]["tokens_per_s"]


class Peer:
    def __init__(self, name, model, threads):
        self.process = subprocess.Popen(
            [sys.executable, HERE / "worker.py", name, model, str(threads)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, text=True)
        if self.process.stdout.readline().strip() != "ready":
            raise RuntimeError(f"it did not load {model}")

    def seconds(self, work):
        self.process.stdin.write(" ".join(map(str, work)) + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline().strip()
        if not answer:
            raise RuntimeError("a peer ended in the middle")
        return answer if answer.startswith("cannot") else float(answer)

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def make_model(llama, path):
    if path.exists():
        return
    part = path.with_name("part-" + path.name)
    if path.suffix == ".gguf":
        synthetic.write_gguf(llama, part, path.stem)
    elif path.suffix == ".ct2":
        shutil.rmtree(part, ignore_errors=True)
        synthetic.write_ctranslate2(llama, part, path.stem)
    elif path.suffix == ".xml":
        import openvino_model

        openvino_model.write(llama, part, path.stem)
        part.with_suffix(".bin").rename(path.with_suffix(".bin"))
    else:
        shutil.rmtree(part, ignore_errors=True)
        synthetic.write_folder(llama, part)
    part.rename(path)


def runners_of(recipe, llama, folder, options):
    """Models made; unless only preparing, programs started, ours first."""
    source, peers = FORMATS[recipe]
    make_model(llama, folder / source)
    engine = folder / f"{recipe.replace(':', '-')}-{options.activations}.tenon"
    if not engine.exists():
        subprocess.run([options.tenon, "compile", folder / source, "--quant", recipe, "--activations", options.activations, "--max-batch", "8", "--cache", "off",
                        "-o", engine, "-q"], check=True)
    runners = {"tenon": Tenon(options.tenon, str(engine), options.threads)}
    for name, model in peers:
        try:
            if importlib.util.find_spec(MODULES[name]) is None:
                raise RuntimeError(f"{MODULES[name]} is not installed")
            make_model(llama, folder / model)
            if not options.prepare:
                runners[name] = Peer(name, str(folder / model), options.threads)
        except RuntimeError as error:
            print(f"{recipe}: {name} is left out: {error}", file=sys.stderr)
    return runners


def measure(recipe, runners, works, options, log):
    """One JSON line for each burst, at once: a measurement that is cut short keeps what it has, and a later one adds to it."""
    start, run = time.monotonic(), time.time_ns()
    label = recipe if options.activations == "auto" else f"{recipe} {options.activations}"
    for done in range(options.rounds):
        if done and (time.monotonic() - start) * (done + 1) / done > options.seconds:
            break
        for work in works:
            for name, runner in runners.items():
                time.sleep(PAUSE)
                burst = {"format": label, "round": f"{run}.{done}", "work": work, "program": name, "seconds": runner.seconds(work)}
                log.write(json.dumps(burst) + "\n")
                log.flush()


def summarize(log):
    bursts = [json.loads(line) for line in log.read_text().splitlines()]
    groups = {}
    for burst in bursts:
        group = groups.setdefault((burst["format"], tuple(burst["work"])), {})
        group.setdefault(burst["program"], {})[burst["round"]] = burst["seconds"]
    for (recipe, work), programs in groups.items():
        for name, theirs in programs.items():
            report(f"{recipe:18} {label_of(work):15} {name:13}", work, programs["tenon"], theirs)


def report(label, work, ours, theirs):
    """Seconds by round."""
    reasons = [seconds for seconds in theirs.values() if isinstance(seconds, str)]
    if reasons:
        print(label, reasons[0])
        return
    speeds = sorted(tokens_of(work) / seconds for seconds in theirs.values())
    line = f"{label} {statistics.median(speeds):8.1f} tok/s [{speeds[0]:.1f}-{speeds[-1]:.1f}]"
    if theirs is not ours:
        ratios = sorted(seconds / ours[number] for number, seconds in theirs.items())
        line += f"   tenon {statistics.median(ratios):.2f} x [{ratios[0]:.2f}-{ratios[-1]:.2f}, {len(ratios)} rounds]"
    print(line)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("config")
    parser.add_argument("--folder", default="build/peers", type=pathlib.Path)
    parser.add_argument("--tenon", default="build/release/bin/tenon")
    parser.add_argument("--formats", default=",".join(FORMATS))
    parser.add_argument("--activations", default="auto", help="Tenon's: auto has a scale for every 32 inputs, int8 one for a row as CTranslate2's")
    parser.add_argument("--work", default="prefill,decode", help="prefill, decode or both")
    parser.add_argument("--threads", default=2, type=int)
    parser.add_argument("--rounds", default=7, type=int)
    parser.add_argument("--seconds", default=3600, type=float, help="begin no round of a format that would end later than this")
    parser.add_argument("--log", default="build/peers.jsonl", type=pathlib.Path, help="every burst; figures are over all of them: remove it to begin anew")
    parser.add_argument("--prepare", action="store_true", help="make the models and engines, measure nothing")
    options = parser.parse_args()
    llama = synthetic.Llama(options.config)
    folder = options.folder / pathlib.Path(options.config).stem
    folder.mkdir(parents=True, exist_ok=True)
    works = [work for work in WORK if work[0] in options.work.split(",")]
    for recipe in filter(None, options.formats.split(",")):
        runners = runners_of(recipe, llama, folder, options)
        if options.prepare:
            continue
        with open(options.log, "a") as log:
            measure(recipe, runners, works, options, log)
        for runner in list(runners.values())[1:]:
            runner.close()
    if options.log.exists():
        summarize(options.log)


if __name__ == "__main__":
    main()
