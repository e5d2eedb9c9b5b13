"""Writes what the chart has from elsewhere: copies of manifests into files/, and README.md from the comments of values.yaml.

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
# The table stands between these in README.md; what is around it is written by hand.
BEGIN, END = "<!-- values: `make chart` writes them -->\n", "<!-- end of values -->\n"


def wanted():
    """Each generated file and what it should hold."""
    files = {CHART / "files" / folder / Path(it).name: (ROOT / it).read_text() for folder, paths in COPIES.items() for it in paths}
    readme = CHART / "README.md"
    head, rest = readme.read_text().split(BEGIN)
    files[readme] = head + BEGIN + table() + END + rest.split(END)[1]
    return files


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
