"""Both commands say where a few columns of an array decide which rows are alike."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from fewlabels.cli import main

N = 60


def array(path: Path, scale: float) -> Path:
    """Save two columns of which the second tells the classes apart."""
    rng = np.random.default_rng(0)
    kinds = np.arange(N) % 2
    X = np.column_stack([scale * rng.uniform(size=N), 3 * kinds + rng.uniform(size=N)])
    np.savez(path, X=X, label=np.where(np.arange(N) < 30, kinds, -1))
    return path


def warned(*args: object) -> list[str]:
    result = CliRunner().invoke(main, [*map(str, args), "-q"])
    assert result.exit_code == 0, result.output
    return result.stderr.splitlines()


@pytest.mark.parametrize("command", ["spread", "simulate"])
def test_an_array_of_columns_on_different_scales_is_told_in_one_line(command, tmp_path) -> None:
    out = tmp_path / ("out.npz" if command == "spread" else "curves")
    extra = ["--budget", 8] if command == "simulate" else []
    (line,) = warned(
        command, array(tmp_path / "in.npz", 1e6), "--label", "label", "-o", out, *extra
    )
    assert line.startswith("Warning: the features are on different scales: 1 of 2 columns decides")
    assert line.endswith("give them as columns of a table, which are scaled one by one.")
    assert "simplefilter" not in line
    out = tmp_path / ("alike.npz" if command == "spread" else "alike")
    assert (
        warned(command, array(tmp_path / "in.npz", 1), "--label", "label", "-o", out, *extra) == []
    )


def test_columns_of_a_table_are_scaled_or_meant_as_they_are(tmp_path) -> None:
    rng = np.random.default_rng(0)
    lines = [f"{rng.uniform(0, 1e5):.0f},{i % 2 + rng.uniform():.3f}," for i in range(N)]
    labelled = [line + ("ab"[i % 2] if i < 9 else "") for i, line in enumerate(lines)]
    table = tmp_path / "in.csv"
    table.write_text("\n".join(["income,share,kind", *labelled]) + "\n", encoding="utf-8")
    for name, options in (("a.csv", []), ("b.csv", ["--no-scale"])):
        assert warned("spread", table, "--label", "kind", "-o", tmp_path / name, *options) == []
