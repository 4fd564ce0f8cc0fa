"""Label spreading on a cluster."""

from __future__ import annotations

import os
import shutil
from functools import partial
from typing import Self

import dask.array as da
import numpy as np
import numpy.typing as npt
from distributed import Client
from sklearn.utils.validation import check_is_fitted

from fewlabels.dask._insight import most_uncertain
from fewlabels.dask._labels import checked_rows, read_labels
from fewlabels.dask._layout import RegionGraph
from fewlabels.dask._left_out import calibration_of, left_out_of
from fewlabels.dask._progress import Progress
from fewlabels.dask._solved import SolvedTogether
from fewlabels.dask._views import (
    calibrated,
    coded,
    codes_of,
    filled,
)
from fewlabels.dask._workers import client_of
from fewlabels.exceptions import InvalidInputError, InvalidTypeError
from fewlabels.insight import Calibration
from fewlabels.models._class_prior import ClassPrior

AnyArray = np.ndarray
IntArray = npt.NDArray[np.intp]


class LabelSpreading(SolvedTogether):
    """Label spreading on the workers of a Dask cluster, with the answers of a single machine.

    As :class:`fewlabels.LabelSpreading`, F = (1 - alpha) (I - alpha S)^-1 Y, solved with the same
    iteration and stopping rule: as many steps, and on any number of workers the same to the last
    bit. Each worker holds a run of the graph's regions, and its rows of the scores; rows at the
    borders go from worker to worker in each step. The scheduler and the client see no step.

    Parameters
    ----------
    alpha : float, default=0.99
        In [1e-12, 1): how much of a row's scores comes from its neighbours.
    tol : float, default=1e-3
        No row's distribution is off by more; at least 0.
    max_iter : int, default=1000
        Most steps; at least 1.
    checkpoint : path-like, default=None
        A folder that the workers share, for the answers and for what a fit has come to. Workers
        that are lost cost the steps since then. A fit of the same graph, labels and settings goes
        on from there, also in another process and with another number of workers. One model a
        folder. None: a folder in the graph's, for the answers, which ends with the model, and no
        checkpoints: a fit whose workers are lost begins anew.
    checkpoint_every : int, default=20
        Steps from one to the next. Each takes 16 bytes a row and class.
    n_recoveries : int, default=10
        How often workers may be lost in a fit before it gives up.
    class_prior : {"uniform", "labels"}, array-like of shape (n_classes,), mapping, default=None
        The shares of the classes that are expected among the unlabelled rows, as
        :class:`fewlabels.LabelSpreading` has them.
    progress : bool or callable, default=False
        True shows steps and error on standard error; a function is called with what happens, a
        dict with ``"what"`` ("step", "saved", "resumed", "lost"), ``"n_iter"`` and ``"error"``.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
    label_distributions_ : dask array of shape (n_nodes, n_classes)
        Rows sum to 1, in the caller's order; chunked as `y` is if that is a dask array, else as
        the features that the graph was built of. Of the graph's dtype. The prior, the shares of
        the classes among the labels, where no label reaches. This and the other dask arrays are
        read from the folder of the answers when they are computed, and end with the next
        :meth:`add_labels`.
    transduction_ : dask array of shape (n_nodes,)
        The most probable class; the unlabelled marker where no label reaches.
    reached_ : dask array of shape (n_nodes,), bool
        Whether the row's component of the graph holds a label.
    evidence_ : dask array of shape (n_nodes,), float64
        The row sums of F: how much evidence arrived at all.
    class_prior_ : ndarray of shape (n_classes,), or None
        The shares that `class_prior` came to.
    n_iter_ : int
        Steps of the last solve.
    graph_ : RegionGraph
    figures_ : dict
        Of the last solve, for each worker in order: rows held (``"n_own"``) and copied
        (``"n_halo"``), ``"bytes"`` sent, ``"seconds"`` of its processors, ``"peak"`` of its memory
        in bytes.

    Notes
    -----
    Cost of a step a worker: its edges times the classes; 8 bytes a halo row and class sent.
    Memory a worker: 24 bytes a row and class, and 12 an entry of the affinity, which go to the
    worker's own disk where its limit is near.

    Scripts that start a ``LocalCluster`` need ``if __name__ == "__main__":``, because its processes
    import them again.

    References
    ----------
    D. Zhou, O. Bousquet, T. N. Lal, J. Weston, B. Schoelkopf, "Learning with local and global
    consistency", NIPS 2003.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from distributed import Client, LocalCluster
    >>> from fewlabels import knn_graph
    >>> from fewlabels.dask import LabelSpreading, regions_of
    >>> X = [[0.0], [0.1], [0.3], [5.0], [5.1], [5.3]]
    >>> path = Path(tempfile.mkdtemp()) / "graph"
    >>> graph = regions_of(knn_graph(X, n_neighbors=2), path, n_regions=2)
    >>> cluster = LocalCluster(n_workers=2, processes=False, dashboard_address=":0")
    >>> with cluster, Client(cluster):
    ...     model = LabelSpreading().fit(graph, ([0, 3], ["low", "high"]))
    ...     model.transduction_.compute().tolist()
    ['low', 'low', 'low', 'high', 'high', 'high']
    """

    def __init__(
        self,
        alpha: float = 0.99,
        *,
        tol: float = 1e-3,
        max_iter: int = 1000,
        checkpoint: str | os.PathLike[str] | None = None,
        checkpoint_every: int = 20,
        n_recoveries: int = 10,
        class_prior: ClassPrior = None,
        progress: Progress = False,
    ) -> None:
        self.alpha = alpha
        self.tol = tol
        self.max_iter = max_iter
        self.checkpoint = checkpoint
        self.checkpoint_every = checkpoint_every
        self.n_recoveries = n_recoveries
        self.class_prior = class_prior
        self.progress = progress

    def fit(
        self,
        graph: RegionGraph,
        y: object,
        sample_weight: object = None,
        *,
        client: Client | None = None,
    ) -> Self:
        """Spread the labels `y` over the graph.

        Parameters
        ----------
        graph : RegionGraph
            As :func:`fewlabels.dask.knn_graph` or :func:`fewlabels.dask.open_graph` returns it.
        y : dask array or array-like of shape (n_nodes,), or tuple (rows, labels)
            Labels. Unlabelled are None, NaN and ``pandas.NA``, and -1 among numbers. Or the
            labelled rows alone, and their labels.
        sample_weight : dask array or array-like of shape (n_nodes,), or float, default=None
            How much each label is trusted; 0 takes it back. With (rows, labels), one for each of
            those. None: 1 each.
        client : distributed.Client, default=None
            None: the one in use.

        Returns
        -------
        self : object

        Raises
        ------
        ClusterError
            If there are no workers, or some lack the package, have another version of it, don't
            see the folders, or were lost too often.
        InvalidInputError, InvalidTypeError
            If `y` does not fit the graph, no row is labelled, or weights or `class_prior` can't be
            used.

        Warns
        -----
        ConvergenceWarning
            If `max_iter` ended the iteration before `tol` was reached.
        UnreachedWarning
            If some rows lie in components of the graph that hold no label.
        """
        self._check_parameters()
        if not isinstance(graph, RegionGraph):
            raise InvalidTypeError(
                f"graph must be a RegionGraph, got {type(graph).__name__}. Build it with "
                "fewlabels.dask.knn_graph, or cut one that is at hand with "
                "fewlabels.dask.regions_of."
            )
        found = client_of(client)
        labels, chunks = read_labels(y, graph.n_nodes, sample_weight)
        self._close = getattr(self, "_close", None)
        home = self._home(graph)
        if chunks is None:  # as X, where the graph was built of chunks
            chunks = tuple(graph.build_info.get("chunks", np.diff(graph.starts).tolist()))
        state = (graph, found, chunks, home)
        self.graph_, self._client, self._chunks, self._folder = state
        earlier, self._answers = getattr(self, "_answers", None), None
        self._solve(labels, anew=True)
        if earlier not in (None, self._answers):
            shutil.rmtree(earlier, ignore_errors=True)
        return self

    def fit_predict(
        self,
        graph: RegionGraph,
        y: object,
        sample_weight: object = None,
        *,
        client: Client | None = None,
    ) -> da.Array:
        """Fit, and return `transduction_`; see :meth:`fit`."""
        fitted = self.fit(graph, y, sample_weight, client=client)
        transduction: da.Array = fitted.transduction_
        return transduction

    def predict(self, rows: npt.ArrayLike) -> AnyArray:
        """Return the most probable class of some rows of the graph, the marker where none is.

        Parameters
        ----------
        rows : array-like of int of shape (n_rows,)

        Returns
        -------
        ndarray of shape (n_rows,)
        """
        return self._labels.decode(codes_of(self._shares_at(rows)))

    def predict_proba(self, rows: npt.ArrayLike) -> AnyArray:
        """Return the class distributions of some rows of the graph.

        Parameters
        ----------
        rows : array-like of int of shape (n_rows,)

        Returns
        -------
        ndarray of shape (n_rows, n_classes)
            As `label_distributions_` has them.

        Raises
        ------
        InvalidInputError, InvalidTypeError
            If they are no row numbers. There are no answers to rows that are not in the graph.
        """
        shares = self._shares_at(rows)
        return filled(shares, self._answered.prior)

    def _shares_at(self, rows: npt.ArrayLike) -> AnyArray:
        check_is_fitted(self)
        self._held()
        if np.ndim(rows) == 2:
            raise InvalidInputError(
                f"rows must be row numbers of the graph, got shape {np.shape(rows)}. There are no "
                "answers to rows that are not in the graph: build it with them, without labels, "
                "and take their rows of label_distributions_."
            )
        chosen = checked_rows("rows", rows, self.graph_.n_nodes)
        return self._answered.shares(self.graph_.places_of(chosen))

    def add_labels(self, rows: npt.ArrayLike, labels: object, sample_weight: object = None) -> Self:
        """Label more rows, or correct labels, without a refit.

        Only the classes that gain a label are solved for, from their scores before; all are where
        a label is corrected.

        Parameters
        ----------
        rows : array-like of int of shape (n_added,)
            Each at most once.
        labels : array-like of shape (n_added,)
            Their classes; new ones are welcome.
        sample_weight : array-like of shape (n_added,), or float, default=None
            How much each is trusted; 0 takes a label back. None: 1 each, also where a row had
            another weight.

        Returns
        -------
        self : object

        Raises
        ------
        ClusterError, InvalidInputError, InvalidTypeError
            As of :meth:`fit`. The model is then as it was.
        """
        check_is_fitted(self)
        self._check_parameters()
        added = checked_rows("rows", rows, self.graph_.n_nodes)
        self._solve(self._labels.with_more(added, labels, sample_weight), anew=False)
        return self

    def codes(self) -> da.Array:
        """Return the place of each row's class in `classes_`, -1 where no label reaches."""
        check_is_fitted(self)
        return self._array(coded, np.int64)

    def most_uncertain(self, n_rows: int = 1, *, measure: str = "margin") -> IntArray:
        """Return the unlabelled rows that the model is least sure of, the least sure first.

        Parameters
        ----------
        n_rows : int, default=1
        measure : {"margin", "entropy", "least-confidence"}, default="margin"
            As the functions of ``fewlabels.queries``.

        Returns
        -------
        ndarray of shape (n_rows,), intp
            Fewer where fewer are left. Of equally unsure ones the lower row comes first.

        Notes
        -----
        Each region is looked through by a task of its own, and the best of all are merged.
        """
        check_is_fitted(self)
        self._held()
        return most_uncertain(self._client, self._answered, self._labels.rows, n_rows, measure)

    @property
    def loo_calibration_(self) -> Calibration:
        """The calibration on labels that are left out; see :meth:`calibrated_proba`."""
        check_is_fitted(self)
        if self.class_prior_ is not None:
            raise InvalidInputError(
                "on a cluster, answers are calibrated without class_prior only. Leave "
                "class_prior=None."
            )
        if self._calibration is None:
            problem = self._problem
            found = left_out_of(problem, self._labels, self._solved)
            self._calibration = calibration_of(problem, self.graph_, self._held(), found)
        return self._calibration

    def calibrated_proba(self) -> da.Array:
        """Return distributions that were calibrated on the labels, each left out in turn.

        As :meth:`fewlabels.LabelSpreading.calibrated_proba`. At its first call it solves for a
        column a label: so many fits as there are labels a class.

        Returns
        -------
        dask array of shape (n_nodes, n_classes), float64
            Rows sum to 1. The shares of the classes among the labels where no label reaches.
        """
        read = partial(calibrated, calibration=self.loo_calibration_)
        return self._array(read, np.float64, len(self.classes_))
