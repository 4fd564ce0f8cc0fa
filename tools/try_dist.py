"""Install each file of dist/ in an empty environment, and run the demo from it.

The wheel is tried on every Python 3.11 or later that is on this machine, the source distribution,
which takes a compiler and longer, on the oldest of them alone.

Usage: python tools/try_dist.py [PYTHON ...]
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

OLDEST = (3, 11)
NEWEST = (3, 14)
ROOT = Path(__file__).resolve().parents[1]

Version = tuple[int, int]


def candidates() -> Iterator[str]:
    """Yield what may be a Python: this one, those on PATH, and those that pyenv keeps."""
    yield sys.executable
    for minor in range(OLDEST[1], NEWEST[1] + 1):
        found = shutil.which(f"python{OLDEST[0]}.{minor}")
        if found:
            yield found
    yield from map(str, sorted(Path.home().glob(".pyenv/versions/*/bin/python")))


def pythons(given: Iterable[str]) -> dict[Version, str]:
    """Return one Python for each version that is supported, oldest first."""
    found: dict[Version, str] = {}
    for python in given:
        asked = subprocess.run(
            [python, "-c", "import sys; print(*sys.version_info[:2])"],
            capture_output=True,
            text=True,
            check=False,
        )
        if asked.returncode == 0:
            major, minor = map(int, asked.stdout.split())
            if (major, minor) >= OLDEST:
                found.setdefault((major, minor), python)
    return dict(sorted(found.items()))


def try_file(file: Path, python: str) -> None:
    """Install `file` in an environment of its own and run the demo; raise if either fails."""
    constraints = str(ROOT / "constraints.txt")
    clean = os.environ | {"PIP_CONSTRAINT": constraints, "PIP_BUILD_CONSTRAINT": constraints}
    clean.pop("PYTHONPATH", None)
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        subprocess.run([python, "-m", "venv", str(home / "venv")], check=True, env=clean)
        scripts = home / "venv" / ("Scripts" if os.name == "nt" else "bin")
        install = [str(scripts / "python"), "-m", "pip", "install", "--quiet", f"{file}[cli]"]
        subprocess.run(install, check=True, env=clean)
        # From an empty folder: what is imported is what was installed.
        (home / "empty").mkdir()
        lines = [[str(scripts / "fewlabels"), "demo", "--shuffles", "0", "--out", "out"]]
        if file.suffix == ".whl":
            lines.append([str(scripts / "python"), "-c", "from fewlabels import _csr"])
        for line in lines:
            subprocess.run(
                line, check=True, env=clean, cwd=home / "empty", stdout=subprocess.DEVNULL
            )


def main() -> None:
    """Try what is in dist/ and print a line for each."""
    found = pythons(sys.argv[1:] or candidates())
    [wheel] = (ROOT / "dist").glob("*.whl")
    [source] = (ROOT / "dist").glob("*.tar.gz")
    oldest = next(iter(found))
    for version, python in found.items():
        for file in (wheel, source) if version == oldest else (wheel,):
            began = time.perf_counter()
            try_file(file, python)
            seconds = time.perf_counter() - began
            name = f"Python {version[0]}.{version[1]}"
            print(f"{name}: the demo runs from {file.name} ({seconds:.0f} s)", flush=True)


if __name__ == "__main__":
    main()
