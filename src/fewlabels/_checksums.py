"""A checksum of JSON, by which a flipped digit in a file that stays readable is found."""

from __future__ import annotations

import json
import zlib


def checksum(value: object) -> str:
    """Return the CRC-32 of a JSON value as eight digits, whatever its layout in a file is.

    Keys may stand in any order, and blanks between the values anywhere. It finds any damage of up
    to 32 neighbouring bits, and other damage but for a chance of 2^-32; it is no safeguard against
    someone who wants to deceive.
    """
    as_read = json.loads(json.dumps(value))  # keys are text then, and tuples are lists
    return f"{zlib.crc32(json.dumps(as_read, sort_keys=True).encode()):08x}"
