"""Why a point has no sure answer: it is unlike others, classes disagree, or too little evidence."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from fewlabels._validation import check_real
from fewlabels.insight._checks import check_column, check_distributions
from fewlabels.insight.calibration import Calibration

# What doubt_reasons answers, from no doubt to no evidence.
SURE, DISAGREE, LITTLE, UNREACHED = "sure", "classes disagree", "little evidence", "unreached"
UNLIKE, UNPROVEN = "unlike the rest", "too few labels"


def doubt_reasons(
    distributions: npt.ArrayLike,
    evidence: npt.ArrayLike,
    reached: npt.ArrayLike,
    calibration: Calibration,
    *,
    abstain_below: float,
    heard: npt.ArrayLike | None = None,
    unlike: npt.ArrayLike | None = None,
) -> npt.NDArray[np.str_]:
    """Return for each point whether the answer is sure, and if not, what is missing.

    ``"unreached"``
        No label is in its component of the graph, or no evidence came.
    ``"unlike the rest"``
        It is marked so: what holds of the points that were fitted need not hold of it.
    ``"too few labels"``
        There is one class only, so that labels of another are missing.
    ``"sure"``
        The most probable class has at least `abstain_below`.
    ``"little evidence"``
        It has not, but would have with the same shares of the evidence that a typical point gets:
        a label nearby would settle it.
    ``"classes disagree"``
        It would not have even then: the labels nearby contradict one another.

    Parameters
    ----------
    distributions : array-like of shape (n_points, n_classes)
        Shares of the evidence, not calibrated.
    evidence : array-like of shape (n_points,)
    reached : array-like of shape (n_points,), bool
    calibration : Calibration
        Its reference is the evidence of a typical point.
    abstain_below : float
        In [0, 1].
    heard : array-like of shape (n_points, n_classes), default=None
        The shares that each point would have with as much evidence as a typical one, of models
        whose shares hang on how much there is. None: the same.
    unlike : array-like of shape (n_points,), bool, default=None
        Points that are far from all others. None: none is known to be.

    Returns
    -------
    ndarray of shape (n_points,), str

    Examples
    --------
    >>> from fewlabels.insight import Calibration, doubt_reasons
    >>> calibration = Calibration(sharpness=2.0, caution=0.1, reference=1.0)
    >>> shares = [[0.9, 0.1], [0.9, 0.1], [0.5, 0.5], [0.5, 0.5]]
    >>> reasons = doubt_reasons(
    ...     shares, [1.0, 0.01, 1.0, 0.0], [True, True, True, False], calibration, abstain_below=0.8
    ... )
    >>> reasons.tolist()
    ['sure', 'little evidence', 'classes disagree', 'unreached']
    """
    least = check_real("abstain_below", abstain_below, minimum=0, maximum=1)
    shares = check_distributions("distributions", distributions)
    amounts = check_column("evidence", evidence, len(shares))
    answered = np.asarray(reached, dtype=bool) & (amounts > 0)
    now = calibration.apply(shares, amounts).max(axis=1) >= least
    typical = np.maximum(amounts, calibration.reference)
    likely = shares if heard is None else check_distributions("heard", heard)
    then = calibration.apply(likely, typical).max(axis=1) >= least
    strange = np.zeros(len(shares), dtype=bool) if unlike is None else np.asarray(unlike, bool)
    alone = np.full(len(shares), shares.shape[1] == 1)
    chosen = [~answered, strange, alone, now, then]
    words = [UNREACHED, UNLIKE, UNPROVEN, SURE, LITTLE]
    return np.asarray(np.select(chosen, words, default=DISAGREE))
