"""`FunctionCtx`: what the forward of a `Function` hands to its backward."""

from collections.abc import Callable

from ..errors import DTypeError, GradError
from ..tape import Node
from ..tensor import Array, Saved, Tensor

__all__ = ["FunctionCtx"]


class FunctionCtx:
    """What a `Function`'s forward hands to its backward; attributes may be set at will.

    `needs_input_grad` says of each argument of the forward whether it wants a gradient.

    >>> import minigrad as mg
    >>> class Scale(mg.autograd.Function):
    ...     @staticmethod
    ...     def forward(ctx, x, factor):
    ...         ctx.factor = factor
    ...         return x * factor
    ...     @staticmethod
    ...     def backward(ctx, g):
    ...         return g * ctx.factor, None
    >>> x = mg.ones(2, requires_grad=True)
    >>> Scale.apply(x, 3).sum().backward(); x.grad
    tensor([3., 3.])
    """

    needs_input_grad: tuple[bool, ...] = ()

    def __init__(self) -> None:
        self._kept: tuple[Tensor | None, ...] = ()
        self._places: tuple[str | None, ...] = ()
        self._tensors: tuple[bool, ...] = ()  # which arguments of the forward are tensors
        self._outputs: list[int | None] = []  # of each result of the forward: which output of the node it is
        self._dirty: tuple[Tensor, ...] = ()
        self._lifted: dict[int, Array] = {}
        self._constant: tuple[Tensor, ...] = ()
        self._materialize = True
        self._refused = ""
        self._node: Callable[[], Node | None] = lambda: None

    def save_for_backward(self, *tensors: Tensor | None) -> None:
        """Keep inputs, outputs or other tensors for the backward, which finds them in `saved_tensors`.

        Raises `DTypeError` for what is neither a tensor nor None; set an attribute of the context for that.
        """
        for number, one in enumerate(tensors):
            if one is not None and not isinstance(one, Tensor):
                raise DTypeError(
                    f"save_for_backward: argument {number} is a {type(one).__name__}; it takes tensors. Keep others as "
                    "attributes, ctx.name = value"
                )
        self._kept = tensors

    def save_for_forward(self, *tensors: Tensor | None) -> None:
        """Accepted for PyTorch's scripts; a derivative in forward mode needs nothing of its own."""

    @property
    def saved_tensors(self) -> tuple[Tensor | None, ...]:
        """What `save_for_backward` kept, in its order.

        Raises `GradError` where a tensor was changed in place since, or where the graph was freed.
        """
        node = self._node()
        if node is None or node.saved is None:
            raise GradError(
                "saved_tensors is there while backward runs; in forward use the tensors themselves, and after a "
                "backward without retain_graph=True the graph is freed"
            )
        refuse_changed(node)
        return tuple([None if place is None else _resolved(node, place) for place in self._places])

    def mark_dirty(self, *tensors: Tensor) -> None:
        """Say which inputs the forward changes in place; they must be returned.

        On the tape that is a change in place like any other: base and views see it, and earlier gradients do not.
        """
        if self._refused:
            raise GradError(self._refused)
        self._dirty = tensors

    def mark_non_differentiable(self, *tensors: Tensor) -> None:
        """Say which outputs have no gradient; backward gets zeros for them."""
        self._constant = tensors

    def set_materialize_grads(self, value: bool) -> None:
        """Whether backward gets zeros (True, the default) or None for outputs that the loss does not depend on."""
        self._materialize = bool(value)


def _resolved(node: Node, place: str) -> Tensor:
    assert node.saved is not None
    saved = node.saved[place]
    return Tensor._wrap(saved.array, node if place.startswith("output") else saved.node, saved.index, saved.storage)


def refuse_changed(node: Node) -> None:
    """Raise `GradError` where a saved tensor was changed in place."""
    assert node.saved is not None
    for name in tuple(node.saved):
        saved = node.saved.get(name)
        if isinstance(saved, Saved) and saved.storage.count != saved.stamp:
            raise GradError(
                f"{node.name()} needs a saved tensor (shape {saved.array.shape}) that was changed in place since "
                f"(version {saved.storage.count}, saved at {saved.stamp}): the gradient would be wrong. Make the "
                "change after backward, or on a clone()"
            )
