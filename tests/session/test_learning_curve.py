"""What a learning curve says."""

from __future__ import annotations

import sys

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.layout_engine import TightLayoutEngine
from scipy import stats

from fewlabels.exceptions import InvalidInputError, MissingDependencyError
from fewlabels.session import LearningCurve

mpl.use("Agg")

LABELS = np.array([10, 15, 20, 22])
RNG = np.random.default_rng(0)


def curve_of(repeats=6, labels=LABELS, queries=("auto", "margin", "random")):
    shape = (repeats, len(labels))
    accuracy = {q: RNG.uniform(0.3, 1, shape) for q in queries}
    return LearningCurve(
        queries,
        labels,
        accuracy,
        {q: RNG.uniform(0.3, 1, shape) for q in queries},
        {q: RNG.uniform(0, 2, shape) for q in queries},
        {q: np.full((repeats, 2), np.inf) for q in queries},
        {q: np.zeros((repeats, labels[-1]), dtype=int) for q in queries},
        np.array(["a", "b"]),
    )


def with_accuracy(**accuracy):
    curve = curve_of(1)
    curve.accuracy.update({q: np.atleast_2d(values) for q, values in accuracy.items()})
    return curve


def test_the_area_of_a_level_curve_is_its_height_and_that_of_a_line_its_middle():
    curve = with_accuracy(auto=np.full(4, 0.7), margin=0.1 + 0.05 * (LABELS - 10))
    area = curve.area()
    np.testing.assert_allclose(area["auto"], [0.7])
    np.testing.assert_allclose(area["margin"], [0.1 + 0.05 * 6])


def test_the_area_of_a_single_round_is_its_figure():
    curve = curve_of(3, labels=np.array([7]))
    assert curve.area()["auto"].tolist() == curve.accuracy["auto"][:, 0].tolist()
    assert curve.area("macro_recall")["auto"].tolist() == curve.macro_recall["auto"][:, 0].tolist()


def test_labels_needed_is_where_the_curve_first_gets_there():
    curve = with_accuracy(auto=[0.5, 0.9, 0.8, 0.95], margin=[0.9, 0.1, 0.1, 0.1])
    needed = curve.labels_needed(0.9)
    assert needed["auto"].tolist() == [15]
    assert needed["margin"].tolist() == [10]
    assert curve.labels_needed(0.96)["auto"].tolist() == [np.inf]
    assert curve.labels_needed(0)["auto"].tolist() == [10]


def test_the_comparison_is_students_over_paired_differences():
    curve = curve_of()
    compared = curve.compare(confidence=0.9)
    assert list(compared) == ["auto", "margin"]
    difference = compared["auto"]
    areas = curve.area()
    expected = stats.ttest_1samp(areas["auto"] - areas["random"], 0).confidence_interval(0.9)
    np.testing.assert_allclose([difference.area.low, difference.area.high], expected)
    rounds = curve.accuracy["auto"] - curve.accuracy["random"]
    np.testing.assert_allclose(difference.rounds.mean, rounds.mean(axis=0))
    expected = stats.ttest_1samp(rounds, 0).confidence_interval(0.9)
    np.testing.assert_allclose([difference.rounds.low, difference.rounds.high], expected)
    assert (difference.query, difference.baseline) == ("auto", "random")
    assert (difference.measure, difference.n_repeats) == ("accuracy", 6)


def test_a_comparison_turned_round_changes_its_sign():
    curve = curve_of()
    one = curve.compare("margin", measure="macro_recall")["auto"].area
    other = curve.compare("auto", measure="macro_recall")["margin"].area
    np.testing.assert_allclose(
        [one.mean, one.low, one.high], [-other.mean, -other.high, -other.low]
    )


def test_what_all_repeats_share_does_not_widen_a_paired_comparison():
    """A hard start is hard for every rule."""
    curve = curve_of(4)
    hard = np.array([[0.0], [0.2], [0.3], [0.1]])
    curve.accuracy["random"] = 0.5 - hard + np.zeros(4)
    curve.accuracy["auto"] = curve.accuracy["random"] + 0.05
    area = curve.compare()["auto"].area
    np.testing.assert_allclose([area.low, area.high], 0.05)
    assert curve.interval("auto").high[0] - curve.interval("auto").low[0] > 0.2


def test_one_repeat_has_no_interval():
    curve = curve_of(1)
    area = curve.compare()["auto"].area
    assert np.isnan([area.low, area.high]).all()
    assert np.isfinite(area.mean)
    assert np.isnan(curve.interval("auto").low).all()


def test_the_table_has_a_row_for_each_measurement():
    curve = curve_of(2)
    frame = curve.to_frame()
    assert frame.columns.tolist() == [
        "query",
        "repeat",
        "n_labels",
        "accuracy",
        "macro_recall",
        "seconds",
    ]
    assert len(frame) == 3 * 2 * 4
    row = frame[(frame["query"] == "margin") & (frame["repeat"] == 1) & (frame["n_labels"] == 20)]
    for name in ("accuracy", "macro_recall", "seconds"):
        assert row[name].tolist() == [getattr(curve, name)["margin"][1, 2]]


@pytest.mark.parametrize(
    ("call", "reason"),
    [
        (lambda c: c.area("f1"), "measure must be one of 'accuracy', 'macro_recall'"),
        (lambda c: c.labels_needed(90), "accuracy must be"),
        (lambda c: c.compare("entropy"), "no curve of 'entropy'; there are those of auto, margin"),
        (lambda c: c.compare(confidence=95), "confidence must be"),
        (lambda c: c.interval("entropy"), "no curve of 'entropy'"),
        (lambda c: c.plot(measure="f1"), "measure must be one of"),
        (lambda c: c.plot(names="beside"), "names must be one of"),
        (lambda c: c.plot(queries=[]), "queries is empty"),
        (lambda c: c.plot(queries=["typicality"]), "no curve of 'typicality'"),
    ],
)
def test_bad_questions_are_refused(call, reason):
    with pytest.raises(InvalidInputError, match=reason):
        call(curve_of())


@pytest.mark.parametrize(
    ("module", "call"), [("pandas", "to_frame"), ("matplotlib.pyplot", "plot")]
)
def test_a_package_that_is_missing_is_named(module, call, monkeypatch):
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(MissingDependencyError, match=module.split(".")[0]):
        getattr(curve_of(), call)()


def drawn(curve, **settings):
    figure = Figure(figsize=(8, 5), layout="constrained")
    FigureCanvasAgg(figure)
    axes = curve.plot(figure.add_subplot(), **settings)
    figure.draw_without_rendering()
    return axes


def test_the_plot_has_a_line_for_each_rule_in_percent():
    curve = curve_of()
    axes = drawn(curve, measure="macro_recall")
    assert len(axes.lines) == 3
    for line, query in zip(axes.lines, curve.queries, strict=True):
        np.testing.assert_array_equal(line.get_xdata(), LABELS)
        np.testing.assert_allclose(line.get_ydata(), 100 * curve.macro_recall[query].mean(axis=0))
    assert axes.get_xlabel() == "number of labels"
    assert axes.get_ylabel() == "mean recall of the classes on unlabelled points, in %"


def test_random_questions_look_unlike_any_rule():
    queries = (*(f"rule {i}" for i in range(16)), "random")
    axes = drawn(curve_of(2, queries=queries))
    looks = [
        (line.get_color(), str(line.get_linestyle()), line.get_marker()) for line in axes.lines
    ]
    assert len(set(looks)) == 17
    *others, random = looks
    assert random[0] not in {look[0] for look in others}
    assert random[2] == "None"


def test_the_legend_is_in_the_order_of_the_areas_and_explains_the_bands():
    curve = curve_of(3)
    legend = drawn(curve).get_legend()
    texts = [text.get_text() for text in legend.get_texts()]
    areas = {query: 100 * values.mean() for query, values in curve.area().items()}
    order = sorted(areas, key=areas.get, reverse=True)
    assert texts == [f"{query} ({areas[query]:.1f} %)" for query in order]
    assert "band: 95 % interval of the mean" in legend.get_title().get_text()


def test_bands_are_those_of_the_intervals_and_never_beyond_what_a_share_can_be():
    curve = curve_of(3)
    curve.accuracy["auto"] = np.array([[0.0, 0.5, 0.9, 1.0]] * 2 + [[1.0, 0.6, 0.8, 0.9]])
    bands = drawn(curve).collections
    assert len(bands) == 3
    for band in bands:
        (path,) = band.get_paths()
        assert path.vertices[:, 1].min() >= 0
        assert path.vertices[:, 1].max() <= 100
    interval = curve.interval("margin")
    heights = bands[1].get_paths()[0].vertices[:, 1]
    for bound in (interval.low, interval.high):
        assert all(np.isclose(heights, 100 * value).any() for value in np.clip(bound, 0, 1))


def test_of_many_rules_only_the_best_and_random_have_bands():
    axes = drawn(curve_of(3, queries=("a", "b", "c", "d", "random")))
    assert len(axes.collections) == 2
    assert "only of the best rule and of random" in axes.get_legend().get_title().get_text()


def test_no_tick_and_little_room_is_above_all_right():
    curve = curve_of(3)
    for name in curve.queries:
        curve.accuracy[name] = np.ones_like(curve.accuracy[name])
    axes = drawn(curve)
    assert 100 in axes.get_yticks()
    assert axes.get_yticks().max() <= 100 < axes.get_ylim()[1] < 100.5
    random, *others = sorted(axes.lines, key=lambda line: line.get_color() != "#737373")
    assert random.get_zorder() > max(line.get_zorder() for line in others)


def test_the_legend_covers_no_part_of_the_axes():
    axes = drawn(curve_of(3))
    axes.figure.draw_without_rendering()
    renderer = axes.figure.canvas.get_renderer()
    assert not axes.get_legend().get_window_extent(renderer).overlaps(axes.bbox)


def test_one_repeat_has_no_bands():
    axes = drawn(curve_of(1))
    assert len(axes.collections) == 0
    assert "band" not in axes.get_legend().get_title().get_text()


@pytest.mark.parametrize("n_rules", [2, 5, 16])
def test_no_text_leaves_the_figure_or_meets_another(n_rules):
    queries = tuple(f"model-change-sigma-optimality {i}" for i in range(n_rules))
    axes = drawn(curve_of(3, queries=(*queries, "random")))
    figure = axes.figure
    renderer = figure.canvas.get_renderer()
    legend = axes.get_legend()
    labels = [axes.xaxis.label, axes.yaxis.label]
    for axis, (low, high) in ((axes.xaxis, axes.get_xlim()), (axes.yaxis, axes.get_ylim())):
        labels += [tick.label1 for tick in axis.get_major_ticks() if low <= tick.get_loc() <= high]
    boxes = [text.get_window_extent(renderer) for text in labels if text.get_text()]
    boxes.append(legend.get_window_extent(renderer))
    inside = figure.bbox
    for i, box in enumerate(boxes):
        assert box.x0 >= 0
        assert box.y0 >= 0
        assert box.x1 <= inside.width
        assert box.y1 <= inside.height
        assert not any(box.overlaps(other) for other in boxes[i + 1 :])


@pytest.mark.parametrize("nested", [False, True])
@pytest.mark.parametrize("n_rules", [1, 3, 11])
def test_in_a_small_figure_without_a_layout_the_legend_is_whole_and_off_the_curves(n_rules, nested):
    figure = Figure(figsize=(4, 3))
    FigureCanvasAgg(figure)
    place = figure.subfigures() if nested else figure
    axes = place.add_subplot()
    curve_of(3, queries=(*(f"v-optimality {i}" for i in range(n_rules)), "random")).plot(axes)
    figure.draw_without_rendering()
    box = axes.get_legend().get_window_extent()
    assert box.x0 >= 0
    assert box.y0 >= 0
    assert box.x1 <= figure.bbox.width
    assert box.y1 <= figure.bbox.height
    assert not box.overlaps(axes.bbox)
    assert (axes.bbox.width > 0.6 * figure.bbox.width) == (n_rules < 6)  # those stand above


def test_a_layout_that_somebody_chose_stays():
    figure = Figure(layout="tight")
    curve_of().plot(figure.add_subplot())
    assert isinstance(figure.get_layout_engine(), TightLayoutEngine)


def test_without_axes_a_figure_is_made():
    import matplotlib.pyplot as plt

    axes = curve_of().plot()
    try:
        assert len(axes.lines) == 3
    finally:
        plt.close(axes.figure)


def test_curves_are_added_to_axes_that_hold_others():
    figure = Figure()
    axes = figure.add_subplot()
    axes.plot([10, 22], [50, 60], label="mine")
    curve_of().plot(axes)
    assert len(axes.lines) == 4
    assert "mine" not in [text.get_text() for text in axes.get_legend().get_texts()]


def test_it_says_what_it_holds():
    assert repr(curve_of()) == (
        "LearningCurve(queries=('auto', 'margin', 'random'), repeats=6, labels=10..22)"
    )


def test_lines_may_be_chosen_and_named_at_their_ends():
    curve = curve_of()
    axes = curve.plot(Figure().add_subplot(), queries=["random", "auto"], names="direct")
    assert axes.get_legend() is None
    assert {text.get_text() for text in axes.texts} == {"random", "auto"}
    np.testing.assert_allclose(axes.lines[0].get_ydata(), 100 * curve.interval("random").mean)
    legend = curve.plot(Figure().add_subplot(), queries=["margin"]).get_legend()
    assert [text.get_text().split(" (")[0] for text in legend.get_texts()] == ["margin"]


def test_many_lines_have_no_bands():
    queries = tuple(f"rule {i}" for i in range(9))
    axes = curve_of(queries=queries).plot(Figure().add_subplot(), names="direct")
    assert len(axes.lines) == 9
    assert len(axes.collections) == 0
