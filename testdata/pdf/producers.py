"""The sheet through programs that write PDF."""

import io
import subprocess
import tempfile
from pathlib import Path

import cairocffi as cairo
import img2pdf
import numpy as np
import pikepdf
from PIL import Image, TiffImagePlugin
from reportlab import rl_config
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen import canvas

import jbig2
import sheet
from sheet import BILEVEL, GREY, PALETTE, PPI, RGB, SIZE, jpeg, jpx, png, saved

rl_config.invariant = 1
# Points across and down at the usual resolution.
PAGE = tuple(side * 72 / PPI for side in SIZE)
# JPEG 2000 makes much of the flat colours of the sheet.
SMALL = RGB.reduce(4)
AS_SMALL = {"pixels": SMALL.size, "ppi": PPI / 4}
BLACK = 1 - np.asarray(BILEVEL).astype(np.uint8)


def img2pdf_files(add) -> None:
    def convert(*images: bytes, **options) -> bytes:
        options.setdefault("layout_fun", img2pdf.get_fixed_dpi_layout_fun((PPI, PPI)))
        return img2pdf.convert(list(images), nodate=True, engine=img2pdf.Engine.internal, **options)

    add("img2pdf-dct", convert(jpeg()), tolerance=3)
    add("img2pdf-dct-progressive", convert(jpeg(progressive=True)), tolerance=3)
    add("img2pdf-dct-grey", convert(jpeg(GREY)), like="grey", tolerance=3)
    add("img2pdf-dct-four-inks", convert(jpeg(RGB.convert("CMYK"), 20, subsampling=2)), tolerance=16)
    add("img2pdf-dct-turned", convert(turned_jpeg()), tolerance=3)
    add("img2pdf-png", convert(png()))
    add("img2pdf-png-palette", convert(saved(PALETTE, "PNG", bits=4)), tolerance=3)
    add("img2pdf-png-grey", convert(png(GREY)), like="grey")
    add("img2pdf-png-grey-16", convert(saved(deep(GREY), "PNG")), like="grey")
    add("img2pdf-png-alpha", convert(png(RGB.convert("RGBA"))))
    add("img2pdf-g4", convert(saved(BILEVEL, "TIFF", compression="group4")), like="bilevel")
    coarse = img2pdf.get_fixed_dpi_layout_fun((PPI / 4, PPI / 4))
    add("img2pdf-jpx", convert(jpx(SMALL), layout_fun=coarse), tolerance=4, **AS_SMALL)
    add("img2pdf-jbig2", convert(jbig2.file(BLACK)), like="bilevel")
    add("img2pdf-three-pages", convert(jpeg(), png(PALETTE), saved(BILEVEL, "PNG")), pages=3, tolerance=3)
    wide = img2pdf.get_fixed_dpi_layout_fun((200, 100))
    add("img2pdf-uneven", convert(jpeg(), layout_fun=wide), ppi=(200, 100), tolerance=3)
    a4 = img2pdf.get_layout_fun((img2pdf.mm_to_pt(210), img2pdf.mm_to_pt(297)), None, None, None, False)
    # As large as fits: 210 mm across.
    add("img2pdf-a4", convert(jpeg(), layout_fun=a4), ppi=400 / (210 / 25.4), like="none", kind="mixed")


def turned_jpeg() -> bytes:
    exif = Image.Exif()
    exif[274] = 6
    return jpeg(RGB.transpose(Image.Transpose.ROTATE_90), exif=exif)


def deep(grey: Image.Image) -> Image.Image:
    return grey.convert("I").point(lambda value: value * 257).convert("I;16")


def pillow_files(add) -> None:
    def save(image: Image.Image, **options) -> bytes:
        return saved(image, "PDF", resolution=PPI, **options)

    add("pillow-rgb", save(RGB, quality=15), tolerance=5)
    add("pillow-grey", save(GREY, quality=15), like="grey", tolerance=3)
    add("pillow-bilevel", save(BILEVEL), like="bilevel")
    add("pillow-four-inks", save(RGB.convert("CMYK"), quality=15), tolerance=16)
    small = saved(SMALL.convert("RGBA"), "PDF", resolution=PPI / 4)
    add("pillow-alpha", small, tolerance=4, **AS_SMALL)
    second = RGB.transpose(Image.Transpose.ROTATE_180)
    add("pillow-two-pages", save(RGB, save_all=True, append_images=[second], quality=15), pages=2, tolerance=5)


def reportlab_files(add) -> None:
    def drawn(draw, compress: int = 1, pages: int = 1, size=PAGE) -> bytes:
        buffer = io.BytesIO()
        page = canvas.Canvas(buffer, pagesize=size, pageCompression=compress)
        for number in range(pages):
            draw(page, number)
            page.showPage()
        page.save()
        return buffer.getvalue()

    def image(of: bytes) -> ImageReader:
        return ImageReader(io.BytesIO(of))

    def whole(page, _=0, of: bytes = jpeg()):
        page.drawImage(image(of), 0, 0, *PAGE)

    add("reportlab-dct", drawn(whole), tolerance=3)
    rl_config.useA85 = 1
    add("reportlab-flate-ascii85", drawn(lambda page, _: whole(page, of=png())))
    rl_config.useA85 = 0
    add("reportlab-flate", drawn(lambda page, _: whole(page, of=png(GREY.convert("RGB")))), like="grey")

    def veiled(page, _):
        page.drawImage(image(png(RGB.convert("RGBA"))), 0, 0, *PAGE, mask="auto")

    add("reportlab-soft-mask", drawn(veiled))

    def keyed(page, _):
        page.drawImage(image(png()), 0, 0, *PAGE, mask=[0, 0, 255, 255, 0, 0])

    add("reportlab-colour-key", drawn(keyed))

    def read(page, _):
        whole(page)
        text = page.beginText(30, 330)
        text.setTextRenderMode(3)
        text.setFont("Helvetica", 10)
        for line in range(8):
            text.textLine(f"a line that was recognised {line}")
        page.drawText(text)

    add("reportlab-text-layer", drawn(read), tolerance=3)

    def text_below(page, _):
        page.setFont("Helvetica", 10)
        for line in range(8):
            page.drawString(30, 330 - 19 * line, f"a line that was recognised {line}")
        whole(page)

    add("reportlab-text-below", drawn(text_below), tolerance=3)

    def strips(page, _, count: int = 6):
        tall = SIZE[1] // count
        for number in range(count):
            strip = RGB.crop((0, number * tall, SIZE[0], (number + 1) * tall))
            y = PAGE[1] * (count - 1 - number) / count
            page.drawImage(image(png(strip)), 0, y, PAGE[0], PAGE[1] / count)

    add("reportlab-strips", drawn(strips), kind="mixed", tolerance=4)

    def form(page, _):
        page.beginForm("sheet")
        whole(page)
        page.endForm()
        page.doForm("sheet")

    add("reportlab-form", drawn(form), tolerance=3)

    def twice(page, _):
        page.saveState()
        page.scale(0.5, 0.5)
        page.doForm("outer")
        page.restoreState()

    def nested(page, number):
        page.beginForm("inner", upperx=2 * PAGE[0], uppery=2 * PAGE[1])
        page.scale(2, 2)
        whole(page)
        page.endForm()
        page.beginForm("outer", upperx=2 * PAGE[0], uppery=2 * PAGE[1])
        page.doForm("inner")
        page.endForm()
        twice(page, number)

    add("reportlab-forms-in-forms", drawn(nested), tolerance=3)

    def text(page, number):
        page.setFont("Times-Roman", 11)
        for line in range(24):
            page.drawString(36, 370 - 14 * line, f"Line {line} of page {number} was typed, not scanned.")

    add("reportlab-digital-text", drawn(text), kind="digital", like="none", ppi=None)
    add("reportlab-digital-pages", drawn(text, pages=3), kind="digital", like="none", ppi=None, pages=3)

    def letterhead(page, number):
        text(page, number)
        page.drawImage(image(png(RGB.resize((60, 84)))), 240, 350, 28.8, 40.3)

    add("reportlab-digital-logo", drawn(letterhead), kind="digital", like="none", ppi=None)


def cairo_files(add) -> None:
    def surface(draw, size=PAGE) -> bytes:
        buffer = io.BytesIO()
        pdf = cairo.PDFSurface(buffer, *size)
        pdf.set_metadata(cairo.PDF_METADATA_CREATE_DATE, "2026-11-25T12:00:00Z")
        draw(cairo.Context(pdf))
        pdf.finish()
        return buffer.getvalue()

    def paint(context, data: dict[str, bytes], image=RGB):
        pixels = np.dstack([np.asarray(image)[:, :, ::-1], np.full(image.size[::-1], 255, np.uint8)])
        picture = cairo.ImageSurface.create_for_data(bytearray(pixels.tobytes()), cairo.FORMAT_RGB24, *image.size)
        for name, value in data.items():
            picture.set_mime_data(name, value)
        context.scale(PAGE[0] / image.width, PAGE[1] / image.height)
        context.set_source_surface(picture)
        context.get_source().set_filter(cairo.FILTER_NEAREST)
        context.paint()

    add("cairo-rgb", surface(lambda context: paint(context, {})))
    add("cairo-dct", surface(lambda context: paint(context, {"image/jpeg": jpeg()})), tolerance=3)
    jp2 = {"image/jp2": jpx(SMALL)}
    add("cairo-jpx", surface(lambda context: paint(context, jp2, SMALL)), tolerance=4, **AS_SMALL)
    fax = {
        "image/g3fax": sheet.g4(),
        "application/x-cairo.ccitt.params": f"Columns={SIZE[0]} Rows={SIZE[1]} K=-1".encode(),
    }
    add("cairo-g4", surface(lambda context: paint(context, fax)), like="bilevel")
    own = {"application/x-cairo.jbig2": jbig2.embedded(BLACK), "application/x-cairo.jbig2-id": b"1"}
    add("cairo-jbig2", surface(lambda context: paint(context, own)), like="bilevel")

    def drawing(context):
        context.set_source_rgb(0.1, 0.1, 0.2)
        for ring in range(12):
            context.arc(144, 200, 10 + 10 * ring, 0, 6.283)
            context.stroke()
        context.select_font_face("DejaVu Sans")
        context.set_font_size(12)
        for line in range(8):
            context.move_to(30, 40 + 14 * line)
            context.show_text(f"Drawn by a program: {line}")

    add("cairo-digital-drawing", surface(drawing), kind="digital", like="none", ppi=None)


def ghostscript_files(add) -> None:
    def run(source: bytes, device: str, *options: str, suffix: str = ".pdf") -> bytes:
        with tempfile.TemporaryDirectory() as folder:
            given, made = Path(folder, f"in{suffix}"), Path(folder, "out.pdf")
            given.write_bytes(source)
            call = ["gs", "-q", "-dNOPAUSE", "-dBATCH", "-dSAFER", f"-sDEVICE={device}"]
            subprocess.run([*call, *options, "-o", made, given], check=True)
            return made.read_bytes()

    flate = img2pdf.convert(png(), nodate=True, layout_fun=img2pdf.get_fixed_dpi_layout_fun((PPI, PPI)))
    keep = ["-dAutoFilterColorImages=false", "-dDownsampleColorImages=false", "-dColorImageFilter=/FlateEncode"]
    add("ghostscript-flate", run(flate, "pdfwrite", *keep))
    dct = ["-dAutoFilterColorImages=false", "-dDownsampleColorImages=false", "-dColorImageFilter=/DCTEncode"]
    add("ghostscript-dct", run(flate, "pdfwrite", *dct), tolerance=4)
    add("ghostscript-pdf-1.3", run(flate, "pdfwrite", *keep, "-dCompatibilityLevel=1.3"))
    for codec, tolerance in {"LZW": 1, "JPEG": 4}.items():
        scan = run(flate, "pdfimage24", f"-r{PPI}", f"-sCompression={codec}")
        add(f"ghostscript-scan-{codec.lower()}", scan, tolerance=tolerance, kind="any")
    add("ghostscript-scan-grey", run(flate, "pdfimage8", f"-r{PPI}"), like="grey", tolerance=2, kind="any")
    inks = run(flate, "pdfimage32", f"-r{PPI}", "-sCompression=Flate")
    add("ghostscript-scan-four-inks", inks, tolerance=16, kind="any")
    text = b"""%!PS
    << /PageSize [288 403] >> setpagedevice
    /Courier findfont 9 scalefont setfont
    0 1 24 { 20 exch dup 14 mul 30 add 3 -1 roll exch moveto pop (A line that PostScript set) show } for
    showpage
    """
    add("ghostscript-digital-text", run(text, "pdfwrite", suffix=".ps"), kind="digital", like="none", ppi=None)
    vector = b"""%!PS
    << /PageSize [288 403] >> setpagedevice
    20 20 248 363 rectstroke 0.2 0.4 0.7 setrgbcolor 60 60 100 140 rectfill
    1 0 0 setrgbcolor 200 120 40 0 360 arc 4 setlinewidth stroke showpage
    """
    add("ghostscript-digital-drawing", run(vector, "pdfwrite", suffix=".ps"), kind="digital", like="none", ppi=None)


def qpdf_files(add) -> None:
    def run(*options: str) -> bytes:
        with tempfile.TemporaryDirectory() as folder:
            given, made = Path(folder, "in.pdf"), Path(folder, "out.pdf")
            given.write_bytes(saved(RGB, "PDF", resolution=PPI, quality=15))
            subprocess.run(["qpdf", "--deterministic-id", *options, given, made], check=True)
            return made.read_bytes()

    def locked(*options: str) -> bytes:
        with tempfile.TemporaryDirectory() as folder:
            given, made = Path(folder, "in.pdf"), Path(folder, "out.pdf")
            given.write_bytes(saved(RGB, "PDF", resolution=PPI, quality=15))
            subprocess.run(["qpdf", "--static-id", "--static-aes-iv", *options, "--", given, made], check=True)
            return made.read_bytes()

    add("qpdf-linearised", run("--linearize"), tolerance=5)
    add("qpdf-object-streams", run("--object-streams=generate"), tolerance=5)
    add("qpdf-editable", run("--qdf", "--stream-data=preserve"), tolerance=5)
    old = ["--allow-weak-crypto", "--encrypt", "", "owner", "128", "--use-aes=n", "--print=none"]
    add("qpdf-no-printing-rc4", locked(*old), tolerance=5)
    add("qpdf-no-printing-aes", locked("--encrypt", "", "owner", "256", "--print=none"), tolerance=5)


def all_files(add) -> None:
    TiffImagePlugin.STRIP_SIZE = 1 << 24
    for files in (img2pdf_files, pillow_files, reportlab_files, cairo_files, ghostscript_files, qpdf_files):
        files(add)
