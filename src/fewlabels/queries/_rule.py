"""What all rules share: candidates, batches, scores."""

from __future__ import annotations

import warnings
from abc import abstractmethod
from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state

from fewlabels._typing import Matrix
from fewlabels._validation import check_choice, check_integer, check_seed
from fewlabels.exceptions import FewCandidatesWarning, InvalidInputError
from fewlabels.queries._checks import FloatArray, IntArray, check_candidates
from fewlabels.queries._labelled_graph import LabelledGraph, in_memory

Batch: TypeAlias = Literal["local-max", "top"]
BATCHES = ("local-max", "top")


class QueryRule(BaseEstimator):
    """A rule for what to ask next, with the interface of an estimator.

    Attributes
    ----------
    scores_ : ndarray of shape (n_nodes,), float64
        After :meth:`query`: how much the rule wanted each candidate when the batch began, more
        is better; NaN where a node was no candidate.

    Examples
    --------
    >>> import numpy as np
    >>> from fewlabels import LabelSpreading
    >>> from fewlabels.queries import Margin
    >>> X = np.random.default_rng(0).normal(size=(40, 2))
    >>> y = np.full(40, -1)
    >>> y[:2] = 0, 1
    >>> model = LabelSpreading("self-tuning", n_neighbors=5, max_iter=1000).fit(X, y)
    >>> len(Margin().query(model, 3))
    3
    """

    def query(
        self,
        model: object,
        batch_size: int = 1,
        candidates: npt.ArrayLike | None = None,
        random_state: int | np.random.RandomState | None = 0,
    ) -> IntArray:
        """Choose points to label next.

        Parameters
        ----------
        model : {fitted classifier, Graph, LabelledGraph}
            What is known. A graph alone has no label yet.
        batch_size : int, default=1
            How many to choose, from 1.
        candidates : array-like of int, or boolean mask of shape (n_nodes,), default=None
            Nodes that may be chosen; those that have a label are passed over. None: all.
        random_state : int, RandomState or None, default=0
            For rules that draw; the others use it nowhere. To ask the same twice is to get the
            same questions; None draws others each time.

        Returns
        -------
        ndarray of shape (min(batch_size, n_candidates),), intp
            Distinct unlabelled nodes, in the order in which they were chosen.

        Raises
        ------
        InvalidInputError, InvalidTypeError
            If a parameter is out of range, or no candidate is without a label.
        sklearn.exceptions.NotFittedError
            If `model` is a classifier that was not fitted.

        Warns
        -----
        FewCandidatesWarning
            If there are fewer candidates than `batch_size`; all of them are returned.
        """
        count = check_integer("batch_size", batch_size, minimum=1)
        check_seed(random_state)
        self._check_parameters()
        known = LabelledGraph.of(model)
        open_ = check_candidates(candidates, known.graph_.n_nodes)
        n_given = len(open_)
        open_ = open_[~known.labelled_[open_]]
        if len(open_) == 0:
            raise InvalidInputError(
                f"there is nothing to ask: all {n_given} candidates have a label already."
                if n_given
                else "there is nothing to ask: candidates is empty."
            )
        with np.errstate(under="ignore"):  # whatever np.seterr says: far away, all fades to 0
            chosen, scores = self._choose(
                model, known, min(count, len(open_)), open_, check_random_state(random_state)
            )
        self.scores_: FloatArray = np.full(known.graph_.n_nodes, np.nan)
        self.scores_[open_] = scores
        # last, for a warning may be made an error
        if count > len(open_):
            warnings.warn(
                f"batch_size is {count}, but only {len(open_)} candidates have no label; all of "
                "them are returned.",
                FewCandidatesWarning,
                stacklevel=2,
            )
        return chosen

    def responses(self, model: object, points: npt.ArrayLike) -> FloatArray | None:
        """Return what labels at some points give to a model's scores, if the rule knows already.

        Parameters
        ----------
        model : fitted classifier
        points : array-like of int of shape (m,)
            Distinct nodes, such as those that were chosen last.

        Returns
        -------
        ndarray of shape (n_nodes, m), float64, or None
            About what a label at each gives to the scores of all nodes, for
            :meth:`fewlabels.LabelSpreading.add_labels` to begin with. None: the rule does not
            know, or not for this model.
        """
        return None

    def _check_parameters(self) -> None:
        """Raise if a parameter is out of range."""

    @abstractmethod
    def _choose(
        self,
        model: object,
        known: LabelledGraph,
        count: int,
        candidates: IntArray,
        rng: np.random.RandomState,
    ) -> tuple[IntArray, FloatArray]:
        """Return `count` of the candidates, and the scores of all of them at the start."""


class ScoreRule(QueryRule):
    """A rule that gives each candidate a score of its own; batches by :func:`local_maxima`."""

    batch: Batch

    def _check_parameters(self) -> None:
        check_choice("batch", self.batch, BATCHES)

    def _choose(
        self,
        model: object,
        known: LabelledGraph,
        count: int,
        candidates: IntArray,
        rng: np.random.RandomState,
    ) -> tuple[IntArray, FloatArray]:
        scores = self._scores(model, known, candidates, rng)
        if self.batch == "top" or count == 1:
            return candidates[np.argsort(-scores, kind="stable")[:count]], scores
        graph = in_memory(known.graph_, f'{type(self).__name__} with batch="local-max"')
        return local_maxima(graph.affinity, candidates, scores, count), scores

    @abstractmethod
    def _scores(
        self, model: object, known: LabelledGraph, candidates: IntArray, rng: np.random.RandomState
    ) -> FloatArray:
        """Return the score of each candidate; no NaN."""


def local_maxima(
    affinity: Matrix, candidates: IntArray, scores: FloatArray, count: int
) -> IntArray:
    """Choose the largest scores, but of neighbours only one.

    A candidate is a local maximum if none of its neighbours that are candidates has a larger score
    (of equal ones, the lower number counts as larger). The largest of them are chosen; where
    there are too few, the largest of those with no neighbour in the batch; then any.

    Parameters
    ----------
    affinity : csr_array or ndarray of shape (n, n)
    candidates : ndarray of intp, ascending
    scores : ndarray of shape (len(candidates),)
    count : int

    References
    ----------
    J. Chapman, B. Chen, Z. Tan, J. Calder, K. Miller, A. L. Bertozzi, "Novel batch active
    learning approach and its application on the synthetic aperture radar datasets", 2023
    (LocalMax).
    """
    order = np.argsort(-scores, kind="stable")
    n = affinity.shape[0]
    rank = np.full(n, n)
    rank[candidates[order]] = np.arange(len(order))
    chosen: list[int] = []
    taken = np.zeros(n, dtype=bool)
    near = np.zeros(n, dtype=bool)

    def take(node: int) -> None:
        chosen.append(node)
        taken[node] = True
        near[_neighbors(affinity, node)] = True

    for node in candidates[order]:
        if len(chosen) == count:
            break
        others = _neighbors(affinity, node)
        if len(others) == 0 or rank[others].min() > rank[node]:
            take(int(node))
    for apart in (True, False):
        for node in candidates[order]:
            if len(chosen) == count:
                break
            if not taken[node] and not (apart and near[node]):
                take(int(node))
    return np.array(chosen, dtype=np.intp)


def _neighbors(affinity: Matrix, node: int) -> IntArray:
    if isinstance(affinity, np.ndarray):
        return np.flatnonzero(affinity[node])
    return affinity.indices[affinity.indptr[node] : affinity.indptr[node + 1]]
