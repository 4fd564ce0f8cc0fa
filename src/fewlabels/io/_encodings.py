"""In which encoding a text file is, where nobody has said so."""

from __future__ import annotations

import codecs
from collections.abc import Iterable
from typing import IO

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # begins as the next one does
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_HEAD = 65_536
_CHUNK = 1 << 20
# Bytes that cp1252 gives no meaning.
_NOT_IN_CP1252 = b"\x81\x8d\x8f\x90\x9d"


def encoding_of_head(head: bytes) -> str | None:
    """Return the encoding that the first bytes of a file tell, or None.

    UTF-16 without a mark is told by the zeros in it: one of two bytes of each ASCII character.
    """
    for mark, name in _MARKS:
        if head.startswith(mark):
            return name
    for name, place in (("utf-16-le", 1), ("utf-16-be", 0)):
        zeros = head[place::2].count(0)
        if zeros > 20 * head[1 - place :: 2].count(0) and _fits(head, name, zeros):
            return name
    return None


def _fits(head: bytes, name: str, zeros: int) -> bool:
    """Tell whether what begins like this may be UTF-16: its line ends have two bytes each.

    In other text with zeros in it they have one.
    """
    text = head[: len(head) // 2 * 2].decode(name, errors="replace")
    n_bytes = head.count(b"\n") + head.count(b"\r")
    n_ends = text.count("\n") + text.count("\r")
    if n_bytes == 0:
        return 2 * zeros >= len(text)
    return 10 * n_ends >= 9 * n_bytes


def encoding_of(file: IO[bytes]) -> tuple[str, bool]:
    """Return the encoding of a file, and whether that is a guess.

    The whole file is read: UTF-8 is what all of it can be decoded as. What has no character beyond
    ASCII in UTF-8 but other bytes is guessed to be cp1252, in which most programs write that don't
    write UTF-8; what has both is damaged UTF-8.
    """
    head = file.read(_HEAD)
    told = encoding_of_head(head)
    if told is not None:
        return told, False
    decoder = codecs.getincrementaldecoder("utf-8")()
    chunks: Iterable[bytes] = _chunks(head, file)
    seen = 0
    beyond_ascii = False
    for chunk in chunks:
        try:
            text = decoder.decode(chunk)
        except UnicodeDecodeError as error:
            before = error.object[: error.start]
            if beyond_ascii or not before.isascii() or _has_utf8(error.object[error.start :]):
                return "utf-8", False  # whoever reads it will find the line
            return _single_bytes(error.object, chunks), True
        beyond_ascii = beyond_ascii or not text.isascii()
        seen += len(chunk)
    return "utf-8", False


def _chunks(head: bytes, file: IO[bytes]) -> Iterable[bytes]:
    while head:
        yield head
        head = file.read(_CHUNK)


def _has_utf8(data: bytes) -> bool:
    """Tell whether most bytes beyond ASCII belong to characters in UTF-8."""
    strange = sum(byte > 0x7F for byte in data)
    lost = data.decode("utf-8", errors="replace").count("\ufffd")
    return 2 * lost < strange


def _single_bytes(first: bytes, rest: Iterable[bytes]) -> str:
    for chunk in (first, *rest):
        if any(byte in chunk for byte in _NOT_IN_CP1252):
            return "latin-1"
    return "cp1252"
