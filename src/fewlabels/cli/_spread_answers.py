"""What a fitted model says of rows, as ``fewlabels spread`` and ``fewlabels predict`` write it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from fewlabels._typing import Cells

if TYPE_CHECKING:
    from numpy import ndarray

    from fewlabels.features import NewPoints
    from fewlabels.io import AddedColumns, LabelColumn, Table
    from fewlabels.models._protocol import AnsweringModel

ADDED = ("label", "confidence", "evidence", "reached", "second", "doubt", "possible")

COVERAGE = 0.9  # of the classes in the column possible
_BETWEEN = " | "
_ANY = "any"
_DISAGREE, _UNREACHED = "classes disagree", "unreached"


def free_names(taken: Sequence[str], added: Sequence[str] = ADDED) -> tuple[str, ...]:
    """Return names for the added columns that no column has yet."""

    def free(name: str) -> str:
        candidates = [name, f"predicted_{name}"]
        candidates += [f"predicted_{name}_{number}" for number in range(2, len(taken) + 3)]
        return next(candidate for candidate in candidates if candidate not in taken)

    return tuple(map(free, added))


def answers_of(model: AnsweringModel, labels: LabelColumn, names: tuple[str, ...]) -> AddedColumns:
    """Return the answers of a model that is fitted on the rows and the codes of their labels.

    A row without evidence has no answer, whatever its features may say. Where the model left
    labels out, rows that had one get the answer that the others give, if another row has the same
    label: else none of them could know it.
    """
    import numpy as np

    from fewlabels import FewLabelsClassifier

    reached = model.reached_
    shares = np.array(model.label_distributions_, dtype=np.float64)
    doubt = model.doubt_.astype(object)
    if isinstance(model, FewLabelsClassifier):  # else label spreading lets the others overrule
        rows = model.loo_labelled_
        able = labels.counts[labels.codes[rows]] > 1
        shares[rows[able]] = model.loo_label_distributions_[able]
        sets = model.insight_.sets(
            shares, coverage=COVERAGE, per_class=False, count_unseen=False, allow_empty=False
        )
    else:
        sets = model.predict_set(coverage=COVERAGE, allow_empty=False)
    codes = model.classes_[shares.argmax(axis=1)]
    other = (labels.codes >= 0) & (codes != labels.codes)
    doubt[other & reached & (doubt == "sure")] = _DISAGREE
    doubt[~reached] = _UNREACHED
    classes = [labels.classes[code] for code in model.classes_.tolist()]
    return _added(classes, names, shares, reached, model.evidence_, doubt, sets)


def answers_to_new(
    model: AnsweringModel, points: NewPoints, names: tuple[str, ...]
) -> AddedColumns:
    """Return the answers of a model to rows that it was not fitted on.

    Rows of which nothing is known, such as pictures that can't be read, have none.
    """
    told = model.answers(points, coverage=COVERAGE)
    doubt = told.doubt.astype(object)
    doubt[~told.reached] = _UNREACHED
    classes = model.classes_.tolist()
    return _added(classes, names, told.distributions, told.reached, told.evidence, doubt, told.sets)


def _added(
    classes: Cells,
    names: tuple[str, ...],
    shares: ndarray,
    reached: ndarray,
    evidence: ndarray,
    doubt: ndarray,
    sets: ndarray,
) -> AddedColumns:
    """Return the columns for `shares` of the `classes`; none of a row without evidence."""
    import numpy as np

    from fewlabels.io import AddedColumns

    codes = shares.argmax(axis=1)
    second = np.full(len(codes), -1)
    if shares.shape[1] > 1:
        rest = shares.copy()
        rest[np.arange(len(rest)), codes] = -1
        second = np.where(rest.max(axis=1) > 0, rest.argmax(axis=1), -1)

    def named(found: ndarray) -> Cells:
        return [classes[code] if code >= 0 else None for code in found.tolist()]

    return AddedColumns(
        names=names,
        label=named(np.where(reached, codes, -1)),
        # the prior of a row without evidence is no confidence in an answer that isn't given
        confidence=np.where(reached, shares.max(axis=1), 0.0),
        evidence=np.where(reached, evidence, 0.0),
        reached=reached,
        second=named(np.where(reached, second, -1)),
        doubt=doubt.tolist(),
        possible=_possible(classes, shares, sets, reached),
    )


def _possible(classes: Cells, shares: ndarray, sets: ndarray, reached: ndarray) -> list[str]:
    """Return the classes of each set, the most probable first; one word where all are in it."""
    from fewlabels.io import as_text

    texts = [as_text(label) for label in classes]
    found = []
    for row, (held, is_reached) in enumerate(zip(sets, reached.tolist(), strict=True)):
        members = held.nonzero()[0] if is_reached else []
        if len(members) == len(texts) and len(texts) > 1:
            found.append(_ANY)
            continue
        ranked = sorted(members, key=lambda code: -shares[row, code])
        found.append(_BETWEEN.join(texts[code] for code in ranked))
    return found


def about_open_rows(table: Table, labels: LabelColumn) -> list[str]:
    """Say so where every row has a label, for one of the classes may mean that it has none."""
    from fewlabels.io import PictureFolder, counted

    if labels.n_labelled < len(labels.codes) or isinstance(table, PictureFolder):
        return []
    if any("missing=" in warning for warning in labels.warnings):
        return []  # it is said already
    place = int(labels.counts.argmax())
    most = labels.classes[place]
    return [
        f"every row has a label in {labels.name!r}, and the answers only check them. If the most "
        f"frequent, {most!r} ({counted(int(labels.counts[place]), 'row')}), means that a row has "
        f"none: missing={[str(most)]!r}."
    ]
