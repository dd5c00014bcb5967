"""Names that are the engine's own objects; linear."""

import numpy as np
import pytest

import minigrad as mg
import nn.functional as F
from minigrad.autograd import gradcheck
from minigrad.errors import DTypeError, ShapeError


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
        "sigmoid",
        "tanh",
    ]
    assert [name for name in same if getattr(F, name) is not getattr(mg, name)] == []


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
