"""The demo's runs: the published examples again, and what is recommended on the same budget."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fewlabels.exceptions import DataFileError
from fewlabels.report.classification import Report, report_on
from fewlabels.report.comparison import NOTHING_COMPARED, Comparison, compare
from fewlabels.report.published import PublishedExample
from fewlabels.session._points import GraphPoints
from fewlabels.session.simulation.digits import (
    ACTIVE_30,
    BUDGETS,
    N_ALL,
    N_PUBLISHED,
    Digits,
    draw_digits,
    pixels,
    recommended_points,
    run_as_published,
    run_as_recommended,
)
from fewlabels.session.simulation.rounds import FloatArray, Round

FRESH_SEED = 1000
"""The further shuffles start here; models and rules were chosen on smaller seeds."""


@dataclass(frozen=True)
class ExampleRun:
    """One example, run on one draw.

    Attributes
    ----------
    name : str
    digits : Digits
    rounds : tuple of Round
    reports : tuple of Report
        One a round, over the points that are unlabelled in it; the confusion matrix over the
        classes that have a label in it.
    """

    name: str
    digits: Digits
    rounds: tuple[Round, ...]
    reports: tuple[Report, ...]

    @property
    def accuracies(self) -> FloatArray:
        """Accuracy on the unlabelled points, one a round."""
        return np.array([r.accuracy(self.digits.y) for r in self.rounds])

    @property
    def n_labelled(self) -> list[int]:
        """Labels had, one a round."""
        return [len(r.labelled) for r in self.rounds]


@dataclass(frozen=True)
class Reproduction:
    """The published examples, recomputed, beside what was published.

    Attributes
    ----------
    runs : tuple of ExampleRun
    published : tuple of PublishedExample
        Of the same names, in the same order.
    comparisons : tuple of tuple of Comparison
        One an example and round.
    """

    runs: tuple[ExampleRun, ...]
    published: tuple[PublishedExample, ...]
    comparisons: tuple[tuple[Comparison, ...], ...]

    @property
    def total(self) -> Comparison:
        """All comparisons together."""
        together = NOTHING_COMPARED
        for comparisons in self.comparisons:
            for comparison in comparisons:
                together += comparison
        return together


@dataclass(frozen=True)
class Improvement:
    """The recommended recipe on the published budgets.

    Attributes
    ----------
    runs : tuple of ExampleRun
        On the published 330 points.
    runs_on_all : tuple of ExampleRun
        On all 1,797 points.
    pixel_runs, pixel_runs_on_all : tuple of ExampleRun
        The same from raw pixels, which is what the published examples have.
    published_rule_on_all : tuple of ExampleRun
        The published recipe on all 1,797 points; these figures were never published.
    """

    runs: tuple[ExampleRun, ...]
    runs_on_all: tuple[ExampleRun, ...]
    pixel_runs: tuple[ExampleRun, ...]
    pixel_runs_on_all: tuple[ExampleRun, ...]
    published_rule_on_all: tuple[ExampleRun, ...]


@dataclass(frozen=True)
class Spread:
    """All recipes on further shuffles, on which no model or rule was chosen.

    Attributes
    ----------
    seeds : tuple of int
    published_rule, on_pixels, recommended : dict of example name to ndarray
        Accuracy on the unlabelled of 330 points, of shape (n_seeds, n_rounds).
    random_questions : ndarray of shape (n_seeds, n_rounds)
        The same for the recommended recipe in the example that asks, where its questions are
        drawn at random.
    """

    seeds: tuple[int, ...]
    published_rule: dict[str, FloatArray]
    on_pixels: dict[str, FloatArray]
    recommended: dict[str, FloatArray]
    random_questions: FloatArray


def reproduce(published: tuple[PublishedExample, ...]) -> Reproduction:
    """Run both examples as published, and compare with `published` cell by cell.

    The tables are looked at after the runs only.

    Raises
    ------
    DataFileError
        If `published` does not hold these examples with these numbers of labels.
    """
    runs = _published_runs(draw_digits())
    aligned = tuple(_tables_of(run, published) for run in runs)
    comparisons = tuple(
        tuple(
            compare(report, table.report)
            for report, table in zip(run.reports, example.tables, strict=True)
        )
        for run, example in zip(runs, aligned, strict=True)
    )
    return Reproduction(runs, aligned, comparisons)


def improve() -> Improvement:
    """Run both budgets with the recommended recipe, on 330 and on all 1,797 points."""
    some, everything = draw_digits(), draw_digits(N_ALL)
    return Improvement(
        _recommended_runs(some, recommended_points(some)),
        _recommended_runs(everything, recommended_points(everything)),
        _recommended_runs(some, pixels(some)),
        _recommended_runs(everything, pixels(everything)),
        _published_runs(everything),
    )


def repeat(n_shuffles: int) -> Spread:
    """Run the recipes on `n_shuffles` further draws of 330 points."""
    seeds = tuple(range(FRESH_SEED, FRESH_SEED + n_shuffles))
    old: dict[str, list[FloatArray]] = {budget.name: [] for budget in BUDGETS}
    of_pixels: dict[str, list[FloatArray]] = {budget.name: [] for budget in BUDGETS}
    new: dict[str, list[FloatArray]] = {budget.name: [] for budget in BUDGETS}
    at_random = []
    for seed in seeds:
        digits = draw_digits(N_PUBLISHED, seed=seed)
        points = recommended_points(digits)
        for accuracies, runs in (
            (old, _published_runs(digits)),
            (of_pixels, _recommended_runs(digits, pixels(digits))),
            (new, _recommended_runs(digits, points)),
        ):
            for run in runs:
                accuracies[run.name].append(run.accuracies)
        at_random.append(_random_run(digits, points, seed).accuracies)
    return Spread(seeds, _arrays(old), _arrays(of_pixels), _arrays(new), np.array(at_random))


def _arrays(accuracies: dict[str, list[FloatArray]]) -> dict[str, FloatArray]:
    return {name: np.array(of_seeds) for name, of_seeds in accuracies.items()}


def _published_runs(digits: Digits) -> tuple[ExampleRun, ...]:
    return tuple(_run(budget.name, digits, run_as_published(digits, budget)) for budget in BUDGETS)


def _recommended_runs(digits: Digits, points: GraphPoints) -> tuple[ExampleRun, ...]:
    return tuple(
        _run(budget.name, digits, run_as_recommended(digits, budget, points)) for budget in BUDGETS
    )


def _random_run(digits: Digits, points: GraphPoints, seed: int) -> ExampleRun:
    rounds = run_as_recommended(digits, ACTIVE_30, points, query="random", random_state=seed)
    return _run(ACTIVE_30.name, digits, rounds)


def _run(name: str, digits: Digits, rounds: list[Round]) -> ExampleRun:
    reports = tuple(
        report_on(digits.y[r.unlabelled], r.fit.predicted[r.unlabelled], r.fit.classes)
        for r in rounds
    )
    return ExampleRun(name, digits, tuple(rounds), reports)


def _tables_of(run: ExampleRun, published: tuple[PublishedExample, ...]) -> PublishedExample:
    for example in published:
        if example.name == run.name:
            n_labelled = [table.n_labelled for table in example.tables]
            if n_labelled == run.n_labelled:
                return example
            raise DataFileError(
                f"the published tables of {run.name!r} are for {n_labelled} labels, and this "
                f"package runs {run.n_labelled}. Install the package again."
            )
    raise DataFileError(f"no published tables for {run.name!r}. Install the package again.")
