"""There is no CUDA here. The module answers the questions with which scripts choose their device."""

__all__ = ["device_count", "is_available"]


def is_available() -> bool:
    """False: minigrad computes on the CPU.

    >>> import minigrad as mg
    >>> mg.device("cuda" if mg.cuda.is_available() else "cpu")
    device(type='cpu')
    """
    return False


def device_count() -> int:
    """0: no device but the CPU.

    >>> import minigrad as mg
    >>> mg.cuda.device_count()
    0
    """
    return 0
