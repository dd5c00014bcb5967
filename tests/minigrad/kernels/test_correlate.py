"""The three maps on arrays, against the loops of `tests/naive.py`, which are checked against SciPy here."""

import sys
import types

import numpy as np
import pytest
import scipy.signal
from hypothesis import HealthCheck

from minigrad.geometry import Geometry
from minigrad.kernels import correlate as kernels
from minigrad.kernels import pieces, rows, threads, whole
from minigrad.kernels.correlate import correlate, correlate_input, correlate_weight, laid
from minigrad.kernels.memory import batch_first, rows_first
from tests import naive
from tests.strategies import correlations, given, seeds, settings, whole_numbers


@settings(max_examples=150)
@given(correlations(), seeds)
def test_correlate_is_the_sum_of_its_terms(sizes, seed):
    x, w = whole_numbers(seed, sizes.x, sizes.w)
    y = correlate(x, w, sizes.geometry)
    assert y.shape == sizes.y
    assert np.array_equal(y, naive.correlate(x, w, **sizes.options))


@settings(max_examples=150)
@given(correlations(), seeds)
def test_correlate_input_is_the_sum_of_its_terms(sizes, seed):
    w, y = whole_numbers(seed, sizes.w, sizes.y)
    x = correlate_input(w, y, sizes.geometry)
    assert x.shape == sizes.x
    assert np.array_equal(x, naive.correlate_input(w, y, sizes.x, **sizes.options))


@settings(max_examples=150)
@given(correlations(), seeds)
def test_correlate_weight_is_the_sum_of_its_terms(sizes, seed):
    x, y = whole_numbers(seed, sizes.x, sizes.y)
    w = correlate_weight(x, y, sizes.geometry)
    assert w.shape == sizes.w
    assert np.array_equal(w, naive.correlate_weight(x, y, sizes.w, **sizes.options))


@given(correlations(), seeds)
def test_fractions_agree_to_rounding(sizes, seed):
    source = np.random.default_rng(seed)
    x, w, y = (source.standard_normal(shape) for shape in (sizes.x, sizes.w, sizes.y))
    geometry = sizes.geometry
    close = {"rtol": 1e-12, "atol": 1e-12}
    np.testing.assert_allclose(correlate(x, w, geometry), naive.correlate(x, w, **sizes.options), **close)
    np.testing.assert_allclose(
        correlate_input(w, y, geometry), naive.correlate_input(w, y, sizes.x, **sizes.options), **close
    )
    np.testing.assert_allclose(
        correlate_weight(x, y, geometry), naive.correlate_weight(x, y, sizes.w, **sizes.options), **close
    )


@given(correlations(), seeds)
def test_one_number_three_ways(sizes, seed):
    x, w, y = whole_numbers(seed, sizes.x, sizes.w, sizes.y)
    geometry = sizes.geometry
    form = np.vdot(y, correlate(x, w, geometry))
    assert np.vdot(x, correlate_input(w, y, geometry)) == form
    assert np.vdot(w, correlate_weight(x, y, geometry)) == form


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.int32, np.int64, np.uint8])
def test_the_dtype_is_kept(dtype):
    geometry = Geometry.window((4, 4), (3, 2), 2, 1)
    x, w = np.ones((2, 3, 4, 4), dtype), np.ones((5, 3, 3, 2), dtype)
    y = correlate(x, w, geometry)
    assert y.dtype == dtype
    assert correlate_input(w, y, geometry).dtype == dtype
    assert correlate_weight(x, y, geometry).dtype == dtype


def test_an_empty_batch():
    geometry = Geometry.window((4,), (2,))
    w = np.ones((3, 2, 2))
    assert correlate(np.ones((0, 2, 4)), w, geometry).shape == (0, 3, 3)
    assert correlate_input(w, np.ones((0, 3, 3)), geometry).shape == (0, 2, 4)
    assert np.array_equal(correlate_weight(np.ones((0, 2, 4)), np.ones((0, 3, 3)), geometry), np.zeros((3, 2, 2)))


def test_an_infinite_element_stays_in_its_windows():
    x = np.zeros((1, 1, 5))
    x[0, 0, 0] = np.inf
    y = correlate(x, np.ones((1, 1, 2)), Geometry.window((5,), (2,)))
    assert y.tolist() == [[[np.inf, 0, 0, 0]]]


def test_strides_of_axes_of_one_element_mean_nothing():
    """Such an axis may have any stride, and the array is contiguous nevertheless."""
    geometry = Geometry.window((6, 3), (3, 3), 1, ((2, 0), (0, 0)))
    w = np.arange(9.0).reshape(1, 1, 3, 3)
    y = np.arange(6.0)
    odd = np.ndarray((1, 1, 6, 1), y.dtype, y, strides=(8, 24, 8, 0))
    assert np.array_equal(correlate_input(w, odd, geometry), correlate_input(w, y.reshape(1, 1, 6, 1).copy(), geometry))
    x = np.arange(6.0)
    line = np.ndarray((1, 1, 6, 1), x.dtype, x, strides=(16, 0, 8, 8))
    thin = Geometry.window((6, 1), (3, 1), 1, ((1, 0), (0, 0)))
    expected = correlate(x.reshape(1, 1, 6, 1).copy(), w[:, :, :, :1], thin)
    assert np.array_equal(correlate(line, w[:, :, :, :1], thin), expected)


def test_an_infinite_weight_makes_no_nan_in_the_gradient_of_the_input():
    w = np.ones((1, 1, 3, 3))
    w[0, 0, 0, 0] = np.inf
    x = correlate_input(w, np.ones((2, 1, 4, 4)), Geometry.window((4, 4), (3, 3), 1, 1))
    assert not np.isnan(x).any()


def test_positions_that_no_window_covers_get_nothing():
    geometry = Geometry.window((9,), (2,), 4)  # windows begin at 0 and 4
    x = correlate_input(np.ones((1, 1, 2)), np.ones((1, 1, 2)), geometry)
    assert x.tolist() == [[[1, 1, 0, 0, 1, 1, 0, 0, 0]]]


# ------------------------------------------------------------- which way it goes


@pytest.fixture(params=[1, 2])
def in_pieces(request, monkeypatch):
    """Kernels that cut everything as small as they can, in one thread and in two."""
    for name, value in {"_SCRATCH": 1, "_SMALL": 20, "_THIN": 4, "_NARROW": 1, "_COLUMNS": 2}.items():
        monkeypatch.setattr(pieces, name, value)
    monkeypatch.setattr(kernels, "_LAID", 1)
    monkeypatch.setattr(threads, "_LARGE", 0)
    cached = (pieces.row_pieces, pieces.class_pieces)
    for one in cached:
        one.cache_clear()
    threads.share(request.param)
    yield
    threads.share(1)
    for one in cached:
        one.cache_clear()


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(correlations(), seeds)
def test_in_pieces_it_is_the_same(in_pieces, sizes, seed):
    x, w, y = whole_numbers(seed, sizes.x, sizes.w, sizes.y)
    geometry = sizes.geometry
    bias, back = np.arange(len(w)) - 1, np.arange(sizes.x[1]) - 1
    across = (slice(None), *[None] * len(geometry.inputs))
    assert np.array_equal(correlate(x, w, geometry, bias), naive.correlate(x, w, **sizes.options) + bias[across])
    expected = naive.correlate_input(w, y, sizes.x, **sizes.options)
    assert np.array_equal(correlate_input(w, y, geometry, back), expected + back[across])
    assert np.array_equal(correlate_weight(x, y, geometry), naive.correlate_weight(x, y, sizes.w, **sizes.options))


def innermost(x):
    """The same numbers in the kernels' own memory order."""
    return batch_first(np.ascontiguousarray(rows_first(x)), x.ndim - 2)


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(correlations(), seeds)
def test_laid_in_the_order_of_memory_that_the_maps_read(in_pieces, sizes, seed):
    x = whole_numbers(seed, sizes.x)
    found = laid(x)
    assert np.array_equal(found, x)
    assert rows_first(found).flags.c_contiguous
    assert laid(found) is found


def lines_of(module):
    """The numbers of the lines on which the functions of a module compute something."""
    codes = [one.__wrapped__ if hasattr(one, "__wrapped__") else one for one in vars(module).values()]
    codes = [one.__code__ for one in codes if getattr(one, "__module__", None) == module.__name__ and callable(one)
             and hasattr(one, "__code__")]  # fmt: skip
    found = set()
    while codes:
        code = codes.pop()
        codes.extend(one for one in code.co_consts if isinstance(one, types.CodeType))
        if code.co_name != "_map":  # it ran when the module was imported
            found |= {line for _, _, line in code.co_lines() if line} - {code.co_firstlineno}
    return found


def test_every_way_is_taken(monkeypatch):
    """What is drawn here decides among all the lines of the kernels, and no line is left out."""
    for name, value in {"_SCRATCH": 2000, "_SMALL": 200, "_THIN": 9, "_NARROW": 2}.items():
        monkeypatch.setattr(pieces, name, value)
    places = {module.__file__: module for module in (kernels, pieces, rows, whole)}
    reached = {name: set() for name in places}

    def watch(frame, event, argument):
        if frame.f_code.co_filename not in places:
            return None
        reached[frame.f_code.co_filename].add(frame.f_lineno)
        return watch

    source = np.random.default_rng(0)
    cached = (rows.split, rows.bands, pieces.row_pieces, pieces.class_pieces, whole.window)
    for one in cached:
        one.cache_clear()
    before = sys.gettrace()
    sys.settrace(watch)
    try:
        for number in range(80):
            per_group = (3, 9)[number % 3 == 0]
            axes, groups, batch = source.integers(1, 4), source.integers(1, 3), source.integers(0, 4)
            n, k, s, d = (source.integers(low, high, axes).tolist() for low, high in [(4, 8), (1, 4), (1, 4), (1, 3)])
            p = source.integers(0, 5, (axes, 2)).tolist()
            if number % 8 == 0:  # one window
                s, p = [9] * axes, [[0, 0]] * axes
            if any(size + sum(pad) <= far * (taps - 1) for size, taps, pad, far in zip(n, k, p, d)):
                continue
            geometry = Geometry.window(n, k, s, p, d, int(groups))
            outputs = naive.output_shape((batch, 2 * groups, *n), (per_group * groups, 2, *k), s, p, d)
            dtype = (np.float16, np.float32)[number % 2]
            given = whole_numbers(number, (batch, 2 * groups, *n), (per_group * groups, 2, *k), outputs)
            x, w, y = (np.sign(one).astype(dtype) for one in given)
            sizes = {"stride": s, "padding": p, "dilation": d, "groups": groups}
            bias, back = np.arange(per_group * groups, dtype=dtype), np.arange(2 * groups, dtype=dtype)
            along = (slice(None), *[None] * axes)
            expected = naive.correlate(x, w, **sizes)
            assert np.array_equal(correlate(innermost(x), w, geometry), expected)
            assert np.array_equal(correlate(x, w, geometry, bias), expected + bias[along])
            expected = naive.correlate_input(w, y, x.shape, **sizes)
            assert np.array_equal(correlate_input(w, innermost(y), geometry), expected)
            assert np.array_equal(correlate_input(w, y, geometry, back), expected + back[along])
            expected = naive.correlate_weight(x, y, w.shape, **sizes)
            assert np.array_equal(correlate_weight(laid(x), innermost(y), geometry), expected)
    finally:
        sys.settrace(before)
        for one in cached:
            one.cache_clear()
    for name, module in places.items():
        left = sorted(lines_of(module) - reached[name])
        assert not left, f"lines of {module.__name__} that were not run: {left}"


# ------------------------------------------------------- the oracle's oracle


@pytest.mark.parametrize("shapes", [((7,), (3,)), ((5, 6), (2, 3)), ((3, 4, 5), (2, 1, 3))])
@pytest.mark.parametrize("seed", range(3))
def test_the_loops_agree_with_scipy(shapes, seed):
    n, k = shapes
    axes = len(n)
    x, w = whole_numbers(seed, (1, 2, *n), (3, 2, *k))
    plain = ((1,) * axes, ((0, 0),) * axes, (1,) * axes)
    expected = [sum(scipy.signal.correlate(x[0, c], w[o, c], "valid", "direct") for c in range(2)) for o in range(3)]
    y = naive.correlate(x, w, *plain)
    assert np.array_equal(y[0], expected)
    full = [sum(scipy.signal.convolve(y[0, o], w[o, c], "full", "direct") for o in range(3)) for c in range(2)]
    assert np.array_equal(naive.correlate_input(w, y, x.shape, *plain)[0], full)
    slopes = [[scipy.signal.correlate(x[0, c], y[0, o], "valid", "direct") for c in range(2)] for o in range(3)]
    assert np.array_equal(naive.correlate_weight(x, y, w.shape, *plain), slopes)


@pytest.mark.parametrize("seed", range(3))
def test_the_full_convolution_of_the_loops_agrees_with_scipy(seed):
    x, k = whole_numbers(seed, (4, 5), (3, 2))
    assert np.array_equal(naive.full_convolve2d(x, k), scipy.signal.convolve2d(x, k))
