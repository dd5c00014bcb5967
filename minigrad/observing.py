"""Who watches: starting and ending it, and telling observers what happens.

The places that tell are the application of a primitive, the step of the walk, the
call of a module, and regions. Where nobody watches, each asks once and goes on.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from .errors import ArgumentError, DTypeError
from .mode import MODE

if TYPE_CHECKING:
    from .tape import Node
    from .tensor import Tensor

__all__ = [
    "PLAN", "Observer", "Plan", "applied", "attempt", "observe", "observers", "planned", "pulled", "region", "tell",
    "unwatch", "watch",
]  # fmt: skip


class Observer:
    """Sees every application of a primitive, every step of the walk and every call of a module; override what you need.

    Drawing, profiling and debugging hang on these methods. Whoever heard a start
    hears its end: `applied` or `pulled`, or `raised` instead of either (or after it, where
    an observer raised there); `left` and `ended` come in any case. Of several
    observers the one that came last hears of a start last and of an end first. What an
    observer computes in these methods is seen by no observer, and what it raises
    reaches the user, once all others have heard.

    >>> import minigrad as mg
    >>> class Names(mg.autograd.Observer):
    ...     def applied(self, primitive, inputs, outputs): print(primitive.name)
    >>> with mg.autograd.observe(Names()): _ = mg.ones(2) * 3
    mul
    """

    def applying(self, primitive: Any, inputs: Sequence["Tensor"], static: Mapping[str, Any]) -> None:
        """Called before a primitive computes, with its operands and its arguments that are no tensors."""

    def applied(self, primitive: Any, inputs: Sequence["Tensor"], outputs: Sequence["Tensor"]) -> None:
        """Called after a primitive has been applied, recorded or not."""

    def writing(self, tensor: "Tensor", recorded: bool) -> None:
        """Called before the storage of a tensor is changed in place, with whether that is recorded."""

    def pulling(self, node: "Node", cotangents: Sequence["Tensor | None"]) -> None:
        """Called before the walk pulls a node's cotangents back."""

    def pulled(self, node: "Node", cotangents: Sequence["Tensor | None"], gradients: Sequence["Tensor | None"]) -> None:
        """Called after the walk has pulled a node's cotangents back to its inputs and added them up there."""

    def raised(self, source: Any, error: BaseException) -> None:
        """Called instead of `applied` or `pulled`, with what raised; also with a node that cannot be walked."""

    def entering(self, module: Any, args: tuple[Any, ...]) -> None:
        """Called before a module runs."""

    def left(self, module: Any, output: Any) -> None:
        """Called after a module has run; with None where it raised."""

    def begun(self, name: str) -> None:
        """Called at the start of a `region`: a part of the program with a name, as 'autograd.backward'."""

    def ended(self, name: str) -> None:
        """Called at the end of a region, also where it raised."""


_HAPPENINGS = tuple(name for name in vars(Observer) if name[0] != "_")
_ENDS = {"applied", "pulled", "raised", "left", "ended"}


def watch(observer: Observer) -> None:
    """Let `observer` see what happens in this thread or task from now on."""
    if not isinstance(observer, Observer):
        what = f"the class {observer.__name__}" if isinstance(observer, type) else f"a {type(observer).__name__}"
        raise DTypeError(
            f"observe got {what}; give an instance of a subclass of minigrad.autograd.Observer, or functions by name, "
            "as applied=print"
        )
    mode = MODE.get()
    MODE.set(mode._replace(observers=(*mode.observers, observer)))


def unwatch(observer: Observer) -> None:
    """Let `observer` see nothing more; others stay, in whichever order they leave."""
    mode = MODE.get()
    places = [place for place, one in enumerate(mode.observers) if one is observer]
    if places:
        MODE.set(mode._replace(observers=mode.observers[: places[-1]] + mode.observers[places[-1] + 1 :]))


@contextmanager
def observe(observer: Observer | None = None, /, **functions: Callable[..., Any]) -> Iterator[Observer]:
    """Let `observer`, or functions that are named after its methods, see what happens inside the block.

    Observers belong to the context: another thread has none, and a task has those of the place where it was made.

    Raises `DTypeError` for what is no observer, `ArgumentError` for a function that is named after none of its methods.

    >>> import minigrad as mg
    >>> with mg.autograd.observe(applied=lambda primitive, inputs, outputs: print(primitive.name)):
    ...     _ = mg.exp(mg.ones(2))
    exp
    """
    if observer is None:
        observer = Observer()
    elif functions:
        raise ArgumentError(f"observe got an observer and {', '.join(functions)}; give one or the other")
    for name, function in functions.items():
        if name not in _HAPPENINGS or not callable(function):
            what = f"a {type(function).__name__} as {name}"
            raise ArgumentError(f"observe got {what}; it takes functions named {', '.join(_HAPPENINGS)}")
        setattr(observer, name, function)
    watch(observer)
    try:
        yield observer
    finally:
        unwatch(observer)


def observers() -> tuple[Observer, ...]:
    """Who watches in this thread or task.

    >>> import minigrad as mg
    >>> mg.autograd.observers()
    ()
    """
    return MODE.get().observers


def tell(watching: Sequence[Observer], happening: str, *what: Any) -> None:
    """Call the method `happening` of each observer, of ends in the opposite order; nobody sees what they compute.

    Raises what the first of them raised, after all have heard; `ArgumentError` for what is no method of observers.

    >>> import minigrad as mg
    >>> with mg.autograd.observe(begun=print): mg.autograd.tell(mg.autograd.observers(), "begun", "data")
    data
    """
    if happening not in _HAPPENINGS:
        raise ArgumentError(f"tell got {happening!r}; observers hear of {', '.join(_HAPPENINGS)}")
    mode, errors = MODE.get(), []
    MODE.set(mode._replace(observers=()))
    try:
        for observer in reversed(watching) if happening in _ENDS else watching:
            try:
                getattr(observer, happening)(*what)
            except BaseException as error:
                errors.append(error)
    finally:
        MODE.set(mode)
    if errors:
        raise errors[0]


@contextmanager
def attempt(watching: Sequence[Observer], source: Any) -> Iterator[None]:
    """Tell the observers where the block raises."""
    try:
        yield
    except BaseException as error:
        tell(watching, "raised", source, error)
        raise


def applied(
    watching: Sequence[Observer],
    operation: Any,
    inputs: "Sequence[Tensor]",
    static: Mapping[str, Any],
    compute: Callable[[], Any],
) -> Any:
    """The outputs that `compute()` gives, an application of `operation`, before the eyes of the observers."""
    with attempt(watching, operation):
        tell(watching, "applying", operation, inputs, static)
        result = compute()
        tell(watching, "applied", operation, inputs, result if isinstance(result, tuple) else (result,))
    return result


def pulled(
    watching: Sequence[Observer], node: "Node", cotangents: "Sequence[Tensor | None]", compute: Callable[[], Any]
) -> None:
    """A step of the walk, whose gradients `compute()` gives, before the eyes of the observers."""
    with attempt(watching, node):
        tell(watching, "pulling", node, cotangents)
        tell(watching, "pulled", node, cotangents, compute())


class Plan:
    """The nodes that a walk is going to visit, by falling serial number."""

    __slots__ = ("__weakref__", "nodes")

    def __init__(self, nodes: "Sequence[Node]") -> None:
        self.nodes = nodes


PLAN: ContextVar[Plan | None] = ContextVar("minigrad_plan", default=None)


class planned:  # noqa: N801 - reads as a verb
    """Lets hooks know which walk calls them, and what it will come to, inside a `with` block."""

    __slots__ = ("plan", "token")

    def __init__(self, nodes: "Sequence[Node]") -> None:
        self.plan = Plan(nodes)

    def __enter__(self) -> None:
        self.token = PLAN.set(self.plan)

    def __exit__(self, *exc: object) -> None:
        PLAN.reset(self.token)


class region:  # noqa: N801 - PyTorch's style
    """Give a part of the program a name that observers hear: a `with` block.

    >>> import minigrad as mg
    >>> with mg.autograd.observe(begun=print), mg.autograd.region("data"): pass
    data
    """

    __slots__ = ("name", "watching")

    def __init__(self, name: str) -> None:
        self.name = name

    def __enter__(self) -> None:
        self.watching = MODE.get().observers
        if self.watching:
            try:
                tell(self.watching, "begun", self.name)
            except BaseException:
                tell(self.watching, "ended", self.name)
                raise

    def __exit__(self, *exc: object) -> None:
        if self.watching:
            tell(self.watching, "ended", self.name)
