"""How much the texts of a table count beside its other columns, by labels left out."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TypeAlias, TypeVar

import numpy as np
import numpy.typing as npt
from scipy import sparse

from fewlabels._threads import one_blas_thread
from fewlabels._typing import Matrix
from fewlabels.exceptions import InvalidInputError

FloatArray: TypeAlias = npt.NDArray[np.float64]
Choice = TypeVar("Choice", float, str)

WEIGHTS = (0.0, 1.0, 2.0)
# Of 4,000 packages with 20 sections, 58 % were known by one label each with it, 52 % with 1.
USUAL = 2.0

# Labels that are left out: more tell little that these don't.
_MOST_LABELS = 400
# What the ridge adds to the mean of the diagonal; beside other columns more, for with less a
# column that helps is taken for one that does harm.
_RIDGE, _RIDGE_BESIDE = 0.1, 1.0


def label_codes(y: object, n_rows: int) -> npt.NDArray[np.intp] | None:
    """Return the codes of classes, -1 where unlabelled; None if `y` holds none, but numbers."""
    if y is None:
        return None
    codes = np.asarray(y)
    if codes.shape != (n_rows,):
        raise InvalidInputError(
            f"y must have a label for each of the {n_rows:,} rows, got shape {codes.shape}."
        )
    if codes.dtype.kind not in "iu":
        return None
    known = codes >= 0
    found = np.full(n_rows, -1, dtype=np.intp)  # from 0 on, however large the codes are
    found[known] = np.unique(codes[known], return_inverse=True)[1]
    return found


def can_tell(codes: np.ndarray | None) -> bool:
    """Tell whether two classes have two labels each, so that one left out could be known."""
    if codes is None:
        return False
    counts = np.bincount(codes[codes >= 0]) if (codes >= 0).any() else np.zeros(1)
    return int(np.count_nonzero(counts >= 2)) >= 2


@one_blas_thread()  # so that a last bit does not decide
def text_weights(
    others: Sequence[Matrix],
    columns: Mapping[str, Matrix],
    usual: Mapping[str, float],
    codes: np.ndarray,
    kept: Collection[str] = (),
) -> dict[str, float]:
    """Return the weight of each column of texts, from `WEIGHTS`.

    Kernel ridge classifiers of the labelled rows leave one label out at a time, in closed form.
    One column after the other takes the weight with the smallest squared error, if that is
    smaller than with the usual weight by more than its standard error.

    Parameters
    ----------
    others : sequence of {ndarray, csr_matrix} of shape (n_rows, n_features)
        The features of each other column.
    columns : mapping of str to features
        Those of each column of texts, at weight 1.
    usual : mapping of str to float
        The weight of each column where labels say nothing.
    codes : ndarray of int of shape (n_rows,)
        -1 where there is no label.
    kept : collection of str
        The columns that are used whatever labels say: their weight is not 0.

    Returns
    -------
    dict of str to float

    Notes
    -----
    Cost: a matrix of n_labelled x n_labelled a column, at most 400 labels, and the inverse of
    some of their sums.
    """
    rows = labelled_rows(codes)
    Y = (codes[rows][:, None] == np.unique(codes[rows])).astype(np.float64)
    base = sum((_gram(points, rows) for points in others), np.zeros((len(rows), len(rows))))
    grams = {name: _gram(points, rows) for name, points in columns.items()}
    chosen = dict(usual)
    for _ in range(2):  # a column may tell less once another counts
        before = dict(chosen)
        for name in columns:
            rest = base + sum(
                chosen[other] ** 2 * gram for other, gram in grams.items() if other != name
            )
            errors = {
                weight: _left_out_errors(rest + weight**2 * grams[name], Y, _RIDGE_BESIDE)
                for weight in WEIGHTS
                if weight or name not in kept
            }
            chosen[name] = _best(errors, usual[name])
            if (chosen[name] == 0) != (usual[name] == 0):  # not to use it, or to, takes more
                chosen[name] = _best(errors, usual[name], 2.0)
        if chosen == before:
            break
    return chosen


def labelled_rows(codes: np.ndarray) -> npt.NDArray[np.intp]:
    """Return the rows that are looked at: with a label of a class that has another, 400 at most.

    Each class among these has two or more; of their codes alone, all rows are looked at.
    """
    rows = _with_another(codes)
    if len(rows) <= _MOST_LABELS:
        return rows
    spread = rows[_spread(len(rows), _MOST_LABELS)]
    spread = spread[_with_another(codes[spread])]
    if can_tell(codes[spread]):
        return spread
    classes = np.unique(codes[rows])
    classes = classes[_spread(len(classes), min(len(classes), _MOST_LABELS // 2))]
    each = _MOST_LABELS // len(classes)
    return np.sort(np.concatenate([np.flatnonzero(codes == label)[:each] for label in classes]))


def _with_another(codes: np.ndarray) -> npt.NDArray[np.intp]:
    counts = np.bincount(codes[codes >= 0])
    return np.flatnonzero((codes >= 0) & (counts[np.maximum(codes, 0)] >= 2))


def _spread(n: int, n_chosen: int) -> npt.NDArray[np.intp]:
    return np.linspace(0, n - 1, n_chosen).astype(np.intp)


def _gram(points: Matrix, rows: npt.NDArray[np.intp]) -> FloatArray:
    """Return the inner products of rows, about their mean."""
    chosen = points[rows]
    products = chosen @ chosen.T
    gram = products.toarray() if sparse.issparse(products) else products
    gram = np.asarray(gram, dtype=np.float64)
    means = gram.mean(axis=0)
    return np.asarray(gram - means - means[:, None] + means.mean())


def _left_out_errors(gram: FloatArray, Y: FloatArray, ridge: float = _RIDGE) -> FloatArray:
    """Return the squared error of each label when it is left out (Allen's PRESS)."""
    n = len(gram)
    scale = np.trace(gram) / n
    if not scale > 0:
        return np.asarray(((Y - Y.mean(axis=0)) ** 2).sum(axis=1))
    inverse = np.linalg.inv(gram / scale + 1.0 + ridge * np.eye(n))  # 1: a constant
    residuals = (inverse @ Y) / np.diag(inverse)[:, None]
    return np.asarray((residuals**2).sum(axis=1))


def _best(errors: Mapping[Choice, FloatArray], usual: Choice, sure: float = 1.0) -> Choice:
    """Return what errs least, if it is better than the usual one by `sure` standard errors."""
    best = min(errors, key=lambda choice: float(errors[choice].mean()))
    gain = errors[usual] - errors[best]
    if gain.mean() > sure * gain.std() / len(gain) ** 0.5:
        return best
    return usual


@one_blas_thread()
def surely_best(
    candidates: Mapping[str, Matrix], usual: str, codes: np.ndarray
) -> tuple[str, dict[str, float]]:
    """Return which points tell the classes apart best, and the mean error with each.

    By the squared errors of labels left out, as in `text_weights`. The usual one is kept unless
    another errs less by more than the standard error of the difference.

    Parameters
    ----------
    candidates : mapping of str to {ndarray, csr_matrix} of shape (n_rows, n_features)
    usual : str
    codes : ndarray of int of shape (n_rows,)
        -1 where there is no label; `can_tell` holds.
    """
    rows = labelled_rows(codes)
    Y = (codes[rows][:, None] == np.unique(codes[rows])).astype(np.float64)
    errors = {name: _left_out_errors(_gram(points, rows), Y) for name, points in candidates.items()}
    return _best(errors, usual), {name: float(error.mean()) for name, error in errors.items()}
