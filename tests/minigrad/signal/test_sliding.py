"""Modes: how much border they add, on which side, and for which kernels."""

import numpy as np
import pytest

import minigrad as mg
from minigrad.errors import ArgumentError, ShapeError
from minigrad.signal.sliding import mode_of, turned, widths_of
from tests.strategies import given, st


@given(st.integers(1, 9), st.integers(1, 6))
def test_N34_the_output_sizes_of_the_modes(n, k):
    for mode, size in (("full", n + k - 1), ("same", n), ("valid", n - k + 1)):
        for convolving in (True, False):
            ((before, after),) = widths_of(mode, (n,), (k,), convolving=convolving)
            assert n + before + after - k + 1 == size


@given(st.integers(1, 9), st.integers(1, 9))
def test_X81_same_has_the_larger_half_behind_and_convolution_before(n, k):
    assert widths_of("same", (n,), (k,)) == (((k - 1) // 2, k // 2),)
    assert widths_of("same", (n,), (k,), convolving=True) == ((k // 2, (k - 1) // 2),)


@given(st.integers(1, 6), st.integers(1, 3), st.integers(1, 3))
def test_dilation_widens_and_stride_gives_as_many_outputs_as_steps(k, stride, dilation):
    n, span = 13, dilation * (k - 1) + 1
    assert widths_of("full", (n,), (k,), stride, dilation) == ((span - 1,) * 2,)
    ((before, after),) = widths_of("same", (n,), (k,), stride, dilation)
    assert (n + before + after - span) // stride + 1 == -(-n // stride)
    assert 0 <= after - before <= 1


@pytest.mark.parametrize(("word", "mode"), [("wide", "full"), ("narrow", "valid"), ("same", "same")])
def test_N45_wide_and_narrow_are_full_and_valid(word, mode):
    assert mode_of(word, "f") == mode
    x, h = mg.randn(4, 5), mg.randn(2, 3)
    assert mg.equal(mg.signal.convolve(x, h, word), mg.signal.convolve(x, h, mode))
    assert mg.equal(mg.correlate2d(x, h, word), mg.correlate2d(x, h, mode))


@pytest.mark.parametrize("mode", ["circular", "Full", None, 1, ["full"]])
def test_other_modes_are_refused(mode):
    with pytest.raises(ArgumentError, match=r"convolve got mode=.*; the modes are 'valid', 'same' and 'full'"):
        mg.signal.convolve(mg.ones(3), mg.ones(2), mode)


def test_turned_reverses_the_last_axes():
    w = np.arange(12.0).reshape(2, 3, 2)
    assert np.array_equal(turned(mg.from_numpy(w), 2).numpy(), w[:, ::-1, ::-1])


@pytest.mark.parametrize(("x", "h"), [((3,), ()), ((), ()), ((3,), (1, 3)), ((2, 2), (1, 1, 1))])
@pytest.mark.parametrize("function", [mg.signal.convolve, mg.signal.correlate])
def test_a_kernel_has_an_axis_for_each_that_it_slides_along(function, x, h):
    with pytest.raises(ShapeError, match="the kernel needs an axis for each of the image that it slides along"):
        function(mg.ones(x), mg.ones(h))


@pytest.mark.parametrize(("x", "h"), [((0,), (2,)), ((2,), (0,)), ((2, 0), (1, 1)), ((2, 2), (1, 0))])
def test_nothing_is_refused(x, h):
    with pytest.raises(ShapeError, match="along an axis there is nothing"):
        mg.signal.convolve(mg.ones(x), mg.ones(h))
    if len(x) == 2:
        with pytest.raises(ShapeError, match="along an axis there is nothing"):
            mg.correlate2d(mg.ones(1, 1, *x), mg.ones(1, 1, *h), "same", border="wrap")
    with pytest.raises(ShapeError, match="along an axis there is nothing"):
        mg.signal.convolve_separable(mg.ones(x), [mg.ones(size) for size in h])


def test_neither_inside_the_other_is_refused():
    with pytest.raises(
        ShapeError, match=r"sizes \(2, 5\) and a kernel of sizes \(3, 4\) in mode 'valid': along one axis"
    ):
        mg.signal.correlate(mg.ones(7, 2, 5), mg.ones(3, 4), "valid")
