"""Which files are pictures, by their names; needs neither Pillow nor NumPy."""

from __future__ import annotations

import os

from fewlabels.exceptions import MissingDependencyError

#: Endings of the pictures that Pillow reads and people have.
PICTURE_ENDINGS = frozenset(
    (
        *(".avif", ".bmp", ".dib", ".gif", ".heic", ".heif", ".ico", ".j2k", ".jfif", ".jp2"),
        *(".jpe", ".jpeg", ".jpg", ".mpo", ".pbm", ".pcx", ".pgm", ".png", ".pnm", ".ppm"),
        *(".tga", ".tif", ".tiff", ".webp"),
    )
)

# Drawings and pages: lines and words, which have to be made pixels first.
_NO_PIXELS = frozenset({".ai", ".eps", ".emf", ".pdf", ".ps", ".svg", ".svgz", ".wmf"})


def ending_of(name: str | os.PathLike[str]) -> str:
    """Return the ending of a file's name, in lower case, with its point."""
    return os.path.splitext(name)[1].lower()  # noqa: PTH122 - of texts, too


def is_picture_name(name: object) -> bool:
    """Tell whether this is a path or a name with the ending of a picture."""
    return isinstance(name, (str, os.PathLike)) and ending_of(name) in PICTURE_ENDINGS


def has_no_pixels(ending: str) -> bool:
    """Tell whether files of this ending hold lines and words, as SVG and PDF do."""
    return ending in _NO_PIXELS


def without_pillow() -> MissingDependencyError:
    """Return the error where Pillow is not installed."""
    return MissingDependencyError(
        "pictures need Pillow, which is not installed: pip install 'fewlabels[images]'."
    )
