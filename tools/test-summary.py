#!/usr/bin/env python3
"""Prints what failed and what was skipped, with reasons, from lit's result file; the last line counts everything.

usage: test-summary.py RESULTS.json     exit code 0 only when something ran and nothing failed
"""
import json
import re
import subprocess
import sys

PASSED = {"PASS", "FLAKYPASS"}
SKIPPED = {"SKIPPED", "UNSUPPORTED", "EXCLUDED"}


def gtest_reason(name):
    """The message of GTEST_SKIP: lit keeps the result only, so the one test is run again (skipping takes no time)."""
    # "Tenon :: runtime/device/./DeviceTests/Suite/Case" -> binary and filter
    match = re.match(r"(?:.* :: )?(.*Tests)/(.*)/([^/]+)$", name.replace("/./", "/"))
    if not match:
        return "no reason given"
    binary, suite, case = match.groups()
    found = subprocess.run(["find", "build", "-path", f"*/test/{binary}", "-type", "f"], capture_output=True, text=True).stdout.split()
    if not found:
        return "no reason given"
    out = subprocess.run([found[0], f"--gtest_filter={suite}.{case}"], capture_output=True, text=True, timeout=60).stdout
    lines = out.split("[ RUN      ]", 1)[-1].split("[  SKIPPED ]")[0].splitlines()
    text = [line.strip() for line in lines[1:] if line.strip() and not line.rstrip().endswith("Skipped")]
    return " ".join(text) or "no reason given"


def lit_reason(output):
    match = re.search(r"(?:Missing required feature\(s\)|Unsupported feature\(s\)|Test requires)[^\n]*", output)
    return match.group(0) if match else "unsupported here"


def main(path):
    with open(path, encoding="utf-8") as file:
        tests = json.load(file)["tests"]
    passed = [t for t in tests if t["code"] in PASSED]
    skipped = [t for t in tests if t["code"] in SKIPPED]
    failed = [t for t in tests if t["code"] not in PASSED | SKIPPED]
    for test in failed:
        print(f"FAILED {test['name']} ({test['code']})")
        print(test.get("output", "").rstrip()[-6000:])
    for test in skipped:
        reason = lit_reason(test["output"]) if test["code"] == "UNSUPPORTED" else gtest_reason(test["name"])
        print(f"skipped {test['name']}: {reason}")
    print(f"{len(passed)} passed, {len(failed)} failed, {len(skipped)} skipped")
    return 0 if passed and not failed else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
