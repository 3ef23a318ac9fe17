#!/usr/bin/env python3
"""What the artifact cache costs where it has nothing: compilations with `--cache off` and with an empty cache, in turns.

usage: cache_miss.py TENON MODEL FOLDER [--rounds N] [-- OPTION...]      the options are those of compile
FOLDER (made anew) holds the engine and the cache, so its file system is the one that is measured.
"""
import argparse
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import time


def compile_once(args, cache):
    shutil.rmtree(args.folder, ignore_errors=True)
    args.folder.mkdir(parents=True)
    os.sync()
    start = time.monotonic()
    subprocess.run([args.tenon, "compile", args.model, "--cache", cache, "-o", args.folder / "m.tenon", *args.options], check=True, stderr=subprocess.DEVNULL)
    return time.monotonic() - start


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tenon")
    parser.add_argument("model")
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--rounds", type=int, default=6)
    split = sys.argv.index("--") if "--" in sys.argv else len(sys.argv)
    args = parser.parse_args(sys.argv[1:split])
    args.options = sys.argv[split + 1 :]
    off, on = [], []
    for i in range(args.rounds):
        for cached in (False, True) if i % 2 == 0 else (True, False):
            (on if cached else off).append(compile_once(args, args.folder / "cache" if cached else "off"))
        print(f"off {off[-1]:.2f} s, on {on[-1]:.2f} s", flush=True)
    ratios = statistics.median(b / a for a, b in zip(off, on))
    print(f"medians: off {statistics.median(off):.2f} s, on {statistics.median(on):.2f} s; of the pairs' ratios: {ratios:.3f}")


if __name__ == "__main__":
    main()
