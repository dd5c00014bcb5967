"""Making tensors: the dtype of what arrives, whose memory it is, and what is no tensor."""

import numpy as np
import pytest

import minigrad as mg
from minigrad.dtypes import SUPPORTED
from minigrad.errors import ArgumentError, CopiedTensorWarning, DTypeError, GradError, MinigradError, ShapeError

# ---------------------------------------------------------------------------- from values


@pytest.mark.parametrize(
    ("data", "dtype"),
    [
        (1.5, mg.float32),
        (1, mg.int64),
        (True, mg.bool),
        ([], mg.float32),
        ([1.0, 2], mg.float32),
        ([1, True], mg.int64),
        ([True, False], mg.bool),
        ([[1], [2.5]], mg.float32),
        ((1, 2), mg.int64),
        (range(3), mg.int64),
        ([[]], mg.float32),
        (np.float64(1), mg.float64),
        (np.float16(1), mg.float16),
        (np.int8(1), mg.int8),
        (np.bool_(True), mg.bool),
        (np.ones(2), mg.float64),
        (np.ones(2, np.uint8), mg.uint8),
        ([np.ones(2), np.ones(2)], mg.float64),
        ([np.float64(1), 2.0], mg.float64),
        ([2.0, np.float64(1)], mg.float64),
        ([np.int8(1), np.int8(2)], mg.int8),
    ],
)
def test_dtype_of_what_arrives(data, dtype):
    for make in (mg.tensor, mg.as_tensor):
        assert make(data).dtype == dtype
        assert make(data).tolist() == np.array(data).tolist()


@pytest.mark.filterwarnings("ignore::minigrad.errors.CopiedTensorWarning")
@pytest.mark.parametrize("dtype", SUPPORTED, ids=str)
def test_dtype_that_is_asked_for(dtype):
    for made in (
        mg.tensor([0, 1], dtype=dtype),
        mg.as_tensor([0, 1], dtype=dtype),
        mg.tensor(np.array([0.0, 1.0]), dtype=str(dtype)),
        mg.arange(2, dtype=dtype),
        mg.tensor(mg.arange(2), dtype=dtype),
        mg.eye(2, dtype=dtype)[1],
        mg.linspace(0, 1, 2, dtype=dtype),
    ):
        assert (made.dtype, made.tolist()) == (dtype, [0, 1])
    for made in (
        mg.zeros(2, 3, dtype=dtype),
        mg.ones((2, 3), dtype=dtype),
        mg.empty(2, 3, dtype=dtype),
        mg.full((2, 3), 1, dtype=dtype),
    ):
        assert (made.shape, made.dtype) == ((2, 3), dtype)
        for like in (mg.zeros_like(made), mg.ones_like(made), mg.empty_like(made), mg.full_like(made, 1)):
            assert (like.shape, like.dtype) == ((2, 3), dtype)


def test_python_types_name_dtypes():
    assert [mg.zeros(1, dtype=kind).dtype for kind in (float, int, bool)] == [mg.float64, mg.int64, mg.bool]
    assert (mg.double, mg.half, mg.long, mg.short) == (mg.float64, mg.float16, mg.int64, mg.int16)


def test_numbers_keep_their_digits():
    assert mg.tensor([0.1], dtype=mg.float64).item() == 0.1
    assert mg.full((1,), 0.1, dtype=mg.float64).item() == 0.1
    assert mg.tensor(2**53 + 1).item() == 2**53 + 1
    assert mg.tensor([1e40]).item() == float("inf")


def test_integers_that_do_not_fit_are_refused():
    for attempt in (
        lambda: mg.tensor([2**63]),
        lambda: mg.tensor(2**70),
        lambda: mg.tensor([300], dtype=mg.uint8),
        lambda: mg.tensor([200], dtype=mg.int8),
        lambda: mg.tensor([1]) + 2**70,
        lambda: mg.full((2,), 300, dtype=mg.uint8),
    ):
        with pytest.raises(MinigradError):
            attempt()


def test_tensors_in_lists():
    x = mg.ones(2, requires_grad=True)
    with pytest.warns(CopiedTensorWarning, match=r"nothing will flow back to them\. Use mg\.stack"):
        made = mg.tensor([x * 2, x])
    assert (made.tolist(), made.requires_grad) == ([[2.0, 2.0], [1.0, 1.0]], False)
    assert mg.tensor([mg.tensor(1), mg.tensor(2)]).dtype == mg.int64


@pytest.mark.parametrize(
    ("data", "error", "message"),
    [
        ([[1, 2], [3]], ShapeError, "uneven lengths"),
        ([1, [2]], ShapeError, "uneven lengths"),
        ([mg.ones(2), mg.ones(3)], ShapeError, "uneven lengths"),
        ("abc", DTypeError, "a str with elements of <U3"),
        (None, DTypeError, "a NoneType with elements of object"),
        ([None, 1], DTypeError, "a list with elements of object"),
        ({"a": 1}, DTypeError, "a dict with elements of object"),
        ({1, 2}, DTypeError, "a set with elements of object"),
        ((number for number in (1, 2)), DTypeError, "a generator with elements of object"),
        (1j, DTypeError, "a complex with elements of complex"),
        (["a"], DTypeError, "a list with elements of <U1"),
        (object(), DTypeError, "tensors hold numbers"),
        (np.array([None]), DTypeError, "dtype object arrived"),
        (np.array([[1, 2], [3]], dtype=object), DTypeError, "dtype object arrived"),
    ],
)  # fmt: skip
def test_what_is_no_array_of_numbers(data, error, message):
    for make in (mg.tensor, mg.as_tensor):
        with pytest.raises(error, match=message):
            make(data)


# -------------------------------------------------------------------------- whose memory


@pytest.mark.filterwarnings("ignore::minigrad.errors.CopiedTensorWarning")
def test_tensor_copies_and_as_tensor_and_from_numpy_share():
    array = np.zeros(3, np.float32)
    copied, shared, view = mg.tensor(array), mg.as_tensor(array), mg.from_numpy(array)
    array[0] = 5
    assert (copied[0].item(), shared[0].item(), view[0].item()) == (0.0, 5.0, 5.0)
    t = mg.zeros(2)
    assert mg.as_tensor(t) is t
    assert mg.tensor(t)._storage is not t._storage
    assert not np.shares_memory(mg.as_tensor(array, dtype=mg.float64).numpy(), array)


def test_tensor_of_a_tensor_is_a_leaf_of_its_own():
    x = mg.ones(2, requires_grad=True)
    with pytest.warns(CopiedTensorWarning, match=r"forgets the tape.*detach\(\)\.clone\(\)") as caught:
        twin = mg.tensor(x * 2, requires_grad=True)
    assert caught[0].filename == __file__
    with pytest.warns(CopiedTensorWarning):
        assert mg.tensor(x).requires_grad is False
    assert (twin.is_leaf, twin.grad_fn) == (True, None)
    assert mg.tensor([x.sum().detach(), 1.0]).tolist() == [2.0, 1.0]
    assert mg.Tensor(x).tolist() == mg.zeros(1).new_tensor(x).tolist()  # which mean a copy: no warning


def test_from_numpy_takes_every_stride_and_no_subclass():
    array = np.arange(6.0).reshape(2, 3)
    for view in (array.T, array[::-1], array[:, ::2], np.broadcast_to(array, (2, 2, 3))):
        assert mg.from_numpy(view).tolist() == view.tolist()
    with pytest.warns(PendingDeprecationWarning):
        matrix = np.matrix([[1.0, 2.0]])
    assert mg.from_numpy(matrix).reshape(-1).shape == (2,)
    assert type(mg.from_numpy(matrix)._array) is np.ndarray


@pytest.mark.parametrize("wrong", [[1.0], 1.0, np.float64(1), mg.ones(1), None], ids=lambda one: type(one).__name__)
def test_from_numpy_wants_an_array(wrong):
    with pytest.raises(DTypeError, match=rf"from_numpy got a {type(wrong).__name__}.*mg\.tensor"):
        mg.from_numpy(wrong)


def test_byte_swapped_arrays_are_copied_but_never_shared():
    array = np.array([1.5, 2.5], ">f4")
    assert (mg.tensor(array).tolist(), mg.tensor(array).dtype) == ([1.5, 2.5], mg.float32)
    with pytest.raises(DTypeError, match=">f4"):
        mg.from_numpy(array)


def test_masked_arrays_would_lose_their_mask():
    with pytest.raises(DTypeError, match=r"masked.*filled"):
        mg.from_numpy(np.ma.masked_array([1.0, 2.0], [True, False]))


def test_constants_are_fresh():
    a, b = mg.zeros(2), mg.zeros(2)
    a.add_(1)
    assert b.tolist() == [0.0, 0.0]
    t = mg.ones(2, 3).T
    assert mg.zeros_like(t)._array.strides == t._array.strides


# ------------------------------------------------------------------- shapes, counting, asking


def test_sizes_as_arguments_or_as_one_sequence():
    for make in (mg.zeros, mg.ones, mg.empty, mg.rand, mg.randn):
        for made in (make(2, 3), make((2, 3)), make([2, 3]), make(np.int64(2), mg.tensor(3)), make(np.array([2, 3]))):
            assert made.shape == (2, 3)
        assert make().shape == make(()).shape == ()
        assert make(0, 3).shape == (0, 3)
    assert mg.full(3, 1.0).shape == mg.full((3,), 1.0).shape == (3,)


@pytest.mark.parametrize(
    "make",
    [
        mg.zeros,
        mg.ones,
        mg.empty,
        mg.rand,
        mg.randn,
        lambda s: mg.full(s, 1),
        lambda s: mg.normal(0, 1, s),
        lambda s: mg.randint(0, 2, s),
    ],
)
def test_sizes_that_are_none(make):
    for shape in ((-1,), (2, -3)):
        with pytest.raises(ArgumentError, match=rf"{shape}".replace("(", r"\(").replace(")", r"\)") + ".*negative"):
            make(shape)
    for shape in ((2.5,), ("2",), (None,), ([2],), "23"):
        with pytest.raises(DTypeError, match="sizes are integers"):
            make(shape)


@pytest.mark.parametrize(
    "make", [lambda n: mg.eye(n), lambda n: mg.eye(2, n), lambda n: mg.linspace(0, 1, n), lambda n: mg.randperm(n)]
)
def test_counts_that_are_none(make):
    with pytest.raises(ArgumentError, match="negative"):
        make(-1)
    with pytest.raises(DTypeError, match="integer"):
        make(2.5)


def test_counting():
    assert mg.arange(3).tolist() == [0, 1, 2]
    assert mg.arange(1, 4).tolist() == [1, 2, 3]
    assert mg.arange(5, 0, -2).tolist() == [5, 3, 1]
    assert (mg.arange(0, 1, 0.25).tolist(), mg.arange(3.0).dtype) == ([0.0, 0.25, 0.5, 0.75], mg.float32)
    assert mg.arange(0, 1, 0.1).numel() == 10
    assert mg.arange(2, 2).tolist() == []
    assert mg.arange(3, dtype=mg.float64, requires_grad=True).requires_grad
    assert mg.linspace(0, 1, 5).tolist() == [0.0, 0.25, 0.5, 0.75, 1.0]
    assert (mg.linspace(3, 4, 1).tolist(), mg.linspace(3, 4, 0).tolist()) == ([3.0], [])
    assert mg.eye(2, 3).tolist() == [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]


@pytest.mark.parametrize(
    "arguments", [(0, 5, 0), (0, 5, -1), (5, 0), (5, 0, 1), (0.0, 1.0, 0.0), (float("nan"),), (0, float("inf"))]
)
def test_counting_that_leads_nowhere(arguments):
    with pytest.raises(ArgumentError, match="arange from"):
        mg.arange(*arguments)


def test_asking_for_gradients():
    for make in (mg.zeros, mg.ones, mg.empty, mg.rand, mg.randn):
        made = make(2, requires_grad=True)
        assert (made.requires_grad, made.is_leaf) == (True, True)
        with pytest.raises((GradError, DTypeError), match="int64"):
            make(2, dtype=mg.int64, requires_grad=True)
    for made in (
        mg.tensor(1.0, requires_grad=True),
        mg.full((1,), 1.0, requires_grad=True),
        mg.eye(2, requires_grad=True),
        mg.ones_like(mg.ones(1), requires_grad=True),
        mg.linspace(0, 1, 2, requires_grad=True),
    ):
        assert made.requires_grad
    with pytest.raises(GradError, match="int64"):
        mg.tensor([1, 2], requires_grad=True)
    with mg.no_grad():
        assert mg.ones(1, requires_grad=True).requires_grad


@pytest.mark.filterwarnings("ignore::minigrad.errors.CopiedTensorWarning")
def test_other_devices_are_refused_before_anything_is_made():
    for make in (
        mg.zeros,
        mg.ones,
        mg.empty,
        mg.rand,
        mg.randn,
        mg.tensor,
        mg.as_tensor,
        mg.eye,
        mg.arange,
        mg.ones_like,
        mg.zeros_like,
    ):
        argument = mg.ones(1) if make in (mg.tensor, mg.as_tensor, mg.ones_like, mg.zeros_like) else 2
        assert make(argument, device="cpu").device == "cpu"
        with pytest.raises(ArgumentError, match=r"'cuda'.*device='cpu'"):
            make(argument, device="cuda")


@pytest.mark.parametrize(
    "make",
    [
        mg.zeros_like,
        mg.ones_like,
        mg.empty_like,
        mg.rand_like,
        mg.randn_like,
        lambda t: mg.full_like(t, 1),
        mg.bernoulli,
    ],
)
def test_likes_take_tensors(make):
    for wrong in ([1.0], "abc", None):
        with pytest.raises(DTypeError, match=type(wrong).__name__):
            make(wrong)


# ------------------------------------------------------------------------------- the class


def test_the_class_makes_floats():
    for data in ([1, 2], np.ones(2), mg.ones(2, dtype=mg.int64), ()):
        assert mg.Tensor(data).dtype == mg.float32
    assert mg.Tensor([1, 2]).tolist() == [1.0, 2.0]
    assert (mg.Tensor().shape, mg.Tensor(2, 3).shape, mg.Tensor(4).shape) == ((0,), (2, 3), (4,))
    with pytest.raises(DTypeError, match=r"mg\.tensor"):
        mg.Tensor([1.0], [2.0])


def test_a_subclass_makes_its_own_kind():
    class Special(mg.Tensor):
        __slots__ = ()

    made = Special([1.0, 2.0])
    assert (type(made), made.tolist()) == (Special, [1.0, 2.0])


def test_default_dtype():
    mg.set_default_dtype(mg.float64)
    try:
        assert {
            make.dtype
            for make in (
                mg.tensor(1.0),
                mg.zeros(1),
                mg.rand(1),
                mg.linspace(0, 1, 2),
                mg.arange(1.0),
                mg.tensor([1]) / 2,
            )
        } == {mg.float64}
        assert mg.get_default_dtype() == mg.float64
    finally:
        mg.set_default_dtype("float32")
    for wrong in (mg.int64, bool):
        with pytest.raises(ArgumentError, match="only a floating dtype"):
            mg.set_default_dtype(wrong)
    with pytest.raises(DTypeError):
        mg.set_default_dtype("nonsense")
    assert mg.get_default_dtype() == mg.float32


class Foreign:
    """A tensor of another library: its `__array__` knows no copy, and refuses while it is on a tape."""

    def __init__(self, array, taped=True):
        self.array, self.taped = array, taped

    def detach(self):
        return Foreign(self.array, taped=False)

    def __array__(self, dtype=None):
        assert not self.taped
        return self.array


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16", "int32", "bool"])
def test_tensors_of_other_libraries_keep_their_dtype(dtype):
    array = np.ones((2, 1), dtype)
    for made in (mg.as_tensor(Foreign(array)), mg.tensor(Foreign(array))):
        assert (made.dtype, made.shape, made.tolist()) == (np.dtype(dtype), (2, 1), array.tolist())
    assert mg.tensor(Foreign(array), dtype=mg.float64).dtype == mg.float64
