from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad.errors import ArgumentError, DTypeError, ShapeError
from minigrad.transforms import CenterCrop, Pad, RandomCrop, RandomHorizontalFlip, RandomVerticalFlip, Resize
from tests.strategies import given, seeds, settings, st

Array = np.ndarray[Any, np.dtype[Any]]


def counted(*shape: int) -> Array:
    return np.arange(np.prod(shape), dtype=np.int64).reshape(shape)


@pytest.mark.parametrize("mode", ["constant", "edge", "reflect", "symmetric"])
@pytest.mark.parametrize(
    ("padding", "margins"),
    [(2, (2, 2, 2, 2)), ([1], (1, 1, 1, 1)), ((1, 2), (1, 2, 1, 2)), ((0, 1, 2, 3), (0, 1, 2, 3)), (0, (0, 0, 0, 0))],
)
def test_margins_are_numpys(mode: Any, padding: Any, margins: tuple[int, int, int, int]) -> None:
    images = counted(2, 3, 5, 4)
    left, top, right, bottom = margins
    expected = np.pad(images, ((0, 0), (0, 0), (top, bottom), (left, right)), mode)
    found = Pad(padding, padding_mode=mode)(mg.from_numpy(images)).numpy()
    assert np.array_equal(found, expected)
    assert not np.shares_memory(found, images)
    assert np.array_equal(Pad(padding, padding_mode=mode)(mg.from_numpy(images[0, 0])).numpy(), expected[0, 0])


def test_margins_have_the_channels_fill() -> None:
    found = Pad(1, fill=(1, 2, 300))(np.zeros((2, 2, 3), np.uint8))
    assert found.shape == (4, 4, 3)
    assert found[0, 0].tolist() == [1, 2, 255]
    assert found[1, 1].tolist() == [0, 0, 0]


@pytest.mark.parametrize("shape", [(5, 4), (6, 6), (2, 9), (3, 3), (1, 2)])
@pytest.mark.parametrize("size", [3, (2, 4), [4, 4], (4,)])
def test_the_middle_is_cut_out(shape: tuple[int, int], size: Any) -> None:
    height, width = (size, size) if isinstance(size, int) else (size[0], size[-1])
    image = counted(1, *shape) + 1
    found = CenterCrop(size)(mg.from_numpy(image)).numpy()
    assert found.shape == (1, height, width)
    top, left = (max(want - have, 0) // 2 for want, have in zip((height, width), shape, strict=True))
    padded = np.zeros((1, max(height, shape[0]), max(width, shape[1])), image.dtype)
    padded[:, top : top + shape[0], left : left + shape[1]] = image
    down, right = round((padded.shape[1] - height) / 2), round((padded.shape[2] - width) / 2)
    assert np.array_equal(found, padded[:, down : down + height, right : right + width])


@settings(max_examples=50)
@given(st.integers(1, 6), st.integers(1, 6), st.integers(1, 8), st.integers(1, 8), st.integers(0, 3), seeds)
def test_a_random_crop_is_a_part_of_the_padded_image(
    height: int, width: int, tall: int, wide: int, margin: int, seed: int
) -> None:
    images = counted(4, 2, height, width) + 1
    transform = RandomCrop((tall, wide), margin or None, fill=-1, generator=mg.Generator().manual_seed(seed))
    padded = np.pad(images, ((0, 0), (0, 0), (margin, margin), (margin, margin)), constant_values=-1)
    free = np.array(padded.shape[2:]) - (tall, wide)
    if free.min() < 0:
        with pytest.raises(ShapeError, match="pad_if_needed=True"):
            transform(mg.from_numpy(images))
        return
    found = transform(mg.from_numpy(images)).numpy()
    places = (mg.Generator().manual_seed(seed).random((4, 2)) * (free + 1)).astype(int)
    for index, (row, column) in enumerate(places):
        assert np.array_equal(found[index], padded[index, :, row : row + tall, column : column + wide])


def test_every_place_is_drawn_equally_often() -> None:
    images = mg.from_numpy(np.broadcast_to(counted(5, 5), (3000, 1, 5, 5)).copy())
    corners = RandomCrop(3, generator=mg.Generator().manual_seed(0))(images).numpy()[:, 0, 0, 0]
    values, counts = np.unique(corners, return_counts=True)
    assert values.tolist() == [0, 1, 2, 5, 6, 7, 10, 11, 12]
    assert counts.min() > 250


def test_what_is_too_small_is_padded_if_needed() -> None:
    found = RandomCrop((6, 2), pad_if_needed=True, fill=9, generator=mg.Generator().manual_seed(0))(
        mg.zeros(50, 1, 3, 5)
    )
    assert found.shape == (50, 1, 6, 2)
    assert ((found.numpy() == 0).sum((1, 2, 3)) == 6).all()
    assert len({tuple(np.nonzero(image[0, :, 0] == 0)[0]) for image in found.numpy()}) == 4


@pytest.mark.parametrize(("kind", "axis"), [(RandomHorizontalFlip, -1), (RandomVerticalFlip, -2)])
def test_flips(kind: Any, axis: int) -> None:
    images = counted(2000, 2, 3, 4)
    found = kind(0.3, generator=mg.Generator().manual_seed(5))(mg.from_numpy(images)).numpy()
    flipped = mg.Generator().manual_seed(5).random(2000) < 0.3
    assert np.array_equal(found[flipped], np.flip(images, axis)[flipped])
    assert np.array_equal(found[~flipped], images[~flipped])
    assert 520 < flipped.sum() < 680
    assert np.array_equal(kind(0)(mg.from_numpy(images)).numpy(), images)
    assert np.array_equal(kind(1.0)(mg.from_numpy(images)).numpy(), np.flip(images, axis))


@pytest.mark.parametrize(
    ("size", "limit", "shape", "expected"),
    [
        (4, None, (8, 8), (4, 4)), (4, None, (8, 12), (4, 6)), (4, None, (12, 8), (6, 4)),
        ([5], None, (10, 15), (5, 7)), ((3, 9), None, (8, 8), (3, 9)),
        (6, 8, (6, 12), (4, 8)), (6, 8, (12, 6), (8, 4)), (8, None, (8, 9), (8, 9)),
    ],
)  # fmt: skip
def test_sizes_after_resizing(size: Any, limit: Any, shape: tuple[int, int], expected: tuple[int, int]) -> None:
    image = mg.from_numpy(np.random.default_rng(0).random((2, *shape)))
    found = Resize(size, max_size=limit)(image)
    assert found.shape == (2, *expected)
    reference = mg.resize(image, expected, "linear", antialias=True)
    np.testing.assert_allclose(found.numpy(), reference.numpy(), atol=1e-12)
    assert np.array_equal(Resize(expected)(found).numpy(), found.numpy())


@pytest.mark.parametrize("dtype", [np.uint8, np.int32, np.bool_, np.float16, np.float32])
@pytest.mark.parametrize("mode", ["nearest", "bilinear"])
def test_resizing_keeps_the_dtype(dtype: Any, mode: str) -> None:
    image = (np.random.default_rng(0).random((6, 6, 3)) * 200).astype(dtype)
    found = Resize(3, mode)(image)
    assert found.dtype == dtype
    assert found.shape == (3, 3, 3)
    constant = Resize((5, 9), mode)(np.full((4, 4), 7).astype(dtype))
    np.testing.assert_allclose(constant, np.full((5, 9), 7).astype(dtype), rtol=1e-6)
    if mode == "nearest":
        assert np.array_equal(found, image[::2, ::2])


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: Pad(-1), ArgumentError, "padding=-1.*at least 0"),
        (lambda: Pad((1, 2, 3)), ArgumentError, "1 or 2 or 4 integers"),
        (lambda: Pad(1.5), DTypeError, "padding"),
        (lambda: Pad("1"), DTypeError, "padding"),
        (lambda: Pad(1, padding_mode="wrap"), ArgumentError, "padding_mode='wrap'.*constant, edge"),
        (lambda: Pad(4, padding_mode="reflect")(mg.ones(1, 4, 4)), ShapeError, "too small for margins"),
        (lambda: Pad(5, padding_mode="symmetric")(mg.ones(1, 4, 4)), ShapeError, "too small for margins"),
        (lambda: Pad(1, fill=(1, 2))(mg.ones(3, 4, 4)), ArgumentError, "3 channels"),
        (lambda: CenterCrop(0), ArgumentError, "size=0"),
        (lambda: CenterCrop((1, 2, 3)), ArgumentError, "size"),
        (lambda: RandomCrop(8)(mg.ones(1, 4, 9)), ShapeError, "4 × 9 pixels.*smaller"),
        (lambda: RandomCrop(4, pad_if_needed="no"), DTypeError, "pad_if_needed"),  # type: ignore[arg-type]
        (lambda: RandomCrop(4, 1, False, 0, "round"), ArgumentError, "padding_mode"),
        (lambda: RandomHorizontalFlip(1.5), ArgumentError, r"RandomHorizontalFlip\(p=1\.5\)"),
        (lambda: RandomVerticalFlip(-0.1), ArgumentError, "probability"),
        (lambda: RandomVerticalFlip("often"), DTypeError, "p="),  # type: ignore[arg-type]
        (lambda: RandomVerticalFlip(generator=3), DTypeError, "generator=3"),  # type: ignore[arg-type]
        (lambda: Resize(0), ArgumentError, "size=0"),
        (lambda: Resize(4, max_size=4), ArgumentError, "max_size=4"),
        (lambda: Resize((4, 4), max_size=9), ArgumentError, "max_size goes with one size"),
        (lambda: Resize(4, "bicubic"), ArgumentError, "interpolation"),
    ],
)
def test_wrong_arguments_are_refused(make: Callable[[], Any], error: Any, message: str) -> None:
    with pytest.raises(error, match=message):
        make()


@pytest.mark.parametrize("size", [7, (7, 7)])
@pytest.mark.parametrize("shape", [(2, 1, 0, 5), (2, 1, 5, 0), (1, 0, 0)])
def test_resizing_nothing_is_refused(size: Any, shape: tuple[int, ...]) -> None:
    with pytest.raises(ShapeError, match=r"Resize got images of \d × \d pixels"):
        Resize(size)(mg.zeros(*shape))


@pytest.mark.parametrize("mode", ["nearest", "bilinear"])
def test_the_shorter_side_keeps_a_pixel(mode: str) -> None:
    assert Resize(4, mode, max_size=5)(mg.rand(1, 1, 50)).shape == (1, 1, 5)
    assert Resize(4, mode, max_size=5)(mg.rand(1, 50, 1)).shape == (1, 5, 1)


@pytest.mark.parametrize("dtype", [np.int64, np.uint64])
@pytest.mark.parametrize("fill", [2**53 + 1, 2**63 - 1, (2**62 + 1,), 1e30, -1e30, -(2**63) + 1])
def test_margins_keep_large_integers(dtype: Any, fill: Any) -> None:
    limits = np.iinfo(dtype)
    value = int(fill[0] if isinstance(fill, tuple) else fill)
    found = Pad(1, fill=fill)(np.zeros((1, 1), dtype))
    assert found.dtype == dtype
    assert int(found[0, 0]) == min(max(value, limits.min), limits.max)


def test_the_nearest_of_large_integers_is_one_of_them() -> None:
    image = np.array([[2**53 + 1, 2**63 - 1], [-(2**63), 3]], np.int64)
    assert np.array_equal(Resize(4, "nearest")(image), image.repeat(2, 0).repeat(2, 1))
    constant = np.full((3, 3), 2**63 - 1, np.int64)
    assert (Resize(5)(constant) == 2**63 - 1).all()


@pytest.mark.parametrize("make", [lambda: Pad(1, fill="a"), lambda: RandomCrop(1, fill=["a"])])
def test_a_fill_that_is_no_number_is_refused_at_once(make: Callable[[], Any]) -> None:
    with pytest.raises(DTypeError, match="fill"):
        make()
    assert Pad(1, fill=None)(mg.ones(1, 1)).sum() == 1
