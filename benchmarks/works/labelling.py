"""The labelling page's engine: the first question, one answer, how soon models reflect it, a map.

Inputs: the number of points, of features, and of answers, and the time from one answer to the next.
The points are ten groups that overlap, the labeller is right. What a browser adds is not in here.
"""

from __future__ import annotations

import http.client
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import numpy.typing as npt

from fewlabels.graph import layout

Seconds = npt.NDArray[np.float64]
_CLASSES = "0123456789"
_PATIENCE = 900.0


def groups(
    folder: Path, n_points: int, n_features: int, *, infinite: bool = False
) -> tuple[Path, npt.NDArray[Any]]:
    """Write ten groups that overlap to an array, and return what they are.

    Or to a table with an infinite number, of which no models can be made: labelling goes on.
    """
    from sklearn.datasets import make_blobs

    X, truth = make_blobs(n_points, n_features, centers=10, cluster_std=6.0, random_state=0)
    path = folder / ("broken.npz" if infinite else "groups.npy")
    if infinite:
        X[0, 0] = np.inf
        np.savez(path, X=X.astype(np.float32))
    else:
        np.save(path, X.astype(np.float32))
    return path, truth


@contextmanager
def served(path: Path, cache: Path) -> Iterator[tuple[http.client.HTTPConnection, Any, Any]]:
    """Run the command; yield a connection with its headers, and the process."""
    environment = {**os.environ, "XDG_CACHE_HOME": str(cache)}
    command = [sys.executable, "-m", "fewlabels", "label", str(path), "--no-browser"]
    command += ["--classes", ",".join(_CLASSES), "--port", "0"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment, text=True
    ) as process:
        try:
            printed: Any = process.stdout
            parts = urlsplit(printed.readline().strip())
            connection = http.client.HTTPConnection(parts.netloc, timeout=_PATIENCE)
            connection.request("GET", f"/?{parts.query}")
            landed = connection.getresponse()
            landed.read()
            cookie = str(landed.headers["set-cookie"]).partition(";")[0]
            origin = f"{parts.scheme}://{parts.netloc}"
            yield connection, {"Cookie": cookie, "Origin": origin}, process
        finally:
            process.terminate()
            process.wait()


def first_question(path: Path, cache: Path) -> float:
    """Return the seconds from the command to the first question, whole, at a client."""
    began = time.perf_counter()
    with served(path, cache) as (connection, headers, _):
        _asked(connection, headers)
        return time.perf_counter() - began


def one_answer(path: Path, cache: Path, n_answers: int, pause: float) -> tuple[Seconds, float]:
    """Return the seconds of each answer, its commit and the next questions included.

    And the processor seconds that the server took for one, if nothing else keeps it busy.
    """
    found = []
    with served(path, cache) as (connection, headers, process):
        page = _asked(connection, headers)
        while page["state"]["stage"] is not None:
            time.sleep(0.1)
            page = _asked(connection, headers)
        before = _processor(process.pid)
        for number in range(n_answers):
            body = {"key": f"k{number}", "point": page["questions"][0]["point"], "class_id": 0}
            began = time.perf_counter()
            sent = {**headers, "Content-Type": "application/json"}
            connection.request("POST", "/api/answer", json.dumps(body), sent)
            page = json.loads(connection.getresponse().read())
            found.append(time.perf_counter() - began)
            time.sleep(pause)
        spent = _processor(process.pid) - before
    return np.array(found), spent / n_answers


class Rhythm:
    """Answers at equal times, whatever models are at, and how soon each is reflected.

    Attributes
    ----------
    told, asked : list of float
        Seconds from each answer, stored, to predictions by it, and to questions by it.
    """

    def __init__(self, labelling: Any) -> None:
        self._labelling = labelling
        self.told: list[float] = []
        self.asked: list[float] = []
        self._answered: list[tuple[int, float]] = []

    def answer(self, key: str, point: int, class_id: int, pause: float) -> None:
        """Answer, and watch until the next answer is due."""
        due = time.perf_counter() + pause
        row = self._labelling.answer("ann", key, point, class_id)
        self._answered.append((row["seq"], time.perf_counter()))
        while time.perf_counter() < due:
            self._look()
            time.sleep(0.001)

    def finish(self) -> None:
        """Watch until all that was answered is reflected."""

        def is_done() -> bool:
            self._look()
            return len(self.asked) == len(self._answered)

        _until(is_done)

    def _look(self) -> None:
        keeper, now = self._labelling._keeper, time.perf_counter()
        upto = keeper.snapshot.seq if keeper.snapshot else 0
        for times, seq in ((self.told, upto), (self.asked, keeper.reflected)):
            while len(times) < len(self._answered) and self._answered[len(times)][0] <= seq:
                times.append(now - self._answered[len(times)][1])


def reflected(
    path: Path, cache: Path, truth: npt.NDArray[Any], n_answers: int, pause: float
) -> dict[str, Any]:
    """Return how long points and graph took, and models to reflect each answer.

    Reflected: predictions and suggestions are those by this answer. Asked: the questions that lie
    ready, too. Learned: the model that answers has learned it.
    """
    from fewlabels.cli.label import LET_GO
    from fewlabels.labelling import Labelling

    sys.setswitchinterval(LET_GO)  # as the command does
    began = time.perf_counter()
    with Labelling.open(path, classes=list(_CLASSES), cache=cache) as labelling:
        keeper = labelling._keeper
        _until(lambda: keeper.stage is None)
        prepared = time.perf_counter() - began
        rhythm = Rhythm(labelling)
        for number in range(n_answers):
            point = labelling.questions("ann")[0]["point"]
            rhythm.answer(f"k{number}", point, int(truth[point]), pause)
        rhythm.finish()
        began = time.perf_counter()
        settled = labelling.settle(_PATIENCE)
        learned = time.perf_counter() - began
        problem, graph = labelling.state("ann")["problem"], keeper.prepared.graph
        right = float(np.mean(keeper.snapshot.codes == truth)) if keeper.snapshot else 0.0
    return {
        "graph": graph,
        "prepared": prepared,
        "seconds": np.array(rhythm.told),
        "asked": np.array(rhythm.asked),
        "learned": learned if settled else float("nan"),
        "problem": problem,
        "right": right,
        "gigabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20,
    }


def _asked(connection: http.client.HTTPConnection, headers: Any) -> Any:
    connection.request("GET", "/api/questions", headers=headers)
    return json.loads(connection.getresponse().read())


def _processor(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _until(is_so: Any) -> None:
    end = time.monotonic() + _PATIENCE
    while not is_so():
        if time.monotonic() > end:
            raise TimeoutError("the models did not follow")
        time.sleep(0.001)


def _shown(seconds: Seconds) -> str:
    p50, p95, most = np.quantile(1e3 * seconds, (0.5, 0.95, 1.0))
    return f"p50 {p50:,.0f}, p95 {p95:,.0f}, max {most:,.0f} ms"


def main(
    n_points: int = 10_000, n_features: int = 32, n_answers: int = 40, pause: float = 0.5
) -> None:
    """Measure, and print a line each."""
    with tempfile.TemporaryDirectory(prefix="fewlabels-bench-") as name:
        folder = Path(name)
        path, truth = groups(folder, n_points, n_features)
        label_file = path.with_suffix(".fewlabels")
        starts = []
        for number in range(3 if n_points < 10**6 else 2):
            starts.append(first_question(path, folder / f"cache{number}"))
            label_file.unlink()
        print(f"{n_points:,} points: first question {_shown(np.array(starts))}", flush=True)
        broken, _ = groups(folder, min(n_points, 1_000), n_features, infinite=True)
        _, processor = one_answer(broken, folder / "other", 200, 0.0)
        broken.with_suffix(".fewlabels").unlink()
        print(f"  one answer alone {1e3 * processor:.1f} ms of processor", flush=True)
        kept = folder / "cache" / "fewlabels" / "labelling"  # as the command will look for it
        found = reflected(path, kept, truth, n_answers, pause)
        label_file.unlink()
        late = slice(n_answers // 4, None)
        print(
            f"  points, graph and models {found['prepared']:.1f} s; reflected "
            f"{_shown(found['seconds'][late])}; asked anew {_shown(found['asked'][late])}; "
            f"the last one learned after {found['learned']:.1f} s; "
            f"{100 * found['right']:.1f} % right; "
            f"{found['gigabytes']:.1f} GiB{'; ' + found['problem'] if found['problem'] else ''}",
            flush=True,
        )
        seconds, _ = one_answer(path, folder / "cache", n_answers, pause)
        print(f"  one answer while models work {_shown(seconds)}", flush=True)
        began, processor = time.perf_counter(), time.process_time()
        layout(found["graph"])
        print(
            f"  map of the graph {time.perf_counter() - began:.1f} s, "
            f"{time.process_time() - processor:.1f} of processor",
            flush=True,
        )


if __name__ == "__main__":
    main(*(int(each) for each in sys.argv[1:4]), *(float(each) for each in sys.argv[4:5]))
