from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad.errors import ArgumentError, DTypeError, GradError, ShapeError
from minigrad.transforms import Compose, Lambda, Normalize, ToTensor

Array = np.ndarray[Any, np.dtype[Any]]


def bytes_image(*shape: int) -> Array:
    return np.random.default_rng(0).integers(256, size=shape, dtype=np.uint8)


@pytest.mark.parametrize("shape", [(5, 4), (5, 4, 1), (5, 4, 3), (1, 1), (0, 4)])
def test_bytes_become_floats_with_the_channels_first(shape: tuple[int, ...]) -> None:
    image = bytes_image(*shape)
    result = ToTensor()(image)
    assert isinstance(result, mg.Tensor)
    assert result.dtype == np.float32
    expected = np.atleast_3d(image).transpose(2, 0, 1).astype(np.float32) / np.float32(255)
    assert result.shape == expected.shape
    assert np.array_equal(result.numpy(), expected)
    assert result.numpy().flags.c_contiguous
    assert result.numpy().flags.writeable


def test_every_byte_is_divided_as_in_float32() -> None:
    values = ToTensor()(np.arange(256, dtype=np.uint8)[None]).numpy().ravel()
    assert np.array_equal(values, np.arange(256, dtype=np.float32) / np.float32(255))
    assert values[-1] == 1


@pytest.mark.parametrize("dtype", [np.int8, np.int16, np.int32, np.int64, np.float32, np.float64, bool])
@pytest.mark.parametrize("shape", [(2, 3), (2, 3, 4)])
def test_other_dtypes_keep_their_values(dtype: type, shape: tuple[int, ...]) -> None:
    image = bytes_image(*shape).astype(dtype)
    result = ToTensor()(image)
    assert result.dtype == dtype
    assert np.array_equal(result.numpy(), np.atleast_3d(image).transpose(2, 0, 1))


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_the_image_is_neither_changed_nor_shared(dtype: type) -> None:
    image = bytes_image(3, 3).astype(dtype)
    before = image.copy()
    result = ToTensor()(image)
    result.numpy()[:] = 7
    assert np.array_equal(image, before)


def test_any_memory_order_will_do() -> None:
    image = bytes_image(8, 6, 3)
    for view in (image[::2, ::-1], image.transpose(1, 0, 2), np.asfortranarray(image)):
        result = ToTensor()(view).numpy()
        assert np.array_equal(result, view.transpose(2, 0, 1).astype(np.float32) / np.float32(255))
        assert result.flags.c_contiguous


@pytest.mark.parametrize("shape", [(), (4,), (2, 3, 4, 1)])
def test_other_ranks_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ShapeError, match=r"\(H, W\) or \(H, W, C\)"):
        ToTensor()(np.zeros(shape, np.uint8))


@pytest.mark.parametrize(
    ("image", "message"), [([[1]], r"list.*numpy\.asarray"), (3, "int"), (mg.ones(2, 2), "Tensor.*needs no ToTensor")]
)
def test_what_is_no_array_is_refused(image: Any, message: str) -> None:
    with pytest.raises(DTypeError, match=message):
        ToTensor()(image)


@pytest.mark.parametrize("batch", [(), (2,), (2, 4)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_each_channel_is_normalized_by_its_own_numbers(batch: tuple[int, ...], dtype: type) -> None:
    values = np.random.default_rng(0).random((*batch, 3, 5, 4)).astype(dtype)
    mean, std = (0.1, 0.2, 0.3), (1.5, 0.25, 2.0)
    result = Normalize(mean, std)(mg.from_numpy(values))
    assert result.dtype == dtype
    assert result.shape == values.shape
    for channel in range(3):
        expected = (values[..., channel, :, :] - dtype(mean[channel])) / dtype(std[channel])
        assert np.array_equal(result.numpy()[..., channel, :, :], expected)


@pytest.mark.parametrize(("mean", "std"), [(0.5, 2.0), ((0.5,), 2.0), (0.5, [2.0]), (np.array([0.5]), np.float32(2))])
def test_one_number_serves_all_channels(mean: Any, std: Any) -> None:
    values = np.random.default_rng(0).random((3, 2, 2)).astype(np.float32)
    assert np.array_equal(Normalize(mean, std)(mg.from_numpy(values)).numpy(), (values - np.float32(0.5)) / 2)


def test_normalize_works_in_place_only_when_told() -> None:
    image = mg.ones(1, 2, 2)
    result = Normalize((0.5,), (0.5,))(image)
    assert image.tolist() == [[[1.0, 1.0], [1.0, 1.0]]]
    assert not np.shares_memory(result.numpy(), image.numpy())
    image[:] = 2.0
    assert Normalize((0.5,), (0.5,), inplace=True)(image) is image
    assert image.tolist() == [[[3.0, 3.0], [3.0, 3.0]]]


def test_normalize_passes_gradients_on() -> None:
    image = mg.ones(1, 2, 2)
    image.requires_grad = True
    Normalize((0.5,), (0.25,))(image).sum().backward()
    assert image.grad is not None
    assert image.grad.tolist() == [[[4.0, 4.0], [4.0, 4.0]]]
    with pytest.raises(GradError, match="inplace=False"):
        Normalize((0.5,), (0.25,), inplace=True)(image)
    assert image.tolist() == [[[1.0, 1.0], [1.0, 1.0]]]


@pytest.mark.parametrize(
    ("mean", "std", "message"),
    [
        ((0.5,), (0.0,), "std.*no 0 in it"),
        (0.5, 0, "std.*no 0 in it"),
        ((0.1, 0.2), (1.0, 0.0), "std.*no 0 in it"),
        ((0.1,), (float("nan"),), "std.*finite"),
        ((float("inf"),), (1.0,), "mean.*finite"),
        ((0.1, 0.2), (1.0, 1.0, 1.0), "2 means and 3 standard deviations"),
        ((), (), "one finite number per channel"),
        ([[0.1]], (1.0,), "mean.*one finite number per channel"),
    ],
)
def test_wrong_statistics_are_refused_at_once(mean: Any, std: Any, message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        Normalize(mean, std)


def test_a_std_that_is_zero_in_the_images_dtype_is_refused() -> None:
    normalize = Normalize((0.5,), (1e-60,))
    assert normalize(mg.from_numpy(np.ones((1, 1, 1)))).shape == (1, 1, 1)
    with pytest.raises(ArgumentError, match="float32"):
        normalize(mg.ones(1, 1, 1))


@pytest.mark.parametrize("shape", [(4, 4), (2, 4, 4), (4, 4, 3), (1, 4, 4)])
def test_channels_that_do_not_fit_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ShapeError, match=r"expected \(\*, 3, H, W\).*channels last"):
        Normalize((0.1, 0.2, 0.3), (1.0, 1.0, 1.0))(mg.ones(*shape))


def test_one_channel_needs_an_axis_too() -> None:
    with pytest.raises(ShapeError, match=r"got shape \(4, 4\); expected \(\*, C, H, W\)"):
        Normalize((0.1,), (1.0,))(mg.ones(4, 4))


@pytest.mark.parametrize("image", [np.zeros((1, 2, 2), np.float32), mg.from_numpy(np.zeros((1, 2, 2), np.uint8)), None])
def test_normalize_refuses_what_is_no_float_tensor(image: Any) -> None:
    with pytest.raises(DTypeError, match=r"expected a float tensor.*ToTensor\(\)"):
        Normalize((0.5,), (0.5,))(image)


def test_compose_goes_from_left_to_right() -> None:
    assert Compose([lambda x: x + 1, lambda x: x * 2])(3) == 8
    assert Compose([])(3) == 3


def test_lambda_wants_a_function() -> None:
    assert Lambda(len)("abc") == 3
    with pytest.raises(DTypeError, match="function of one argument"):
        Lambda(3)  # type: ignore[arg-type]


def test_representations_are_torchvisions() -> None:
    assert repr(Compose([ToTensor(), Normalize([0.1, 0.2], [0.3, 0.4]), Lambda(len)])) == (
        "Compose(\n    ToTensor()\n    Normalize(mean=[0.1, 0.2], std=[0.3, 0.4])\n    Lambda()\n)"
    )
    assert repr(Compose([])) == "Compose(\n)"
