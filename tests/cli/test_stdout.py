"""Standard output or error that take nothing: no traceback, and what is written stays."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(
    not Path("/dev/full").exists(), reason="needs a device that is always full"
)


@pytest.fixture
def call(tmp_path: Path) -> str:
    rows = [f"{'ab'[i % 2] if i < 4 else ''},{9.5 * (i % 2) + i / 99}" for i in range(30)]
    (tmp_path / "in.csv").write_text("\n".join(["kind,x", *rows]) + "\n")
    main = "from fewlabels.cli import main; main()"
    spread = "spread in.csv --label kind -o out.csv"
    return f'cd "{tmp_path}" && "{sys.executable}" -c "{main}" {spread}'


def shell(command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["sh", "-c", command], capture_output=True, text=True, check=False, env=dict(os.environ)
    )


@pytest.mark.parametrize(
    ("redirection", "reason"),
    [("> /dev/full", "No space left on device"), (">&-", "it is closed")],
)
def test_a_report_that_cannot_be_printed(
    call: str, tmp_path: Path, redirection: str, reason: str
) -> None:
    done = shell(f"{call} {redirection}")
    assert done.returncode == 2, done.stderr
    assert done.stderr == (
        f"Error: can't print to standard output ({reason}). out.csv is written, whole; only the "
        "report could not be shown.\n"
    )
    assert len((tmp_path / "out.csv").read_text().splitlines()) == 31


def test_a_pipe_that_nobody_reads_is_quiet(call: str, tmp_path: Path) -> None:
    # the reading end is closed before anything is printed
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "wb") as closed:
        done = subprocess.run(
            ["sh", "-c", call], stdout=closed, stderr=subprocess.PIPE, text=True, check=False
        )
    assert (done.returncode, done.stderr) == (141, "")
    assert (tmp_path / "out.csv").exists()


@pytest.mark.parametrize("redirection", ["2> /dev/full", "2>&-", "2>&- <&-"])
def test_standard_error_that_takes_nothing_stops_no_work(
    call: str, tmp_path: Path, redirection: str
) -> None:
    done = shell(f"{call} --neighbors 40 {redirection}")  # more than there are: a warning
    assert (done.returncode, done.stderr) == (0, "")
    assert "new columns: label" in done.stdout
    assert len((tmp_path / "out.csv").read_text().splitlines()) == 31


@pytest.mark.long
@pytest.mark.parametrize("redirection", ["2> /dev/full", "2>&-", ">&- 2>&-", "> /dev/full 2>&1"])
def test_an_error_that_cannot_be_told_has_its_exit_code_all_the_same(
    call: str, tmp_path: Path, redirection: str
) -> None:
    assert shell(f"{call.replace('kind', 'none')} {redirection}").returncode == 2
    assert [path.name for path in tmp_path.iterdir()] == ["in.csv"]


def test_an_output_does_not_get_the_number_of_a_closed_standard_error(
    call: str, tmp_path: Path
) -> None:
    program = call.replace("import main;", "import main; import os, atexit;").replace(
        " main()", " atexit.register(os.write, 2, b'to standard error'); main()"
    )
    done = shell(f"{program} >/dev/null 2>&- <&-")
    assert done.returncode == 0
    assert "to standard error" not in (tmp_path / "out.csv").read_text()
