"""What all parts of a report's page are made of."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fewlabels.report._html import Html, tag


def section(title: str, *content: Html | None) -> Html:
    """Return a section of the page."""
    return tag("section", tag("h2", title), *content)


def table(heads: Sequence[str], lines: Sequence[Html], texts: Sequence[int] = ()) -> Html:
    """Return a table; columns of numbers are set right, the first and those of `texts` left."""
    columns = [(head, "text" if place in texts else None) for place, head in enumerate(heads)]
    head = tag(
        "tr",
        *(
            tag("th", head, scope="col", class_=left) if head else tag("td")
            for head, left in columns
        ),
    )
    whole = tag("table", tag("thead", head), tag("tbody", *lines))
    return tag("div", whole, class_="wide", tabindex="0", role="region", aria_label=heads[0])


def percent(share: float) -> str:
    """Return a share in words: never 0 or 100 % where it is not."""
    if not np.isfinite(share):
        return "\u2013"
    if share > 0.9995 and share < 1:
        return "over 99.9 %"
    plain = 0.1 <= share < 0.995 or share in (0, 1)
    return f"{100 * share:.{0 if plain else 1}f} %"
