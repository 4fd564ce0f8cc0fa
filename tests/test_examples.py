"""The gallery's examples are in its form, and print what pages say of them.

The site's build (`make site`) runs all of them, with warnings as errors; here run those whose
figures stand in other pages.
"""

import re
import runpy
from pathlib import Path

import matplotlib as mpl
import pytest

EXAMPLES = Path(__file__).parents[1] / "examples"
NAMES = sorted(path.relative_to(EXAMPLES).as_posix() for path in EXAMPLES.rglob("*.py"))
LAST_LINES = {
    "trust/plot_few_labels_trust.py": "42 of 1,747 read wrong; with one more label, 17",
    "start/plot_map_of_digits.py": (
        "of the ten nearest, at least 95% are the same digit on the layout, 57% on principal "
        "components"
    ),
    "questions/plot_learning_curves.py": "random: 35 labels for 90 % (median of 3 starts)",
    "published/plot_label_propagation_digits.py": (
        "28 digits are 3s; of the 272 others, 95.6 % are read right"
    ),
    "published/plot_label_propagation_digits_active_learning.py": (
        "30 labels: 94.0 % as published, 99.7 % today"
    ),
}


@pytest.mark.long
@pytest.mark.parametrize("name", LAST_LINES)
def test_example_runs_and_prints_what_pages_say(name, capsys, monkeypatch):
    mpl.use("Agg")
    import matplotlib.pyplot as plt

    shown = []
    monkeypatch.setattr(plt, "show", lambda: shown.append(plt.get_fignums()))
    try:
        runpy.run_path(str(EXAMPLES / name), run_name="__main__")
    finally:
        plt.close("all")
    printed = capsys.readouterr().out.splitlines()
    assert printed[-1] == LAST_LINES[name]
    if name.startswith("published/"):
        cells = [line for line in printed if line.endswith("published cells are equal")]
        assert cells
        for line in cells:
            equal, _, n, *_ = line.rpartition("; ")[2].split()
            assert equal == n, line
    assert shown


def test_every_example_is_in_a_part_of_the_gallery_that_has_a_heading():
    folders = {path.parent for path in EXAMPLES.rglob("*.py")} | {EXAMPLES}
    for folder in folders:
        # in the order in which sphinx-gallery looks for what stands above the examples
        names = [
            name + end for end in (".txt", ".md", ".rst") for name in ("GALLERY_HEADER", "README")
        ]
        header = next(folder / name for name in names if (folder / name).is_file())
        heading, line, *_ = header.read_text(encoding="utf-8").splitlines()
        assert header.stem == "GALLERY_HEADER"
        assert len(line) == len(heading)
        assert set(line) <= set("=-")
    assert NAMES
    assert all(name.count("/") == 1 and "/plot_" in name for name in NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_example_is_in_gallery_form(name):
    text = (EXAMPLES / name).read_text(encoding="utf-8")
    _, rule, title, under, *_ = text.splitlines()
    assert text.startswith('"""\n')
    assert set(rule) == set(under) == {"="}
    assert len(rule) >= len(title)
    if "plot_own_" not in name:  # one piece of code to copy
        assert text.count("\n# %%\n") >= 3
    figure = re.compile(r"^figure, |\.plot\(\)$|^draw_\w+\($", re.MULTILINE)
    drawing = [cell for cell in text.split("\n# %%\n") if figure.search(cell)]
    assert drawing
    # The figure stands with the code that draws it, and nothing is printed of what that returns.
    assert all(cell.rstrip().endswith("plt.show()") for cell in drawing)


def test_the_list_of_examples_names_each_once():
    listed = re.findall(r"\]\((\w+/\w+\.py)\)", (EXAMPLES / "README.md").read_text("utf-8"))
    assert sorted(listed) == NAMES
