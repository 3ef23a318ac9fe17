#!/usr/bin/env python3
"""Runs a command and checks how it ends; prints what it wrote (stdout, then stderr) for FileCheck.

usage: expect.py CODE [--max-rss MIB] [--timeout S] [--signal NAME --when GLOB] [--empty FOLDER] [--stdin FILE] -- COMMAND...

CODE is the exit code, counted as a shell does: 128 + N after signal N. A crash is never a refusal, so no CODE of a test is 134 or 139.
--max-rss   the peak resident size must stay below this
--timeout   the command must end by then (60)
--signal    sent once GLOB matches a file (--when), such as INT or TERM
--empty     nothing may be left in this folder, which is made anew before
"""
import argparse
import glob
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time


def read(file):
    file.seek(0)
    return file.read().decode("utf-8", "replace")


def run(args):
    """(what the command wrote, what is wrong with how it ended)"""
    if args.empty:
        shutil.rmtree(args.empty, ignore_errors=True)
        os.makedirs(args.empty)
    out, err = tempfile.TemporaryFile(), tempfile.TemporaryFile()
    stdin = open(args.stdin, "rb") if args.stdin else subprocess.DEVNULL
    # lit's workers ignore SIGINT, which children would inherit.
    child = subprocess.Popen(
        args.command, stdin=stdin, stdout=out, stderr=err, preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)
    )
    late = threading.Timer(args.timeout, child.kill)
    late.start()
    problems = []
    if args.signal:
        while not glob.glob(args.when) and child.poll() is None:
            time.sleep(0.005)
        if child.poll() is None:
            child.send_signal(getattr(signal, "SIG" + args.signal))
        else:
            problems.append(f"the command ended before {args.when} appeared")
    if child.returncode is None:
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    else:
        usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    timed_out = not late.is_alive()
    late.cancel()
    text = read(out) + read(err)
    code = child.returncode if child.returncode >= 0 else 128 - child.returncode
    if timed_out:
        problems.append(f"still running after {args.timeout} s")
    elif code != args.code:
        problems.append(f"exit code {code}, expected {args.code}")
    if args.max_rss and usage.ru_maxrss > args.max_rss * 1024:
        problems.append(f"peak memory {usage.ru_maxrss // 1024} MiB, at most {args.max_rss} expected")
    if args.empty and os.listdir(args.empty):
        problems.append(f"left behind in {args.empty}: {os.listdir(args.empty)}")
    return text, problems


def parse(argv):
    split = argv.index("--")
    parser = argparse.ArgumentParser()
    parser.add_argument("code", type=int)
    parser.add_argument("--max-rss", type=int)
    parser.add_argument("--timeout", type=float, default=60)
    parser.add_argument("--signal")
    parser.add_argument("--when")
    parser.add_argument("--empty")
    parser.add_argument("--stdin")
    args = parser.parse_args(argv[:split])
    args.command = argv[split + 1 :]
    return args


def main():
    text, problems = run(parse(sys.argv[1:]))
    print(text, end="")
    for problem in problems:
        print("PROBLEM:", problem)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
