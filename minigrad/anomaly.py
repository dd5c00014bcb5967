"""Anomaly mode: the first operation that makes a NaN or an infinity raises, forwards or backwards.

An observer on the seam of the tape, so that it costs nothing where it is not used.
What it remembers of a node, the user's line and the layer, hangs in a weak
dictionary beside the tape.
"""

import sys
import threading
import weakref
from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from typing import Any, NamedTuple

import numpy as np

from .causes import Spot, backward_cause, count, forward_cause
from .errors import AnomalyError, MinigradError
from .mode import MODE
from .scopes import Line, Scopes, user_line
from .tape import Node
from .tensor import Array, Tensor

__all__ = [
    "detect_anomaly",
    "is_anomaly_check_nan_enabled",
    "is_anomaly_enabled",
    "set_detect_anomaly",
]


class _Origin(NamedTuple):
    """Where a node was recorded: the user's line, the layer, and during the backward of which operation, if any."""

    line: Line | None
    path: str
    backward_of: str

    def __str__(self) -> str:
        told = f" in the backward of {self.backward_of}, itself" if self.backward_of else ""
        told += f" at {self.line}" if self.line is not None else " on a line that is not known"
        return f"Recorded{told}" + (f" (in the layer {self.path})" if self.path else "")


_UNKNOWN = "Where it was recorded is not known, since anomaly mode was off then: put the forward pass inside it too"

_origins: weakref.WeakKeyDictionary[Node, _Origin] = weakref.WeakKeyDictionary()

# They move values and compute none: a NaN that passes through is not theirs, and may yet be masked.
_CARRIERS = frozenset({
    "cast", "cat", "clone", "contiguous", "detach", "diagonal", "diagonal_embed", "expand", "flip", "getitem",
    "identity", "im2col", "pad_constant", "permute", "place", "reshape", "scatter", "select", "setitem", "split",
    "take", "unpool", "where", "windows",
})  # fmt: skip


def _states(arrays: Sequence[Array]) -> tuple[bool, bool]:
    """Whether any of the arrays holds NaN, and whether any holds an infinity."""
    floats = [array for array in arrays if array.dtype.kind == "f"]
    return any(np.isnan(array).any() for array in floats), any(np.isinf(array).any() for array in floats)


def _is_finite(array: Array) -> bool:
    return array.dtype.kind != "f" or bool(np.isfinite(array).all())


def _values_at(named: Mapping[str, Array], index: tuple[int, ...], shape: tuple[int, ...]) -> dict[str, float]:
    """The value at `index` of each array that broadcasts to `shape`."""
    found = {}
    for name, array in named.items():
        try:
            found[name] = float(np.broadcast_to(array, shape)[index])
        except ValueError:
            continue
    return found


def _names(operation: Any, number: int) -> list[str]:
    """A name for each operand: those of the primitive's arguments."""
    names = getattr(operation, "arguments", ())
    return list(names) if len(names) == number else [f"operand {position}" for position in range(number)]


def _name(operation: Any) -> str:
    """The operation's name; a user's Function is called by its class."""
    return str(getattr(operation, "name", "leaf")).removesuffix("Backward")


def _source(tensor: Tensor) -> str:
    node = tensor.grad_fn
    if node is not None:
        return f"the result of {_name(node.operation)}"
    return "a leaf" if tensor.requires_grad else "a constant"


def _producers(inputs: Sequence[Tensor]) -> tuple[str, ...]:
    """The operations that computed the operands, reshaping and the like aside."""
    names = []
    for tensor in inputs:
        node = tensor.grad_fn
        while node is not None and node.name() in _CARRIERS and node.edges[0] is not None:
            node = node.edges[0].node
        if node is not None:
            names.append(node.name())
    return tuple(names)


def _saved(node: Node) -> dict[str, Array]:
    """The arrays that a node kept for its VJPs."""
    kept = {name: getattr(one, "array", None) for name, one in (node.saved or {}).items()}
    return {name: array for name, array in kept.items() if isinstance(array, np.ndarray)}


def _is_output(node: Node, name: str) -> bool:
    """Whether what a node kept under that name is a result, in the words of primitives or of a user's Function."""
    return name in (getattr(node.operation, "outputs", ()) or ("y",)) or name.startswith("output ")


def _told(named: Mapping[str, Array]) -> str:
    """The operands with their shapes, and which of them were finite."""
    groups = []
    for finite, state in ((True, "finite"), (False, "infinite in places")):
        members = [f"{name} of shape {array.shape}" for name, array in named.items() if _is_finite(array) is finite]
        if members:
            groups.append(f"{' and '.join(members)}, which {'were' if len(members) > 1 else 'was'} {state}")
    return ", and with ".join(groups)


def _adds_gradients() -> bool:
    """Whether the walk is adding up the contributions to a cotangent."""
    frame = sys._getframe(1)
    while frame is not None:
        if frame.f_code.co_name == "_deposit" and frame.f_globals.get("__name__") == Node.__module__:
            return True
        frame = frame.f_back  # type: ignore[assignment]
    return False


class _Anomaly(Scopes, threading.local):
    """Looks at every result and every gradient, and remembers where nodes were recorded.

    What it knows of the moment is each thread's own: a context may be copied to another.
    """

    def __init__(self, check_nan: bool, check_inf: bool) -> None:
        super().__init__()
        self.check_nan = check_nan
        self.check_inf = check_inf
        self._static: tuple[Any, Mapping[str, Any]] = (None, {})
        self._pulling: list[Node] = []

    # ------------------------------------------------------------ forwards

    def applying(self, primitive: Any, inputs: Sequence[Tensor], static: Mapping[str, Any]) -> None:
        """Keep the arguments that are no tensors: an infinite one (a padding of −∞) is an operand too."""
        self._static = (primitive, static)

    def applied(self, primitive: Any, inputs: Sequence[Tensor], outputs: Sequence[Tensor]) -> None:
        """Remember where the node was recorded, and look at the results."""
        node = next((output.grad_fn for output in outputs if output.grad_fn is not None), None)
        if node is not None and node not in _origins:
            if self._pulling:
                known = _origins.get(self._pulling[-1])
                line, path = (known.line, known.path) if known is not None else (None, "")
                _origins[node] = _Origin(line, path, _name(self._pulling[-1].operation))
            else:
                _origins[node] = _Origin(user_line(), self.path(), "")
        if not (self.check_nan or self.check_inf):
            return
        for output in outputs:
            # A VJP may meet infinities on its way: its gradients are what counts, and their sums.
            if not _is_finite(output._array) and (not self._pulling or _adds_gradients()):
                self._examine(primitive, inputs, output)

    def _examine(self, primitive: Any, inputs: Sequence[Tensor], output: Tensor) -> None:
        """Raise where the operation made what is not finite, or computed with NaN."""
        arrays = [tensor._array for tensor in inputs]
        static = dict(self._static[1]) if self._static[0] is primitive else {}
        constants = [np.asarray(value) for value in static.values() if isinstance(value, float | np.floating)]
        had_nan, had_inf = _states([*arrays, *constants])
        nan, inf = _states([output._array])
        nan = nan and self.check_nan
        if nan:
            if had_nan and (primitive.name in _CARRIERS or _adds_gradients()):
                return  # a gradient that is NaN is told where it was made
        elif not (inf and self.check_inf) or had_nan or had_inf:
            return
        names = _names(primitive, len(inputs))
        line = user_line()
        place = f" At {line}" if line is not None else ""
        if nan and had_nan:
            raise AnomalyError(self._met(primitive, dict(zip(names, inputs, strict=True))) + place)
        described, index = count(output._array, nan)
        named = dict(zip(names, arrays, strict=True))
        at = _values_at(named, index, output.shape)
        kind = "NaN" if nan else "an infinity"
        spot = Spot(kind, output.dtype, at, named, static, _producers(inputs))
        cause = forward_cause(primitive.name, spot)
        if _adds_gradients():
            cause = f"gradients of a value that was used more than once were added up. {cause}"
        raise AnomalyError(
            f"{_name(primitive)} made {kind} in its result of shape {output.shape}: {described}. It computed with "
            f"{_told(named)}. Likely cause: {cause}.{place}"
        )

    def _met(self, primitive: Any, named: Mapping[str, Tensor]) -> str:
        for name, tensor in named.items():
            if _states([tensor._array])[0]:
                described, _ = count(tensor._array, True)
                node = tensor.grad_fn
                remedy = "Look at your data, and where the tensor was made; mg.nan_to_num replaces NaN."
                if node is not None:
                    remedy = f"{_origins.get(node, _UNKNOWN)}."
                elif not tensor.ndim and not tensor.requires_grad:
                    remedy = "Is it a mean of no elements?"
                return (
                    f"{_name(primitive)} met NaN: its operand {name}, {_source(tensor)} of shape {tensor.shape}, holds "
                    f"it already ({described}). {remedy}"
                )
        return f"{_name(primitive)} was given NaN as an argument."

    # ----------------------------------------------------------- backwards

    def pulling(self, node: Node, cotangents: Sequence[Tensor | None]) -> None:
        """Know in whose backward what follows is computed."""
        self._pulling.append(node)

    def pulled(self, node: Node, cotangents: Sequence[Tensor | None], gradients: Sequence[Tensor | None]) -> None:
        """Look at the gradients."""
        self._forget(node)
        if not (self.check_nan or self.check_inf):
            return
        for position, gradient in enumerate(gradients):
            if gradient is not None and not _is_finite(gradient._array):
                self._examine_gradient(node, cotangents, gradient, position)

    def raised(self, source: Any, error: BaseException) -> None:
        """Say where the node was recorded whose step could not be taken."""
        if not isinstance(source, Node):
            return
        self._forget(source)
        if isinstance(error, AnomalyError) or not isinstance(error, Exception) or error.__dict__.get("_recorded"):
            return
        error.__dict__["_recorded"] = True
        origin = str(_origins.get(source, _UNKNOWN))
        if isinstance(error, MinigradError):
            error.args = (f"{error}. {origin}",)
        else:
            error.add_note(f"In the backward of {_name(source.operation)}. {origin}")

    def _forget(self, node: Node) -> None:
        """Leave a node's step, and what was left unfinished inside it."""
        if node in self._pulling:
            while self._pulling.pop() is not node:
                pass

    def _examine_gradient(
        self, node: Node, cotangents: Sequence[Tensor | None], gradient: Tensor, position: int
    ) -> None:
        arrived = [cotangent._array for cotangent in cotangents if cotangent is not None]
        names = _names(node.operation, len(node.edges))
        saved = _saved(node)
        inputs = {name: array for name, array in saved.items() if name in names or not _is_output(node, name)}
        nan, inf = _states([gradient._array])
        nan = nan and self.check_nan
        cotangent_nan, cotangent_inf = _states(arrived)
        given = cotangent_nan or cotangent_inf or any(_states(list(inputs.values())))
        if not nan and (given or not (inf and self.check_inf)):
            return
        described, index = count(gradient._array, nan)
        kind = "NaN" if nan else "an infinity"
        state, verb = "was finite", "made"
        if cotangent_nan:
            state, verb = "held NaN already, which a hook or the call of backward gave it", "met"
        elif cotangent_inf:
            state = "held infinities already, but no NaN"
        cause = ""
        if not cotangent_nan:
            g = _values_at({"g": arrived[0]}, index, gradient.shape).get("g") if arrived else None
            at = _values_at(saved, index, gradient.shape)
            spot = Spot(kind, gradient.dtype, at, inputs, node.static, cotangent=g)
            cause = f" Likely cause: {backward_cause(node.name(), spot)}."
        shapes = ", ".join(str(array.shape) for array in arrived)
        raise AnomalyError(
            f"the backward of {_name(node.operation)} {verb} {kind} in the gradient for {names[position]}, of shape "
            f"{gradient.shape}: {described}. The cotangent that arrived, of shape {shapes}, {state}.{cause} "
            f"{_origins.get(node, _UNKNOWN)}"
        )


# ------------------------------------------------------------------ switches

# What the blocks of this thread or task will go back to.
_OUTER: ContextVar[tuple[_Anomaly | None, ...]] = ContextVar("minigrad_anomaly", default=())


def _current() -> _Anomaly | None:
    return next((one for one in MODE.get().observers if isinstance(one, _Anomaly)), None)


def _replace(anomaly: _Anomaly | None) -> None:
    """Let `anomaly` be the one that watches in this thread or task."""
    mode = MODE.get()
    others = tuple(one for one in mode.observers if not isinstance(one, _Anomaly))
    MODE.set(mode._replace(observers=others if anomaly is None else (*others, anomaly)))


def _checks(check_nan: bool, check_inf: bool | None) -> tuple[bool, bool]:
    return bool(check_nan), bool(check_nan if check_inf is None else check_inf)


class detect_anomaly:  # noqa: N801 - PyTorch's name
    """A `with` block in which the first NaN or infinity raises, in the forward as in the backward pass.

    An operation raises that makes NaN of operands without NaN, or an infinity of
    finite operands; so does one that computes with a NaN from outside.
    What only moves values (reshape, indexing, where, …) lets NaN pass, and an infinity
    among the operands, such as a mask of −∞, is taken for meant. `check_inf`
    is as `check_nan` unless given; with neither, nothing raises, but errors of the
    backward pass still say on which line the operation was recorded.

    Raises `AnomalyError`: the operation, its operands, the first place, a likely cause,
    and the line and the layer that recorded it. Every `grad` is as it was then.

    >>> import minigrad as mg
    >>> x = mg.tensor([1., 0.], requires_grad=True)
    >>> with mg.autograd.detect_anomaly():
    ...     mg.sqrt(x).sum().backward()
    Traceback (most recent call last):
    minigrad.errors.AnomalyError: the backward of sqrt made an infinity in the gradient for x, of shape (2,): ...
    """

    def __init__(self, check_nan: bool = True, check_inf: bool | None = None) -> None:
        self._checks = _checks(check_nan, check_inf)

    def __enter__(self) -> None:
        before = _current()
        anomaly = _Anomaly(*self._checks)
        if before is not None:  # perhaps inside a module
            anomaly.modules, anomaly._paths = list(before.modules), before._paths
        _OUTER.set((before, *_OUTER.get()))
        _replace(anomaly)

    def __exit__(self, *exc: object) -> None:
        outer = _OUTER.get()
        if outer:  # a suspended generator may leave its block in another thread, which never entered it
            _OUTER.set(outer[1:])
            _replace(outer[0])


class set_detect_anomaly:  # noqa: N801 - PyTorch's name
    """Switch anomaly mode on or off: at once, or for a `with` block; see `detect_anomaly`.

    It holds in this thread or task, as recording does.

    >>> import minigrad as mg
    >>> with mg.autograd.set_detect_anomaly(True): mg.is_anomaly_enabled()
    True
    """

    def __init__(self, mode: bool, check_nan: bool = True, check_inf: bool | None = None) -> None:
        self._before = _current()
        _replace(_Anomaly(*_checks(check_nan, check_inf)) if mode else None)

    def __enter__(self) -> None:
        """Nothing more: the switch is set."""

    def __exit__(self, *exc: object) -> None:
        _replace(self._before)


def is_anomaly_enabled() -> bool:
    """Whether anomaly mode is on in this thread or task.

    >>> import minigrad as mg
    >>> mg.is_anomaly_enabled()
    False
    """
    return _current() is not None


def is_anomaly_check_nan_enabled() -> bool:
    """Whether anomaly mode looks for NaN, or would if it were on, as in PyTorch.

    >>> import minigrad as mg
    >>> with mg.autograd.detect_anomaly(check_nan=False): mg.is_anomaly_check_nan_enabled()
    False
    """
    current = _current()
    return current is None or current.check_nan
