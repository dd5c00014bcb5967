"""How a `Function` is applied, recorded and walked."""

import inspect
import weakref
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from ..custom import refuse_changes
from ..errors import DTypeError, GradError
from ..mode import MODE, recording
from ..observing import attempt, tell
from ..registry import lookup
from ..tape import Edge, Leaf, Node, Spec
from ..tensor import Another, Array, Tensor, Version, edge_of
from ..tensor.inplace import writing
from ..tensor.views import overlap, replace
from .context import FunctionCtx, refuse_changed

__all__ = ["Application"]


class Application:
    """What the nodes of one `Function` know as their operation; it has the attributes of a primitive."""

    formula = vjp = ""
    notes: tuple[str, ...] = ()
    arguments: tuple[str, ...] = ()
    static: tuple[str, ...] = ()
    view = broadcast = False

    def __init__(self, function: Any, base: Any) -> None:
        self.function = function
        self.base = base
        self.name = f"{function.__name__}Backward"
        self.__doc__ = function.__doc__
        self.newer = function.setup_context is not base.setup_context
        self.forward, self.setup = function.forward, function.setup_context
        codes = [getattr(inspect.unwrap(one), "__code__", None) for one in (self.forward, self.setup)]
        self.writes = any(code is not None and "mark_dirty" in code.co_names for code in codes)

    def __repr__(self) -> str:
        return f"<function {self.function.__name__}>"

    # -------------------------------------------------------- application

    def apply(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Run the forward, and record it where an argument wants a gradient."""
        if kwargs or self.newer:
            args = self._bound(args, kwargs)
        inputs = [one for one in args if isinstance(one, Tensor)]
        watching = MODE.get().observers
        if not watching:
            return self._run(args, inputs)[0]
        with attempt(watching, self):
            tell(watching, "applying", self, inputs, {})
            result, outputs = self._run(args, inputs)
            tell(watching, "applied", self, inputs, outputs)
        return result

    def _bound(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, ...]:
        """All arguments by position."""
        context = () if self.newer else (None,)
        try:
            bound = inspect.signature(self.function.forward).bind(*context, *args, **kwargs)
        except TypeError as error:
            raise DTypeError(f"{self.function.__name__}.apply: {error}") from None
        bound.apply_defaults()
        if bound.kwargs:
            raise DTypeError(
                f"{self.function.__name__}.apply got {', '.join(bound.kwargs)} for arguments of forward that are by "
                "keyword only; backward returns one gradient per place, so place them before the `*`"
            )
        return bound.args[len(context) :]

    def _run(self, args: tuple[Any, ...], inputs: Sequence[Tensor]) -> tuple[Any, list[Tensor]]:
        ctx = FunctionCtx()
        ctx._tensors = tuple([isinstance(one, Tensor) for one in args])
        ctx.needs_input_grad = tuple([isinstance(one, Tensor) and one.requires_grad for one in args])
        recorded = MODE.get().recording and any(ctx.needs_input_grad)
        edges = tuple([edge_of(one) if needed else None for one, needed in zip(args, ctx.needs_input_grad)])
        if recorded and not self.writes:
            ctx._refused = "mark_dirty is to be called in forward or setup_context itself, not in what they call"
        lifted = inputs if recorded and self.writes else ()
        with recording(False), _lifted(lifted, ctx):
            raw = self.function.forward(*args) if self.newer else self.function.forward(ctx, *args)
            if self.newer:
                self.function.setup_context(ctx, args, raw)
            self._refuse_lost(ctx, inputs, raw, recorded)
        several = isinstance(raw, tuple)
        taken: list[Array] = []
        final = [self._output(ctx, one, inputs, recorded, taken) for one in (raw if several else (raw,))]
        outputs = [one for one in final if isinstance(one, Tensor)]
        if recorded:
            self._write(ctx, inputs)
            self._record(ctx, edges, inputs, raw if several else (raw,), final)
        else:
            for tensor in ctx._dirty:
                tensor._storage.count += 1
        return (tuple(final) if several else final[0]), outputs

    def _output(
        self, ctx: FunctionCtx, value: Any, inputs: Sequence[Tensor], recorded: bool, taken: list[Array]
    ) -> Any:
        """One result of the forward as it is given out: tensors as new ones over the same storage.

        On the tape, what shares memory with an argument or another result is copied: a change in place of one would
        be one of the other, and only `backward` knows what lies between them.
        """
        if isinstance(value, Tensor):
            if _among(value, ctx._dirty):
                return value
            shared = any(value._storage is one._storage for one in inputs)
            if (shared and recorded) or any(overlap(value._array, one) for one in taken):
                return Tensor._wrap(value._array.copy("K"))
            made = Tensor._wrap(value._array, storage=value._storage)
            if not shared:
                taken.append(value._array)
            elif value._base is not None or _among(value, inputs):
                value._link(made)
            return made
        held = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
        if recorded and (isinstance(value, np.ndarray) or any(isinstance(one, Tensor) for one in held)):
            raise DTypeError(
                f"forward of {self.function.__name__} returned a {type(value).__name__}, to which no gradient can "
                "flow; it returns a tensor or a tuple of tensors. mg.from_numpy(array) makes a tensor"
            )
        return value

    def _refuse_lost(self, ctx: FunctionCtx, inputs: Sequence[Tensor], raw: Any, recorded: bool) -> None:
        """Raise `GradError` for a change in place that the tape cannot follow."""
        results = raw if isinstance(raw, tuple) else (raw,)
        for tensor in ctx._dirty:
            if not _among(tensor, inputs):
                raise GradError(f"{self.function.__name__} marks a tensor dirty that is not among its inputs")
            if not _among(tensor, results):
                raise GradError(
                    f"{self.function.__name__} marks an input dirty (shape {tensor.shape}) and does not return it; "
                    "what is changed in place must be an output"
                )
            if recorded and isinstance(tensor._node, Leaf):
                raise GradError(
                    f"{self.function.__name__} would change a leaf that requires gradients (shape {tensor.shape}) in "
                    "place: its gradient would no longer be that of the value you created. Give it x.clone(), or call "
                    "it under no_grad"
                )

    def _write(self, ctx: FunctionCtx, inputs: Sequence[Tensor]) -> None:
        """Refuse changes in place that the tape cannot follow; make those that it need not follow."""
        for tensor in ctx._dirty:
            writing(tensor, self.name, tuple(inputs))
            if tensor.dtype.kind != "f" or _among(tensor, ctx._constant):
                np.copyto(tensor._array, ctx._lifted[id(tensor)])
                tensor._storage.count += 1

    def _record(
        self,
        ctx: FunctionCtx,
        edges: tuple[Edge | None, ...],
        inputs: Sequence[Tensor],
        raw: Sequence[Any],
        final: Sequence[Any],
    ) -> None:
        tensors = [one for one in final if isinstance(one, Tensor)]
        specs = tuple([Spec(one.shape, one.dtype) for one in tensors])
        saved: dict[str, Any] = {"ctx": ctx}
        node = Node(self, edges, specs, saved, {}, len(final) > 1)
        numbers = iter(range(len(tensors)))
        ctx._outputs = [next(numbers) if isinstance(one, Tensor) else None for one in final]
        for one, given, index in zip(raw, final, ctx._outputs):
            if index is None or one.dtype.kind != "f" or _among(one, ctx._constant):
                continue
            if given is one:
                replace(given, Tensor._wrap(ctx._lifted[id(given)], node, index))
            else:
                given._node, given._index = node, index
        places: list[str | None] = []
        for number, one in enumerate(ctx._kept):
            if one is None:
                places.append(None)
                continue
            index = None
            if not _among(one, inputs) or _among(one, ctx._dirty):
                index = next((index for index, made in zip(ctx._outputs, raw) if made is one), None)
            own = index is not None and tensors[index]._node is node
            places.append(f"output {number}" if own else f"tensor {number}")
            kept = tensors[index] if index is not None else one
            saved[str(places[-1])] = Another(kept._array, kept._storage, None if own else kept._node, kept._index)
        ctx._places, ctx._kept, ctx._dirty, ctx._constant, ctx._lifted = tuple(places), (), (), (), {}

    # ----------------------------------------------------------- backward

    def _backward(self) -> Callable[..., Any]:
        function = self.function
        found: list[Callable[..., Any]] = [
            one for one in (function.backward, function.vjp) if one is not self.base.backward
        ]
        if len(found) != 1:
            both = "both a backward and a vjp, which are two names for one" if found else "no backward"
            raise GradError(
                f"{function.__name__} has {both}; a gradient through it needs a static method backward(ctx, "
                "*grad_outputs) that returns one gradient per argument of forward"
            )
        return found[0]

    def check(self, node: Node, wanted: tuple[bool, ...]) -> None:
        """Raise `GradError` where there is no backward, or a saved tensor was changed in place."""
        self._backward()
        refuse_changed(node)

    def pull(self, node: Node, cotangents: Sequence[Tensor | None], wanted: tuple[bool, ...]) -> list[Tensor | None]:
        """The gradients of the wanted arguments."""
        assert node.saved is not None
        ctx: FunctionCtx = node.saved["ctx"]
        ctx._node = weakref.ref(node)
        given = [None if index is None else cotangents[index] for index in ctx._outputs]
        if ctx._materialize:
            given = [
                Tensor._wrap(np.zeros(*node.specs[index])) if one is None and index is not None else one
                for one, index in zip(given, ctx._outputs)
            ]
        versions = [(one._storage, one._storage.count) for one in given if one is not None]
        result = self._backward()(ctx, *given)
        refuse_changes(versions, f"backward of {self.function.__name__}")
        if isinstance(result, list):
            raise GradError(f"backward of {self.function.__name__} returned a list; several gradients come in a tuple")
        gradients = self._counted(result if isinstance(result, tuple) else (result,), ctx._tensors)
        return [
            self._conforming(one, position, edge) if flag and edge is not None and one is not None else None
            for position, (one, flag, edge) in enumerate(zip(gradients, wanted, node.edges))
        ]

    def _counted(self, gradients: tuple[Any, ...], tensors: Sequence[bool]) -> tuple[Any, ...]:
        """One gradient per argument of the forward, each of the right kind; `tensors` says which arguments are some."""
        name, count = self.function.__name__, len(tensors)
        if len(gradients) < count or any(one is not None for one in gradients[count:]):
            raise GradError(
                f"backward of {name} returned {len(gradients)} gradients for {count} arguments of forward; return one "
                "for each, None for those that need none"
            )
        for position, one in enumerate(gradients[:count]):
            if one is not None and not isinstance(one, Tensor):
                raise GradError(
                    f"backward of {name} returned a {type(one).__name__} as gradient {position}; a gradient is a "
                    "tensor, or None, and several come in a tuple"
                )
            if one is not None and not tensors[position]:
                raise GradError(
                    f"backward of {name} returned a gradient for argument {position}, which is no tensor; return None "
                    "there"
                )
        return gradients[:count]

    def _conforming(self, gradient: Tensor, position: int, edge: Edge) -> Tensor:
        """The gradient in the shape and dtype of its argument: sums over what was broadcast."""
        shape, dtype = edge.node.specs[edge.output]
        if gradient.shape != shape:
            try:
                summed = np.broadcast_shapes(gradient.shape, shape) == gradient.shape
            except ValueError:
                summed = False
            if not summed:
                raise GradError(
                    f"backward of {self.function.__name__} returned shape {gradient.shape} for argument {position} of "
                    f"shape {shape}; a gradient has the shape of its argument"
                )
            gradient = lookup("sum_to")(gradient, shape)
        return gradient if gradient.dtype == dtype else lookup("cast")(gradient, dtype)


def _among(tensor: Any, tensors: Sequence[Any]) -> bool:
    return any(tensor is one for one in tensors)


@contextmanager
def _lifted(tensors: Sequence[Tensor], ctx: FunctionCtx) -> Iterator[None]:
    """Let tensors stand for copies of themselves; the context keeps the copies."""
    before: list[tuple[Tensor, Array, Version]] = [(one, one._array, one._storage) for one in tensors]
    for one in tensors:
        one._array, one._storage = one._array.copy("K"), Version()
    try:
        yield
    finally:
        for one, array, storage in before:
            ctx._lifted[id(one)] = one._array
            one._array, one._storage = array, storage
