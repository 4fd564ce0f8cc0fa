"""What programs for labelling by hand export: nested objects, made rows with one label column.

Recognised are the exports of Label Studio (JSON and JSON_MIN), Prodigy (JSON Lines of text
classification), doccano (JSON and JSON Lines) and Argilla (records as JSON, versions 1 and 2; data
sets of version 1).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, TypeAlias

from fewlabels._typing import Cells
from fewlabels.exceptions import DataFileError
from fewlabels.io._earlier import EARLIER, from_earlier_run

Row: TypeAlias = Mapping[str, Any]  # as another program wrote it: what is not so is caught
# What a row comes to: its columns, or data and answers, which may have columns of one name.
_Flat: TypeAlias = Row | tuple[Row, Row]


def flattened(path: str, rows: Sequence[Row]) -> tuple[Sequence[Row], str]:
    """Return rows with their labels in columns, and which program exported them.

    Rows of no such program come back as they are, with an empty name. Columns of an earlier run of
    ``fewlabels spread`` stay columns.

    Raises
    ------
    DataFileError
        If the export holds labels of parts of a text, not of the whole.
    """
    for program, is_one, flat in _PROGRAMS:
        if all(is_one(row) for row in rows[:_LOOKED_AT]) and rows:
            found: list[_Flat] = []
            for number, row in enumerate(rows, start=1):
                try:
                    found.append(flat(row))
                except (AttributeError, KeyError, TypeError, IndexError):
                    raise DataFileError(
                        f"{path}, entry {number}: looks like an export of {program}, but not as "
                        "this version knows it. Export it as CSV, or fix that entry."
                    ) from None
            return _with_earlier_run(rows, _together(found)), program
    return rows, ""


def not_data(names: Collection[str]) -> dict[str, str]:
    """Return the columns of a table that a program added, and why they are no features."""
    return _noted_by_programs(names) | dict.fromkeys(from_earlier_run(names), EARLIER)


def _noted_by_programs(names: Collection[str]) -> dict[str, str]:
    """Return the columns of a table that are no data, but what a program for labelling notes down.

    Of the CSV files of Label Studio, and of records of Argilla that are flat; with the reason why
    they are no features.
    """
    found: dict[str, str] = {}
    if set(names) >= _ALWAYS_OF_LABEL_STUDIO:
        found |= dict.fromkeys(_OF_LABEL_STUDIO & set(names), "noted by Label Studio")
    questions = [
        name.removesuffix(".users").removesuffix("responses")
        for name in names
        if name.endswith(".responses.users")
    ]
    if questions:
        begins = tuple(f"{question}{what}" for question in questions for what in _OF_ARGILLA)
        noted = [n for n in names if n.startswith(begins) or n in ("status", "_server_id")]
        found |= dict.fromkeys(noted, "noted by Argilla")
    return found


def _with_earlier_run(rows: Sequence[Row], flat: Sequence[Row]) -> Sequence[Row]:
    """Return flat rows with what ``fewlabels spread`` added to the entries themselves."""
    kept = from_earlier_run(dict.fromkeys(name for row in rows for name in row))
    added = kept - {name for row in flat for name in row}
    if not added:
        return flat
    return [
        {**each, **{name: row[name] for name in row if name in added}}
        for row, each in zip(rows, flat, strict=True)
    ]


def _together(found: Sequence[_Flat]) -> Sequence[Row]:
    """Return data and answers of each row.

    Where a column of both has one name, "data." is put before that of the data: it would else be
    taken for answers where there are none.
    """
    pairs = [each if isinstance(each, tuple) else (each, {}) for each in found]
    asked = {name for _, answers in pairs for name in answers}
    both = asked.intersection(name for data, _ in pairs for name in data)
    return [
        {f"data.{name}" if name in both else name: cell for name, cell in data.items()}
        | dict(answers)
        for data, answers in pairs
    ]


_LOOKED_AT = 20
_ANSWERS = ("choices", "taxonomy", "rating", "number", "text", "selected", "datetime")
_ALWAYS_OF_LABEL_STUDIO = {"annotation_id", "annotator", "lead_time"}
_OF_LABEL_STUDIO = _ALWAYS_OF_LABEL_STUDIO | {"created_at", "updated_at", "agreement"}
_OF_ARGILLA = ("responses.users", "responses.status", "suggestion")


def _is_label_studio(row: Row) -> bool:
    return isinstance(row.get("data"), dict) and isinstance(
        row.get("annotations", row.get("completions")), list
    )


def _label_studio(row: Row) -> _Flat:
    flat = {"id": row["id"]} if "id" in row else {}
    flat |= row["data"]
    answers: dict[str, Cells] = {}
    for annotation in row.get("annotations", row.get("completions")):
        if annotation.get("was_cancelled") or annotation.get("skipped"):
            continue
        for result in annotation["result"]:
            if result.get("type") == "relation":  # between parts of a text
                continue
            value = result["value"]
            for kind in _ANSWERS:
                if kind in value:
                    chosen = value[kind]
                    answers.setdefault(result["from_name"], []).append(
                        chosen if isinstance(chosen, list) else [chosen]
                    )
    return flat, {name: _agreed(each) for name, each in answers.items()}


def _is_label_studio_min(row: Row) -> bool:
    return row.keys() >= _ALWAYS_OF_LABEL_STUDIO


def _label_studio_min(row: Row) -> Row:
    return {
        name: value["choices"] if isinstance(value, dict) and set(value) == {"choices"} else value
        for name, value in row.items()
        if name not in _OF_LABEL_STUDIO
    }


def _agreed(answers: Sequence[object]) -> object:
    """Return the answer of all who gave one; None where they differ."""
    first, *others = answers
    return first if all(other == first for other in others) else None


def _is_prodigy(row: Row) -> bool:
    return row.get("answer") in ("accept", "reject", "ignore") and "_task_hash" in row


def _prodigy(row: Row) -> Row:
    dropped = {"answer", "accept", "options", "label", "meta", "config", "tokens", "spans"}
    if "priority" in row:  # with the score of its model
        dropped |= {"score", "priority"}
    flat = {
        name: value
        for name, value in row.items()
        if name not in dropped and not name.startswith("_")
    }
    meta = row.get("meta")
    if isinstance(meta, dict):
        flat |= {f"meta.{name}": meta[name] for name in meta if name not in dropped}
    label: object = row.get("accept", row.get("label"))
    return flat | {"label": label if row["answer"] == "accept" else None}


def _is_doccano(row: Row) -> bool:
    old = isinstance(row.get("annotations"), list) and "text" in row
    return old and all(isinstance(each, dict) and "label" in each for each in row["annotations"])


def _doccano(row: Row) -> _Flat:
    flat = {name: value for name, value in row.items() if name not in ("annotations", "meta")}
    if isinstance(row.get("meta"), dict):
        flat |= {f"meta.{name}": value for name, value in row["meta"].items()}
    labels = list(dict.fromkeys(each["label"] for each in row["annotations"]))
    return flat, {"label": labels}


def _is_argilla(row: Row) -> bool:
    return isinstance(row.get("fields"), dict) and "responses" in row


def _argilla(row: Row) -> _Flat:
    flat = {"id": row["id"]} if "id" in row else {}
    flat |= row["fields"]
    for group in ("metadata", "vectors"):
        values = row.get(group)
        if isinstance(values, dict):
            flat |= {f"{group}.{name}": value for name, value in values.items()}
    responses = row["responses"] or {}
    if isinstance(responses, list):  # version 1: a list of people's answers
        found: dict[str, Cells] = {}
        for response in responses:
            if response.get("status", "submitted") == "submitted":
                for name, answer in (response.get("values") or {}).items():
                    found.setdefault(name, []).append(answer["value"])
    else:
        found = {
            name: [
                answer["value"]
                for answer in answers
                if answer.get("status", "submitted") == "submitted"
            ]
            for name, answers in responses.items()
        }
    return flat, {name: _agreed(each) if each else None for name, each in found.items()}


def _is_argilla_dataset(row: Row) -> bool:
    return any(
        f"{name}-suggestion" in row
        and isinstance(value, list)
        and all(isinstance(each, dict) and {"user_id", "value"} <= each.keys() for each in value)
        for name, value in row.items()
    )


def _argilla_dataset(row: Row) -> Row:
    """Return a record of version 1 as a data set of Hugging Face, with a list a question."""
    questions = [name for name in row if f"{name}-suggestion" in row]
    told = ("suggestion", "suggestion-metadata")
    dropped = {f"{question}-{what}" for question in questions for what in told}
    flat = {name: value for name, value in row.items() if name not in dropped}
    for name in questions:
        answers = [
            answer["value"]
            for answer in row[name] or ()
            if answer.get("status", "submitted") == "submitted"
        ]
        flat[name] = _agreed(answers) if answers else None
    return flat


def _is_old_argilla(row: Row) -> bool:
    return "annotation" in row and "annotation_agent" in row and "prediction" in row


def _old_argilla(row: Row) -> Row:
    dropped = {
        *("annotation", "annotation_agent", "prediction", "prediction_agent", "explanation"),
        *("metrics", "vectors", "metadata", "inputs", "multi_label", "status", "event_timestamp"),
    }
    flat = {name: value for name, value in row.items() if name not in dropped}
    if isinstance(row.get("inputs"), dict):
        flat |= {name: value for name, value in row["inputs"].items() if name not in flat}
    return flat | {"label": row["annotation"]}


_PROGRAMS: tuple[tuple[str, Callable[[Row], bool], Callable[[Row], _Flat]], ...] = (
    ("Label Studio", _is_label_studio, _label_studio),
    ("Label Studio", _is_label_studio_min, _label_studio_min),
    ("Prodigy", _is_prodigy, _prodigy),
    ("doccano", _is_doccano, _doccano),
    ("Argilla", _is_argilla, _argilla),
    ("Argilla", _is_argilla_dataset, _argilla_dataset),
    ("Argilla", _is_old_argilla, _old_argilla),
)
