"""Draw the pictures of docs/trust.md, as its example draws them, into docs/images.

Usage: python tools/page_images.py [FOLDER]
"""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")
import matplotlib.pyplot as plt

ROOT = Path(__file__).parent.parent
EXAMPLE = ROOT / "examples" / "plot_few_labels_trust.py"
# In the order in which the example makes its figures.
NAMES = ("trust_reliability.png", "trust_explanation.png")


def draw(folder: Path) -> None:
    """Run the example, and save its figures in `folder`."""
    plt.close("all")
    runpy.run_path(str(EXAMPLE), run_name="__main__")
    for number, name in zip(plt.get_fignums(), NAMES, strict=True):
        plt.figure(number).savefig(folder / name, dpi=100, metadata={"Software": None})
    plt.close("all")


if __name__ == "__main__":
    draw(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs" / "images")
