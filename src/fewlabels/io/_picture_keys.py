"""How tables of labels name pictures, and which pictures of a folder these are."""

from __future__ import annotations

import os
import unicodedata
from collections import defaultdict
from pathlib import PurePosixPath

from fewlabels.io._picture_folder import PictureFolder
from fewlabels.io._picture_names import is_picture_name
from fewlabels.io._table import Table

# What the column is called, where it is not "path"; with "_", "-" and blanks left out.
_NAMES = (
    *("path", "filepath", "file", "filename", "image", "imagepath", "imagefile", "imagename"),
    *("picture", "photo", "img", "imgpath", "imgname", "imageid", "name", "id"),
)
# So many of the cells that are looked at name pictures, in a column of them.
_LOOKED_AT, _MOST = 200, 0.9


def column_of_pictures(labels: Table, wanted: str = "path") -> str:
    """Return the column of a table that names pictures: `wanted`, or one that is called so.

    Else the only one whose cells have the endings of pictures; else `wanted`, which is not there.
    """
    if wanted in labels.names:
        return wanted
    plain = {_plain(name): name for name in reversed(labels.names)}
    called = [plain[name] for name in _NAMES if name in plain]
    with_endings = [name for name in labels.names if _names_pictures(labels.values(name))]
    for candidates in ([name for name in called if name in with_endings], with_endings, called):
        if candidates:
            return candidates[0]
    return wanted


class PictureKeys:
    """Finds the pictures of a folder by what tables call them.

    Most call them by the path from the folder on. Also with other slashes, "./" in front, other
    case, accents composed otherwise; with the path of the folder or the end of it in front; and,
    where one picture only is meant, by the end of the path: its name, with or without ending.
    """

    def __init__(self, folder: PictureFolder) -> None:
        self._paths = {str(path) for path in folder.values("path")}
        self._by_stem: dict[str, list[tuple[str, tuple[str, ...]]]] = defaultdict(list)
        for path in sorted(self._paths):
            parts = _parts(path)
            self._by_stem[_stem(parts[-1])].append((path, parts))
        self._roots = [_parts(os.fspath(root)) for root in (folder.root, folder.root.resolve())]

    def path_of(self, key: str) -> str | None:
        """Return the path of the one picture that a table calls `key`; None if there is none."""
        if key in self._paths:
            return key
        found = self._meant(key)
        return found[0] if len(found) == 1 else None

    def is_of_several(self, key: str) -> bool:
        """Tell whether several pictures could be meant."""
        return len(self._meant(key)) > 1

    def _meant(self, key: str) -> list[str]:
        """Return the pictures of which `key` is the path, else those of whose paths it is the end.

        A folder that is written must be the picture's: "cats/1.png" is not "dogs/1.png".
        """
        parts = _parts(key)
        if not parts:
            return []
        near = self._by_stem.get(_stem(parts[-1]), [])
        if is_picture_name(parts[-1]):
            near = [(path, own) for path, own in near if own[-1] == parts[-1]]
        whole, ends = [], []
        for path, own in near:
            folders, given = own[:-1], parts[:-1]
            if folders == given:
                whole.append(path)
            elif _ends_with(folders, given):
                ends.append(path)
            elif _ends_with(given, folders):
                before = given[: len(given) - len(folders)]
                if any(_ends_with(root, before) for root in self._roots):
                    whole.append(path)
        return whole or ends


def _ends_with(parts: tuple[str, ...], end: tuple[str, ...]) -> bool:
    return not end or parts[-len(end) :] == end


def _parts(path: str) -> tuple[str, ...]:
    """Return folders and name, in letters that are compared."""
    slashed = os.path.normpath(path.strip().replace("\\", "/")).replace("\\", "/")
    plain = unicodedata.normalize("NFC", slashed).casefold()
    return tuple(part for part in plain.split("/") if part not in ("", "."))


def _stem(name: str) -> str:
    return PurePosixPath(name).stem if is_picture_name(name) else name


def _plain(name: str) -> str:
    return "".join(sign for sign in name.casefold() if sign.isalnum())


def _names_pictures(cells: list[object]) -> bool:
    filled = [cell for cell in cells[:_LOOKED_AT] if cell not in (None, "")]
    named = [cell for cell in filled if isinstance(cell, str) and is_picture_name(cell.strip())]
    return bool(named) and len(named) >= _MOST * len(filled)
