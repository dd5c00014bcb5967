"""What optimisers ask of their options."""

from collections.abc import Mapping
from typing import Any

from ..errors import ArgumentError, DTypeError
from ..operands import as_flag, as_number
from ..tensor import Tensor

__all__ = ["as_option", "at_least_zero", "below_one", "flags", "no_tape"]


def as_option(group: Mapping[str, Any], option: str, name: str) -> float:
    """An option of a group as a Python number; tensors of one element are numbers too.

    >>> import minigrad as mg
    >>> from minigrad.optim.options import as_option
    >>> as_option({"lr": mg.tensor([0.5])}, "lr", "SGD")
    0.5
    """
    value = group[option]
    if isinstance(value, Tensor) and value._array.size == 1:
        value = value._array.reshape(())
    return as_number(value, f"{name}({option}=…)")


def at_least_zero(group: Mapping[str, Any], name: str, *options: str) -> None:
    """Raise `ArgumentError` for numbers below 0, `DTypeError` for what is none."""
    for option in options:
        if not as_option(group, option, name) >= 0:
            raise ArgumentError(f"{name} got {option}={group[option]}; it must be 0 or more")


def below_one(group: Mapping[str, Any], name: str, option: str = "betas") -> None:
    """Raise `ArgumentError` unless an option is a pair of numbers from 0 to below 1, `DTypeError` for no pair."""
    pair = group[option]
    if not isinstance(pair, tuple | list) or len(pair) != 2:
        raise DTypeError(
            f"{name} got {option}={pair!r}; it is a pair of numbers from 0 to below 1, for example (0.9, 0.999)"
        )
    for place in (0, 1):
        if not 0 <= as_option({option: pair[place]}, option, name) < 1:
            raise ArgumentError(f"{name} got {option}={pair}; each must be 0 or more and below 1")


def flags(group: Mapping[str, Any], name: str, *options: str) -> None:
    """Raise `DTypeError` for what is neither true nor false."""
    for option in options:
        as_flag(group[option], name, option)


def no_tape(name: str, differentiable: Any) -> None:
    """Raise `ArgumentError` for a step that shall be recorded."""
    if as_flag(differentiable, name, "differentiable"):
        raise ArgumentError(
            f"{name}(differentiable=True): the step is not recorded here; write it with tensor operations"
        )
