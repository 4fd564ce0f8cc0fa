"""The data that is measured on: made by a seed, or Fashion-MNIST.

`curved_classes` stands for real features at any size. Class c is the image of a box of few
dimensions under a smooth function, so that it is curved, and no straight cut separates it:

    x = A_c tanh(2 B_c u + b_c) + noise,    u uniform in [-1, 1]^latent,

with A_c, B_c, b_c drawn from the seed once: normal matrices that all classes share, and some of
each class's own, so that the classes pass near each other. Class sizes are uneven: of 20, the
largest has about five times the points of the smallest.
"""

from __future__ import annotations

import gzip
import os
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.datasets import make_moons

FASHION_VARIABLE = "FEWLABELS_FASHION_MNIST"
# Of the first draw of labels that is measured; nothing is tuned on seeds from here on.
FIRST_SEED = 1000
FASHION_FOLDER = Path("/usr/share/datasets/fashion-mnist")  # where Debian's package puts it

# Rows made at once: each row has a batch of its own, whatever the number of rows asked for, so
# that the first rows of a larger set are those of a smaller one.
_BATCH = 50_000
_NOISE = 0.3
_OWN = 0.3
_APART = 1.0


class MissingDataError(Exception):
    """A data set is not on this machine; the message says how to get it."""


def curved_classes(
    n_points: int,
    n_features: int = 64,
    n_classes: int = 20,
    *,
    latent: int = 6,
    noise: float = _NOISE,
    seed: int = 0,
    out: Any = None,
) -> tuple[Any, Any]:
    """Return points of curved classes, and the class of each.

    Parameters
    ----------
    n_points, n_features, n_classes : int
    latent : int, default=6
        Dimensions of the box behind each class.
    noise : float, default=0.3
        Standard deviation of the noise in each feature; the signal's is about 0.8.
    seed : int, default=0
    out : ndarray of shape (n_points, n_features), float32, default=None
        Filled if given; may be a memory map.

    Returns
    -------
    X : ndarray of shape (n_points, n_features), float32
    truth : ndarray of shape (n_points,), int32

    Notes
    -----
    Needs the output and about 60 MB (64 features), for it is made in batches of 50,000 rows.
    """
    rng = np.random.default_rng(seed)
    inner = _one_and_own(rng, n_classes, (latent, 2 * latent)) / np.sqrt(latent)
    outer = _one_and_own(rng, n_classes, (2 * latent, n_features)) / np.sqrt(2 * latent)
    shifts = _APART * rng.normal(size=(n_classes, 1, 2 * latent))
    shares = 1 / (1 + np.arange(n_classes)) ** 0.55
    bounds = np.cumsum(shares / shares.sum())[:-1]
    X = np.empty((n_points, n_features), dtype=np.float32) if out is None else out
    truth = np.empty(n_points, dtype=np.int32)
    for number, start in enumerate(range(0, n_points, _BATCH)):
        rows = slice(start, min(start + _BATCH, n_points))
        batch = np.random.default_rng([seed, number])
        # whole batches are drawn, so that a row does not depend on how many follow it
        classes = np.searchsorted(bounds, batch.random(_BATCH)).astype(np.int32)
        u = batch.uniform(-1, 1, size=(_BATCH, latent)).astype(np.float32)
        errors = batch.standard_normal((_BATCH, n_features), dtype=np.float32)
        kept = rows.stop - rows.start
        truth[rows] = classes[:kept]
        values = noise * errors[:kept]
        for c in range(n_classes):
            here = np.flatnonzero(classes[:kept] == c)
            bent = np.tanh(2 * u[here] @ inner[c] + shifts[c])
            values[here] += (bent @ outer[c]).astype(np.float32)
        X[rows] = values
    return X, truth


def moons(n_points: int, seed: int = 0) -> tuple[Any, Any]:
    """Return two moons with 18 dimensions of noise beside theirs; X of shape (n_points, 20)."""
    X, truth = make_moons(n_points, noise=0.08, random_state=seed)
    noise = np.random.default_rng(seed).normal(scale=0.08, size=(n_points, 18))
    return np.hstack([X, noise]), truth


def fashion_mnist(n_points: int) -> tuple[Any, Any]:
    """Return Fashion-MNIST (Xiao, Rasul, Vollgraf 2017): the pictures' grey values, and classes.

    Parameters
    ----------
    n_points : int
        So many of the 70,000, drawn at random; all of them in their order if that many.

    Returns
    -------
    X : ndarray of shape (n_points, 784), float32, 0 to 255
    truth : ndarray of shape (n_points,), int32

    Raises
    ------
    MissingDataError
        If its files are not there.
    """
    folder = Path(os.environ.get(FASHION_VARIABLE, FASHION_FOLDER))
    parts = [
        (
            _idx(folder / f"{part}-images-idx3-ubyte.gz"),
            _idx(folder / f"{part}-labels-idx1-ubyte.gz"),
        )
        for part in ("train", "t10k")
    ]
    pictures = np.concatenate([images.reshape(len(images), -1) for images, _ in parts])
    truth = np.concatenate([labels for _, labels in parts]).astype(np.int32)
    if n_points < len(truth):
        chosen = np.sort(np.random.default_rng(0).choice(len(truth), n_points, replace=False))
        pictures, truth = pictures[chosen], truth[chosen]
    return pictures.astype(np.float32), truth


def draw_labels(truth: Any, per_class: int, seed: int) -> Any:
    """Return labels with `per_class` random points of each class known, the others -1."""
    rng = np.random.default_rng(seed)
    y = np.full(len(truth), -1)
    for c in np.unique(truth):
        y[rng.choice(np.flatnonzero(truth == c), per_class, replace=False)] = c
    return y


def draw_skewed(truth: Any, ratio: int, seed: int) -> Any:
    """Return labels of which one class has `ratio` times as many as another, the others -1.

    The numbers fall from `ratio` to 1 by equal factors; which class has which is drawn.
    """
    rng = np.random.default_rng(seed)
    return _drawn(truth, rng.permutation(_skewed(truth, ratio)), rng)


def draw_even(truth: Any, ratio: int, seed: int) -> Any:
    """Return as many labels as `draw_skewed` does, the same number of each class, up to one."""
    rng = np.random.default_rng(seed)
    total, n_classes = int(_skewed(truth, ratio).sum()), len(np.unique(truth))
    return _drawn(truth, rng.permutation((total + np.arange(n_classes)) // n_classes), rng)


def draw_random(truth: Any, n_labels: int, seed: int) -> Any:
    """Return labels of points drawn from all alike, whatever their classes, the others -1."""
    chosen = np.random.default_rng(seed).choice(len(truth), n_labels, replace=False)
    y = np.full(len(truth), -1)
    y[chosen] = truth[chosen]
    return y


DRAWS = {"each": draw_labels, "skewed": draw_skewed, "even": draw_even, "random": draw_random}


def _skewed(truth: Any, ratio: int) -> Any:
    return np.geomspace(ratio, 1, len(np.unique(truth))).round().astype(int)


def _drawn(truth: Any, counts: Any, rng: np.random.Generator) -> Any:
    y = np.full(len(truth), -1)
    for c, count in zip(np.unique(truth), counts, strict=True):
        y[rng.choice(np.flatnonzero(truth == c), count, replace=False)] = c
    return y


def _one_and_own(rng: np.random.Generator, n_classes: int, shape: tuple[int, int]) -> Any:
    """Return a normal matrix for each class: mostly one that all share, and some of its own."""
    return rng.normal(size=shape) + _OWN * rng.normal(size=(n_classes, *shape))


def _idx(path: Path) -> Any:
    """Read an array in the idx format: magic number, sizes, bytes."""
    try:
        content = gzip.decompress(path.read_bytes())
    except FileNotFoundError:
        raise MissingDataError(
            f"Fashion-MNIST is not in {path.parent} ({path.name} is missing). On Debian and "
            f"Ubuntu, `apt install dataset-fashion-mnist`; elsewhere, set {FASHION_VARIABLE} to "
            "a folder that holds its four *-ubyte.gz files."
        ) from None
    except (OSError, EOFError) as error:
        raise MissingDataError(f"{path} can't be read: {error}. Install it again.") from error
    n_dimensions = content[3] if len(content) > 3 else 0
    sizes = np.frombuffer(content, dtype=">i4", count=n_dimensions, offset=4)
    values = np.frombuffer(content, dtype=np.uint8, offset=4 + 4 * n_dimensions)
    if n_dimensions == 0 or values.size != np.prod(sizes):
        raise MissingDataError(f"{path} is not a whole file of the idx format. Install it again.")
    return values.reshape(sizes)
