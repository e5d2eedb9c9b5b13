"""A real Azurite on free ports of loopback: blobs and queues, in memory."""

import fcntl
import re
import select
import subprocess
import threading
import time
from contextlib import contextmanager
from typing import NamedTuple

# Published by Microsoft for everybody.
ACCOUNT = "devstoreaccount1"
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
PATIENCE = 60
# Ends with its input, so that it never outlives the check.
PROGRAM = """process.argv.splice(1, 0, "azurite");
process.stdin.on("end", () => process.exit(0)).on("error", () => process.exit(0)).resume();
require("azurite/dist/src/azurite.js");"""


class Storage(NamedTuple):
    key: str
    connection_string: str


def install(folder):
    """As the other tests do it, in turns with them: what the lock file says, unless it is there."""
    with (folder / ".install.lock").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        wanted, stamp = (folder / "package-lock.json").read_bytes(), folder / "node_modules/.installed-lock.json"
        if not stamp.exists() or stamp.read_bytes() != wanted:
            command = ["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"]
            subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL, timeout=600)
            stamp.write_bytes(wanted)


@contextmanager
def started(folder):
    install(folder)
    options = [word for it in ("blob", "queue", "table") for word in (f"--{it}Host", "127.0.0.1", f"--{it}Port", "0")]
    command = ["node", "-e", PROGRAM, "--", *options, "--inMemoryPersistence", "--skipApiVersionCheck", "--disableTelemetry"]
    process = subprocess.Popen(command, cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        blob, queue = addresses(process)
        # It logs each request, and would stop when nobody reads.
        threading.Thread(target=process.stdout.read, daemon=True).start()
        yield Storage(KEY, f"DefaultEndpointsProtocol=http;AccountName={ACCOUNT};AccountKey={KEY};"
                           f"BlobEndpoint={blob}/{ACCOUNT};QueueEndpoint={queue}/{ACCOUNT}")
    finally:
        process.kill()
        process.wait()


def addresses(process):
    """Where blobs and queues are served, from what Azurite says."""
    said, deadline = b"", time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if not select.select([process.stdout], [], [], 0.2)[0]:
            continue
        more = process.stdout.read1()
        assert more, f"Azurite ended: {said.decode()}"
        said += more
        found = dict(re.findall(r"Azurite (\w+) service (?:is )?successfully listen\w* (?:at|on) (http://\S+)", said.decode()))
        if {"Blob", "Queue"} <= found.keys():
            return found["Blob"], found["Queue"]
    raise AssertionError(f"Azurite does not start: {said.decode()}")
