"""Every elementwise nonlinearity, as a function, in place and as a layer, with drawn options and shapes."""

import hypothesis
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from minigrad import nn
from tests.torch_oracle.compare import compare, drawn, functional, normal
from tests.torch_oracle.modules import compare_layer


def floats(low, high):
    return st.floats(low, high).map(lambda x: round(x, 2))


def ordered(low, high, *names):
    """Two options, the smaller one first and a little apart."""
    pair = st.tuples(floats(low, high), floats(0.1, 2.0))
    return pair.map(lambda one: dict(zip(names, (one[0], round(one[0] + one[1], 2)), strict=True)))


def options(**each):
    return st.fixed_dictionaries({}, optional=each)


NONE = st.just({})
BOUNDS = st.one_of(NONE, ordered(-2.0, 1.0, "min_val", "max_val"))
SLOPES = st.one_of(NONE, ordered(-1.0, 1.0, "lower", "upper"))
AWAY = st.one_of(floats(-3.0, -0.25), floats(0.25, 3.0))
CUT = st.fixed_dictionaries({"threshold": floats(-1.5, 1.5), "value": floats(-3.0, 3.0)})

# A function, its layer (None where it has none), and the options of both.
ALL = {
    "relu": ("ReLU", NONE), "relu6": ("ReLU6", NONE), "leaky_relu": ("LeakyReLU", options(
        negative_slope=floats(-1.0, 2.0))), "rrelu": ("RReLU", SLOPES), "threshold": ("Threshold", CUT),
    "elu": ("ELU", options(alpha=floats(-2.0, 3.0))), "celu": ("CELU", options(alpha=AWAY)), "selu": ("SELU", NONE),
    "hardtanh": ("Hardtanh", BOUNDS), "hardsigmoid": ("Hardsigmoid", NONE), "hardswish": ("Hardswish", NONE),
    "hardshrink": ("Hardshrink", options(lambd=floats(-1.0, 2.0))),
    "softshrink": ("Softshrink", options(lambd=floats(0.0, 2.0))), "tanhshrink": ("Tanhshrink", NONE),
    "gelu": ("GELU", options(approximate=st.sampled_from(["none", "tanh"]))), "silu": ("SiLU", NONE),
    "mish": ("Mish", NONE), "sigmoid": ("Sigmoid", NONE), "logsigmoid": ("LogSigmoid", NONE), "tanh": ("Tanh", NONE),
    "softsign": ("Softsign", NONE), "softplus": ("Softplus", options(beta=AWAY, threshold=floats(1.0, 25.0))),
}  # fmt: skip
# In their derivatives PyTorch rounds the slope 1/6 of hardsigmoid, which has no second one, and 1/α of celu to float32.
LIMITS = {"hardsigmoid": {"order": 1, "rtol": 1e-7}, "celu": {"rtol": 1e-6}, "celu_": {"rtol": 1e-6}}
SHAPES = st.lists(st.integers(0, 4), max_size=3).map(tuple)

# In place, PyTorch differentiates by the result, which slopes below 0 do not determine.
IN_PLACE = {
    "relu_": NONE, "elu_": options(alpha=floats(0.0, 3.0)), "selu_": NONE, "celu_": options(alpha=floats(0.25, 3.0)),
    "leaky_relu_": options(negative_slope=floats(0.0, 2.0)), "hardtanh_": BOUNDS, "threshold_": CUT,
    "rrelu_": st.one_of(NONE, ordered(0.0, 1.0, "lower", "upper")),
}  # fmt: skip


def test_every_layer_is_drawn():
    """All those of PyTorch's that act on each element alone, without parameters, dropout aside."""
    module = torch.nn.modules.activation
    others = {"GLU", "MultiheadAttention", "PReLU", "Softmax", "Softmax2d", "Softmin", "LogSoftmax"}
    there = set(module.__all__) & set(nn.__all__)
    assert {"Softsign", "Tanhshrink", "SELU", "Hardswish"} <= there
    assert {layer for layer, _ in ALL.values()} == there - others


@drawn(250)
@given(name=st.sampled_from(sorted(ALL)), shape=SHAPES, scale=st.sampled_from([0.5, 2.0, 6.0]), data=st.data())
def test_functions(name, shape, scale, data):
    compare(*functional(name, **data.draw(ALL[name][1])), normal(*shape) * scale, **LIMITS.get(name, {}))


@drawn(250)
@given(name=st.sampled_from(sorted(ALL)), shape=SHAPES, train=st.booleans(), data=st.data())
def test_layers(name, shape, train, data):
    layer, each = ALL[name]
    hypothesis.assume(not (train and name == "rrelu"))  # random slopes
    compare_layer(layer, (), data.draw(each), normal(*shape) * 2, train=train, **LIMITS.get(name, {}))


@drawn(250)
@given(name=st.sampled_from(sorted(IN_PLACE)), shape=SHAPES, later=st.booleans(), data=st.data())
def test_in_place_by_name(name, shape, later, data):
    """To second order, where the input is written over and also where the result is used once more."""
    ours, theirs = functional(name, **data.draw(IN_PLACE[name]))

    def use(function):
        def call(x):
            t = x * 2
            y = function(t)
            assert y is t
            return (t * x, y) if later else y

        return call

    compare(use(ours), use(theirs), normal(*shape), **LIMITS.get(name, {}))


@pytest.mark.filterwarnings("ignore::UserWarning")
@drawn(90)
@given(
    kind=st.sampled_from(["Nearest", "Bilinear"]),
    lead=st.tuples(st.integers(0, 2), st.integers(1, 2)),
    by_size=st.booleans(),
    single=st.booleans(),
    data=st.data(),
)
def test_upsampling_layers(kind, lead, by_size, single, data):
    """Nearest at ratios that are binary fractions, where PyTorch does not depend on dtype and memory order."""
    sides = st.sampled_from([1, 2, 4, 8] if kind == "Nearest" else [1, 2, 3, 5, 6])
    factors = st.sampled_from([1.0, 2.0, 4.0] if kind == "Nearest" else [1.0, 1.5, 2.0, 2.5, 3.0])
    each = sides if by_size else factors
    value = data.draw(each if single else st.tuples(each, each))
    word = "size" if by_size else "scale_factor"
    x = normal(*lead, data.draw(sides), data.draw(sides))
    compare_layer(f"Upsampling{kind}2d", (), {word: value}, x)
    compare(*functional(f"upsample_{kind.lower()}", **{word: value}), x)
    compare(*functional("upsample", **{word: value}, mode=kind.lower()), x)


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("axes", [1, 2, 3])
def test_upsample_of_an_empty_batch(axes, dtype):
    x = np.zeros((0, 2, *(3,) * axes), dtype)
    for mode in ("nearest", ("linear", "bilinear", "trilinear")[axes - 1]):
        compare(*functional("upsample", 5, mode=mode), x)
        compare(*functional("upsample", scale_factor=2, mode=mode), x)
