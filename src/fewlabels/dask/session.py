"""The labelling loop on a cluster."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal, NoReturn

import numpy as np
import numpy.typing as npt
from distributed import Client
from sklearn.base import clone

from fewlabels._typing import Loaded
from fewlabels._unsaid import unsaid
from fewlabels._validation import check_choice
from fewlabels.dask._layout import RegionGraph
from fewlabels.dask._recommended import RecommendedRule
from fewlabels.dask._workers import client_of
from fewlabels.dask.label_spreading import LabelSpreading
from fewlabels.exceptions import InvalidTypeError, LabelWarning, UnreachedWarning
from fewlabels.queries._measures import MEASURES, Uncertainty
from fewlabels.session import Session as _Session
from fewlabels.session._labels import Label, is_same
from fewlabels.session._questions import Answers
from fewlabels.session._settings import Settings
from fewlabels.session._state import SessionState

IntArray = npt.NDArray[np.intp]


class Session(_Session):
    """A labelling session on a graph in regions: it asks, learns, and estimates the accuracy.

    As :class:`fewlabels.Session`, which describes :meth:`ask`, :meth:`tell`, :meth:`skip`,
    :meth:`relabel`, :meth:`withdraw`, :meth:`undo`, :meth:`estimate` and :meth:`class_shares`.
    Predictions are those of `model_`. Proofs of an accuracy, advice and saving are not there.

    Parameters
    ----------
    graph : RegionGraph
    classes : sequence of labels, default=None
        The allowed labels, two or more. None: a new class may appear at any time.
    model : fewlabels.dask.LabelSpreading, default=None
        Its parameters are taken; None is ``LabelSpreading()``.
    query : {"auto", "margin", "entropy", "least-confidence"}, default="auto"
        ``"auto"`` is the rule that is recommended in memory, too: unsure rows from which a label
        tells most about all that the model is unsure of, by
        :class:`fewlabels.queries.UncertainInfluence` with the same sketch of 64 columns. The
        others are how unsure the model is of a row: those with the largest scores of all are asked;
        before there are two classes, rows are drawn.
    audit_share, n_start, random_state
        As of :class:`fewlabels.Session`.
    client : distributed.Client, default=None
        None: the one in use.

    Attributes
    ----------
    graph : RegionGraph
    model_ : LabelSpreading or None
        Fitted on the labels that the last question or estimate needed.
    n_points : int

    Notes
    -----
    Takes up to 20 bytes a row in the client. ``"auto"`` solves for 65 columns at its first
    question, one for each label, and one for each row that it asks; it keeps 264 bytes a row and 4
    for each label on the shared disk, until the session ends, and each choice reads those of all
    labels. The others only read the answers.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from distributed import Client, LocalCluster
    >>> from fewlabels import knn_graph
    >>> from fewlabels.dask import Session, regions_of
    >>> X = [[0.0], [0.1], [0.3], [5.0], [5.1], [5.3]]
    >>> path = Path(tempfile.mkdtemp()) / "graph"
    >>> graph = regions_of(knn_graph(X, n_neighbors=2), path, n_regions=2)
    >>> cluster = LocalCluster(n_workers=2, processes=False, dashboard_address=":0")
    >>> with cluster, Client(cluster):
    ...     session = Session(graph).tell([0, 3], ["low", "high"])
    ...     len(session.ask(2))
    2
    """

    def __init__(
        self,
        graph: RegionGraph,
        classes: Iterable[object] | None = None,
        model: LabelSpreading | None = None,
        query: Literal["auto"] | Uncertainty = "auto",
        *,
        audit_share: float = 0.1,
        n_start: int = 10,
        random_state: int = 0,
        client: Client | None = None,
    ) -> None:
        if not isinstance(graph, RegionGraph):
            raise InvalidTypeError(
                f"graph must be a RegionGraph, got {type(graph).__name__}. A graph in memory is "
                "asked about by fewlabels.Session."
            )
        chosen = LabelSpreading() if model is None else model
        if not isinstance(chosen, LabelSpreading):
            raise InvalidTypeError(
                f"model must be a fewlabels.dask.LabelSpreading, got {type(model).__name__}."
            )
        check_choice("query", query, ("auto", *MEASURES))
        chosen._check_parameters()
        self._settings = Settings.checked(
            classes=classes,
            model=None,
            query=query,
            audit_share=audit_share,
            n_start=n_start,
            random_state=random_state,
        )
        self.classes = self._settings.classes
        self.graph: Any = graph
        self.n_points = graph.n_nodes
        self._cluster = _Learner(graph, clone(chosen), query, client)
        self._learner: Any = self._cluster
        self._state = SessionState(self.n_points, self.classes)

    @property
    def model_(self) -> LabelSpreading | None:
        """The model, where it is fitted."""
        return self._cluster.model if self._cluster.fitted else None

    def _checked_answers(self) -> Answers:
        labels = self._state.labels
        return self._cluster.answers(labels)

    def _refuse(self, *args: object, **settings: object) -> NoReturn:
        raise InvalidTypeError(
            "a session on a cluster has no such thing: take the answers of session.model_, and "
            "session.estimate() for their accuracy."
        )

    predictions = checked_labels = advice = save = _refuse


class _Learner:
    """The model, kept up with the labels, and who asks."""

    def __init__(
        self, graph: RegionGraph, model: LabelSpreading, measure: str, client: Client | None
    ) -> None:
        self.model = model
        self.fitted: dict[int, Label] = {}
        self.methods: tuple[object, ...] = ()
        self._graph, self._measure, self._client = graph, measure, client
        self._rule: RecommendedRule | None = None

    def answering(self, labels: Mapping[int, Label]) -> LabelSpreading:
        """Return the model fitted on these labels, one or more."""
        added = {
            row: label
            for row, label in labels.items()
            if row not in self.fitted or not is_same(self.fitted[row], label)
        }
        removed = any(row not in labels for row in self.fitted)
        before, self.fitted = self.fitted, {}  # whatever it holds if this fails
        with unsaid(UnreachedWarning, LabelWarning):
            if removed or not before:
                given = (list(labels), _column(labels.values()))
                self.model.fit(self._graph, given, client=self._client)
            elif added:
                self.model.add_labels(list(added), _column(added.values()))
        self.fitted = dict(labels)
        return self.model

    def answers(self, labels: Mapping[int, Label]) -> Answers:
        """Return the class of each row, by the model at these labels."""
        model = self.answering(labels)
        classes: list[Label] = model.classes_.tolist()
        codes: np.ndarray = model.codes().compute()
        return Answers(classes, np.where(codes < 0, len(classes), codes), len(labels))

    def choose(
        self, labels: Mapping[int, Label], count: int, is_open: npt.NDArray[np.bool_], seed: int
    ) -> IntArray:
        """Return `count` open rows: the rule's, the least sure, or drawn ones."""
        if self._measure == "auto":
            return self._recommended(labels, count, is_open)
        chosen = np.empty(0, dtype=np.intp)
        if len(set(labels.values())) > 1:
            n_closed = len(is_open) - int(is_open.sum()) - len(labels)
            model = self.answering(labels)
            ranked = model.most_uncertain(count + max(0, n_closed), measure=self._measure)
            chosen = ranked[is_open[ranked]][:count]
        if len(chosen) < count:  # also of rows that no label reaches
            left = is_open.copy()
            left[chosen] = False
            drawn = np.random.default_rng(seed).choice(
                np.flatnonzero(left), size=count - len(chosen), replace=False
            )
            chosen = np.concatenate([chosen, drawn])
        return chosen

    def _recommended(
        self, labels: Mapping[int, Label], count: int, is_open: npt.NDArray[np.bool_]
    ) -> IntArray:
        client = client_of(self._client)
        if self._rule is None:
            home = self.model.checkpoint
            folder = self._graph.path if home is None else Path(os.path.realpath(home))
            folder.mkdir(parents=True, exist_ok=True)
            self._rule = RecommendedRule(
                self._graph, folder, float(self.model.alpha), int(self.model.n_recoveries)
            )
        rows = np.array(sorted(labels), dtype=np.intp)
        closed = np.setdiff1d(np.flatnonzero(~is_open), rows)
        of_model: Loaded = {}
        if len(set(labels.values())) > 1:
            of_model = self.answering(labels)._seen_by_rules()
        return self._rule.choose(client, count, labelled=rows, closed=closed, **of_model)


def _column(labels: Iterable[Label]) -> np.ndarray:
    """Labels as an array in which none of them is taken for a missing one."""
    values = list(labels)
    column = np.empty(len(values), dtype=object)
    column[:] = values
    return column if any(isinstance(value, str) for value in values) else np.array(values)
