"""An estimator whose fits are solved by the workers of a cluster, and published from files."""

from __future__ import annotations

import contextlib
import os
import shutil
import weakref
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import dask.array as da
import numpy as np
from distributed import Client
from sklearn.base import BaseEstimator

from fewlabels._parts import part_folder
from fewlabels._typing import Loaded
from fewlabels._validation import check_integer, check_real
from fewlabels.dask._brought import Answered, brought_to
from fewlabels.dask._change import change_of, components_of, identity_of
from fewlabels.dask._checkpoint import remove_states
from fewlabels.dask._cluster import work_together
from fewlabels.dask._labels import FewLabels
from fewlabels.dask._layout import RegionGraph
from fewlabels.dask._part import Outcome, Problem, solve_part
from fewlabels.dask._progress import Progress, reporting
from fewlabels.dask._published import array_of, warn_of
from fewlabels.dask._seat import release
from fewlabels.dask._views import decided, reached, shares_of, totals
from fewlabels.insight import Calibration
from fewlabels.models._class_prior import ClassPrior, resolve_class_prior

AnyArray = np.ndarray


class SolvedTogether(BaseEstimator):
    """Solves for labels on a graph in regions, keeps the answers as files, and publishes them.

    Whoever derives from it sets these parameters; `fit` sets `graph_`, `_client`, `_chunks` and
    `_folder`, and calls `_solve`.
    """

    alpha: float
    tol: float
    max_iter: int
    checkpoint: str | os.PathLike[str] | None
    checkpoint_every: int
    n_recoveries: int
    class_prior: ClassPrior
    progress: Progress

    graph_: RegionGraph
    _client: Client
    _chunks: tuple[int, ...]
    _folder: Path
    _answers: Path | None
    _calibration: Calibration | None  # made when it is asked for, of the labels of the last fit

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

    def _seen_by_rules(self) -> Loaded:
        """What query rules look at: the answers, and the components that labels reach."""
        self._held()
        return {"answers": self._answered, "reached": self._problem.reached}

    def _held(self) -> Path:
        if self._answers is None:
            raise RuntimeError("there are no answers")
        return self._answers

    def _solve(self, labels: FewLabels, *, anew: bool) -> None:
        """Solve for these labels, from the answers that there are, and publish what comes."""
        graph, home = self.graph_, self._folder
        shares = resolve_class_prior(self.class_prior, labels.encoded())
        before: Loaded = {}
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
            weights=labels.weights[by_place],
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
            brought = None
            if shares is not None:
                guessed = isinstance(self.class_prior, str)
                brought = brought_to(self._client, graph, answers, labels, shares, guessed=guessed)
        except BaseException:  # its checkpoints stay, half-written answers don't
            if answers != self._answers:
                shutil.rmtree(answers, ignore_errors=True)
            raise
        old, self._answers = self._answers, answers
        if old is not None and old != answers:
            shutil.rmtree(old, ignore_errors=True)
        remove_states(home)
        self.class_prior_ = shares
        prior = labels.shares() if shares is None else shares
        self._answered = Answered(graph, answers, prior, brought)
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
        self.label_distributions_ = self._array(shares_of, problem.dtype, problem.n_classes)
        decide = partial(decided, labels=labels)
        kind = labels.decode(np.array([0, -1])).dtype
        self.transduction_ = self._array(decide, kind)
        self.evidence_ = self._array(totals, np.float64)
        self.reached_ = self._array(partial(reached, known=problem.reached), bool)
        warn_of(outcomes, problem)

    def _array(self, read: Callable[..., AnyArray], dtype: object, n_columns: int = 0) -> da.Array:
        self._held()
        return array_of(self._answered, read, self._chunks, dtype, n_columns)
