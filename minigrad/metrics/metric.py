"""What every metric shares: a state of fixed size that batches are added to."""

import copy
import reprlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from ..errors import ArgumentError, DTypeError, MinigradError, MissingMethodError, StateDictError
from ..operands import as_operand
from ..tensor import Array, Tensor

__all__ = ["Metric", "array_of", "fits_float", "of_one_batch", "one_of"]


def array_of(value: Any, name: str) -> Array:
    """The numbers of a tensor, an array, a list or a number as an array, off the tape.

    Raises `DTypeError`, naming the function, for anything else.

    >>> from minigrad.metrics.metric import array_of
    >>> array_of([1, 2], "accuracy")
    array([1, 2])
    """
    if isinstance(value, list | tuple):
        try:
            value = np.asarray([one.item() if isinstance(one, Tensor) and one.ndim == 0 else one for one in value])
        except (ValueError, TypeError) as error:
            raise DTypeError(f"{name} got a list whose entries are no numbers, or lists of unequal length") from error
    if isinstance(value, float):
        return np.asarray(value)  # a float keeps all its digits
    return as_operand(value, name)._array


def one_of(value: Any, choices: tuple[str | None, ...], name: str, role: str) -> Any:
    """`value` itself; raises `ArgumentError`, with the choices, where it is none of them.

    >>> from minigrad.metrics.metric import one_of
    >>> one_of("min", ("min", "max"), "EarlyStopping", "mode")
    'min'
    """
    if (value is None or isinstance(value, str)) and value in choices:
        return value
    raise ArgumentError(f"{name} got {role}={value!r}; it is one of {', '.join(map(repr, choices))}")


def fits_float(number: float) -> bool:
    """Whether a number is within the range of a float.

    >>> from minigrad.metrics.metric import fits_float
    >>> fits_float(3), fits_float(10**400)
    (True, False)
    """
    try:
        float(number)
    except OverflowError:
        return False
    return True


class Metric:
    """Base class: `update` takes in a batch, `compute` gives the figure for all of them, `reset` starts anew.

    What is kept between batches are a few numbers or one small array, so memory does not grow, and the figure is that
    of all items together, however they were cut into batches. Subclasses define `_start`, the state before the first
    batch, `update`, which changes `self._state`, and `compute`.

    Raises `ArgumentError` in `compute` before the first item, where the figure is a quotient: a `ConfusionMatrix` has
    counts of 0 then. Raises `StateDictError` for the state of another metric.

    >>> from minigrad import metrics
    >>> class Largest(metrics.Metric):
    ...     def _start(self): return {"value": 0.0}
    ...     def update(self, values): self._state["value"] = max(self._state["value"], *values)
    ...     def compute(self): return self._state["value"]
    >>> largest = Largest(); largest.update([1, 5]); largest.update([3, 2]); largest.compute()
    5
    """

    def __init__(self) -> None:
        self.reset()

    def _start(self) -> dict[str, Any]:
        """The state before the first batch, by name."""
        raise MissingMethodError(
            f"{type(self).__name__} must define _start(), which returns the state before any batch"
        )

    def _misfit(self, state: dict[str, Any]) -> str:
        """What a state of the right types breaks, in words; empty for one that `update` can lead to."""
        return ""

    def update(self, *args: Any, **kwargs: Any) -> None:
        """Take in one batch."""
        raise MissingMethodError(f"{type(self).__name__} must define update(…), which takes in a batch")

    def compute(self) -> Any:
        """The figure for everything since the last `reset`."""
        raise MissingMethodError(f"{type(self).__name__} must define compute(), which returns the figure")

    def reset(self) -> None:
        """Forget all batches."""
        self._state = self._start()

    def _of(self, count: float) -> Any:
        """`count`, if there was anything to divide by it."""
        if not count:
            raise ArgumentError(
                f"{type(self).__name__}.compute() was called before any item came in: call update(…) for each batch "
                "first. Was the loader empty, or did reset() come too early?"
            )
        return count

    def state_dict(self) -> dict[str, Any]:
        """A copy of the state, as numbers, lists and arrays, which `mg.save` can write."""
        return copy.deepcopy(self._state)

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Go on from a state that `state_dict` gave; raises `StateDictError` for one that does not fit."""
        name, start = type(self).__name__, self._start()
        if not isinstance(state_dict, Mapping) or set(state_dict) != set(start):
            got = list(state_dict) if isinstance(state_dict, Mapping) else type(state_dict).__name__
            raise StateDictError(
                f"{name} cannot go on from {got}; its state_dict() has the keys {', '.join(map(repr, start))}"
            )
        state = {}
        for key, first in start.items():
            value = state_dict[key]
            if isinstance(first, np.ndarray):
                try:
                    value = array_of(value, f"{name}.load_state_dict")
                except MinigradError as error:
                    raise StateDictError(
                        f"{name}: {key} is {reprlib.repr(value)}; it is an array of {first.dtype}"
                    ) from error
                if (value.shape, value.dtype) != (first.shape, first.dtype):
                    raise StateDictError(
                        f"{name}: {key} has shape {value.shape} and dtype {value.dtype}; here it has {first.shape} and "
                        f"{first.dtype}. Was the state saved for another number of classes?"
                    )
            elif (
                isinstance(value, bool) is not isinstance(first, bool)
                or not isinstance(value, int | float if type(first) is float else type(first))
                or (type(first) is float and not fits_float(value))
            ):
                raise StateDictError(f"{name}: {key} is {value!r}; it is of type {type(first).__name__}")
            state[key] = copy.deepcopy(value)
        misfit = self._misfit(state)
        if misfit:
            raise StateDictError(f"{name} cannot go on from {reprlib.repr(state)}: {misfit}")
        self._state = state

    def __repr__(self) -> str:
        options = ", ".join(f"{key}={value!r}" for key, value in vars(self).items() if key[0] != "_")
        return f"{type(self).__name__}({options})"


def of_one_batch(metric: Metric, preds: Any, target: Any) -> Any:
    """What a metric says of one batch alone.

    >>> from minigrad.metrics import MeanSquaredError
    >>> from minigrad.metrics.metric import of_one_batch
    >>> of_one_batch(MeanSquaredError(), [1.0, 3.0], [1.0, 1.0])
    2.0
    """
    metric.update(preds, target)
    return metric.compute()
