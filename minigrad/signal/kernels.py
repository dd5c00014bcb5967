"""Named kernels with exact entries, each with the operator that it is meant for (N23–N31, X5, X6, X82).

The notes print some kernels to be correlated with an image and some to be
convolved with it. Under the other operator a slope gets the opposite sign. So a
`Kernel` knows which it is, and its `apply` does what it is meant for.
"""

import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..dtypes import as_dtype, get_default_dtype
from ..errors import ArgumentError, ShapeError
from ..explaining import described
from ..geometry import per_axis
from ..operands import as_number, as_numbers, as_operand
from ..ops.shape import cast
from ..registry import guarded
from ..tensor import Array, Tensor
from .sizes import listed
from .sliding import filtered, separably

__all__ = [
    "Kernel", "binomial", "box", "derivative_of_gaussian", "difference", "emboss", "gaussian", "horizontal_edge",
    "identity", "laplacian", "outline", "outline_as_printed", "sharpen", "smoothing", "sobel", "vertical_edge",
]  # fmt: skip

# The square of a narrower width is not a float any more.
_NARROWEST = 1e-100

# The ends of a longer row of Pascal's triangle, 2^(1 − k), are below the smallest float64.
_LONGEST = 1075


@dataclass(frozen=True, eq=False, repr=False)
class Kernel:
    """A kernel with exact entries, which says whether it is to be correlated or convolved with an image (X82).

    `entries` (*k) are held in float64 and cannot be changed. `item` says where in
    the lecture notes they stand, `factors` are the vectors whose outer product
    they are, if it was made by `Kernel.separable`: `apply` then goes axis by axis.

    Raises `ArgumentError` for another operator or factors of other entries,
    `ShapeError` for a kernel without entries, `DTypeError` for what is no number.

    >>> import minigrad as mg
    >>> from minigrad.signal.kernels import Kernel
    >>> slope = Kernel([-1, 0, 1], "correlation")
    >>> slope.apply(mg.tensor([0., 1., 4., 9., 16.]), mode="valid")
    tensor([ 4.,  8., 12.])
    """

    entries: Any
    operator: str = "correlation"
    name: str = "kernel"
    item: str = ""
    factors: tuple[Array, ...] = ()

    def __post_init__(self) -> None:
        if not isinstance(self.operator, str) or self.operator not in ("correlation", "convolution"):
            raise ArgumentError(
                f"Kernel got operator={described(self.operator)}; it is 'correlation' (the kernel as it stands) or "
                "'convolution' (the kernel reversed), whichever its entries are meant for"
            )
        array = np.array(as_numbers(self.entries, "Kernel", "entries"))
        if array.ndim == 0 or array.size == 0:
            raise ShapeError(f"Kernel got entries of shape {array.shape}; it needs an axis, and an entry along each")
        given = self.factors if listed(self.factors) else (self.factors,)
        vectors = tuple(np.array(as_numbers(factor, "Kernel", "factors")) for factor in given)
        product = functools.reduce(np.multiply.outer, vectors) if vectors else array
        if product.shape != array.shape or not np.allclose(product, array, 1e-12, 0, equal_nan=True):
            raise ArgumentError(
                "Kernel got factors whose outer product is not its entries; Kernel.separable makes a kernel of factors"
            )
        for one in (array, *vectors):
            one.setflags(write=False)
        object.__setattr__(self, "entries", array)
        object.__setattr__(self, "factors", vectors)

    @classmethod
    def separable(
        cls, factors: Sequence[Any], operator: str = "correlation", name: str = "kernel", item: str = ""
    ) -> "Kernel":
        """The outer product of vectors, one for each axis (N26, N28, N31).

        Raises `ShapeError` for factors that are no vectors, and as `Kernel` does.

        >>> from minigrad.signal.kernels import Kernel
        >>> Kernel.separable([[1, 2, 1], [1, 0, -1]], "convolution").weight
        tensor([[ 1.,  0., -1.],
                [ 2.,  0., -2.],
                [ 1.,  0., -1.]])
        """
        given = factors if listed(factors) else ()
        vectors = tuple(as_numbers(factor, "Kernel.separable", "factors") for factor in given)
        if not vectors or any(vector.ndim != 1 for vector in vectors):
            raise ShapeError(
                f"Kernel.separable got factors={described(factors)}; give a list with a vector for each axis"
            )
        return cls(functools.reduce(np.multiply.outer, vectors), operator, name, item, vectors)

    def __repr__(self) -> str:
        parts = [self.name, f"{'×'.join(map(str, self.shape))}", f"for {self.operator}", *filter(None, [self.item])]
        return f"Kernel({', '.join(parts)})"

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        return np.array(self.entries, dtype, copy=copy)

    @property
    def shape(self) -> tuple[int, ...]:
        """The sizes (*k)."""
        return self.entries.shape  # type: ignore[no-any-return]

    @property
    def weight(self) -> Tensor:
        """The entries as a new tensor of the default dtype."""
        return self.to(get_default_dtype())

    def to(self, dtype: Any) -> Tensor:
        """The entries as a new tensor of a dtype.

        >>> import minigrad as mg
        >>> mg.signal.kernels.difference().to(mg.float64)
        tensor([ 1.,  0., -1.], dtype=float64)
        """
        with np.errstate(over="ignore"):  # what a dtype cannot hold is infinite, as in any conversion
            return Tensor._wrap(self.entries.astype(as_dtype(dtype)))

    def as_correlation(self) -> "Kernel":
        """The kernel that gives the same response when it is correlated: itself, or rotated by 180° (N13, X82).

        An even size has no middle: there 'same' begins one place later under correlation (X81).

        >>> from minigrad.signal.kernels import difference
        >>> difference().as_correlation().weight
        tensor([-1.,  0.,  1.])
        """
        return self._as("correlation")

    def as_convolution(self) -> "Kernel":
        """The kernel that gives the same response when it is convolved: itself, or rotated by 180° (N13, X82)."""
        return self._as("convolution")

    def _as(self, operator: str) -> "Kernel":
        if operator == self.operator:
            return self
        factors = tuple(np.flip(factor) for factor in self.factors)
        return Kernel(np.flip(self.entries), operator, self.name, self.item, factors)

    def apply(self, image: Any, mode: str = "same", border: Any = "reflect", value: float = 0.0) -> Tensor:
        """The image under this kernel, by the operator that it is meant for: (*a, *n), (*k) -> (*a, *o).

        Axes of the image in front of the kernel's are a batch; whole numbers become
        floats. `mode`, `border` and `value` are those of `minigrad.signal.correlate`.

        >>> import minigrad as mg
        >>> mg.signal.kernels.sobel(axis=1).apply(mg.arange(5.) * mg.ones(4, 1), mode="valid")
        tensor([[8., 8., 8.],
                [8., 8., 8.]])
        """
        x, convolving = floating(as_operand(image, "Kernel.apply")), self.operator == "convolution"
        if len(self.factors) > 1:
            factors = [Tensor._wrap(factor.astype(x.dtype)) for factor in self.factors]
            return separably(x, factors, mode, border, value, "Kernel.apply", convolving=convolving)
        return filtered(x, self.to(x.dtype), mode, border, value, "Kernel.apply", convolving=convolving)


def floating(image: Tensor) -> Tensor:
    """The image itself, or in the default dtype if it is of whole numbers."""
    return image if image.dtype.kind == "f" else cast(image, get_default_dtype())


def operands(x: Any, h: Any, name: str) -> tuple[Tensor, Tensor]:
    """An image and a kernel as tensors; a `Kernel` takes the dtype of what it is applied to."""
    image = x.weight if isinstance(x, Kernel) else as_operand(x, name)
    if isinstance(h, Kernel):
        image = floating(image)
        return image, h.to(image.dtype)
    return image, as_operand(h, name)


def _sizes(size: Any) -> tuple[int, ...]:
    """One size is that of a square; several are those of the axes."""
    return per_axis(size, len(size) if listed(size) else 2, "size")


# ------------------------------------------------------- as the notes print them


def horizontal_edge() -> Kernel:
    """[−1 −1 −1; 0 0 0; 1 1 1], to be correlated: +6 where an image rises by 1 from row to row (N29).

    >>> from minigrad.signal.kernels import horizontal_edge
    >>> horizontal_edge()
    Kernel(horizontal_edge, 3×3, for correlation, N29)
    """
    return Kernel([[-1] * 3, [0] * 3, [1] * 3], "correlation", "horizontal_edge", "N29")


def vertical_edge() -> Kernel:
    """[−1 0 1] in three rows, to be correlated: +6 where an image rises by 1 from column to column (N29)."""
    return Kernel([[-1, 0, 1]] * 3, "correlation", "vertical_edge", "N29")


def outline() -> Kernel:
    """8 in the middle and −1 round it, to be correlated: 0 on constants; the last corner is corrected (N29, X5)."""
    return Kernel([[-1, -1, -1], [-1, 8, -1], [-1, -1, -1]], "correlation", "outline", "N29, X5")


def outline_as_printed() -> Kernel:
    """The outline kernel with the printed +1 in its last corner, to be correlated: constants shine through (X5)."""
    return Kernel([[-1, -1, -1], [-1, 8, -1], [-1, -1, 1]], "correlation", "outline_as_printed", "N29, X5")


def emboss() -> Kernel:
    """[−1 −1 0; −1 1 1; 0 1 1], to be correlated: the identity and a slope towards the lower right corner (N29, X6)."""
    return Kernel([[-1, -1, 0], [-1, 1, 1], [0, 1, 1]], "correlation", "emboss", "N29, X6")


def difference() -> Kernel:
    """[1 0 −1], to be convolved: y_i = x_{i+1} − x_{i−1}, positive where a signal rises (N24, X82).

    >>> import minigrad as mg
    >>> mg.signal.kernels.difference().apply(mg.tensor([0., 0., 1., 1., 0., 0.]))
    tensor([ 0.,  1.,  1., -1., -1.,  0.])
    """
    return Kernel([1, 0, -1], "convolution", "difference", "N24")


def smoothing() -> Kernel:
    """[¼ ½ ¼], to be convolved, though it equals its own reversal (N23)."""
    return Kernel([0.25, 0.5, 0.25], "convolution", "smoothing", "N23")


@guarded
def sobel(axis: int = 1, as_correlation: bool = False) -> Kernel:
    """A difference along an axis, smoothed along the other: [1 2 1]ᵀ·[1 0 −1] for axis 1, its transpose for 0 (N28).

    It is to be convolved: +8 where an image rises by 1 along the axis.
    `as_correlation` gives the one for correlation, rotated by 180° (X82).

    Raises `ArgumentError` for another axis.

    >>> from minigrad.signal.kernels import sobel
    >>> sobel(axis=0).weight
    tensor([[ 1.,  2.,  1.],
            [ 0.,  0.,  0.],
            [-1., -2., -1.]])
    """
    if axis not in (0, 1, -1, -2):
        raise ArgumentError(
            f"sobel got axis={axis!r}; an image has the axes 0 (down its rows) and 1 (along its columns)"
        )
    factors = [[1, 2, 1], [1, 0, -1]]
    kernel = Kernel.separable(factors if axis in (1, -1) else factors[::-1], "convolution", "sobel", "N28")
    return kernel.as_correlation() if as_correlation else kernel


# ---------------------------------------------------------------- by their size


@guarded
def identity(size: Any = 3) -> Kernel:
    """1 in the middle, 0 elsewhere, to be convolved: under it an image stays as it is (N16).

    One size is that of a square, several are those of the axes. The middle of an even size is place ⌊(k − 1)/2⌋,
    as in 'same' (X81). Raises `ArgumentError` and `DTypeError` for what is no size.

    >>> import minigrad as mg
    >>> mg.signal.kernels.identity((4,)).weight
    tensor([0., 1., 0., 0.])
    """
    sizes = _sizes(size)
    entries = np.zeros(sizes)
    entries[tuple((k - 1) // 2 for k in sizes)] = 1
    return Kernel(entries, "convolution", "identity", "N16")


@guarded
def box(size: Any = 3) -> Kernel:
    """The mean of the window: 1/k² everywhere, to be convolved (N26).

    One size is that of a square, several are those of the axes.
    Raises `ArgumentError` and `DTypeError` for what is no size.

    >>> import minigrad as mg
    >>> mg.signal.kernels.box((4,)).weight
    tensor([0.2500, 0.2500, 0.2500, 0.2500])
    """
    factors = [np.full(k, 1 / k) for k in _sizes(size)]
    kernel = Kernel.separable(factors, "convolution", "box", "N26")
    # One division is nearer to the truth than a product of two quotients.
    return Kernel(np.full(kernel.shape, 1 / math.prod(kernel.shape)), "convolution", "box", "N26", kernel.factors)


@guarded
def binomial(size: Any = 3) -> Kernel:
    """A row of Pascal's triangle with sum 1 along each axis, to be convolved: [1 2 1]/4, [1 4 6 4 1]/16, … (N23).

    One size is that of a square, several are those of the axes.
    Raises `ArgumentError` and `DTypeError` for what is no size, and for one whose ends no float could hold.

    >>> import minigrad as mg
    >>> mg.signal.kernels.binomial((5,)).weight * 16
    tensor([1., 4., 6., 4., 1.])
    """
    sizes = _sizes(size)
    if max(sizes) > _LONGEST:
        raise ArgumentError(
            f"binomial got size={described(size)}; from {_LONGEST + 1} elements on the ends are smaller than any "
            "float64. A gaussian with sigma=(size − 1)**0.5/2 has the same form"
        )
    rows = [np.array([math.comb(k - 1, i) / 2 ** (k - 1) for i in range(k)]) for k in sizes]
    return Kernel.separable(rows, "convolution", "binomial", "N23")


@guarded
def gaussian(size: Any, sigma: Any, normalize: bool = True) -> Kernel:
    """The density of a normal distribution at the places of a centred grid, to be convolved (N31).

    e^(−u²/2σ²)/(√(2π)·σ) along each axis, u counted from the middle. Those samples
    do not quite add up to 1 (X31); `normalize` divides them by their sum. One size
    is that of a square, several are those of the axes; `sigma` is one number or one
    for each axis.

    Raises `ArgumentError` and `DTypeError` for what is no size, or no positive width.

    >>> import minigrad as mg
    >>> raw = mg.signal.kernels.gaussian(23, 3.8, normalize=False)
    >>> raw.entries.sum().round(6), mg.signal.kernels.gaussian(23, 3.8).entries.sum().round(6)
    (np.float64(0.995196), np.float64(1.0))
    """
    return Kernel.separable(
        [g for _, _, g in _bells(size, sigma, normalize, "gaussian")], "convolution", "gaussian", "N31"
    )


@guarded
def derivative_of_gaussian(size: Any, sigma: Any, axis: int = 1, normalize: bool = True) -> Kernel:
    """The slope of an image that is smoothed by a `gaussian`: g′ along one axis, g along the others (N17).

    To be convolved: (f * g)′ = f * g′. With `normalize` an image that rises by 1
    from place to place gives exactly 1 (rounding apart), and without it what the
    samples −u/σ²·g(u) give.

    Raises `ArgumentError` and `DTypeError` for what is no size, no positive width or no axis.

    >>> import minigrad as mg
    >>> mg.signal.kernels.derivative_of_gaussian((9,), 1.5, axis=0).apply(mg.arange(12.), mode="valid")
    tensor([1.0000, 1.0000, 1.0000, 1.0000])
    """
    bells = _bells(size, sigma, normalize, "derivative_of_gaussian")
    if not -len(bells) <= axis < len(bells):
        raise ArgumentError(
            f"derivative_of_gaussian got axis={axis!r} for the sizes {_sizes(size)}; the first axis is 0"
        )
    u, width, bell = bells[axis]
    slope = -u * bell if normalize else -u / width / width * bell
    rise = -(u @ slope)
    if normalize and rise == 0:
        raise ArgumentError(
            f"derivative_of_gaussian got size={described(size)} and sigma={described(sigma)}; along axis {axis} the "
            "samples have no slope. Use a larger size, and a sigma that is not far below 1"
        )
    factors = [g for _, _, g in bells]
    factors[axis] = slope / rise if normalize else slope
    return Kernel.separable(factors, "convolution", "derivative_of_gaussian", "N17")


def _bells(size: Any, sigma: Any, normalize: bool, name: str) -> list[tuple[Array, float, Array]]:
    """Along each axis: the places from the middle, the width and the samples."""
    sizes = _sizes(size)
    given = as_numbers(sigma, name, "sigma").reshape(-1)
    if len(given) not in (1, len(sizes)) or not np.all((given >= _NARROWEST) & np.isfinite(given)):
        raise ArgumentError(
            f"{name} got sigma={described(sigma)} for the sizes {sizes}; it is a positive number, {_NARROWEST} at "
            "least, or one for each axis"
        )
    bells = []
    for k, width in zip(sizes, map(float, np.broadcast_to(given, len(sizes))), strict=True):
        u = np.arange(k) - (k - 1) / 2
        exponent = -((u / width) ** 2) / 2
        if normalize:
            bell = np.exp(exponent - exponent.max())
            bell /= bell.sum()
        else:
            bell = np.exp(exponent) / (math.sqrt(2 * math.pi) * width)
        bells.append((u, width, bell))
    return bells


@guarded
def sharpen(amount: float = 1.0, blur: Kernel | None = None) -> Kernel:
    """identity + amount·(identity − blur): what a blur takes away is added once more, so its sum stays 1 (N6).

    `blur` is a kernel of sum 1 with a middle (default: the 3×3 box). The result is meant for the operator that the
    blur is meant for; as the box, to be convolved.
    Raises `ShapeError` for a blur of even size, `ArgumentError` for an infinite amount,
    `DTypeError` for what is no kernel.

    >>> from minigrad.signal.kernels import binomial, sharpen
    >>> sharpen(blur=binomial(3)).weight * 16
    tensor([[-1., -2., -1.],
            [-2., 28., -2.],
            [-1., -2., -1.]])
    """
    blur = box(3) if blur is None else blur
    if any(k % 2 == 0 for k in blur.shape):
        raise ShapeError(f"sharpen got a blur of sizes {blur.shape}; it needs a middle, so give odd sizes")
    amount = as_number(amount, "sharpen", "amount")
    if not math.isfinite(amount):
        raise ArgumentError(f"sharpen got amount={amount}; it is how often the detail is added, a finite number")
    entries = (1 + amount) * identity(blur.shape).entries - amount * blur.entries
    return Kernel(entries, blur.operator, "sharpen", "N6")


def laplacian() -> Kernel:
    """[0 1 0; 1 −4 1; 0 1 0], to be correlated: the sum of the second differences, 0 on constants and slopes.

    >>> import minigrad as mg
    >>> mg.signal.kernels.laplacian().apply(mg.arange(5.) ** 2 * mg.ones(3, 1), mode="valid")
    tensor([[2., 2., 2.]])
    """
    return Kernel([[0, 1, 0], [1, -4, 1], [0, 1, 0]], "correlation", "laplacian", "")
