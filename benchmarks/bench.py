"""How large the cases are, and how contenders are timed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.child import do_work, read_input
from benchmarks.packages import MissingPackageError, require
from benchmarks.works import WORKS

ROOT = Path(__file__).parent.parent
# Work that takes longer, or that makes wait as long for what it compiles, is done once.
_LONG_SECONDS = 20.0


@dataclass(frozen=True)
class Size:
    """How large the cases are."""

    name: str
    n_points: int  # of the small cases, which scikit-learn finishes too
    n_draws: int  # of labels, for an accuracy
    n_repeats: int
    n_fashion: int
    n_fashion_draws: int
    n_large: int
    n_large_classes: int
    n_searched: tuple[int, ...]  # points whose neighbours are searched, and once more
    growth: tuple[int, ...]
    growth_limits: Mapping[str, int]  # largest number of points that a peer is given
    n_disk: int
    n_digits: int
    n_subset: int  # of Fashion-MNIST, where all of it would take too long
    n_trust: int  # of Fashion-MNIST, for accuracies beside the peers
    n_sized: int  # of it, where each draw would take minutes for all
    n_trust_draws: int  # of labels, where a draw takes seconds; else `n_draws`
    n_published: int  # digits, of the published example
    n_rule_points: int  # of Fashion-MNIST, for every rule of what to ask
    n_starts: int  # of each rule
    n_batch_starts: int  # the same, for batches of questions about Fashion-MNIST
    n_question_seeds: int  # starts on all of Fashion-MNIST
    rule_budget: int  # labels in all, for every rule
    fashion_budget: int  # the same, for the default rule on Fashion-MNIST
    n_batched: int  # labels beside the first, asked one by one and in batches
    n_rounds: int  # of a session, timed
    n_peeks: int  # sessions, looked at after every answer
    n_answers: int  # of each of them
    n_looks: int  # checks of a run without a session
    n_kinds: int  # points at most of each set of many kinds
    n_kinds_draws: int  # of labels of each
    n_texts: int  # at most, of each set of them
    n_text_draws: int  # of labels of each
    n_timed_texts: int  # made points of, and timed
    n_picture_shuffles: int  # of the digits
    n_pictures: int  # of MNIST, at most
    n_picture_draws: int  # of labels of these
    n_stamp_draws: int  # of labels of pictures in colour
    n_picture_files: int  # made points of, and timed
    n_mixed_rows: int  # at most, of each table with texts
    n_mixed_draws: int  # of labels of each
    n_label_items: int  # texts or pictures that people label in a browser
    label_points: tuple[int, ...]  # the same of arrays, ours alone
    n_page_answers: int  # to each page


SIZES = {
    "tiny": Size(  # for the tests
        name="tiny",
        n_points=300,
        n_draws=2,
        n_repeats=1,
        n_fashion=400,
        n_fashion_draws=2,
        n_large=1_500,
        n_large_classes=4,
        n_searched=(600,),
        growth=(400, 800),
        growth_limits={"scikit-learn": 400, "PyNNDescent + GraphLearning": 400, "FAISS HNSW": 800},
        n_disk=3_000,
        n_digits=400,
        n_subset=400,
        n_trust=400,
        n_sized=400,
        n_trust_draws=2,
        n_published=120,
        n_rule_points=300,
        n_starts=2,
        n_batch_starts=2,
        n_question_seeds=2,
        rule_budget=20,
        fashion_budget=20,
        n_batched=10,
        n_rounds=2,
        n_peeks=6,
        n_answers=12,
        n_looks=20,
        n_kinds=120,
        n_kinds_draws=1,
        n_texts=90,
        n_text_draws=2,
        n_timed_texts=90,
        n_picture_shuffles=2,
        n_pictures=100,
        n_picture_draws=2,
        n_stamp_draws=2,
        n_picture_files=6,
        n_mixed_rows=100,
        n_mixed_draws=2,
        n_label_items=90,
        label_points=(300,),
        n_page_answers=3,
    ),
    "small": Size(
        name="small",
        n_points=10_000,
        n_draws=20,
        n_repeats=3,
        n_fashion=10_000,
        n_fashion_draws=10,
        n_large=50_000,
        n_large_classes=20,
        n_searched=(60_000,),
        growth=(5_000, 15_000, 50_000),
        growth_limits={
            "scikit-learn": 15_000,
            "PyNNDescent + GraphLearning": 50_000,
            "FAISS HNSW": 50_000,
        },
        n_disk=200_000,
        n_digits=1_797,
        n_subset=5_000,
        n_trust=5_000,
        n_sized=3_000,
        n_trust_draws=10,
        n_published=330,
        n_rule_points=2_000,
        n_starts=5,
        n_batch_starts=5,
        n_question_seeds=3,
        rule_budget=60,
        fashion_budget=100,
        n_batched=50,
        n_rounds=10,
        n_peeks=200,
        n_answers=30,
        n_looks=300,
        n_kinds=800,
        n_kinds_draws=2,
        n_texts=1_000,
        n_text_draws=2,
        n_timed_texts=10_000,
        n_picture_shuffles=10,
        n_pictures=1_000,
        n_picture_draws=2,
        n_stamp_draws=2,
        n_picture_files=500,
        n_mixed_rows=800,
        n_mixed_draws=2,
        n_label_items=1_000,
        label_points=(10_000,),
        n_page_answers=20,
    ),
    "full": Size(
        name="full",
        n_points=10_000,
        n_draws=20,
        n_repeats=5,
        n_fashion=70_000,
        n_fashion_draws=10,
        n_large=1_000_000,
        n_large_classes=20,
        n_searched=(60_000, 1_000_000),
        growth=(10_000, 30_000, 100_000, 300_000, 1_000_000),
        growth_limits={
            "scikit-learn": 30_000,
            "PyNNDescent + GraphLearning": 100_000,
            "FAISS HNSW": 1_000_000,
        },
        n_disk=10_000_000,
        n_digits=1_797,
        n_subset=5_000,
        n_trust=70_000,
        n_sized=10_000,
        n_trust_draws=10,
        n_published=330,
        n_rule_points=10_000,
        n_starts=10,
        n_batch_starts=6,
        n_question_seeds=5,
        rule_budget=60,
        fashion_budget=100,
        n_batched=50,
        n_rounds=10,
        n_peeks=1_000,
        n_answers=30,
        n_looks=300,
        n_kinds=5_000,
        n_kinds_draws=10,
        n_texts=4_000,
        n_text_draws=10,
        n_timed_texts=60_000,
        n_picture_shuffles=20,
        n_pictures=5_000,
        n_picture_draws=5,
        n_stamp_draws=10,
        n_picture_files=10_000,
        n_mixed_rows=4_000,
        n_mixed_draws=5,
        n_label_items=1_000,
        label_points=(100_000, 1_000_000),
        n_page_answers=24,
    ),
}


@dataclass(frozen=True)
class Contender:
    """Who does the work: a name for the table, and a work of `benchmarks.works`.

    ``inputs`` names those that it reads; None: all that the case has.
    """

    name: str
    work: str
    settings: dict[str, Any] = field(default_factory=dict)
    inputs: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Outcome:
    """What a contender came to: median seconds of each part, peak memory in bytes, arrays."""

    seconds: dict[str, float]
    peak: int | None
    runs: int
    arrays: dict[str, Any]

    @property
    def total(self) -> float:
        """Seconds of all parts."""
        return sum(self.seconds.values())


class Bench:
    """What a case is given: sizes, timers, and a list of what could not be measured."""

    def __init__(self, size: Size, *, apart: bool = True) -> None:
        self.size = size
        self.apart = apart  # False: no processes of their own, for the tests
        self.missing: list[str] = []

    def miss(self, reason: str) -> None:
        """Say, now and in the results, that something was not measured."""
        if reason not in self.missing:
            self.missing.append(reason)
            print(f"  {reason}", file=sys.stderr, flush=True)

    def contest(
        self,
        contenders: Sequence[Contender],
        inputs: Mapping[str, Path],
        repeats: int | None = None,
    ) -> dict[str, Outcome]:
        """Let each contender work alone, in turn, and return what came out by name.

        Each run is a process of its own, of which the memory is known, and in which the work is
        warmed up before it is timed. Contenders that are not installed are missing in the result.
        """
        runs: dict[str, list[tuple[dict[str, list[float]], int | None]]] = {}
        arrays: dict[str, dict[str, Any]] = {}
        going = list(contenders)
        for _ in range(self.size.n_repeats if repeats is None else repeats):
            for contender in tuple(going):
                began = time.perf_counter()
                try:
                    seconds, peak, found = self._alone(contender, inputs)
                except MissingPackageError as error:
                    self.miss(str(error))
                    going.remove(contender)
                    continue
                runs.setdefault(contender.name, []).append((seconds, peak))
                arrays.setdefault(contender.name, found)
                if time.perf_counter() - began > _LONG_SECONDS:
                    going.remove(contender)
        return {name: _outcome(found, arrays[name]) for name, found in runs.items()}

    def at_once(
        self, contenders: Sequence[Contender], inputs: Mapping[str, Path]
    ) -> dict[str, dict[str, Any]]:
        """Let contenders work side by side, one a core, and return their arrays by name.

        For accuracies, not for times. Contenders that are not installed are missing in the result.
        """

        def work(contender: Contender) -> dict[str, Any] | None:
            try:
                return self._alone(contender, inputs, threads=1)[2]
            except MissingPackageError as error:
                self.miss(str(error))
                return None

        with ThreadPoolExecutor(cores() if self.apart else 1) as pool:
            found = list(pool.map(work, contenders))
        return {
            contender.name: arrays
            for contender, arrays in zip(contenders, found, strict=True)
            if arrays is not None
        }

    def in_turn(
        self, functions: Mapping[str, Callable[[], object]], repeats: int | None = None
    ) -> dict[str, float]:
        """Return the median seconds of short functions, called in turn, after a first call each."""
        seconds: dict[str, list[float]] = {name: [] for name in functions}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # as in `do_work`
            for _ in range(1 + (self.size.n_repeats if repeats is None else repeats)):
                for name, function in functions.items():
                    began = time.perf_counter()
                    function()
                    seconds[name].append(time.perf_counter() - began)
        return {name: float(np.median(kept[1:])) for name, kept in seconds.items()}

    def _alone(
        self, contender: Contender, inputs: Mapping[str, Path], threads: int | None = None
    ) -> tuple[dict[str, list[float]], int | None, dict[str, Any]]:
        for package in WORKS[contender.work].packages:
            require(package)
        if contender.inputs is not None:
            inputs = {name: inputs[name] for name in contender.inputs}
        if not self.apart:
            loaded = {name: read_input(path) for name, path in inputs.items()}
            seconds, found = do_work(contender.work, loaded, contender.settings)
            return seconds, None, found
        if threads is None:
            print(f"  {contender.name} ...", end="", file=sys.stderr, flush=True)
        task = {
            "work": contender.work,
            "settings": contender.settings,
            "inputs": {name: str(path) for name, path in inputs.items()},
        }
        with tempfile.TemporaryDirectory(prefix="fewlabels-bench-") as name:
            folder = Path(name)
            (folder / "task.json").write_text(json.dumps(task), encoding="utf-8")
            command = [sys.executable, "-m", "benchmarks.child", str(folder)]
            limits = {} if threads is None else {"OMP_NUM_THREADS": str(threads)}
            ended = subprocess.run(command, cwd=ROOT, check=False, env=os.environ | limits)
            if ended.returncode == 3:
                raise MissingPackageError(
                    f"{contender.name} can't be imported, so that it was not measured."
                )
            ended.check_returncode()
            report = json.loads((folder / "report.json").read_text(encoding="utf-8"))
            with np.load(folder / "arrays.npz") as stored:
                arrays = {key: stored[key] for key in stored.files}
        parts = ", ".join(f"{key} {np.median(of):.3g} s" for key, of in report["seconds"].items())
        said = f" {parts or 'done'}, {report['peak'] / 1e9:.2f} GB"
        who = "" if threads is None else f"  {contender.name}:"
        print(f"{who}{said}", file=sys.stderr, flush=True)
        return report["seconds"], report["peak"], arrays


def cores() -> int:
    """Return the cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def stored(folder: Path, **arrays: Any) -> dict[str, Path]:
    """Write arrays for the processes that work on them; return their paths by name."""
    for name, array in arrays.items():
        np.save(folder / f"{name}.npy", array)
    return {name: folder / f"{name}.npy" for name in arrays}


def _outcome(runs: list[tuple[dict[str, list[float]], int | None]], arrays: Any) -> Outcome:
    names = runs[0][0]
    seconds = {
        name: float(np.median([value for parts, _ in runs for value in parts[name]]))
        for name in names
    }
    peaks = [peak for _, peak in runs if peak is not None]
    return Outcome(seconds, max(peaks, default=None), len(runs), arrays)
