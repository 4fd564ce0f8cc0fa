"""Label spreading on a cluster of two workers beside the same in memory, on the same graph.

    python -m benchmarks.cluster 200000 [--kills 20] [--memory 800MB] [--folder KEPT] [--regions 64]

Prints a line of JSON for each figure as it comes: steps, differences, processor seconds, peak
memory, bytes, halo, questions, and what ending workers with SIGKILL costs. Workers are processes of
this machine. With a folder, the rows and the graph are kept there for the next time.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import resource
import signal
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import dask
import numpy as np

from benchmarks.data import curved_classes
from fewlabels import LabelSpreading as InMemory
from fewlabels._version import __version__

N_LABELS = 400


def rows(n: int) -> tuple[Any, Any, Any]:
    """Points of curved classes in float32, their classes, and labels of some."""
    X, classes = curved_classes(n)
    y = np.full(n, -1)
    chosen = np.random.default_rng(0).choice(n, N_LABELS, replace=False)
    y[chosen] = classes[chosen]
    return X, classes, y


def seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def seconds_of(dask_worker: Any) -> float:
    del dask_worker
    return seconds()


def peak_of(dask_worker: Any) -> float:
    del dask_worker
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024.0


def warmed(dask_worker: Any) -> None:
    """Import what tasks need, so that it isn't counted."""
    del dask_worker
    import faiss  # noqa: F401

    import fewlabels.dask  # noqa: F401


def halo(graph: Any, n_workers: int) -> float:
    """Rows copied per own row, for so many workers."""
    from fewlabels.dask._cluster import region_cuts

    cuts = region_cuts(graph, n_workers)
    n_halo = 0
    for k in range(len(cuts) - 1):
        first, stop = graph.starts[cuts[k]], graph.starts[cuts[k + 1]]
        away = [
            np.unique(block.indices[(block.indices < first) | (block.indices >= stop)])
            for number in range(cuts[k], cuts[k + 1])
            for _, block in graph.region(number).blocks()
        ]
        n_halo += len(np.unique(np.concatenate(away)))
    return n_halo / graph.n_nodes


def killed_fits(
    n_runs: int, graph: Any, y: Any, client: Any, folder: Path, expected: Any
) -> dict[str, Any]:
    """End one worker, or each third time all, at a random moment of a fit."""
    from fewlabels.dask import LabelSpreading

    again, same, longest = [], 0, 0.0
    for run in range(n_runs):
        client.wait_for_workers(2, timeout=300)
        pids = sorted(client.run(os.getpid).values())
        victims = pids if run % 3 == 2 else [random.Random(run).choice(pids)]
        at, told = random.Random(run).randrange(1, 75), []

        def hear(word: dict[str, Any], at: int = at, told: Any = told, left: Any = victims) -> None:
            told.append(word)
            if word["what"] in ("step", "saved") and word["n_iter"] >= at:
                while left:
                    os.kill(left.pop(), signal.SIGKILL)

        began = time.monotonic()
        model = LabelSpreading(checkpoint=folder / f"kill-{run}", progress=hear)
        model.fit(graph, y, client=client)
        longest = max(longest, time.monotonic() - began)
        lost = next((i for i, word in enumerate(told) if word["what"] == "lost"), None)
        if lost is not None:
            before = max(word.get("n_iter", 0) for word in told[:lost])
            resumed = [word["n_iter"] for word in told[lost:] if word["what"] == "resumed"]
            again.append(before - (resumed[0] if resumed else 0))
        same += model.label_distributions_.compute().tobytes() == expected
    return {
        "runs": n_runs,
        "hit": len(again),
        "same_bits": same,
        "most_steps_again": max(again, default=0),
        "longest_s": longest,
    }


class Figures:
    """Prints what was found."""

    def __setitem__(self, name: str, value: Any) -> None:
        print(json.dumps({name: value}), flush=True)


def measure(n: int, n_kills: int, memory: str, folder: Path, n_regions: Any) -> None:
    from distributed import Client, LocalCluster

    from fewlabels.dask import LabelSpreading, Session, knn_graph, open_graph

    X, classes, y = rows(n)
    found = Figures()
    found["of"] = {"n": n, "version": __version__, "memory_limit": memory, "regions": n_regions}
    if not (folder / "X.npy").exists():
        np.save(folder / "X.npy", X)
    del X
    with (
        dask.config.set({"distributed.deploy.lost-worker-timeout": "1 hour"}),
        LocalCluster(
            n_workers=2,
            threads_per_worker=1,
            memory_limit=memory,
            dashboard_address=":0",
            local_directory=str(folder),
        ) as cluster,
        Client(cluster) as client,
    ):
        if (folder / "graph").exists():
            graph = open_graph(folder / "graph")
        else:
            client.run(warmed)
            began, own = sum(client.run(seconds_of).values()), seconds()
            graph = knn_graph(
                folder / "X.npy", 10, path=folder / "graph", client=client, n_regions=n_regions
            )
            found["graph_cpu"] = sum(client.run(seconds_of).values()) - began
            found["graph_cpu_client"] = seconds() - own
            found["graph_peak"] = client.run(peak_of)
            client.restart()
        found["recall"], found["copies"] = graph.recall_, graph.build_info["copies"]
        found["halo"] = {w: halo(graph, w) for w in (2, 8) if w <= graph.n_regions}
        client.run(warmed)
        pids = client.run(os.getpid)
        model = LabelSpreading(checkpoint=folder / "fit")
        scheduler, clock = seconds(), time.monotonic()
        model.fit(graph, y, client=client)
        found["fit_wall"] = time.monotonic() - clock
        found["client_and_scheduler_cpu"] = seconds() - scheduler
        found["fit_cpu"] = sum(model.figures_["seconds"])
        found["figures"] = model.figures_
        found["n_iter"] = model.n_iter_
        found["fit_bytes"] = sum(model.figures_["bytes"])
        there = model.label_distributions_.compute()
        decided = model.transduction_.compute()
        rows_added = np.flatnonzero(y < 0)[:1]
        model.add_labels(rows_added, classes[rows_added])
        found["add_cpu"] = sum(model.figures_["seconds"])
        found["add_bytes"] = sum(model.figures_["bytes"])
        found["add_n_iter"] = model.n_iter_
        plain = LabelSpreading().fit(graph, y, client=client)
        found["fit_cpu_without_checkpoints"] = sum(plain.figures_["seconds"])
        session = Session(graph, model=LabelSpreading(), client=client)
        some = np.flatnonzero(y >= 0)[:40]
        session.tell(some, classes[some])
        for name in ("first_questions", "next_questions"):
            began = sum(client.run(seconds_of).values())
            asked = session.ask(5)
            found[f"{name}_cpu"] = sum(client.run(seconds_of).values()) - began
            session.tell(asked, classes[asked])
        found["questions_peak"] = client.run(peak_of)
        found["workers_ended"] = client.run(os.getpid) != pids
        if n_kills:
            found["kills"] = killed_fits(n_kills, graph, y, client, folder, there.tobytes())
    in_memory = graph.to_memory()
    began = seconds()
    peer = InMemory(alpha=0.99, max_iter=1000, solver="chebyshev").fit(in_memory, y)
    found["memory_cpu"] = seconds() - began
    found["memory_n_iter"] = peer.n_iter_
    found["sum_of_differences"] = float(
        np.abs(there.astype(float) - peer.label_distributions_).sum()
    )
    found["answers_equal"] = bool((decided == peer.transduction_).all())
    found["accuracy"] = float((decided == classes).mean())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("n", type=int)
    parser.add_argument("--kills", type=int, default=0)
    parser.add_argument("--memory", default="800MB")
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--regions", type=int)
    options = parser.parse_args()
    watchdog = threading.Timer(3600, os._exit, (1,))  # nothing may hang
    watchdog.daemon = True
    watchdog.start()
    with contextlib.ExitStack() as stack:
        folder = options.folder
        if folder is None:
            made = tempfile.TemporaryDirectory(prefix="fewlabels-cluster-")
            folder = Path(stack.enter_context(made))
        folder.mkdir(exist_ok=True)
        measure(options.n, options.kills, options.memory, folder, options.regions or "auto")


if __name__ == "__main__":
    main()
