"""What docs/session.md tells to type works, and shows what it says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from fewlabels.session.proof import confidence_of, n_allowed
from fewlabels.stopping import draws_to_prove

GUIDE = (Path(__file__).parents[2] / "docs" / "session.md").read_text(encoding="utf-8")


@pytest.mark.long
def test_the_guide_runs_from_top_to_bottom(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    for code in re.findall(r"^```python\n(.*?)^```", GUIDE, flags=re.MULTILINE | re.DOTALL):
        exec(compile(code, "session.md", "exec"), names)  # noqa: S102 - our own guide
    printed = capsys.readouterr().out
    share = int(re.match(r"(\d+)% of 1797 digits read right, 30 labelled", printed)[1])
    assert share > 90
    session = names["session"]
    assert session.advice(accuracy=0.9).action == "stop"
    assert session.advice(accuracy=0.9).proof.low >= 0.9
    assert (tmp_path / "digits-session.json").stat().st_size > 0


@pytest.mark.parametrize(("wanted", "n"), [(0.9, 37), (0.95, 75), (0.99, 390)])
def test_as_many_checks_as_the_guide_says_prove_an_accuracy(wanted, n):
    assert f"{n} prove {100 * wanted:g} %" in GUIDE
    took = draws_to_prove(n_allowed(wanted, 30_000), 0.0, 30_000, confidence=confidence_of(0, 0.95))
    assert took == pytest.approx(n, rel=0.03)
