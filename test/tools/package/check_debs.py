#!/usr/bin/env python3
"""Looks into the packages of a folder, unpacks each into WORK/PACKAGE, and counts its files.

usage: check_debs.py FOLDER WORK ROOT     ROOT, the source tree, must not be named in any of them
"""
import glob
import os
import re
import subprocess
import sys

folder, work, root = sys.argv[1:]
# Below usr; LIB is lib or lib/<machine>, * what one rule makes.
FILES = {
    "tenon-runtime": {"bin/tenon", "LIB/libtenon.so.0", "LIB/libtenon.so.0.1.0", "LIB/libtenon-text.so.0", "LIB/libtenon-text.so.0.1.0"},
    "tenon": {"libexec/tenon/tenon-compiler"},
    "libtenon-dev": {"LIB/libtenon.so", "LIB/libtenon-text.so", "LIB/pkgconfig/tenon.pc", "include/tenon/tenon.h", "include/tenon/text.h"},
}
DEV_FOLDERS = ("LIB/cmake/Tenon/", "share/tenon/bazel/")


def run(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def fields(deb):
    return dict(line.split(": ", 1) for line in run("dpkg-deb", "-f", deb).splitlines() if ": " in line and line[0] != " ")


def unpacked(deb, name):
    """The files below usr, as FILES names them."""
    target = os.path.join(work, name)
    run("dpkg-deb", "-x", deb, target)
    found = set()
    for at, folders, files in os.walk(target):
        for path in (os.path.join(at, f) for f in files):
            relative = os.path.relpath(path, os.path.join(target, "usr"))
            assert not relative.startswith(".."), path
            found.add(re.sub(r"^lib/(\w+-linux-gnu/)?", "LIB/", relative))
            if os.path.islink(path):
                assert "/" not in os.readlink(path), path
                continue
            content = open(path, "rb").read()
            assert root.encode() not in content, f"{path} names {root}"
            if content[:4] == b"\x7fELF":
                assert ".symtab" not in run("readelf", "-SW", path), f"{path} is not stripped"
    return found


debs = sorted(glob.glob(os.path.join(folder, "*.deb")))
packages = {fields(deb)["Package"]: deb for deb in debs}
assert set(packages) == set(FILES), packages
for name, deb in packages.items():
    about, found = fields(deb), unpacked(deb, name)
    expected, extra = FILES[name], {f for f in found if name == "libtenon-dev" and f.startswith(DEV_FOLDERS)}
    assert found - extra == expected, (name, found - extra, expected)
    depends = re.split(r", *", about["Depends"])
    version = about["Version"]
    compiler = any(re.match(r"libmlir|libllvm|libLLVM", d) for d in depends)
    assert compiler == (name == "tenon"), (name, depends)
    assert (f"tenon-runtime (= {version})" in depends) == (name != "tenon-runtime"), (name, depends)
    assert name == "libtenon-dev" or any(d.startswith("libc6 ") for d in depends), (name, depends)
    assert os.path.basename(deb) == f"{name}_{version}_{about['Architecture']}.deb"
    for line in run("dpkg-deb", "-c", deb).splitlines():
        mode, owner = line.split()[:2]
        assert owner == "root/root" and mode in ("drwxr-xr-x", "-rw-r--r--", "-rwxr-xr-x", "lrwxrwxrwx"), line
    print(f"{name}: {len(found)} files")
control = run("dpkg-deb", "-I", packages["tenon-runtime"], "shlibs", "triggers")
assert "libtenon 0 tenon-runtime (>= 0.1.0)" in control and "activate-noawait ldconfig" in control, control
pc = glob.glob(os.path.join(work, "libtenon-dev/usr/lib/**/tenon.pc"), recursive=True)
assert open(pc[0]).readline() == "prefix=/usr\n"
