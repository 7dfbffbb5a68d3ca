"""One grid of intensities as a PNG within the page: thousands of cells in a few kilobytes."""

from __future__ import annotations

import struct
import zlib
from base64 import b64encode
from collections.abc import Sequence
from typing import Final

SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
LEVELS: Final = 32
# One blue for all levels, more or less of it over the page: it stands out on white and on black alike.
BLUE: Final = (36, 124, 214)
FAINTEST: Final = 40  # of 255: what is there at all can be seen


def data_uri(rows: Sequence[Sequence[float]]) -> str:
    """A picture of shares between 0 and 1, first row on top, one pixel each; nothing is drawn of 0."""
    width = len(rows[0])
    pixels = b"".join(b"\0" + bytes(map(_level, row)) for row in rows)
    parts = (
        (b"IHDR", struct.pack(">IIBBBBB", width, len(rows), 8, 3, 0, 0, 0)),
        (b"PLTE", bytes(BLUE) * (LEVELS + 1)),
        (b"tRNS", bytes([0, *(_opacity(level) for level in range(1, LEVELS + 1))])),
        (b"IDAT", zlib.compress(pixels, 9)),
        (b"IEND", b""),
    )
    png = SIGNATURE + b"".join(_chunk(*part) for part in parts)
    return f"data:image/png;base64,{b64encode(png).decode()}"


def _level(share: float) -> int:
    return 0 if share <= 0 else max(1, round(min(share, 1.0) * LEVELS))


def _opacity(level: int) -> int:
    return FAINTEST + (255 - FAINTEST) * level // LEVELS


def _chunk(kind: bytes, data: bytes) -> bytes:
    checked = kind + data
    return struct.pack(">I", len(data)) + checked + struct.pack(">I", zlib.crc32(checked))
