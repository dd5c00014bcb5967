"""What hypothesis draws for the tests: correlations that fit, shapes, and index expressions.

Test modules take `given`, `st` and `hnp` from here, so that they are skipped where hypothesis is not installed.
"""

from dataclasses import dataclass

import numpy as np
import pytest

from minigrad.geometry import Geometry
from tests import naive

hypothesis = pytest.importorskip("hypothesis")
st = pytest.importorskip("hypothesis.strategies")
hnp = pytest.importorskip("hypothesis.extra.numpy")

given, example, settings, assume = hypothesis.given, hypothesis.example, hypothesis.settings, hypothesis.assume

seeds = st.integers(0, 2**32 - 1)


def whole_numbers(seed, *shapes):
    """Arrays of small whole numbers in float64: sums and products of them are exact."""
    source = np.random.default_rng(seed)
    arrays = [source.integers(-4, 5, shape).astype(float) for shape in shapes]
    return arrays if len(arrays) > 1 else arrays[0]


# ------------------------------------------------------------- correlations


@dataclass(frozen=True)
class Correlation:
    """Shapes and options of one correlation: x (N, C, *n), w (O, C/G, *k) and y (N, O, *o)."""

    x: tuple[int, ...]
    w: tuple[int, ...]
    stride: tuple[int, ...]
    padding: tuple[tuple[int, int], ...]
    dilation: tuple[int, ...]
    groups: int

    @property
    def axes(self):
        return len(self.stride)

    @property
    def y(self):
        return naive.output_shape(self.x, self.w, self.stride, self.padding, self.dilation)

    @property
    def sliding(self):
        """What pooling takes as well."""
        return {"stride": self.stride, "padding": self.padding, "dilation": self.dilation}

    @property
    def options(self):
        return {**self.sliding, "groups": self.groups}

    @property
    def geometry(self):
        return Geometry.window(self.x[2:], self.w[2:], **self.options)


@st.composite
def axis_sizes(draw, largest_kernel, largest_output):
    """n, k, s, (p0, p1), d of one axis along which at least one window fits."""
    k, s, d = draw(st.integers(1, largest_kernel)), draw(st.integers(1, 3)), draw(st.integers(1, 3))
    before, after = draw(st.integers(0, 2)), draw(st.integers(0, 2))
    o, rest = draw(st.integers(1, largest_output)), draw(st.integers(0, s - 1))
    n = max((o - 1) * s + d * (k - 1) + 1 + rest - before - after, 1)
    return n, k, s, (before, after), d


@st.composite
def correlations(draw, rank=None, groups=None):
    """Sizes of rank 1 to 3 with strides, dilation, groups and padding of its own on every side."""
    axes = draw(st.integers(1, 3)) if rank is None else rank
    kernel, output = {1: (4, 5), 2: (3, 3), 3: (2, 2)}[axes]
    sizes = [draw(axis_sizes(kernel, output)) for _ in range(axes)]
    n, k, stride, padding, dilation = zip(*sizes)
    parts = draw(st.integers(1, 3)) if groups is None else groups
    batch, per_group, out_per_group = (draw(st.integers(1, 2)) for _ in range(3))
    return Correlation(
        x=(batch, parts * per_group, *n),
        w=(parts * out_per_group, per_group, *k),
        stride=stride,
        padding=padding,
        dilation=dilation,
        groups=parts,
    )


@st.composite
def poolings(draw, dilated=True):
    """Sizes of a pooling, whose padding is at most half the kernel: x (N, C, *n), w (1, 1, *k)."""
    found = draw(correlations(groups=1))
    kernel, dilation = found.w[2:], found.dilation if dilated else (1,) * found.axes
    span = [d * (k - 1) + 1 for d, k in zip(dilation, kernel)]
    padding = tuple((min(p[0], k // 2), min(p[1], k // 2)) for p, k in zip(found.padding, kernel))
    n = tuple(max(size, least - sum(p)) for size, least, p in zip(found.x[2:], span, padding))
    # A dilated window can step over a small input: then there is nothing in it to choose from.
    places = naive.windows(n, kernel, found.stride, padding, dilation)
    if not all(any(naive.members(start, kernel, dilation, n)) for start in places.reshape(-1, len(n))):
        padding = ((0, 0),) * len(n)
        n = tuple(max(size, least) for size, least in zip(n, span))
    return Correlation((*found.x[:2], *n), (1, 1, *kernel), found.stride, padding, dilation, 1)


# ------------------------------------------------------------------- shapes


def shapes(min_dims=0, max_dims=3, min_side=0, max_side=4):
    return hnp.array_shapes(min_dims=min_dims, max_dims=max_dims, min_side=min_side, max_side=max_side)


def broadcastable(count, min_side=0):
    """`count` shapes that broadcast against each other."""
    return hnp.mutually_broadcastable_shapes(num_shapes=count, max_dims=3, min_side=min_side, max_side=3).map(
        lambda found: found.input_shapes
    )


# ------------------------------------------------------------------ indices


@st.composite
def advanced_indices(draw, shape):
    """Integer arrays (with repeats and negative numbers) and bool masks among slices, None and an Ellipsis.

    No single integers and no 0-d arrays: NumPy takes them for arrays where there are arrays, PyTorch and minigrad
    do not.
    """
    common = draw(shapes(1, 2, 0, 3))
    masked = draw(st.booleans())
    parts = []
    axis, arrays = 0, 0
    while axis < len(shape) and draw(st.integers(0, 4)):
        size = shape[axis]
        kind = draw(st.sampled_from(["array", "array", "slice", "mask"]))
        if kind == "mask" and masked:
            masked = False
            over = draw(st.integers(1, min(2, len(shape) - axis)))
            parts.append(draw(hnp.arrays(bool, shape[axis : axis + over])))
            # Other arrays in the index must broadcast against the number of elements chosen.
            common = (int(parts[-1].sum()),) if arrays == 0 else common
            axis += over
            continue
        if kind == "array" and (size or 0 in common):
            limits = {"elements": st.integers(-size, size - 1)} if size else {}
            parts.append(draw(hnp.arrays(np.int64, common, **limits)))
            arrays += 1
        else:
            parts.append(draw(st.slices(size)))
        axis += 1
    if draw(st.booleans()):
        parts.insert(draw(st.integers(0, len(parts))), None)
    if draw(st.booleans()):
        parts.append(Ellipsis)
    return tuple(parts)


def indices(shape):
    """Index expressions, basic and advanced, that NumPy may still refuse."""
    return hnp.basic_indices(shape, allow_newaxis=True) | advanced_indices(shape)
