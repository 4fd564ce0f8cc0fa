"""Sets of many kinds, read from packages, prepared alike, in an order of their own.

`load` gives points to fit on, and the class of each, or a number in its place.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks.sets.catalogue import NUMBERS, PACKAGES, SETS, Description
from benchmarks.sets.preparing import part, standardised, topics

__all__ = ["NUMBERS", "PACKAGES", "SETS", "Data", "Description", "load", "named"]


@dataclass(frozen=True)
class Data:
    """A prepared set.

    Attributes
    ----------
    about : Description
    raw : ndarray of shape (n_points, n_features), float64
        Before columns are standardised.
    X : ndarray of shape (n_points, n_varying_features), float64
        As models get them: standardised, where the set asks for it; else `raw`.
    y : ndarray of shape (n_points,)
        The class of each point, from 0 on, int; or numbers, of mean 0 and deviation 1.
    classes : ndarray of str
        The names of the classes; empty where `y` holds numbers.
    """

    about: Description
    raw: Any
    X: Any
    y: Any
    classes: Any

    @property
    def size(self) -> str:
        """Points and columns, in words."""
        return f"{len(self.raw):,} x {self.raw.shape[1]:,}"


def load(name: str, largest: int | None = None) -> Data:
    """Read and prepare a set.

    Parameters
    ----------
    name : str
        Of SETS or NUMBERS.
    largest : int or None, default=None
        About so many points at most, beside the set's own limit.

    Returns
    -------
    Data

    Raises
    ------
    MissingDataError
        If its package is not there.
    """
    about = named(name)
    points, y = about.read()
    y = np.asarray(y)
    largest = about.largest if largest is None else min(largest, about.largest)
    of_numbers = about in NUMBERS
    rows = part(np.zeros(len(y)) if of_numbers else y, largest)
    raw = topics([points[i] for i in rows]) if about.words else np.asarray(points)[rows]
    X = standardised(raw) if about.scale else raw
    if of_numbers:
        return Data(about, raw, X, standardised(y[rows, None].astype(float))[:, 0], np.array([]))
    classes, codes = np.unique(y[rows].astype(str), return_inverse=True)
    return Data(about, raw, X, codes, classes)


def named(name: str) -> Description:
    """Return the description of a set by its name; KeyError where there is none."""
    return {about.name: about for about in (*SETS, *NUMBERS)}[name]
