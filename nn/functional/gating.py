"""Nonlinearities over an axis: the softmax family (N98) and gated linear units."""

from typing import Any

import minigrad as mg
from minigrad.callers import warn
from minigrad.errors import DTypeError, ImplicitDimWarning, ShapeError, UnusedArgumentWarning
from minigrad.registry import guarded


def _axis(input: mg.Tensor, dim: int | None, name: str) -> int:
    """The axis that was named; where none was, PyTorch's guess and a warning."""
    if dim is not None:
        return dim
    guess = 0 if input.ndim in (0, 1, 3) else 1
    warn(
        f"{name} got no dim and an input of shape {input.shape}: it takes dim={guess}, PyTorch's old guess, which is "
        f"0 for 0, 1 or 3 axes and 1 otherwise. Say along which axis the values sum to 1, for example dim={guess}",
        ImplicitDimWarning,
    )
    return guess


@guarded
def softmax(input: mg.Tensor, dim: int | None = None, dtype: Any = None) -> mg.Tensor:
    """eˣ divided by its sum along `dim`, without overflow (N98).

    (*) -> (*). Without a `dim` it is 0 for 0, 1 or 3 axes and 1 otherwise, and an `ImplicitDimWarning` says so.
    Raises `DTypeError` for integers, `IndexOutOfRangeError` for an axis there is not.

    >>> import minigrad as mg, nn.functional as F
    >>> F.softmax(mg.tensor([0., 0.]), dim=0)
    tensor([0.5000, 0.5000])
    """
    input = mg.as_operand(input, "softmax")
    return mg.softmax(input, _axis(input, dim, "softmax"), dtype)


@guarded
def log_softmax(input: mg.Tensor, dim: int | None = None, dtype: Any = None) -> mg.Tensor:
    """The logarithm of softmax along `dim`, in the form that loses no digits (N98).

    (*) -> (*). Without a `dim` as `softmax`. Raises as `softmax`.

    >>> import minigrad as mg, nn.functional as F
    >>> F.log_softmax(mg.tensor([0., 0.]), dim=0)
    tensor([-0.6931, -0.6931])
    """
    input = mg.as_operand(input, "log_softmax")
    return mg.log_softmax(input, _axis(input, dim, "log_softmax"), dtype)


@guarded
def softmin(input: mg.Tensor, dim: int | None = None, dtype: Any = None) -> mg.Tensor:
    """The softmax of −x: the smallest has the largest share.

    (*) -> (*). Without a `dim` as `softmax`. Raises as `softmax`.

    >>> import minigrad as mg, nn.functional as F
    >>> F.softmin(mg.tensor([0., 1.]), dim=0)
    tensor([0.7311, 0.2689])
    """
    input = mg.as_operand(input, "softmin")
    return mg.softmax(-input, _axis(input, dim, "softmin"), dtype)


@guarded
def gumbel_softmax(
    logits: mg.Tensor, tau: float = 1, hard: bool = False, eps: float = 1e-10, dim: int = -1, generator: Any = None
) -> mg.Tensor:
    """A draw from the classes along `dim` that has a gradient: softmax((x + n)/τ), n Gumbel noise (Jang et al., 2016).

    (*) -> (*). With `hard` the result is 1 at the largest and 0 elsewhere, and the gradient is that of the soft
    draw. `eps` has no effect, as in PyTorch. Raises `DTypeError` for integers, `IndexOutOfRangeError` for an axis
    there is not.

    >>> import minigrad as mg, nn.functional as F
    >>> F.gumbel_softmax(mg.tensor([0., 1000.]), hard=True)
    tensor([0., 1.])
    """
    logits = mg.as_operand(logits, "gumbel_softmax")
    if mg.as_number(eps, "gumbel_softmax", "eps") != 1e-10:
        warn(f"gumbel_softmax got eps={eps}, which has no effect; leave it out", UnusedArgumentWarning)
    if logits.dtype.kind != "f":
        raise DTypeError(f"gumbel_softmax got {logits.dtype}; convert first, for example t.float()")
    # Neither logarithm meets 0: a draw in float64 never reaches 1.
    uniform = mg.clamp(mg.rand(logits.shape, generator=generator, dtype=mg.float64), min=1e-300)
    noise = -mg.log(-mg.log(uniform))
    soft = mg.softmax((logits + noise.to(logits.dtype)) / tau, dim)
    if not mg.as_flag(hard, "gumbel_softmax", "hard"):
        return soft
    winners = soft.detach().argmax(dim, keepdim=True)
    places = mg.arange(soft.shape[dim] if soft.ndim else 1)
    if soft.ndim:
        places = places.reshape(-1, *(1,) * (soft.ndim - 1)).movedim(0, dim)
    chosen = (places == winners).reshape(soft.shape).to(soft.dtype)
    return chosen - soft.detach() + soft


@guarded
def glu(input: mg.Tensor, dim: int = -1) -> mg.Tensor:
    """a·s(b), a and b the halves of x along `dim`, s the sigmoid (Dauphin et al., 2016).

    (*a, 2n, *c) -> (*a, n, *c). Raises `ShapeError` for an odd number, `IndexOutOfRangeError` for an axis there is
    not.

    >>> import minigrad as mg, nn.functional as F
    >>> F.glu(mg.tensor([3., 0.]))
    tensor([1.5000])
    """
    input = mg.as_operand(input, "glu")
    if input.dtype.kind != "f":
        raise DTypeError(f"glu got {input.dtype}; its values are fractions. Convert first, for example t.float()")
    if input.ndim == 0:
        raise ShapeError("glu got a 0-d tensor, which has no axis to halve")
    size = input.size(mg.as_integer(dim, "glu", "dim"))
    if size % 2:
        raise ShapeError(
            f"glu halves dim={dim} of shape {input.shape}, which has {size} elements; it must be even. Make the layer "
            "before it twice as wide as the output shall be"
        )
    value, gate = mg.chunk(input, 2, dim)
    return value * mg.sigmoid(gate)
