"""Random tensors. Every function takes `generator=`, or draws from the calling thread's generator."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .creation import as_shape, dtype_or_default, finish
from .dtypes import refuse_overflow, result_dtype
from .errors import ArgumentError, DTypeError, ShapeError
from .operands import as_number, as_operand
from .ops.axes import whole
from .random import chosen_generator
from .registry import function
from .tensor import Array, Tensor

__all__ = [
    "bernoulli",
    "multinomial",
    "normal",
    "poisson",
    "rand",
    "rand_like",
    "randint",
    "randint_like",
    "randn",
    "randn_like",
    "randperm",
]


def _refuse_integers(dtype: Any) -> None:
    if np.dtype(dtype).kind != "f":
        raise DTypeError(f"random fractions of {np.dtype(dtype)} were asked for; use a floating dtype, or mg.randint")


@function
def uniform_array(shape: tuple[int, ...], low: float, high: float, dtype: Any, generator: Any) -> Array:
    """Uniform values from [low, high) as an array."""
    _refuse_integers(dtype)
    low, high = as_number(low, "uniform"), as_number(high, "uniform")
    if low > high:
        raise ArgumentError(f"uniform values from {low} to {high}: the lower bound is above the upper")
    draw = chosen_generator(generator)
    kind: Any = np.float32 if dtype in (np.float32, np.float16) else np.float64
    with np.errstate(all="ignore"):
        values = np.asarray(draw.random(shape, dtype=kind) * kind(high - low) + kind(low)).astype(dtype, copy=False)
        if high <= low:
            return values
        # Rounding can reach the upper bound, which does not belong to the interval.
        kind = values.dtype.type
        return np.asarray(np.minimum(values, np.nextafter(kind(high), kind(low))))


@function
def normal_array(shape: tuple[int, ...], mean: float, std: float, dtype: Any, generator: Any) -> Array:
    """Normal values as an array."""
    _refuse_integers(dtype)
    mean, std = as_number(mean, "normal"), as_number(std, "normal")
    if std < 0:
        raise ArgumentError(f"a standard deviation of {std} arrived; it cannot be negative")
    draw = chosen_generator(generator)
    kind: Any = np.float32 if dtype in (np.float32, np.float16) else np.float64
    values = draw.standard_normal(shape, dtype=kind)
    with np.errstate(all="ignore"):
        return np.asarray(values * kind(std) + kind(mean)).astype(dtype, copy=False)


@function
def rand(
    *sizes: Any,
    size: Any = None,
    generator: Any = None,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """Uniform random numbers from [0, 1).

    () -> (*sizes). Raises as `zeros`, and `DTypeError` for a dtype without fractions.

    >>> import minigrad as mg
    >>> mg.rand(2, 3).shape
    (2, 3)
    """
    return finish(
        uniform_array(as_shape(sizes, size), 0.0, 1.0, dtype_or_default(dtype), generator), None, device, requires_grad
    )


@function
def randn(
    *sizes: Any,
    size: Any = None,
    generator: Any = None,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """Standard normal random numbers.

    () -> (*sizes). Raises as `rand`.

    >>> import minigrad as mg
    >>> mg.randn(2, 3).shape
    (2, 3)
    """
    return finish(
        normal_array(as_shape(sizes, size), 0.0, 1.0, dtype_or_default(dtype), generator), None, device, requires_grad
    )


def _shaped_like(input: Tensor, maker: Callable[..., Tensor], *, dtype: Any, **options: Any) -> Tensor:
    """What `maker` makes in the shape and, unless another is given, the dtype of a tensor."""
    like = as_operand(input, f"{maker.__name__}_like")
    return maker(like.shape, dtype=like.dtype if dtype is None else dtype, **options)


@function
def rand_like(
    input: Tensor, *, generator: Any = None, dtype: Any = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """Uniform random numbers in the shape and dtype of a tensor.

    (*) -> (*). Raises `DTypeError` for a dtype without fractions.

    >>> import minigrad as mg
    >>> mg.rand_like(mg.zeros(2, 3)).shape
    (2, 3)
    """
    return _shaped_like(input, rand, generator=generator, dtype=dtype, device=device, requires_grad=requires_grad)


@function
def randn_like(
    input: Tensor, *, generator: Any = None, dtype: Any = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """Standard normal random numbers in the shape and dtype of a tensor.

    (*) -> (*). Raises `DTypeError` for a dtype without fractions.

    >>> import minigrad as mg
    >>> mg.randn_like(mg.zeros(2, 3)).shape
    (2, 3)
    """
    return _shaped_like(input, randn, generator=generator, dtype=dtype, device=device, requires_grad=requires_grad)


@function
def normal(
    mean: Any, std: Any = 1.0, size: Any = None, *, generator: Any = None, dtype: Any = None, device: Any = None,
    requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """Normal random numbers of a mean and a standard deviation: numbers with a `size`, or tensors that broadcast.

    () -> (*size), or (*), (*) -> (*) after broadcasting. Raises `ArgumentError` for a negative
    deviation, `DTypeError` for a dtype without fractions.

    >>> import minigrad as mg
    >>> mg.normal(0.0, 1.0, (2, 3)).shape
    (2, 3)
    """
    if size is not None:
        return finish(
            normal_array(as_shape((size,)), mean, std, dtype_or_default(dtype), generator), None, device, requires_grad
        )
    centre, spread = as_operand(mean, "normal"), as_operand(std, "normal")
    if spread._array.size and spread._array.min() < 0:
        raise ArgumentError(f"a standard deviation of {spread._array.min()} arrived; it cannot be negative")
    kind = (
        result_dtype([(one.dtype, min(one.ndim, 1)) for one in (centre, spread)])
        if dtype is None
        else dtype_or_default(dtype)
    )
    try:
        shape = np.broadcast_shapes(centre.shape, spread.shape)
    except ValueError as error:
        raise ShapeError(
            f"normal of shapes {centre.shape} and {spread.shape}, which do not broadcast: from the last axis on, sizes "
            "must be equal or 1"
        ) from error
    draws = normal_array(shape, 0.0, 1.0, kind, generator)
    with np.errstate(all="ignore"):
        return finish(draws * spread._array + centre._array, kind, device, requires_grad)


@function
def randint(
    low: Any = None, high: Any = None, size: Any = None, *, generator: Any = None, dtype: Any = None,
    device: Any = None, requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """Random integers from low (0 if only one bound is given) to high − 1; int64 unless `dtype` says otherwise.

    () -> (*size). Raises `ArgumentError` for an empty range, a missing size or a bound that
    the dtype cannot hold.

    >>> import minigrad as mg
    >>> mg.randint(0, 10, (2, 3)).shape
    (2, 3)
    """
    if size is None and isinstance(high, Sequence | np.ndarray):  # randint(high, size)
        high, size = None, high
    first, last = (0, low) if high is None else (0 if low is None else low, high)
    if last is None or size is None:
        raise ArgumentError(f"randint got low={low}, high={high}, size={size}; an upper bound and a size are needed")
    first, last = whole(first, "randint"), whole(last, "randint")
    if last > 2**63:
        raise ArgumentError(f"randint up to {last}: the numbers are int64 at most")
    if last <= first:
        raise ArgumentError(f"randint from {first} to {last}: the upper bound must be larger, and is itself excluded")
    if dtype is not None:
        refuse_overflow([first, last - 1], dtype_or_default(dtype), "randint")
    return finish(chosen_generator(generator).integers(first, last, as_shape((size,))), dtype, device, requires_grad)


@function
def randperm(n: int, *, generator: Any = None, dtype: Any = None, device: Any = None) -> Tensor:
    """0 … n − 1 in random order; int64 unless `dtype` says otherwise.

    () -> (n). Raises as `zeros`.

    >>> import minigrad as mg
    >>> sorted(mg.randperm(4).tolist())
    [0, 1, 2, 3]
    """
    (count,) = as_shape((whole(n, "randperm"),))
    order = chosen_generator(generator).permutation(count).astype(np.int64)
    return finish(order, dtype, device, False)


@function
def bernoulli(input: Tensor, p: float | None = None, *, generator: Any = None) -> Tensor:
    """Ones with the probabilities in `input`, or all with probability `p`; else zeros. No gradient.

    (*) -> (*). Raises `ArgumentError` for what is no probability.

    >>> import minigrad as mg
    >>> mg.bernoulli(mg.tensor([0., 1.]))
    tensor([0., 1.])
    """
    input = as_operand(input, "bernoulli")
    if p is not None:
        kind = input.dtype if input.dtype.kind == "f" else np.float32
        with np.errstate(over="ignore"):
            input = Tensor._wrap(np.full(input.shape, as_number(p, "bernoulli"), kind))
    wrong = input._array[~((input._array >= 0) & (input._array <= 1))]
    if wrong.size:
        raise ArgumentError(f"bernoulli got {wrong[0]}; probabilities lie between 0 and 1")
    draws = uniform_array(input.shape, 0.0, 1.0, np.float64, generator)
    return Tensor._wrap((draws < input._array).astype(input.dtype))


@function
def randint_like(
    input: Tensor, low: Any = None, high: Any = None, *, generator: Any = None, dtype: Any = None, device: Any = None,
    requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """Random integers from low (0 if only one bound is given) to high − 1, in the shape and dtype of a tensor.

    (*) -> (*). Raises as `randint`.

    >>> import minigrad as mg
    >>> mg.randint_like(mg.zeros(2, 3), 10).shape
    (2, 3)
    """
    like = as_operand(input, "randint_like")
    kind = like.dtype if dtype is None else dtype
    return randint(low, high, like.shape, generator=generator, dtype=kind, device=device, requires_grad=requires_grad)


@function
def poisson(input: Tensor, generator: Any = None) -> Tensor:
    """Random counts with the rates in `input`. No gradient.

    (*) -> (*). Raises `ArgumentError` for a negative rate, `DTypeError` for integers.

    >>> import minigrad as mg
    >>> mg.poisson(mg.zeros(2))
    tensor([0., 0.])
    """
    rates = as_operand(input, "poisson")
    if rates.dtype.kind != "f":
        raise DTypeError(f"poisson of a tensor of {rates.dtype}; rates are fractions. Convert first: t.float()")
    if not bool((rates._array >= 0).all()) or bool((rates._array > np.float64(2**62)).any()):
        raise ArgumentError("poisson got a rate that is negative, NaN, or too large to count")
    return Tensor._wrap(np.asarray(chosen_generator(generator).poisson(rates._array)).astype(rates.dtype))


@function
def multinomial(input: Tensor, num_samples: int, replacement: bool = False, *, generator: Any = None) -> Tensor:
    """Random positions with probabilities in proportion to the weights in each row; int64.

    (n) -> (num_samples), or (m, n) -> (m, num_samples). Raises `ArgumentError` for weights that are
    negative or all 0, or more samples without replacement than there are weights above 0;
    `ShapeError` for other ranks, `DTypeError` for integers.

    >>> import minigrad as mg
    >>> mg.multinomial(mg.tensor([0., 1.]), 3, replacement=True)
    tensor([1, 1, 1])
    """
    weights, count = as_operand(input, "multinomial"), whole(num_samples, "multinomial")
    if weights.dtype.kind != "f":
        raise DTypeError(f"multinomial of weights of {weights.dtype}; they are fractions. Convert first: t.float()")
    if weights.ndim not in (1, 2) or weights.shape[-1] == 0:
        raise ShapeError(f"multinomial of weights of shape {weights.shape}; they are a vector, or rows of a matrix")
    rows = np.atleast_2d(weights._array).astype(np.float64)
    if not 0 < count < 2**40:
        raise ArgumentError(f"multinomial got num_samples={count}; it draws at least one")
    if not (np.isfinite(rows).all() and (rows >= 0).all() and (rows.sum(1) > 0).all()):
        raise ArgumentError("multinomial got weights that are negative, infinite or NaN, or a row of zeros")
    if not replacement and len(rows) and count > (rows > 0).sum(1).min():
        least = (rows > 0).sum(1).min()
        raise ArgumentError(f"multinomial got {count} samples without replacement of {least} weights above 0")
    draw = chosen_generator(generator)
    drawn = [draw.choice(rows.shape[1], count, bool(replacement), row / row.sum()) for row in rows]
    found = np.asarray(drawn, np.int64).reshape(len(rows), count)
    return Tensor._wrap(found[0] if weights.ndim == 1 else found)
