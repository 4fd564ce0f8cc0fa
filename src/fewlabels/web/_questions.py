"""What a page needs to put the next questions on the screen: one answer to one request."""

from __future__ import annotations

from collections.abc import Iterable

from fewlabels._typing import Json, Loaded
from fewlabels.web._source import Source

# One is on the screen, and two are ready behind it: a key brings the next without waiting.
_READY = 3
# What an item tells of the model's opinion, and of other people's.
_OPINION = ("suggestion", "doubt", "words")
_ANSWERS = ("answer", "answers")


def open_page(source: Source, who: str) -> Json:
    """Give the state and the next questions, each with what is to be shown."""
    # The state first: the questions are then never older than its version says.
    state = source.state(who)
    asked = source.questions(who, _READY)
    questions = [{**question, "item": _asked_item(source, who, question)} for question in asked]
    return {"who": who, "state": state, "questions": questions}


def _asked_item(source: Source, who: str, question: Loaded) -> Loaded:
    """Give a question's item; without a suggestion it says nothing of what the model thinks.

    A random check is fair only if nothing on the screen leans either way. So is a question that
    is asked twice: the second person does not learn what the first said.
    """
    item = source.item(who, question["point"])
    hidden = _OPINION if question.get("suggestion") is None else ()
    if question.get("again"):
        hidden = (*hidden, *_ANSWERS)
    return {name: value for name, value in item.items() if name not in hidden}


def with_items(source: Source, who: str, rows: Iterable[Loaded]) -> list[Loaded]:
    """Give rows, each with the item of its point."""
    return [{**row, "item": source.item(who, row["point"])} for row in rows]
