"""What a model's sizes imply: how far each layer sees, and how many numbers there are to learn (N61, N63)."""

from typing import Any

from minigrad.errors import DTypeError
from minigrad.registry import guarded

from ..model_summary import summary
from ..module import Module

__all__ = ["count_parameters", "receptive_field"]


@guarded
def receptive_field(model: Module, input_shape: Any) -> dict[str, tuple[int, ...]]:
    """How much of the input one unit of each layer depends on: r_l = r_{l−1} + (k_l − 1)·j_{l−1} (N61).

    `input_shape` is that of one sample, without the batch axis. The keys are the
    layers' paths, in the order in which they run. A layer whose units depend on the
    whole input has the input's size. Layers of which it is not known are left out.
    Raises as `nn.summary`, of which it is a column.

    >>> import nn
    >>> nn.notes.receptive_field(nn.Sequential(nn.Conv2d(1, 6, 5), nn.AvgPool2d(2)), (1, 32, 32))
    {'0': (5, 5), '1': (6, 6)}
    """
    table = summary(model, input_shape)
    fields = {}
    inner = {path for path, module in model.named_modules() if next(module.children(), None) is not None}
    for row in table.rows:
        if row.path not in inner and row.field is not None and (row.field.whole or row.field.size):
            known = tuple(int(size) for size in row.field.size)
            fields[row.path] = table.inputs[0][2:] if row.field.whole else known
    return fields


@guarded
def count_parameters(model: Module) -> int:
    """How many numbers a model learns, each shared one once (N63).

    Raises `DTypeError` for what is no module.

    >>> import nn
    >>> nn.notes.count_parameters(nn.Conv2d(1, 6, 5)), nn.notes.count_parameters(nn.Linear(400, 120))
    (156, 48120)
    """
    if not isinstance(model, Module):
        raise DTypeError(f"count_parameters got a {type(model).__name__}; it takes a model, an nn.Module")
    return sum(parameter.numel() for parameter in model.parameters() if parameter.requires_grad)
