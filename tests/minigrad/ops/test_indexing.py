"""Reading and writing by index: NumPy's values, gradients where elements are read or written twice, refusals."""

import numpy as np
import pytest

import minigrad as mg
from minigrad.autograd import grad, gradcheck
from minigrad.errors import ArgumentError, DTypeError, IndexOutOfRangeError, ShapeError
from tests.strategies import given, hnp, indices, seeds, settings, shapes, st, whole_numbers


def as_tensors(index):
    """The arrays of an index as tensors."""
    parts = index if isinstance(index, tuple) else (index,)
    return tuple(mg.from_numpy(part) if isinstance(part, np.ndarray) else part for part in parts)


def read_by_numpy(x, index):
    """x[index], or None where NumPy refuses it."""
    try:
        return x[index]
    except IndexError:
        return None


# -------------------------------------------------------------------- reading


@settings(max_examples=200)
@given(st.data(), shapes(0, 3), seeds)
def test_reading_is_numpys(data, shape, seed):
    x = whole_numbers(seed, shape)
    index = data.draw(indices(shape))
    expected = read_by_numpy(x, index)
    if expected is None:
        with pytest.raises(IndexOutOfRangeError, match="index into a tensor of shape"):
            mg.from_numpy(x)[index]
        return
    for form in (index, as_tensors(index)):
        y = mg.from_numpy(x)[form]
        assert y.shape == np.shape(expected)
        assert np.array_equal(y.numpy(), expected)


@settings(max_examples=100)
@given(st.data(), shapes(0, 3), seeds)
def test_the_gradient_of_reading_adds_up_where_it_read(data, shape, seed):
    index = data.draw(indices(shape))
    number = np.arange(np.prod(shape, dtype=int)).reshape(shape)
    where = read_by_numpy(number, index)
    if where is None:
        return
    g = whole_numbers(seed, np.shape(where))
    expected = np.zeros(number.size)
    np.add.at(expected, np.ravel(where), np.ravel(g))
    x = mg.zeros(shape, dtype=mg.float64, requires_grad=True)
    (gradient,) = grad(x[index], x, mg.from_numpy(np.asarray(g)))
    assert np.array_equal(gradient.numpy().ravel(), expected)


@pytest.mark.parametrize(
    "index",
    [([0, 1, 1], slice(None), [2, 0, 0]), ([[0, 1], [1, 1]],), (None, [1, 1, 0], ..., 0), (slice(None, None, -1), 1)],
    ids=str,
)
def test_reading_gradchecks_to_second_order(index):
    x = mg.randn(2, 3, 4, dtype=mg.float64, requires_grad=True)
    assert gradcheck(lambda x: x[index] ** 2, x, order=2)


@settings(max_examples=50)
@given(st.data(), seeds)
def test_an_integer_beside_arrays_is_taken_first_as_in_pytorch(data, seed):
    x = mg.from_numpy(whole_numbers(seed, (2, 3, 4)))
    axis = data.draw(st.integers(0, 2))
    parts = [slice(None)] * 3
    parts[axis] = data.draw(st.integers(-x.shape[axis], x.shape[axis] - 1))
    rest = [slice(None)] * 2
    other = data.draw(st.integers(0, 1))
    size = [n for position, n in enumerate(x.shape) if position != axis][other]
    rest[other] = data.draw(hnp.arrays(np.int64, (3,), elements=st.integers(-size, size - 1)))
    whole = list(rest)
    whole.insert(axis, parts[axis])
    assert mg.equal(x[tuple(whole)], x[tuple(parts)][tuple(rest)])


def test_an_integer_between_arrays_leaves_the_others_in_place():
    x = mg.arange(24).reshape(2, 3, 4)
    assert x[0, :, [1, 2]].shape == (3, 2), "NumPy's would be (2, 3)"
    assert x[0, :, [1, 2]].tolist() == [[1, 2], [5, 6], [9, 10]]
    assert x[mg.tensor(0), :, mg.tensor([1, 2])].tolist() == [[1, 2], [5, 6], [9, 10]]
    assert x[:, 1, [True, False, True, False]].tolist() == [[4, 6], [16, 18]]
    assert x[None, 0, [0, 2]].tolist() == [[[0, 1, 2, 3], [8, 9, 10, 11]]]


@pytest.mark.parametrize(
    ("index", "shape"),
    [
        (True, (1, 3)),
        (False, (0, 3)),
        (np.True_, (1, 3)),
        ((None, True), (1, 1, 3)),
        ([], (0,)),
        ([True, False, True], (2,)),
        (range(2), (2,)),
        ([mg.tensor(1), 0], (2,)),
        (np.int8(1), ()),
        (mg.tensor(1), ()),
        (np.array(2), ()),
    ],
    ids=str,
)
def test_indices_of_every_kind(index, shape):
    assert mg.arange(3)[index].shape == shape


def test_slices_take_tensors_and_integers_of_numpy():
    x = mg.arange(6)
    assert x[mg.tensor(1) : np.int64(4)].tolist() == [1, 2, 3]
    assert x[:: mg.tensor(2)].tolist() == [0, 2, 4]


def test_basic_indices_give_views_and_advanced_ones_copies():
    x = mg.zeros(3, 4)
    assert x[1:, 2]._storage is x._storage
    assert x[0, 0]._storage is x._storage, "down to a single element"
    assert x[[0, 1]]._storage is not x._storage
    x[1:, 2].fill_(5)
    assert x[:, 2].tolist() == [0, 5, 5]


def test_the_arrays_of_an_index_are_copied():
    x = mg.arange(4.0)
    x.requires_grad_()
    chosen = np.array([0, 1])
    y = x[chosen] * mg.tensor([1.0, 10.0])
    chosen[:] = 3
    y.sum().backward()
    assert x.grad.tolist() == [1, 10, 0, 0]


@pytest.mark.parametrize(
    ("index", "error", "message"),
    [
        (3, IndexOutOfRangeError, r"index into a tensor of shape \(3, 2\): index 3 is out of bounds for axis 0"),
        ((0, 0, 0), IndexOutOfRangeError, "too many indices"),
        ([0, 5], IndexOutOfRangeError, "index 5 is out of bounds"),
        ([True, False], IndexOutOfRangeError, "a boolean mask has the sizes"),
        (([0, 1], [0, 1, 1]), IndexOutOfRangeError, "do not broadcast"),
        ((..., ...), IndexOutOfRangeError, "single Ellipsis"),
        (1.0, DTypeError, "an index of type float arrived; use integers, slices, None"),
        ("a", DTypeError, "an index of type str arrived"),
        ([0.5], DTypeError, r"an index of float64 arrived; indices are integers or bools\. Use t\.long\(\)"),
        (mg.tensor([1.0]), DTypeError, "an index of float32 arrived"),
        (slice(0.5, None), DTypeError, "an index of type float arrived"),
        (slice(None, None, 0), ArgumentError, "the step of a slice is 0"),
        ([[0], [0, 1]], DTypeError, "uneven"),
    ],
    ids=str,
)
def test_what_is_no_index_is_refused(index, error, message):
    with pytest.raises(error, match=message):
        mg.zeros(3, 2)[index]
    with pytest.raises(error, match=message):
        mg.zeros(3, 2)[index] = 1


# -------------------------------------------------------------------- writing


@settings(max_examples=150)
@given(st.data(), shapes(0, 3), seeds)
def test_writing_is_numpys_on_and_off_the_tape(data, shape, seed):
    x = whole_numbers(seed, shape)
    index = data.draw(indices(shape))
    place = read_by_numpy(x, index)
    if place is None:
        return
    v = whole_numbers(seed + 1, np.shape(place))
    expected = x.copy()
    expected[index] = v
    plain = mg.from_numpy(x.copy())
    plain[index] = mg.from_numpy(np.asarray(v))
    assert np.array_equal(plain.numpy(), expected)
    recorded = mg.from_numpy(x).requires_grad_().clone()
    recorded[index] = mg.from_numpy(np.asarray(v))
    assert np.array_equal(recorded.detach().numpy(), expected)


@settings(max_examples=100)
@given(st.data(), shapes(0, 3), seeds)
def test_the_gradients_of_writing_are_those_of_what_stayed(data, shape, seed):
    index = data.draw(indices(shape))
    # Numbers say where each element of the result came from: negative ones from the value.
    origin = np.arange(1, np.prod(shape, dtype=int) + 1).reshape(shape)
    place = read_by_numpy(origin, index)
    if place is None:
        return
    numbers = -np.arange(1, np.size(place) + 1).reshape(np.shape(place))
    result = origin.copy()
    result[index] = numbers
    g = whole_numbers(seed, shape)
    by_x, by_v = np.zeros(origin.size + 1), np.zeros(numbers.size + 1)
    np.add.at(by_x, np.maximum(result, 0).ravel(), g.ravel())
    np.add.at(by_v, np.maximum(-result, 0).ravel(), g.ravel())
    x = mg.zeros(shape, dtype=mg.float64, requires_grad=True)
    v = mg.zeros(numbers.shape, dtype=mg.float64, requires_grad=True)
    y = x.clone()
    y[index] = v
    gradients = grad(y, [x, v], mg.from_numpy(g))
    assert np.array_equal(gradients[0].numpy().ravel(), by_x[1:])
    assert np.array_equal(gradients[1].numpy().ravel(), by_v[1:])


def test_of_several_writers_only_the_last_has_a_gradient():
    x, v = mg.zeros(3, requires_grad=True), mg.tensor([1.0, 2.0, 3.0, 4.0], requires_grad=True)
    y = x * 1
    y[[0, 2, 2, 0]] = v
    assert y.tolist() == [4, 0, 3]
    y.backward(mg.tensor([10.0, 20.0, 30.0]))
    assert v.grad.tolist() == [0, 0, 30, 10]
    assert x.grad.tolist() == [0, 20, 0]


def test_a_value_that_is_broadcast_gets_the_sum():
    x = mg.zeros(2, 3, requires_grad=True)
    row, one = mg.ones(3, requires_grad=True), mg.ones(1, 1, requires_grad=True)
    y = x.clone()
    y[:] = row
    y[0] = one
    y.backward(mg.tensor([[1.0, 2.0, 4.0], [8.0, 16.0, 32.0]]))
    assert row.grad.tolist() == [8, 16, 32]
    assert one.grad.tolist() == [[7]]
    assert (x.grad == 0).all()


@pytest.mark.parametrize("index", [[0, 2], (slice(None, None, 2),), [True, False, True]], ids=str)
def test_writing_gradchecks_to_second_order(index):
    def function(x, v):
        y = x * x
        y[index] = v * v
        y[0] = y[1] * v[0]
        return y

    x, v = (mg.randn(*shape, dtype=mg.float64, requires_grad=True) for shape in [(3, 2), (2, 2)])
    assert gradcheck(function, [x, v], order=2)


def test_an_integer_beside_arrays_is_taken_first_when_writing_too():
    x = mg.zeros(2, 2, 3)
    x[1, :, [2, 0]] = mg.tensor([[1.0, 2.0], [3.0, 4.0]])
    assert x.tolist() == [[[0] * 3] * 2, [[2, 0, 1], [4, 0, 3]]]
    y = mg.zeros(2, 2, 3, requires_grad=True).clone()
    y[1, :, [2, 0]] = mg.tensor([[1.0, 2.0], [3.0, 4.0]])
    assert mg.equal(y, x)


@pytest.mark.parametrize("value", [mg.ones(3), mg.ones(2, 1, 2), np.ones((3, 2))])
@pytest.mark.parametrize("recorded", [False, True])
def test_values_that_do_not_fit_are_refused(value, recorded):
    x = mg.zeros(3, 2, requires_grad=recorded)
    y = x.clone()
    message = r"t\[index\] = value: the place has shape \(2,\), the value \(.*\), which does not broadcast to it"
    with pytest.raises(ShapeError, match=message):
        y[0] = value
    assert (y == 0).all()


def test_leading_ones_of_a_value_are_dropped():
    x = mg.zeros(2)
    x[:] = mg.tensor([[[1.0, 2.0]]])
    assert x.tolist() == [1, 2]


def test_a_value_takes_the_dtype_of_its_place():
    x = mg.zeros(2)
    x[0] = np.float64(0.1)
    x[1] = 3
    assert x.dtype == np.float32
    assert x[0].item() == np.float32(0.1)
    n = mg.zeros(2, dtype=mg.int64)
    n[0] = 1.7
    n[1] = True
    assert n.tolist() == [1, 1]
    with pytest.raises(DTypeError, match=r"value of float32 into a tensor of int64; convert the value first"):
        n[:] = mg.tensor([1.5, 2.5])


# -------------------------------------------------------------- along one axis


@given(st.data(), shapes(1, 3, 1, 4), seeds)
def test_narrow_is_a_slice(data, shape, seed):
    x = whole_numbers(seed, shape)
    axis = data.draw(st.integers(-len(shape), len(shape) - 1))
    n = shape[axis]
    start = data.draw(st.integers(-n, n))
    begin = start % n if start < 0 else start
    length = data.draw(st.integers(0, n - begin))
    expected = np.moveaxis(np.moveaxis(x, axis, 0)[begin : begin + length], 0, axis)
    assert np.array_equal(mg.narrow(x, axis, start, length).numpy(), expected)


@pytest.mark.parametrize(("start", "length"), [(0, 4), (2, 2), (-4, 1), (0, -1), (4, 0)])
def test_narrowing_beyond_the_end_is_refused(start, length):
    with pytest.raises(IndexOutOfRangeError, match=rf"narrow to {length} elements from {start} of an axis of size 3"):
        mg.narrow(mg.zeros(3), 0, start, length)


@given(st.data(), shapes(1, 3, 1, 4), seeds)
def test_index_select_takes_slices(data, shape, seed):
    x = whole_numbers(seed, shape)
    axis = data.draw(st.integers(-len(shape), len(shape) - 1))
    chosen = data.draw(st.lists(st.integers(0, shape[axis] - 1), max_size=5))
    index = mg.tensor(np.array(chosen, int))
    assert np.array_equal(mg.index_select(x, axis, index).numpy(), np.take(x, np.array(chosen, int), axis))
    leaf = mg.from_numpy(x).requires_grad_()
    mg.index_select(leaf, axis, index).sum().backward()
    counts = np.bincount(chosen, minlength=shape[axis]) if chosen else np.zeros(shape[axis])
    assert np.array_equal(
        np.moveaxis(leaf.grad.numpy(), axis, -1), np.broadcast_to(counts, np.moveaxis(x, axis, -1).shape)
    )


def test_index_select_of_one_position_and_of_one_number():
    assert mg.index_select(mg.arange(5), 0, mg.tensor(3)).tolist() == [3]
    assert mg.index_select(mg.tensor(7), 0, mg.tensor([0])).item() == 7


@pytest.mark.parametrize("index", [[-1], [[0]], [[0, 1]]])
def test_index_select_wants_a_list_of_positions(index):
    with pytest.raises(IndexOutOfRangeError, match=r"it takes a list of positions|positions count from 0 on"):
        mg.index_select(mg.arange(3), 0, mg.tensor(index))
    with pytest.raises(IndexOutOfRangeError, match="index 3 is out of bounds"):
        mg.index_select(mg.arange(3), 0, mg.tensor([3]))


@given(st.data(), shapes(1, 3, 1, 4), seeds)
def test_gather_takes_at_each_position_what_the_index_names(data, shape, seed):
    x = whole_numbers(seed, shape)
    axis = data.draw(st.integers(0, len(shape) - 1))
    size = [data.draw(st.integers(0, n)) for n in shape]
    size[axis] = data.draw(st.integers(0, 5))
    index = data.draw(hnp.arrays(np.int64, tuple(size), elements=st.integers(0, shape[axis] - 1)))
    expected, counts = np.zeros(size), np.zeros(shape)
    for position in np.ndindex(*size):
        source = (*position[:axis], index[position], *position[axis + 1 :])
        expected[position] = x[source]
        counts[source] += 1
    leaf = mg.from_numpy(x).requires_grad_()
    y = mg.gather(leaf, axis, mg.from_numpy(index))
    assert np.array_equal(y.detach().numpy(), expected)
    y.sum().backward()
    assert np.array_equal(leaf.grad.numpy(), counts)


def test_gather_gradchecks_to_second_order():
    index = mg.tensor([[0, 2], [1, 1], [0, 0]])
    x = mg.randn(4, 3, dtype=mg.float64, requires_grad=True)
    assert gradcheck(lambda x: mg.gather(x, 1, index) ** 2, x, order=2)
    assert mg.gather(mg.tensor(3.0), 0, mg.tensor(0)).item() == 3


@pytest.mark.parametrize(
    ("index", "error", "message"),
    [
        ([[3]], IndexOutOfRangeError, "index 3 is out of bounds for axis 1 with size 3"),
        ([[-1]], IndexOutOfRangeError, "gather got the index -1; entries count from 0 to 2"),
        ([0], ShapeError, r"gather along axis 1 of shape \(2, 3\) with an index of shape \(1,\)"),
        ([[0]] * 3, ShapeError, r"the index needs as many axes, and may be larger only along that axis"),
        ([[0.0]], DTypeError, "gather got an index of float32; it must be integers"),
    ],
)
def test_wrong_indices_of_gather_are_refused(index, error, message):
    with pytest.raises(error, match=message):
        mg.gather(mg.zeros(2, 3), 1, mg.tensor(index))


def test_an_ellipsis_for_no_axes_does_not_part_index_arrays():
    x = mg.arange(24).reshape(2, 3, 2, 2)
    chosen = mg.tensor([1, 0])
    read = x[:, chosen, ..., chosen, chosen]
    assert mg.equal(read, x[:, chosen, chosen, chosen])
    y = x.clone()
    y[:, chosen, ..., chosen, chosen] = mg.tensor([[-1, -2], [-3, -4]])
    assert mg.equal(y[:, chosen, chosen, chosen], mg.tensor([[-1, -2], [-3, -4]]))
