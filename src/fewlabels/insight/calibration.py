"""Probabilities that mean what they say, without any label set aside."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from fewlabels._arrays import FILL_NUMBERS, refuse_masked
from fewlabels._validation import check_integer, check_real
from fewlabels.exceptions import InvalidInputError
from fewlabels.insight._checks import (
    FloatArray,
    check_codes,
    check_column,
    check_distributions,
)

# What is believed before any label is left out, of log(sharpness x spread) and of log(caution) +
# spread: means and standard deviations. On digits and Fashion-MNIST these two hardly hang on the
# model, for alphas from 0.5 to 0.99 and harmonic functions: 2.4 to 3.0 and 1.6 to 1.7 the one, 3.5
# to 4.9 and -1.6 to 0.6 the other.
_MEANS = np.array([2.1, 1.8])
_DEVIATIONS = np.array([0.5, 1.5])
_SHARE_FLOOR, _LEAST_SPREAD = 1e-12, 0.05
# Far beyond what any data ask for; keeps the search among numbers.
_BOUNDS = ((-5.0, 6.0), (-40.0, 6.0))
# No probability of a true class counts as less than this in a log loss.
_LEAST = 1e-12


@dataclass(frozen=True)
class Calibration:
    """What turns shares of evidence into probabilities.

    A share p_ic of an evidence E_i becomes

        q_ic = z_ic / sum_k z_ik,    z_ic = (p_ic E_i / E + caution / n_classes) ^ sharpness,

    E being the `reference`, the evidence of a typical point, and n_classes the number of those that
    are not `excluded`. Scores have no unit, so that their
    sharpness has to be found: a random walk that forgets slowly (an alpha near 1) gives all
    classes nearly the same share, and is right nevertheless. The caution is evidence for every
    class alike: it hardly counts where much evidence came, and where little did it leaves all
    classes possible. The order of the classes stays what it was.

    Attributes
    ----------
    sharpness : float
        Exponent; an inverse temperature.
    caution : float
        In units of `reference`.
    reference : float
        Evidence of a typical point; positive.
    n_points : int
        Left-out labels that the fit could learn from.
    excluded : tuple of int
        Columns of classes whose expected share is 0: caution gives them nothing. A point that
        holds something of one, as its own label, keeps a part of it.

    Examples
    --------
    >>> from fewlabels.insight import Calibration
    >>> calibration = Calibration(sharpness=2.0, caution=0.1, reference=1.0, n_points=50)
    >>> calibration.apply([[0.6, 0.4], [0.6, 0.4]], [1.0, 0.01]).round(3)
    array([[0.676, 0.324],
           [0.518, 0.482]])
    """

    sharpness: float
    caution: float
    reference: float
    n_points: int = 0
    excluded: tuple[int, ...] = field(default=(), repr=False)

    def apply(self, distributions: npt.ArrayLike, evidence: npt.ArrayLike) -> FloatArray:
        """Return calibrated distributions of shape (n_points, n_classes), float64.

        Parameters
        ----------
        distributions : array-like of shape (n_points, n_classes)
            Rows that sum to 1.
        evidence : array-like of shape (n_points,)
            Non-negative; where it is 0, or infinitely little, all classes become equally probable.
        """
        shares = check_distributions("distributions", distributions)
        amounts = check_column("evidence", evidence, len(shares)) / self.reference
        result = _calibrated(
            shares * amounts[:, None],
            np.log([self.sharpness, self.caution]),
            shares.shape[1] - len(self.excluded),
        )
        if self.excluded:
            without = list(self.excluded)
            result[:, without] *= shares[:, without] > 0
            totals = result.sum(axis=1, keepdims=True)
            np.divide(result, totals, out=result, where=totals > 0)
        return result


def fit_calibration(
    distributions: npt.ArrayLike,
    evidence: npt.ArrayLike,
    targets: npt.ArrayLike,
    *,
    reference: float,
    spread: float = 3.0,
    excluded: npt.ArrayLike | None = None,
) -> Calibration:
    """Fit sharpness and caution to left-out labels by log loss, shrunk towards typical values.

    Minimises the sum of the log losses of the points plus (log(sharpness s) - 2.1)^2 / 0.5 +
    (log caution + s - 1.8)^2 / 4.5, s being the spread: a normal prior of two numbers, which
    decides where no point says anything, and is soon outvoted. Measured in spreads, because models
    whose shares lie closer together need more sharpness, and more caution.

    Parameters
    ----------
    distributions : array-like of shape (n_points, n_classes)
        Of labelled points, each as the others' labels have it.
    evidence : array-like of shape (n_points,)
        How much of it came from the others.
    targets : array-like of shape (n_points,) of int, or (n_points, n_classes)
        The columns of the true classes; or distributions, of soft labels.
    reference : float
        The evidence of a typical point without a label; positive.
    spread : float, default=3.0
        How far the shares of a typical point lie apart: :func:`spread_of`.
    excluded : array-like of bool, shape (n_classes,), default=None
        Classes that no point without a label is of: their columns are not read. See
        :class:`Calibration`. None: no such class.

    Returns
    -------
    Calibration

    Raises
    ------
    InvalidInputError
        If an array does not fit the others, or all classes are excluded.

    Notes
    -----
    Points whose class has no other label must be left out by the caller: of them it is known
    beforehand that the others say nothing right. Cost: some hundred passes over n_points x
    n_classes.

    Examples
    --------
    Right in three cases of four, where it said 0.6:

    >>> from fewlabels.insight import fit_calibration
    >>> said = [[0.6, 0.4]] * 40
    >>> fitted = fit_calibration(said, [1.0] * 40, [0, 0, 0, 1] * 10, reference=1.0)
    >>> fitted.apply([[0.6, 0.4]], [1.0]).round(2)
    array([[0.74, 0.26]])
    """
    shares = check_distributions("distributions", distributions)
    amounts = check_column("evidence", evidence, len(shares))
    reference = check_real("reference", reference, above=0)
    spread = max(_LEAST_SPREAD, check_real("spread", spread, minimum=0))
    means = np.array([_MEANS[0] - np.log(spread), _MEANS[1] - spread])
    Y = _as_rows(targets, shares.shape)
    without = _columns_of(excluded, shares.shape[1])
    shares, Y = np.delete(shares, without, axis=1), np.delete(Y, without, axis=1)
    scores = shares * (amounts / reference)[:, None]

    def loss(logs: FloatArray) -> float:
        surprise = -np.log(np.maximum(_calibrated(scores, logs, scores.shape[1]), _LEAST))
        prior = np.sum(((logs - means) / _DEVIATIONS) ** 2) / 2
        return float((surprise * Y).sum() + prior)

    found = means
    if len(shares):
        # Two numbers and a smooth function, but not convex: from the best of a few places.
        starts = [means + np.array(step) * _DEVIATIONS for step in _STARTS]
        best = min(starts, key=loss)
        found = minimize(loss, best, method="L-BFGS-B", bounds=_BOUNDS).x
    return Calibration(
        sharpness=float(np.exp(found[0])),
        caution=float(np.exp(found[1])),
        reference=reference,
        n_points=len(shares),
        excluded=tuple(without),
    )


def spread_of(distributions: npt.ArrayLike) -> float:
    """How far the shares of a typical point differ, whatever its class.

    The median over the points of max_c log p_c - mean_c log p_c; shares below 1e-12 count as that.

    Parameters
    ----------
    distributions : array-like of shape (n_points, n_classes)
        Of points without a label.

    Returns
    -------
    float
        At least 0; 3 where there is no point.

    Examples
    --------
    >>> from fewlabels.insight import spread_of
    >>> round(spread_of([[0.8, 0.1, 0.1]]), 3)
    1.386
    """
    shares = check_distributions("distributions", distributions)
    if len(shares) == 0:
        return 3.0
    logs = np.log(np.maximum(shares, _SHARE_FLOOR))
    return float(np.median(logs.max(axis=1) - logs.mean(axis=1)))


_STARTS = ((0, 0), (-1, 0), (1, 0), (2, 0), (0, 1), (1, 1), (2, 1), (0, -1), (-1, -1))


def log_loss_of(distributions: npt.ArrayLike, targets: npt.ArrayLike) -> FloatArray:
    """-log of the probability of each point's class, shape (n_points,); at most 27.6.

    Parameters
    ----------
    distributions : array-like of shape (n_points, n_classes)
    targets : array-like of shape (n_points,) of int, or (n_points, n_classes)
        Columns of the true classes; or distributions: then the cross-entropy.

    Examples
    --------
    >>> from fewlabels.insight import log_loss_of
    >>> log_loss_of([[0.5, 0.5], [1.0, 0.0]], [[1.0, 0.0], [1.0, 0.0]]).round(2)
    array([0.69, 0.  ])
    """
    probabilities = check_distributions("distributions", distributions)
    Y = _as_rows(targets, probabilities.shape)
    return np.asarray((-np.log(np.maximum(probabilities, _LEAST)) * Y).sum(axis=1))


def expected_calibration_error(
    y_true: npt.ArrayLike, proba: npt.ArrayLike, *, n_bins: int = 15
) -> float:
    """How far confidence and accuracy differ: the mean over bins of confidence, weighted by size.

    sum_b n_b / n |accuracy_b - mean confidence_b|, the confidence being a row's largest entry, the
    bins of equal width from 0 to 1.

    Parameters
    ----------
    y_true : array-like of shape (n_points,) of int
        The column of each point's class.
    proba : array-like of shape (n_points, n_classes)
    n_bins : int, default=15
        At least 1.

    Returns
    -------
    float
        From 0 to 1.

    References
    ----------
    M. P. Naeini, G. F. Cooper, M. Hauskrecht, "Obtaining well calibrated probabilities using
    Bayesian binning", AAAI 2015.

    Examples
    --------
    >>> from fewlabels.insight import expected_calibration_error
    >>> expected_calibration_error([0, 0, 0, 1], [[0.75, 0.25]] * 4)
    0.0
    """
    probabilities = check_distributions("proba", proba)
    codes = check_codes("y_true", y_true, probabilities.shape)
    n_bins = check_integer("n_bins", n_bins, minimum=1)
    if len(codes) == 0:
        raise InvalidInputError("proba holds no point; a calibration error needs at least one.")
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == codes
    bins = np.clip((confidence * n_bins).astype(np.intp), 0, n_bins - 1)
    gaps = np.bincount(bins, weights=confidence - right, minlength=n_bins)
    return float(np.abs(gaps).sum() / len(codes))


def _calibrated(scores: FloatArray, logs: FloatArray, n_classes: int) -> FloatArray:
    """Distributions of scores in units of the reference; logs of sharpness and caution.

    The caution is shared among `n_classes`.
    """
    sharpness, caution = np.exp(logs)
    # the caution is positive, so that there is a logarithm; of the ratio, for tiny scores to count
    z = sharpness * np.log1p(scores * (n_classes / caution))
    z -= z.max(axis=1, keepdims=True)
    with np.errstate(under="ignore"):
        np.exp(z, out=z)
        z /= z.sum(axis=1, keepdims=True)
    return np.asarray(z)


def _columns_of(excluded: npt.ArrayLike | None, n_classes: int) -> list[int]:
    """Return which columns are excluded, of a mask that leaves some."""
    if excluded is None:
        return []
    mask = np.asarray(excluded)
    if mask.dtype != bool or mask.shape != (n_classes,) or mask.all():
        raise InvalidInputError(
            f"excluded must hold True or False for each of the {n_classes} classes, and False for "
            f"one at least; got {excluded!r}."
        )
    found: list[int] = np.flatnonzero(mask).tolist()
    return found


def _as_rows(targets: npt.ArrayLike, shape: tuple[int, ...]) -> FloatArray:
    refuse_masked(targets, "targets", FILL_NUMBERS)
    given = np.asarray(targets)
    if given.ndim == 2:
        rows = check_distributions("targets", given)
        if rows.shape != shape:
            raise InvalidInputError(
                f"targets must have the shape of the distributions, {shape}; got {rows.shape}."
            )
        return rows
    codes = check_codes("targets", given, shape)
    Y = np.zeros(shape)
    Y[np.arange(len(codes)), codes] = 1
    return Y
