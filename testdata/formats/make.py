"""Draws one picture and saves it in every way that Pillow can write and the tests cannot.

Needs Pillow 12 or later with LittleCMS, libtiff and WebP. Run it here: `python make.py`.
"""

import contextlib
import io
import itertools
import struct
from pathlib import Path

from PIL import Image, ImageChops, ImageCms, ImageDraw, TiffImagePlugin

HERE = Path(__file__).parent
SIZE = (816, 512)
# Low, to keep the files small.
QUALITY = 30
# Steps of each ink in the profile of a press.
GRID = 5


def picture() -> Image.Image:
    """A sheet with lines of print, a photo in flat colours and a red seal."""
    page = Image.new("RGB", SIZE, (244, 241, 233))
    draw = ImageDraw.Draw(page)
    for line in range(4):
        for glyph in range(15 - line % 3 * 4):
            x, y = 32 + glyph * 24, 72 + line * 96
            shape = (line * 7 + glyph * 5) % 4
            draw.rectangle((x, y, x + 13, y + 1), fill=(40, 38, 36))
            draw.rectangle((x + 4 * shape, y, x + 4 * shape + 1, y + 21), fill=(40, 38, 36))
    draw.rectangle((560, 64, 767, 303), fill=(60, 110, 190))
    draw.rectangle((624, 112, 703, 207), fill=(224, 172, 140))
    draw.rectangle((592, 224, 735, 303), fill=(30, 90, 60))
    draw.ellipse((600, 344, 720, 464), outline=(206, 34, 42), width=10)
    draw.rectangle((632, 396, 687, 411), fill=(206, 34, 42))
    return page


def s15(*values: float) -> bytes:
    return b"".join(struct.pack(">i", round(value * 65536)) for value in values)


def xyz(*values: float) -> bytes:
    return b"XYZ \0\0\0\0" + s15(*values)


def gamma(value: float) -> bytes:
    return b"curv\0\0\0\0" + struct.pack(">IH", 1, round(value * 256)) + b"\0\0"


def profile(space: bytes, kind: bytes, pcs: bytes, tags: dict[bytes, bytes]) -> bytes:
    """An ICC profile of version 2.4."""
    text = b"made for tests"
    description = b"desc\0\0\0\0" + struct.pack(">I", len(text) + 1) + text + b"\0" + bytes(78)
    tags = {b"desc": description, b"cprt": b"text\0\0\0\0none\0", b"wtpt": xyz(0.9642, 1, 0.8249), **tags}
    table, data = b"", b""
    start = 128 + 4 + 12 * len(tags)
    for name, body in tags.items():
        table += name + struct.pack(">II", start + len(data), len(body))
        data += body + bytes(-len(body) % 4)
    size = start + len(data)
    header = struct.pack(">I4sI4s4s4s", size, b"\0\0\0\0", 0x02400000, kind, space, pcs)
    header += bytes(12) + b"acsp" + bytes(28) + s15(0.9642, 1, 0.8249) + bytes(48)
    return header + struct.pack(">I", len(tags)) + table + data


def rgb_profile(red, green, blue, curve: float) -> bytes:
    names = zip((b"r", b"g", b"b"), (red, green, blue))
    tags = {}
    for name, colourant in names:
        tags[name + b"XYZ"] = xyz(*colourant)
        tags[name + b"TRC"] = gamma(curve)
    return profile(b"RGB ", b"mntr", b"XYZ ", tags)


# Colourants under D50, from the profiles of the same names.
DISPLAY_P3 = rgb_profile((0.51512, 0.24120, -0.00105), (0.29198, 0.69225, 0.04189), (0.15710, 0.06657, 0.78407), 2.2)
ADOBE_RGB = rgb_profile((0.60974, 0.31111, 0.01947), (0.20528, 0.62567, 0.06087), (0.14919, 0.06322, 0.74457), 563 / 256)
GREY_LINEAR = profile(b"GRAY", b"mntr", b"XYZ ", {b"kTRC": gamma(1.0)})


def cmyk_profile() -> bytes:
    """A press without charm: inks take light away, and black most of it."""
    nodes = b""
    srgb, lab = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
    to_lab = ImageCms.buildTransform(srgb, lab, "RGB", "LAB")
    for cyan, magenta, yellow, black in itertools.product(range(GRID), repeat=4):
        shade = 1 - 0.85 * black / (GRID - 1)
        rgb = tuple(round(shade * (250 - 220 * ink / (GRID - 1))) for ink in (cyan, magenta, yellow))
        nodes += bytes(ImageCms.applyTransform(Image.new("RGB", (1, 1), rgb), to_lab).getpixel((0, 0)))
    ramp = bytes(range(256))
    lut = b"mft1\0\0\0\0" + bytes((4, 3, GRID, 0)) + s15(1, 0, 0, 0, 1, 0, 0, 0, 1) + 4 * ramp + nodes + 3 * ramp
    return profile(b"CMYK", b"prtr", b"Lab ", {b"A2B0": lut})


def converted(page: Image.Image, target: bytes) -> Image.Image:
    srgb = ImageCms.createProfile("sRGB")
    return ImageCms.profileToProfile(page, srgb, ImageCms.ImageCmsProfile(io.BytesIO(target)))


def without_adobe(jpeg: bytes) -> bytes:
    """Leaves the marker out by which Adobe says that inks are stored inverted."""
    start = jpeg.index(b"\xff\xee\x00\x0eAdobe")
    return jpeg[:start] + jpeg[start + 16 :]


def save(name: str, image: Image.Image, **options) -> None:
    image.save(HERE / name, **options)


@contextlib.contextmanager
def one_strip():
    """Strips as long as the page, which compress better."""
    before, TiffImagePlugin.STRIP_SIZE = TiffImagePlugin.STRIP_SIZE, 1 << 24
    yield
    TiffImagePlugin.STRIP_SIZE = before


def tiffs(page: Image.Image) -> None:
    with one_strip():
        save("rgb-lzw.tif", page, compression="tiff_lzw")
    save("rgb-deflate.tif", page, compression="tiff_adobe_deflate")
    with one_strip():
        save("rgb-lzw-predicted.tif", page, compression="tiff_lzw", tiffinfo={317: 2})
    with one_strip():
        save("ycbcr-jpeg.tif", page.convert("YCbCr"), compression="jpeg", quality=12)
    save("rgba-deflate.tif", page.convert("RGBA"), compression="tiff_adobe_deflate")
    save("cmyk-deflate.tif", page.convert("CMYK"), compression="tiff_adobe_deflate")
    palette = page.convert("P", palette=Image.Palette.ADAPTIVE, colors=16)
    save("palette-lzw.tif", palette, compression="tiff_lzw")
    grey = page.convert("L")
    save("grey.png", grey)
    save("grey-lzw.tif", grey, compression="tiff_lzw")
    save("grey-jpeg.tif", grey, compression="jpeg", quality=30)
    deep = grey.convert("I").point(lambda value: value * 257).convert("I;16")
    save("grey16-deflate.tif", deep, compression="tiff_adobe_deflate")
    bilevel = grey.convert("1", dither=Image.Dither.NONE)
    save("bilevel.png", bilevel)
    for name, codec in {"huffman": "tiff_ccitt", "g3": "group3", "g4": "group4", "packbits": "packbits"}.items():
        save(f"bilevel-{name}.tif", bilevel, compression=codec)
    save("bilevel-g3-2d.tif", bilevel, compression="group3", tiffinfo={292: 1})
    save("bilevel-g4-reversed.tif", bilevel, compression="group4", tiffinfo={266: 2})
    save("bilevel-g4-white-is-zero.tif", bilevel, compression="group4", tiffinfo={262: 0})
    second = page.transpose(Image.Transpose.ROTATE_180)
    save("two-pages-deflate.tif", page, compression="tiff_adobe_deflate", save_all=True, append_images=[second])
    save("rgb-deflate-turned.tif", page.transpose(Image.Transpose.ROTATE_90), compression="tiff_adobe_deflate", tiffinfo={274: 6})


def profiles(page: Image.Image) -> None:
    for name, data in {"p3": DISPLAY_P3, "adobe-rgb": ADOBE_RGB}.items():
        wide = converted(page, data)
        save(f"{name}.jpg", wide, quality=QUALITY, optimize=True, icc_profile=data)
        save(f"{name}.png", wide, optimize=True, icc_profile=data)
        save(f"{name}.webp", wide, lossless=True, icc_profile=data)
        save(f"{name}.tif", wide, compression="tiff_adobe_deflate", icc_profile=data)
    linear = [round(255 * (v / 255 / 12.92 if v <= 10 else ((v / 255 + 0.055) / 1.055) ** 2.4)) for v in range(256)]
    save("grey-linear.png", page.convert("L").point(linear), optimize=True, icc_profile=GREY_LINEAR)
    press = cmyk_profile()
    inks = page.convert("CMYK")
    save("cmyk-profile.tif", inks, compression="tiff_adobe_deflate", icc_profile=press)
    save("cmyk-profile.jpg", inks, quality=25, optimize=True, subsampling=2, icc_profile=press)
    save("cmyk-profile-expected.png", ImageCms.profileToProfile(
        inks, ImageCms.ImageCmsProfile(io.BytesIO(press)), ImageCms.createProfile("sRGB"), outputMode="RGB"), optimize=True)


def main() -> None:
    page = picture()
    save("reference.png", page, optimize=True)
    save("lossless.webp", page, lossless=True)
    save("lossy.webp", page, quality=40)
    save("alpha.webp", page.convert("RGBA"), lossless=True, exact=True)
    save("animated.webp", page, save_all=True, append_images=[ImageChops.invert(page)], lossless=True)
    save("plain.jpg", page, quality=QUALITY, optimize=True)
    save("progressive.jpg", page, quality=QUALITY, optimize=True, progressive=True)
    inks = page.convert("CMYK")
    save("cmyk-adobe.jpg", inks, quality=QUALITY, optimize=True, subsampling=2)
    buffer = io.BytesIO()
    ImageChops.invert(inks).save(buffer, "JPEG", quality=QUALITY, optimize=True, subsampling=2)
    (HERE / "cmyk-plain.jpg").write_bytes(without_adobe(buffer.getvalue()))
    tiffs(page)
    profiles(page)


if __name__ == "__main__":
    main()
