#!/usr/bin/env bash
# usage: cli-reference.sh BIN    prints docs/reference/cli.md from the programs in BIN
set -euo pipefail
cat <<'EOF'
# The command line

Made from the programs' own option tables by `tools/dev docs`. Exit codes, what goes to stdout and how sizes are written:
[the command line](../cli.md).

EOF
"$1/tenon-compiler" --reference
"$1/tenon" --reference
