"""The benchmark against the peers runs, at a tiny size, and its table is never typed."""

from __future__ import annotations

import json
import math

import pytest

from benchmarks.cases import CASES, SIZES
from benchmarks.peers import PACKAGES, README, RESULTS, main
from benchmarks.table import BEGIN, END, render, replace_block


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
def test_each_case_runs_us_and_a_peer(case):
    result = case(SIZES["tiny"])
    assert result.peers
    assert all(math.isfinite(value) for value in (result.ours, *(p.value for p in result.peers)))


def test_measuring_writes_the_results_and_their_table(tmp_path, monkeypatch):
    monkeypatch.setattr("benchmarks.peers.CASES", CASES[-2:])
    readme, results = tmp_path / "README.md", tmp_path / "results.json"
    readme.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")
    arguments = ["--size", "tiny", "--readme", str(readme), "--results", str(results)]
    assert main(arguments) == 0
    document = json.loads(results.read_text())
    assert set(document["packages"]) == set(PACKAGES)
    assert len(document["rows"]) == 2
    page = readme.read_text()
    assert page == f"before\n{BEGIN}\n{render(document)}\n{END}\nafter\n"
    assert main([*arguments, "--check"]) == 0
    readme.write_text(page.replace("scikit-learn |", "scikit-learn, typed by hand |", 1))
    assert main([*arguments, "--check"]) == 1


def test_the_readme_shows_the_table_of_the_stored_results():
    document = json.loads(RESULTS.read_text(encoding="utf-8"))
    page = README.read_text(encoding="utf-8")
    assert replace_block(page, render(document)) == page


def test_a_page_without_the_marks_is_refused():
    with pytest.raises(ValueError, match="once each"):
        replace_block("no marks here", "table")


def test_figures_are_written_as_a_reader_takes_them():
    document = {
        "machine": {"cores": 2, "python": "3.11.7", "system": "Linux x86_64"},
        "packages": {"fewlabels": "0.1.0"},
        "rows": [
            {"work": "a", "measure": "fit", "unit": "s", "ours": 0.5,
             "peers": [{"name": "slow", "value": 2.0}, {"name": "quick", "value": 0.25}]},
            {"work": "b", "measure": "right", "unit": "share", "ours": 0.95,
             "peers": [{"name": "p", "value": 0.9}]},
            {"work": "c", "measure": "error", "unit": "error", "ours": 0.0,
             "peers": [{"name": "p", "value": 0.21}]},
            {"work": "d", "measure": "NaN", "unit": "count", "ours": 0.0,
             "peers": [{"name": "p", "value": 50.0}]},
        ],
    }  # fmt: skip
    lines = render(document).splitlines()
    assert lines[2:7] == [
        "| a | fit | slow | 2.00 s | 500 ms | 4 x faster |",
        "| a | fit | quick | 250 ms | 500 ms | 2 x slower |",
        "| b | right | p | 90.0 % | 95.0 % | +5.0 points |",
        "| c | error | p | 2.1e-01 | 0.0e+00 |  |",
        "| d | NaN | p | 50 | 0 |  |",
    ]
    assert lines[-1].startswith("Measured in one run on 2 cores")
