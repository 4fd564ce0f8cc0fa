"""A picture, whatever it came as, in the three colours that networks see."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from fewlabels._files import explaining_errors
from fewlabels.exceptions import DataFileError, InvalidTypeError, MissingDependencyError


def rgb_picture(item: Any) -> Any:
    """Return a picture of Pillow in mode RGB, upright, what is transparent white.

    Parameters
    ----------
    item : path-like, str, PIL.Image.Image, or ndarray of bytes
    """
    try:
        from PIL import Image, ImageOps  # an extra, loaded when there are pictures
    except ModuleNotFoundError:
        raise MissingDependencyError(
            "pictures need Pillow, which is not installed: pip install 'fewlabels[images]'."
        ) from None
    if isinstance(item, (str, os.PathLike)):
        with explaining_errors(item, writing=False, raising=DataFileError):
            opened: Image.Image = Image.open(item)
            opened.load()
    elif isinstance(item, np.ndarray):
        opened = Image.fromarray(item)
    elif isinstance(item, Image.Image):
        opened = item
    else:
        raise InvalidTypeError(
            f"a picture must be a path, an array of bytes or one of Pillow's, got a "
            f"{type(item).__name__}."
        )
    picture: Image.Image = ImageOps.exif_transpose(opened)
    if picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info:
        picture = picture.convert("RGBA")
        white = Image.new("RGBA", picture.size, "white")
        white.alpha_composite(picture)
        picture = white
    return picture.convert("RGB")
