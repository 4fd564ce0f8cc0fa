"""Damage a file as disks, networks, editors and people do."""

from __future__ import annotations

import random
import re
from collections.abc import Callable

Mutation = Callable[[bytearray, random.Random], None]

# Numbers that make sizes, offsets and counts of binary files absurd, in both byte orders.
_ODD_NUMBERS = [
    number.to_bytes(width, order, signed=True)
    for width in (1, 2, 4, 8)
    for number in (0, 1, -1, 127, 2 ** (8 * width - 1) - 1, -(2 ** (8 * width - 1)))
    if -(2 ** (8 * width - 1)) <= number < 2 ** (8 * width - 1)
    for order in ("little", "big")
]

# What text may hold where something else is due.
_ODD_TEXTS = [
    text.encode("utf-8", "surrogatepass")
    for text in (
        *(
            "",
            " ",
            "\n",
            "\r",
            "\r\n",
            "\0",
            '"',
            "'",
            ",",
            ";",
            "\t",
            "{",
            "}",
            "[",
            "]",
            ":",
            "\\",
        ),
        *(
            "-1",
            "0",
            "1e999",
            "-1e999",
            "NaN",
            "Infinity",
            "nan",
            "inf",
            "null",
            "true",
            "1" * 5000,
        ),
        *(
            "9" * 30,
            "0x10",
            "007",
            "1_000",
            "\ud800",
            "\\ud800",
            "\\u0000",
            "\ufeff",
            "\u200b",
            "e\u0301",
        ),
        *(
            "[" * 2000,
            "[" * 120 + "]" * 120,
            '{"a":' * 500,
            '{"a": 1, "a": 2}',
            "[]",
            "{}",
            "2026-01-31",
        ),
        *(
            "True",
            "None",
            "'<f8'",
            "'|O'",
            "'<U0'",
            "'<M8[ns]'",
            "'<c16'",
            "(3, 2)",
            "L",
            "#",
            "# -*-",
        ),
    )
]

_NUMBER = re.compile(rb"-?\d+(\.\d+)?([eE][+-]?\d+)?")


def _place(content: bytearray, rng: random.Random) -> int:
    """Return a place: more often near the ends, where headers and directories are."""
    if rng.random() < 0.4:
        near = min(len(content), 200)
        return rng.randrange(near) if rng.random() < 0.5 else len(content) - 1 - rng.randrange(near)
    return rng.randrange(len(content))


def _flip_bit(content: bytearray, rng: random.Random) -> None:
    content[_place(content, rng)] ^= 1 << rng.randrange(8)


def _set_byte(content: bytearray, rng: random.Random) -> None:
    content[_place(content, rng)] = rng.choice([0, 1, 0x7F, 0x80, 0xFF, rng.randrange(256)])


def _cut(content: bytearray, rng: random.Random) -> None:
    del content[_place(content, rng) :]


def _remove(content: bytearray, rng: random.Random) -> None:
    at = _place(content, rng)
    del content[at : at + rng.choice([1, 2, 4, 8, 64, 500])]


def _repeat(content: bytearray, rng: random.Random) -> None:
    at = _place(content, rng)
    piece = content[at : at + rng.choice([1, 4, 16, 200])]
    content[at:at] = piece * rng.choice([1, 2, 50])


def _move(content: bytearray, rng: random.Random) -> None:
    at = _place(content, rng)
    piece = content[at : at + rng.choice([4, 16, 64])]
    to = _place(content, rng)
    content[to : to + len(piece)] = piece


def _odd_number(content: bytearray, rng: random.Random) -> None:
    at, number = _place(content, rng), rng.choice(_ODD_NUMBERS)
    content[at : at + len(number)] = number


def _odd_text(content: bytearray, rng: random.Random) -> None:
    at = _place(content, rng)
    content[at : at + rng.choice([0, 0, 1, 3])] = rng.choice(_ODD_TEXTS)


def _another_number(content: bytearray, rng: random.Random) -> None:
    """Put another number in the place of one that is written in digits."""
    numbers = list(_NUMBER.finditer(content))
    if numbers:
        start, stop = rng.choice(numbers).span()
        other = rng.choice([b"0", b"-1", b"7", b"1.5", b"1e400", b"-0", b"18446744073709551616"])
        content[start:stop] = other if rng.random() < 0.7 else bytes([rng.randrange(48, 58)])


MUTATIONS: tuple[Mutation, ...] = (
    *(_flip_bit, _set_byte, _cut, _remove, _repeat, _move),
    *(_odd_number, _odd_text, _another_number),
)


def mutated(content: bytes, rng: random.Random) -> bytes:
    """Return `content` with one to four kinds of damage, which may undo one another."""
    damaged = bytearray(content)
    for _ in range(rng.choice([1, 1, 1, 2, 4])):
        if damaged:
            rng.choice(MUTATIONS)(damaged, rng)
    return bytes(damaged)
