"""Fail if fewer than 95 % of the branches of the numerical core were taken by the tests.

coverage.py's own `fail_under` mixes lines with branches, so that many tested lines can hide
untested branches. Usage: python tools/check_branches.py build/coverage.json
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

LEAST = 95.0


def main() -> int:
    """Print the share of branches taken; return the exit code."""
    totals = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))["totals"]
    taken, known = totals["covered_branches"], totals["num_branches"]
    if known == 0:
        print("no branches were measured: was the numerical core imported?", file=sys.stderr)
        return 1
    share = 100 * taken / known
    print(f"numerical core: {taken} of {known} branches tested ({share:.1f} %)")
    if share < LEAST:
        print(f"at least {LEAST:.0f} % are needed", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
