"""Methods are the functions of their names."""

import inspect

import numpy as np
import pytest

import minigrad as mg
from minigrad.errors import DTypeError, IndexOutOfRangeError, ShapeError
from minigrad.tensor.methods import Methods

A = mg.tensor([[0.25, 1.5, 3.0], [2.0, 0.5, 1.0]])
B = mg.tensor([[1.0, 2.0, 3.0], [3.0, 2.0, 1.0]])

# Arguments behind the tensor itself, where there are any.
ARGUMENTS = {
    **dict.fromkeys(
        [
            "add",
            "sub",
            "mul",
            "div",
            "remainder",
            "floor_divide",
            "pow",
            "maximum",
            "minimum",
            "eq",
            "ne",
            "lt",
            "le",
            "gt",
            "ge",
        ],
        (B,),
    ),
    **dict.fromkeys(["logical_and", "logical_or", "isclose"], (B,)),
    **dict.fromkeys(
        ["argmax", "argmin", "max", "min", "prod", "logsumexp", "softmax", "log_softmax", "var", "std"], (1,)
    ),
    "clamp": (0.5, 2),
    "clip": (0.5, 2),
    "addcmul": (B, B),
    "addcdiv": (B, B),
    "lerp": (B, 0.25),
    "masked_fill": (A > 1, 7),
    "unsqueeze": (0,),
    "flip": (1,),
    "unflatten": (1, (3, 1)),
    "transpose": (0, 1),
    "swapaxes": (0, 1),
    "movedim": (0, 1),
    "split": (1,),
    "chunk": (2,),
    "narrow": (1, 0, 2),
    "index_select": (1, mg.tensor([2, 0])),
    "gather": (1, mg.tensor([[0], [2]])),
    "broadcast_to": ((4, 2, 3),),
    "matmul": (B.T,),
    "mm": (B.T,),
    "mv": (B[0],),
}
INDEX = mg.tensor([[0, 1, 0], [1, 0, 1]])
WHOLE = mg.tensor([3, 1, 3])
STACK = mg.ones(2, 2, 2)
ARGUMENTS |= {
    **dict.fromkeys(
        [
            "subtract", "multiply", "divide", "true_divide", "greater", "greater_equal", "less", "less_equal",
            "not_equal", "arctan2", "atan2", "hypot", "fmax", "fmin", "fmod", "copysign", "heaviside", "xlogy",
            "logaddexp", "logaddexp2", "logical_xor", "float_power", "dist", "inner", "kron", "equal", "allclose",
            "is_same_size", "cross",
        ],
        (B,),
    ),
    **dict.fromkeys("cumsum cumprod cummax cummin logcumsumexp roll".split(), (1,)),  # noqa: SIM905
    **dict.fromkeys(["moveaxis", "swapdims", "select"], (0, 1)),
    **dict.fromkeys(["quantile", "nanquantile"], (0.25, 1)),
    **dict.fromkeys(["topk", "kthvalue"], (2, 1)),
    **dict.fromkeys(["index_add", "index_copy"], (1, mg.tensor([2, 0]), B[:, :2])),
    "index_fill": (1, mg.tensor([2, 0]), 7), "index_put": ((mg.tensor([1]),), B[0]),
    "index_reduce": (1, mg.tensor([2, 0]), B[:, :2], "prod"),
    "scatter": (0, INDEX, 7.0), "scatter_add": (0, INDEX, B), "scatter_reduce": (0, INDEX, B, "amax"),
    "take": (INDEX,), "take_along_dim": (INDEX, 1), "put": (INDEX, B),
    "masked_select": (A > 1,), "masked_scatter": (A > 1, B), "repeat_interleave": (2, 1),
    "tensor_split": (2,), "hsplit": (3,), "vsplit": (2,), "split_with_sizes": ([1, 2], 1), "renorm": (2, 0, 1),
    "clamp_min": (0.5,), "clamp_max": (2,),
}  # fmt: skip
OTHER_FIRST = {
    "bmm": (A[None], B.T[None]), "dot": (A[0], B[0]), "vdot": (A[0], B[0]), "outer": (A[0], B[0]), "ger": (A[0], B[0]),
    "addmv": (A[0], B.T, B[:, 0]), "addr": (A, B[:, 0], B[0]), "addbmm": (A[:, :2], STACK, STACK),
    "baddbmm": (A[:, :2], STACK, STACK), "bincount": (WHOLE,), "bitwise_and": (WHOLE, 2), "bitwise_or": (WHOLE, 2),
    "bitwise_xor": (WHOLE, 2), "bitwise_not": (WHOLE,), "dsplit": (STACK, 2), "is_nonzero": (A[0, 0],),
    "addmm": (A, mg.ones(2, 4), mg.ones(4, 3)),
}  # fmt: skip
OWN = {"where": lambda: A.where(A > 1, B), "bernoulli": lambda: A, "multinomial": lambda: A}

NAMES = sorted(
    name
    for name, value in vars(Methods).items()
    if inspect.isfunction(value) and value.__doc__ and value.__doc__.startswith("`minigrad.")
)


def plain(result):
    if isinstance(result, tuple):
        return [plain(one) for one in result]
    return repr(result.tolist() if isinstance(result, mg.Tensor) else result)  # NaN equals itself in writing


def test_there_are_many():
    assert len(NAMES) > 70


@pytest.mark.parametrize("name", [name for name in NAMES if name not in OWN])
def test_methods_are_the_functions_of_their_names(name):
    this, *rest = OTHER_FIRST.get(name, (A, *ARGUMENTS.get(name, ())))
    result = getattr(this, name)(*rest)
    assert plain(result) == plain(getattr(mg, name)(this, *rest))
    assert getattr(mg.Tensor, name).__doc__ == f"`minigrad.{name}` with this tensor as its first argument."


def test_where_keeps_the_tensor_where_the_condition_holds():
    assert OWN["where"]().tolist() == mg.where(A > 1, A, B).tolist()


def test_sizes_as_arguments_or_as_one_sequence():
    for result in (
        A.reshape(3, 2),
        A.reshape((3, 2)),
        A.reshape([3, -1]),
        A.view(3, 2),
        A.view_as(B.T),
        A.reshape_as(B.T),
    ):
        assert result.shape == (3, 2)
        assert result.flatten().tolist() == A.flatten().tolist()
    assert A.permute(1, 0).tolist() == A.permute((1, 0)).tolist() == A.T.tolist() == A.t().tolist()
    assert A[:1].expand(4, 3).shape == A[:1].expand((4, -1)).shape == A[:1].expand_as(mg.ones(4, 3)).shape == (4, 3)
    assert mg.ones(2, 3, 4).mT.shape == (2, 4, 3)
    assert mg.ones(2, 3, 4).T.shape == (4, 3, 2)


def test_view_copies_where_the_strides_do_not_allow_it():
    view = A.T.view(-1)
    assert view.tolist() == A.T.numpy().ravel().tolist()
    assert view._storage is not A._storage
    assert A.view(-1)._storage is A._storage


def test_contiguous():
    assert A.contiguous() is A
    assert (A.is_contiguous(), A.T.is_contiguous(), A.T.contiguous().is_contiguous()) == (True, False, True)
    x = mg.ones(2, 3, requires_grad=True)
    (x.T.contiguous() * mg.arange(6.0).reshape(3, 2)).sum().backward()
    assert x.grad.tolist() == [[0.0, 2.0, 4.0], [1.0, 3.0, 5.0]]


def test_new_tensors_of_the_same_dtype():
    t = mg.ones(1, dtype=mg.float64)
    made = [t.new_zeros(2, 3), t.new_ones((2, 3)), t.new_full((2, 3), 7), t.new_tensor([[1, 2, 3], [4, 5, 6]])]
    assert [(one.shape, one.dtype) for one in made] == [((2, 3), mg.float64)] * 4
    assert [one[0, 0].item() for one in made] == [0.0, 1.0, 7.0, 1.0]
    assert t.new_zeros(2, dtype=mg.int64, requires_grad=False).dtype == mg.int64


def test_size_of_an_axis_there_is_not():
    for dim in (2, -3):
        with pytest.raises(IndexOutOfRangeError, match=rf"{dim}"):
            A.size(dim)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: A.reshape(4, 2), ShapeError, r"shape \(2, 3\) \(6 elements\) to \(4, 2\)"),
        (lambda: A.reshape(-1, -1), ShapeError, "at most one may be -1"),
        (lambda: A.reshape(-1, 0), ShapeError, "6 elements"),
        (lambda: A.reshape(-2, -3), ShapeError, "6 elements"),
        (lambda: A.reshape(3.0, 2), DTypeError, "float|integer"),
        (lambda: A.view("a"), DTypeError, "str|integer"),
        (lambda: A.expand(3, 3), ShapeError, r"\(2, 3\) does not broadcast to \(3, 3\)"),
        (lambda: A.expand(3), ShapeError, "does not broadcast"),
        (lambda: A.expand(-1, 2, 3), ShapeError, "-1"),
        (lambda: mg.ones(2, 2, 2).t(), ShapeError, "more than two axes"),
        (lambda: A.mm(A), ShapeError, "last axis of the first has size 3"),
        (lambda: A.dot(A), ShapeError, "1 axes"),
        (lambda: A.unflatten(1, (2, -1)), ShapeError, r"\(2, 3\)|3"),
    ],
)  # fmt: skip
def test_refusals(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_methods_do_not_change_their_tensor():
    before = A.numpy().copy()
    for name in NAMES:
        if name not in OTHER_FIRST and name not in OWN:
            getattr(A, name)(*ARGUMENTS.get(name, ()))
    np.testing.assert_array_equal(A.numpy(), before)
    assert A._version == 0
