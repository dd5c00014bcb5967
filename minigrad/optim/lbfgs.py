"""L-BFGS: a quasi-Newton method that remembers a few steps."""

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from ..errors import ArgumentError, DTypeError, StateDictError
from ..mode import enable_grad, no_grad
from ..observing import region
from ..operands import as_integer, as_number
from ..silence import silent
from ..tensor import Array, Tensor
from ..tensor.inplace import writing
from .line_search import Point, strong_wolfe
from .optimizer import Optimizer
from .options import as_option, at_least_zero

__all__ = ["LBFGS"]

# A pair of step and change of the gradient with less curvature than this is not remembered.
_CURVATURE = 1e-10


class LBFGS(Optimizer):
    """L-BFGS (Nocedal, 1980; Liu and Nocedal, 1989), as PyTorch defines it.

    With the last m steps s, changes of the gradient y and ρ = 1/(y·s), the direction is −H·g, where

        H ← (1 − ρ·s·yᵀ)·H·(1 − ρ·y·sᵀ) + ρ·s·sᵀ, from the oldest pair to the newest, beginning with H = (y·s)/(y·y)

    for the newest pair. A step is η times that, or as long as a `line_search_fn` of 'strong_wolfe' says. One
    call of `step` makes up to `max_iter` steps and calls the closure about `max_eval` times at most,
    1.25·`max_iter` unless told. It ends early where no gradient is above `tolerance_grad`, or where
    the parameters or the loss change by less than `tolerance_change`.

    All parameters are in one group, and the closure sees them move. Raises as `Optimizer`, and `ArgumentError` for
    options outside their range, several groups, and a step without a closure.

    >>> import minigrad as mg
    >>> p = mg.tensor([3., -1.], requires_grad=True)
    >>> optimizer = mg.optim.LBFGS([p], line_search_fn="strong_wolfe")
    >>> def closure():
    ...     optimizer.zero_grad(); loss = ((p - 1) ** 4).sum(); loss.backward(); return loss
    >>> optimizer.step(closure), bool(closure() < 1e-6)
    (tensor(32., grad_fn=<sum...>), True)
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float | Tensor = 1,
        max_iter: int = 20,
        max_eval: int | None = None,
        tolerance_grad: float = 1e-7,
        tolerance_change: float = 1e-9,
        history_size: int = 100,
        line_search_fn: str | None = None,
    ) -> None:
        if max_eval is None:
            max_eval = as_integer(max_iter, "LBFGS", "max_iter") * 5 // 4
        super().__init__(
            params,
            {
                "lr": lr,
                "max_iter": max_iter,
                "max_eval": max_eval,
                "tolerance_grad": tolerance_grad,
                "tolerance_change": tolerance_change,
                "history_size": history_size,
                "line_search_fn": line_search_fn,
            },
        )

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Take the parameters, all in one group; raises `ArgumentError` for a second one."""
        if self.param_groups:
            raise ArgumentError(
                "LBFGS got a second group of parameters; it looks at all of them as one vector, with the same options. "
                "Give them in one list"
            )
        super().add_param_group(param_group)

    def _check(self, group: dict[str, Any]) -> None:
        at_least_zero(group, "LBFGS", "lr", "tolerance_grad", "tolerance_change")
        for option in ("max_iter", "max_eval", "history_size"):
            if as_integer(group[option], "LBFGS", option) < 1:
                raise ArgumentError(f"LBFGS got {option}={group[option]}; it must be 1 or more")
        search = group["line_search_fn"]
        if search is not None and not (isinstance(search, str) and search == "strong_wolfe"):
            raise ArgumentError(
                f"LBFGS got line_search_fn={search!r}; there is 'strong_wolfe', or None for steps of lr"
            )

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Move the parameters, up to `max_iter` times; returns the loss that the closure gave at first."""
        if closure is None:
            raise ArgumentError(
                "LBFGS.step got no closure; it needs the loss at several places. Give a function that calls "
                "zero_grad(), computes the loss, calls backward() and returns the loss"
            )
        if not callable(closure):
            raise DTypeError(f"LBFGS.step got a {type(closure).__name__}; it takes a function that returns the loss")
        if self._stepped is False:
            self._stepped = True
        with no_grad(), region(f"Optimizer.step#{type(self).__name__}.step"):
            return _Descent(self, closure).run()


class _Descent:
    """One call of `step`: the parameters as one vector, and what is remembered from the calls before."""

    def __init__(self, optimizer: LBFGS, closure: Callable[[], Any]) -> None:
        self.closure, self.group = closure, optimizer.param_groups[0]
        self.params: list[Tensor] = self.group["params"]
        self.state = optimizer.state[self.params[0]]
        self.evaluations = 0

    def run(self) -> Any:
        """All steps of the call; returns the loss before the first."""
        group, state = self.group, self.state
        rate, flat, still = (as_option(group, one, "LBFGS") for one in ("lr", "tolerance_grad", "tolerance_change"))
        most_steps, most_evaluations = (as_integer(group[one], "LBFGS", one) for one in ("max_iter", "max_eval"))
        self.remembered()
        first, loss, g = self.evaluated()
        for number in range(most_steps, 0, -1):
            if _largest(g) <= flat:
                break
            state["n_iter"] += 1
            with silent():
                d = self.direction(g)
                t = rate * min(1.0, float(1 / np.abs(g).sum())) if state["n_iter"] == 1 else rate
            state.update(d=Tensor._wrap(d), t=t, prev_flat_grad=Tensor._wrap(g), prev_loss=loss)
            before, slope = loss, _dot(g, d)
            if slope > -still:
                break
            if group["line_search_fn"]:
                start, left = Point(0.0, loss, g, slope), most_evaluations - self.evaluations
                t, loss, g, _ = strong_wolfe(self.along(d), start, t, left, _largest(d), still)
                state["t"] = t
            self.move(d, t)
            if not group["line_search_fn"] and number > 1:
                _, loss, g = self.evaluated()
            if self.evaluations >= most_evaluations:
                break
            if _largest(d) * abs(t) <= still or abs(loss - before) < still:
                break
        return first

    def remembered(self) -> None:
        """Begin the state, or check the one that was loaded; raises `StateDictError`."""
        state, size = self.state, sum(param._array.size for param in self.params)
        for name in ("func_evals", "n_iter"):
            state[name] = as_integer(state.get(name, 0), "LBFGS", name)
        if state["n_iter"]:
            state["t"], state["H_diag"] = (as_number(state.get(name), "LBFGS", name) for name in ("t", "H_diag"))
            vectors = [
                state.get("d"),
                state.get("prev_flat_grad"),
                *state.get("old_dirs", []),
                *state.get("old_stps", []),
            ]
            if any(not isinstance(one, Tensor) or one.shape != (size,) for one in vectors):
                raise StateDictError(
                    f"LBFGS: the parameters have {size} elements, and so have d, prev_flat_grad and what is in "
                    "old_dirs and old_stps; not in this state. Was it saved for another model?"
                )

    def evaluated(self) -> tuple[Any, float, Array]:
        """What the closure returned, the loss as a number, and the gradient as a vector."""
        with enable_grad():
            returned = self.closure()
        self.evaluations += 1
        self.state["func_evals"] += 1
        parts = [
            (np.zeros_like(param._array) if param._grad is None else param._grad._array).reshape(-1)
            for param in self.params
        ]
        return returned, as_number(returned, "LBFGS.step", "loss"), np.concatenate(parts)

    def direction(self, g: Array) -> Array:
        """−H·g, with the last step remembered."""
        state, most = self.state, as_integer(self.group["history_size"], "LBFGS", "history_size")
        if state["n_iter"] == 1:
            state.update(old_dirs=[], old_stps=[], ro=[], H_diag=1.0)
            return -g
        changes, steps, weights = (state[name] for name in ("old_dirs", "old_stps", "ro"))
        y, s = g - state["prev_flat_grad"]._array, state["d"]._array * state["t"]
        curvature = _dot(y, s)
        if curvature > _CURVATURE:
            for remembered, one in ((changes, Tensor._wrap(y)), (steps, Tensor._wrap(s)), (weights, 1 / curvature)):
                del remembered[: max(len(remembered) - most + 1, 0)]
                remembered.append(one)
            state["H_diag"] = curvature / _dot(y, y)
        pairs = [(y._array, s._array, float(weight)) for y, s, weight in zip(changes, steps, weights, strict=True)]
        d, shares = -g, []
        for y, s, weight in reversed(pairs):
            shares.append(weight * _dot(s, d))
            d -= shares[-1] * y
        d *= float(state["H_diag"])
        for y, s, weight in pairs:
            d += (shares.pop() - weight * _dot(y, d)) * s
        return d

    def move(self, d: Array, t: float) -> None:
        """The parameters go t times along a direction."""
        start = 0
        for param in self.params:
            array = param._array
            writing(param, "LBFGS", ())
            with silent():
                array += (t * d[start : start + array.size]).reshape(array.shape)
            param._storage.count += 1
            start += array.size

    def along(self, d: Array) -> Callable[[float], Point]:
        """The loss and its slope as a function of how far the parameters go; they come back each time."""
        home = [param._array.copy() for param in self.params]

        def at(t: float) -> Point:
            self.move(d, t)
            try:
                _, loss, g = self.evaluated()
            finally:
                for param, array in zip(self.params, home, strict=True):
                    np.copyto(param._array, array)
                    param._storage.count += 1
            return Point(t, loss, g, _dot(g, d))

        return at


def _largest(vector: Array) -> float:
    return float(np.abs(vector).max(initial=0))


def _dot(a: Array, b: Array) -> float:
    with silent():
        return float(a @ b)
