"""Kill a process that stores answers, again and again, and look for answers lost or doubled.

Usage: python tools/kill_labelling.py [KILLS] [SEED]     (1000 and 0)
Each process answers as fast as it can, and prints an answer's key once it was acknowledged. It is
killed (SIGKILL) after a random time. The next one sends the last key again, acknowledged or not.
In the end each acknowledged answer has to be in the label file once, and no other twice.
"""

from __future__ import annotations

import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

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
print("ready", flush=True)
for number in range(start, start + 10**6):
    (point, _), *_ = desk.questions("ann", 3, draw=True)
    for key in again or [str(number)]:
        acts.answer("ann", key, point, number % 3, 0.5)
        print(key, flush=True)
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
        for number in range(n_kills):
            start = number * 10**6
            last = acknowledged[-1] if acknowledged else None
            # the one after the last acknowledged may be stored, or not
            again = [] if last is None else [last, str(int(last) + 1)]
            acknowledged += killed(path, start, again, rng.expovariate(1 / 0.05))
        file = LabelFile.open(path)
        stored = Counter(row.key for row in file.rows() if row.kind == "answered")
        points = [row.body["point"] for row in file.rows() if row.kind == "answered"]
        file.close()
    lost = set(acknowledged) - stored.keys()
    doubled = len(stored) - sum(stored.values()) + len(points) - len(set(points))
    unasked = len(stored) - len(set(acknowledged))
    print(
        f"{n_kills} kills: {len(set(acknowledged)):,} answers acknowledged, {len(lost)} lost, "
        f"{abs(doubled)} doubled; {unasked} stored that were on their way when the kill came"
    )
    return len(lost) + abs(doubled) + max(0, unasked - n_kills)


def killed(path: Path, start: int, again: list[str], seconds: float) -> list[str]:
    """Run a writer for so long, kill it, and return the keys that it acknowledged."""
    command = [sys.executable, "-c", WRITER, str(path), str(N_POINTS), str(start), *again]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
        if writer.stdout is None or writer.stdout.readline() != "ready\n":
            raise SystemExit("the label file could not be opened again")
        time.sleep(seconds)
        writer.kill()
        lines = writer.stdout.read().split("\n")
    return lines[:-1]  # what has no end was cut short


if __name__ == "__main__":
    given = [int(each) for each in sys.argv[1:3]]
    raise SystemExit(min(1, main(*(given + [1000, 0][len(given) :]))))
