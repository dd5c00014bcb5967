"""The figures to reach, and what a report says of them."""

import math
import re
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple


class Figure(NamedTuple):
    """The largest ratio, or the geometric mean of all, that some cases of a group may have."""

    name: str
    group: str
    pattern: str  # of the names of cases
    against: str
    at_most: float
    mean: bool = False


class Reached(NamedTuple):
    """How far a figure was reached: the ratio, over how many cases, and whether one of them was disturbed."""

    figure: Figure
    ratio: float
    cases: int
    worst: str
    busy: bool


FIGURES = (
    Figure("LeNet-5 step, both variants, batch 32 and 64", "lenet", r"batch (32|64)$", "torch", 0.75),
    Figure("LeNet-5 step, both variants, batch 128", "lenet", r"batch 128$", "torch", 0.90),
    Figure("LeNet-5 step, both variants, batch 256", "lenet", r"batch 256$", "torch", 1.00),
    Figure("autoencoder step, all batches", "autoencoder", "", "torch", 0.90, mean=True),
    Figure("first LeNet layer, forward + backward", "layers", r"^1→6.* backward$", "torch", 0.40),
    Figure("the seven layers, forward + backward", "layers", r" backward$", "torch", 1.25, mean=True),
    Figure("pooling, batch normalisation, losses", "pointwise", "", "torch", 1.50),
    Figure("recorded operation on four elements", "operations", r", both, ", "torch", 1.00),
    Figure("LeNet-5 step, batch 64", "lenet", r"batch 64$", "jax", 0.40),
    Figure("LeNet-5 step, batch 64", "lenet", r"batch 64$", "mygrad", 0.10),
    Figure("LeNet-5 step, batch 64", "lenet", r"batch 64$", "autograd", 0.10),
    Figure("peak memory of training", "memory", "", "torch", 0.60),
    Figure("convolutions of every kind", "grid", "", "its dense equivalent", 3.00),
)


def reached(rows: Iterable[dict[str, Any]]) -> Iterator[Reached]:
    """What the rows say of each figure that they have cases for."""
    rows = list(rows)
    for figure in FIGURES:
        ratios = {
            row["name"]: row["ratios"][figure.against]
            for row in rows
            if row["group"] == figure.group
            and re.search(figure.pattern, row["name"])
            and figure.against in row.get("ratios", {})
        }
        if not ratios:
            continue
        worst = max(ratios, key=ratios.__getitem__)
        mean = math.exp(math.fsum(map(math.log, ratios.values())) / len(ratios))
        busy = any(row["busy"] for row in rows if row["name"] in ratios)
        yield Reached(figure, mean if figure.mean else ratios[worst], len(ratios), worst, busy)
