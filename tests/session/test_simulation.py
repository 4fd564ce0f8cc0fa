"""Simulations where the answers are known."""

from __future__ import annotations

import json
import os
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from joblib import parallel_config
from sklearn.linear_model import LogisticRegression

from fewlabels import (
    CorrectAndSmooth,
    Graph,
    LabelPropagation,
    LabelSpreading,
    knn_graph,
    write_graph,
)
from fewlabels._checksums import checksum
from fewlabels.exceptions import DataFileError, InvalidInputError, InvalidTypeError, LabelWarning
from fewlabels.graph import shared_neighbor_graph
from fewlabels.queries import FunctionRule, Margin, QueryRule, Random, VOptimality, least_margin
from fewlabels.session import simulate

N = 90


def clusters(n=N, seed=0):
    """Three clusters that touch, in order of no meaning."""
    rng = np.random.default_rng(seed)
    y = rng.permutation(np.arange(n) % 3)
    centres = np.array([[0.0, 0.0], [4.0, 0.0], [2.0, 3.5]])
    return centres[y] + rng.normal(size=(n, 2)), y


@pytest.fixture(scope="module")
def graph():
    return knn_graph(clusters()[0], n_neighbors=6)


@pytest.fixture(scope="module")
def truth():
    return clusters()[1]


def same(one, other, query):
    for name in ("accuracy", "macro_recall", "first_seen", "points"):
        np.testing.assert_array_equal(getattr(one, name)[query], getattr(other, name)[query])


def refitted_loop(graph, truth, initial, batch_size, budget, choose):
    """The loop as plainly as can be: a fit from nothing in each round."""
    labelled, accuracies, recalls = list(initial), [], []
    while True:
        y = np.full(len(truth), -1)
        y[labelled] = truth[labelled]
        model = LabelSpreading(alpha=0.9, max_iter=10_000, tol=1e-9).fit(graph, y)
        rest = np.flatnonzero(y < 0)
        right = model.transduction_[rest] == truth[rest]
        accuracies.append(right.mean())
        recalls.append(np.mean([right[truth[rest] == c].mean() for c in np.unique(truth[rest])]))
        if len(labelled) == budget:
            return labelled, accuracies, recalls
        count = min(batch_size, budget - len(labelled))
        labelled += choose(model, rest, count)


def test_a_simulation_is_the_plain_loop_with_a_refit_in_each_round(graph, truth):
    def least_sure(model, rest, count):
        scores = least_margin(model.label_distributions_)[rest]
        return rest[np.argsort(-scores, kind="stable")[:count]].tolist()

    initial = [5, 17, 40, 41]
    curve = simulate(
        graph,
        truth,
        query=Margin(batch="top"),
        model=LabelSpreading(alpha=0.9, max_iter=10_000, tol=1e-9),
        initial=initial,
        batch_size=4,
        budget=22,
        random_state=0,
    )
    points, accuracies, recalls = refitted_loop(graph, truth, initial, 4, 22, least_sure)
    (query, _) = curve.queries
    assert query == "Margin(batch='top')"
    assert curve.labels.tolist() == [4, 8, 12, 16, 20, 22]
    assert curve.points[query][0].tolist() == points
    np.testing.assert_allclose(curve.accuracy[query][0], accuracies)
    np.testing.assert_allclose(curve.macro_recall[query][0], recalls)
    assert (curve.seconds[query] >= 0).all()


def test_every_rule_begins_with_the_same_labels_and_repeats_do_not(graph, truth):
    rules = ["margin", "typicality"]
    curve = simulate(graph, truth, query=rules, budget=6, repeats=4, random_state=0)
    assert curve.queries == ("margin", "typicality", "random")
    starts = {query: points[:, :3].tolist() for query, points in curve.points.items()}
    assert starts["margin"] == starts["typicality"] == starts["random"]
    assert len({tuple(start) for start in starts["random"]}) > 1
    firsts = [accuracy[:, 0].tolist() for accuracy in curve.accuracy.values()]
    assert firsts[0] == firsts[1] == firsts[2]


def test_a_run_does_not_depend_on_the_other_runs(graph, truth):
    settings = {"budget": 12, "random_state": 3, "model": LabelSpreading(alpha=0.9)}
    whole = simulate(graph, truth, query=["random", "auto", "margin"], repeats=3, **settings)
    alone = simulate(graph, truth, query="margin", repeats=3, **settings)
    same(whole, alone, "margin")
    same(whole, alone, "random")
    fewer = simulate(graph, truth, query=["margin", "auto"], repeats=1, **settings)
    assert fewer.points["auto"].tolist() == whole.points["auto"][:1].tolist()


def test_seeds_matter(graph, truth):
    runs = [
        simulate(graph, truth, query="random", budget=20, random_state=seed).points["random"]
        for seed in (0, 0, 1, np.random.RandomState(0), np.random.RandomState(0))
    ]
    assert runs[0].tolist() == runs[1].tolist() != runs[2].tolist()
    assert runs[3].tolist() == runs[4].tolist()


def test_one_per_class_is_one_per_class(graph, truth):
    curve = simulate(graph, truth, query="random", budget=3, repeats=5, random_state=0)
    for points in curve.points["random"]:
        assert sorted(truth[points]) == [0, 1, 2]
    assert (curve.first_seen["random"] <= 3).all()


def test_a_number_of_points_is_drawn_at_random(graph, truth):
    curve = simulate(graph, truth, initial=7, budget=12, repeats=5, random_state=0)
    assert curve.labels.tolist() == [7, 12]
    assert len(np.unique(curve.points["auto"][:, :7])) > 14


def test_from_nothing_the_first_batch_is_the_rules(graph, truth):
    curve = simulate(graph, truth, query="v-optimality", initial=0, batch_size=3, budget=8)
    assert curve.labels.tolist() == [3, 6, 8]
    asked = VOptimality().query(graph, batch_size=3)
    assert curve.points["v-optimality"][0, :3].tolist() == asked.tolist()


def test_classes_may_appear_at_any_time(graph, truth):
    start = np.flatnonzero(truth == 1)[:2]
    curve = simulate(graph, truth, query="auto", initial=start, budget=30, batch_size=4)
    seen, points = curve.first_seen["auto"][0], curve.points["auto"][0]
    for code, place in enumerate(seen):
        holders = np.flatnonzero(truth[points] == code)
        assert place == holders[0] + 1
    alone = simulate(graph, truth, initial=start, budget=2)
    assert alone.first_seen["auto"].tolist() == [[np.inf, 1, np.inf]]


def test_points_without_truth_are_neither_asked_about_nor_measured(graph, truth):
    hidden = np.arange(N) % 4 == 0
    y = np.where(hidden, -1, truth)
    curve = simulate(graph, y, query="random", budget=60, batch_size=57, random_state=0)
    points = curve.points["random"][0]
    assert not hidden[points].any()
    assert len(np.unique(points)) == 60
    column = np.full(N, -1)
    column[points] = truth[points]
    model = LabelSpreading(alpha=0.99, max_iter=1000, class_prior="uniform").fit(graph, column)
    rest = np.setdiff1d(np.flatnonzero(~hidden), points)
    expected = np.mean(model.transduction_[rest] == truth[rest])
    assert curve.accuracy["random"][0, -1] == expected
    with pytest.raises(InvalidInputError, match="initial holds point 0, which has no true label"):
        simulate(graph, y, initial=[1, 0], budget=10)


@pytest.mark.parametrize("kind", ["text", "objects", "bool", "float", "uint8"])
def test_labels_of_any_type_give_the_same_curves(graph, truth, kind):
    y = (truth == 1).astype(int)
    other = {
        "text": np.array(["b", "a"])[1 - y],
        "objects": [("x", 2) if code else ("x", 1) for code in y],
        "bool": y.astype(bool),
        "float": y + 1.0,
        "uint8": y.astype(np.uint8),
    }[kind]
    settings = {"query": "margin", "budget": 12, "random_state": 0}
    same(simulate(graph, y, **settings), simulate(graph, other, **settings), "margin")


def test_an_oracle_is_asked_once_for_all(graph, truth):
    calls = []

    def oracle(points):
        calls.append(points)
        return [f"class {code}" for code in truth[points]]

    settings = {"budget": 12, "random_state": 0, "repeats": 2}
    curve = simulate(graph, oracle, **settings)
    assert [call.tolist() for call in calls] == [list(range(N))]
    same(curve, simulate(graph, truth, **settings), "auto")


@pytest.mark.parametrize(
    ("oracle", "reason"),
    [
        (lambda points: 1 / 0, r"oracle y raised ZeroDivisionError: division by zero.*called once"),
        (lambda points: [1, 2], "oracle y must return one label for each of the 90 points, got 2"),
        (
            lambda points: [None if p == 7 else p % 2 for p in points],
            r"no answer for point 7 \(1 of",
        ),
        (lambda points: None, "labels must be an array or a list"),
        (lambda points: points * 0, "two classes or more, got 1"),
    ],
)
def test_an_oracle_that_fails_is_a_clear_error(graph, oracle, reason):
    with pytest.raises(InvalidInputError, match=reason):
        simulate(graph, oracle, budget=10)


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"budget": N}, f"budget must be less than {N}, the number of points with a true label"),
        ({"budget": 10**6}, "budget must be less than"),
        ({"budget": 0}, "budget must be at least 1"),
        ({"budget": 2}, "budget counts the first labels too: it must be at least 3"),
        ({"budget": 5.0}, "budget must be an integer"),
        ({"batch_size": 0}, "batch_size must be at least 1"),
        ({"repeats": 0}, "repeats must be at least 1"),
        ({"random_state": -1}, "random_state"),
        ({"initial": "one"}, "initial must be 'one per class'"),
        ({"initial": -1}, "initial must be from 0"),
        ({"initial": True}, "initial must be an integer"),
        ({"initial": []}, "initial must be"),
        ({"initial": [0.5]}, "initial must be"),
        ({"initial": [[0]]}, "initial must be"),
        ({"initial": [1, 1]}, "distinct point numbers"),
        ({"initial": [N]}, "from 0 to 89"),
        ({"query": []}, "query is empty"),
        ({"query": "guess"}, "there is no query rule 'guess'"),
        ({"query": ["margin", "margin"]}, "query names 'margin' twice"),
        ({"query": 3}, "a query rule is"),
        ({"model": LabelSpreading}, "model must be a classifier of fewlabels"),
        ({"model": "spreading"}, "model must be a classifier of fewlabels"),
    ],
)
def test_bad_settings_are_refused(graph, truth, settings, reason):
    with pytest.raises(InvalidInputError, match=reason):
        simulate(graph, truth, **settings)


def test_a_class_called_minus_one_is_no_unknown_truth_in_silence(graph, truth):
    signs = np.where(truth == truth[0], -1, 1)
    with pytest.raises(InvalidInputError, match=r"got 1\. -1, NaN and None say.*another name"):
        simulate(graph, signs)
    with (
        pytest.warns(LabelWarning, match="-1 is read as a class"),
        pytest.raises(InvalidInputError, match=r"a class of y is -1.*Name the class otherwise"),
    ):
        simulate(graph, [None, *signs[1:].tolist()])


def test_truth_that_does_not_fit_is_refused(graph, truth):
    with pytest.raises(InvalidInputError, match="one label for each of the 90 points, got 89"):
        simulate(graph, truth[1:])
    for nothing in (None, 5):
        with pytest.raises(InvalidTypeError, match="X_or_graph must be features of shape"):
            simulate(nothing, truth)
    with pytest.raises(InvalidInputError, match="two classes or more, got 0"):
        simulate(graph, np.full(N, -1))


def test_without_a_budget_half_of_few_points_and_a_hundred_of_many():
    X, y = clusters(60)
    assert simulate(X, y, query="random").labels[-1] == 30
    X, y = clusters(300)
    assert simulate(X, y, query="random", batch_size=50).labels[-1] == 100


class TakesTheFirst(QueryRule):
    """A rule of a user's own that returns what it is told to."""

    def __init__(self, returned=None):
        self.returned = returned

    def query(self, model, batch_size=1, candidates=None, random_state=None):
        return candidates[:batch_size] if self.returned is None else self.returned


def test_rules_of_a_users_own(graph, truth):
    def lowest(model, candidates):
        return -candidates

    settings = {"initial": [50, 60], "budget": 6, "batch_size": 2}
    rules = {"mine": FunctionRule(lowest, batch="top"), "class": TakesTheFirst()}
    curve = simulate(graph, truth, query=rules, **settings)
    assert curve.points["mine"].tolist() == curve.points["class"].tolist() == [[50, 60, 0, 1, 2, 3]]
    assert simulate(graph, truth, query=[lowest, Random], **settings).queries[0] == "lowest"


@pytest.mark.parametrize("returned", [[0, 0], [50, 3], [1], [0.5, 1.5], [3, N]])
def test_a_rule_that_returns_something_else_is_a_clear_error(graph, truth, returned):
    with pytest.raises(InvalidInputError, match="was asked for 2 different points without a label"):
        simulate(graph, truth, query=TakesTheFirst(returned), initial=[50], budget=5, batch_size=2)


def test_the_graph_is_the_models(truth):
    X, _ = clusters()
    model = LabelPropagation(kernel="knn", n_neighbors=4)
    settings = {"query": "margin", "budget": 12, "random_state": 0}
    curve = simulate(X, truth, model=model, **settings)
    assert not hasattr(model, "graph_")
    graph = LabelPropagation(kernel="knn", n_neighbors=4).fit(X, truth).graph_
    same(curve, simulate(graph, truth, model=model, **settings), "margin")
    default = simulate(X, truth, **settings)
    graph = shared_neighbor_graph(X)
    same(default, simulate(X, truth, graph=graph, **settings), "margin")


@pytest.mark.parametrize("shares", [{0: 0.5, 1: 0.3, 2: 0.2}, [0.5, 0.3, 0.2]])
def test_shares_of_classes_are_used_as_far_as_classes_were_seen(graph, truth, shares):
    exact = {"alpha": 0.9, "max_iter": 5000, "tol": 1e-9}
    start = [*np.flatnonzero(truth == 1)[:2], *np.flatnonzero(truth == 2)[:1]]
    model = LabelSpreading(**exact, class_prior=shares)
    curve = simulate(graph, truth, query="random", model=model, initial=start, budget=40)
    for n_labels, accuracy in zip(curve.labels, curve.accuracy["random"][0], strict=True):
        points = curve.points["random"][0, :n_labels]
        column = np.full(N, -1)
        column[points] = truth[points]
        seen = np.array([0.5, 0.3, 0.2])[np.unique(truth[points])]
        anew = LabelSpreading(**exact, class_prior=seen / seen.sum()).fit(graph, column)
        rest = column < 0
        assert accuracy == (anew.transduction_ == truth)[rest].mean()
    assert curve.first_seen["random"].max() > 3


def test_shares_that_do_not_fit_the_true_classes_are_refused(graph, truth):
    with pytest.raises(InvalidInputError, match="no share for class 2"):
        simulate(graph, truth, model=LabelSpreading(class_prior={0: 0.5, 1: 0.5}))


def test_a_model_that_needs_features_is_refused_at_once(graph, truth):
    with pytest.raises(InvalidTypeError, match="from a graph and labels alone"):
        simulate(graph, truth, model=CorrectAndSmooth(LogisticRegression()))


def test_points_that_no_label_reaches_are_wrong():
    pair = np.kron(np.eye(3), np.ones((4, 4))) - np.eye(12)
    y = np.repeat([0, 1, 0], 4)
    curve = simulate(Graph.from_affinity(pair), y, initial=[0, 4], budget=2)
    assert curve.accuracy["random"].tolist() == [[6 / 10]]


def test_a_graph_on_disk_is_simulated_by_rules_that_read_predictions_only(tmp_path, graph, truth):
    on_disk = write_graph(tmp_path / "g", graph)
    settings = {"query": {"top": Margin(batch="top")}, "budget": 12, "random_state": 0}
    settings["save_to"] = tmp_path / "runs.jsonl"
    curve = simulate(on_disk, truth, **settings)
    assert curve.accuracy["top"].shape == (1, 3)
    same(curve, simulate(on_disk, truth, **settings), "top")


def test_progress_is_reported_and_ends_at_one(graph, truth):
    shares = []
    simulate(graph, truth, query="random", budget=12, repeats=2, progress=shares.append)
    assert shares == sorted(shares)
    assert shares[-1] == 1
    assert len(shares) == 2 * 3


@pytest.mark.long
def test_curves_are_the_same_for_any_number_of_jobs(graph, truth, tmp_path):
    def own(model, candidates):
        warnings.warn("a rule of one's own", UserWarning, stacklevel=1)
        return -candidates

    settings = {"query": ["auto", own], "budget": 12, "repeats": 2, "random_state": 0}
    with pytest.warns(UserWarning, match="a rule of one's own"):
        one = simulate(graph, truth, **settings)
    shares = []
    with pytest.warns(UserWarning, match="a rule of one's own") as told:  # in this process
        two = simulate(
            graph,
            truth,
            n_jobs=2,
            progress=shares.append,
            save_to=tmp_path / "runs.jsonl",
            **settings,
        )
    assert len(told) == 2 * 2  # two batches in each of two runs
    assert one.queries == two.queries == ("auto", "own", "random")
    for query in one.queries:
        same(one, two, query)
    assert shares == [(i + 1) / 6 for i in range(6)]
    assert len((tmp_path / "runs.jsonl").read_bytes().splitlines()) == 1 + 6


def own_process(model, candidates):
    warnings.warn(f"in process {os.getpid()}", UserWarning, stacklevel=1)
    return -candidates


@pytest.mark.parametrize("config", [{"backend": "threading"}, {"require": "sharedmem"}])
def test_runs_have_processes_of_their_own_whatever_joblib_is_set_to(graph, truth, config):
    settings = {"query": own_process, "budget": 12, "random_state": 0}
    with parallel_config(**config), pytest.warns(UserWarning, match="in process") as told:
        simulate(graph, truth, n_jobs=2, **settings)
    assert f"in process {os.getpid()}" not in {str(warning.message) for warning in told}


@pytest.mark.parametrize(("action", "n_shown"), [("default", 1), ("always", 2 * 2)])
def test_a_warning_of_other_processes_is_shown_as_often_as_the_filters_say(
    graph, truth, action, n_shown
):
    def own(model, candidates):
        warnings.warn("again", UserWarning, stacklevel=1)
        return -candidates

    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter(action)
        simulate(graph, truth, query=own, budget=12, repeats=2, random_state=0, n_jobs=2)
    assert [str(warning.message) for warning in told] == ["again"] * n_shown


def test_an_error_in_another_process_is_the_error_of_this_one(graph, truth, tmp_path):
    rules = {"wrong": FunctionRule(lambda model, candidates: [0.0])}
    with pytest.raises(InvalidInputError, match="one number for each of the"):
        simulate(graph, truth, query=rules, budget=12, repeats=2, n_jobs=2)


@pytest.mark.long
def test_arrays_that_are_mapped_read_only_from_files_give_the_same_curves(graph, truth):
    weights = np.arange(N)

    def own(model, candidates):
        if isinstance(weights, np.memmap):
            warnings.warn("the weights are mapped", UserWarning, stacklevel=1)
        return -weights[candidates]

    settings = {"query": ["auto", own], "budget": 12, "repeats": 2, "random_state": 0}
    one = simulate(graph, truth, **settings)
    with parallel_config(max_nbytes=1), pytest.warns(UserWarning, match="the weights are mapped"):
        two = simulate(graph, truth, n_jobs=2, **settings)
    for query in one.queries:
        same(one, two, query)


@pytest.mark.parametrize("n_jobs", [0, 1.5, "2", True])
def test_a_number_of_jobs_that_is_none_is_refused(graph, truth, n_jobs):
    with pytest.raises(InvalidInputError, match="n_jobs must be"):
        simulate(graph, truth, n_jobs=n_jobs)


@pytest.mark.long
@given(data=st.data())
def test_every_run_labels_distinct_points_up_to_the_budget(data):
    n = data.draw(st.integers(6, 20))
    rng = np.random.default_rng(data.draw(st.integers(0, 99)))
    y = rng.permutation(np.arange(n) % 2)
    budget = data.draw(st.integers(2, n - 1))
    batch_size = data.draw(st.integers(1, n))
    initial = data.draw(st.one_of(st.just("one per class"), st.integers(0, budget)))
    curve = simulate(
        knn_graph(rng.normal(size=(n, 2)), 3),
        y,
        query=data.draw(st.sampled_from(["margin", "farthest-first", "random"])),
        initial=initial,
        budget=budget,
        batch_size=batch_size,
        random_state=0,
    )
    first = 2 if initial == "one per class" else initial or min(batch_size, budget)
    steps = np.diff(curve.labels)
    assert curve.labels[0] == first
    assert curve.labels[-1] == budget
    assert (steps[:-1] == batch_size).all()
    assert (steps[-1:] <= batch_size).all()
    for query in curve.queries:
        assert len(np.unique(curve.points[query])) == budget
        assert ((curve.accuracy[query] >= 0) & (curve.accuracy[query] <= 1)).all()


# Save and resume


class Interrupted(Random):
    """Random questions, until somebody presses Ctrl-C."""

    left = 10**9

    def query(self, *args, **kwargs):
        if Interrupted.left == 0:
            raise KeyboardInterrupt
        Interrupted.left -= 1
        return super().query(*args, **kwargs)


def test_an_interrupted_simulation_goes_on_where_it_was(graph, truth, tmp_path, monkeypatch):
    settings = {"query": {"q": Interrupted()}, "budget": 12, "repeats": 3, "random_state": 0}
    uninterrupted = simulate(graph, truth, **settings)
    file = tmp_path / "runs.jsonl"
    monkeypatch.setattr(Interrupted, "left", 3)  # two questions a run
    with pytest.raises(KeyboardInterrupt):
        simulate(graph, truth, **settings, save_to=file)
    kept = [json.loads(line) for line in file.read_text().splitlines()[1:]]
    assert [(run["query"], run["repeat"]) for run in kept] == [("q", 0), ("random", 0)]
    monkeypatch.setattr(Interrupted, "left", 4)  # enough only if the first is not run again
    shares = []
    curve = simulate(graph, truth, **settings, save_to=file, progress=shares.append)
    assert len(shares) == 4 * 3
    for query in ("q", "random"):
        same(curve, uninterrupted, query)
    monkeypatch.setattr(Interrupted, "left", 0)  # nothing is left to run
    again = simulate(graph, truth, **settings, save_to=file)
    assert again.to_columns() == curve.to_columns()


def test_rules_and_repeats_may_be_added_to_a_file(graph, truth, tmp_path):
    settings = {"budget": 12, "random_state": 5}
    file = tmp_path / "runs.jsonl"
    simulate(graph, truth, query="margin", **settings, save_to=file)
    curve = simulate(graph, truth, query=["entropy", "margin"], repeats=2, **settings, save_to=file)
    expected = simulate(graph, truth, query=["entropy", "margin"], repeats=2, **settings)
    for query in curve.queries:
        same(curve, expected, query)
    # and what is asked for may be less than what is there
    fewer = simulate(graph, truth, query="entropy", **settings, save_to=file)
    assert fewer.queries == ("entropy", "random")
    assert fewer.repeats == 1


def test_without_a_seed_a_file_goes_on_with_its_own(graph, truth, tmp_path):
    file = tmp_path / "runs.jsonl"
    one = simulate(graph, truth, query="random", budget=9, save_to=file)
    two = simulate(graph, truth, query="random", budget=9, repeats=2, save_to=file)
    assert two.points["random"][0].tolist() == one.points["random"][0].tolist()
    seed = json.loads(file.read_text().splitlines()[0])["seed"]
    told = simulate(graph, truth, query="random", budget=9, repeats=2, random_state=seed)
    same(two, told, "random")


def test_a_line_that_was_cut_short_is_run_again(graph, truth, tmp_path):
    settings = {"query": "margin", "budget": 12, "repeats": 2, "random_state": 0}
    file = tmp_path / "runs.jsonl"
    curve = simulate(graph, truth, **settings, save_to=file)
    whole = file.read_bytes()
    file.write_bytes(whole[:-30])
    same(simulate(graph, truth, **settings, save_to=file), curve, "margin")
    lines = [json.loads(line) for line in file.read_bytes().splitlines()]
    assert len(lines) == 5
    assert lines[:4] == [json.loads(line) for line in whole.splitlines()[:4]]


def test_runs_of_other_data_or_settings_are_refused_and_stay(graph, truth, tmp_path):
    file = tmp_path / "runs.jsonl"
    settings = {"query": "margin", "budget": 12, "random_state": 0, "save_to": file}
    simulate(graph, truth, **settings)
    before = file.read_bytes()
    swapped = truth.copy()
    swapped[0] = (truth[0] + 1) % 3
    for changed, reason in (
        ({"y": swapped}, "other data"),
        ({"X_or_graph": knn_graph(clusters()[0], 7)}, "other data"),
        ({"y": truth.astype(str)}, "other data"),
        ({"budget": 13}, r"budget 12 \(now 13\)"),
        ({"batch_size": 4}, r"batch_size 5 \(now 4\)"),
        ({"initial": 3}, r"initial one per class \(now 3\)"),
        ({"random_state": 1}, r"random_state 0 \(now 1\)"),
        ({"model": LabelSpreading()}, r"model LabelPropagation\(.*now LabelSpreading\("),
        ({"query": {"margin": Margin(batch="top")}}, "under the name 'margin'"),
    ):
        with pytest.raises(DataFileError, match=reason):
            simulate(**({"X_or_graph": graph, "y": truth} | settings | changed))
    assert file.read_bytes() == before


@pytest.mark.parametrize(
    "content",
    [
        "",
        "x\n",
        "{}\n",
        "[]\n",
        '{"format": "fewlabels-simulation-runs", "version": 9}\n',
        "a,b\n",
        "3\n",
    ],
)
def test_a_file_of_something_else_is_refused_and_stays(graph, truth, tmp_path, content):
    file = tmp_path / "notes.txt"
    file.write_text(content)
    with pytest.raises(DataFileError, match="holds no runs of a simulation"):
        simulate(graph, truth, budget=12, save_to=file)
    assert file.read_text() == content


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda run: run.pop("points"), "a run is made of accuracy, first_seen, "),
        (lambda run: run.update(extra=1), "a run is made of"),
        (lambda run: run.update(rule=3), "the rule has no name"),
        (lambda run: run.update(query=None), "the rule has no name"),
        (lambda run: run.update(repeat=-1), "repeat is -1"),
        (lambda run: run.update(repeat=True), "repeat is True"),
        (lambda run: run["n_labels"].__setitem__(1, 9), r"n_labels are .* should be \[3, 8, 12\]"),
        (lambda run: run["n_labels"].__setitem__(0, 3.0), "n_labels are"),
        (lambda run: run["accuracy"].__setitem__(1, 1.5), "accuracy holds something else"),
        (lambda run: run["accuracy"].__setitem__(1, "0.5"), "accuracy holds something else"),
        (lambda run: run["macro_recall"].__setitem__(1, True), "macro_recall holds something"),
        (lambda run: run["seconds"].append(1.0), "seconds holds something else"),
        (lambda run: run["seconds"].__setitem__(1, float("nan")), "seconds holds something else"),
        (lambda run: run.update(points=3), "points are not 12 different points"),
        (lambda run: run["points"].pop(), "points are not 12 different points"),
        (lambda run: run["points"].__setitem__(1, run["points"][0]), "points are not 12"),
        (lambda run: run["points"].__setitem__(1, N), "points are not 12"),
        (lambda run: run["points"].__setitem__(1, 0), "points are not 12"),  # its truth is hidden
        (lambda run: run["first_seen"].__setitem__(0, 11), "first_seen is not what follows"),
    ],
)
def test_a_damaged_run_is_named_and_the_file_stays(graph, truth, tmp_path, change, reason):
    y = truth.copy()
    y[0] = -1
    file = tmp_path / "runs.jsonl"
    settings = {"query": "random", "budget": 12, "repeats": 2, "random_state": 0, "save_to": file}
    simulate(graph, y, **settings)
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    change(lines[2])
    lines[2].pop("checksum")
    lines[2]["checksum"] = checksum(lines[2])  # as if its writer had been wrong
    damaged = "".join(json.dumps(line) + "\n" for line in lines)
    file.write_text(damaged)
    with pytest.raises(DataFileError, match=f"line 3 is no run of this simulation: {reason}"):
        simulate(graph, y, **settings)
    assert file.read_text() == damaged


def test_a_digit_that_was_changed_is_found_in_runs_and_in_their_header(graph, truth, tmp_path):
    file = tmp_path / "runs.jsonl"
    settings = {"query": "random", "budget": 12, "repeats": 2, "random_state": 0, "save_to": file}
    simulate(graph, truth, **settings)
    lines = file.read_text().splitlines(keepends=True)
    shifted = str.maketrans("123456789", "234567891")
    for number, message in ((0, "holds no runs"), (2, "line 3 .*: its checksum does not match")):
        changed = [*lines]
        start = changed[number].index('"accuracy"' if number else '"batch_size"')
        changed[number] = changed[number][:start] + changed[number][start:].translate(shifted)
        file.write_text("".join(changed))
        with pytest.raises(DataFileError, match=message):
            simulate(graph, truth, **settings)


def test_a_file_of_version_1_has_no_checksums_and_is_gone_on_with(graph, truth, tmp_path):
    file = tmp_path / "runs.jsonl"
    settings = {"query": "random", "budget": 12, "random_state": 0, "save_to": file}
    whole = simulate(graph, truth, repeats=2, **settings)
    header, *runs = (json.loads(line) for line in file.read_text().splitlines())
    for line in (header, *runs):
        del line["checksum"]
    old = "".join(json.dumps(line) + "\n" for line in (header | {"version": 1}, runs[0]))
    file.write_text(old)
    again = simulate(graph, truth, repeats=2, **settings)
    np.testing.assert_array_equal(again.accuracy["random"], whole.accuracy["random"])
    added = file.read_text().removeprefix(old)
    assert "checksum" not in added  # so that the version that began it can go on, too
    assert json.loads(added)["points"] == runs[1]["points"]


def test_two_simulations_that_begin_at_once_share_one_file(graph, truth, tmp_path, monkeypatch):
    file = tmp_path / "runs.jsonl"
    settings = {"query": "random", "budget": 12, "random_state": 0, "save_to": file}
    simulate(graph, truth, **settings)
    before = file.read_text()
    exists = type(file).exists
    monkeypatch.setattr(type(file), "exists", lambda path: path != file and exists(path))
    simulate(graph, truth, **settings)
    assert file.read_text() == before
    assert [path.name for path in tmp_path.iterdir()] == ["runs.jsonl"]


def test_a_place_that_can_not_be_written_to_is_an_error_at_once(graph, truth, tmp_path):
    with pytest.raises(DataFileError, match="can't keep the runs"):
        simulate(graph, truth, budget=12, save_to=tmp_path / "missing" / "runs.jsonl")


def test_nothing_is_written_when_the_settings_are_wrong(graph, truth, tmp_path):
    with pytest.raises(InvalidTypeError):
        simulate(graph, truth, budget=12, save_to=tmp_path / "runs", initial=[[0]])
    assert list(tmp_path.iterdir()) == []
