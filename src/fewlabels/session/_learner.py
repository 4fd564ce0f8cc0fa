"""Who learns and asks: the models, kept up with the labels, and the rule."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import numpy.typing as npt
from sklearn.base import clone

from fewlabels._typing import Estimator
from fewlabels.models import ModelPair
from fewlabels.models._base import GraphClassifier
from fewlabels.queries import QueryRule
from fewlabels.session._chosen import checked_choice
from fewlabels.session._labels import Label
from fewlabels.session._model import KeptUpModel
from fewlabels.session._points import GraphPoints, quiet_blas


class ModelLearner:
    """The model that asks and the one that answers, which may be one, and the rule that asks.

    Parameters
    ----------
    model : estimator, ModelPair or None
        As :func:`checked_model` returned it, and not changed. None: what is recommended for the
        points.
    points : GraphPoints
    rule : QueryRule
        Keeps what it has prepared from one question to the next.
    classes : sequence of labels, default=None
        All there are; None: not known.
    trust : mapping from point to float, default=None
        How much the label of a point counts for the recommended model that answers, if not 1; as
        :class:`KeptUpModel` takes it.
    """

    def __init__(
        self,
        model: Estimator,
        points: GraphPoints,
        rule: QueryRule,
        classes: Iterable[object] | None = None,
        trust: Mapping[int, float] | None = None,
    ) -> None:
        pair = points.recommended() if model is None else model
        known = None if classes is None else list(classes)
        asks = pair.asks if isinstance(pair, ModelPair) else pair
        self.rule = rule
        self._graph = points.graph
        self._asks = KeptUpModel(clone(asks, safe=False), points, known, rule)
        self._answers = self._asks
        if isinstance(pair, ModelPair) and pair.answers is not pair.asks:
            self._answers = KeptUpModel(clone(pair.answers, safe=False), points, known, trust=trust)

    @property
    def methods(self) -> tuple[Estimator, ...]:
        """The models of fewlabels, fitted or not yet, and the rule."""
        models = [kept.model for kept in dict.fromkeys((self._asks, self._answers))]
        return (*(model for model in models if isinstance(model, GraphClassifier)), self.rule)

    def asking(self, labels: Mapping[int, Label]) -> Estimator:
        """Return the model that rules look at, fitted on these labels, one or more."""
        return self._asks.at(labels)

    def answering(self, labels: Mapping[int, Label]) -> Estimator:
        """Return the model whose answers count, fitted on these labels, one or more."""
        return self._answers.at(labels)

    def foresee(self, point: int) -> bool:
        """Find what a label at a point would do, so that it is learned sooner when it comes.

        For when there is time. False where the rule has no such things to keep, or not yet.
        """
        with quiet_blas(self._graph):
            return self._asks.foresee(point)

    def choose(
        self,
        labels: Mapping[int, Label],
        count: int,
        is_open: npt.NDArray[np.bool_],
        random_state: int | np.random.RandomState,
    ) -> npt.NDArray[np.intp]:
        """Return what the rule wants to know next: `count` different points that are open.

        Parameters
        ----------
        labels : mapping from point to label
            Those so far; there may be none.
        count : int
        is_open : ndarray of shape (n_points,), bool
            Which points may be asked about, at least `count` of them.
        random_state : int or RandomState
            For rules that draw.
        """
        with quiet_blas(self._graph):
            known = self._asks.for_rules(labels) if labels else self._graph
            chosen = self.rule.query(
                known, count, candidates=np.flatnonzero(is_open), random_state=random_state
            )
        return checked_choice(self.rule, chosen, count, is_open)
