"""Label spreading on a cluster."""

from __future__ import annotations

import contextlib
import os
import shutil
import warnings
import weakref
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any, Self

import dask
import dask.array as da
import numpy as np
import numpy.typing as npt
from distributed import Client
from sklearn.base import BaseEstimator
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.validation import check_is_fitted

from fewlabels._callers import callers_level
from fewlabels._parts import part_folder
from fewlabels._unsaid import is_unsaid
from fewlabels._validation import check_integer, check_real
from fewlabels.dask import _answers
from fewlabels.dask._change import change_of, components_of, identity_of
from fewlabels.dask._checkpoint import remove_states
from fewlabels.dask._cluster import work_together
from fewlabels.dask._insight import most_uncertain
from fewlabels.dask._labels import FewLabels, checked_rows, read_labels
from fewlabels.dask._layout import RegionGraph
from fewlabels.dask._left_out import calibration_of, left_out_of
from fewlabels.dask._part import Outcome, Problem, solve_part
from fewlabels.dask._progress import Progress, reporting
from fewlabels.dask._seat import release
from fewlabels.dask._views import calibrated, coded, codes_of, decided, reached, shares_of
from fewlabels.dask._workers import client_of
from fewlabels.exceptions import InvalidTypeError, UnreachedWarning
from fewlabels.insight import Calibration

AnyArray = npt.NDArray[Any]
IntArray = npt.NDArray[np.intp]


class LabelSpreading(BaseEstimator):
    """Label spreading on the workers of a Dask cluster: the answers of one machine, to the tol.

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
    progress : bool or callable, default=False
        True shows steps and error on standard error; a function is called with what happens, a
        dict with ``"what"`` ("step", "saved", "resumed", "lost"), ``"n_iter"`` and ``"error"``.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
    label_distributions_ : dask array of shape (n_nodes, n_classes)
        Rows sum to 1, in the caller's order; chunked as `y` is if that is a dask array, else as
        the features that the graph was built of. Of the graph's dtype. The shares of the classes
        among the labels where no label reaches. This and the other dask arrays are read from the
        folder of the answers when they are computed, and end with the next :meth:`add_labels`.
    transduction_ : dask array of shape (n_nodes,)
        The most probable class; the unlabelled marker where no label reaches.
    reached_ : dask array of shape (n_nodes,), bool
        Whether the row's component of the graph holds a label.
    evidence_ : dask array of shape (n_nodes,), float64
        The row sums of F: how much evidence arrived at all.
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

    _answers: Path | None
    _calibration: Calibration | None  # made when it is asked for, of the labels of the last fit

    def __init__(
        self,
        alpha: float = 0.99,
        *,
        tol: float = 1e-3,
        max_iter: int = 1000,
        checkpoint: str | os.PathLike[str] | None = None,
        checkpoint_every: int = 20,
        n_recoveries: int = 10,
        progress: Progress = False,
    ) -> None:
        self.alpha = alpha
        self.tol = tol
        self.max_iter = max_iter
        self.checkpoint = checkpoint
        self.checkpoint_every = checkpoint_every
        self.n_recoveries = n_recoveries
        self.progress = progress

    def fit(self, graph: RegionGraph, y: Any, *, client: Client | None = None) -> Self:
        """Spread the labels `y` over the graph.

        Parameters
        ----------
        graph : RegionGraph
            As :func:`fewlabels.dask.knn_graph` or :func:`fewlabels.dask.open_graph` returns it.
        y : dask array or array-like of shape (n_nodes,), or tuple (rows, labels)
            Labels. Unlabelled are None, NaN and ``pandas.NA``, and -1 among numbers. Or the
            labelled rows alone, and their labels.
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
            If `y` does not fit the graph, or no row is labelled.

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
        labels, chunks = read_labels(y, graph.n_nodes)
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

    def fit_predict(self, graph: RegionGraph, y: Any, *, client: Client | None = None) -> da.Array:
        """Fit, and return `transduction_`; see :meth:`fit`."""
        transduction: da.Array = self.fit(graph, y, client=client).transduction_
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
        check_is_fitted(self)
        chosen = checked_rows("rows", rows, self.graph_.n_nodes)
        places = self.graph_.places_of(chosen)
        shares = _answers.gather(self.graph_, self._held(), "shares", places)
        return self._labels.decode(codes_of(shares))

    def add_labels(self, rows: npt.ArrayLike, labels: Any) -> Self:
        """Label more rows, or correct labels, without a refit.

        Only the classes that gain a label are solved for, from their scores before; all are where
        a label is corrected.

        Parameters
        ----------
        rows : array-like of int of shape (n_added,)
            Each at most once.
        labels : array-like of shape (n_added,)
            Their classes; new ones are welcome.

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
        self._solve(self._labels.with_more(added, labels), anew=False)
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
        return most_uncertain(
            self._client, self.graph_, self._held(), self._labels.rows, n_rows, measure
        )

    @property
    def loo_calibration_(self) -> Calibration:
        """The calibration on labels that are left out; see :meth:`calibrated_proba`."""
        check_is_fitted(self)
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
        read = partial(calibrated, calibration=self.loo_calibration_, prior=self._labels.shares())
        return self._array(read, np.float64, len(self.classes_))

    def close(self) -> None:
        """Let go of what the workers hold, and of a folder of answers that is the model's own."""
        client = getattr(self, "_client", None)
        if client is not None and client.status == "running":
            client.run(release, on_error="ignore")
        if (own := getattr(self, "_close", None)) is not None:
            own()

    def _check_parameters(self) -> None:
        check_real("alpha", self.alpha, minimum=1e-12, below=1)
        check_real("tol", self.tol, minimum=0)
        check_integer("max_iter", self.max_iter, minimum=1)
        check_integer("checkpoint_every", self.checkpoint_every, minimum=1)
        check_integer("n_recoveries", self.n_recoveries, minimum=0)

    def _home(self, graph: RegionGraph) -> Path:
        """Return the folder of the answers, which workers have to see."""
        if (own := getattr(self, "_close", None)) is not None:
            own()
        if self.checkpoint is not None:
            self._close = None
            home = Path(os.path.realpath(self.checkpoint))
            home.mkdir(parents=True, exist_ok=True)
            return home
        stack = contextlib.ExitStack()
        home = stack.enter_context(part_folder(graph.path))
        self._close = weakref.finalize(self, stack.close)
        return home

    def _for_rules(self) -> dict[str, Any]:
        """What query rules look at: the folder of the answers, and where there are none."""
        problem = self._problem
        return {
            "answers": self._held(),
            "prior": self._labels.shares(),
            "reached": problem.reached,
        }

    def _held(self) -> Path:
        if self._answers is None:
            raise RuntimeError("there are no answers")
        return self._answers

    def _solve(self, labels: FewLabels, *, anew: bool) -> None:
        """Solve for these labels, from the answers that there are, and publish what comes."""
        graph, home = self.graph_, self._folder
        before: dict[str, Any] = {}
        if not anew and self._answers is not None and not self._levelled:
            before = change_of(self._labels, labels, self._converged)
            before["before"] = self._answers
        places = graph.places_of(labels.rows)
        by_place = np.argsort(places)
        identity = identity_of(graph, labels, self.alpha, self.tol, self.max_iter, before)
        answers = home / f"answers-{identity}"
        answers.mkdir(exist_ok=True)
        problem = Problem(
            graph=graph,
            alpha=float(self.alpha),
            tol=float(self.tol),
            max_iter=int(self.max_iter),
            rows=places[by_place],
            codes=labels.codes[by_place],
            weights=np.ones(len(places)),
            n_classes=len(labels.classes),
            reached=components_of(graph, places),
            dtype=graph.dtype,
            answers=answers,
            checkpoint=None if self.checkpoint is None else home,
            checkpoint_every=int(self.checkpoint_every),
            identity=identity,
            **before,
        )
        try:
            outcomes = self._solved(problem)
        except BaseException:  # its checkpoints stay, half-written answers don't
            if answers != self._answers:
                shutil.rmtree(answers, ignore_errors=True)
            raise
        old, self._answers = self._answers, answers
        if old is not None and old != answers:
            shutil.rmtree(old, ignore_errors=True)
        remove_states(home)
        self._publish(labels, outcomes, problem)

    def _solved(self, problem: Problem) -> list[Outcome]:
        with reporting(self.progress, self.max_iter) as report:
            return work_together(
                self._client,
                problem,
                solve_part,
                self._folder,
                n_recoveries=int(self.n_recoveries),
                report=report,
            )

    def _publish(self, labels: FewLabels, outcomes: list[Outcome], problem: Problem) -> None:
        self._labels = labels
        self._problem = replace(problem, before=None, touched=None)
        self._calibration = None
        self.classes_ = labels.classes
        self.n_iter_ = max(1, outcomes[0].n_iter)
        self._converged, self._levelled = outcomes[0].converged, outcomes[0].levelled
        self.figures_ = {
            "n_own": [each.n_own for each in outcomes],
            "n_halo": [each.n_halo for each in outcomes],
        } | {name: [each.figures[name] for each in outcomes] for name in outcomes[0].figures}
        n_classes, dtype, prior = problem.n_classes, problem.dtype, labels.shares()
        shares = partial(shares_of, prior=prior)
        self.label_distributions_ = self._array(shares, dtype, n_classes)
        decide = partial(decided, labels=labels)
        kind = labels.decode(np.array([0, -1])).dtype
        self.transduction_ = self._array(decide, kind)
        self.evidence_ = self._array(partial(_answers.read_rows, kind="totals"), np.float64)
        self.reached_ = self._array(partial(reached, known=problem.reached), bool)
        self._warn(outcomes, problem)

    def _array(self, read: Callable[..., AnyArray], dtype: Any, n_columns: int = 0) -> da.Array:
        """Return a dask array whose chunks are read by `read(graph, folder, start, stop)`."""
        ends = np.cumsum([0, *self._chunks]).tolist()
        parts = []
        delayed = dask.delayed(read, pure=False)
        for start, stop in pairwise(ends):
            shape = (stop - start, n_columns) if n_columns else (stop - start,)
            block = delayed(graph=self.graph_, folder=self._held(), start=start, stop=stop)
            parts.append(da.from_delayed(block, shape=shape, dtype=dtype))
        return da.concatenate(parts)

    def _warn(self, outcomes: list[Outcome], problem: Problem) -> None:
        if not self._converged:
            n_open = sum(each.n_open for each in outcomes)
            limited = self.n_iter_ >= problem.max_iter
            why = f"max_iter={problem.max_iter} was reached" if limited else "rounding ended it"
            warnings.warn(
                f"{why} without convergence to tol={problem.tol:g}; {n_open} rows that labels "
                "reach have no answer yet. "
                + ("Raise max_iter." if limited else "Raise alpha, or label rows nearer by."),
                ConvergenceWarning,
                stacklevel=callers_level(),
            )
        if problem.reached is not None and not is_unsaid(UnreachedWarning):
            n_left = self.graph_.n_components - len(problem.reached)
            if n_left:
                warnings.warn(
                    f"{n_left} of the graph's {self.graph_.n_components} components hold no label. "
                    "Distributions there are the shares of the classes among the labels, "
                    "transduction_ marks these rows as unlabelled, and reached_ is False.",
                    UnreachedWarning,
                    stacklevel=callers_level(),
                )
