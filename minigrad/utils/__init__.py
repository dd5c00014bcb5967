"""What goes round a training loop: checkpoints and data under PyTorch's names, progress, stopping early."""

from typing import Any

__all__ = ["EarlyStopping", "KeepBest", "checkpoint", "data", "progress", "stopping"]

_ELSEWHERE = {"EarlyStopping": "stopping", "KeepBest": "stopping"}


def __getattr__(name: str) -> Any:
    import importlib

    if name in _ELSEWHERE:
        return getattr(importlib.import_module(f"{__name__}.{_ELSEWHERE[name]}"), name)
    if name in __all__:
        return importlib.import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
