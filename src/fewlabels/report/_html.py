"""Pages built of elements, in which all text is escaped unless it is an element already."""

from __future__ import annotations

import html
import re
from typing import Self

# What browsers don't show, or let text behind it run the other way.
_UNSEEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)
_EMPTY = ("meta", "br", "img")


class Html(str):
    """Text that is markup already."""

    __slots__ = ()

    def joined(self, *others: str) -> Self:
        """Return this and what follows it."""
        return type(self)("".join([self, *map(escaped, others)]))


def escaped(text: object) -> Html:
    """Return text as it stands in a page: no markup of its own, and nothing that is not seen."""
    if isinstance(text, Html):
        return text
    return Html(html.escape(_UNSEEN.sub("\ufffd", str(text)), quote=True))


def tag(name: str, *content: object, **attributes: object) -> Html:
    """Return an element.

    Parameters
    ----------
    name : str
    content : str or Html
        Escaped unless it is Html. None is left out.
    attributes : str, True or None
        ``class_`` is class; other low lines are hyphens. None is left out, True has no value.
    """
    listed = []
    for key, value in attributes.items():
        if value is None or value is False:
            continue
        attribute = key.removesuffix("_").replace("_", "-")
        listed.append(f" {attribute}" if value is True else f' {attribute}="{escaped(value)}"')
    opening = f"<{name}{''.join(listed)}>"
    if name in _EMPTY:
        return Html(opening)
    inner = "".join(escaped(part) for part in content if part is not None)
    return Html(f"{opening}{inner}</{name}>")


def group(*parts: object) -> Html:
    """Return elements one after the other."""
    return Html("".join(escaped(part) for part in parts if part is not None))
