"""What lies beyond the border: where it is read from, and where its gradient goes."""

import numpy as np
import pytest

import minigrad as mg
from minigrad.autograd import grad, gradcheck
from minigrad.errors import ArgumentError, DTypeError, ShapeError
from minigrad.signal.borders import border_of, extended, sources
from tests.strategies import given, seeds, st, whole_numbers

MIRRORS = ("reflect", "symmetric", "edge", "wrap")
BORDERS = ("zero", "constant", *MIRRORS)
PAD = "convolve"


def numpys(x, widths, border, value=0.0):
    """NumPy's padding of the last axes."""
    full = ((0, 0),) * (x.ndim - len(widths)) + tuple(widths)
    if border in ("zero", "constant"):
        return np.pad(x, full, "constant", constant_values=value)
    return np.pad(x, full, border)


@given(st.integers(1, 6), st.integers(0, 15), st.integers(0, 15), st.sampled_from(MIRRORS))
def test_N36_sources_are_those_of_numpy_for_any_width(n, before, after, border):
    assert np.array_equal(sources(n, before, after, border), np.pad(np.arange(n), (before, after), border))


@given(
    st.lists(st.integers(1, 4), min_size=1, max_size=3),
    st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=3, max_size=3),
    st.integers(1, 3), st.sampled_from(BORDERS), seeds,
)  # fmt: skip
def test_N35_the_last_axes_are_extended_as_by_numpy(shape, widths, axes, border, seed):
    axes = min(axes, len(shape))
    x, value = whole_numbers(seed, shape), 7.0 if border == "constant" else 0.0
    y = extended(mg.from_numpy(x), widths[:axes], border, value, PAD)
    assert np.array_equal(y.numpy(), numpys(x, widths[:axes], border, value))


@given(st.integers(1, 4), st.integers(0, 9), st.integers(0, 9), st.sampled_from(MIRRORS), seeds)
def test_N36_the_gradient_is_added_to_where_the_border_was_read(n, before, after, border, seed):
    x, g = whole_numbers(seed, (2, n), (2, n + before + after))
    leaf = mg.from_numpy(x).requires_grad_()
    (pulled,) = grad(extended(leaf, ((before, after),), border, 0.0, PAD), leaf, mg.from_numpy(g))
    folded = np.zeros_like(x)
    for place, source in enumerate(sources(n, before, after, border)):
        folded[:, source] += g[:, place]
    assert np.array_equal(pulled.numpy(), folded)


def test_N37_a_function_makes_the_border_of_the_image_as_it_was_given():
    seen = []

    def negated(x, widths):
        seen.append((x.shape, widths))
        return mg.pad(x, widths, "reflect") * 2

    x = mg.randn(2, 3, 4, dtype=mg.float64, requires_grad=True)
    y = mg.signal.convolve(x, mg.ones(3, 2, dtype=mg.float64), "same", border=negated)
    assert seen == [((2, 3, 4), ((1, 1), (1, 0)))]
    expected = mg.signal.convolve(x, mg.ones(3, 2, dtype=mg.float64), "same", border="reflect") * 2
    assert mg.allclose(y, expected)
    assert gradcheck(lambda x: mg.signal.correlate(x, x[0], "full", border=negated), [x], order=2)


@pytest.mark.parametrize("whole", [True, False])
def test_N37_an_array_is_the_border_and_gets_the_gradient_of_what_is_seen_of_it(whole):
    x = mg.randn(2, 3, dtype=mg.float64, requires_grad=True)
    frame = mg.randn(*((2, 5) if whole else (5,)), dtype=mg.float64, requires_grad=True)
    y = extended(x, ((1, 1),), frame, 0.0, PAD)
    assert mg.equal(y[:, 1:-1], x)
    for row in y:
        assert whole or mg.equal(row[[0, -1]], frame[[0, -1]])
    to_x, to_frame = grad(y.sum(), [x, frame])
    assert (to_x == 1).all()
    assert to_frame.reshape(-1, 5)[0].tolist() == [1.0 if whole else 2.0, 0, 0, 0, 1.0 if whole else 2.0]
    assert gradcheck(lambda x, frame: extended(x, ((1, 1),), frame, 0.0, PAD) ** 2, [x, frame], order=2)


def test_an_array_of_numpy_takes_the_dtype_of_the_image_and_nan_below_it_is_not_read():
    frame = np.full((4,), np.nan)
    frame[[0, -1]] = 5.0
    x = mg.tensor([1.0, 2.0], requires_grad=True)
    y = extended(x, ((1, 1),), frame, 0.0, PAD)
    assert y.dtype == mg.float32
    assert y.tolist() == [5, 1, 2, 5]
    assert grad((y * y).sum(), x)[0].tolist() == [2, 4]


@pytest.mark.parametrize(
    ("alias", "name"), [("zeros", "zero"), ("replicate", "edge"), ("circular", "wrap"), ("constant", "zero")]
)
def test_names_of_the_same_border(alias, name):
    assert border_of(alias, 0, PAD) == name


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [("mirror", "'reflect'"), ("symm", "'symmetric'"), ("nearest", "'edge'"), ("fill", "'zero' or 'constant'")],
)
def test_other_libraries_names_are_translated(theirs, ours):
    with pytest.raises(ArgumentError, match=rf"border='{theirs}' \(elsewhere '{theirs}' means {ours}\)"):
        mg.signal.convolve(mg.ones(3), mg.ones(2), border=theirs)


def test_what_is_no_border_is_refused():
    x, h = mg.ones(3), mg.ones(3)
    with pytest.raises(ArgumentError, match="border='torus'; the borders are 'zero'"):
        mg.signal.convolve(x, h, border="torus")
    for border in (None, 3, [1.0, 2.0], mg.Tensor):
        with pytest.raises(DTypeError, match="it is a word such as 'reflect', a function"):
            mg.signal.convolve(x, h, border=border)
    with pytest.raises(ArgumentError, match="value=3 with a border 'wrap', which has none; say border='constant'"):
        mg.signal.convolve(x, h, border="wrap", value=3)
    with pytest.raises(ArgumentError, match="a border of your own, which has none"):
        mg.signal.convolve(x, h, border=mg.pad, value=3)
    with pytest.raises(ShapeError, match=r"made \(3,\) of \(3,\); with widths \(\(2, 2\),\) .* it must make \(7,\)"):
        mg.signal.convolve(x, h, border=lambda x, widths: x)
    with pytest.raises(ArgumentError, match=r"given as border fails .* ZeroDivisionError: division by zero\. It takes"):
        mg.signal.convolve(x, h, border=lambda x, widths: 1 / 0)
    with pytest.raises(ShapeError, match="add of shapes"):
        mg.signal.convolve(x, h, border=lambda x, widths: x + mg.ones(2))
    with pytest.raises(DTypeError, match="returned a ndarray; it must return a tensor"):
        mg.signal.convolve(x, h, border=lambda x, widths: np.ones(7))
    with pytest.raises(
        ShapeError, match=r"an array of shape \(3,\) as border; .* the padded image has the shape \(7,\)"
    ):
        mg.signal.convolve(x, h, border=np.ones(3))
    with pytest.raises(ArgumentError, match=r"int64 with 0\.5, which it cannot hold"):
        mg.signal.convolve(x.long(), h.long(), border="constant", value=0.5)
    with pytest.raises(DTypeError, match="value"):
        mg.signal.convolve(x, h, border="constant", value="3")


def test_what_no_mode_needs_is_still_checked():
    with pytest.raises(ArgumentError, match="border='torus'"):
        mg.signal.convolve(mg.ones(3), mg.ones(5), "valid", border="torus")
