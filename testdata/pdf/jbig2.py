"""JBIG2 of one generic region, as scanners write it (ITU-T T.88, 6.2 and annex E)."""

import struct

import numpy as np

# Table E.1: probability, next state after the more and the less probable symbol, whether to switch.
STATES = [
    (0x5601, 1, 1, 1), (0x3401, 2, 6, 0), (0x1801, 3, 9, 0), (0x0AC1, 4, 12, 0), (0x0521, 5, 29, 0),
    (0x0221, 38, 33, 0), (0x5601, 7, 6, 1), (0x5401, 8, 14, 0), (0x4801, 9, 14, 0), (0x3801, 10, 14, 0),
    (0x3001, 11, 17, 0), (0x2401, 12, 18, 0), (0x1C01, 13, 20, 0), (0x1601, 29, 21, 0), (0x5601, 15, 14, 1),
    (0x5401, 16, 14, 0), (0x5101, 17, 15, 0), (0x4801, 18, 16, 0), (0x3801, 19, 17, 0), (0x3401, 20, 18, 0),
    (0x3001, 21, 19, 0), (0x2801, 22, 19, 0), (0x2401, 23, 20, 0), (0x2201, 24, 21, 0), (0x1C01, 25, 22, 0),
    (0x1801, 26, 23, 0), (0x1601, 27, 24, 0), (0x1401, 28, 25, 0), (0x1201, 29, 26, 0), (0x1101, 30, 27, 0),
    (0x0AC1, 31, 28, 0), (0x09C1, 32, 29, 0), (0x08A1, 33, 30, 0), (0x0521, 34, 31, 0), (0x0441, 35, 32, 0),
    (0x02A1, 36, 33, 0), (0x0221, 37, 34, 0), (0x0141, 38, 35, 0), (0x0111, 39, 36, 0), (0x0085, 40, 37, 0),
    (0x0049, 41, 38, 0), (0x0025, 42, 39, 0), (0x0015, 43, 40, 0), (0x0009, 44, 41, 0), (0x0005, 45, 42, 0),
    (0x0001, 45, 43, 0), (0x5601, 46, 46, 0),
]


class Coder:
    """The arithmetic coder of annex E."""

    def __init__(self):
        self.a, self.c, self.count, self.out = 0x8000, 0, 12, bytearray(1)
        self.states = {}

    def bit(self, context: int, bit: int) -> None:
        state, likely = self.states.get(context, (0, 0))
        probability, more, less, switch = STATES[state]
        self.a -= probability
        if bit == likely:
            if self.a & 0x8000:
                self.c += probability
                return
            if self.a < probability:
                self.a = probability
            else:
                self.c += probability
            self.states[context] = (more, likely)
        else:
            if self.a < probability:
                self.c += probability
            else:
                self.a = probability
            self.states[context] = (less, likely ^ switch)
        while not self.a & 0x8000:
            self.a <<= 1
            self.c <<= 1
            self.count -= 1
            if self.count == 0:
                self.byte()

    def byte(self) -> None:
        if self.out[-1] != 0xFF and self.c & 0x8000000:
            self.out[-1] += 1
            self.c &= 0x7FFFFFF
        if self.out[-1] == 0xFF:
            self.out.append(self.c >> 20 & 0xFF)
            self.c, self.count = self.c & 0xFFFFF, 7
        else:
            self.out.append(self.c >> 19 & 0xFF)
            self.c, self.count = self.c & 0x7FFFF, 8

    def finish(self) -> bytes:
        top = self.c + self.a
        self.c |= 0xFFFF
        if self.c >= top:
            self.c -= 0x8000
        for _ in range(2):
            self.c <<= self.count
            self.byte()
        if self.out[-1] == 0xFF:
            self.out.pop()
        return bytes(self.out[1:]) + b"\xff\xac"


def arithmetic(black: np.ndarray) -> bytes:
    """Template 0 with its usual adaptive pixels."""
    height, width = black.shape
    rows = np.zeros((height + 2, width + 8), np.uint8)
    rows[2:, 4:-4] = black
    rows = rows.tolist()
    coder = Coder()
    for y in range(2, height + 2):
        above2, above, row = rows[y - 2], rows[y - 1], rows[y]
        for x in range(4, width + 4):
            context = 0
            for pixel in above2[x - 2 : x + 3] + above[x - 3 : x + 4] + row[x - 4 : x]:
                context = context << 1 | pixel
            coder.bit(context, row[x])
    return coder.finish()


def segment(number: int, kind: int, page: int, data: bytes) -> bytes:
    return struct.pack(">IBBBI", number, kind, 0, page, len(data)) + data


def embedded(black: np.ndarray, mmr: bytes | None = None) -> bytes:
    """What a PDF embeds: page information and one immediate generic region, coded arithmetically or by
    Group 4, with black as 1."""
    height, width = black.shape
    page = struct.pack(">IIIIBH", width, height, 0, 0, 0, 0)
    head = struct.pack(">IIIIB", width, height, 0, 0, 0)
    if mmr is not None:
        body = b"\x01" + mmr
    else:
        adaptive = struct.pack("8b", 3, -1, -3, -1, 2, -2, -2, -2)
        body = b"\x00" + adaptive + arithmetic(black)
    return segment(0, 48, 1, page) + segment(1, 38, 1, head + body)


def file(black: np.ndarray, mmr: bytes | None = None) -> bytes:
    """The same as a file of its own."""
    # The end of the file says page 1, as jbig2enc writes it and img2pdf demands it.
    end = segment(2, 49, 1, b"") + segment(3, 51, 1, b"")
    return b"\x97JB2\r\n\x1a\n\x01" + struct.pack(">I", 1) + embedded(black, mmr) + end
