"""Layers that run side by side: their outputs are added or joined."""

from typing import Any

import minigrad as mg
from minigrad.errors import ArgumentError, DTypeError, ShapeError

from .container import _checked, _Numbered
from .module import Module

__all__ = ["Concat", "Residual"]


def _output_of(branch: Module | None, input: Any, name: str) -> mg.Tensor:
    """What a branch makes of the input; raises `DTypeError` for anything but one tensor."""
    if branch is None:
        raise DTypeError(f"{name} is None, which cannot be called; put a module there, nn.Identity() for none")
    output = branch(input)
    if not isinstance(output, mg.Tensor):
        raise DTypeError(f"{name} is {type(branch).__name__}, which gave a {type(output).__name__}; it needs a tensor")
    return output


class Residual(Module):
    """A skip connection: the output of a block plus its input, or plus a projection of it.

    (N, C, *n) -> (N, O, *o): y = block(x) + x, or block(x) + projection(x) (N139; He et al., 2015)

    The gradient of a sum goes to both summands, so x̄ = ḡ + blockᵀḡ: whatever the
    block does to a gradient, an unchanged copy goes past it. A block that gives
    zeros makes the identity. Where the block changes the shape, `projection`
    changes the input likewise, as a 1×1 convolution with the block's stride does.
    The skip that concatenates instead is `nn.Concat(nn.Identity(), block)`.

    Raises `ShapeError` where the two summands differ in shape, even if they would
    broadcast; `DTypeError` for what is no module.

    >>> import minigrad as mg, nn
    >>> nn.Residual(nn.Conv2d(4, 4, 3, padding=1))(mg.zeros(1, 4, 5, 5)).shape
    (1, 4, 5, 5)
    >>> nn.Residual(nn.Conv2d(4, 8, 3, 2, 1), nn.Conv2d(4, 8, 1, 2))(mg.zeros(1, 4, 6, 6)).shape
    (1, 8, 3, 3)
    """

    def __init__(self, block: Module, projection: Module | None = None) -> None:
        super().__init__()
        if block is None:
            raise DTypeError("Residual got None where a block belongs; give an nn.Module, nn.Identity() for none")
        self.block = _checked(block, "Residual")
        self.register_module("projection", None if projection is None else _checked(projection, "Residual"))

    def forward(self, input: mg.Tensor) -> mg.Tensor:
        """(N, C, *n) -> (N, O, *o)"""
        output = _output_of(self.block, input, "the block of Residual")
        skipped = input if self.projection is None else _output_of(self.projection, input, "its projection")
        if output.shape != skipped.shape:
            raise ShapeError(self._difference(output.shape, skipped.shape))
        return output + skipped

    def _difference(self, output: tuple[int, ...], skipped: tuple[int, ...]) -> str:
        """What stands against the sum, and what would help."""
        other = "its input" if self.projection is None else "the projection"
        arrived = f"the block gives shape {output} and {other} {skipped}; their sum needs equal shapes"
        if self.projection is not None:
            return f"{arrived}. Give the projection the block's stride and number of output channels"
        if len(output) != len(skipped) or len(output) < 2:
            return f"{arrived}. Pass a projection that makes that shape of the input"
        remedies = []
        before, after = skipped[1], output[1]
        ratios = {round(n / o) for n, o in zip(skipped[2:], output[2:], strict=True) if o}
        if before != after or max(ratios, default=1) > 1:
            if len(output) == 2:
                remedies.append(f"project the input, projection=nn.Linear({before}, {after})")
            else:
                stride = f", stride={max(ratios)}" if max(ratios, default=1) > 1 else ""
                kind = f"nn.Conv{min(len(output) - 2, 3)}d({before}, {after}, 1{stride})"
                remedies.append(f"project the input by a 1×1 convolution, projection={kind}")
        if output[2:] != skipped[2:] and max(ratios, default=1) <= 1:
            remedies.append("keep the sizes with padding (kernel_size − 1)/2 or padding='same' in the block")
        advice = " and ".join(remedies) or "keep the batch as it is"
        return f"{arrived}. {advice[0].upper()}{advice[1:]}"


class Concat(_Numbered):
    """Branches that all read the same input, their outputs joined along the channel axis.

    (N, C, *n) -> (N, O₁ + O₂ + …, *o): y = [branch₁(x), branch₂(x), …] (N140; Szegedy et al., 2014)

    The gradient is split where the outputs were joined, and the branches' gradients
    of the input add up. `nn.Concat(nn.Identity(), block)` is the skip connection that
    concatenates (N139): the block's maps beside its input. Branches are numbered
    from 0 on and can be indexed, appended and replaced as those of `nn.Sequential`.
    Maps without a batch axis are joined with `dim=0`.

    Raises `ShapeError` where the outputs differ in another axis than `dim`,
    `ArgumentError` without branches, `DTypeError` for what is no module.

    >>> import minigrad as mg, nn
    >>> nn.Concat(nn.Identity(), nn.Conv2d(4, 6, 3, padding=1))(mg.zeros(1, 4, 5, 5)).shape
    (1, 10, 5, 5)
    """

    def __init__(self, *branches: Module, dim: int = 1) -> None:
        super().__init__()
        if not hasattr(dim, "__index__"):
            raise DTypeError(f"Concat got dim={dim!r}; it is the number of an axis")
        self.dim = dim
        self.extend(branches)

    def __getitem__(self, index: Any) -> Any:
        found = super().__getitem__(index)
        if isinstance(index, slice):
            found.dim = self.dim
        return found

    def forward(self, input: mg.Tensor) -> mg.Tensor:
        """(N, C, *n) -> (N, O₁ + O₂ + …, *o)"""
        if not len(self):
            raise ArgumentError("Concat has no branches, so there is nothing to join; give some, Concat(first, second)")
        outputs = [_output_of(branch, input, f"branch {number} of Concat") for number, branch in enumerate(self)]
        self._check([output.shape for output in outputs])
        return mg.cat(outputs, self.dim)

    def _check(self, shapes: list[tuple[int, ...]]) -> None:
        """Raise `ShapeError` for the first branch that does not fit to the one before it."""
        first = shapes[0]
        if not -len(first) <= self.dim < len(first):
            raise ShapeError(
                f"Concat joins along axis {self.dim}, but its branches give shape {first}, whose axes are "
                f"{-len(first)} to {len(first) - 1}"
            )
        joined = self.dim % len(first)
        for number, shape in enumerate(shapes):
            rest = [size for axis, size in enumerate(shape) if axis != joined]
            if len(shape) != len(first) or rest != [size for axis, size in enumerate(first) if axis != joined]:
                remedy = "Give all branches the same stride, and padding (kernel_size − 1)/2 or padding='same'"
                if len(shape) == len(first) and shape[joined] == first[joined] and joined == 1 and len(first) == 3:
                    remedy += "; maps without a batch axis are joined with dim=0"
                raise ShapeError(
                    f"branch {number} of Concat gives shape {shape} and branch 0 {first}; all axes but {self.dim}, "
                    f"along which they are joined, must agree. {remedy}"
                )

    def extra_repr(self) -> str:
        """The axis, if it is not that of the channels."""
        return "" if self.dim == 1 else f"dim={self.dim}"
