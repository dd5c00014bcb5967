"""Switches of PyTorch's other backends, so that scripts which set them run; none has an effect here."""

from . import cudnn, mps

__all__ = ["cudnn", "mps"]
