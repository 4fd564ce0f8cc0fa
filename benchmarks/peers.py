"""Measure fewlabels beside its peers, in one run, and write the tables and plots that show it.

Usage, from the project's folder:

    python -m benchmarks.peers                    measure at small sizes: minutes
    python -m benchmarks.peers --size full        at all sizes: about an hour on two cores
    python -m benchmarks.peers --only CASE ...    some cases only; the other rows stay
    python -m benchmarks.peers --list             name the cases
    python -m benchmarks.peers --render           write tables and plots of the stored results
    python -m benchmarks.peers --check            fail if a table or plot does not show them

What is measured goes to benchmarks/results.json, each finding stamped with its run; after every
case, so that an interrupted run loses one case only. The README shows the headlines,
docs/performance.md all that is timed, docs/accuracy.md what is right, docs/active-learning.md what
questions are worth, docs/labelling.md what the page takes; they say how it is measured.
"""

from __future__ import annotations

import argparse
import platform
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks import figures, kind_tables, results, table, trust
from benchmarks.bench import SIZES, Bench, cores
from benchmarks.cases import CASES
from benchmarks.data import MissingDataError
from benchmarks.feature_goals import FEATURE_GOALS
from benchmarks.goals import GOALS, KIND_GOALS, QUESTION_GOALS, TRUST_GOALS, goals_table
from benchmarks.packages import MissingPackageError, versions

ROOT = Path(__file__).parent.parent


class Pages:
    """Where results are kept and shown."""

    def __init__(self, root: Path) -> None:
        self.results = root / "benchmarks" / "results.json"
        self.readme = root / "README.md"
        self.docs = root / "docs"
        self.report = self.docs / "performance.md"
        self.images = self.docs / "images"

    def wanted(self, document: dict[str, Any]) -> dict[Path, str]:
        """Return what each page has to read."""
        blocks: list[tuple[Path, str, str]] = [
            (self.readme, table.SUMMARY, table.summary(document)),
            (self.report, table.GOALS, goals_table(document, GOALS)),
            (self.report, table.FULL, table.full(document, without=trust.CASES)),
            (self.docs / "accuracy.md", trust.ACCURACY_GOALS, goals_table(document, TRUST_GOALS)),
            (self.docs / "accuracy.md", trust.KIND_GOALS, goals_table(document, KIND_GOALS)),
            (
                self.docs / "accuracy.md",
                trust.FEATURE_GOALS,
                goals_table(document, FEATURE_GOALS),
            ),
            (self.docs / "accuracy.md", kind_tables.DESCRIBED, kind_tables.described()),
            (
                self.docs / "active-learning.md",
                trust.QUESTION_GOALS,
                goals_table(document, QUESTION_GOALS),
            ),
            *(
                (self.docs / section.page, name, trust.block(document, name))
                for name, section in trust.SECTIONS.items()
            ),
        ]
        pages: dict[Path, str] = {}
        for page, name, text in blocks:
            before = pages.get(page) or page.read_text(encoding="utf-8")
            pages[page] = table.replace_block(before, name, text)
        return pages


def measure(
    names: Sequence[str], size: str, pages: Pages, *, apart: bool = True
) -> tuple[int, dict[str, Any]]:
    """Run cases, store each one's findings, and return how many were skipped, and all results."""
    document = results.read(pages.results)
    run = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    about: dict[str, Any] = {
        "size": size,
        "machine": {
            "cores": cores(),
            "python": platform.python_version(),
            "system": f"{platform.system()} {platform.machine()}",
        },
        "packages": versions(),
        "missing": {},
    }
    skipped = 0
    for name in names:
        _say(f"{name} ({size}) ...")
        bench = Bench(SIZES[size], apart=apart)
        try:
            findings = CASES[name](bench)
        except (MissingDataError, MissingPackageError) as error:
            skipped += 1
            _say(f"  skipped: {error}")
            continue
        if bench.missing:
            about["missing"][name] = bench.missing
        document = results.merge(document, run, about, name, findings, list(CASES))
        results.write(pages.results, document)
    return skipped, document


def main(arguments: list[str] | None = None, *, root: Path = ROOT, apart: bool = True) -> int:
    """Run as the command line says; return the exit code."""
    options = _parser().parse_args(arguments)
    pages = Pages(root)
    if options.list:
        for name, case in CASES.items():
            print(f"{name:24} {(case.__doc__ or '').splitlines()[0]}")
        return 0
    try:
        if options.render or options.check:
            document = results.read(pages.results)
        else:
            names = options.only or list(CASES)
            skipped, document = measure(names, options.size, pages, apart=apart)
            if skipped:
                _say(f"{skipped} of {len(names)} cases were skipped; their rows are as before.")
    except results.ResultsError as error:
        _say(f"error: {error}")
        return 1
    except KeyboardInterrupt:
        _say(f"interrupted; the cases that ended are in {pages.results.name}. --render shows them.")
        return 130
    return _check(pages, document) if options.check else _render(pages, document)


def _render(pages: Pages, document: dict[str, Any]) -> int:
    figures.draw_all(document, pages.images)
    for page, text in pages.wanted(document).items():
        page.write_text(text, encoding="utf-8")
    print(table.full(document))
    return 0


def _check(pages: Pages, document: dict[str, Any]) -> int:
    wrong = [
        page.name
        for page, text in pages.wanted(document).items()
        if page.read_text(encoding="utf-8") != text
    ]
    wrong += figures.stale(document, pages.images)
    for name in wrong:
        print(
            f"{name}: does not show what {pages.results.name} holds; "
            "run `python -m benchmarks.peers --render`."
        )
    return 1 if wrong else 0


def _parser() -> argparse.ArgumentParser:
    usage = (__doc__ or "").splitlines()[0]
    parser = argparse.ArgumentParser(prog="python -m benchmarks.peers", description=usage)
    parser.add_argument("--size", choices=[n for n in SIZES if n != "tiny"], default="small")
    parser.add_argument("--only", nargs="+", choices=CASES, metavar="CASE")
    mode = parser.add_mutually_exclusive_group()
    mode.add_argument("--list", action="store_true", help="name the cases")
    mode.add_argument("--render", action="store_true", help="show the stored results")
    mode.add_argument("--check", action="store_true", help="fail if a page does not show them")
    return parser


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
