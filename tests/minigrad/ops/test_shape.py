"""Shape, order, joining and cutting: NumPy's values, shared memory, and what is refused."""

import numpy as np
import pytest

import minigrad as mg
from minigrad.autograd import grad, gradcheck
from minigrad.errors import ArgumentError, DTypeError, IndexOutOfRangeError, ShapeError
from tests.strategies import broadcastable, given, hnp, seeds, settings, shapes, st, whole_numbers


def numbers(*shape):
    return np.arange(np.prod(shape, dtype=int)).reshape(shape)


def pulled(function, x, g):
    """The gradient of `function` at x for the cotangent g."""
    leaf = mg.from_numpy(np.asarray(x, float)).requires_grad_()
    return grad(function(leaf), leaf, mg.from_numpy(np.asarray(g, float)))[0].numpy()


@st.composite
def shape_and_axes(draw, least=1):
    shape = draw(shapes(1, 4, 0, 3))
    return shape, draw(st.lists(st.sampled_from(range(len(shape))), min_size=least, unique=True))


# -------------------------------------------------------------------- reshape


@given(st.data(), shapes(0, 3, 0, 4))
def test_reshape_is_numpys_with_one_size_left_open(data, shape):
    x = numbers(*shape)
    sizes = list(data.draw(st.permutations([*shape, 1])))
    assert np.array_equal(mg.reshape(x, sizes).numpy(), x.reshape(sizes))
    free = data.draw(st.integers(0, len(sizes) - 1))
    rest = [n for position, n in enumerate(sizes) if position != free]
    sizes[free] = -1
    if 0 not in rest:
        assert np.array_equal(mg.reshape(x, sizes).numpy(), x.reshape(sizes))
        assert np.array_equal(mg.tensor(x).reshape(*sizes).numpy(), x.reshape(sizes))
        assert np.array_equal(mg.tensor(x).view(*sizes).numpy(), x.reshape(sizes))
    assert np.array_equal(pulled(lambda t: mg.reshape(t, (-1,)), x, x.ravel()), x) or 0 in shape


def test_reshape_shares_memory_where_strides_allow_it():
    x = mg.zeros(2, 6)
    assert x.reshape(3, 4)._storage is x._storage
    assert x.reshape(3, 4)._version == x._version
    turned = x.permute(1, 0)
    assert turned.reshape(12)._storage is not x._storage
    assert turned.reshape(2, 3, 2)._storage is x._storage


@pytest.mark.parametrize("sizes", [(5,), (-1, -1), (0, -1), (4, -2), (-1, 5), ()])
def test_sizes_that_do_not_multiply_up_are_refused(sizes):
    message = r"reshape of shape \(2, 3\) \(6 elements\) to .*; the sizes must multiply to 6, and at most one may be -1"
    with pytest.raises(ShapeError, match=message):
        mg.reshape(mg.zeros(2, 3), sizes)


def test_nothing_left_open_has_no_size_of_its_own():
    with pytest.raises(ShapeError, match="at most one may be -1"):
        mg.reshape(mg.zeros(0, 3), (0, -1))
    assert mg.reshape(mg.zeros(0, 3), (-1, 3)).shape == (0, 3)


@pytest.mark.parametrize(
    ("start", "end", "shape"),
    [(0, -1, (24,)), (1, -1, (2, 12)), (0, 1, (6, 4)), (1, 1, (2, 3, 4)), (-2, -1, (2, 12))],
)
def test_flatten_joins_axes(start, end, shape):
    x = numbers(2, 3, 4)
    assert np.array_equal(mg.flatten(x, start, end).numpy(), x.reshape(shape))


def test_flatten_of_a_number_and_backwards():
    assert mg.flatten(mg.tensor(3.0)).shape == (1,)
    assert mg.flatten(mg.zeros(0, 3, 2), 1).shape == (0, 6)
    with pytest.raises(ArgumentError, match="flatten from axis 2 to axis 1: the first comes after the last"):
        mg.flatten(mg.zeros(2, 3, 4), 2, 1)


@pytest.mark.parametrize(
    ("sizes", "shape"), [((3, 4), (2, 3, 4)), ((-1, 6), (2, 2, 6)), ((12,), (2, 12)), ((2, -1, 2), (2, 2, 3, 2))]
)
def test_unflatten_splits_an_axis(sizes, shape):
    x = numbers(2, 12)
    assert np.array_equal(mg.unflatten(x, 1, sizes).numpy(), x.reshape(shape))
    assert np.array_equal(mg.unflatten(x, -1, sizes).numpy(), x.reshape(shape))


@pytest.mark.parametrize("sizes", [(5, -1), (3, 5), (-1, -1)])
def test_unflatten_needs_sizes_that_multiply_up(sizes):
    with pytest.raises(ShapeError, match="12"):
        mg.unflatten(mg.zeros(2, 12), 1, sizes)


@given(st.data(), shapes(0, 4, 0, 2))
def test_squeeze_takes_axes_of_size_one_away(data, shape):
    x = numbers(*shape)
    ones = [axis for axis, n in enumerate(shape) if n == 1]
    assert np.array_equal(mg.squeeze(x).numpy(), np.squeeze(x))
    if shape:
        chosen = data.draw(st.lists(st.integers(0, len(shape) - 1), unique=True))
        assert np.array_equal(mg.squeeze(x, chosen).numpy(), np.squeeze(x, tuple(set(chosen) & set(ones))))
        axis = data.draw(st.integers(-len(shape), len(shape) - 1))
        expected = np.squeeze(x, axis) if shape[axis] == 1 else x
        assert np.array_equal(mg.squeeze(x, axis).numpy(), expected)


@given(st.data(), shapes(0, 3))
def test_unsqueeze_is_expand_dims(data, shape):
    x = numbers(*shape)
    axis = data.draw(st.integers(-len(shape) - 1, len(shape)))
    assert np.array_equal(mg.unsqueeze(x, axis).numpy(), np.expand_dims(x, axis))


# ---------------------------------------------------------------- order of axes


@given(st.data(), shapes(0, 4), seeds)
def test_permute_is_transpose(data, shape, seed):
    x = whole_numbers(seed, shape)
    order = data.draw(st.permutations(range(len(shape))))
    negative = [axis - len(shape) if data.draw(st.booleans()) else axis for axis in order]
    y = mg.permute(x, negative)
    assert np.array_equal(y.numpy(), x.transpose(order))
    g = whole_numbers(seed + 1, y.shape)
    assert np.array_equal(pulled(lambda t: t.permute(*negative), x, g), g.transpose(np.argsort(order)))


@given(st.data(), shapes(1, 4))
def test_transpose_and_movedim_are_numpys(data, shape):
    x = numbers(*shape)
    axis = st.integers(-len(shape), len(shape) - 1)
    first, second = data.draw(axis), data.draw(axis)
    assert np.array_equal(mg.transpose(x, first, second).numpy(), x.swapaxes(first, second))
    assert np.array_equal(mg.swapaxes(x, first, second).numpy(), x.swapaxes(first, second))
    assert np.array_equal(mg.movedim(x, first, second).numpy(), np.moveaxis(x, first, second))
    count = data.draw(st.integers(0, len(shape)))
    source = data.draw(st.permutations(range(len(shape))))[:count]
    goal = data.draw(st.permutations(range(len(shape))))[:count]
    assert np.array_equal(mg.movedim(x, source, goal).numpy(), np.moveaxis(x, source, goal))


@given(shape_and_axes(0), seeds)
def test_flip_reverses_axes(drawn, seed):
    shape, axes = drawn
    x = whole_numbers(seed, shape)
    assert np.array_equal(mg.flip(x, axes).numpy(), np.flip(x, axes))
    assert np.array_equal(mg.tensor(x).flip(*(axes or [()])).numpy(), np.flip(x, axes))
    assert np.array_equal(mg.flip(x).numpy(), np.flip(x)), "all axes, as in NumPy"
    assert np.array_equal(pulled(lambda t: t.flip(axes), x, x), np.flip(x, axes))


def test_N13_flip_of_two_axes_turns_by_180_degrees():
    x = numbers(2, 3)
    assert np.array_equal(mg.flip(x, (0, 1)).numpy(), np.rot90(x, 2))


def test_transposes_of_matrices():
    x = mg.from_numpy(numbers(2, 3))
    assert x.T.tolist() == x.mT.tolist() == x.t().tolist() == [[0, 3], [1, 4], [2, 5]]
    assert mg.from_numpy(numbers(2, 3, 4)).mT.shape == (2, 4, 3)
    assert mg.t(mg.arange(3)).tolist() == [0, 1, 2]
    with pytest.raises(ShapeError, match=r"t\(\) of a tensor of shape \(2, 3, 4\): it has more than two axes"):
        mg.zeros(2, 3, 4).t()


@pytest.mark.parametrize(
    ("action", "error", "message"),
    [
        (lambda x: x.permute(0, 1), ArgumentError, "permute got 2 axes for a tensor with 3; name each axis once"),
        (lambda x: x.permute(0, 1, 1), ArgumentError, r"permute got dim=\(0, 1, 1\), which names an axis twice"),
        (lambda x: x.permute(0, 1, 3), IndexOutOfRangeError, "dim=3 for a tensor with 3 axes; it can be -3 to 2"),
        (lambda x: x.transpose(0, -4), IndexOutOfRangeError, "transpose got dim=-4 for a tensor with 3 axes"),
        (lambda x: x.flip(0, 0), ArgumentError, "flip got .* names an axis twice"),
        (lambda x: x.movedim((0, 1), (0,)), ArgumentError, "movedim got 2 axes and 1 destinations; give as many"),
        (lambda x: x.unsqueeze(4), IndexOutOfRangeError, "unsqueeze got dim=4"),
        (lambda x: x.squeeze(3), IndexOutOfRangeError, "squeeze got dim=3"),
    ],
)  # fmt: skip
def test_axes_that_are_not_there_are_refused(action, error, message):
    with pytest.raises(error, match=message):
        action(mg.zeros(2, 3, 4))


@pytest.mark.parametrize("dim", [0.5, "0", None, mg.ones(2)])
def test_axes_that_are_no_integers_are_refused(dim):
    with pytest.raises(DTypeError, match=r"unsqueeze got .* where an integer belongs"):
        mg.unsqueeze(mg.zeros(2, 3), dim)


def test_axes_and_sizes_may_be_arrays():
    x = mg.zeros(2, 3)
    assert mg.permute(x, np.array([1, 0])).shape == (3, 2)
    assert mg.reshape(x, np.array([3, 2])).shape == (3, 2)
    assert x.sum(np.int64(1)).shape == (2,)


def test_a_number_has_one_axis_to_name():
    x = mg.tensor(3.0)
    for dim in (0, -1):
        assert x.squeeze(dim).shape == ()
        assert mg.flip(x, dim).item() == 3
        assert x.sum(dim).item() == 3
    with pytest.raises(IndexOutOfRangeError, match="dim=1 for a tensor with 0 axes; it can be -1 to 0"):
        x.sum(1)


# ------------------------------------------------------------- expand and sum_to


@settings(max_examples=100)
@given(broadcastable(2), seeds)
def test_expand_and_sum_to_are_broadcasting_and_its_adjoint(both, seed):
    shape, other = both
    whole = np.broadcast_shapes(shape, other)
    x = whole_numbers(seed, shape)
    y = mg.expand(x, whole)
    assert np.array_equal(y.numpy(), np.broadcast_to(x, whole))
    assert np.array_equal(mg.broadcast_to(x, whole).numpy(), np.broadcast_to(x, whole))
    g = whole_numbers(seed + 1, whole)
    summed = mg.sum_to(g, shape)
    assert summed.shape == shape
    assert np.vdot(y.numpy(), g) == np.vdot(x, summed.numpy())
    assert np.array_equal(pulled(lambda t: t.expand(whole), x, g), summed.numpy())
    assert np.array_equal(pulled(lambda t: mg.sum_to(t, shape), g, x), np.broadcast_to(x, whole))


def test_minus_one_keeps_a_size():
    x = mg.zeros(3, 1)
    assert x.expand(-1, 4).shape == (3, 4)
    assert x.expand(2, -1, 4).shape == (2, 3, 4)
    assert x.expand_as(mg.zeros(2, 3, 4)).shape == (2, 3, 4)


@pytest.mark.parametrize("sizes", [(2,), (2, 2), (-1, 3, 2), (4, 2), (3, -2), (3, 0)])
def test_shapes_that_do_not_broadcast_are_refused(sizes):
    with pytest.raises(ShapeError, match="expand"):
        mg.zeros(3, 2).expand(*sizes)


def test_sum_to_another_shape_is_refused():
    with pytest.raises(ShapeError, match=r"sum_to: shape \(2,\) does not broadcast to \(2, 3\)"):
        mg.sum_to(mg.zeros(2, 3), (2,))


# --------------------------------------------------------------- cat and split


@st.composite
def parts_of_a_shape(draw):
    """A shape, an axis, and sizes that add up along it."""
    shape = list(draw(shapes(1, 3, 0, 3)))
    axis = draw(st.integers(0, len(shape) - 1))
    sizes = draw(st.lists(st.integers(0, 3), min_size=1, max_size=4))
    shape[axis] = sum(sizes)
    return tuple(shape), axis, sizes


@given(parts_of_a_shape(), seeds, st.booleans())
def test_N140_split_cuts_and_cat_joins(drawn, seed, negative):
    shape, axis, sizes = drawn
    x = whole_numbers(seed, shape)
    dim = axis - len(shape) if negative else axis
    parts = mg.split(x, sizes, dim)
    for part, expected in zip(parts, np.split(x, np.cumsum(sizes)[:-1], axis), strict=True):
        assert np.array_equal(part.numpy(), expected)
    if all(part.shape != (0,) for part in parts):
        assert np.array_equal(mg.cat(parts, dim).numpy(), x)
        assert np.array_equal(mg.concatenate(parts, dim).numpy(), x)
    weights = [float(number + 1) for number in range(len(sizes))]
    leaf = mg.from_numpy(x).requires_grad_()
    sum((part * weight).sum() for part, weight in zip(mg.split(leaf, sizes, dim), weights)).backward()
    assert (np.moveaxis(leaf.grad.numpy(), axis, -1) == np.repeat(weights, sizes)).all()
    leaves = [part.clone().requires_grad_() for part in parts if part.shape != (0,)]
    if leaves:
        for part, gradient in zip(leaves, grad(mg.cat(leaves, dim), leaves, mg.from_numpy(x)), strict=True):
            assert mg.equal(part, gradient)


@pytest.mark.parametrize(("n", "size", "expected"), [(5, 2, [2, 2, 1]), (4, 2, [2, 2]), (3, 5, [3]), (0, 2, [0])])
def test_split_by_a_size(n, size, expected):
    assert [part.shape[1] for part in mg.split(mg.zeros(2, n), size, 1)] == expected


@pytest.mark.parametrize(
    ("n", "chunks", "expected"),
    [(6, 3, [2, 2, 2]), (5, 4, [2, 2, 1]), (2, 5, [1, 1]), (7, 2, [4, 3]), (0, 3, [0, 0, 0])],
)
def test_chunk_makes_parts_of_equal_size(n, chunks, expected):
    assert [part.shape[0] for part in mg.chunk(mg.zeros(n), chunks)] == expected


@given(shapes(1, 3, 0, 3), st.data())
def test_unbind_and_stack_undo_each_other(shape, data):
    x = numbers(*shape)
    axis = data.draw(st.integers(-len(shape), len(shape) - 1))
    slices = mg.unbind(x, axis)
    assert len(slices) == shape[axis]
    for number, part in enumerate(slices):
        assert np.array_equal(part.numpy(), np.take(x, number, axis))
    if slices:
        assert np.array_equal(mg.stack(slices, axis).numpy(), x)


@given(hnp.array_shapes(min_dims=0, max_dims=2, max_side=3), st.integers(1, 3), st.data())
def test_stack_is_numpys(shape, count, data):
    arrays = [numbers(*shape) + number for number in range(count)]
    axis = data.draw(st.integers(-len(shape) - 1, len(shape)))
    assert np.array_equal(mg.stack(arrays, axis).numpy(), np.stack(arrays, axis))


def test_joined_dtypes_are_promoted():
    assert mg.cat([mg.ones(1), mg.ones(1, dtype=mg.int64)]).dtype == np.float32
    assert mg.stack([mg.ones(1), mg.ones(1, dtype=mg.float64)]).dtype == np.float64
    x = mg.ones(1, requires_grad=True)
    mg.cat([x, mg.ones(1, dtype=mg.float64)]).sum().backward()
    assert x.grad.dtype == np.float32


def test_joining_gradchecks_to_second_order():
    x, y = (mg.randn(*shape, dtype=mg.float64, requires_grad=True) for shape in [(2, 3), (2, 1)])
    assert gradcheck(lambda x, y: mg.cat([x, y, x * 2], 1) ** 2, [x, y], order=2)
    assert gradcheck(lambda x: [part**2 for part in mg.split(x, [2, 1], 1)], x, order=2)


def test_parts_share_memory():
    x = mg.zeros(4)
    first, second = mg.split(x, 2)
    second.fill_(1)
    assert x.tolist() == [0, 0, 1, 1]
    assert first._version == x._version == 1


def test_pytorchs_rule_for_empty_vectors():
    assert mg.cat([mg.zeros(0), mg.ones(2, 3)]).shape == (2, 3)
    assert mg.cat([mg.zeros(0), mg.zeros(0)]).shape == (0,)


@pytest.mark.parametrize(
    ("action", "error", "message"),
    [
        (lambda: mg.cat([]), ArgumentError, "cat got no tensors; give at least one"),
        (lambda: mg.stack([]), ArgumentError, "stack got no tensors"),
        (lambda: mg.cat([mg.ones(2, 3), mg.ones(2, 4)]), ShapeError, r"tensor 1 has shape \(2, 4\), tensor 0 "),
        (lambda: mg.cat([mg.ones(2, 3), mg.ones(2)]), ShapeError, "all axes but the joined one must agree"),
        (lambda: mg.cat([mg.tensor(1.0)]), ShapeError, "and there must be one"),
        (lambda: mg.stack([mg.ones(2), mg.ones(3)]), ShapeError, r"tensor 1 has shape \(3,\), tensor 0 has \(2,\)"),
        (lambda: mg.cat([mg.ones(2, 3)], 2), IndexOutOfRangeError, "cat got dim=2 for a tensor with 2 axes"),
        (lambda: mg.cat(mg.ones(2, 3)), DTypeError, r"cat got one tensor; give a list of tensors.*tensor\.unbind\(\)"),
        (lambda: mg.split(mg.ones(5), [2, 2]), ShapeError, r"axis of size 5 into \(2, 2\), which add up to 4"),
        (lambda: mg.split(mg.ones(5), [6, -1]), ShapeError, "split of an axis of size 5 into"),
        (lambda: mg.split(mg.ones(5), -1), ArgumentError, "split got a size of -1"),
        (lambda: mg.split(mg.tensor(1.0), 1), ShapeError, "split of a 0-d tensor: it has no axis to cut"),
        (lambda: mg.unbind(mg.tensor(1.0)), ShapeError, "unbind of a 0-d tensor: it has no axis"),
        (lambda: mg.chunk(mg.tensor(1.0), 1), ShapeError, "chunk of a 0-d tensor: it has no axis to cut"),
        (lambda: mg.cat(3), DTypeError, "cat got a int; give a list of tensors"),
        (lambda: mg.chunk(mg.ones(5), 0), ArgumentError, "chunk got 0 chunks; it must be positive"),
        (lambda: mg.cat([mg.ones(1), "x"]), DTypeError, "cat got a str; it takes tensors, NumPy arrays and numbers"),
    ],
)  # fmt: skip
def test_what_cannot_be_joined_or_cut_is_refused(action, error, message):
    with pytest.raises(error, match=message):
        action()


# ------------------------------------------------------------------ copies, kinds


def test_clone_and_contiguous_are_recorded_copies():
    x = mg.from_numpy(np.asfortranarray(numbers(2, 3).astype(float))).requires_grad_()
    for copied in (x.clone(), x.contiguous()):
        assert copied._storage is not x._storage
        assert grad(copied.sum(), x)[0].tolist() == [[1] * 3] * 2
    assert x.contiguous().is_contiguous()
    y = mg.zeros(2)
    assert y.contiguous() is y


def test_detach_shares_storage_off_the_tape():
    x = mg.ones(2, requires_grad=True)
    y = mg.detach(x * 2)
    assert not y.requires_grad
    assert x.detach()._storage is x._storage


def test_a_cast_takes_its_gradient_back():
    x = mg.ones(2, requires_grad=True)
    y = x.to(mg.float64)
    assert y.dtype == np.float64
    (y * mg.tensor([1.0, 2.0], dtype=mg.float64)).sum().backward()
    assert x.grad.dtype == np.float32
    assert x.grad.tolist() == [1, 2]
    assert not x.to(mg.int64).requires_grad


def test_identity_passes_its_arguments_through_one_node():
    x, y = mg.ones(2, requires_grad=True), mg.ones(3, requires_grad=True)
    a, b = mg.identity(x, y)
    assert a.grad_fn is b.grad_fn
    (a.sum() * 2 + b.sum() * 3).backward()
    assert x.grad.tolist() == [2, 2]
    assert y.grad.tolist() == [3, 3, 3]
