"""What happens around a module's constructor and forward: checks, full backward hooks, errors that name the layer."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from functools import wraps
from inspect import signature
from itertools import islice
from typing import TYPE_CHECKING, Any

import minigrad as mg
from minigrad.autograd import HookTable, Observer, tell
from minigrad.callers import warn
from minigrad.errors import ArgumentError, DTypeError, GradError, MinigradError, UnregisteredModuleWarning
from minigrad.explaining import ACCIDENTS, explained, mistaken

from .parameter import Parameter

if TYPE_CHECKING:
    from .module import Module


EVERYWHERE = HookTable()  # hooks on every module, before its own: the function, its kind, with_kwargs, always_call


def everywhere(kind: str) -> list[tuple[Any, ...]]:
    """The hooks of one kind that every module runs."""
    return [(hook, *options) for hook, of, *options in EVERYWHERE.values() if of == kind]


def names_of(names: Iterable[str]) -> str:
    """The first of some names, for an error that looked for another."""
    first = list(islice(names, 11))
    return ", ".join(first[:10] + ["…"] * (len(first) > 10)) or "none"


def registered(module: "Module") -> str:
    """What a module has in the place of an attribute that it has not."""
    if "_modules" not in module.__dict__:
        return "Module.__init__() has not run. Call super().__init__() first in the class's own"
    return f"registered in it are: {names_of([*module._parameters, *module._buffers, *module._modules])}"


def described(value: Any) -> str:
    """A value by its type, or as the class that it is, for an error that wanted a module."""
    return (
        f"the class {value.__name__}, which is to be called" if isinstance(value, type) else f"a {type(value).__name__}"
    )


def locate(error: MinigradError, module: "Module") -> None:
    """Say in the error's text in which layer it arose; every module on the way out knows a longer path."""
    innermost: Module = error.__dict__.setdefault("layer", module)
    text = error.__dict__.setdefault("text", str(error))
    path = next((path for path, one in module.named_modules() if one is innermost), "")
    name = repr(innermost) if not innermost._modules else type(innermost).__name__
    error.args = (f"{text} [in {path + ': ' if path else ''}{name}]",)


def checked(init: Callable[..., None]) -> Callable[..., None]:
    """A layer's constructor that refuses flags, numbers and words of another kind than its signature asks for.

    NumPy's numbers become Python's, which do not overflow. What else ends in an accident is explained.
    """
    known = signature(init)
    numbers = {name for name, one in known.parameters.items() if one.annotation in (int, float)}

    @wraps(init)
    def called(self: Any, *args: Any, **options: Any) -> None:
        name = type(self).__name__
        try:
            bound = known.bind(self, *args, **options)
        except TypeError:
            try:
                init(self, *args, **options)  # which cannot be: Python says why
            except TypeError as error:
                error.args = (str(error).replace(f"{init.__qualname__}()", f"{name}()"),)
                raise
        for word in numbers & bound.arguments.keys():
            bound.arguments[word] = _as_python(bound.arguments[word], known.parameters[word].annotation)
        mistake = mistaken(init, name, {word: one for word, one in bound.arguments.items() if _is_complex(one)})
        if mistake is None:
            try:
                init(*bound.args, **bound.kwargs)
            except ACCIDENTS as error:
                told = explained(init, (self, *args), options, error)
                if told is error:
                    raise
                raise told from error
            mistake = mistaken(init, name, bound.arguments)
        if mistake is not None:
            raise mistake

    return called


def check_name(module: "Module", name: str, what: str) -> None:
    """Raise for what cannot be the name of a parameter, a buffer or a submodule."""
    if not isinstance(name, str):
        raise DTypeError(f"the name of a {what} is a string; {name!r} arrived, a value of type {type(name).__name__}")
    if not name or "." in name:
        raise ArgumentError(
            f"a {what} cannot be called {name!r}: names are not empty and hold no dot, which joins paths"
        )
    own: dict[str, dict[str, Any]] = {
        "parameter": module._parameters, "buffer": module._buffers, "module": module._modules,
    }  # fmt: skip
    if hasattr(module, name) and name not in own[what]:
        raise ArgumentError(
            f"{type(module).__name__} has an attribute {name!r} already; choose another name for the {what}"
        )


def check_constructors(cls: type, above: type) -> None:
    """Check the constructors of a class and its bases below `above`, as far as they are this library's."""
    for kind in cls.__mro__:
        init = kind.__dict__.get("__init__")
        own = kind.__module__.startswith("nn.") and kind is not above
        if own and init is not None and not hasattr(init, "__wrapped__"):
            setattr(kind, "__init__", checked(init))  # noqa: B010


def _is_complex(value: Any) -> bool:
    """Whether a value is complex, of which NumPy would take the real part."""
    return isinstance(value, complex) or getattr(getattr(value, "dtype", None), "kind", "") == "c"


def _as_python(value: Any, kind: type) -> Any:
    """A number of NumPy's, or a tensor of an integer, as Python's number of that kind; anything else as it is."""
    if getattr(value, "ndim", 1) == 0 and not _is_complex(value) and not getattr(value, "requires_grad", False):
        with suppress(AttributeError, TypeError, ValueError, OverflowError, MinigradError):
            return value.__index__() if kind is int else float(value)
    return value


class BackwardWatcher:
    """Calls full backward hooks: one node of the tape before the module's inputs, one after its outputs."""

    def __init__(self, module: "Module") -> None:
        self.module = module
        self.pre_hooks = [hook for hook, *_ in everywhere("backward pre")] + list(module._backward_pre_hooks.values())
        self.hooks = [hook for hook, *_ in everywhere("backward")] + list(module._backward_hooks.values())
        self.needed = bool(self.pre_hooks or self.hooks)
        self.grad_output: tuple[Any, ...] | None = None
        self.count = 0
        self.watched: list[int] = []

    def _identified(self, values: tuple[Any, ...]) -> tuple[tuple[Any, ...], list[int], Any]:
        """The values with those on the tape replaced by the outputs of one node, their places, and the node."""
        places = [place for place, value in enumerate(values) if isinstance(value, mg.Tensor) and value.requires_grad]
        if not places or not mg.is_grad_enabled():
            return values, [], None
        twins = mg.identity(*(values[place] for place in places))
        changed = list(values)
        for place, twin in zip(places, twins, strict=True):
            changed[place] = twin
        return tuple(changed), places, twins[0].grad_fn

    @staticmethod
    def _spread(gradients: tuple[Any, ...], places: list[int], count: int) -> tuple[Any, ...]:
        full = [None] * count
        for place, gradient in zip(places, gradients, strict=True):
            full[place] = gradient
        return tuple(full)

    def watch_inputs(self, args: tuple[Any, ...]) -> tuple[Any, ...]:
        args, self.watched, node = self._identified(args)
        self.count = len(args)
        if node is not None:
            node.register_prehook(self._inputs_known)
        return args

    def watch_outputs(self, output: Any) -> Any:
        single = not isinstance(output, tuple)
        values = (output,) if single else output
        values, places, node = self._identified(values)
        count = len(values)

        def outputs_known(gradients: tuple[Any, ...]) -> tuple[Any, ...]:
            self.grad_output = self._after(self.pre_hooks, self._spread(gradients, places, count))
            gradients = tuple(self.grad_output[place] for place in places)
            if not self.watched:
                self._run((None,) * self.count)
            return gradients

        if node is not None:
            node.register_prehook(outputs_known)
        if single:
            return values[0]
        return type(output)._make(values) if hasattr(output, "_make") else values

    def _inputs_known(self, gradients: tuple[Any, ...]) -> tuple[Any, ...] | None:
        if self.grad_output is None:
            return None  # a walk of higher order, which comes to the inputs without the outputs
        changed = self._run(self._spread(gradients, self.watched, self.count))
        return tuple(changed[place] for place in self.watched)

    def _run(self, grad_input: tuple[Any, ...]) -> tuple[Any, ...]:
        grad_output, self.grad_output = self.grad_output, None
        return self._after(self.hooks, grad_input, grad_output)

    def _after(self, hooks: list[Callable[..., Any]], gradients: tuple[Any, ...], *known: Any) -> tuple[Any, ...]:
        """The gradients that the hooks leave, each of which may replace them."""
        count, places = len(gradients), "inputs" if known else "outputs"
        for hook in hooks:
            changed = hook(self.module, gradients, *known)
            if changed is not None:
                gradients = (changed,) if known and not isinstance(changed, tuple) else changed
                if not isinstance(gradients, tuple) or len(gradients) != count:
                    what = f"{len(changed)} gradients" if isinstance(changed, tuple) else f"a {type(changed).__name__}"
                    raise GradError(
                        f"a backward hook of {type(self.module).__name__} returned {what} for {count} {places}; "
                        "return a tuple with one for each, None for those that need none"
                    )
        return gradients


def hooked(module: "Module", args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Run `forward` with the hooks around it."""
    for hook, with_kwargs, *_ in everywhere("forward pre") + list(module._forward_pre_hooks.values()):
        changed = hook(module, args, kwargs) if with_kwargs else hook(module, args)
        if changed is not None and with_kwargs:
            if not (isinstance(changed, tuple) and len(changed) == 2 and isinstance(changed[1], dict)):
                what = f"a {type(changed).__name__}"
                if isinstance(changed, tuple):
                    what = f"({', '.join(type(one).__name__ for one in changed)})"
                raise DTypeError(
                    "a forward pre-hook with_kwargs=True returns None or a pair (args, kwargs), a tuple and a "
                    f"dictionary; it returned {what}"
                )
            args, kwargs = changed
        elif changed is not None:
            args = changed if isinstance(changed, tuple) else (changed,)
    watcher = BackwardWatcher(module)
    if watcher.needed:
        args = watcher.watch_inputs(args)
    try:
        output = module.forward(*args, **kwargs)
    except Exception:
        for hook, with_kwargs, always in everywhere("forward") + list(module._forward_hooks.values()):
            if always:
                hook(module, args, kwargs, None) if with_kwargs else hook(module, args, None)
        raise
    for hook, with_kwargs, _ in everywhere("forward") + list(module._forward_hooks.values()):
        changed = hook(module, args, kwargs, output) if with_kwargs else hook(module, args, output)
        output = output if changed is None else changed
    return watcher.watch_outputs(output) if watcher.needed else output


def observed(module: "Module", args: tuple[Any, ...], kwargs: dict[str, Any], observers: tuple[Observer, ...]) -> Any:
    """Run `forward` with the hooks, before the eyes of `observers`."""
    output = None
    try:
        tell(observers, "entering", module, args)
        output = hooked(module, args, kwargs)
    finally:
        tell(observers, "left", module, output)
    return output


def _held(container: Any, left: list[int]) -> Iterator[Any]:
    """What plain containers hold, also those inside them, until so many have been looked at."""
    for one in container.values() if isinstance(container, dict) else container:
        left[0] -= 1
        if left[0] < 0:
            return
        if isinstance(one, _PLAIN):
            yield from _held(one, left)
        else:
            yield one


def _is_module(one: Any) -> bool:
    return isinstance(getattr(one, "_modules", None), dict)


_PLAIN = (list, tuple, dict, set, frozenset, deque)
_LOOKED_AT = 200


def warn_about_unregistered(root: "Module") -> None:
    """Warn, once for each, about plain lists, dictionaries and the like of what `root` does not reach.

    A name with an underscore in front says that it is meant.
    """
    suspects = [
        (module, name, value)
        for module in root.modules()
        for name, value in module.__dict__.items()
        if isinstance(value, _PLAIN) and name[0] != "_" and name not in module._warned
    ]
    if not suspects:
        return
    reached = {id(one) for module in root.modules() for one in (module, *module._parameters.values())}
    for module, name, value in suspects:
        for one in _held(value, [_LOOKED_AT]):
            if id(one) not in reached and (isinstance(one, Parameter) or _is_module(one)):
                module._warned.add(name)
                warn(
                    f"{type(module).__name__}.{name} is a plain {type(value).__name__} with modules or parameters that "
                    "are not registered, so they are not trained, saved or moved. Use nn.ModuleList, nn.ModuleDict, "
                    "nn.ParameterList or nn.Sequential; a name with an underscore in front says that it is meant",
                    UnregisteredModuleWarning,
                )
                break
