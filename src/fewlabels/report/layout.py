"""Reports as text, in the layout of the published examples."""

from __future__ import annotations

import numpy as np

from fewlabels.report.classification import ClassRow, Report

_AVERAGE = "avg / total"
_COLUMNS = ("precision", "recall", "f1-score", "support")


def format_report(report: Report) -> str:
    """Return the table of precision, recall, F1 and support, as scikit-learn 0.1x printed it."""
    width = max(len(_AVERAGE), *(len(str(label)) for label in report.per_class))
    lines = [" " * width + " " + "".join(f" {column:>9}" for column in _COLUMNS), ""]
    lines += [_format_row(label, row, width) for label, row in report.per_class.items()]
    lines += ["", _format_row(_AVERAGE, report.average, width), ""]
    return "\n".join(lines)


def format_confusion_matrix(report: Report) -> str:
    """Return the confusion matrix as NumPy prints it; rows true, columns predicted."""
    # the layout must depend neither on the reader's print options nor on the matrix's size
    return np.array2string(
        report.confusion_matrix, max_line_width=10_000, threshold=report.confusion_matrix.size + 1
    )


def format_model_line(model: str, n_labelled: int, n_unlabelled: int) -> str:
    """Return the line that the published examples print above each report.

    There, `model` is "Label Spreading".
    """
    total = n_labelled + n_unlabelled
    return f"{model} model: {n_labelled} labeled & {n_unlabelled} unlabeled points ({total} total)"


def _format_row(label: object, row: ClassRow, width: int) -> str:
    fractions = "".join(f" {value:>9.2f}" for value in (row.precision, row.recall, row.f1))
    return f"{label!s:>{width}} {fractions} {row.support:>9}"
