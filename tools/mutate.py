"""Change the numerical core in small ways, one at a time, and see whether its tests notice.

A sample of changes, the same for the same seed: constants times 1000, whole numbers one more,
comparisons and signs swapped. Each is made in a copy, never in the working tree, and the tests of
its part are run until one fails. What survives is printed: it is either a test that is missing, or
a change of no effect (of speed only, say). Usage: python tools/mutate.py [--seconds 600] [--seed 0]
[--only solvers]
"""

from __future__ import annotations

import argparse
import ast
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = Path("src/fewlabels")
# What is changed, and the tests that should notice.
TESTS = {
    "solvers": ["tests/solvers", "tests/systems", "tests/models/test_convergence.py"],
    "systems": ["tests/systems"],
    "models/class_mass.py": ["tests/models/test_class_mass.py", "tests/models/test_class_prior.py"],
    "insight": ["tests/insight"],
    "stopping": ["tests/stopping"],
    "queries": ["tests/queries"],
}
# A change may make an iteration endless.
LONGEST = 300

SWAPPED: dict[type[ast.AST], str] = {
    ast.Lt: "<=",
    ast.LtE: "<",
    ast.Gt: ">=",
    ast.GtE: ">",
    ast.Eq: "!=",
    ast.NotEq: "==",
    ast.Add: "-",
    ast.Sub: "+",
}


@dataclass(frozen=True)
class Mutant:
    """One change: the text from `start` to `stop` of a file becomes `new`."""

    part: str
    file: Path
    line: int
    start: int
    stop: int
    old: str
    new: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.old} -> {self.new}"


class _Text:
    """A source with the places of its nodes."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._starts = [0]
        for line in text.splitlines(keepends=True):
            self._starts.append(self._starts[-1] + len(line.encode()))
        self._bytes = text.encode()

    def span(self, node: ast.expr) -> tuple[int, int]:
        last, column = node.end_lineno or node.lineno, node.end_col_offset or node.col_offset
        return self._starts[node.lineno - 1] + node.col_offset, self._starts[last - 1] + column

    def part(self, start: int, stop: int) -> str:
        return self._bytes[start:stop].decode()

    def changed(self, mutant: Mutant) -> str:
        before, after = self._bytes[: mutant.start], self._bytes[mutant.stop :]
        return (before + mutant.new.encode() + after).decode()


def mutants(part: str, file: Path) -> Iterator[Mutant]:
    """Every change of a file."""
    source = _Text((ROOT / file).read_text(encoding="utf-8"))

    def made(node: ast.expr, start: int, stop: int, new: str) -> Mutant:
        return Mutant(part, file, node.lineno, start, stop, source.part(start, stop), new)

    def swapped(left: ast.expr, right: ast.expr, operator: ast.AST) -> Iterator[Mutant]:
        start, stop = source.span(left)[1], source.span(right)[0]
        between = source.part(start, stop)
        sign = between.strip(" ()\n")
        if type(operator) in SWAPPED and sign and "#" not in between:
            yield made(left, start, stop, between.replace(sign, SWAPPED[type(operator)], 1))

    for node in ast.walk(ast.parse(source.text)):
        if isinstance(node, ast.Constant) and type(node.value) in (int, float):
            start, stop = source.span(node)
            if node.value != 0:
                yield made(node, start, stop, f"({source.part(start, stop)} * 1000)")
            if type(node.value) is int:
                yield made(node, start, stop, str(node.value + 1))
        elif isinstance(node, ast.Compare) and len(node.ops) == 1:
            yield from swapped(node.left, node.comparators[0], node.ops[0])
        elif isinstance(node, ast.BinOp):
            yield from swapped(node.left, node.right, node.op)


def noticed(copy: Path, mutant: Mutant) -> bool:
    """Whether a test fails, or does not end, with the change."""
    target = copy / mutant.file
    original = target.read_text(encoding="utf-8")
    target.write_text(_Text(original).changed(mutant), encoding="utf-8")
    try:
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider"]
            + TESTS[mutant.part],
            cwd=copy,
            env={**os.environ, "PYTHONPATH": str(copy / "src"), "CI": "1"},
            capture_output=True,
            check=False,
            timeout=LONGEST,
        )
    except subprocess.TimeoutExpired:
        return True
    finally:
        target.write_text(original, encoding="utf-8")
    return done.returncode != 0


def main() -> int:
    """Try changes until the time is over; print those that survive."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", choices=TESTS)
    asked = parser.parse_args()
    found = []
    for part in [asked.only] if asked.only else TESTS:
        where = ROOT / PACKAGE / part
        files = sorted(where.glob("*.py")) if where.is_dir() else [where]
        for file in files:
            found += mutants(part, file.relative_to(ROOT))
    random.Random(asked.seed).shuffle(found)
    end, n_tried, survived = time.monotonic() + asked.seconds, 0, []
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder)
        for name in ("src", "tests"):
            shutil.copytree(ROOT / name, copy / name)
        shutil.copy(ROOT / "pyproject.toml", copy)
        for mutant in found:
            if time.monotonic() > end:
                break
            n_tried += 1
            if not noticed(copy, mutant):
                survived.append(mutant)
                print(f"survived: {mutant}", flush=True)
    print(f"{n_tried - len(survived)} of {n_tried} changes were noticed, of {len(found)} there are")
    return 0


if __name__ == "__main__":
    sys.exit(main())
