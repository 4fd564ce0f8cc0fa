"""Sets of classes that hold the true one as often as asked for."""

from __future__ import annotations

from math import ceil, inf

import numpy as np
import numpy.typing as npt

from fewlabels._validation import check_real
from fewlabels.exceptions import InvalidInputError, InvalidTypeError
from fewlabels.insight._checks import check_codes, check_distributions

BoolArray = npt.NDArray[np.bool_]
FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.intp]


def conformal_threshold(
    distributions: npt.ArrayLike,
    codes: npt.ArrayLike,
    *,
    coverage: float,
    count_unseen: bool = False,
) -> float:
    """The smallest probability with which a class is in a set.

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
    count_unseen : bool, default=False
        True: the coverage counts new points of classes that no label names, too. Such a point is
        in no set with its class, so that others must be all the more; see Notes.

    Returns
    -------
    float
        ``-inf`` where there are too few points for any class to be left out with that coverage:
        fewer than coverage / (1 - coverage). With `count_unseen` also where there are so many
        labels that are the only ones of their class that even the sets of all classes don't
        cover as many: see :func:`unseen_class_share`.

    Notes
    -----
    A class without any label is in no set. Of few labels of many classes that is most of what
    is missed: ten random labels of ten equal classes leave out 3 or 4 of these, and sets that are
    to hold the true class of 90 % of the points hold that of 65 %. Left out, a label that is the
    only one of its class is just such a point. With `count_unseen` these count as points that no
    threshold would cover, and what is left of 1 - `coverage` is what the others may be missed by.
    Without it, the coverage is that among the points of the classes that have a label, about.

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
    of_truth = probabilities[np.arange(n), true]
    if _checked_flag("count_unseen", count_unseen):
        of_truth[_is_alone(true)] = -inf
    return float(np.sort(of_truth)[k - 1])


def class_thresholds(
    distributions: npt.ArrayLike, codes: npt.ArrayLike, *, coverage: float
) -> FloatArray:
    """The smallest probability with which each class is in a set, so that none is neglected.

    One threshold for all keeps its promise on average over the classes: of a rare or difficult
    one, most true members may be left out. Here the thresholds of :func:`conformal_threshold` are
    found among the labelled points of each class alone (Mondrian conformal prediction), so
    that of the new points of *each* class the share `coverage` at least has it in its set.

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
    ndarray of shape (n_classes,), float64
        ``-inf`` for a class with fewer labels than coverage / (1 - coverage), 9 at 0.9: it is
        then in every set.

    Notes
    -----
    Holds if the labelled points of a class are drawn at random from all of that class: the
    classes may be drawn in any proportion, such as equally many of each. Sets are larger, where
    labels are few much larger: each class needs 1 / (1 - coverage) labels to be left out anywhere.

    References
    ----------
    V. Vovk, D. Lindsay, I. Nouretdinov, A. Gammerman, "Mondrian confidence machine" (2003); M.
    Sadinle, J. Lei, L. Wasserman, "Least ambiguous set-valued classifiers with bounded error
    levels", JASA 2019, for the classes one by one.

    Examples
    --------
    >>> from fewlabels.insight import class_thresholds, prediction_sets
    >>> left_out = [[0.9, 0.1], [0.8, 0.2], [0.3, 0.7], [0.6, 0.4]]
    >>> thresholds = class_thresholds(left_out, [0, 0, 1, 1], coverage=0.6)
    >>> thresholds.tolist()
    [0.8, 0.4]
    >>> prediction_sets([[0.7, 0.3], [0.55, 0.45]], thresholds).tolist()
    [[False, False], [False, True]]
    """
    coverage = check_real("coverage", coverage, above=0, below=1)
    probabilities = check_distributions("distributions", distributions)
    true = check_codes("codes", codes, probabilities.shape)
    n_classes = probabilities.shape[1]
    n = np.bincount(true, minlength=n_classes)
    k = n + 1 - np.ceil(coverage * (n + 1) - 1e-9).astype(np.intp)
    of_truth = probabilities[np.arange(len(true)), true]
    # of each class the smallest first, one class after another
    ranked = of_truth[np.lexsort((of_truth, true))]
    thresholds = np.full(n_classes, -inf)
    enough = k >= 1
    thresholds[enough] = ranked[(np.cumsum(n) - n + k - 1)[enough]]
    return thresholds


def unseen_class_share(codes: npt.ArrayLike) -> float:
    """Estimate the share of the points whose class has no label yet (Good and Turing).

    The share of the labels that are the only ones of their class: left out, each of them is a point
    of a class unseen. No set holds the true class of such points, so that sets of all classes
    that have a label cover a share of 1 less this.

    Parameters
    ----------
    codes : array-like of shape (n_labelled,) of int
        The classes of labelled points that were drawn at random.

    Returns
    -------
    float
        From 0 to 1; 1 without any label. On average it is too high, by 1 / n_labelled at most.

    Notes
    -----
    It can't know that there are no further classes: with one label of each of all ten it is 1.

    References
    ----------
    I. J. Good, "The population frequencies of species and the estimation of population parameters",
    Biometrika 1953; D. McAllester and R. E. Schapire, "On the convergence rate of Good-Turing
    estimators", COLT 2000.

    Examples
    --------
    >>> from fewlabels.insight import unseen_class_share
    >>> unseen_class_share([0, 0, 0, 1, 1, 2, 3, 3])
    0.125
    """
    seen = np.asarray(codes)
    if seen.size == 0:
        return 1.0
    if seen.ndim != 1 or seen.dtype.kind not in "iu" or seen.min() < 0:
        raise InvalidInputError(
            "codes must hold the number of a class, from 0, for each labelled point; got dtype "
            f"{seen.dtype} and shape {seen.shape}."
        )
    return float(_is_alone(seen.astype(np.intp)).mean())


def prediction_sets(
    distributions: npt.ArrayLike, threshold: npt.ArrayLike, *, allow_empty: bool = True
) -> BoolArray:
    """Which classes reach the threshold: bool of shape (n_points, n_classes).

    A set may be empty, where no class is as probable as the true ones of the labelled points were.
    It may also hold every class. Both are answers.

    Parameters
    ----------
    distributions : array-like of shape (n_points, n_classes)
    threshold : float, or array-like of shape (n_classes,)
        From :func:`conformal_threshold`, or one a class from :func:`class_thresholds`.
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
    keep_one = not _checked_flag("allow_empty", allow_empty)
    probabilities = check_distributions("distributions", distributions)
    least = np.asarray(threshold, dtype=np.float64)
    if least.shape not in ((), probabilities.shape[1:]):
        raise InvalidInputError(
            "threshold must be a number, or one for each of the "
            f"{probabilities.shape[1]} classes; got shape {least.shape}."
        )
    sets = np.asarray(probabilities >= least)
    if keep_one:
        empty = np.flatnonzero(~sets.any(axis=1))
        sets[empty, probabilities[empty].argmax(axis=1)] = True
    return sets


def _is_alone(codes: IntArray) -> BoolArray:
    """Tell of each point whether it is the only one of its class."""
    return np.asarray(np.bincount(codes)[codes] == 1)


def _checked_flag(name: str, value: object) -> bool:
    if not isinstance(value, (bool, np.bool_)):
        raise InvalidTypeError(f"{name} must be True or False, got {value!r}.")
    return bool(value)
