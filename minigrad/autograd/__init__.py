"""Gradients as values, and checks of gradients against finite differences.

`grad` walks the tape as `Tensor.backward` does, but returns the gradients
instead of adding them to leaves. `gradcheck` and `gradgradcheck` compare the
tape with differences: every directional derivative v·J·u by random projection,
so the cost does not grow with the sizes.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from ..anomaly import detect_anomaly, is_anomaly_check_nan_enabled, is_anomaly_enabled, set_detect_anomaly
from ..dtypes import float64
from ..errors import ArgumentError, DTypeError, GradError, MinigradError
from ..explaining import as_flag, iterable
from ..hooks import HookTable, RemovableHandle
from ..mode import enable_grad, is_grad_enabled, no_grad, set_grad_enabled
from ..observing import Observer, observe, observers, region, tell
from ..operands import as_integer, as_number
from ..random import chosen_generator
from ..sampling import randn
from ..tape import Node, walk
from ..tensor import Tensor, edge_of, kept_graph, seeds_for
from ..tensor.core import backward as _backward
from . import functional, graph
from .function import Function

__all__ = [
    "Function",
    "GradcheckError",
    "HookTable",
    "Node",
    "Observer",
    "RemovableHandle",
    "backward",
    "detect_anomaly",
    "enable_grad",
    "functional",
    "grad",
    "gradcheck",
    "gradgradcheck",
    "graph",
    "is_anomaly_check_nan_enabled",
    "is_anomaly_enabled",
    "is_grad_enabled",
    "no_grad",
    "observe",
    "observers",
    "region",
    "set_detect_anomaly",
    "set_grad_enabled",
    "tell",
]

Tensors = Tensor | Sequence[Tensor]


class GradcheckError(MinigradError, RuntimeError):
    """A derivative on the tape that finite differences contradict.

    >>> import minigrad as mg
    >>> mg.autograd.gradcheck(mg.relu, mg.zeros(1, dtype=mg.float64, requires_grad=True))
    Traceback (most recent call last):
    minigrad.autograd.GradcheckError: order 1, input 0 (shape (1,)): along a random direction the tape says ...
    """


# Derivatives of higher orders than this are not checked: each doubles the work.
_HIGHEST = 8


def _listed(tensors: Any) -> list[Any]:
    if isinstance(tensors, Tensor) or tensors is None:
        return [tensors]
    if not iterable(tensors):
        raise DTypeError(f"a {type(tensors).__name__} arrived where a tensor, or a list of tensors, belongs")
    return list(tensors)


def _cotangents(given: Any, count: int, name: str) -> list[Tensor | None]:
    if given is None:
        return [None] * count
    listed = _listed(given)
    if len(listed) != count:
        raise GradError(f"{name} got {len(listed)} cotangents for {count} outputs; give one each, or None")
    return listed


def backward(
    tensors: Tensors,
    grad_tensors: Tensors | None = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    inputs: Tensors | None = None,
) -> None:
    """Add the gradients of several outputs to their leaves in one walk; see `Tensor.backward`.

    (*), … -> None. Raises as `Tensor.backward`.

    >>> import minigrad as mg
    >>> x = mg.ones(2, requires_grad=True)
    >>> mg.autograd.backward([x.sum(), (x * x).sum()]); x.grad
    tensor([3., 3.])
    """
    outputs = _listed(tensors)
    seeds = _cotangents(grad_tensors, len(outputs), "backward")
    _backward(outputs, seeds, retain_graph, create_graph, inputs)


def grad(
    outputs: Tensors,
    inputs: Tensors,
    grad_outputs: Tensors | None = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    only_inputs: bool = True,
    allow_unused: bool | None = None,
    materialize_grads: bool = False,
) -> tuple[Any, ...]:
    """The gradients of `outputs` with respect to `inputs`, as a tuple; no `grad` is touched.

    Outputs that are no scalars need `grad_outputs`, cotangents of their shapes.
    `create_graph` records the walk, so that the gradients can be differentiated
    again. An input that the outputs do not depend on raises, unless
    `allow_unused` (its gradient is None) or `materialize_grads` (zeros).

    (*), … and inputs (*n), … -> (*n), … Raises `GradError`, as `Tensor.backward` does.

    >>> import minigrad as mg
    >>> x = mg.tensor(3., requires_grad=True)
    >>> (dy,) = mg.autograd.grad(x ** 3, x, create_graph=True)
    >>> mg.autograd.grad(dy, x)
    (tensor(18.),)
    """
    allow_unused = None if allow_unused is None else as_flag(allow_unused, "grad", "allow_unused")
    if as_flag(materialize_grads, "grad", "materialize_grads") and allow_unused is False:
        raise ArgumentError("grad got allow_unused=False with materialize_grads=True, which allows them; leave one out")
    roots, wanted = _listed(outputs), _listed(inputs)
    for number, tensor in enumerate(wanted):
        if not isinstance(tensor, Tensor):
            raise DTypeError(f"grad: input {number} is a {type(tensor).__name__}; inputs are tensors")
        if not tensor.requires_grad:
            raise GradError(
                f"grad: input {number} (shape {tensor.shape}) does not require gradients; call requires_grad_() on it "
                "before computing the outputs"
            )
    edges, seeds = seeds_for(roots, _cotangents(grad_outputs, len(roots), "grad"), "grad()")
    create_graph, keep = kept_graph(create_graph, retain_graph, "grad")
    targets = {edge_of(tensor) for tensor in wanted}
    with region("autograd.grad"):
        captured = walk(edges, seeds, retain_graph=keep, create_graph=create_graph, targets=targets).captured
    gradients: list[Tensor | None] = []
    for number, tensor in enumerate(wanted):
        gradient = captured.get(edge_of(tensor))
        if gradient is None and materialize_grads:
            gradient = Tensor._wrap(np.zeros(tensor.shape, tensor.dtype))
        if gradient is None and not allow_unused:
            raise GradError(
                f"grad: the outputs do not depend on input {number} (shape {tensor.shape}). Pass allow_unused=True for "
                "None, or materialize_grads=True for zeros"
            )
        gradients.append(gradient)
    return tuple(gradients)


# ------------------------------------------------------------------ checks


def _direction(tensor: Tensor, generator: Any) -> Tensor:
    return randn(tensor.shape, dtype=float64, generator=generator)


class _Tolerances(NamedTuple):
    eps: float
    atol: float
    rtol: float
    generator: "np.random.Generator | None"


def _tolerances(eps: Any, atol: Any, rtol: Any, generator: Any, name: str) -> _Tolerances:
    step = as_number(eps, name, "eps")
    if not 0 < step < math.inf:
        raise ArgumentError(f"{name} got eps={eps}; a step is positive and finite")
    return _Tolerances(step, as_number(atol, name, "atol"), as_number(rtol, name, "rtol"), chosen_generator(generator))


def _checked_order(func: Any, order: Any, name: str) -> int:
    if not callable(func):
        raise DTypeError(f"{name} got func={func!r}; it is the function to be checked")
    highest = as_integer(order, name, "order")
    if highest > _HIGHEST:
        raise ArgumentError(f"{name} got order={order}; the work doubles with each, so {_HIGHEST} is the most")
    return highest


def _flat_outputs(function: Callable[..., Any], inputs: Sequence[Tensor]) -> list[Tensor]:
    outputs = [
        output for output in _listed(function(*inputs)) if isinstance(output, Tensor) and output.dtype.kind == "f"
    ]
    if not outputs:
        raise GradError(
            "gradcheck: the function returned no floating-point tensor, so there is nothing to differentiate"
        )
    return outputs


def _project(outputs: Sequence[Tensor], cotangents: Sequence[Tensor]) -> float:
    return float(sum(np.vdot(v._array, y._array) for y, v in zip(outputs, cotangents, strict=True)))


def _checked_inputs(inputs: Any, name: str) -> list[Tensor]:
    listed = _listed(inputs)
    if not any(isinstance(one, Tensor) and one.requires_grad for one in listed):
        raise GradError(f"{name}: no input requires gradients, so there is nothing to check; use requires_grad=True")
    for number, one in enumerate(listed):
        if isinstance(one, Tensor) and one.requires_grad and one.dtype != float64:
            raise DTypeError(
                f"{name}: input {number} is {one.dtype}; differences need float64, or rounding hides every error. Use "
                "t.double()"
            )
    return listed


def gradcheck(
    func: Callable[..., Any],
    inputs: Any,
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    raise_exception: bool = True,
    order: int = 1,
    generator: "np.random.Generator | None" = None,
) -> bool:
    """Compare the tape's gradient of `func` with central differences, along random directions.

    For one random direction u_i per input that requires gradients, the tape's
    v·J·u_i is compared with (f(x + ε·u_i) − f(x − ε·u_i))·v / 2ε. With
    `order=2` the gradient itself is checked so too, and so on: each order
    checks the recorded walk of the one below.

    Raises `GradcheckError` on disagreement, or returns False with
    `raise_exception=False`; `DTypeError` for inputs that are not float64,
    `GradError` where none requires gradients.

    >>> import minigrad as mg
    >>> mg.autograd.gradcheck(mg.tanh, mg.randn(3, dtype=mg.float64, requires_grad=True), order=3)
    True
    """
    order = _checked_order(func, order, "gradcheck")
    tolerances = _tolerances(eps, atol, rtol, generator, "gradcheck")
    raise_exception = as_flag(raise_exception, "gradcheck", "raise_exception")
    try:
        _check_order(func, _checked_inputs(inputs, "gradcheck"), tolerances, 1)
        if order > 1:
            gradgradcheck(func, inputs, eps=eps, atol=atol, rtol=rtol, order=order, generator=generator)
    except GradcheckError:
        if raise_exception:
            raise
        return False
    return True


def gradgradcheck(
    func: Callable[..., Any],
    inputs: Any,
    grad_outputs: Any = None,
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    raise_exception: bool = True,
    order: int = 2,
    generator: "np.random.Generator | None" = None,
) -> bool:
    """Check the second derivative (or those up to `order`): `gradcheck` of the recorded gradient.

    The cotangents count as inputs too, since the gradient is linear in them.
    Raises as `gradcheck`.

    >>> import minigrad as mg
    >>> mg.autograd.gradgradcheck(mg.exp, mg.randn(3, dtype=mg.float64, requires_grad=True))
    True
    """
    order = _checked_order(func, order, "gradgradcheck")
    tolerances = _tolerances(eps, atol, rtol, generator, "gradgradcheck")
    raise_exception = as_flag(raise_exception, "gradgradcheck", "raise_exception")
    try:
        _check_gradient(func, _checked_inputs(inputs, "gradgradcheck"), grad_outputs, tolerances, 2, order)
    except GradcheckError:
        if raise_exception:
            raise
        return False
    return True


def _check_gradient(
    func: Callable[..., Any],
    listed: list[Tensor],
    grad_outputs: Any,
    tolerances: "_Tolerances",
    level: int,
    order: int,
) -> None:
    """Check the derivative of order `level`, and those up to `order`: the gradient is a function like any other."""
    outputs = _flat_outputs(func, listed)
    given = _cotangents(grad_outputs, len(outputs), "gradgradcheck")
    cotangents = [
        _direction(y, tolerances.generator) if v is None else v.detach() for y, v in zip(outputs, given, strict=True)
    ]
    count = len(listed)

    def gradient(*args: Tensor) -> tuple[Tensor, ...]:
        points, seeds = args[:count], args[count:]
        pairs = [(y, v) for y, v in zip(_flat_outputs(func, points), seeds, strict=True) if y.requires_grad]
        chosen = [point for point in points if isinstance(point, Tensor) and point.requires_grad]
        if not pairs:
            return tuple(Tensor._wrap(np.zeros(point.shape)) for point in chosen)
        ys, vs = zip(*pairs, strict=True)
        return grad(ys, chosen, vs, create_graph=True, materialize_grads=True)

    extended = [*listed, *(v.requires_grad_() for v in cotangents)]
    _check_order(gradient, extended, tolerances, level, count)
    if level < order:
        _check_gradient(gradient, extended, None, tolerances, level + 1, order)


def _check_order(
    func: Callable[..., Any],
    inputs: list[Tensor],
    tolerances: "_Tolerances",
    order: int,
    count: int | None = None,
) -> None:
    """Compare one random projection per input of the tape's derivative with differences."""
    with enable_grad():
        _compare(func, inputs, tolerances, order, len(inputs) if count is None else count)


def _compare(func: Callable[..., Any], inputs: list[Tensor], tolerances: "_Tolerances", order: int, count: int) -> None:
    eps, atol, rtol, generator = tolerances
    outputs = _flat_outputs(func, inputs)
    cotangents = [_direction(y, generator) for y in outputs]
    moving = [(i, x) for i, x in enumerate(inputs) if isinstance(x, Tensor) and x.requires_grad]
    on_tape = [(y, v) for y, v in zip(outputs, cotangents, strict=True) if y.requires_grad]
    points = [x for _, x in moving]
    if on_tape:
        ys, vs = zip(*on_tape, strict=True)
        tape = grad(ys, points, vs, materialize_grads=True)
    else:
        tape = tuple(Tensor._wrap(np.zeros(x.shape)) for x in points)
    for (position, x), gradient in zip(moving, tape, strict=True):
        direction = _direction(x, generator)
        sides = []
        for sign in (1.0, -1.0):
            moved = Tensor._wrap(x._array + sign * eps * direction._array).requires_grad_()
            shifted = [*inputs[:position], moved, *inputs[position + 1 :]]
            sides.append(_project(_flat_outputs(func, shifted), cotangents))
        numeric = (sides[0] - sides[1]) / (2 * eps)
        analytic = float(np.vdot(gradient._array, direction._array))
        name = f"input {position}" if position < count else f"cotangent {position - count}"
        if not abs(numeric - analytic) <= atol + rtol * abs(numeric):
            raise GradcheckError(
                f"order {order}, {name} (shape {x.shape}): along a random direction the tape says {analytic:.10g}, "
                f"central differences with eps={eps:g} say {numeric:.10g}. Either a VJP is wrong, or the function is "
                "not smooth at this point"
            )
