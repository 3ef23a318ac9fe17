#!/usr/bin/env python3
"""flip.py FILE OFFSET: inverts the lowest bit of one byte of FILE; a negative OFFSET counts from its end."""
import sys

with open(sys.argv[1], "r+b") as file:
    offset = int(sys.argv[2])
    file.seek(offset, 2 if offset < 0 else 0)
    byte = file.read(1)[0]
    file.seek(-1, 1)
    file.write(bytes([byte ^ 1]))
