"""Measure fewlabels beside its peers, in one run, and write the table that the README shows.

Usage, from the project's folder:

    python -m benchmarks.peers                 measure, write benchmarks/results.json and the table
    python -m benchmarks.peers --render        write the table of the stored results
    python -m benchmarks.peers --check         fail if the README's table is not that of the results

Times are medians over alternating runs, ours and theirs in turn, after one run of each that does
not count; they are good as ratios only. Accuracies are means over label draws with fixed seeds.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks.cases import CASES, SIZES, Result
from benchmarks.table import render, replace_block

ROOT = Path(__file__).parent.parent
RESULTS = ROOT / "benchmarks" / "results.json"
README = ROOT / "README.md"
PACKAGES = ("fewlabels", "scikit-learn", "graphlearning", "numpy", "scipy")


def measure(size: str) -> dict[str, Any]:
    """Run every case and return the document that results.json holds."""
    rows = []
    for case in CASES:
        print(f"{case.__name__} ...", file=sys.stderr, flush=True)
        result: Result = case(SIZES[size])
        rows.append(result.as_dict())
    return {
        "format": "fewlabels-benchmark",
        "version": 1,
        "size": size,
        "machine": {
            "cores": os.cpu_count(),
            "python": platform.python_version(),
            "system": f"{platform.system()} {platform.machine()}",
        },
        "packages": {name: version(name) for name in PACKAGES},
        "rows": rows,
    }


def main(arguments: list[str] | None = None) -> int:
    """Run as the command line says; return the exit code."""
    parser = argparse.ArgumentParser(prog="benchmarks.peers", description=__doc__.splitlines()[0])
    parser.add_argument("--size", choices=SIZES, default="small")
    parser.add_argument("--results", type=Path, default=RESULTS)
    parser.add_argument("--readme", type=Path, default=README)
    mode = parser.add_mutually_exclusive_group()
    mode.add_argument("--render", action="store_true")
    mode.add_argument("--check", action="store_true")
    options = parser.parse_args(arguments)
    if not (options.render or options.check):
        document = measure(options.size)
        options.results.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    table = render(json.loads(options.results.read_text(encoding="utf-8")))
    page = options.readme.read_text(encoding="utf-8")
    wanted = replace_block(page, table)
    if options.check:
        if page != wanted:
            print(
                f"{options.readme.name}: the table against the peers is not that of "
                f"{options.results.name}; run `python -m benchmarks.peers --render`."
            )
            return 1
        return 0
    options.readme.write_text(wanted, encoding="utf-8")
    print(table)
    return 0


if __name__ == "__main__":
    sys.exit(main())
