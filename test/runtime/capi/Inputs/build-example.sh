#!/usr/bin/env bash
# Builds docs/examples/generate.c against an installed Tenon, with nothing but pkg-config and a C compiler.
# usage: build-example.sh SOURCE PREFIX OUTPUT
set -euo pipefail
export PKG_CONFIG_PATH
PKG_CONFIG_PATH=$(dirname "$(find "$2" -name tenon.pc)")
# shellcheck disable=SC2046
"${CC:-clang-22}" -std=c99 -Wall -Wextra -Wpedantic -Werror "$1" -o "$3" $(pkg-config --cflags --libs tenon) \
  -Wl,-rpath,"$(pkg-config --variable=libdir tenon)"
