"""Files of arrays that are damaged, foreign or larger than they look are refused."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fewlabels._array_files import read_arrays
from fewlabels.exceptions import DataFileError, GraphFileError, NotEnoughMemoryError
from fewlabels.graph import Graph
from fewlabels.io import load_features, open_features, read_table


def _npy(array: Any, header: Callable[[bytes], bytes] = lambda header: header) -> bytes:
    out = io.BytesIO()
    np.save(out, array)
    whole = out.getvalue()
    return header(whole[:128]) + whole[128:]


def _archive(path: Path, members: dict[str, bytes], **settings: Any) -> None:
    with zipfile.ZipFile(path, "w", **settings) as archive:
        for name, content in members.items():
            archive.writestr(name, content)


def _edited(before: bytes, after: bytes) -> Callable[[bytes], bytes]:
    def edit(header: bytes) -> bytes:
        assert len(before) == len(after)
        assert before in header
        return header.replace(before, after)

    return edit


ARRAY = np.arange(12.0).reshape(4, 3)

HEADERS: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "smaller shape": (_edited(b"(4, 3)", b"(2, 3)"), "176 bytes is due, and there are 224"),
    "larger shape": (_edited(b"(4, 3)", b"(9, 3)"), "344 bytes is due, and there are 224"),
    "absurd shape": (_edited(b"(4, 3), }        ", b"(4, 99999999999),}"[:17]), "."),
    "negative shape": (_edited(b"(4, 3)", b"(-4,3)"), r"its shape is \(-4, 3\)"),
    "no shape": (_edited(b"(4, 3)", b"'4, 3'"), "shape"),
    "no Python": (_edited(b"(4, 3)", b"(4, 3 "), "."),
    "half a string": (_edited(b"'shape'", b"'shape\\"), "."),
    "null bytes": (_edited(b"False", b"\0\0\0\0\0"), "."),
    "objects": (_edited(b"'<f8'", b"'|O' "), "Python objects"),
    "no size": (_edited(b"'<f8'", b"'<U0'"), "."),
    "no dtype": (_edited(b"'<f8'", b"'<z8'"), "."),
    "a lot of zeros": (_edited(b"(4, 3)", b"(0000)"), "."),
    "version 3": (lambda header: header[:6] + b"\3" + header[7:], "version"),
    "version 9": (lambda header: header[:6] + b"\x09" + header[7:], "version"),
    "no magic": (lambda header: b"\x93NUMPX" + header[6:], "."),
}


@pytest.mark.parametrize(("header", "message"), HEADERS.values(), ids=HEADERS)
def test_a_header_that_does_not_fit_is_refused_in_an_archive_and_alone(
    tmp_path: Path, header: Callable[[bytes], bytes], message: str
) -> None:
    content = _npy(ARRAY, header)
    archive, alone = tmp_path / "t.npz", tmp_path / "t.npy"
    _archive(archive, {"x.npy": content})
    alone.write_bytes(content)
    with pytest.raises(DataFileError, match=rf"t\.npz can't be read: 'x\.npy' in it: .*{message}"):
        read_table(archive)
    with pytest.raises(GraphFileError, match=rf"t\.npz is not a graph .*{message}"):
        Graph.load(archive)
    with pytest.raises(DataFileError, match=rf"t\.npy can't be read.*{message}"):
        load_features(alone, 4)
    with pytest.raises(DataFileError, match=r"t\.npy"):
        open_features(alone)


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({"notes.txt": b"no array"}, "'notes.txt' in it is not an array"),
        ({"x.npy": b""}, "'x.npy' in it: .*magic"),
        ({"x.npy": b"x,y\n1,2\n"}, "'x.npy' in it: .*magic"),
        ({"x.npy": _npy(ARRAY) + b"\0"}, "224 bytes is due, and there are 225"),
        ({"x.npy": _npy(ARRAY)[:-1]}, "224 bytes is due, and there are 223"),
    ],
)
def test_members_that_are_no_arrays_are_refused(
    tmp_path: Path, members: dict[str, bytes], message: str
) -> None:
    _archive(tmp_path / "t.npz", members)
    with pytest.raises(DataFileError, match=message):
        read_table(tmp_path / "t.npz")
    with pytest.raises(GraphFileError, match=message):
        Graph.load(tmp_path / "t.npz")


def test_a_name_that_comes_twice_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "t.npz", "w") as archive:
        archive.writestr("x.npy", _npy(ARRAY))
        with pytest.warns(UserWarning, match="Duplicate name"):
            archive.writestr("x.npy", _npy(ARRAY))
    with pytest.raises(DataFileError, match="it holds 'x' twice"):
        read_table(tmp_path / "t.npz")


@pytest.mark.parametrize(
    ("at", "value", "message"),
    [
        (8, 1, "'x.npy' in it is encrypted"),
        (10, 99, "compression"),
        (10, 8, "."),  # deflated, which it is not
        (24, 255, "bytes is due"),  # its size
    ],
)
def test_directories_of_archives_that_lie_are_refused(
    tmp_path: Path, at: int, value: int, message: str
) -> None:
    path = tmp_path / "t.npz"
    _archive(path, {"x.npy": _npy(ARRAY)})
    content = bytearray(path.read_bytes())
    content[content.index(b"PK\x01\x02") + at] = value
    path.write_bytes(content)
    with pytest.raises(DataFileError, match=rf"t\.npz can't be read: .*{message}"):
        read_table(path)
    with pytest.raises(GraphFileError, match=message):
        Graph.load(path)


def test_a_wrong_bit_in_the_values_is_found_by_the_checksum(tmp_path: Path) -> None:
    path = tmp_path / "t.npz"
    np.savez(path, x=ARRAY)
    content = bytearray(path.read_bytes())
    content[content.index(ARRAY.tobytes()) + 40] ^= 1
    path.write_bytes(content)
    with pytest.raises(DataFileError, match="Bad CRC-32"):
        read_table(path)


@pytest.mark.parametrize("compressed", [True, False])
def test_what_unpacks_to_more_than_is_free_is_refused_with_the_estimate(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, compressed: bool
) -> None:
    path = tmp_path / "t.npz"
    (np.savez_compressed if compressed else np.savez)(path, x=np.zeros((1000, 250)))
    monkeypatch.setattr("fewlabels._memory.available_memory", lambda: 1_000_000)
    for read in (read_table, Graph.load):
        with pytest.raises(NotEnoughMemoryError, match=r"t\.npz holds .* needs 2 MB, but only 1 M"):
            read(path)


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("dtype", ["<f8", ">i2", "?", "<U3", "<M8[ns]", "<c16", "S2"])
@pytest.mark.parametrize("shape", [(4,), (3, 4), (2, 0), (0,), (2, 3, 4)])
def test_arrays_come_back_as_numpy_reads_them(
    tmp_path: Path, shape: tuple[int, ...], dtype: str, order: str
) -> None:
    array = np.asarray(np.arange(np.prod(shape)).reshape(shape).astype(dtype), order=order)
    np.save(tmp_path / "t.npy", array)
    np.savez_compressed(tmp_path / "t.npz", x=array, y=array)
    alone, both = read_arrays(tmp_path / "t.npy", ""), read_arrays(tmp_path / "t.npz", "")
    assert isinstance(both, dict)
    assert list(both) == ["x", "y"]
    for found in (alone, both["x"], both["y"]):
        assert isinstance(found, np.ndarray)
        assert found.dtype == array.dtype
        np.testing.assert_array_equal(found, array)


def test_a_list_of_members_that_swallows_some_is_damage(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    np.savez(path, first=np.arange(3), second=np.arange(4))
    whole = bytearray(path.read_bytes())
    entry = whole.index(b"PK\x01\x02")
    following = whole.index(b"PK\x01\x02", entry + 4)
    swallowed = len(whole) - 22 - following
    whole[entry + 32 : entry + 34] = swallowed.to_bytes(2, "little")  # the comment's length
    path.write_bytes(whole)
    with pytest.raises(ValueError, match="says that it has 2 members, and lists 1"):
        read_arrays(path, "")
