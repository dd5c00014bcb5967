"""Nonlinearities of `nn.functional`, at ordinary and at special points."""

# Functions made in a loop are called before it goes on.
# ruff: noqa: B023

import inspect
import math

import hypothesis
import numpy as np
import pytest
import torch
import torch.nn.functional as G
from hypothesis import given
from hypothesis import strategies as st

import minigrad as mg
import minigrad.nn.functional as F
from minigrad import nn
from tests.torch_oracle.compare import both_refuse, compare, drawn, functional, normal, whole
from tests.torch_oracle.modules import compare_layer

CASES = [
    ("relu", {}), ("relu6", {}), ("leaky_relu", {}), ("leaky_relu", {"negative_slope": 0.3}),
    ("leaky_relu", {"negative_slope": 0.0}), ("elu", {}), ("elu", {"alpha": 0.5}), ("elu", {"alpha": 2.0}),
    ("elu", {"alpha": -1.0}), ("celu", {}), ("celu", {"alpha": 0.5}), ("celu", {"alpha": -2.0}), ("selu", {}),
    ("hardtanh", {}), ("hardtanh", {"min_val": -2.0, "max_val": 0.5}), ("gelu", {}),
    ("gelu", {"approximate": "tanh"}), ("silu", {}), ("mish", {}), ("sigmoid", {}), ("tanh", {}), ("logsigmoid", {}),
    ("softsign", {}), ("softplus", {}), ("softplus", {"beta": 2, "threshold": 5}), ("softplus", {"beta": 10.0}),
    ("softplus", {"beta": -0.5}), ("softplus", {"beta": -3.0, "threshold": 2}),
    ("hardswish", {}), ("hardshrink", {}), ("hardshrink", {"lambd": 1.0}), ("hardshrink", {"lambd": -1.0}),
    ("softshrink", {}), ("softshrink", {"lambd": 0.0}), ("softshrink", {"lambd": 2}), ("tanhshrink", {}),
    ("threshold", {"threshold": 0.5, "value": -3.0}), ("threshold", {"threshold": -1, "value": 20}),
    ("rrelu", {}), ("rrelu", {"lower": -0.5, "upper": 1.5}),
    ("rrelu", {"lower": 0.25, "upper": 0.25, "training": True}),
]  # fmt: skip
IDS = [f"{name}-{'-'.join(f'{key}={value}' for key, value in options.items())}" for name, options in CASES]
IN_PLACE = ["relu", "relu6", "leaky_relu", "elu", "hardtanh", "silu", "celu", "selu", "mish", "hardswish", "rrelu"]
UNDERSCORED = {
    "relu_": (), "elu_": (0.5,), "selu_": (), "celu_": (0.5,), "leaky_relu_": (0.3,), "rrelu_": (0.25, 0.5),
    "hardtanh_": (-0.5, 0.75), "threshold_": (0.25, 3.0),
}  # fmt: skip


@pytest.mark.parametrize(("name", "options"), CASES, ids=IDS)
def test_values_and_derivatives(name, options):
    compare(*functional(name, **options), normal(3, 4) * 3)
    compare(*functional(name, **options), normal(2, 0, 3))
    compare(*functional(name, **options), np.array([0.5]))
    compare(*functional(name, **options), np.array(-0.75))


@pytest.mark.parametrize(("name", "options"), CASES, ids=IDS)
def test_kinks_and_extremes(name, options):
    """Zero, the bounds, large numbers, infinities and NaN."""
    large = [1.0, -1.0, 3.0, -3.0, 6.0, 20.0, 20.5, 30.0, -30.0, 100.0, -100.0, 1000.0, -1000.0]
    compare(*functional(name, **options), np.array([0.0, -0.0, 0.5, -0.5, 2.0, -2.0, 0.25, *large]), order=1)
    compare(*functional(name, **options), np.array([math.inf, -math.inf, math.nan]), order=0, single=False)
    # The second derivative of softplus at its threshold itself, here 20/10, is a departure.
    edges = [] if options.get("beta") == 10 else [2.0]
    kinks = np.array([0.0, -0.0, 1.0, -1.0, 3.0, -3.0, 6.0, 0.5, -0.5, -2.0, *edges])
    compare(*functional(name, **options), kinks, order=2)


@pytest.mark.parametrize(("name", "options"), CASES, ids=IDS)
def test_gradient_at_infinities(name, options):
    compare(*functional(name, **options), np.array([math.inf, -math.inf]), order=1, single=False)


@pytest.mark.parametrize("name", ["relu", "elu", "celu", "selu", "leaky_relu", "hardshrink", "softshrink", "mish"])
def test_gradient_at_nan(name):
    compare(*functional(name), np.array([math.nan]), order=1, single=False)


def test_hardsigmoid():
    """PyTorch's slope is 1/6 in float32, also where everything else is float64, and it has no second derivative."""
    compare(*functional("hardsigmoid"), normal(3, 4) * 3, order=1, rtol=1e-7)
    compare(*functional("hardsigmoid"), np.array([0.0, 3.0, -3.0, 1e3, -1e3, math.inf, -math.inf]), order=1, rtol=1e-7)
    compare(*functional("hardsigmoid"), np.array([0.0, 3.0, -2.9, math.nan]), order=1, rtol=1e-7)


def test_hardswish_at_its_corners_and_beyond():
    compare(*functional("hardswish"), np.array([0.0, 2.9, 3.0, 3.1, -2.9, -3.0, -3.1, math.inf, -math.inf, math.nan]))


@drawn(150)
@given(data=st.data())
def test_drawn_arguments(data):
    """Options and inputs drawn, with values on the kinks that the options make."""
    grid = st.sampled_from([-3.0, -1.5, -1.0, -0.5, -0.25, 0.0, 0.25, 0.5, 1.0, 2.0, 3.0, 7.5])
    above = st.sampled_from([0.0, 0.25, 0.5, 1.0, 2.0])
    name = data.draw(st.sampled_from(sorted(OPTIONS)))
    options = {key: data.draw(above if sign else grid) for key, sign in OPTIONS[name].items()}
    if name in ("hardtanh", "rrelu"):
        low, high = OPTIONS[name]
        options = dict(zip((low, high), sorted(options.values()), strict=True))
    if name == "celu":
        hypothesis.assume(options["alpha"] != 0)
    x = np.array(data.draw(st.lists(grid | st.sampled_from([*options.values()]), max_size=8)), np.float64)
    x = x.reshape(data.draw(st.sampled_from([(-1,), (-1, 1), (1, -1, 1)])))
    compare(*functional(name, **options), x)


OPTIONS = {
    "leaky_relu": {"negative_slope": False}, "elu": {"alpha": False}, "celu": {"alpha": False},
    "hardtanh": {"min_val": False, "max_val": False}, "hardshrink": {"lambd": False}, "softshrink": {"lambd": True},
    "threshold": {"threshold": False, "value": False}, "rrelu": {"lower": False, "upper": False},
}  # fmt: skip


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


@pytest.mark.parametrize("name", UNDERSCORED)
def test_in_place_by_name(name):
    ours, theirs = functional(name, *UNDERSCORED[name])
    compare(lambda x: ours(x * 2), lambda x: theirs(x * 2), normal(3, 4), order=1)
    for side, library in ((F, mg), (G, torch)):
        x = library.tensor(normal(3, 4))
        assert getattr(side, name)(x, *UNDERSCORED[name]) is x
    both_refuse(
        lambda: getattr(F, name)(mg.ones(2, requires_grad=True), *UNDERSCORED[name]),
        lambda: getattr(G, name)(torch.ones(2, requires_grad=True), *UNDERSCORED[name]),
        mg.errors.GradError,
    )


@pytest.mark.parametrize("dtype", ["float16", "int64"])
@pytest.mark.parametrize(
    "name",
    [
        "relu", "relu6", "leaky_relu", "elu", "hardtanh", "gelu", "silu", "softsign", "softplus", "logsigmoid", "celu",
        "selu", "mish", "hardswish", "hardsigmoid", "hardshrink", "softshrink", "tanhshrink", "rrelu", "threshold",
    ],
)  # fmt: skip
def test_other_dtypes(name, dtype):
    x = whole(-3, 4, 8).astype(dtype)
    arguments = (0.5, 7.5) if name == "threshold" else ()
    try:
        getattr(G, name)(torch.tensor(x), *arguments)
    except (RuntimeError, NotImplementedError):
        return  # of integers, where minigrad computes in floats or refuses
    compare(*functional(name, *arguments), x, order=0, rtol=3e-3, atol=1e-3)


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
        ("celu", {"alpha": 0.0}),
        ("softshrink", {"lambd": -0.5}),
        ("softshrink", {"lambd": math.inf}),
        ("softshrink", {"lambd": math.nan}),
        ("rrelu", {"lower": 0.5, "upper": 0.25}),
        ("rrelu", {"lower": 0.5, "upper": math.inf}),
        ("rrelu", {"lower": -math.inf, "upper": 0.5, "training": True}),
        ("rrelu", {"lower": math.nan, "upper": 0.5}),
    ):
        ours, theirs = functional(name, **options)
        both_refuse(lambda: ours(mg.ones(2)), lambda: theirs(torch.ones(2)))
    both_refuse(lambda: nn.Hardtanh(1.0, 1.0), lambda: torch.nn.Hardtanh(1.0, 1.0))
    counts = np.arange(3)
    both_refuse(lambda: F.rrelu(mg.tensor(counts), training=True), lambda: G.rrelu(torch.tensor(counts), training=True))
    small = counts.astype(np.uint8)
    both_refuse(lambda: F.threshold(mg.tensor(small), 1, 300), lambda: G.threshold(torch.tensor(small), 1, 300))


ACCURATE = [
    "gelu", "silu", "softplus", "logsigmoid", "elu", "sigmoid", "tanh", "softsign", "celu", "selu", "mish", "hardswish",
    "hardsigmoid", "softshrink",
]  # fmt: skip


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


# --------------------------------------------------------------------- layers

LAYERS = [
    ("ReLU", ()), ("ReLU6", ()), ("LeakyReLU", ()), ("LeakyReLU", (0.3,)), ("RReLU", (0.25, 0.5)), ("RReLU", ()),
    ("Threshold", (0.5, -3.0)), ("Threshold", (1, 2)), ("ELU", ()), ("ELU", (2.0,)), ("CELU", ()), ("CELU", (2.0,)),
    ("SELU", ()), ("Hardtanh", ()), ("Hardtanh", (-2, 0.5)), ("Hardswish", ()), ("Hardshrink", ()),
    ("Hardshrink", (1,)), ("Softshrink", ()), ("Softshrink", (0.25,)), ("Tanhshrink", ()), ("GELU", ()),
    ("GELU", ("tanh",)), ("SiLU", ()), ("Mish", ()), ("Sigmoid", ()), ("LogSigmoid", ()), ("Tanh", ()),
    ("Softsign", ()), ("Softplus", ()), ("Softplus", (2, 3.0)),
]  # fmt: skip


@pytest.mark.parametrize(("name", "arguments"), LAYERS)
def test_layers(name, arguments):
    for shape in ((2, 3, 4), (0, 3), ()):
        compare_layer(name, arguments, None, normal(*shape) * 2, train=False)


@pytest.mark.parametrize("name", [*dict(LAYERS), "Hardsigmoid", "Dropout", "AlphaDropout"])
def test_attributes_of_layers(name):
    """What PyTorch's layer keeps of its arguments, minigrad's keeps too; both print the same, also in place."""
    words = [{"threshold": 0.5, "value": 2.0}] if name == "Threshold" else [{}]
    if "inplace" in inspect.signature(getattr(torch.nn, name)).parameters:
        words.append({**words[0], "inplace": True})
    for options in words:
        ours, theirs = (getattr(library, name)(**options) for library in (nn, torch.nn))
        assert repr(ours) == repr(theirs)
        kept = {key: value for key, value in vars(theirs).items() if not key.startswith("_")}
        assert {key: getattr(ours, key) for key in kept} == kept


def test_hardsigmoid_layer():
    compare_layer("Hardsigmoid", (), None, normal(2, 3) * 3, order=1, rtol=1e-7)


def slope_of(lower, upper, x):
    """The slopes that a seed draws."""
    y = F.rrelu(mg.tensor(x), lower, upper, True, generator=mg.Generator().manual_seed(5))
    return torch.from_numpy(np.where(x > 0, 1, y.numpy() / x).astype(x.dtype))


@pytest.mark.parametrize("name", ["rrelu", "RReLU"])
def test_random_slopes(name):
    """The slopes, recovered from the output, give the same values and derivatives; they are uniform."""
    lower, upper = 0.2, 0.6
    x = normal(20_000)
    mg.manual_seed(3)
    for dtype in (np.float64, np.float32):
        leaf = mg.tensor(x.astype(dtype), requires_grad=True)
        y = F.rrelu(leaf, lower, upper, True) if name == "rrelu" else nn.RReLU(lower, upper)(leaf)
        assert y.dtype == dtype
        slope = np.where(x > 0, 1, y.detach().numpy() / leaf.detach().numpy())
        drawn_slopes = slope[x <= 0]
        assert lower <= drawn_slopes.min() + 1e-6
        assert drawn_slopes.max() <= upper + 1e-6
        deviation = (upper - lower) / math.sqrt(12 * len(drawn_slopes))
        assert abs(drawn_slopes.mean() - (lower + upper) / 2) < 5 * deviation
        assert abs(drawn_slopes.var() * 12 / (upper - lower) ** 2 - 1) < 5 * math.sqrt(0.8 / len(drawn_slopes))
        narrow = x.astype(dtype)
        slopes = slope_of(lower, upper, narrow)
        compare(
            lambda t: F.rrelu(t, lower, upper, True, generator=mg.Generator().manual_seed(5)),
            lambda t: torch.where(t <= 0, t * slopes, t),
            narrow, single=False, rtol=1e-5,
        )  # fmt: skip
