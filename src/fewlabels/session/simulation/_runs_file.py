"""Finished runs in a file of JSON lines, so that an interrupted simulation goes on.

The first line is a header: what the data and the settings were, and the seed. Each further line
is a run, written whole once it has ended. Every line ends with a checksum of it, so that a digit
that was changed is found. A line that was cut short, as by a crash, is dropped.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import Self, TypeAlias

from fewlabels._checksums import checksum
from fewlabels._damage import UNREADABLE, reason
from fewlabels._files import replace_when_whole
from fewlabels._typing import Json, Loaded
from fewlabels.exceptions import DataFileError
from fewlabels.session._fingerprint import fingerprint
from fewlabels.session.simulation._known_answers import Answers
from fewlabels.session.simulation._runs import Run, run_from_json

PathLike: TypeAlias = str | os.PathLike[str]

FORMAT = "fewlabels-simulation-runs"
VERSION = 2  # 1 had no checksums

# What to do about a file that holds something else. The command line says it by its options.
ADVICE = "Save to another place, or delete the file to begin anew."


class RunsFile:
    """The runs that a file holds.

    Attributes
    ----------
    path : Path
    seed : int
        What the runs' generators depend on.
    """

    def __init__(self, path: Path, seed: int, version: int) -> None:
        self.path = path
        self.seed = seed
        self._version = version
        self._runs: dict[tuple[str, int], tuple[str, Run]] = {}

    @classmethod
    def opened(
        cls,
        path: PathLike,
        data: str,
        settings: dict[str, object],
        seed: int,
        answers: Answers,
        n_labels: list[int],
    ) -> Self:
        """Read the file, or begin one.

        Parameters
        ----------
        path : path
        data : str
            Of :func:`data_fingerprint`.
        settings : dict of JSON values
            Those that the file has to agree with.
        seed : int
            Of a new file; an old one has its own.
        answers : Answers
        n_labels : list of int
            Of each round of a run.

        Raises
        ------
        DataFileError
            If it holds something else, is damaged, or can't be read or written.
        """
        place = Path(path)
        try:
            if not place.exists():
                header = {"format": FORMAT, "version": VERSION, "data": data, "seed": seed}
                with (
                    contextlib.suppress(FileExistsError),  # another simulation was quicker
                    replace_when_whole(place, replace=False) as file,
                ):
                    file.write(_line({**header, "settings": settings}, VERSION))
            return cls._read(place, data, settings, answers, n_labels)
        except OSError as error:
            raise DataFileError(
                f"can't keep the runs in {place}: {error.strerror or error}. Choose a place that "
                "you may write to."
            ) from error

    @classmethod
    def _read(
        cls,
        path: Path,
        data: str,
        settings: dict[str, object],
        answers: Answers,
        n_labels: list[int],
    ) -> Self:
        content = path.read_bytes()
        whole = content.rfind(b"\n") + 1
        header, *lines = content[:whole].splitlines() or [b""]
        seed, version = _seed_and_version(path, header, data, settings)
        opened = cls(path, seed, version)
        for number, line in enumerate(lines, 2):
            try:
                rule, run = run_from_json(_checked(line, version), answers, n_labels)
            except UNREADABLE as error:
                raise DataFileError(
                    f"{path} is damaged: line {number} is no run of this simulation: "
                    f"{reason(error)}. Delete the line to repeat the run."
                ) from error
            opened._runs[run.query, run.repeat] = (rule, run)
        if whole < len(content):
            with path.open("r+b") as file:
                file.truncate(whole)
        return opened

    def __len__(self) -> int:
        return len(self._runs)

    def run_of(self, query: str, rule: str, repeat: int) -> Run | None:
        """Return a run if the file has it; raise if it was another rule of that name."""
        found = self._runs.get((query, repeat))
        if found is None:
            return None
        if found[0] != rule:
            raise DataFileError(
                f"{self.path} holds runs of {found[0]} under the name {query!r}, and now that is "
                f"{rule}. Give it another name, or: {ADVICE}"
            )
        return found[1]

    def append(self, run: Run, rule: str) -> None:
        """Add a run; it is on the disk when this returns."""
        try:
            with self.path.open("ab") as file:
                file.write(_line({"rule": rule, **asdict(run)}, self._version))
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise DataFileError(
                f"can't write to {self.path}: {error.strerror or error}. The runs before are in it."
            ) from error
        self._runs[run.query, run.repeat] = (rule, run)


def _seed_and_version(
    path: Path, line: bytes, data: str, settings: dict[str, object]
) -> tuple[int, int]:
    """Return what a header names, or raise if it is no header, or of something else."""
    try:
        header = json.loads(line)
        version, seed = header["version"], header["seed"]
        if header["format"] != FORMAT or type(version) is not int or not 1 <= version <= VERSION:
            raise ValueError(f"format {header['format']!r:.80}, version {version!r:.80}")
        header = _checked(line, version)
        if type(seed) is not int or not 0 <= seed < 2**32:
            raise ValueError(f"seed {seed!r:.80}")
        _check_same(path, header, data, settings)
    except DataFileError:
        raise
    except UNREADABLE as error:
        raise DataFileError(
            f"{path} holds no runs of a simulation that this version can read ({reason(error)}). "
            f"{ADVICE}"
        ) from error
    return int(seed), version


def _checked(line: bytes, version: int) -> Json:
    """Return what a line holds, without the checksum; ValueError if that does not fit."""
    value: Json = json.loads(line)
    if version == 1:
        return value
    if not isinstance(value, dict):
        raise ValueError("it is no object")
    if value.pop("checksum", None) != checksum(value):
        raise ValueError("its checksum does not match")
    return value


def _check_same(path: Path, header: Loaded, data: str, settings: Loaded) -> None:
    before = header["settings"] | {"random_state": header["seed"]}
    differing = [
        f"{name} {before[name]} (now {now})"
        for name, now in settings.items()
        if before[name] != now
    ]
    if header["data"] != data:
        differing.insert(0, "other data")
    if differing:
        raise DataFileError(f"{path} holds runs with {'; '.join(differing)}. {ADVICE}")


def _line(value: dict[str, object], version: int) -> bytes:
    """Return a line of a file of this version: an old file stays one."""
    if version > 1:
        value = value | {"checksum": checksum(value)}
    return json.dumps(value, allow_nan=False).encode() + b"\n"


def data_fingerprint(X_or_graph: object, answers: Answers, graph: object = None) -> str:
    """Return a hash of the points, their graph if given, and labels; see :func:`fingerprint`."""
    digest = hashlib.sha256(fingerprint(X_or_graph).encode())
    if graph is not None:
        digest.update(fingerprint(graph).encode())
    digest.update(answers.codes.astype("<i8").tobytes())
    digest.update(repr(answers.classes.tolist()).encode())
    return digest.hexdigest()
