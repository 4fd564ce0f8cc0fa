"""The report of a model: honest figures, nothing from elsewhere, and no markup from the data."""

from __future__ import annotations

import re
from functools import lru_cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn.datasets import load_iris

from fewlabels import FewLabelsClassifier, LabelSpreading, knn_graph
from fewlabels.exceptions import InvalidInputError, InvalidTypeError
from fewlabels.report import write_report
from fewlabels.report._page_numbers import numbers_of, share_limits
from fewlabels.report.page import report_page

X, TRUTH = load_iris(return_X_y=True)
NAMES = np.array(["setosa", "versicolor", "virginica"], dtype=object)
EVIL = "<script>alert(1)</script>\"'>&\u202e\x00<img src=x onerror=alert(1)>"


@lru_cache
def usual() -> FewLabelsClassifier:
    return fitted()


def fitted(every: int = 4, names: Any = NAMES, X: Any = X, wrong: int = 0) -> FewLabelsClassifier:
    y = np.full(150, None, dtype=object)
    rows = np.arange(0, 150, every)
    y[rows] = names[TRUTH[rows]]
    y[rows[:wrong]] = names[2]
    return FewLabelsClassifier().fit(X, y)


class Parsed(HTMLParser):
    """The elements of a page, and their text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.open: list[str] = []
        self.feed(page)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in ("meta", "img", "br", "path", "use"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: Any) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if tag not in ("path", "use"):
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.text.append(data)


def test_what_random_checks_have_proven_stands_at_the_top() -> None:
    proven = "Of 150 rows 140 to 150 are labelled right, with 95 % confidence (30 random checks)."
    page = report_page(usual(), proven=proven)
    text = " ".join(Parsed(page).text)
    assert text.index(proven) < text.index("rows came with a label")
    assert "label some more at random" not in text
    assert "label some more at random" in " ".join(Parsed(report_page(usual())).text)


def test_the_page_is_whole_and_refers_to_nothing_outside() -> None:
    page = report_page(usual(), {"a": X[:, 0], "b": X[:, 1]}, title="irises")
    parsed = Parsed(page)
    policy = next(a["content"] for t, a in parsed.elements if "http-equiv" in a)
    assert str(policy).startswith("default-src 'none'; img-src data:;")
    assert not {tag for tag, _ in parsed.elements} & {"script", "link", "iframe", "a", "form"}
    for _, attributes in parsed.elements:
        for name, value in attributes.items():
            assert not name.startswith("on")
            if name in ("src", "href", "xlink:href"):
                assert str(value).startswith(("data:image/", "#"))
    urls = set(re.findall(r"\w+://[^\s\"']+", page))
    assert urls <= {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}
    assert "@import" not in page
    assert re.findall(r"url\((?!#)", page) == []


def test_data_is_never_markup() -> None:
    names = np.array([f"{EVIL}{i}" for i in range(3)], dtype=object)
    texts = [f"{EVIL} {row}" for row in range(150)]
    for data in (texts, {EVIL: texts}):
        page = report_page(fitted(names=names, wrong=3), data, title=EVIL)
        parsed = Parsed(page)
        assert not [tag for tag, a in parsed.elements if tag == "script" or "onerror" in a]
        assert "<script>alert(1)</script>\"'>&\ufffd\ufffd<img" in "".join(parsed.text)
        assert "\u202e" not in page
        assert "\x00" not in page


def test_its_figures_are_those_of_the_model() -> None:
    model = fitted(wrong=2)
    text = " ".join(Parsed(report_page(model, X)).text)
    left_out = model.loo_label_distributions_.argmax(axis=1)
    codes = model._labels.codes[model.loo_labelled_]
    right = int((left_out == codes).sum())
    assert f"{right} of {len(codes)}" in text
    unlabelled = model._labels.codes < 0
    expected = model.label_distributions_[unlabelled].max(axis=1).mean()
    assert f"{100 * expected:.0f} % of the {unlabelled.sum()} answers" in text
    suspects = model.suspect_labels()
    assert f"row {suspects[0].node + 1}" in text
    assert "drawn at random" in text  # the caveat


def test_the_interval_of_a_share_is_clopper_and_pearsons() -> None:
    for hits, count in ((0, 5), (5, 5), (3, 7)):
        found = stats.binomtest(hits, count).proportion_ci(0.95, method="exact")
        np.testing.assert_allclose(share_limits(hits, count), (found.low, found.high), rtol=1e-6)


def test_calibration_is_drawn_from_enough_labels_only() -> None:
    assert numbers_of(fitted(every=15), list(NAMES)).calibration() is None
    assert "too few to draw" in report_page(fitted(every=15), X)
    mean, right, low, high, counts = numbers_of(usual(), list(NAMES)).calibration() or [None] * 5
    assert counts.sum() == 38
    assert (counts >= 8).all()
    assert (np.diff(mean) >= 0).all()
    assert ((low <= right) & (right <= high)).all()


def test_taking_fewer_answers_leaves_fewer_wrong() -> None:
    found = numbers_of(usual(), list(NAMES)).thresholds()
    assert [count for _, count, _ in found] == sorted(count for _, count, _ in found)
    for least, count, wrong in found:
        assert 0 <= wrong <= count * (1 - least)


@pytest.mark.parametrize("data", [None, X, X.tolist(), "graph"])
def test_it_needs_no_data_to_show(data: Any, tmp_path: Path) -> None:
    model = fitted(X=knn_graph(X, 8)) if isinstance(data, str) else usual()
    write_report(tmp_path / "r.html", model, None if isinstance(data, str) else data)
    assert (tmp_path / "r.html").read_text(encoding="utf-8").startswith("<!doctype html>")


def test_one_label_a_class_and_all_rows_labelled_are_told_plainly() -> None:
    y = np.full(150, None, dtype=object)
    y[[0, 60, 120]] = NAMES
    text = " ".join(Parsed(report_page(FewLabelsClassifier().fit(X, y), X)).text)
    assert "3 more are the only labels of their class" in text
    everything = FewLabelsClassifier().fit(X, NAMES[TRUTH])
    assert "No row without a label was answered." in report_page(everything, X)


def test_another_model_and_other_rows_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidTypeError, match="got a LabelSpreading"):
        write_report(tmp_path / "r.html", LabelSpreading())  # type: ignore[arg-type]
    with pytest.raises(InvalidInputError, match="149 rows, and the model was fitted on 150"):
        write_report(tmp_path / "r.html", usual(), X[:149])
    assert list(tmp_path.iterdir()) == []


def test_the_same_model_makes_the_same_page() -> None:
    assert report_page(fitted(), X) == report_page(fitted(), X)


def test_data_is_shown_as_what_it_is(tmp_path: Path) -> None:
    texts = pd.Series([*(f"text {row}" for row in range(148)), None, np.nan], dtype=object)
    page = report_page(usual(), texts)
    assert "text 1" in page
    assert "read:" not in page
    assert "<img" not in page
    assert "be read: " in report_page(usual(), [Path(f"{row}.png") for row in range(150)])
    assert report_page(usual(), X.tolist()).count("<img") == 0
    assert "<img" in report_page(usual(), [np.full((4, 4), row) for row in range(150)])
    table = tmp_path / "flowers.csv"
    table.write_text("name\n" + "".join(f"flower {row}\n" for row in range(150)))
    assert "flower 1" in report_page(usual(), table)
