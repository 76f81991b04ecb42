"""Writes the JPEGs of jpeg/ that Rust encoders do not make, from the drawn card.

Run `python testdata/make_jpegs.py` with Pillow installed (13.0 wrote the committed files).
"""

from pathlib import Path

from PIL import Image

HERE = Path(__file__).parent
OUT = HERE / "jpeg"
OUT.mkdir(exist_ok=True)
card = Image.open(HERE / "samples" / "accept-card.jpg").convert("RGB").resize((820, 615), Image.LANCZOS)


def save(name, picture=card, **options):
    picture.save(OUT / name, "JPEG", **{"quality": 70, **options})


save("baseline-444.jpg", subsampling="4:4:4")
save("baseline-422.jpg", subsampling="4:2:2")
save("baseline-420.jpg", subsampling="4:2:0")
save("progressive.jpg", progressive=True, subsampling="4:2:0")
save("restarts.jpg", restart_marker_rows=1, subsampling="4:2:0")
save("grey.jpg", card.convert("L"))
# Pillow writes CMYK with the samples inverted and an Adobe segment, as Photoshop does.
save("cmyk.jpg", card.convert("CMYK"), quality=40)

# The same upright card however the camera was held: turned the other way, then marked.
TURNS = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}
for value, turn in TURNS.items():
    exif = Image.Exif()
    exif[0x0112] = value
    stored = card if turn is None else card.transpose(turn)
    save(f"orientation-{value}.jpg", stored, exif=exif, subsampling="4:2:0", quality=50)

# A position that belongs to nobody: 0° N, 0° E.
exif = Image.Exif()
exif.get_ifd(0x8825).update({1: "N", 2: (0.0, 0.0, 0.0), 3: "E", 4: (0.0, 0.0, 0.0)})
save("position.jpg", exif=exif, subsampling="4:2:0")
