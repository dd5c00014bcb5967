"""Convolution: one trilinear form, its three partial derivatives, and the names people know.

Over one `Geometry`,

    T(x, w, y) = ⟨y, correlate(x, w)⟩,

linear in the input x (N, C, *n), the weight w (O, C/G, *k) and the output
y (N, O, *o). Each of its partial derivatives fills one of the slots:

    correlate(x, w)         fills y: the layer, Y = K ⋆ X                        (N46–N50)
    correlate_input(w, y)   fills x: ∂E/∂X = Kᵀ *_full ∂E/∂Y, full convolution    (N114, N117, N124)
    correlate_weight(x, y)  fills w: ∂E/∂K = X ⋆ ∂E/∂Y                           (N113, N116, N123)

and one rule is the VJP of all three: put the cotangent into the slot that the
map produced, then take the partial of the slot you differentiate. No VJP reads
its map's own output, and every order of derivative stays among the three.
"""

from collections.abc import Sequence
from typing import Any

from ..channels import check_correlation, check_transposed, check_weight_map
from ..errors import ShapeError
from ..geometry import Geometry, Padding, per_axis, remembered
from ..kernels import correlate as kernels
from ..mode import MODE
from ..operands import as_operand
from ..primitive import Primitive, primitive
from ..registry import function
from ..tape import Node
from ..tensor import Array, Tensor
from .linear import refuse_mixed_dtypes
from .reduction import sum_primitive
from .shape import squeeze, unsqueeze

# ---------------------------------------------------------- the three maps


class Map(Primitive):
    """A map whose cotangent is laid in the kernels' memory order once, not by each of the two maps that read it."""

    def pull(self, node: Node, cotangents: Sequence[Tensor | None], wanted: tuple[bool, ...]) -> list[Tensor | None]:
        """The gradients of the wanted inputs of one recorded application."""
        given, mode = cotangents[0], MODE.get()
        if given is None or mode.recording or mode.observers or not (wanted[0] and wanted[1]):
            return super().pull(node, cotangents, wanted)
        laid, others = kernels.laid(given._array), (False, False, *wanted[2:])
        if laid is given._array or not any(others):
            return super().pull(node, [Tensor._wrap(laid)], wanted)
        gradients = super().pull(node, [Tensor._wrap(laid)], (True, True, False))
        return gradients[:2] + super().pull(node, cotangents, others)[2:]


@primitive(
    "Y_o = Σ_c X_c ⋆ K_oc",
    vjp="X̄ = correlate_input(K, G), K̄ = correlate_weight(X, G)",
    notes=("N15", "N46", "N50", "N113", "N114", "N133"),
    linear=True,
    kind=Map,
)
def correlate_primitive(x: Array, w: Array, *, geometry: Geometry) -> Array:
    """(N, C, *n), (O, C/G, *k) -> (N, O, *o)"""
    return kernels.correlate(x, w, geometry)


@primitive(
    "X_c = Σ_o Y_o *_full K_oc",
    vjp="K̄ = correlate_weight(G, Y), Ȳ = correlate(G, K)",
    notes=("N114", "N117", "N124", "N132", "N135", "N138"),
    linear=True,
    kind=Map,
)
def correlate_input_primitive(w: Array, y: Array, *, geometry: Geometry) -> Array:
    """(O, C/G, *k), (N, O, *o) -> (N, C, *n)"""
    return kernels.correlate_input(w, y, geometry)


@primitive(
    "K_oc = X_c ⋆ Y_o",
    vjp="X̄ = correlate_input(G, Y), Ȳ = correlate(X, G)",
    notes=("N113", "N116", "N123", "X16", "X36"),
    linear=True,
    kind=Map,
)
def correlate_weight_primitive(x: Array, y: Array, *, geometry: Geometry) -> Array:
    """(N, C, *n), (N, O, *o) -> (O, C/G, *k)"""
    return kernels.correlate_weight(x, y, geometry)


correlate_primitive.defvjp(
    x=lambda g, w, geometry: correlate_input_primitive(w, g, geometry=geometry),
    w=lambda g, x, geometry: correlate_weight_primitive(x, g, geometry=geometry),
)
correlate_input_primitive.defvjp(
    w=lambda g, y, geometry: correlate_weight_primitive(g, y, geometry=geometry),
    y=lambda g, w, geometry: correlate_primitive(g, w, geometry=geometry),
)
correlate_weight_primitive.defvjp(
    x=lambda g, y, geometry: correlate_input_primitive(g, y, geometry=geometry),
    y=lambda g, x, geometry: correlate_primitive(x, g, geometry=geometry),
)

# With a number added to each channel, as layers have it, while the maps are still in the cache.


@primitive(
    "Y_o = Σ_c X_c ⋆ K_oc + b_o",
    vjp="X̄ = correlate_input(K, G), K̄ = correlate_weight(X, G), b̄_o = Σ G_o",
    notes=("N46", "N47", "N48", "N113", "N114", "N121"),
    kind=Map,
)
def correlate_bias_primitive(x: Array, w: Array, b: Array, *, geometry: Geometry) -> Array:
    """(N, C, *n), (O, C/G, *k), (O) -> (N, O, *o)"""
    return kernels.correlate(x, w, geometry, b)


@primitive(
    "X_c = Σ_o Y_o *_full K_oc + b_c",
    vjp="K̄ = correlate_weight(G, Y), Ȳ = correlate(G, K), b̄_c = Σ G_c",
    notes=("N121", "N135", "N138"),
    kind=Map,
)
def correlate_input_bias_primitive(w: Array, y: Array, b: Array, *, geometry: Geometry) -> Array:
    """(O, C/G, *k), (N, O, *o), (C) -> (N, C, *n)"""
    return kernels.correlate_input(w, y, geometry, b)


correlate_bias_primitive.defvjp(
    x=lambda g, w, geometry: correlate_input_primitive(w, g, geometry=geometry),
    w=lambda g, x, geometry: correlate_weight_primitive(x, g, geometry=geometry),
    b=lambda g: sum_primitive(g, axes=(0, *range(2, g.ndim)), keepdims=False),
)
correlate_input_bias_primitive.defvjp(
    w=lambda g, y, geometry: correlate_weight_primitive(g, y, geometry=geometry),
    y=lambda g, w, geometry: correlate_primitive(g, w, geometry=geometry),
    b=lambda g: sum_primitive(g, axes=(0, *range(2, g.ndim)), keepdims=False),
)


# ---------------------------------------- the maps with sizes as arguments


@function
def correlate(
    x: Tensor, w: Tensor, *, stride: Any = 1, padding: Padding = 0, dilation: Any = 1, groups: int = 1
) -> Tensor:
    """Cross-correlation over any number of spatial axes; the kernel is not reversed.

    (N, C, *n), (O, C/G, *k) -> (N, O, *o) with o = ⌊(n + p₀ + p₁ − d(k − 1) − 1)/s⌋ + 1 (N44, N46–N50)

    `padding` is an integer, one per axis, a pair (before, after) per axis,
    'valid', 'same' (o = ⌈n/s⌉) or 'full'. Raises `ShapeError`, `ArgumentError`
    or `DTypeError` for operands that do not fit.

    >>> import minigrad as mg
    >>> mg.correlate(mg.ones(1, 1, 5), mg.ones(1, 1, 3), stride=2)
    tensor([[[3., 3.]]])
    """
    x, w = as_operand(x, "correlate"), as_operand(w, "correlate")
    refuse_mixed_dtypes("correlate", x=x, w=w)
    check_correlation(x.shape, w.shape, groups, None, "correlate")
    geometry = Geometry.window(x.shape[2:], w.shape[2:], stride, padding, dilation, groups)
    return correlate_primitive(x, w, geometry=geometry)


@function
def correlate_input(
    w: Tensor,
    y: Tensor,
    input_size: Any = None,
    *,
    stride: Any = 1,
    padding: Padding = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> Tensor:
    """The input slot of the trilinear form: the gradient of a correlation's input, and the transposed convolution.

    (O, C/G, *k), (N, O, *o) -> (N, C, *n): X_c = Σ_o Y_o *_full K_oc (N114, N117, N124, N138)

    `input_size`, the spatial sizes n, chooses among the inputs that give these
    outputs (default: the smallest). Raises `ShapeError` where they do not,
    `ArgumentError` for groups that do not divide the channels, `DTypeError` for
    mixed dtypes.

    >>> import minigrad as mg
    >>> mg.correlate_input(mg.tensor([[[1., 2.]]]), mg.tensor([[[1., 1.]]]))
    tensor([[[1., 3., 2.]]])
    """
    w, y = as_operand(w, "correlate_input"), as_operand(y, "correlate_input")
    refuse_mixed_dtypes("correlate_input", w=w, y=y)
    check_transposed(y.shape, w.shape, groups, None, "correlate_input")
    if input_size is None:
        geometry = Geometry.transposed(y.shape[2:], w.shape[2:], stride, padding, 0, dilation, groups)
    else:
        sizes = per_axis(input_size, y.ndim - 2, "input_size")
        geometry = Geometry.window(sizes, w.shape[2:], stride, padding, dilation, groups)
        _check_outputs(geometry, y, "correlate_input")
    return correlate_input_primitive(w, y, geometry=geometry)


@function
def correlate_weight(
    x: Tensor,
    y: Tensor,
    kernel_size: Any,
    *,
    stride: Any = 1,
    padding: Padding = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> Tensor:
    """The weight slot of the trilinear form: the gradient of a correlation's kernel.

    (N, C, *n), (N, O, *o) -> (O, C/G, *k): K_oc = X_c ⋆ Y_o (N113, N116, N123)

    Raises `ShapeError` where the sizes do not belong together, `ArgumentError` for
    groups that do not divide the channels, `DTypeError` for mixed dtypes.

    >>> import minigrad as mg
    >>> mg.correlate_weight(mg.tensor([[[1., 2., 3.]]]), mg.tensor([[[1., 1.]]]), 2)
    tensor([[[3., 5.]]])
    """
    x, y = as_operand(x, "correlate_weight"), as_operand(y, "correlate_weight")
    refuse_mixed_dtypes("correlate_weight", x=x, y=y)
    axes = x.ndim - 2
    check_weight_map(x.shape, y.shape, groups)
    kernel = per_axis(kernel_size, axes, "kernel_size")
    geometry = Geometry.window(x.shape[2:], kernel, stride, padding, dilation, groups)
    _check_outputs(geometry, y, "correlate_weight")
    return correlate_weight_primitive(x, y, geometry=geometry)


def _check_outputs(geometry: Geometry, y: Tensor, name: str) -> None:
    if geometry.outputs != y.shape[2:]:
        raise ShapeError(
            f"{name}: inputs of sizes {geometry.inputs} give outputs of sizes {geometry.outputs} with kernel "
            f"{geometry.kernel}, stride {geometry.stride} and padding {geometry.padding}, but y has {y.shape[2:]}"
        )


# ------------------------------------------------------------ convolutions


def _check_bias(bias: tuple[int, ...] | None, channels: int, name: str) -> None:
    if bias is not None and bias != (channels,):
        raise ShapeError(f"{name} got a bias of shape {bias}; it needs one number per output channel: ({channels},)")


def _operands(axes: int, name: str, x: Any, w: Any, bias: Any) -> tuple[Tensor, Tensor, Tensor | None, bool]:
    """The operands as tensors of one dtype, x with a batch axis, and whether it was given one."""
    if not (isinstance(x, Tensor) and isinstance(w, Tensor) and (bias is None or isinstance(bias, Tensor))):
        x, w = as_operand(x, name), as_operand(w, name)
        bias = None if bias is None else as_operand(bias, name)
    b, dtype = bias, x._array.dtype
    if w._array.dtype != dtype or (b is not None and b._array.dtype != dtype):
        refuse_mixed_dtypes(name, input=x, weight=w, bias=b)
    if x._array.ndim == axes + 1:
        return unsqueeze(x, 0), w, b, True
    return x, w, b, False


@remembered
def _sliding(
    shapes: Any, stride: Any, padding: Any, dilation: Any, groups: Any, axes: int, name: str, single: int
) -> Geometry:
    x, w, b = shapes
    check_correlation(x, w, groups, axes, name, bool(single))
    _check_bias(b, w[0], name)
    return Geometry.window(x[2:], w[2:], stride, padding, dilation, groups)


@remembered
def _transposed(
    shapes: Any, stride: Any, padding: Any, extra: Any, dilation: Any, groups: Any, output_size: Any
) -> Geometry:
    return Geometry.transposed(shapes[0], shapes[1], stride, padding, extra, dilation, groups, output_size)


def _conv(axes: int, x: Any, w: Any, bias: Any, stride: Any, padding: Padding, dilation: Any, groups: int) -> Tensor:
    name = f"conv{axes}d"
    x, w, b, single = _operands(axes, name, x, w, bias)
    shapes = x._array.shape, w._array.shape, None if b is None else b._array.shape
    geometry = _sliding(shapes, stride, padding, dilation, groups, axes, name, int(single))
    call = correlate_primitive if b is None else correlate_bias_primitive
    y = call(x, w, *(() if b is None else (b,)), geometry=geometry)
    return squeeze(y, 0) if single else y


def _conv_transpose(
    axes: int,
    y: Any,
    w: Any,
    bias: Any,
    stride: Any,
    padding: Padding,
    output_padding: Any,
    groups: int,
    dilation: Any,
    output_size: Sequence[int] | None,
) -> Tensor:
    name = f"conv_transpose{axes}d"
    y, w, b, single = _operands(axes, name, y, w, bias)
    check_transposed(y.shape, w.shape, groups, axes, name, single)
    if output_size is not None and hasattr(output_size, "__len__") and len(output_size) == axes + (1 if single else 2):
        output_size = output_size[-axes:]  # a whole shape, with the channels and the batch that the input has
    geometry = _transposed((y.shape[2:], w.shape[2:]), stride, padding, output_padding, dilation, groups, output_size)
    _check_bias(None if b is None else b.shape, w.shape[1] * groups, name)
    call = correlate_input_primitive if b is None else correlate_input_bias_primitive
    x = call(w, y, *(() if b is None else (b,)), geometry=geometry)
    return squeeze(x, 0) if single else x


@function
def conv1d(
    input: Tensor, weight: Tensor, bias: Tensor | None = None, stride: Any = 1, padding: Padding = 0,
    dilation: Any = 1, groups: int = 1,
) -> Tensor:  # fmt: skip
    """Correlation of signals with a bank of kernels, plus a bias per output channel.

    (N, C, n) or (C, n), (O, C/G, k), (O) -> (N, O, o) or (O, o). See `conv2d`.

    >>> import minigrad as mg
    >>> mg.conv1d(mg.tensor([[1., 2., 4.]]), mg.tensor([[[1., -1.]]]))
    tensor([[-1., -2.]])
    """
    return _conv(1, input, weight, bias, stride, padding, dilation, groups)


@function
def conv2d(
    input: Tensor, weight: Tensor, bias: Tensor | None = None, stride: Any = 1, padding: Padding = 0,
    dilation: Any = 1, groups: int = 1,
) -> Tensor:  # fmt: skip
    """Correlation of images with a bank of kernels, plus a bias per output channel: the convolution layer.

    (N, C, H, W) or (C, H, W), (O, C/G, kh, kw), (O) -> (N, O, oh, ow) or (O, oh, ow)

    Y_o = Σ_c X_c ⋆ K_oc + b_o (N46–N48): the kernel is not reversed (N20).
    Beyond PyTorch, `padding` may be a pair (before, after) per axis, and 'same'
    works with strides: o = ⌈n/s⌉.

    Raises `ShapeError` where the channels or the ranks do not fit or the kernel
    is larger than the padded input, `ArgumentError` for strides below 1 or
    groups that do not divide the channels, `DTypeError` for mixed dtypes.

    >>> import minigrad as mg
    >>> mg.conv2d(mg.ones(1, 1, 3, 3), mg.ones(1, 1, 2, 2))
    tensor([[[[4., 4.],
              [4., 4.]]]])
    """
    return _conv(2, input, weight, bias, stride, padding, dilation, groups)


@function
def conv3d(
    input: Tensor, weight: Tensor, bias: Tensor | None = None, stride: Any = 1, padding: Padding = 0,
    dilation: Any = 1, groups: int = 1,
) -> Tensor:  # fmt: skip
    """Correlation of volumes with a bank of kernels, plus a bias per output channel.

    (N, C, D, H, W) or (C, D, H, W), (O, C/G, kd, kh, kw), (O) -> (N, O, …) or (O, …). See `conv2d`.

    >>> import minigrad as mg
    >>> mg.conv3d(mg.ones(1, 1, 2, 2, 2), mg.ones(1, 1, 2, 2, 2)).item()
    8.0
    """
    return _conv(3, input, weight, bias, stride, padding, dilation, groups)


@function
def conv_transpose1d(
    input: Tensor, weight: Tensor, bias: Tensor | None = None, stride: Any = 1, padding: Padding = 0,
    output_padding: Any = 0, groups: int = 1, dilation: Any = 1, output_size: Sequence[int] | None = None,
) -> Tensor:  # fmt: skip
    """The transpose of `conv1d` with the same weight: (N, C, n), (C, O/G, k), (O) -> (N, O, m). See `conv_transpose2d`.

    >>> import minigrad as mg
    >>> mg.conv_transpose1d(mg.tensor([[1., 1.]]), mg.tensor([[[1., 2.]]]), stride=2)
    tensor([[1., 2., 1., 2.]])
    """
    return _conv_transpose(1, input, weight, bias, stride, padding, output_padding, groups, dilation, output_size)


@function
def conv_transpose2d(
    input: Tensor, weight: Tensor, bias: Tensor | None = None, stride: Any = 1, padding: Padding = 0,
    output_padding: Any = 0, groups: int = 1, dilation: Any = 1, output_size: Sequence[int] | None = None,
) -> Tensor:  # fmt: skip
    """The transpose of `conv2d` with the same weight: every input value times the kernel is added to the output (N135).

    (N, C, h, w) or (C, h, w), (C, O/G, kh, kw), (O) -> (N, O, H, W) or (O, H, W)
    with H = (h − 1)·s − p₀ − p₁ + d(k − 1) + 1 + output_padding (N136)

    It is the map that carries gradients back through `conv2d` (N138), not its
    inverse (X29). Several input sizes of `conv2d` give one output size;
    `output_padding`, or `output_size`, says which of them is meant. With
    padding='same' the output is stride times the input.

    Raises `ShapeError` where the channels or the ranks do not fit, `ArgumentError`
    for an output size that the stride does not allow, `DTypeError` for mixed dtypes.

    >>> import minigrad as mg
    >>> x, k = mg.tensor([[[0., 1.], [2., 3.]]]), mg.tensor([[[[9., 8.], [7., 6.]]]])
    >>> mg.conv_transpose2d(x, k)
    tensor([[[ 0.,  9.,  8.],
             [18., 50., 30.],
             [14., 33., 18.]]])
    """
    return _conv_transpose(2, input, weight, bias, stride, padding, output_padding, groups, dilation, output_size)


@function
def conv_transpose3d(
    input: Tensor, weight: Tensor, bias: Tensor | None = None, stride: Any = 1, padding: Padding = 0,
    output_padding: Any = 0, groups: int = 1, dilation: Any = 1, output_size: Sequence[int] | None = None,
) -> Tensor:  # fmt: skip
    """The transpose of `conv3d` with the same weight: (N, C, …), (C, O/G, …), (O) -> (N, O, …). See `conv_transpose2d`.

    >>> import minigrad as mg
    >>> mg.conv_transpose3d(mg.ones(1, 1, 1, 1, 1), mg.ones(1, 2, 2, 2, 2)).shape
    (1, 2, 2, 2, 2)
    """
    return _conv_transpose(3, input, weight, bias, stride, padding, output_padding, groups, dilation, output_size)
