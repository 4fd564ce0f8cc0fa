"""Pictures and tables with classes: how they are read, and that their benchmarks run."""

from __future__ import annotations

import gzip
import math
from collections import Counter
from importlib.util import find_spec

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_digits

from benchmarks.bench import SIZES, Bench
from benchmarks.cases import pictures as picture_cases
from benchmarks.cases import tables as table_cases
from benchmarks.data import MissingDataError
from benchmarks.feature_goals import FEATURE_GOALS
from benchmarks.goals import goals_table
from benchmarks.sets import files, pictures, tables
from benchmarks.sets import texts as text_sets

TINY = SIZES["tiny"]
SUBJECTS = ["ship sail harbour wave anchor crew", "cow barn field tractor harvest wheat"]


@pytest.fixture
def there(tmp_path, monkeypatch):
    """MNIST, tweets and apt's lists, of few rows each."""
    rng = np.random.default_rng(0)
    digits = load_digits()
    mnist = tmp_path / pictures.MNIST
    mnist.parent.mkdir(parents=True)
    enlarged = [np.pad(np.kron(d * 15, np.ones((3, 3))), 2).ravel() for d in digits.images[:150]]
    lines = [
        ",".join(f"{value:g}" for value in (*picture, digit))
        for picture, digit in zip(enlarged, digits.target[:150], strict=True)
    ]
    mnist.write_bytes(gzip.compress("\n".join(lines).encode()))

    of_rows = np.arange(80) % 2
    texts = [" ".join(rng.choice(SUBJECTS[c].split(), 12)) for c in of_rows]
    tweets = tmp_path / "orangecontrib/text/datasets/election-tweets-2016.tab"
    tweets.parent.mkdir(parents=True)
    head = "Is retweet\tTime\tLanguage\tRetweet count\tFavorite count\tAuthor\tContent"
    tweets.write_text(
        "\n".join(
            [head, "discrete", "class"]
            + [
                f"{i % 3 == 0}\t2016-09-{i % 28 + 1:02} 00:22:34\ten\t{i}.0\t\t"
                f"{'sea' if c == 0 else 'farm'}\t{text}"
                for i, (c, text) in enumerate(zip(of_rows, texts, strict=True))
            ]
        )
    )
    packages, translations = [], []
    for i, (c, text) in enumerate(zip(of_rows, texts, strict=True)):
        packages.append(
            f"Package: p{i}\nSection: {'x11' if c == 0 else 'main/games'}\nPriority: optional\n"
            f"Size: {1000 + i}\nInstalled-Size: {i}\nMaintainer: Team {c} <a@b.c>\n"
            "Tag: use::a,\n role::b\n"
        )
        translations.append(f"Package: p{i}\nDescription-en: {text[:20]}\n {text}\n {i}\n")
    packages.append("Package: mine\nSection: games\n")  # nobody described it
    (tmp_path / "d_main_binary-amd64_Packages").write_text("\n".join(packages))
    (tmp_path / "d_main_i18n_Translation-en").write_text("\n".join(translations))
    reader = tmp_path / "reader"
    reader.write_text('#!/bin/sh\ncat "$2"\n')
    reader.chmod(0o755)
    monkeypatch.setattr(text_sets, "_READER", str(reader))
    monkeypatch.setenv(text_sets.LISTS_VARIABLE, str(tmp_path))
    monkeypatch.setenv(files.FOLDER_VARIABLE, str(tmp_path))


@pytest.mark.usefixtures("there")
def test_mnist_is_read_as_pictures() -> None:
    images, truth = pictures.mnist()
    assert (images.shape, images.dtype) == ((150, 28, 28), np.uint8)
    digits = load_digits()
    np.testing.assert_array_equal(truth, digits.target[:150])
    np.testing.assert_array_equal(images[:, 3:26:3, 3:26:3], digits.images[:150] * 15)


def test_files_are_jpeg_and_png_by_turns_and_the_same_every_time(tmp_path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        pictures.write_files(tmp_path / name, 3)
    written = sorted((tmp_path / "a").iterdir())
    assert [path.name for path in written] == ["00000.png", "00001.jpg", "00002.png"]
    for path in written:
        assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes()
        with Image.open(path) as picture:
            assert picture.size == (256, 256)


@pytest.mark.usefixtures("there")
def test_a_table_is_read_with_as_many_rows_of_each_class() -> None:
    of_packages, of_tweets = tables.SETS
    columns, truth = tables.load(of_packages, 60)
    assert Counter(truth.tolist()) == {0: 30, 1: 30}
    assert set(columns) == {*of_packages.numbers, *of_packages.categories, *of_packages.texts}
    assert {len(cells) for cells in columns.values()} == {60}
    assert set(columns["maintainer"]) == {"Team 0", "Team 1"}
    assert set(columns["tags"]) == {"use::a, role::b"}
    columns, truth = tables.load(of_tweets, 1_000)
    assert set(columns["favorites"]) == {None}
    assert len(truth) == 80


def test_folders_of_few_stamps_are_left_out_and_the_case_runs(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv(pictures.STAMPS_VARIABLE, str(tmp_path))
    with pytest.raises(MissingDataError, match="tuxpaint-stamps-default"):
        picture_cases.stamps(Bench(TINY, apart=False))
    monkeypatch.setattr(picture_cases, "_PENALTIES", (10.0,))
    for colour, name, n in (("red", "a/x", 12), ("blue", "b", 30), ("green", "c", 11)):
        (tmp_path / name).mkdir(parents=True)
        for number in range(n):
            Image.new("RGB", (8 + number, 9), colour).save(tmp_path / name / f"{number:02}.png")
    paths, truth = pictures.stamps()
    assert Counter(truth.tolist()) == {0: 12, 1: 30}
    assert {path.relative_to(tmp_path).parts[0] for path in paths} == {"a", "b"}
    rows = picture_cases.stamps(Bench(TINY, apart=False))
    assert [row.measure for row in rows] == [
        f"accuracy, {n} label{'s' * (n > 1)} a class" for n in (1, 5, 20)
    ]
    assert all(row.ours.value > 0.9 and row.peers for row in rows)


@pytest.mark.long
@pytest.mark.usefixtures("there")
def test_the_cases_run_us_and_the_peers(monkeypatch) -> None:
    monkeypatch.setattr(picture_cases, "_PENALTIES", (10.0,))
    monkeypatch.setattr(table_cases, "_PENALTIES", (10.0,))
    monkeypatch.setattr(table_cases, "BUDGETS", (5,))
    bench = Bench(TINY, apart=False)
    found = [*picture_cases.pictures(bench), *table_cases.mixed_tables(bench)]
    # skrub comes with the peers, and the tests do without them
    without = "skrub is not installed: pip install skrub pandas"
    assert bench.missing == ([] if find_spec("skrub") else [without])
    assert len(found) == 2 + 2 + 2
    for row in found:
        assert row.peers
        assert all(math.isfinite(entry.value) for entry in (row.ours, *row.also, *row.peers))
        assert row.ours.value > 0.6


def test_what_is_not_there_is_said(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv(text_sets.LISTS_VARIABLE, str(tmp_path))
    monkeypatch.setenv(files.FOLDER_VARIABLE, str(tmp_path))
    monkeypatch.setattr(picture_cases, "_digits", lambda n_shuffles: ["of digits"])
    bench = Bench(TINY, apart=False)
    assert picture_cases.pictures(bench) == ["of digits"]
    assert [reason.split()[0] for reason in bench.missing] == [pictures.MNIST]
    with pytest.raises(MissingDataError, match="apt-get update"):
        table_cases.mixed_tables(Bench(TINY, apart=False))


def test_goals_of_features_are_judged_by_their_rows() -> None:
    def row(case, work, measure, value):
        common = {"case": case, "work": work, "measure": measure, "size": "full", "peers": []}
        return common | {"ours": {"value": value}}

    document = {
        "rows": [
            row(
                "pictures", "330 digits, 20 fresh shuffles", "accuracy, 30 labels, asked for", 0.98
            ),
            row("pictures", "5,000 of MNIST, 5 draws", "accuracy, 1 label a class", 0.9),
            row(
                "mixed_tables", "Debian's packages (4,000 rows)", "accuracy, 5 labels a class", 0.74
            ),
        ]
    }
    text = goals_table(document, FEATURE_GOALS)
    assert text.count("not measured") == len(FEATURE_GOALS) - 3
    assert "| the same, 30 labels, asked for | at least 97.5 % | 98.5 % | 98.0 % | yes |" in text
    assert "| at least 93.0 % | 96.0 % | 90.0 % | **no** |" in text
    assert "| at least 70.0 % | 73.0 % | 74.0 % | yes, and more |" in text
