#!/usr/bin/env python3
"""Runs a command beside an nginx of its own that serves docs/cache.md's configuration on a free port of 127.0.0.1.

usage: with_nginx.py DOC FOLDER [--change FROM TO]... -- COMMAND...
FOLDER is made anew: FOLDER/files is served, FOLDER/access.log says what was asked. The command finds the URL in $CACHE_URL.
--change alters the configuration, and fails where it does not have FROM.
"""
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import time


def configuration(doc, folder, port, changes):
    text = re.search(r"^```nginx\n(.*?)^```$", pathlib.Path(doc).read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL).group(1)
    for old, new in [("listen 8080;", f"listen 127.0.0.1:{port};"), ("/var/cache/tenon", f"{folder}/files"), *changes]:
        if old not in text:
            sys.exit(f"{doc}: the configuration has no '{old}'")
        text = text.replace(old, new)
    temporaries = "".join(f"{kind}_temp_path {folder}/temp;\n" for kind in ("proxy", "fastcgi", "uwsgi", "scgi"))
    user = "user root;\n" if os.geteuid() == 0 else ""
    return (f"{user}daemon off;\nmaster_process off;\npid {folder}/pid;\nerror_log {folder}/error.log;\nevents {{}}\n"
            f"http {{\naccess_log {folder}/access.log;\n{temporaries}{text}}}\n")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def answers(port):
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
        return True
    except OSError:
        return False


def start(nginx, doc, folder, changes):
    """The server and its port. Another process may take the port first: then it is tried again."""
    for _ in range(5):
        port = free_port()
        (folder / "conf").write_text(configuration(doc, folder, port, changes), encoding="utf-8")
        server = subprocess.Popen([nginx, "-p", str(folder), "-e", str(folder / "error.log"), "-c", str(folder / "conf")])
        while server.poll() is None:
            if answers(port):
                return server, port
            time.sleep(0.02)
    sys.exit((folder / "error.log").read_text(encoding="utf-8"))


def main(args):
    doc, folder = args[0], pathlib.Path(args[1]).absolute()
    split = args.index("--")
    changes = [(args[i + 1], args[i + 2]) for i in range(2, split, 3)]
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "files").mkdir(parents=True)
    nginx = shutil.which("nginx", path=os.environ.get("PATH", "") + ":/usr/sbin")
    server, port = start(nginx, doc, folder, changes)
    try:
        return subprocess.run(args[split + 1 :], env=os.environ | {"CACHE_URL": f"http://127.0.0.1:{port}", "no_proxy": "127.0.0.1"}, check=False).returncode
    finally:
        server.terminate()
        server.wait()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
