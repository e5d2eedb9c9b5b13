"""Reads the change feed of a fake account with Microsoft's own reader, and compares three lists of events: what was
written, what Microsoft's reader sees over HTTP, and what ours sees.

Usage: check.py PROGRAM, where PROGRAM is testkit's `fake-feed`.
"""

import json
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

from azure.storage.blob.changefeed import ChangeFeedClient

PREFIX = "/blobServices/default/containers/"
VERSIONS = {1, 3, 4, 5, 6, 7, 8, 99}
# Version 5, as recorded from the service.
FIELDS_5 = {
    "api", "clientRequestId", "requestId", "etag", "contentType", "contentLength", "blobType", "blobVersion",
    "containerVersion", "blobTier", "url", "sequencer", "previousInfo", "snapshot", "blobPropertiesUpdated",
    "asyncOperationInfo", "blobTagsUpdated", "restorePointMarker", "storageDiagnostics",
}


def lines(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def told(event):
    """What our reader says of an event that Microsoft's reader has read."""
    place = event["subject"].removeprefix(PREFIX)
    container, _, name = place.partition("/blobs/")
    data = event["data"]
    return {
        "container": container,
        "name": name,
        "isCreation": event["eventType"] == "BlobCreated",
        "api": data["api"],
        "etag": data["etag"].strip('"'),
        "eventTime": event["eventTime"],
        "contentLength": data["contentLength"],
        "blobType": data["blobType"],
    }


def check_fields(event, written):
    """Each field that the reader sees is as it was written; the version decides which there are."""
    version = event["schemaVersion"]
    assert version in VERSIONS, version
    for key in ("topic", "subject", "eventType", "eventTime", "id"):
        assert event[key] == written[key], (version, key, event[key], written[key])
    for key, value in event["data"].items():
        if key in written["data"]:
            assert value == written["data"][key], (version, key, value, written["data"][key])
        else:
            assert version == 99, (version, key)
    if version == 5:
        assert set(event["data"]) == FIELDS_5, set(event["data"]) ^ FIELDS_5


def key(value):
    return json.dumps(value, sort_keys=True)


def by_blob(events):
    """The ETags of each blob, in the order in which they were seen."""
    blobs = {}
    for event in events:
        blobs.setdefault((event["container"], event["name"]), []).append(event["etag"])
    return blobs


def check(connection, folder):
    written = lines(folder / "written.ndjson")
    ours = lines(folder / "read.ndjson")
    client = ChangeFeedClient.from_connection_string(connection)
    theirs = list(client.list_changes())
    assert len(written) >= 800, len(written)
    assert len(theirs) == len(written), (len(theirs), len(written))
    originals = {(event["id"], event["eventTime"]): event for event in written}
    for event in theirs:
        check_fields(event, originals[event["id"], event["eventTime"]])
    theirs = [told(event) for event in theirs]
    missing = Counter(map(key, theirs)) - Counter(map(key, ours))
    more = Counter(map(key, ours)) - Counter(map(key, theirs))
    assert not missing, f"only Microsoft's reader sees {list(missing)[:3]}"
    assert not more, f"only ours sees {list(more)[:3]}"
    # No order is promised between shards, but each blob is in one of them.
    assert by_blob(ours) == by_blob(theirs), "the order of a blob's events differs"
    print(f"ok: both readers see the same {len(ours)} events of {len(VERSIONS)} versions of the schema")


def main():
    with tempfile.TemporaryDirectory() as folder:
        program = subprocess.Popen(
            [sys.argv[1], folder], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        try:
            connection = program.stdout.readline().strip()
            assert connection, "the fake account did not start"
            check(connection, Path(folder))
        finally:
            program.stdin.close()
            program.wait(timeout=30)


main()
