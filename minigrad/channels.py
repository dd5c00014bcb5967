"""Ranks, channels and groups of a correlation's operands: whether they fit, and what is likely where they do not."""

from typing import Any

from .errors import ArgumentError, DTypeError, ShapeError

__all__ = ["check_correlation", "check_groups", "check_transposed", "check_weight_map"]


def check_correlation(
    x: tuple[int, ...], w: tuple[int, ...], groups: int, axes: int | None, name: str, single: bool = False
) -> int:
    """The number of spatial axes, once x (N, C, *n) and w (O, C/G, *k) fit together.

    `single` says that the batch axis was not there when x arrived.

    Raises `ShapeError` for a wrong rank or number of channels, `ArgumentError`
    for groups that do not divide them.
    """
    spatial = _rank(x, w, axes, name)
    channels, out_channels, per_group = x[1], w[0], w[1]
    if axes is not None:
        _refuse_nothing(x, out_channels, name)
    if not _channels_last(x, per_group, groups):  # which is no question of groups
        check_groups(groups, channels, out_channels, name)
    if per_group * groups != channels:
        raise ShapeError(
            f"{name} of an input of shape {x[single:]} with a weight of shape {w} and groups={groups}: the weight "
            f"reads {per_group * groups} channels, the input has "
            f"{channels}{_likely(x[single:], per_group * groups, single)}"
        )
    return spatial


def check_transposed(
    y: tuple[int, ...], w: tuple[int, ...], groups: int, axes: int | None, name: str, single: bool = False
) -> int:
    """The number of spatial axes, once y (N, O, *o) and w (O, C/G, *k) fit together.

    Raises as `check_correlation`.
    """
    spatial = _rank(y, w, axes, name)
    channels = y[1]
    if axes is not None:
        _refuse_nothing(y, w[1], name)
    if not _channels_last(y, w[0], 1):
        check_groups(groups, channels, w[0], name)
    if w[0] != channels:
        swapped = ". Its second axis has: a transposed weight is (in, out/groups, …)" if w[1] == channels else ""
        raise ShapeError(
            f"{name} of an input of shape {y[single:]} with a weight of shape {w}: the weight's first axis has {w[0]} "
            f"channels, the input {channels}{swapped or _likely(y[single:], w[0], single)}"
        )
    return spatial


def check_weight_map(x: tuple[int, ...], y: tuple[int, ...], groups: int) -> None:
    """Raise where x (N, C, *n) and y (N, O, *o) are no input and output of one correlation."""
    if len(x) < 3 or len(y) != len(x) or y[0] != x[0]:
        raise ShapeError(
            f"correlate_weight of an input of shape {x} and an output of shape {y}; they need the same batch, a "
            "channel axis and the same number of spatial axes"
        )
    check_groups(groups, x[1], y[1], "correlate_weight")


def _rank(x: tuple[int, ...], w: tuple[int, ...], axes: int | None, name: str) -> int:
    spatial = len(w) - 2 if axes is None else axes
    if len(w) != spatial + 2 or spatial < 1:
        raise ShapeError(
            f"{name} got a weight of shape {w}; it needs (out, in/groups) and then {max(spatial, 1)} kernel axes"
        )
    if len(x) != spatial + 2:
        missing = ""
        if len(x) == spatial + 1:
            missing = ". Is the batch axis missing? Use x.unsqueeze(0)"
        elif len(x) == spatial:
            missing = ". Are the batch and channel axes missing? Use x[None, None]"
        raise ShapeError(
            f"{name} got an input of shape {x}; it needs {spatial + 2} axes: batch, channels and {spatial} "
            f"spatial{missing}"
        )
    return spatial


def _channels_last(x: tuple[int, ...], per_group: int, groups: Any) -> bool:
    """Whether the last axis of x has the channels that are read, and the second does not."""
    return isinstance(groups, int) and x[1] != per_group * groups == x[-1]


def _refuse_nothing(x: tuple[int, ...], out_channels: int, name: str) -> None:
    """Raise `ShapeError` for maps without elements and for a weight that makes none."""
    if 0 in x[2:] or out_channels == 0:
        raise ShapeError(
            f"{name} of an input of shape {x} to {out_channels} output channels: only the batch may be empty. Did a "
            "layer before it, or a slice, leave nothing?"
        )


def check_groups(groups: Any, channels: int, out_channels: int, name: str) -> None:
    """Raise `ArgumentError` for groups that do not divide the channels, `DTypeError` for no integer."""
    if isinstance(groups, bool) or not hasattr(groups, "__index__") or getattr(groups, "ndim", 0) != 0:
        raise DTypeError(f"{name} got groups={groups!r}; it is an integer")
    if groups < 1 or channels % groups or out_channels % groups:
        raise ArgumentError(
            f"{name} with groups={groups}, {channels} input and {out_channels} output channels: groups must be "
            "positive and divide both"
        )


def _likely(x: tuple[int, ...], wanted: int, single: bool) -> str:
    """The likely cause of a wrong number of channels, as the end of a sentence; x without a batch axis if `single`."""
    if x[-1] == wanted:
        channels = 0 if single else 1
        order = (*range(channels), len(x) - 1, *range(channels, len(x) - 1))
        return f". The last axis has {wanted}: is this channels-last? Then use x.permute{order}"
    if wanted == 1 and (single or x[0] == 1):
        return ". Is the channel axis missing, so that the batch was taken for it? Then use x.unsqueeze(1)"
    return ". Make the layer for that many channels, or check the layer before it"
