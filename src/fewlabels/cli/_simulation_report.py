"""What ``fewlabels simulate`` writes and prints."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from fewlabels._typing import Loaded
from fewlabels.cli._words import in_options

if TYPE_CHECKING:
    from fewlabels.io import LabelColumn
    from fewlabels.session import LearningCurve

_LONGEST_NAME = 28  # in the title of a figure


@contextlib.contextmanager
def made_folder(folder: Path) -> Iterator[None]:
    """Create `folder`; if the block raises before there is anything in it, remove it again."""
    existed = folder.is_dir()
    folder.mkdir(parents=True, exist_ok=True)
    try:
        yield
    except BaseException:
        if not existed:
            with contextlib.suppress(OSError):  # it holds runs
                folder.rmdir()
        raise


def write_curves(
    out: Path, curve: LearningCurve, labels: LabelColumn, settings: Loaded
) -> list[Path]:
    """Write the curves as tables and figures; return the paths."""
    from fewlabels.io import as_text
    from fewlabels.report import figures
    from fewlabels.report.output import write_folder
    from fewlabels.report.simulation import (
        format_simulation,
        simulation_csv,
        simulation_document,
    )

    classes = [as_text(label) for label in labels.classes]
    texts = {
        "curves.csv": simulation_csv(curve),
        "curves.json": format_simulation(simulation_document(curve, classes, settings)),
    }
    starts = "1 start" if curve.repeats == 1 else f"mean of {curve.repeats} starts"
    name = Path(settings["input"]).name
    method = settings["method"]
    model = "recommended models" if method == "recommended" else f"label {method}"
    title = f"{_short(name)}, {_short(labels.name)}: {model}, {starts}"
    drawn = {
        "curves.png": figures.draw_simulation(curve, title=title),
        "macro_recall.png": figures.draw_simulation(curve, measure="macro_recall", title=title),
    }
    writers: dict[str, Callable[[Path], object]] = {
        name: partial(figures.save_figure, figure) for name, figure in drawn.items()
    }
    writers |= {name: partial(_write_text, text) for name, text in texts.items()}
    return write_folder(out, writers)


def _short(name: str) -> str:
    """Return a name as a title can show it: cut, and with no sign that means mathematics."""
    cut = name if len(name) <= _LONGEST_NAME else name[: _LONGEST_NAME - 1] + "\u2026"
    return cut.replace("$", r"\$")


def _write_text(text: str, path: Path) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")


def text_of(
    source: Path, n_rows: int, labels: LabelColumn, curve: LearningCurve, start: int | str
) -> str:
    """Return what the command prints."""
    from fewlabels.io import counted
    from fewlabels.report.simulation import simulation_text

    classes = counted(len(labels.classes), "class", "classes")
    lines = [
        f"{source}: {counted(n_rows, 'row')}, of which {labels.n_labelled:,} have a label in "
        f"{labels.name!r} ({classes})"
    ]
    unknown = n_rows - labels.n_labelled
    if unknown:
        lines.append(
            f"{counted(unknown, 'row')} without a label: never asked about, and left out of every "
            "accuracy"
        )
    lines += [f"note: {note}" for note in labels.notes]
    first = "no label" if start == 0 else f"{curve.labels[0]} labels"
    if isinstance(start, str):
        first += " (one a class)"
    lines += [
        f"{counted(curve.repeats, 'start')} with {first}; {curve.labels[-1]} labels in the end",
        "",
    ]
    return "\n".join(lines) + "\n" + in_options(simulation_text(curve))
