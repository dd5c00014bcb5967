"""Element types: the table of promotion, and what tensors can hold."""

import itertools

import numpy as np
import pytest

import minigrad as mg
from minigrad.autograd import grad
from minigrad.dtypes import SUPPORTED, as_dtype, can_hold, refuse_overflow
from minigrad.errors import ArgumentError, DTypeError

NAMES = ["bool", "uint8", "int8", "int16", "int32", "int64", "float16", "float32", "float64"]

# Two tensors with axes, or two without: the smallest of the higher kind that holds both.
TABLE = {
    "bool":    ["bool", "uint8", "int8", "int16", "int32", "int64", "float16", "float32", "float64"],
    "uint8":   ["uint8", "uint8", "int16", "int16", "int32", "int64", "float16", "float32", "float64"],
    "int8":    ["int8", "int16", "int8", "int16", "int32", "int64", "float16", "float32", "float64"],
    "int16":   ["int16", "int16", "int16", "int16", "int32", "int64", "float16", "float32", "float64"],
    "int32":   ["int32", "int32", "int32", "int32", "int32", "int64", "float16", "float32", "float64"],
    "int64":   ["int64", "int64", "int64", "int64", "int64", "int64", "float16", "float32", "float64"],
    "float16": ["float16", "float16", "float16", "float16", "float16", "float16", "float16", "float32", "float64"],
    "float32": ["float32", "float32", "float32", "float32", "float32", "float32", "float32", "float32", "float64"],
    "float64": ["float64"] * 9,
}  # fmt: skip
PAIRS = list(itertools.product(NAMES, NAMES))
KINDS = ["bool", "int", "float"]
NUMBERS = {"bool": True, "int": 2, "float": 1.5}
NUMBER_DTYPES = {"bool": "bool", "int": "int64", "float": "float32"}


def kind(name):
    return KINDS.index(name.strip("u0123456789"))


def beside(strong, weak):
    """The result where `weak` counts less: it wins only by a higher kind."""
    return strong if kind(weak) <= kind(strong) else weak


def both_ways(a, b):
    """The dtypes of element-wise results of a and b in either order."""
    return {str(function(x, y).dtype) for x, y in [(a, b), (b, a)] for function in (mg.add, mg.mul, mg.maximum)}


@pytest.mark.parametrize("a", NAMES)
def test_two_tensors_of_one_rank_of_priority(a):
    for b, expected in zip(NAMES, TABLE[a], strict=True):
        for shape in ((2,), ()):
            x, y = mg.ones(shape, dtype=a), mg.ones(shape, dtype=b)
            assert both_ways(x, y) == {expected}, f"{a} and {b}"
            assert str(mg.where(True, x, y).dtype) == expected
            assert str(mg.stack([x, y]).dtype) == expected
            assert (x == y).dtype == np.bool_


@pytest.mark.parametrize("a", NAMES)
def test_a_tensor_without_axes_never_widens_one_with_axes(a):
    for b in NAMES:
        for number in (mg.ones((), dtype=b), np.ones((), b)):
            assert both_ways(mg.ones(2, dtype=a), number) == {beside(a, b)}, f"{a} and {type(number)} of {b}"


@pytest.mark.parametrize("a", NAMES)
@pytest.mark.parametrize("shape", [(2,), ()])
def test_a_python_number_or_a_scalar_of_numpy_never_widens_a_tensor(a, shape):
    for b, number in NUMBERS.items():
        assert both_ways(mg.ones(shape, dtype=a), number) == {beside(a, NUMBER_DTYPES[b])}, f"{a} and {b}"
    for b in NAMES:
        scalar = np.dtype(b).type(1)
        assert both_ways(mg.ones(shape, dtype=a), scalar) == both_ways(mg.ones(shape, dtype=a), scalar.item()), (a, b)


@pytest.mark.parametrize(("a", "b"), PAIRS)
def test_arrays_of_numpy_count_as_tensors(a, b):
    assert both_ways(mg.ones(2, dtype=a), np.ones(2, b)) == {TABLE[a][NAMES.index(b)]}


def test_three_operands():
    x, y = mg.ones(2, dtype=mg.float16), mg.ones((), dtype=mg.float64)
    assert mg.where(True, x, y).dtype == np.float16
    assert mg.clamp(x, 0, 1).dtype == np.float16
    assert mg.clamp(mg.tensor([1, 2]), 0.5, 1).dtype == np.float32
    assert mg.addcmul(mg.ones(2), mg.ones(2, dtype=mg.float64), 2).dtype == np.float64


@pytest.mark.parametrize("a", NAMES)
def test_fractions_of_integers_have_the_default_dtype(a):
    expected = a if a.startswith("float") else "float32"
    x = mg.ones(2, dtype=a)
    for y in (x / x, x / 2, 2 / x, mg.exp(x), mg.sqrt(x), mg.tanh(x), mg.sigmoid(x), mg.reciprocal(x)):
        assert str(y.dtype) == expected


@pytest.mark.parametrize("a", [name for name in NAMES if name.startswith("float")])
def test_gradients_have_the_dtype_of_their_tensor(a):
    for b in NAMES:
        for shape in ((2,), ()):
            x = mg.ones(shape, dtype=a, requires_grad=True)
            y = x * mg.ones(2, dtype=b)
            (first,) = grad(y * y, x, mg.ones(2, dtype=y.dtype), create_graph=True)
            assert str(first.dtype) == a
            (second,) = grad(first.sum(), x)
            assert str(second.dtype) == a


@pytest.mark.parametrize(("number", "dtype"), [(1.5, "float32"), (2, "int64"), (True, "bool"), (2**40, "int64")])
def test_the_dtypes_of_python_numbers(number, dtype):
    assert str(mg.tensor(number).dtype) == dtype
    assert str(mg.tensor([number]).dtype) == dtype


@pytest.mark.parametrize("name", NAMES)
def test_literals_are_made_in_the_dtype_that_is_asked_for(name):
    if name.startswith("float"):
        for made in (mg.tensor([0.1], dtype=name), mg.as_tensor([0.1], dtype=name), mg.full((1,), 0.1, dtype=name)):
            assert made.dtype == name
            assert made.item() == np.dtype(name).type(0.1), "rounded once"
    assert mg.tensor([1], dtype=name).item() == 1
    assert mg.tensor(np.ones(1, name)).dtype == name, "arrays keep theirs"


@pytest.fixture
def doubles():
    mg.set_default_dtype(mg.float64)
    yield
    mg.set_default_dtype(mg.float32)


def test_the_default_dtype_is_that_of_python_floats(doubles):
    assert mg.get_default_dtype() == np.float64
    assert mg.tensor(0.1).item() == 0.1
    assert mg.zeros(2).dtype == np.float64
    assert (mg.tensor([1]) / 3).item() == 1 / 3
    assert (mg.tensor([1]) * 0.1).dtype == np.float64
    assert (mg.ones(2, dtype=mg.float32) * 0.1).dtype == np.float32, "numbers still do not widen"


@pytest.mark.parametrize("dtype", [mg.int64, mg.bool, "int8"])
def test_only_a_floating_dtype_can_be_the_default(dtype):
    with pytest.raises(ArgumentError, match=r"set_default_dtype got .*; only a floating dtype can be the default"):
        mg.set_default_dtype(dtype)
    assert mg.get_default_dtype() == np.float32


def test_dtypes_are_numpys_under_pytorchs_names():
    for name in NAMES:
        assert getattr(mg, name) == np.dtype(name)
        assert as_dtype(name) == np.dtype(name)
        assert as_dtype(np.dtype(name).type) == np.dtype(name)
    assert (mg.half, mg.float, mg.double) == (np.float16, np.float32, np.float64)
    assert (mg.short, mg.int, mg.long) == (np.int16, np.int32, np.int64)
    assert as_dtype(float) == np.float64, "as a dtype, Python's float is what it is"
    assert as_dtype(bool) == np.bool_
    assert [str(dtype) for dtype in SUPPORTED] == NAMES


@pytest.mark.parametrize(
    "dtype", ["complex64", "uint16", "uint64", "object", "U3", "datetime64[s]", ">f4", "longdouble"]
)
def test_dtypes_that_tensors_cannot_have_are_refused(dtype):
    with pytest.raises(DTypeError, match=r"dtype .* arrived; tensors hold one of bool, uint8, int8"):
        as_dtype(dtype)
    with pytest.raises(DTypeError, match="tensors hold one of"):
        mg.zeros(2, dtype=dtype)


@pytest.mark.parametrize("dtype", ["float33", 3, object(), None])
def test_what_is_no_dtype_is_refused(dtype):
    if dtype is None:
        assert mg.zeros(1, dtype=dtype).dtype == np.float32
        return
    with pytest.raises(DTypeError, match=r"is not a dtype; use one of NumPy's, for example mg\.float32"):
        as_dtype(dtype)


@pytest.mark.parametrize(
    ("value", "dtype"),
    [(300, "uint8"), (-1, "uint8"), (128, "int8"), (2**63, "int64"), (2**70, "int64"), (np.nan, "int32")],
)
def test_numbers_that_an_integer_dtype_cannot_hold_are_refused(value, dtype):
    with pytest.raises(ArgumentError, match=rf"full got .* for {dtype}, which holds .* to .*; use a wider dtype"):
        refuse_overflow(np.asarray(value), np.dtype(dtype), "full")
    refuse_overflow(np.asarray(value), np.dtype("float32"), "full")


@pytest.mark.parametrize(
    ("value", "dtype"), [(255, "uint8"), (-128, "int8"), (2**63 - 1, "int64"), ([], "uint8"), (1.5, "int8")]
)
def test_numbers_that_it_can_hold_pass(value, dtype):
    refuse_overflow(np.asarray(value), np.dtype(dtype), "full")


@pytest.mark.parametrize(("a", "b"), PAIRS)
def test_a_result_in_place_must_not_be_of_a_higher_kind(a, b):
    assert can_hold(np.dtype(a), np.dtype(b)) == (kind(b) <= kind(a))
    x = mg.ones(2, dtype=a)
    if kind(b) <= kind(a):
        x.add_(mg.ones(2, dtype=b))
        assert str(x.dtype) == a
    else:
        with pytest.raises(DTypeError, match=rf"add_ on a tensor of {a} would give .*, which it cannot hold"):
            x.add_(mg.ones(2, dtype=b))


def test_python_integers_beyond_64_bits():
    """Floats take them, as numbers of their own dtype; integers say that they cannot."""
    assert (mg.ones(2) + 2**70).tolist() == [float(2**70)] * 2
    with pytest.raises(ArgumentError, match="int64 cannot hold it"):
        mg.arange(2) + 2**70
    with pytest.raises(DTypeError, match="complex64"):
        mg.ones(2) * np.complex64(1)
