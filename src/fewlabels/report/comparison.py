"""Compare a computed report with a published one, cell by cell."""

from __future__ import annotations

from dataclasses import dataclass

from fewlabels.report.classification import ClassRow, Report


@dataclass(frozen=True)
class Comparison:
    """The outcome.

    Attributes
    ----------
    cells : int
        Cells of the published report; and any that the computed one has beyond it.
    equal : int
        Cells that agree as printed (fractions to two decimals).
    differences : tuple of str
        A line for each cell that differs.

    Examples
    --------
    >>> from fewlabels.report import Comparison
    >>> both = Comparison(3, 3, ()) + Comparison(2, 1, ("precision of 3: 0.50, not 0.60",))
    >>> both.cells, both.equal, both.all_equal
    (5, 4, False)
    """

    cells: int
    equal: int
    differences: tuple[str, ...]

    @property
    def all_equal(self) -> bool:
        """Whether there is something to compare, and no cell differs."""
        return self.cells > 0 and self.equal == self.cells

    def __add__(self, other: Comparison) -> Comparison:
        return Comparison(
            self.cells + other.cells,
            self.equal + other.equal,
            self.differences + other.differences,
        )


NOTHING_COMPARED = Comparison(0, 0, ())


def compare(computed: Report, published: Report) -> Comparison:
    """Compare every entry of the confusion matrix and every figure of the table.

    The cells of a table are precision, recall, F1 and support of each class, and of the
    average. The confusion matrices are compared by position. A cell that only one of the two
    reports has is a difference.

    Examples
    --------
    >>> from fewlabels.report import compare, load_published
    >>> report = load_published()[0].tables[0].report
    >>> compare(report, report).all_equal
    True
    """
    ours, theirs = _printed(computed), _printed(published)
    names = list(dict.fromkeys([*theirs, *ours]))  # in order, each once
    differences = tuple(
        f"{name}: published {theirs.get(name, 'nothing')}, computed {ours.get(name, 'nothing')}"
        for name in names
        if theirs.get(name) != ours.get(name)
    )
    return Comparison(len(names), len(names) - len(differences), differences)


def _printed(report: Report) -> dict[str, str]:
    """Return every cell under its name, as the published layout prints it."""
    cells = {}
    rows = {f"class {label}": row for label, row in report.per_class.items()}
    for name, row in {**rows, "average": report.average}.items():
        for column, text in _printed_row(row).items():
            cells[f"{name}, {column}"] = text
    for i, counts in enumerate(report.confusion_matrix.tolist()):
        for j, count in enumerate(counts):
            cells[f"confusion matrix, row {i}, column {j}"] = str(count)
    return cells


def _printed_row(row: ClassRow) -> dict[str, str]:
    return {
        "precision": f"{row.precision:.2f}",
        "recall": f"{row.recall:.2f}",
        "f1": f"{row.f1:.2f}",
        "support": str(row.support),
    }
