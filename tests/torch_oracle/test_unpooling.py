"""Max unpooling: of what max pooling gave, of drawn indices, with sizes asked for; indices that come twice."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import minigrad as mg
from minigrad import nn
from tests.torch_oracle.compare import both_refuse, compare, drawn, functional, normal, whole
from tests.torch_oracle.modules import compare_layer

LAYERS = ("MaxUnpool1d", "MaxUnpool2d", "MaxUnpool3d")
FUNCTIONS = ("max_unpool1d", "max_unpool2d", "max_unpool3d")


@st.composite
def unpoolings(draw):
    """A pooled shape, the options of the layer, and a size to ask for, or None."""
    axes = draw(st.integers(1, 3))
    sizes = st.lists(st.integers(1, 3), min_size=axes, max_size=axes)
    plane, kernel, stride = draw(sizes), draw(sizes), draw(sizes)
    padding = [draw(st.integers(0, k // 2)) for k in kernel]
    chosen = draw(st.sampled_from(["plain", "stride", "padding"]))
    if chosen == "plain":
        stride = kernel
    if chosen != "padding":
        padding = [0] * axes
    plain = [(n - 1) * s - 2 * p + k for n, k, s, p in zip(plane, kernel, stride, padding, strict=True)]
    size = [max(one + draw(st.integers(1 - s, s - 1)), 1) for one, s in zip(plain, stride, strict=True)]
    lead = draw(st.sampled_from([(1,), (2,), (1, 2), (2, 1), (0, 1)]))
    if min(plain) < 1 or any(not p - s < o < p + s for o, p, s in zip(size, plain, stride, strict=True)):
        plain = size = [n * k for n, k in zip(plane, kernel, strict=True)]
        stride, padding = kernel, [0] * axes
    asked = draw(st.sampled_from([None, "space", "shape"]))
    output = plain if asked is None else size
    given_size = None if asked is None else size if asked == "space" else [9, 9, *size]
    options = {"kernel_size": tuple(kernel), "stride": tuple(stride), "padding": tuple(padding)}
    return axes, (*lead, *plane), options, given_size, output


def places(shape, axes, output, distinct):
    """Indices into planes of the output size."""
    room = int(np.prod(output))
    lead, count = shape[:-axes], int(np.prod(shape[-axes:]))
    if distinct and count <= room:
        rows = [
            np.random.default_rng(number).permutation(room)[:count] for number in range(int(np.prod(lead, dtype=int)))
        ]
        return np.array(rows, np.int64).reshape(shape)
    return whole(0, room, *shape)


@drawn(150)
@given(unpoolings())
def test_max_unpool(case):
    axes, shape, options, size, output = case
    where = places(shape, axes, output, True)
    if len(set(where.ravel().tolist())) < where.size and np.prod(shape[-axes:]) > np.prod(output):
        return
    compare(*functional(FUNCTIONS[axes - 1], **options, output_size=size), normal(*shape), where)


@drawn(60)
@given(unpoolings())
def test_an_index_that_comes_twice(case):
    axes, shape, options, size, output = case
    where = places(shape, axes, output, False)
    compare(*functional(FUNCTIONS[axes - 1], **options, output_size=size), normal(*shape), where)


@drawn(60)
@given(unpoolings())
def test_the_layers(case):
    axes, shape, options, _, _ = case
    if 0 in shape:
        shape = (1, *shape[1:])
    plain = [
        (n - 1) * s - 2 * p + k
        for n, k, s, p in zip(shape[-axes:], options["kernel_size"], options["stride"], options["padding"], strict=True)
    ]
    if min(plain) < 1:
        return
    compare_layer(LAYERS[axes - 1], (), options, normal(*shape), places(shape, axes, plain, True))


@pytest.mark.parametrize("axes", [1, 2, 3])
@pytest.mark.parametrize(
    "options",
    [
        {"kernel_size": 2},
        {"kernel_size": 3, "stride": 2},
        {"kernel_size": 2, "stride": 1},
        {"kernel_size": 3, "stride": 2, "padding": 1},
    ],
    ids=str,
)
def test_a_pooling_undone(axes, options):
    plane = (7, 6, 5)[:axes]

    def through(library):
        pool = getattr(library.nn, f"MaxPool{axes}d")(return_indices=True, **options)
        unpool = getattr(library.nn, LAYERS[axes - 1])(**options)

        def run(x):
            y, where = pool(x)
            return unpool(y, where, output_size=list(x.shape[-axes:]))

        return run

    for lead in ((2, 3), (3,)):
        compare(through(mg), through(torch), normal(*lead, *plane))


def test_sizes_in_the_call():
    x, where = normal(1, 1, 2, 2), np.array([[[[0, 3], [9, 5]]]])
    for size in (None, (4, 4), [5, 5], (1, 1, 5, 4), (3, 5)):
        compare(*functional("max_unpool2d", 2, output_size=size), x, where)
        compare(
            lambda t, i, size=size: nn.MaxUnpool2d(2)(t, i, size),
            lambda t, i, size=size: torch.nn.MaxUnpool2d(2)(t, i, size),
            x, where,
        )  # fmt: skip


REFUSED = [
    ((1, 1, 2, 2), {"output_size": (6, 6)}, 0, "int64"), ((1, 1, 2, 2), {"output_size": (2, 5)}, 0, "int64"),
    ((1, 1, 2, 2), {"output_size": (1, 5, 5)}, 0, "int64"), ((1, 1, 2, 2), {"output_size": 4}, 0, "int64"),
    ((1, 1, 2, 2), {}, 16, "int64"), ((1, 1, 2, 2), {}, -1, "int64"), ((1, 1, 2, 2), {}, 0, "int32"),
    ((2, 2), {}, 0, "int64"), ((1, 1, 1, 2, 2), {}, 0, "int64"),
    ((1, 1, 2, 2), {"output_size": (5.0, 5.0)}, 0, "int64"),
    ((1, 1, 1, 1), {"padding": 2}, 0, "int64"),
]  # fmt: skip


@pytest.mark.parametrize("number", range(len(REFUSED)))
def test_what_both_refuse(number):
    shape, options, index, dtype = REFUSED[number]
    ours, theirs = functional("max_unpool2d", 2, **options)
    where = np.full(shape, index, dtype)
    both_refuse(
        lambda: ours(mg.ones(shape), mg.tensor(where)), lambda: theirs(torch.ones(shape), torch.from_numpy(where))
    )


def test_operands_that_both_refuse():
    ours, theirs = functional("max_unpool2d", 2)
    both_refuse(
        lambda: ours(mg.ones(1, 2, 2), mg.zeros(1, 2, 1, dtype=mg.int64)),
        lambda: theirs(torch.ones(1, 2, 2), torch.zeros(1, 2, 1, dtype=torch.int64)),
        ValueError,
    )
    both_refuse(
        lambda: ours(mg.ones(1, 2, 2, dtype=mg.int64), mg.zeros(1, 2, 2, dtype=mg.int64)),
        lambda: theirs(torch.ones(1, 2, 2, dtype=torch.int64), torch.zeros(1, 2, 2, dtype=torch.int64)),
        TypeError,
    )
