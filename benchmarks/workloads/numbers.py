"""Inputs and weights: the same numbers in every library."""

import math
from collections.abc import Sequence

import numpy as np

from . import Array

LEARNING_RATE = 0.01
MOMENTUM = 0.9
STEPS = 3  # so many steps of training are compared

LENET_SHAPES = (
    (6, 1, 5, 5), (6,), (16, 6, 5, 5), (16,), (120, 16, 5, 5), (120,), (84, 120), (84,), (10, 84), (10,),
)  # fmt: skip


def normal(*shape: int, seed: int = 0, dtype: str = "float32") -> Array:
    """Standard normal numbers, the same for the same seed."""
    return np.random.default_rng(seed).standard_normal(shape).astype(dtype)


def weights(shapes: Sequence[tuple[int, ...]], dtype: str = "float32", seed: int = 1) -> list[Array]:
    """Uniform numbers within ±1/√(inputs of one output), as layers are initialised; a bias follows its weight."""
    random = np.random.default_rng(seed)
    found = []
    for shape in shapes:
        if len(shape) > 1:
            bound = 1 / math.sqrt(math.prod(shape[1:]))
        found.append(random.uniform(-bound, bound, shape).astype(dtype))
    return found


def digits(batch: int) -> tuple[Array, Array]:
    """(N, 1, 28, 28) and (N,): noise in the size of MNIST, and labels."""
    return normal(batch, 1, 28, 28), np.random.default_rng(2).integers(0, 10, batch)


def named(loss: float, gradients: Sequence[Array], later: float) -> dict[str, Array]:
    """What a training step is compared by: the first loss and its gradients, and the loss `STEPS` steps later."""
    found = {"loss": np.asarray(loss), f"loss after {STEPS} steps": np.asarray(later)}
    return found | {f"gradient {number}": np.asarray(one) for number, one in enumerate(gradients)}
