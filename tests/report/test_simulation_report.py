"""What is said of a simulation: text, table, data and figure."""

from __future__ import annotations

import csv
import io
import json

import numpy as np
import pytest
from matplotlib.image import imread

from fewlabels.report import figures
from fewlabels.report.simulation import (
    format_simulation,
    simulation_csv,
    simulation_document,
    simulation_text,
)
from fewlabels.session import LearningCurve

LABELS = np.array([2, 4, 6, 8, 10, 12])


def curve_of(repeats=2, **accuracy):
    """Curves that are better by `accuracy` than random ones."""
    rng = np.random.default_rng(0)
    base = np.linspace(0.5, 0.8, 6) + rng.uniform(-0.02, 0.02, (repeats, 6))
    noise = {query: rng.uniform(-0.01, 0.01, (repeats, 1)) for query in accuracy}
    values = {q: base + gain + noise[q] for q, gain in accuracy.items()} | {"random": base}
    return LearningCurve(
        tuple(values),
        LABELS,
        values,
        {query: table - 0.1 for query, table in values.items()},
        {query: np.full((repeats, 6), 0.25) for query in values},
        {query: np.array([[1, np.inf]] * repeats) for query in values},
        {query: np.zeros((repeats, 12), dtype=int) for query in values},
        np.array([0, 1]),
    )


def test_the_text_has_a_line_for_each_rule_the_best_first():
    curve = curve_of(good=0.1, bad=-0.1, so_so=0.0)
    lines = simulation_text(curve).splitlines()
    assert [line.split()[0] for line in lines[1:6]] == ["rule", "good", *curve_order(curve), "bad"]
    assert lines[1].split()[1:5] == ["2", "6", "8", "12"]
    figures_ = lines[2].split()
    assert figures_[1] == f"{100 * curve.accuracy['good'][:, 0].mean():.1f}"
    assert f"{100 * curve.area()['good'].mean():.1f}" in figures_


def curve_order(curve):
    area = curve.area()
    return sorted(["so_so", "random"], key=lambda query: -area[query].mean())


def test_the_text_says_which_rules_lose_and_which_can_not_be_told():
    text = simulation_text(curve_of(5, good=0.1, bad=-0.1, so_so=0.0))
    assert "Worse than random questions: bad." in text
    assert "Neither better nor worse than random questions, so far: so_so." in text
    assert "wide: more starts tell more" not in text
    apart = curve_of(3, so_so=0.0)
    apart.accuracy["so_so"][...] += [[0.05], [-0.05], [0.0]]
    text = simulation_text(apart)
    assert (
        "Their intervals are wide: more starts tell more, four times as many (repeats=12)" in text
    )


def test_one_start_is_called_no_evidence():
    text = simulation_text(curve_of(1, good=0.1))
    assert "One start only: more (repeats=5) show" in text
    assert "nan" not in text
    assert "Worse" not in text
    assert "Neither" not in text


def test_labels_that_were_not_enough_are_more():
    lines = simulation_text(curve_of(bad=-0.3)).splitlines()
    assert next(line for line in lines if line.startswith("bad")).split()[-1] == "more"


def test_the_table_reads_back():
    curve = curve_of(good=0.1)
    rows = list(csv.DictReader(io.StringIO(simulation_csv(curve))))
    assert len(rows) == 2 * 2 * 6
    assert list(rows[0]) == list(curve.to_columns())
    assert [float(row["accuracy"]) for row in rows] == curve.to_columns()["accuracy"]


def test_the_data_holds_what_was_measured():
    curve = curve_of(good=0.1)
    document = json.loads(
        format_simulation(simulation_document(curve, ["cat", "dog"], {"budget": 12}))
    )
    assert document["format"] == "fewlabels-simulation"
    assert document["version"] == 1
    assert document["settings"] == {"budget": 12}
    assert document["classes"] == ["cat", "dog"]
    assert document["labels"] == LABELS.tolist()
    good, random = document["rules"]
    assert [good["query"], random["query"]] == ["good", "random"]
    assert good["accuracy"] == curve.accuracy["good"].tolist()
    assert good["first_seen"] == [[1, None], [1, None]]
    assert good["labels_needed"]["0.95"] == [None, None]
    assert good["labels_needed"]["0.8"] == [int(n) for n in curve.labels_needed(0.8)["good"]]
    gain = curve.compare()["good"].area
    assert good["gain_over_random"]["accuracy"] == {
        "mean": gain.mean,
        "low": gain.low,
        "high": gain.high,
    }
    assert random["gain_over_random"] is None


def test_one_start_has_null_for_intervals():
    document = simulation_document(curve_of(1, good=0.1), ["cat", "dog"], {})
    area = document["rules"][0]["area"]["accuracy"]
    assert area["low"] is area["high"] is None
    format_simulation(document)


@pytest.mark.parametrize("measure", ["accuracy", "macro_recall"])
def test_the_figure_is_as_wide_as_a_readme_not_blank_and_always_the_same(measure, tmp_path):
    curve = curve_of(good=0.1)
    for name in ("a.png", "b.png"):
        figures.save_figure(figures.draw_simulation(curve, measure=measure), tmp_path / name)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
    pixels = imread(tmp_path / "a.png")
    assert pixels.shape[1] == 800
    assert 0.005 < np.mean(pixels[..., :3].min(axis=2) < 0.5) < 0.5
