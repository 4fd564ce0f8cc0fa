"""Time zones as people and programs write them behind a clock: ``+01:00``, ``CET``, ``UTC-5``."""

from __future__ import annotations

import datetime
import math
import re
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import lru_cache
from zoneinfo import ZoneInfo

from fewlabels.io._table import quoted

_EPOCH = datetime.datetime(1970, 1, 1)

# Minutes by which a zone is ahead of UTC.
_OF_OFFSETS = {
    0: "Z UT UTC GMT WET",
    60: "CET MEZ WEST",
    120: "CEST MESZ EET SAST",
    180: "EEST MSK",
    300: "PKT",
    420: "WIB",
    480: "AWST HKT SGT",
    540: "JST KST",
    570: "ACST",
    600: "AEST",
    630: "ACDT",
    660: "AEDT",
    720: "NZST",
    780: "NZDT",
    -180: "BRT",
    -240: "EDT",
    -300: "EST CDT",
    -360: "MDT",
    -420: "PDT",
    -480: "AKDT",
    -540: "AKST",
    -600: "HST",
}
_OF_NAMES = {name: ahead for ahead, names in _OF_OFFSETS.items() for name in names.split()}
_AMERICAN = frozenset(("EDT", "EST", "CDT", "MDT", "PDT", "AKDT", "AKST", "CST", "MST", "PST"))
# Names of several zones: the usual meaning (for those of America, that of RFC 5322), and the names
# beside which nothing else is meant. CST is also China's, IST Israel's, BST Bangladesh's.
_OF_SEVERAL: dict[str, tuple[int, AbstractSet[str]]] = {
    "CST": (-360, _AMERICAN),
    "MST": (-420, _AMERICAN),
    "PST": (-480, _AMERICAN),
    "BST": (60, frozenset(("BST", "GMT"))),
    "IST": (330, frozenset(("IST",))),
}
_LARGEST = 14 * 60

_NAMES = "|".join(sorted({*_OF_NAMES, *_OF_SEVERAL}, key=len, reverse=True))
_OFFSET = r"(?P<sign>[+-])(?P<hours>\d{2}):?(?P<minutes>\d{2})?"
# From the first colon on, which is the clock's.
_AT_END = re.compile(
    rf"""
    (?P<clock>:\d{{2}}(?::\d{{2}}(?:[.,]\d+)?)?\s*(?:[ap]\.?m\.?)?)\s*
    (?:
        {_OFFSET}
        | (?:UTC|GMT)\s?(?P<sign_2>[+-])(?P<hours_2>\d{{1,2}})(?::?(?P<minutes_2>\d{{2}}))?
        | (?P<name>{_NAMES}|(?-i:[A-Z])[a-z_]+(?:/[a-z_+-]+){{1,2}})
    )
    (?:\s*[\[(][^\])]*[\])])?  # the name of the zone, as in +0100 (CET)
    """,
    re.VERBOSE | re.IGNORECASE,
)
_MAY_HAVE = re.compile(r":[\d:., ]*[A-Za-z+-]")
# A clock, and words behind it.
_WORDS_AT_END = re.compile(r"(.*\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?)\s*([^\W\d_][\w/+ -]*)")


def cut_zone(text: str) -> tuple[str, str]:
    """Return a text that ends with a clock without its time zone, and the zone.

    The zone is ``+HH:MM`` or a name, in capitals but for those such as Europe/Vienna; empty where
    there is none.

    Examples
    --------
    >>> from fewlabels.io._zones import cut_zone
    >>> cut_zone("12:30 cet"), cut_zone("12:30 UTC-5"), cut_zone("12:30")
    (('12:30', 'CET'), ('12:30', '-05:00'), ('12:30', ''))
    """
    may_have = _MAY_HAVE.search(text)
    match = None if may_have is None else _AT_END.fullmatch(text, may_have.start())
    if match is None:
        return text, ""
    clock = text[: match.end("clock")].rstrip()
    name = match["name"]
    if name is not None:
        zone = name if "/" in name else name.upper()
        known = "/" not in zone or _zone_info(zone) is not None
        return (clock, zone) if known else (text, "")
    sign, hours, minutes = (
        match[part] or match[f"{part}_2"] or "0" for part in ("sign", "hours", "minutes")
    )
    if int(minutes) > 59 or 60 * int(hours) + int(minutes) > _LARGEST:
        return text, ""
    return clock, f"{sign}{int(hours):02d}:{int(minutes):02d}"


def cut_words(text: str) -> tuple[str, str]:
    """Return a text that ends with a clock and words without these, and them."""
    match = _WORDS_AT_END.fullmatch(text)
    return (text, "") if match is None else (match[1], match[2])


def minutes_ahead(zone: str, day: float) -> int | None:
    """Return the minutes by which a zone, as `cut_zone` has it, is ahead of UTC.

    None if that depends on the day, and `day` (since 1970, by the clock of the zone) is NaN.
    """
    if zone[0] in "+-":
        sign, hours, minutes = zone[0], zone[1:3], zone[4:]
        return (-1 if sign == "-" else 1) * (60 * int(hours) + int(minutes))
    if "/" not in zone:
        return _OF_NAMES[zone] if zone in _OF_NAMES else _OF_SEVERAL[zone][0]
    info = _zone_info(zone)
    if info is None or day != day:
        return None
    ahead = info.utcoffset(_EPOCH + datetime.timedelta(days=day))
    return None if ahead is None else round(ahead.total_seconds() / 60)


@dataclass(frozen=True)
class Aligned:
    """Days by the clocks of one zone; for what the others are, see ``TextDates``."""

    days: dict[str, float]
    zone: str = ""
    said: tuple[str, ...] = ()
    doubt: str = ""


def in_one_zone(
    days: dict[str, float], zones: Mapping[str, str], zone: str, *, clock_only: bool
) -> Aligned:
    """Return days as the clocks of one zone show them: of `zone`, or of that of all, or UTC.

    Parameters
    ----------
    days : dict of str to float
        By the cell, as the clock in it shows them.
    zones : mapping of str to str
        The zone of each, as `cut_zone` has it.
    zone : str
        ``+HH:MM``, or empty.
    clock_only : bool
        Whether the days are times of day alone.
    """
    known = set(zones.values()) - {""}
    if not known:
        return Aligned(days, zone)
    if not zone and "" in zones.values():
        few = sum(each != "" for each in zones.values())
        doubt = (
            f"holds times with a time zone ({few:,} of {len(zones):,} different ones) beside "
            "others without; all were read as the clock on the wall shows them. Write the time "
            "zone of all, or of none"
        )
        return Aligned(days, doubt=doubt)
    unsure = sorted(
        each for each in known if each in _OF_SEVERAL and not known <= _OF_SEVERAL[each][1]
    )
    first, *others = known
    if not zone and not others and (first in _OF_SEVERAL or "/" in first):
        return Aligned(days)  # of one place, whose offset is not known, or not the same all year
    ahead = {each: minutes_ahead(each, math.nan) for each in known}
    if clock_only and None in ahead.values():
        doubt = (
            f"holds times of day of several places (such as {quoted(sorted(known)[:2])}) without "
            "the day, which were read as the clock on the wall shows them. Write their offset "
            "from UTC, such as +01:00"
        )
        return Aligned(days, doubt=doubt)
    offsets = {}
    for cell, day in days.items():
        if zones[cell]:
            always = ahead[zones[cell]]
            offsets[cell] = (minutes_ahead(zones[cell], day) or 0) if always is None else always
    several = not zone and len(set(offsets.values())) > 1
    target = next(iter(offsets.values()))
    if zone or several:
        target = (minutes_ahead(zone, math.nan) or 0) if zone else 0
    moved = {
        cell: day + (target - offsets[cell]) / 1440 if cell in offsets else day
        for cell, day in days.items()
    }
    if clock_only:
        moved = {cell: day % 1 for cell, day in moved.items()}
    sign, (hours, minutes) = "-" if target < 0 else "+", divmod(abs(target), 60)
    return Aligned(
        moved,
        f"{sign}{hours:02d}:{minutes:02d}",
        said=("time zones differ: as UTC",) if several else (),
        doubt=_about_names(unsure) if several else "",
    )


def _about_names(zones: Sequence[str]) -> str:
    """Say how names of several time zones were read; empty if there are none."""
    if not zones:
        return ""
    read = [f"{zone} as {_OF_SEVERAL[zone][0] / 60:+g} h" for zone in zones]
    return (
        f"holds times of zones whose names mean several: {', '.join(read)} was taken. If that is "
        "wrong, write their offset from UTC, such as +01:00"
    )


@lru_cache(maxsize=1024)
def _zone_info(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name)
    except (OSError, ValueError, KeyError):  # also where this machine has no list of zones
        return None
