"""What is measured, written for each library as its users would write it.

A workload is built from a library's name and options. `results()` computes once, from the same numbers in every
library, what is compared between them; `run()` is what is timed. If there is a `before()`, it is called first,
untimed, and its value is given to `run`.
"""

from collections.abc import Callable
from importlib import import_module
from typing import Any, NamedTuple

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]


class Workload(NamedTuple):
    """What a worker runs."""

    run: Callable[..., Any]
    results: Callable[[], dict[str, Array]]
    before: Callable[[], Any] | None = None


# Kind of workload -> library -> module with a function of the kind's name.
_PLACES = {
    "lenet": {
        "minigrad": "networks",
        "torch": "networks",
        "jax": "lenet_jax",
        "mygrad": "lenet_mygrad",
        "autograd": "lenet_autograd",
    },
    "autoencoder": {"minigrad": "networks", "torch": "networks"},
    "convolution": {"minigrad": "layers", "torch": "layers"},
    "layer": {"minigrad": "layers", "torch": "layers"},
    "loss": {"minigrad": "layers", "torch": "layers"},
    "chain": {"minigrad": "chain", "torch": "chain", "mygrad": "chain", "autograd": "chain"},
    "loader": {"minigrad": "mnist", "torch": "mnist"},
    "learning": {"minigrad": "mnist", "torch": "mnist"},
}


def build(library: str, kind: str, options: dict[str, Any]) -> Workload:
    """The workload of a kind, in a library."""
    module = import_module(f"{__name__}.{_PLACES[kind][library]}")
    workload: Workload = getattr(module, kind)(library, **options)
    return workload


def written_for(kind: str) -> tuple[str, ...]:
    """The libraries that a kind of workload is written for."""
    return tuple(_PLACES[kind])
