"""How many floating-point operations one application of a primitive takes.

The counts are those of the formulae, not of the instructions of a processor:

- convolution and matrix products: two for each product that is added up;
- element-wise: one for each arithmetic operation of the formula and each element, where
  a function such as exp or tanh, a comparison and a maximum are one operation each;
- sums, means and extremes: one for each element that goes in; pooling: one for
  each element of each window;
- what only moves, selects or casts numbers, and whatever meets no floating-point number: none.

A VJP is made of primitives, so the backward pass is counted by the same table.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..errors import ArgumentError, DTypeError
from ..registry import registered_primitives
from ..tensor import Tensor

__all__ = ["count_flops", "register_flop_formula"]

Formula = Callable[[Sequence[Tensor], Sequence[Tensor], Mapping[str, Any]], int]

# Operations for each element of the output.
_PER_OUTPUT = {
    1: "eq ne lt le gt ge isnan isinf isfinite isposinf isneginf signbit exp expm1 log square reciprocal pow log1p "
       "sqrt sign abs floor ceil round trunc sin cos tan asin acos atan atan2 sinh cosh asinh acosh atanh erf erfc "
       "erfinv lgamma digamma polygamma sinc_derivative exp2 log2 log10 logaddexp logaddexp2 relu tanh sigmoid "
       "softplus elu leaky_relu hardtanh add sub mul div floor_divide remainder fmod neg maximum minimum clamp_min "
       "clamp_max copysign heaviside",
    2: "squared_error absolute_error_vjp rsqrt relu_vjp leaky_relu_vjp hardtanh_vjp silu clamp_both xlogy",
    3: "squared_error_vjp tanh_vjp sigmoid_vjp softplus_vjp logit hypot",
    5: "huber_error huber_error_vjp silu_vjp hardswish hardswish_vjp elu_vjp binary_cross_entropy_vjp",
    7: "binary_cross_entropy",
    11: "logistic_loss logistic_loss_vjp",
}  # fmt: skip

# Operations for each element of the first input.
_PER_INPUT = {
    1: "sum sum_to mean amax amin cumsum segment_sum scatter take_adjoint windows_adjoint col2im place",
    4: "logsumexp standardize_weight",
    3: "squared_error_total absolute_error_total",
    5: "softmax log_softmax cross_entropy",
    6: "huber_error_total",
    7: "standardize",
    8: "standardize_vjp",
    12: "logistic_loss_total",
}

# No arithmetic: numbers are moved, chosen, repeated or converted.
_NONE = (
    "logical_and logical_or logical_xor logical_not bitwise_and bitwise_or bitwise_xor bitwise_not where clone "
    "contiguous detach identity cast reshape permute flip expand getitem setitem select cat split diagonal "
    "diagonal_embed pad_constant take im2col unpool windows"
)


def _per_output(count: int) -> Formula:
    return lambda inputs, outputs, static: count * outputs[0].numel()


def _per_input(count: int) -> Formula:
    return lambda inputs, outputs, static: count * inputs[0].numel()


def _window(static: Mapping[str, Any]) -> int:
    return math.prod(static["geometry"].kernel)


def _in_windows(inputs: Sequence[Tensor], outputs: Sequence[Tensor], static: Mapping[str, Any]) -> int:
    return outputs[0].numel() * _window(static)


# The three maps take the same number of products: every y meets C/G · ∏k elements.


def _correlate(inputs: Sequence[Tensor], outputs: Sequence[Tensor], static: Mapping[str, Any]) -> int:
    return 2 * outputs[0].numel() * math.prod(inputs[1].shape[1:])


def _correlate_input(inputs: Sequence[Tensor], outputs: Sequence[Tensor], static: Mapping[str, Any]) -> int:
    return 2 * inputs[1].numel() * math.prod(inputs[0].shape[1:])


def _correlate_weight(inputs: Sequence[Tensor], outputs: Sequence[Tensor], static: Mapping[str, Any]) -> int:
    return 2 * inputs[1].numel() * math.prod(outputs[0].shape[1:])


FORMULAE: dict[str, Formula] = {
    **{name: _per_output(count) for count, names in _PER_OUTPUT.items() for name in names.split()},
    **{name: _per_input(count) for count, names in _PER_INPUT.items() for name in names.split()},
    **{name: _per_output(0) for name in _NONE.split()},
    "cross_entropy_vjp": lambda inputs, outputs, static: 6 * outputs[0].numel(),
    "max_pool": _in_windows,
    "window_sum": _in_windows,
    "window_spread": lambda inputs, outputs, static: inputs[0].numel() * _window(static),
    "matmul": lambda inputs, outputs, static: 2 * outputs[0].numel() * inputs[0].shape[-1],
    "project": lambda inputs, outputs, static: 2 * outputs[0].numel() * inputs[0].shape[-1],
    "linear": lambda inputs, outputs, static: 2 * outputs[0].numel() * inputs[0].shape[-1],
    "correlate": _correlate,
    "correlate_bias": _correlate,
    "correlate_input": _correlate_input,
    "correlate_input_bias": _correlate_input,
    "correlate_weight": _correlate_weight,
}


def count_flops(primitive: Any, inputs: Sequence[Tensor], outputs: Sequence[Tensor], static: Mapping[str, Any]) -> int:
    """The floating-point operations of one application; 0 for a primitive without a formula.

    >>> import minigrad as mg
    >>> a, b = mg.ones(2, 3), mg.ones(3, 4)
    >>> mg.profiler.count_flops(mg.primitives()['matmul'], [a, b], [a @ b], {})
    48
    """
    formula = FORMULAE.get(primitive.name)
    if formula is None or not any(tensor.dtype.kind == "f" for tensor in inputs):
        return 0
    return int(formula(inputs, outputs, static))


def register_flop_formula(name: str, formula: Formula) -> None:
    """Give a primitive of your own its count: `formula(inputs, outputs, static)` returns a whole number.

    `static` holds the arguments that are no tensors. Raises `ArgumentError` for a name that is no primitive's,
    `DTypeError` for what is no function.

    >>> import minigrad as mg
    >>> mg.profiler.register_flop_formula("clone", lambda inputs, outputs, static: 0)
    """
    if name not in registered_primitives():
        raise ArgumentError(f"register_flop_formula got {name!r}; mg.primitives() lists the primitives")
    if not callable(formula):
        raise DTypeError(f"register_flop_formula got a {type(formula).__name__} for {name}; give a function")
    FORMULAE[name] = formula
