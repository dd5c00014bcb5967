"""What must hold of every call: it returns, or raises our own error in our own words, and changes nothing else."""

import re
import signal
import traceback
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np

import minigrad as mg
import nn
from minigrad.errors import MinigradError, MinigradWarning, OutOfMemoryError

# Words of NumPy's and of Python's that a message of ours has no use for.
FOREIGN = re.compile(
    r"ufunc|operands could not be broadcast|out of bounds for array|'NoneType' object|object has no attribute"
    r"|not subscriptable"
    r"|unsupported operand type|setting an array element|inhomogeneous|cannot reshape array|Unable to allocate"
    r"|numpy\.core"
    r"|only integer scalar arrays|only length-1|only 0-dimensional|could not convert|Maximum allowed|casting rule"
    r"|not aligned|object is not (iterable|callable)|cannot be interpreted as an integer|has no len\(\)"
    r"|Cannot cast|Python int(eger)? .* too large|zero-size array|iteration over a 0-d array"
    r"|buffer is (smaller|too small)"
)
# Python's own words for a wrong call, of a function of that name.
WRONG_CALL = re.compile(
    r"^[\w.<>]*\(\) (missing \d+ required|got an unexpected keyword|takes |got multiple values"
    r"|got some positional-only)"
    r"|^[\w.]+ expected (at (least|most) )?\d+ arguments?|takes no keyword arguments"
)
# Of operators: neither operand knows what to do, or Python itself asks for a kind of result.
NO_OPERATOR = re.compile(
    r"^unsupported operand type|argument 2 must be str|^'[^']*' not supported between instances"
    r"|^bad operand type|^unsupported format string"
    r"|^Unknown format code|^[Ii]nvalid format spec|is not a valid format"
)


class Verdict(NamedTuple):
    """How a call ended: what it returned or raised, and what is wrong with that; '' where nothing is."""

    returned: bool
    result: Any
    error: BaseException | None
    fault: str


class Hang(BaseException):
    """The time of a case is over."""


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raise `Hang` in the block after so many seconds."""

    def ring(*_: Any) -> None:
        raise Hang

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


# ------------------------------------------------------------------ what must not change


def bytes_of(array: np.ndarray) -> Any:
    """An array, and the memory below it, as something that compares by value."""
    base = array.base
    below = base.tobytes() if isinstance(base, np.ndarray) and not base.dtype.hasobject else None
    values = [id(one) for one in array.reshape(-1)] if array.dtype.hasobject else array.tobytes()
    return values, below, array.shape, array.strides, array.dtype.str, array.flags.writeable


def look(value: Any, depth: int = 0) -> Any:
    """All there is to see of an argument, as something that compares by value."""
    if isinstance(value, mg.Tensor):
        try:
            array = value._array
        except MinigradError:  # without a shape yet
            return id(value)
        gradient = None if value._grad is None else look(value._grad, depth + 1)
        return bytes_of(array), id(value._node), value._version, gradient, sorted(vars(value))
    if isinstance(value, np.ndarray):
        return bytes_of(value)
    if isinstance(value, nn.Module):
        held = {**value._parameters, **value._buffers}
        inside = [(name, look(one, depth)) for name, one in value._modules.items()]
        return [(name, look(one, depth)) for name, one in held.items()], inside, value.training, type(value)
    if isinstance(value, Mapping) and depth < 4:
        return [(repr(key), look(one, depth + 1)) for key, one in value.items()]
    if isinstance(value, list | tuple) and depth < 4:
        return type(value), [look(one, depth + 1) for one in value]
    if isinstance(value, set | frozenset | bytearray | str | int | float | complex | bytes):
        return type(value), repr(value) if not isinstance(value, int) else value
    return id(value)


def switches() -> dict[str, Any]:
    """The switches of NumPy and of minigrad, and NumPy's random state."""
    kind, keys, place, *_ = np.random.get_state()
    return {
        "NumPy's error state": np.geterr(),
        "NumPy's random state": (kind, keys.tobytes(), place),
        "recording": mg.is_grad_enabled(),
        "the default dtype": mg.get_default_dtype(),
        "the observers": mg.autograd.observers(),
        "the hooks of floating-point errors": np.geterrcall(),
    }


def put_back(before: dict[str, Any]) -> None:
    """Set the switches as they were."""
    mg.set_grad_enabled(before["recording"])
    mg.set_default_dtype(before["the default dtype"])
    mg.use_deterministic_algorithms(False)
    mg.set_printoptions(profile="default")


# ------------------------------------------------------------------ the judgement


def fault_of(error: BaseException, operator: bool = False) -> str:
    """What is wrong with an error; '' for one of ours in our words, and for Python's of a wrong call."""
    text = str(error)
    if isinstance(error, Hang):
        return "it does not end"
    if isinstance(error, MinigradError):
        found = FOREIGN.search(text)
        if found:
            return f"foreign words in {type(error).__name__}: {text}"
        return "" if len(text) > 10 else f"no text: {text}"
    if type(error) is TypeError and WRONG_CALL.search(text):
        return ""
    if operator and type(error) is TypeError and NO_OPERATOR.search(text):
        return ""
    if operator and type(error) is ValueError and NO_OPERATOR.search(text):
        return ""
    return f"{type(error).__name__}: {text}"


def place_of(error: BaseException) -> str:
    """Where an error was raised: the innermost lines of ours."""
    frames = traceback.extract_tb(error.__traceback__)
    inside = [frame for frame in frames if "/minigrad/" in frame.filename or "/nn/" in frame.filename]
    return " < ".join(f"{frame.filename.rpartition('/')[2]}:{frame.lineno}" for frame in reversed(inside[-3:]))


def judged(
    function: Callable[..., Any],
    args: tuple[Any, ...],
    keywords: dict[str, Any],
    *,
    changing: int = 0,
    switching: bool = False,
    operator: bool = False,
    seconds: float = 5.0,
) -> Verdict:
    """Call the function and judge; the first `changing` arguments may be others after a return."""
    before, stood = [look(one) for one in (*args, *keywords.values())], switches()
    result, error, fault = None, None, ""
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        try:
            with time_limit(seconds):
                result = function(*args, **keywords)
        except (Exception, Hang) as raised:
            error = raised
            fault = fault_of(raised, operator)
            if fault:
                fault += f"  [{place_of(raised)}]"
    after = [look(one) for one in (*args, *keywords.values())]
    for place, (old, new) in enumerate(zip(before, after, strict=True)):
        if old != new and not (changing and place < changing and error is None):
            fault = fault or f"argument {place} was changed" + ("" if error is None else f", before {error}")
    foreign = [one for one in heard if not issubclass(one.category, MinigradWarning)]
    if foreign:
        fault = fault or f"warning {foreign[0].category.__name__}: {foreign[0].message}"
    stands = switches()
    if stands != stood:
        moved = [name for name in stands if stands[name] != stood[name]]
        if not switching:
            fault = fault or f"{' and '.join(moved)} changed"
        put_back(stood)
    return Verdict(error is None, result, error, fault)


# ------------------------------------------------------------------ gradients


def tensors_in(value: Any) -> Iterator[mg.Tensor]:
    """The tensors in nested tuples and lists."""
    if isinstance(value, mg.Tensor):
        yield value
    elif isinstance(value, tuple | list):
        for one in value:
            yield from tensors_in(one)


def walked(result: Any, arguments: list[Any], seconds: float = 5.0) -> str:
    """What is wrong with the gradients of a result; '' where they have the shapes and dtypes of their leaves."""
    try:
        outputs = [one for one in tensors_in(result) if one.requires_grad and one.shape is not None]
    except MinigradError:
        return ""
    leaves = [one for one in tensors_in(arguments) if one.requires_grad]
    if not outputs or not leaves:
        return ""
    try:
        seeds = [mg.ones(one.shape, dtype=one.dtype) for one in outputs]
    except OutOfMemoryError:
        return ""
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        try:
            with time_limit(seconds):
                gradients = mg.autograd.grad(outputs, leaves, seeds, allow_unused=True, retain_graph=True)
        except (Exception, Hang) as error:
            return f"backward: {type(error).__name__}: {error}  [{place_of(error)}]"
    if heard:
        return f"backward: warning {heard[0].message}"
    for leaf, gradient in zip(leaves, gradients, strict=True):
        if gradient is not None and (gradient.shape, gradient.dtype) != (leaf.shape, leaf.dtype):
            return f"backward: gradient {gradient.shape} {gradient.dtype} of a leaf {leaf.shape} {leaf.dtype}"
    return ""
