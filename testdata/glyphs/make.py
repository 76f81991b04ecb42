"""Draws the characters that drawn curtains are printed with, one square each, black or white.

Usage: python make.py NotoSansCJK-Regular.ttc. Writes noto-sans-cjk-sc.png next to itself.
Made with Pillow 13.0.
"""

import sys
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

# The same characters in the same order as in tests/support/letters.rs.
CHARACTERS = "阿里云网站备案腾讯华为电信计算有限公司服务中心照片核验ICP"
SIDE = 64
SIMPLIFIED = 2

font = ImageFont.truetype(sys.argv[1], 60, index=SIMPLIFIED)
assert font.getname() == ("Noto Sans CJK SC", "Regular"), font.getname()
strip = Image.new("1", (SIDE * len(CHARACTERS), SIDE))
draw = ImageDraw.Draw(strip)
for at, character in enumerate(CHARACTERS):
    middle = SIDE * at + (SIDE - font.getlength(character)) / 2
    draw.text((middle, SIDE // 2 + 22), character, fill=1, font=font, anchor="ls")
strip.save(Path(__file__).parent / "noto-sans-cjk-sc.png", optimize=True)
