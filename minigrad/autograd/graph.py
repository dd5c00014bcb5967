"""Hooks on several gradients at once, and the version counter; PyTorch's `torch.autograd.graph`."""

import weakref
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from ..errors import ArgumentError, DTypeError, GradError
from ..hooks import RemovableHandle
from ..observing import PLAN, Plan
from ..tape import Node
from ..tensor import Tensor, edge_of

__all__ = ["Node", "increment_version", "register_multi_grad_hook"]


class _Several:
    """What has arrived of several gradients in the walk that is under way."""

    def __init__(self, tensors: Sequence[Tensor], fn: Callable[..., Any], every: bool) -> None:
        self.edges = [edge_of(tensor) for tensor in tensors]
        self.fn = fn
        self.every = every
        self.walk: weakref.ref[Plan] | None = None
        self.awaited = 0
        self.gradients: list[Tensor | None] = []

    def arrived(self, place: int, gradient: Tensor) -> None:
        """A hook on one of the tensors: the last that the walk will come to, or the first, calls the function."""
        plan = PLAN.get()
        assert plan is not None
        if self.walk is None or self.walk() is not plan:
            coming = set(plan.nodes)
            self.walk = weakref.ref(plan)
            self.awaited = sum(edge.node in coming for edge in self.edges) if self.every else 1
            self.gradients = [None] * len(self.edges)
        self.gradients[place] = gradient
        self.awaited -= 1
        if self.awaited == 0:
            gradients, self.gradients = self.gradients, [None] * len(self.edges)
            self.fn(gradients if self.every else gradient)


class _Handles(RemovableHandle):
    """Takes several hooks away at once."""

    def __init__(self, handles: Sequence[RemovableHandle]) -> None:
        self._handles = handles

    def remove(self) -> None:
        """Take all of them away."""
        for handle in self._handles:
            handle.remove()


def register_multi_grad_hook(
    tensors: Sequence[Tensor], fn: Callable[..., Any], *, mode: str = "all"
) -> RemovableHandle:
    """Call `fn` once in each backward pass for several tensors: when all their gradients are known, or the first.

    With mode 'all' it is given a list, None for tensors that the pass does not come to; with
    'any' the first gradient. What it returns is ignored.

    Raises `GradError` for a tensor that does not require gradients, `ArgumentError` for another mode.

    >>> import minigrad as mg
    >>> x, y = mg.ones(1, requires_grad=True), mg.ones(1, requires_grad=True)
    >>> handle = mg.autograd.graph.register_multi_grad_hook([x, y], print)
    >>> (2 * x + 3 * y).backward()
    [tensor([2.]), tensor([3.])]
    """
    if mode not in ("all", "any"):
        raise ArgumentError(f"register_multi_grad_hook got mode={mode!r}; it is 'all' or 'any'")
    if not callable(fn):
        raise DTypeError(f"register_multi_grad_hook got a {type(fn).__name__}; a hook is a function")
    for number, tensor in enumerate(tensors):
        if not isinstance(tensor, Tensor) or not tensor.requires_grad:
            what = f"a tensor of shape {tensor.shape}" if isinstance(tensor, Tensor) else f"a {type(tensor).__name__}"
            raise GradError(
                f"register_multi_grad_hook: number {number} is {what} that does not require gradients; none will ever "
                "reach it"
            )
    several = _Several(tensors, fn, mode == "all")

    def at(place: int) -> Callable[[Tensor], None]:
        return lambda gradient: several.arrived(place, gradient)

    return _Handles([tensor.register_hook(at(place)) for place, tensor in enumerate(tensors)])


def increment_version(tensor: Tensor | Iterable[Tensor]) -> None:
    """Say that the memory of a tensor, or of several, was changed where minigrad cannot see it.

    A backward pass that needs the old values is refused then. Raises `DTypeError` for what is no tensor.

    >>> import minigrad as mg
    >>> x = mg.ones(2, requires_grad=True); c = mg.ones(2); y = (x * c).sum()
    >>> mg.autograd.graph.increment_version(c); y.backward()
    Traceback (most recent call last):
    minigrad.errors.GradError: the VJP of mul needs its argument 'b' (shape (2,)), which was changed in place ...
    """
    several = isinstance(tensor, Iterable) and not hasattr(tensor, "dtype")
    for one in tensor if several else [tensor]:
        if not isinstance(one, Tensor):
            raise DTypeError(f"increment_version got a {type(one).__name__}; it takes tensors")
        one._storage.count += 1
