"""What a rule chose, which may be a user's own, is checked before it is asked."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from fewlabels.exceptions import InvalidInputError
from fewlabels.queries import QueryRule


def checked_choice(
    rule: QueryRule, chosen: object, count: int, is_open: npt.NDArray[np.bool_]
) -> npt.NDArray[np.intp]:
    """Return `count` different points that are open, as the rule chose them; or raise.

    Parameters
    ----------
    rule : QueryRule
        Named in the error.
    chosen : object
        What its `query` returned.
    count : int
    is_open : ndarray of shape (n_points,), bool
    """
    try:
        points = np.asarray(chosen)
    except ValueError:  # rows of unequal length
        points = np.empty(0)
    fine = points.shape == (count,) and points.dtype.kind in "iu"
    if fine:
        fine = bool((points >= 0).all() and (points < len(is_open)).all())
    if not fine or len(np.unique(points)) < count or not is_open[points].all():
        raise InvalidInputError(
            f"the rule {rule!r} was asked for {count} different points without a label, "
            f"and returned {chosen!r}."
        )
    return points.astype(np.intp)
