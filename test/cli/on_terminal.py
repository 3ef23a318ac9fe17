#!/usr/bin/env python3
"""Runs a command on a pseudo-terminal and prints what it wrote, control characters escaped."""
import os
import pty
import sys

pieces = []
pid, fd = pty.fork()
if pid == 0:
    os.environ["TERM"] = "xterm"
    os.execvp(sys.argv[1], sys.argv[1:])
try:
    while data := os.read(fd, 65536):
        pieces.append(data)
except OSError:  # the other side is gone
    pass
os.waitpid(pid, 0)
print(b"".join(pieces).decode("utf-8", "replace").replace("\r\n", "\n").replace("\r", "\\r").replace("\x1b", "\\x1b"))
