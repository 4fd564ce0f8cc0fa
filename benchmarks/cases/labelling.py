"""Pages on which people label: ours beside others, in one browser."""

from __future__ import annotations

import math
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.bench import Bench
from benchmarks.label_pages.data import write_items, write_points
from benchmarks.label_pages.environments import DOCCANO
from benchmarks.label_pages.servers import ServerError
from benchmarks.label_pages.sitting import Sitting, percentiles, sit
from benchmarks.label_pages.tools import OUR_TOOL, TOOLS, Tool
from benchmarks.packages import MissingPackageError
from benchmarks.results import Entry, Row

_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")

Found = dict[str, tuple[float, str]]  # by tool: a value, and what to read beside it
FIRST = "command to first question"
NEXT = "key to next question drawn"


def labelling_texts(bench: Bench) -> list[Row]:
    """Pages for labelling texts: ours, ASReview's and Label Studio's."""
    rows, tools = _of_kind(bench, "texts", bench.size.n_label_items)
    sizes = {tool.name: tool.environment.installed() for tool in tools}
    megabytes = _row("installed", "MB", {name: (of.megabytes, "") for name, of in sizes.items()})
    packages = _row(
        "installed", "packages", {name: (of.n_packages, "") for name, of in sizes.items()}
    )
    return [*rows, *filter(None, (megabytes, packages))]


def labelling_more_texts(bench: Bench) -> list[Row]:
    """The same, of ten times as many."""
    return _of_kind(bench, "texts", 10 * bench.size.n_label_items)[0]


def labelling_pictures(bench: Bench) -> list[Row]:
    """Pages for labelling pictures: ours and Label Studio's."""
    return _of_kind(bench, "pictures", bench.size.n_label_items)[0]


def labelling_many(bench: Bench) -> list[Row]:
    """Our page on many points, while graph and models are being made, and while they follow."""
    if reason := OUR_TOOL.environment.missing():
        raise MissingPackageError(reason)
    rows = []
    with _browser() as browser, _folder() as folder:
        for n_points in bench.size.label_points:
            file = folder / f"{n_points}.npy"
            write_points(n_points, file)
            work = folder / f"work-{n_points}"
            work.mkdir()
            of_size = f"{n_points:,} points"
            for settled, name in ((False, of_size), (True, f"{of_size}, models that follow")):
                found = sit(
                    OUR_TOOL,
                    file,
                    work,
                    browser,
                    n_answers=bench.size.n_page_answers,
                    settled=settled,
                )
                rows += _rows(name, {OUR_TOOL.name: found})
    return [row for row in rows if row.measure.startswith((FIRST, NEXT, "answer", "killed"))]


def _of_kind(bench: Bench, kind: str, n_items: int) -> tuple[list[Row], list[Tool]]:
    tools = [tool for tool in _installed(bench) if kind in tool.kinds]
    with _browser() as browser:
        sittings = {
            tool.name: found
            for tool in tools
            if (found := _sat(bench, tool, kind, n_items, browser)) is not None
        }
    rows = _rows(f"{n_items:,} {kind}", sittings) if OUR_TOOL.name in sittings else []
    return rows, tools


def _installed(bench: Bench) -> list[Tool]:
    there = []
    for tool in TOOLS:
        reason = tool.environment.missing()
        if reason is None:
            there.append(tool)
        elif tool is OUR_TOOL:
            raise MissingPackageError(reason)
        else:
            bench.miss(reason)
    if reason := DOCCANO.missing():
        bench.miss(reason)
    else:
        bench.miss("doccano was not measured: it takes in no data without a second server.")
    return there


def _sat(bench: Bench, tool: Tool, kind: str, n_items: int, browser: Any) -> Sitting | None:
    print(f"  {tool.name}, {n_items:,} {kind} ...", file=sys.stderr, flush=True)
    with _folder() as folder:
        items = write_items(kind, n_items, folder / "items")
        work = folder / "work"
        work.mkdir()
        try:
            return sit(
                tool, items, work, browser, n_answers=bench.size.n_page_answers, settled=True
            )
        except (ServerError, TimeoutError) as error:
            reason = str(error).splitlines()[0]
            bench.miss(f"{tool.name} was not measured with {n_items:,} {kind}: {reason}")
            return None


def _rows(work: str, sittings: dict[str, Sitting]) -> list[Row]:
    def times(of: str) -> Found:
        found = {}
        for name, sitting in sittings.items():
            middle, late = percentiles(getattr(sitting, of))
            found[name] = (middle, f"p95 {1000 * late:.0f} ms")
        return found

    def plain(of: str, scale: float = 1.0) -> Found:
        return {name: (getattr(each, of) * scale, "") for name, each in sittings.items()}

    back = {
        name: (each.back, "the same" if each.same else "another") for name, each in sittings.items()
    }
    keys = {name: (len(tool.keys[True]), "") for name, tool in _BY_NAME.items() if name in sittings}
    rows = [
        _row(work, FIRST, plain("first"), "s"),
        _row(work, NEXT, times("next_seconds"), "s"),
        _row(work, "answer: request to reply", times("post_seconds"), "s"),
        _row(work, "processor time a label, models and all", plain("processor_a_label"), "s"),
        _row(
            work,
            "of that, without the busiest thread or other processes",
            plain("processor_without_models"),
            "s",
        ),
        _row(work, "keys a label", keys),
        _row(work, "requests a label", plain("requests_a_label"), "number"),
        _row(work, "the page, KB unpacked", plain("page_bytes", 1e-3)),
        _row(work, "the page, requests", plain("page_requests")),
        _row(work, "requests to other machines", plain("requests_outside")),
        _row(work, "killed, and back at a question", back, "s"),
        _row(work, "a page under a foreign Host", _served(sittings, "false_host")),
        _row(work, "an answer from a foreign Origin", _served(sittings, "false_origin")),
    ]
    return [row for row in rows if row is not None]


_BY_NAME = {tool.name: tool for tool in TOOLS}


def _served(sittings: dict[str, Sitting], of: str) -> Found:
    statuses = {name: getattr(sitting, of) for name, sitting in sittings.items()}
    return {
        name: (status, "served" if 200 <= status < 400 else "refused")
        for name, status in statuses.items()
    }


def _row(work: str, measure: str, found: Found, unit: str = "count") -> Row | None:
    """Return a row of those of whom something was heard; None if that is not us."""
    entries = {
        name: Entry(f"`{name}`" if name == OUR_TOOL.name else name, value, note=note)
        for name, (value, note) in found.items()
        if not math.isnan(value)
    }
    ours = entries.pop(OUR_TOOL.name, None)
    peers = list(entries.values())
    return None if ours is None else Row(work, measure, unit, ours, peers, headline=False)


@contextmanager
def _browser() -> Iterator[Any]:
    path = next(filter(None, map(shutil.which, _BROWSERS)), None)
    try:
        from playwright.sync_api import sync_playwright
    except ImportError as error:
        raise MissingPackageError(
            f"playwright is not installed ({error}): `make bench-label` brings it."
        ) from error
    if path is None:
        raise MissingPackageError("there is no browser: `apt-get install chromium`.")
    with sync_playwright() as playwright:
        # as root in containers, where its sandbox can't be had
        alone = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
        browser = playwright.chromium.launch(executable_path=path, args=alone)
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(
        prefix="fewlabels-bench-", ignore_cleanup_errors=True
    ) as folder:
        yield Path(folder)
