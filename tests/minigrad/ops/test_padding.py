"""Borders against the loops of `tests/naive.py`; cropping; what both refuse."""

import numpy as np
import pytest

import minigrad as mg
from minigrad.autograd import grad, gradcheck
from minigrad.errors import ArgumentError, DTypeError, ShapeError
from tests import naive
from tests.strategies import given, seeds, settings, shapes, st, whole_numbers

MODES = ["constant", "reflect", "symmetric", "replicate", "circular"]
LIMIT = {"reflect": lambda n: n - 1, "symmetric": lambda n: n, "circular": lambda n: n}


@st.composite
def borders(draw, modes=MODES):
    """A shape, a mode, and widths that it allows for every axis."""
    shape, mode = draw(shapes(1, 3, 1, 4)), draw(st.sampled_from(modes))
    widths = []
    for n in shape:
        most = min(LIMIT.get(mode, lambda n: 3)(n), 3)
        widths.append((draw(st.integers(0, most)), draw(st.integers(0, most))))
    return shape, mode, tuple(widths)


@settings(max_examples=150)
@given(borders(), seeds)
def test_N37_every_border_is_what_the_walk_finds(border, seed):
    shape, mode, widths = border
    x = whole_numbers(seed, shape)
    assert np.array_equal(mg.pad(x, widths, mode, value=7).numpy(), naive.pad(x, widths, mode, 7))


@given(borders(), seeds)
def test_the_gradient_of_a_border_goes_to_its_source(border, seed):
    shape, mode, widths = border
    number = np.arange(1, np.prod(shape, dtype=int) + 1).reshape(shape)
    sources = naive.pad(number, widths, mode)
    g = whole_numbers(seed, sources.shape)
    expected = np.zeros(number.size + 1)
    np.add.at(expected, sources.ravel(), g.ravel())  # 0 is the constant's
    x = mg.zeros(shape, dtype=mg.float64, requires_grad=True)
    (gradient,) = grad(mg.pad(x, widths, mode), x, mg.from_numpy(g))
    assert np.array_equal(gradient.numpy().ravel(), expected[1:])


@settings(max_examples=25)
@given(borders())
def test_borders_gradcheck_to_second_order(border):
    shape, mode, widths = border
    x = mg.randn(shape, dtype=mg.float64, requires_grad=True)
    assert gradcheck(lambda x: mg.pad(x, widths, mode, 0.5) ** 2, x, order=2)


@pytest.mark.parametrize(
    ("name", "numpy"),
    [("zero", "constant"), ("zeros", "constant"), ("constant", "constant"), ("edge", "edge"), ("replicate", "edge"),
     ("wrap", "wrap"), ("circular", "wrap"), ("reflect", "reflect"), ("symmetric", "symmetric")],
)  # fmt: skip
def test_modes_have_several_names(name, numpy):
    x = np.arange(12.0).reshape(3, 4)
    assert np.array_equal(mg.pad(x, ((2, 1), (1, 2)), name).numpy(), np.pad(x, ((2, 1), (1, 2)), numpy))


def test_widths_speak_of_the_last_axes():
    x = mg.ones(2, 3, 4)
    assert mg.pad(x, ((1, 2),)).shape == (2, 3, 7)
    assert mg.pad(x, ((1, 0), (0, 2))).shape == (2, 4, 6)
    assert mg.pad(x, 1).shape == (4, 5, 6)
    assert mg.pad(x, (1, 2)).shape == (2, 5, 8), "one width for each of the last two axes"
    assert mg.pad(x, 0).tolist() == x.tolist()


def test_the_value_and_the_dtype():
    assert mg.pad(mg.tensor([1, 2]), 1, value=7).tolist() == [7, 1, 2, 7]
    assert mg.pad(mg.tensor([1, 2]), 1).dtype == np.int64
    assert mg.pad(mg.tensor([True]), 1).tolist() == [False, True, False]
    assert mg.pad(mg.ones(1), 1, value=np.inf).tolist() == [np.inf, 1, np.inf]
    for mode in MODES:
        assert mg.pad(mg.ones(3), 1, mode).dtype == np.float32


def test_a_border_of_an_empty_axis():
    assert mg.pad(mg.ones(0, 2), ((1, 1), (0, 0))).tolist() == [[0, 0], [0, 0]]
    assert mg.pad(mg.ones(0, 2), ((0, 0), (1, 1)), "reflect").shape == (0, 4)


@given(borders(["constant"]), seeds)
def test_N35_crop_is_the_adjoint_of_zero_padding(border, seed):
    shape, _, widths = border
    x = whole_numbers(seed, shape)
    padded = mg.pad(x, widths)
    g = whole_numbers(seed + 1, padded.shape)
    assert np.vdot(padded.numpy(), g) == np.vdot(x, mg.crop(g, widths).numpy())
    assert np.array_equal(mg.crop(padded, widths).numpy(), x)


def test_crop_gradchecks_and_may_leave_nothing():
    assert gradcheck(lambda x: mg.crop(x, ((1, 0), (2, 1))) ** 2, mg.randn(3, 5, dtype=mg.float64, requires_grad=True),
                     order=2)  # fmt: skip
    assert mg.crop(mg.ones(4), 2).shape == (0,)


# ------------------------------------------------------------------- refusals


@pytest.mark.parametrize(("mode", "most"), [("reflect", 2), ("symmetric", 3), ("circular", 3)])
def test_a_border_wider_than_its_source_is_refused(mode, most):
    x = mg.ones(2, 3)
    mg.pad(x, ((0, 0), (most, most)), mode)
    message = rf"pad with mode='{mode}' by \(0, {most + 1}\) along axis 1 of size 3: at most {most} on each side"
    with pytest.raises(ShapeError, match=message):
        mg.pad(x, ((0, 0), (0, most + 1)), mode)


@pytest.mark.parametrize("mode", MODES[1:])
def test_there_is_nothing_to_mirror_in_an_empty_axis(mode):
    with pytest.raises(ShapeError, match=r"along axis 0 of size 0: at most 0 on each side"):
        mg.pad(mg.ones(0), 1, mode)


def test_an_unknown_mode_is_refused():
    with pytest.raises(ArgumentError, match=r"mode='mirror'; the modes are constant, reflect, symmetric, replicate"):
        mg.pad(mg.ones(3), 1, "mirror")


@pytest.mark.parametrize("function", [mg.pad, mg.crop])
def test_wrong_widths_are_refused(function):
    with pytest.raises(ShapeError, match=rf"{function.__name__} got 2 pairs for a tensor of shape \(3,\)"):
        function(mg.ones(3), ((1, 1), (1, 1)))
    with pytest.raises(ArgumentError, match="padding cannot be negative"):
        function(mg.ones(3), -1)
    with pytest.raises(DTypeError, match=r"padding=.* it takes an integer"):
        function(mg.ones(3), 1.5)


@pytest.mark.parametrize(
    ("dtype", "value", "message"),
    [
        (mg.int64, 0.5, r"pad of a tensor of int64 with 0\.5, which it cannot hold; convert it first"),
        (mg.uint8, 300, r"pad got 300 for uint8, which holds 0 to 255"),
        (mg.uint8, -1, r"pad got -1 for uint8"),
    ],
)
def test_a_constant_that_integers_cannot_hold_is_refused(dtype, value, message):
    with pytest.raises(ArgumentError, match=message):
        mg.pad(mg.ones(2, dtype=dtype), 1, value=value)
    assert mg.pad(mg.ones(1, dtype=dtype), 1, value=2.0).tolist() == [2, 1, 2]


def test_cropping_more_than_there_is_is_refused():
    with pytest.raises(ShapeError, match=r"crop of shape \(3,\) by \(\(2, 2\),\): more would be cut away than"):
        mg.crop(mg.ones(3), 2)
