"""The parts of a report that show rows of the data: to label next, to correct, to trust."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import numpy as np

from fewlabels.models import FewLabelsClassifier
from fewlabels.report._html import Html, tag
from fewlabels.report._page_numbers import ModelNumbers
from fewlabels.report._page_parts import percent, section
from fewlabels.report._shown_rows import ShownRows

# How many of each are shown; classes, of which the surest are.
_DOUBTFUL, _SUSPECTS, _SUREST, _MOST_SHOWN = 30, 25, 6, 20


def doubtful(numbers: ModelNumbers, rows: ShownRows) -> Iterator[Html]:
    """Show the rows without a label that are least sure."""
    unlabelled = np.flatnonzero(numbers.codes < 0)
    words = Counter(numbers.answers.doubt[unlabelled].tolist())
    doubted = numbers.open_rows[numbers.answers.doubt[numbers.open_rows] != "sure"]
    if not len(doubted) and not words.get("unreached"):
        return
    ranked = doubted[np.argsort(numbers.confidence[doubted], kind="stable")][:_DOUBTFUL]
    listed = ", ".join(f"{word} {count:,}" for word, count in words.most_common())
    yield section(
        "Doubtful rows",
        tag("p", f"Of the rows without a label: {listed}. A label on one of these teaches most; "
            "the least sure stand first."),
        tag("div", *(_card(numbers, rows, row) for row in ranked.tolist()),
            class_="cards pictures" if rows.has_pictures else "cards"),
    )  # fmt: skip


def _card(numbers: ModelNumbers, rows: ShownRows, row: int) -> Html:
    shares = numbers.answers.distributions[row]
    best = np.argsort(-shares, kind="stable")[: min(2, len(shares))]
    guesses = [
        tag("li", tag("span", numbers.classes[code], dir="auto"),
            tag("b", percent(float(shares[code]))))
        for code in best.tolist()
    ]  # fmt: skip
    return tag(
        "article",
        rows.picture(row, rows.name(row)),
        tag("div", tag("p", rows.name(row), class_="where", dir="auto"), rows.row(row),
            tag("ol", *guesses, class_="guesses"),
            tag("p", str(numbers.answers.doubt[row]), class_="doubt"), class_="body"),
        class_="card",
    )  # fmt: skip


def contradicted(
    model: FewLabelsClassifier, numbers: ModelNumbers, rows: ShownRows
) -> Iterator[Html]:
    """Show the labels that others contradict, each beside the one that says most against it."""
    suspects = numbers.suspects
    if not suspects.n_suspects:
        return
    place = {label: code for code, label in enumerate(model.classes_.tolist())}
    pairs = []
    for found in suspects[: min(_SUSPECTS, suspects.n_suspects)]:
        sides = [("Labelled", found.node, numbers.codes[found.node], "suspect")]
        if found.rival >= 0:
            sides.append(("Against it", found.rival, numbers.codes[found.rival], "rival"))
        suggested = numbers.classes[place[found.suggested]]
        pairs.append(
            tag(
                "article",
                *(_side(numbers, rows, *side) for side in sides),
                tag("p", "the others say ", tag("b", suggested, dir="auto"), class_="verdict"),
                class_="pair",
            )
        )
    more = suspects.n_suspects - len(pairs)
    yield section(
        "Labels to look at",
        tag("p", "The other labels contradict these, the worst first. Beside each, the label that "
            "says most against it: one of the two may be wrong, or the two are alike but for what "
            "the model can't see."),
        tag("div", *pairs, class_="pairs"),
        tag("p", f"and {more:,} more", class_="note") if more else None,
    )  # fmt: skip


def _side(
    numbers: ModelNumbers, rows: ShownRows, what: str, row: int, code: int, kind: str
) -> Html:
    name = numbers.classes[code]
    return tag(
        "div",
        rows.picture(row, f"{rows.name(row)}, labelled {name}"),
        tag("div", tag("p", f"{what} \u00b7 {rows.name(row)}", class_="where", dir="auto"),
            tag("p", name, class_="label", dir="auto"), rows.row(row), class_="body"),
        class_=f"side {kind}",
    )  # fmt: skip


def surest(numbers: ModelNumbers, rows: ShownRows) -> Html:
    """Show the pictures that are surest, class by class."""
    parts = []
    for code in range(min(_MOST_SHOWN, len(numbers.classes))):
        here = numbers.open_rows[numbers.answered[numbers.open_rows] == code]
        here = here[np.argsort(-numbers.confidence[here], kind="stable")][:_SUREST]
        if len(here):
            name = numbers.classes[code]
            shown = [rows.picture(row, f"{rows.name(row)}, {name}") for row in here.tolist()]
            parts.append(tag("h3", name, dir="auto").joined(tag("div", *shown, class_="strip")))
    return section(
        "The surest of each class",
        tag("p", "Rows without a label. If these look wrong, the labels or the features do not "
            "tell the classes apart."),
        *parts,
    )  # fmt: skip
