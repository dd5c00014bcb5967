"""What the optimisers share that count a parameter's steps and keep averages of its gradients."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..dtypes import get_default_dtype
from ..errors import StateDictError
from ..operands import as_number
from ..silence import silent
from ..tensor import Array, Tensor
from .optimizer import Optimizer

__all__ = ["Adaptive", "add_squares", "decayed", "draw_near"]


class Adaptive(Optimizer):
    """Base class of optimisers with a count of steps, and arrays kept, for each parameter."""

    def _kept(self, param: Tensor, *names: str, start: float = 0.0) -> tuple[Any, ...]:
        """The number of the step that begins, and the arrays kept under names; new ones are full of `start`.

        Raises `StateDictError`, counting nothing, where the state has something else there.
        """
        step, *arrays = self._opened(param, *names, start=start)
        step += 1
        return float(step), *arrays

    def _opened(self, param: Tensor, *names: str, start: float) -> list[Array]:
        """What is kept for a parameter, the count of steps first."""
        opened = [self._number(param, "step", 0.0)]
        for name in names:
            array, new = self._buffer(param, name)
            if new:
                with silent():
                    array.fill(start)
            opened.append(array)
        return opened

    def _number(self, param: Tensor, name: str, start: float) -> Array:
        """A number kept for a parameter, as an array of rank 0 to be changed in place; a new one is `start`.

        In float32, as in PyTorch, or in float64 where that is the default.
        """
        state = self.state.setdefault(param, {})
        kept = state.get(name, start)
        if isinstance(kept, Tensor) and kept._array.shape == () and kept._array.dtype in (np.float32, np.float64):
            return kept._array
        if isinstance(kept, Tensor) and kept._array.size != 1:
            raise StateDictError(
                f"{type(self).__name__}: {name} of a parameter of shape {param.shape} is of shape {kept.shape}; it is "
                "one number. Was the state saved by another optimiser?"
            )
        number = kept._array.item() if isinstance(kept, Tensor) else as_number(kept, type(self).__name__, name)
        wide = get_default_dtype() == np.float64
        state[name] = Tensor._wrap(np.array(number, np.float64 if wide else np.float32))
        return state[name]._array  # type: ignore[no-any-return]


def decayed(p: Array, g: Array, group: Mapping[str, Any], rate: float, decay: float) -> Array:
    """The gradient to go against, g itself or a new array: turned round to maximise, and with the weight decay.

    Where that is decoupled, it moves p itself.
    """
    if group["maximize"]:
        g = np.negative(g, out=np.empty_like(p))
    if decay and group.get("decoupled_weight_decay"):
        g = g.copy() if np.may_share_memory(p, g) else g
        np.multiply(p, 1 - rate * decay, out=p)
    elif decay:
        room = np.multiply(p, decay, out=np.empty_like(p))
        g = np.add(g, room, out=room)
    return g


def draw_near(average: Array, value: Array, share: float, room: Array) -> None:
    """An average goes a share of the way to a value: a ← a + share·(value − a)."""
    np.subtract(value, average, out=room)
    np.multiply(room, share, out=room)
    np.add(average, room, out=average)


def add_squares(average: Array, value: Array, keep: float, room: Array) -> None:
    """An average of squares keeps a part and takes the rest from a value: a ← keep·a + (1 − keep)·value²."""
    np.multiply(average, keep, out=average)
    np.multiply(value, value, out=room)
    np.multiply(room, 1 - keep, out=room)
    np.add(average, room, out=average)
