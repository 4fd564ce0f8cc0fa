"""Accuracy against the number of labels: what came out of a simulation."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np

from fewlabels._typing import Axes, Cells, Frame
from fewlabels._validation import check_choice, check_real
from fewlabels.exceptions import InvalidInputError, MissingDependencyError
from fewlabels.session.simulation._curve_plot import draw_curves
from fewlabels.session.simulation._paper_plots import draw_lines, looks_of
from fewlabels.session.simulation.intervals import Interval, student_interval
from fewlabels.session.simulation.rounds import AnyArray, FloatArray, IntArray

if TYPE_CHECKING:
    from fewlabels.session.simulation._runs import Run

MEASURES = ("accuracy", "macro_recall")


@dataclass(frozen=True)
class PairedDifference:
    """How much better one rule was than another, repeat by repeat from the same first labels.

    Attributes
    ----------
    query, baseline : str
        The two rules; differences are the first's figure less the second's.
    measure : {"accuracy", "macro_recall"}
    n_repeats : int
    area : Interval
        Of the difference of the areas under the curves.
    rounds : Interval
        Of the difference at each number of labels: arrays of shape (n_rounds,).

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from fewlabels import simulate
    >>> X, truth = load_digits(return_X_y=True)
    >>> curve = simulate(X[:100], truth[:100], query="margin", budget=20, repeats=2, random_state=0)
    >>> difference = curve.compare()["margin"]
    >>> difference.baseline, difference.n_repeats
    ('random', 2)
    """

    query: str
    baseline: str
    measure: str
    n_repeats: int
    area: Interval
    rounds: Interval


@dataclass(frozen=True, eq=False)
class LearningCurve:
    """What :func:`fewlabels.session.simulate` measured.

    Attributes
    ----------
    queries : tuple of str
        The names of the rules, in the order in which they were given; the baseline ``"random"``
        last if it was added.
    repeats : int
    labels : ndarray of shape (n_rounds,), intp
        The number of labels at each measurement.
    accuracy : dict from query to ndarray of shape (repeats, n_rounds)
        Share of the unlabelled points that are answered correctly, 0 to 1.
    macro_recall : dict from query to ndarray of shape (repeats, n_rounds)
        The mean of this share over the true classes: rare classes count as much as frequent ones.
    seconds : dict from query to ndarray of shape (repeats, n_rounds)
        Wall time of choosing the points of each round and of learning their labels, with one thread
        for dense linear algebra (BLAS). The first choice includes what a rule prepares once.
    first_seen : dict from query to ndarray of shape (repeats, n_classes)
        The place of each class's first label among all labels, from 1; inf if it had none.
    points : dict from query to ndarray of shape (repeats, n_labels), intp
        The points in the order in which they were labelled.
    classes : ndarray of shape (n_classes,)

    Examples
    --------
    .. plot::
        :alt: Accuracy against the number of labels, for two query rules and random questions.

        >>> from sklearn.datasets import load_iris
        >>> from fewlabels.session import simulate
        >>> X, y = load_iris(return_X_y=True)
        >>> curve = simulate(X, y, query=["auto", "margin"], budget=18, repeats=3, random_state=0)
        >>> curve.to_frame().columns.tolist()
        ['query', 'repeat', 'n_labels', 'accuracy', 'macro_recall', 'seconds']
        >>> bool(curve.area()["auto"].mean() > 0.9)
        True
        >>> curve.labels_needed(0.9)["auto"].shape
        (3,)
        >>> gain = curve.compare()["auto"].area
        >>> gain.low <= gain.mean <= gain.high
        True
        >>> axes = curve.plot()
    """

    queries: tuple[str, ...]
    labels: IntArray
    accuracy: dict[str, FloatArray]
    macro_recall: dict[str, FloatArray]
    seconds: dict[str, FloatArray]
    first_seen: dict[str, FloatArray]
    points: dict[str, IntArray]
    classes: AnyArray

    @classmethod
    def from_runs(cls, runs: Iterable[Run], queries: tuple[str, ...], classes: AnyArray) -> Self:
        """Combine the runs of each query; all must have the same numbers of labels."""
        of: dict[str, list[Run]] = {query: [] for query in queries}
        for run in sorted(runs, key=lambda run: run.repeat):
            of[run.query].append(run)

        def table(name: str) -> dict[str, FloatArray]:
            return {q: np.array([getattr(run, name) for run in of[q]], dtype=float) for q in of}

        first_seen = table("first_seen")
        return cls(
            queries,
            np.array(of[queries[0]][0].n_labels, dtype=np.intp),
            table("accuracy"),
            table("macro_recall"),
            table("seconds"),
            {q: np.where(places > 0, places, np.inf) for q, places in first_seen.items()},
            {q: np.array([run.points for run in of[q]], dtype=np.intp) for q in of},
            classes,
        )

    @property
    def repeats(self) -> int:
        """The number of starts from which each rule was run."""
        return len(self.accuracy[self.queries[0]])

    def area(self, measure: str = "accuracy") -> dict[str, FloatArray]:
        """Return the area under each curve divided by the range of labels: its mean height.

        By the trapezoid rule, divided by the last number of labels less the first, so that 1
        is perfect. With a single round, its figure.

        Parameters
        ----------
        measure : {"accuracy", "macro_recall"}, default="accuracy"

        Returns
        -------
        dict from query to ndarray of shape (repeats,)
        """
        values = self._measured(measure)
        if len(self.labels) == 1:
            return {query: table[:, 0] for query, table in values.items()}
        width = self.labels[-1] - self.labels[0]
        return {
            query: np.trapezoid(table, self.labels, axis=1) / width
            for query, table in values.items()
        }

    def labels_needed(self, accuracy: float, *, measure: str = "accuracy") -> dict[str, FloatArray]:
        """Return the number of labels at which each curve first reaches `accuracy`.

        Parameters
        ----------
        accuracy : float
            From 0 to 1.
        measure : {"accuracy", "macro_recall"}, default="accuracy"

        Returns
        -------
        dict from query to ndarray of shape (repeats,)
            inf if the budget was not enough; use medians rather than means.
        """
        wanted = check_real("accuracy", accuracy, minimum=0, maximum=1)
        needed = {}
        for query, table in self._measured(measure).items():
            there = table >= wanted
            first = self.labels[there.argmax(axis=1)]
            needed[query] = np.where(there.any(axis=1), first, np.inf)
        return needed

    def interval(
        self, query: str, *, measure: str = "accuracy", confidence: float = 0.95
    ) -> Interval:
        """Return the mean curve of a rule, with an interval at each number of labels.

        Student's t over the repeats.

        Parameters
        ----------
        query : str
            One of `queries`.
        measure : {"accuracy", "macro_recall"}, default="accuracy"
        confidence : float in (0, 1), default=0.95
        """
        self._require(query)
        return student_interval(self._measured(measure)[query], confidence)

    def compare(
        self,
        baseline: str = "random",
        *,
        measure: str = "accuracy",
        confidence: float = 0.95,
    ) -> dict[str, PairedDifference]:
        """Compare every other rule with a baseline, in pairs with the same starting labels.

        Intervals are Student's t over the differences, one per repeat: for this data and model,
        over the draw of the starting labels. With few repeats, they assume that the differences are
        about normal. Each interval is for a single comparison; of many rules, some look better by
        chance.

        Parameters
        ----------
        baseline : str, default="random"
            One of `queries`.
        measure : {"accuracy", "macro_recall"}, default="accuracy"
        confidence : float in (0, 1), default=0.95

        Returns
        -------
        dict from query to PairedDifference
        """
        self._require(baseline)
        values, areas = self._measured(measure), self.area(measure)
        return {
            query: PairedDifference(
                query,
                baseline,
                measure,
                self.repeats,
                student_interval(areas[query] - areas[baseline], confidence),
                student_interval(values[query] - values[baseline], confidence),
            )
            for query in self.queries
            if query != baseline
        }

    def to_frame(self) -> Frame:
        """Return a pandas table, a row for each rule, repeat and number of labels.

        Returns
        -------
        pandas.DataFrame
            Columns query, repeat, n_labels, accuracy, macro_recall, seconds.

        Raises
        ------
        MissingDependencyError
            If pandas is not installed.
        """
        try:
            import pandas
        except ModuleNotFoundError as error:
            raise MissingDependencyError(
                "a table needs pandas, which is not installed: pip install pandas; to_columns() "
                "does without"
            ) from error
        return pandas.DataFrame(self.to_columns())

    def to_columns(self) -> dict[str, Cells]:
        """Return the columns of :meth:`to_frame` as lists."""
        n_rounds = len(self.labels)
        per_run = [(query, repeat) for query in self.queries for repeat in range(self.repeats)]
        return {
            "query": [query for query, _ in per_run for _ in range(n_rounds)],
            "repeat": [repeat for _, repeat in per_run for _ in range(n_rounds)],
            "n_labels": self.labels.tolist() * len(per_run),
            **{
                name: [
                    value
                    for query in self.queries
                    for value in getattr(self, name)[query].ravel().tolist()
                ]
                for name in (*MEASURES, "seconds")
            },
        }

    def plot(
        self,
        ax: Axes | None = None,
        *,
        queries: Sequence[str] | None = None,
        names: str = "legend",
        measure: str = "accuracy",
        confidence: float = 0.95,
    ) -> Axes:
        """Draw the mean curve of each rule, and a band if there are two or more repeats.

        The band is the interval of the mean, see :meth:`interval`.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; None: a new figure. If their figure has no layout engine, it gets
            matplotlib's "constrained" one, because the names are outside the axes and would be cut
            off. With more than 6 rules, the legend is next to the axes: make the figure at least 8
            inches wide.
        queries : sequence of str, default=None
            Which rules. None: all.
        names : {"legend", "direct"}, default="legend"
            Names in a legend, in the order of the areas under the curves, with random questions
            grey and dashed. Or each name at the end of its line, as in a paper: one colour per
            line, and a band for up to four lines.
        measure : {"accuracy", "macro_recall"}, default="accuracy"
        confidence : float in (0, 1), default=0.95
            Of the bands.

        Returns
        -------
        matplotlib Axes

        Raises
        ------
        InvalidInputError
            If a rule has no curve, or `names` is neither of these.
        MissingDependencyError
            If `ax` is None and matplotlib is not installed.
        """
        check_choice("names", names, ("legend", "direct"))
        chosen = self.queries if queries is None else tuple(queries)
        if not chosen:
            raise InvalidInputError("queries is empty: name one rule or more.")
        curves = {q: self.interval(q, measure=measure, confidence=confidence) for q in chosen}
        if ax is None:
            ax = new_axes()
        if names == "direct":
            looks = looks_of({name: ("", name) for name in curves})
            draw_lines(ax, self.labels, curves, looks, measure=measure)
            return ax
        areas = self.area(measure)
        heights = {query: float(areas[query].mean()) for query in chosen}
        draw_curves(ax, self.labels, curves, heights, measure=measure, confidence=confidence)
        return ax

    def __repr__(self) -> str:
        return (
            f"LearningCurve(queries={self.queries!r}, repeats={self.repeats}, "
            f"labels={self.labels[0]}..{self.labels[-1]})"
        )

    def _measured(self, measure: str) -> dict[str, FloatArray]:
        check_choice("measure", measure, MEASURES)
        values: dict[str, FloatArray] = getattr(self, measure)
        return values

    def _require(self, query: str) -> None:
        if query not in self.queries:
            raise InvalidInputError(
                f"there is no curve of {query!r}; there are those of {', '.join(self.queries)}."
            )


def new_axes() -> Axes:
    """Return axes of a new figure, or raise if matplotlib is not installed."""
    try:
        import matplotlib.pyplot as plt
    except ModuleNotFoundError as error:
        raise MissingDependencyError(
            "a figure needs matplotlib, which is not installed: pip install 'fewlabels[figures]'"
        ) from error
    return plt.subplots(figsize=(8, 4.5), layout="constrained")[1]
