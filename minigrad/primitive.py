"""Declaring a primitive: its forward on arrays, and a VJP per argument on tensors.

A primitive is a function of NumPy arrays. Its vector-Jacobian products are
functions of tensors, one for each argument, written in primitives and placed
right below it:

    @primitive("y = a·b", vjp="ā = g·b, b̄ = g·a", broadcast=True)
    def mul(a, b):
        return np.multiply(a, b)

    mul.defvjp(a=lambda g, b: g * b, b=lambda g, a: g * a)

The first parameter of a VJP is the cotangent. The others say by their names
what is to be saved: an argument of the forward, `y` for its output, a static
argument, an auxiliary result, or `x_shape` for the shape of an argument `x`.
What no needed VJP names is not saved. Since VJPs are made of primitives, they
are recorded like anything else when `create_graph` leaves the switch on, and
derivatives of every order follow.

`rules` says how derivatives are declared, those of forward mode too.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from .errors import DTypeError, GradError
from .mode import MODE
from .observing import applied
from .operands import as_operand, misfit, promoted
from .registry import lookup, register_primitive, registered_primitives
from .rules import ARGUMENT, AUX, OUTPUT, SHAPE, Rules
from .silence import SILENT, WARNINGS, hush, speak
from .tape import Form, Node
from .tensor import Array, Saved, Tensor, Version, kept

__all__ = ["Primitive", "primitive", "primitives"]

_new, _wrap, _ndarray = object.__new__, Tensor._wrap, np.ndarray

# What nodes share that have saved nothing, or were given nothing but operands.
_NOTHING: dict[str, Any] = {}

# PyTorch's names for the operands of functions of one and two tensors.
_KEYWORDS = {1: ("input",), 2: ("input", "other")}


class Primitive(Rules):
    """A function of arrays that knows its vector-Jacobian products; call it on tensors.

    Attributes: `name`; `formula` and `vjp`, as text; `notes`, the items of the
    lecture notes it comes from; `arguments`, the names of its array arguments.
    """

    users = False  # whether its class is for primitives of one's own

    def __init__(
        self, forward: Callable[..., Any], name: str, formula: str, vjp: str, notes: tuple[str, ...], *,
        broadcast: bool, floating: bool, view: bool, quiet: bool, conditions: int, keywords: tuple[str, ...],
        aux: tuple[str, ...], outputs: tuple[str, ...], linear: bool, symmetric: bool,
    ) -> None:  # fmt: skip
        code = forward.__code__
        self.forward = forward
        self.name = name
        self.formula = formula
        self.vjp = vjp
        self.notes = notes
        self.variadic = bool(code.co_flags & 0x04)
        count = code.co_argcount
        self.arguments = code.co_varnames[:count]
        keyword_end = count + code.co_kwonlyargcount
        self.static = code.co_varnames[count:keyword_end]
        if self.variadic:
            self.arguments = (code.co_varnames[keyword_end],)
        # In a VJP `y` is the (first) output, unless the primitive has an argument of that name.
        self.outputs = outputs
        names = outputs or ("y",)
        self._outputs = {name: index for index, name in enumerate(names) if name not in self.arguments}
        self._statics = frozenset(self.static)
        self.broadcast = broadcast
        self.floating = floating
        self.view = view
        self.quiet = quiet
        self.conditions = conditions
        self.aux = aux
        self.keywords = tuple(keywords) or _KEYWORDS.get(len(self.arguments), ())
        self.linear = linear
        self.symmetric = symmetric
        super().__init__()
        self._arity = -1 if self.variadic else count
        self._plain = not aux and not view
        self._single = broadcast and count == 1 and not self.variadic and not conditions
        self._pair = broadcast and count == 2 and not self.variadic and not floating and not conditions
        # What help(), doctest and inspect look at.
        self.__name__ = forward.__name__
        self.__qualname__ = forward.__qualname__
        self.__module__ = forward.__module__
        self.__doc__ = forward.__doc__
        self.__wrapped__ = forward
        self.__code__ = code  # it may be the VJP of another

    def __get__(self, instance: Any, owner: Any = None) -> "Primitive":
        # With it, inspect takes a primitive for the function that it is, and help() shows its documentation.
        return self

    @property
    def __signature__(self) -> Any:
        """The arguments under the names that a caller uses, for help() and completion."""
        from inspect import Parameter, Signature

        kind = Parameter.VAR_POSITIONAL if self.variadic else Parameter.POSITIONAL_OR_KEYWORD
        names = self.arguments if self.variadic else self.keywords or self.arguments
        static = [Parameter(name, Parameter.KEYWORD_ONLY) for name in self.static]
        return Signature([*(Parameter(name, kind) for name in names), *static])

    def __repr__(self) -> str:
        return f"<primitive {self.name}: {self.formula}>"

    # -------------------------------------------------------- application

    def __call__(self, *args: Any, **static: Any) -> Tensor:
        """Apply to tensors, NumPy arrays and numbers."""
        if len(args) != self._arity or (static and not static.keys() <= self._statics):
            return self._called(args, static)  # type: ignore[no-any-return]
        inputs: Sequence[Tensor] = args
        arrays: Sequence[Array]
        if (
            self._pair
            and type(args[0]) is type(args[1]) is Tensor
            and (a := args[0]._array).dtype is (b := args[1]._array).dtype
        ):
            arrays = a, b
        elif self._single and type(args[0]) is Tensor and (a := args[0]._array).dtype.kind == "f":
            arrays = (a,)
        else:
            inputs, arrays = self._operands(args)
        mode = MODE.get()
        if mode.observers:
            return self._apply(inputs, arrays, static)  # type: ignore[no-any-return]
        return self._computed(inputs, arrays, static, mode.recording)  # type: ignore[no-any-return]

    def many(self, *args: Any, **static: Any) -> tuple[Tensor, ...]:
        """Apply a primitive that has several outputs."""
        return self._called(args, static)  # type: ignore[no-any-return]

    def _called(self, args: tuple[Any, ...], static: dict[str, Any]) -> Any:
        if len(args) < len(self.arguments) and not self.variadic:
            args = (*args, *[static.pop(word) for word in self.keywords[len(args) :] if word in static])
        if (len(args) != len(self.arguments) and not self.variadic) or not static.keys() <= self._statics:
            raise DTypeError(
                f"{self.name} takes {', '.join((*self.keywords, *self.static))}; {len(args)} "
                f"operands{' and ' + ', '.join(static) if static else ''} arrived"
            )
        inputs, arrays = self._operands(args)
        return self._apply(inputs, arrays, static)

    def _operands(self, args: tuple[Any, ...]) -> tuple[Sequence[Tensor], Sequence[Array]]:
        """The operands as tensors, and the arrays that the forward gets."""
        if self.broadcast:
            return promoted(args, self.name, self.floating, self.conditions)
        arrays = []
        for arg in args:
            if not isinstance(arg, Tensor):
                return self._operands(tuple([as_operand(one, self.name) for one in args]))
            arrays.append(arg._array)
        return args, arrays

    def _apply(self, inputs: Sequence[Tensor], arrays: Sequence[Array], static: dict[str, Any]) -> Any:
        mode = MODE.get()
        watching = mode.observers
        if watching:
            compute = partial(self._computed, inputs, arrays, static, mode.recording)
            return applied(watching, self, inputs, static, compute)
        return self._computed(inputs, arrays, static, mode.recording)

    def _computed(
        self, inputs: Sequence[Tensor], arrays: Sequence[Array], static: dict[str, Any], recording: bool
    ) -> Any:
        try:
            if self.quiet or WARNINGS.get() is SILENT:
                raw = self.forward(*arrays, **static) if static else self.forward(*arrays)
            else:
                token = hush()
                try:
                    raw = self.forward(*arrays, **static)
                finally:
                    speak(token)
        except (ValueError, TypeError) as error:
            told = misfit(error, self.name, arrays) if self.broadcast else error
            if told is error:
                raise
            raise told from error
        if self._plain and type(raw) is _ndarray:
            output: Tensor = _new(Tensor)  # as Tensor._wrap, which would be one call more
            output._array = raw
            output._node = output._held = output._grad = output._base = None
            output._index = 0
            if recording:
                for tensor in inputs:
                    if tensor._node is not None:
                        if self.rules and raw.dtype.kind == "f":
                            self._record(inputs, arrays, (output,), (), static, False)
                        break
            return output
        return self._results(raw, inputs, arrays, static, recording)

    def _results(
        self, raw: Any, inputs: Sequence[Tensor], arrays: Sequence[Array], static: dict[str, Any], recording: bool
    ) -> Any:
        """What the forward returned as tensors, on the tape if it is recorded."""
        extras: Sequence[Any] = ()
        if self.aux:
            raw, *extras = raw
        single = not isinstance(raw, tuple)
        results: Sequence[Array] = (raw,) if single else raw
        outputs = []
        for number, result in enumerate(results):
            if type(result) is not np.ndarray:
                result = np.asarray(result)
            if self.view:
                source = number if self.variadic else 0
                outputs.append(self._viewed(result, inputs[source], arrays[source]))
            else:
                outputs.append(Tensor._wrap(result))
        if recording and self.rules and any(output._array.dtype.kind == "f" for output in outputs):
            self._record(inputs, arrays, outputs, extras, static, not single)
        return outputs[0] if single else tuple(outputs)

    def _viewed(self, result: Array, tensor: Tensor, array: Array) -> Tensor:
        """The result over the storage of its input, if it shares that; `detach`, without a VJP, makes no link."""
        owner = result.base
        if owner is None or not (owner is array or owner is array.base or np.may_share_memory(result, array)):
            return Tensor._wrap(result)
        view = Tensor._wrap(result, storage=tensor._storage)
        if self.rules:
            tensor._link(view)
        return view

    def recorded(self, inputs: Sequence[Tensor], array: Array, **static: Any) -> Tensor:
        """`array`, which holds already what the forward would give, as the output of an application."""
        output = Tensor._wrap(array)

        def record() -> Tensor:
            if array.dtype.kind == "f":
                self._record(inputs, [tensor._array for tensor in inputs], (output,), (), static, False)
            return output

        return applied(watching, self, inputs, static, record) if (watching := MODE.get().observers) else record()

    def _record(
        self, inputs: Sequence[Tensor], arrays: Sequence[Array], outputs: Sequence[Tensor], extras: Sequence[Any],
        static: dict[str, Any], several: bool,
    ) -> None:  # fmt: skip
        """Put the outputs on the tape, if an input is on it."""
        if len(inputs) == 1:
            parents: tuple[Node | None, ...] = (inputs[0]._node,)
            wanted: tuple[bool, ...] = (parents[0] is not None,)
        elif len(inputs) == 2:
            parents = inputs[0]._node, inputs[1]._node
            wanted = parents[0] is not None, parents[1] is not None
        else:
            parents = tuple([tensor._node for tensor in inputs])
            wanted = tuple([parent is not None for parent in parents])
        plan = self._plans.get(wanted)
        if plan is None:
            if True not in wanted:
                return
            plan = self._plan(wanted)
        memory: dict[str, Any] = {} if plan.kept else _NOTHING
        for name, origin, place in plan.kept:
            if origin == ARGUMENT:
                memory[name] = kept(arrays[place], inputs[place])
            elif origin == OUTPUT:
                if outputs[place]._held is None:  # and no other thread knows it
                    outputs[place]._held = Version(outputs[place]._array)
                memory[name] = kept(outputs[place]._array, outputs[place])
            elif origin == AUX:
                memory[name] = extras[place]
            else:
                memory[name] = arrays[place].shape if origin == SHAPE else tuple([one.shape for one in arrays])
        places = plan.places
        for tensor in inputs:
            if tensor._index:
                places = tuple([one._index for one in inputs])
                break
        node: Node = _new(Node)
        first = outputs[0]._array
        forms: tuple[Form, ...] = ((first.shape, first.dtype),)
        if several:
            forms = tuple([(output._array.shape, output._array.dtype) for output in outputs])
        for parent in parents:
            if parent is not None and parent.forms == forms:
                forms = parent.forms  # the same object, of which thousands of nodes need only one
                break
        node._fill(self, parents, places, forms, memory, static or _NOTHING, plan.wanted, several)
        for index, output in enumerate(outputs):
            if output._array.dtype.kind == "f":
                output._node = node
                output._index = index

    # ----------------------------------------------------------- backward

    def check(self, node: Node, wanted: tuple[bool, ...]) -> None:
        """Raise `GradError` where a saved value that the wanted VJPs read was changed in place."""
        assert node.saved is not None
        for name, origin, _ in (self._plans.get(wanted) or self._plan(wanted)).kept:
            saved = node.saved.get(name) if origin <= OUTPUT else None
            if isinstance(saved, Saved) and saved.storage.count != saved.stamp:
                what = "output" if name in self._outputs else f"argument {name!r}"
                raise GradError(
                    f"the VJP of {self.name} needs its {what} (shape {saved.array.shape}), which was changed in place "
                    f"after it was recorded (version {saved.storage.count}, saved at {saved.stamp}): the gradient "
                    "would be wrong. Make the change (as optimizer.step() does) after backward, or on a clone()"
                )

    def pull(self, node: Node, cotangents: Sequence[Tensor | None], wanted: tuple[bool, ...]) -> list[Tensor | None]:
        """The gradients of the wanted inputs of one recorded application."""
        cotangent: Any = cotangents[0]
        if self.outputs:
            cotangent = tuple(cotangents)
        elif node.several:
            cotangent = tuple(
                Tensor._wrap(np.zeros(*form)) if given is None else given
                for given, form in zip(cotangents, node.forms, strict=True)
            )
        saved, static = node.saved, node.static
        assert saved is not None
        mode = MODE.get()
        seen = mode.recording or mode.observers or type(cotangent) is tuple
        gradients: list[Tensor | None] = [None] * len(wanted)
        for position, argument, known, on_arrays in (self._plans.get(wanted) or self._plan(wanted)).pulls:
            rule, names = self.rules[argument]
            gradient: Any
            if on_arrays is not None and rule is known and not seen:
                values = [cotangent._array]
                for name in names:
                    value = saved[name] if name in saved else static[name]
                    values.append(value.array if isinstance(value, Saved) else value)
                gradient = on_arrays(*values)
                if gradient is values[0]:
                    gradient = cotangent
                elif type(gradient) is _ndarray:
                    gradient = _wrap(gradient)
                elif isinstance(gradient, np.generic):
                    gradient = _wrap(np.asarray(gradient))
            else:
                gradient = rule(cotangent, *[self._resolve(node, name, position) for name in names])
            if gradient is not None:
                form = node.parents[position].forms[node.places[position]]  # type: ignore[union-attr]
                if (
                    type(gradient) is not Tensor
                    or (array := gradient._array).shape != form[0]
                    or array.dtype is not form[1]
                ):
                    gradient = self._conforming(gradient, form)
                gradients[position] = gradient
        return gradients

    def _resolve(self, node: Node, name: str, position: int) -> Any:
        assert node.saved is not None
        if name not in node.saved:
            return position if name == "position" else node.static[name]
        saved = node.saved[name]
        if not isinstance(saved, Saved):
            return saved
        if name in self._outputs:
            return _wrap(saved.array, node, self._outputs[name], saved.storage)
        place = self.arguments.index(name)
        return _wrap(saved.array, node.parents[place], node.places[place], saved.storage)

    def _conforming(self, gradient: Tensor, form: Form) -> Tensor:
        """The gradient in the shape and dtype of its input: sums over what was broadcast."""
        if not isinstance(gradient, Tensor):
            raise GradError(
                f"the VJP of {self.name} returned a {type(gradient).__name__}; it returns a tensor, or None"
            )
        shape, dtype = form
        if gradient._array.shape != shape:
            if not self.broadcast:
                raise GradError(
                    f"the VJP of {self.name} returned shape {gradient.shape} for an input of shape {shape}; a gradient "
                    "has the shape of its input"
                )
            gradient = lookup("sum_to")(gradient, shape)
        if gradient._array.dtype != dtype:
            gradient = lookup("cast")(gradient, dtype)
        return gradient


def primitive(
    formula: str, *, vjp: str = "", notes: Sequence[str] = (), name: str | None = None, broadcast: bool = False,
    floating: bool = False, view: bool = False, quiet: bool = False, conditions: int = 0,
    keywords: Sequence[str] = (), aux: Sequence[str] = (), outputs: Sequence[str] = (), linear: bool = False,
    symmetric: bool = False, kind: type[Primitive] = Primitive,
) -> Callable[[Callable[..., Any]], Primitive]:  # fmt: skip
    """Declare the decorated function of arrays a primitive.

    `broadcast`: element-wise, with promotion and broadcasting of its operands;
    gradients are summed over the broadcast axes. `floating`: integers become
    the default floating dtype first. `view`: the output may share the memory of
    the first input. `quiet`: the forward cannot raise floating-point warnings.
    `conditions`: that many leading arguments are masks, which are not promoted.
    `keywords`: PyTorch's names of the arguments, where they are not `input` and
    `other`. `aux`: names of further results of the forward, kept for the VJPs only.
    `outputs`: names of several outputs for the VJPs, whose cotangents come as a
    tuple, None for an output that the loss does not depend on. `linear`: in each
    argument that has a VJP, the others held fixed. `symmetric`: the Jacobian is its
    own transpose. `kind`: another class, such as that of a user's primitive.
    """

    def declare(forward: Callable[..., Any]) -> Primitive:
        made = kind(
            forward, name or forward.__name__.removesuffix("_primitive"), formula, vjp, tuple(notes),
            broadcast=broadcast, floating=floating, view=view, quiet=quiet, conditions=conditions,
            keywords=tuple(keywords), aux=tuple(aux), outputs=tuple(outputs),
            linear=linear, symmetric=symmetric,
        )  # fmt: skip
        register_primitive(made.name, made, users=kind.users)
        return made

    return declare


def primitives() -> dict[str, Primitive]:
    """Every primitive by name; each shows its `formula`, its `vjp` and its items of the `notes`.

    >>> import minigrad as mg
    >>> mg.primitives()["tanh"]
    <primitive tanh: y = tanh x>
    >>> mg.primitives()["tanh"].vjp
    'x̄ = g·(1 − y²)'
    """
    return dict(registered_primitives())
