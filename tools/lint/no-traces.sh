#!/usr/bin/env bash
# The tree names no machine: no home folders, no absolute work paths, no registry hosts outside the documents that explain packages.
set -euo pipefail
cd "$(dirname "$0")/../.."
if git grep -nIE '/(home|root|work|farm)/[a-z.]' -- ':!test/models' ':!tools/lint/no-traces.sh'; then
  echo "paths of one machine in the tree"
  exit 1
fi
