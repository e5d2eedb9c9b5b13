"""Holds the pipeline's models against untuned scikit-learn on real datasets: its boosted trees, random forest
and linear models, on the same rows and columns.

Usage: compare.py ML_PIPELINE_PROGRAM [NAME...]

The datasets are those of real.py, of at most 8,000 rows each: it says nothing of larger data. Prints a table of
scores (balanced accuracy or R2 on the test rows that `preprocess` set apart), and how far the pipeline is ahead of the
better one of scikit-learn's two tree models.
"""

import json
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.compose import make_column_transformer
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, RidgeCV
from sklearn.metrics import balanced_accuracy_score, r2_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

import real
import verify
from common import numbered

# scikit-learn's threads warn of each other, and of a class that a small test does not have: hundreds of lines.
warnings.filterwarnings("ignore", module="sklearn")

# So that all datasets take minutes. With more rows, the comparison may end differently.
ROWS = 8_000

# By how much a model is behind for it to be told.
BEHIND = 0.03


def main(program, names):
    ahead, rows = [], 0
    scores = "".join(f"{it:>9}" for it in ["boosted", "forest", "linear", "ahead", "seconds"])
    print(f"{'':<22}{'rows':>7}{'ours':>9}{'taken':>10}{scores}")
    with tempfile.TemporaryDirectory() as temp:
        for package, name, target, *others in real.DATASETS:
            if names and name not in names:
                continue
            path, out = Path(temp, f"{name}.csv"), Path(temp, name)
            try:
                count = real.write(package, name, target, others, path, ROWS)
            except Exception as error:
                print(f"{name:<22} is not there: {error}")
                continue
            started = time.monotonic()
            problem = steps(program, path, out, target)
            seconds = time.monotonic() - started
            if problem:
                print(f"{name:<22} {problem}")
                continue
            metrics = json.loads((out / "metrics.json").read_text())
            # Of the same test rows, where the score of small data is that of a cross-validation.
            figures, taken = metrics["model"], metrics["training"]["chosen"]
            ours = figures["r2"] if "r2" in figures else figures["balanced_accuracy"]
            boosted, forest, linear = references(out)
            ahead.append((ours - max(boosted, forest), name))
            rows += 1
            print(
                f"{name:<22}{count:>7}{ours:>9.4f}{taken:>10}{boosted:>9.4f}{forest:>9.4f}{linear:>9.4f}"
                f"{ahead[-1][0]:>+9.4f}{seconds:>9.1f}",
                flush=True,
            )
    behind = sorted(it for it in ahead if it[0] < -BEHIND)
    print(f"{rows} datasets; median ahead of the better tree model: {statistics.median(it[0] for it in ahead):+.4f}")
    print(f"behind by more than {BEHIND}: {len(behind)} ({', '.join(name for _, name in behind)})")


def steps(program, path, out, target):
    """Does the first three steps; returns what the program said if one fails."""
    for command in [["preprocess", path, "--out", out, "--target", target], ["train", out], ["evaluate", out]]:
        done = subprocess.run([program, *map(str, command)], capture_output=True, text=True)
        if done.returncode and not (out / "metrics.json").exists():
            return done.stderr.strip().splitlines()[-1]
    return None


def references(out):
    """The scores of scikit-learn's models."""
    schema = json.loads((out / "schema.json").read_text())
    kinds = {it["name"]: verify.is_text(it) for it in schema["columns"]}
    texts = {name: str for name, is_text in kinds.items() if is_text}
    is_classes = "classes" in schema["target"]["task"]
    target = schema["target"]["name"]
    parts = [pd.read_csv(out / it, dtype=texts | ({target: str} if is_classes else {}), keep_default_na=False,
                         na_values=[""]) for it in ["train.csv", "test.csv"]]
    (x, y), (x_test, y_test) = [(it[list(kinds)], it.iloc[:, -1]) for it in parts]
    ordinal = make_column_transformer((numbered(), list(texts)), remainder="passthrough")
    numbers = [name for name in kinds if name not in texts]
    scaled = make_column_transformer(
        (make_pipeline(SimpleImputer(keep_empty_features=True), StandardScaler()), numbers),
        (OneHotEncoder(handle_unknown="ignore", min_frequency=2), list(texts)),
    )
    if is_classes:
        models = [HistGradientBoostingClassifier(random_state=0), RandomForestClassifier(random_state=0, n_jobs=2),
                  LogisticRegression(max_iter=300)]
    else:
        models = [HistGradientBoostingRegressor(random_state=0), RandomForestRegressor(random_state=0, n_jobs=2),
                  RidgeCV(np.logspace(-4, 4, 17))]
    scores = []
    for model, prepared in zip(models, [ordinal, ordinal, scaled]):
        found = make_pipeline(prepared, model).fit(x, y).predict(x_test)
        scores.append(balanced_accuracy_score(y_test, found) if is_classes else r2_score(y_test, found))
    return scores


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve(), sys.argv[2:])
