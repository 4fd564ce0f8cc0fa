"""Damaged files end in the right result, or in one clear error: never in a traceback or a signal.

A bounded number of inputs with a fixed seed; ``make fuzz`` takes 3,000 a reader. What fails is
written to the folder that the message names, with what it takes to see it again.
"""

from __future__ import annotations

import os
import random
import shutil
import traceback
import warnings
from pathlib import Path
from typing import Any

import pytest

from fewlabels.exceptions import FewLabelsError
from tests.fuzz.readers import READERS, Reader, damaged

N_INPUTS = int(os.environ.get("FUZZ_INPUTS", "60"))
SEED = int(os.environ.get("FUZZ_SEED", "0"))


@pytest.mark.long
@pytest.mark.parametrize("name", READERS)
def test_damaged_files_are_read_right_or_refused_in_one_line(name: str, tmp_path: Path) -> None:
    reader = READERS[name]
    failures: dict[str, Path] = {}
    refused = 0
    for number in range(reader.n_files):
        folder = tmp_path / str(number)
        folder.mkdir()
        path = reader.made_in(folder, number)
        parts = sorted(path.iterdir()) if path.is_dir() else [path]
        whole = {part: part.read_bytes() for part in parts}
        expected = reader.read(path, random.Random(0))
        for step in range(-(-N_INPUTS // reader.n_files)):
            rng = random.Random(f"{SEED} {name} {number} {step}")
            findable = damaged(whole, rng)
            kept = _kept(path, tmp_path / "current")  # in case that the process ends
            wrong = _wrong(reader, path, rng, expected if findable else None)
            if wrong is None:
                refused += 1
            elif wrong and wrong not in failures:
                failures[wrong] = kept.rename(tmp_path / f"failure {len(failures)}")
    listed = "\n".join(f"{at}: {wrong}" for wrong, at in failures.items())
    assert not failures, f"{len(failures)} kinds of failure:\n{listed}"
    assert refused > N_INPUTS / 10  # most mutations of the bytes do damage


def _kept(path: Path, folder: Path) -> Path:
    """Return a copy of a damaged file in a folder of its own."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    if path.is_dir():
        shutil.copytree(path, folder / path.name)
    else:
        shutil.copy(path, folder)
    return folder


def _wrong(reader: Reader, path: Path, rng: random.Random, expected: Any) -> str | None:
    """Return what went wrong, "" if the file was read right, None if it was refused clearly."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            found = reader.read(path, rng)
    except FewLabelsError as error:
        lines = str(error).splitlines()
        if len(lines) == 1 and path.name in lines[0] and len(lines[0]) < 1500:
            return None
        return f"an unclear message: {error!s:.300}"
    except Exception as error:  # noqa: BLE001 - any is a failure
        last = traceback.extract_tb(error.__traceback__)[-1]
        return f"{type(error).__name__} at {Path(last.filename).name}:{last.lineno}: {error!s:.200}"
    if expected is not None and found != expected:
        return f"another result: {found!r:.300}"
    return ""
