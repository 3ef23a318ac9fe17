#!/usr/bin/env bash
# Builds docs/examples/bazel and looks at which actions run. Nothing is downloaded: the rules that Bazel itself wants come from Debian's packages, and those for
# C from a stand-in, as Debian's are too new for Debian's Bazel.
# usage: bazel.sh ROOT WORK MODEL    WORK holds usr (an installed Tenon), m.tenon and expected
set -euo pipefail
root=$1 work=$2 model=$3

mkdir -p "$work/rules_cc/cc"
touch "$work/rules_cc/WORKSPACE" "$work/rules_cc/BUILD" "$work/rules_cc/cc/BUILD"
for rule in binary import library test proto_library toolchain toolchain_suite; do echo "cc_$rule = native.cc_$rule"; done >"$work/rules_cc/cc/defs.bzl"
workspace() { # NAME
  cp -r "$root/docs/examples/bazel" "$work/$1"
  cp "$root/docs/examples/generate.c" "$work/$1"
  cp -r "$model" "$work/$1/model"
  sed -i "s|\"/usr|\"$work/usr|" "$work/$1/WORKSPACE"
  cat >"$work/$1/.bazelrc" <<EOF
startup --output_user_root=$work/$1-root --max_idle_secs=60 --host_jvm_args=-Xmx512m
common --override_repository=rules_cc=$work/rules_cc
common --override_repository=rules_java=/usr/share/bazel/rules/java
common --override_repository=rules_proto=/usr/share/bazel/rules/proto
common --override_repository=bazel_skylib=/usr/share/bazel/tools/skylib
common --override_repository=platforms=/usr/share/bazel/tools/platforms
build --disk_cache=$work/disk-cache --color=no --nosandbox_debug --repo_env=CC=clang-22
EOF
}
finish() {
  [[ -s $work/nginx/pid ]] && kill "$(cat "$work/nginx/pid")"
  for name in one two; do
    [[ -d $work/$name ]] && (cd "$work/$name" && bazel shutdown) >/dev/null 2>&1
    chmod -R u+w "$work/$name-root" 2>/dev/null && rm -rf "$work/$name-root"
  done
}
trap finish EXIT
fail() { { echo "failed: $*" && cat "$work/log"; } >&2 && exit 1; }
build() { bazel build --explain="$work/explain" --verbose_explanations "$1" >"$work/log" 2>&1; }
ran() { grep -qE '[0-9] (linux-sandbox|processwrapper-sandbox)' "$work/log"; }
edit() { sed -i "$1" BUILD; }

workspace one
cd "$work/one"
build :verse || fail "the first build"
ran || fail "no action in a sandbox"
cmp bazel-bin/verse.tenon "$work/m.tenon" || fail "other bytes than tenon compile"
echo "compiled in a sandbox, with the bytes of tenon compile"
build :verse && ! ran || fail "compiled again"
echo "not compiled again: nothing changed"
touch model/tokenizer.json
build :verse && ! ran || fail "compiled again"
echo "not compiled again: a time changed"

workspace two
cd "$work/two"
build :verse && ! ran && grep -q 'cache hit' "$work/log" || fail "compiled again"
cmp bazel-bin/verse.tenon "$work/m.tenon" || fail "the cache gave other bytes"
echo "not compiled again: another folder, another output root, the same cache"
printf ' ' >>model/generation_config.json
build :verse && ran || fail "not compiled again"
echo "compiled again: one byte changed"
edit 's/"256"/"128"/'
build :verse && ran || fail "not compiled again"
echo "compiled again: another shape"

cp -r "$model" "$work/silent" && rm "$work/silent/tokenizer.json"
edit 's|glob(\["model/\*"\])|glob(["model/*"], exclude = ["model/tokenizer.json"])|; s/"max-seq": "[0-9]*"/"max-seq": "256"/'
printf '{}' >"$work/silent/generation_config.json" && cp "$work/silent/generation_config.json" model/
build :verse || fail "a model without a tokenizer"
TENON_CACHE_DIR=off "$work/usr/bin/tenon" compile "$work/silent" --target cpu:x86-64-v3 --max-batch 1 --max-seq 256 --step-tokens 1,16 -q -o "$work/silent.tenon"
cmp bazel-bin/verse.tenon "$work/silent.tenon" || fail "a file was seen that was not declared"
echo "sees what is declared"

refuse() { # SED WHAT
  cp BUILD kept
  edit "$1"
  ! build :verse || fail "$2: not refused"
  grep -oE "$2.*" "$work/log" | head -1 | sed 's/^/refused: /'
  mv kept BUILD
}
refuse 's/cpu:x86-64-v3/native/' 'name the instruction sets'
refuse 's/^    targets/    tp = 2,\n    targets/' '2: this Tenon compiles'
refuse 's/max-batch/max-butch/' 'max-butch: expected'

cd "$work/one"
build :generate || fail "building the program"
bazel-bin/generate "$work/m.tenon" "In the beginning" 8 | diff "$work/expected" - || fail "running the program"
echo "the program runs the engine"

# The same from a server that speaks WebDAV.
command -v nginx >/dev/null || { echo "no nginx" && exit; }
port=$(/usr/bin/python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
mkdir -p "$work/nginx/store"
cat >"$work/nginx/conf" <<EOF
pid $work/nginx/pid;
error_log $work/nginx/errors;
$( ((EUID)) || echo 'user root;')
events {}
http {
  access_log $work/nginx/access;
  client_body_temp_path $work/nginx/body;
  server {
    listen 127.0.0.1:$port;
    root $work/nginx/store;
    location / { dav_methods PUT; create_full_put_path on; client_max_body_size 0; }
  }
}
EOF
nginx -c "$work/nginx/conf" -e "$work/nginx/errors"
sed -i "s|--disk_cache=[^ ]*|--remote_cache=http://127.0.0.1:$port|" "$work/one/.bazelrc" "$work/two/.bazelrc"
sed -i 's/"max-seq": "[0-9]*"/"max-seq": "64"/' "$work/one/BUILD" "$work/two/BUILD"
cp "$model/generation_config.json" "$work/two/model"
sed -i 's/, exclude = .*\])/)/' "$work/two/BUILD"
build :verse && ran || fail "not compiled"
cp bazel-bin/verse.tenon "$work/n.tenon"
cd "$work/two"
build :verse && ! ran && grep -q 'remote cache hit' "$work/log" || fail "compiled again"
cmp bazel-bin/verse.tenon "$work/n.tenon" || fail "the server gave other bytes"
echo "not compiled again: another folder, the same server"
