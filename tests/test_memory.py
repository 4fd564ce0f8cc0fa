"""What does not fit is refused, with sizes that people read."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fewlabels._memory import _left_to_process, available_memory, require_memory
from fewlabels.exceptions import NotEnoughMemoryError


@pytest.fixture
def one_gigabyte(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fewlabels._memory.available_memory", lambda: 10**9)


def test_this_machine_has_some_memory() -> None:
    assert available_memory() > 10**6


@pytest.mark.usefixtures("one_gigabyte")
def test_what_fits_is_let_through() -> None:
    assert require_memory(9 * 10**8, "a matrix", "Use a smaller one.") is None


@pytest.mark.usefixtures("one_gigabyte")
@pytest.mark.parametrize("n_bytes", [9 * 10**8 + 1, 10**9, 10**30])
def test_what_leaves_no_room_is_refused(n_bytes: int) -> None:
    with pytest.raises(NotEnoughMemoryError, match="a matrix needs"):
        require_memory(n_bytes, "a matrix", "Use a smaller one.")


@pytest.mark.usefixtures("one_gigabyte")
def test_the_message_says_what_is_needed_what_is_there_and_what_to_do() -> None:
    with pytest.raises(MemoryError) as caught:
        require_memory(3 * 10**9, "a matrix", "Use a smaller one.")
    assert str(caught.value) == (
        "a matrix needs 3 GB, but only 1 GB of memory are available. Use a smaller one."
    )


@pytest.mark.parametrize(
    ("n_bytes", "text"),
    [
        (999, "999 B"),
        (999_499, "999 kB"),
        (999_600, "1 MB"),
        (1_500_000, "1.5 MB"),
        (12 * 10**12, "12 TB"),
        (10**15, "1,000 TB"),
        (16 * 10**16, "160,000 TB"),
    ],
)
def test_sizes_have_three_digits_and_a_unit(
    monkeypatch: pytest.MonkeyPatch, n_bytes: int, text: str
) -> None:
    monkeypatch.setattr("fewlabels._memory.available_memory", lambda: 0)
    with pytest.raises(NotEnoughMemoryError, match=f"needs {re.escape(text)}, but only 0 B"):
        require_memory(n_bytes, "this", "Don't.")


@given(n_bytes=st.integers(1, 10**20))
def test_no_size_is_written_with_an_exponent(n_bytes: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("fewlabels._memory.available_memory", lambda: 0)
        with pytest.raises(NotEnoughMemoryError, match=r"needs [\d.,]+ [kMGT]?B, but"):
            require_memory(n_bytes, "this", "Don't.")


def _group(folder: Path, limit: str, usage: int, inactive: int = 0, *, version: int = 2) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    names = ("memory.max", "memory.current")
    if version == 1:
        names = ("memory.limit_in_bytes", "memory.usage_in_bytes")
    (folder / names[0]).write_text(f"{limit}\n")
    (folder / names[1]).write_text(f"{usage}\n")
    (folder / "memory.stat").write_text(f"anon {usage}\ninactive_file {inactive}\n")


@pytest.fixture
def groups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("fewlabels._memory._CGROUPS", tmp_path / "cgroup")
    monkeypatch.setattr("fewlabels._memory._MEMBERSHIP", tmp_path / "self")
    return tmp_path


def test_a_container_limits_what_is_available(groups: Path) -> None:
    (groups / "self").write_text("0::/\n")
    _group(groups / "cgroup", "5000000", 2_000_000, 500_000)
    assert available_memory() == 3_500_000
    _group(groups / "cgroup", "5000000", 9_000_000)
    assert available_memory() == 0


def test_the_limit_of_every_group_above_holds(groups: Path) -> None:
    (groups / "self").write_text("0::/user/job\n")
    _group(groups / "cgroup/user/job", "7000000", 0)
    _group(groups / "cgroup/user", "max", 0)
    assert available_memory() == 7_000_000
    _group(groups / "cgroup/user", "6000000", 1_000_000)
    assert available_memory() == 5_000_000


def test_limits_of_the_first_version_hold_too(groups: Path) -> None:
    (groups / "self").write_text("5:cpu,cpuacct:/a\n4:memory:/docker/abc\n")
    _group(groups / "cgroup/memory", "4000000", 1_000_000, version=1)
    assert available_memory() == 3_000_000


@pytest.mark.parametrize("content", ["", "nonsense", "0::/none", "4:memory:/none", "\n\n:::"])
def test_without_groups_the_machine_decides(groups: Path, content: str) -> None:
    (groups / "self").write_text(content)
    assert available_memory() > 10**6
    _group(groups / "cgroup", "max", 5)
    assert available_memory() > 10**6
    (groups / "self").unlink()
    assert available_memory() > 10**6


def test_what_is_small_beside_what_was_free_a_moment_ago_is_not_looked_up_again(
    monkeypatch,
) -> None:
    looks, now = [], [100.0]
    monkeypatch.setattr("fewlabels._memory.available_memory", lambda: looks.append(1) or 10**9)
    monkeypatch.setattr("fewlabels._memory.monotonic", lambda: now[0])
    for n_bytes in (1000, 1000, 9_000_000):
        require_memory(n_bytes, "this", "that")
    assert len(looks) == 1
    require_memory(20_000_000, "this", "that")  # not small
    assert len(looks) == 2
    now[0] += 1
    require_memory(1000, "this", "that")  # not a moment ago
    assert len(looks) == 3
    monkeypatch.setattr("fewlabels._memory.available_memory", lambda: 0)
    with pytest.raises(NotEnoughMemoryError):
        require_memory(1000, "this", "that")


@pytest.mark.skipif(sys.platform == "win32", reason="processes have no such limits there")
@pytest.mark.parametrize(("kind", "used"), [("RLIMIT_AS", 700), ("RLIMIT_DATA", 200)])
def test_what_the_process_may_use_is_the_limit_less_what_it_uses(monkeypatch, kind, used) -> None:
    import resource

    page, limit = resource.getpagesize(), getattr(resource, kind)

    def getrlimit(asked: int) -> tuple[int, int]:
        return (1_000 * page if asked == limit else resource.RLIM_INFINITY, -1)

    monkeypatch.setattr(resource, "getrlimit", getrlimit)
    monkeypatch.setattr("fewlabels._memory._read", lambda path: "700 300 50 1 0 200 0")
    assert _left_to_process() == [(1_000 - used) * page]
    monkeypatch.setattr("fewlabels._memory._read", lambda path: "5000 300 50 1 0 5000 0")
    assert _left_to_process() == [0]
