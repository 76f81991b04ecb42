"""The sheet that every file of this folder shows, and its coded forms."""

import io
import sys
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "formats"))
# Profiles of colour spaces, made there.
from make import ADOBE_RGB, GREY_LINEAR, cmyk_profile, converted  # noqa: E402, F401

SIZE = (400, 560)
# Pixels per inch at which most files place it.
PPI = 100
PAPER, INK, RED = (244, 241, 233), (40, 38, 36), (206, 34, 42)


def sheet() -> Image.Image:
    """A heading, lines of print, a photo in flat colours and a red seal.

    Nothing is smoothed, and most edges lie on blocks of JPEG, which keeps the files small.
    """
    page = Image.new("RGB", SIZE, PAPER)
    draw = ImageDraw.Draw(page)
    draw.rectangle((96, 32, 303, 55), fill=INK)
    for line in range(6):
        for glyph in range(10 - line % 3 * 2):
            x, y = 40 + glyph * 32, 88 + line * 40
            shape = (line * 7 + glyph * 5) % 3
            draw.rectangle((x, y, x + 23, y + 7), fill=INK)
            draw.rectangle((x + 8 * shape, y, x + 8 * shape + 7, y + 23), fill=INK)
    draw.rectangle((48, 352, 159, 511), fill=(60, 110, 190))
    draw.rectangle((80, 384, 127, 447), fill=(224, 172, 140))
    draw.rectangle((64, 464, 143, 511), fill=(30, 90, 60))
    draw.ellipse((250, 390, 350, 490), outline=RED, width=10)
    draw.rectangle((280, 432, 319, 447), fill=RED)
    return page


RGB = sheet()
GREY = RGB.convert("L")
BILEVEL = GREY.convert("1", dither=Image.Dither.NONE)
PALETTE = RGB.convert("P", palette=Image.Palette.ADAPTIVE, colors=8)


def saved(image: Image.Image, kind: str, **options) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def jpeg(image: Image.Image = RGB, quality: int = 20, **options) -> bytes:
    return saved(image, "JPEG", quality=quality, optimize=True, dpi=(PPI, PPI), **options)


def png(image: Image.Image = RGB, **options) -> bytes:
    return saved(image, "PNG", optimize=True, dpi=(PPI, PPI), **options)


def jpx(image: Image.Image, **options) -> bytes:
    """With losses, as flat colours take JPEG 2000 many bytes."""
    return saved(image, "JPEG2000", quality_mode="dB", quality_layers=[36], irreversible=True, **options)


def g4(image: Image.Image = BILEVEL, compression: str = "group4", **tags) -> bytes:
    """The strip of a TIFF that libtiff wrote, black as 1."""
    tiff = saved(image, "TIFF", compression=compression, tiffinfo={262: 0, 278: image.height, **tags})
    with Image.open(io.BytesIO(tiff)) as again:
        [start], [length] = again.tag_v2[273], again.tag_v2[279]
    return tiff[start : start + length]


def array(image: Image.Image) -> np.ndarray:
    return np.asarray(image)


def packed(values: np.ndarray, bits: int) -> bytes:
    """Rows of samples of 1, 2, 4, 8 or 16 bits."""
    if bits == 16:
        return values.astype(">u2").tobytes()
    if bits == 8:
        return values.astype(np.uint8).tobytes()
    rows = values.reshape(values.shape[0], -1).astype(np.uint8)
    shifts = np.arange(bits - 1, -1, -1)
    return np.packbits((rows[:, :, None] >> shifts & 1).reshape(rows.shape[0], -1), axis=1).tobytes()


def lab(image: Image.Image) -> np.ndarray:
    """CIE L*a*b* under D50, eight bits each, a* and b* from -128."""
    value = array(image) / 255
    linear = np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)
    # sRGB adapted to D50.
    xyz = linear @ np.array([[0.43607, 0.38515, 0.14308], [0.22249, 0.71689, 0.06062], [0.01392, 0.09708, 0.71410]]).T
    ratio = xyz / np.array([0.9642, 1, 0.8249])
    cube = np.where(ratio > 216 / 24389, np.cbrt(ratio), (24389 / 27 * ratio + 16) / 116)
    x, y, z = np.moveaxis(cube, 2, 0)
    stacked = np.stack([(116 * y - 16) * 2.55, 500 * (x - y) + 128, 200 * (y - z) + 128], axis=2)
    return np.clip(np.rint(stacked), 0, 255)
