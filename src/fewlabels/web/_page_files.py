"""The page's own files: a table of names, read once. No path is ever made from a request."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from typing import NamedTuple

_MEDIA_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}


class PageFile(NamedTuple):
    """A file as it is sent."""

    body: bytes
    media_type: str


def page_files() -> Mapping[str, PageFile]:
    """Read the page from the installed package, by the names of its files."""
    found = {}
    for file in files("fewlabels.web").joinpath("page").iterdir():
        kind = _MEDIA_TYPES.get("." + file.name.rpartition(".")[2])
        if kind is not None and file.is_file():
            found[file.name] = PageFile(file.read_bytes(), kind)
    return found
