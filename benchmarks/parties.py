"""Who takes part: a library and the number of threads that it was told to use."""

import importlib
import importlib.util
from typing import Any, NamedTuple


class Party(NamedTuple):
    """One process of the measurement."""

    library: str  # as it is imported
    threads: int | None  # asked for; None leaves the library as it comes
    title: str


PARTIES = {
    "minigrad": Party("minigrad", None, "minigrad"),
    "minigrad, 2 threads": Party("minigrad", 2, "minigrad"),
    "torch": Party("torch", 2, "PyTorch"),
    "jax": Party("jax", None, "JAX"),
    "mygrad": Party("mygrad", None, "MyGrad"),
    "autograd": Party("autograd", None, "HIPS autograd"),
}

PEERS = ("torch", "jax", "mygrad", "autograd")


def installed(library: str) -> bool:
    """Whether a library can be found, without importing it."""
    return importlib.util.find_spec(library) is not None


def start(library: str, threads: int | None) -> dict[str, Any]:
    """Import a library in this process, set its threads, and say which version and which threads it has."""
    module = importlib.import_module(library)
    if library == "torch":
        if threads is not None:
            module.set_num_threads(threads)
        told = f"{module.get_num_threads()}"
    elif library == "minigrad":
        told = _ours(module, threads)
    elif library == "jax":
        told = "as XLA takes"
    else:
        told = _blas()
    return {"version": _version(library, module), "threads": told}


def _ours(module: Any, threads: int | None) -> str:
    """Set our own threads, where there are any to set."""
    if threads is None:
        return _blas()
    try:
        module.set_num_threads(threads)
    except module.errors.MissingPackageError:
        return "1, without threadpoolctl"
    return f"{module.get_num_threads()}, {_blas()}"


def _blas() -> str:
    """How many threads the matrix products of NumPy may use."""
    try:
        from threadpoolctl import threadpool_info
    except ImportError:
        return "BLAS not asked"
    found = sorted({pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"})
    return f"BLAS {' or '.join(map(str, found)) or 'unknown'}"


def _version(library: str, module: Any) -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version({"minigrad": "minigrad-conv"}.get(library, library))
    except PackageNotFoundError:
        return str(getattr(module, "__version__", "unknown"))
