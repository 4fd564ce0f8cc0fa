"""The recommended query rule on a cluster: what the client keeps from one choice to the next."""

from __future__ import annotations

import contextlib
import weakref
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from fewlabels._parts import part_folder
from fewlabels.dask._asking import Chosen, Question, choose_part
from fewlabels.dask._brought import Answered
from fewlabels.dask._cluster import work_together
from fewlabels.dask._layout import RegionGraph

if TYPE_CHECKING:
    from distributed import Client

IntArray = npt.NDArray[np.intp]


class RecommendedRule:
    """Margin times Sigma-optimality over what is uncertain, by sketches on the workers.

    Asks what :class:`fewlabels.queries.UncertainInfluence` would ask in memory with the same
    sketch: the signs are the same, and so is the order of what is done to them.

    Parameters
    ----------
    graph : RegionGraph
    folder : Path
        A folder that the workers share, to make another one in for what is kept. That ends with
        the rule.
    alpha : float
        Of the model, whose shards of the graph serve here, too.
    n_recoveries : int
        How often workers may be lost in a choice.

    Notes
    -----
    Cost: 65 columns at first, and one for each label; for each choice one for every further row of
    it, and two more; each takes some 40 products with the graph. Every choice also reads the
    columns of all labels once or twice, and twice more for each further row of it: O(n_nodes *
    n_labels) from the disk, in one file a region for each row that was asked. Disk: 264 bytes a
    row, and 4 for each label. Memory of a worker: 24 bytes a row and column, of 16 at a time.
    """

    def __init__(self, graph: RegionGraph, folder: Path, alpha: float, n_recoveries: int) -> None:
        self._graph, self._alpha, self._n_recoveries = graph, alpha, n_recoveries
        stack = contextlib.ExitStack()
        self._folder = stack.enter_context(part_folder(folder))
        self._batches: tuple[IntArray, ...] = ()
        weakref.finalize(self, stack.close)

    def choose(
        self,
        client: Client,
        count: int,
        *,
        labelled: IntArray,
        closed: IntArray,
        answers: Answered | None = None,
        reached: IntArray | None = None,
    ) -> IntArray:
        """Return `count` rows that are open, in the order in which they were chosen.

        Parameters
        ----------
        client : Client
        count : int
        labelled, closed : ndarray of intp
            The caller's rows that have a label, and others that may not be chosen.
        answers : Answered, default=None
            Of a fit on these labels, of two classes or more.
        reached : ndarray of int, default=None
            The components that hold a label; None: there is one component.

        Raises
        ------
        ClusterError
            If the workers can't be used or were lost too often.
        """
        question = Question(
            graph=self._graph,
            alpha=self._alpha,
            folder=self._folder,
            labelled=np.sort(self._graph.places_of(labelled)),
            closed=np.sort(self._graph.places_of(closed)),
            batches=self._batches,
            count=count,
            answers=answers,
            reached=reached,
        )
        found: list[Chosen] = work_together(
            client, question, choose_part, self._folder, n_recoveries=self._n_recoveries
        )
        self._batches = found[0].batches
        return found[0].rows
