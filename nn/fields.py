"""Receptive fields: how much of the input one number of a feature map can see (N61).

Along a chain of windows the field r, and the distance j between the fields of
neighbours, both in positions of the input, follow

    r ← r + d·(k − 1)·j,    j ← j·s

per axis. `Fields` keeps them for every tensor of one run: operations that work
position by position, or join maps, take the largest of their operands.
"""

import weakref
from collections.abc import Sequence
from fractions import Fraction
from typing import Any, NamedTuple

import minigrad as mg

__all__ = ["Field", "Fields"]

# Primitives whose outputs at a position depend on their inputs at the same position: by the file they stand in.
_POINTWISE = {
    "activation", "arithmetic", "comparison", "elementary", "exponential", "rectifiers", "signs", "special",
    "trigonometric",
}  # fmt: skip
# Layers whose positions see what they saw before, by the ends of their names.
_IN_PLACE = ("Pad1d", "Pad2d", "Pad3d", "ChannelShuffle")
# How many neighbours along an axis each way of resizing reads.
_TAPS = {"nearest": 1, "nearest-exact": 1, "linear": 2, "bilinear": 2, "trilinear": 2, "bicubic": 4}


class Field(NamedTuple):
    """The receptive field of one position, per axis: its size, and the step to the next position's.

    `whole` is set where every number depends on the whole input, `flat` where the
    positions have been flattened away but each number still sees its own field.
    """

    size: tuple[Fraction, ...]
    step: tuple[Fraction, ...]
    whole: bool = False
    flat: bool = False

    def __str__(self) -> str:
        if self.whole:
            return "all"
        return "×".join(str(int(size)) for size in self.size) if self.size else "–"


def _largest(fields: Sequence[Field]) -> Field:
    """The field of what several values flow into."""
    return Field(
        tuple(map(max, zip(*(field.size for field in fields), strict=True))),
        tuple(map(max, zip(*(field.step for field in fields), strict=True))),
        any(field.whole for field in fields),
        any(field.flat for field in fields),
    )


def _adaptive(field: Field, inputs: Sequence[int], outputs: Sequence[int]) -> Field | None:
    """The field behind pooling to a given size: known where all windows are of one size."""
    if any(not o or n % o for n, o in zip(inputs, outputs, strict=True)):
        return None
    windows = [n // o for n, o in zip(inputs, outputs, strict=True)]
    behind = _window(field, [k - 1 for k in windows], [Fraction(k) for k in windows])
    return behind._replace(whole=set(outputs) == {1})


class Fields:
    """The receptive field of every tensor of a run, as far as it is known."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[weakref.ref[Any], Field | None, int]] = {}

    def start(self, tensor: mg.Tensor) -> None:
        """An input: every position sees itself."""
        axes = max(tensor.ndim - 2, 0)
        self.put(tensor, Field((Fraction(1),) * axes, (Fraction(1),) * axes))

    def put(self, tensor: mg.Tensor, field: Field | None) -> None:
        """Note the field of a tensor; None where it is not known."""
        self._known[id(tensor)] = (weakref.ref(tensor), field, tensor.ndim)

    def depends(self, tensor: Any) -> bool:
        """Whether the tensor comes from the inputs."""
        entry = self._known.get(id(tensor))
        return entry is not None and entry[0]() is tensor

    def of(self, tensor: Any) -> Field | None:
        """The field of a tensor, if it is known."""
        return self._known[id(tensor)][1] if self.depends(tensor) else None

    def applied(self, primitive: Any, inputs: Sequence[mg.Tensor], outputs: Sequence[mg.Tensor]) -> None:
        """Note the fields behind one application of a primitive."""
        sources = [tensor for tensor in inputs if self.depends(tensor)]
        if not sources:
            return
        fields = [field for tensor in sources if (field := self.of(tensor)) is not None]
        for output in outputs:
            known = len(fields) == len(sources) and len({len(field.size) for field in fields}) == 1
            self.put(output, self._through(primitive, _largest(fields), sources, output) if known else None)

    def _through(self, primitive: Any, field: Field, sources: Sequence[mg.Tensor], output: mg.Tensor) -> Field | None:
        """The field behind a primitive that no layer accounts for."""
        axes = len(field.size)
        whole = field._replace(whole=True)
        name, topic = primitive.name, primitive.forward.__module__.rpartition(".")[2]
        largest = max(sources, key=mg.Tensor.numel)
        if field.whole or (name in ("matmul", "project", "linear") and (field.flat or not axes)):
            return whole
        spatial = largest.shape[largest.ndim - axes :]
        kept = field.flat or output.shape[max(output.ndim - axes, 0) :] == spatial
        if topic in _POINTWISE or name in ("clone", "contiguous", "detach", "identity", "cast", "expand"):
            aligned = all(one.shape[one.ndim - axes :] == output.shape[output.ndim - axes :] for one in sources)
            return field if field.flat or aligned else None
        if name in ("cat", "split", "pad_constant") and not field.flat:
            return field  # along the channels; along space, each position still sees its own field at most
        if name == "reshape" and kept:
            return field
        if name == "reshape" and output.ndim == largest.ndim - axes:
            return field._replace(flat=True)
        if topic == "adaptive" and not field.flat and output.ndim == largest.ndim:
            return _adaptive(field, spatial, output.shape[output.ndim - axes :])
        if topic in ("reduction", "softmax") and name in ("sum", "mean", "amax", "amin", "logsumexp"):
            remaining = 1
            for size in output.shape[2:]:
                remaining *= size
            return whole if remaining == 1 else None
        return None

    def behind(self, module: Any, input: mg.Tensor, output: mg.Tensor) -> None:
        """Note the field behind a layer that slides a window, resizes or pads: by its attributes."""
        ours = {kind.__module__ for kind in type(module).__mro__ if kind.__module__.startswith("nn.")} - {"nn.module"}
        if module._modules or not ours:
            return  # what attributes of those names mean in another's module is not known
        field = self.of(input)
        if field is None or field.whole or field.flat or not field.size or output.ndim != input.ndim:
            return
        axes, kind = len(field.size), type(module).__name__
        inputs, outputs = input.shape[-axes:], output.shape[-axes:]
        if kind.startswith("Adaptive"):
            self.put(output, _adaptive(field, inputs, outputs))
        elif kind.endswith(_IN_PLACE):
            self.put(output, field)
        elif hasattr(module, "upscale_factor"):
            self.put(output, _window(field, (0,) * axes, [Fraction(1, module.upscale_factor)] * axes))
        elif hasattr(module, "downscale_factor"):
            factor = module.downscale_factor
            self.put(output, _window(field, (factor - 1,) * axes, [Fraction(factor)] * axes))
        elif getattr(module, "mode", None) in _TAPS:
            ratios = [Fraction(n, max(o, 1)) for n, o in zip(inputs, outputs, strict=True)]
            self.put(output, _window(field, [_TAPS[module.mode] - 1] * axes, ratios))
        elif hasattr(module, "kernel_size") and hasattr(module, "stride") and "Unpool" not in kind:
            kernel, stride = _each(module.kernel_size, axes), _each(module.stride, axes)
            dilation = _each(getattr(module, "dilation", 1), axes)
            if not len(kernel) == len(stride) == len(dilation) == axes:
                self.put(output, None)  # an input whose batch or channel axis was taken for one of space
                return
            reach = [d * (k - 1) for k, d in zip(kernel, dilation, strict=True)]
            steps = [Fraction(s) for s in stride]
            if getattr(module, "transposed", False):
                reach, steps = [n // s for n, s in zip(reach, stride, strict=True)], [1 / s for s in steps]
            self.put(output, _window(field, reach, steps))


def _window(field: Field, reach: Sequence[int], strides: Sequence[Fraction]) -> Field:
    """The recurrence: `reach` steps further per axis, then `strides` times the step."""
    sizes = tuple(r + n * j for r, n, j in zip(field.size, reach, field.step, strict=True))
    return Field(sizes, tuple(j * s for j, s in zip(field.step, strides, strict=True)))


def _each(value: Any, axes: int) -> tuple[int, ...]:
    """One number per axis."""
    return tuple(value) if isinstance(value, tuple | list) else (value,) * axes
