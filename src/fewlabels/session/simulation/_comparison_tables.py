"""Tables of a comparison, for a page and for a paper."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fewlabels.session.simulation.intervals import Interval

_LATEX = str.maketrans(
    {
        "&": r"\&",
        "%": r"\%",
        "$": r"\$",
        "#": r"\#",
        "_": r"\_",
        "{": r"\{",
        "}": r"\}",
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
        "\\": r"\textbackslash{}",
    }
)

Cells = Sequence[Sequence[Interval]]


def markdown_table(methods: Sequence[str], datasets: Sequence[str], cells: Cells) -> str:
    """Return the table in Markdown, with a line break at its end."""
    rows = _texts(cells, bold="**{}**", plus_minus=" ± ")
    names = [name.replace("|", r"\|") for name in ("method", *datasets)]
    lines = [_line(names), _line(["---", *("---:" for _ in datasets)])]
    lines += [
        _line([method.replace("|", r"\|"), *row]) for method, row in zip(methods, rows, strict=True)
    ]
    return "\n".join(lines) + "\n"


def latex_table(methods: Sequence[str], datasets: Sequence[str], cells: Cells) -> str:
    """Return the table as a LaTeX tabular, with a line break at its end."""
    rows = _texts(cells, bold=r"\textbf{{{}}}", plus_minus=r" $\pm$ ")
    lines = [
        rf"\begin{{tabular}}{{l{'r' * len(datasets)}}}",
        r"\hline",
        " & ".join(["method", *(name.translate(_LATEX) for name in datasets)]) + r" \\",
        r"\hline",
    ]
    lines += [
        " & ".join([method.translate(_LATEX), *row]) + r" \\"
        for method, row in zip(methods, rows, strict=True)
    ]
    return "\n".join([*lines, r"\hline", r"\end{tabular}"]) + "\n"


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _texts(cells: Cells, *, bold: str, plus_minus: str) -> list[list[str]]:
    """Return the cells in per cent, those that print as the largest of their column bold."""
    means = np.array([[round(100 * cell.mean, 1) for cell in row] for row in cells])
    best = means.max(axis=0)
    texts: list[list[str]] = []
    for i, row in enumerate(cells):
        texts.append([])
        for j, cell in enumerate(row):
            half = 100 * (cell.high - cell.mean)
            text = f"{means[i, j]:.1f}"
            text = bold.format(text) if means[i, j] == best[j] else text
            texts[-1].append(text if np.isnan(half) else f"{text}{plus_minus}{half:.1f}")
    return texts
