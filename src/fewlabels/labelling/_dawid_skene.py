"""Which answer is right where people differ, and how reliable each is (Dawid, Skene 1979)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fewlabels.exceptions import InvalidInputError

IntArray = npt.NDArray[np.intp]

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Consensus:
    """The combined answers of several people.

    Attributes
    ----------
    probabilities : ndarray of shape (n_items, n_classes)
        Of each class being the true one.
    confusion : ndarray of shape (n_people, n_classes, n_classes)
        Row: the true class, column: the answer; rows sum to 1.
    shares : ndarray of shape (n_classes,)
        Of the true classes.
    n_iter : int

    Examples
    --------
    >>> from fewlabels.labelling import dawid_skene
    >>> found = dawid_skene([0, 0, 1, 1], [0, 1, 0, 1], [0, 0, 1, 1])
    >>> found.probabilities.shape, found.confusion.shape
    ((2, 2), (2, 2, 2))
    """

    probabilities: FloatArray
    confusion: FloatArray
    shares: FloatArray
    n_iter: int

    @property
    def reliability(self) -> FloatArray:
        """How often each person is right, by the shares of the classes, shape (n_people,)."""
        diagonal = np.diagonal(self.confusion, axis1=1, axis2=2)
        return np.asarray(diagonal @ self.shares)


def dawid_skene(
    items: npt.ArrayLike,
    people: npt.ArrayLike,
    classes: npt.ArrayLike,
    *,
    smoothing: float = 1.0,
    max_iter: int = 200,
    tol: float = 1e-6,
) -> Consensus:
    """Weight answers by how reliable the people who gave them are, as their agreement shows.

    Each person k has a confusion matrix, P(answer l | true class j), learned together with the
    true classes by expectation maximisation: A. P. Dawid, A. M. Skene, "Maximum likelihood
    estimation of observer error-rates using the EM algorithm", Applied Statistics 1979, equations
    2.3 to 2.5. They begin with the majority. With few answers a person, maximum likelihood makes
    some infallible; `smoothing` answers are therefore added to each row of a person's counts,
    spread as the answers of all people are (0 is the published method).

    Parameters
    ----------
    items, people, classes : array-like of int of shape (n_answers,)
        Which item, who, and the answer; each from 0 on. A person answers an item at most once.
    smoothing : float, default=1.0
    max_iter : int, default=200
    tol : float, default=1e-6
        It ends where no probability changes by more.

    Returns
    -------
    Consensus

    Raises
    ------
    InvalidInputError
        If the arrays differ in length or are empty, or a number is negative.

    Notes
    -----
    A round costs n_answers x n_classes operations.

    Examples
    --------
    >>> from fewlabels.labelling import dawid_skene
    >>> items = [0, 0, 0, 1, 1, 1, 2, 2, 2]
    >>> people = [0, 1, 2, 0, 1, 2, 0, 1, 2]
    >>> classes = [0, 0, 1, 1, 1, 0, 0, 0, 0]
    >>> dawid_skene(items, people, classes).probabilities.argmax(axis=1)
    array([0, 1, 0])
    """
    i, k, c = (np.asarray(each, dtype=np.intp) for each in (items, people, classes))
    if not (i.shape == k.shape == c.shape and i.ndim == 1 and i.size):
        raise InvalidInputError(
            f"items, people and classes must be lists of one length, at least 1; got shapes "
            f"{i.shape}, {k.shape} and {c.shape}."
        )
    if min(i.min(), k.min(), c.min()) < 0:
        raise InvalidInputError("items, people and classes must be numbers from 0 on.")
    n_items, n_people, n_classes = (int(each.max()) + 1 for each in (i, k, c))
    votes = np.zeros((n_items, n_classes))
    np.add.at(votes, (i, c), 1.0)
    totals = votes.sum(axis=1, keepdims=True)
    T = np.divide(votes, totals, out=np.full_like(votes, 1 / n_classes), where=totals > 0)
    n_iter = 0
    for n_iter in range(1, max_iter + 1):  # noqa: B007 - returned
        shares, confusion = _people_of(T, i, k, c, n_people, smoothing)
        before, T = T, _items_of(shares, confusion, i, k, c, n_items)
        if np.abs(T - before).max() <= tol:
            break
    return Consensus(T, confusion, shares, n_iter)


def _people_of(
    T: FloatArray, i: IntArray, k: IntArray, c: IntArray, n_people: int, smoothing: float
) -> tuple[FloatArray, FloatArray]:
    """Maximisation: shares of the classes, and each person's confusion (2.3, 2.4)."""
    n_classes = T.shape[1]
    counts = np.zeros((n_people, n_classes, n_classes))
    # counts[k, :, c] gains the probabilities of the item's true class
    np.add.at(counts.transpose(0, 2, 1), (k, c), T[i])
    of_all = counts.sum(axis=0) + 1e-12 + np.eye(n_classes) * 1e-9
    counts += smoothing * (of_all / of_all.sum(axis=1, keepdims=True))
    rows = counts.sum(axis=2, keepdims=True)
    even = np.full_like(counts, 1 / n_classes)
    confusion = np.divide(counts, rows, out=even, where=rows > 0)
    answered = np.unique(i)
    return T[answered].mean(axis=0), confusion


def _items_of(
    shares: FloatArray, confusion: FloatArray, i: IntArray, k: IntArray, c: IntArray, n_items: int
) -> FloatArray:
    """Expectation: the probabilities of the true classes (2.5), in logarithms."""
    with np.errstate(divide="ignore"):
        log_shares, log_said = np.log(shares), np.log(confusion)
    log_T = np.tile(log_shares, (n_items, 1))
    np.add.at(log_T, i, log_said[k, :, c])
    peak = log_T.max(axis=1, keepdims=True)
    T = np.exp(log_T - np.where(np.isfinite(peak), peak, 0.0))
    totals = T.sum(axis=1, keepdims=True)
    even: FloatArray = np.tile(shares, (n_items, 1))
    return np.asarray(np.divide(T, totals, out=even, where=totals > 0))
