#!/usr/bin/env bash
# The runtime's promises, checked on its binaries: no LLVM symbol, no Python, only tenon_* exported, core under 1 MB stripped.
# usage: runtime-clean.sh LIBRARY...    each a runtime shared library; the first is the core
set -euo pipefail
core=$1
failed=0
fail() {
  echo "$*"
  failed=1
}
for library in "$@"; do
  name=$(basename "$library")
  nm -D -C "$library" | grep -E '(llvm|mlir|lld)::|LLVM|_Py|PyObject' && fail "$name: LLVM or Python symbols"
  nm -C "$library" 2>/dev/null | grep -E '(llvm|mlir)::' && fail "$name: LLVM symbols inside"
  ldd "$library" | grep -iE 'LLVM|MLIR|python' && fail "$name: links LLVM or Python"
  nm -D --defined-only "$library" | awk '{print $3}' | sed 's/@.*//' | grep -vE '^(tenon_|TENON_)' && fail "$name: exports more than tenon_*"
done
stripped=$(mktemp)
trap 'rm -f "$stripped"' EXIT
strip -o "$stripped" "$core"
size=$(stat -c %s "$stripped")
echo "$(basename "$core"): $size bytes stripped"
((size < 1000000)) || fail "core is $size bytes stripped, at most 999999 allowed"
exit $failed
