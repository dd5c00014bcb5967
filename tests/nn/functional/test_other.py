"""linear, dropout, pad in PyTorch's order, one_hot; and names that are the engine's own objects."""

import numpy as np
import pytest

import minigrad as mg
import nn.functional as F
from minigrad.autograd import gradcheck
from minigrad.errors import ArgumentError, DTypeError, MinigradError, ShapeError


def test_names_of_the_engine_are_the_same_objects():
    same = [
        "conv1d",
        "conv2d",
        "conv3d",
        "conv_transpose1d",
        "conv_transpose2d",
        "conv_transpose3d",
        "max_pool1d",
        "max_pool2d",
        "max_pool3d",
        "avg_pool1d",
        "avg_pool2d",
        "avg_pool3d",
        "softmax",
        "log_softmax",
        "sigmoid",
        "tanh",
        "softplus",
    ]
    assert [name for name in same if getattr(F, name) is not getattr(mg, name)] == []


# ------------------------------------------------------------------------------- linear


def test_N94_linear():
    x, w, b = (mg.randn(*shape, dtype=mg.float64, requires_grad=True) for shape in ((2, 5, 3), (4, 3), (4,)))
    np.testing.assert_allclose(
        F.linear(x, w, b).detach().numpy(), x.detach().numpy() @ w.detach().numpy().T + b.detach().numpy()
    )
    assert gradcheck(F.linear, (x, w, b), order=2)
    assert F.linear(mg.ones(2, 3), mg.ones(3)).tolist() == [3.0, 3.0]


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: F.linear(mg.ones(2, 3), mg.ones(4, 2)), ShapeError, "last axis must have 2 features"),
        (lambda: F.linear(mg.ones(2, 3), mg.ones(4, 3), mg.ones(3)), ShapeError, r"\(3,\)"),
        (lambda: F.linear(mg.ones(2, 3), mg.ones(1, 4, 3)), ShapeError, r"needs \(out, in\)"),
        (lambda: F.linear([1.0], mg.ones(1, 1)), DTypeError, "list"),
        (lambda: F.linear(mg.ones(1), [[1.0]]), DTypeError, "list"),
        (lambda: F.linear(mg.ones(1, 1), mg.ones(1, 1), [1.0]), DTypeError, "list"),
    ],
)  # fmt: skip
def test_linear_refusals(call, error, message):
    with pytest.raises(error, match=message):
        call()


# ------------------------------------------------------------------------------ dropout


def test_dropout_keeps_the_mean_and_scales_the_rest():
    x = mg.full((20_000,), 3.0, dtype=mg.float64, requires_grad=True)
    y = F.dropout(x, 0.25)
    assert np.unique(y.detach().numpy()).tolist() == [0.0, 4.0]
    assert y.mean().item() == pytest.approx(3, rel=0.02)
    y.sum().backward()
    np.testing.assert_array_equal(x.grad.numpy(), y.detach().numpy() / 3)


def test_dropout_of_nothing_and_everything():
    x = mg.ones(5, requires_grad=True)
    assert F.dropout(x, 0.0) is x
    assert F.dropout(x, 0.5, training=False) is x
    gone = F.dropout(x, 1.0)
    gone.sum().backward()
    assert (gone.tolist(), x.grad.tolist()) == ([0.0] * 5, [0.0] * 5)


@pytest.mark.parametrize("dtype", [mg.float16, mg.float32, mg.float64])
def test_dropout_keeps_dtype_and_drops_the_same_in_each(dtype):
    mg.manual_seed(4)
    y = F.dropout(mg.ones(50, dtype=dtype))
    mg.manual_seed(4)
    assert y.dtype == dtype
    assert y.tolist() == F.dropout(mg.ones(50)).tolist()


def test_dropout_in_place():
    x = mg.ones(50)
    assert F.dropout(x, inplace=True) is x
    assert sorted(set(x.tolist())) == [0.0, 2.0]


@pytest.mark.parametrize("p", [-0.1, 1.1, float("nan"), 2])
def test_dropout_wants_a_probability(p):
    with pytest.raises(ArgumentError, match="probability, from 0 to 1"):
        F.dropout(mg.ones(1), p)


# --------------------------------------------------------------------------------- pad


@pytest.mark.parametrize(
    ("widths", "numpys"),
    [
        ((1, 2), ((0, 0), (0, 0), (1, 2))),
        ((1, 0, 0, 2), ((0, 0), (0, 2), (1, 0))),
        ((1, 1, 2, 2, 1, 0), ((1, 0), (2, 2), (1, 1))),
        ((), ((0, 0),) * 3),
    ],
)
@pytest.mark.parametrize(
    ("mode", "numpy_mode"),
    [
        ("constant", "constant"),
        ("reflect", "reflect"),
        ("replicate", "edge"),
        ("circular", "wrap"),
        ("symmetric", "symmetric"),
    ],
)
def test_N35_N36_pad_speaks_of_the_last_axis_first(widths, numpys, mode, numpy_mode):
    x = mg.arange(36.0).reshape(3, 3, 4)
    assert F.pad(x, widths, mode).tolist() == np.pad(x.numpy(), numpys, mode=numpy_mode).tolist()


def test_pad_with_a_value_and_negative_widths():
    x = mg.arange(4.0).reshape(2, 2)
    assert F.pad(x, (1, 0), value=7).tolist() == [[7.0, 0.0, 1.0], [7.0, 2.0, 3.0]]
    assert F.pad(x, (-1, 0)).tolist() == [[1.0], [3.0]]
    assert F.pad(x, (-1, 2, 1, -2)).tolist() == [[0.0, 0.0, 0.0]]
    assert F.pad(x, [1, 1], "constant", None).shape == (2, 4)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda x: F.pad(x, (1,)), ArgumentError, "1 widths for a tensor of shape"),
        (lambda x: F.pad(x, (1, 1, 1)), ArgumentError, "pair"),
        (lambda x: F.pad(x, (1,) * 6), ArgumentError, r"6 widths.*shape \(2, 3\)"),
        (lambda x: F.pad(x, (1, 1), "mirror"), ArgumentError, "mode='mirror'"),
        (lambda x: F.pad(x, (3, 0), "reflect"), ShapeError, "at most 2 on each side"),
        (lambda x: F.pad(x, (4, 0), "circular"), ShapeError, "at most 3 on each side"),
        (lambda x: F.pad(x, (0.5, 1)), DTypeError, "integer"),
        (lambda x: F.pad(x, 1), DTypeError, "int"),
        (lambda x: F.pad([1.0], (1, 1)), DTypeError, "list"),
    ],
)  # fmt: skip
def test_pad_refusals(call, error, message):
    with pytest.raises(error, match=message) as raised:
        call(mg.ones(2, 3))
    assert isinstance(raised.value, MinigradError)


# ------------------------------------------------------------------------------- one_hot


def test_one_hot():
    labels = mg.tensor([[0, 2], [1, 1]])
    encoded = F.one_hot(labels)
    assert (encoded.shape, encoded.dtype) == ((2, 2, 3), mg.int64)
    assert encoded.argmax(2).tolist() == labels.tolist()
    assert F.one_hot(labels, 5).sum(2).tolist() == [[1, 1], [1, 1]]
    assert F.one_hot(mg.zeros(0, dtype=mg.int64), 3).shape == (0, 3)
