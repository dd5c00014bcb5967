"""How many threads large kernels use: one, until the user says otherwise."""

import importlib
import os
from typing import Any

from .errors import ArgumentError, MissingPackageError
from .kernels import threads as kernels
from .operands import as_integer

__all__ = ["get_num_threads", "set_num_threads"]

_MOST = 1024
_limits: Any = None


def set_num_threads(num: int | None) -> None:
    """Share large convolutions, formulae and losses between so many threads, and let matrix products take one each.

    By default minigrad starts no thread, and NumPy's matrix products use as many
    as their library likes. Both at once would stand in each other's way: so this
    also sets NumPy's BLAS to one thread, for the whole process. `None` undoes
    both. With the same number of threads results are the same bits; with
    another, sums are cut differently.

    Raises `ArgumentError` for less than one thread, `DTypeError` for no integer,
    and `MissingPackageError` without the package threadpoolctl, unless the environment
    variable OPENBLAS_NUM_THREADS or OMP_NUM_THREADS told BLAS at the start to take one thread.

    >>> import minigrad as mg
    >>> mg.get_num_threads()
    1
    """
    global _limits
    if num is not None:
        num = as_integer(num, "set_num_threads", "num")
        if not 1 <= num <= _MOST:
            raise ArgumentError(
                f"set_num_threads({num}): it takes a number from 1 to {_MOST}, or None to go back to how it was"
            )
        if _limits is None:
            _limits = _one_thread_for_blas()
    elif _limits is not None:
        _limits.restore_original_limits()
        _limits = None
    kernels.share(num or 1)


def get_num_threads() -> int:
    """How many threads large operations are shared between; see `set_num_threads`.

    >>> import minigrad as mg
    >>> mg.get_num_threads()
    1
    """
    return kernels.sharing()


class _Nothing:
    """Limits that were there before, and stay."""

    def restore_original_limits(self) -> None:
        """Leave them."""


def _one_thread_for_blas() -> Any:
    try:
        control = importlib.import_module("threadpoolctl")
    except ImportError:
        if "1" in (os.environ.get("OPENBLAS_NUM_THREADS"), os.environ.get("OMP_NUM_THREADS")):
            return _Nothing()
        raise MissingPackageError(
            "set_num_threads needs the package threadpoolctl, to set NumPy's BLAS to one thread: threads within "
            "threads are slower than none. Install it (pip install threadpoolctl), or start Python with "
            "OPENBLAS_NUM_THREADS=1"
        ) from None
    return control.threadpool_limits(limits=1, user_api="blas")
