"""One process a label file, and no lock that outlives its process."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from fewlabels._parts import fcntl
from fewlabels.exceptions import LabellingError
from fewlabels.labelling._lock import FileLock

pytestmark = pytest.mark.skipif(fcntl is None, reason="this system has no such locks")

HOLD = """
import sys
from pathlib import Path
from fewlabels.labelling._lock import FileLock
lock = FileLock(Path(sys.argv[1]))
lock.announce("http://127.0.0.1:4321/?token=abc")
print("held", flush=True)
sys.stdin.read()
"""


def test_another_process_is_named_by_its_address_until_it_is_killed(tmp_path: Path) -> None:
    path = tmp_path / "x.fewlabels"
    command = [sys.executable, "-c", HOLD, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(
            LabellingError, match=r"or label there: http://127.0.0.1:4321/\?token=abc$"
        ):
            FileLock(path)
        assert path.with_name("x.fewlabels.lock").stat().st_mode & 0o777 == 0o600
        holder.kill()
        holder.wait()
        lock = FileLock(path)  # the lock file is still there, and nobody holds it
        lock.release()


def test_a_lock_that_was_given_up_can_be_had(tmp_path: Path) -> None:
    path = tmp_path / "x.fewlabels"
    first = FileLock(path)
    with pytest.raises(LabellingError, match="open in another process"):
        FileLock(path)
    first.release()
    FileLock(path).release()


def test_the_token_is_not_told_where_others_may_read_the_lock(tmp_path: Path) -> None:
    path, beside = tmp_path / "x.fewlabels", tmp_path / "x.fewlabels.lock"
    beside.touch()
    beside.chmod(0o644)
    lock = FileLock(path)
    lock.announce("http://127.0.0.1:4321/?token=abc")
    assert beside.read_text(encoding="utf-8") == "http://127.0.0.1:4321/\n"
    lock.release()


def test_a_link_in_the_place_of_the_lock_is_not_followed(tmp_path: Path) -> None:
    mine = tmp_path / "mine.txt"
    mine.write_text("to be kept", encoding="utf-8")
    (tmp_path / "x.fewlabels.lock").symlink_to(mine)
    with pytest.raises(LabellingError, match=r"x\.fewlabels\.lock"):
        FileLock(tmp_path / "x.fewlabels")
    assert mine.read_text(encoding="utf-8") == "to be kept"


def test_a_file_that_a_link_leads_to_has_one_lock(tmp_path: Path) -> None:
    path, link = tmp_path / "x.fewlabels", tmp_path / "link.fewlabels"
    path.touch()
    link.symlink_to(path)
    lock = FileLock(link)
    with pytest.raises(LabellingError, match="open in another process"):
        FileLock(path)
    lock.release()


def test_a_lock_file_that_another_process_removes_meanwhile_is_made_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, beside = tmp_path / "x.fewlabels", tmp_path / "x.fewlabels.lock"
    waiting = [FileLock(path)]
    lock = fcntl.flock

    def removed_first(handle: int, operation: int) -> None:
        if waiting:
            waiting.pop().release(remove=True)
            assert not beside.exists()
        lock(handle, operation)

    monkeypatch.setattr(fcntl, "flock", removed_first)
    held = FileLock(path)
    assert beside.exists()
    with pytest.raises(LabellingError, match="open in another process"):
        FileLock(path)
    held.release()
