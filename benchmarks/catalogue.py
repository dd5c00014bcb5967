"""All cases: what is compared with what, and the figures to reach."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from .interleaving import Entry
from .parties import PARTIES, PEERS
from .workloads import written_for

OURS = "minigrad"
OURS_2 = "minigrad, 2 threads"


@dataclass(frozen=True)
class Case:
    """One line of the table: entries of which the first is ours, and the largest ratio ours / theirs aimed at."""

    group: str
    name: str
    entries: tuple[Entry, ...]
    at_most: dict[str, float] = field(default_factory=dict)  # label -> ratio
    tolerance: float = 1e-4
    operations: int = 1  # in one run; times are given for one
    measure: str = "time"
    limit: float | None = None  # what our own value may be


def against(kind: str, options: dict[str, Any], ours: str = OURS, peers: tuple[str, ...] = PEERS) -> tuple[Entry, ...]:
    """The same workload in minigrad and in each of the peers that it is written for."""
    entries = [Entry(ours, ours, kind, options)]
    entries += [Entry(peer, peer, kind, options) for peer in peers if PARTIES[peer].library in written_for(kind)]
    return tuple(entries)


def lenet(quick: bool) -> list[Case]:
    """The LeNet-5 training step; MyGrad and HIPS autograd at one batch only, they are slow."""
    at_most = {32: 0.75, 64: 0.75, 128: 0.90, 256: 1.00}
    cases = []
    for variant, words in (("tanh", "tanh, average pooling"), ("relu", "ReLU, max pooling")):
        for batch, ratio in at_most.items():
            peers: tuple[str, ...] = ("torch", "jax")
            targets = {"torch": ratio}
            if batch == 64:
                peers, targets = PEERS, {"torch": ratio, "jax": 0.40, "mygrad": 0.10, "autograd": 0.10}
            entries = against("lenet", {"variant": variant, "batch": batch}, peers=peers)
            cases.append(Case("lenet", f"LeNet-5 step, {words}, batch {batch}", entries, targets))
    return cases[1:2] if quick else cases


def autoencoder(quick: bool) -> list[Case]:
    """The autoencoder's training step."""
    return [
        Case("autoencoder", f"autoencoder step, batch {batch}", against("autoencoder", {"batch": batch}))
        for batch in ((32,) if quick else (32, 64, 128, 256))
    ]


GROUPS: dict[str, Callable[[bool], list[Case]]] = {
    "lenet": lenet,
    "autoencoder": autoencoder,
}
