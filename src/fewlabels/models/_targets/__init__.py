"""What a model is taught: a class a point, several at once, a distribution, or a number."""

from fewlabels.models._targets._classes import (
    SUM_TOLERANCE,
    IndicatorLabels,
    RowLabels,
    SoftLabels,
    checked_weights,
    encode_added,
    encode_rows,
    encode_targets,
    label_counts,
    refuse_continuous,
)
from fewlabels.models._targets._numbers import (
    KnownNumbers,
    NumberChange,
    add_numbers,
    encode_numbers,
    read_numbers,
    remove_numbers,
)

__all__ = [
    "SUM_TOLERANCE",
    "IndicatorLabels",
    "KnownNumbers",
    "NumberChange",
    "RowLabels",
    "SoftLabels",
    "add_numbers",
    "checked_weights",
    "encode_added",
    "encode_numbers",
    "encode_rows",
    "encode_targets",
    "label_counts",
    "read_numbers",
    "refuse_continuous",
    "remove_numbers",
]
