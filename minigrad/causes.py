"""What probably made a NaN or an infinity: a likely cause and a remedy for each operation."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from .tensor import Array

__all__ = ["Spot", "backward_cause", "count", "forward_cause"]


class Spot(NamedTuple):
    """A place where a value is not finite, and what is known of it.

    `kind` is 'NaN' or 'an infinity', `at` holds the operands' values there by name (where they broadcast to the
    result), `operands` the operands whole, `static` the arguments that are no tensors, `sources` the names of
    the operations that computed the operands, `cotangent` the value of the cotangent there, or None.
    """

    kind: str
    dtype: np.dtype[Any]
    at: Mapping[str, float]
    operands: Mapping[str, Array]
    static: Mapping[str, Any]
    sources: tuple[str, ...] = ()
    cotangent: float | None = None

    def first(self) -> float | None:
        """The value of the first operand there."""
        return next(iter(self.at.values()), None)


def count(array: Array, nan: bool) -> tuple[str, tuple[int, ...]]:
    """How many elements are NaN, or infinite, in words, and the index of the first.

    >>> import numpy as np
    >>> from minigrad.causes import count
    >>> count(np.array([[1., np.inf], [np.inf, 2.]]), nan=False)
    ('2 of 4 elements, the first at index (0, 1)', (0, 1))
    """
    bad = np.isnan(array) if nan else np.isinf(array)
    index = tuple(int(i) for i in np.argwhere(bad)[0])
    if array.size == 1:
        return "its only element", index
    return f"{int(bad.sum())} of {array.size} elements, the first at index {index}", index


def _number(value: float) -> str:
    if np.isinf(value):
        return "∞" if value > 0 else "−∞"
    return "NaN" if np.isnan(value) else f"{value:.6g}".replace("-", "−")


def _beyond(dtype: np.dtype[Any]) -> str:
    return f"beyond {dtype}, whose largest number is {float(np.finfo(dtype).max):.3g}"


# ------------------------------------------------------------------ forwards


def _log(spot: Spot, name: str) -> str | None:
    x = spot.first()
    pole = -1.0 if name == "log1p" else 0.0
    if x is None or x > pole:
        return None
    if x < pole:
        return f"{name} of {_number(x)}: below {_number(pole)} there is no real logarithm. Clamp the argument first"
    if "softmax" in spot.sources:
        return f"{name} of 0, to which a softmax has underflowed. Use log_softmax, which takes both in one step"
    remedy = "; after a softmax, use log_softmax" if name == "log" else ""
    return f"{name} of {_number(pole)}. Clamp the argument away from it, for example x.clamp_min(1e-12){remedy}"


def _exponential(spot: Spot, name: str) -> str | None:
    x = spot.first()
    if x is None or not np.isfinite(x):
        return None
    return (
        f"{name} of {_number(x)} is {_beyond(spot.dtype)}. Subtract the largest value first, as softmax, log_softmax "
        "and logsumexp do, or clamp the argument"
    )


def _root(spot: Spot, name: str) -> str | None:
    x = spot.first()
    if x is None or x > 0:
        return None
    if x == 0:
        return f"{name} of 0, which is 1/0. Add a small number: rsqrt(x + 1e-12)"
    return (
        f"{name} of {_number(x)}: a negative number has no real root. Is it 0 but for rounding? Then clamp_min(0) first"
    )


def _quotient(spot: Spot, name: str) -> str | None:
    values = tuple(spot.at.values())
    if name == "reciprocal":
        values = (1.0, *values)
    if len(values) != 2:
        return None
    a, b = values
    if b == 0:
        empty = " A mean of no elements is such a quotient, and the deviation of one." if a == 0 else ""
        return (
            f"division by zero, {_number(a)}/0.{empty} Add a small number to the divisor, or replace its zeros first: "
            "where(b == 0, 1, b)"
        )
    if np.isfinite(a) and np.isfinite(b):
        return f"{_number(a)}/{_number(b)} is {_beyond(spot.dtype)}: the divisor is nearly 0"
    return None


def _power(spot: Spot, name: str) -> str | None:
    values = tuple(spot.at.values())
    if len(values) != 2:
        return None
    a, b = values
    if a == 0 and b < 0:
        return f"0 to the power {_number(b)}, which is 1/0. Clamp the base away from 0"
    if a < 0 and b != np.floor(b):
        return f"{_number(a)} to the power {_number(b)}: a negative number has no real one. Take abs, or clamp, first"
    if np.isfinite(a) and np.isfinite(b):
        return f"{_number(a)} to the power {_number(b)} is {_beyond(spot.dtype)}"
    return None


def _softmax(spot: Spot, name: str) -> str | None:
    x = next(iter(spot.operands.values()))
    axes = spot.static.get("axes")
    if x.size == 0:
        return f"{name} of no elements"
    if np.isposinf(x).any():
        return f"{name} of a value that is ∞. Look for an overflow before it"
    if np.isneginf(x).all(axis=axes).any():
        return (
            f"{name} over values that are all −∞: a mask leaves nothing of a whole row. Let it leave one value, or "
            "fill such rows with 0 first"
        )
    return None


def _outside(spot: Spot, name: str) -> str | None:
    x = spot.first()
    domain = {"asin": "[−1, 1]", "acos": "[−1, 1]", "erfinv": "(−1, 1)", "atanh": "(−1, 1)", "acosh": "[1, ∞)",
              "logit": "(0, 1)"}[name]  # fmt: skip
    return None if x is None else f"{name} of {_number(x)}, which lies outside {domain}. Clamp the argument first"


def _pole(spot: Spot, name: str) -> str | None:
    x = spot.first()
    if x is not None and x <= 0 and x == np.floor(x):
        return f"{name} of {_number(x)}: it has a pole at 0 and at every negative whole number"
    return None


def _cast(spot: Spot, name: str) -> str | None:
    x = spot.first()
    if x is None or not np.isfinite(x):
        return None
    return f"{_number(x)} is {_beyond(spot.dtype)}. Keep {next(iter(spot.operands.values())).dtype}, or scale first"


def _standardize(spot: Spot, name: str) -> str | None:
    if spot.static.get("eps") == 0:
        return "standardising values that are all equal: their variance is 0, and 0/0 is NaN. Give an eps above 0"
    return None


def _xlogy(spot: Spot, name: str) -> str | None:
    values = tuple(spot.at.values())
    return f"the logarithm of {_number(values[1])}. Clamp it first" if len(values) == 2 and values[1] <= 0 else None


Cause = Callable[[Spot, str], str | None]

_FORWARD: dict[str, Cause] = {
    **dict.fromkeys(("log", "log2", "log10", "log1p"), _log),
    **dict.fromkeys(("exp", "exp2", "expm1", "sinh", "cosh"), _exponential),
    **dict.fromkeys(("sqrt", "rsqrt"), _root),
    **dict.fromkeys(("div", "floor_divide", "remainder", "fmod", "reciprocal"), _quotient),
    **dict.fromkeys(("softmax", "log_softmax", "logsumexp"), _softmax),
    **dict.fromkeys(("asin", "acos", "erfinv", "atanh", "acosh", "logit"), _outside),
    **dict.fromkeys(("lgamma", "digamma", "polygamma"), _pole),
    "pow": _power,
    "cast": _cast,
    "standardize": _standardize,
    "xlogy": _xlogy,
}


def forward_cause(name: str, spot: Spot) -> str:
    """The likely cause where the operation `name` has computed what is not finite.

    >>> import numpy as np
    >>> from minigrad.causes import Spot, forward_cause
    >>> forward_cause("sqrt", Spot("NaN", np.dtype("float32"), {"x": -4.0}, {}, {}))
    'sqrt of −4: a negative number has no real root. Is it 0 but for rounding? Then clamp_min(0) first'
    """
    found = _FORWARD[name](spot, name) if name in _FORWARD else None
    if found is not None:
        return found
    if any(np.isinf(array).any() for array in spot.operands.values() if array.dtype.kind == "f"):
        return "its operands hold infinities, and ∞ − ∞, 0·∞ and ∞/∞ are NaN. Find out where they come from"
    values = " and ".join(f"{word} = {_number(value)}" for word, value in spot.at.items())
    there = f" (there {values})" if values else ""
    if spot.kind == "NaN":
        return f"its operands are finite{there}, so it is not defined for them, or an overflow on the way met another"
    return f"the result is {_beyond(spot.dtype)}{there}. Are values growing from step to step? Lower the learning rate"


# ----------------------------------------------------------------- backwards

# The operation: the argument, where its slope is infinite, and what to do about it.
_STEEP: dict[str, tuple[str, tuple[float, ...], str]] = {
    "sqrt": ("y", (0.0,), "Use sqrt(x + 1e-12), or mg.norm for the length of a vector: its gradient at 0 is 0"),
    "log": ("x", (0.0,), "Clamp the argument away from 0; after a softmax, use log_softmax"),
    "log2": ("x", (0.0,), "Clamp the argument away from 0"),
    "log10": ("x", (0.0,), "Clamp the argument away from 0"),
    "log1p": ("x", (-1.0,), "Clamp the argument away from −1"),
    "pow": ("a", (0.0,), "Clamp the base away from 0"),
    "div": ("b", (0.0,), "Replace zeros of the divisor first: where(b == 0, 1, b)"),
    "reciprocal": ("y", (np.inf, -np.inf), "Replace zeros first: where(x == 0, 1, x)"),
    "rsqrt": ("y", (np.inf,), "Use rsqrt(x + 1e-12)"),
    "asin": ("x", (-1.0, 1.0), "Clamp the argument to less than ±1"),
    "acos": ("x", (-1.0, 1.0), "Clamp the argument to less than ±1"),
    "atanh": ("x", (-1.0, 1.0), "Clamp the argument to less than ±1"),
    "acosh": ("x", (1.0,), "Clamp the argument to more than 1"),
    "xlogy": ("b", (0.0,), "Clamp b away from 0"),
    "logit": ("x", (0.0, 1.0), "Give an eps: logit(x, eps=1e-6)"),
}

_INFINITE_INSIDE = {"sqrt": "0", "reciprocal": "0", "rsqrt": "0"}  # where the table looks at the output


def backward_cause(name: str, spot: Spot) -> str:
    """The likely cause where the backward of the operation `name` gives what is not finite.

    >>> import numpy as np
    >>> from minigrad.causes import Spot, backward_cause
    >>> backward_cause("sqrt", Spot("an infinity", np.dtype("float32"), {"y": 0.0}, {}, {}, cotangent=1.0))
    'the slope of sqrt at 0 is infinite. Use sqrt(x + 1e-12), or mg.norm for the length of a vector: its gradient...'
    """
    argument, poles, remedy = _STEEP.get(name, ("", (), ""))
    value = spot.at.get(argument)
    steep = value is not None and value in poles
    cut = (
        "the cotangent there is 0: a where, a mask or a product with 0 cut the value off afterwards, and 0·∞ is NaN. "
        "Make the argument harmless before the operation instead: where(mask, x, 1)"
    )
    if steep and value is not None:
        slope = f"the slope of {name} at {_INFINITE_INSIDE.get(name) or _number(value)} is infinite"
        return f"{slope}, and {cut}" if spot.kind == "NaN" and spot.cotangent == 0 else f"{slope}. {remedy}"
    if spot.kind == "NaN" and any(np.isnan(array).any() for array in spot.operands.values() if array.dtype.kind == "f"):
        return "an operand of the forward pass was NaN already: put that into detect_anomaly() too"
    if spot.kind == "NaN" and spot.cotangent == 0:
        return cut
    if spot.kind == "NaN":
        return "0/0, ∞ − ∞, 0·∞ or ∞/∞ on the way: look at the size of the operands"
    values = " and ".join(f"{word} = {_number(one)}" for word, one in spot.at.items())
    users = name.endswith("Backward")  # a user's Function, which may compute anything
    zero = ", or its formula divides by 0" if users or 0 in spot.at.values() else ""
    return f"the gradient is {_beyond(spot.dtype)}{zero}" + (f" (there {values})" if values else "")
