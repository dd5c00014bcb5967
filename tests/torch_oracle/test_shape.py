"""Shapes, orders of axes, joining and cutting."""

# Functions made in a loop are called before it goes on.
# ruff: noqa: B023

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import minigrad as mg
from tests.torch_oracle.compare import both, both_refuse, compare, drawn, normal, ours_of, same, theirs_of, whole

SHAPES = st.lists(st.integers(0, 3), min_size=1, max_size=4).map(tuple)


@st.composite
def with_axes(draw, count):
    """A shape and that many of its axes, negative ones too."""
    shape = draw(SHAPES)
    return shape, [draw(st.integers(-len(shape), len(shape) - 1)) for _ in range(count)]


@drawn(120)
@given(with_axes(2))
def test_transpose_swapaxes_movedim(case):
    shape, (first, second) = case
    x = normal(*shape)
    for name in ("transpose", "swapaxes", "movedim"):
        compare(*both(name, first, second), x)
        same(lambda t, name=name: getattr(t, name)(first, second), x, order=1)


@drawn(90)
@given(st.data())
def test_permute_and_movedim_of_several(data):
    shape = data.draw(SHAPES)
    order = data.draw(st.permutations(range(len(shape))))
    x = normal(*shape)
    compare(*both("permute", order), x)
    same(lambda t: t.permute(*order), x)
    same(lambda t: t.permute(tuple(axis - len(shape) for axis in order)), x)
    compare(*both("movedim", order, tuple(range(len(shape)))), x)
    chosen = order[: max(1, len(order) // 2)]
    compare(*both("movedim", tuple(chosen), tuple(range(-len(chosen), 0))), x)


def test_transposes_of_few_axes():
    for shape in ((), (3,), (2, 3)):
        compare(mg.t, torch.t, normal(*shape))
        same(lambda t: t.t(), normal(*shape))
    same(lambda t: t.T, normal(2, 3))
    same(lambda t: t.mT, normal(4, 2, 3))
    same(lambda t: t.transpose(0, -1), np.array(1.5))
    same(lambda t: t.permute(()), np.array(1.5))
    both_refuse(lambda: mg.t(mg.ones(1, 2, 3)), lambda: torch.t(torch.ones(1, 2, 3)))
    both_refuse(lambda: mg.ones(2, 3).permute(0, 0), lambda: torch.ones(2, 3).permute(0, 0))
    both_refuse(lambda: mg.ones(2, 3).permute(0), lambda: torch.ones(2, 3).permute(0))
    both_refuse(lambda: mg.ones(3).mT, lambda: torch.ones(3).mT)


@pytest.mark.parametrize("target", [(6,), (3, 2), (-1,), (1, 6), (2, -1, 1), (6, 1, 1), (-1, 3)])
def test_reshape(target):
    x = normal(2, 3)
    compare(*both("reshape", target), x)
    same(lambda t: t.reshape(*target), x)
    same(lambda t: t.reshape(target), x)
    same(lambda t: t.view(*target), x)
    same(lambda t: t.view(target), x)
    same(lambda t: t.T.reshape(target), x)
    same(lambda t: t.view_as(t.T.contiguous()), x)
    same(lambda t: t.reshape_as(t.T), x)


def test_reshape_to_and_from_few_elements():
    same(lambda t: t.reshape(()), normal(1, 1))
    same(lambda t: t.reshape(1, 1, 1), np.array(2.0))
    same(lambda t: t.reshape(0, 5), normal(0, 3))
    same(lambda t: t.reshape(-1, 3), normal(0, 3))
    for target in ((4,), (-1, -1), (-1, 4), (7, -1), (-2, 3)):
        both_refuse(lambda: mg.ones(2, 3).reshape(target), lambda: torch.ones(2, 3).reshape(target))
    both_refuse(lambda: mg.ones(0, 3).reshape(0, -1), lambda: torch.ones(0, 3).reshape(0, -1))


@drawn(90)
@given(with_axes(2))
def test_flatten(case):
    shape, axes = case
    first, last = sorted(axis % len(shape) for axis in axes)
    compare(*both("flatten", first, last), normal(*shape))
    same(lambda t: t.flatten(first - len(shape), last), normal(*shape), order=1)


def test_flatten_and_unflatten_of_plain_cases():
    same(lambda t: t.flatten(), normal(2, 3, 4))
    same(lambda t: t.flatten(1), normal(2, 3, 4))
    same(lambda t: t.flatten(), np.array(1.0))
    both_refuse(lambda: mg.ones(2, 3, 4).flatten(2, 1), lambda: torch.ones(2, 3, 4).flatten(2, 1))
    for dim, sizes in ((1, (3, 4)), (-1, (2, 6)), (1, (-1, 4)), (1, (12,)), (0, (2, 1)), (1, (2, -1, 3))):
        compare(*both("unflatten", dim, sizes), normal(2, 12))
        same(lambda t, dim=dim, sizes=sizes: t.unflatten(dim, sizes), normal(2, 12))
    both_refuse(lambda: mg.ones(2, 12).unflatten(1, (5, 2)), lambda: torch.ones(2, 12).unflatten(1, (5, 2)))
    both_refuse(lambda: mg.ones(2, 12).unflatten(1, (5, -1)), lambda: torch.ones(2, 12).unflatten(1, (5, -1)))


@drawn(90)
@given(st.data())
def test_squeeze_and_unsqueeze(data):
    shape = tuple(data.draw(st.lists(st.integers(1, 2), min_size=1, max_size=4)))
    x = normal(*shape)
    compare(*both("squeeze"), x)
    dim = data.draw(st.integers(-len(shape), len(shape) - 1))
    compare(*both("squeeze", dim), x)
    several = tuple(data.draw(st.lists(st.integers(0, len(shape) - 1), unique=True)))
    compare(*both("squeeze", several), x)
    place = data.draw(st.integers(-len(shape) - 1, len(shape)))
    compare(*both("unsqueeze", place), x)
    same(lambda t: t.unsqueeze(place), x, order=1)


def test_squeeze_of_few():
    same(lambda t: t.squeeze(), np.array(1.0))
    same(lambda t: t.squeeze(0), np.array(1.0))
    same(lambda t: t.unsqueeze(0), np.array(1.0))
    same(lambda t: t.squeeze((0, 2)), normal(1, 2, 1))
    both_refuse(lambda: mg.ones(2).squeeze(1), lambda: torch.ones(2).squeeze(1))
    both_refuse(lambda: mg.ones(2).unsqueeze(2), lambda: torch.ones(2).unsqueeze(2))


@drawn(90)
@given(st.data())
def test_flip(data):
    shape = data.draw(SHAPES)
    axes = data.draw(st.lists(st.integers(0, len(shape) - 1), min_size=1, unique=True, max_size=len(shape)))
    compare(*both("flip", axes), normal(*shape))
    same(lambda t: t.flip(*axes), normal(*shape))
    same(lambda t: t.flip(axes[0] - len(shape)), normal(*shape))


def test_flip_of_no_axis():
    compare(*both("flip", ()), normal(2, 3))
    both_refuse(lambda: mg.ones(2, 3).flip(0, 0), lambda: torch.ones(2, 3).flip(0, 0))


@drawn(90)
@given(st.data())
def test_expand(data):
    shape = data.draw(SHAPES)
    small = tuple(1 if data.draw(st.booleans()) else size for size in shape)
    small = small[data.draw(st.integers(0, len(small))) :]
    compare(*both("broadcast_to", shape), normal(*small))
    same(lambda t: t.expand(*shape), normal(*small))
    same(lambda t: t.expand(shape), normal(*small), order=1)
    kept = tuple(-1 if axis >= len(shape) - len(small) and size == small[axis - len(shape)] else size
                 for axis, size in enumerate(shape))  # fmt: skip
    same(lambda t: t.expand(kept), normal(*small), order=1)
    same(lambda t, u: t.expand_as(u), normal(*small), normal(*shape), order=1)


def test_expand_is_refused():
    for small, large in (((2,), (3,)), ((2, 3), (3,)), ((3, 1), (2, 2)), ((2,), (-1, 2)), ((1,), (2, -2))):
        both_refuse(lambda: mg.ones(small).expand(large), lambda: torch.ones(small).expand(large))


@drawn(120)
@given(st.data())
def test_cat_and_stack(data):
    shape = data.draw(SHAPES)
    axis = data.draw(st.integers(-len(shape), len(shape) - 1))
    sizes = data.draw(st.lists(st.integers(0, 3), min_size=1, max_size=4))
    parts = []
    for number, size in enumerate(sizes):
        one = list(shape)
        one[axis] = size
        parts.append(normal(*one, seed=number))
    for name in ("cat", "concatenate"):
        compare(
            lambda *ts, name=name: getattr(mg, name)(ts, axis),
            lambda *ts, name=name: getattr(torch, name)(ts, axis),
            *parts,
        )
    equal = [normal(*shape, seed=number) for number in range(len(sizes))]
    place = data.draw(st.integers(-len(shape) - 1, len(shape)))
    compare(lambda *ts: mg.stack(ts, place), lambda *ts: torch.stack(ts, dim=place), *equal)


def test_cat_of_a_tensor_with_itself_and_refusals():
    compare(lambda t: mg.cat([t, t]), lambda t: torch.cat([t, t]), normal(2, 3))
    compare(lambda t: mg.stack([t, t, t * 2]), lambda t: torch.stack([t, t, t * 2]), np.array(2.0))
    for parts in ([(2, 3), (2, 4)], [(2,), (2, 2)], [(), ()], []):
        both_refuse(lambda: mg.cat([mg.ones(p) for p in parts]), lambda: torch.cat([torch.ones(p) for p in parts]))
    for parts in ([(2, 3), (2, 4)], [(2,), (2, 2)], []):
        both_refuse(lambda: mg.stack([mg.ones(p) for p in parts]), lambda: torch.stack([torch.ones(p) for p in parts]))


def test_cat_with_the_empty_vector():
    """An empty 1-d tensor may stand beside tensors of any rank, as when a list of results starts with one."""
    compare(lambda a, b: mg.cat([a, b]), lambda a, b: torch.cat([a, b]), np.zeros(0), normal(2, 3), order=1)
    compare(lambda a, b: mg.cat([b, a], 1), lambda a, b: torch.cat([b, a], 1), np.zeros(0), normal(2, 3), order=1)


@drawn(120)
@given(st.data())
def test_split_chunk_unbind(data):
    shape = data.draw(SHAPES)
    axis = data.draw(st.integers(-len(shape), len(shape) - 1))
    size, chunks = data.draw(st.integers(1, 4)), data.draw(st.integers(1, 5))
    x = normal(*shape)
    compare(*both("split", size, axis), x)
    compare(*both("chunk", chunks, axis), x)
    compare(*both("unbind", axis), x)
    cuts = sorted(data.draw(st.lists(st.integers(0, shape[axis]), max_size=3)))
    sections = [b - a for a, b in zip([0, *cuts], [*cuts, shape[axis]], strict=True)]
    same(lambda t: t.split(sections, axis), x)
    same(lambda t: t.split(size, dim=axis), x, order=1)
    same(lambda t: t.chunk(chunks, axis), x, order=1)
    same(lambda t: t.unbind(axis), x, order=1)


def test_cuts_that_are_refused():
    for arguments in ((0,), (-1,), ([1, 1],), ([4, -1],), (2, 2)):
        both_refuse(lambda: mg.ones(3, 2).split(*arguments), lambda: torch.ones(3, 2).split(*arguments))
    both_refuse(lambda: mg.ones(3).chunk(0), lambda: torch.ones(3).chunk(0))
    for name, arguments in (("split", (1,)), ("chunk", (1,)), ("unbind", ())):
        both_refuse(
            lambda: getattr(mg.tensor(1.0), name)(*arguments), lambda: getattr(torch.tensor(1.0), name)(*arguments)
        )


@drawn(90)
@given(st.data())
def test_narrow(data):
    shape = data.draw(SHAPES)
    axis = data.draw(st.integers(-len(shape), len(shape) - 1))
    start = data.draw(st.integers(0, shape[axis]))
    length = data.draw(st.integers(0, shape[axis] - start))
    compare(*both("narrow", axis, start, length), normal(*shape))
    if start:
        same(
            lambda t: t.narrow(axis, start - shape[axis] - (start == shape[axis]), min(length, 1)),
            normal(*shape),
            order=1,
        )


def test_narrow_is_refused():
    for arguments in ((0, 0, 4), (0, 2, 2), (0, -4, 1), (0, 0, -1), (1, 0, 1), (0, 4, 0)):
        both_refuse(lambda: mg.ones(3).narrow(*arguments), lambda: torch.ones(3).narrow(*arguments))


def test_clone_and_detach():
    for shape in ((), (2, 3)):
        compare(mg.clone, torch.clone, normal(*shape))
        same(lambda t: t.clone() * t, normal(*shape))
        same(lambda t: t.detach() * t, normal(*shape))
        compare(lambda t: mg.detach(t) * t, lambda t: torch.detach(t) * t, normal(*shape))
        same(lambda t: t.contiguous() * t.t().contiguous(), normal(*shape[:1], *shape[:1]))


def test_questions_about_tensors():
    for shape in ((), (0,), (3,), (2, 3), (2, 0, 4)):
        ours, theirs = ours_of(normal(*shape)), theirs_of(normal(*shape))
        assert ours.shape == tuple(theirs.shape)
        assert ours.size() == tuple(theirs.size())
        for name in ("dim", "numel", "nelement", "element_size", "is_contiguous", "is_floating_point"):
            assert getattr(ours, name)() == getattr(theirs, name)(), name
        for name in ("ndim", "requires_grad", "is_leaf", "retains_grad", "grad", "grad_fn"):
            assert getattr(ours, name) == getattr(theirs, name), name
        for axis in range(-len(shape), len(shape)):
            assert ours.size(axis) == theirs.size(axis)
        assert str(ours.device) == str(theirs.device)
        assert ours.tolist() == theirs.tolist()
        if shape:
            assert len(ours) == len(theirs)
        if ours.numel() == 1:
            assert ours.item() == theirs.item() == float(ours)
    assert ours_of(normal(2, 3)).T.is_contiguous() == theirs_of(normal(2, 3)).T.is_contiguous()
    both_refuse(lambda: len(mg.tensor(1.0)), lambda: len(torch.tensor(1.0)), TypeError)
    both_refuse(lambda: iter(mg.tensor(1.0)), lambda: iter(torch.tensor(1.0)), TypeError)
    both_refuse(lambda: mg.ones(2).item(), lambda: torch.ones(2).item())
    both_refuse(lambda: bool(mg.ones(2)), lambda: bool(torch.ones(2)))
    both_refuse(lambda: bool(mg.ones(0)), lambda: bool(torch.ones(0)))


def test_python_numbers_from_tensors():
    for values in ([2.7], [[-2.7]], 3, True, [0]):
        ours, theirs = mg.tensor(values), torch.tensor(values)
        assert int(ours) == int(theirs)
        assert float(ours) == float(theirs)
        assert bool(ours) == bool(theirs)
        assert type(ours.item()) is type(theirs.item())
        assert f"{ours.reshape(())}" == f"{theirs.reshape(())}"
    assert f"{mg.tensor(2.718):.2f}" == f"{torch.tensor(2.718):.2f}"
    assert list(range(5))[mg.tensor(2)] == list(range(5))[torch.tensor(2)] == 2
    assert [1, 2][mg.tensor(True)] == [1, 2][torch.tensor(True)]
    assert (2.0 in mg.ones(2)) == (2.0 in torch.ones(2))
    assert (1.0 in mg.ones(2)) == (1.0 in torch.ones(2))


def test_iteration_and_views_share_memory():
    for library in (mg, torch):
        base = library.zeros(2, 3)
        for number, row in enumerate(base):
            row += number + 1
        assert base.tolist() == [[1, 1, 1], [2, 2, 2]]
        for view in (base.view(6), base[0], base.T, base.transpose(0, 1), base.permute(1, 0), base.unsqueeze(0),
        base.split(1)[0],
                     base.chunk(2)[1], base.unbind()[0], base.narrow(0, 0, 1), base[:, 1:], base.flatten(),
                     base.squeeze(),
                     base.detach(), base.data, base.movedim(0, 1), base.unflatten(1, (3, 1))):  # fmt: skip
            before = base.sum().item()
            view[..., :1] = 0
            view[..., :1] = 9
            assert base.sum().item() != before
            base.fill_(1)
        copy = base.clone()
        copy.fill_(5)
        assert base.sum().item() == 6


@pytest.mark.parametrize("values", [
    1.0, 1, True, [], [1.0, 2.0], [1, -20, 300], [True, False], [0.5, 1.25], [[1.0, 2.0], [3.0, 4.5]],
    [[1, 2], [3, 4]], float("nan"), [float("inf"), 1.0], [float("nan"), -1.5], [1e-5, 1.0], [1e10, 1.0], [1e5, 1e-5],
    [0.1], [123456.789], [[[1.0, 2.0]], [[3.0, 4.0]]], [1e8], [1e-4, 2e-4], [[]], [-0.0], [1000000.0], [99999999.0],
    [0.00012345], 3.14159, [1.0, 1e5], [[1.5, float("-inf")], [2.0, 3.0]],
])  # fmt: skip
def test_repr(values):
    """Values print as in PyTorch (dtype and grad_fn have notes of their own)."""
    assert repr(mg.tensor(values)) == repr(torch.tensor(values))
    assert str(mg.tensor(values)) == str(torch.tensor(values))


@pytest.mark.parametrize("shape", [(1001,), (40, 40), (2, 3, 4), (10, 110), (0, 3), (30,), (3, 30), (2, 2, 2, 2)])
def test_repr_of_many(shape):
    values = np.round(whole(0, 1000, *shape) / 8, 4).astype(np.float32)
    assert repr(mg.tensor(values)) == repr(torch.tensor(values))
    integers = whole(-50, 1000, *shape)
    assert repr(mg.tensor(integers)) == repr(torch.tensor(integers)).replace("torch.", "")


def test_notes_in_repr():
    for make in (
        lambda library: library.tensor([1.0], requires_grad=True),
        lambda library: library.zeros(0, 3),
        lambda library: library.zeros(2, 0, requires_grad=True),
    ):
        assert repr(make(mg)) == repr(make(torch))
    assert repr(mg.tensor([1.0], dtype=mg.float64)) == repr(torch.tensor([1.0], dtype=torch.float64)).replace(
        "torch.", ""
    )
    assert repr(mg.tensor([1], dtype=mg.int32)) == repr(torch.tensor([1], dtype=torch.int32)).replace("torch.", "")


def test_print_options():
    for options in ({"precision": 2}, {"precision": 6}, {"threshold": 5}, {"edgeitems": 1, "threshold": 5}):
        try:
            mg.set_printoptions(**options)
            torch.set_printoptions(**options)
            x = np.arange(12, dtype=np.float32).reshape(2, 6) / 7
            assert repr(mg.tensor(x)) == repr(torch.tensor(x)), options
        finally:
            mg.set_printoptions(precision=4, threshold=1000, edgeitems=3, linewidth=80)
            torch.set_printoptions(profile="default")


def test_adjoint_of_broadcasting_is_a_sum():
    """`sum_to` is PyTorch's sum_to_size."""
    for small in ((3,), (1, 3), (2, 1), (1, 1), ()):
        compare(lambda t: mg.sum_to(t, small), lambda t: t.sum_to_size(small), normal(2, 3))
    assert math.isclose(mg.sum_to(mg.ones(2, 3), ()).item(), 6)


def test_numpys_words():
    """`axis` and `keepdims` wherever there is a `dim`."""
    for run in (
        lambda t, lib: lib.cat((t, t), axis=1), lambda t, lib: lib.stack((t, t), axis=1),
        lambda t, lib: t.unsqueeze(axis=0),
        lambda t, lib: t[:1].squeeze(axis=0), lambda t, lib: t.chunk(2, axis=1)[0], lambda t, lib: t.unbind(axis=1)[0],
        lambda t, lib: t.narrow(axis=1, start=0, length=2), lambda t, lib: t.select(axis=1, index=0),
        lambda t, lib: t.cumsum(axis=1), lambda t, lib: t.sum(axis=1, keepdims=True), lambda t, lib: t.std(axis=0),
        lambda t, lib: t.softmax(axis=1), lambda t, lib: t.sort(axis=1)[0], lambda t, lib: t.topk(2, axis=1)[0],
        lambda t, lib: lib.repeat_interleave(t, 2, axis=1), lambda t, lib: lib.diff(t, axis=1),
    ):  # fmt: skip
        compare(lambda t: run(t, mg), lambda t: run(t, torch), normal(3, 4), order=1)
    with pytest.raises(TypeError):
        mg.sum(mg.ones(2), dim=0, axis=0)
