"""Methods by data sets: simulations of several models and sets, their tables, tests and figures."""

from __future__ import annotations

import json

import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from scipy import stats
from sklearn.datasets import make_blobs
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier

from fewlabels import Comparison, Graph, LabelSpreading, LearningCurve, knn_graph, simulate
from fewlabels.exceptions import (
    DataFileError,
    InvalidInputError,
    InvalidTypeError,
    UnreachedWarning,
)
from fewlabels.queries import RULES
from fewlabels.session.simulation._paired_tests import holm
from fewlabels.session.simulation._paper_plots import _alike, _apart, colors_of, looks_of

SETS = {
    name: make_blobs(60, centers=3, cluster_std=3.0, random_state=seed)
    for name, seed in (("near", 0), ("far", 3))
}
MODELS = {"spreading": LabelSpreading(alpha=0.9), "nearest": KNeighborsClassifier(1)}
FEW = {"budget": 12, "batch_size": 4, "random_state": 0}


@pytest.fixture(scope="module")
def compared() -> Comparison:
    return simulate(model=MODELS, query="margin", data=SETS, repeats=3, **FEW)


def a_comparison(areas: np.ndarray) -> Comparison:
    """Return one whose scores are these, shape (n_datasets, n_methods, repeats)."""
    names = [f"m{i}" for i in range(areas.shape[1])]

    def curve(scores: np.ndarray) -> LearningCurve:
        table = {"random": scores[:, None]}
        return LearningCurve(
            ("random",), np.array([5]), table, table, table, table, {}, np.array([0, 1])
        )

    return Comparison(
        {
            f"set {d}": {name: curve(scores) for name, scores in zip(names, of_set, strict=True)}
            for d, of_set in enumerate(areas)
        }
    )


# What is played


def test_each_model_plays_each_rule_on_each_set_as_it_would_alone(compared):
    assert compared.datasets == ("near", "far")
    assert compared.models == ("spreading", "nearest")
    assert compared.queries == ("margin", "random")
    assert compared.methods == (
        "spreading, margin",
        "spreading, random",
        "nearest, margin",
        "nearest, random",
    )
    for name, (X, y) in SETS.items():
        for model in MODELS:
            alone = simulate(X, y, model=MODELS[model], query="margin", repeats=3, **FEW)
            for query in alone.queries:
                np.testing.assert_array_equal(
                    compared.curves[name][model].accuracy[query], alone.accuracy[query]
                )


def test_all_methods_of_a_set_begin_with_the_same_labels(compared):
    for of_set in compared.curves.values():
        starts = [curve.points[query][:, :3] for curve in of_set.values() for query in curve.points]
        assert all((start == starts[0]).all() for start in starts)


def test_scores_are_areas_under_the_curves(compared):
    areas = compared.areas()
    assert areas.shape == (2, 4, 3)
    expected = compared.curves["far"]["nearest"].area()["random"]
    np.testing.assert_array_equal(areas[1, 3], expected)
    np.testing.assert_allclose(compared.scores("macro_recall")[0].shape, (4,))
    assert "repeats=3" in repr(compared)


def test_methods_are_named_by_what_differs():
    X, y = SETS["near"]
    only_models = simulate(X, y, model=MODELS, query="random", **FEW)
    assert only_models.methods == ("spreading", "nearest")
    assert only_models.datasets == ("data",)
    only_rules = simulate(data={"near": (X, y)}, model=GaussianNB(), query="margin", **FEW)
    assert only_rules.methods == ("margin", "random")


def test_one_model_on_one_set_stays_a_curve():
    assert isinstance(simulate(*SETS["near"], query=["margin"], **FEW), LearningCurve)


def test_all_rules_are_played_at_once():
    X, y = SETS["near"]
    model, graph = LabelSpreading(), knn_graph(X, 12)
    curve = simulate(X, y, query="all", model=model, graph=graph, budget=5, random_state=0)
    assert set(curve.queries) == set(RULES) - {"auto"}


def test_runs_are_kept_in_a_folder_and_models_may_be_added(tmp_path, compared):
    first = {"spreading": MODELS["spreading"]}
    simulate(model=first, query="margin", data=SETS, repeats=3, save_to=tmp_path, **FEW)
    before = {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    assert len(before) == 2
    again = simulate(model=MODELS, query="margin", data=SETS, repeats=3, save_to=tmp_path, **FEW)
    np.testing.assert_array_equal(again.areas(), compared.areas())
    assert len(list(tmp_path.iterdir())) == 4
    assert all((tmp_path / name).stat().st_mtime_ns == time for name, time in before.items())
    [header] = [
        json.loads(path.read_text().splitlines()[0])
        for path in tmp_path.iterdir()
        if path.name.startswith("near_nearest_")
    ]
    assert header["settings"]["model"].startswith("KNeighborsClassifier(")
    other = {"nearest": KNeighborsClassifier(3)}
    with pytest.raises(DataFileError, match=r"now .*n_neighbors=3"):
        simulate(model=other, query="margin", data=SETS, repeats=3, save_to=tmp_path, **FEW)


def test_progress_grows_to_one_over_all_simulations():
    shares: list[float] = []
    simulate(model=MODELS, query="random", data=SETS, progress=shares.append, **FEW)
    assert shares == sorted(shares)
    assert shares[-1] == pytest.approx(1)
    assert shares[0] < 0.25


def test_a_function_makes_the_graph_of_each_set():
    made = []

    def by_nearest(X):
        made.append(len(X))
        return knn_graph(X, 5)

    simulate(data=SETS, model=LabelSpreading(), query="random", graph=by_nearest, **FEW)
    assert made == [60, 60]
    X, y = SETS["near"]
    alone = simulate(X, y, query="random", model=LabelSpreading(), graph=by_nearest, **FEW)
    given = simulate(X, y, query="random", model=LabelSpreading(), graph=knn_graph(X, 5), **FEW)
    np.testing.assert_array_equal(alone.accuracy["random"], given.accuracy["random"])


@pytest.mark.parametrize(
    ("settings", "error", "reason"),
    [
        ({"data": {}}, InvalidInputError, "must name one set of points"),
        ({"data": SETS, "model": {}}, InvalidInputError, "must name one set of points"),
        (
            {"data": {"near": 3}},
            InvalidTypeError,
            r"pairs \(points, true labels\); 'near' is of type int\.",
        ),
        (
            {"data": {"near": (np.ones(3), [1, 2], 3)}},
            InvalidTypeError,
            "'near' is of type tuple of 3",
        ),
        (
            {"data": {"near": SETS["near"], "far": ([[1.0], [2.0]], [5, 5])}, "budget": 8},
            InvalidInputError,
            "^data 'far', model 'model': y must hold labels of two classes",
        ),
        ({"data": SETS, "y": [1]}, InvalidTypeError, "leave X_or_graph and y out"),
        ({}, InvalidTypeError, "takes points and their true labels, or data="),
        (
            {"data": SETS, "save_to": "runs", "random_state": None},
            InvalidInputError,
            "save_to of several models or sets needs a random_state",
        ),
        ({"data": SETS, "graph": lambda X: 3}, InvalidTypeError, "must return a Graph, got int"),
        (
            {"data": SETS, "graph": lambda X: Graph.from_affinity(1 - np.eye(4))},
            InvalidInputError,
            "a node for each row",
        ),
    ],
)
def test_bad_settings_are_refused(settings, error, reason, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(error, match=reason):
        simulate(**settings)


# Tests of what was measured


def test_holm_is_the_step_down_of_the_textbook():
    p = np.array([0.04, 0.001, 0.03, 0.5])
    expected = [0.09, 0.004, 0.09, 0.5]  # 4 x 0.001, 3 x 0.03, max(that, 2 x 0.04), 0.5
    np.testing.assert_allclose(holm(p), expected)
    assert (holm(np.array([0.5, 0.9])) == [1.0, 1.0]).all()


def test_few_sets_are_compared_start_by_start_and_many_set_by_set():
    rng = np.random.default_rng(0)
    few = a_comparison(rng.random((2, 3, 5)))
    tests = few.compare("m1")
    assert list(tests) == ["m0", "m2"]
    assert tests["m0"].n_pairs == 10
    pairs = (few.areas()[:, 0] - few.areas()[:, 1]).ravel()
    assert tests["m0"].p_value == pytest.approx(stats.wilcoxon(pairs).pvalue)
    assert tests["m0"].difference == pytest.approx(pairs.mean())
    raw = np.array([tests["m0"].p_value, tests["m2"].p_value])
    np.testing.assert_allclose([tests["m0"].corrected, tests["m2"].corrected], holm(raw))
    many = a_comparison(rng.random((7, 3, 2)))
    assert many.compare()["m1"].n_pairs == 7
    assert many.rank().n_blocks == 7


def test_methods_that_are_equal_everywhere_do_not_differ():
    same = a_comparison(np.full((2, 3, 4), 0.5))
    assert same.compare()["m1"].p_value == 1
    ranked = same.rank()
    assert ranked.p_value == 1
    assert ranked.ranks.tolist() == [2, 2, 2]


def test_ranks_and_the_critical_difference_are_those_of_the_paper():
    """Demsar 2006: for four methods on fourteen sets the difference is 1.25 at 0.05."""
    rng = np.random.default_rng(1)
    areas = rng.random((14, 4, 1))
    ranked = a_comparison(areas).rank()
    assert ranked.critical_difference == pytest.approx(1.25, abs=0.005)
    expected = np.mean([stats.rankdata(-row) for row in areas[:, :, 0]], axis=0)
    np.testing.assert_allclose(ranked.ranks, expected)
    assert ranked.p_value == pytest.approx(stats.friedmanchisquare(*areas[:, :, 0].T).pvalue)


def test_what_can_not_be_tested_is_said():
    two = a_comparison(np.random.default_rng(0).random((3, 2, 2)))
    with pytest.raises(InvalidInputError, match=r"at least three methods.*there are 2 and 6"):
        two.rank()
    with pytest.raises(InvalidInputError, match="there is no method 'm7'; there are 'm0', 'm1'"):
        two.compare("m7")


# Tables


def test_tables_hold_mean_and_half_an_interval_with_the_best_in_bold():
    areas = np.array([[[0.80, 0.90], [0.50, 0.60]], [[0.70, 0.70], [0.70, 0.70]]])
    compared = a_comparison(areas)
    half = 100 * stats.t.ppf(0.975, 1) * np.std([0.8, 0.9], ddof=1) / np.sqrt(2)
    assert compared.to_markdown() == (
        "| method | set 0 | set 1 |\n"
        "| --- | ---: | ---: |\n"
        f"| m0 | **85.0** ± {half:.1f} | **70.0** ± 0.0 |\n"
        f"| m1 | 55.0 ± {half:.1f} | **70.0** ± 0.0 |\n"
    )
    latex = compared.to_latex()
    assert latex.startswith(
        "\\begin{tabular}{lrr}\n\\hline\nmethod & set 0 & set 1 \\\\\n\\hline\n"
    )
    assert rf"m0 & \textbf{{85.0}} $\pm$ {half:.1f} & \textbf{{70.0}} $\pm$ 0.0 \\" in latex


def test_names_are_escaped_and_one_start_has_no_interval():
    curve = a_comparison(np.array([[[0.6]]])).curves["set 0"]["m0"]
    named = Comparison({"50% a_b": {"x|y & {z}": curve}})
    assert named.to_latex().splitlines()[2] == r"method & 50\% a\_b \\"
    assert named.to_latex().splitlines()[4] == r"x|y \& \{z\} & \textbf{60.0} \\"
    assert r"| x\|y & {z} | **60.0** |" in named.to_markdown()


def test_points_without_a_neighbour_in_a_models_own_graph_are_told():
    far = np.arange(12.0)[:, None] * 100  # where exp(-gamma d^2) is 0
    truth = np.arange(12) % 2
    with pytest.warns(UnreachedWarning, match="12 of 12 points have no neighbour in the graph of"):
        simulate(far, truth, model=LabelSpreading(), query="random", budget=6, random_state=0)


# Figures


def test_each_line_has_a_colour_of_its_own_and_its_name_beside_it(compared):
    ax = compared.plot("far", Figure().add_subplot())
    assert ax.get_title() == "far"
    colors = [to_hex(line.get_color()) for line in ax.lines]
    assert len(set(colors)) == 4
    assert {text.get_text() for text in ax.texts} == set(compared.methods)
    assert [to_hex(text.get_color()) for text in ax.texts] != []
    assert ax.get_legend() is None
    for band in ax.collections:
        heights = band.get_paths()[0].vertices[:, 1]
        assert heights.min() >= 0
        assert heights.max() <= 100


def test_many_methods_share_the_colour_of_their_model_and_the_dash_of_their_rule():
    methods = {
        f"{model}, {rule}": (model, rule) for model in "abcd" for rule in ("margin", "random")
    }
    looks = looks_of(methods)
    assert len(set(looks.values())) == 8
    colors = [{looks[f"{model}, {rule}"][0] for rule in ("margin", "random")} for model in "abcd"]
    assert [len(each) for each in colors] == [1] * 4
    assert len({looks[f"{model}, margin"][1] for model in "abcd"}) == 1
    few = looks_of(dict(list(methods.items())[:7]))
    assert len({color for color, _ in few.values()}) == 7
    rules = looks_of({str(rule): ("a", str(rule)) for rule in range(16)})
    assert len({color for color, _ in rules.values()}) == 16


def test_lines_may_be_chosen_and_unknown_ones_are_named(compared):
    ax = compared.plot(ax=Figure().add_subplot(), methods=["nearest, margin"])
    assert [text.get_text() for text in ax.texts] == ["nearest, margin"]
    with pytest.raises(InvalidInputError, match="methods must name some of 'spreading, margin'"):
        compared.plot(methods=["forest"])
    with pytest.raises(InvalidInputError, match="there is no set 'mid'; there are 'near', 'far'"):
        compared.plot("mid")


@pytest.mark.parametrize("n", [1, 7, 8, 17])
def test_colours_differ_for_any_number_of_lines(n):
    assert len({to_hex(color) for color in colors_of(n)}) == n


def test_names_stand_apart_near_where_their_lines_end():
    wanted = np.array([50.0, 50.5, 51.0, 90.0])
    places = _apart(wanted, 3.0, 40.0, 100.0)
    assert (np.diff(places) >= 3 - 1e-9).all()
    assert abs(places[:3].mean() - wanted[:3].mean()) < 0.1
    assert places[3] == 90
    crowded = _apart(np.full(5, 99.0), 3.0, 40.0, 100.0)
    assert crowded[-1] <= 100


def test_bars_join_the_longest_runs_of_ranks_that_do_not_differ():
    assert _alike(np.array([1.0, 1.5, 2.5, 4.0]), 1.2) == [(0, 1), (1, 2)]
    assert _alike(np.array([1.0, 1.5, 2.0]), 1.2) == [(0, 2)]
    assert _alike(np.array([1.0, 3.0]), 1.2) == []


def test_the_diagram_of_ranks_names_each_method_with_its_rank(compared):
    ax = compared.plot_ranks(Figure().add_subplot())
    ranks = dict(zip(compared.methods, compared.rank().ranks, strict=True))
    texts = {text.get_text() for text in ax.texts}
    assert {f"{method} ({rank:.2f})" for method, rank in ranks.items()} <= texts
    assert f"critical difference: {compared.rank().critical_difference:.2f}" in texts
