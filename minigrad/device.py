"""The one device there is. Scripts written for several run as long as they ask for the CPU."""

from typing import Any

from .errors import ArgumentError

__all__ = ["CPU", "Device", "device"]


class Device:
    """A device as PyTorch describes it: a `type` and an `index`; compares equal to its name."""

    __slots__ = ()

    type = "cpu"
    index = None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Device) or other == "cpu"

    def __hash__(self) -> int:
        return hash("cpu")

    def __str__(self) -> str:
        return "cpu"

    def __repr__(self) -> str:
        return "device(type='cpu')"


CPU = Device()


def device(type: Any = "cpu", index: int | None = None) -> Device:
    """The device of that name; only the CPU exists.

    Raises `ArgumentError` for any other, so that a script stops where it asks for one.

    >>> import minigrad as mg
    >>> mg.device("cpu")
    device(type='cpu')
    """
    if str(type).partition(":")[0] != "cpu":
        raise ArgumentError(
            f"device {str(type)!r} was asked for; minigrad computes on the CPU with NumPy. Use device='cpu', or leave "
            "it out"
        )
    return CPU
