"""A chain of operations on four elements: what recording and walking cost, without the arithmetic."""

from functools import partial
from importlib import import_module
from typing import Any

import numpy as np

from . import Workload

X = np.array([0.1, 0.2, 0.3, 0.4], np.float32)
FACTORS = np.array([1.0001, 0.9999, 1.0, 1.0], np.float32)


def chain(library: str, operation: str, direction: str, length: int) -> Workload:
    """`length` times the same operation; only the forward part is timed, or only the backward, or both."""
    return (_autograd if library == "autograd" else _tape)(library, operation, direction, length)


def _tape(library: str, operation: str, direction: str, length: int) -> Workload:
    T: Any = import_module(library)
    x, factors = T.tensor(X), T.tensor(FACTORS)
    if library == "mygrad":
        factors = T.tensor(FACTORS, constant=True)
        forget = x.null_grad
    else:
        x.requires_grad_()
        forget = partial(setattr, x, "grad", None)
    function = _operation(operation, T.tanh, factors)

    def forward() -> Any:
        forget()
        y = x
        for _ in range(length):
            y = function(y)
        return y

    def backward(y: Any) -> Any:
        y.sum().backward()
        return y

    def both() -> Any:
        return backward(forward())

    def results() -> Any:
        y = forward()
        last = np.array(y.detach().numpy() if hasattr(y, "detach") else y.data)
        backward(y)
        return {"output": last, "gradient": np.array(x.grad)}

    if direction == "backward":
        return Workload(backward, results, forward)
    return Workload({"forward": forward, "both": both}[direction], results)


def _autograd(library: str, operation: str, direction: str, length: int) -> Workload:
    import autograd.numpy as anp
    from autograd import make_vjp

    function = _operation(operation, anp.tanh, FACTORS)

    def composed(y: Any) -> Any:
        for _ in range(length):
            y = function(y)
        return anp.sum(y)

    def forward() -> Any:
        return make_vjp(composed)(X)

    def backward(recorded: Any) -> Any:
        return recorded[0](np.float32(1))

    def both() -> Any:
        return backward(forward())

    def results() -> Any:
        y = X
        for _ in range(length):
            y = function(y)
        return {"output": y, "gradient": both()}

    if direction == "backward":
        return Workload(backward, results, forward)
    return Workload({"forward": forward, "both": both}[direction], results)


def _operation(name: str, tanh: Any, factors: Any) -> Any:
    return {
        "multiplied by an array": lambda y: y * factors,
        "multiplied by a number": lambda y: y * 1.0001,
        "added to an array": lambda y: y + factors,
        "tanh": tanh,
    }[name]
