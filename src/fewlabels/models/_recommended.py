"""What is recommended, for how many points of which kind: the one place that says so."""

from __future__ import annotations

from dataclasses import dataclass

from fewlabels.models._protocol import TransductiveModel
from fewlabels.models.few_labels_classifier import FewLabelsClassifier
from fewlabels.models.label_propagation import LabelPropagation
from fewlabels.models.label_spreading import LabelSpreading

# Harmonic functions ask better than label spreading, and cost three to five times as much an
# update, the more so the more points there are: at so many it is a third of a second.
_MOST_HARMONIC = 5_000
_MAX_ITER = 1000


@dataclass(frozen=True)
class ModelPair:
    """Two models with the same labels: one chooses the questions, the other answers.

    Attributes
    ----------
    asks : classifier of fewlabels
        Unfitted. It learns each label as it comes, and query rules look at it.
    answers : classifier of fewlabels
        Unfitted. It may take longer, because it is updated only when it is used.

    Examples
    --------
    >>> from fewlabels import FewLabelsClassifier, LabelPropagation
    >>> from fewlabels.models import ModelPair
    >>> pair = ModelPair(asks=LabelPropagation(max_iter=1000), answers=FewLabelsClassifier())
    >>> pair.answers
    FewLabelsClassifier()
    """

    asks: TransductiveModel
    answers: TransductiveModel


def recommended_models(n_points: int, *, on_disk: bool = False) -> ModelPair:
    """Return the recommended models for this number of points.

    Parameters
    ----------
    n_points : int
    on_disk : bool, default=False
        Whether the graph is a :class:`fewlabels.DiskGraph`.

    Returns
    -------
    ModelPair
        `answers` is :class:`fewlabels.FewLabelsClassifier`, which accepts features, or only a
        graph. `asks` is label propagation up to 5,000 points and label spreading with
        ``alpha=0.99`` above, both with ``class_prior="uniform"``. For a graph on disk, label
        spreading does both.

    Examples
    --------
    >>> from fewlabels.models import recommended_models
    >>> recommended_models(330)
    ModelPair(asks=LabelPropagation(class_prior='uniform', kernel='self-tuning', n_neighbors=10), \
answers=FewLabelsClassifier())
    """
    spreading = LabelSpreading(
        "self-tuning", n_neighbors=10, alpha=0.99, max_iter=_MAX_ITER, class_prior="uniform"
    )
    if on_disk:
        return ModelPair(spreading, spreading)
    harmonic = LabelPropagation(
        "self-tuning", n_neighbors=10, max_iter=_MAX_ITER, class_prior="uniform"
    )
    asks = harmonic if n_points <= _MOST_HARMONIC else spreading
    return ModelPair(asks, FewLabelsClassifier())
