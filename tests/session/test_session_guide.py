"""What docs/session.md tells to type works, and shows what it says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from fewlabels.stopping import mean_interval

GUIDE = (Path(__file__).parents[2] / "docs" / "session.md").read_text(encoding="utf-8")


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
    assert session.estimate().low >= 0.9
    assert (tmp_path / "digits-session.json").stat().st_size > 0


@pytest.mark.parametrize(("wanted", "n"), [(0.9, 42), (0.95, 85), (0.99, 431)])
def test_as_many_checks_as_the_guide_says_prove_an_accuracy(wanted, n):
    assert f"{n} {'checks prove' if n == 42 else 'prove'} {100 * wanted:g} %" in GUIDE
    assert mean_interval(n - 1, n - 1)[0] < wanted <= mean_interval(n, n)[0]
