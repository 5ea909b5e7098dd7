"""A picture that the demo's app "draws": a small bar chart as PNG, made with nothing but zlib; pure."""

import struct
import zlib
from collections.abc import Sequence
from functools import cache

WIDTH, HEIGHT, EDGE, GAP = 320, 180, 16, 12  # pixels
PAPER, LINE = (255, 255, 255), (205, 210, 220)
COLOURS = ((53, 89, 224), (63, 143, 107), (194, 87, 124), (232, 163, 23), (90, 100, 120))
VALUES = (12, 19, 9, 24, 16)

Colour = tuple[int, int, int]


@cache
def bars(values: Sequence[int] = VALUES) -> bytes:
    """The chart as a PNG file."""
    rows = b"".join(b"\0" + b"".join(bytes(_at(x, y, values)) for x in range(WIDTH)) for y in range(HEIGHT))
    head = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in chunks)


def _at(x: int, y: int, values: Sequence[int]) -> Colour:
    floor = HEIGHT - EDGE
    if y == floor and EDGE <= x < WIDTH - EDGE:
        return LINE
    step = (WIDTH - 2 * EDGE) / len(values)
    number, within = divmod(x - EDGE, step)
    if not 0 <= number < len(values) or not GAP / 2 <= within < step - GAP / 2:
        return PAPER
    top = floor - values[int(number)] * (HEIGHT - 2 * EDGE) / max(values)
    return COLOURS[int(number) % len(COLOURS)] if top <= y < floor else PAPER


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
