"""Measures the pipeline against baseline.py, the same steps in Python, and on data where trees are taken against
baseline_trees.py, which does them with scikit-learn's boosted trees alone.

Usage: bench.py ML_PIPELINE_PROGRAM [RUNS]

Whole processes, wall clock and peak memory, medians of some runs (5 unless told), the two programs in
turns. Then the memory of `preprocess` on a file of 1 GB, and the size of the program.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import real

HERE = Path(__file__).resolve().parent
DATASETS = {"iris": "iris", "digits": "digits", "20k x 8": "houses", "100k x 20": "made"}


# Real datasets of real.py, and how many rows of each are taken at most.
TREES = ["concrete", "deliveries", "Computers"]
ROWS = 8_000


def main(program, runs):
    with tempfile.TemporaryDirectory() as temp:
        data, out = Path(temp, "data.csv"), Path(temp, "out")
        columns = f"{'Rust':>9}{'Python':>9}{'ratio':>8}   "
        print(f"{'':<11}{columns}{columns}score, Rust and Python")
        for name, dataset in DATASETS.items():
            make("datasets.py", dataset, data)
            in_turns(name, runs, out, [program, "run", data, "--out", out],
                     [HERE / "baseline.py", data, out / "python"])
        print("with trees")
        for _, name, target, *_ in real.DATASETS:
            if name not in TREES:
                continue
            make("real.py", name, ROWS, data)
            in_turns(name, runs, out, [program, "run", data, "--out", out, "--target", target],
                     [HERE / "baseline_trees.py", data, target, out / "python"])
            taken = json.loads((out / "metrics.json").read_text())["training"]["chosen"]
            if taken != "trees":
                sys.exit(f"{name}: {taken} was taken, so that it says nothing of trees")
        make("datasets.py", "gigabyte", data)
        size = data.stat().st_size / 1e9
        seconds, memory = measure([program, "preprocess", data, "--out", out])
        print(f"preprocess of {size:.2f} GB: {seconds:.1f} s, {memory:.0f} MB")
        print(f"the program: {Path(program).stat().st_size / 1e6:.1f} MB")


def in_turns(name, runs, out, rust, python):
    """Runs two commands in turns, and prints what they took."""
    ours, theirs = [], []
    for _ in range(runs):
        ours.append(measure([*rust, "--max-drop", "1"]))
        theirs.append(measure([sys.executable, *python]))
    scores = [score(out / "metrics.json"), score(out / "python" / "metrics.json")]
    (time_a, memory_a), (time_b, memory_b) = middle(ours), middle(theirs)
    print(
        f"{name:<11}{time_a:>7.2f} s{time_b:>7.2f} s{time_b / time_a:>7.1f}x   "
        f"{memory_a:>6.0f} MB{memory_b:>6.0f} MB{memory_b / memory_a:>7.1f}x   {scores[0]:.4f} {scores[1]:.4f}",
        flush=True,
    )


def make(script, *arguments):
    """Writes a dataset, in a process of its own: the kernel counts this one's memory as its children's."""
    subprocess.run([sys.executable, HERE / script, *map(str, arguments)], check=True)


def measure(command):
    """Seconds and megabytes of a whole process."""
    start = time.perf_counter()
    child = subprocess.Popen([str(it) for it in command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    seconds = time.perf_counter() - start
    if status != 0:
        sys.exit(f"{command[0]} failed: {command}")
    return seconds, usage.ru_maxrss * 1024 / 1e6


def middle(measured):
    return statistics.median(it[0] for it in measured), statistics.median(it[1] for it in measured)


def score(path):
    found = json.loads(path.read_text())["score"]
    return found if isinstance(found, float) else found["value"]


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve(), int(sys.argv[2]) if len(sys.argv) > 2 else 5)
