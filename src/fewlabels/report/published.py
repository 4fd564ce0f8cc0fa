"""The published tables, to compare with. Nothing is computed from them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib import resources

import numpy as np

from fewlabels._typing import Loaded
from fewlabels.exceptions import DataFileError
from fewlabels.report.classification import ClassRow, Report

_TABLES = "published_digits.json"


@dataclass(frozen=True)
class PublishedTable:
    """One iteration of a published example.

    Attributes
    ----------
    n_labelled, n_unlabelled : int
    report : Report
        Its precision, recall and F1 are rounded to two decimals. Its confusion labels are
        those in the range of the matrix: positions, since the tables do not print them.
    """

    n_labelled: int
    n_unlabelled: int
    report: Report

    @property
    def accuracy(self) -> float:
        """Share of right predictions: the diagonal of the confusion matrix over all points.

        Points of a class that has no label yet are not in the matrix; none of them is right.
        """
        return float(np.trace(self.report.confusion_matrix)) / self.n_unlabelled


@dataclass(frozen=True)
class PublishedExample:
    """A published example: its name and its tables, one per iteration.

    Examples
    --------
    >>> from fewlabels.report import load_published
    >>> [table.n_labelled for table in load_published()[1].tables]
    [10, 15, 20, 25, 30]
    """

    name: str
    tables: tuple[PublishedTable, ...]


def load_published() -> tuple[PublishedExample, ...]:
    """Return the published tables that are shipped with the package.

    Of the two digit examples of scikit-learn's gallery ("Label Propagation digits" and its
    active-learning sequel, 0.1x series).

    Examples
    --------
    >>> from fewlabels.report import load_published
    >>> [example.name for example in load_published()]
    ['digits', 'digits_active_learning']
    """
    text = resources.files("fewlabels.report").joinpath(_TABLES).read_text(encoding="utf-8")
    return parse_published(json.loads(text))


def parse_published(document: Loaded) -> tuple[PublishedExample, ...]:
    """Read published tables from their JSON document.

    Raises
    ------
    DataFileError
        If something is missing or of the wrong kind.
    """
    try:
        return tuple(
            PublishedExample(
                str(example["name"]), tuple(_table(it) for it in example["iterations"])
            )
            for example in document["examples"]
        )
    except (KeyError, TypeError, ValueError) as error:
        raise DataFileError(
            f"the published tables can't be read ({error!r}). Install the package again."
        ) from error


def _table(iteration: Loaded) -> PublishedTable:
    matrix = np.array(iteration["confusion_matrix"], dtype=np.intp)
    report = Report(
        per_class={int(row["digit"]): _row(row) for row in iteration["per_class"]},
        average=_row(iteration["average"]),
        confusion_labels=np.arange(len(matrix)),
        confusion_matrix=matrix,
    )
    return PublishedTable(int(iteration["labelled"]), int(iteration["unlabelled"]), report)


def _row(row: Loaded) -> ClassRow:
    return ClassRow(
        float(row["precision"]), float(row["recall"]), float(row["f1"]), int(row["support"])
    )
