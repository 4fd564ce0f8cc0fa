"""Pictures as people have them, made upright RGB pixels of one size; needs Pillow.

Each file is one to be afraid of: it may be cut short, claim a size that no memory holds, or be of
a format that runs programs to be drawn. What can't be read is named with its reason, and the
others are read all the same.
"""

from __future__ import annotations

import contextlib
import os
import threading
import warnings
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from PIL import Image, UnidentifiedImageError
from PIL.JpegImagePlugin import JpegImageFile

from fewlabels._damage import UNREADABLE, reason
from fewlabels._files import explaining_errors
from fewlabels._labels import is_missing
from fewlabels._threads import thread_count
from fewlabels.exceptions import DataFileError

#: A path, a picture of Pillow, an array of pixels, or None where there is none.
Source: TypeAlias = "str | os.PathLike[str] | Image.Image | np.ndarray | None"
Pixels: TypeAlias = npt.NDArray[np.uint8]

# What is decoded, at most: 400 MB in colours. Photographs have up to 200 million pixels, but as
# JPEG, which is decoded smaller than it is.
MOST_PIXELS = 100_000_000
# Pictures beyond that are decoded one at a time, so that threads don't add up to all memory.
_LARGE_PIXELS = 16_000_000

# Formats whose decoders are a matter of bytes. EPS, which Pillow has a program draw, is not here.
_FORMATS = (
    *("AVIF", "BMP", "DIB", "GIF", "HEIF", "ICO", "JPEG", "JPEG2000", "MPO", "PCX", "PNG", "PPM"),
    *("TGA", "TIFF", "WEBP"),
)
_JPEG = b"\xff\xd8\xff"
_HEIC = (b"heic", b"heix", b"hevc", b"mif1", b"msf1")
# Modes that can be made smaller as they are.
_PLAIN = ("L", "RGB", "RGBA", "CMYK", "LA", "YCbCr")
_WITH_ALPHA = ("RGBA", "LA", "PA", "La", "RGBa")
_CHUNK = 32

_DAMAGED: tuple[type[Exception], ...] = (*UNREADABLE, Image.DecompressionBombError)

_one_large = threading.Lock()


@dataclass(frozen=True, eq=False)
class Pictures:
    """Pictures of one size.

    Attributes
    ----------
    pixels : ndarray of uint8, shape (n, height, width, 3)
        White where a picture could not be read.
    sizes : ndarray of int, shape (n, 2)
        Height and width of each picture as it came, upright; 0 where it could not be read.
    unread : dict of int to str
        The rows without a picture, and why; the reason is empty where there was none to read.
    """

    pixels: Pixels
    sizes: npt.NDArray[np.intp]
    unread: dict[int, str]


def read_pictures(
    sources: Sequence[Source],
    shape: tuple[int, int],
    *,
    n_jobs: int | None = None,
    progress: Callable[[float], object] | None = None,
) -> Pictures:
    """Read pictures and fit each into `shape`, the rest filled with the colour of its border.

    Upright by their EXIF orientation; alpha on white; of animations the first frame; numbers of
    16 bits on the scale of the bits that they use. Larger pictures are averaged down.

    Parameters
    ----------
    sources : sequence of str, path-like, PIL.Image.Image, ndarray or None
        Arrays of shape (h, w), or (h, w, c) with 1 to 4 channels. None, and other values that
        are missing, give a row without a picture.
    shape : tuple of int
        Height and width.
    n_jobs : int, default=None
        Number of threads; None and -1 mean all cores. The result does not depend on it.
    progress : callable, default=None
        Called with the share that is done, from 0 to 1.

    Returns
    -------
    Pictures

    Notes
    -----
    3 bytes a pixel of the result, and what the decoders need: up to 400 MB for one large picture,
    as no two are decoded at once.
    """
    n = len(sources)
    pixels = np.full((n, *shape, 3), 255, dtype=np.uint8)
    sizes = np.zeros((n, 2), dtype=np.intp)
    unread: dict[int, str] = {}

    def read(start: int) -> None:
        for row in range(start, min(start + _CHUNK, n)):
            if is_missing(sources[row]):
                unread[row] = ""
                continue
            try:
                picture, sizes[row] = _open_picture(sources[row], max(shape))
            except DataFileError as error:
                unread[row] = str(error)
            else:
                pixels[row] = _fitted(picture, shape)

    starts = range(0, n, _CHUNK)
    with _without_warnings(), ThreadPoolExecutor(thread_count(n_jobs)) as pool:
        try:
            for number, _ in enumerate(pool.map(read, starts), 1):
                if progress is not None:
                    progress(number / len(starts))
        except BaseException:
            pool.shutdown(wait=True, cancel_futures=True)
            raise
    return Pictures(pixels, sizes, dict(sorted(unread.items())))


def open_picture(source: Source, longest: int | None = None) -> tuple[Image.Image, tuple[int, int]]:
    """Return one picture in RGB, upright and on white, and its height and width as it came.

    Parameters
    ----------
    source : str, path-like, PIL.Image.Image or ndarray
    longest : int, default=None
        Where the picture is larger, its longer side is made that long.

    Raises
    ------
    DataFileError
        If it can't be read; says why, without the path.
    """
    with _without_warnings():
        return _open_picture(source, longest)


def _open_picture(source: Source, longest: int | None) -> tuple[Image.Image, tuple[int, int]]:
    try:
        if isinstance(source, np.ndarray):
            return _finished(_from_array(source), longest)
        if isinstance(source, Image.Image):
            return _finished(source, longest)
        path = Path(source)  # type: ignore[arg-type] # None never comes here
        with explaining_errors(path, writing=False):
            head = _head(path)
        with _opened(path, head) as picture:
            return _finished(picture, longest, is_ours=True)
    except DataFileError:
        raise
    except OSError as error:
        if error.errno is None:
            raise DataFileError(f"cut short or damaged ({_told(error)})") from error
        raise DataFileError(str(error.strerror).removeprefix("can't be read: ")) from error
    except _DAMAGED as error:
        raise DataFileError(f"damaged ({_told(error)})") from error


def _told(error: BaseException) -> str:
    return reason(error)[:100]


def _head(path: Path) -> bytes:
    """Return the first bytes of a file, or say what it is if it holds no pixels."""
    with path.open("rb") as file:
        head = file.read(512)
    if not head:
        raise DataFileError("the file is empty")
    if b"<svg" in head.lower():
        raise DataFileError("SVG, which holds lines, not pixels: export it as PNG")
    if head.startswith((b"%PDF", b"%!PS", b"\xc5\xd0\xd3\xc6")):
        raise DataFileError("PDF or PostScript, which holds pages, not pixels: export it as PNG")
    return head


def _opened(path: Path, head: bytes) -> Image.Image:
    if head.startswith(_JPEG):  # the size is looked at here, for it may be decoded smaller
        return JpegImageFile(path)
    try:
        return Image.open(path, formats=_known_formats(path))
    except Image.DecompressionBombError as error:
        raise DataFileError(f"too many pixels to decode ({_told(error)})") from None
    except UnidentifiedImageError:
        if head[4:8] == b"ftyp" and head[8:12] in _HEIC:
            raise DataFileError(
                "HEIC, which Pillow reads where pillow-heif is installed and registered"
            ) from None
        raise DataFileError("no picture of a format that can be read here, or damaged") from None


def _known_formats(path: Path) -> list[str]:
    Image.init()  # does nothing the second time
    # TGA has no mark of its own, so that any bytes may be taken for one.
    is_tga = path.suffix.lower() == ".tga"
    return [name for name in _FORMATS if name in Image.OPEN and (name != "TGA" or is_tga)]


def _finished(
    picture: Image.Image, longest: int | None, *, is_ours: bool = False
) -> tuple[Image.Image, tuple[int, int]]:
    width, height = picture.size
    if min(width, height) == 0:
        raise DataFileError(f"{width} x {height} pixels: it has none")
    if is_ours and isinstance(picture, JpegImageFile) and longest and _is_baseline(picture):
        picture.draft(None, (2 * longest, 2 * longest))
    if (n_pixels := picture.size[0] * picture.size[1]) > MOST_PIXELS:
        raise DataFileError(
            f"{width:,} x {height:,} pixels ({width * height / 1e6:,.0f} million), more than the "
            f"{MOST_PIXELS / 1e6:,.0f} million that are decoded: make it smaller"
        )
    with _one_large if n_pixels > _LARGE_PIXELS else contextlib.nullcontext():
        picture.load()
        turned = _orientation(picture)
        picture = _smaller(_eight_bits(picture), longest)
    picture = _on_white(picture)
    if turned is not None:
        picture = picture.transpose(turned)
        if turned in _SIDEWAYS:
            width, height = height, width
    return picture, (height, width)


def _is_baseline(picture: JpegImageFile) -> bool:
    """Tell whether the decoder holds some lines only, where a picture is decoded smaller."""
    return "progressive" not in picture.info


def _smaller(picture: Image.Image, longest: int | None) -> Image.Image:
    width, height = picture.size
    if longest is None or max(width, height) <= longest:
        return picture
    scale = longest / max(width, height)
    size = max(1, round(scale * width)), max(1, round(scale * height))
    if picture.mode not in _PLAIN:
        picture = picture.convert("RGBA" if _has_alpha(picture) else "RGB")
    elif picture.mode == "RGB" and _has_alpha(picture):
        picture = picture.convert("RGBA")
    return picture.resize(size, Image.Resampling.BILINEAR, reducing_gap=2.0)


def _has_alpha(picture: Image.Image) -> bool:
    return picture.mode in _WITH_ALPHA or "transparency" in picture.info


def _on_white(picture: Image.Image) -> Image.Image:
    if not _has_alpha(picture):
        return picture if picture.mode == "RGB" else picture.convert("RGB")
    picture = picture.convert("RGBA")
    white = Image.new("RGBA", picture.size, "white")
    return Image.alpha_composite(white, picture).convert("RGB")


def _eight_bits(picture: Image.Image) -> Image.Image:
    """Return numbers of more than 8 bits as grey of 8; other pictures as they are."""
    if not picture.mode.startswith(("I", "F")):
        return picture
    values = np.asarray(picture)
    return _from_array(values)


def _from_array(values: np.ndarray) -> Image.Image:
    """Return an array of pixels as a picture of 8 bits."""
    if values.ndim not in (2, 3) or (values.ndim == 3 and values.shape[2] not in (1, 2, 3, 4)):
        raise DataFileError(
            f"an array of shape {values.shape}, not (height, width) or (height, width, channels)"
        )
    if values.size == 0:
        raise DataFileError(f"an array of shape {values.shape}: it has no pixels")
    if values.dtype != np.uint8:
        values = _scaled(values)
    if values.ndim == 3 and values.shape[2] == 1:
        values = values[:, :, 0]
    return Image.fromarray(np.ascontiguousarray(values))


def _scaled(values: np.ndarray) -> Pixels:
    """Return numbers as bytes: those of 8, 12, 14 and 16 bits by what their bits can hold.

    Scanners and cameras give 12 or 14 bits in 16. Fractions from 0 to 1 are shares; others, and
    larger numbers, are scaled by their own range.
    """
    if values.dtype == np.bool_:
        return values.astype(np.uint8) * np.uint8(255)
    numbers = values.astype(np.float64)
    if not np.isfinite(numbers).all():
        raise DataFileError("pixels that are no finite numbers")
    least, most = float(numbers.min()), float(numbers.max())
    tops = (1,) if values.dtype.kind == "f" else (255, 4095, 16383, 65535)
    top = next((top for top in tops if least >= 0 and most <= top), None)
    if top is not None:
        least, most = 0.0, float(top)
    span = most - least
    return ((numbers - least) * (255 / span if span > 0 else 0) + 0.5).astype(np.uint8)


# What stands behind EXIF's numbers of orientation.
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_SIDEWAYS = {_TURNS[number] for number in (5, 6, 7, 8)}
_ORIENTATION = 0x0112


def _orientation(picture: Image.Image) -> Image.Transpose | None:
    """Return how a picture is to be turned; of damaged EXIF, not at all: the pixels are there."""
    try:
        return _TURNS.get(picture.getexif().get(_ORIENTATION, 1))
    except UNREADABLE:
        return None


def _fitted(picture: Image.Image, shape: tuple[int, int]) -> Pixels:
    """Return a picture in the middle of `shape`, around it the colour that its border has most."""
    height, width = shape
    if picture.size == (width, height):
        return np.asarray(picture)
    scale = min(width / picture.width, height / picture.height)
    size = max(1, round(scale * picture.width)), max(1, round(scale * picture.height))
    inner = np.asarray(picture.resize(size, Image.Resampling.BILINEAR))
    result = np.empty((height, width, 3), dtype=np.uint8)
    border = np.concatenate([inner[0], inner[-1], inner[:, 0], inner[:, -1]])
    result[:] = np.median(border, axis=0).astype(np.uint8)
    top, left = (height - inner.shape[0]) // 2, (width - inner.shape[1]) // 2
    result[top : top + inner.shape[0], left : left + inner.shape[1]] = inner
    return result


@contextlib.contextmanager
def _without_warnings() -> Iterator[None]:
    """Keep Pillow's warnings of odd files quiet: what can't be read is said by name.

    The filters belong to the whole process, so that one thread sets them for all.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
