"""Utilities under PyTorch's names: `minigrad.utils.data`."""

from typing import Any

__all__ = ["data"]


def __getattr__(name: str) -> Any:
    if name == "data":
        import importlib

        return importlib.import_module(f"{__name__}.data")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
