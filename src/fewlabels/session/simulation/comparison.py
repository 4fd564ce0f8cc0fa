"""Methods by data sets: what a simulation of several models, rules or sets comes to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from scipy import stats

from fewlabels._typing import Axes
from fewlabels._validation import check_real
from fewlabels.exceptions import InvalidInputError
from fewlabels.session.simulation._comparison_tables import latex_table, markdown_table
from fewlabels.session.simulation._paired_tests import PairedTest, RankTest, holm, wilcoxon
from fewlabels.session.simulation._paper_plots import draw_lines, draw_ranks, looks_of
from fewlabels.session.simulation.intervals import Interval, student_interval
from fewlabels.session.simulation.learning_curve import LearningCurve, new_axes
from fewlabels.session.simulation.rounds import FloatArray

# Wilcoxon's test of fewer pairs can't come below 0.05.
_ENOUGH_SETS = 6


class Comparison:
    """What :func:`fewlabels.simulate` measured for several models or data sets.

    A method is a model with a rule; its score in a run is the area under its curve
    (:meth:`LearningCurve.area`).

    Parameters
    ----------
    curves : mapping from set to mapping from model to LearningCurve
        Each data set has the same models and rules, and the same number of repeats.

    Attributes
    ----------
    curves : dict
        As given: ``comparison.curves["digits"]["ours"]`` is a :class:`LearningCurve`.
    datasets : tuple of str
    models : tuple of str
    queries : tuple of str
    methods : tuple of str
        The names of the models if there is one rule, of the rules if there is one model, or both,
        such as ``"forest, margin"``.
    repeats : int

    Notes
    -----
    With six or more data sets, tests compare one mean per data set, and the results apply to
    similar data. With fewer, they compare all starts, and the results apply only to other starting
    labels on the same data sets.

    References
    ----------
    J. Demsar, "Statistical comparisons of classifiers over multiple data sets", JMLR 7 (2006).

    Examples
    --------
    .. plot::
        :alt: The curves of two models on iris, each with its name at the end.

        >>> from sklearn.datasets import load_iris
        >>> from sklearn.neighbors import KNeighborsClassifier
        >>> from fewlabels import simulate
        >>> compared = simulate(
        ...     *load_iris(return_X_y=True),
        ...     model={"ours": None, "nearest": KNeighborsClassifier(1)},
        ...     query="random",
        ...     budget=18,
        ...     repeats=3,
        ...     random_state=0,
        ... )
        >>> compared.models, compared.repeats
        (('ours', 'nearest'), 3)
        >>> axes = compared.plot()
    """

    def __init__(self, curves: Mapping[str, Mapping[str, LearningCurve]]) -> None:
        self.curves = {name: dict(of_set) for name, of_set in curves.items()}
        self.datasets = tuple(self.curves)
        first = next(iter(self.curves.values()))
        self.models = tuple(first)
        self.queries = first[self.models[0]].queries
        self.repeats = first[self.models[0]].repeats
        self.methods = tuple(method for method, _, _ in self._named())

    def _named(self) -> Iterator[tuple[str, str, str]]:
        """Yield each method with its model and its rule."""
        for model in self.models:
            for query in self.queries:
                name = f"{model}, {query}"
                if len(self.queries) == 1:
                    name = model
                elif len(self.models) == 1:
                    name = query
                yield name, model, query

    def areas(self, measure: str = "accuracy") -> FloatArray:
        """Return all scores, the areas under the curves.

        Parameters
        ----------
        measure : {"accuracy", "macro_recall"}, default="accuracy"

        Returns
        -------
        ndarray of shape (n_datasets, n_methods, repeats)
        """
        areas = []
        for of_set in self.curves.values():
            by_model = {model: curve.area(measure) for model, curve in of_set.items()}
            areas.append([by_model[model][query] for _, model, query in self._named()])
        return np.array(areas)

    def scores(self, measure: str = "accuracy") -> FloatArray:
        """Return the mean score of each method on each set.

        Parameters
        ----------
        measure : {"accuracy", "macro_recall"}, default="accuracy"

        Returns
        -------
        ndarray of shape (n_datasets, n_methods)
        """
        return np.asarray(self.areas(measure).mean(axis=2))

    def compare(
        self, baseline: str | None = None, *, measure: str = "accuracy"
    ) -> dict[str, PairedTest]:
        """Compare every other method with a baseline, in pairs with the same starting labels.

        Parameters
        ----------
        baseline : str, default=None
            One of `methods`. None: the first.
        measure : {"accuracy", "macro_recall"}, default="accuracy"

        Returns
        -------
        dict from method to PairedTest

        Raises
        ------
        InvalidInputError
            If there is no such method, or no other.
        """
        chosen = self.methods[0] if baseline is None else baseline
        if chosen not in self.methods:
            raise InvalidInputError(
                f"there is no method {chosen!r}; there are {', '.join(map(repr, self.methods))}."
            )
        blocks = self._blocks(measure)
        mine = blocks[:, self.methods.index(chosen)]
        others = [method for method in self.methods if method != chosen]
        differences = [blocks[:, self.methods.index(method)] - mine for method in others]
        p_values = np.array([wilcoxon(difference) for difference in differences])
        return {
            method: PairedTest(method, chosen, float(difference.mean()), len(blocks), p, corrected)
            for method, difference, p, corrected in zip(
                others, differences, p_values.tolist(), holm(p_values).tolist(), strict=True
            )
        }

    def rank(self, *, measure: str = "accuracy", alpha: float = 0.05) -> RankTest:
        """Rank the methods, and test whether they differ (Friedman, then Nemenyi).

        Parameters
        ----------
        measure : {"accuracy", "macro_recall"}, default="accuracy"
        alpha : float in (0, 1), default=0.05
            Of the critical difference.

        Raises
        ------
        InvalidInputError
            If there are fewer than three methods, or two sets or starts.
        """
        check_real("alpha", alpha, above=0, below=1)
        blocks = self._blocks(measure)
        n_blocks, n_methods = blocks.shape
        if n_methods < 3 or n_blocks < 2:
            raise InvalidInputError(
                "ranks need at least three methods, and two data sets or starts; there are "
                f"{n_methods} and {n_blocks}. To compare two methods, use compare()."
            )
        ranks = stats.rankdata(-blocks, axis=1)
        alike = bool((ranks == ranks[:, :1]).all())
        p_value = 1.0 if alike else float(stats.friedmanchisquare(*blocks.T).pvalue)
        quantile = stats.studentized_range.ppf(1 - alpha, n_methods, np.inf) / np.sqrt(2)
        difference = quantile * np.sqrt(n_methods * (n_methods + 1) / (6 * n_blocks))
        return RankTest(
            self.methods, ranks.mean(axis=0), n_blocks, p_value, float(difference), alpha
        )

    def to_markdown(self, *, measure: str = "accuracy") -> str:
        """Return a table in per cent, with a row per method and a column per data set.

        Each cell has the mean and half the width of its 95 % interval over the starts; the best of
        each data set is in bold.

        Parameters
        ----------
        measure : {"accuracy", "macro_recall"}, default="accuracy"
        """
        return markdown_table(self.methods, self.datasets, self._cells(measure))

    def to_latex(self, *, measure: str = "accuracy") -> str:
        """Return the table of :meth:`to_markdown` as a LaTeX ``tabular``, without packages."""
        return latex_table(self.methods, self.datasets, self._cells(measure))

    def plot(
        self,
        dataset: str | None = None,
        ax: Axes | None = None,
        *,
        methods: Sequence[str] | None = None,
        measure: str = "accuracy",
        confidence: float = 0.95,
    ) -> Axes:
        """Draw the mean curves of methods on one data set, with each name at the end of its line.

        Up to four have a band. Of more than seven, those of one model share a colour, and those of
        one query rule a line style, where there are no more than seven models and three rules.

        Parameters
        ----------
        dataset : str, default=None
            One of `datasets`. None: the first.
        ax : matplotlib Axes, default=None
            None: a new figure.
        methods : sequence of str, default=None
            Which to draw, in the order of their colours. None: all.
        measure : {"accuracy", "macro_recall"}, default="accuracy"
        confidence : float in (0, 1), default=0.95
            Of the bands, intervals of the mean over the starts.

        Returns
        -------
        matplotlib Axes
        """
        name = self.datasets[0] if dataset is None else dataset
        if name not in self.curves:
            raise InvalidInputError(
                f"there is no set {name!r}; there are {', '.join(map(repr, self.datasets))}."
            )
        wanted = list(self.methods) if methods is None else list(methods)
        unknown = [method for method in wanted if method not in self.methods]
        if unknown or not wanted:
            raise InvalidInputError(
                f"methods must name some of {', '.join(map(repr, self.methods))}; got {wanted!r}."
            )
        of = {method: (model, query) for method, model, query in self._named()}
        lines = {}
        for method in wanted:
            model, query = of[method]
            curve = self.curves[name][model]
            lines[method] = curve.interval(query, measure=measure, confidence=confidence)
        labels = self.curves[name][self.models[0]].labels
        ax = new_axes() if ax is None else ax
        looks = looks_of({method: of[method] for method in wanted})
        draw_lines(ax, labels, lines, looks, measure=measure)
        ax.set_title(name)
        return ax

    def plot_ranks(
        self, ax: Axes | None = None, *, measure: str = "accuracy", alpha: float = 0.05
    ) -> Axes:
        """Draw the critical-difference diagram of :meth:`rank`.

        Methods are placed at their mean ranks, the best on the left; a bar joins those that do not
        differ significantly.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
        measure : {"accuracy", "macro_recall"}, default="accuracy"
        alpha : float in (0, 1), default=0.05

        Returns
        -------
        matplotlib Axes
        """
        ranked = self.rank(measure=measure, alpha=alpha)
        ax = new_axes() if ax is None else ax
        draw_ranks(ax, ranked.methods, ranked.ranks, ranked.critical_difference)
        return ax

    def __repr__(self) -> str:
        return (
            f"Comparison(methods={self.methods!r}, datasets={self.datasets!r}, "
            f"repeats={self.repeats})"
        )

    def _blocks(self, measure: str) -> FloatArray:
        """Return what is compared in pairs and ranks, shape (n_blocks, n_methods)."""
        areas = self.areas(measure)
        if len(self.datasets) >= _ENOUGH_SETS:
            return np.asarray(areas.mean(axis=2))
        return np.asarray(areas.transpose(0, 2, 1).reshape(-1, len(self.methods)))

    def _cells(self, measure: str) -> list[list[Interval]]:
        """Return the interval of each method on each set, a list a method."""
        areas = self.areas(measure)
        return [
            [student_interval(of_method[i]) for of_method in areas]
            for i in range(len(self.methods))
        ]
