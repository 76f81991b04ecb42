"""The sheet in every filter and colour space that PDF has, put together with pikepdf."""

import base64
import io
import zlib

import numpy as np
import pikepdf
from pikepdf import Array, Dictionary, Name

import jbig2
import sheet
from sheet import ADOBE_RGB, BILEVEL, GREY, GREY_LINEAR, PPI, RGB, SIZE, cmyk_profile, converted, jpeg, lab, packed

PAGE = tuple(side * 72 / PPI for side in SIZE)
WIDTH, HEIGHT = SIZE
PIXELS = np.asarray(RGB)
LUMA = np.asarray(GREY)
WHITE = np.asarray(BILEVEL).astype(np.uint8)
SMALL = (WIDTH // 4, HEIGHT // 4)
AS_SMALL = {"pixels": SMALL, "ppi": PPI / 4}
D50 = [0.9642, 1, 0.8249]


class Document:
    """One page, filled by an image."""

    def __init__(self):
        self.pdf = pikepdf.new()
        self.page = self.pdf.add_blank_page(page_size=PAGE)

    def stream(self, data: bytes, **entries) -> pikepdf.Object:
        return self.pdf.make_indirect(pikepdf.Stream(self.pdf, data, {f"/{name}": value for name, value in entries.items()}))

    def image(self, data: bytes, space, bits: int = 8, size=SIZE, **entries) -> pikepdf.Object:
        if space is not None:
            entries["ColorSpace"] = space
        sides = {"Width": size[0], "Height": size[1], "BitsPerComponent": bits}
        return self.stream(data, Type=Name.XObject, Subtype=Name.Image, **sides, **entries)

    def show(self, image, drawn: str | None = None, **more) -> "Document":
        self.page.Resources = Dictionary(XObject=Dictionary(Im0=image, **more))
        content = drawn or f"q {PAGE[0]} 0 0 {PAGE[1]} 0 0 cm /Im0 Do Q"
        self.page.Contents = self.stream(content.encode())
        return self

    def saved(self) -> bytes:
        buffer = io.BytesIO()
        self.pdf.save(buffer, static_id=True, compress_streams=False, stream_decode_level=pikepdf.StreamDecodeLevel.none)
        return buffer.getvalue()


def flate(data: bytes) -> dict:
    return {"data": zlib.compress(data, 9), "Filter": Name.FlateDecode}


def whole(space, bits: int = 8, *, data: bytes, **entries) -> bytes:
    document = Document()
    return document.show(document.image(data, space, bits, **entries)).saved()


def lzw(data: bytes, early: int = 1) -> bytes:
    """Lempel, Ziv and Welch as TIFF 6.0 has it, most significant bit first."""
    table, width, out, bits = {bytes([byte]): byte for byte in range(256)}, 9, 0, 0
    result = bytearray()

    def put(code: int) -> None:
        nonlocal out, bits
        out, bits = out << width | code, bits + width
        while bits >= 8:
            bits -= 8
            result.append(out >> bits & 0xFF)
        out &= (1 << bits) - 1

    put(256)
    word, following = b"", 258
    for byte in data:
        longer = word + bytes([byte])
        if longer in table:
            word = longer
            continue
        put(table[word])
        table[longer], following, word = following, following + 1, bytes([byte])
        if following + early > 1 << width and width < 12:
            width += 1
        if following == 4094:
            put(256)
            table, width, following = {bytes([byte]): byte for byte in range(256)}, 9, 258
    put(table[word])
    following += 1
    if following + early > 1 << width and width < 12:
        width += 1
    put(257)
    if bits:
        result.append(out << 8 - bits & 0xFF)
    return bytes(result)


def run_length(data: bytes) -> bytes:
    out, at = bytearray(), 0
    while at < len(data):
        run = 1
        while run < 128 and at + run < len(data) and data[at + run] == data[at]:
            run += 1
        if run > 1:
            out += bytes([257 - run, data[at]])
        else:
            start = at
            while run < 128 and at + run < len(data) and data[at + run] != data[at + run - 1]:
                run += 1
            out += bytes([run - 1]) + data[start : start + run]
        at += run
    return bytes(out) + b"\x80"


def filters(add) -> None:
    grey, fax = packed(LUMA, 8), Dictionary(K=-1, Columns=WIDTH, Rows=HEIGHT, BlackIs1=True)
    add("flate", whole(Name.DeviceRGB, **flate(PIXELS.tobytes())))
    difference = np.diff(PIXELS.astype(int), axis=1, prepend=0).astype(np.uint8)
    tiff = Dictionary(Predictor=2, Colors=3, Columns=WIDTH)
    add("flate-tiff-predictor", whole(Name.DeviceRGB, **flate(difference.tobytes()), DecodeParms=tiff))
    up = np.diff(PIXELS.astype(int), axis=0, prepend=0).astype(np.uint8).reshape(HEIGHT, -1)
    rows = np.hstack([np.full((HEIGHT, 1), 2, np.uint8), up]).tobytes()
    add("flate-png-predictor", whole(Name.DeviceRGB, **flate(rows), DecodeParms=Dictionary(Predictor=12, Colors=3, Columns=WIDTH)))
    add("lzw", whole(Name.DeviceGray, data=lzw(grey), Filter=Name.LZWDecode), like="grey")
    late = Dictionary(EarlyChange=0)
    add("lzw-late-change", whole(Name.DeviceGray, data=lzw(grey, 0), Filter=Name.LZWDecode, DecodeParms=late), like="grey")
    add("run-length", whole(Name.DeviceGray, data=run_length(grey), Filter=Name.RunLengthDecode), like="grey")
    hexadecimal = zlib.compress(grey, 9).hex().upper().encode() + b">"
    chain = Array([Name.ASCIIHexDecode, Name.FlateDecode])
    add("ascii-hex", whole(Name.DeviceGray, data=hexadecimal, Filter=chain), like="grey")
    text = base64.a85encode(jpeg(), wrapcol=76) + b"~>"
    add("ascii85-dct", whole(Name.DeviceRGB, data=text, Filter=Array([Name.ASCII85Decode, Name.DCTDecode])), tolerance=3)
    add("flate-dct", whole(Name.DeviceRGB, data=zlib.compress(jpeg()), Filter=Array([Name.FlateDecode, Name.DCTDecode])), tolerance=3)
    add("g4", whole(Name.DeviceGray, 1, data=sheet.g4(), Filter=Name.CCITTFaxDecode, DecodeParms=fax, Decode=Array([1, 0])), like="bilevel")
    white = Dictionary(K=-1, Columns=WIDTH, Rows=HEIGHT)
    add("g4-white-is-one", whole(Name.DeviceGray, 1, data=sheet.g4(), Filter=Name.CCITTFaxDecode, DecodeParms=white), like="bilevel")
    one = Dictionary(K=0, Columns=WIDTH, Rows=HEIGHT, EndOfLine=True)
    add("g3", whole(Name.DeviceGray, 1, data=sheet.g4(compression="group3"), Filter=Name.CCITTFaxDecode, DecodeParms=one), like="bilevel")
    black = 1 - WHITE
    add("jbig2", whole(Name.DeviceGray, 1, data=jbig2.embedded(black), Filter=Name.JBIG2Decode), like="bilevel")
    fax_inside = jbig2.embedded(black, sheet.g4())
    add("jbig2-group-4", whole(Name.DeviceGray, 1, data=fax_inside, Filter=Name.JBIG2Decode), like="bilevel")
    document = Document()
    parts = jbig2.embedded(black)
    # Page information is 19 bytes behind a head of 11; what comes before the region may be kept apart.
    shared = document.stream(b"")
    image = document.image(parts, Name.DeviceGray, 1, Filter=Name.JBIG2Decode, DecodeParms=Dictionary(JBIG2Globals=shared))
    add("jbig2-globals", document.show(image).saved(), like="bilevel")
    add("jpx-grey", whole(Name.DeviceGray, data=sheet.jpx(GREY.reduce(4)), Filter=Name.JPXDecode, size=SMALL), like="grey", tolerance=4, **AS_SMALL)
    add("jpx-own-colours", whole(None, data=sheet.jpx(RGB.reduce(4)), Filter=Name.JPXDecode, size=SMALL), tolerance=4, **AS_SMALL)


def spaces(add) -> None:
    rgb = flate(PIXELS.tobytes())
    add("cal-rgb", whole(Array([Name.CalRGB, Dictionary(
        WhitePoint=[0.9505, 1, 1.089], Gamma=[2.2, 2.2, 2.2],
        Matrix=[0.4124, 0.2126, 0.0193, 0.3576, 0.7152, 0.1192, 0.1805, 0.0722, 0.9505])]), **rgb), tolerance=6)
    add("cal-grey", whole(Array([Name.CalGray, Dictionary(WhitePoint=[0.9505, 1, 1.089], Gamma=2.2)]), **flate(LUMA.tobytes())), like="grey", tolerance=6)
    add("lab", whole(Array([Name.Lab, Dictionary(WhitePoint=D50, Range=[-128, 127, -128, 127])]), **flate(packed(lab(RGB), 8))), tolerance=6)
    for name, picture, profile, components, like in [
        ("icc-adobe-rgb", converted(RGB, ADOBE_RGB), ADOBE_RGB, 3, "sheet"),
        ("icc-grey-linear", None, GREY_LINEAR, 1, "grey"),
        ("icc-four-inks", RGB.convert("CMYK"), cmyk_profile(), 4, "press"),
    ]:
        if picture is None:
            value = LUMA / 255
            light = np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)
            samples = np.rint(light * 65535)
            data, bits = packed(samples, 16), 16
        else:
            data, bits = np.asarray(picture).tobytes(), 8
        document = Document()
        stream = document.stream(zlib.compress(profile, 9), N=components, Filter=Name.FlateDecode)
        image = document.image(**flate(data), space=Array([Name.ICCBased, stream]), bits=bits)
        add(name, document.show(image).saved(), like=like, tolerance=4)
    colours, indices = np.unique(PIXELS.reshape(-1, 3), axis=0, return_inverse=True)
    indices = indices.reshape(HEIGHT, WIDTH)
    table = pikepdf.String(colours.tobytes())
    for bits in (4, 8):
        space = Array([Name.Indexed, Name.DeviceRGB, len(colours) - 1, table])
        add(f"indexed-{bits}", whole(space, bits, **flate(packed(indices, bits))))
    document = Document()
    shades = document.stream(bytes([40, 38, 36, 244, 241, 233]))
    image = document.image(**flate(packed(WHITE, 1)), space=Array([Name.Indexed, Name.DeviceRGB, 1, shades]), bits=1)
    add("indexed-1", document.show(image).saved(), like="two-shades")
    add("four-inks", whole(Name.DeviceCMYK, **flate(np.asarray(RGB.convert("CMYK")).tobytes())), tolerance=16)
    add("four-inks-inverted", whole(Name.DeviceCMYK, **flate((255 - np.asarray(RGB.convert("CMYK"))).tobytes()), Decode=[1, 0] * 4), tolerance=16)
    tint = Dictionary(FunctionType=2, Domain=[0, 1], C0=[1], C1=[0], N=1)
    add("separation", whole(Array([Name.Separation, Name.Black, Name.DeviceGray, tint]), **flate((255 - LUMA).tobytes())), like="grey")
    document = Document()
    program = document.stream(b"{ 1 exch sub 3 1 roll 1 exch sub 3 1 roll 1 exch sub 3 1 roll }", FunctionType=4, Domain=[0, 1] * 3, Range=[0, 1] * 3)
    space = Array([Name.DeviceN, Array([Name.Cyan, Name.Magenta, Name.Yellow]), Name.DeviceRGB, program])
    add("device-n", document.show(document.image(**flate((255 - PIXELS).tobytes()), space=space)).saved())
    for bits, values in [(1, WHITE), (2, np.rint(LUMA / 85)), (4, np.rint(LUMA / 17))]:
        like, tolerance = ("bilevel", 1) if bits == 1 else ("grey", 24 if bits == 2 else 6)
        add(f"grey-{bits}", whole(Name.DeviceGray, bits, **flate(packed(values, bits))), like=like, tolerance=tolerance)
    add("rgb-16", whole(Name.DeviceRGB, 16, **flate(packed(PIXELS.astype(int) * 257, 16))))
    add("grey-1-inverted", whole(Name.DeviceGray, 1, **flate(packed(1 - WHITE, 1)), Decode=[1, 0]), like="bilevel")
    add("rgb-inverted", whole(Name.DeviceRGB, **flate((255 - PIXELS).tobytes()), Decode=[1, 0] * 3))


def masks(add) -> None:
    document = Document()
    mask = document.image(**flate(packed(WHITE, 1)), space=None, bits=1, ImageMask=True)
    add("stencil", document.show(mask, f"0 g q {PAGE[0]} 0 0 {PAGE[1]} 0 0 cm /Im0 Do Q").saved(), like="bilevel", kind="any", tolerance=2)
    document = Document()
    mask = document.image(**flate(b""), space=None, bits=1, ImageMask=True, size=SIZE)
    mask.write(zlib.compress(packed(np.zeros((HEIGHT, WIDTH), np.uint8), 1)), filter=Name.FlateDecode)
    image = document.image(jpeg(), Name.DeviceRGB, Filter=Name.DCTDecode, Mask=mask)
    add("mask-that-hides-nothing", document.show(image).saved(), tolerance=3)
    document = Document()
    soft = document.image(**flate(packed(np.where(WHITE, 0, 255), 8)), space=Name.DeviceGray)
    image = document.image(**flate(PIXELS.tobytes()), space=Name.DeviceRGB, SMask=soft)
    add("soft-mask", document.show(image).saved(), like="on-white", tolerance=2)
    document = Document()
    paper = [244, 244, 241, 241, 233, 233]
    image = document.image(**flate(PIXELS.tobytes()), space=Name.DeviceRGB, Mask=Array(paper))
    add("colour-key", document.show(image).saved(), like="on-white", tolerance=2)
    document = Document()
    # Paper and colours coarse and lossy below, print sharp and in one bit above.
    colours = PIXELS.copy()
    dark = PIXELS.max(axis=2) < 60
    colours[dark] = sheet.PAPER
    small = sheet.Image.fromarray(colours).resize((WIDTH // 2, HEIGHT // 2), sheet.Image.Resampling.BOX)
    below = document.image(jpeg(small), Name.DeviceRGB, size=small.size, Filter=Name.DCTDecode)
    fax = Dictionary(K=-1, Columns=WIDTH, Rows=HEIGHT)
    print_ = sheet.g4(sheet.Image.fromarray(~dark))
    above = document.image(print_, None, 1, ImageMask=True, Filter=Name.CCITTFaxDecode, DecodeParms=fax)
    place = f"{PAGE[0]} 0 0 {PAGE[1]} 0 0 cm"
    drawn = f"q {place} /Im0 Do Q 0.157 0.149 0.141 rg q {place} /Ink Do Q"
    add("layers", document.show(below, drawn, Ink=above).saved(), kind="mixed", tolerance=4, ppi=None)


def geometry(add) -> None:
    def placed(turn: int = 0, drawn: str | None = None, size=PAGE, picture=RGB, **entries) -> bytes:
        document = Document()
        stored = picture.rotate(turn, expand=True)
        image = document.image(jpeg(stored), Name.DeviceRGB, size=stored.size, Filter=Name.DCTDecode)
        width, height = (size[1], size[0]) if turn % 180 else size
        document.page.MediaBox = Array([0, 0, width, height])
        for name, value in entries.items():
            document.page["/" + name] = value
        return document.show(image, drawn or f"q {width} 0 0 {height} 0 0 cm /Im0 Do Q").saved()

    for turn in (90, 180, 270):
        add(f"turned-{turn}", placed(turn, Rotate=turn), tolerance=3)
    add("turned-back", placed(90, Rotate=-270), tolerance=3)
    add("turned-by-the-matrix", placed_by_matrix(), kind="any", tolerance=4)
    half = (PAGE[0] / 2, PAGE[1] / 2)
    add("user-unit", placed(size=half, UserUnit=2), tolerance=3)
    add("user-unit-turned", placed(90, size=half, UserUnit=2, Rotate=90), tolerance=3)
    x, y = 100, -50
    box = Array([x, y, x + PAGE[0], y + PAGE[1]])
    moved = f"q {PAGE[0]} 0 0 {PAGE[1]} {x} {y} cm /Im0 Do Q"
    add("box-elsewhere", placed(drawn=moved, MediaBox=box), tolerance=3)
    back = Array([x + PAGE[0], y + PAGE[1], x, y])
    add("box-back-to-front", placed(drawn=moved, MediaBox=back), tolerance=3)
    media = Array([0, 0, PAGE[0] + 200, PAGE[1] + 200])
    add("cropped", placed(drawn=moved.replace("100 -50", "100 50"), MediaBox=media, CropBox=Array([x, 50, x + PAGE[0], 50 + PAGE[1]])), tolerance=3)
    # The crop shows the middle of the picture: pixels of it are not seen.
    crop = Array([PAGE[0] / 4, PAGE[1] / 4, PAGE[0] * 3 / 4, PAGE[1] * 3 / 4])
    add("cropped-to-the-middle", placed(CropBox=crop), like="middle", kind="any", tolerance=6)
    add("flipped-twice", placed(drawn=f"q 1 0 0 -1 0 {PAGE[1]} cm {PAGE[0]} 0 0 {-PAGE[1]} 0 {PAGE[1]} cm /Im0 Do Q"), tolerance=3)
    document = Document()
    image = document.image(jpeg(), Name.DeviceRGB, Filter=Name.DCTDecode)
    document.show(image)
    pages = document.pdf.Root.Pages
    pages.MediaBox, pages.Resources = document.page.MediaBox, document.page.Resources
    del document.page["/MediaBox"], document.page["/Resources"]
    add("inherited", document.saved(), tolerance=3)
    document = Document()
    image = document.image(jpeg(), Name.DeviceRGB, Filter=Name.DCTDecode)
    scale = Array([0.5, 0, 0, 0.5, 10, 20])
    inner = document.stream(f"q {2 * PAGE[0]} 0 0 {2 * PAGE[1]} -20 -40 cm /Im0 Do Q".encode(), Type=Name.XObject, Subtype=Name.Form,
                            BBox=[-20, -40, 2 * PAGE[0], 2 * PAGE[1]], Matrix=scale, Resources=Dictionary(XObject=Dictionary(Im0=image)))
    add("form-with-a-matrix", document.show(inner, "/Im0 Do").saved(), tolerance=3)
    document = Document()
    size = (WIDTH // 8, HEIGHT // 8)
    small = RGB.resize(size, sheet.Image.Resampling.BOX)
    data = zlib.compress(small.tobytes(), 9)
    inline = f"q {PAGE[0]} 0 0 {PAGE[1]} 0 0 cm BI /W {size[0]} /H {size[1]} /CS /RGB /BPC 8 /F /Fl ID ".encode()
    document.page.Contents = document.stream(inline + data + b"\nEI Q")
    add("inline-image", document.saved(), like="none", kind="any", pixels=size, ppi=PPI / 8)


def placed_by_matrix() -> bytes:
    document = Document()
    stored = RGB.rotate(90, expand=True)
    image = document.image(jpeg(stored), Name.DeviceRGB, size=stored.size, Filter=Name.DCTDecode)
    return document.show(image, f"q 0 {-PAGE[1]} {PAGE[0]} 0 0 {PAGE[1]} cm /Im0 Do Q").saved()


def all_files(add) -> None:
    for files in (filters, spaces, masks, geometry):
        files(lambda name, data, **expected: add(f"pikepdf-{name}", data, **expected))
