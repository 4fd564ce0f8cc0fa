"""The gallery's examples run as they stand."""

import runpy
from pathlib import Path

import matplotlib as mpl
import pytest

EXAMPLES = Path(__file__).parents[1] / "examples"
LAST_LINES = {
    "plot_few_labels_trust.py": "42 of 1,747 read wrong; with one label more, 17",
    "plot_map_of_digits.py": (
        "of the ten nearest, at least 95% are the same digit on the layout, 57% on principal "
        "components"
    ),
    "plot_own_graph.py": "alike_by_counts: 95.9 % with 30 labels",
    "plot_own_model.py": "| leaky Laplacian | 95.1 ± 2.8 |",
    "plot_own_rule.py": "auto: +1.9 points over random questions",
    "plot_learning_curves.py": "random: 35 labels for 90 % (median of 3 starts)",
    "plot_label_propagation_digits.py": "81.7 % of 300 digits read right",
    "plot_label_propagation_digits_active_learning.py": (
        "30 labels: 96.3 % of the others read right"
    ),
}


def test_every_example_is_tested():
    assert {path.name for path in EXAMPLES.glob("*.py")} == set(LAST_LINES)


@pytest.mark.parametrize("name", LAST_LINES)
def test_example_runs_and_prints_what_its_text_says(name, capsys, monkeypatch):
    mpl.use("Agg")
    import matplotlib.pyplot as plt

    shown = []
    monkeypatch.setattr(plt, "show", lambda: shown.append(plt.get_fignums()))
    try:
        runpy.run_path(str(EXAMPLES / name), run_name="__main__")
    finally:
        plt.close("all")
    assert capsys.readouterr().out.splitlines()[-1] == LAST_LINES[name]
    assert shown


@pytest.mark.parametrize("name", LAST_LINES)
def test_example_is_in_gallery_form(name):
    text = (EXAMPLES / name).read_text(encoding="utf-8")
    _, rule, title, under, *_ = text.splitlines()
    assert text.startswith('"""\n')
    assert set(rule) == set(under) == {"="}
    assert len(rule) >= len(title)
    if not name.startswith("plot_own_"):  # one piece of code to copy
        assert text.count("\n# %%\n") >= 3
