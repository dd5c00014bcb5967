"""Small pictures of maps: PNG files written with nothing but zlib, as data URIs."""

import base64
import struct
import zlib

import numpy as np

from .graph import Array

__all__ = ["COLD", "HOT", "MISSING", "Thumbnail", "address", "png", "thumbnails"]

SIDE = 40.0
WIDTH = 172.0
PIXELS = 64
MAPS = 6
COLD, HOT, MISSING = (33, 102, 172), (178, 24, 43), (255, 0, 255)


class Thumbnail:
    """One map: its width and height as drawn, and the address of its picture."""

    __slots__ = ("address", "height", "width")

    def __init__(self, width: float, height: float, address: str) -> None:
        self.width = width
        self.height = height
        self.address = address


def png(pixels: Array) -> bytes:
    """A PNG file of (height, width, 3) bytes, or of 4 where the last is how opaque a pixel is."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    height, width, channels = pixels.shape
    rows = b"".join(b"\0" + row.tobytes() for row in np.ascontiguousarray(pixels, np.uint8))
    header = struct.pack(">IIBBBBB", width, height, 8, 2 if channels == 3 else 6, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows, 9)) + chunk(b"IEND", b"")


def address(pixels: Array) -> str:
    """The file as a data URI."""
    return "data:image/png;base64," + base64.b64encode(png(pixels)).decode("ascii")


def thumbnails(array: Array, signed: bool = False) -> list[Thumbnail]:
    """Pictures of the first maps of an array (*, H, W), in one scale; none for what is no map.

    White is 0 and blue is negative where there are negative numbers, or `signed` ones; else black is 0.
    What is no finite number is magenta.
    """
    if array.ndim < 2 or array.dtype.kind not in "fiu" or not array.size:
        return []
    height, width = array.shape[-2:]
    if min(height, width) < 4 or max(height, width) > 8 * min(height, width):
        return []
    step = -(-max(height, width) // PIXELS)
    maps = array.reshape(-1, height, width)[:MAPS, ::step, ::step].astype(np.float64)
    longest = max(height, width)
    drawn = (max(SIDE * width / longest, 10.0), max(SIDE * height / longest, 10.0))
    count = max(int(WIDTH // (drawn[0] + 3)), 1)
    colours = _colours(maps[:count], signed)
    return [Thumbnail(*drawn, address(one)) for one in colours]


def _colours(maps: Array, signed: bool) -> Array:
    finite = np.isfinite(maps)
    values = np.where(finite, maps, 0.0)
    top = float(np.abs(values).max()) or 1.0
    scaled = values / top
    if signed or values.min() < 0:
        side = np.where(scaled[..., None] < 0, np.array(COLD), np.array(HOT))
        pixels = 255.0 + (side - 255.0) * np.abs(scaled)[..., None]
    else:
        pixels = np.repeat(scaled[..., None], 3, -1) * 255.0
    pixels[~finite] = MISSING
    return np.rint(pixels).astype(np.uint8)
