"""minigrad: automatic differentiation on a tape, specialised for convolution, in NumPy.

>>> import minigrad as mg
>>> x = mg.tensor([1., 2., 3.], requires_grad=True)
>>> (x * x).sum().backward()
>>> x.grad
tensor([2., 4., 6.])
"""

from math import e, inf, nan, pi
from typing import TYPE_CHECKING as _TYPE_CHECKING
from typing import Any as _Any

from numpy import dtype, finfo, iinfo, newaxis

from . import _alias, autograd, backends, cuda, errors, func, functions, profiler, random, scopes
from .anomaly import is_anomaly_check_nan_enabled, is_anomaly_enabled
from .autograd import enable_grad, is_grad_enabled, no_grad, set_grad_enabled
from .creation import *
from .custom import primitive
from .determinism import are_deterministic_algorithms_enabled, use_deterministic_algorithms
from .device import device
from .dtypes import (
    bool,
    double,
    float,
    float16,
    float32,
    float64,
    get_default_dtype,
    half,
    int,
    int8,
    int16,
    int32,
    int64,
    long,
    set_default_dtype,
    short,
    uint8,
)
from .functions import *
from .legacy import *
from .mode import inference_mode
from .operands import as_flag, as_integer, as_number, as_operand
from .ops.activation import relu, sigmoid, silu, softplus, tanh
from .ops.adaptive import (
    adaptive_avg_pool1d,
    adaptive_avg_pool2d,
    adaptive_avg_pool3d,
    adaptive_max_pool1d,
    adaptive_max_pool2d,
    adaptive_max_pool3d,
)
from .ops.arithmetic import (
    add,
    addcdiv,
    addcmul,
    clamp,
    clamp_max,
    clamp_min,
    clip,
    div,
    floor_divide,
    lerp,
    maximum,
    minimum,
    mul,
    neg,
    remainder,
    sub,
)
from .ops.comparison import (
    allclose,
    bitwise_and,
    bitwise_not,
    bitwise_or,
    bitwise_xor,
    eq,
    equal,
    ge,
    gt,
    isclose,
    isfinite,
    isinf,
    isnan,
    le,
    logical_and,
    logical_not,
    logical_or,
    logical_xor,
    lt,
    masked_fill,
    ne,
    where,
)
from .ops.convolution import (
    conv1d,
    conv2d,
    conv3d,
    conv_transpose1d,
    conv_transpose2d,
    conv_transpose3d,
    correlate,
    correlate_input,
    correlate_weight,
)
from .ops.elementary import (
    abs,
    ceil,
    cos,
    erf,
    exp,
    expm1,
    floor,
    log,
    log1p,
    pow,
    reciprocal,
    round,
    rsqrt,
    sign,
    sin,
    sqrt,
    square,
    trunc,
)
from .ops.indexing import gather, index_select, narrow
from .ops.joining import cat, chunk, concatenate, split, stack, unbind
from .ops.linear import bmm, dot, linear, matmul, mm, mv, t
from .ops.normalization import standardize
from .ops.padding import crop, pad
from .ops.pooling import avg_pool1d, avg_pool2d, avg_pool3d, max_pool1d, max_pool2d, max_pool3d
from .ops.rectifiers import elu, hardswish, hardtanh, leaky_relu
from .ops.reduction import all, amax, amin, any, argmax, argmin, max, mean, min, prod, std, sum, var
from .ops.resampling import resize
from .ops.shape import (
    broadcast_to,
    clone,
    detach,
    expand,
    flatten,
    flip,
    identity,
    movedim,
    permute,
    reshape,
    squeeze,
    sum_to,
    swapaxes,
    transpose,
    unflatten,
    unsqueeze,
)
from .ops.softmax import log_softmax, logsumexp, softmax
from .ops.unfolding import col2im, im2col
from .ops.unpooling import max_unpool1d, max_unpool2d, max_unpool3d
from .primitive import primitives
from .printing import set_printoptions
from .random import default_generator, get_rng_state, initial_seed, manual_seed, seed, set_rng_state
from .sampling import *
from .signal import correlate2d, full_convolve2d
from .tensor import Tensor
from .threads import get_num_threads, set_num_threads
from .uninitialized import Uninitialized
from .utils.checkpoint import checkpoint

if _TYPE_CHECKING:
    import nn as nn

    from .generator import Generator as Generator

_alias.install()

# Reached as attributes, imported when they first are: `import minigrad` stays quick.
_LAZY = ("datasets", "drawing", "metrics", "nn", "optim", "plot", "serialization", "transforms", "utils")
_ELSEWHERE = {"Generator": "generator", "draw": "drawing", "load": "serialization", "save": "serialization"}


def __getattr__(name: str) -> _Any:
    import importlib

    if name in _LAZY:
        return importlib.import_module(f"{__name__}.{name}")
    if name in _ELSEWHERE:
        return getattr(importlib.import_module(f"{__name__}.{_ELSEWHERE[name]}"), name)
    if name == "__version__":
        from importlib.metadata import PackageNotFoundError, version

        try:
            return version("minigrad-conv")
        except PackageNotFoundError:
            return "0+unknown"
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_LAZY, *_ELSEWHERE, "__version__"})


__all__ = [
    "BoolTensor",
    "ByteTensor",
    "CharTensor",
    "DoubleTensor",
    "FloatTensor",
    "Generator",
    "HalfTensor",
    "IntTensor",
    "LongTensor",
    "ShortTensor",
    "Size",
    "Tensor",
    "Uninitialized",
    "abs",
    "adaptive_avg_pool1d",
    "adaptive_avg_pool2d",
    "adaptive_avg_pool3d",
    "adaptive_max_pool1d",
    "adaptive_max_pool2d",
    "adaptive_max_pool3d",
    "add",
    "addcdiv",
    "addcmul",
    "all",
    "allclose",
    "amax",
    "amin",
    "any",
    "arange",
    "are_deterministic_algorithms_enabled",
    "argmax",
    "argmin",
    "as_flag",
    "as_integer",
    "as_number",
    "as_operand",
    "as_tensor",
    "asarray",
    "autograd",
    "avg_pool1d",
    "avg_pool2d",
    "avg_pool3d",
    "backends",
    "bernoulli",
    "bitwise_and",
    "bitwise_not",
    "bitwise_or",
    "bitwise_xor",
    "bmm",
    "bool",
    "broadcast_to",
    "cat",
    "ceil",
    "checkpoint",
    "chunk",
    "clamp",
    "clamp_max",
    "clamp_min",
    "clip",
    "clone",
    "col2im",
    "concatenate",
    "conv1d",
    "conv2d",
    "conv3d",
    "conv_transpose1d",
    "conv_transpose2d",
    "conv_transpose3d",
    "correlate",
    "correlate2d",
    "correlate_input",
    "correlate_weight",
    "cos",
    "crop",
    "cuda",
    "default_generator",
    "detach",
    "device",
    "div",
    "dot",
    "double",
    "draw",
    "dtype",
    "e",
    "elu",
    "empty",
    "empty_like",
    "enable_grad",
    "eq",
    "equal",
    "erf",
    "errors",
    "exp",
    "expand",
    "expm1",
    "eye",
    "finfo",
    "flatten",
    "flip",
    "float",
    "float16",
    "float32",
    "float64",
    "floor",
    "floor_divide",
    "from_numpy",
    "full",
    "full_convolve2d",
    "full_like",
    "func",
    "gather",
    "ge",
    "get_default_dtype",
    "get_num_threads",
    "get_rng_state",
    "gt",
    "half",
    "hardswish",
    "hardtanh",
    "identity",
    "iinfo",
    "im2col",
    "index_select",
    "inf",
    "inference_mode",
    "initial_seed",
    "int",
    "int8",
    "int16",
    "int32",
    "int64",
    "is_anomaly_check_nan_enabled",
    "is_anomaly_enabled",
    "is_grad_enabled",
    "isclose",
    "isfinite",
    "isinf",
    "isnan",
    "le",
    "leaky_relu",
    "lerp",
    "linear",
    "linspace",
    "load",
    "log",
    "log1p",
    "log_softmax",
    "logical_and",
    "logical_not",
    "logical_or",
    "logical_xor",
    "logspace",
    "logsumexp",
    "long",
    "lt",
    "manual_seed",
    "masked_fill",
    "matmul",
    "max",
    "max_pool1d",
    "max_pool2d",
    "max_pool3d",
    "max_unpool1d",
    "max_unpool2d",
    "max_unpool3d",
    "maximum",
    "mean",
    "min",
    "minimum",
    "mm",
    "movedim",
    "mul",
    "multinomial",
    "mv",
    "nan",
    "narrow",
    "ne",
    "neg",
    "newaxis",
    "no_grad",
    "normal",
    "ones",
    "ones_like",
    "pad",
    "permute",
    "pi",
    "poisson",
    "pow",
    "primitive",
    "primitives",
    "prod",
    "profiler",
    "rand",
    "rand_like",
    "randint",
    "randint_like",
    "randn",
    "randn_like",
    "random",
    "randperm",
    "reciprocal",
    "relu",
    "remainder",
    "reshape",
    "resize",
    "round",
    "rsqrt",
    "save",
    "scopes",
    "seed",
    "set_default_dtype",
    "set_grad_enabled",
    "set_num_threads",
    "set_printoptions",
    "set_rng_state",
    "short",
    "sigmoid",
    "sign",
    "silu",
    "sin",
    "softmax",
    "softplus",
    "split",
    "sqrt",
    "square",
    "squeeze",
    "stack",
    "standardize",
    "std",
    "sub",
    "sum",
    "sum_to",
    "swapaxes",
    "t",
    "tanh",
    "tensor",
    "transpose",
    "trunc",
    "uint8",
    "unbind",
    "unflatten",
    "unsqueeze",
    "use_deterministic_algorithms",
    "var",
    "where",
    "zeros",
    "zeros_like",
]
__all__ += functions.__all__
