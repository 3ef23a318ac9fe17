"""same_launches.py A B: fails where two outputs of `tenon bench --kernels --json` launched a kernel of the prompt a different number of times."""

import json
import sys

first, second = ({row["symbol"]: row["launches"] for row in json.load(open(path))["prefill_kernels"]} for path in sys.argv[1:])
if not first or first != second:
    sys.exit(f"launches differ: {first} and {second}")
