"""One window as one product, against the loops of `tests/naive.py` and against the way over rows."""

import numpy as np
import pytest
from hypothesis import strategies as st

from minigrad.geometry import Geometry
from minigrad.kernels import threads, whole
from minigrad.kernels.correlate import correlate, correlate_input, correlate_weight
from minigrad.kernels.memory import batch_first, rows_first
from tests import naive
from tests.strategies import given, seeds, settings, whole_numbers


@st.composite
def single_windows(draw):
    """Batch, groups, channels of a group on both sides, and per axis: kernel, dilation, stride, what is not covered."""
    axes = draw(st.integers(1, 3))
    ends = [(draw(st.integers(1, 3)), draw(st.integers(1, 3)), draw(st.integers(1, 4))) for _ in range(axes)]
    k, d, s = zip(*ends)
    n = tuple((k[a] - 1) * d[a] + 1 + draw(st.integers(0, s[a] - 1)) for a in range(axes))
    batch, groups, inside, out = draw(st.integers(0, 3)), *(draw(st.integers(1, 3)) for _ in range(3))
    return Geometry.window(n, k, s, 0, d, groups), (batch, groups * inside, *n), (groups * out, inside, *k)


def options(geometry):
    return {"stride": geometry.stride, "padding": geometry.padding, "dilation": geometry.dilation,
            "groups": geometry.groups}  # fmt: skip


@settings(max_examples=100)
@given(single_windows(), seeds, st.booleans())
def test_the_maps_are_the_sums_of_their_terms(sizes, seed, innermost):
    geometry, x_shape, w_shape = sizes
    assert whole.window(geometry) is not None
    y_shape = (x_shape[0], w_shape[0], *geometry.outputs)
    x, w, y = whole_numbers(seed, x_shape, w_shape, y_shape)
    if innermost:
        x, y = (batch_first(np.ascontiguousarray(rows_first(one)), one.ndim - 2) for one in (x, y))
    known, before = options(geometry), [one.copy() for one in (x, w, y)]
    assert np.array_equal(correlate(x, w, geometry), naive.correlate(x, w, **known))
    assert np.array_equal(correlate_input(w, y, geometry), naive.correlate_input(w, y, x_shape, **known))
    assert np.array_equal(correlate_weight(x, y, geometry), naive.correlate_weight(x, y, w_shape, **known))
    assert all(np.array_equal(one, other) for one, other in zip((x, w, y), before))


@pytest.mark.parametrize("padding", [0, 1])
def test_only_one_window_without_padding_counts(padding):
    assert (whole.window(Geometry.window((3, 3), (3, 3), 9, padding)) is None) == bool(padding)
    assert whole.window(Geometry.window((4, 3), (3, 3))) is None


def test_the_batch_lies_innermost():
    """What element-wise operations and the kernels over rows want."""
    geometry = Geometry.window((4, 5), (4, 5))
    x, w, y = whole_numbers(0, (6, 3, 4, 5), (7, 3, 4, 5), (6, 7, 1, 1))
    for array in (correlate(x, w, geometry), correlate_input(w, y, geometry)):
        assert rows_first(array).flags.c_contiguous
    assert correlate_weight(x, y, geometry).flags.c_contiguous


@pytest.mark.parametrize("groups", [1, 2])
def test_threads_share_the_rows_and_change_nothing(monkeypatch, groups):
    geometry = Geometry.window((3, 3), (3, 3), groups=groups)
    x, w, y = whole_numbers(1, (5, 4, 3, 3), (6, 4 // groups, 3, 3), (5, 6, 1, 1))
    alone = correlate(x, w, geometry), correlate_weight(x, y, geometry), correlate_input(w, y, geometry)
    asked = []
    run = threads.run
    monkeypatch.setattr(threads, "count", lambda multiplications: 3)
    monkeypatch.setattr(threads, "run", lambda tasks, shared: asked.append(len(tasks)) or run(tasks, 1))
    shared = correlate(x, w, geometry), correlate_weight(x, y, geometry), correlate_input(w, y, geometry)
    assert asked == [3, 3, 3]
    assert all(np.array_equal(one, other) for one, other in zip(alone, shared))
