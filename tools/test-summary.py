#!/usr/bin/env python3
"""Prints what failed and what was skipped, with reasons, from lit's results; the last line counts everything.

usage: test-summary.py RESULTS.json OUTPUT.txt     exit code 0 only when something ran and nothing failed
lit leaves skipped GoogleTests out of its result file and lists them in its output (--show-skipped).
"""
import json
import re
import subprocess
import sys

PASSED = {"PASS", "FLAKYPASS"}
SKIPPED = {"SKIPPED", "UNSUPPORTED", "EXCLUDED"}


def gtest_reason(name):
    """The message of GTEST_SKIP: lit keeps the result only, so the one test is run again (skipping takes no time)."""
    # "Tenon :: runtime/device/./DeviceTests/Prefix/Suite/Case/Parameter": which slash is gtest's dot cannot be seen.
    match = re.match(r"(?:.* :: )?(.*?Tests)/(.+)$", name.replace("/./", "/"))
    if not match:
        return "no reason given"
    binary, parts = match.group(1), match.group(2).split("/")
    candidates = ":".join("/".join(parts[:i]) + "." + "/".join(parts[i:]) for i in range(1, len(parts)))
    found = subprocess.run(["find", "build", "-path", f"*/test/{binary}", "-type", "f"], capture_output=True, text=True).stdout.split()
    if not found:
        return "no reason given"
    out = subprocess.run([found[0], f"--gtest_filter={candidates}"], capture_output=True, text=True, timeout=60).stdout
    lines = out.split("[ RUN      ]", 1)[-1].split("[  SKIPPED ]")[0].splitlines()
    text = [line.strip() for line in lines[1:] if line.strip() and not line.rstrip().endswith("Skipped")]
    return " ".join(text) or "no reason given"


def lit_reason(output):
    match = re.search(r"(?:Missing required feature\(s\)|Unsupported feature\(s\)|Test requires)[^\n]*", output)
    return match.group(0) if match else "unsupported here"


def skipped_names(output):
    """The names below "Skipped Tests (N):"."""
    section = re.search(r"^Skipped Tests \(\d+\):\n((?:  .*\n)+)", output, re.MULTILINE)
    return [line.strip() for line in section.group(1).splitlines()] if section else []


def main(results, output):
    with open(results, encoding="utf-8") as file:
        tests = json.load(file)["tests"]
    with open(output, encoding="utf-8") as file:
        skipped = [(name, gtest_reason(name)) for name in skipped_names(file.read())]
    skipped += [(test["name"], lit_reason(test["output"])) for test in tests if test["code"] in SKIPPED]
    passed = [t for t in tests if t["code"] in PASSED]
    failed = [t for t in tests if t["code"] not in PASSED | SKIPPED]
    for test in failed:
        print(f"FAILED {test['name']} ({test['code']})")
        print(test.get("output", "").rstrip()[-6000:])
    for name, reason in skipped:
        print(f"skipped {name}: {reason}")
    print(f"{len(passed)} passed, {len(failed)} failed, {len(skipped)} skipped")
    return 0 if passed and not failed else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2]))
