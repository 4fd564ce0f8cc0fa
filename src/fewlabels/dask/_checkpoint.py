"""Checkpoints of a solve: two iterates and their scale, by the rows of a region.

::

    checkpoint.json     whose solve it is, and for each solve that was begun the folder of its state
    0-000040/00003.npy  of region 3, t_k and t_k-1 after step 40 of solve 0, shape (2, n_rows, m)

A folder counts when ``checkpoint.json`` names it, which is replaced at once. Whoever resumes may
hold other regions than whoever saved: each reads the files of its own.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import shutil
from dataclasses import asdict
from pathlib import Path

import numpy as np

from fewlabels._checksums import checksum
from fewlabels._damage import UNREADABLE
from fewlabels._typing import Loaded
from fewlabels.dask._mail import Line
from fewlabels.dask._shard import Shard
from fewlabels.exceptions import GraphFileError
from fewlabels.solvers._matrix import FloatArray
from fewlabels.solvers._peers import Step

HEADER = "checkpoint.json"
_FORMAT = "fewlabels-dask-checkpoint"


class Checkpoint:
    """Saves and restores where the solves of a fit stand, for the rows of one worker.

    A fit takes one solve, or one for each scale where some rows are too far from every label for
    one float64. Solves that have ended without settling keep their last state: to resume passes
    through it, and comes to the same rows for the next one.

    Parameters
    ----------
    folder : Path
        Which all workers see.
    identity : str
        Of the graph, the labels and the settings; the state of another fit is not taken.
    shard : Shard
    line : Line
    """

    def __init__(self, folder: Path, identity: str, shard: Shard, line: Line) -> None:
        self._folder, self._identity = folder, identity
        self._shard, self._line = shard, line
        # one reads for all: whatever a disk shows to whom, they go on from the same
        self._states: Loaded = read_states(folder, identity) if line.rank == 0 else {}
        if line.rank == 0 and not self._states:  # before folders that others named are written anew
            remove_states(folder)
        told = dict.fromkeys(line.others, self._states) if line.rank == 0 else {}
        heard = line.exchange("states", told, [0] if line.rank else [])
        self._states = dict(heard.get(0, self._states))

    def restore(self, solve: int, now: FloatArray, before: FloatArray) -> Step | None:
        """Fill in the vectors of a solve's own rows; None if it had not come to a checkpoint."""
        state = self._states.get(str(solve))
        if state is None:
            return None
        for number, start, stop in self._shard.bounds:
            path = self._folder / state["folder"] / f"{number:05d}.npy"
            with path.open("rb") as file:
                np.lib.format.read_magic(file)
                shape, _, dtype = np.lib.format.read_array_header_1_0(file)
                if shape != (2, stop - start, now.shape[1]) or dtype != now.dtype:
                    raise GraphFileError(f"{path} is of another fit. Remove {self._folder}.")
                for vectors in (now, before):
                    here = vectors[start:stop]
                    if file.readinto(here.data.cast("B")) != here.nbytes:
                        raise GraphFileError(f"{path} was cut short. Remove {self._folder}.")
        fields = {**state["step"]}
        fields["look_at"] = math.inf if fields["look_at"] is None else fields["look_at"]
        return Step(**fields)

    def save(self, solve: int, step: Step, now: FloatArray, before: FloatArray) -> None:
        """Write the vectors; return when those of all workers are there."""
        name = f"{solve}-{step.n_iter:06d}"
        target = self._folder / name
        target.mkdir(exist_ok=True)
        for number, start, stop in self._shard.bounds:
            with (target / f"{number:05d}.npy").open("wb") as file:
                shape = (2, stop - start, now.shape[1])
                header = {"descr": now.dtype.str, "fortran_order": False, "shape": shape}
                np.lib.format.write_array_header_1_0(file, header)
                file.write(now[start:stop].data)
                file.write(before[start:stop].data)
                file.flush()
                os.fsync(file.fileno())
        self._line.maximum(0.0)  # everybody has written
        fields = asdict(step)
        fields["look_at"] = None if math.isinf(step.look_at) else step.look_at
        old = self._states.get(str(solve))
        self._states[str(solve)] = {"folder": name, "step": fields}
        if self._line.rank == 0:
            write_states(self._folder, self._identity, self._states)
            if old is not None and old["folder"] != name:
                shutil.rmtree(self._folder / old["folder"], ignore_errors=True)


def read_states(folder: Path, identity: str) -> dict[str, object]:
    """Return what a fit of this identity has come to; nothing where it left no checkpoint."""
    try:
        header = json.loads((folder / HEADER).read_text(encoding="utf-8"))
        rest = {key: value for key, value in header.items() if key != "checksum"}
        if checksum(rest) != header["checksum"] or header["format"] != _FORMAT:
            return {}
        states: dict[str, object] = header["solves"] if header["identity"] == identity else {}
    except UNREADABLE:
        return {}
    return states


def write_states(folder: Path, identity: str, states: dict[str, object]) -> None:
    """Replace ``checkpoint.json`` at once."""
    entries = {"format": _FORMAT, "identity": identity, "solves": states}
    work = folder / f".{HEADER}.part"
    with work.open("w", encoding="utf-8") as file:
        file.write(json.dumps(entries | {"checksum": checksum(entries)}))
        file.flush()
        os.fsync(file.fileno())
    work.replace(folder / HEADER)


def remove_states(folder: Path) -> None:
    """Remove a checkpoint; what else is in the folder stays."""
    with contextlib.suppress(FileNotFoundError):
        (folder / HEADER).unlink()
    for path in folder.glob("*-??????"):
        if path.name.partition("-")[0].isdigit():
            shutil.rmtree(path, ignore_errors=True)
