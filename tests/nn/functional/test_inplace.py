"""The names with an underscore write what the names without it return."""

import pytest

import minigrad as mg
import nn.functional as F
from minigrad.errors import DTypeError, GradError

CALLS = {
    "relu_": (), "elu_": (0.5,), "celu_": (0.5,), "selu_": (), "leaky_relu_": (0.3,), "rrelu_": (0.25, 0.5),
    "hardtanh_": (-0.5, 0.75), "threshold_": (0.25, 3.0),
}  # fmt: skip
X = [-1.5, 0.0, 0.5, 2.0]


@pytest.mark.parametrize("name", CALLS)
def test_writes_into_its_input(name):
    function, plain = getattr(F, name), getattr(F, name.removesuffix("_"))
    x = mg.tensor(X)
    expected = plain(x, *CALLS[name]).tolist()
    assert x.tolist() == X
    assert function(x, *CALLS[name]) is x
    assert x.tolist() == expected != X


@pytest.mark.parametrize("name", CALLS)
def test_gradient_and_refusals(name):
    function, plain = getattr(F, name), getattr(F, name.removesuffix("_"))
    leaf = mg.tensor(X, requires_grad=True)
    gradients = [mg.autograd.grad(one(leaf * 1, *CALLS[name]).sum(), leaf)[0].tolist() for one in (function, plain)]
    assert gradients[0] == gradients[1]
    with pytest.raises(GradError, match="leaf"):
        function(leaf, *CALLS[name])
    with pytest.raises(DTypeError, match="list"):
        function(X, *CALLS[name])


def test_rrelu_draws_in_training():
    x = -mg.ones(100)
    y = F.rrelu_(x, 0.25, 0.5, True, generator=mg.Generator().manual_seed(1))
    assert y is x
    expected = F.rrelu(-mg.ones(100), 0.25, 0.5, True, generator=mg.Generator().manual_seed(1))
    assert y.tolist() == expected.tolist()
    assert len(set(y.tolist())) > 90
