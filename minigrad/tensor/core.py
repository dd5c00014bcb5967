"""The tensor itself: an array, the node that made it, and its gradient."""

import sys
import weakref
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..callers import reads_attribute, warn
from ..device import CPU, Device
from ..dtypes import is_floating
from ..errors import DTypeError, GradError, NonLeafGradWarning, ShapeError
from ..explaining import as_flag, iterable
from ..hooks import HookTable, RemovableHandle
from ..mode import MODE, recording
from ..observing import region
from ..registry import lookup
from ..silence import silent
from ..tape import Edge, Leaf, Node, Spec, walk
from .views import MAKING, Array, Version, leave

if TYPE_CHECKING:
    from . import Tensor


_new = object.__new__


class TensorCore:
    """Storage, identity on the tape, and the backward pass."""

    __slots__ = ("__dict__", "__weakref__", "_array", "_base", "_grad", "_held", "_index", "_node")

    _array: Array
    _node: Node | None
    _index: int
    _held: Version | None
    _grad: "Tensor | None"
    _base: "Tensor | None"

    @classmethod
    def _wrap(cls, array: Array, node: Node | None = None, index: int = 0, storage: Version | None = None) -> "Tensor":
        """A tensor over `array` itself, without a copy or a check."""
        tensor: Tensor = _new(cls)  # type: ignore[assignment]
        tensor._array = array
        tensor._node = node
        tensor._index = index
        tensor._held = storage
        tensor._grad = None
        tensor._base = None
        return tensor

    @property
    def _storage(self) -> Version:
        """The version of the storage, made when somebody asks: most results are never saved, viewed or changed."""
        held = self._held
        if held is None:
            with MAKING:
                held = self._held = self._held or Version()
        return held

    @_storage.setter
    def _storage(self, storage: Version) -> None:
        self._held = storage

    def _link(self, view: "Tensor") -> None:
        """Let `view`, of the same storage, follow this tensor's recorded changes, and this tensor follow the view's."""
        view._base = self if self._base is None else self._base  # type: ignore[assignment]
        self._storage.watch(view)

    # ------------------------------------------------------------ what it is

    @property
    def shape(self) -> tuple[int, ...]:
        """The sizes of the axes."""
        return self._array.shape  # type: ignore[no-any-return]

    @property
    def dtype(self) -> np.dtype[Any]:
        """The element type, one of NumPy's."""
        return self._array.dtype

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return self._array.ndim

    @property
    def device(self) -> Device:
        """Where the elements are: always the CPU."""
        return CPU

    @property
    def requires_grad(self) -> bool:
        """Whether gradients flow to, or through, this tensor; settable on leaves."""
        return self._node is not None

    @requires_grad.setter
    def requires_grad(self, flag: bool) -> None:
        self.requires_grad_(flag)

    @property
    def is_leaf(self) -> bool:
        """Whether the tensor was made by a user rather than by a recorded operation."""
        return self._node is None or isinstance(self._node, Leaf)

    @property
    def grad_fn(self) -> Node | None:
        """The node that recorded this tensor; None for leaves."""
        return None if self.is_leaf else self._node

    @property
    def retains_grad(self) -> bool:
        """Whether an interior tensor keeps its gradient after `retain_grad`."""
        node = self._node
        return not self.is_leaf and node is not None and bool(node.retained) and self._index in (node.retained or {})

    @property
    def _version(self) -> int:
        """How often the storage was changed in place, its views' changes included."""
        return self._storage.count

    @property
    def grad(self) -> "Tensor | None":
        """The gradient that backward passes have added up here, or None; computed tensors keep none unless asked to."""
        if self._grad is None and not self.is_leaf and not self.retains_grad and reads_attribute(sys._getframe(1)):
            warn(
                f"the grad of a tensor that was computed, by {self._node.name()}, is None: backward fills it in for "  # type: ignore[union-attr]
                "leaves alone. Call t.retain_grad() before backward to keep it here too, or read the leaf's",
                NonLeafGradWarning,
            )
        return self._grad

    @grad.setter
    def grad(self, gradient: "Tensor | None") -> None:
        if gradient is not None:
            if not isinstance(gradient, TensorCore):
                raise DTypeError(
                    f"grad was given a {type(gradient).__name__}; assign a tensor of the same shape, or None to clear "
                    "it"
                )
            if gradient.shape != self.shape or gradient.dtype != self.dtype:
                raise ShapeError(
                    f"grad was given shape {gradient.shape} and dtype {gradient.dtype} for a tensor of shape "
                    f"{self.shape} and dtype {self.dtype}; a gradient has the shape and dtype of its tensor"
                )
        self._grad = gradient

    @grad.deleter
    def grad(self) -> None:
        self._grad = None

    @property
    def data(self) -> "Tensor":
        """The same storage outside the tape; assigning replaces the storage, and drops a `grad` that no longer fits."""
        return lookup("detach")(self)

    @data.setter
    def data(self, value: "Tensor") -> None:
        if not isinstance(value, TensorCore):
            raise DTypeError(f"data was given a {type(value).__name__}; assign a tensor, for example mg.tensor(values)")
        if self._node is not None:
            refuse_integer_gradients(value.dtype)
        leave(self)
        self._lie(value)

    def _lie(self, value: "Tensor") -> None:
        """Take over the storage of `value`, and what it shows of it; drop a gradient that no longer fits."""
        if self._grad is not None and (self._grad.shape, self._grad.dtype) != (value.shape, value.dtype):
            self._grad = None
        self._array = value._array
        self._storage = value._storage
        if isinstance(self._node, Leaf) and self._node.specs[0] != (value.shape, value.dtype):
            old = self._node
            self._node = Leaf(self, Spec(value.shape, value.dtype))  # type: ignore[arg-type]
            self._node.hooks, self._node.prehooks = old.hooks, old.prehooks
            self._node.posthooks, self._node.grown = old.posthooks, old.grown

    # ----------------------------------------------------------- on the tape

    def requires_grad_(self, requires_grad: bool = True) -> "Tensor":
        """Ask for gradients, or stop asking; in place, for leaves.

        Raises `GradError` for integer tensors and for interior tensors.
        """
        requires_grad = as_flag(requires_grad, "requires_grad_", "requires_grad")
        if requires_grad == (self._node is not None):
            return self  # type: ignore[return-value]
        if not self.is_leaf:
            raise GradError(
                f"requires_grad_(False) on the result of {self._node!r}; only leaves can stop asking for gradients. "
                "Use t.detach() for a tensor outside the tape"
            )
        if requires_grad:
            refuse_integer_gradients(self.dtype)
            spec = Spec(self.shape, self.dtype)
            parked = self.__dict__.pop("_leaf", None)
            self._node = parked if parked is not None and parked.specs[0] == spec else Leaf(self, spec)  # type: ignore[arg-type]
        else:
            self.__dict__["_leaf"] = self._node  # with its hooks, for when gradients are asked for again
            self._node = None
        return self  # type: ignore[return-value]

    def retain_grad(self) -> None:
        """Keep this interior tensor's gradient in `grad` during backward; leaves keep theirs anyway."""
        node = self._node
        if node is None:
            raise GradError(
                "retain_grad() on a tensor that does not require gradients; call requires_grad_() on the leaf it came "
                "from"
            )
        if not isinstance(node, Leaf):
            if node.retained is None:
                node.retained = {}
            node.retained[self._index] = weakref.ref(self)  # type: ignore[arg-type]

    def register_hook(self, hook: Callable[["Tensor"], "Tensor | None"]) -> RemovableHandle:
        """Call `hook(gradient)` whenever this tensor's gradient is computed; a returned tensor replaces it.

        >>> import minigrad as mg
        >>> x = mg.ones(2, requires_grad=True)
        >>> handle = x.register_hook(lambda g: g * 10)
        >>> x.sum().backward(); x.grad
        tensor([10., 10.])
        """
        if self._node is None:
            raise GradError("register_hook on a tensor that does not require gradients; no gradient will ever reach it")
        return self._node.tensor_hooks(self._index).register(hook)

    def register_post_accumulate_grad_hook(self, hook: Callable[["Tensor"], None]) -> RemovableHandle:
        """Call `hook(tensor)` after a backward pass has added to the `grad` of this leaf; it returns nothing.

        Raises `GradError` for a tensor that is no leaf, or needs no gradient.

        >>> import minigrad as mg
        >>> x = mg.ones(2, requires_grad=True)
        >>> handle = x.register_post_accumulate_grad_hook(lambda leaf: print(leaf.grad))
        >>> x.sum().backward()
        tensor([1., 1.])
        """
        if not isinstance(self._node, Leaf):
            why = "that does not require gradients" if self._node is None else f"that {self._node!r} computed"
            raise GradError(
                f"register_post_accumulate_grad_hook on a tensor {why}; gradients are added up in leaves that ask for "
                "them. Use register_hook inside the graph"
            )
        if self._node.grown is None:
            self._node.grown = HookTable()
        return self._node.grown.register(hook)

    def backward(
        self,
        gradient: "Tensor | None" = None,
        retain_graph: bool | None = None,
        create_graph: bool = False,
        inputs: "Sequence[Tensor] | Tensor | None" = None,
    ) -> None:
        """Add the gradient of this scalar to the `grad` of every leaf that it depends on.

        A tensor that is no scalar needs `gradient`, the cotangent to start
        from: a tensor of its shape. `retain_graph` keeps what was saved so that
        the graph can be walked again (as `create_graph` does, which also
        records the walk itself, for higher derivatives). With `inputs`, only
        those leaves are given gradients.

        Raises `GradError` for a graph that was freed, a value that was changed
        in place, or a tensor that depends on nothing that asks for gradients;
        it leaves every `grad` as it was then.

        >>> import minigrad as mg
        >>> x = mg.tensor([1., 2.], requires_grad=True)
        >>> (x * x).sum().backward()
        >>> x.grad
        tensor([2., 4.])
        """
        backward([self], [gradient], retain_graph, create_graph, inputs)  # type: ignore[list-item]

    def _accumulate(self, gradient: "Tensor", create_graph: bool) -> None:
        """Add to `grad`; the first gradient is copied, since others may hold the same array."""
        if self._grad is None:
            plain = gradient._node is None and not MODE.get().observers
            self._grad = gradient._wrap(gradient._array.copy("K")) if plain else lookup("clone")(gradient)
        elif create_graph:
            self._grad = lookup("add")(self._grad, gradient)
        elif self._grad._node is not None or not self._grad._array.flags.writeable:
            self._grad = lookup("add")(self._grad, gradient).detach()
        else:
            with silent():
                np.add(self._grad._array, gradient._array, out=self._grad._array)
            self._grad._storage.count += 1


def refuse_integer_gradients(dtype: np.dtype[Any]) -> None:
    """Raise `GradError` for a dtype without derivatives."""
    if not is_floating(dtype):
        raise GradError(
            f"requires_grad on a tensor of {dtype}: only floating tensors have gradients. Convert first, for example "
            "mg.tensor(values, dtype=mg.float32, requires_grad=True)"
        )


def edge_of(tensor: TensorCore) -> Edge:
    """Where the tensor stands on the tape."""
    assert tensor._node is not None
    return Edge(tensor._node, tensor._index)


def seeds_for(
    outputs: "Sequence[Tensor]", gradients: "Sequence[Tensor | None]", caller: str
) -> tuple[list[Edge], "list[Tensor]"]:
    """The edges and cotangents a walk starts from.

    Raises `GradError` where an output is not on the tape, or is no scalar and
    was given no cotangent; `ShapeError` where a cotangent has another shape.
    """
    edges, seeds = [], []
    for output, gradient in zip(outputs, gradients, strict=True):
        if not isinstance(output, TensorCore):
            raise DTypeError(f"{caller} on a {type(output).__name__}; gradients start from tensors")
        if output._node is None:
            raise GradError(
                f"{caller} on a tensor that does not require gradients (shape {output.shape}); it was computed from "
                "nothing that asks for them, or under no_grad, or is a gradient taken without create_graph=True. Use "
                "requires_grad=True on the leaves"
            )
        if gradient is None:
            if output._array.size != 1:
                raise GradError(
                    f"{caller} on a tensor of shape {output.shape}: a gradient starts from a scalar. Reduce it first, "
                    "for example loss.mean(), or give the cotangent: t.backward(gradient) with a tensor of the same "
                    "shape"
                )
            gradient = lookup("ones")(output.shape, dtype=output.dtype)
        elif not isinstance(gradient, TensorCore):
            raise DTypeError(f"{caller} was given a {type(gradient).__name__} as gradient; give a tensor")
        elif gradient.shape != output.shape:
            raise ShapeError(
                f"{caller} was given a gradient of shape {gradient.shape} for an output of shape {output.shape}; a "
                "cotangent has the shape of its output"
            )
        elif gradient.dtype != output.dtype:
            gradient = lookup("cast")(gradient, output.dtype)
        edges.append(edge_of(output))
        seeds.append(gradient)
    return edges, seeds


def kept_graph(create_graph: Any, retain_graph: Any, name: str) -> tuple[bool, bool]:
    """Whether the walk is recorded, and whether the graph is kept after it."""
    create_graph = as_flag(create_graph, name, "create_graph")
    return create_graph, create_graph if retain_graph is None else as_flag(retain_graph, name, "retain_graph")


def backward(
    tensors: "Sequence[Tensor]",
    gradients: "Sequence[Tensor | None]",
    retain_graph: bool | None,
    create_graph: bool,
    inputs: "Sequence[Tensor] | Tensor | None",
) -> None:
    """Walk back from `tensors` and add the gradients up in the leaves, or in `inputs` only."""
    edges, seeds = seeds_for(tensors, gradients, "backward()")
    create_graph, keep = kept_graph(create_graph, retain_graph, "backward")
    chosen: dict[Edge, Tensor] | None = None
    if inputs is not None:
        listed: list[Any] = list(inputs) if iterable(inputs) and not isinstance(inputs, TensorCore) else [inputs]
        for one in listed:
            if not isinstance(one, TensorCore):
                raise DTypeError(f"backward(inputs=…) got a {type(one).__name__}; inputs are tensors")
        if not listed or not all(tensor.requires_grad for tensor in listed):
            raise GradError("backward(inputs=…) needs at least one tensor, and all of them must require gradients")
        chosen = {edge_of(tensor): tensor for tensor in listed}
    with region("autograd.backward"):
        result = walk(edges, seeds, retain_graph=keep, create_graph=create_graph, targets=chosen)
        with recording(create_graph):
            for tensor, gradient in result.retained:
                if chosen is None or edge_of(tensor) not in chosen:
                    tensor._accumulate(gradient, create_graph)
            for edge, gradient in result.captured.items():
                if isinstance(edge.node, Leaf):
                    edge.node.keep(gradient, create_graph)
                else:
                    chosen[edge]._accumulate(gradient, create_graph)  # type: ignore[index]
            for leaf, gradient in result.leaves if chosen is None else ():
                leaf.keep(gradient, create_graph)
