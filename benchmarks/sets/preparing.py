"""From what a file holds to points: numbers, the columns of categories, words counted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.preprocessing import normalize

from benchmarks.sets.files import Table

N_TOPICS = 100
_FEWEST = 4  # points of a class; smaller ones are left out
_SEED = 0


def points(table: Table, *, leave: Sequence[str] = (), categories: Sequence[str] = ()) -> Any:
    """Return a table's columns as numbers, shape (n_rows, n_features), float64.

    A column that holds only numbers stays as it is, unless `categories` names it. Of any other,
    each level becomes a column of zeros and ones; of two levels, the second alone.
    """
    parts = [
        _levels(cells) if name in categories or not _are_numbers(cells) else _numbers(cells)
        for name, cells in table.items()
        if name not in leave
    ]
    return np.hstack(parts)


def topics(documents: Sequence[str]) -> Any:
    """Return TF-IDF of words, reduced to N_TOPICS dimensions by truncated SVD, rows of length 1."""
    counts = TfidfVectorizer(min_df=2, stop_words="english", sublinear_tf=True)
    weights = counts.fit_transform(documents)
    reduced = TruncatedSVD(N_TOPICS, random_state=_SEED).fit_transform(weights)
    return normalize(reduced)


def part(y: Any, largest: int) -> Any:
    """Return which rows to take, shuffled: all, or so many with the classes' shares kept.

    Rows of classes of fewer than four points are left out. The shares are kept by taking of each
    class the same share of its shuffled points, at least four.

    Parameters
    ----------
    y : ndarray of shape (n_rows,)
        Classes.
    largest : int
        About so many rows at most.
    """
    rng = np.random.default_rng(_SEED)
    order = rng.permutation(len(y))
    share = min(1.0, largest / len(y))
    of_classes = [order[y[order] == c] for c in np.unique(y)]
    kept = [
        rows[: max(_FEWEST, round(share * len(rows)))]
        for rows in of_classes
        if len(rows) >= _FEWEST
    ]
    return rng.permutation(np.concatenate(kept))


def standardised(X: Any) -> Any:
    """Return columns of mean 0 and deviation 1, without those that do not vary."""
    deviations = X.std(axis=0)
    varies = deviations > 1e-12 * np.abs(X).max(axis=0, initial=1.0)
    return (X[:, varies] - X[:, varies].mean(axis=0)) / deviations[varies]


def _numbers(cells: Sequence[str]) -> Any:
    return np.array(cells, dtype=float)[:, None]


def _are_numbers(cells: Sequence[str]) -> bool:
    try:
        _numbers(cells)
    except ValueError:
        return False
    return True


def _levels(cells: Sequence[str]) -> Any:
    levels, codes = np.unique(cells, return_inverse=True)
    columns = np.eye(len(levels))[codes]
    return columns[:, 1:] if len(levels) == 2 else columns
