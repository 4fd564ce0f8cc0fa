"""Every benchmark runs, at a tiny size, and no table or plot of results is typed or stale."""

from __future__ import annotations

import contextlib
import dataclasses
import gzip
import json
import math
import multiprocessing
import subprocess
import sys
import threading
import types
from pathlib import Path

import numpy as np
import pytest
from scipy import sparse
from scipy.stats import binom
from sklearn.neighbors import NearestNeighbors

import fewlabels
from benchmarks import (
    averages,
    child,
    data,
    figures,
    goals,
    kind_tables,
    methods,
    packages,
    peers,
    question_figures,
    results,
    rules,
    steps,
    table,
    trust,
)
from benchmarks import bench as bench_module
from benchmarks.bench import SIZES, Bench, Contender
from benchmarks.cases import CASES
from benchmarks.cases import queries as question_cases
from benchmarks.cases.large import exponent
from benchmarks.lattice import Lattice
from benchmarks.recall import kth_distances, measured_recall
from benchmarks.works import WORKS, confidence, proofs, queries, suspects
from benchmarks.works.fits import store_graph

TINY = SIZES["tiny"]
# Compiled where they are installed, or when they are loaded: the tests do without them.
HEAVY_PEERS = {"hnswlib", "pynndescent"}
# Run on data of packages that the tests do without, or in a browser: see test_kinds.py,
# test_text_benchmark.py, test_data_benchmark.py, test_label_page_benchmark.py.
OF_PACKAGES = {
    "regret",
    "numbers",
    "texts_of_packages",
    "texts_of_debian",
    "text_time",
    "pictures",
    "mixed_tables",
    "labelling_texts",
    "labelling_more_texts",
    "labelling_pictures",
    "labelling_many",
    "stamps",
}


class PyNNDescentWithoutTheWait:
    """What the benchmarks call of PyNNDescent, which compiles for half a minute when it starts."""

    def __init__(self, X, n_neighbors, random_state):
        del random_state
        distances, indices = NearestNeighbors(n_neighbors=n_neighbors).fit(X).kneighbors(X)
        self.neighbor_graph = indices, distances


@pytest.fixture(autouse=True)
def _quick_pynndescent(monkeypatch):
    substitute = types.SimpleNamespace(NNDescent=PyNNDescentWithoutTheWait)
    monkeypatch.setitem(sys.modules, "pynndescent", substitute)
    monkeypatch.setattr(packages, "require", lambda name: None)
    # its correction of class sizes takes thousands of steps a round, of which there are 20
    quick = methods._graphlearning("W", "poisson_mbo", T=1, Ns=2)
    monkeypatch.setitem(methods.METHODS, "GraphLearning Poisson MBO", quick)


@pytest.fixture
def fashion(tmp_path, monkeypatch):
    """A folder with files like Fashion-MNIST's, of a few pictures."""
    rng = np.random.default_rng(0)
    strokes = 6 * rng.random((20, 28 * 28))  # so that few components hold the pictures
    for part, n in (("train", 400), ("t10k", 100)):
        labels = (np.arange(n) % 10).astype(np.uint8)
        pictures = (rng.random((n, 20)) @ strokes).astype(np.uint8).reshape(n, 28, 28)
        pictures[:, :14] += 2 * labels[:, None, None]  # near each other: one component
        write_idx(tmp_path / f"{part}-images-idx3-ubyte.gz", pictures)
        write_idx(tmp_path / f"{part}-labels-idx1-ubyte.gz", labels)
    monkeypatch.setenv(data.FASHION_VARIABLE, str(tmp_path))
    return tmp_path


def write_idx(path: Path, array: np.ndarray) -> None:
    head = bytes([0, 0, 8, array.ndim]) + np.array(array.shape, dtype=">i4").tobytes()
    path.write_bytes(gzip.compress(head + array.tobytes(), compresslevel=1))


@pytest.fixture
def root(tmp_path):
    """A project's folder with the marks and no results."""
    folder = tmp_path / "project"
    (folder / "docs").mkdir(parents=True)
    (folder / "benchmarks").mkdir()
    blocks = {
        "README.md": [table.SUMMARY],
        "docs/performance.md": [table.GOALS, table.FULL],
        "docs/accuracy.md": [
            trust.ACCURACY_GOALS,
            trust.KIND_GOALS,
            trust.FEATURE_GOALS,
            kind_tables.DESCRIBED,
        ],
        "docs/active-learning.md": [trust.QUESTION_GOALS],
    }
    for name, section in trust.SECTIONS.items():
        blocks.setdefault(f"docs/{section.page}", []).append(name)
    for page, names in blocks.items():
        marks = [f"{table.BEGIN.format(name=n)}\nold\n{table.END.format(name=n)}" for n in names]
        (folder / page).write_text("before\n" + "\nbetween\n".join(marks) + "\nafter\n")
    return folder


# The cases


@pytest.mark.long
@pytest.mark.usefixtures("fashion")
@pytest.mark.parametrize("name", [name for name in CASES if name not in OF_PACKAGES])
def test_each_case_runs_us_and_a_peer(name):
    case = Bench(TINY, apart=False)
    findings = CASES[name](case)
    assert findings
    absent = HEAVY_PEERS - packages.versions().keys()
    assert all(reason.split()[0] in absent for reason in case.missing)
    for row in (found for found in findings if isinstance(found, results.Row)):
        assert all(math.isfinite(entry.value) for entry in (row.ours, *row.peers))
        assert row.peers or not row.headline
        assert all(e.recall is None or e.recall > 0.9 for e in (row.ours, *row.peers))


@pytest.mark.long
@pytest.mark.usefixtures("fashion")
@pytest.mark.parametrize(
    "name", ["fashion_graph", "fashion_fit", "growth", "accuracy_digits", "questions_fashion"]
)
def test_a_peer_that_is_missing_is_named_with_the_extra_that_brings_it(name, monkeypatch, capsys):
    for module in ("hnswlib", "graphlearning", "pynndescent"):
        monkeypatch.setitem(sys.modules, module, None)
    case = Bench(TINY, apart=False)
    rows = [found for found in CASES[name](case) if isinstance(found, results.Row)]
    assert case.missing
    assert all("[bench]" in reason and "not measured" in reason for reason in case.missing)
    assert all(reason in capsys.readouterr().err for reason in case.missing[:1])
    assert math.isfinite(rows[0].ours.value)
    assert not any("GraphLearning" in peer.name for peer in rows[0].peers)


@pytest.mark.long
def test_work_apart_is_that_of_a_process_of_its_own(tmp_path):
    X, truth = data.curved_classes(1_500, n_features=16, n_classes=3)
    inputs = bench_module.stored(
        tmp_path, X=X, y=data.draw_labels(truth, 5, seed=0), sample=np.arange(20)
    )
    found = Bench(TINY).contest([Contender("fewlabels", "ours whole", {"k": 5})], inputs)
    outcome = found["fewlabels"]
    assert set(outcome.seconds) == {"graph", "fit"}
    assert outcome.total == pytest.approx(sum(outcome.seconds.values()))
    assert outcome.runs == 1
    assert outcome.arrays["found"].shape == (20, 5)
    assert 2e7 < outcome.peak < 1e9
    assert np.mean(outcome.arrays["predicted"] == truth) > 0.8


@pytest.mark.long
def test_a_process_that_fails_is_not_a_result(tmp_path):
    contender = Contender("fewlabels", "ours whole", {})  # no k
    inputs = bench_module.stored(tmp_path, X=np.zeros((4, 2), dtype=np.float32))
    with pytest.raises(subprocess.CalledProcessError):
        Bench(TINY).contest([contender], inputs)


def _peaks_in_a_child(peaks):
    before = child.peak_memory()
    block = np.ones(20_000_000)
    peaks.put((before, child.peak_memory() - before, block.nbytes))


@pytest.mark.skipif(
    "fork" not in multiprocessing.get_all_start_methods(), reason="this system does not fork"
)
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_the_peak_is_of_this_process_and_grows_with_what_it_holds():
    # in a new one, for this one may have held more before than it holds now
    context = multiprocessing.get_context("fork")
    peaks = context.SimpleQueue()
    process = context.Process(target=_peaks_in_a_child, args=(peaks,))
    process.start()
    process.join()
    assert process.exitcode == 0  # else there would be nothing to wait for
    before, more, block = peaks.get()
    assert before > 0
    assert more > 0.5 * block


def test_medians_are_of_runs_in_turn_after_a_first_that_does_not_count():
    calls = []
    case = Bench(TINY, apart=False)
    seconds = case.in_turn({n: lambda n=n: calls.append(n) for n in "ab"}, repeats=2)
    assert calls == ["a", "b"] * 3
    assert set(seconds) == {"a", "b"}


def test_every_work_is_of_a_package_that_is_known():
    assert {name for work in WORKS.values() for name in work.packages} <= set(packages.MODULES)


# The data


def test_curved_classes_are_the_same_however_many_are_asked_for():
    X, truth = data.curved_classes(60_000, n_features=8, n_classes=20)
    fewer, first = data.curved_classes(51_000, n_features=8, n_classes=20)
    np.testing.assert_array_equal(X[:51_000], fewer)
    np.testing.assert_array_equal(truth[:51_000], first)
    sizes = np.bincount(truth)
    assert X.dtype == np.float32
    assert sizes.max() > 4 * sizes.min() > 0
    other, _ = data.curved_classes(100, n_features=8, n_classes=20, seed=1)
    assert not np.array_equal(other, X[:100])


def test_fashion_mnist_is_read_from_its_four_files(fashion):
    X, truth = data.fashion_mnist(500)
    assert X.shape == (500, 784)
    assert X.dtype == np.float32
    assert truth[399:402].tolist() == [9, 0, 1]
    fewer, some = data.fashion_mnist(50)
    assert fewer.shape == (50, 784)
    assert len(np.unique(some)) > 5
    (fashion / "t10k-labels-idx1-ubyte.gz").write_bytes(gzip.compress(b"\0\0\x08\x01\0\0\0\x09abc"))
    with pytest.raises(data.MissingDataError, match="not a whole file"):
        data.fashion_mnist(50)
    (fashion / "t10k-labels-idx1-ubyte.gz").write_bytes(b"no archive")
    with pytest.raises(data.MissingDataError, match="can't be read"):
        data.fashion_mnist(50)


@pytest.mark.parametrize("n_nodes", [60, 1_001])
def test_the_lattice_is_symmetric_however_its_rows_are_made(n_nodes):
    lattice = Lattice(n_nodes, n_classes=4)
    W = sparse.vstack(list(lattice.blocks(37))).tocsr()
    whole = lattice.rows(0, n_nodes)
    assert (whole != W).nnz == 0
    assert abs(W - W.T).max() == 0
    assert W.diagonal().max() == 0
    assert W.data.min() > 0
    assert whole.has_canonical_format
    truth = lattice.truth()
    rows, columns = W.nonzero()
    assert np.mean(truth[rows] == truth[columns]) > 0.75
    assert (Lattice(n_nodes, n_classes=4, seed=1).rows(0, n_nodes) != whole).nnz > 0


def test_recall_is_that_of_all_pairs():
    X, _ = data.curved_classes(500, n_features=6, n_classes=3)
    sample = np.arange(0, 500, 7)
    distances, indices = NearestNeighbors(n_neighbors=5).fit(X).kneighbors()
    kth = kth_distances(X, sample, 5)
    np.testing.assert_allclose(kth, distances[sample, -1], rtol=1e-6)
    found = indices[sample]
    assert measured_recall(X, sample, found, kth, 5) == 1
    with_itself = np.hstack([sample[:, None], found])
    assert measured_recall(X, sample, with_itself, kth, 5) == 1
    twice = found.copy()
    twice[:, 4] = twice[:, 0]
    assert measured_recall(X, sample, twice, kth, 5) == pytest.approx(0.8)
    none = found.copy()
    none[:, 3:] = -1
    assert measured_recall(X, sample, none, kth, 5) == pytest.approx(0.6)


def test_the_exponent_is_the_slope_of_the_logarithms():
    assert exponent([10, 100, 1000], [2e-3, 2e-1, 2e1]) == pytest.approx(2)
    assert exponent([10], [1.0]) is None


def test_a_step_is_that_of_the_innermost_function_of_ours():
    X, truth = data.curved_classes(3_000, n_features=32, n_classes=3)
    y = data.draw_labels(truth, 5, seed=0)
    with steps.Sampler() as sampler:
        while not any(name.startswith("graph") for name in sampler.seconds()):
            fewlabels.LabelSpreading(kernel="self-tuning", n_neighbors=10).fit(X, y)
    assert all(seconds > 0 for seconds in sampler.seconds().values())
    assert steps.step_of(None) == steps.OTHER
    assert steps.step_of(sys._getframe()) == steps.OTHER
    assert not any(thread is sampler._thread for thread in threading.enumerate())


# Results, tables and plots


def test_measuring_writes_results_tables_and_plots_that_the_check_accepts(root, capsys):
    arguments = ["--only", "path_error", "unreachable_points"]
    assert peers.main(arguments, root=root, apart=False) == 0
    document = json.loads((root / "benchmarks" / "results.json").read_text())
    assert [row["case"] for row in document["rows"]] == ["path_error", "unreachable_points"]
    assert len(document["runs"]) == 1
    readme, report = root / "README.md", root / "docs" / "performance.md"
    assert table.summary(document) in readme.read_text()
    assert table.full(document) in report.read_text()
    assert goals.goals_table(document, goals.GOALS) in report.read_text()
    assert readme.read_text().startswith("before\n")
    assert readme.read_text().endswith("\nafter\n")
    assert peers.main(["--check"], root=root) == 0
    readme.write_text(readme.read_text().replace("scikit-learn", "typed by hand", 1))
    assert peers.main(["--check"], root=root) == 1
    assert "README.md: does not show" in capsys.readouterr().out
    assert peers.main(["--render"], root=root) == 0
    assert peers.main(["--check"], root=root) == 0


@pytest.mark.parametrize(
    ("unit", "ours", "theirs", "said"),
    [
        ("s", 2.0, (3.0, 1.0, 5.0), "| work | 2 s | peer 1 1 s | 2 x slower |"),
        ("share", 0.9, (0.7, 0.8, 0.6), "| work: fit | 90.0 % | peer 1 80.0 % | +10.0 points |"),
        ("error", 0.1, (0.3, 0.2, 0.4), "| work: fit | 1.0e-01 | peer 1 2.0e-01 |  |"),
    ],
)
def test_the_summary_shows_the_best_peer_only(unit, ours, theirs, said):
    about = {"machine": {"cores": 2, "python": "3.11", "system": "Linux"}, "packages": {}}
    peers = [results.Entry(f"peer {i}", value) for i, value in enumerate(theirs)]
    row = results.Row("work", "fit", unit, results.Entry("fewlabels", ours), peers)
    about |= {"size": "small", "missing": {"a": ["one is missing."], "b": ["another is."]}}
    summary = table.summary(results.merge(results.empty(), "run", about, "a", [row], ["a"]))
    assert said in summary
    assert summary.count("peer 1") == 1
    assert "one is missing." in summary
    assert "another is." not in summary


def test_a_run_replaces_its_own_cases_and_sizes_only_and_rows_say_whose_they_are():
    about = {"machine": {"cores": 2, "python": "3.11", "system": "Linux"}, "packages": {"p": "1"}}
    order = ["a", "b"]

    def row(value):
        ours, peers = results.Entry("fewlabels", value), [results.Entry("peer", 4.0)]
        return [results.Row("work", "fit", "s", ours, peers)]

    small, full = about | {"size": "small"}, about | {"size": "full"}
    document = results.empty()
    for run, what, case, value in (
        ("one", small, "b", 1.0),
        ("one", small, "a", 2.0),
        ("two", full, "a", 3.0),
        ("three", small, "a", 0.5),
    ):
        document = results.merge(document, run, what, case, row(value), order)
    kept = [(r["case"], r["size"], r["run"], r["ours"]["value"]) for r in document["rows"]]
    assert kept == [
        ("a", "full", "two", 3.0),
        ("a", "small", "three", 0.5),
        ("b", "small", "one", 1.0),
    ]
    assert set(document["runs"]) == {"one", "two", "three"}
    summary = table.summary(document)
    assert "| work | 3 s | peer 4 s | 1.33 x faster |" in summary
    assert "| work | 1 s | peer 4 s | 4 x faster |" in summary
    assert "500 ms" not in summary
    assert "Each row was measured in one run, on 2 cores (one, two)." in summary
    whole = table.full(document)
    assert whole.index("### Full size") < whole.index("### Small")
    assert "| work: fit <sup>1</sup> | fewlabels | 1 s |" in whole
    assert whole.count("Measured in one run on 2 cores") == 3
    document = results.merge(document, "four", small, "a", row(9.0), order)
    assert "three" not in document["runs"]


def test_a_case_without_its_data_is_skipped_and_said_to_be(root, monkeypatch, capsys):
    monkeypatch.setenv(data.FASHION_VARIABLE, str(root / "nowhere"))
    arguments = ["--only", "fashion_graph", "path_error"]
    assert peers.main(arguments, root=root, apart=False) == 0
    said = capsys.readouterr().err
    assert "apt install dataset-fashion-mnist" in said
    assert "1 of 2 cases were skipped" in said
    document = results.read(root / "benchmarks" / "results.json")
    assert [row["case"] for row in document["rows"]] == ["path_error"]


def test_an_interrupted_run_keeps_the_cases_that_ended(root, monkeypatch, capsys):
    def interrupted(bench):
        raise KeyboardInterrupt

    monkeypatch.setitem(CASES, "unreachable_points", interrupted)
    arguments = ["--only", "path_error", "unreachable_points"]
    assert peers.main(arguments, root=root, apart=False) == 130
    assert "interrupted" in capsys.readouterr().err
    document = results.read(root / "benchmarks" / "results.json")
    assert [row["case"] for row in document["rows"]] == ["path_error"]
    assert [path.name for path in (root / "benchmarks").iterdir()] == ["results.json"]


@pytest.mark.parametrize("content", ["not JSON", "[]", '{"format": "other"}'])
def test_a_foreign_file_of_results_is_refused(root, content, capsys):
    (root / "benchmarks" / "results.json").write_text(content)
    assert peers.main(["--check"], root=root) == 1
    assert "elete it" in capsys.readouterr().err


def test_the_cases_are_listed(capsys):
    assert peers.main(["--list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == list(CASES)


def test_the_pages_show_the_stored_results():
    assert peers.main(["--check"]) == 0


def test_a_page_without_the_marks_is_refused():
    with pytest.raises(ValueError, match="once each"):
        table.replace_block("no marks here", table.FULL, "table")


def test_plots_are_drawn_and_remember_what_they_show(tmp_path):
    stamp = {"case": "growth", "size": "small", "run": "one"}
    names = ("fewlabels: graph and fit", "fewlabels: graph", "fewlabels: fit", "peer: all")
    document = results.empty() | {
        "series": [
            stamp | {"name": name, "n_points": [10, 100], "seconds": [1.0, 9.0 * i]}
            for i, name in enumerate(names, 1)
        ],
        "steps": [stamp | {"work": "w", "seconds": {"graph: search": 3.0, "fit: solve": 0.001}}],
    }
    drawn = figures.draw_all(document, tmp_path)
    assert [path.name for path in drawn] == list(figures.NAMES)
    assert figures.stale(document, tmp_path) == []
    document["steps"][0]["seconds"]["fit: solve"] = 0.002
    assert figures.stale(document, tmp_path) == [figures.NAMES[1]]
    drawn[0].unlink()
    assert figures.stale(document, tmp_path) == list(figures.NAMES)


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (2.0, "s", "2 s"), (0.25, "s", "250 ms"), (0.9, "share", "90.0 %"),
        (0.21, "error", "2.1e-01"), (1234, "count", "1,234"), (1.6e9, "B", "1.60 GB"),
        (0.0214, "number", "0.021"), (-0.0123, "points", "-1.2 points"),
        (1.126, "exponent", "1.13"), (1999.6, "x", "2,000 x"), (3.14159, "x", "3.14 x"),
    ],
)  # fmt: skip
def test_figures_are_written_as_a_reader_takes_them(value, unit, text):
    assert table.spoken(value, unit) == text


@pytest.mark.parametrize(
    ("ours", "theirs", "unit", "text"),
    [
        (0.5, 2.0, "s", "4 x faster"), (0.5, 0.25, "s", "2 x slower"),
        (5.99, 5.991, "s", "as fast"),
        (0.01, 85, "s", "8,500 x faster"), (0.95, 0.9, "share", "+5.0 points"),
        (0.9, 0.75, "number", "+0.150"), (2e9, 1e9, "B", "2 x more"), (1e9, 2e9, "B", "2 x less"),
        (0, 50, "count", ""),
    ],
)  # fmt: skip
def test_results_are_compared_in_words(ours, theirs, unit, text):
    assert table.compared(ours, theirs, unit) == text


def test_goals_are_judged_by_full_size_rows_only():
    row = {
        "case": "fashion_label", "size": "full", "work": "w", "measure": "`add_labels`, refit",
        "ours": {"value": 0.02}, "peers": [{"name": "scikit-learn, refit", "value": 80.0}],
    }  # fmt: skip
    lines = goals.goals_table(results.empty() | {"rows": [row]}, goals.GOALS).splitlines()
    assert "| one label added to that fit | at most 50 ms | 10 ms | 20 ms | yes |" in lines
    assert any("| at least 2,000 x | 10,000 x | 4,000 x | yes |" in line for line in lines)
    slower = row | {"ours": {"value": 0.06}}
    assert "| 60 ms | **no** |" in goals.goals_table(
        results.empty() | {"rows": [slower]}, goals.GOALS
    )
    small = results.empty() | {"rows": [row | {"size": "small"}]}
    assert goals.goals_table(small, goals.GOALS).count("not measured") == len(goals.GOALS)
    without_peer = results.empty() | {"rows": [row | {"peers": []}]}
    assert "| not measured |" in goals.goals_table(without_peer, goals.GOALS)


def test_a_goal_of_some_rows_is_judged_by_the_worst():
    def row(measure, value, **more):
        ours = {"name": "ours", "value": value}
        common = {"case": "coverage", "size": "full", "work": "w", "measure": measure}
        return common | {"ours": ours, "peers": []} | more

    rows = [row("coverage, 50", 0.91), row("coverage, 100", 0.87), row("classes", 3.0)]
    table_of = goals.goals_table(results.empty() | {"rows": rows}, goals.TRUST_GOALS)
    (line,) = [line for line in table_of.splitlines() if line.startswith("| coverage")]
    assert line.endswith("| at most 2.0 % |  | 3.0 % | **no** |")


def test_goals_read_differences_shares_of_others_and_what_has_no_limit():
    gaps = [{"name": "ours less theirs", "against": "", "value": 0.03, "error": 0.01}]
    also = [{"name": "a", "value": 0.5}, {"name": "b", "value": 0.2}, {"name": "c", "value": 0.01}]
    row = {"ours": {"value": 0.05}, "peers": [], "also": also, "gaps": gaps}
    assert goals.gap_of("ours less")(row) == 0.03
    assert goals.share_of_least("a", "b")(row) == pytest.approx(0.25)
    with pytest.raises(KeyError):
        goals.gap_of("theirs")(row)
    with pytest.raises(KeyError):
        goals.share_of_least("d")(row)
    free = goals.Goal("t", "c", "m", goals.own("value"), None, 0.95, True, "share")
    assert free.reached(0.96) == "yes, and more"
    assert free.reached(0.94) == "no"


def test_every_goal_is_of_a_case_and_every_section_too():
    every = (*goals.GOALS, *goals.TRUST_GOALS, *goals.QUESTION_GOALS)
    assert {goal.case for goal in every} <= CASES.keys()
    assert CASES.keys() >= trust.CASES


# Means over draws of labels


@pytest.mark.parametrize("seed", range(5))
def test_draws_have_the_labels_that_they_say(seed):
    truth = np.repeat(np.arange(10), 40)
    drawn = {
        kind: draw(truth, number, seed)
        for (kind, draw), number in zip(data.DRAWS.items(), (3, 10, 10, 25), strict=True)
    }
    counts = {kind: np.bincount(y[y >= 0], minlength=10) for kind, y in drawn.items()}
    assert set(counts["each"]) == {3}
    assert (counts["skewed"].max(), counts["skewed"].min()) == (10, 1)
    assert np.ptp(counts["even"]) == 1
    assert counts["even"].sum() == counts["skewed"].sum()
    assert counts["random"].sum() == 25
    for y in drawn.values():
        np.testing.assert_array_equal(y[y >= 0], truth[y >= 0])
    other = data.draw_skewed(truth, 10, seed + 1)
    assert not np.array_equal(other, drawn["skewed"])


def test_a_gap_is_taken_draw_by_draw_and_against_the_highest_mean():
    ours = [0.5, 0.7, 0.9]
    others = {"best of one": [0.9, 0.0, 0.0], "best on average": [0.4, 0.6, 0.8]}
    gap = averages.gap_to_best("name", ours, others)
    assert gap.against == "best on average"
    assert gap.value == pytest.approx(0.1)
    assert gap.error == pytest.approx(0, abs=1e-12)
    entry = averages.mean_entry("ours", ours)
    assert entry.value == pytest.approx(0.7)
    assert entry.error == pytest.approx(0.2 / math.sqrt(3))


def test_wrong_labels_are_as_many_as_said_and_of_other_classes():
    labels = np.arange(100) % 5
    nearest = np.array([1, 0, 3, 4, 2])
    for kind in suspects.KINDS:
        given, wrong = suspects.flipped(labels, 0.2, kind, nearest, seed=3)
        assert wrong.sum() == 20
        np.testing.assert_array_equal(given != labels, wrong)
        assert given.min() >= 0
        assert given.max() <= 4
    np.testing.assert_array_equal(given[wrong], nearest[labels[wrong]])


def test_the_nearest_class_is_the_one_that_most_weight_leads_to():
    W = np.zeros((6, 6))
    W[0, 1] = W[0, 2] = W[1, 2] = 1.0  # classes 0 0 1
    W[2, 4] = 5.0  # 1 and 2
    graph = types.SimpleNamespace(affinity=sparse.csr_array(W + W.T))
    truth = np.array([0, 0, 1, 1, 2, 2])
    assert suspects.nearest_classes(graph, truth).tolist() == [1, 2, 1]


def test_a_class_that_no_label_names_is_covered_by_no_set():
    sets = np.array([[True, False], [True, True], [False, True]])
    truth = np.array([0, 1, 3])
    covered = confidence.covered(sets, np.array([0, 3]), truth)
    assert covered.tolist() == [True, False, True]


@pytest.mark.long
def test_work_at_once_is_that_of_processes_of_their_own(tmp_path):
    X, truth = data.curved_classes(300, n_features=16, n_classes=3)
    graph = fewlabels.knn_graph(X, 10)
    inputs = store_graph(graph, tmp_path) | bench_module.stored(tmp_path, truth=truth)
    settings = {"plans": [["each", 2], ["each", 5]], "seeds": [0, 2], "sizes_known": False}
    names = ["`LabelPropagation`", "`PoissonClassifier`"]
    contenders = [
        Contender(name, "accuracies", settings | {"methods": [name]}, ("graph", "truth"))
        for name in names
    ]
    apart = Bench(TINY).at_once(contenders, inputs)
    here = Bench(TINY, apart=False).at_once(contenders, inputs)
    for name in names:
        assert apart[name]["accuracy"].shape == (1, 2, 2)
        np.testing.assert_array_equal(apart[name]["accuracy"], here[name]["accuracy"])


def test_methods_of_graphlearning_get_its_own_weights_of_ten_neighbours():
    X, _ = data.curved_classes(200, n_features=8, n_classes=3)
    W = methods.graphlearning_weights(X)
    assert W.shape == (200, 200)
    assert abs(W - W.T).max() < 1e-12
    assert abs(W.diagonal()).max() == 0
    assert (W > 0).sum(axis=1).min() == 10


def document_of(rows, case, size="full"):
    about = {
        "machine": {"cores": 2, "python": "3.11", "system": "Linux"},
        "packages": {"p": "1"},
        "size": size,
    }
    return results.merge(results.empty(), "run", about, case, rows, [case])


def test_tables_show_means_with_errors_ours_first_and_differences_last():
    def row(measure, value):
        mine = results.Entry("ours", value, error=0.004)
        peers = [results.Entry("theirs", 0.7, error=0.01)]
        also = [results.Entry("ours too", 0.75, note="noted")]
        gaps = [results.Gap("ours less theirs", "who", value - 0.7, 0.002)]
        return results.Row("digits", measure, "share", mine, peers, also, gaps)

    rows = [row("1 label", 0.8), row("5 labels", 0.9)]
    down = trust.block(document_of(rows, "accuracy_digits"), "accuracy from few labels")
    assert down.splitlines()[:6] == [
        "| on | who | 1 label | 5 labels |",
        "| --- | --- | --- | --- |",
        "| digits | **ours** | 80.0 ± 0.4 % | 90.0 ± 0.4 % |",
        "|  | ours too | 75.0 % (noted) | 75.0 % (noted) |",
        "|  | theirs | 70.0 ± 1.0 % | 70.0 ± 1.0 % |",
        "|  | *ours less theirs* | +10.0 ± 0.2 points (who) | +20.0 ± 0.2 points (who) |",
    ]
    assert "Measured in one run on 2 cores" in down
    across = trust.block(document_of(rows, "hindsight"), "what choosing nothing costs")
    assert (
        across.splitlines()[0] == "| on | measure | ours | ours too | theirs | ours less theirs |"
    )
    assert across.splitlines()[3].startswith("|  | 5 labels | 90.0 ± 0.4 % |")


def test_a_table_shows_each_case_at_its_largest_size_and_says_what_was_not_measured():
    row = results.Row("w", "m", "number", results.Entry("ours", 0.0214, error=0.0031))
    small = document_of([row], "calibration", "small")
    full = results.merge(
        small,
        "later",
        small["runs"]["run"] | {"size": "full"},
        "calibration",
        [row],
        ["calibration"],
    )
    text = trust.block(full, "calibration of probabilities")
    assert text.count("0.021 ± 0.003") == 1
    assert "later" in text
    assert "Not measured yet" in trust.block(full, "coverage of sets")


def test_what_is_on_the_page_of_accuracy_is_not_among_the_times():
    mine, peer = results.Entry("ours", 0.5), results.Entry("theirs", 0.4)
    document = document_of([results.Row("w", "m", "share", mine, [peer])], "calibration")
    assert "theirs" in table.full(document)
    assert "theirs" not in table.full(document, without=trust.CASES)


# Questions


@pytest.fixture
def questions():
    """Findings of every rule and of batches, on two sets and with features."""
    names = (queries.DEFAULT, "`margin`", "`entropy`", queries.RANDOM)
    gains = {queries.DEFAULT: 0.02, "`margin`": 0.001, "`entropy`": -0.02}

    def areas(work, kept):
        entries = [results.Entry(n, 0.9 + gains.get(n, 0), error=0.01) for n in kept]
        entries[0] = dataclasses.replace(entries[0], runs=5)
        gaps = [results.Gap(n, queries.RANDOM, gains[n], 0.002) for n in kept if n in gains]
        return results.Row(work, "area", "share", entries[0], also=entries[1:], gaps=gaps)

    def batch(work, size):
        entries = [results.Entry(n, 0.9, error=0.01) for n in question_cases.BATCHED]
        measure = question_cases.batch_text(size)
        return results.Row(work, measure, "share", entries[0], also=entries[1:])

    sets = ("digits, 5 starts", "clothes, 5 starts")
    rows = [areas(work, names) for work in sets]
    rows.append(areas(f"digits{question_cases.ON_GRADIENTS}, 5 starts", names[::3]))
    curves = [
        results.Curve(work, n, [10, 15, 20], [0.7, 0.8, 0.9], [0.01, 0.01, 0.01])
        for work in sets
        for n in names
    ]
    document = document_of([*rows, *curves], "every_rule")
    about = next(iter(document["runs"].values()))
    found = [batch(work, size) for work in sets for size in question_cases.BATCH_SIZES]
    return results.merge(document, "run", about, "batches", found, ["every_rule", "batches"])


def test_rules_are_ranked_and_those_that_lose_are_named(questions):
    text = trust.block(questions, "every rule beside random questions")
    lines = text.splitlines()
    assert [line.split(" | ")[0].strip("| *") for line in lines[2:6]] == [
        queries.DEFAULT, "`margin`", queries.RANDOM, "`entropy`",
    ]  # fmt: skip
    assert lines[2].count("92.0 %, +2.0 ± 0.2") == 3
    assert lines[5].count("88.0 %, -2.0 ± 0.2 **loses**") == 2
    assert lines[3].endswith("|  |")  # not run on features
    lose, open_ = text.split("Lose to random")[1].split("Not told apart")
    assert "- on digits, 5 starts: `entropy`." in lose
    assert "- on digits, oriented gradients, 5 starts: none." in lose
    assert "- on clothes, 5 starts: `margin`." in open_
    assert text.index("active_rules.png") < text.index("active_curves.png")


def test_a_verdict_is_that_of_students_interval_over_the_starts():
    def row(value, n_starts):
        gaps = [{"name": "r", "against": "random", "value": value, "error": 0.01}]
        return {"ours": {"runs": n_starts}, "gaps": gaps}

    # t = 2.776 of 4 degrees of freedom, 2.093 of 19
    found = [rules.verdict(row(v, n), "r") for v in (0.025, -0.025, 0.03) for n in (5, 20)]
    assert found == ["open", "wins", "open", "loses", "wins", "wins"]
    assert rules.verdict(row(0.1, 5), "another") == ""


def test_plots_of_questions_show_raw_pixels_and_go_stale(questions, tmp_path):
    names = set(question_figures.plots(questions))
    assert {path.name for path in figures.draw_all(questions, tmp_path)} == names
    assert figures.stale(questions, tmp_path) == []
    questions["curves"][0]["mean"][0] = 0.75
    assert figures.stale(questions, tmp_path) == ["active_curves.png"]
    on_features = next(r for r in questions["rows"] if question_cases.ON_GRADIENTS in r["work"])
    on_features["gaps"][0]["value"] = 0.5
    assert figures.stale(questions, tmp_path) == ["active_curves.png"]


def test_a_batch_is_compared_with_itself_one_by_one_and_with_random_questions(monkeypatch):
    def simulated(bench, X, truth, plan, seeds):
        lost = 0.01 * np.arange(len(plan["rules"])) + 0.001 * plan["batch_size"]
        lost[-1] *= 2
        return {"accuracy": np.tile((0.9 - lost)[:, None, None], (1, len(seeds), 2))}

    drawn = ("digits", np.zeros((4, 1)), np.repeat([0, 1], 2))
    monkeypatch.setattr(question_cases, "digits", lambda bench: drawn)
    monkeypatch.setattr(question_cases, "fashion", lambda n: drawn)
    monkeypatch.setattr(question_cases, "_simulated", simulated)
    assert list(question_cases.BATCHED)[-1] == queries.RANDOM
    found = {row.measure: row for row in question_cases.batches(Bench(TINY))}
    assert len(found) > 1
    for size in (size for size in question_cases.BATCH_SIZES if TINY.n_batched % size == 0):
        gaps = {g.name: g.value for g in found[question_cases.batch_text(size)].gaps}
        less_random = f"{queries.DEFAULT} {question_cases.LESS_RANDOM}"
        assert gaps[less_random] == pytest.approx(0.06 + 0.001 * size)
        price = gaps.get(f"{queries.DEFAULT} less its own one by one", 0.0)
        assert price == pytest.approx(-0.001 * (size - 1))


def test_results_from_before_there_were_curves_are_read(tmp_path):
    old = results.empty()
    del old["curves"]
    results.write(tmp_path / "results.json", old)
    assert results.read(tmp_path / "results.json") == results.empty()


def test_a_goal_of_one_work_is_not_judged_by_another():
    def row(work, value):
        common = {"case": "rounds", "size": "full", "measure": "preparation", "peers": []}
        return common | {"work": work, "ours": {"value": value}}

    rows = [row("a session on x, 1,000,000 points", 100.0), row("a session, 70,000 points", 3.5)]
    found = goals.goals_table(results.empty() | {"rows": rows}, goals.QUESTION_GOALS)
    assert "| 70,000 points: preparation | at most 8 s | 4 s | 3.5 s | yes, and more |" in found
    assert "| 1,000,000 points: preparation | at most 120 s | 60 s | 100 s | yes |" in found


def test_a_lead_that_chance_explains_is_no_lead():
    gaps = [{"name": "r", "against": "", "value": 0.03, "error": 0.02}]
    assert goals.surely_more("r")({"gaps": gaps}) == pytest.approx(-0.01)
    with pytest.raises(KeyError):
        goals.surely_more("another")({"gaps": gaps})


def test_seeds_parted_between_processes_come_back_in_their_order(monkeypatch):
    monkeypatch.setattr(question_cases, "cores", lambda: 3)

    def at_once(self, contenders, inputs):
        parts = {c.name: np.array(c.settings["seeds"]) for c in contenders}
        return {
            name: {
                "labels": np.arange(4),
                "one": seeds,
                "three": np.tile(seeds[:, None], (2, 1, 5)),
            }
            for name, seeds in parts.items()
        }

    monkeypatch.setattr(Bench, "at_once", at_once)
    found = question_cases._by_seed(Bench(TINY), "w", {}, {}, list(range(1000, 1008)))
    assert found["labels"].tolist() == [0, 1, 2, 3]
    assert found["one"].tolist() == list(range(1000, 1008))
    assert found["three"][1, :, 4].tolist() == list(range(1000, 1008))


@pytest.mark.long
def test_digits_are_asked_as_published_from_the_same_ten():
    settings = {"n_points": 330, "n_given": 10, "budget": 30, "seeds": [0]}
    who = [queries.AS_PUBLISHED, queries.THEIRS]
    found = queries.digit_questions({}, settings | {"contenders": who}, lambda name: None)
    assert found["labels"].tolist() == [10, 15, 20, 25, 30]
    # what the example's page shows
    np.testing.assert_allclose(found["accuracy"][0, 0, 1:], [0.797, 0.842, 0.902, 0.940], atol=5e-4)


def test_graphlearning_is_told_of_equal_classes_and_asks_at_random_too(tmp_path, monkeypatch):
    package = pytest.importorskip("graphlearning")
    told, asked = [], []
    laplace, learner = package.ssl.laplace, package.active_learning.active_learner

    def noting(W, **given):
        told.append(given.get("class_priors"))
        return laplace(W, **given)

    class Noting(learner):
        def update(self, points, labels):
            asked.append(points.tolist())
            super().update(points, labels)

    monkeypatch.setattr(package.ssl, "laplace", noting)
    monkeypatch.setattr(package.active_learning, "active_learner", Noting)
    truth = np.repeat(np.arange(4), 50)
    X = 4 * np.eye(4)[truth] + np.random.default_rng(0).normal(size=(200, 4))
    inputs = store_graph(fewlabels.knn_graph(X, 8), tmp_path) | {"truth": truth}
    settings = {"batch_size": 3, "budget": 10, "seeds": [1, 1, 2], "eigenvectors": 10}
    settings["model"] = ("laplace", {"reweighting": "poisson"})
    settings["rules"] = ["uncertainty", queries.RANDOM]
    found = queries.of_graphlearning(inputs, settings, lambda name: contextlib.nullcontext())
    assert found["accuracy"].shape == (2, 3)
    assert found["accuracy"].min() > 0.9
    # one model asks, and one answers
    assert [shares is None for shares in told] == [True, False] * 6
    np.testing.assert_array_equal(told[1::2], np.full((6, 4), 0.25))
    of_rules = [asked[start : start + 2] for start in range(0, 12, 2)]
    assert of_rules[1] == of_rules[3] != of_rules[5]  # the seed decides what is asked at random
    assert of_rules[0] != of_rules[1]


def test_their_recipe_asks_where_entropy_is_largest_and_no_label_is():
    X = np.array([[0.0], [1.0], [2.0], [3.0], [4.0]])
    recipe = queries.TheirRecipe(X)
    recipe.learn(np.array([0, 4]), np.array([0, 1]))
    asked = recipe.ask(3)
    assert asked[0] == 2
    assert set(asked) == {1, 2, 3}


def test_the_best_bet_needs_as_many_checks_as_one_reckons():
    """If all are right, each of them multiplies the stake by 1 / 0.9, about."""
    wrong = np.zeros(100_000, dtype=bool)
    assert proofs.checks_of_the_best_bet(wrong, 10_000) == 29  # 0.9^29 < 0.05
    wrong[0] = True  # one of 10,001 in its place: nobody gets over that
    assert proofs.checks_of_the_best_bet(wrong, 10_000) > 100
    # of ten points with one wrong, and at most one allowed: if one is found, it is all but over
    assert proofs.checks_of_the_best_bet(np.eye(10, dtype=bool)[9], 1) == 9


def test_the_interval_for_one_look_is_the_exact_one():
    n_right, n = np.array([[0, 3], [7, 10]]), np.full((2, 2), 10)
    low, high = queries.for_one_look(n_right, n, confidence=0.9)
    assert low[0, 0] == 0
    assert high[1, 1] == 1
    np.testing.assert_allclose(binom.sf(n_right[0, 1] - 1, 10, low[0, 1]), 0.05)
    np.testing.assert_allclose(binom.cdf(n_right[1, 0], 10, high[1, 0]), 0.05)


def test_looks_are_counted_by_run():
    settings = {"runs": 50, "draws": 60, "confidence": 0.95, "seeds": [1, 2]}
    found = queries.peeking_draws({}, settings, lambda name: contextlib.nullcontext())
    assert found["held"].shape == found["held_once"].shape == (len(queries.MOVES), 100)
    assert (found["held"].mean(axis=1) > found["held_once"].mean(axis=1)).all()
