"""What insight into every model reads: the response of a fit, kept until its labels change."""

from __future__ import annotations

from collections.abc import Callable
from typing import Self, TypeVar, cast

import numpy as np
import numpy.typing as npt
from sklearn.utils.validation import check_is_fitted

from fewlabels._typing import Loaded, State
from fewlabels.exceptions import InvalidTypeError
from fewlabels.graph import DiskGraph
from fewlabels.models._estimator import GraphEstimator
from fewlabels.models._influence import without_label
from fewlabels.systems import Response

IntArray = npt.NDArray[np.intp]

_Found = TypeVar("_Found")

# How exactly the response is solved for: no share of any row is off by more.
TOL = 1e-5


class ResponseInsight(GraphEstimator):
    """Base of the estimators whose answers are linear in the labels, by a response R.

    A subclass says what R is (`_response`), and calls
    `_forget` when labels change. What is computed is kept until then.
    """

    def _response(self) -> Response:
        """R, by the system of the subclass, which has to say."""
        raise NotImplementedError

    @property
    def loo_labelled_(self) -> IntArray:
        check_is_fitted(self)
        return np.flatnonzero(self._labels.labelled)

    def _the_response(self) -> Response:
        check_is_fitted(self)
        if isinstance(self.graph_, DiskGraph):
            raise InvalidTypeError(
                "what labels do to one another is solved for in memory, and this graph is on disk. "
                "Fit on graph.to_memory() if it fits."
            )
        response: Response = self._kept("response", self._response)
        return response

    def _checked_node(self, node: object) -> int:
        return self._position(node)

    def _without(self, node: object) -> tuple[int, Self]:
        """Return the point, checked, and a copy with its label taken back."""
        node = self._checked_node(node)
        other = self._shallow()
        other._forget()
        return node, without_label(other, node)

    def _kept(self, name: str, compute: Callable[[], _Found]) -> _Found:
        check_is_fitted(self)
        if name not in self._insight:
            with np.errstate(under="ignore"):  # as in a fit
                self._insight[name] = compute()
        return cast(_Found, self._insight[name])

    def _forget(self) -> None:
        """Drop what was computed of other labels."""
        self._insight: State = {}

    def __getstate__(self) -> Loaded:
        """Leave out the response: it holds the system, which follows from the graph."""
        state: Loaded = super().__getstate__()
        kept = dict(state.get("_insight", {}))
        kept.pop("response", None)
        return state | {"_insight": kept} if "_insight" in state else state
