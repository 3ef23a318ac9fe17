#!/usr/bin/env bash
# Builds docs/examples/cmake and counts how often the model is compiled.
# usage: rebuild.sh GENERATOR APP BUILD PREFIX MODEL EXPECTED
set -euo pipefail
generator=$1 app=$2 build=$3 prefix=$4 model=$5 expected=$6
configure() { cmake -S "$app" -B "$build" -G "$generator" -DCMAKE_PREFIX_PATH="$prefix" -DMODEL="$model" >"$build.log"; }
# Builds and checks whether it compiled the model: a word of the step's comment stands in the output, once.
expect() { # TIMES WHEN
  local times
  cmake --build "$build" >"$build.log" 2>&1 || { cat "$build.log"; exit 1; }
  times=$(grep -c 'into verse_engine.tenon' "$build.log" || true)
  ((times == $1)) || { echo "$2: the model was compiled $times times, expected $1"; cat "$build.log"; exit 1; }
}
newer() { # the clock of a file system ticks in milliseconds
  sleep 0.05
  touch "$1"
}
configure
expect 1 "at first"
"$build/verse" "In the beginning" 8 | diff "$expected" -
expect 0 "nothing changed"
for file in model.safetensors tokenizer.json config.json; do
  newer "$model/$file"
  expect 1 "$file changed"
  expect 0 "nothing changed since $file"
done
newer "$model/README"
newer "$model"
expect 0 "a file changed that is not read"
newer "$app/main.c"
expect 0 "a source changed"
newer "$prefix/libexec/tenon/tenon-compiler"
expect 1 "the compiler changed"
configure
expect 0 "configured again"
"$build/verse" "In the beginning" 8 | diff "$expected" -
