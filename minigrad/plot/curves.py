"""Curves over the epochs of a run."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..errors import ArgumentError
from ..explaining import as_flag
from ..operands import as_number
from ..tensor import Array
from .axes import axis_or_new, check_axis, numbers

__all__ = ["learning_curves"]

# Up to so many points are marked one by one.
_MARKED = 40


def _curves(history: Any) -> dict[str, Array]:
    """Name and values of each curve; NaN where an epoch has none."""
    if isinstance(history, list | tuple) and history and all(isinstance(one, Mapping) for one in history):
        names = list(dict.fromkeys(name for epoch in history for name in epoch))
        history = {
            name: [float("nan") if epoch.get(name) is None else epoch[name] for epoch in history] for name in names
        }
    elif not isinstance(history, Mapping):
        history = {"": history}
    if not history:
        raise ArgumentError("learning_curves got no curve; give a dictionary from names to a number for each epoch")
    curves = {}
    for name, values in history.items():
        role = f"history[{name!r}]" if name else "history"
        if isinstance(values, list | tuple):
            values = [as_number(one, "learning_curves", f"{role}[{number}]") for number, one in enumerate(values)]
        curves[str(name)] = numbers(values, "learning_curves", role, (1,), "one number for each epoch, shape (epochs,)")
    return curves


def _smoothed(values: Array, decay: float) -> Array:
    """The exponential moving average at every point; NaN stays NaN and counts nothing."""
    total = weight = 0.0
    result = np.full(len(values), np.nan)
    for number, value in enumerate(values):
        if np.isfinite(value):
            total, weight = decay * total + (1 - decay) * value, decay * weight + (1 - decay)
            result[number] = total / weight
    return result


def learning_curves(
    history: Any,
    ax: Any = None,
    *,
    title: str = "",
    xlabel: str = "epoch",
    ylabel: str = "",
    start: float = 1,
    step: float = 1,
    log: bool = False,
    best: str | None = None,
    smooth: float = 0.0,
) -> Any:
    """One curve for each entry of a dictionary from names to numbers, over epochs; returns the axis.

    Also taken are a list of dictionaries, one for each epoch, and the numbers of a single curve. The first number
    stands at `start`, the next `step` further. `log` makes the vertical axis logarithmic. `best`, 'min' or 'max',
    marks and names each curve's best point. `smooth`, a decay in [0, 1), draws the exponential moving average, and
    the numbers themselves pale behind it. NaN leaves a gap. A name that begins with _ stays out of the legend.

    Raises `ArgumentError` for no curve, and options out of their range, `DTypeError` and `ShapeError` for what is no
    list of numbers.

    >>> from minigrad import plot
    >>> ax = plot.learning_curves({"training": [0.9, 0.4, 0.2], "test": [0.8, 0.5, 0.45]}, ylabel="loss")
    >>> ax.get_xlabel(), ax.get_ylabel(), [line.get_label() for line in ax.lines]
    ('epoch', 'loss', ['training', 'test'])
    """
    name = "learning_curves"
    check_axis(ax, name)
    curves = _curves(history)
    first, width, decay = (as_number(one, name, role) for one, role in
                           ((start, "start"), (step, "step"), (smooth, "smooth")))  # fmt: skip
    if not 0 <= decay < 1 or not 0 < width < np.inf or not np.isfinite(first):
        raise ArgumentError(
            f"{name} got start={start}, step={step}, smooth={smooth}; step is positive, smooth in [0, 1)"
        )
    if best is not None and (not isinstance(best, str) or best not in ("min", "max")):
        raise ArgumentError(f"{name} got best={best!r}; it is 'min', 'max' or None")
    logarithmic = as_flag(log, name, "log")
    if logarithmic and not any((values > 0).any() for values in curves.values()):
        raise ArgumentError(f"{name} got log=True, and no number above 0 to draw")
    with axis_or_new(ax, name, (6.0, 3.8)) as ax:
        for label, values in curves.items():
            at = first + width * np.arange(len(values))
            shown = _smoothed(values, decay) if decay else values
            (line,) = ax.plot(
                at, shown, label=label or None, marker="o" if len(values) <= _MARKED else "", markersize=4
            )
            if decay:
                ax.plot(
                    at, values, color=line.get_color(), alpha=0.25, linewidth=1, zorder=line.get_zorder() - 1, label="_"
                )
            if best and np.isfinite(shown).any():
                place = int(np.nanargmin(shown) if best == "min" else np.nanargmax(shown))
                _mark(ax, at[place], shown[place], line.get_color(), best == "min", place / len(values))
        if logarithmic:
            _logarithmic(ax)
        if best:
            ax.margins(y=0.15)  # for the numbers
        if width == 1 and first == int(first):
            from matplotlib.ticker import MaxNLocator

            ax.xaxis.set_major_locator(MaxNLocator(integer=True))
        ax.set(title=title, xlabel=xlabel, ylabel=ylabel)
        ax.grid(alpha=0.3)
        if any(label and label[0] != "_" for label in curves):
            ax.legend()
    return ax


def _logarithmic(ax: Any) -> None:
    """A logarithmic axis with plain numbers at its ticks, also between powers of ten where they are few."""
    from matplotlib.ticker import LogFormatter

    base: Any = LogFormatter  # typed or not, as the installed matplotlib is

    class Plain(base):  # type: ignore[misc]
        def __call__(self, x: float, pos: int | None = None) -> str:
            return f"{x:g}" if super().__call__(x, pos) else ""

    ax.set_yscale("log")
    ax.yaxis.set_major_formatter(Plain())
    ax.yaxis.set_minor_formatter(Plain(minor_thresholds=(1.2, 0.4)))


def _mark(ax: Any, x: float, y: float, colour: Any, below: bool, across: float) -> None:
    """A ring around a point, and its value below or above it, towards the middle of the curve where it is at an end."""
    ax.plot([x], [y], marker="o", markersize=9, markerfacecolor="none", color=colour, label="_")
    ax.annotate(
        f"{y:.4g}", (x, y), (0, -9 if below else 9), textcoords="offset points", color=colour, fontsize=9,
        ha="right" if across > 0.8 else "left" if across < 0.1 else "center", va="top" if below else "bottom",
    )  # fmt: skip
