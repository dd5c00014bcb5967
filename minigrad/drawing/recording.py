"""Recordings: what a block of a program computes, kept for a drawing."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ..errors import GradError
from ..observing import observe
from ..tensor import Tensor
from .memory import Memory
from .picture import MAX_NODES, Drawing, drawn

__all__ = ["Recording", "record"]


class Recording(Memory):
    """What `record` yields: an observer that keeps values, gradients and the layers around them, for a drawing.

    It holds every value that it saw as long as it lives. `draw` makes pictures of it.
    """

    def draw(
        self,
        tensors: Any = None,
        /,
        *,
        params: Any = None,
        values: bool = False,
        grads: bool = False,
        shapes: bool = True,
        max_nodes: int = MAX_NODES,
        direction: str = "TB",
        depth: int | None = None,
        **names: Tensor,
    ) -> Drawing:
        """Draw what was recorded: up to `tensors`, or to everything that was computed and not used again.

        The options are those of `minigrad.draw`. With `depth`, modules that many levels below the model are
        one box each, and with 0 the model is. Raises `GradError` where nothing was recorded; otherwise as `draw`.

        >>> import minigrad as mg, nn
        >>> with mg.drawing.record() as tape: _ = nn.Linear(2, 1)(mg.ones(3, 2))
        >>> print(tape.draw(depth=0))
            data    data                  3×2
        #1  Linear  module, 3 parameters  3×1  ← data
            output  output                3×1  ← #1
        """
        found = self.ends() if tensors is None else tensors
        if tensors is None and not found:
            raise GradError(
                "nothing was recorded: in the block no operation was applied to a tensor that requires gradients. Run "
                "the model inside it, without no_grad, and let its parameters require gradients"
            )
        options = {"params": params, "values": values, "grads": grads, "shapes": shapes, "max_nodes": max_nodes,
                   "direction": direction, "depth": depth, **names}  # fmt: skip
        return drawn(found, self, options, sys._getframe(1).f_locals)


@contextmanager
def record(model: Any = None) -> Iterator[Recording]:
    """Keep what a block computes, the values, the gradients of its backward passes and the layers, for a drawing.

    With `model` the parameters and paths are named as that model names them, also where only
    parts of it are called; without, as the outermost module that runs does. Raises `DTypeError` for what is no module.

    >>> import minigrad as mg, nn
    >>> model, x = nn.Sequential(nn.Linear(2, 1), nn.ReLU()), mg.ones(3, 2)
    >>> with mg.drawing.record(model) as tape: model(x).sum().backward()
    >>> tape.draw(values=True, grads=True)
    <Drawing: 7 boxes, 6 wires, 2 clusters>
    """
    with observe(recording := Recording(model)):
        yield recording
