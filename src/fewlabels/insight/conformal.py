"""Sets of classes that hold the true one as often as asked for."""

from __future__ import annotations

from math import ceil, inf

import numpy as np
import numpy.typing as npt

from fewlabels._validation import check_real
from fewlabels.exceptions import InvalidTypeError
from fewlabels.insight._checks import check_codes, check_distributions

BoolArray = npt.NDArray[np.bool_]


def conformal_threshold(
    distributions: npt.ArrayLike, codes: npt.ArrayLike, *, coverage: float
) -> float:
    """The least probability that a class needs to stand in a set.

    Of n labelled points, each as the others have it, let p_j be the probability of its true class.
    A new point's true class is then as likely as not to rank anywhere among these n, so that it is
    below the k-th smallest, k = n + 1 - ceil(coverage (n + 1)), with probability 1 - coverage at
    most.

    Parameters
    ----------
    distributions : array-like of shape (n_points, n_classes)
        Of labelled points, each without its own label.
    codes : array-like of shape (n_points,) of int
        The columns of their classes.
    coverage : float
        In (0, 1).

    Returns
    -------
    float
        ``-inf`` where there are too few points for any class to be left out with that coverage:
        fewer than coverage / (1 - coverage).

    Notes
    -----
    Holds if the labelled points are drawn at random from those that sets are given for: not if a
    person or a query rule chose them, nor if each class was drawn for itself and the classes are
    not equally many. A point that is left out is judged from one label less than a new one is,
    so that sets come out a little too large rather than too small.

    References
    ----------
    V. Vovk, A. Gammerman, G. Shafer, "Algorithmic learning in a random world" (2005); M. Sadinle,
    J. Lei, L. Wasserman, "Least ambiguous set-valued classifiers with bounded error levels",
    JASA 2019; with left-out in place of held-out points: R. F. Barber, E. J. Candes, A. Ramdas,
    R. J. Tibshirani, "Predictive inference with the jackknife+", Annals of Statistics 2021.

    Examples
    --------
    >>> from fewlabels.insight import conformal_threshold
    >>> left_out = [[0.9, 0.1], [0.8, 0.2], [0.3, 0.7], [0.6, 0.4]]
    >>> conformal_threshold(left_out, [0, 0, 0, 1], coverage=0.6)
    0.4
    """
    coverage = check_real("coverage", coverage, above=0, below=1)
    probabilities = check_distributions("distributions", distributions)
    true = check_codes("codes", codes, probabilities.shape)
    n = len(true)
    # 1e-9: what 0.9 (n + 1) is off by in floating point must not move it past an integer
    k = n + 1 - ceil(coverage * (n + 1) - 1e-9)
    if k < 1:
        return -inf
    return float(np.sort(probabilities[np.arange(n), true])[k - 1])


def prediction_sets(
    distributions: npt.ArrayLike, threshold: float, *, allow_empty: bool = True
) -> BoolArray:
    """Which classes reach the threshold: bool of shape (n_points, n_classes).

    A set may be empty, where no class is as probable as the true ones of the labelled points were.
    It may also hold every class. Both are answers.

    Parameters
    ----------
    distributions : array-like of shape (n_points, n_classes)
    threshold : float
        From :func:`conformal_threshold`.
    allow_empty : bool, default=True
        False: a set that would be empty holds the most probable class (of equal ones the first).
        The true class is then in no fewer sets, but no set says any more that its point is unlike
        the labelled ones.

    Examples
    --------
    >>> from fewlabels.insight import prediction_sets
    >>> prediction_sets([[0.9, 0.1], [0.55, 0.45]], 0.4).tolist()
    [[True, False], [True, True]]
    >>> prediction_sets([[0.9, 0.1], [0.55, 0.45]], 0.6, allow_empty=False).tolist()
    [[True, False], [True, False]]
    """
    if not isinstance(allow_empty, (bool, np.bool_)):
        raise InvalidTypeError(f"allow_empty must be True or False, got {allow_empty!r}.")
    probabilities = check_distributions("distributions", distributions)
    sets = np.asarray(probabilities >= threshold)
    if not allow_empty:
        empty = np.flatnonzero(~sets.any(axis=1))
        sets[empty, probabilities[empty].argmax(axis=1)] = True
    return sets
