"""PyTorch's switch for deterministic algorithms. Everything here is deterministic already."""

from .errors import DTypeError

__all__ = ["are_deterministic_algorithms_enabled", "use_deterministic_algorithms"]

_asked = False


def use_deterministic_algorithms(mode: bool, *, warn_only: bool = False) -> None:
    """Accepted and remembered, without effect: the same program with the same seed gives the same bits anyway.

    Raises `DTypeError` for a mode that is no bool.

    >>> import minigrad as mg
    >>> mg.use_deterministic_algorithms(False)
    """
    global _asked
    if not isinstance(mode, bool):
        raise DTypeError(f"use_deterministic_algorithms got {mode!r}, a {type(mode).__name__}; give True or False")
    _asked = mode


def are_deterministic_algorithms_enabled() -> bool:
    """What `use_deterministic_algorithms` was told last; False at first.

    >>> import minigrad as mg
    >>> mg.use_deterministic_algorithms(False); mg.are_deterministic_algorithms_enabled()
    False
    """
    return _asked
