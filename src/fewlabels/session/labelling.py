"""The labelling loop as plain state: ask, tell, undo, save."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterable
from typing import Self

import numpy as np
import numpy.typing as npt

from fewlabels._callers import callers_level
from fewlabels._same_rows import refuse_other_order
from fewlabels._turns import in_turn
from fewlabels._typing import Estimator
from fewlabels._validation import check_integer
from fewlabels.exceptions import FewCandidatesWarning, InvalidInputError
from fewlabels.features import Points
from fewlabels.graph import Graph
from fewlabels.session._advising import advice_on
from fewlabels.session._answers import (
    checked_answers,
    checked_points,
    refuse_asked_together,
    warn_of_new_classes,
)
from fewlabels.session._events import Event
from fewlabels.session._file import read_session, write_session
from fewlabels.session._labels import Label
from fewlabels.session._learner import ModelLearner
from fewlabels.session._model import check_takes, label_column
from fewlabels.session._points import GraphPoints, quiet_blas
from fewlabels.session._predictions import Predictions
from fewlabels.session._questions import (
    Answers,
    HeldAnswers,
    answers_by,
    new_questions,
    share_of_checks,
)
from fewlabels.session._settings import Settings, loaded_settings
from fewlabels.session._state import SessionState
from fewlabels.session.advice import Advice
from fewlabels.session.audit import (
    AccuracyEstimate,
    ShareEstimate,
    checks_of,
    estimate_accuracy,
    estimate_shares,
)
from fewlabels.session.proof import taken_back

AnyArray = np.ndarray
IntArray = npt.NDArray[np.intp]


class Session:
    """A labelling session: it asks for labels, learns the answers, and says when to stop.

    Its state is simple: everything follows from the settings and the log of events, which
    :meth:`save` writes and :meth:`load` reads. A method that raises an error leaves the session
    unchanged.

    Questions are chosen by a rule, except for a share of random checks among them. For each check,
    the model's prediction is stored when it is asked, and compared with the answer in
    :meth:`estimate` and :meth:`advice`. Annotators need not know which questions are checks. Once
    :meth:`advice` finds that the model is probably good enough, all questions are checks until that
    is proven.

    Parameters
    ----------
    graph_or_X : {Graph, array-like, sparse matrix of shape (n_points, n_features)}, or other data
        Tables, texts and pictures are turned into points by :func:`fewlabels.make_points`; call it
        yourself to set its options. From features, the graph is built by
        :func:`fewlabels.graph.shared_neighbor_graph`, or by :func:`fewlabels.knn_graph` if `model`
        is a single one of fewlabels and not the recommended classifier; with their defaults.
    classes : sequence of labels, default=None
        The allowed labels, two or more. None: a new class may appear at any time.
    model : classifier, TransductiveModel or ModelPair, default=None
        An unfitted classifier of fewlabels or scikit-learn, an object of your own that follows the
        protocol :class:`fewlabels.models.TransductiveModel`, or a pair of which one asks and the
        other answers. None: :func:`fewlabels.models.recommended_models`: a fast one asks, and
        :class:`fewlabels.FewLabelsClassifier` answers. New labels are added to the fitted model if
        it supports this; otherwise it is refitted. If its `class_prior` holds a share for each
        class, `classes` must name them all; while some have no label, the shares of the others are
        scaled to sum to 1. `CorrectAndSmooth` is not supported, because it needs features besides
        the graph; a graph on disk supports only `LabelSpreading`.
    query : str, QueryRule or callable, default="auto"
        The query rule, as accepted by :func:`fewlabels.queries.make_rule`.
    audit_share : float, default=0.1
        The share of random checks among the questions, after the start and before a sequence of
        checks; from 0 to 1.
    n_start : int, default=10
        Checks begin when this many points have a label; at least 1.
    random_state : int, default=0
        A seed from 0 to 2**32 - 1. Draws follow from it and the number of events.

    Attributes
    ----------
    graph : Graph
    points : Points or None
        The points made from tables, texts or pictures; None for numbers and graphs.
    n_points : int
    classes : tuple of labels, or None
        As given.

    Raises
    ------
    InvalidInputError, InvalidTypeError
        If a parameter, also one of `model` or `query`, is out of range or of the wrong kind.

    Notes
    -----
    Cost: that of the model and the rule, at the next question, prediction or advice.

    Threads may share a session: its methods are locked against one another.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from fewlabels.session import Session
    >>> X, digits = load_digits(n_class=3, return_X_y=True)
    >>> session = Session(X)
    >>> for _ in range(4):
    ...     asked = session.ask(5)
    ...     session = session.tell(asked, digits[asked])
    >>> bool((session.predictions().labels == digits).mean() > 0.95)
    True
    >>> session.advice(accuracy=0.9).action
    'continue'
    """

    def __init__(
        self,
        graph_or_X: object,
        classes: Iterable[object] | None = None,
        model: Estimator = None,
        query: object = "auto",
        *,
        audit_share: float = 0.1,
        n_start: int = 10,
        random_state: int = 0,
    ) -> None:
        self._settings = Settings.checked(
            classes=classes,
            model=model,
            query=query,
            audit_share=audit_share,
            n_start=n_start,
            random_state=random_state,
        )
        self.classes = self._settings.classes
        self._data = graph_or_X
        points = GraphPoints.of(graph_or_X, self._settings.model)
        self.graph: Graph = points.graph
        made = points.features
        self.points: Points | None = made if isinstance(made, Points) else None
        check_takes(self._settings.model, self.graph, points.features)
        self.n_points = self.graph.n_nodes
        settings = self._settings
        self._state = SessionState(self.n_points, self.classes)
        self._learner = ModelLearner(
            settings.model, points, settings.query, self.classes, trust=self._state.trust
        )
        self._held = HeldAnswers()

    @property
    @in_turn
    def labels(self) -> AnyArray:
        """The labels given, shape (n_points,); where there is none, -1 (for numbers) or None."""
        return label_column(self._state.labels, self.n_points)

    @property
    @in_turn
    def labelled(self) -> IntArray:
        """The labelled points, in the order in which they got their label."""
        return _points(self._state.labels)

    @property
    @in_turn
    def pending(self) -> IntArray:
        """The points that were asked about but not answered yet, in the order of asking."""
        return _points(self._state.pending)

    @property
    @in_turn
    def skipped(self) -> IntArray:
        """The points that won't be asked about."""
        return _points(self._state.skipped)

    @property
    @in_turn
    def history(self) -> tuple[Event, ...]:
        """Everything that happened. It reveals which questions were checks."""
        return tuple(self._state.events)

    @in_turn
    def ask(self, k: int = 1, *, audit_share: float | None = None) -> IntArray:
        """Return `k` points to label next.

        Open questions come first, in their order; new ones are chosen only if there are fewer than
        `k`. Calling it twice therefore returns the same points, and a larger `k` adds more. The
        first questions need no labels.

        Parameters
        ----------
        k : int, default=1
            At least 1. Questions chosen together are diverse; those chosen while others are open
            don't take these into account.
        audit_share : float, default=None
            The share of random checks among the new questions, once there is a label. None: the
            session's, once there are `n_start`; 1 while a sequence of checks is on, see
            :meth:`advice`.

        Returns
        -------
        ndarray of shape (k,), intp

        Raises
        ------
        InvalidInputError
            If nothing is left to ask.

        Warns
        -----
        FewCandidatesWarning
            If fewer than `k` points are left; all of them are returned.
        """
        count = check_integer("k (how many points to ask about)", k, minimum=1)
        state, settings = self._state, self._settings
        share = share_of_checks(state, settings, audit_share)
        n_left = state.n_open
        if share == 1 and state.current is not None:
            n_left = max(n_left, int(state.checkable_points.sum()))
        n_new = min(count - len(state.pending), n_left)
        if n_new > 0:
            rng = np.random.default_rng([settings.random_state, len(state.events)])
            with quiet_blas(self.graph):
                asked = new_questions(
                    state, self._learner, n_new, share, rng, self._checked_answers
                )
            state.take(asked)
        elif not state.pending:
            raise InvalidInputError(
                f"there is nothing left to ask: of {self.n_points} points {len(state.labels)} have "
                f"a label and {len(state.skipped)} were skipped."
            )
        questions = self.pending[:count]
        if len(questions) < count:
            warnings.warn(
                f"{count} questions were asked for, and {len(questions)} are left; all of them are "
                "returned.",
                FewCandidatesWarning,
                stacklevel=callers_level(),
            )
        return questions

    @in_turn
    def tell(self, indices: object, labels: object, *, together: bool = False) -> Self:
        """Give labels to unlabelled points, whether they were asked about or not.

        You may also label points that were not asked about, but these are never random checks.

        Parameters
        ----------
        indices : int, or array-like of int
        labels : label, or array-like of labels
            One per point: strings, whole numbers or booleans, of one type per session. NumPy's
            types count as Python's, bytes are read as UTF-8, and 2.0 as 2; but True is not 1, and
            "1" is neither.
        together : bool, default=False
            Whether they were given at a glance, as to a grid of pictures, so that some may be
            wrong. Then they count as three labels at most for the recommended model, and the checks
            that prove an accuracy are about them, too: see :meth:`advice`.

        Returns
        -------
        self : Session

        Raises
        ------
        InvalidInputError, InvalidTypeError
            If a point is unknown or has a label already, two answers conflict, or a label is
            missing, of another type than the others, or none of the fixed classes; or if a point
            that was asked about is among those given together, because each question may be a
            random check.

        Warns
        -----
        LabelWarning
            If a new class has nearly the name of another, or a name such as "NA". The answers are
            accepted.
        """
        refuse_other_order(indices, labels)
        points, answers = checked_answers(indices, labels, self.n_points)
        refuse_asked_together(points, together, self._state.pending)
        self._take_answers(Event("told", points, answers, together=bool(together)))
        return self

    @in_turn
    def skip(self, indices: object) -> Self:
        """Never ask about these points; for questions without an answer.

        They can still be labelled. Skip what can't be answered, not what is hard: the random checks
        only apply to points like those that were answered.

        Parameters
        ----------
        indices : int, or array-like of int
            Points without a label, asked or not.

        Raises
        ------
        InvalidInputError, InvalidTypeError
            If a point is unknown, has a label, or was skipped already.
        """
        points = tuple(dict.fromkeys(checked_points(indices, self.n_points)))
        self._state.take(Event("skipped", points))
        return self

    @in_turn
    def relabel(self, index: int, label: object) -> Self:
        """Change the label of a point. A random check uses the latest label.

        Raises
        ------
        InvalidInputError, InvalidTypeError
            If the point has no label, or the label can't be used, as in :meth:`tell`.
        """
        points, answers = checked_answers(index, label, self.n_points)
        self._take_answers(Event("relabelled", points, answers))
        return self

    @in_turn
    def withdraw(self, indices: object) -> Self:
        """Withdraw labels and skips, whenever they were given.

        Points that had been asked about are asked again, before others; a random check waits for
        its new answer. Other points are as if they had never been labelled or skipped.

        Parameters
        ----------
        indices : int, or array-like of int
            Points that have a label or were skipped.

        Raises
        ------
        InvalidInputError, InvalidTypeError
            If a point is unknown, or has neither a label nor was skipped.
        """
        points = tuple(dict.fromkeys(checked_points(indices, self.n_points)))
        self._state.take(Event("withdrawn", points))
        return self

    @in_turn
    def undo(self) -> Event:
        """Undo the latest tell, relabel, skip or withdrawal that is still in effect, and return it.

        Questions that it answered are open again. Calling it again undoes the one before.

        Raises
        ------
        InvalidInputError
            If there is nothing to undo.
        """
        last = self._state.last_undoable
        self._state.take(Event("undone", () if last is None else last.indices))
        assert last is not None  # noqa: S101 - else it raised
        return last

    @in_turn
    def predictions(self) -> Predictions:
        """Return the labels, given or predicted, of all points; see :class:`Predictions`.

        Raises
        ------
        InvalidInputError
            If no point has a label yet.
        """
        if not self._state.labels:
            raise InvalidInputError("no point has a label yet, so nothing is predicted. Use tell.")
        model = self._learner.answering(self._state.labels)
        return Predictions.of(model, self.labels, self.labelled)

    @in_turn
    def checked_labels(self) -> AnyArray:
        """Return the labels given, and for other points the answers that the checks are about.

        These answers were fixed when the last sequence of checks began; the proof of :meth:`advice`
        is about them. :meth:`predictions` returns the current ones.

        Returns
        -------
        ndarray of shape (n_points,)
            -1 for numbers, None for others where there was no answer, or it was a label that was
            given together with others and taken back since.

        Raises
        ------
        InvalidInputError
            If no sequence of checks has begun.
        """
        state = self._state
        if not state.sequences:
            raise InvalidInputError("no sequence of checks has begun; advice says when it does.")
        last = state.sequences[-1]
        answers = self._held.of(last, answers_by(self._learner)).without(taken_back(state, last))
        return answers.beside(state.labels)

    @in_turn
    def estimate(self, confidence: float = 0.95) -> AccuracyEstimate:
        """Return how often the model was right at the random checks, with an interval.

        Parameters
        ----------
        confidence : float, default=0.95, in (0, 1)
        """
        return estimate_accuracy(checks_of(self._state), confidence)

    @in_turn
    def class_shares(self, confidence: float = 0.95) -> dict[Label, ShareEstimate]:
        """Return the share of each class among all points, with an interval.

        Parameters
        ----------
        confidence : float, default=0.95
            In (0, 1), of each class's interval alone.
        """
        return estimate_shares(self._state, checks_of(self._state), confidence)

    @in_turn
    def advice(self, accuracy: float = 0.95, confidence: float = 0.95) -> Advice:
        """Return whether to go on, check or stop, and why.

        Once the model is probably good enough, and more labels would not save more checks than they
        cost, a sequence of checks begins: the model's current answers for the unlabelled points are
        fixed, and :meth:`ask` returns only random checks, which are to prove that these answers are
        right often enough. Labels that were told together are checked with them, as answers that
        may be wrong; a check of one withdraws it until it is answered. The sequence ends early if
        too many are probably wrong, and a later one may begin with the answers of that time.
        Beginning and end are recorded in the session's history; advice that changes nothing is not.

        With probability `confidence` or more, what is proven is true, whenever and however often
        you ask: see :class:`fewlabels.session.Proof`.

        Parameters
        ----------
        accuracy : float, default=0.95
            The accuracy wanted of the predictions, in (0, 1).
        confidence : float, default=0.95
            The confidence of the proof, in (0, 1).

        Returns
        -------
        Advice
            ``print`` shows it as text.

        Notes
        -----
        Cost: some 20 ms beside the update of the model.
        """
        return advice_on(self._state, self.graph, self._learner, self._held, accuracy, confidence)

    @in_turn
    def save(self, path: str | os.PathLike[str]) -> None:
        """Write settings and events to a JSON file, completely or not at all.

        Neither features nor pickles are written. A model or rule of your own is not written either:
        pass it to :meth:`load` again.

        Raises
        ------
        OSError
            If the file can't be written; an existing file at `path` is then unchanged.
        """
        write_session(path, self._data, self._settings.to_json(), self._state.events)

    @classmethod
    def load(
        cls,
        path: str | os.PathLike[str],
        graph_or_X: object,
        *,
        model: object = None,
        query: object = None,
    ) -> Session:
        """Continue a session that :meth:`save` wrote.

        Parameters
        ----------
        path : str or path
        graph_or_X : as the session was made with
        model, query : default=None
            Instead of the saved ones; required if those were your own.

        Raises
        ------
        FileNotFoundError
            If there is no such file.
        SessionFileError
            If the file contains no session or a damaged one, or was written by a later version.
        InvalidInputError
            If `graph_or_X` differs from the data of the session.
        """
        settings, events = read_session(path, graph_or_X)
        session = cls(graph_or_X, **loaded_settings(settings, path, model=model, query=query))
        session._state.replay(events, path)
        return session

    def __repr__(self) -> str:
        state = self._state
        return (
            f"Session(n_points={self.n_points}, labelled={len(state.labels)}, "
            f"pending={len(state.pending)}, skipped={len(state.skipped)})"
        )

    def _take_answers(self, event: Event) -> None:
        before = set(self._state.labels.values())
        self._state.take(event)
        if self.classes is None:  # else they were named, and no other is taken
            warn_of_new_classes(before, self._state.labels.values())

    def _methods(self) -> tuple[Estimator, ...]:
        """Return the models and the rule, for :func:`fewlabels.cite`."""
        return self._learner.methods

    def _checked_answers(self) -> Answers:
        """Return the answers that random checks are about: :meth:`predictions`, of now or held.

        Held are those of when the sequence of checks that is on began, if there is one.
        """
        sequence, answers_at = self._state.current, answers_by(self._learner)
        if sequence is None:
            return answers_at(self._state.labels)
        return self._held.of(sequence, answers_at)


def _points(entries: Iterable[int]) -> IntArray:
    return np.fromiter(entries, dtype=np.intp)
