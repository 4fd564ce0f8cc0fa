"""Do one piece of work in a process of its own, and say how long it took and what memory.

Usage: python -m benchmarks.child FOLDER

The folder holds ``task.json`` (the work's name and its settings) and an ``.npy`` or ``.npz`` file
for each input. Beside them, ``report.json`` and ``arrays.npz`` are written.
"""

from __future__ import annotations

import contextlib
import json
import resource
import sys
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.packages import MissingPackageError
from benchmarks.works import WORKS


class Clock:
    """Seconds of what is done inside ``with clock(name):``, a list for each name."""

    def __init__(self) -> None:
        self.seconds: dict[str, list[float]] = {}

    @contextlib.contextmanager
    def __call__(self, name: str) -> Iterator[None]:
        began = time.perf_counter()
        yield
        self.seconds.setdefault(name, []).append(time.perf_counter() - began)


def do_work(
    name: str, inputs: dict[str, Any], settings: dict[str, Any]
) -> tuple[dict[str, list[float]], dict[str, Any]]:
    """Return the seconds of each part of a work, and the arrays that it came to.

    The work's ``warm_up``, where it has one, runs before, on little, and is not counted: threads
    are started then, libraries loaded, and what is compiled at its first call is compiled.
    """
    work = WORKS[name]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a peer may stop at its limit; its time is its time
        work.warm_up(settings)
        clock = Clock()
        arrays = work.run(inputs, settings, clock)
    return clock.seconds, arrays


def peak_memory() -> int:
    """Return the largest resident memory that this process has had, in bytes.

    Linux counts into ``ru_maxrss`` what the parent had when it started this process, so that it
    is asked for the peak of this address space instead.
    """
    with contextlib.suppress(OSError, StopIteration, ValueError):
        lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
        return 1024 * int(next(line for line in lines if line.startswith("VmHWM:")).split()[1])
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else 1024 * peak


def main(folder: Path) -> int:
    """Do the folder's task."""
    task = json.loads((folder / "task.json").read_text(encoding="utf-8"))
    inputs = {name: read_input(Path(path)) for name, path in task["inputs"].items()}
    try:
        seconds, arrays = do_work(task["work"], inputs, task["settings"])
    except MissingPackageError as error:
        print(error, file=sys.stderr)
        return 3
    report = {"seconds": seconds, "peak": peak_memory()}
    np.savez(folder / "arrays.npz", **arrays)
    (folder / "report.json").write_text(json.dumps(report), encoding="utf-8")
    return 0


def read_input(path: Path) -> Any:
    """Return an array; or the path of a file that the work reads itself."""
    return np.load(path) if path.suffix == ".npy" else path


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
