"""A virtual environment a tool, so that none decides the versions of another.

Usage, from the project's folder:

    python -m benchmarks.label_pages.environments         make those that are missing: minutes
    python -m benchmarks.label_pages.environments --end   remove them: some 2 GB
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from importlib.metadata import Distribution, distributions
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent.parent
FOLDER = ROOT / "build" / "label-peers"
# What is longer under way than that is not had by a user either.
_LONGEST_SECONDS = 480


@dataclass(frozen=True)
class Installed:
    """What a package brings.

    Attributes
    ----------
    megabytes : float
        Of the files of a package and of all that it needs.
    n_packages : int
    """

    megabytes: float
    n_packages: int


@dataclass(frozen=True)
class Environment:
    """Where a tool is installed.

    Attributes
    ----------
    name : str
    requirement : str
        What pip is asked for.
    tried : str
        A command of it that has to begin.
    folder : Path
    """

    name: str
    requirement: str
    tried: str
    folder: Path = FOLDER

    @property
    def python(self) -> Path:
        return self.folder / self.name / "bin" / "python"

    @property
    def why_not(self) -> Path:
        """The file that says why it could not be installed; there only then."""
        return self.folder / f"{self.name}.failed"

    def command(self, name: str) -> str:
        """Return the path of one of its commands."""
        return str(self.python.with_name(name))

    def make(self) -> None:
        """Install it, or write down why that failed."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.why_not.unlink(missing_ok=True)
        subprocess.run(
            [sys.executable, "-m", "venv", "--clear", self.python.parents[1]], check=True
        )
        pip = [self.python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        without = {"PYTHONPATH", "PIP_CONSTRAINT", "PIP_BUILD_CONSTRAINT"}
        cleared = {name: value for name, value in os.environ.items() if name not in without}
        began = time.monotonic()
        try:
            subprocess.run(
                [*pip, self.requirement],
                check=True,
                timeout=_LONGEST_SECONDS,
                capture_output=True,
                text=True,
                env=cleared,
            )
        except subprocess.TimeoutExpired:
            self._fail(f"pip took over {_LONGEST_SECONDS} s")
        except subprocess.CalledProcessError as error:
            self._fail((error.stderr.strip().splitlines() or ["pip failed"])[-1])
        else:
            self._try()
            print(f"{self.name}: {time.monotonic() - began:.0f} s", flush=True)

    def _try(self) -> None:
        """Run its command: some can be installed, and do not start."""
        command = [self.command(self.tried), "--help"]
        ended = subprocess.run(
            command, check=False, capture_output=True, text=True, timeout=_LONGEST_SECONDS
        )
        if ended.returncode:
            last = (ended.stderr.strip().splitlines() or ["it fails"])[-1]
            self._fail(f"`{self.tried} --help` ends with {last}")

    def _fail(self, reason: str) -> None:
        shutil.rmtree(self.python.parents[1])
        self.why_not.write_text(reason, encoding="utf-8")
        print(f"{self.name}: not installed: {reason}", flush=True)

    def missing(self) -> str | None:
        """Return a sentence if it is not there, else None."""
        if self.python.exists():
            return None
        if self.why_not.exists():
            reason = self.why_not.read_text(encoding="utf-8")
            return f"{self.requirement} can't be had ({reason}), so that it was not measured."
        return f"{self.name} is not installed, so that it was not measured: `make bench-label`."

    def installed(self) -> Installed:
        """Look at the package, and at all that it needs: an environment may hold more."""
        (packages,) = self.python.parents[1].glob("lib/python*/site-packages")
        there = {
            canonicalize_name(found.name): found for found in distributions(path=[str(packages)])
        }
        wanted = Requirement(self.requirement)
        needed: dict[str, set[str]] = {}
        waiting = [(canonicalize_name(wanted.name), frozenset(wanted.extras))]
        while waiting:
            name, extras = waiting.pop()
            if name not in there or (name in needed and extras <= needed[name]):
                continue
            needed.setdefault(name, set()).update(extras)
            for text in there[name].requires or ():
                part = Requirement(text)
                of_extras = (part.marker is None or part.marker.evaluate({"extra": extra})
                             for extra in ("", *extras))  # fmt: skip
                if any(of_extras):
                    waiting.append((canonicalize_name(part.name), frozenset(part.extras)))
        n_bytes = sum(_bytes_of(there[name]) for name in needed)
        return Installed(n_bytes / 1e6, len(needed))


def _bytes_of(found: Distribution) -> int:
    """Return the bytes of a distribution's files; of the project's own, those of its package."""
    files = [Path(str(found.locate_file(file))) for file in found.files or ()]
    if found.name == "fewlabels":
        files += (ROOT / "src" / "fewlabels").rglob("*")
    return sum(file.stat().st_size for file in files if file.is_file())


# Ours is the environment of the project itself.
OURS = Environment(".venv", "fewlabels[label]", "fewlabels", ROOT)
LABEL_STUDIO = Environment("label-studio", "label-studio==1.23.0", "label-studio")
ASREVIEW = Environment("asreview", "asreview==3.0.8", "asreview")
DOCCANO = Environment("doccano", "doccano==1.8.4", "doccano")
PEERS = (ASREVIEW, LABEL_STUDIO, DOCCANO)


def main(arguments: list[str]) -> None:
    if arguments == ["--end"]:
        shutil.rmtree(FOLDER, ignore_errors=True)
        return
    for each in PEERS:
        if not each.python.exists():
            each.make()


if __name__ == "__main__":
    main(sys.argv[1:])
