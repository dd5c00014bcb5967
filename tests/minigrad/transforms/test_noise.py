from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy import stats

import minigrad as mg
from minigrad.errors import ArgumentError, DTypeError
from minigrad.transforms import GaussianNoise, RandomErasing


def seeded(seed: int = 0) -> Any:
    return mg.Generator().manual_seed(seed)


@pytest.mark.parametrize("shape", [(40, 1, 30, 30), (40, 3, 7, 13)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_noise_is_normal(shape: tuple[int, ...], dtype: Any) -> None:
    found = GaussianNoise(0.25, 0.5, clip=False, generator=seeded())(mg.zeros(*shape, dtype=dtype)).numpy()
    assert found.dtype == dtype
    values = (found.ravel() - 0.25) / 0.5
    assert stats.kstest(values, "norm").pvalue > 0.01
    pixels = values.reshape(shape[0], -1)
    halves = pixels[:, : pixels.shape[1] // 2], pixels[:, -(pixels.shape[1] // 2) :]
    assert abs(np.corrcoef(halves[0].ravel(), halves[1].ravel())[0, 1]) < 0.02  # what shares a pair is independent
    assert abs(np.corrcoef(pixels[0::2].ravel(), pixels[1::2].ravel())[0, 1]) < 0.02


def test_noise_is_clipped_only_if_asked() -> None:
    images = mg.full((10, 1, 20, 20), 0.5)
    clipped = GaussianNoise(sigma=0.5, generator=seeded(3))(images).numpy()
    free = GaussianNoise(sigma=0.5, clip=False, generator=seeded(3))(images).numpy()
    assert np.array_equal(clipped, np.clip(free, 0, 1))
    assert free.max() > 1.5
    assert np.array_equal(GaussianNoise(0, 0)(images).numpy(), images.numpy())


def test_noise_takes_arrays_of_floats() -> None:
    assert GaussianNoise()(np.zeros((5, 4, 3), np.float32)).shape == (5, 4, 3)
    with pytest.raises(DTypeError, match=r"uint8.*ToTensor\(\)"):
        GaussianNoise()(np.zeros((5, 4), np.uint8))


def test_a_rectangle_is_erased_with_the_probability_asked_for() -> None:
    images = mg.ones(4000, 2, 20, 30)
    found = RandomErasing(0.4, scale=(0.1, 0.3), ratio=(0.5, 2), generator=seeded())(images).numpy()
    assert np.array_equal(found[:, 0], found[:, 1])
    erased = found[:, 0] == 0
    rows, columns = erased.any(2), erased.any(1)
    touched = erased.any((1, 2))
    assert 0.37 < touched.mean() < 0.43
    assert np.array_equal(erased, rows[:, :, None] & columns[:, None, :])
    tall, wide = rows.sum(1)[touched], columns.sum(1)[touched]
    first = rows.argmax(1)[touched], columns.argmax(1)[touched]
    assert np.array_equal(tall, 20 - rows[touched, ::-1].argmax(1) - first[0])  # one stretch
    assert np.array_equal(wide, 30 - columns[touched, ::-1].argmax(1) - first[1])
    area = tall * wide / 600
    assert 0.08 < area.min() < 0.13
    assert 0.27 < area.max() < 0.33
    assert abs(np.log(tall / wide).mean()) < 0.05
    assert np.abs(np.log(tall / wide)).max() < np.log(2.3)
    assert first[0].min() == first[1].min() == 0
    assert (first[0] + tall).max() == 20
    assert (first[1] + wide).max() == 30


def test_what_is_written_instead() -> None:
    image = mg.zeros(3, 10, 10)
    found = RandomErasing(1.0, value=(1, 2, 3), generator=seeded())(image).numpy()
    assert [set(part.ravel()) for part in found] == [{0, 1}, {0, 2}, {0, 3}]
    noise = RandomErasing(1.0, scale=(0.5, 0.5), ratio=(1, 1), value="random", generator=seeded())(
        mg.zeros(60, 1, 30, 30)
    )
    values = noise.numpy()[noise.numpy() != 0]
    assert stats.kstest(values, "norm").pvalue > 0.01
    assert np.array_equal(RandomErasing(0.0)(image).numpy(), image.numpy())
    assert set(RandomErasing(1.0, value=300)(np.zeros((9, 9), np.uint8)).ravel()) == {0, 255}


def test_a_rectangle_that_never_fits_is_left_out() -> None:
    image = mg.ones(5, 1, 4, 4)
    assert np.array_equal(RandomErasing(1.0, scale=(1, 1), ratio=(1, 1))(image).numpy(), image.numpy())


def test_in_place_only_when_told() -> None:
    image = mg.ones(1, 9, 9)
    RandomErasing(1.0)(image)
    assert image.numpy().min() == 1
    before = image._version
    assert RandomErasing(1.0, inplace=True)(image) is image
    assert image._version > before
    assert image.numpy().min() == 0
    array = np.ones((9, 9))
    assert RandomErasing(1.0, inplace=True)(array) is array
    assert array.min() == 0


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: GaussianNoise(sigma=-1), ArgumentError, "sigma=-1"),
        (lambda: GaussianNoise(sigma=float("nan")), ArgumentError, "sigma"),
        (lambda: GaussianNoise(mean="0"), DTypeError, "mean"),  # type: ignore[arg-type]
        (lambda: GaussianNoise(clip="no"), DTypeError, "clip"),  # type: ignore[arg-type]
        (lambda: RandomErasing(2), ArgumentError, "p=2"),
        (lambda: RandomErasing(scale=(0.3, 0.1)), ArgumentError, "scale"),
        (lambda: RandomErasing(scale=(0.5, 1.5)), ArgumentError, "parts of the area"),
        (lambda: RandomErasing(scale=0.5), ArgumentError, "scale"),
        (lambda: RandomErasing(ratio=(0, 1)), ArgumentError, "ratios above 0"),
        (lambda: RandomErasing(value="zeros"), DTypeError, "value"),
        (lambda: RandomErasing(1.0, value=(1, 2))(mg.ones(3, 4, 4)), ArgumentError, "3 channels"),
        (lambda: RandomErasing(inplace="no"), DTypeError, "inplace"),  # type: ignore[arg-type]
    ],
)
def test_wrong_arguments_are_refused(make: Callable[[], Any], error: Any, message: str) -> None:
    with pytest.raises(error, match=message):
        make()


def test_a_read_only_array_is_not_written_into() -> None:
    image = np.ones((9, 9))
    image.flags.writeable = False
    with pytest.raises(ArgumentError, match=r"inplace=True.*read-only"):
        RandomErasing(1, inplace=True)(image)
    assert RandomErasing(1)(image).shape == (9, 9)


@pytest.mark.parametrize("mean", [float("nan"), float("inf")])
def test_a_mean_is_finite(mean: float) -> None:
    with pytest.raises(ArgumentError, match=r"mean=(nan|inf)"):
        GaussianNoise(mean=mean)


def test_large_integers_are_written_as_they_are() -> None:
    found = RandomErasing(1, value=2**53 + 1)(np.zeros((9, 9), np.int64))
    assert set(np.unique(found)) == {0, 2**53 + 1}
