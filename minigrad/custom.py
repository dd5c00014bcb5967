"""Operations of a user's own: a forward on arrays with its VJPs, where every mistake is told.

What `primitive` declares is applied, recorded, observed and differentiated as the
library's own operations are. Beyond that, the forward cannot change its
arguments, what forwards and VJPs return is looked at, and a derivative that
nobody has declared is an error as soon as a gradient has to pass.
"""

import inspect
from collections.abc import Callable, Sequence
from typing import Any, NoReturn, overload

import numpy as np

from .dtypes import check_supported
from .errors import ArgumentError, DTypeError, GradError
from .mode import MODE
from .operands import as_operand, promoted
from .primitive import Primitive
from .primitive import primitive as _primitive
from .rules import Rule
from .silence import silent
from .tape import Edge, Form, Node, Spec
from .tensor import Array, Tensor, Version, edge_of

__all__ = ["CustomPrimitive", "Last", "primitive"]


def _missing(g: Tensor) -> None:
    """Stands where no VJP is declared; the walk is refused before it comes here."""


def _constant(g: Tensor) -> None:
    """The VJP of an argument that the result does not depend on smoothly."""


class Last:
    """The operation of a gradient that is on the tape as far as it is linear in its cotangent, and no further."""

    formula = vjp = ""
    notes = arguments = static = ()
    view = broadcast = False

    def __init__(self, name: str, why: str) -> None:
        self.name = name
        self.why = why

    def ending(self, gradient: Tensor, known: Edge | None, unknown: Sequence[Edge | None]) -> Tensor:
        """The gradient, through which a walk comes to `known`, and is refused where it would have to come to others."""
        node = Node(self, (known, *unknown), (Spec(gradient.shape, gradient.dtype),), {}, {})
        return Tensor._wrap(gradient._array, node, 0, gradient._storage)

    def check(self, node: Node, wanted: tuple[bool, ...]) -> None:
        """Raise `GradError` where the derivative is not known."""
        if any(wanted[1:]):
            raise GradError(self.why)

    def pull(self, node: Node, cotangents: Sequence[Tensor | None], wanted: tuple[bool, ...]) -> list[Tensor | None]:
        """The cotangent, as it is."""
        return [cotangents[0], *[None] * (len(wanted) - 1)]


class CustomPrimitive(Primitive):
    """A primitive that a user has declared; `primitive` makes it.

    A parameter of the forward without a default is an operand: a tensor, an array
    or a number, whose array the forward gets. One with a default, or behind `*`, is
    static and handed on as it is, unless a VJP makes it an operand too.
    """

    users = True

    def __init__(self, forward: Callable[..., Any], *details: Any, **options: Any) -> None:
        super().__init__(forward, *details, **options)
        self._arity = -1  # its own signature says what an operand is
        self.quiet = True  # in `forward`, which keeps the user's context
        del self.forward  # this class's own stands in its place
        self._function = forward
        self._signature = inspect.signature(forward)
        self._optional: set[str] = set()  # parameters with a default that have a VJP
        self._arrange()
        clash = next((name for name in self.outputs or ("y",) if name in self.static), None)
        if clash is not None:
            raise ArgumentError(
                f"{self.name} has a static argument {clash!r}, and {clash!r} is its output in a VJP; name one otherwise"
            )

    def _arrange(self) -> None:
        """Divide the parameters into operands and static arguments."""
        parameters = self._signature.parameters.values()
        operands = [
            one.name
            for one in parameters
            if one.kind is not one.KEYWORD_ONLY and (one.default is one.empty or one.name in self._optional)
        ]
        self.arguments = self.keywords = tuple(operands)
        self.static = tuple(one.name for one in parameters if one.name not in operands)
        self.rules = {name: self.rules.get(name, (_missing, ())) for name in operands}
        self._plans.clear()

    @property
    def __signature__(self) -> inspect.Signature:
        """The forward's own."""
        return self._signature

    # ----------------------------------------------------------- the VJPs

    def defvjp(self, *rules: Any, **named: Any) -> Any:
        """Declare VJPs, as `f.defvjp(x=…)`, in the order of the arguments, or as the decorator `@f.defvjp("x")`.

        The first parameter of a VJP is the cotangent `g` of the output; the others say by their names what they need:
        an argument, the output `y`, a static argument, a name of `aux`, or `x_shape`. It is written in functions of
        tensors and returns the gradient of its argument, in its shape; with `broadcast=True`, in a shape that is
        summed to it. None instead of a VJP says that the argument has no gradient.

        Raises `GradError` for an argument that is not there, and for a VJP that cannot be called so.
        """
        if len(rules) == 1 and isinstance(rules[0], str) and not named:
            return lambda rule: self.defvjp(**{rules[0]: rule}) or rule
        if len(rules) > len(self.arguments):
            raise GradError(f"{self.name} has {len(self.arguments)} arguments; {len(rules)} VJPs arrived")
        for name, rule in {**dict(zip(self.arguments, rules)), **named}.items():
            self._define(name, _constant if rule is None else rule)
        return None

    def _define(self, name: str, rule: Any) -> None:
        parameter = self._signature.parameters.get(name)
        if parameter is not None and parameter.kind is parameter.KEYWORD_ONLY:
            raise GradError(
                f"{name!r} of {self.name} stands behind `*`, so it is static and has no VJP; move it before the `*` to "
                "make it an operand"
            )
        if not inspect.isfunction(rule):
            raise GradError(
                f"the VJP of {self.name} for {name!r} is a {type(rule).__name__}; give a function of the cotangent, as "
                "lambda g: g * 2, or None where no gradient flows"
            )
        code = rule.__code__
        if not code.co_argcount or code.co_kwonlyargcount or code.co_flags & 0x0C:
            raise GradError(
                f"the VJP of {self.name} for {name!r} takes {inspect.signature(rule)}; it takes the cotangent, then "
                "what it needs, each by its name and without * or **"
            )
        before = self._optional
        if parameter is not None and parameter.default is not parameter.empty:
            self._optional = before | {name}
            self._arrange()
        try:
            super().defvjp(**{name: rule})
        except GradError:
            self._optional = before
            self._arrange()
            raise

    # -------------------------------------------------------- application

    def _called(self, args: tuple[Any, ...], static: dict[str, Any]) -> Any:
        try:
            bound = self._signature.bind(*args, **static)
        except TypeError as error:
            raise DTypeError(f"{self.name}{self._signature}: {error}") from None
        bound.apply_defaults()
        values = bound.arguments
        for name in self.static:
            if isinstance(values[name], Tensor):
                behind = "stands behind `*`" if name in self._keyword_only() else "has a default and no VJP"
                raise GradError(
                    f"{self.name} got a tensor as {name!r}, which is static since it {behind}: no gradient would flow "
                    f"to it. Make it an operand ({self.name}.defvjp({name}=…), a parameter without a default), or give "
                    f"a number, as t.item() does"
                )
        operands = values[self.arguments[0]] if self.variadic else [values[name] for name in self.arguments]
        inputs, arrays = self._operands(tuple(operands))
        return self._apply(inputs, arrays, {name: values[name] for name in self.static})

    def _keyword_only(self) -> set[str]:
        return {one.name for one in self._signature.parameters.values() if one.kind is one.KEYWORD_ONLY}

    def _operands(self, args: tuple[Any, ...]) -> tuple[Sequence[Tensor], Sequence[Array]]:
        """Numbers take the dtype of the floating operands beside them, so that they round nothing and widen nothing."""
        if self.broadcast:
            return promoted(args, self.name, self.floating, self.conditions)
        dtypes = [one.dtype for one in args if isinstance(one, Tensor | np.ndarray) and one.dtype.kind == "f"]
        inputs = []
        for arg in args:
            if dtypes and isinstance(arg, int | float | np.number) and not isinstance(arg, bool):
                inputs.append(Tensor._wrap(np.asarray(arg, np.result_type(*dtypes))))
            else:
                inputs.append(as_operand(arg, self.name))
        return inputs, [tensor._array for tensor in inputs]

    def forward(self, *arrays: Array, **static: Any) -> Any:
        """The user's function, on arrays that cannot be written; what it returns is checked."""
        guarded = [np.asarray(array).view() for array in arrays]
        for array in guarded:
            array.flags.writeable = False
        values = {**static, **({} if self.variadic else dict(zip(self.arguments, guarded)))}
        positional = guarded if self.variadic else []
        for one in self._signature.parameters.values():
            if one.kind not in (one.KEYWORD_ONLY, one.VAR_POSITIONAL):
                positional.append(values.pop(one.name))
        try:
            with silent():
                raw = self._function(*positional, **values)
        except ValueError as error:
            if "read-only" not in str(error):
                raise
            raise ArgumentError(
                f"the forward of {self.name} writes into an argument, which belongs to its caller; compute a new "
                "array, or write into x.copy()"
            ) from error
        count, extras = len(self.outputs), len(self.aux)
        several = isinstance(raw, tuple)
        if (extras or count) and (not several or len(raw) != (count or 1) + extras):
            found = f"{len(raw)} results" if several else f"a {type(raw).__name__}"
            raise DTypeError(
                f"the forward of {self.name} returned {found}; with outputs={self.outputs} and aux={self.aux} it "
                f"returns a tuple of {(count or 1) + extras}"
            )
        results = list(raw) if several else [raw]
        taken = list(arrays)
        for place, one in enumerate(results[: len(results) - extras]):
            results[place] = _apart(self._checked(one), taken)
        for place, one in enumerate(results[len(results) - extras :], len(results) - extras):
            if isinstance(one, np.ndarray):
                results[place] = _apart(one, taken)
        return tuple(results) if several else results[0]

    def _checked(self, value: Any) -> Array:
        """One result of the forward."""
        if isinstance(value, Tensor):
            raise DTypeError(
                f"the forward of {self.name} returned a tensor; a forward computes with NumPy on arrays, and only its "
                "VJPs with minigrad on tensors"
            )
        if not isinstance(value, np.ndarray | np.generic):
            raise DTypeError(
                f"the forward of {self.name} returned a {type(value).__name__}; it returns an array, or a tuple of "
                "arrays"
            )
        array = np.asarray(value)
        check_supported(array.dtype)
        return array

    def _ways(self, argument: str) -> tuple[Rule, None]:
        return self.rules[argument][0], None  # a user's VJP may change what it is given, which is noticed with tensors

    def _record(
        self, inputs: Sequence[Tensor], arrays: Sequence[Array], outputs: Sequence[Tensor], extras: Sequence[Any],
        static: dict[str, Any], several: bool,
    ) -> None:  # fmt: skip
        rules = [self._rule(position) for position, tensor in enumerate(inputs) if tensor.requires_grad]
        if any(rule is not None and rule[0] is not _constant for rule in rules):
            # A tensor's changes are counted; those of an array among the static arguments are not.
            static = {name: one.copy() if isinstance(one, np.ndarray) else one for name, one in static.items()}
            super()._record(inputs, arrays, outputs, extras, static, several)

    # ----------------------------------------------------------- backward

    def check(self, node: Node, wanted: tuple[bool, ...]) -> None:
        """Raise `GradError` also where a wanted VJP is missing, or was declared after the node was recorded."""
        assert node.saved is not None
        known = {*node.saved, *node.static, "position"}
        late = not self.variadic and len(node.edges) != len(self.arguments)
        for position, flag in enumerate(wanted):
            rule = self._rule(position) if flag and not late else None
            if rule is not None and rule[0] is _missing:
                name = self.arguments[0 if self.variadic else position]
                raise GradError(
                    f"a gradient has to pass {self.name} to its argument {name!r}, which has no VJP. Declare it with "
                    f"{self.name}.defvjp({name}=…), or with {name}=None if no gradient flows there"
                )
            late = late or (rule is not None and not known.issuperset(rule[1]))
        if late:
            raise GradError(
                f"a VJP of {self.name} was declared after {node!r} had been recorded, which did not save what it "
                "needs; compute the loss again"
            )
        super().check(node, wanted)

    def pull(self, node: Node, cotangents: Sequence[Tensor | None], wanted: tuple[bool, ...]) -> list[Tensor | None]:
        """The gradients of the wanted inputs; a VJP that changes what it is given is refused."""
        given = [(one._storage, one._storage.count) for one in cotangents if one is not None]
        gradients = super().pull(node, cotangents, wanted)
        refuse_changes(given, f"a VJP of {self.name}")
        super().check(node, wanted)
        return [self._ending(node, *one) for one in enumerate(gradients)] if MODE.get().recording else gradients

    def _ending(self, node: Node, position: int, gradient: Tensor | None) -> Tensor | None:
        """The gradient; where an auxiliary number has gone into it, with the tape ending there."""
        assert node.saved is not None
        rule = self._rule(position) if gradient is not None else None
        for name in () if rule is None else rule[1]:
            kept = node.saved[name] if name in self.aux else None
            if gradient is not None and isinstance(kept, np.ndarray | float) and np.asarray(kept).dtype.kind == "f":
                why = (
                    f"a gradient of {self.name} is differentiated that was computed from {name!r}, an array of numbers "
                    "whose own derivative is not known. Compute it in the VJP, from arguments or the output; an aux "
                    "of integers or booleans, as a mask, is taken for constant"
                )
                known = edge_of(gradient) if gradient.requires_grad else None
                return Last(self.name, why).ending(gradient, known, node.edges)
        return gradient

    def _conforming(self, gradient: Tensor, form: Form) -> Tensor:
        what = f"a VJP of {self.name} returned"
        if not isinstance(gradient, Tensor):
            raise GradError(
                f"{what} a {type(gradient).__name__}; it returns a tensor, or None. Compute with minigrad in it, so "
                "that it can be differentiated again"
            )
        spec = Spec(*form)
        if gradient.dtype.kind != "f":
            raise GradError(f"{what} a tensor of {gradient.dtype} for an input of {spec.dtype}; was g forgotten?")
        if gradient.shape != spec.shape and not (self.broadcast and _sums_to(gradient.shape, spec.shape)):
            remedy = "" if self.broadcast else ". If it broadcasts its operands, declare it with broadcast=True"
            raise GradError(
                f"{what} shape {gradient.shape} for an input of shape {spec.shape}; a gradient has the shape of its "
                f"input{remedy}"
            )
        return super()._conforming(gradient, form)


def _apart(array: Array, taken: list[Array]) -> Array:
    """The array, in memory of its own: what shares some would change with it, and neither would know."""
    own = array.copy("K") if any(np.may_share_memory(array, one) for one in taken) else array
    taken.append(own)
    return own


def _sums_to(shape: tuple[int, ...], target: tuple[int, ...]) -> bool:
    """Whether a broadcast leads from `target` to `shape`."""
    try:
        return np.broadcast_shapes(shape, target) == shape
    except ValueError:
        return False


def refuse_changes(given: Sequence[tuple[Version, int]], who: str) -> None:
    """Raise `GradError` where a cotangent was changed in place since its storage was noted with its version."""
    if any(storage.count != stamp for storage, stamp in given):
        raise GradError(
            f"{who} changed its cotangent in place, which others may read too; write g = g * 2 instead of g *= 2"
        )


# --------------------------------------------------------------- declaration


def _refuse(function: Any, name: str, why: str) -> NoReturn:
    raise DTypeError(f"primitive on {name or repr(function)}: {why}")


def _checked(function: Any, name: str | None) -> Callable[..., Any]:
    """The function, if it can be a forward."""
    if not inspect.isfunction(function):
        _refuse(function, "", "a forward is a function that is written with def or lambda; wrap what you have in one")
    called = name or function.__name__
    parameters = inspect.signature(function).parameters.values()
    kinds = [one.kind for one in parameters]
    if function.__name__ == "<lambda>" and name is None:
        _refuse(function, "a lambda", "it has no name; give one with name=…")
    if inspect.iscoroutinefunction(function) or inspect.isgeneratorfunction(function):
        _refuse(function, called, "it is a generator or coroutine; a forward returns arrays")
    if inspect.Parameter.VAR_KEYWORD in kinds:
        _refuse(function, called, "it takes **keywords; name its static arguments, behind a `*`")
    if not kinds or kinds[0] is inspect.Parameter.KEYWORD_ONLY:
        _refuse(function, called, "it takes no operand; its first parameters are arrays")
    if inspect.Parameter.VAR_POSITIONAL in kinds[1:]:
        _refuse(function, called, "it takes other arguments before its *operands; place them behind, by keyword")
    if kinds[0] is not inspect.Parameter.VAR_POSITIONAL and all(one.default is not one.empty for one in parameters):
        _refuse(function, called, "every parameter has a default, so none is an operand; leave out that of the first")
    return function


@overload
def primitive(formula: Callable[..., Any], /) -> CustomPrimitive: ...


@overload
def primitive(
    formula: str = "",
    /,
    *,
    vjp: str = "",
    notes: Sequence[str] = (),
    name: str | None = None,
    broadcast: bool = False,
    floating: bool = False,
    aux: Sequence[str] = (),
    outputs: Sequence[str] = (),
) -> Callable[[Callable[..., Any]], CustomPrimitive]: ...


def primitive(
    formula: Any = "",
    /,
    *,
    vjp: str = "",
    notes: Sequence[str] = (),
    name: str | None = None,
    broadcast: bool = False,
    floating: bool = False,
    aux: Sequence[str] = (),
    outputs: Sequence[str] = (),
) -> Any:
    """Make the decorated function of arrays an operation on tensors, whose `defvjp` declares its derivatives.

    `@mg.primitive` alone will do; a `formula` and a `vjp` are text that `mg.primitives()` shows. With
    `broadcast=True` it is element-wise: operands are promoted and broadcast, and gradients summed over what was
    broadcast; with `floating=True` integers become floats first. The last results of the forward are for the VJPs
    only where `aux` names them; floating-point ones end the tape, so that a second derivative is refused. `outputs`
    names several results, whose cotangents then come as a tuple, with None for one that the loss does not need.

    Parameters without a default are operands. Those with a default or behind `*` are static. Declaring a name again
    replaces your own primitive, as running a cell again does.

    Raises `DTypeError` for what cannot be a forward, `ArgumentError` for a name of the library's own.

    >>> import minigrad as mg, numpy as np
    >>> @mg.primitive("y = x³")
    ... def cube(x):
    ...     return x**3
    >>> cube.defvjp(x=lambda g, x: 3 * g * x * x)
    >>> mg.autograd.gradcheck(cube, mg.randn(4, dtype=mg.float64, requires_grad=True), order=2)
    True
    """
    for role, text in (("formula", formula), ("vjp", vjp)):
        if not isinstance(text, str) and not (role == "formula" and callable(text)):
            raise DTypeError(f"primitive got {role}={text!r}; it is text")
    if name is not None and (not isinstance(name, str) or not name):
        raise DTypeError(f"primitive got name={name!r}; it is text")

    def declare(function: Any) -> CustomPrimitive:
        checked = _checked(function, name)
        text = formula if isinstance(formula, str) else ""
        shown = text or (checked.__doc__ or "").strip().partition("\n")[0]
        made = _primitive(
            shown, vjp=vjp, notes=_names(notes), name=name or checked.__name__, broadcast=broadcast, floating=floating,
            aux=_names(aux), outputs=_names(outputs), kind=CustomPrimitive,
        )(checked)  # fmt: skip
        assert isinstance(made, CustomPrimitive)
        return made

    return declare if isinstance(formula, str) else declare(formula)


def _names(words: Sequence[str]) -> tuple[str, ...]:
    """One word, or several."""
    return (words,) if isinstance(words, str) else tuple(words)
