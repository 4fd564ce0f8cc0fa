"""Keep how `FewLabelsClassifier` did before it was changed, which can't be run beside what it is.

Usage, from the project's folder, with the earlier version first on the path:

    git worktree add build/before 9ba872e
    PYTHONPATH=build/before/src .venv/bin/python -m benchmarks.earlier [SIZE ...]

Writes benchmarks/earlier.json, a set at a time, and goes on where it was interrupted: for each
size and set the means over the draws of accuracy and balanced accuracy, of each number of labels.
The sets, the points and the draws are those of the case `regret`.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from benchmarks import sets
from benchmarks.bench import SIZES
from benchmarks.kinds import evaluate
from benchmarks.methods import START

STORED = Path(__file__).parent / "earlier.json"
MEASURES = ("accuracy", "balanced")


def stored(size: str) -> dict[str, Any]:
    """Return the means by set and measure, of each number of labels; of sets that were measured."""
    whole: dict[str, Any] = json.loads(STORED.read_text(encoding="utf-8"))
    return dict(whole.get(size, {}))


def keep(name: str, size: str) -> None:
    """Measure a set at a size, and store it."""
    given = SIZES[size]
    found = evaluate(START, [name], draws=given.n_kinds_draws, largest=given.n_kinds)
    means = {m: [round(float(mean), 5) for mean in found[m][0].mean(axis=1)] for m in MEASURES}
    whole = json.loads(STORED.read_text(encoding="utf-8"))
    whole.setdefault(size, {})[name] = means
    text = json.dumps(whole, indent=1, sort_keys=True)
    STORED.write_text(text + "\n", encoding="utf-8")


def main(sizes: list[str]) -> None:
    """Measure what is not stored yet, small sets first."""
    for size in sizes or ["small", "full"]:
        done = stored(size)
        names = [about.name for about in sets.SETS if about.name not in done]
        for name in sorted(names, key=lambda name: sets.load(name).raw.size):
            keep(name, size)
            print(f"{size}: {name}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
