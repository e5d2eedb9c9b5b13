"""The datasets that the pipeline is verified and measured with, as CSV files: those that scikit-learn
ships, and made ones of a size.

Usage: datasets.py NAME PATH
"""

import sys
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn import datasets

SHIPPED = ["digits", "breast_cancer", "wine", "iris", "diabetes"]


def shipped(name, path):
    """Writes one of scikit-learn's datasets, the target in the last column."""
    frame = getattr(datasets, f"load_{name}")(as_frame=True).frame
    frame.to_csv(path, index=False)


def houses(path, rows=20_640):
    """Writes made data of the size and kind of California housing: 8 numbers, a price to predict."""
    random = np.random.default_rng(1)
    income = random.lognormal(1.2, 0.45, rows)
    age = random.integers(1, 53, rows)
    rooms = random.normal(5.4, 1.2, rows).clip(1)
    bedrooms = rooms / random.normal(5.0, 0.4, rows).clip(3)
    people = random.lognormal(7.0, 0.7, rows).round()
    household = random.lognormal(1.05, 0.25, rows)
    north = random.uniform(32.5, 42.0, rows)
    west = -124.3 + (42.0 - north) + random.uniform(0.0, 4.0, rows)
    coast = np.abs(west + 124.3 - (42.0 - north))
    price = 0.45 * income + 0.004 * age - 0.15 * coast - 0.25 * household + 0.9 * np.sin(north)
    price = (price + random.normal(0.0, 0.35, rows)).clip(-1.5) + 2.0
    pd.DataFrame(
        {
            "income": income.round(4),
            "age": age,
            "rooms": rooms.round(4),
            "bedrooms": bedrooms.round(4),
            "people": people,
            "household": household.round(4),
            "latitude": north.round(2),
            "longitude": west.round(2),
            "price": price.round(3),
        }
    ).to_csv(path, index=False)


def made(path, rows=100_000):
    """Writes made data of 20 columns: 16 numbers, 4 categories, three classes to predict."""
    random = np.random.default_rng(2)
    x, y = datasets.make_classification(
        rows, n_features=16, n_informative=10, n_redundant=2, n_classes=3, class_sep=1.4, random_state=2
    )
    frame = pd.DataFrame(x.round(5), columns=[f"x{i}" for i in range(16)])
    for column, count in [("city", 40), ("color", 6), ("size", 3), ("device", 12)]:
        codes = (random.integers(0, count, rows) + y * (count > 5)) % count
        frame[column] = [f"{column}-{code}" for code in codes]
    frame["class"] = np.array(["low", "middle", "high"])[y]
    frame.to_csv(path, index=False)


def gigabyte(path):
    """Writes the 100k x 20 data again and again, each time with another number in a column."""
    part = path.with_name("part.csv")
    made(part)
    header, body = part.read_text().split("\n", 1)
    lines = body.splitlines()
    with open(path, "w") as file:
        file.write(f"run,{header}\n")
        run = 0
        while file.tell() < 1e9:
            file.write("".join(f"{run + 0.5},{line}\n" for line in lines))
            run += 1
    part.unlink()


if __name__ == "__main__":
    name, path = sys.argv[1], Path(sys.argv[2])
    others = {"houses": houses, "made": made, "gigabyte": gigabyte}
    others[name](path) if name in others else shipped(name, path)
