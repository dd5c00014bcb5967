"""There is no CUDA here. The module answers what scripts ask, and refuses what needs a device."""

from typing import Any, NoReturn

from .errors import ArgumentError, DTypeError

__all__ = [
    "current_device",
    "device_count",
    "empty_cache",
    "get_device_name",
    "is_available",
    "is_initialized",
    "manual_seed",
    "manual_seed_all",
    "synchronize",
]


def is_available() -> bool:
    """False: minigrad computes on the CPU.

    >>> import minigrad as mg
    >>> mg.device("cuda" if mg.cuda.is_available() else "cpu")
    device(type='cpu')
    """
    return False


def is_initialized() -> bool:
    """False: there is nothing to initialise.

    >>> import minigrad as mg
    >>> mg.cuda.is_initialized()
    False
    """
    return False


def device_count() -> int:
    """0: no device but the CPU.

    >>> import minigrad as mg
    >>> mg.cuda.device_count()
    0
    """
    return 0


def manual_seed(seed: int) -> None:
    """Accepted, as in PyTorch without a GPU: there is no generator to seed. `minigrad.manual_seed` seeds the CPU's.

    Raises `DTypeError` for what is no number.

    >>> import minigrad as mg
    >>> mg.cuda.manual_seed(0)
    """
    if not isinstance(seed, int | float) and not hasattr(seed, "__index__"):
        raise DTypeError(f"cuda.manual_seed got {seed!r}, a {type(seed).__name__}; a seed is an integer")


def manual_seed_all(seed: int) -> None:
    """As `manual_seed`: accepted, and nothing to seed.

    >>> import minigrad as mg
    >>> mg.cuda.manual_seed_all(0)
    """
    manual_seed(seed)


def empty_cache() -> None:
    """Nothing to empty.

    >>> import minigrad as mg
    >>> mg.cuda.empty_cache()
    """


def _refuse(name: str) -> NoReturn:
    raise ArgumentError(
        f"cuda.{name}() needs a CUDA device; minigrad computes on the CPU with NumPy. Ask cuda.is_available() first"
    )


def current_device() -> int:
    """Refused with an `ArgumentError`: there is none."""
    _refuse("current_device")


def synchronize(device: Any = None) -> None:
    """Refused with an `ArgumentError`: there is no device to wait for."""
    _refuse("synchronize")


def get_device_name(device: Any = None) -> str:
    """Refused with an `ArgumentError`: there is no device to have a name."""
    _refuse("get_device_name")
