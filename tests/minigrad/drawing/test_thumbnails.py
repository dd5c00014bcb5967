"""Pictures of maps: valid PNG files, in one scale."""

import base64
import struct
import zlib

import numpy as np
import pytest

from minigrad.drawing.thumbnails import png, thumbnails


def pixels(file):
    """The pixels of a PNG file as `png` writes it, with every chunk checked."""
    assert file[:8] == b"\x89PNG\r\n\x1a\n"
    at, chunks = 8, {}
    while at < len(file):
        (length,) = struct.unpack(">I", file[at : at + 4])
        name, body = file[at + 4 : at + 8], file[at + 8 : at + 8 + length]
        assert struct.unpack(">I", file[at + 8 + length : at + 12 + length]) == (zlib.crc32(name + body),)
        chunks[name] = body
        at += 12 + length
    assert list(chunks) == [b"IHDR", b"IDAT", b"IEND"]
    width, height, depth, kind, *_ = struct.unpack(">IIBBBBB", chunks[b"IHDR"])
    assert (depth, kind) == (8, 2)
    rows = np.frombuffer(zlib.decompress(chunks[b"IDAT"]), np.uint8).reshape(height, 1 + 3 * width)
    assert not rows[:, 0].any()
    return rows[:, 1:].reshape(height, width, 3)


def seen(thumbnail):
    return pixels(base64.b64decode(thumbnail.address.removeprefix("data:image/png;base64,")))


def test_png_holds_its_pixels():
    given = np.random.default_rng(0).integers(0, 256, (5, 7, 3)).astype(np.uint8)
    assert (pixels(png(given)) == given).all()


def test_maps_without_negative_numbers_are_grey():
    one = np.zeros((4, 4))
    one[0, 0], one[1, 1] = 2.0, 1.0
    (found,) = thumbnails(one)
    assert seen(found)[0, 0].tolist() == [255] * 3
    assert seen(found)[1, 1].tolist() == [128] * 3
    assert seen(found)[2, 2].tolist() == [0] * 3


def test_signs_are_colours_and_what_is_no_number_stands_out():
    one = np.zeros((4, 5))
    one[0, :3] = -1, 1, np.nan
    image = seen(thumbnails(one)[0])
    assert image[0, 0].tolist() == [33, 102, 172]
    assert image[0, 1].tolist() == [178, 24, 43]
    assert image[0, 2].tolist() == [255, 0, 255]
    assert image[1, 1].tolist() == [255] * 3


def test_the_first_maps_share_a_scale_and_large_ones_are_thinned():
    maps = np.ones((2, 8, 200, 100))
    maps[0, 1] = 4.0
    found = thumbnails(maps)
    assert 2 <= len(found) <= 6
    assert seen(found[0]).max() == 64
    assert seen(found[1]).max() == 255
    assert seen(found[0]).shape == (50, 25, 3)
    assert found[0].height == pytest.approx(2 * found[0].width)


@pytest.mark.parametrize("shape", [(), (9,), (3, 9), (4, 99), (0, 4, 4)])
def test_what_is_no_map_has_no_picture(shape):
    assert thumbnails(np.ones(shape)) == []
    assert thumbnails(np.ones((5, 5), bool)) == []


def test_gradients_are_coloured_even_where_none_is_negative():
    assert seen(thumbnails(np.ones((4, 4)), signed=True)[0])[0, 0].tolist() == [178, 24, 43]
