"""A step of your own: a random forest of scikit-learn instead of the bundled training.

It reads the files of the step `preprocess` from a directory, and writes the results for the Workflow there: the model
(model.joblib), a report (report.html) and the score.

Usage: train.py DIRECTORY
"""

import json
import sys
from pathlib import Path

import joblib
import pandas as pd
from sklearn.compose import make_column_transformer
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.metrics import balanced_accuracy_score, r2_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder


def main(directory):
    schema = json.loads((directory / "schema.json").read_text())
    classification = schema["target"]["task"]["kind"] == "classification"
    words = [it["name"] for it in schema["columns"] if it["kind"] in ("category", "boolean")]
    prose = [it["name"] for it in schema["columns"] if it["kind"] == "text"]
    numbers = [it["name"] for it in schema["columns"] if it["name"] not in [*words, *prose]]
    # A word may be `NA`, and a class `1`: only an empty number is missing. The target is the last column.
    texts = [*words, *prose, *([schema["target"]["name"]] if classification else [])]
    options = {"dtype": dict.fromkeys(texts, str), "keep_default_na": False, "na_values": dict.fromkeys(numbers, [""])}
    train, test = (pd.read_csv(directory / name, **options) for name in ["train.csv", "test.csv"])
    forest = RandomForestClassifier if classification else RandomForestRegressor
    model = make_pipeline(
        make_column_transformer(
            (OneHotEncoder(handle_unknown="ignore"), words),
            (SimpleImputer(strategy="median"), numbers),
            *[(TfidfVectorizer(min_df=2), name) for name in prose],
        ),
        forest(random_state=0),
    )
    model.fit(train.iloc[:, :-1], train.iloc[:, -1])
    measure = balanced_accuracy_score if classification else r2_score
    score = measure(test.iloc[:, -1], model.predict(test.iloc[:, :-1]))
    joblib.dump(model, directory / "model.joblib")
    (directory / "score").write_text(f"{score:.4f}")
    (directory / "report.html").write_text(
        f"<!doctype html><title>Random forest</title><p>{measure.__name__}: {score:.4f} on {len(test)} rows"
    )
    print(f"{measure.__name__}: {score:.4f} on {len(test)} rows")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
