"""What the demo prints, as data. The layout is described by ``demo.schema.json``."""

from __future__ import annotations

import json
from dataclasses import asdict
from importlib import resources

from fewlabels._typing import Json
from fewlabels.report.classification import ClassRow, Report
from fewlabels.report.comparison import Comparison
from fewlabels.report.demo import ExampleRun, Improvement, Reproduction, Spread
from fewlabels.report.published import PublishedExample
from fewlabels.session.simulation.digits import ACTIVE_30, RECOMMENDED, RECOMMENDED_ON_PIXELS
from fewlabels.session.simulation.rounds import FloatArray

FORMAT = "fewlabels-demo"
VERSION = 2
"""Raised whenever a reader of the last version could misread the document."""


def demo_document(
    reproduction: Reproduction, improvement: Improvement, spread: Spread | None = None
) -> Json:
    """Return the demo's results as plain JSON values.

    Parameters
    ----------
    reproduction : Reproduction
    improvement : Improvement
    spread : Spread, default=None
        None: the further shuffles were not run, and ``"shuffles"`` is null.
    """
    total = reproduction.total
    return {
        "format": FORMAT,
        "version": VERSION,
        "cells": total.cells,
        "equal": total.equal,
        "examples": [
            _example(run, comparisons)
            for run, comparisons in zip(reproduction.runs, reproduction.comparisons, strict=True)
        ],
        "recommended": _recipe(RECOMMENDED, improvement.runs, improvement.runs_on_all),
        "recommended_on_pixels": _recipe(
            RECOMMENDED_ON_PIXELS, improvement.pixel_runs, improvement.pixel_runs_on_all
        ),
        "gain": [
            row
            for example, on_pixels, run in zip(
                reproduction.published, improvement.pixel_runs, improvement.runs, strict=True
            )
            for row in _gains(run, _published_accuracies(example), on_pixels, published=True)
        ]
        + [
            row
            for old, on_pixels, run in zip(
                improvement.published_rule_on_all,
                improvement.pixel_runs_on_all,
                improvement.runs_on_all,
                strict=True,
            )
            for row in _gains(run, old.accuracies.tolist(), on_pixels, published=False)
        ],
        "shuffles": None if spread is None else _shuffles(spread),
    }


def format_document(document: dict[str, object]) -> str:
    """Return the document as JSON text. A NaN, which JSON lacks, is an error."""
    return json.dumps(document, indent=1, allow_nan=False) + "\n"


def load_schema() -> Json:
    """Return the JSON Schema (draft 2020-12) of the document."""
    text = resources.files("fewlabels.report").joinpath("demo.schema.json").read_text("utf-8")
    schema: Json = json.loads(text)
    return schema


def _recipe(words: str, runs: tuple[ExampleRun, ...], runs_on_all: tuple[ExampleRun, ...]) -> Json:
    return {
        "recipe": words,
        "examples": [_example(run) for run in runs],
        "examples_on_all": [_example(run) for run in runs_on_all],
    }


def _example(run: ExampleRun, comparisons: tuple[Comparison, ...] | None = None) -> Json:
    iterations = [_iteration(run, i) for i in range(len(run.rounds))]
    if comparisons is not None:
        for iteration, comparison in zip(iterations, comparisons, strict=True):
            iteration["cells"] = comparison.cells
            iteration["equal"] = comparison.equal
            iteration["differences"] = list(comparison.differences)
    return {"name": run.name, "iterations": iterations}


def _iteration(run: ExampleRun, i: int) -> Json:
    round_, report = run.rounds[i], run.reports[i]
    asked = round_.queried
    return {
        "labelled": len(round_.labelled),
        "unlabelled": len(round_.unlabelled),
        "total": len(run.digits.y),
        "accuracy": float(run.accuracies[i]),
        "per_class": _per_class(report),
        "average": _row(report.average),
        "confusion_labels": report.confusion_labels.tolist(),
        "confusion_matrix": report.confusion_matrix.tolist(),
        "queried": asked.tolist(),
        "queried_predicted": round_.fit.predicted[asked].tolist(),
        "queried_true": run.digits.y[asked].tolist(),
        "labelled_points": round_.labelled.tolist(),
    }


def _per_class(report: Report) -> list[Json]:
    return [{"digit": label, **_row(row)} for label, row in report.per_class.items()]


def _row(row: ClassRow) -> Json:
    """Return the row as printed: fractions to two decimals."""
    return {
        name: round(value, 2) if isinstance(value, float) else value
        for name, value in asdict(row).items()
    }


def _published_accuracies(example: PublishedExample) -> list[float]:
    return [table.accuracy for table in example.tables]


def _gains(
    run: ExampleRun, before: list[float], on_pixels: ExampleRun, *, published: bool
) -> list[Json]:
    return [
        {
            "example": run.name,
            "points": len(run.digits.y),
            "labelled": n_labelled,
            "old": old,
            "old_is_published": published,
            "on_pixels": of_pixels,
            "new": new,
            "gain": new - old,
        }
        for n_labelled, old, of_pixels, new in zip(
            run.n_labelled,
            before,
            on_pixels.accuracies.tolist(),
            run.accuracies.tolist(),
            strict=True,
        )
    ]


def _shuffles(spread: Spread) -> Json:
    return {
        "seeds": list(spread.seeds),
        "old_rule": _by_seed(spread.published_rule),
        "recommended_on_pixels": _by_seed(spread.on_pixels),
        "recommended": _by_seed(spread.recommended),
        "random_questions": {ACTIVE_30.name: spread.random_questions.tolist()},
    }


def _by_seed(accuracies: dict[str, FloatArray]) -> Json:
    return {name: values.tolist() for name, values in accuracies.items()}
