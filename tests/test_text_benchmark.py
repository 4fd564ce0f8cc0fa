"""Texts with classes: how they are read, and that their benchmark runs beside its peers."""

from __future__ import annotations

import math

import numpy as np
import pytest

from benchmarks.bench import SIZES, Bench
from benchmarks.cases import texts as cases
from benchmarks.data import MissingDataError
from benchmarks.sets import files
from benchmarks.sets import texts as sets

TINY = SIZES["tiny"]
CASES_HERE = (cases.texts_of_debian, cases.texts_of_packages, cases.text_time)
SUBJECTS = ["ship sail harbour wave anchor crew", "cow barn field tractor harvest wheat"]


@pytest.fixture
def there(tmp_path, monkeypatch):
    """A corpus of the package, and apt's lists, each of two classes."""
    rng = np.random.default_rng(0)
    of_texts = np.arange(80) % 2
    texts = [" ".join(rng.choice(SUBJECTS[c].split(), 12)) for c in of_texts]
    corpora = tmp_path / "orangecontrib/text/datasets"
    corpora.mkdir(parents=True)
    lines = ["Category\tText", "d\tstring", "class\t"]
    lines += [f"{'sea' if c == 0 else 'farm'}\t{t}" for c, t in zip(of_texts, texts, strict=True)]
    (corpora / "reuters-r8-train.tab").write_text("\n".join(lines) + "\n")
    packages, translations = [], []
    for i, (c, text) in enumerate(zip(of_texts, texts, strict=True)):
        packages.append(f"Package: p{i}\nSection: {'x11' if c == 0 else 'main/games'}\n")
        translations.append(f"Package: p{i}\nDescription-en: {text[:20]}\n {text}\n .\n end {i}\n")
    translations.append(translations[0].replace("p0", "p1"))  # a description that was there
    (tmp_path / "d_main_binary-amd64_Packages").write_text("\n".join(packages))
    (tmp_path / "d_main_i18n_Translation-en").write_text("\n".join(translations))
    reader = tmp_path / "reader"
    reader.write_text('#!/bin/sh\ncat "$2"\n')
    reader.chmod(0o755)
    monkeypatch.setattr(sets, "_READER", str(reader))
    monkeypatch.setenv(sets.LISTS_VARIABLE, str(tmp_path))
    monkeypatch.setenv(files.FOLDER_VARIABLE, str(tmp_path))


@pytest.mark.usefixtures("there")
def test_debians_descriptions_are_read_once_each() -> None:
    found = sets.descriptions()
    assert len(found) == 80
    synopsis, rest, section = found[1]
    assert rest.startswith(synopsis)
    assert rest.endswith("\n\nend 1")
    assert section == "games"


@pytest.mark.usefixtures("there")
def test_classes_of_too_few_texts_are_left_out() -> None:
    about = {about.name: about for about in sets.SETS}["Reuters"]
    documents, codes, classes = sets.load(about, 1_000)
    assert classes.tolist() == ["farm", "sea"]
    assert (len(documents), np.bincount(codes).tolist()) == (80, [40, 40])
    assert sets.load(about, 40)[0] == []


@pytest.mark.long
@pytest.mark.usefixtures("there")
def test_the_cases_run_us_and_the_peers(monkeypatch) -> None:
    monkeypatch.setattr(cases, "_PENALTIES", (10.0,))
    monkeypatch.setattr(cases, "BUDGETS", (1, 20))
    monkeypatch.setattr(sets, "SETS", tuple(sets.SETS[place] for place in (1, 3, 4)))
    bench = Bench(TINY, apart=False)
    rows = [row for case in CASES_HERE for row in case(bench)]
    assert [reason.split()[0] for reason in bench.missing] == [
        "orangecontrib/text/datasets/election-tweets-2016.tab"
    ]
    assert len(rows) == 2 * 2 + 2
    assert all(math.isfinite(entry.value) for row in rows for entry in (row.ours, *row.peers))
    assert rows[-3].ours.value == 1  # 20 labels a class of Reuters


def test_what_is_not_there_is_said(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv(sets.LISTS_VARIABLE, str(tmp_path))
    monkeypatch.setenv(files.FOLDER_VARIABLE, str(tmp_path))
    with pytest.raises(MissingDataError, match="apt-get update"):
        sets.descriptions()
    with pytest.raises(MissingDataError, match="20newsgroups"):
        cases.texts_of_packages(Bench(TINY, apart=False))
