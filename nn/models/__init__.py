"""Whole networks."""

from .autoencoder import ConvAutoencoder
from .lenet import LeNet5

__all__ = [
    "ConvAutoencoder",
    "LeNet5",
]
