import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy import ndimage

import minigrad as mg
from minigrad.errors import ArgumentError, DTypeError
from minigrad.transforms import ElasticTransform, InterpolationMode, RandomAffine, RandomDistortion, RandomRotation
from tests.strategies import given, seeds, settings, st

Array = np.ndarray[Any, np.dtype[Any]]


def random(*shape: int, dtype: Any = np.float64, seed: int = 0) -> Array:
    values = np.random.default_rng(seed).random(shape)
    return (values * 255).astype(dtype) if np.dtype(dtype).kind in "iu" else values.astype(dtype)


def uniform(seed: int, *shape: int) -> Array:
    """The numbers that a generator of this seed gives."""
    return mg.Generator().manual_seed(seed).random(shape)


def rotation(degrees: float) -> Array:
    """Clockwise for the eye, on (x, y) with y pointing down."""
    angle = math.radians(degrees)
    return np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])


def matrix(angle: float, scale: float, across: float, down: float) -> Array:
    """From input to output, on (x, y)."""
    shear_x = np.array([[1, -math.tan(math.radians(across))], [0, 1]])
    shear_y = np.array([[1, 0], [-math.tan(math.radians(down)), 1]])
    return scale * rotation(angle) @ shear_y @ shear_x


def by_scipy(image: Array, forward: Array, shift: Array, center: Array, order: int, fill: float) -> Array:
    """One channel (H, W) under p -> forward · (p − center) + center + shift, all on (x, y)."""
    inverse = np.linalg.inv(forward)
    offset = center - inverse @ (center + shift)
    return ndimage.affine_transform(
        image, inverse[::-1, ::-1], offset[::-1], order=order, mode="grid-constant", cval=fill
    )


def between(limits: tuple[float, float], number: float) -> float:
    return limits[0] + (limits[1] - limits[0]) * number


@pytest.mark.parametrize("size", [(9, 9), (8, 13), (1, 6), (12, 1)])
@pytest.mark.parametrize("center", [None, (2.0, 3.5)])
def test_bilinear_affine_is_scipys(size: tuple[int, int], center: Any) -> None:
    images = random(7, 2, *size)
    degrees, translate, scale, shear = (-40.0, 170.0), (0.3, 0.2), (0.6, 1.7), (-20.0, 30.0, -5.0, 15.0)
    transform = RandomAffine(
        degrees, translate, scale, shear, "bilinear", fill=0.3, center=center, generator=mg.Generator().manual_seed(4)
    )
    found = transform(mg.from_numpy(images)).numpy()
    middle = (np.array(size[::-1]) - 1) / 2 if center is None else np.array(center) - 0.5
    for index, numbers in enumerate(uniform(4, 7, 6)):
        shift = np.array([
            round((2 * numbers[1] - 1) * translate[0] * size[1]), round((2 * numbers[2] - 1) * translate[1] * size[0])
        ])  # fmt: skip
        forward = matrix(
            between(degrees, numbers[0]), between(scale, numbers[3]), between(shear[:2], numbers[4]),
            between(shear[2:], numbers[5]),
        )  # fmt: skip
        for channel in range(2):
            expected = by_scipy(images[index, channel], forward, shift, middle, 1, 0.3)
            np.testing.assert_allclose(found[index, channel], expected, atol=1e-9)


@pytest.mark.parametrize("mode", ["nearest", "bilinear"])
def test_resampling_is_a_naive_loop(mode: str) -> None:
    images = random(3, 1, 5, 6)
    transform = RandomAffine(180, (0.4, 0.4), (0.5, 2), 30, mode, fill=7, generator=mg.Generator().manual_seed(1))
    found = transform(mg.from_numpy(images)).numpy()
    for index, numbers in enumerate(uniform(1, 3, 6)):
        forward = matrix(
            between((-180, 180), numbers[0]), between((0.5, 2), numbers[3]), between((-30, 30), numbers[4]), 0
        )
        inverse = np.linalg.inv(forward)
        shift = [round((2 * numbers[1] - 1) * 0.4 * 6), round((2 * numbers[2] - 1) * 0.4 * 5)]
        for row in range(5):
            for column in range(6):
                x, y = inverse @ [column - 2.5 - shift[0], row - 2 - shift[1]] + [2.5, 2]
                expected = read(images[index, 0], y, x, mode, 7)
                assert found[index, 0, row, column] == pytest.approx(expected, abs=1e-9)


def read(image: Array, y: float, x: float, mode: str, fill: float) -> float:
    def pixel(row: int, column: int) -> float:
        inside = 0 <= row < image.shape[0] and 0 <= column < image.shape[1]
        return float(image[row, column]) if inside else fill

    if mode == "nearest":
        return pixel(math.floor(y + 0.5), math.floor(x + 0.5))
    top, left = math.floor(y), math.floor(x)
    return sum(
        (1 - abs(y - row)) * (1 - abs(x - column)) * pixel(row, column)
        for row in (top, top + 1)
        for column in (left, left + 1)
    )


DTYPES = [np.uint8, np.int16, np.int64, np.float16, np.float32, np.float64, np.bool_]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("mode", list(InterpolationMode))
def test_nothing_to_do_is_the_identity_bit_for_bit(dtype: Any, mode: InterpolationMode) -> None:
    images = (random(4, 3, 8, 11) * 255).astype(dtype)
    for transform in (
        RandomAffine(0, interpolation=mode),
        RandomAffine((0, 0), (0, 0), (1, 1), 0, mode, fill=9),
        RandomRotation(0, mode),
        ElasticTransform(0, 4, mode),
        RandomDistortion(None, None, None, None, None, None, interpolation=mode),
        RandomDistortion(0, (0, 0), (1, 1), (1, 1), 0, 0, interpolation=mode),
    ):
        found = transform(mg.from_numpy(images)).numpy()
        assert found.dtype == dtype
        assert found.tobytes() == images.tobytes()
        assert not np.shares_memory(found, images)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("mode", ["nearest", "bilinear"])
@pytest.mark.parametrize("turns", [-1, 0, 1, 2, 3])
def test_quarter_turns_go_counter_clockwise(turns: int, mode: str, dtype: Any) -> None:
    image = (random(2, 7, 7) * 255).astype(dtype)
    found = RandomRotation((90 * turns, 90 * turns), mode)(mg.from_numpy(image)).numpy()
    expected = np.rot90(image, turns, (1, 2))
    if np.dtype(dtype).kind == "f":
        np.testing.assert_allclose(found, expected, atol=1e-2 if dtype == np.float16 else 1e-3)
    else:
        assert np.array_equal(found, expected)


def test_shifts_are_whole_pixels_to_the_right_and_down() -> None:
    image = mg.zeros(1, 20, 20)
    image[0, 10, 10] = 1.0
    seen = set()
    for seed in range(300):
        generator = mg.Generator().manual_seed(seed)
        found = RandomAffine(0, (0.1, 0.2), interpolation="bilinear", fill=5, generator=generator)(image).numpy()[0]
        (row,), (column,) = np.nonzero(found == 1)
        seen.add((int(row) - 10, int(column) - 10))
        right, down = np.rint((2 * uniform(seed, 6)[1:3] - 1) * [2, 4])
        assert (row - 10, column - 10) == (down, right)
        assert np.count_nonzero(found == 5) == 400 - (20 - abs(down)) * (20 - abs(right))
    assert {row for row, _ in seen} == set(range(-4, 5))
    assert {column for _, column in seen} == set(range(-2, 3))


def test_angles_are_even_over_their_range() -> None:
    line = mg.zeros(4000, 1, 21, 21)
    line[:, 0, 10, 11:] = 1.0  # to the right of the centre
    found = RandomRotation((10, 80), "bilinear", generator=mg.Generator().manual_seed(0))(line).numpy()[:, 0]
    rows, columns = np.mgrid[10:-11:-1, -10:11]
    angles = np.degrees(np.arctan2((found * rows).sum((1, 2)), (found * columns).sum((1, 2))))
    assert 9 < angles.min() < 12
    assert 78 < angles.max() < 81
    assert np.histogram(angles, 7, (10, 80))[0].min() > 450


def test_one_image_has_one_matrix_for_all_channels() -> None:
    image = np.repeat(random(5, 1, 9, 9), 3, 1)
    for transform in (RandomAffine(90, interpolation="bilinear"), ElasticTransform(), RandomDistortion()):
        found = transform(mg.from_numpy(image)).numpy()
        assert np.array_equal(found[:, 0], found[:, 1])
        assert np.array_equal(found[:, 0], found[:, 2])
        assert len({part.tobytes() for part in found}) == 5


def test_every_channel_has_its_fill() -> None:
    found = RandomAffine(0, (1, 1), fill=(1, 2, 3), generator=mg.Generator().manual_seed(3))(mg.zeros(40, 3, 4, 4))
    for channel in range(3):
        assert set(found.numpy()[:, channel].ravel()) == {0, channel + 1}


def test_integers_are_rounded_and_stay_in_range() -> None:
    image = np.array([[0, 255], [255, 0]], np.uint8)
    shifted = ElasticTransform(0)  # a field of zeros; half a pixel comes from the matrix below
    assert np.array_equal(shifted(image), image)
    turned = RandomRotation((45, 45), "bilinear", fill=300)(np.full((5, 5), 250, np.uint8))
    assert turned.dtype == np.uint8
    assert turned[0, 0] == 255
    assert turned[2, 2] == 250
    exact = RandomRotation((45, 45), "bilinear", fill=255)(np.full((5, 5), 250.0))
    assert np.array_equal(
        RandomRotation((45, 45), "bilinear", fill=255)(np.full((5, 5), 250, np.uint8)), np.rint(exact)
    )


def field(numbers: Array, size: tuple[int, int], alpha: float, sigma: float) -> Array:
    """The displacements (2, H, W) to the right and down, by SciPy's filter."""
    noise = 2 * numbers.reshape(2, *size) - 1
    return np.stack([ndimage.gaussian_filter(part, sigma, mode="mirror") for part in noise]) * alpha / 2


@pytest.mark.parametrize("size", [(28, 28), (9, 14), (3, 1)])
@pytest.mark.parametrize(("alpha", "sigma"), [(68, 4.0), (20, 0.7), (5, 0.0)])
def test_elastic_displacements_are_scipys(size: tuple[int, int], alpha: float, sigma: float) -> None:
    images = random(3, 2, *size)
    found = ElasticTransform(alpha, sigma, fill=0.5, generator=mg.Generator().manual_seed(2))(mg.from_numpy(images))
    rows, columns = np.mgrid[: size[0], : size[1]]
    for index, numbers in enumerate(uniform(2, 3, 2 * size[0] * size[1])):
        right, down = field(numbers, size, alpha, sigma)
        for channel in range(2):
            expected = ndimage.map_coordinates(
                images[index, channel], [rows + down, columns + right], order=1, mode="grid-constant", cval=0.5
            )
            np.testing.assert_allclose(found.numpy()[index, channel], expected, atol=1e-9)


def test_pairs_are_for_x_and_y() -> None:
    image = mg.from_numpy(np.repeat(random(1, 1, 12), 12, 1))  # alike in all rows
    assert np.array_equal(ElasticTransform((0, 20), 3)(image).numpy()[:, 4:8], image.numpy()[:, 4:8])
    assert not np.array_equal(ElasticTransform((60, 0), 3)(image).numpy(), image.numpy())


def test_a_distortion_is_both_in_one_reading() -> None:
    size = (10, 13)
    images = random(4, 1, *size)
    ranges: dict[str, Any] = {"degrees": (5, 25), "translate": (0.2, 0.1), "scale": (0.8, 1.3)}
    ranges |= {"squeeze": (0.7, 1.2), "shear": (-10, 20, -5, 5), "alpha": 30, "sigma": 2.5}
    found = RandomDistortion(**ranges, generator=mg.Generator().manual_seed(6))(mg.from_numpy(images)).numpy()
    rows, columns = np.mgrid[: size[0], : size[1]].astype(float)
    for index, numbers in enumerate(uniform(6, 4, 7 + 2 * 130)):
        angle, shear = between((5, 25), numbers[0]), between((-10, 20), numbers[5])
        scale, squeeze = between((0.8, 1.3), numbers[3]), between((0.7, 1.2), numbers[4])
        forward = matrix(angle, 1, shear, between((-5, 5), numbers[6])) @ np.diag([scale * squeeze, scale / squeeze])
        shift = (2 * numbers[1:3] - 1) * [0.2 * 13, 0.1 * 10]
        x, y = np.einsum(
            "ij,jkl->ikl", np.linalg.inv(forward), np.stack([columns - 6 - shift[0], rows - 4.5 - shift[1]])
        )
        right, down = field(numbers[7:], size, 30, 2.5)
        expected = ndimage.map_coordinates(
            images[index, 0], [y + 4.5 + down, x + 6 + right], order=1, mode="grid-constant", cval=0
        )
        np.testing.assert_allclose(found[index, 0], expected, atol=1e-9)


def test_digits_keep_their_ink_where_it_was() -> None:
    digits = mg.from_numpy(mg.datasets.mnist_sample().data.numpy()[:500, None] / np.float32(255))
    found = RandomDistortion(generator=mg.Generator().manual_seed(0))(digits).numpy()
    assert found.dtype == np.float32
    assert found.min() >= 0
    assert found.max() <= 1 + 1e-6
    ink = found.sum((1, 2, 3)) / digits.numpy().sum((1, 2, 3))
    assert 0.95 < ink.mean() < 1.1
    assert ink.min() > 0.5
    assert np.abs(found - digits.numpy()).mean() > 0.02


TRANSFORMS: list[Callable[..., Any]] = [
    lambda **options: RandomAffine(30, (0.2, 0.2), (0.8, 1.2), 10, "bilinear", **options),
    lambda **options: RandomAffine((-5, 20), shear=(1, 2, 3, 4), **options),
    lambda **options: RandomRotation(30, **options),
    ElasticTransform,
    RandomDistortion,
]


@settings(max_examples=40)
@given(
    st.sampled_from(TRANSFORMS), st.integers(0, 5), st.integers(1, 3), st.integers(1, 9), st.integers(1, 9), seeds,
    st.sampled_from([np.uint8, np.float32, np.float64]),
)  # fmt: skip
def test_a_batch_is_its_images_one_by_one(
    make: Any, count: int, channels: int, height: int, width: int, seed: int, dtype: Any
) -> None:
    images = mg.from_numpy((random(count, channels, height, width) * 255).astype(dtype))
    before = images.numpy().copy()
    whole = make(generator=mg.Generator().manual_seed(seed))(images)
    transform = make(generator=mg.Generator().manual_seed(seed))
    single = [transform(image) for image in images]
    assert whole.shape == images.shape
    assert whole.dtype == dtype
    assert [one.numpy().tobytes() for one in single] == [one.tobytes() for one in whole.numpy()]
    assert np.array_equal(images.numpy(), before)
    assert whole.numpy().flags.c_contiguous


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: RandomAffine(-1), ArgumentError, "degrees=-1.*two numbers of at most a million"),
        (lambda: RandomAffine((3, 1)), ArgumentError, "degrees"),
        (lambda: RandomAffine((1, 2, 3)), ArgumentError, "degrees"),
        (lambda: RandomAffine(float("nan")), ArgumentError, "degrees"),
        (lambda: RandomAffine("15"), DTypeError, "degrees"),
        (lambda: RandomAffine(0, 0.1), ArgumentError, "translate=0.1.*two parts"),
        (lambda: RandomAffine(0, (0.1, 2)), ArgumentError, "translate"),
        (lambda: RandomAffine(0, (-0.1, 0.1)), ArgumentError, "translate"),
        (lambda: RandomAffine(0, scale=0.9), ArgumentError, "scale"),
        (lambda: RandomAffine(0, scale=(0, 1)), ArgumentError, "above 0"),
        (lambda: RandomAffine(0, shear=(1, 2, 3)), ArgumentError, "shear"),
        (lambda: RandomAffine(0, shear=90), ArgumentError, "between -90 and 90"),
        (lambda: RandomDistortion(shear=90), ArgumentError, "between -90 and 90"),
        (lambda: RandomAffine(0, shear=(0, 0, 5, 1)), ArgumentError, "shear"),
        (lambda: RandomAffine(0, interpolation="bicubic"), ArgumentError, "NEAREST or .BILINEAR"),
        (lambda: RandomAffine(0, interpolation=2), ArgumentError, "interpolation=2"),
        (lambda: RandomAffine(0, fill="black"), DTypeError, "fill"),
        (lambda: RandomAffine(0, fill=[[0]]), ArgumentError, "fill"),
        (lambda: RandomAffine(0, fill=(1, 2))(mg.ones(3, 4, 4)), ArgumentError, "3 channels.*one for each"),
        (lambda: RandomAffine(0, center=3), ArgumentError, "center=3"),
        (lambda: RandomAffine(0, generator=3), DTypeError, "generator=3"),  # type: ignore[arg-type]
        (lambda: RandomRotation(5, expand=True), ArgumentError, "expand=True.*Pad"),
        (lambda: RandomRotation(5, expand="no"), DTypeError, "expand"),  # type: ignore[arg-type]
        (lambda: ElasticTransform(-1), ArgumentError, "alpha=-1"),
        (lambda: ElasticTransform(1, (1, 2, 3)), ArgumentError, "sigma"),
        (lambda: ElasticTransform(1, float("inf")), ArgumentError, "sigma"),
        (lambda: RandomDistortion(squeeze=(0, 1)), ArgumentError, "squeeze"),
        (lambda: RandomDistortion(sigma=-1), ArgumentError, "sigma"),
    ],
)
def test_wrong_arguments_are_refused(make: Callable[[], Any], error: Any, message: str) -> None:
    with pytest.raises(error, match=message):
        make()


def test_other_libraries_enumerations_will_do() -> None:
    class Mode:
        value = "bilinear"

    assert RandomAffine(0, interpolation=Mode()).interpolation is InterpolationMode.BILINEAR


def test_representations() -> None:
    assert repr(RandomRotation(5)) == (
        "RandomRotation(degrees=(-5.0, 5.0), interpolation=InterpolationMode.NEAREST, expand=False, fill=0)"
    )
    assert "translate=(0.1, 0.2)" in repr(RandomAffine(1, (0.1, 0.2)))


@pytest.mark.parametrize("shape", [(2, 1, 0, 5), (2, 1, 5, 0), (0, 1, 5, 5), (2, 0, 5, 5), (1, 0, 0)])
@pytest.mark.parametrize(
    "make", [ElasticTransform, RandomDistortion, lambda: RandomRotation(9), lambda: RandomAffine(9)]
)
def test_images_without_pixels_stay_so(make: Any, shape: tuple[int, ...]) -> None:
    assert make()(mg.zeros(*shape)).shape == shape


def test_turned_large_integers_stay_what_they_are() -> None:
    image = np.array([[2**53 + 1, 2**63 - 1], [-(2**63), 3]], np.int64)
    assert np.array_equal(RandomRotation((90, 90))(image), np.rot90(image))
    assert RandomRotation((45, 45), fill=2**53 + 1)(np.zeros((9, 9), np.int64)).max() == 2**53 + 1
