"""Kill a process that stores answers, again and again, and look for answers lost or doubled.

Usage: python tools/kill_labelling.py [KILLS] [SEED]     (1000 and 0)
Each process answers as fast as it can, and prints an answer's key once it was acknowledged. It is
killed (SIGKILL) after a random time. The next one has to be at the same question, unless an answer
was stored that was on its way, and sends the last key again, acknowledged or not. In the end each
acknowledged answer has to be in the label file once, and no other twice.
"""

from __future__ import annotations

import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import NamedTuple

N_POINTS = 100_000
WRITER = """
import sys
from pathlib import Path
from fewlabels.labelling._acts import Acts
from fewlabels.labelling._desk import Desk
from fewlabels.labelling._file import LabelFile
from fewlabels.labelling._lock import FileLock
path, n_points, start, again = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4:]
lock = FileLock(path)
desk = Desk(LabelFile.open(path), n_points, 0)
acts = Acts(desk, lambda: None)
def say(word):
    (point, _), *_ = desk.questions("ann", 3, draw=True)
    print(word, point, len(desk.ledger.labels), flush=True)
    return point
point = say("ready")
for number in range(start, start + 10**6):
    for key in again or [str(number)]:
        acts.answer("ann", key, point, number % 3, 0.5)
        point = say(key)
    again = []
"""


def main(n_kills: int, seed: int) -> int:
    """Kill so often; return how many answers were lost or doubled."""
    from fewlabels.labelling._classes import ClassBook, class_to_json
    from fewlabels.labelling._file import LabelFile, New

    rng = random.Random(seed)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "killed.fewlabels"
        book = ClassBook()
        rows = []
        for name in "abc":
            new = book.new(name)
            book.put(new)
            rows.append(New(f"class {new.id}", "", "class added", class_to_json(new)))
        LabelFile.create(path, {"n_points": N_POINTS}, rows).close()
        acknowledged: list[str] = []
        before: Line | None = None
        elsewhere, seconds = 0, []
        for number in range(n_kills):
            start = number * 10**6
            last = acknowledged[-1] if acknowledged else None
            # the one after the last acknowledged may be stored, or not
            again = [] if last is None else [last, str(int(last) + 1)]
            ready, lines, took = killed(path, start, again, rng.expovariate(1 / 0.05))
            same = before is None or before.n_labels != ready.n_labels
            elsewhere += not (same or before.point == ready.point)
            seconds.append(took)
            acknowledged += [line.word for line in lines]
            before = lines[-1] if lines else ready
        file = LabelFile.open(path)
        stored = Counter(row.key for row in file.rows() if row.kind == "answered")
        points = [row.body["point"] for row in file.rows() if row.kind == "answered"]
        file.close()
    lost = set(acknowledged) - stored.keys()
    doubled = len(stored) - sum(stored.values()) + len(points) - len(set(points))
    unasked = len(stored) - len(set(acknowledged))
    print(
        f"{n_kills} kills: {len(set(acknowledged)):,} answers acknowledged, {len(lost)} lost, "
        f"{abs(doubled)} doubled; {unasked} stored that were on their way when the kill came; "
        f"{elsewhere} times at another question, back in {statistics.median(seconds):.2f} s, at "
        f"most {max(seconds):.2f}"
    )
    return len(lost) + abs(doubled) + elsewhere + max(0, unasked - n_kills)


class Line(NamedTuple):
    """What a writer says: a key or "ready", the point that is asked next, and how many labels."""

    word: str
    point: int
    n_labels: int


def read(line: str) -> Line:
    """Read what a writer said."""
    word, point, n_labels = line.split()
    return Line(word, int(point), int(n_labels))


def killed(
    path: Path, start: int, again: list[str], seconds: float
) -> tuple[Line, list[Line], float]:
    """Run a writer for so long, and kill it.

    Returns
    -------
    ready : Line
    acknowledged : list of Line
    took : float
        Seconds from its start until it was ready.
    """
    command = [sys.executable, "-c", WRITER, str(path), str(N_POINTS), str(start), *again]
    began = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
        first = "" if writer.stdout is None else writer.stdout.readline()
        if writer.stdout is None or not first.startswith("ready "):
            raise SystemExit("the label file could not be opened again")
        took = time.perf_counter() - began
        time.sleep(seconds)
        writer.kill()
        lines = writer.stdout.read().split("\n")
    return read(first), [read(line) for line in lines[:-1]], took  # what has no end was cut short


if __name__ == "__main__":
    given = [int(each) for each in sys.argv[1:3]]
    raise SystemExit(min(1, main(*(given + [1000, 0][len(given) :]))))
