"""Labels and predictions as files that others read."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import numpy as np

from fewlabels._files import explaining_errors, replace_when_whole
from fewlabels._parts import part_folder
from fewlabels._rename import rename_without_replacing
from fewlabels._typing import Cells, Json
from fewlabels.exceptions import DataFileError, InvalidInputError
from fewlabels.io import AddedColumns, Table, write_table
from fewlabels.io._table import Unusable, View
from fewlabels.labelling._items import Items
from fewlabels.labelling._ledger import Ledger
from fewlabels.labelling._pictures import as_bytes
from fewlabels.labelling._snapshot import DOUBTS, Predicted

TABLES = ("csv", "tsv", "json", "jsonl", "parquet", "arrow", "npz", "xlsx")
FORMATS = (*TABLES, "label-studio", "prodigy", "folders")

_WITH_WORDS = ("label-studio", "prodigy")
_ADDED = ("label", "confidence", "evidence", "given", "second", "doubt")
# Prodigy keeps these for itself.
_OF_PRODIGY = frozenset({"label", "meta", "options", "accept", "answer", "_view_id", "_input_hash"})
_OF_PRODIGY |= {"_task_hash", "_annotator_id", "_timestamp"}
_NOT_IN_A_NAME = re.compile(r'[\x00-\x1f<>:"/\\|?*]')


class Labels:
    """What is known of each point when it is exported.

    Made with the desk's lock, if others may answer meanwhile; written without.

    Attributes
    ----------
    labels : list of str or None
        The label given, else what the models say: the answers that were proven, if they were.
    confidence : ndarray of shape (n_points,)
        How probable each of them is; 1 where it was given, 0 where there is none.
    words : dict from point to list of Word
        What people say of it, where the format tells it.
    """

    def __init__(
        self, items: Items, ledger: Ledger, snapshot: Predicted | None, file_format: str
    ) -> None:
        self.items = items
        heard = ledger.heard_points() if file_format in _WITH_WORDS else ()
        self.words = {point: list(ledger.words(point).values()) for point in heard}
        self.skipped = frozenset(ledger.skipped)
        self.snapshot = snapshot
        n = items.n_points
        names = ledger.classes.names
        self.names = names
        self.codes = np.full(n, -1, dtype=np.int64)
        if snapshot is not None:
            self.codes[:] = snapshot.codes
            if snapshot.held is not None:  # also where the models of now have no answer
                told = snapshot.held >= 0
                self.codes[told] = snapshot.held[told]
        self.given = np.zeros(n, dtype=bool)
        for point, class_id in ledger.labels.items():
            self.codes[point] = class_id
            self.given[point] = True
        self.labels = [names.get(code) for code in self.codes.tolist()]
        self.confidence = np.where(self.given, 1.0, 0.0)
        # proven answers of which the model has changed its mind since
        self._revised = np.zeros(n, dtype=bool)
        if snapshot is not None:
            said = snapshot.confidence.astype(np.float64)
            answered = ~self.given & (self.codes >= 0)
            self._revised = answered & (snapshot.codes >= 0) & (self.codes != snapshot.codes)
            # what the model leaves for all other classes than the one it now prefers
            said = np.where(self._revised, 1.0 - said, said)
            self.confidence = np.where(answered, said, self.confidence)

    def added(self, taken: tuple[str, ...]) -> AddedColumns:
        """Return the columns that are added to a table."""
        n = self.items.n_points
        evidence = np.zeros(n)
        second: Cells = [None] * n
        doubt = ["unlabelled"] * n  # no model was asked
        if self.snapshot is not None:
            evidence = self.snapshot.evidence.astype(np.float64)
            next_best = np.where(self._revised, self.snapshot.codes, self.snapshot.second)
            second = [self.names.get(code) for code in next_best.tolist()]
            doubt = [DOUBTS[place] for place in self.snapshot.doubt.tolist()]
        for point in np.flatnonzero(self._revised).tolist():
            doubt[point] = "classes disagree"
        for point in np.flatnonzero(self.given).tolist():
            second[point], doubt[point] = None, "given"
        for point in self.skipped:
            doubt[point] = "skipped"
        return AddedColumns(
            names=tuple(_free(name, taken) for name in _ADDED),
            label=list(self.labels),
            confidence=self.confidence,
            evidence=evidence,
            reached=self.given,
            second=second,
            doubt=doubt,
        )


def write_labels(
    found: Labels,
    target: str | os.PathLike[str] | IO[bytes],
    file_format: str,
    *,
    replace: bool = True,
) -> None:
    """Write labels and predictions.

    Parameters
    ----------
    found : Labels
    target : path, or binary file
        For "folders", a folder that does not exist yet.
    file_format : str
        One of `FORMATS`.
    replace : bool, default=True
        Whether an existing file may be replaced.
    """
    check_format(file_format)
    to_path = isinstance(target, (str, os.PathLike))
    if file_format == "folders":
        if not to_path:
            raise InvalidInputError("folders can't be written to a stream. Name a folder.")
        _write_folders(found, Path(target))  # type: ignore[arg-type] # it is a path
        return
    if file_format in TABLES:
        table = found.items.table or PointTable(found.items)
        added = found.added(table.taken)
        write_table(table, added, target, file_format=file_format, replace=replace)
        return
    lines = _label_studio(found) if file_format == "label-studio" else _prodigy(found)
    if not to_path:
        target.writelines(lines)  # type: ignore[union-attr] # it is a file
        return
    path = Path(target)  # type: ignore[arg-type] # it is a path
    with (
        explaining_errors(path, writing=True, raising=DataFileError),
        replace_when_whole(path, replace=replace) as file,
    ):
        file.writelines(lines)


def check_format(file_format: str) -> None:
    """Raise if there is no such format."""
    if file_format not in FORMATS:
        raise InvalidInputError(
            f"there is no format {file_format!r:.40}; choose one of {', '.join(FORMATS)}."
        )


def format_of(path: str | os.PathLike[str]) -> str:
    """Return the format that a name means; of a name without an ending, a folder a class."""
    name = Path(path).name.lower().removesuffix(".gz")
    endings = {".tab": "tsv", ".ndjson": "jsonl", ".pq": "parquet", ".feather": "arrow"}
    ending = Path(name).suffix
    if not ending:
        return "folders"
    found = endings.get(ending, ending.removeprefix("."))
    if found not in TABLES:
        raise DataFileError(
            f"{path}: can't tell from the name which format to write. Use one of "
            f"{', '.join(f'.{each}' for each in TABLES)}, or say --format."
        )
    return found


class PointTable(Table):
    """The points by their number, from 0: of arrays, which have no table."""

    def __init__(self, items: Items) -> None:
        super().__init__(str(items.path), ("point",), items.n_points)

    def values(self, name: str) -> Cells:
        """Return the numbers."""
        return list(range(self.n_rows))

    def view(self, name: str) -> View:
        """Return that nothing is to be learned from them."""
        return Unusable("numbers of the points")


def _free(name: str, taken: tuple[str, ...]) -> str:
    """Return a name that no column has yet."""
    return name if name not in taken else _in_front("fewlabels", name, taken)


def _in_front(word: str, name: str, taken: tuple[str, ...]) -> str:
    """Return a name with a word in front, and a number at the end if that is taken, too."""
    candidates = [f"{word}_{name}"]
    candidates += [f"{word}_{name}_{number}" for number in range(2, len(taken) + 3)]
    return next(candidate for candidate in candidates if candidate not in taken)


class _Fields:
    """What programs for labelling show of a point.

    A column of a name that the program keeps for itself gets "column_" in front.
    """

    def __init__(self, items: Items, kept: frozenset[str] = frozenset()) -> None:
        self._items = items
        taken = () if items.table is None else items.table.names
        if items.text_column is not None:
            kept |= {"text"}
        self._names = {name: _in_front("column", name, taken) for name in taken if name in kept}

    def of(self, point: int) -> dict[str, str]:
        items = self._items
        cells = {self._names.get(name, name): value for name, value in items.cells(point)}
        text = items.text(point)
        if text is not None:
            return {"text": text, **cells}
        if isinstance(items.picture(point), Path):
            return {"image": items.address(point)}
        return cells or {"point": str(point)}


def _label_studio(found: Labels) -> Iterator[bytes]:
    """Yield tasks with annotations and predictions, as Label Studio imports and exports them."""
    shown = {"texts": "text", "images": "image"}.get(found.items.kind, "row")

    def result(class_id: int) -> list[Json]:
        value = {"choices": [found.names[class_id]]}
        return [{"from_name": "label", "to_name": shown, "type": "choices", "value": value}]

    fields = _Fields(found.items)
    yield b"["
    for point in range(found.items.n_points):
        task: Json = {"id": point + 1, "data": fields.of(point)}
        annotations = []
        for word in found.words.get(point, ()):
            skipped = word.class_id < 0
            annotations.append(
                {
                    "result": [] if skipped else result(word.class_id),
                    "was_cancelled": skipped,
                    "lead_time": word.row.seconds,
                }
            )
        task["annotations"] = annotations
        code = int(found.codes[point])
        if found.snapshot is not None and not found.given[point] and code >= 0:
            score = round(float(found.confidence[point]), 6)
            said = {"model_version": "fewlabels", "score": score, "result": result(code)}
            task["predictions"] = [said]
        separator = b",\n" if point else b"\n"
        yield separator + json.dumps(task, ensure_ascii=False).encode("utf-8", "replace")
    yield b"\n]\n"


def _prodigy(found: Labels) -> Iterator[bytes]:
    """Yield what was answered, as Prodigy's recipes for choices store it."""
    options = [{"id": name, "text": name} for name in found.names.values()]
    fields = _Fields(found.items, _OF_PRODIGY)
    for point in range(found.items.n_points):
        for word in found.words.get(point, ()):
            skipped = word.class_id < 0
            entry = {
                **fields.of(point),
                "meta": {"point": point},
                "options": options,
                "accept": [] if skipped else [found.names[word.class_id]],
                "answer": "ignore" if skipped else "accept",
                "_view_id": "choice",
                "_input_hash": point,
                "_task_hash": point,
                "_annotator_id": word.who,
                "_timestamp": int(word.row.at),
            }
            yield json.dumps(entry, ensure_ascii=False).encode("utf-8", "replace") + b"\n"


def _write_folders(found: Labels, target: Path) -> None:
    """Copy pictures, or write texts, into a folder for each class; whole or not at all.

    What was skipped is left out: a person looked, and could not say where it belongs.
    """
    items = found.items
    if items.kind not in ("images", "texts"):
        raise InvalidInputError(
            f"folders are for pictures and texts, and {items.name} holds {items.nouns[1]}. Choose "
            "another format."
        )
    with explaining_errors(target, writing=True, raising=DataFileError):
        if target.exists():
            raise DataFileError(f"{target} exists already. Name a folder that does not.")
        names = _folder_names(found.names)
        with part_folder(target.absolute().parent) as part:
            whole = part / "whole"
            whole.mkdir()
            taken: set[str] = set()
            for point, code in enumerate(found.codes.tolist()):
                if code < 0 or point in found.skipped:  # nobody could say what it is
                    continue
                folder = whole / names[code]
                folder.mkdir(exist_ok=True)
                _write_item(items, point, folder, taken)
            rename_without_replacing(whole, target)


def _write_item(items: Items, point: int, folder: Path, taken: set[str]) -> None:
    source = items.picture(point)
    if isinstance(source, Path):
        name = source.name
        while (spelled := f"{folder.name}/{name}".casefold()) in taken:
            name = f"{Path(name).stem}-{point}{source.suffix}"
        taken.add(spelled)
        shutil.copyfile(source, folder / name)
    elif source is not None:
        from PIL import Image  # of the extra, and only where there are pictures

        Image.fromarray(as_bytes(source)).save(folder / f"{point}.png")
    else:
        text = items.text(point) or ""
        (folder / f"{point}.txt").write_text(text, encoding="utf-8", errors="replace")


def _folder_names(names: dict[int, str]) -> dict[int, str]:
    """Return a name for the folder of each class that any system takes, each another."""
    found: dict[int, str] = {}
    for number, name in names.items():
        bare = _NOT_IN_A_NAME.sub("_", name).strip(". ")[:80] or f"class {number}"
        if bare.casefold() in (each.casefold() for each in found.values()):
            bare = f"{bare} {number}"
        found[number] = bare
    return found
