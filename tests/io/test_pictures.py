"""Pictures of every kind that people have, made by Pillow: the same pixels, or a clear word."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, features

from fewlabels.exceptions import DataFileError
from fewlabels.io import _pictures
from fewlabels.io._pictures import open_picture, read_pictures

# Four fields of different colours, higher than wide: no turn or mirror image is the same.
COLOURS = np.array([[[200, 30, 40], [20, 160, 60]], [[30, 60, 190], [230, 210, 40]]], np.uint8)
PIXELS = COLOURS.repeat(16, axis=0).repeat(12, axis=1)
PICTURE = Image.fromarray(PIXELS)
GREY = np.asarray(PICTURE.convert("L"))

LOSSLESS = {
    "rgb.png": {},
    "rgb.bmp": {},
    "rgb.tga": {},
    "rgb.ppm": {},
    "rgb.tif": {},
    "packed.tif": {"compression": "tiff_lzw"},
    "rgb.webp": {"lossless": True},
    "rgb.jp2": {},
    "rgb.pcx": {},
}
LOSSY = {"rgb.jpg": {"quality": 95}, "rgb.webp": {"quality": 95}, "progressive.jpeg": {}}
LOSSY["progressive.jpeg"] = {"quality": 95, "progressive": True}


def pixels_of(source: Any) -> np.ndarray:
    return np.asarray(open_picture(source)[0])


def close(found: np.ndarray, expected: np.ndarray, mean: float = 15) -> bool:
    apart = np.abs(found.astype(int) - expected.astype(int))
    return found.shape == expected.shape and apart.mean() < mean


@pytest.mark.parametrize("name", LOSSLESS)
def test_what_keeps_its_pixels_is_read_exactly(tmp_path: Path, name: str) -> None:
    PICTURE.save(tmp_path / name, **LOSSLESS[name])
    np.testing.assert_array_equal(pixels_of(tmp_path / name), PIXELS)


@pytest.mark.parametrize("name", LOSSY)
def test_what_loses_some_is_read_nearly(tmp_path: Path, name: str) -> None:
    PICTURE.save(tmp_path / name, **LOSSY[name])
    assert close(pixels_of(tmp_path / name), PIXELS)


@pytest.mark.skipif(not features.check("avif"), reason="this Pillow was built without AVIF")
def test_avif_is_read_where_pillow_reads_it(tmp_path: Path) -> None:
    PICTURE.save(tmp_path / "p.avif", quality=95)
    assert close(pixels_of(tmp_path / "p.avif"), PIXELS)


def test_grey_and_black_and_white_are_three_equal_channels(tmp_path: Path) -> None:
    PICTURE.convert("L").save(tmp_path / "grey.png")
    np.testing.assert_array_equal(pixels_of(tmp_path / "grey.png"), np.dstack([GREY] * 3))
    bits = Image.fromarray(GREY > 100)
    bits.save(tmp_path / "bits.png")
    expected = np.where(GREY > 100, 255, 0)
    np.testing.assert_array_equal(pixels_of(tmp_path / "bits.png"), np.dstack([expected] * 3))


def test_palettes_are_looked_up(tmp_path: Path) -> None:
    PICTURE.convert("P", palette=Image.Palette.ADAPTIVE, colors=16).save(tmp_path / "p.png")
    np.testing.assert_array_equal(pixels_of(tmp_path / "p.png"), PIXELS)
    PICTURE.convert("P", palette=Image.Palette.ADAPTIVE, colors=16).save(tmp_path / "p.gif")
    np.testing.assert_array_equal(pixels_of(tmp_path / "p.gif"), PIXELS)


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
@pytest.mark.parametrize("longest", [None, 8])
def test_alpha_lies_on_white_also_where_a_picture_is_made_smaller(
    tmp_path: Path, mode: str, longest: int | None
) -> None:
    picture = PICTURE.convert(mode)
    alpha = np.zeros(GREY.shape, np.uint8)
    alpha[:16] = 255
    picture.putalpha(Image.fromarray(alpha))
    picture.save(tmp_path / "a.png")
    found = np.asarray(open_picture(tmp_path / "a.png", longest)[0])
    half = len(found) // 2
    assert (found[half + 1 :] == 255).all()  # nothing of the hidden colours, which are there
    expected = PIXELS if mode == "RGBA" else np.dstack([GREY] * 3)
    np.testing.assert_array_equal(found[0, 0], expected[0, 0])


@pytest.mark.parametrize("longest", [None, 8])
def test_a_transparent_colour_is_white(tmp_path: Path, longest: int | None) -> None:
    palette = PICTURE.convert("P", palette=Image.Palette.ADAPTIVE, colors=4)
    first = palette.getpixel((0, 0))
    palette.save(tmp_path / "p.png", transparency=first)
    PICTURE.save(tmp_path / "rgb.png", transparency=tuple(PIXELS[0, 0].tolist()))
    for name in ("p.png", "rgb.png"):
        found = np.asarray(open_picture(tmp_path / name, longest)[0])
        assert found[0, 0].tolist() == [255, 255, 255], name
        assert found[-1, -1].tolist() == PIXELS[-1, -1].tolist(), name


def test_cmyk_becomes_red_green_and_blue(tmp_path: Path) -> None:
    PICTURE.convert("CMYK").save(tmp_path / "c.jpg", quality=95)
    PICTURE.convert("CMYK").save(tmp_path / "c.tif")
    assert close(pixels_of(tmp_path / "c.jpg"), PIXELS)
    np.testing.assert_array_equal(pixels_of(tmp_path / "c.tif"), PIXELS)


@pytest.mark.parametrize("ending", ["png", "tif"])
def test_sixteen_bits_are_scaled_and_not_clipped(tmp_path: Path, ending: str) -> None:
    for bits, name in ((8, "full"), (4, "scanner")):  # 16 bits, and 12 in 16
        values = GREY.astype(np.uint16) * (257 if bits == 8 else 16)
        Image.fromarray(values).save(tmp_path / f"{name}.{ending}")
        found = pixels_of(tmp_path / f"{name}.{ending}")[..., 0]
        assert np.abs(found.astype(int) - GREY).max() <= 1


def test_large_numbers_and_fractions_are_scaled(tmp_path: Path) -> None:
    Image.fromarray(GREY.astype(np.int32) * 1_000_000).save(tmp_path / "i.tif")
    found = pixels_of(tmp_path / "i.tif")[..., 0].astype(int)
    assert (found.min(), found.max()) == (0, 255)  # by its own range
    Image.fromarray((GREY / np.float32(255)).astype(np.float32)).save(tmp_path / "f.tif")
    np.testing.assert_array_equal(pixels_of(tmp_path / "f.tif")[..., 0], GREY)
    Image.fromarray(np.full((4, 4), np.nan, np.float32)).save(tmp_path / "nan.tif")
    with pytest.raises(DataFileError, match="no finite numbers"):
        open_picture(tmp_path / "nan.tif")


@pytest.mark.parametrize("ending", ["gif", "png", "webp", "tif"])
def test_of_animations_and_pages_the_first_counts(tmp_path: Path, ending: str) -> None:
    others = [Image.new("RGB", PICTURE.size, colour) for colour in ("black", "white")]
    lossless = {"lossless": True} if ending == "webp" else {}
    first = PICTURE.convert("P", palette=Image.Palette.ADAPTIVE) if ending == "gif" else PICTURE
    first.save(tmp_path / f"a.{ending}", save_all=True, append_images=others, **lossless)
    np.testing.assert_array_equal(pixels_of(tmp_path / f"a.{ending}"), PIXELS)


def test_of_two_pictures_that_a_telephone_took_the_first_counts(tmp_path: Path) -> None:
    black = Image.new("RGB", PICTURE.size)
    PICTURE.save(tmp_path / "m.mpo", save_all=True, append_images=[black], quality=95)
    assert close(pixels_of(tmp_path / "m.mpo"), PIXELS)


# How a camera that is held so stores what is PIXELS, upright.
_STORED = {
    1: lambda a: a,
    2: lambda a: a[:, ::-1],
    3: lambda a: a[::-1, ::-1],
    4: lambda a: a[::-1],
    5: lambda a: a.transpose(1, 0, 2),
    6: lambda a: np.rot90(a, 1),
    7: lambda a: a[::-1, ::-1].transpose(1, 0, 2),
    8: lambda a: np.rot90(a, -1),
}


@pytest.mark.parametrize("ending", ["png", "jpg", "tif", "webp"])
@pytest.mark.parametrize("number", _STORED)
def test_pictures_are_upright_however_the_camera_was_held(
    tmp_path: Path, number: int, ending: str
) -> None:
    exif = Image.Exif()
    exif[0x0112] = number
    stored = Image.fromarray(np.ascontiguousarray(_STORED[number](PIXELS)))
    stored.save(
        tmp_path / f"e.{ending}", exif=exif, **({"lossless": True} if "w" in ending else {})
    )
    picture, size = open_picture(tmp_path / f"e.{ending}")
    assert size == PIXELS.shape[:2]
    assert close(np.asarray(picture), PIXELS)
    small, size = open_picture(tmp_path / f"e.{ending}", 16)
    assert (small.size, size) == ((12, 16), PIXELS.shape[:2])
    assert close(np.asarray(small), PIXELS[::2, ::2])


def test_damaged_exif_does_not_keep_a_picture_from_being_read(tmp_path: Path) -> None:
    PICTURE.save(tmp_path / "e.png", exif=b"Exif\x00\x00MM\x00*\x00\x00\xff\xff\xff\xff")
    np.testing.assert_array_equal(pixels_of(tmp_path / "e.png"), PIXELS)


def test_pictures_of_pillow_and_arrays_are_pictures_and_stay_as_they_are(tmp_path: Path) -> None:
    PICTURE.resize((480, 640)).save(tmp_path / "p.jpg")
    with Image.open(tmp_path / "p.jpg") as picture:
        assert open_picture(picture, 16)[0].size == (12, 16)
        assert picture.size == (480, 640)
    for array in (PIXELS, PIXELS / 255, PIXELS.astype(np.int64)):
        np.testing.assert_array_equal(pixels_of(array), PIXELS)
    for array in (GREY, GREY[..., None], (GREY / 255).astype(np.float32)):
        np.testing.assert_array_equal(pixels_of(array), np.dstack([GREY] * 3))
    assert pixels_of(GREY > 100).max() == 255
    faint = np.dstack([PIXELS, np.zeros(GREY.shape, np.uint8)])
    assert (pixels_of(faint) == 255).all()
    for wrong in (np.zeros(4), np.zeros((2, 2, 5)), np.zeros((0, 4)), np.zeros((2, 2, 2, 2))):
        with pytest.raises(DataFileError, match="an array of shape"):
            open_picture(wrong)


def claiming(width: int, height: int) -> bytes:
    """Return a PNG of a few bytes whose header speaks of that many pixels."""
    header = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    data = b"IDAT" + zlib.compress(bytes(100))
    chunks = (
        struct.pack(">I", len(part) - 4) + part + struct.pack(">I", zlib.crc32(part))
        for part in (header, data, b"IEND")
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


BROKEN = {
    "empty.png": (b"", "the file is empty"),
    "text.png": (b"this is no picture", "no picture of a format"),
    "drawing.png": (b'<?xml version="1.0"?><svg xmlns="...">', "SVG, which holds lines"),
    "page.jpg": (b"%PDF-1.7 ...", "PDF or PostScript"),
    "script.png": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "PDF or PostScript"),
    "phone.heic": (b"\x00\x00\x00\x18ftypheic" + bytes(40), "HEIC"),
    "large.png": (claiming(30_000, 20_767), "too many pixels"),  # 623 million
    "less.png": (claiming(11_000, 10_000), r"11,000 x 10,000 pixels \(110 million\)"),
    "none.png": (claiming(0, 5), "no picture of a format"),
    "promise.png": (claiming(2_000, 2_000), "cut short or damaged"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_no_picture_is_refused_in_a_word(tmp_path: Path, name: str) -> None:
    content, word = BROKEN[name]
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataFileError, match=word):
        open_picture(tmp_path / name)
    (row,) = read_pictures([tmp_path / name], (8, 8)).unread.items()
    assert row[0] == 0
    assert "\n" not in row[1]


@pytest.mark.parametrize("ending", ["png", "jpg", "gif", "webp", "tif", "bmp", "jp2"])
def test_what_was_cut_short_is_named_and_the_others_are_read(tmp_path: Path, ending: str) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    whole, cut = tmp_path / f"whole.{ending}", tmp_path / f"cut.{ending}"
    Image.fromarray(noise).save(whole)
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    read = read_pictures([whole, cut, whole], (64, 64))
    assert list(read.unread) == [1]
    assert (read.pixels[1] == 255).all()
    assert read.sizes.tolist() == [[64, 64], [0, 0], [64, 64]]
    np.testing.assert_array_equal(read.pixels[0], read.pixels[2])


def test_files_that_are_not_there_and_rows_without_one_are_told_apart(tmp_path: Path) -> None:
    (tmp_path / "folder.png").mkdir()
    sources = [tmp_path / "no.png", None, float("nan"), tmp_path / "folder.png", PICTURE]
    read = read_pictures(sources, (8, 8))
    assert list(read.unread) == [0, 1, 2, 3]
    assert "there is no such file" in read.unread[0]
    assert (read.unread[1], read.unread[2]) == ("", "")
    assert "folder" in read.unread[3]


def test_a_large_jpeg_is_decoded_smaller_and_others_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_pictures, "MOST_PIXELS", 20_000)
    large = PICTURE.resize((240, 320))
    large.save(tmp_path / "l.jpg")
    large.save(tmp_path / "l.png")
    large.save(tmp_path / "p.jpg", progressive=True)
    picture, size = open_picture(tmp_path / "l.jpg", 32)
    assert (picture.size, size) == ((24, 32), (320, 240))
    assert close(np.asarray(picture), PIXELS)
    for name in ("l.png", "p.jpg"):
        with pytest.raises(DataFileError, match="more than the"):
            open_picture(tmp_path / name, 32)
    with pytest.raises(DataFileError, match="more than the"):
        open_picture(tmp_path / "l.jpg")


@pytest.mark.parametrize(("limit", "alone"), [(10, True), (10_000, False)])
def test_only_large_pictures_are_decoded_one_at_a_time(
    monkeypatch: pytest.MonkeyPatch, limit: int, alone: bool
) -> None:
    held: list[bool] = []
    monkeypatch.setattr(_pictures, "_LARGE_PIXELS", limit)
    monkeypatch.setattr(
        _pictures, "_eight_bits", lambda p: (held.append(_pictures._one_large.locked()), p)[1]
    )
    open_picture(PIXELS)
    assert held == [alone]


def test_pictures_are_fitted_whole_into_the_middle_on_the_colour_of_their_border() -> None:
    wide = np.full((10, 40, 3), [10, 200, 30], np.uint8)
    wide[4:6, 10:30] = 0
    (found,) = read_pictures([wide], (20, 20)).pixels
    assert found.shape == (20, 20, 3)
    assert (found[[0, -1]] == [10, 200, 30]).all()
    assert found[9:11, 9:11].mean() < 60
    (tiny,) = read_pictures([np.zeros((1, 3), np.uint8)], (8, 8)).pixels
    assert (tiny == 0).all()


def test_the_number_of_threads_changes_nothing_and_progress_is_told(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    sources: list[Any] = []
    for number in range(70):
        size = rng.integers(1, 60, 2)
        Image.fromarray(rng.integers(0, 256, (*size, 3), dtype=np.uint8)).save(
            tmp_path / f"{number}.png"
        )
        sources.append(tmp_path / f"{number}.png")
    told: list[float] = []
    one = read_pictures(sources, (16, 16), n_jobs=1, progress=told.append)
    four = read_pictures(sources, (16, 16), n_jobs=4)
    np.testing.assert_array_equal(one.pixels, four.pixels)
    np.testing.assert_array_equal(one.sizes, four.sizes)
    assert told == sorted(told)
    assert told[-1] == 1
