#!/usr/bin/env python3
"""Configures a project for each call that tenon_add_engine and tenon_embed_engine must refuse; prints what they say.

usage: refused.py FOLDER PREFIX MODEL
"""
import os
import re
import subprocess
import sys

folder, prefix, model = sys.argv[1:]
os.makedirs(folder)
open(os.path.join(folder, "main.cpp"), "w").write('#include "in.h"\nint main() { return in_size == 7 && !((unsigned long)in & 4095) ? 0 : 1; }\n')
open(os.path.join(folder, "in.tenon"), "w").write("content")
START = """cmake_minimum_required(VERSION 3.20)
project(refused LANGUAGES CXX)
find_package(Tenon 0.1 REQUIRED)
add_executable(app main.cpp)
add_custom_target(other)
"""


def configure(*lines):
    """CMake's error, on one line; nothing when there is none"""
    with open(os.path.join(folder, "CMakeLists.txt"), "w") as file:
        file.write(START + "\n".join(lines) + "\n")
    run = subprocess.run(
        ["cmake", "-S", folder, "-B", f"{folder}/build", "-G", "Ninja", f"-DCMAKE_PREFIX_PATH={prefix}", "-DMODEL=" + model],
        capture_output=True, text=True)
    assert (run.returncode != 0) == ("CMake Error" in run.stderr), run.stderr
    return re.sub(r"\s+", " ", run.stderr)


for call in (
    'tenon_add_engine(e MODEL "${MODEL}" TP 2)',
    "tenon_add_engine(e TARGETS native)",
    'tenon_add_engine(e MODEL "${MODEL}" SHAPES max-butch=3)',
    'tenon_add_engine(e MODEL "${MODEL}" COLOUR red)',
    'tenon_add_engine(e MODEL "${MODEL}" ARGS --weights external)',
    "tenon_embed_engine(app absent.tenon)",
    "tenon_embed_engine(app in.tenon SYMBOL a-b)",
    "tenon_embed_engine(app other)",
):
    print(configure(call))

# A recipe with a semicolon is one argument; a file that is no target can be embedded, in a project without C.
RECIPE = 'tenon_add_engine(e MODEL "${MODEL}" TP 1 QUANT "int4_wo:g32; embed=int8_wo" KV f32 ACTIVATIONS float TARGETS cpu:x86-64-v3 SHAPES step-tokens=1,4 OUTPUT sub/e.tenon ARGS --jobs 1)'
error = configure(RECIPE, "tenon_embed_engine(app in.tenon)")
assert not error, error
subprocess.run(["ninja", "-C", f"{folder}/build"], check=True, stdout=sys.stderr)
subprocess.run([f"{folder}/build/app"], check=True)
by_hand = ["--quant", "int4_wo:g32; embed=int8_wo", "--kv", "f32", "--activations", "float", "--target", "cpu:x86-64-v3", "--step-tokens", "1,4"]
subprocess.run([f"{prefix}/bin/tenon", "compile", model, "-q", "-o", f"{folder}/by-hand.tenon", *by_hand], check=True)
assert open(f"{folder}/by-hand.tenon", "rb").read() == open(f"{folder}/build/sub/e.tenon", "rb").read()
print("all is well")

os.remove(f"{prefix}/libexec/tenon/tenon-compiler")
subprocess.run(["rm", "-r", f"{folder}/build"], check=True)
print(configure('tenon_add_engine(e MODEL "${MODEL}")'))
