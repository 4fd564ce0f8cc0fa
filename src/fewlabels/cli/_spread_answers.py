"""What a fitted model says of each row, as ``fewlabels spread`` writes it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fewlabels.io import AddedColumns, LabelColumn

_DISAGREE, _UNREACHED = "classes disagree", "unreached"


def answers_of(model: Any, labels: LabelColumn, names: tuple[str, ...]) -> AddedColumns:
    """Return the answers of a model that is fitted on the rows and the codes of their labels.

    A row without evidence has no answer, whatever its features may say. Where the model left
    labels out, rows that had one get the answer that the others give, if another row has the same
    label: else none of them could know it.
    """
    import numpy as np

    from fewlabels import FewLabelsClassifier
    from fewlabels.io import AddedColumns

    reached = model.reached_
    shares = np.array(model.label_distributions_, dtype=np.float64)
    doubt = model.doubt_.astype(object)
    if isinstance(model, FewLabelsClassifier):  # else label spreading lets the others overrule
        rows = model.loo_labelled_
        able = labels.counts[labels.codes[rows]] > 1
        shares[rows[able]] = model.loo_label_distributions_[able]
    codes = model.classes_[shares.argmax(axis=1)]
    other = (labels.codes >= 0) & (codes != labels.codes)
    doubt[other & reached & (doubt == "sure")] = _DISAGREE
    doubt[~reached] = _UNREACHED
    second = np.full(len(codes), -1)
    confidence = shares.max(axis=1)
    if shares.shape[1] > 1:
        rest = shares.copy()
        rest[np.arange(len(rest)), shares.argmax(axis=1)] = -1
        second = np.where(rest.max(axis=1) > 0, model.classes_[rest.argmax(axis=1)], -1)
    return AddedColumns(
        names=names,
        label=_names_of(labels, np.where(reached, codes, -1)),
        # the prior of a row without evidence is no confidence in an answer that isn't given
        confidence=np.where(reached, confidence, 0.0),
        evidence=model.evidence_,
        reached=reached,
        second=_names_of(labels, np.where(reached, second, -1)),
        doubt=doubt.tolist(),
    )


def _names_of(labels: LabelColumn, codes: Any) -> list[Any]:
    return [labels.classes[code] if code >= 0 else None for code in codes.tolist()]
