"""How large the gradients are, layer by layer."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..errors import ArgumentError, DTypeError, GradError
from ..tensor import Array, Tensor
from .axes import axis_or_new, check_axis

__all__ = ["gradient_flow"]


def _parameters(model: Any) -> list[tuple[str, Tensor]]:
    """Names and parameters of a model, of a dictionary, or of a list of pairs."""
    pairs: Any = model.items() if isinstance(model, Mapping) else model
    if hasattr(model, "named_parameters") and not isinstance(model, type):
        pairs = model.named_parameters()
    try:
        found = [(str(name), parameter) for name, parameter in pairs]
    except (TypeError, ValueError):
        found = [("", None)]
    for _, parameter in found:
        if not isinstance(parameter, Tensor):
            raise DTypeError(
                f"gradient_flow got a {type(model).__name__}; it takes a model, or the pairs of names and parameters "
                "that model.named_parameters() gives"
            )
    if not found:
        raise ArgumentError("gradient_flow got a model without parameters; there is no gradient to draw")
    return found


def gradient_flow(model: Any, ax: Any = None, *, title: str = "Gradients by layer") -> Any:
    """Mean and largest |∂E/∂w| of each layer, from the input, on top, to the output; returns the axis.

    Call it after `loss.backward()` and before `zero_grad`. The parameters of a layer, weight and bias, count
    together. On the logarithmic scale a network through which gradients vanish or explode is a staircase. Layers
    without a gradient, with nothing but zeros and with NaN or infinity say so.

    Raises `GradError` where no parameter has a gradient, `DTypeError` for what has no parameters.

    >>> import minigrad as mg, nn
    >>> model = nn.Sequential(nn.Linear(4, 3), nn.Tanh(), nn.Linear(3, 1))
    >>> model(mg.ones(2, 4)).sum().backward()
    >>> [label.get_text() for label in mg.plot.gradient_flow(model).get_yticklabels()]
    ['0', '2']
    """
    check_axis(ax, "gradient_flow")
    layers: dict[str, list[Tensor]] = {}
    for path, parameter in _parameters(model):
        layers.setdefault(path.rpartition(".")[0] or path, []).append(parameter)
    sizes = {layer: _sizes(parameters) for layer, parameters in layers.items()}
    if not any(one is not None for one in sizes.values()):
        raise GradError(
            "gradient_flow found no gradient in any parameter: call it between loss.backward() and "
            "optimizer.zero_grad()"
        )
    with axis_or_new(ax, "gradient_flow", (6.5, min(12.0, 1.4 + 0.26 * len(layers)))) as ax:
        drawn = [(row, *one) for row, one in enumerate(sizes.values()) if one is not None and 0 < one[1] < np.inf]
        rows, means, largest = (list(column) for column in zip(*drawn)) if drawn else ([], [], [])
        ax.barh(rows, means, height=0.7, label="mean")
        ax.plot(largest, rows, linestyle="", marker="D", markersize=5, color="C1", label="largest")
        ax.set_xscale("log")
        if drawn:
            ax.set_xlim(min(means) / 10, max(largest) * 3)
        for row, one in enumerate(sizes.values()):
            if one is None or not 0 < one[1] < np.inf:
                word = "no gradient" if one is None else "all zero" if one[1] == 0 else "NaN or infinite"
                ax.text(0.02, row, word, transform=ax.get_yaxis_transform(), va="center", fontsize=9, style="italic")
        ax.set_yticks(range(len(sizes)), list(sizes), fontsize=max(4.0, min(10.0, 320 / len(sizes))))
        ax.set_ylim(len(sizes) - 0.5, -0.5)
        ax.set(title=title, xlabel="|gradient|", ylabel="layer")
        ax.grid(axis="x", alpha=0.3)
        ax.set_axisbelow(True)
        ax.legend()
    return ax


def _sizes(parameters: list[Tensor]) -> tuple[float, float] | None:
    """Mean and largest absolute value in a layer's gradients; None without any, infinite where one is not finite."""
    gradients: list[Array] = [
        np.abs(one._grad._array.astype(np.float64)) for one in parameters if one._grad is not None
    ]
    count = sum(one.size for one in gradients)
    if not count:
        return None
    largest = max(float(one.max()) for one in gradients if one.size)
    if not all(np.isfinite(one).all() for one in gradients):
        return float("inf"), float("inf")
    return sum(float(one.sum()) for one in gradients) / count, largest
