"""PyTorch's switches of cuDNN: they can be set and read, and have no effect."""

__all__ = ["allow_tf32", "benchmark", "deterministic", "enabled", "is_available", "version"]

enabled = True
benchmark = False
deterministic = False
allow_tf32 = True


def is_available() -> bool:
    """False: there is no cuDNN here.

    >>> import minigrad as mg
    >>> mg.backends.cudnn.is_available()
    False
    """
    return False


def version() -> int | None:
    """None: there is no cuDNN here.

    >>> import minigrad as mg
    >>> mg.backends.cudnn.version() is None
    True
    """
    return None
