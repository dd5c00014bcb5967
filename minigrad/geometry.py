"""The sizes of one correlation or pooling: parsed, checked and explained in one place.

Per axis, n input size, k kernel size, s stride, (p₀, p₁) padding before and
after, d dilation, o output size. The only constraint between them is

    (o − 1)·s + d·(k − 1) + 1  ≤  n + p₀ + p₁

and a correlation takes the largest such o (N44):

    o = ⌊(n + p₀ + p₁ − d·(k − 1) − 1) / s⌋ + 1

Everything a user can get wrong about sizes is refused here, so kernels and VJPs
never check again.
"""

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache, wraps
from typing import Any, TypeVar

from .errors import ArgumentError, DTypeError, ShapeError

__all__ = [
    "Geometry",
    "Padding",
    "pairs",
    "per_axis",
    "remembered",
    "resolved_padding",
]

Pair = tuple[int, int]
_MOST = 2**59  # the longest axis: no array has so many elements
_PLAIN = (int, str, type(None))
F = TypeVar("F", bound=Callable[..., Any])
Padding = str | int | Sequence[int] | Sequence[Pair]


def per_axis(value: Any, axes: int, name: str, smallest: int = 1) -> tuple[int, ...]:
    """`value` once per axis: an integer counts for every axis.

    Raises `ArgumentError` for another number of values, or one that is too small,
    `DTypeError` for values that are no integers.
    """
    value = _plain(value)
    given = tuple(value) if isinstance(value, Sequence) and not isinstance(value, str) else (value,)
    try:
        values = tuple(_integer(one) for one in given)
    except (AttributeError, TypeError):
        raise DTypeError(f"{name}={value!r} arrived; it takes an integer, or one for each of the {axes} axes") from None
    if len(values) == 1:
        values *= axes
    if len(values) != axes:
        raise ArgumentError(
            f"{name}={value!r} has {len(values)} entries for {axes} axes; give one number, or one per axis"
        )
    if any(one > _MOST for one in values):
        raise ArgumentError(f"{name}={value!r}: no memory holds so much along an axis")
    if any(one < smallest for one in values):
        at_least = "must be at least 1" if smallest == 1 else "cannot be negative"
        raise ArgumentError(f"{name}={value!r}: {name} {at_least} along every axis")
    return values


def remembered(make: F) -> F:
    """The function of shapes of arrays and other sizes, which remembers what it made of integers, words and tuples."""
    known = lru_cache(maxsize=1024)(make)

    @wraps(make)
    def made(shapes: Any, *sizes: Any) -> Any:
        # What is equal to an integer need not be one: 2.0 and True have messages of their own.
        for size in sizes:
            for one in size if type(size) is tuple else (size,):
                if type(one) not in _PLAIN:
                    return make(shapes, *sizes)
        return known(shapes, *sizes)

    return made  # type: ignore[return-value]


def _integer(value: Any) -> int:
    """`value` as an integer; raises `TypeError` for bools and what has no index."""
    if isinstance(value, bool):
        raise TypeError
    return value.__index__()  # type: ignore[no-any-return]


def _plain(value: Any) -> Any:
    """Arrays, tensors and iterators as numbers and lists; the rest as it is."""
    if hasattr(value, "tolist"):
        return value.tolist()
    return list(value) if hasattr(value, "__iter__") and not isinstance(value, str | Sequence) else value


def pairs(padding: Any, axes: int) -> tuple[Pair, ...]:
    """`padding` as a pair (before, after) per axis: from an integer, one per axis, or a pair per axis."""
    padding = _plain(padding)
    if isinstance(padding, Sequence) and not isinstance(padding, str) and any(isinstance(p, Sequence) for p in padding):
        if len(padding) != axes or any(not isinstance(p, Sequence) or len(p) != 2 for p in padding):
            raise ArgumentError(f"padding={padding!r}: give a pair (before, after) for each of the {axes} axes")
        flat = per_axis([side for pair in padding for side in pair], 2 * axes, "padding", 0)
        return tuple(zip(flat[::2], flat[1::2], strict=True))
    return tuple((one, one) for one in per_axis(padding, axes, "padding", 0))


def _same(n: int, k: int, s: int, d: int) -> Pair:
    """Padding for which o = ⌈n/s⌉; a surplus goes to the end (X81)."""
    total = max((-(-n // s) - 1) * s + d * (k - 1) + 1 - n, 0)
    return total // 2, total - total // 2


def resolved_padding(
    padding: Any, n: tuple[int, ...], k: tuple[int, ...], s: tuple[int, ...], d: tuple[int, ...]
) -> tuple[Pair, ...]:
    """Padding given as a word, an integer, one per axis or a pair per axis, as a pair per axis."""
    axes = range(len(n))
    if not isinstance(padding, str):
        return pairs(padding, len(n))
    if padding == "valid":
        return tuple((0, 0) for _ in axes)
    if padding == "full":
        return tuple((d[a] * (k[a] - 1),) * 2 for a in axes)
    if padding == "same":
        return tuple(_same(n[a], k[a], s[a], d[a]) for a in axes)
    raise ArgumentError(f"padding={padding!r}; the words are 'valid', 'same' and 'full'")


def _spatial(output_size: Sequence[int], axes: int) -> tuple[int, ...]:
    try:
        sizes = tuple(_integer(one) for one in output_size)
    except (AttributeError, TypeError):
        raise DTypeError(f"output_size={output_size!r} arrived; it is a list of {axes} integers") from None
    if len(sizes) != axes:
        raise ArgumentError(
            f"output_size={sizes} has the wrong length; give the {axes} spatial sizes, or the whole shape"
        )
    return sizes


@dataclass(frozen=True, slots=True)
class Geometry:
    """Sizes per axis, made by `window`, `pooling` or `transposed`; frozen, so one serves all three maps."""

    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    kernel: tuple[int, ...]
    stride: tuple[int, ...]
    padding: tuple[Pair, ...]
    dilation: tuple[int, ...]
    groups: int = 1
    _hash: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        sizes = (self.outputs, self.kernel, self.stride, self.padding, self.dilation)
        object.__setattr__(self, "_hash", hash((self.inputs, *sizes, self.groups)))  # every call of a kernel asks
        if not self.inputs:
            raise ArgumentError("there are no spatial axes here: give one size for each axis of the maps")
        if any(len(one) != len(self.inputs) for one in sizes) or min(*self.kernel, *self.stride, *self.dilation) < 1:
            raise ArgumentError(
                f"{self}: every field needs an entry per axis; kernel, stride and dilation are at least 1"
            )
        for axis, n in enumerate(self.inputs):
            o, k, s, d = self.outputs[axis], self.kernel[axis], self.stride[axis], self.dilation[axis]
            padded, span = n + sum(self.padding[axis]), d * (k - 1) + 1
            if o < 1 or (o - 1) * s + span > padded:
                raise ShapeError(
                    f"along spatial axis {axis} the kernel spans {span} (size {k}, dilation {d}) and makes {max(o, 1)} "
                    f"step(s) of stride {s}, but the padded input has only {padded} (size {n}, padding "
                    f"{self.padding[axis]}). Use a smaller kernel, more padding, or a larger input"
                )

    def __hash__(self) -> int:
        return self._hash

    # ------------------------------------------------------------- makers

    @classmethod
    def window(
        cls,
        inputs: Sequence[int],
        kernel: Sequence[int],
        stride: Any = 1,
        padding: Padding = 0,
        dilation: Any = 1,
        groups: int = 1,
        ceil_mode: bool = False,
    ) -> "Geometry":
        """Windows sliding over an input: the largest output that fits (N44).

        Padding is an integer, one per axis, a pair (before, after) per axis,
        'valid' (none), 'same' (o = ⌈n/s⌉) or 'full' (d·(k − 1) on each side).
        With `ceil_mode` a last window may reach beyond the padded input, as
        long as it begins inside the input or the padding before it; what it
        lacks is added to the padding.
        """
        axes = len(inputs)
        n, k = tuple(inputs), per_axis(tuple(kernel), axes, "kernel_size")
        s, d = per_axis(stride, axes, "stride"), per_axis(dilation, axes, "dilation")
        p = resolved_padding(padding, n, k, s, d)
        span = tuple(d[a] * (k[a] - 1) + 1 for a in range(axes))
        rounding = [step - 1 if ceil_mode else 0 for step in s]
        outputs = [max((n[a] + sum(p[a]) - span[a] + rounding[a]) // s[a] + 1, 0) for a in range(axes)]
        if ceil_mode:
            for a in range(axes):
                if (outputs[a] - 1) * s[a] >= n[a] + p[a][0]:
                    outputs[a] -= 1
            ends = tuple((o - 1) * s[a] + span[a] - n[a] - p[a][0] for a, o in enumerate(outputs))
            p = tuple((p[a][0], max(p[a][1], ends[a])) for a in range(axes))
        return cls(n, tuple(outputs), k, s, p, d, groups)

    @classmethod
    def transposed(
        cls,
        outputs: Sequence[int],
        kernel: Sequence[int],
        stride: Any = 1,
        padding: Padding = 0,
        output_padding: Any = 0,
        dilation: Any = 1,
        groups: int = 1,
        output_size: Sequence[int] | None = None,
    ) -> "Geometry":
        """The geometry whose *outputs* are given: that of a transposed convolution (N136).

        n = (o − 1)·s − p₀ − p₁ + d·(k − 1) + 1 + output_padding, or the sizes
        asked for as `output_size`. 'same' gives n = o·s.
        """
        axes = len(outputs)
        o, k = tuple(outputs), per_axis(tuple(kernel), axes, "kernel_size")
        s, d = per_axis(stride, axes, "stride"), per_axis(dilation, axes, "dilation")
        extra = per_axis(output_padding, axes, "output_padding", 0)
        span = tuple(d[a] * (k[a] - 1) + 1 for a in range(axes))
        if isinstance(padding, str) and padding == "same":
            if any(extra):
                raise ArgumentError(
                    f"output_padding={extra} with padding='same': the output is the stride times the input already. "
                    "Give output_size for a smaller one"
                )
            n = tuple(o[a] * s[a] for a in range(axes)) if output_size is None else _spatial(output_size, axes)
            if any(not (o[a] - 1) * s[a] < n[a] <= o[a] * s[a] for a in range(axes)):
                raise ArgumentError(
                    f"output_size={n} with padding='same', stride {s} and an input of {o}: ⌈output/stride⌉ must be the "
                    "input"
                )
            return cls(n, o, k, s, tuple(_same(n[a], k[a], s[a], d[a]) for a in range(axes)), d, groups)
        p = resolved_padding(padding, (0,) * axes, k, s, d)
        least = tuple((o[a] - 1) * s[a] - sum(p[a]) + span[a] for a in range(axes))
        if output_size is not None:
            wanted = _spatial(output_size, axes)
            extra = tuple(w - m for w, m in zip(wanted, least, strict=True))
        limit = tuple(max(s[a], d[a]) for a in range(axes))
        if any(not 0 <= e < m for e, m in zip(extra, limit, strict=True)):
            asked = f"output_padding={extra}" if output_size is None else f"output_size={tuple(output_size)}"
            raise ArgumentError(
                f"{asked} with stride {s} and dilation {d}: the output can be {least} and up to "
                f"{tuple(m + e - 1 for m, e in zip(least, limit, strict=True))}. Only so many input sizes would have "
                "given the same convolution; output_padding says which of them is meant, and stays below the stride "
                "or the dilation"
            )
        n = tuple(m + e for m, e in zip(least, extra, strict=True))
        if any(size < 1 for size in n):
            raise ShapeError(
                f"a transposed convolution of sizes {o} with kernel {k}, stride {s} and padding {p} would give {n}; "
                "use less padding or a larger input"
            )
        return cls(n, o, k, s, p, d, groups)

    @classmethod
    def pooling(
        cls,
        inputs: Sequence[int],
        kernel_size: Any,
        stride: Any,
        padding: Padding,
        dilation: Any,
        ceil_mode: bool,
        name: str,
    ) -> "Geometry":
        """Pooling windows: as `window`, but every window holds something of the input; the stride is the kernel's."""
        axes = len(inputs)
        kernel = per_axis(kernel_size, axes, "kernel_size")
        missing = stride is None or (isinstance(stride, Sequence) and len(stride) == 0)
        geometry = cls.window(inputs, kernel, kernel if missing else stride, padding, dilation, ceil_mode=ceil_mode)
        for axis, (before, after) in enumerate(geometry.asked(padding)):
            n, k, s, d = inputs[axis], kernel[axis], geometry.stride[axis], geometry.dilation[axis]
            if max(before, after) > k // 2:
                raise ArgumentError(
                    f"{name} with padding {padding!r} and kernel_size {kernel}: padding may be at most half the "
                    "kernel, so that every window holds something of the input"
                )
            starts = range(-before, geometry.outputs[axis] * s - before, s)
            if d > 1 and not all(any(0 <= start + tap * d < n for tap in range(k)) for start in starts):
                raise ArgumentError(
                    f"{name} with dilation {geometry.dilation} and padding {padding!r} over an input of "
                    f"{tuple(inputs)}: a window lies in the padding only. Use less padding or dilation"
                )
        return geometry

    # ---------------------------------------------------------- questions

    def asked(self, padding: Padding) -> tuple[Pair, ...]:
        """The padding that was asked for, without what `ceil_mode` added at the end."""
        return resolved_padding(padding, self.inputs, self.kernel, self.stride, self.dilation)

    @property
    def padded(self) -> tuple[int, ...]:
        """The input sizes with the padding."""
        return tuple(n + sum(p) for n, p in zip(self.inputs, self.padding, strict=True))

    @property
    def interior(self) -> Any:
        """Where the input lies in the padded input: an index of the last axes."""
        return (..., *(slice(p[0], p[0] + n) for n, p in zip(self.inputs, self.padding, strict=True)))

    def taps(self) -> Iterator[Any]:
        """For each kernel element in row-major order, the part of the padded input that it meets.

        Gathering and scattering both go through these slices, so each is the
        adjoint of the other by construction.
        """
        for offsets in itertools.product(*(range(size) for size in self.kernel)):
            yield (
                ...,
                *(
                    slice(offset * d, offset * d + (o - 1) * s + 1, s)
                    for offset, o, s, d in zip(offsets, self.outputs, self.stride, self.dilation, strict=True)
                ),
            )
