"""What every primitive promises, over the whole registry: a primitive without a case here fails.

Right derivatives to second order (third for the trilinear form) in both modes, dtype kept, arguments left alone, any
memory layout, no elements at all, nothing shared or saved that need not be, memory order kept, adjoints adjoint.
"""

import itertools
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad.autograd import Observer, grad, gradcheck, observe
from minigrad.geometry import Geometry
from minigrad.kernels import pool as pool_kernels
from minigrad.kernels.indexing import Index
from minigrad.kernels.segments import Segments
from minigrad.ops.indexing import normalised

PRIMITIVES = mg.primitives()
SOURCE = np.random.default_rng(20)

# ------------------------------------------------------------ values of arguments


def normal(*shape):
    return SOURCE.standard_normal(shape)


def positive(*shape):
    return SOURCE.uniform(0.5, 2, shape)


def unit(*shape):
    """Values from [0.1, 0.9)."""
    return SOURCE.uniform(0.1, 0.9, shape)


def away(*shape):
    """Values that are not near a whole number, of both signs: away from every kink and jump."""
    whole = SOURCE.integers(-3, 3, shape)
    return whole + SOURCE.uniform(0.2, 0.8, shape)


def inside(*shape):
    """Values between −1 and 1, away from both."""
    return SOURCE.uniform(-0.8, 0.8, shape)


def above_one(*shape):
    return SOURCE.uniform(1.5, 3, shape)


def spaced(*shape):
    """No two values near each other: no ties."""
    return SOURCE.permutation(np.linspace(-2, 2, int(np.prod(shape)))).reshape(shape)


def whole(*shape):
    return SOURCE.integers(-4, 5, shape)


def coins(*shape):
    return SOURCE.random(shape) < 0.5


# ------------------------------------------------------------------- the cases


@dataclass(frozen=True)
class Case:
    """One application of a primitive: its arrays, and its other arguments by name."""

    name: str
    arrays: tuple[np.ndarray, ...]
    static: dict[str, Any] = field(default_factory=dict)
    order: int = 2

    @property
    def primitive(self):
        return PRIMITIVES[self.name]

    @property
    def differentiable(self):
        """Which arguments have a VJP and could need it."""
        rules, arguments = self.primitive.rules, self.primitive.arguments
        return [
            array.dtype.kind == self.static.get("dtype", array.dtype).kind == "f"
            and arguments[0 if self.primitive.variadic else position] in rules
            for position, array in enumerate(self.arrays)
        ]

    @property
    def empty(self):
        return any(array.size == 0 for array in self.arrays)

    def __call__(self, *arguments):
        """The outputs as a list."""
        outputs = self.primitive(*arguments, **self.static)
        return list(outputs) if isinstance(outputs, tuple) else [outputs]

    def leaves(self, arrays=None, wanted=None):
        """The arguments as tensors, those with a VJP asking for gradients."""
        flags = self.differentiable if wanted is None else wanted
        chosen = self.arrays if arrays is None else arrays
        return [mg.from_numpy(array).requires_grad_(flag) for array, flag in zip(chosen, flags)]


def case(name, *arrays, order=2, **static):
    return Case(name, tuple(np.asarray(array) for array in arrays), static, order)


def window(*sizes, **options):
    return Geometry.window(*sizes, **options)


def winners(x, geometry):
    return pool_kernels.max_pool(x, geometry)[1]


def uneven(geometry):
    """A divisor for each window, by which sums are divided exactly."""
    return 2.0 ** (np.arange(np.prod(geometry.outputs)).reshape(geometry.outputs) % 3)


LINE = window((7,), (3,))
PLANE = window((6, 5), (3, 2), (2, 1), ((1, 2), (0, 1)), (1, 2), groups=2)
DEEP = window((5, 5), (3, 3), 2, 1, groups=3)
VOLUME = window((3, 4, 3), (2, 2, 1), (1, 2, 2), ((1, 0), (0, 1), (0, 0)))
UNCOVERED = window((9,), (2,), 4)  # windows at 0 and 4: five positions are never read
OVERLAPPING = window((5, 6), (3, 2), (2, 1), 1)
SEPARATE = window((4, 6), (2, 2), (2, 2))
REACHING = window((5,), (2,), 2, ceil_mode=True)

HUBER = {"delta": 1.0, "beta": 0.5}
EXPONENTIAL = {"alpha": 1.5, "scale": 0.75, "input_scale": 2.0}

UNARY = {
    **dict.fromkeys(["neg", "square", "exp", "expm1", "sin", "cos", "erf", "tanh", "sigmoid", "silu"], normal),
    **dict.fromkeys(["log", "log1p", "sqrt", "rsqrt", "reciprocal"], positive),
    **dict.fromkeys(["hardswish", "relu", "abs", "sign", "floor", "ceil", "round", "trunc"], away),
    **dict.fromkeys(["isnan", "isinf", "isfinite", "logical_not"], normal),
    **dict.fromkeys(["atan", "sinh", "cosh", "asinh", "exp2", "erfc", "isposinf", "isneginf", "signbit"], normal),
    **dict.fromkeys(["tan", "asin", "acos", "atanh", "erfinv"], inside),
    **dict.fromkeys(["log2", "log10", "lgamma", "digamma"], positive),
    "acosh": above_one,
}
BINARY = {
    **dict.fromkeys(["logaddexp", "logaddexp2", "logical_xor", "heaviside"], (normal, normal)),
    **dict.fromkeys(["atan2", "hypot", "xlogy", "copysign"], (positive, positive)),
    **dict.fromkeys(["eq", "ne", "lt", "le", "gt", "ge", "logical_and", "logical_or"], (normal, normal)),
    **dict.fromkeys(["add", "sub", "mul", "tanh_vjp", "sigmoid_vjp", "silu_vjp"], (normal, normal)),
    "hardswish_vjp": (normal, away),
    **dict.fromkeys(["div", "pow"], (positive, positive)),
    "binary_cross_entropy": (unit, unit),
    "logistic_loss": (normal, unit),
    "squared_error": (normal, normal),
    **dict.fromkeys(["maximum", "minimum", "clamp_min", "clamp_max", "relu_vjp"], (normal, normal)),
    **dict.fromkeys(
        ["floor_divide", "remainder", "fmod"], (away, lambda *shape: SOURCE.choice([-3.0, 5.0], shape) * 1.01)
    ),
}
INTEGERS = ["bitwise_and", "bitwise_or", "bitwise_xor"]

CASES = [
    # element-wise
    *(case(name, values(*shape)) for name, values in UNARY.items() for shape in [(2, 3), (), (0, 3)]),
    *(
        case(name, left(*a), right(*b))
        for name, (left, right) in BINARY.items()
        for a, b in [((2, 3), (2, 3)), ((3, 1), (2, 1, 4)), ((), (2,)), ((0, 3), (3,)), ((1, 3), (0, 1))]
    ),
    *(case(name, whole(*a), whole(*b)) for name in INTEGERS for a, b in [((2, 3), (3,)), ((0, 3), (3,))]),
    *(case(name, coins(4), coins(4)) for name in INTEGERS),
    *(case("bitwise_not", values) for values in [whole(2, 3), coins(3), whole(0, 3)]),
    case("isnan", [np.nan, 1, np.inf]),
    case("isinf", [np.nan, 1, -np.inf]),
    case("isfinite", [np.nan, 1, -np.inf]),
    case("pow", [-1.5, 2.0, -0.5, 1.2], whole(4) % 4),
    case("pow", positive(3), np.array(2.0)),
    case("pow", np.array(2.0), normal(3)),
    case("where", coins(2, 3), normal(2, 3), normal(2, 3)),
    case("where", coins(2, 1, 3), normal(3), normal(4, 1)),
    case("where", coins(0, 3), normal(3), normal()),
    case("clamp_both", away(3, 4), np.full(4, -1.0), np.full((3, 1), 1.0)),
    case("clamp_both", away(5), np.array(1.0), np.array(-1.0)),
    case("clamp_both", normal(0, 3), normal(3), normal()),
    *(case(name, *[away(3, 4) * 2 for _ in range(n)]) for name, n in [("hardswish", 1), ("hardswish_vjp", 2)]),
    *(
        case(name, *[away(2, 3) * 2 for _ in range(count)], **static)
        for name, static in [("leaky_relu", {"slope": 0.1}), ("hardtanh", {"low": -1.0, "high": 2.0})]
        for name, count in [(name, 1), (f"{name}_vjp", 2)]
    ),
    *(
        case(name, *[away(0, 2) for _ in range(count)], **static)
        for name, static in [("leaky_relu", {"slope": 0.1}), ("hardtanh", {"low": -1.0, "high": 2.0})]
        for name, count in [(name, 1), (f"{name}_vjp", 2)]
    ),
    case("softplus_vjp", normal(2, 3), away(2, 1), beta=2.0, threshold=3.0),
    case("softplus_vjp", normal(0, 2), normal(2), beta=1.0, threshold=20.0),
    case("softplus", away(2, 3), beta=2.0, threshold=3.0),
    case("softplus", away(2, 3), beta=-2.0, threshold=3.0),
    case("softplus", normal(4), beta=1.0, threshold=20.0),
    case("softplus", normal(0, 2), beta=1.0, threshold=20.0),
    *(case("logit", values, eps=eps) for values in [inside(2, 3) / 2 + 0.5, inside(0, 2)] for eps in [None, 0.3]),
    *(case("polygamma", positive(*shape), n=2) for shape in [(2, 3), (0, 2)]),
    *(case("sinc_derivative", away(*shape), n=n) for shape in [(2, 3), (0, 2)] for n in [0, 1]),
    # diagonals, windows, running sums
    *(
        one
        for axes, offset, shape in [
            ((0, 1), 0, (3, 4)), ((2, 0), 1, (3, 2, 4)), ((0, 1), -2, (3, 3)), ((0, 1), 0, (0, 3)),
        ]
        for diagonal in [case("diagonal", normal(*shape), axes=axes, offset=offset)]
        for one in [
            diagonal,
            case("diagonal_embed", normal(*diagonal(*diagonal.arrays)[0].shape), axes=axes, offset=offset, shape=shape),
        ]
    ),
    *(
        one
        for shape, axis, size, step in [((7,), 0, 3, 2), ((2, 5, 3), 1, 2, 1), ((2, 5), 1, 2, 3), ((0, 4), 1, 2, 2)]
        for windows in [case("windows", normal(*shape), axis=axis, size=size, step=step)]
        for one in [
            windows,
            case(
                "windows_adjoint", normal(*windows(*windows.arrays)[0].shape), axis=axis, step=step, length=shape[axis]
            ),
        ]
    ),
    *(
        case("cumsum", normal(*shape), axis=axis)
        for shape, axis in [((2, 3, 4), 1), ((3,), 0), ((0, 3), 0), ((0, 3), 1)]
    ),
    *(case("elu", values, **EXPONENTIAL) for values in [away(2, 3), away(), normal(0, 2)]),
    *(case("elu_vjp", *values, **EXPONENTIAL) for values in [(normal(2, 3), away(3)), (normal(0, 2), normal(2))]),
    *(
        case(name, *arrays, **static)
        for g, a, b in [((2, 3), (2, 3), (2, 3)), ((2, 1), (3,), ()), ((0, 3), (0, 3), (3,))]
        for name, arrays, static in [
            ("logistic_loss_vjp", (normal(*g), normal(*a), unit(*b)), {}),
            ("squared_error_vjp", (normal(*g), normal(*a), normal(*b)), {}),
            ("huber_error", (whole(*a) + 0.0, unit(*b)), HUBER),
            ("huber_error_vjp", (normal(*g), whole(*a) + 0.0, unit(*b)), HUBER),
            ("absolute_error_vjp", (normal(*g), away(*a), unit(*b) * 0.1), {}),
        ]
    ),
    *(
        case(name, *arrays, count=count, **static)
        for shape, count in [((2, 3), 6), ((), 1), ((0, 3), 1)]
        for name, arrays, static in [
            ("logistic_loss_total", (normal(*shape), unit(*shape)), {}),
            ("squared_error_total", (normal(*shape), normal(*shape)), {}),
            ("absolute_error_total", (away(*shape), unit(*shape) * 0.1), {}),
            ("huber_error_total", (whole(*shape) + 0.0, unit(*shape)), HUBER),
        ]
    ),
    *(
        case("binary_cross_entropy_vjp", normal(*g), unit(*x), unit(*t))
        for g, x, t in [((2, 3), (2, 3), (2, 3)), ((2, 1), (3,), ()), ((0, 3), (0, 3), (3,))]
    ),
    # shape
    *(case(name, normal(*shape)) for name in ["clone", "contiguous", "detach"] for shape in [(2, 3), (), (0, 3)]),
    *(case("cast", values, dtype=np.dtype("float64")) for values in [normal(2, 3), normal(0, 3), whole(3)]),
    case("cast", normal(3), dtype=np.dtype("int64")),
    case("identity", normal(2, 3)),
    case("identity", normal(2, 3), normal(4), normal(0)),
    case("reshape", normal(2, 6), shape=(3, 4)),
    case("reshape", normal(2, 6).T, shape=(4, 3)),
    case("reshape", normal(), shape=(1, 1)),
    case("reshape", normal(0, 3), shape=(2, 0)),
    case("permute", normal(2, 3, 4), axes=(2, 0, 1)),
    case("permute", normal(), axes=()),
    case("permute", normal(0, 3), axes=(1, 0)),
    case("flip", normal(2, 3, 4), axes=(0, 2)),
    case("flip", normal(2, 3), axes=()),
    case("flip", normal(0, 3), axes=(0, 1)),
    case("expand", normal(3, 1), shape=(2, 3, 4)),
    case("expand", normal(), shape=(2,)),
    case("expand", normal(1, 3), shape=(0, 3)),
    case("expand", normal(0, 1), shape=(0, 2)),
    case("sum_to", normal(2, 3, 4), shape=(3, 1)),
    case("sum_to", normal(2, 3), shape=()),
    case("sum_to", normal(0, 3), shape=(1, 3)),
    case("cat", normal(2, 3), normal(2, 1), normal(2, 0), axis=1),
    case("cat", normal(2, 3), axis=0),
    case("cat", normal(0, 3), normal(0, 3), axis=0),
    case("split", normal(2, 5), sizes=(2, 0, 3), axis=1),
    case("split", normal(2, 3), sizes=(2,), axis=0),
    case("split", normal(0, 3), sizes=(0, 0), axis=0),
    # indexing
    *(
        case("getitem", normal(*shape), index=normalised(index, len(shape)))
        for shape, index in [
            ((4, 3), (slice(None, None, -2), 1)),
            ((2, 3), (None, ..., 0)),
            ((4, 3), [0, 2, 2, -1]),
            ((2, 3, 4), ([0, 1, 1], slice(1, None), [3, 3, 0])),
            ((2, 3), [[True, False, True], [False, False, True]]),
            ((0, 3), (slice(None), 1)),
            ((2, 3), ([], 0)),
        ]
    ),
    *(
        case("scatter", normal(*shape), index=normalised(index, len(whole_shape)), shape=whole_shape)
        for shape, index, whole_shape in [
            ((2,), (slice(None, None, -2), 1), (4, 3)),
            ((4, 3), [0, 2, 2, -1], (4, 3)),
            ((3,), [[True, False, True], [False, False, True]], (2, 3)),
            ((0,), (slice(None), 1), (0, 3)),
            ((0, 3), [], (2, 3)),
        ]
    ),
    *(
        case("setitem", normal(*shape), normal(*value), index=normalised(index, len(shape)))
        for shape, value, index in [
            ((4, 3), (2,), (slice(None, None, 2), 1)),
            ((4, 3), (), 1),
            ((4, 3), (2, 1), [0, 2]),
            ((4,), (4,), [0, 2, 2, 0]),
            ((2, 3), (3,), [[True, False, True], [False, False, True]]),
            ((0, 3), (3,), slice(None)),
            ((2, 3), (0, 3), []),
        ]
    ),
    case("take", normal(2, 3), index=np.array([2, 0, 0, 1]), axis=1),
    case("take", normal(0, 3), index=np.array([2, 0, 0, 1]), axis=1),
    case("take_adjoint", normal(2, 4), index=np.array([2, 0, 0, 1]), axis=1, size=3),
    case("take_adjoint", normal(2, 0), index=np.array([], int), axis=1, size=3),
    case("pad_constant", normal(2, 3), widths=((0, 0), (1, 2)), value=0),
    case("pad_constant", normal(2, 3), widths=((2, 1), (0, 0)), value=1.5),
    case("pad_constant", normal(0, 3), widths=((1, 0), (0, 1)), value=0),
    # products
    case("matmul", normal(2, 3), normal(3, 4)),
    case("matmul", normal(2, 1, 3, 4), normal(5, 4, 2)),
    case("matmul", normal(2, 0), normal(0, 3)),
    case("matmul", normal(0, 2, 3), normal(0, 3, 4)),
    *(
        one
        for rows, inner, columns in [(4, 3, 2), (1, 3, 1), (0, 3, 2), (2, 0, 3)]
        for one in [
            case("project", normal(rows, inner), normal(columns, inner)),
            case("linear", normal(rows, inner), normal(columns, inner), normal(columns)),
        ]
    ),
    # reductions
    *(
        case(name, values(*shape), axes=axes, keepdims=keepdims)
        for name, values in [
            ("sum", normal), ("amax", spaced), ("amin", spaced),
            ("logsumexp", normal),
        ]
        for shape, axes, keepdims in [
            ((2, 3, 4), (0, 2), False), ((2, 3), (1,), True), ((3,), (0,), False), ((2, 3), (), False),
            ((0, 3), (1,), False),
        ]
    ),
    case("sum", normal(0, 3), axes=(0,), keepdims=False),
    case("logsumexp", normal(0, 3), axes=(0,), keepdims=True, order=0),  # −∞, which has no differences
    *(
        case("mean", normal(*shape), axes=axes, keepdims=keepdims)
        for shape, axes, keepdims in [
            ((2, 3, 4), (0, 2), False), ((2, 3), (1,), True), ((3,), (0,), False), ((0, 3), (1,), False),
        ]
    ),
    *(
        one
        for shape, labels, ignored, smoothing in [
            ((4, 3), [0, 2, 1, 1], None, 0.0), ((3,), 1, None, 0.25), ((2, 3, 2), [[0, 2], [1, 0]], 2, 0.0),
            ((4, 3), [0, -1, 1, 1], -1, 0.125), ((0, 3), np.zeros(0, int), None, 0.0),
        ]
        for count in (None, max(np.size(labels), 1))
        for static in [
            {"axis": min(len(shape) - 1, 1), "ignored": ignored, "smoothing": smoothing, "count": count}
        ]
        for one in [
            case("cross_entropy", normal(*shape), labels, **static),
            case(
                "cross_entropy_vjp", normal(*(np.shape(labels) if count is None else ())), normal(*shape), labels,
                **static,
            ),
        ]
    ),
    *(
        case(name, normal(*shape), axes=axes)
        for name in ["softmax", "log_softmax"]
        for shape, axes in [((2, 3, 4), (1,)), ((3,), (0,)), ((0, 3), (1,)), ((0, 3), (0,))]
    ),
    *(
        one
        for shape, axes, affine, eps in [
            ((2, 3, 4), (0, 2), (1, 3, 1), 1e-5), ((2, 3, 4), (1, 2), (3, 4), 0.1), ((5,), (0,), (), 0.1),
            ((0, 3), (1,), (3,), 1e-5), ((2, 1, 4), (2,), (1, 1, 1), 1e-3), ((), (), (), 1e-3),
        ]
        for kept in [tuple(1 if axis in axes else n for axis, n in enumerate(shape))]
        for one in [
            case("standardize", normal(*shape), normal(*affine), normal(*affine), axes=axes, eps=eps),
            case("standardize_vjp", normal(*shape), normal(*shape), normal(*kept), positive(*kept), normal(*affine),
                 axes=axes, eps=eps),
            case("standardize_weight", normal(*shape), normal(*shape), normal(*kept), positive(*kept), shape=affine,
                 eps=eps),
        ]
    ),
    case("standardize", normal(2, 0), normal(), normal(), axes=(1,), eps=1e-5, order=0),  # the mean of nothing
    # the trilinear form
    *(
        case("correlate", normal(*x), normal(*w), geometry=geometry, order=3)
        for x, w, geometry in [
            ((2, 2, 7), (3, 2, 3), LINE), ((2, 4, 6, 5), (4, 2, 3, 2), PLANE), ((1, 3, 5, 5), (6, 1, 3, 3), DEEP),
            ((1, 2, 3, 4, 3), (2, 2, 2, 2, 1), VOLUME), ((2, 1, 9), (1, 1, 2), UNCOVERED), ((0, 2, 7), (3, 2, 3), LINE),
        ]
    ),
    *(
        case("correlate_input", normal(*w), normal(*y), geometry=geometry, order=3)
        for w, y, geometry in [
            ((3, 2, 3), (2, 3, 5), LINE), ((4, 2, 3, 2), (2, 4, 4, 4), PLANE), ((6, 1, 3, 3), (1, 6, 3, 3), DEEP),
            ((2, 2, 2, 2, 1), (1, 2, 3, 2, 2), VOLUME), ((1, 1, 2), (2, 1, 2), UNCOVERED), ((3, 2, 3), (0, 3, 5), LINE),
        ]
    ),
    *(
        case("correlate_bias", normal(*x), normal(*w), normal(w[0]), geometry=geometry)
        for x, w, geometry in [
            ((2, 2, 7), (3, 2, 3), LINE), ((2, 4, 6, 5), (4, 2, 3, 2), PLANE),
            ((1, 2, 3, 4, 3), (2, 2, 2, 2, 1), VOLUME), ((0, 2, 7), (3, 2, 3), LINE),
        ]
    ),
    *(
        case("correlate_input_bias", normal(*w), normal(*y), normal(channels), geometry=geometry)
        for w, y, channels, geometry in [
            ((3, 2, 3), (2, 3, 5), 2, LINE), ((4, 2, 3, 2), (2, 4, 4, 4), 4, PLANE),
            ((2, 2, 2, 2, 1), (1, 2, 3, 2, 2), 2, VOLUME), ((1, 1, 2), (2, 1, 2), 1, UNCOVERED),
            ((3, 2, 3), (0, 3, 5), 2, LINE),
        ]
    ),
    *(
        case("correlate_weight", normal(*x), normal(*y), geometry=geometry, order=3)
        for x, y, geometry in [
            ((2, 2, 7), (2, 3, 5), LINE), ((2, 4, 6, 5), (2, 4, 4, 4), PLANE), ((1, 3, 5, 5), (1, 6, 3, 3), DEEP),
            ((1, 2, 3, 4, 3), (1, 2, 3, 2, 2), VOLUME), ((2, 1, 9), (2, 1, 2), UNCOVERED), ((0, 2, 7), (0, 3, 5), LINE),
        ]
    ),
    # windows as columns
    *(
        one
        for x, geometry in [
            ((2, 2, 7), LINE), ((1, 2, 5, 6), OVERLAPPING), ((2, 1, 9), UNCOVERED), ((1, 1, 3, 4, 3), VOLUME),
            ((0, 2, 7), LINE),
        ]
        for one in [
            case("im2col", normal(*x), geometry=geometry),
            case(
                "col2im",
                normal(x[0], x[1] * int(np.prod(geometry.kernel)), int(np.prod(geometry.outputs))),
                geometry=geometry,
            ),
        ]
    ),
    # pooling
    *(
        one
        for x, geometry in [
            (spaced(2, 2, 5, 6), OVERLAPPING), (spaced(1, 2, 4, 6), SEPARATE), (spaced(3, 5), REACHING),
            (spaced(0, 2, 4, 6), SEPARATE),
        ]
        for one in [
            case("max_pool", x, geometry=geometry),
            case("select", x, winners=winners(x, geometry), geometry=geometry),
            case("place", normal(*winners(x, geometry).shape), winners=winners(x, geometry), geometry=geometry),
            case("window_sum", x, geometry=geometry, divisor=None),
            case("window_sum", x, geometry=geometry, divisor=uneven(geometry)),
            case("window_spread", normal(*winners(x, geometry).shape), geometry=geometry, divisor=3),
            case("window_spread", normal(*winners(x, geometry).shape), geometry=geometry, divisor=uneven(geometry)),
        ]
    ),
    *(
        case("segment_sum", normal(*shape), segments=Segments.adaptive(shape[axis], o), axis=axis)
        for shape, axis, o in [
            ((2, 7), 1, 3), ((2, 7, 2), 1, 2), ((3, 2), 0, 5), ((2, 6), 1, 3), ((2, 3), 1, 0), ((0, 2, 7), 2, 3),
        ]
    ),
    *(
        case("segment_sum", normal(2, o), segments=Segments.adaptive(n, o).transposed, axis=1)
        for n, o in [(7, 3), (3, 5), (6, 2)]
    ),
    *(
        case("unpool", normal(*shape), index=Index([index]), shape=whole_shape)
        for shape, index, whole_shape in [
            ((2, 3), (np.array([[0], [1]]), np.array([[0, 2, 4], [3, 1, 0]])), (2, 5)),
            ((3,), (np.array([2, 0, 1]),), (3,)),
            ((0, 3), (np.zeros((0, 1), int), np.zeros((0, 3), int)), (0, 5)),
        ]
    ),
]  # fmt: skip

for read_only in CASES:
    for array in read_only.arrays:
        array.flags.writeable = False

START = SOURCE.bit_generator.state


@pytest.fixture(autouse=True)
def same_values_whatever_ran_before():
    SOURCE.bit_generator.state = START


IDS = {id(one): f"{one.name}-{number}" for number, one in enumerate(CASES)}


def identifier(one):
    return IDS.get(id(one))


DIFFERENTIABLE = [one for one in CASES if any(one.differentiable)]

every_case = pytest.mark.parametrize("case", CASES, ids=identifier)
every_differentiable_case = pytest.mark.parametrize("case", DIFFERENTIABLE, ids=identifier)


# -------------------------------------------------------- the table is complete


def test_every_primitive_has_a_case():
    assert {one.name for one in CASES} == set(PRIMITIVES)


def test_every_primitive_has_a_case_without_elements():
    assert {one.name for one in CASES if one.empty} == set(PRIMITIVES)


@pytest.mark.parametrize("name", PRIMITIVES)
def test_every_primitive_says_what_it_is(name):
    primitive = PRIMITIVES[name]
    assert primitive.name == name
    assert primitive.formula
    assert primitive.__doc__
    assert bool(primitive.vjp) == bool(primitive.rules), "a VJP and its formula belong together"
    assert all(re.fullmatch(r"[NX]\d+", item) for item in primitive.notes)
    differentiable = {
        one.primitive.arguments[0 if one.primitive.variadic else position]
        for one in CASES if one.name == name
        for position, flag in enumerate(one.differentiable) if flag
    }  # fmt: skip
    assert differentiable == set(primitive.rules), "some case differentiates by each argument that has a VJP"


# -------------------------------------------------------------- the derivatives


@pytest.mark.parametrize("case", [one for one in DIFFERENTIABLE if one.order], ids=identifier)
def test_gradients_agree_with_differences(case):
    assert gradcheck(lambda *arguments: tuple(case(*arguments)), case.leaves(), order=case.order)


def directions(tensors, seed):
    source = np.random.default_rng(seed)
    return [
        mg.from_numpy(source.standard_normal(one.shape).astype(one.dtype)).requires_grad_(one.dtype.kind == "f")
        for one in tensors
    ]


def recorded(tensors):
    return [one for one in tensors if one is not None and one.requires_grad]


def derivatives(case, arguments):
    """The outputs, the gradients, and the gradients of those, as tensors; None where there is none."""
    outputs = case(*arguments)
    leaves = recorded(arguments)
    on_tape = recorded(outputs)
    if not on_tape:
        return [outputs, [], []]
    seeds = directions(on_tape, 0)
    first = grad(on_tape, leaves, seeds, create_graph=True, allow_unused=True)
    again = recorded(first)
    second = grad(again, [*leaves, *seeds], directions(again, 1), allow_unused=True) if again else []
    return [outputs, list(first), list(second)]


def values(found):
    return [None if one is None else one.detach().numpy() for group in found for one in group]


def assert_same(found, expected, name="", tolerance=1e-12):
    assert len(found) == len(expected)
    for one, other in zip(found, expected):
        assert (one is None) == (other is None), name
        if one is not None:
            assert (one.shape, one.dtype) == (other.shape, other.dtype), name
            assert np.allclose(one, other, tolerance, tolerance, equal_nan=True), f"{name}: {one} and {other}"


# ------------------------------------------------------------------ forward mode


def floating(case):
    """The case as a function of the arguments that have a VJP to its floating outputs, and those arguments."""
    arrays = [mg.from_numpy(array) for array in case.arrays]
    places = [place for place, flag in enumerate(case.differentiable) if flag]

    def function(*points):
        arguments = list(arrays)
        for place, point in zip(places, points):
            arguments[place] = point
        return tuple(output for output in case(*arguments) if output.dtype.kind == "f")

    return function, tuple(arrays[place] for place in places)


def drawn_like(tensors, seed):
    return tuple(one.detach() for one in directions(tensors, seed))


def total(tensors, others):
    return sum(inner(one, other) for one, other in zip(tensors, others))


def check_forward_mode(case):
    """⟨v, J·t⟩ = ⟨Jᵀ·v, t⟩, and J·t is the slope of differences along t."""
    function, points = floating(case)
    tangents = drawn_like(points, 0)
    outputs, pushed = mg.func.jvp(function, points, tangents)
    cotangents = drawn_like(outputs, 1)
    pulled = mg.func.vjp(function, *points)[1](cotangents)
    assert [one.shape for one in pushed] == [one.shape for one in outputs]
    assert np.isclose(total(cotangents, pushed), total(pulled, tangents), 1e-9, 1e-9)
    sides = [function(*(x + step * t for x, t in zip(points, tangents))) for step in (1e-6, -1e-6)]
    slope = total(cotangents, [(high - low) / 2e-6 for high, low in zip(*sides)])
    assert np.isclose(total(cotangents, pushed), slope, 1e-3, 1e-5)


@pytest.mark.parametrize("case", [one for one in DIFFERENTIABLE if one.order], ids=identifier)
def test_forward_mode_agrees_with_reverse_mode_and_differences(case):
    check_forward_mode(case)


@pytest.mark.parametrize("case", [one for one in DIFFERENTIABLE if one.order and not one.empty], ids=identifier)
def test_tangents_have_gradients(case):
    function, points = floating(case)
    count = len(points)

    def pushed(*both):
        return mg.func.jvp(function, both[:count], both[count:])[1]

    assert gradcheck(pushed, [one.clone().requires_grad_() for one in (*points, *drawn_like(points, 0))])


@pytest.mark.parametrize("case", [one for one in DIFFERENTIABLE if one.empty], ids=identifier)
def test_tangents_without_elements(case):
    function, points = floating(case)
    outputs, pushed = mg.func.jvp(function, points, drawn_like(points, 0))
    assert [(one.shape, one.dtype) for one in pushed] == [(one.shape, one.dtype) for one in outputs]


# What is declared, changed into something wrong.
PLANTED = {
    "exp": {"linear": True},
    "cumsum": {"linear": False, "symmetric": True},
    "log_softmax": {"symmetric": True, "jvps": {}},
    "matmul": {"linear": False},
    "pad_constant": {"linear": True, "jvps": {}},
    "flip": {"linear": False, "jvps": {"x": (lambda t: 2 * t, ())}},
    "max_pool": {"jvps": {"x": (lambda t, geometry: PRIMITIVES["max_pool"](t, geometry=geometry), ("geometry",))}},
}  # fmt: skip


@pytest.mark.parametrize("name", PLANTED)
def test_a_wrong_forward_rule_is_caught(name, monkeypatch):
    for attribute, value in PLANTED[name].items():
        monkeypatch.setattr(PRIMITIVES[name], attribute, value)
    caught = 0
    for one in [one for one in DIFFERENTIABLE if one.name == name and one.order and not one.empty]:
        try:
            check_forward_mode(one)
        except (AssertionError, mg.errors.MinigradError):
            caught += 1
    assert caught


# ----------------------------------------------------------------------- dtypes


class Dtypes(Observer):
    """The dtypes of everything that is computed."""

    def __init__(self):
        self.seen = {}

    def applied(self, primitive, inputs, outputs):
        for output in outputs:
            self.seen.setdefault(output.dtype, primitive.name)


def narrowed(case, dtype):
    """The same case in another floating dtype."""
    static = dict(case.static)
    if static.get("dtype") == np.float64:
        static["dtype"] = np.dtype(dtype)
    arrays = tuple(array.astype(dtype) if array.dtype.kind == "f" else array for array in case.arrays)
    return Case(case.name, arrays, static, case.order)


@pytest.mark.parametrize("dtype", [np.float32, np.float16])
@every_differentiable_case
def test_narrow_floats_stay_narrow_to_second_order(case, dtype):
    narrow = narrowed(case, dtype)
    with observe(Dtypes()) as dtypes:
        found = derivatives(narrow, narrow.leaves())
    floats = {kind: name for kind, name in dtypes.seen.items() if kind.kind == "f"}
    assert set(floats) <= {np.dtype(dtype)}, f"somewhere between, something is wider: {floats}"
    assert all(one.dtype == dtype or one.dtype.kind != "f" for group in found for one in group if one is not None)


@pytest.mark.parametrize("dtype", [np.float32, np.float16])
@every_differentiable_case
def test_tangents_of_narrow_floats_stay_narrow(case, dtype):
    function, points = floating(narrowed(case, dtype))
    with observe(Dtypes()) as dtypes:
        _, pushed = mg.func.jvp(function, points, drawn_like(points, 0))
    floats = {kind: name for kind, name in dtypes.seen.items() if kind.kind == "f"}
    assert set(floats) <= {np.dtype(dtype)}, f"somewhere between, something is wider: {floats}"
    assert {one.dtype for one in pushed} <= {np.dtype(dtype)}


@every_differentiable_case
def test_float32_is_right_to_rounding(case):
    narrow, wide = narrowed(case, np.float32), case
    exact = Case(wide.name, tuple(a.astype(float) if a.dtype == np.float32 else a for a in narrow.arrays), wide.static)
    # Directions are drawn in float64 and rounded, so both see the same up to rounding.
    for one, other in zip(values(derivatives(narrow, narrow.leaves())), values(derivatives(exact, exact.leaves()))):
        assert (one is None) == (other is None)
        if one is not None:
            np.testing.assert_allclose(one, other, rtol=2e-4, atol=2e-5)


@every_case
def test_float32_in_float32_or_no_float_out(case):
    narrow = narrowed(case, np.float32)
    kinds = {array.dtype for array in narrow.arrays}
    for output in narrow(*narrow.arrays):
        assert output.dtype == np.float32 or output.dtype.kind != "f" or np.dtype(np.float32) not in kinds


# ----------------------------------------------------------- arguments left alone


def plain_arrays(static):
    return [value for value in static.values() if isinstance(value, np.ndarray)] + [
        part for value in static.values() if isinstance(value, tuple) for part in value if isinstance(part, np.ndarray)
    ]


@every_case
def test_arguments_and_cotangents_are_left_alone(case):
    # The arrays of the cases cannot be written, so that an attempt raises; the copies see the rest.
    arrays = [*case.arrays, *plain_arrays(case.static)]
    before = [array.copy() for array in arrays]
    arguments = case.leaves()
    outputs = case(*arguments)
    results = [output.detach().numpy().copy() for output in outputs]
    on_tape = recorded(outputs)
    if on_tape:
        seeds = [one.detach() for one in directions(on_tape, 0)]
        seeds_before = [one.numpy().copy() for one in seeds]
        grad(on_tape, recorded(arguments), seeds, retain_graph=True, allow_unused=True)
        grad(on_tape, recorded(arguments), seeds, allow_unused=True)
        assert all(np.array_equal(one.numpy(), other) for one, other in zip(seeds, seeds_before))
    assert all(np.array_equal(array, other, equal_nan=array.dtype.kind == "f") for array, other in zip(arrays, before))
    assert all(
        np.array_equal(one.detach().numpy(), other, equal_nan=other.dtype.kind == "f")
        for one, other in zip(outputs, results)
    ), "the walk changed an output"


@every_differentiable_case
def test_walking_twice_gives_the_same(case):
    arguments = case.leaves()
    outputs = recorded(case(*arguments))
    seeds = [one.detach() for one in directions(outputs, 0)]
    twice = [
        [one.numpy().copy() if one is not None else None for one in found]
        for found in (
            grad(outputs, recorded(arguments), seeds, retain_graph=keep, allow_unused=True) for keep in (True, False)
        )
    ]
    assert_same(*twice, tolerance=0)


@every_differentiable_case
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_walk_on_arrays_gives_what_one_on_tensors_gives(case, dtype):
    arrays = [one.astype(dtype) if one.dtype.kind == "f" else one for one in case.arrays]
    arguments = case.leaves(arrays)
    outputs = recorded(case(*arguments))
    seeds = [one.detach() for one in directions(outputs, 0)]
    known = recorded(arguments)
    plain = grad(outputs, known, seeds, retain_graph=True, allow_unused=True)
    with mg.autograd.observe():
        watched = grad(outputs, known, seeds, retain_graph=True, allow_unused=True)
    taped = grad(outputs, known, seeds, create_graph=True, allow_unused=True)
    for one, *others in zip(plain, watched, taped, strict=True):
        for other in others:
            assert (one is None) == (other is None)
            if one is not None:
                assert (one.shape, one.dtype) == (other.shape, other.dtype)
                assert one.numpy().tobytes() == other.detach().numpy().tobytes()


# ------------------------------------------------------------------ memory layout


def fortran(array):
    return np.array(array, order="F")


def reversed_memory(array):
    return np.array(np.flip(array), order="C")[(..., *(slice(None, None, -1),) * array.ndim)]


def with_gaps(array):
    room = np.full([2 * n for n in array.shape], 99, array.dtype)
    room[(..., *(slice(None, None, 2),) * array.ndim)] = array
    return room[(..., *(slice(None, None, 2),) * array.ndim)]


def batch_innermost(array):
    """Logically (N, C, *space), in memory (*space, C, N) for three axes and fewer, (H, C, W, N) for four."""
    if array.ndim == 4:
        return np.ascontiguousarray(array.transpose(2, 1, 3, 0)).transpose(3, 1, 0, 2)
    order = (*range(1, array.ndim), 0)[-array.ndim :] if array.ndim else ()
    return np.ascontiguousarray(array.transpose(order)).transpose(np.argsort(order)) if array.ndim else array


def stride_zero(array):
    """The same slice over and over along the first axis."""
    return np.broadcast_to(array[:1], array.shape) if array.ndim and array.shape[0] else array


LAYOUTS: list[Callable[[np.ndarray], np.ndarray]] = [
    fortran, reversed_memory, with_gaps, batch_innermost, stride_zero,
]  # fmt: skip


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.__name__)
def test_layouts_change_memory_only(layout):
    array = np.arange(120.0).reshape(2, 3, 4, 5)
    laid = layout(array)
    assert laid.strides != array.strides
    assert laid.shape == array.shape
    if layout is not stride_zero:
        assert np.array_equal(laid, array)


@every_case
def test_memory_layout_changes_nothing(case):
    expected = values(derivatives(case, case.leaves()))
    for layout in LAYOUTS:
        laid = [layout(array) for array in case.arrays]
        if layout is stride_zero:
            expected = values(derivatives(case, case.leaves([np.array(array, order="C") for array in laid])))
        assert_same(values(derivatives(case, case.leaves(laid))), expected, layout.__name__)


@every_differentiable_case
def test_memory_layout_of_the_cotangent_changes_nothing(case):
    arguments = case.leaves()
    outputs = recorded(case(*arguments))

    def pulled(seeds):
        wanted = recorded(arguments)
        return values([grad(outputs, wanted, map(mg.from_numpy, seeds), retain_graph=True, allow_unused=True)])

    plain = [one.detach().numpy() for one in directions(outputs, 0)]
    expected = pulled(plain)
    for layout in LAYOUTS:
        laid = [layout(array) for array in plain]
        for array in laid:
            array.flags.writeable = False
        if layout is stride_zero:
            expected = pulled([np.array(array, order="C") for array in laid])
        assert_same(pulled(laid), expected, layout.__name__)


# -------------------------------------------------------------------- memory order

ELEMENTWISE = [
    name for name, primitive in PRIMITIVES.items()
    if primitive.broadcast and name not in ("matmul", "setitem")
]  # fmt: skip

# Other primitives whose output has the axes of their input.
KEEPING = {
    "clone": {},
    "cumsum": {"axis": 1},
    "cast": {"dtype": np.dtype("float32")},
    "pad_constant": {"widths": ((0, 0), (0, 0), (1, 1), (0, 2)), "value": 0},
    "take": {"index": np.array([1, 0, 0, 2, 3]), "axis": 2},
    "take_adjoint": {"index": np.array([1, 0, 0, 4]), "axis": 2, "size": 5},
    "getitem": {"index": normalised((slice(None), slice(None), slice(1, 3)), 4)},
    "scatter": {"index": normalised((slice(None), slice(None), slice(1, 5)), 4), "shape": (2, 3, 6, 5)},
    "flip": {"axes": (2, 3)},
    "sum": {"axes": (1,), "keepdims": True},
    "mean": {"axes": (1,), "keepdims": True},
    "amax": {"axes": (1,), "keepdims": True},
    "amin": {"axes": (1,), "keepdims": True},
    "logsumexp": {"axes": (1,), "keepdims": True},
    "softmax": {"axes": (1,)},
    "log_softmax": {"axes": (1,)},
    "max_pool": {"geometry": window((4, 5), (2, 2), 1, 1)},
    "window_sum": {"geometry": window((4, 5), (2, 2), 1, 1), "divisor": 4},
    "window_spread": {"geometry": window((5, 6), (2, 2), 1, 0), "divisor": 4},
    "select": {"geometry": window((4, 5), (2, 2), 2), "winners": np.zeros((2, 3, 2, 2), np.uint8)},
    "place": {"geometry": window((8, 10), (2, 2), 2), "winners": np.zeros((2, 3, 4, 5), np.uint8)},
    "segment_sum": {"segments": Segments.adaptive(4, 3), "axis": 2},
}


# What else there is, and why its order is looked at elsewhere, or is its own affair.
OTHERWISE = {
    **dict.fromkeys(["detach", "identity", "permute", "expand", "diagonal", "windows", "split"], "a view"),
    "contiguous": "C order is what it is for",
    **dict.fromkeys(["cat", "setitem", "reshape", "linear", "project", "cross_entropy_vjp"], "a test of its own below"),
    **dict.fromkeys(["standardize", "standardize_vjp"], "a test of its own below"),
    **dict.fromkeys(["sum_to", "matmul", "cross_entropy", "standardize_weight"], "sums, without the axes of the input"),
    **dict.fromkeys([name for name in PRIMITIVES if name.endswith("_total")], "a number; a test of its own below"),
    **dict.fromkeys(["correlate", "correlate_input", "correlate_weight"], "the kernels choose the order"),
    **dict.fromkeys(["correlate_bias", "correlate_input_bias"], "the kernels choose the order"),
    **dict.fromkeys(["diagonal_embed", "im2col", "col2im", "unpool", "windows_adjoint"], "the axes are others"),
}


def test_the_memory_order_of_every_primitive_is_looked_at():
    known = [set(ELEMENTWISE), set(KEEPING), set(OTHERWISE)]
    assert set().union(*known) == set(PRIMITIVES)
    assert sum(map(len, known)) == len(PRIMITIVES)


def is_batch_innermost(array):
    """Whether the axes lie in memory as (H, C, W, N); those of size 1 and repeated ones lie anywhere."""
    strides = [abs(array.strides[axis]) for axis in (2, 1, 3, 0) if array.shape[axis] > 1 and array.strides[axis]]
    return strides == sorted(strides, reverse=True)


def arguments_in_order(name, shapes):
    """Operands for an element-wise primitive, batch innermost in memory."""
    makers = {**{key: (value,) for key, value in UNARY.items()}, **BINARY}
    makers |= {"softplus": (normal,), "where": (coins, normal, normal), "bitwise_not": (whole,)}
    makers["clamp_both"] = (normal, normal, normal)
    makers |= {"logit": (positive,), "polygamma": (positive,), "sinc_derivative": (normal,)}
    makers |= {"elu": (normal,), "elu_vjp": (normal, normal)}
    for fused in ("leaky_relu", "hardtanh", "softplus"):
        makers |= {fused: (normal,), f"{fused}_vjp": (normal, normal)}
    makers |= {"clamp_both": (normal, normal, normal), "binary_cross_entropy_vjp": (normal, unit, unit)}
    makers |= {"logistic_loss_vjp": (normal, normal, unit), "squared_error_vjp": (normal, normal, normal)}
    makers |= {"huber_error": (normal, normal), "huber_error_vjp": (normal, normal, normal)}
    makers |= {"absolute_error_vjp": (normal, normal, normal)}
    makers |= dict.fromkeys(INTEGERS, (whole, whole))
    return [batch_innermost(np.asarray(make(*shape))) for make, shape in zip(makers[name], shapes)]


STATIC = {
    "softplus": {"beta": 1.0, "threshold": 20.0}, "logit": {"eps": None}, "polygamma": {"n": 1},
    "sinc_derivative": {"n": 0}, "elu": EXPONENTIAL, "elu_vjp": EXPONENTIAL,
    "huber_error": HUBER, "huber_error_vjp": HUBER, "softplus_vjp": {"beta": 1.0, "threshold": 20.0},
    "leaky_relu": {"slope": 0.1}, "leaky_relu_vjp": {"slope": 0.1},
    "hardtanh": {"low": -1.0, "high": 1.0}, "hardtanh_vjp": {"low": -1.0, "high": 1.0},
}  # fmt: skip
FULL = (2, 3, 4, 5)


@pytest.mark.parametrize("others", [FULL, (1, 3, 1, 1), ()], ids=["full", "per channel", "number"])
@pytest.mark.parametrize("name", ELEMENTWISE)
def test_elementwise_primitives_keep_the_memory_order(name, others):
    count = len(PRIMITIVES[name].arguments)
    for full in range(count):
        shapes = [FULL if position == full else others for position in range(count)]
        arrays = arguments_in_order(name, shapes)
        case = Case(name, tuple(arrays), STATIC.get(name, {}))
        arguments = case.leaves()
        (output,) = case(*arguments)
        assert output.shape == FULL
        assert is_batch_innermost(output._array), f"as is argument {full}"
        if output.requires_grad:
            seed = mg.from_numpy(batch_innermost(normal(*FULL)))
            for leaf, gradient in zip(recorded(arguments), grad(output, recorded(arguments), seed)):
                if leaf.shape == FULL:
                    assert is_batch_innermost(gradient._array), "as is the cotangent"


@pytest.mark.parametrize("name", KEEPING)
def test_other_primitives_keep_the_memory_order(name):
    case = Case(name, (batch_innermost(spaced(*FULL)),), KEEPING[name])
    (argument,) = case.leaves()
    output, *_ = case(argument)
    assert is_batch_innermost(output._array)
    seed = mg.from_numpy(batch_innermost(normal(*output.shape)))
    (gradient,) = grad(output, argument, seed)
    assert is_batch_innermost(gradient._array)


@pytest.mark.parametrize("shape", [(2, 3, 1, 1), FULL])
def test_operands_in_another_order_give_way_to_the_first(shape):
    x = mg.from_numpy(batch_innermost(normal(*FULL)))
    assert is_batch_innermost((x * mg.ones(*shape))._array)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_joining_keeps_the_memory_order(axis):
    arrays = [batch_innermost(normal(*FULL)) for _ in range(2)]
    assert is_batch_innermost(mg.cat([mg.from_numpy(array) for array in arrays], axis)._array)


@pytest.mark.parametrize(
    "function",
    [
        lambda x: mg.cross_entropy(x, mg.zeros(2, 4, 5, dtype=mg.int64)).sum(),
        lambda x: mg.cross_entropy(x, mg.zeros(2, 4, 5, dtype=mg.int64), reduction="mean"),
        lambda x: mg.squared_error(x, mg.zeros(*FULL, dtype=x.dtype), reduction="mean"),
        lambda x: mg.absolute_error(x, mg.zeros(*FULL, dtype=x.dtype), reduction="mean"),
        lambda x: mg.huber_error(x, mg.zeros(*FULL, dtype=x.dtype), reduction="mean"),
        lambda x: mg.logistic_loss(x, mg.zeros(*FULL, dtype=x.dtype), reduction="mean"),
        lambda x: mg.standardize(x, (0, 2, 3), 0.1, mg.ones(3, 1, 1), mg.ones(3, 1, 1)).values,
        lambda x: mg.standardize(x, (1, 2, 3), 0.1, mg.ones(3, 4, 5), mg.ones(3, 4, 5)).values,
        lambda x: mg.split(x, 2, 1)[0],
        lambda x: x[:, [0, 2, 2]],
        lambda x: x[:, :, [0, 2]],
        lambda x: mg.gather(x, 1, mg.zeros(*FULL, dtype=mg.int64)),
        lambda x: mg.clamp(x, -0.5, 0.5),
        lambda x: mg.roll(x, 1, 2),
        lambda x: mg.resize(x, (6, 7), mode="linear"),
        lambda x: mg.std(x, (0, 2, 3), keepdim=True) * x,
    ],
)
def test_functions_keep_the_memory_order(function):
    x = mg.from_numpy(batch_innermost(normal(*FULL).astype(np.float32))).requires_grad_()
    y = function(x)
    seed = normal(*y.shape).astype(np.float32)
    (gradient,) = grad(y, x, mg.from_numpy(batch_innermost(seed) if y.ndim else np.asarray(seed)))
    assert is_batch_innermost(gradient._array)
    assert not y.ndim or is_batch_innermost(y._array)


def test_a_batch_that_lies_innermost_stays_there_from_maps_to_dense_layers():
    x = mg.from_numpy(batch_innermost(normal(*FULL))).requires_grad_()
    w, b = (mg.from_numpy(normal(*shape)).requires_grad_() for shape in [(7, 60), (7,)])
    rows = x.reshape(2, 60)
    np.testing.assert_array_equal(rows.detach().numpy(), x.detach().numpy().reshape(2, 60))
    y = mg.linear(rows, w, b)
    assert rows._array.flags.f_contiguous
    assert y._array.flags.f_contiguous
    gradients = grad(y, [x, w, b], mg.from_numpy(fortran(normal(2, 7))))
    assert gradients[0]._array.strides[0] == 8
    assert gradients[1]._array.flags.c_contiguous
    narrow = mg.from_numpy(batch_innermost(normal(2, 3, 1, 1)))
    assert np.shares_memory(narrow.reshape(2, 3)._array, narrow._array)


def test_writing_keeps_the_memory_order():
    x = mg.from_numpy(batch_innermost(normal(*FULL))).requires_grad_()
    y = x.clone()
    y[:, 1] = 0
    assert is_batch_innermost(y._array)
    (gradient,) = grad(y, x, mg.from_numpy(batch_innermost(normal(*FULL))))
    assert is_batch_innermost(gradient._array)


# ------------------------------------------------------------- no elements at all


@pytest.mark.parametrize("case", [one for one in CASES if one.empty], ids=identifier)
def test_without_elements_shapes_and_dtypes_stand(case):
    arguments = case.leaves()
    for output in case(*arguments):
        assert output.dtype in (np.float64, np.int64, np.bool_)
    for argument in arguments:
        if argument.requires_grad:
            outputs = recorded(case(*arguments))
            (gradient,) = grad(outputs, argument, directions(outputs, 0), materialize_grads=True)
            assert gradient.shape == argument.shape
            assert gradient.dtype == argument.dtype
            assert np.isfinite(gradient.detach().numpy()).all(), "sums over nothing are zero"


# ------------------------------------------------------------------ shared memory


@every_case
def test_only_views_share_memory_and_they_share_the_version(case):
    for layout in [np.array, *LAYOUTS]:
        arguments = [mg.from_numpy(layout(array)) for array in case.arrays]
        outputs = case(*arguments)
        for argument, output in itertools.product(arguments, outputs):
            if np.may_share_memory(argument._array, output._array):
                assert case.primitive.view, f"{layout.__name__}: not declared as a view"
                assert output._storage is argument._storage, "a change of one is not seen in the version of the other"
            elif output._array.size:
                assert output._storage is not argument._storage
        for one, other in itertools.combinations(outputs, 2):
            assert case.primitive.view or not np.may_share_memory(one._array, other._array)


@every_case
def test_outputs_can_be_written_unless_they_are_views(case):
    assert all(case.primitive.view or output._array.flags.writeable for output in case(*case.arrays))


VIEWS = {
    "detach": {},
    "identity": {},
    "reshape": {"shape": (4, 3)},
    "permute": {"axes": (1, 0)},
    "expand": {"shape": (2, 3, 4)},
    "diagonal": {"axes": (0, 1), "offset": 1},
    "windows": {"axis": 1, "size": 2, "step": 1},
    "split": {"sizes": (1, 2), "axis": 0},
    "getitem": {"index": normalised((slice(1, 3), 2), 4)},
}


def test_every_view_is_one():
    assert {name for name, primitive in PRIMITIVES.items() if primitive.view} == set(VIEWS)


@pytest.mark.parametrize("name", VIEWS)
def test_views_share_memory_and_version(name):
    x = mg.zeros(3, 4)
    for output in Case(name, (x.numpy(),), VIEWS[name])(x):
        assert np.shares_memory(output._array, x._array)
        before = output._version
        x.add_(1)
        assert output._version == before + 1 == x._version
        assert (output == x.max()).all()


# ------------------------------------------------------- nothing more than needed

# What is kept for the VJP of one argument: arguments, the output y, shapes; shown for those where it matters most.
KEPT = {
    ("add", "a"): set(),
    ("sub", "b"): set(),
    ("neg", "x"): set(),
    ("mul", "a"): {"b"},
    ("mul", "b"): {"a"},
    ("div", "a"): {"b"},
    ("exp", "x"): {"y"},
    ("tanh", "x"): {"y"},
    ("sigmoid", "x"): {"y"},
    ("relu", "x"): {"y"},
    ("log", "x"): {"x"},
    ("where", "a"): {"condition"},
    ("where", "b"): {"condition"},
    ("matmul", "a"): {"b"},
    ("matmul", "b"): {"a"},
    ("linear", "x"): {"w"},
    ("linear", "w"): {"x"},
    ("linear", "b"): set(),
    ("correlate", "x"): {"w"},
    ("correlate", "w"): {"x"},
    ("correlate_bias", "x"): {"w"},
    ("correlate_bias", "w"): {"x"},
    ("correlate_bias", "b"): set(),
    ("correlate_input", "w"): {"y"},
    ("correlate_input", "y"): {"w"},
    ("correlate_weight", "x"): {"y"},
    ("correlate_weight", "y"): {"x"},
    ("sum", "x"): {"x_shape"},
    ("reshape", "x"): {"x_shape"},
    ("getitem", "x"): {"x_shape"},
    ("max_pool", "x"): {"winners"},
    ("window_sum", "x"): set(),
    ("softmax", "x"): {"y"},
    ("mean", "x"): {"x_shape"},
    ("cross_entropy", "x"): {"x", "target", "pieces"},
    ("squared_error_total", "a"): {"a", "b", "slope"},
    ("logistic_loss_total", "t"): {"x"},
    ("standardize", "x"): {"x", "w", "mean", "var"},
    ("standardize", "w"): {"x", "w_shape", "mean", "var"},
    ("standardize", "b"): {"b_shape"},
    ("standardize_vjp", "g"): {"x", "mean", "var", "w"},
    ("permute", "x"): set(),
}


def first_case(name):
    return next(one for one in DIFFERENTIABLE if one.name == name)


def only(case, position):
    """The arguments, of which only one asks for gradients."""
    return case.leaves(wanted=[number == position for number in range(len(case.arrays))])


@pytest.mark.parametrize(("name", "argument"), KEPT)
def test_only_what_the_vjp_needs_is_kept(name, argument):
    case = first_case(name)
    output, *_ = case(*only(case, case.primitive.arguments.index(argument)))
    assert set(output.grad_fn.saved) == KEPT[name, argument]


# Their VJPs need shapes at most, never an element of an argument or of the output.
LINEAR = [
    "add", "sub", "neg", "clone", "contiguous", "identity", "cast", "reshape", "permute", "flip", "expand", "sum_to",
    "cat", "split", "diagonal", "diagonal_embed", "windows", "windows_adjoint", "cumsum",
    "getitem", "scatter", "setitem", "take", "take_adjoint", "pad_constant", "sum", "mean", "select",
    "place", "window_sum", "window_spread",
    "cat", "split", "getitem", "scatter", "setitem", "take", "take_adjoint", "pad_constant", "sum", "select", "place",
    "window_sum", "window_spread", "segment_sum", "put",
    "window_sum", "window_spread", "im2col", "col2im",
    "window_sum", "window_spread", "segment_sum", "unpool",
]  # fmt: skip


@pytest.mark.parametrize("case", [one for one in DIFFERENTIABLE if one.name in LINEAR], ids=identifier)
def test_linear_primitives_keep_no_elements(case):
    for output in recorded(case(*case.leaves())):
        kept = output.grad_fn.saved
        assert all(isinstance(value, tuple) and name.endswith("_shape") for name, value in kept.items()), kept


@every_differentiable_case
def test_nothing_is_kept_for_arguments_that_need_no_gradient(case):
    everything = recorded(case(*case.leaves()))[0].grad_fn.saved
    assert not any(isinstance(value, mg.Tensor) for value in everything.values()), "a tensor would make a cycle"
    for position, flag in enumerate(case.differentiable):
        if flag:
            arguments = only(case, position)
            node = recorded(case(*arguments))[0].grad_fn
            _, names = case.primitive.rules[case.primitive.arguments[0 if case.primitive.variadic else position]]
            assert set(node.saved) <= set(names)
            assert [edge is not None for edge in node.edges] == [one.requires_grad for one in arguments]


@pytest.fixture
def spied(monkeypatch):
    """Makes the VJPs of a primitive write down which of them run."""

    def spy_on(primitive):
        runs = []
        for argument, (rule, names) in primitive.rules.items():

            def spy(*args, argument=argument, rule=rule):
                runs.append(argument)
                return rule(*args)

            monkeypatch.setitem(primitive.rules, argument, (spy, names))
        return runs

    return spy_on


SEVERAL = [one for one in DIFFERENTIABLE if sum(one.differentiable) > 1 and not one.primitive.variadic]


@pytest.mark.parametrize("case", SEVERAL, ids=identifier)
def test_vjps_that_are_not_needed_do_not_run(case, spied):
    runs = spied(case.primitive)
    chosen = [position for position, flag in enumerate(case.differentiable) if flag]
    for position in chosen:
        argument = case.primitive.arguments[position]
        arguments = only(case, position)
        outputs = recorded(case(*arguments))
        runs.clear()
        grad(outputs, arguments[position], directions(outputs, 0))
        assert runs.count(argument) >= 1
        assert set(runs) == {argument} or case.name in ("setitem",), "only it asked for a gradient"
        arguments = case.leaves()
        outputs = recorded(case(*arguments))
        runs.clear()
        grad(outputs, arguments[position], directions(outputs, 0))
        assert runs == [argument], "only its gradient was asked for"


# ------------------------------------------------------------------- off the tape


@every_case
def test_outputs_that_are_no_floats_are_not_recorded(case):
    for output in case(*case.leaves(wanted=[array.dtype.kind == "f" for array in case.arrays])):
        if output.dtype.kind != "f" or not case.primitive.rules:
            assert not output.requires_grad
            assert output.grad_fn is None
        else:
            assert output.requires_grad == any(case.differentiable)


@every_case
def test_nothing_is_recorded_where_nothing_asks_or_recording_is_off(case):
    assert not recorded(case(*case.arrays))
    with mg.no_grad():
        assert not recorded(case(*case.leaves()))


def test_a_node_for_integers_and_floats_together_goes_to_the_floats():
    x = mg.ones(2, requires_grad=True)
    for arguments in ([mg.arange(2), x], [x, mg.arange(2)]):
        outputs = PRIMITIVES["identity"](*arguments)
        assert [one.requires_grad for one in outputs] == [one.requires_grad for one in arguments]
        (gradient,) = grad(next(one.sum() for one in outputs if one.requires_grad), x)
        assert gradient.tolist() == [1, 1]


# ------------------------------------------------------------------------ adjoints


def whole_floats(*shape):
    return mg.from_numpy(SOURCE.integers(-4, 5, shape).astype(float))


def applied(name, **static):
    return lambda x: PRIMITIVES[name](x, **static)


ROWS = normalised([0, 2, 2, -1], 4)
MASK = normalised(coins(4, 3), 4)
MIXED = normalised(([0, 1, 1], slice(1, None), [3, 3, 0]), 4)
BASIC = normalised((slice(None, None, -2), None, 1), 4)
PICKED = winners(spaced(2, 2, 5, 6), OVERLAPPING)
BORDER = np.array([1, 0, 0, 1, 2, 2, 1])

# Linear maps A with their adjoints: A, Aᵀ, the shape of x.
PAIRS = {
    "reshape": (applied("reshape", shape=(3, 4)), applied("reshape", shape=(2, 6)), (2, 6)),
    "permute": (
        applied("permute", axes=(2, 0, 1)), applied("permute", axes=(1, 2, 0)), (2, 3, 4)
    ),
    "flip": (applied("flip", axes=(0, 1)), applied("flip", axes=(0, 1)), (2, 3)),
    "diagonal and diagonal_embed": (
        applied("diagonal", axes=(2, 0), offset=1),
        applied("diagonal_embed", axes=(2, 0), offset=1, shape=(3, 2, 4)), (3, 2, 4),
    ),
    "windows and windows_adjoint": (
        applied("windows", axis=1, size=3, step=2), applied("windows_adjoint", axis=1, step=2, length=6), (2, 6)
    ),
    "cumsum and cumsum from the end": (
        applied("cumsum", axis=0), lambda y: mg.flip(applied("cumsum", axis=0)(mg.flip(y, 0)), 0), (4, 3)
    ),
    "expand and sum_to": (
        applied("expand", shape=(2, 3, 4)), applied("sum_to", shape=(3, 1)), (3, 1)
    ),
    "sum and expand": (
        applied("sum", axes=(0,), keepdims=True), applied("expand", shape=(4, 3)), (4, 3)
    ),
    "cat and split": (
        lambda x: mg.cat(mg.split(x, [2, 3], 1)[::-1], 1), lambda y: mg.cat(mg.split(y, [3, 2], 1)[::-1], 1), (2, 5)
    ),
    **{
        f"getitem and scatter {name}": (
            applied("getitem", index=index), applied("scatter", index=index, shape=shape), shape
        )
        for name, index, shape in [
            ("basic", BASIC, (4, 3)), ("rows", ROWS, (4, 3)), ("mask", MASK, (4, 3)), ("mixed", MIXED, (2, 3, 4))
        ]
    },
    "pad and crop": (lambda x: mg.pad(x, ((1, 2), (0, 3))), lambda y: mg.crop(y, ((1, 2), (0, 3))), (2, 3)),
    "take and take_adjoint": (
        applied("take", index=BORDER, axis=1), applied("take_adjoint", index=BORDER, axis=1, size=3), (2, 3)
    ),
    "select and place": (
        applied("select", winners=PICKED, geometry=OVERLAPPING), applied("place", winners=PICKED, geometry=OVERLAPPING),
        (2, 2, 5, 6),
    ),
    "segment_sum and itself": (
        applied("segment_sum", segments=Segments.adaptive(7, 3), axis=1),
        applied("segment_sum", segments=Segments.adaptive(7, 3).transposed, axis=1), (2, 7),
    ),
    "segment_sum and itself, of more": (
        applied("segment_sum", segments=Segments.adaptive(3, 5), axis=1),
        applied("segment_sum", segments=Segments.adaptive(3, 5).transposed, axis=1), (2, 3),
    ),
    "unpool and getitem": (
        applied("unpool", index=normalised([2, 0, 4], 1), shape=(5,)),
        applied("getitem", index=normalised([2, 0, 4], 1)), (3,),
    ),
    "im2col and col2im": (
        applied("im2col", geometry=OVERLAPPING), applied("col2im", geometry=OVERLAPPING), (2, 2, 5, 6)
    ),
    "window_sum and window_spread": (
        applied("window_sum", geometry=OVERLAPPING, divisor=uneven(OVERLAPPING)),
        applied("window_spread", geometry=OVERLAPPING, divisor=uneven(OVERLAPPING)), (2, 2, 5, 6),
    ),
}  # fmt: skip


def inner(a, b):
    return float(np.vdot(a.numpy(), b.numpy()))


@pytest.mark.parametrize("name", PAIRS)
def test_linear_pairs_are_adjoint(name):
    forward, adjoint, shape = PAIRS[name]
    x = whole_floats(*shape)
    y = whole_floats(*forward(x).shape)
    assert adjoint(y).shape == x.shape
    assert inner(forward(x), y) == inner(x, adjoint(y))
    leaf = x.clone().requires_grad_()
    (pulled,) = grad(forward(leaf), leaf, y)
    assert mg.equal(pulled, adjoint(y)), "the tape uses that adjoint"
    cotangent = y.clone().requires_grad_()
    (pushed,) = grad(adjoint(cotangent), cotangent, x)
    assert mg.equal(pushed, forward(x)), "and the adjoint's adjoint is the map"


@pytest.mark.parametrize("name", PAIRS)
def test_linear_pairs_are_linear(name):
    forward, adjoint, shape = PAIRS[name]
    for linear, size in [(forward, shape), (adjoint, forward(whole_floats(*shape)).shape)]:
        x, other = whole_floats(*size), whole_floats(*size)
        assert mg.equal(linear(x * 2 + other * 3), linear(x) * 2 + linear(other) * 3)


@pytest.mark.parametrize(
    ("geometry", "x", "w"),
    [
        (LINE, (2, 2, 7), (3, 2, 3)),
        (PLANE, (2, 4, 6, 5), (4, 2, 3, 2)),
        (DEEP, (1, 3, 5, 5), (6, 1, 3, 3)),
        (VOLUME, (1, 2, 3, 4, 3), (2, 2, 2, 2, 1)),
        (UNCOVERED, (2, 1, 9), (1, 1, 2)),
    ],
)
def test_N138_the_three_maps_are_one_trilinear_form(geometry, x, w):
    x, w = whole_floats(*x), whole_floats(*w)
    y = whole_floats(x.shape[0], w.shape[0], *geometry.outputs)
    form = inner(PRIMITIVES["correlate"](x, w, geometry=geometry), y)
    assert inner(PRIMITIVES["correlate_input"](w, y, geometry=geometry), x) == form
    assert inner(PRIMITIVES["correlate_weight"](x, y, geometry=geometry), w) == form
    for name, slots in [("correlate", (x, w)), ("correlate_input", (w, y)), ("correlate_weight", (x, y))]:
        map_ = PRIMITIVES[name]
        for position in range(2):
            doubled = [slot * 3 if number == position else slot for number, slot in enumerate(slots)]
            assert mg.equal(map_(*doubled, geometry=geometry), map_(*slots, geometry=geometry) * 3)
