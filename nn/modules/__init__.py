"""PyTorch's place for the class `Module` and for hooks on every module; the layers stand in `nn` itself."""

from . import module

__all__ = ["module"]
