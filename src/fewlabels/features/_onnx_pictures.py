"""Pictures through a network: resized, cut, normalised as it was trained, and pooled to a row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from fewlabels._typing import Cells, Package, State
from fewlabels.exceptions import DataFileError, InvalidInputError
from fewlabels.features._embedder import Embedder, Report
from fewlabels.features._model_settings import PICTURES, read_settings
from fewlabels.features._seen_pictures import SeenPictures

AnyArray = np.ndarray

_BATCH = 16
_USUAL_SIDE = 224
# Of the shorter side of a picture, what the cut from its middle keeps: as for ImageNet.
_KEPT = 0.875
_IMAGENET = {"image_mean": (0.485, 0.456, 0.406), "image_std": (0.229, 0.224, 0.225)}
_BILINEAR, _BICUBIC = 2, 3  # as Pillow and the settings number them
_OUTPUTS = ("image_embeds", "pooler_output", "embeddings", "features")
_N_IMAGENET = (1000, 1001)


@dataclass(frozen=True)
class _Preparation:
    """How a picture becomes an array of height x width x channels."""

    resized: tuple[int, int] | int  # height and width, or the shorter side
    cut: tuple[int, int]  # height, width
    resample: int
    factor: float
    mean: npt.NDArray[np.float32]
    std: npt.NDArray[np.float32]

    def __call__(self, picture: Package) -> npt.NDArray[np.float32]:
        if isinstance(self.resized, int):
            scale = self.resized / min(picture.size)
            size = tuple(max(1, round(side * scale)) for side in picture.size)
        else:
            size = self.resized[::-1]
        picture = picture.resize(size, self.resample)
        height, width = self.cut
        left, top = (picture.width - width) // 2, (picture.height - height) // 2
        picture = picture.crop((left, top, left + width, top + height))  # beyond it, black
        pixels = np.asarray(picture, np.float32) * np.float32(self.factor)
        return (pixels - self.mean) / self.std


def picture_embedder(
    session: Package, path: Path, identity: State, *, one_by_one: bool
) -> Embedder:
    """Return the embedder of a session with one input of four dimensions."""
    entry = session.get_inputs()[0]
    n_fixed, *sizes = (size if isinstance(size, int) and size > 0 else None for size in entry.shape)
    channels_first = sizes[0] in (1, 3)
    channels, height, width = sizes if channels_first else (sizes[2], sizes[0], sizes[1])
    if channels not in (1, 3):
        raise InvalidInputError(
            f"{path} takes arrays of shape {entry.shape}; pictures have 1 or 3 channels, second "
            "or last. Export it with a fixed number of channels."
        )
    dtype = {
        "tensor(float16)": np.float16,
        "tensor(double)": np.float64,
        "tensor(uint8)": np.uint8,
    }.get(entry.type, np.float32)
    prepare, said = _preparation(path, height, width, raw=dtype == np.uint8)
    output = _output(session, path)
    size = n_fixed or (1 if one_by_one else _BATCH)
    n_columns: int | None = None

    seen = SeenPictures(prepare)

    def embed(pictures: Cells, report: Report) -> AnyArray:
        nonlocal n_columns
        rows: AnyArray | None = None
        for start in range(0, len(pictures), size):
            prepared, places = seen.prepared(pictures[start : start + size])
            given = laid_out(np.stack(prepared), n_fixed)
            found = session.run([output], {entry.name: given})[0]
            found = _pooled(found, channels_first)
            if rows is None:
                rows = np.zeros((len(pictures), found.shape[1]), np.float32)
            rows[np.array(places, dtype=int) + start] = found[: len(places)]
            report(min(size, len(pictures) - start))
        if rows is None:
            raise InvalidInputError("there is no picture to embed.")
        if n_columns is None:
            n_columns = rows.shape[1]
        return rows

    def laid_out(batch: AnyArray, n_due: int | None) -> AnyArray:
        if channels == 1:
            batch = batch.mean(axis=3, keepdims=True)
        if n_due is not None and len(batch) < n_due:  # the last ones, with what fills them up
            batch = np.concatenate([batch, np.repeat(batch[-1:], n_due - len(batch), axis=0)])
        laid = np.ascontiguousarray(np.moveaxis(batch, 3, 1) if channels_first else batch)
        return laid.astype(dtype)

    def warnings() -> tuple[str, ...]:
        nonlocal n_columns
        told, n_columns = n_columns, 0  # of the model, and said once
        if told not in _N_IMAGENET:
            return seen.warnings()
        return (
            *seen.warnings(),
            f"{path.name} gives {told} numbers a picture, as a network does that says which "
            "of ImageNet's classes it is. What it has before that layer is better: export it "
            "without its last layer.",
        )

    return Embedder(
        embed, f"onnx:{path}", "images", n_at_once=256,
        identity=identity, choices=(f"{path.name}: {said}",), warnings=warnings,
    )  # fmt: skip


def _preparation(
    path: Path, height: int | None, width: int | None, *, raw: bool
) -> tuple[_Preparation, str]:
    """Return what the file beside the model says, or what is usual, and the same in words."""
    settings = read_settings(path, PICTURES)
    try:
        cut = _sides(settings.get("crop_size")) if settings.get("do_center_crop") else None
        asked = _sides(settings.get("size")) if settings.get("do_resize", True) else None
        side = asked if isinstance(asked, int) else None
        wanted = cut if cut is not None else asked
        square = (wanted, wanted) if isinstance(wanted, int) else wanted
        known = square or (_USUAL_SIDE, _USUAL_SIDE)
        final = height or known[0], width or known[1]
        if not settings:
            resized: tuple[int, int] | int = round(max(final) / _KEPT)
        elif cut is not None or side is not None:
            resized = asked if asked is not None else max(final)
        else:
            resized = final  # without a cut, the whole picture
        mean, std = (
            np.array(settings.get(name, usual), np.float32) for name, usual in _IMAGENET.items()
        )
        factor = float(settings.get("rescale_factor", 1 / 255))
        resample = int(settings.get("resample", _BILINEAR if settings else _BICUBIC))
        if not settings.get("do_rescale", True):
            factor = 1.0
        if raw or not settings.get("do_normalize", True):
            mean, std = np.zeros(3, np.float32), np.ones(3, np.float32)
        sound = mean.shape in ((3,), (1,)) and std.shape == mean.shape and (std > 0).all()
        if not sound or not 0 <= resample <= 5 or min(final) < 1 or not np.isfinite(mean).all():
            raise ValueError("a size, mean, deviation or number of a filter makes no sense")
    except (ValueError, TypeError, KeyError) as error:
        raise DataFileError(
            f"{PICTURES} beside {path} can't be used: {error}. Copy it again from where the model "
            "came from."
        ) from error
    where = f"as {PICTURES} says" if settings else f"as for ImageNet (no {PICTURES} beside it)"
    shorter = f"shorter side {resized}" if isinstance(resized, int) else "resized"
    said = f"pictures to {final[0]} x {final[1]} pixels ({shorter}), prepared {where}"
    return _Preparation(resized, final, resample, 1.0 if raw else factor, mean, std), said


def _sides(value: Package) -> tuple[int, int] | int | None:
    """Return height and width, or the shorter side, of the forms in which they are written."""
    if value is None or isinstance(value, int):
        return value
    if isinstance(value, (list, tuple)):
        height, width = value
        return int(height), int(width)
    if "shortest_edge" in value:
        return int(value["shortest_edge"])
    return int(value["height"]), int(value["width"])


def _output(session: Package, path: Path) -> str:
    found = {entry.name: len(entry.shape) for entry in session.get_outputs()}
    fit: Sequence[str] = [name for name in _OUTPUTS if found.get(name) == 2]
    fit = fit or [name for rank in (2, 4, 3) for name, has in found.items() if has == rank]
    if not fit:
        raise InvalidInputError(
            f"{path} gives no array of two to four dimensions. Export it with one row a picture."
        )
    return fit[0]


def _pooled(found: AnyArray, channels_first: bool) -> AnyArray:
    """Return a row a picture: means over places; of tokens, the mean."""
    if found.ndim == 4:
        pooled: AnyArray = found.mean(axis=(2, 3) if channels_first else (1, 2))
        return pooled
    return found if found.ndim == 2 else found.mean(axis=1)
