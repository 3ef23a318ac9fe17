#!/usr/bin/env python3
"""compile_in_little.py TENON MODEL OUT: compiles under ever higher address space limits until it succeeds.

Below that limit the program must end with 10 and say that memory is short (127: the dynamic linker could not even load the libraries), never crash,
and never leave a file.
"""
import os
import resource
import sys

import expect

tenon, model, out = sys.argv[1:]
seen = {}
for mib in range(280, 3000, 20):
    resource.setrlimit(resource.RLIMIT_AS, (mib << 20, resource.RLIM_INFINITY))
    args = ["0", "--timeout", "200", "--empty", out, "--", tenon, "compile", model, "--target", "cpu:x86-64-v3", "--step-tokens", "1", "-j", "1", "-o", os.path.join(out, "m.tenon")]
    text, problems = expect.run(expect.parse(args))
    resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    if not any(p.startswith("exit code") for p in problems):
        print(f"{mib} MiB suffice; before: {seen}")
        sys.exit(0 if 10 in seen.values() else "no limit was met in an orderly way")
    code = next(p for p in problems if p.startswith("exit code")).split()[2].rstrip(",")
    seen[mib] = int(code)
    left = [p for p in problems if p.startswith("left behind")]
    if code not in ("10", "127") or left or (code == "10" and "memory" not in text and "refused" not in text):
        sys.exit(f"at {mib} MiB: {problems}\n{text}")
sys.exit("3000 MiB do not suffice")
