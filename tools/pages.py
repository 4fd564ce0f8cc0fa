"""Renew what pages of docs/ show: the output below each block of code, and the pictures.

Each ```python block continues the one before; a ```text block below one holds what it prints.
Pictures are drawn as examples/trust/plot_few_labels_trust.py draws them. Figures within sentences
stay as they are: read the pages after a change.

Usage: python tools/pages.py [PAGE ...]
A page is named as in docs/, such as how-to/embeddings.md. Without one, all of them are renewed.
"""

from __future__ import annotations

import contextlib
import io
import re
import runpy
import sys
import tempfile
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")
import matplotlib.pyplot as plt

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
PAGES = (
    "trust.md",
    "guide.md",
    "tables.md",
    *sorted(
        path.relative_to(DOCS).as_posix()
        for part in ("how-to", "tutorials")
        for path in (DOCS / part).glob("*.md")
        if path.name != "index.md"
    ),
)
EXAMPLE = ROOT / "examples" / "trust" / "plot_few_labels_trust.py"
# In the order in which the example makes its figures.
PICTURES = ("trust_reliability.png", "trust_explanation.png")

_FENCE = re.compile(r"^```(python|text)\n(.*?)^```$", flags=re.MULTILINE | re.DOTALL)


def renewed(page: str) -> str:
    """Run the blocks of a page, in the current folder; return it with what they print.

    Raises
    ------
    ValueError
        If a block prints something and has no ```text below it, or the other way round.
    """
    names: dict[str, object] = {}
    printed = ""

    def renew(fence: re.Match[str]) -> str:
        nonlocal printed
        language, body = fence.groups()
        if language == "text":
            shown, printed = printed, ""
            if not shown:
                raise ValueError(f"nothing is printed above this text:\n{body}")
            return f"```text\n{shown}```"
        if printed:
            raise ValueError(f"no text block shows this output:\n{printed}")
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            exec(compile(body, "page", "exec"), names)  # noqa: S102 - our own pages
        printed = out.getvalue()
        return fence.group()

    result = _FENCE.sub(renew, page)
    if printed:
        raise ValueError(f"no text block shows this output:\n{printed}")
    return result


def draw(folder: Path) -> None:
    """Run the example, and save its figures in `folder`."""
    plt.close("all")
    with contextlib.redirect_stdout(io.StringIO()):
        runpy.run_path(str(EXAMPLE), run_name="__main__")
    for number, name in zip(plt.get_fignums(), PICTURES, strict=True):
        plt.figure(number).savefig(folder / name, dpi=100, metadata={"Software": None})
    plt.close("all")


def main() -> None:
    """Rewrite the pages that are named, or all of them and the pictures."""
    named = sys.argv[1:]
    for name in named or PAGES:
        page = (DOCS / name).read_text(encoding="utf-8")
        with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):  # it writes graphs
            page = renewed(page)
        (DOCS / name).write_text(page, encoding="utf-8")
    if not named:
        draw(DOCS / "images")


if __name__ == "__main__":
    main()
