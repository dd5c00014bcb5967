"""What scripts ask about Apple's GPUs: there are none here."""

__all__ = ["is_available", "is_built"]


def is_available() -> bool:
    """False: minigrad computes on the CPU.

    >>> import minigrad as mg
    >>> mg.backends.mps.is_available()
    False
    """
    return False


def is_built() -> bool:
    """False: there is no code for Apple's GPUs.

    >>> import minigrad as mg
    >>> mg.backends.mps.is_built()
    False
    """
    return False
