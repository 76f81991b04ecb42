"""Cuts Eileen Collins out of NASA's portrait and dresses her in plain cloth that can be dyed.

Usage: python make.py. Writes person.png (red, green, blue, alpha) and parts.png (red: clothes,
green: skin, blue: the collar among the clothes) next to itself.

Made with numpy 2.4, opencv-python-headless 5.0, pillow 13.0, pymatting 1.1.16, scikit-image 0.26.
"""

from pathlib import Path

import cv2
import numpy as np
from PIL import Image
from pymatting import estimate_alpha_cf, estimate_foreground_ml
from skimage import data

HERE = Path(__file__).parent
# What of the portrait is kept: left, top, right, bottom.
FRAME = (8, 6, 396, 478)
# What cloth of full light is stored as; the drawing divides by it.
LIT = 190.0

portrait = data.astronaut()
height, width = portrait.shape[:2]
rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)


def polygon(points, soft=0.6):
    """1 inside, with a soft edge; `points` in pixels of the portrait."""
    mask = np.zeros((height * 4, width * 4), np.uint8)
    cv2.fillPoly(mask, [np.int32(np.array(points) * 4)], 255)
    mask = cv2.resize(mask, (width, height), interpolation=cv2.INTER_AREA) / 255.0
    return cv2.GaussianBlur(mask.astype(np.float32), (0, 0), soft)


def curve(points, steps=12):
    """Catmull-Rom through the points."""
    p = np.array([points[0], *points, points[-1]], float)
    out = []
    for a, b, c, d in zip(p, p[1:], p[2:], p[3:]):
        for t in np.linspace(0, 1, steps, endpoint=False):
            out.append(0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2
                              + (3 * b - a - 3 * c + d) * t**3))
    return [*out, p[-1]]


def head_and_skin():
    """Alpha of head and neck, and where the skin is."""
    guess = np.full((height, width), cv2.GC_BGD, np.uint8)
    around = polygon(curve([(225, 8), (310, 60), (312, 110), (285, 140), (262, 176), (262, 196),
                            (180, 196), (178, 150), (146, 110), (142, 70), (170, 25), (225, 8)])) > 0.5
    guess[around] = cv2.GC_PR_BGD
    surely = polygon(curve([(225, 22), (285, 60), (292, 100), (266, 128), (250, 172), (226, 176),
                            (192, 170), (182, 120), (162, 98), (162, 66), (190, 30), (225, 22)])) > 0.5
    guess[surely] = cv2.GC_FGD
    cv2.grabCut(portrait[..., ::-1].copy(), guess, None, np.zeros((1, 65)), np.zeros((1, 65)), 8,
                cv2.GC_INIT_WITH_MASK)
    inside = np.isin(guess, (cv2.GC_FGD, cv2.GC_PR_FGD)).astype(np.uint8)
    disc = lambda size: cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))
    trimap = np.full((height, width), 0.5)
    trimap[cv2.erode(inside, disc(7)) > 0] = 1.0
    trimap[cv2.dilate(inside, disc(9)) == 0] = 0.0
    part = slice(0, 200), slice(120, 330)
    alpha = np.zeros((height, width))
    alpha[part] = estimate_alpha_cf(portrait[part] / 255.0, trimap[part])
    # Grain of the backdrop is not hair.
    alpha = np.clip((alpha - 0.06) / 0.88, 0, 1)
    # Below the ears only face and neck are kept: what lies beside them there is the ring of the suit.
    low = np.clip((rows - 138) / 8, 0, 1)
    jaw = polygon([*curve([(183, 124), (183.5, 142), (186, 154), (187.5, 168), (188.5, 182), (200, 186)]),
                   (215, 188.5), (232, 190.5), *curve([(247, 188.5), (252.5, 184), (254.5, 172),
                                                      (257.5, 160), (264, 143), (268, 124)])], 0.7)
    face = polygon(curve([(186, 74), (200, 78), (240, 84), (266, 90), (271, 118), (278, 124),
                          (276, 134), (266, 143), (262, 160), (256, 190), (220, 192), (186, 186),
                          (183, 145), (172, 136), (170, 122), (182, 116), (184, 92), (186, 74)]))
    lab = cv2.cvtColor(portrait, cv2.COLOR_RGB2LAB).astype(np.float32)
    fair = np.clip((lab[..., 0] - 140) / 25, 0, 1)
    # Eyes, brows and mouth belong to the face whatever their colour.
    features = polygon(curve([(192, 88), (262, 92), (264, 120), (255, 160), (250, 184), (194, 180),
                              (190, 150), (188, 120), (192, 88)]), 2.0)
    skin = cv2.GaussianBlur((face * np.maximum(fair, features)).astype(np.float32), (0, 0), 0.8)
    return alpha * (1 - low) + jaw * low, skin


def filled(shade, known):
    """The shade where it is known, and as smooth as can be where not."""
    value, share = shade * known, known.copy()
    out, weight = np.zeros_like(shade), np.zeros_like(shade)
    for sigma in (2, 4, 8, 16, 32, 64):
        blurred = cv2.GaussianBlur(value, (0, 0), sigma)
        spread = cv2.GaussianBlur(share, (0, 0), sigma)
        trust = np.clip(spread * 2.5, 0, 1) * (1 - weight)
        out += trust * blurred / np.maximum(spread, 1e-4)
        weight += trust
    out /= np.maximum(weight, 1e-4)
    return shade * known + out * (1 - known)


def cloth():
    """Shade of plain cloth after the suit's, alpha, and the collar's share."""
    linear = (portrait / 255.0) ** 2
    hsv = cv2.cvtColor(portrait, cv2.COLOR_RGB2HSV).astype(np.float32)
    orange = ((hsv[..., 0] < 13) & (hsv[..., 1] > 120) & (hsv[..., 2] > 60)).astype(np.uint8)
    left = [(168, 206), (148, 216), (122, 225), (98, 235), (80, 250), (68, 272), (60, 305),
            (53, 350), (48, 400), (45, 470), (44, 520)]
    right = [(268, 206), (290, 217), (315, 226), (338, 236), (356, 251), (367, 273), (374, 305),
             (379, 350), (382, 400), (384, 470), (385, 520)]
    body = polygon([*curve(left), *curve(right)[::-1]])
    neck = polygon([*curve([(185, 171), (182, 190), (174, 202), (160, 214)]), (168, 240),
                    (268, 240), *curve([(276, 214), (262, 202), (256, 188), (255, 170)])])
    # Patches, straps, helmet and gloves give no shade.
    bare = orange.copy()
    for at, size in (((171, 384), 47), ((290, 358), 44), ((160, 490), 70)):
        cv2.circle(bare, at, size, 0, -1)
    cv2.fillPoly(bare, [np.int32([(228, 292), (252, 292), (282, 400), (282, 512), (222, 512)])], 0)
    cv2.fillPoly(bare, [np.int32([(310, 330), (420, 330), (420, 512), (270, 512), (272, 420)])], 0)
    cv2.fillPoly(bare, [np.int32([(30, 265), (92, 262), (88, 300), (52, 330), (50, 420), (15, 420)])], 0)
    known = cv2.erode(bare, np.ones((7, 7), np.uint8)).astype(np.float32)
    known = cv2.GaussianBlur(known, (0, 0), 2.0) * known
    red = linear[..., 0].astype(np.float32)
    own = filled(red, known)
    # Where the right side has no shade of its own it borrows the mirrored left one's folds.
    detail = (own - cv2.GaussianBlur(own, (0, 0), 24)) * known
    mirror = np.float32([[-1, 0, 404], [0, 1, 0]])
    borrowed = cv2.warpAffine(detail, mirror, (width, height))
    shade = own + borrowed * (1 - known) * np.clip((columns - 250) / 40, 0, 1)
    shade = shade - cv2.GaussianBlur(shade, (0, 0), 60)
    # Light from the upper left, less of it towards the sides and below.
    across = (columns - 214) / 170
    fall = 0.80 - 0.22 * np.abs(across) ** 2.2 - 0.05 * across - 0.10 * (rows - 230) / 250
    weave = cv2.GaussianBlur(np.random.default_rng(5).normal(size=(height, width)), (0, 0), 0.7)
    shade = fall + 0.95 * shade + 0.022 * weave
    # Where the arms hang beside the body.
    for at, lean in ((112, -0.10), (318, 0.10)):
        crease = columns - at - lean * (rows - 400) - 3 * np.sin(rows / 17)
        depth = 0.30 * np.clip((rows - 318) / 60, 0, 1)
        shade = shade * (1 - depth * np.exp(-((crease / 4.0) ** 2)))
        shade = shade * (1 - 0.5 * depth * np.exp(-((crease / 16.0) ** 2)))
    # The neckline: a band of ribs with a shadow under it.
    dx, dy = (columns - 219) / 58.0, (rows - 193) / 34.0
    reach = np.sqrt(dx**2 + dy**2)
    front = np.clip((rows - 196) / 6, 0, 1)
    band = front * np.clip(1 - np.abs(reach - 1.04) / 0.11, 0, 1) ** 0.5
    shade = shade * (1 - 0.10 * band) * (1 - 0.22 * front * np.exp(-((reach - 1.19) / 0.05) ** 2))
    inner = np.clip((1.0 - reach) / 0.05 + 0.5, 0, 1) * np.clip((rows - 170) / 4, 0, 1)
    round_neck = 0.74 - 0.42 * np.abs((columns - 220) / 46) ** 2.5 - 0.16 * np.clip((rows - 200) / 30, 0, 1)
    ribs = 0.025 * np.cos(columns * 2 * np.pi / 4.6)
    chin = 0.45 * np.exp(-((rows - 184) / 9) ** 2) * np.exp(-((columns - 222) / 36) ** 4)
    shade = shade * (1 - inner) + (round_neck + ribs - chin + 0.02 * weave) * inner
    # The top edge of the collar, as the black one under the suit has it.
    top = polygon([*curve([(183, 174), (190, 180), (205, 184), (225, 187), (243, 186.5), (256, 178)]),
                   (300, 260), (140, 260)], 0.7)
    alpha = np.maximum(body, neck) * np.maximum(top, (rows > 205))
    return np.clip(shade, 0.04, 1.3), alpha, inner


head, skin = head_and_skin()
shade, clothes, collar = cloth()
foreground = estimate_foreground_ml(portrait / 255.0, head)
# Sharper than the small portrait is, as it will be drawn larger.
foreground = foreground + 1.1 * (foreground - cv2.GaussianBlur(foreground, (0, 0), 1.1))
foreground = foreground.clip(0, 1)
# The ring of the suit shines on neither hair nor jaw.
alpha = head + clothes * (1 - head)
over = np.where(clothes > 0, head / np.maximum(alpha, 1e-3), 1.0)
over = np.where(rows > 172, np.minimum(over, 1 - clothes), over)
grey = np.clip(np.sqrt(shade) * LIT, 0, 255)[..., None]
colour = foreground * 255 * over[..., None] + grey * (1 - over[..., None])
colour[alpha < 1 / 255] = 0
person = np.dstack([colour, alpha * 255]).round().clip(0, 255).astype(np.uint8)
parts = np.dstack([(1 - over) * (alpha > 0), skin * over, collar * (1 - over)])
parts = (parts * 15).round().clip(0, 15).astype(np.uint8) * 17
for name, pixels in (("person.png", person), ("parts.png", parts)):
    Image.fromarray(pixels).crop(FRAME).save(HERE / name, optimize=True)
