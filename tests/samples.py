"""Seeded sample values, of which examples of calls are made."""

import numpy as np


def normal(*shape: int, seed: int = 0) -> np.ndarray:
    """Normal float64 values."""
    return np.random.default_rng([seed, *shape]).standard_normal(shape)


def positive(*shape: int, seed: int = 0) -> np.ndarray:
    """Values from [0.5, 2)."""
    return np.random.default_rng([seed, *shape]).uniform(0.5, 2, shape)


def whole(low: int, high: int, *shape: int, seed: int = 0) -> np.ndarray:
    """Integers from low to high − 1."""
    return np.random.default_rng([seed, *shape]).integers(low, high, shape)
