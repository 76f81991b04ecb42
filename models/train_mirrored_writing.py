"""Trains `mirrored_writing.bin`: does one printed character stand as it is read, or mirrored?

Characters are drawn in open fonts, bent, blurred and cut out as a photo of a curtain shows them, and
told by a histogram of gradients (the same as in `src/measure/letters/mirror.rs`) and a network with
one hidden layer. The score of a picture is f(picture) - f(its mirror image), so that no character
can lean to one side by itself and symmetrical ones score 0; it is the log-odds of "as it is read".

    pip install numpy==2.4.6 pillow==13.0.0 scipy==1.17.1
    python train_mirrored_writing.py FOLDER mirrored_writing.bin    writes the weights
    python train_mirrored_writing.py FOLDER                         tests on fonts and characters held out

FOLDER holds the unpacked Debian packages fonts-noto-cjk 1:20220127+repack1-1, fonts-wqy-zenhei
0.9.45-8, fonts-wqy-microhei 0.2.0-beta-3.1, fonts-arphic-ukai 0.2.20080216.2-5, fonts-arphic-uming
0.2.20080216.2-11, fonts-lxgw-wenkai 1.250+repack-1, fonts-dejavu-core and fonts-dejavu-extra 2.37-6.
"""

import sys
from multiprocessing import Pool
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from scipy import ndimage

SIDE, CELLS, BINS, HIDDEN = 24, 6, 8, 96
MIDDLE = 2.0  # scale of the features
SEED = 20261123

# File, face in it, held out in the test.
CHINESE = [
    ("NotoSansCJK-Regular.ttc", 2, False), ("NotoSansCJK-Bold.ttc", 2, False),
    ("NotoSerifCJK-Regular.ttc", 2, False), ("NotoSerifCJK-Bold.ttc", 2, False),
    ("wqy-microhei.ttc", 0, False), ("uming.ttc", 0, False),
    ("LXGWWenKai-Regular.ttf", 0, False), ("LXGWWenKai-Bold.ttf", 0, False),
    ("wqy-zenhei.ttc", 0, True), ("ukai.ttc", 0, True), ("LXGWWenKai-Light.ttf", 0, True),
]
LATIN = [
    ("DejaVuSans.ttf", 0, False), ("DejaVuSans-Bold.ttf", 0, False), ("DejaVuSerif.ttf", 0, False),
    ("DejaVuSansCondensed.ttf", 0, True), ("DejaVuSerif-Bold.ttf", 0, True),
]


def common_characters():
    """The 3,755 characters of the first level of GB 2312."""
    found = []
    for row in range(0xB0, 0xD8):
        for cell in range(0xA1, 0xFF):
            try:
                found.append(bytes([row, cell]).decode("gb2312"))
            except UnicodeDecodeError:
                pass
    return found


def latin(rng, count):
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
    pick = lambda: letters[rng.integers(len(letters))]
    # Narrow letters are cut out together.
    return [pick() if rng.random() < 0.7 else pick() + pick() for _ in range(count)]


def drawn(text, font, rng):
    """One character as a curtain shows it, cut out and normalised; None where the font has none."""
    left, top, right, bottom = font.getbbox(text)
    width, height = right - left, bottom - top
    if width < 4 or height < 4:
        return None
    size = 128
    picture = Image.new("L", (size, size), 0)
    ImageDraw.Draw(picture).text(
        ((size - width) / 2 - left, (size - height) / 2 - top), text, 255, font=font)
    picture = np.asarray(picture, np.float32) / 255.0
    # Turn, shear, stretch and slant.
    turn = np.deg2rad(rng.normal(0, 2.5))
    turned = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    bent = np.eye(2) + rng.normal(0, 0.05, (2, 2))
    pixels = 14 + 42 * rng.random() ** 1.5  # height of the character on the photo
    scale = height / pixels
    matrix = turned @ bent * scale
    out = int(2.0 * max(width, height) / scale) + 8
    slant = rng.normal(0, 0.06)
    rows, columns = np.mgrid[0:out, 0:out].astype(np.float32)
    rows, columns = rows - out / 2 + rng.random(), columns - out / 2 + rng.random()
    deeper = 1.0 + slant * rows / out
    columns = columns * deeper
    source = np.tensordot(matrix, np.stack([rows, columns]), 1) + size / 2
    soft = ndimage.gaussian_filter(picture, max(0.45 * scale, 0.1))
    seen = ndimage.map_coordinates(soft, source, order=1)
    blur = abs(rng.normal(0, 0.028)) * pixels
    if blur > 0.3:
        seen = ndimage.gaussian_filter(seen, blur)
    across = np.arange(out) / out
    seen = seen * (1.0 + 0.35 * (rng.random() - 0.5) * np.sin(6.0 * across + 6.0 * rng.random()))
    seen += rng.normal(0, rng.random() * 0.07, seen.shape)
    seen += 0.12 * (rng.random() - 0.3) * (across[None, :] - 0.5)
    if rng.random() < 0.2:  # thresholding noise of an over-sharpened photo
        seen = seen + 0.6 * (seen - ndimage.gaussian_filter(seen, 1.0))
    peak = np.quantile(seen, 0.99)
    ink = np.argwhere(ndimage.gaussian_filter(seen, 0.5) > 0.42 * peak)
    if peak < 0.1 or len(ink) < 8:
        return None
    (y0, x0), (y1, x1) = ink.min(0), ink.max(0) + 1
    shake = rng.normal(0, 0.025, 4) * max(y1 - y0, x1 - x0)
    return normalised(seen, [x0 + shake[0], y0 + shake[1], x1 + shake[2], y1 + shake[3]])


def normalised(seen, box):
    """The box on SIDE x SIDE, 0 cloth and 1 ink, its longer side filling the square."""
    x0, y0, x1, y1 = box
    pitch = max(x1 - x0, y1 - y0) / SIDE
    smooth = ndimage.gaussian_filter(seen, 0.4 * pitch) if pitch > 1.25 else seen
    at = (np.arange(SIDE) + 0.5 - SIDE / 2) * pitch
    rows, columns = np.meshgrid((y0 + y1) / 2 - 0.5 + at, (x0 + x1) / 2 - 0.5 + at, indexing="ij")
    square = ndimage.map_coordinates(smooth, [rows, columns], order=1, mode="nearest")
    low, high = np.quantile(square, 0.10), np.quantile(square, 0.97)
    return np.clip((square - low) / max(high - low, 1e-3), 0.0, 1.0).astype(np.float32)


def features(squares):
    """n x 24 x 24 -> n x 288: signed gradients in eight directions over 6 x 6 cells."""
    padded = np.pad(squares, ((0, 0), (1, 1), (1, 1)), mode="edge")
    across = padded[:, 1:-1, 2:] - padded[:, 1:-1, :-2]
    down = padded[:, 2:, 1:-1] - padded[:, :-2, 1:-1]
    length = np.sqrt(across * across + down * down)
    step = SIDE // CELLS
    centres = step * np.arange(CELLS)[:, None] + (step - 1) / 2
    near = np.maximum(0.0, 1.0 - np.abs(np.arange(SIDE)[None, :] - centres) / step)
    near = near.astype(np.float32)
    half = np.float32(np.sqrt(0.5))
    directions = [(1, 0), (half, half), (0, 1), (-half, half),
                  (-1, 0), (-half, -half), (0, -1), (half, -half)]
    sums = []
    for x, y in directions:
        strength = np.maximum(0.0, across * x + down * y - half * length)
        sums.append(near @ strength @ near.T)
    sums = np.stack(sums, 1).reshape(len(squares), -1)
    total = sums.sum(1, keepdims=True) + 1e-6
    return (MIDDLE * np.sqrt(CELLS * CELLS * BINS / 4.0) * np.sqrt(sums / total)).astype(np.float32)


def mirror_order():
    """Where each feature of the mirror image stands in the features of the picture."""
    order = np.zeros((BINS, CELLS, CELLS), int)
    for b in range(BINS):
        for y in range(CELLS):
            for x in range(CELLS):
                order[b, y, x] = ((4 - b) % BINS * CELLS + y) * CELLS + CELLS - 1 - x
    return order.reshape(-1)


def batch(job):
    path, face, texts, seed = job
    rng = np.random.default_rng(seed)
    fonts = [ImageFont.truetype(path, size, index=face) for size in (64, 72, 80)]
    found, names = [], []
    for text in texts:
        square = drawn(text, fonts[rng.integers(3)], rng)
        if square is not None:
            found.append(square)
            names.append(text)
    return features(np.stack(found)), names


def jobs(folder, fonts, characters, turns, seed):
    where = {path.name: str(path) for path in sorted(Path(folder).rglob("*.tt?")) }
    where |= {path.name: str(path) for path in sorted(Path(folder).rglob("*.otf"))}
    rng = np.random.default_rng(seed)
    for name, face, _ in fonts:
        for turn in range(turns):
            texts = characters(rng)
            yield where[name], face, texts, int(rng.integers(1 << 40))


def collected(pool, *arguments):
    parts = pool.map(batch, jobs(*arguments), chunksize=1)
    return np.concatenate([part[0] for part in parts]), [name for part in parts for name in part[1]]


def trained(data, epochs):
    rng = np.random.default_rng(SEED)
    order = mirror_order()
    inputs = data.shape[1]
    weights = [rng.normal(0, 1 / np.sqrt(inputs), (inputs, HIDDEN)).astype(np.float32),
               np.zeros(HIDDEN, np.float32),
               rng.normal(0, 0.3 / np.sqrt(HIDDEN), HIDDEN).astype(np.float32)]
    moments = [[np.zeros_like(w), np.zeros_like(w)] for w in weights]
    step, size = 0, 512
    steps = epochs * (len(data) // size)
    for epoch in range(epochs):
        shuffled, losses = rng.permutation(len(data)), []
        for start in range(0, len(data) - size + 1, size):
            x = data[shuffled[start:start + size]]
            both = np.concatenate([x, x[:, order]])
            hidden = np.maximum(both @ weights[0] + weights[1], 0)
            out = hidden @ weights[2]
            score = out[:size] - out[size:]
            losses.append(np.logaddexp(0, -score).mean())
            slope = -1 / (1 + np.exp(np.clip(score, -30, 30))) / size
            slope = np.concatenate([slope, -slope]).astype(np.float32)
            back = slope[:, None] * weights[2] * (hidden > 0)
            grads = [both.T @ back + 2e-5 * weights[0], back.sum(0), hidden.T @ slope + 2e-5 * weights[2]]
            step += 1
            rate = 2e-3 * 0.5 * (1 + np.cos(np.pi * step / steps))
            for w, g, m in zip(weights, grads, moments):
                m[0] += 0.1 * (g - m[0])
                m[1] += 0.001 * (g * g - m[1])
                w -= rate * (m[0] / (1 - 0.9**step)) / (np.sqrt(m[1] / (1 - 0.999**step)) + 1e-8)
        print(f"epoch {epoch + 1}: loss {np.mean(losses):.4f}", flush=True)
    return weights


def scores(weights, data):
    out = lambda x: np.maximum(x @ weights[0] + weights[1], 0) @ weights[2]
    return out(data) - out(data[:, mirror_order()])


def write(weights, path):
    """Hidden units one after the other: scale as f32, 288 weights as i8, bias and output as f32."""
    with open(path, "wb") as file:
        for unit in range(HIDDEN):
            column = weights[0][:, unit]
            scale = max(np.abs(column).max() / 127, 1e-8)
            file.write(np.float32([scale, weights[1][unit], weights[2][unit]]).astype("<f4").tobytes())
            file.write(np.round(column / scale).astype(np.int8).tobytes())


def report(weights, data, names, rng):
    score = scores(weights, data)
    print(f"  one character: {np.mean(score > 0):.4f} of {len(score)} right, mean {score.mean():.2f}, "
          f"surely wrong (below -3): {np.mean(score < -3):.4f}, surely right {np.mean(score > 3):.4f}")
    for low in (0.5, 1, 2, 3):
        sure = np.abs(score) > low
        print(f"    beyond {low}: {np.mean(score[sure] > 0):.4f} right, {sure.mean():.3f} of all; "
              f"expected {np.mean(1 / (1 + np.exp(-np.abs(score[sure])))):.4f}")
    score = np.clip(score, -4, 4)
    for count in (2, 4, 6, 8, 12, 20):
        sums = score[rng.integers(len(score), size=(200_000, count))].sum(1)
        print(f"  {count} characters: {np.mean(sums > 0):.5f} right, "
              f"{np.mean(sums < -6):.6f} below -6, {np.mean(sums > 6):.4f} above 6")


def main():
    folder, target = sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else None
    everything = common_characters()
    rng = np.random.default_rng(SEED)
    shuffled = [everything[at] for at in rng.permutation(len(everything))]
    held, known = shuffled[:750], shuffled[750:]
    of = lambda fonts, out: [font for font in fonts if font[2] == out]
    with Pool(2) as pool:
        if target:
            data, _ = collected(pool, folder, CHINESE, lambda rng: everything, 4, 1)
            more, _ = collected(pool, folder, LATIN, lambda rng: latin(rng, 1000), 5, 2)
        else:
            data, _ = collected(pool, folder, of(CHINESE, False), lambda rng: known, 4, 1)
            more, _ = collected(pool, folder, of(LATIN, False), lambda rng: latin(rng, 1000), 5, 2)
        print(len(data), "Chinese,", len(more), "Latin", flush=True)
        weights = trained(np.concatenate([data, more]), 14)
        if target:
            write(weights, target)
            return
        for name, fonts, characters in [
            ("known fonts, known characters", of(CHINESE, False), known),
            ("known fonts, new characters", of(CHINESE, False), held),
            ("new fonts, known characters", of(CHINESE, True), known),
            ("new fonts, new characters", of(CHINESE, True), held),
        ]:
            test, names = collected(pool, folder, fonts, lambda rng: characters, 1, 3)
            print(name)
            report(weights, test, names, rng)
        for font in of(CHINESE, True):
            test, names = collected(pool, folder, [font], lambda rng: held, 1, 5)
            print(font[0])
            report(weights, test, names, rng)
        test, names = collected(pool, folder, of(LATIN, True), lambda rng: latin(rng, 1000), 1, 4)
        print("Latin in new fonts")
        report(weights, test, names, rng)


if __name__ == "__main__":
    main()
