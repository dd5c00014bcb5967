"""The derivatives of a primitive, as they are declared: a VJP for each argument, and what forward mode needs.

Reverse mode asks for the vector-Jacobian product (VJP) of every argument. Forward
mode asks for the Jacobian-vector product (JVP), which most primitives have already: a
linear one is its own JVP, applied to the tangent of one argument with the others held
fixed; and where the Jacobian is its own transpose, as the diagonal one of
everything element-wise is, the VJP is the JVP too. `defjvp` says any other. What says
nothing is left to the VJP of the VJP.

A VJP that uses nothing but its parameters, Python's operators and primitives means the
same for arrays as for tensors: then primitives are their forwards. Where nobody
records or watches the walk, such a VJP is given arrays.
"""

from collections.abc import Callable
from dis import get_instructions
from types import CodeType, FunctionType
from typing import Any, NamedTuple

from .errors import GradError
from .tensor import Tensor

__all__ = ["Rules"]

Rule = Callable[..., Tensor | None]


# Where an application finds what a VJP asks for.
ARGUMENT, OUTPUT, AUX, SHAPE, SHAPES = range(5)


class Plan(NamedTuple):
    """For one pattern of arguments that need gradients: what is saved, by name, and whose VJPs run.

    The pattern itself and the usual places of the arguments, the first outputs of their nodes, are shared by nodes.
    """

    wanted: tuple[bool, ...]
    places: tuple[int, ...]
    kept: tuple[tuple[str, int, int], ...]
    pulls: tuple[tuple[int, str, Rule, Callable[..., Any] | None], ...]


_COMMON = {"mT", "ndim", "shape", "range"}  # what is the same of arrays and tensors, and a builtin


def _forward_of(primitive: "Rules") -> Callable[..., Any] | None:
    """The forward, of a primitive that makes one array of its own."""
    return None if primitive.view or primitive.aux or primitive._outputs.keys() - {"y"} else primitive.forward


def _on_arrays(rule: Any) -> Callable[..., Any] | None:
    """The VJP with the forwards of the primitives that it calls; None where it uses anything else."""
    code, known = rule.__code__, {}
    if any(isinstance(constant, CodeType) for constant in code.co_consts):
        return None
    for name in code.co_names:
        found = rule.__globals__.get(name)
        forward = _forward_of(found) if isinstance(found, Rules) else None
        if forward is not None:
            known[name] = forward
        elif name not in _COMMON or found is not None:
            return None
    reads = {step.argval for step in get_instructions(code) if step.opname in ("LOAD_ATTR", "LOAD_METHOD")}
    if code.co_freevars or not reads <= _COMMON:
        return None
    return FunctionType(code, known, rule.__name__, rule.__defaults__) if known else rule


class Rules:
    """What a primitive knows of its derivatives."""

    name: str
    forward: Callable[..., Any]
    view: bool
    arguments: tuple[str, ...]
    static: tuple[str, ...]
    aux: tuple[str, ...]
    variadic: bool
    broadcast: bool
    linear: bool
    symmetric: bool
    _outputs: dict[str, int]

    def __init__(self) -> None:
        self.rules: dict[str, tuple[Rule, tuple[str, ...]]] = {}
        self.jvps: dict[str, tuple[Callable[..., Any], tuple[str, ...]]] = {}
        self._plans: dict[tuple[bool, ...], Plan] = {}

    def defvjp(self, **rules: Rule) -> None:
        """Register the VJP of each named argument; see the text of `primitive` for their parameters."""
        for argument, rule in rules.items():
            if argument not in self.arguments:
                raise GradError(
                    f"{self.name} has no argument {argument!r}; its arguments are {', '.join(self.arguments)}"
                )
            self.rules[argument] = (rule, self._named(rule, argument, "VJP", self._nameable()))
        self._plans.clear()

    def defjvp(self, **rules: Callable[..., Any]) -> None:
        """Register the JVP by each named argument, after its VJP: it is given a tangent, and may name what that names.

        Of several outputs it returns a tuple of tangents.
        """
        for argument, rule in rules.items():
            if argument not in self.rules:
                raise GradError(f"{self.name} has no VJP for {argument!r}; declare that before the JVP")
            known = (*self.rules[argument][1], *self.static)
            self.jvps[argument] = (rule, self._named(rule, argument, "JVP", known))

    def _named(self, rule: Callable[..., Any], argument: str, kind: str, known: tuple[str, ...]) -> tuple[str, ...]:
        code = rule.__code__
        names = code.co_varnames[1 : code.co_argcount]
        for name in names:
            if name not in known:
                raise GradError(
                    f"the {kind} of {self.name} for {argument!r} asks for {name!r}; it can ask for {', '.join(known)}"
                )
        return names

    def _nameable(self) -> tuple[str, ...]:
        shapes = tuple(f"{argument}_shape" for argument in self.arguments)
        position = ("position",) if self.variadic else ()
        return (*self.arguments, *shapes, *self._outputs, *self.static, *self.aux, *position)

    def _rule(self, position: int) -> tuple[Rule, tuple[str, ...]] | None:
        return self.rules.get(self.arguments[0 if self.variadic else position])

    def _plan(self, wanted: tuple[bool, ...]) -> Plan:
        """What it takes to record an application and to pull back through it, found out once for each pattern."""
        plan = self._plans.get(wanted)
        if plan is None:
            arguments = [self.arguments[0 if self.variadic else position] for position in range(len(wanted))]
            places = [place for place, one in enumerate(arguments) if wanted[place] and one in self.rules]
            pulls = [(place, arguments[place], *self._ways(arguments[place])) for place in places]
            names = dict.fromkeys(name for place in places for name in self.rules[arguments[place]][1])
            kept = [(name, *found) for name in names if (found := self._origin(name)) is not None]
            plan = self._plans[wanted] = Plan(wanted, (0,) * len(wanted), tuple(kept), tuple(pulls))
        return plan

    def _ways(self, argument: str) -> tuple[Rule, Callable[..., Any] | None]:
        """The VJP of an argument, and the same on arrays, where it is known."""
        rule: Any = self.rules[argument][0]
        return rule, _forward_of(rule) if isinstance(rule, Rules) else _on_arrays(rule)

    def _origin(self, name: str) -> tuple[int, int] | None:
        """Where an application finds what a VJP names; None for what is not saved: static arguments, the position."""
        if name in self.arguments:
            if self.variadic:
                raise GradError(f"the VJP of {self.name}, which takes any number of arguments, cannot ask for them")
            return ARGUMENT, self.arguments.index(name)
        if name in self._outputs:
            return OUTPUT, self._outputs[name]
        if name in self.aux:
            return AUX, self.aux.index(name)
        if name.endswith("_shape") and name not in self.static:
            return (SHAPES, 0) if self.variadic else (SHAPE, self.arguments.index(name[: -len("_shape")]))
        return None
