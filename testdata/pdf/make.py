"""Saves one sheet as PDF in every way that scanners and programs do, and says what is to be found.

Needs Pillow, img2pdf, reportlab, cairocffi, pikepdf and numpy, and the programs gs and qpdf.
`python make.py` writes the files, `python make.py --verify` compares them with what PDFium and poppler
(pypdfium2, pdfimages) see in them.
"""

import csv
import subprocess
import sys

import numpy as np
from PIL import Image, ImageCms

import assembled
import producers
import sheet
from sheet import BILEVEL, GREY, HERE, INK, PAPER, PPI, RGB, SIZE

COLUMNS = ["file", "pages", "kind", "like", "tolerance", "width", "height", "ppi_x", "ppi_y"]


class Files:
    def __init__(self):
        self.rows = []

    def add(self, name, data, *, pages=1, kind="image", like="sheet", tolerance=1, pixels=SIZE, ppi=PPI):
        ppi = ppi if isinstance(ppi, tuple) else (ppi, ppi)
        across, down = (None, None) if kind == "digital" else pixels
        numbers = ["" if number is None else f"{number:.4g}" for number in ppi]
        row = [f"{name}.pdf", pages, kind, like, tolerance, across or "", down or "", *numbers]
        self.rows.append(row)
        (HERE / f"{name}.pdf").write_bytes(data)


def references() -> dict[str, Image.Image]:
    """What the files of each kind look like."""
    light = np.asarray(BILEVEL)[:, :, None]
    press = ImageCms.ImageCmsProfile(sheet.io.BytesIO(sheet.cmyk_profile()))
    width, height = SIZE
    return {
        "sheet": RGB,
        "grey": GREY.convert("RGB"),
        "bilevel": BILEVEL.convert("RGB"),
        "two-shades": Image.fromarray(np.where(light, PAPER, INK).astype(np.uint8)),
        "on-white": Image.fromarray(np.where(light, 255, np.asarray(RGB)).astype(np.uint8)),
        "press": ImageCms.profileToProfile(RGB.convert("CMYK"), press, ImageCms.createProfile("sRGB"), outputMode="RGB"),
        "middle": RGB.crop((width // 4, height // 4, width * 3 // 4, height * 3 // 4)),
    }


def verify() -> None:
    """Prints what another reader finds otherwise."""
    import pypdfium2

    looks = references()
    with open(HERE / "expected.csv", newline="") as table:
        rows = list(csv.DictReader(table))
    for row in rows:
        path = HERE / row["file"]
        document = pypdfium2.PdfDocument(path)
        if len(document) != int(row["pages"]):
            print(row["file"], "has", len(document), "pages")
        if row["like"] != "none":
            look = looks[row["like"]]
            page = document[0]
            shown = page.render(scale=look.width / page.get_width()).to_pil().convert("RGB").resize(look.size)
            small = [np.asarray(image.reduce(4)).astype(int) for image in (shown, look)]
            apart = np.abs(small[0] - small[1]).mean()
            if apart > max(float(row["tolerance"]), 1.5):
                print(row["file"], f"is {apart:.1f} apart, {row['tolerance']} expected")
        listed = subprocess.run(["pdfimages", "-list", path], capture_output=True, text=True, check=True)
        images = [line.split() for line in listed.stdout.splitlines()[2:]]
        # Counted from the end, as an image that stands in the content has no number.
        found = {(int(image[-4]), int(image[-3])) for image in images}
        if row["ppi_x"]:
            wanted = {round(float(row["ppi_x"])), round(float(row["ppi_y"]))}
            if "user-unit" in row["file"]:
                # Of which poppler knows nothing.
                found = {(across // 2, down // 2) for across, down in found}
            close = (abs(min(wanted) - min(ppi)) <= 1 and abs(max(wanted) - max(ppi)) <= 1 for ppi in found)
            if not any(close):
                print(row["file"], "has", found, "and not", wanted)


def main() -> None:
    if "--verify" in sys.argv:
        return verify()
    for old in HERE.glob("*.pdf"):
        old.unlink()
    files = Files()
    producers.all_files(files.add)
    assembled.all_files(files.add)
    for name, image in references().items():
        image.convert("P", palette=Image.Palette.ADAPTIVE, colors=256).save(HERE / f"{name}.png", optimize=True)
    with open(HERE / "expected.csv", "w", newline="") as table:
        csv.writer(table, lineterminator="\n").writerows([COLUMNS, *files.rows])


if __name__ == "__main__":
    main()
