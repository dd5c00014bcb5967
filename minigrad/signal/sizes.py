"""How large an output is, how much of the input a unit sees, and how many parameters that takes."""

import math
from collections.abc import Sequence
from typing import Any

from ..errors import ArgumentError, DTypeError
from ..explaining import as_flag, described, iterable
from ..geometry import Geometry, Padding, per_axis
from ..operands import as_integer
from ..registry import guarded

__all__ = [
    "convolution_parameters",
    "dense_parameters",
    "local_parameters",
    "output_size",
    "output_size_a",
    "output_size_b",
    "output_size_e",
    "receptive_field",
    "transposed_output_size",
]

Sizes = int | tuple[int, ...]


def listed(value: Any) -> bool:
    """Whether it is a list, with a number for each axis.

    >>> from minigrad.signal.sizes import listed
    >>> listed((2, 3)), listed(2), listed("same")
    (True, False, False)
    """
    return iterable(value) and hasattr(value, "__len__") and not isinstance(value, str)


def _axes(*values: Any) -> int:
    """How many axes the arguments speak of: as many as the longest list of them; 1 for numbers."""
    return max([1, *(len(value) for value in values if listed(value))])


def _like(sizes: tuple[int, ...], *values: Any) -> Sizes:
    """One number where all arguments are numbers, and a tuple where one of them is a list."""
    return sizes if any(map(listed, values)) else sizes[0]


def _stride(stride: Any, skip: Any, axes: int, name: str) -> tuple[int, ...]:
    """The stride, or that of a skipping factor: one more (N39, X77)."""
    if skip is None:
        return per_axis(stride, axes, "stride")
    if stride != 1:
        raise ArgumentError(
            f"{name} got stride={stride!r} and skip={skip!r}, which say the same in two ways: a stride is the skipped "
            "pixels and one more. Give one of them"
        )
    return tuple(one + 1 for one in per_axis(skip, axes, "skip", 0))


def _padding(padding: Any, total: Any, axes: int, name: str) -> Any:
    """The padding, or that which shares a total out on both sides, the surplus at the end (X26, X76)."""
    if total is None:
        return padding
    if padding != 0:
        raise ArgumentError(
            f"{name} got padding={padding!r} and pad_total={total!r}: padding counts one side, pad_total both. Give "
            "one of them"
        )
    return tuple((one // 2, one - one // 2) for one in per_axis(total, axes, "pad_total", 0))


@guarded
def output_size(
    n: Any,
    kernel_size: Any,
    stride: Any = 1,
    padding: Padding = 0,
    dilation: Any = 1,
    *,
    pad_total: Any = None,
    skip: Any = None,
    ceil_mode: bool = False,
) -> Sizes:
    """The output size of a convolution or a pooling: how many windows fit (N44, X28, X76, X77).

    o = ⌊(n + p₀ + p₁ − d·(k − 1) − 1) / s⌋ + 1

    `n`: the input size of one axis, or one for each axis; then the answer is a tuple, and the other
    arguments are numbers or one per axis too. `padding` is on each side: a number, a pair
    (before, after) for each axis, 'valid', 'same' or 'full'. `pad_total` is that of both sides
    together instead, and `skip` the number of pixels skipped between windows instead of
    the stride: s = skip + 1. With `ceil_mode` the last window may reach beyond the input.

    Raises `ShapeError` where no window fits, `ArgumentError`, `DTypeError`.

    >>> from minigrad import signal
    >>> signal.output_size(32, 5), signal.output_size(7, 3, skip=1), signal.output_size((28, 20), 3, pad_total=2)
    (28, 3, (28, 20))
    """
    given = (n, kernel_size, stride, padding, dilation, pad_total, skip)
    axes = _axes(*given)
    geometry = Geometry.window(
        per_axis(n, axes, "n", 0),
        per_axis(kernel_size, axes, "kernel_size"),
        _stride(stride, skip, axes, "output_size"),
        _padding(padding, pad_total, axes, "output_size"),
        dilation,
        ceil_mode=as_flag(ceil_mode, "output_size", "ceil_mode"),
    )
    return _like(geometry.outputs, *given)


def _exact(numerator: int, denominator: int, formula: str, exact: Any, size: int) -> None:
    """Refuse a printed formula that does not come out, where that was asked for."""
    if as_flag(exact, formula.partition(":")[0], "exact") and numerator % denominator:
        raise ArgumentError(
            f"{formula}: {numerator} is no multiple of {denominator}, so the printed formula gives a fraction. Without "
            f"exact=True, the windows that fit are counted: {size}"
        )


@guarded
def output_size_a(W: int, F: int, P: int = 0, S: int = 1, *, exact: bool = False) -> int:
    """The output size as note A writes it, N = (W − F + 2P)/S + 1, rounded down (N40, X12).

    `W` is the input size, `F` the receptive field, `P` the padding of each side, `S` the stride, of one axis.
    With `exact=True` a quotient that is no integer is an error.

    Raises `ArgumentError`, `DTypeError`, `ShapeError` where no window fits.

    >>> from minigrad import signal
    >>> signal.output_size_a(227, 11, 0, 4), signal.output_size_a(8, 3, 0, 2)
    (55, 3)
    """
    W, F, P, S = (as_integer(value, "output_size_a", word) for word, value in zip("WFPS", (W, F, P, S)))
    size = output_size(W, F, S, P)
    assert isinstance(size, int)
    _exact(W - F + 2 * P, S, f"output_size_a: (W − F + 2P)/S = ({W} − {F} + {2 * P})/{S}", exact, size)
    return size


@guarded
def output_size_b(h_in: int, k_h: int, p_h: int = 0, s_h: int = 1, *, exact: bool = False) -> int:
    """The output size as note B writes it, (h_in − k_h + p_h + s_h)/s_h, rounded down (N41, X26).

    `p_h` is the padding of both sides together. With `exact=True` a quotient that is no integer is an error.

    Raises `ArgumentError`, `DTypeError`, `ShapeError` where no window fits.

    >>> from minigrad import signal
    >>> signal.output_size_b(28, 3, 2), signal.output_size_b(28, 2, 0, 2)
    (28, 14)
    """
    words = {"h_in": h_in, "k_h": k_h, "p_h": p_h, "s_h": s_h}
    h_in, k_h, p_h, s_h = (as_integer(value, "output_size_b", word) for word, value in words.items())
    size = output_size(h_in, k_h, s_h, pad_total=p_h)
    assert isinstance(size, int)
    formula = f"output_size_b: (h_in − k_h + p_h + s_h)/s_h = ({h_in} − {k_h} + {p_h} + {s_h})/{s_h}"
    _exact(h_in - k_h + p_h + s_h, s_h, formula, exact, size)
    return size


@guarded
def output_size_e(m: int, h: int, skip: int = 0, *, exact: bool = False) -> int:
    """The output size as note E writes it, (m − 2h)/(skip + 1), rounded up (N42, N43, X52, X59).

    The kernel has 2h + 1 elements, nothing is padded, and `skip` pixels are left out between windows.
    With `exact=True` a quotient that is no integer is an error.

    Raises `ArgumentError`, `DTypeError`, `ShapeError` where no window fits.

    >>> from minigrad import signal
    >>> signal.output_size_e(32, 2), signal.output_size_e(7, 1, 1)
    (28, 3)
    """
    m, h, skip = (as_integer(value, "output_size_e", word) for word, value in (("m", m), ("h", h), ("skip", skip)))
    if h < 0:
        raise ArgumentError(f"output_size_e got h={h}; a kernel has 2h + 1 elements, so h is 0 or more")
    size = output_size(m, 2 * h + 1, skip=skip)
    assert isinstance(size, int)
    _exact(m - 2 * h, skip + 1, f"output_size_e: (m − 2h)/(skip + 1) = ({m} − {2 * h})/{skip + 1}", exact, size)
    return size


@guarded
def transposed_output_size(
    n: Any, kernel_size: Any, stride: Any = 1, padding: Padding = 0, output_padding: Any = 0, dilation: Any = 1
) -> Sizes:
    """The output size of a transposed convolution (N136).

    (n − 1)·s − p₀ − p₁ + d·(k − 1) + 1 + output_padding

    `padding` is on each side, as in the convolution that this one turns around: that makes the size n from
    the answer, for every `output_padding` below the stride. It says which of these sizes is meant.
    Several axes as in `output_size`.

    Raises `ArgumentError` for an `output_padding` that is neither below the stride nor the dilation,
    `ShapeError` where nothing is left.

    >>> from minigrad import signal
    >>> signal.transposed_output_size(2, 2), signal.transposed_output_size(7, 3, 2, 1, 1)
    (3, 14)
    """
    given = (n, kernel_size, stride, padding, output_padding, dilation)
    axes = _axes(*given)
    outputs, kernel = per_axis(n, axes, "n"), per_axis(kernel_size, axes, "kernel_size")
    geometry = Geometry.transposed(outputs, kernel, stride, padding, output_padding, dilation)
    return _like(geometry.inputs, *given)


@guarded
def receptive_field(layers: Sequence[Sequence[Any]]) -> list[Sizes]:
    """How many input pixels a unit sees along an axis: 1 for the input itself, then after each layer (N61).

    r_l = r_{l−1} + d_l·(k_l − 1)·j_{l−1},    j_l = j_{l−1}·s_l,    r₀ = j₀ = 1

    `layers`: (kernel size, stride) or (kernel size, stride, dilation) for each convolution and pooling, first to
    last. A size, stride or dilation may also be one per axis; then the answers are tuples.

    Raises `DTypeError`, `ArgumentError` for layers that are not given so.

    >>> from minigrad import signal
    >>> signal.receptive_field([(5, 1), (2, 2), (5, 1), (2, 2), (5, 1)])  # LeNet-5 up to its third convolution
    [1, 5, 6, 14, 16, 32]
    """
    if not listed(layers):
        raise DTypeError(
            f"receptive_field got {described(layers)}; it takes a list with (kernel size, stride) for each layer"
        )
    for number, layer in enumerate(layers):
        if not listed(layer) or len(layer) not in (2, 3):
            raise ArgumentError(
                f"receptive_field got {described(layer)} for layer {number}; give (kernel size, stride) or "
                "(kernel size, stride, dilation)"
            )
    every = [value for layer in layers for value in layer]
    axes = _axes(*every)
    fields, jumps = (1,) * axes, (1,) * axes
    found = [fields]
    for kernel, stride, *dilation in layers:
        k, s = per_axis(kernel, axes, "kernel_size"), per_axis(stride, axes, "stride")
        d = per_axis(dilation[0] if dilation else 1, axes, "dilation")
        fields = tuple(r + d[a] * (k[a] - 1) * jumps[a] for a, r in enumerate(fields))
        jumps = tuple(j * s[a] for a, j in enumerate(jumps))
        found.append(fields)
    return [_like(one, *every) for one in found]


# ------------------------------------------------------------- parameters


def _count(value: Any, name: str, role: str) -> int:
    number = as_integer(value, name, role)
    if number < 1:
        raise ArgumentError(f"{name} got {role}={number}; there is at least 1")
    return number


@guarded
def convolution_parameters(c_in: int, c_out: int, kernel_size: Any, bias: bool = True) -> int:
    """The number of weights and biases of a convolution: c_out·(k₁·k₂·c_in + 1), whatever the image's size (N63).

    `kernel_size`: a number for a square kernel, or one number per axis, so (5,) in one dimension.
    Without `bias` the 1 falls away. Raises `ArgumentError`, `DTypeError`.

    >>> from minigrad import signal
    >>> signal.convolution_parameters(1, 6, 5), signal.convolution_parameters(3, 1, 16)
    (156, 769)
    """
    c_in, c_out = _count(c_in, "convolution_parameters", "c_in"), _count(c_out, "convolution_parameters", "c_out")
    k = per_axis(kernel_size, _axes(kernel_size) if listed(kernel_size) else 2, "kernel_size")
    return c_out * (math.prod(k) * c_in + as_flag(bias, "convolution_parameters", "bias"))


@guarded
def local_parameters(c_in: int, c_out: int, kernel_size: Any, output_size: Any, bias: bool = True) -> int:
    """The number of weights and biases of a layer whose windows share none: o₁·o₂·c_out·(k₁·k₂·c_in + 1) (N60, N63).

    `kernel_size` and `output_size`: a number for a square, or one number per axis. Without `bias` the 1
    falls away. Raises `ArgumentError`, `DTypeError`.

    >>> from minigrad import signal
    >>> signal.local_parameters(1, 6, 5, 28)
    122304
    """
    axes = _axes(kernel_size, output_size) if listed(kernel_size) or listed(output_size) else 2
    k, o = per_axis(kernel_size, axes, "kernel_size"), per_axis(output_size, axes, "output_size")
    return math.prod(o) * convolution_parameters(c_in, c_out, k, as_flag(bias, "local_parameters", "bias"))


@guarded
def dense_parameters(n_in: int, n_out: int, bias: bool = True) -> int:
    """The number of weights and biases of a layer in which every unit sees every input: n_in·n_out + n_out (N63).

    Without `bias` the second term falls away. Raises `ArgumentError`, `DTypeError`.

    >>> from minigrad import signal
    >>> signal.dense_parameters(32 * 32, 6 * 28 * 28)
    4821600
    """
    n_in, n_out = _count(n_in, "dense_parameters", "n_in"), _count(n_out, "dense_parameters", "n_out")
    return n_out * (n_in + as_flag(bias, "dense_parameters", "bias"))
