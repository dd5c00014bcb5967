"""Calls of every public function that PyTorch has too: arguments by PyTorch's names and in its order."""

from typing import Any, NamedTuple

import numpy as np

from tests.samples import normal, positive, whole
from tests.torch_oracle.examples_of_tensors import calls


class Call(NamedTuple):
    """Arguments that go by position or by name, and those that PyTorch takes by name only."""

    positional: dict[str, Any]
    by_name: dict[str, Any]


def call(by_name: dict[str, Any] | None = None, **positional: Any) -> Call:
    """A call; arrays stand for tensors, the value of `dtype` for the dtype of that name."""
    return Call(positional, by_name or {})


X, Y, Z = normal(3, 4), positive(3, 4, seed=1), positive(4, seed=2)
STACK = normal(2, 3, 3)
MASK = normal(3, 4, seed=3) > 0
COUNTS = whole(1, 9, 3, 4)
SIGNED = COUNTS * 2 - 9
SINGLE, DOUBLE = {"dtype": "float32"}, {"dtype": "float64"}

UNARY = [
    "abs", "ceil", "clone", "cos", "detach", "erf", "exp", "expm1", "floor", "isfinite", "isinf", "isnan", "log",
    "log1p", "logical_not", "neg", "reciprocal", "relu", "round", "rsqrt", "sigmoid", "sign", "sin", "sqrt", "square",
    "tanh", "trunc",
]  # fmt: skip
BINARY = [
    "add", "div", "eq", "equal", "ge", "gt", "le", "logical_and", "logical_or", "lt", "max", "maximum", "min",
    "minimum", "mul", "ne", "remainder", "sub",
]  # fmt: skip
OF_INTEGERS = ["bitwise_and", "bitwise_or", "bitwise_xor", "floor_divide"]

EXAMPLES: dict[str, list[Call]] = {
    **{name: [call(input=Y)] for name in UNARY},
    **{name: [call(input=X, other=Z)] for name in BINARY},
    **{name: [call(input=COUNTS, other=COUNTS[0])] for name in OF_INTEGERS},
    **{name: [call(input=X, min=-0.5, max=0.5), call(input=X, min=Z, max=Y)] for name in ("clamp", "clip")},
    **{name: [call(input=X, tensor1=Y, tensor2=Z, by_name={"value": 2})] for name in ("addcdiv", "addcmul")},
    **{name: [call(input=X, other=Y, rtol=0.5, atol=0.1, equal_nan=True)] for name in ("isclose", "allclose")},
    "bitwise_not": [call(input=COUNTS)],
    "pow": [call(input=Y, exponent=Z), call(input=Y, exponent=3)],
    "lerp": [call(input=X, end=Y, weight=0.3), call(input=X, end=Y, weight=Z)],
    "where": [call(condition=MASK, input=X, other=Y), call(condition=MASK)],
    "masked_fill": [call(input=X, mask=MASK, value=2.0)],
    # reductions
    **{name: [call(input=X), call(input=X, dim=1, keepdim=True)] for name in ("argmax", "argmin", "any", "all")},
    **{name: [call(input=X, dim=(0, 1), keepdim=True)] for name in ("amax", "amin", "logsumexp")},
    **{name: [call(input=X), call(input=X, dim=1, keepdim=True, by_name=SINGLE)] for name in ("sum", "mean", "prod")},
    **{name: [call(input=X, dim=1), call(input=X, dim=1, dtype="float32")] for name in ("softmax", "log_softmax")},
    **{
        name: [
            call(input=X, dim=1, unbiased=False, keepdim=True),
            call(input=X, dim=1, by_name={"correction": 2, "keepdim": True}),
            call(input=X, by_name={"correction": 0}),
            call(input=X, by_name={"unbiased": False}),
        ]
        for name in ("var", "std")
    },
    # shape
    **{name: [call(tensors=[X, Y], dim=1)] for name in ("cat", "concatenate", "stack")},
    "broadcast_to": [call(input=Z, size=(3, 4))],
    "chunk": [call(input=X, chunks=2, dim=1)],
    "flatten": [call(input=STACK, start_dim=1, end_dim=2)],
    "flip": [call(input=X, dims=(0, 1))],
    "gather": [call(input=X, dim=1, index=COUNTS % 4)],
    "index_select": [call(input=X, dim=1, index=COUNTS[0] % 4)],
    "movedim": [call(input=X, source=0, destination=1)],
    "narrow": [call(input=X, dim=1, start=1, length=2)],
    "permute": [call(input=X, dims=(1, 0))],
    "reshape": [call(input=X, shape=(4, 3))],
    "split": [call(tensor=X, split_size_or_sections=2, dim=1)],
    "squeeze": [call(input=X[:1]), call(input=X[:1], dim=0)],
    "swapaxes": [call(input=X, axis0=0, axis1=1)],
    "t": [call(input=X)],
    "transpose": [call(input=X, dim0=0, dim1=1)],
    "unbind": [call(input=X, dim=1)],
    "unflatten": [call(input=X, dim=1, sizes=(2, 2))],
    "unsqueeze": [call(input=X, dim=1)],
    # products
    "bmm": [call(input=STACK, mat2=STACK)],
    "dot": [call(input=X[0], tensor=Z)],
    "matmul": [call(input=X, other=Z)],
    "mm": [call(input=X, mat2=Y.T.copy())],
    "mv": [call(input=X, vec=Z)],
    # making
    "arange": [call(start=1, end=9, step=2, by_name=DOUBLE), call(by_name={"end": 5})],
    "eye": [call(n=2, m=3, by_name=DOUBLE)],
    "full": [call(size=(2, 3), fill_value=7, by_name=DOUBLE)],
    "full_like": [call(input=X, fill_value=3, by_name=SINGLE)],
    "linspace": [call(start=1, end=9, steps=5, by_name=DOUBLE)],
    "ones": [call(size=(2, 3), by_name={"dtype": "int64"})],
    "ones_like": [call(input=X, by_name=SINGLE)],
    "zeros": [call(size=(2, 3), by_name=DOUBLE)],
    "zeros_like": [call(input=X, by_name=SINGLE)],
}
EXAMPLES["add"] += [
    call(input=X, other=3, by_name={"alpha": 0.5}),
    call(input=COUNTS, other=COUNTS, by_name={"alpha": 3}),
]
EXAMPLES["sub"] += [call(input=X, other=Z, by_name={"alpha": 2})]
EXAMPLES["div"] += [
    call(input=SIGNED, other=COUNTS[0], by_name={"rounding_mode": mode}) for mode in (None, "floor", "trunc")
]
EXAMPLES["round"] += [call(input=X * 100, by_name={"decimals": digits}) for digits in (2, -1)]
for name in ("max", "min"):
    EXAMPLES[name] += [call(input=X), call(input=X, dim=1, keepdim=True)]
for axes in (1, 2, 3):
    window = {"input": normal(2, 2, *(5,) * axes), "kernel_size": 2, "stride": 1, "padding": 1}
    operands = {"input": normal(2, 2, *(5,) * axes), "weight": normal(2, 1, *(2,) * axes), "bias": normal(2)}
    EXAMPLES[f"conv{axes}d"] = [call(**operands, stride=2, padding=1, dilation=1, groups=2)]
    EXAMPLES[f"conv_transpose{axes}d"] = [call(**operands, stride=2, padding=1, output_padding=1, groups=2, dilation=1)]
    EXAMPLES[f"max_pool{axes}d"] = [call(**window, dilation=1, ceil_mode=True)]
    divisor = {} if axes == 1 else {"divisor_override": 3}
    EXAMPLES[f"avg_pool{axes}d"] = [call(**window, ceil_mode=True, count_include_pad=False, **divisor)]

EXAMPLES |= {f"adaptive_{kind}_pool1d": [call(input=X, output_size=3)] for kind in ("avg", "max")}
EXAMPLES |= calls(call)

# Functions of `nn.functional` that PyTorch does not write in Python, so that their signatures cannot be read.
EXAMPLES |= {
    "bilinear": [call(input1=X, input2=Y, weight=normal(2, 4, 4), bias=normal(2))],
    "cosine_similarity": [call(x1=X, x2=Y, dim=0, eps=0.1)],
    "celu_": [call(input=X, alpha=0.5)],
    "elu_": [call(input=X, alpha=0.5)],
    "gelu": [call(input=X, by_name={"approximate": "tanh"})],
    "hardshrink": [call(input=X, lambd=0.25)],
    "hardtanh_": [call(input=X, min_val=-0.5, max_val=0.25)],
    "leaky_relu_": [call(input=X, negative_slope=0.5)],
    "linear": [call(input=X, weight=normal(2, 4), bias=normal(2))],
    "logsigmoid": [call(input=X)],
    "one_hot": [call(input=COUNTS, num_classes=10)],
    "pairwise_distance": [call(x1=X, x2=Y, p=3, eps=0.1, keepdim=True)],
    "pdist": [call(input=X, p=3)],
    "prelu": [call(input=X, weight=Z)],
    "relu_": [call(input=X)],
    "rrelu_": [call(input=X, lower=0.25, upper=0.5, training=False)],
    "scaled_dot_product_attention": [
        call(
            query=X,
            key=Y,
            value=X,
            attn_mask=normal(3, 3),
            dropout_p=0.0,
            is_causal=False,
            by_name={"scale": 0.3, "enable_gqa": False},
        ),
    ],
    "selu_": [call(input=X)],
    "softplus": [call(input=X, beta=2, threshold=1)],
    "channel_shuffle": [call(input=normal(1, 4, 2), groups=2)],
    "pixel_shuffle": [call(input=normal(1, 4, 2, 3), upscale_factor=2)],
    "pixel_unshuffle": [call(input=normal(1, 1, 2, 4), downscale_factor=2)],
    "softshrink": [call(input=X, lambd=0.25)],
    "threshold_": [call(input=X, threshold=0.25, value=2)],
}

# Random results, or undetermined ones: shape and dtype are compared.
SHAPED: dict[str, list[Call]] = {
    "bernoulli": [call(input=np.full((3, 4), 0.5)), call(input=X, p=0.5)],
    "empty": [call(size=(2, 3), by_name=DOUBLE)],
    "empty_like": [call(input=X, by_name=SINGLE)],
    "normal": [
        call(mean=1.0, std=2.0, size=(2, 3), by_name=DOUBLE),
        call(mean=X, std=Y),
        call(mean=X, std=1.0),
        call(mean=0.0, std=Y),
        call(mean=X),
    ],
    "rand": [call(size=(2, 3), by_name=DOUBLE)],
    "rand_like": [call(input=X, by_name=SINGLE)],
    "randint": [call(low=1, high=9, size=(2, 3), by_name={"dtype": "int32"}), call(high=9, size=(2, 3))],
    "multinomial": [call(input=Y, num_samples=3, replacement=True)],
    "poisson": [call(input=Y)],
    "randint_like": [call(input=X, high=9), call(input=X, low=1, high=9, by_name=SINGLE)],
    "randn": [call(size=(2, 3), by_name=DOUBLE)],
    "randn_like": [call(input=X, by_name=SINGLE)],
    "randperm": [call(n=5, by_name={"dtype": "int32"})],
}
