"""Nonlinearities of `nn.functional`, at ordinary and at special points."""

# Functions made in a loop are called before it goes on.
# ruff: noqa: B023

import math

import numpy as np
import pytest
import torch
import torch.nn.functional as G

import minigrad as mg
import minigrad.nn.functional as F
from tests.torch_oracle.compare import both_refuse, compare, functional, normal, whole

CASES = [
    ("relu", {}), ("relu6", {}), ("leaky_relu", {}), ("leaky_relu", {"negative_slope": 0.3}),
    ("leaky_relu", {"negative_slope": 0.0}), ("elu", {}), ("elu", {"alpha": 0.5}), ("elu", {"alpha": 2.0}),
    ("hardtanh", {}), ("hardtanh", {"min_val": -2.0, "max_val": 0.5}), ("gelu", {}),
    ("gelu", {"approximate": "tanh"}), ("silu", {}), ("sigmoid", {}), ("tanh", {}), ("logsigmoid", {}),
    ("softsign", {}), ("softplus", {}), ("softplus", {"beta": 2, "threshold": 5}), ("softmax", {"dim": -1}),
    ("log_softmax", {"dim": 0}), ("softplus", {"beta": 10.0}),
]  # fmt: skip
IDS = [f"{name}-{'-'.join(f'{key}={value}' for key, value in options.items())}" for name, options in CASES]
IN_PLACE = ["relu", "relu6", "leaky_relu", "elu", "hardtanh", "silu"]


@pytest.mark.parametrize(("name", "options"), CASES, ids=IDS)
def test_values_and_derivatives(name, options):
    compare(*functional(name, **options), normal(3, 4) * 3)
    compare(*functional(name, **options), normal(2, 0, 3))
    compare(*functional(name, **options), np.array([0.5]))
    if "dim" not in options:
        compare(*functional(name, **options), np.array(-0.75))


@pytest.mark.parametrize(("name", "options"), [case for case in CASES if "dim" not in case[1]],
                         ids=[one for one in IDS if "dim" not in one])  # fmt: skip
def test_kinks_and_extremes(name, options):
    """Zero, the bounds, large numbers, infinities and NaN."""
    points = np.array([0.0, -0.0, 1.0, -1.0, -2.0, 0.5, 6.0, 20.0, 20.5, 30.0, -30.0, 100.0, -100.0, 1000.0, -1000.0])
    compare(*functional(name, **options), points, order=1)
    compare(*functional(name, **options), np.array([math.inf, -math.inf, math.nan]), order=0, single=False)
    # The second derivative of elu at 0 itself belongs to neither branch in PyTorch (a departure).
    kinks = np.array([1.0, -1.0, 6.0, 0.5, -2.0, *([] if name == "elu" else [0.0])])
    compare(*functional(name, **options), kinks, order=2)


@pytest.mark.parametrize(("name", "options"), [case for case in CASES if "dim" not in case[1]],
                         ids=[one for one in IDS if "dim" not in one])  # fmt: skip
def test_gradient_at_infinities(name, options):
    compare(*functional(name, **options), np.array([math.inf, -math.inf]), order=1, single=False)


@pytest.mark.parametrize("name", IN_PLACE)
def test_in_place(name):
    for side, library in ((F, mg), (G, torch)):
        x = library.tensor(normal(3, 4))
        expected = getattr(side, name)(x.clone())
        assert getattr(side, name)(x, inplace=True) is x
        assert (x == expected).all()

    def run(side):
        def function(x):
            t = x * 2
            getattr(side, name)(t, inplace=True)
            return t * x

        return function

    compare(run(F), run(G), normal(3, 4), order=1)


@pytest.mark.parametrize("dtype", ["float16", "int64"])
@pytest.mark.parametrize(
    "name", ["relu", "relu6", "leaky_relu", "elu", "hardtanh", "gelu", "silu", "softsign", "softplus", "logsigmoid"]
)
def test_other_dtypes(name, dtype):
    x = whole(-3, 4, 8).astype(dtype)
    try:
        getattr(G, name)(torch.tensor(x))
    except (RuntimeError, NotImplementedError):
        return  # of integers, where minigrad computes in floats or refuses
    compare(*functional(name), x, order=0, rtol=3e-3, atol=1e-3)


def test_one_hot():
    for classes in (-1, 4, 7):
        compare(lambda t: F.one_hot(t, classes), lambda t: G.one_hot(t, classes), whole(0, 4, 2, 3))
        compare(lambda t: F.one_hot(t, num_classes=classes), lambda t: G.one_hot(t, num_classes=classes), np.array(3))
    for labels, classes in (([5], 4), ([-1], 4), ([0.5], -1), ([0], 0)):
        both_refuse(lambda: F.one_hot(mg.tensor(labels), classes), lambda: G.one_hot(torch.tensor(labels), classes))
    both_refuse(lambda: F.one_hot(mg.zeros(0, dtype=mg.int64)), lambda: G.one_hot(torch.zeros(0, dtype=torch.int64)))
    compare(lambda t: F.one_hot(t, 3), lambda t: G.one_hot(t, 3), np.zeros((0, 2), np.int64))


def test_refusals():
    for name, options in (
        ("hardtanh", {"min_val": 1.0, "max_val": -1.0}),
        ("gelu", {"approximate": "exact"}),
        ("softmax", {"dim": 5}),
    ):
        ours, theirs = functional(name, **options)
        both_refuse(lambda: ours(mg.ones(2)), lambda: theirs(torch.ones(2)))


ACCURATE = ["gelu", "silu", "softplus", "logsigmoid", "elu", "sigmoid", "tanh", "softsign"]


@pytest.mark.parametrize(
    "name", [*ACCURATE, "exp", "expm1", "log1p", "log", "erf", "sqrt", "rsqrt", "sin", "cos", "reciprocal"]
)
def test_digits_of_float32(name):
    """At most four times the errors of PyTorch's float32, and two units; PyTorch's float64 is exact."""
    side = (F, G) if name in ACCURATE else (mg, torch)
    x = np.linspace(-12, 12, 4001, dtype=np.float32)
    x = np.abs(x) + np.float32(1e-3) if name in ("log1p", "log", "sqrt", "rsqrt", "reciprocal") else x
    exact = getattr(side[1], name)(torch.from_numpy(x).double()).numpy()
    ours = getattr(side[0], name)(mg.tensor(x)).numpy()
    theirs = getattr(side[1], name)(torch.from_numpy(x)).numpy()
    unit = np.spacing(np.abs(exact).astype(np.float32)).astype(np.float64)
    allowed = 4 * (np.abs(theirs - exact) / unit).max() + 2
    assert (np.abs(ours - exact) / unit).max() <= allowed


# --------------------------------------------------------------------- linear


@pytest.mark.parametrize(("x", "w"), [((3,), (4, 3)), ((2, 3), (4, 3)), ((5, 2, 3), (4, 3)), ((0, 3), (4, 3)),
((2, 0), (4, 0)),
                                      ((2, 3), (3,)), ((3,), (3,)), ((2, 3), (0, 3))])  # fmt: skip
def test_linear(x, w):
    compare(F.linear, G.linear, normal(*x), normal(*w, seed=1))
    if len(w) == 2:
        compare(F.linear, G.linear, normal(*x), normal(*w, seed=1), normal(w[0], seed=2))


def test_linear_refusals():
    for x, w, b in (((2, 4), (4, 3), None), ((), (4, 3), None), ((2, 3), (4, 3), (3,)), ((2, 3), (1, 4, 3), None)):
        both_refuse(
            lambda: F.linear(mg.ones(x), mg.ones(w), None if b is None else mg.ones(b)),
            lambda: G.linear(torch.ones(x), torch.ones(w), None if b is None else torch.ones(b)),
        )
    both_refuse(
        lambda: F.linear(mg.ones(2, 3), mg.ones(4, 3).double()),
        lambda: G.linear(torch.ones(2, 3), torch.ones(4, 3).double()),
    )


# -------------------------------------------------------------------- dropout


@pytest.mark.parametrize("p", [0.1, 0.5, 0.9])
def test_dropout_statistics(p):
    """The share of zeros, the scale of the rest, the mean; and the gradient is the mask."""
    count = 20_000
    for side, library in ((F, mg), (G, torch)):
        x = library.ones(count, dtype=library.float64, requires_grad=True)
        y = side.dropout(x, p)
        kept = (y.detach() != 0).double()
        assert abs(kept.mean().item() - (1 - p)) < 5 * math.sqrt(p * (1 - p) / count)
        np.testing.assert_allclose(y.detach().numpy()[kept.numpy() != 0], 1 / (1 - p), rtol=1e-6)
        y.sum().backward()
        np.testing.assert_allclose(x.grad.numpy(), y.detach().numpy(), rtol=1e-12)


def test_dropout_at_its_ends():
    for p in (0.0, 1.0):
        compare(lambda x: F.dropout(x, p), lambda x: G.dropout(x, p), normal(3, 4))
        compare(lambda x: F.dropout(x, p, False), lambda x: G.dropout(x, p, False), normal(3, 4))
        compare(
            lambda x: F.dropout(x * 2, p, True, True), lambda x: G.dropout(x * 2, p, True, True), normal(3, 4), order=1
        )
    compare(lambda x: F.dropout(x, 1.0), lambda x: G.dropout(x, 1.0), np.array([math.inf, math.nan, 1.0]), order=0)
    for p in (-0.1, 1.1):
        both_refuse(lambda: F.dropout(mg.ones(2), p), lambda: G.dropout(torch.ones(2), p))
