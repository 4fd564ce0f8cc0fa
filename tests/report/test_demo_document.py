"""The demo's data, text and figures."""

import copy
import json
import re
import xml.etree.ElementTree as ET
from itertools import pairwise
from pathlib import Path

import jsonschema
import numpy as np
import pytest
from matplotlib.image import imread

from fewlabels.report import figures, load_published
from fewlabels.report.demo import improve, repeat, reproduce
from fewlabels.report.document import demo_document, format_document, load_schema
from fewlabels.report.transcript import improvement_text, spread_text

pytestmark = pytest.mark.long

DOCS = Path(__file__).parents[2] / "docs" / "demo-json.md"


@pytest.fixture(scope="module")
def reproduction():
    return reproduce(load_published())


@pytest.fixture(scope="module")
def improvement():
    return improve()


@pytest.fixture(scope="module")
def spread():
    return repeat(2)


@pytest.fixture(scope="module")
def document(reproduction, improvement, spread):
    return json.loads(format_document(demo_document(reproduction, improvement, spread)))


@pytest.fixture(scope="module")
def validator():
    jsonschema.Draft202012Validator.check_schema(load_schema())
    return jsonschema.Draft202012Validator(load_schema())


def test_the_document_fits_its_schema(document, validator):
    validator.validate(document)


def test_the_document_without_further_shuffles_fits_too(reproduction, improvement, validator):
    document = demo_document(reproduction, improvement)
    assert document["shuffles"] is None
    validator.validate(json.loads(format_document(document)))


def iteration_of(document):
    return document["examples"][0]["iterations"][0]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda d: d.update(version=1),
        lambda d: d.pop("equal"),
        lambda d: d.update(extra=1),
        lambda d: iteration_of(d).pop("queried"),
        lambda d: iteration_of(d).update(extra=1),
        lambda d: iteration_of(d)["per_class"][0].pop("digit"),
        lambda d: iteration_of(d)["per_class"][0].update(recall=1.5),
        lambda d: d["recommended"]["examples"][0]["iterations"][0].update(equal=3),
        lambda d: d["shuffles"].pop("seeds"),
    ],
)
def test_the_schema_notices_what_does_not_belong(document, validator, spoil):
    spoiled = copy.deepcopy(document)
    spoil(spoiled)
    with pytest.raises(jsonschema.ValidationError):
        validator.validate(spoiled)


def test_the_counts_are_sums_of_the_iterations(document):
    iterations = [it for example in document["examples"] for it in example["iterations"]]
    for name in ("cells", "equal"):
        assert document[name] == sum(it[name] for it in iterations) == 794


def test_what_was_queried_is_labelled_next(document):
    ours = [document[name] for name in ("recommended", "recommended_on_pixels")]
    everything = [document["examples"], *(of for each in ours for of in list(each.values())[1:])]
    for examples in everything:
        for example in examples:
            iterations = example["iterations"]
            for now, then in pairwise(iterations):
                assert then["labelled_points"] == now["labelled_points"] + now["queried"]
                assert then["labelled"] == now["labelled"] + 5


def test_iterations_hold_the_published_cells(document):
    assert iteration_of(document)["per_class"][1] == {
        "digit": 1,
        "precision": 0.58,
        "recall": 0.54,
        "f1": 0.56,
        "support": 28,
    }
    assert iteration_of(document)["confusion_labels"] == [0, 1, 2, 4, 5, 6, 7, 8, 9]


def test_the_recommended_recipe_beats_every_published_figure(document):
    published = [row for row in document["gain"] if row["old_is_published"]]
    assert len(published) == 6
    assert all(row["new"] > row["old"] and row["points"] == 330 for row in published)
    at_30 = {row["example"]: row["new"] for row in published if row["labelled"] == 30}
    assert at_30["digits"] > 0.85
    assert at_30["digits_active_learning"] > 0.98


def test_pixels_alone_beat_every_published_figure_and_pictures_beat_pixels(document):
    for row in document["gain"]:
        assert row["old"] < row["on_pixels"] < row["new"]


def test_the_recommended_recipe_beats_the_old_one_on_all_points(document):
    rows = [row for row in document["gain"] if row["points"] == 1797]
    assert len(rows) == 6
    assert all(row["gain"] > 0 and not row["old_is_published"] for row in rows)


def test_every_field_of_the_schema_is_documented(validator):
    text = DOCS.read_text(encoding="utf-8")
    documented = set(re.findall(r"`(\w+)`", text))
    iteration = set(load_schema()["$defs"]["iteration"]["properties"])
    compared = set(load_schema()["$defs"]["comparedIteration"]["properties"])
    gain = set(load_schema()["properties"]["gain"]["items"]["properties"])
    assert set(load_schema()["properties"]) | iteration | compared | gain <= documented


def test_the_gain_is_printed_for_every_budget(improvement, reproduction, document):
    text = improvement_text(improvement, reproduction)
    for row in document["gain"]:
        old, pixels, new = (f"{100 * row[name]:.1f}" for name in ("old", "on_pixels", "new"))
        gain = float(new) - float(old)  # what a reader who subtracts gets
        line = f"{row['labelled']:>8}  {old:>8} %  {pixels:>8} %  {new:>8} %  {gain:>+8.1f}"
        assert line in text


def test_mean_and_deviation_over_the_shuffles_are_printed(spread):
    assert spread.seeds == (1000, 1001)
    last = 100 * spread.recommended["digits_active_learning"][:, -1]
    assert f"{last.mean():.1f} +- {last.std(ddof=1):.1f} %" in spread_text(spread)


def test_random_questions_are_printed_where_there_are_questions(spread, document):
    assert document["shuffles"]["random_questions"] == {
        "digits_active_learning": spread.random_questions.tolist()
    }
    # all begin with the same ten labels, and the recipe is the same in two
    np.testing.assert_array_equal(
        spread.random_questions[:, 0], spread.recommended["digits_active_learning"][:, 0]
    )
    last = 100 * spread.random_questions[:, -1]
    lines = spread_text(spread).splitlines()
    assert f"{last.mean():.1f} +- {last.std(ddof=1):.1f} %" in lines[-1]


@pytest.fixture(scope="module")
def one_shuffle():
    return repeat(1)


def test_one_shuffle_has_no_deviation(one_shuffle):
    text = spread_text(one_shuffle)
    assert "nan" not in text
    assert "+-" not in text.split("\n\n", 1)[1]


@pytest.fixture(scope="module")
def drawn(reproduction, improvement, spread, one_shuffle):
    return {
        "learning_curves": figures.draw_learning_curves(spread, reproduction),
        "of_one_shuffle": figures.draw_learning_curves(one_shuffle, reproduction),
        "most_uncertain": figures.draw_most_uncertain(reproduction.runs[0]),
        "active_learning": figures.draw_active_learning(reproduction.runs[1]),
        "accuracy_by_labels": figures.draw_accuracy_by_labels(reproduction, improvement),
    }


NAMES = [
    "most_uncertain",
    "active_learning",
    "accuracy_by_labels",
    "learning_curves",
    "of_one_shuffle",
]


@pytest.mark.parametrize("name", NAMES)
def test_figures_are_as_wide_as_a_readme_and_not_blank(name, drawn, tmp_path):
    figures.save_figure(drawn[name], tmp_path / "x.png")
    pixels = imread(tmp_path / "x.png")
    assert pixels.shape[1] == 800
    assert 0.005 < np.mean(pixels[..., :3].min(axis=2) < 0.5) < 0.5


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("ending", ["png", "svg"])
def test_the_same_figure_gives_the_same_bytes(name, ending, drawn, tmp_path):
    for file in ("a", "b"):
        figures.save_figure(drawn[name], tmp_path / f"{file}.{ending}")
    first, second = (tmp_path / f"{file}.{ending}" for file in ("a", "b"))
    assert first.read_bytes() == second.read_bytes()


@pytest.mark.parametrize("name", NAMES)
def test_an_svg_is_well_formed_and_undated(name, drawn, tmp_path):
    figures.save_figure(drawn[name], tmp_path / "x.svg")
    text = (tmp_path / "x.svg").read_text(encoding="utf-8")
    assert ET.fromstring(text).tag.endswith("svg")
    assert "dc:date" not in text


@pytest.mark.parametrize("name", NAMES)
def test_no_text_leaves_the_figure_or_meets_another(name, drawn):
    figure = drawn[name]
    renderer = figure.canvas.get_renderer()
    texts = [*figure.texts, *(t for ax in figure.axes for t in (ax.title, *ax.texts))]
    boxes = [t.get_window_extent(renderer) for t in texts if t.get_text()]
    for box in boxes:
        assert box.x0 >= 0
        assert box.y0 >= 0
        assert box.x1 <= figure.bbox.width
        assert box.y1 <= figure.bbox.height
    for i, box in enumerate(boxes):
        assert not any(box.overlaps(other) for other in boxes[i + 1 :])


def test_the_figures_show_what_was_queried(drawn, reproduction):
    (random,) = reproduction.runs[0].rounds
    titles = [ax.get_title() for ax in drawn["most_uncertain"].axes]
    y = reproduction.runs[0].digits.y
    assert len(titles) == 10
    for title, point in zip(titles, random.queried, strict=True):
        guess = random.fit.predicted[point]
        assert f"read {guess}, is {y[point]}" in title
        assert ("\u2713" in title) == (guess == y[point])
    assert len(drawn["active_learning"].axes) == 25


def test_the_third_figure_shows_the_published_and_our_accuracies(drawn, document):
    (axes,) = drawn["accuracy_by_labels"].axes
    curves = [line.get_ydata() for line in axes.lines]
    for old_or_new in ("old", "on_pixels", "new"):
        for example in ("digits", "digits_active_learning"):
            rows = [r for r in document["gain"] if r["points"] == 330 and r["example"] == example]
            expected = [100 * r[old_or_new] for r in rows]
            assert any(
                np.shape(c) == np.shape(expected) and np.allclose(c, expected) for c in curves
            )


def test_the_learning_curves_are_means_beside_the_published_figures(drawn, spread, document):
    (axes,) = drawn["learning_curves"].axes
    published = [r["old"] for r in document["gain"] if r["points"] == 330][1:]
    expected = [
        spread.recommended["digits_active_learning"].mean(axis=0),
        spread.random_questions.mean(axis=0),
        spread.on_pixels["digits_active_learning"].mean(axis=0),
        spread.published_rule["digits_active_learning"].mean(axis=0),
        published,
    ]
    for line, values in zip(axes.lines, expected, strict=True):
        np.testing.assert_allclose(line.get_ydata(), 100 * np.array(values))
    assert len(axes.collections) == 4  # bands of those that were repeated
    assert "95 % interval" in " ".join(text.get_text() for text in drawn["learning_curves"].texts)


def test_one_shuffle_has_no_band(drawn):
    assert len(drawn["of_one_shuffle"].axes[0].collections) == 0
    texts = " ".join(text.get_text() for text in drawn["of_one_shuffle"].texts)
    assert "Shaded" not in texts
