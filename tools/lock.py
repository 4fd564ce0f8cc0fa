"""Write the versions installed beside this Python as plain constraints, one `name==version` a line.

Usage: build/lock/bin/python tools/lock.py constraints.txt (`make lock`)
"""

from __future__ import annotations

import re
import sys
from importlib.metadata import distributions
from pathlib import Path

# The package itself, and what every virtual environment brings along.
NOT_PINNED = {"fewlabels", "pip", "wheel"}


def installed_versions() -> dict[str, str]:
    """Return the version of each installed distribution by its normalised name (PEP 503)."""
    versions = {
        re.sub(r"[-_.]+", "-", found.metadata["Name"]).lower(): found.version
        for found in distributions()
    }
    return {name: versions[name] for name in sorted(versions.keys() - NOT_PINNED)}


def main() -> None:
    """Write the file that is named on the command line."""
    lines = [f"{name}=={version}\n" for name, version in installed_versions().items()]
    Path(sys.argv[1]).write_text("".join(lines), encoding="utf-8")
    print(f"{sys.argv[1]}: {len(lines)} versions pinned")


if __name__ == "__main__":
    main()
