"""Quantisation, coordinates and layouts."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minigrad as mg
from minigrad import signal
from minigrad.errors import ArgumentError, DTypeError, ShapeError


@given(st.floats(1e-3, 1e3), st.integers(0, 2**32 - 1))
def test_samples_are_multiples_at_most_half_a_step_away(step, seed):
    x = mg.tensor(np.random.default_rng(seed).normal(0, 100, 20))
    y = signal.quantize(x, step)
    assert ((y - x).abs() <= step / 2 * (1 + 1e-9)).all().item()
    np.testing.assert_allclose((y / step).numpy(), np.rint((y / step).numpy()), atol=1e-6)


def test_quantising_keeps_the_dtype_and_has_no_slope():
    x = mg.tensor([0.4, 0.6], requires_grad=True)
    y = signal.quantize(x)
    assert (y.dtype, y.tolist()) == (mg.float32, [0, 1])
    y.sum().backward()
    assert x.grad.tolist() == [0, 0]


@pytest.mark.parametrize("size", [1, 2, 3, 8, 23])
def test_the_centre_is_zero(size):
    line = signal.centred_grid(size)
    assert line.dtype == mg.float32
    assert line.tolist() == [-one for one in line.tolist()[::-1]]
    assert (line[1:] - line[:-1]).tolist() == [1] * (size - 1)


def test_a_grid_has_the_dtype_that_it_was_asked_for():
    whole = signal.centred_grid(5, dtype=mg.int64)
    assert whole.dtype == mg.int64
    assert whole.tolist() == [-2, -1, 0, 1, 2]
    assert signal.centred_grid(5001, dtype=mg.float16)[2498:2503].tolist() == [-2, -1, 0, 1, 2]
    with pytest.raises(DTypeError, match="an even size has its middle between two"):
        signal.centred_grid((5, 4), dtype=mg.int64)


def test_grids_of_several_axes():
    down, right = signal.centred_grid((3, 5), dtype=mg.float64)
    assert (down.shape, down.dtype) == ((3, 5), mg.float64)
    assert down[:, 0].tolist() == [-1, 0, 1]
    assert right[0].tolist() == [-2, -1, 0, 1, 2]
    assert down.T.tolist()[4] == [-1, 0, 1]
    assert [one.shape for one in signal.centred_grid([4])] == [(4,)]


@pytest.mark.parametrize("layout", ["HW", "WH", "HWC", "CHW", "NHW", "NHWC", "NCHW", "WHCN"])
def test_layouts_round_trip(layout):
    sizes = {"N": 2, "C": 3, "H": 4, "W": 5}
    x = mg.randn([sizes[letter] for letter in layout], requires_grad=True)
    batch = signal.to_nchw(x, layout)
    assert batch.shape == tuple(sizes[letter] if letter in layout else 1 for letter in "NCHW")
    back = signal.from_nchw(batch, layout)
    assert back.tolist() == x.tolist()
    (back * back).sum().backward()
    assert x.grad.tolist() == (2 * x).tolist()


def test_pixels_keep_their_place():
    photo = np.arange(2 * 3 * 4).reshape(2, 3, 4)  # H, W, C
    assert signal.to_nchw(photo, "HWC")[0, 3, 1, 2].item() == photo[1, 2, 3]


@pytest.mark.parametrize(("call", "error", "text"), [
    (lambda: signal.quantize(mg.ones(2), 0), ArgumentError, "above 0"),
    (lambda: signal.quantize(mg.ones(2), float("nan")), ArgumentError, "above 0"),
    (lambda: signal.quantize("a"), DTypeError, "quantize got a str"),
    (lambda: signal.centred_grid(0), ArgumentError, "at least 1"),
    (lambda: signal.to_nchw(mg.ones(2, 2), "HC"), ArgumentError, "H and W once each"),
    (lambda: signal.to_nchw(mg.ones(2, 2), "HWH"), ArgumentError, "H and W once each"),
    (lambda: signal.to_nchw(mg.ones(2, 2), "HWD"), ArgumentError, "H and W once each"),
    (lambda: signal.to_nchw(mg.ones(2, 2), 2), DTypeError, "a letter for each axis"),
    (lambda: signal.to_nchw(mg.ones(2, 2), "HWC"), ShapeError, "3 axes"),
    (lambda: signal.from_nchw(mg.ones(2, 2), "HW"), ShapeError, "a batch"),
    (lambda: signal.from_nchw(mg.ones(2, 3, 4, 4), "HW"), ShapeError, "no place for 2 along N and 3 along C"),
])  # fmt: skip
def test_mistakes(call, error, text):
    with pytest.raises(error, match=text):
        call()
