"""What the scripts with scikit-learn have in common: rows, words that become numbers, and the interval of a score."""

import numpy as np
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import OrdinalEncoder

# As in the pipeline: rows to compare on, rows for importance, draws, and how often each column is shuffled.
COMPARED, IMPORTANCE_ROWS, DRAWS, REPEATS = 6_000, 1_000, 500, 3
# No more rows than these are needed for a bootstrap, or for the ranges of 8 bits.
MOST_ROWS = 10_000


def apart(x, y, classes):
    """The columns and targets of the rows to train on and of those for the test."""
    return train_test_split(x, y, test_size=0.2, random_state=0, stratify=y if classes else None)


def spread(rows, most):
    """The slice that has at most so many of the rows, spread evenly."""
    return slice(None, None, -(-len(rows) // most))


def numbered():
    """Gives each word a number, and NaN to those that were never seen, as trees take them."""
    return OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=np.nan, encoded_missing_value=np.nan)


def interval(score, truth, predicted):
    """The 95 % interval of a score, by bootstrap."""
    random = np.random.default_rng(0)
    draws = [random.integers(0, len(truth), min(len(truth), MOST_ROWS)) for _ in range(DRAWS)]
    return list(np.percentile([score(truth[draw], predicted[draw]) for draw in draws], [2.5, 97.5]))
