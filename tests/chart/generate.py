"""Writes what the chart has from elsewhere: copies of manifests into files/, README.md from the comments of values.yaml, and what the
server takes as an event's configuration into values.schema.json.

Usage: generate.py

A chart may read nothing outside of itself, so it has copies; check.py holds them equal.
"""

import json
import re
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
CHART = ROOT / "charts/azure-blob-eventsource"
COPIES = {
    "ml-pipeline": ["sensors/ml-pipeline/sensor.yaml", "sensors/ml-pipeline/workflow-template.yaml"],
    "ml-batch": ["sensors/ml-batch/sensor.yaml", "sensors/ml-batch/workflow-template.yaml"],
    "monitoring": [f"manifests/components/monitoring/{it}" for it in ("dashboard.json", "pod-monitor.yaml", "prometheus-rule.yaml")],
    "quick-start": ["manifests/quick-start/storage.mjs"],
}
# Of values.schema.json these are written, at its end; what is above them is written by hand.
FROM_THE_SERVER = ("account", "endpoint", "credential", "event")
# The table stands between these in README.md; what is around it is written by hand.
BEGIN, END = "<!-- values: `make chart` writes them -->\n", "<!-- end of values -->\n"


def wanted():
    """Each generated file and what it should hold."""
    files = {CHART / "files" / folder / Path(it).name: (ROOT / it).read_text() for folder, paths in COPIES.items() for it in paths}
    readme = CHART / "README.md"
    head, rest = readme.read_text().split(BEGIN)
    files[readme] = head + BEGIN + table() + END + rest.split(END)[1]
    schema = CHART / "values.schema.json"
    files[schema] = schema.read_text().partition(f'\n    "{FROM_THE_SERVER[0]}": ')[0] + "\n" + from_the_server() + "  }\n}\n"
    return files


def from_the_server():
    """The definitions of values.schema.json that say what the server takes. `cargo run -- schema` writes what they are made from."""
    event = json.loads((ROOT / "schema/source.schema.json").read_text())
    properties = event["properties"]
    # These may be empty in `storage`, and an event that has neither gets them from there.
    definitions = {it: {"anyOf": [{"const": ""}, properties[it]]} for it in ("account", "endpoint")}
    definitions["credential"] = properties["credential"]
    assert event.pop("oneOf") == [{"required": ["account"]}, {"required": ["endpoint"]}], "the server takes another choice now"
    event["not"] = {"required": ["account", "endpoint"]}
    del event["$schema"], event["title"], event["description"]
    definitions["event"] = event
    assert tuple(definitions) == FROM_THE_SERVER
    text = json.dumps(definitions, indent=2, sort_keys=False)
    return "".join(f"  {line}\n" for line in text.splitlines()[1:-1])


def table():
    text = (CHART / "values.yaml").read_text()
    values = yaml.safe_load(text)
    lines = ["| value | default | meaning |", "|---|---|---|"]
    for path, meaning in commented(text):
        default = values
        for name in path:
            default = default[name]
        lines.append(f"| `{'.'.join(path)}` | {shown(default)} | {meaning.replace('|', '&#124;')} |")
    return "\n".join(lines) + "\n"


def shown(value):
    text = json.dumps(value)
    if value in ("", [], {}):
        return "none"
    return f"`{text}`" if len(text) <= 60 else "see `values.yaml`"


def commented(text):
    """The path of each value that has a comment right above it, and the comment."""
    path, comment = [], []
    for line in text.splitlines():
        if found := re.match(r"( *)# ?(.*)", line):
            comment.append(found[2])
        elif found := re.match(r"( *)([A-Za-z]+):", line):
            path = path[:len(found[1]) // 2] + [found[2]]
            if comment:
                yield tuple(path), " ".join(comment)
            comment = []
        else:
            comment = []


if __name__ == "__main__":
    for path, text in wanted().items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
