"""Find, create and check a label file and its data."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import EllipsisType

from fewlabels._typing import Estimator, Json, Loaded
from fewlabels._version import __version__
from fewlabels.exceptions import InvalidInputError, LabellingError
from fewlabels.labelling._cache import Cache, usual_folder
from fewlabels.labelling._classes import ClassBook, checked_name, class_from_json, class_to_json
from fewlabels.labelling._file import LabelFile, New
from fewlabels.labelling._items import Items, open_items
from fewlabels.labelling._lock import FileLock
from fewlabels.labelling._rows import GO_BACK

ENDING = ".fewlabels"


@dataclass(frozen=True, eq=False)
class Opened:
    """A label file that is open and locked, and its data.

    Attributes
    ----------
    id : str
        Of this file and no other, whatever it is called and wherever it lies.
    file : LabelFile
    lock : FileLock
    items : Items
    cache : Cache
    seed : int
    columns, embeddings
        As of :func:`fewlabels.make_points`.
    """

    id: str
    file: LabelFile
    lock: FileLock
    items: Items
    cache: Cache
    seed: int
    columns: Mapping[str, str] | None
    embeddings: Estimator

    def close(self) -> None:
        """Close the file and let others have it."""
        self.file.close()
        self.lock.release()


def label_file_of(data_path: str | os.PathLike[str]) -> Path:
    """Return where the label file of some data is, if nothing else is said: beside it."""
    path = Path(str(data_path).partition("::")[0])
    whole = path if path.name else path.absolute()
    stem = whole.name if whole.is_dir() else whole.name.split(".")[0] or whole.name
    return whole.parent / f"{stem}{ENDING}"


# What a label file says of its data, and as what.
_SAID: dict[str, tuple[type, ...]] = {
    **dict.fromkeys(("data", "beside", "kind", "fingerprint"), (str,)),
    **dict.fromkeys(("n_points", "seed"), (int,)),
    **dict.fromkeys(("text", "label", "embeddings"), (str, type(None))),
    "columns": (dict, type(None)),
    **dict.fromkeys(("id", "at"), (str, EllipsisType)),  # older files lack them
}


def about_of(file: LabelFile) -> Loaded:
    """Return what a label file says of its data, or raise where it does not."""
    about = file.about()
    for name, kinds in _SAID.items():
        if type(about.get(name, ...)) not in kinds:
            raise LabellingError(
                f"{file.path} is damaged: what it says of its data, {name}, is "
                f"{about.get(name, 'missing')!r:.80}. {GO_BACK}."
            )
    return about


def data_of(about: Loaded, file: Path) -> Path:
    """Return where the data of a label file is: beside the file as it was, or where it was."""
    beside = file.parent / about["beside"]
    return beside if _is_there(beside) else Path(about["data"])


def open_file(
    data_path: str | os.PathLike[str],
    *,
    file: str | os.PathLike[str] | None,
    classes: Sequence[str] | None,
    label: str | None,
    text: str | None,
    columns: Mapping[str, str] | None,
    embeddings: object,
    cache: str | os.PathLike[str] | None,
) -> Opened:
    """Open a label file, or create it; see :meth:`Labelling.open`."""
    is_label_file = Path(data_path).suffix == ENDING and Path(data_path).is_file()
    path = Path(file) if file is not None else None
    if path is None:
        path = Path(data_path) if is_label_file else label_file_of(data_path)
    if path.is_dir():
        raise LabellingError(f"{path} is a folder. Name a file (file=...).")
    lock = FileLock(path)
    try:
        if path.exists():
            return _reopened(
                path, lock, None if is_label_file else Path(data_path), classes, label, text,
                columns, embeddings, cache,
            )  # fmt: skip
        items = open_items(data_path, text=text, label=label)
        items.check()
        _check_making(items, columns, embeddings)
        about = _about(Path(data_path), path, items, columns, embeddings)
        created = LabelFile.create(path, about, _first_rows(items, classes))
        return _opened(created, lock, items, about, columns, embeddings, cache)
    except BaseException:
        lock.release(remove=not path.exists())
        raise


def _reopened(
    path: Path,
    lock: FileLock,
    data_path: Path | None,
    classes: Sequence[str] | None,
    label: str | None,
    text: str | None,
    columns: Mapping[str, str] | None,
    embeddings: object,
    cache: str | os.PathLike[str] | None,
) -> Opened:
    found = LabelFile.open(path)
    try:
        about = about_of(found)
        if label is not None and label != about["label"]:
            raise InvalidInputError(
                f"{path} was created with the labels of {about['label']!r}, not of {label!r}. "
                "Leave that out, or begin another file (file=...)."
            )
        data_path = data_of(about, path) if data_path is None else data_path
        items = open_items(data_path, text=text or about["text"], label=about["label"])
        check_same(about, items, path)
        _check_making(items, columns, embeddings)
        columns = about["columns"] if columns is None else columns
        embeddings = about["embeddings"] if embeddings is None else embeddings
        # Files of before there were ids get theirs now, and copies one of their own.
        of_old = ("seed",) if _is_copy(about, path) else ("id", "seed")
        kept = {name: about[name] for name in of_old if name in about}
        now = _about(data_path, path, items, columns, embeddings) | kept
        changed = {name: value for name, value in now.items() if about.get(name) != value}
        if changed:
            found.set_about(changed)
        _add_classes(found, classes)
        return _opened(found, lock, items, now, columns, embeddings, cache)
    except BaseException:
        found.close()
        raise


def _check_making(items: Items, columns: Mapping[str, str] | None, embeddings: Estimator) -> None:
    """Raise where points can't be made as is said; else nobody is told before it is tried."""
    if columns is None and embeddings is None:
        return
    # here, so that the first question need not wait for what makes points
    from fewlabels.features._resolved import check_named
    from fewlabels.features.columns_read import checked_kinds

    if columns and items.table is not None:
        checked_kinds(columns, items.table)
    check_named(embeddings)


def check_same(about: Mapping[str, object], items: Items, path: Path) -> None:
    """Raise if the data of a label file is another than it was."""
    if items.n_points != about["n_points"]:
        raise InvalidInputError(
            f"{path} is about {about['n_points']:,} {items.nouns[1]}, and {items.path} has "
            f"{items.n_points:,}. Labels belong to places, so that they would go to others: give "
            "the data as it was, or begin another file (file=...)."
        )
    if items.fingerprint() != about["fingerprint"]:
        raise InvalidInputError(
            f"{items.path} has changed since {path} was created, or is other data: as many "
            f"{items.nouns[1]}, but not the same. Give the data as it was, or begin another file "
            "with --file."
        )


def _about(
    data_path: Path,
    path: Path,
    items: Items,
    columns: Mapping[str, str] | None,
    embeddings: Estimator,
) -> Json:
    data = Path(os.path.abspath(data_path))  # noqa: PTH100 - links stay links
    return {
        "id": secrets.token_hex(16),
        "at": os.path.realpath(path),
        "data": str(data),
        "beside": os.path.relpath(data, path.absolute().parent),
        "kind": items.kind,
        "n_points": items.n_points,
        "fingerprint": items.fingerprint(),
        "text": items.text_column,
        "label": items.label_column,
        "columns": None if columns is None else dict(columns),
        "embeddings": embeddings if isinstance(embeddings, str) else None,
        "seed": secrets.randbits(31),
        "created_with": __version__,
    }


def _opened(
    file: LabelFile,
    lock: FileLock,
    items: Items,
    about: Loaded,
    columns: Mapping[str, str] | None,
    embeddings: Estimator,
    cache: str | os.PathLike[str] | None,
) -> Opened:
    folder = usual_folder() if cache is None else Path(cache)
    kept = cache_of(about, embeddings, folder)
    return Opened(about["id"], file, lock, items, kept, about["seed"], columns, embeddings)


def cache_of(about: Mapping[str, object], embeddings: object, folder: Path) -> Cache:
    """Return the cache of a label file's data, by what decides its points."""
    names = ("fingerprint", "kind", "text", "label", "columns", "embeddings")
    made_of = {name: about[name] for name in names}
    own = embeddings is not None and not isinstance(embeddings, str)
    return Cache(None if own else folder, made_of)


def _first_rows(items: Items, classes: Sequence[str] | None) -> list[New]:
    """Return the rows of the classes, and of the labels that came with the data."""
    book = ClassBook()
    rows: list[New] = []
    given = items.given()
    ids: dict[str, int] = {}  # "a" and "A" may be two classes of the data
    names = [checked_name(name) for name in (*(classes or ()), *given)]
    for name in names:
        if name not in ids:
            new = book.new(name, names)
            book.put(new)
            ids[name] = new.id
            rows.append(New(f"class {new.id}", "", "class added", class_to_json(new)))
    for number, (name, points) in enumerate(given.items()):
        body = {"points": points, "class": ids[checked_name(name)]}
        rows.append(New(f"given {number}", "", "given", body))
    return rows


def _add_classes(file: LabelFile, classes: Sequence[str] | None) -> None:
    if not classes:
        return
    book = ClassBook()
    last = 0
    for row in file.rows():
        last = row.seq
        if row.kind in ("class added", "class changed"):
            book.put(class_from_json(row.body))
    rows = []
    for name in classes:
        if book.named(name) is None:
            new = book.new(name, classes)
            book.put(new)
            rows.append(New(f"class {new.id}", "", "class added", class_to_json(new)))
    if rows:
        file.append(rows, last)


def _is_copy(about: Loaded, path: Path) -> bool:
    """Tell whether another label file lies where this one was open last, and has its id.

    Answers that wait in a browser are sent to the file with this id, and must know which one is
    meant. A file that was moved, or put back from a copy, keeps its id.
    """
    before = Path(about.get("at", path))
    try:
        if before.samefile(path):
            return False
        with contextlib.closing(LabelFile.open(before, to_read=True)) as other:
            return bool(other.about().get("id") == about.get("id"))
    except (OSError, ValueError, LabellingError):
        return False  # nothing is there any more, or something else


def _is_there(path: Path) -> bool:
    return Path(str(path).partition("::")[0]).exists()
