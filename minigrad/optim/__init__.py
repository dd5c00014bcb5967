"""Optimisers: rules by which parameters follow their gradients."""

from .optimizer import Optimizer
from .sgd import SGD

__all__ = ["SGD", "Optimizer"]
