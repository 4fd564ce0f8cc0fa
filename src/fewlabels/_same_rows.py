"""Tables and labels of pandas whose rows have names: those of both must be the same rows."""

from __future__ import annotations

import numpy as np

from fewlabels._typing import Frame
from fewlabels.exceptions import InvalidInputError


def refuse_other_rows(X: Frame, values: Frame, name: str = "y") -> None:
    """Raise if the rows of `X` and `values` are named, and stand in another order.

    Both are read by position, as scikit-learn reads them. That is wrong without a word where the
    index of both has the same names in another order, or where some of the names of one are in the
    other: after rows were sorted, sampled or left out in one of them. Indexes that have no name in
    common, and one that only counts from 0 beside names of which some are others, say nothing.

    Parameters
    ----------
    X, values : object
        Only what has an index, as tables and columns of pandas have, is looked at.
    name : str
        Of `values`, for the message.

    Raises
    ------
    InvalidInputError
        Says how to bring them into line.
    """
    if not (hasattr(X, "iloc") and hasattr(values, "iloc")) or len(X) != len(values):
        return
    rows, others = X.index, values.index
    if rows.equals(others) or rows.nlevels != others.nlevels:
        return
    in_common = rows.isin(others)
    if in_common.all() and others.isin(rows).all():
        how = "the same names in another order"
        # where a name comes twice, there is no order to bring them into
        remedy = f"pass {name}.loc[X.index]" if others.is_unique else ""
    elif in_common.any() and not (_only_counts(rows) or _only_counts(others)):
        how = f"other names, and {int(in_common.sum()):,} of {len(rows):,} in common"
        remedy = ""
    else:
        return
    by_position = f"pass {name}.to_numpy() if they are row by row the same as they stand"
    raise InvalidInputError(
        f"the index of {name} and that of X have {how}, and rows are taken as they stand: labels "
        f"would go to the wrong rows. To go by the index, "
        f"{remedy or 'choose the same rows of both first'}; or {by_position}.",
        parameter=name,
    )


def refuse_other_order(indices: Frame, labels: Frame) -> None:
    """Raise if `labels` has an index that holds the `indices` in another order.

    Raises
    ------
    InvalidInputError
        Says how to bring them into line.
    """
    if not hasattr(labels, "iloc") or labels.index.nlevels > 1 or _only_counts(labels.index):
        return
    places, names = np.asarray(indices), labels.index.to_numpy()
    if places.shape != names.shape or places.dtype.kind not in "iu" or names.dtype.kind not in "iu":
        return
    if not np.array_equal(places, names) and np.array_equal(np.sort(places), np.sort(names)):
        raise InvalidInputError(
            "the index of labels holds the indices in another order, and labels are taken as they "
            "stand. To go by the index, pass indices=labels.index; or pass labels.to_numpy().",
            parameter="labels",
        )


def _only_counts(index: Frame) -> bool:
    """Tell whether an index is what pandas makes where nobody names rows: 0, 1, 2, ..."""
    return index.dtype.kind in "iu" and index.tolist() == list(range(len(index)))
