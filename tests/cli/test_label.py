"""`fewlabels label` and `fewlabels export`: their life, and what they say when they can't begin."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from fewlabels.cli import main

RUN = "import sys; sys.argv[0] = 'fewlabels'; from fewlabels.cli import main; main()"
POSIX = pytest.mark.skipif(os.name != "posix", reason="signals are those of POSIX")


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    path = tmp_path / "rows.npy"
    np.save(path, np.random.default_rng(0).normal(size=(40, 3)))
    return path


@pytest.fixture
def command(tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Start a command; all are ended at the end."""
    running: list[subprocess.Popen[str]] = []

    def start(*arguments: object, **env: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-c", RUN, *map(str, arguments)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "XDG_CACHE_HOME": str(tmp_path / "cache"), **env},
        )
        running.append(process)
        return process

    yield start
    for process in running:
        process.kill()
        process.communicate()


def browser() -> urllib.request.OpenerDirector:
    """Return what follows the page's redirection with its cookie."""
    return urllib.request.build_opener(urllib.request.HTTPCookieProcessor())


@POSIX
def test_it_prints_the_address_refuses_a_second_and_ends_by_ctrl_c(
    command: Callable[..., subprocess.Popen[str]], data: Path, tmp_path: Path
) -> None:
    over_ssh = {"SSH_CONNECTION": "10.0.0.1 5 10.0.0.2 22"}
    first = command("label", data, "--classes", "a,b", **over_ssh)
    assert first.stdout is not None
    address = first.stdout.readline().strip()
    assert address.startswith("http://127.0.0.1:")
    origin, _, token = address.partition("/?token=")
    assert len(token) > 20
    with browser().open(address) as page:
        assert page.status == 200
    second = command("label", data)
    out, err = second.communicate(timeout=180)
    assert (second.returncode, out) == (2, "")
    assert err.count("\n") == 1
    assert err.endswith(f"label there: {address}\n")
    assert "--file" in err
    first.send_signal(signal.SIGINT)
    out, err = first.communicate(timeout=180)
    assert (first.returncode, out) == (0, "")
    port = origin.rpartition(":")[2]
    assert f"ssh -N -L {port}:127.0.0.1:{port} " in err
    assert "@10.0.0.2\n" in err
    assert "rows.fewlabels" in err
    assert "Traceback" not in err
    done = CliRunner().invoke(
        main, ["export", str(tmp_path / "rows.fewlabels"), "-o", str(tmp_path / "out.csv")]
    )
    assert done.exit_code == 0, done.output
    assert (tmp_path / "out.csv").read_text(encoding="utf-8").startswith("point,label,confidence")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["label", "none"], "none"),
        (["label", "{data}", "--classes", "a,,b"], "contains an empty name"),
        (["label", "{data}", "--column", "a"], "--column must be COLUMN=KIND"),
        (["label", "{data}", "--host", "0.0.0.0"], "Give a certificate (--certificate"),
        (["label", "{data}", "--accuracy", "1"], "--accuracy"),
        (["label", "{data}", "--text", "x"], "has no column 'x'"),
        (["export", "none.fewlabels", "-o", "x.csv"], "no such file"),
        (["export", "{data}", "-o", "x.csv"], "no label file of fewlabels"),
        (["export", "{data}", "-o", "{data}"], "use --force"),
        (["export", "{data}", "-o", "x.docx"], "can't tell from the name which format"),
        (["export", "{data}", "-o", "x.csv", "--format", "docx"], "there is no format 'docx'"),
    ],
)
def test_what_can_not_be_is_one_line(
    data: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], message: str
) -> None:
    monkeypatch.chdir(data.parent)
    given = [each.format(data=data) for each in arguments]
    done = CliRunner().invoke(main, given)
    assert done.exit_code != 0
    said = done.output or str(done.exception)
    assert message in said
    assert not list(data.parent.glob("*.fewlabels*"))


@pytest.mark.parametrize("shape", [(3, 2), (3, 4, 4)])
@pytest.mark.parametrize("gap", [np.nan, np.inf])
def test_an_array_of_which_no_points_can_be_made_is_refused_before_anything_is_made(
    tmp_path: Path, shape: tuple[int, ...], gap: float
) -> None:
    array = np.zeros(shape, dtype=np.float32)
    array[1, ..., 1] = gap
    np.save(tmp_path / "x.npy", array)
    done = CliRunner().invoke(main, ["label", str(tmp_path / "x.npy"), "--no-browser"])
    assert done.exit_code == 2
    assert "x.npy has no number (NaN), or infinity, in row 2. Fill or fix" in done.stderr
    assert [each.name for each in tmp_path.iterdir()] == ["x.npy"]


def test_the_first_question_waits_for_nothing_that_learns() -> None:
    code = (
        "import sys\n"
        "from fewlabels.labelling import Labelling\n"
        "from fewlabels.web import open_listener, serve\n"
        "print(sorted({'scipy', 'sklearn', 'pandas'} & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_missing_extra_is_named(data: Path, tmp_path: Path) -> None:
    without = "import sys; sys.modules['uvicorn'] = None; "
    done = subprocess.run(
        [sys.executable, "-c", without + RUN, "label", str(data)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.strip().endswith("pip install 'fewlabels[label]'")
