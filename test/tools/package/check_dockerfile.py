#!/usr/bin/env python3
"""Checks what a Dockerfile names against the tree: what COPY takes is there, folders of builds stay outside, packages have the names that CPack gives.

usage: check_dockerfile.py ROOT
"""
import glob
import os
import re
import sys

root = sys.argv[1]
read = lambda name: open(os.path.join(root, name), encoding="utf-8").read()
dockerfile = read("docs/examples/docker/Dockerfile")
arguments = dict(re.findall(r"^ARG (\w+)=(\S+)$", dockerfile, re.MULTILINE))
stages = re.findall(r"^FROM \S+ AS (\w+)$", dockerfile, re.MULTILINE)
packages = set(re.findall(r"^set\(CPACK_DEBIAN_\w+_PACKAGE_NAME (\S+)\)$", read("tools/package/deb/Deb.cmake"), re.MULTILINE))
assert packages == {"tenon", "tenon-runtime", "libtenon-dev"}, packages
output = re.search(r"-B (build/deb/packages)\b", read("tools/dev")).group(1)

copies = re.findall(r"^COPY (?:--from=(\w+) )?(\S+) (\S+)$", dockerfile, re.MULTILINE)
assert len(copies) == len(re.findall(r"^COPY", dockerfile, re.MULTILINE)) == 5, copies
tree = next(to for stage, name, to in copies if not stage and name == ".")
for stage, name, to in copies:
    name = re.sub(r"\$\{(\w+)\}", lambda at: arguments[at.group(1)], name)
    assert not stage or stage in stages, stage
    if not stage:
        assert glob.glob(os.path.join(root, name)), f"COPY {name}: not in the tree"
    elif name.startswith(f"{tree}/"):
        rest = name.removeprefix(f"{tree}/")
        assert rest == output or any(rest == f"{output}/{package}_*.deb" for package in packages), name
    else:
        assert f" -o {name}\n" in dockerfile, f"COPY {name}: nothing writes it"
for command in re.findall(rf"{tree}/(tools/\S+) (\w+)", dockerfile):
    assert os.access(os.path.join(root, command[0]), os.X_OK) and f"\n{command[1]}) " in read(command[0]), command

# A build folder of this machine would be taken along, and CMake refuses one of another path.
ignored = [line for line in read(".dockerignore").splitlines() if line and not line.startswith("#")]
for folder in re.findall(r"^/(\w+)/$", read(".gitignore"), re.MULTILINE):
    assert folder in ignored, f".dockerignore: expected {folder}, as .gitignore has it"
