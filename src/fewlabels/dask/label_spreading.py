"""Label spreading on a cluster."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import warnings
import weakref
from collections.abc import Callable
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
from fewlabels.dask._checkpoint import remove_states
from fewlabels.dask._cluster import client_of, solve_together
from fewlabels.dask._insight import most_uncertain
from fewlabels.dask._labels import FewLabels, checked_rows, read_labels
from fewlabels.dask._layout import RegionGraph
from fewlabels.dask._part import Outcome, Problem, release
from fewlabels.dask._progress import Progress, reporting
from fewlabels.exceptions import InvalidTypeError, UnreachedWarning

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
        on from there, also in another process and with another number of workers. None: a folder
        in the graph's, for the answers, which ends with the model, and no checkpoints: a fit whose
        workers are lost begins anew.
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
        the features that the graph was built of. Of the graph's dtype. The shares of the
        classes among the labels where no label reaches. This and the other dask arrays are read
        from the folder of the answers when they are computed, and end with the next
        :meth:`add_labels`.
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
        self._answers: Path | None = None
        self._solve(labels, anew=True)
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
        return self._labels.decode(_codes(shares))

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

    def most_uncertain(self, n_rows: int = 1, *, measure: str = "margin") -> IntArray:
        """Return the unlabelled rows that the model is least sure of, the least sure first.

        Parameters
        ----------
        n_rows : int, default=1
        measure : {"margin", "entropy", "least-confidence"}, default="margin"
            As the functions of :mod:`fewlabels.queries`.

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

    def _held(self) -> Path:
        if self._answers is None:
            raise RuntimeError("there are no answers")
        return self._answers

    def _solve(self, labels: FewLabels, *, anew: bool) -> None:
        """Solve for these labels, from the answers that there are, and publish what comes."""
        graph, home = self.graph_, self._folder
        before: dict[str, Any] = {}
        if not anew and self._answers is not None and not self._levelled:
            before = _change(self._labels, labels, self._converged)
            before["before"] = self._answers
        places = graph.places_of(labels.rows)
        by_place = np.argsort(places)
        identity = _identity(graph, labels, self.alpha, self.tol, self.max_iter, before)
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
            reached=_components_of(graph, places),
            dtype=graph.dtype,
            answers=answers,
            checkpoint=None if self.checkpoint is None else home,
            checkpoint_every=int(self.checkpoint_every),
            identity=identity,
            **before,
        )
        try:
            with reporting(self.progress, self.max_iter) as report:
                outcomes = solve_together(
                    self._client, problem, home, n_recoveries=int(self.n_recoveries), report=report
                )
        except BaseException:  # its checkpoints stay, half-written answers don't
            if answers != self._answers:
                shutil.rmtree(answers, ignore_errors=True)
            raise
        old, self._answers = self._answers, answers
        if old is not None and old != answers:
            shutil.rmtree(old, ignore_errors=True)
        remove_states(home)
        self._publish(labels, outcomes, problem)

    def _publish(self, labels: FewLabels, outcomes: list[Outcome], problem: Problem) -> None:
        self._labels = labels
        self.classes_ = labels.classes
        self.n_iter_ = max(1, outcomes[0].n_iter)
        self._converged, self._levelled = outcomes[0].converged, outcomes[0].levelled
        self.figures_ = {
            "n_own": [each.n_own for each in outcomes],
            "n_halo": [each.n_halo for each in outcomes],
        } | {name: [each.figures[name] for each in outcomes] for name in outcomes[0].figures}
        n_classes, dtype, prior = problem.n_classes, problem.dtype, labels.shares()
        shares = partial(_shares, prior=prior)
        self.label_distributions_ = self._array(shares, dtype, n_classes)
        decided = partial(_decided, labels=labels)
        kind = labels.decode(np.array([0, -1])).dtype
        self.transduction_ = self._array(decided, kind)
        self.evidence_ = self._array(partial(_answers.read_rows, kind="totals"), np.float64)
        self.reached_ = self._array(partial(_reached, reached=problem.reached), bool)
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


def _change(old: FewLabels, new: FewLabels, kept: bool) -> dict[str, Any]:
    """Say how labels differ: which classes to solve for, and where each was before.

    `kept` tells whether the scores from before can stay beside new ones.
    """
    place = {label: code for code, label in enumerate(old.classes.tolist())}
    columns = np.array([place.get(label, -1) for label in new.classes.tolist()], dtype=np.intp)
    was = dict(zip(old.rows.tolist(), old.codes.tolist(), strict=True))
    gained = {
        int(code)
        for row, code in zip(new.rows.tolist(), new.codes.tolist(), strict=True)
        if was.get(row) != columns[code] or columns[code] < 0
    }
    lost = any(
        columns[code] != was[row]
        for row, code in zip(new.rows.tolist(), new.codes.tolist(), strict=True)
        if row in was
    )
    touched = None if lost or not kept or len(gained) == len(columns) else np.array(sorted(gained))
    if touched is not None and len(touched) == 0:
        touched = np.arange(1)  # nothing changes: one class is looked at again
    return {"old_columns": columns, "touched": touched}


def _identity(
    graph: RegionGraph,
    labels: FewLabels,
    alpha: float,
    tol: float,
    max_iter: int,
    before: dict[str, Any],
) -> str:
    """Name a solve by all that its answers depend on."""
    digest = hashlib.sha256(repr((graph.checksum, graph.n_nodes, alpha, tol, max_iter)).encode())
    digest.update(labels.rows.tobytes())
    digest.update(labels.codes.tobytes())
    digest.update(str(len(labels.classes)).encode())
    for name, value in sorted(before.items()):
        shown = value.tolist() if isinstance(value, np.ndarray) else getattr(value, "name", value)
        digest.update(f"{name}={shown}".encode())
    return digest.hexdigest()[:16]


def _components_of(graph: RegionGraph, places: IntArray) -> IntArray | None:
    if graph.n_components == 1:
        return None
    return np.unique([int(graph.components(place, place + 1)[0]) for place in places.tolist()])


def _codes(shares: AnyArray) -> IntArray:
    return np.where(shares.any(axis=1), np.argmax(shares, axis=1), -1)


def _shares(
    graph: RegionGraph, folder: Path, start: int, stop: int, prior: npt.NDArray[np.float64]
) -> AnyArray:
    places = graph.places(start, stop)
    shares = _answers.gather(graph, folder, "shares", places)
    shares[~shares.any(axis=1)] = prior
    return shares


def _decided(
    graph: RegionGraph, folder: Path, start: int, stop: int, labels: FewLabels
) -> AnyArray:
    places = graph.places(start, stop)
    return labels.decode(_codes(_answers.gather(graph, folder, "shares", places)))


def _reached(
    graph: RegionGraph, folder: Path, start: int, stop: int, reached: IntArray | None
) -> npt.NDArray[np.bool_]:
    if reached is None:
        return np.ones(stop - start, dtype=bool)
    places = graph.places(start, stop)
    first, last = int(places.min(initial=0)), int(places.max(initial=-1)) + 1
    return np.isin(graph.components(first, max(first, last))[places - first], reached)
