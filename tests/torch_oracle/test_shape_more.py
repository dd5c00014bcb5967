"""Diagonals, windows, repeating, turning, stacking and cutting, grids; questions about tensors and dtypes."""

# Functions made in a loop are called before it goes on.
# ruff: noqa: B023

import itertools

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import minigrad as mg
from tests.torch_oracle.compare import (
    agree,
    both,
    both_refuse,
    compare,
    drawn,
    dtype_name,
    method,
    normal,
    same,
    whole,
)

SHAPES = st.lists(st.integers(0, 4), min_size=1, max_size=3).map(tuple)
PLANES = st.lists(st.integers(0, 4), min_size=2, max_size=4).map(tuple)
OFFSETS = st.integers(-4, 4)


# ----------------------------------------------------------------- diagonals


@drawn(90)
@given(PLANES, OFFSETS, st.data())
def test_diagonal(shape, offset, data):
    dims = data.draw(st.permutations(range(len(shape))))[:2]
    dims = [axis - len(shape) if data.draw(st.booleans()) else axis for axis in dims]
    if not -shape[dims[0]] <= offset <= shape[dims[1]]:
        return
    compare(*both("diagonal", offset, *dims), normal(*shape))
    same(method("diagonal", offset, *dims), normal(*shape), order=1)


@drawn(60)
@given(SHAPES, OFFSETS, st.data())
def test_diag_embed(shape, offset, data):
    dims = data.draw(st.permutations(range(len(shape) + 1)))[:2]
    compare(*both("diag_embed", offset, *dims), normal(*shape))
    same(method("diag_embed", offset, *dims), normal(*shape), order=1)


@drawn(60)
@given(PLANES, OFFSETS)
def test_triangles(shape, diagonal):
    for name, in_place in (("tril", "tril_"), ("triu", "triu_")):
        compare(*both(name, diagonal), normal(*shape))
        same(method(name, diagonal), whole(0, 9, *shape))
        same(lambda x: getattr(x * 1, in_place)(diagonal), normal(*shape), order=1)
        agree(lambda library: getattr(library, f"{name}_indices")(*shape[:2], diagonal))


def test_plain_diagonals():
    for name, shapes in {
        "diag": [(3,), (2, 3), (3, 2), (0,)],
        "diagflat": [(3,), (2, 2), ()],
        "trace": [(2, 3)],
    }.items():
        for shape in shapes:
            compare(*both(name), normal(*shape))
            same(method(name), normal(*shape), order=1)
    compare(*both("trace"), whole(0, 9, 3, 3))
    compare(*both("tril"), np.array([[np.nan, np.inf], [1.0, np.nan]]), order=1)
    for dtype in ("bool", "uint8", "int64"):
        compare(*both("triu"), whole(0, 2, 3, 3).astype(dtype))
    agree(lambda library: library.tril_indices(3, 3, dtype=library.int32))
    for name, shape in (("diag", (2, 2, 2)), ("trace", (3,)), ("tril", (3,)), ("triu", ()), ("diag_embed", ())):
        both_refuse(lambda: getattr(mg, name)(mg.ones(shape)), lambda: getattr(torch, name)(torch.ones(shape)))
    both_refuse(lambda: mg.diagonal(mg.ones(2, 2), 0, 1, 1), lambda: torch.diagonal(torch.ones(2, 2), 0, 1, 1))


def test_a_diagonal_is_a_view():
    for library in (mg, torch):
        t = library.zeros(2, 3)
        t.diagonal(1).fill_(7)
        assert t.tolist() == [[0, 7, 0], [0, 0, 7]]
        t.diag().fill_(9)
        assert t.tolist() == [[0, 7, 0], [0, 0, 7]]


def test_fill_diagonal():
    for shape, wrap in itertools.product([(3, 3), (2, 4), (4, 2), (7, 3), (3, 3, 3), (0, 2), (2, 0)], [False, True]):
        same(lambda x: (x * 1).fill_diagonal_(5, wrap), normal(*shape))
        agree(lambda library: library.tensor(normal(*shape)).fill_diagonal_(2.5, wrap=wrap))
    for shape in ((3,), (2, 3, 2)):
        both_refuse(lambda: mg.ones(shape).fill_diagonal_(1), lambda: torch.ones(shape).fill_diagonal_(1))


# ------------------------------------------------------------------- windows


@drawn(90)
@given(SHAPES, st.integers(0, 4), st.integers(1, 4), st.data())
def test_unfold(shape, size, step, data):
    dim = data.draw(st.integers(-len(shape), len(shape) - 1))
    if size > shape[dim]:
        both_refuse(lambda: mg.ones(shape).unfold(dim, size, step), lambda: torch.ones(shape).unfold(dim, size, step))
        return
    same(lambda x: x.unfold(dim, size, step), normal(*shape))


def test_unfold_twice_cuts_an_image_into_patches():
    same(lambda x: x.unfold(2, 2, 2).unfold(3, 2, 2), normal(2, 3, 4, 4))
    same(lambda x: x.unfold(2, 3, 1).unfold(3, 3, 1), normal(1, 2, 5, 4))
    same(lambda x: x.unfold(0, 1, 1), np.array(1.5))
    for arguments in ((0, 2, 0), (0, -1, 1), (1, 2, 1)):
        both_refuse(lambda: mg.ones(3).unfold(*arguments), lambda: torch.ones(3).unfold(*arguments))


# ------------------------------------------------------- repeating and turning


@drawn(60)
@given(st.lists(st.integers(0, 3), max_size=3).map(tuple), st.lists(st.integers(0, 3), min_size=0, max_size=4))
def test_repeat_and_tile(shape, times):
    compare(*both("tile", tuple(times)), normal(*shape))
    same(lambda x: x.tile(*times) if times else x.tile(()), normal(*shape), order=1)
    if len(times) >= len(shape):
        same(lambda x: x.repeat(*times) if times else x.repeat(()), normal(*shape))
        same(lambda x: x.repeat(tuple(times)), normal(*shape), order=1)
    else:
        both_refuse(lambda: mg.ones(shape).repeat(times), lambda: torch.ones(shape).repeat(times))


@drawn(60)
@given(SHAPES, st.data())
def test_repeat_interleave(shape, data):
    dim = data.draw(st.integers(-len(shape), len(shape) - 1))
    repeats = whole(0, 3, shape[dim], seed=data.draw(st.integers(0, 9)))
    compare(*both("repeat_interleave", 2, dim), normal(*shape))
    compare(*both("repeat_interleave", 2), normal(*shape))
    operands = (lambda x, r: mg.repeat_interleave(x, r, dim)), (lambda x, r: torch.repeat_interleave(x, r, dim))
    compare(*operands, normal(*shape), repeats)
    agree(lambda library: library.repeat_interleave(library.tensor(repeats)))
    same(method("repeat_interleave", 3, dim=dim), normal(*shape), order=1)


@drawn(60)
@given(SHAPES, st.data())
def test_roll(shape, data):
    dims = tuple(data.draw(st.lists(st.integers(-len(shape), len(shape) - 1), min_size=1, max_size=3)))
    shifts = tuple(data.draw(st.integers(-5, 5)) for _ in dims)
    compare(*both("roll", shifts, dims), normal(*shape))
    compare(*both("roll", shifts[0], dims[0]), normal(*shape))
    compare(*both("roll", shifts[0]), normal(*shape))
    same(method("roll", shifts, dims), normal(*shape), order=1)


@drawn(60)
@given(PLANES, st.integers(-5, 5), st.data())
def test_rot90(shape, k, data):
    dims = data.draw(st.permutations(range(len(shape))))[:2]
    compare(*both("rot90", k, dims), normal(*shape))
    same(method("rot90", k, dims), normal(*shape), order=1)


def test_turning_refuses():
    for call in (
        lambda library: library.roll(library.ones(2, 2), (1, 1)), lambda library: library.roll(library.ones(2), 1, 3),
        lambda library: library.roll(library.ones(2, 2), (1, 1), 0),
        lambda library: library.rot90(library.ones(2, 2), 1, (0, 0)),
        lambda library: library.rot90(library.ones(2, 2), 1, (0,)), lambda library: library.fliplr(library.ones(2)),
        lambda library: library.flipud(library.tensor(1.0)), lambda library: library.ones(2).repeat(-1),
        lambda library: library.repeat_interleave(library.ones(2), library.tensor([1, 2, 3])),
        lambda library: library.repeat_interleave(library.ones(2), library.tensor([1, -1])),
        lambda library: library.repeat_interleave(library.ones(2), library.tensor([1.0, 2.0])),
    ):  # fmt: skip
        both_refuse(lambda: call(mg), lambda: call(torch))


# --------------------------------------------------------- stacking and cutting


@pytest.mark.parametrize("shape", [(), (3,), (2, 3), (2, 3, 4), (1, 2, 3, 4), (0,)])
def test_stacks(shape):
    for name in ("hstack", "vstack", "dstack", "column_stack", "row_stack"):
        compare(
            lambda *x: getattr(mg, name)(x), lambda *x: getattr(torch, name)(x), normal(*shape), normal(*shape, seed=1)
        )
    for name in ("atleast_1d", "atleast_2d", "atleast_3d"):
        compare(*both(name), normal(*shape))
        compare(*both(name), normal(*shape), normal(2, seed=1))
        compare(lambda x: getattr(mg, name)([x]), lambda x: getattr(torch, name)([x]), normal(*shape), order=1)


@drawn(90)
@given(SHAPES, st.data())
def test_tensor_split(shape, data):
    dim = data.draw(st.integers(-len(shape), len(shape) - 1))
    sections = data.draw(st.integers(1, 6))
    cuts = tuple(data.draw(st.lists(st.integers(-6, 6), max_size=3)))
    for how in (sections, cuts):
        compare(*both("tensor_split", how, dim), normal(*shape))
        same(method("tensor_split", how, dim), normal(*shape), order=1)
    agree(
        lambda library: library.tensor_split(
            library.tensor(normal(*shape)), library.tensor(cuts, dtype=library.int64), dim
        )
    )


def test_cuts_by_direction():
    for name, shapes in {"hsplit": [(4,), (3, 4), (2, 4, 3)], "vsplit": [(4, 3)], "dsplit": [(2, 3, 4)]}.items():
        for shape, how in itertools.product(shapes, [2, (1, 3), [2]]):
            compare(*both(name, how), normal(*shape))
            same(method(name, how), normal(*shape), order=1)
        both_refuse(
            lambda: getattr(mg, name)(mg.ones(shapes[0]), 3), lambda: getattr(torch, name)(torch.ones(shapes[0]), 3)
        )
        both_refuse(lambda: getattr(mg, name)(mg.tensor(1.0), 1), lambda: getattr(torch, name)(torch.tensor(1.0), 1))
    same(method("split_with_sizes", [1, 3], 1), normal(2, 4))
    both_refuse(lambda: mg.tensor_split(mg.ones(2), 0), lambda: torch.tensor_split(torch.ones(2), 0))


def test_block_diag():
    for shapes in ([(2, 3), (1, 1)], [(2,), (), (2, 2)], [(0, 2), (1, 1)], []):
        compare(mg.block_diag, torch.block_diag, *(normal(*shape, seed=number) for number, shape in enumerate(shapes)))
    both_refuse(lambda: mg.block_diag(mg.ones(1, 1, 1)), lambda: torch.block_diag(torch.ones(1, 1, 1)))


def test_grids():
    for sizes in ((2, 3), (3,), (2, 1, 3), (0, 2), (2, 3, 2, 2)):
        vectors = [normal(size, seed=size) for size in sizes]
        for indexing in ("ij", "xy"):
            compare(
                lambda *x: mg.meshgrid(*x, indexing=indexing),
                lambda *x: torch.meshgrid(*x, indexing=indexing),
                *vectors,
            )
            compare(
                lambda *x: mg.meshgrid(x, indexing=indexing), lambda *x: torch.meshgrid(x, indexing=indexing), *vectors
            )
        compare(mg.cartesian_prod, torch.cartesian_prod, *vectors)
    for shapes in (((2, 1), (3,)), ((), (2,)), ((1, 3), (2, 1), (1,))):
        compare(mg.broadcast_tensors, torch.broadcast_tensors, *(normal(*shape) for shape in shapes))
        agree(lambda library: tuple(library.broadcast_shapes(*shapes)))
    for r, again in itertools.product(range(4), [False, True]):
        compare(*both("combinations", r, again), normal(3))
    for name in ("broadcast_tensors", "meshgrid"):
        both_refuse(
            lambda: getattr(mg, name)(mg.ones(2, 3), mg.ones(2)),
            lambda: getattr(torch, name)(torch.ones(2, 3), torch.ones(2)),
        )
    both_refuse(lambda: mg.broadcast_shapes((2,), (3,)), lambda: torch.broadcast_shapes((2,), (3,)))


# ------------------------------------------------------------------- questions

KINDS = ["bool", "uint8", "int8", "int64", "float16", "float32", "float64"]


def test_questions_about_dtypes():
    for one, other in itertools.product(KINDS, KINDS):
        assert str(mg.promote_types(getattr(mg, one), getattr(mg, other))) == str(
            torch.promote_types(getattr(torch, one), getattr(torch, other))
        ).removeprefix("torch.")
        assert mg.can_cast(getattr(mg, one), getattr(mg, other)) == torch.can_cast(
            getattr(torch, one), getattr(torch, other)
        )
        for shape, number in (((2,), 1), ((), 2.5), ((2,), True)):
            for made in (lambda t, u, n: (t, u), lambda t, u, n: (t, n), lambda t, u, n: (n, t)):
                kinds = []
                for library in (mg, torch):
                    t = library.zeros(shape, dtype=getattr(library, one))
                    u = library.zeros((2,), dtype=getattr(library, other))
                    kinds.append(str(library.result_type(*made(t, u, number))).removeprefix("torch."))
                assert kinds[0] == kinds[1], (one, other, shape)


def test_questions_about_tensors():
    for call in (
        lambda library, x: library.is_tensor(x), lambda library, x: library.is_tensor([x]),
        lambda library, x: library.numel(x), lambda library, x: library.is_floating_point(x),
        lambda library, x: library.is_nonzero(x[0, 0]), lambda library, x: library.is_same_size(x, x.T),
        lambda library, x: (x.ndimension(), x.stride(), x.T.stride(), x.stride(1), x.is_signed()),
        lambda library, x: x[0, 0].is_nonzero(), lambda library, x: x.is_same_size(x),
        lambda library, x: x.byte().is_signed(),
        lambda library, x: x.data_ptr() == x[0].data_ptr() != x[1].data_ptr(),
        lambda library, x: x.new_empty(2, 3).shape == (2, 3), lambda library, x: dtype_name(x.new_empty((2,))),
        lambda library, x: [dtype_name(getattr(x, kind)()) for kind in ("short", "char", "byte", "half", "bool")],
        lambda library, x: x.sum_to_size(1, 3), lambda library, x: x.sum_to_size((3,)), lambda library, x: x.short(),
        lambda library, x: library.asarray(x) is x, lambda library, x: library.asarray([1.0, 2.0]),
        lambda library, x: library.asarray(x, dtype=library.float64), lambda library, x: library.asarray(x, copy=True),
        lambda library, x: library.pi + library.e + library.inf, lambda library, x: library.nan != library.nan,
        lambda library, x: x[library.newaxis].shape == (1, 2, 3), lambda library, x: library.iinfo(library.uint8).max,
        lambda library, x: float(library.finfo(library.float32).eps),
        lambda library, x: library.finfo(library.float16).bits,
    ):  # fmt: skip
        agree(lambda library: call(library, library.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])), rtol=1e-6)
    both_refuse(lambda: mg.is_nonzero(mg.ones(2)), lambda: torch.is_nonzero(torch.ones(2)))
    both_refuse(lambda: mg.asarray([1.0], copy=False), lambda: torch.asarray([1.0], copy=False))
