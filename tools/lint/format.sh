#!/usr/bin/env bash
# Every tracked C and C++ file is formatted as .clang-format says; `tools/dev format` mends it.
set -euo pipefail
cd "$(dirname "$0")/../.."
git ls-files '*.h' '*.cpp' '*.c' | xargs /usr/lib/llvm-22/bin/clang-format --dry-run -Werror
