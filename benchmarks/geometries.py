"""Convolutions of every kind, and for each the dense one that takes as many multiplications."""

import math
from collections.abc import Sequence
from typing import Any

Options = dict[str, Any]

DENSE = (
    "The dense equivalent of a convolution has as many multiplications: its groups are moved into the batch, so that "
    "the channels per group stay; the stride stays; the dilation is 1, and the image is just as large as the windows "
    "of the same output cover, without padding. What takes more than 3 times as long as that has no fast path."
)


def _conv(batch: int, channels: int, size: Any, outputs: int, kernel: Any, axes: int = 2, **more: Any) -> Options:
    """Options of the workload; one number serves all axes."""

    def sizes(value: Any) -> list[int]:
        return [value] * axes if isinstance(value, int) else list(value)

    given = {"batch": batch, "channels": channels, "size": sizes(size), "outputs": outputs, "kernel": sizes(kernel)}
    return given | more


# (N, C, H, O, k, stride, padding)
_SEVEN = (
    (64, 1, 28, 6, 5, 1, 2),
    (64, 6, 14, 16, 5, 1, 0),
    (32, 16, 32, 32, 3, 1, 1),
    (16, 64, 56, 64, 3, 1, 1),
    (16, 64, 56, 128, 1, 1, 0),
    (16, 64, 56, 64, 3, 2, 1),
    (8, 128, 28, 128, 3, 1, 1),
)
SEVEN = {
    f"{c}→{o}, {k}×{k}, stride {s}, {n}², batch {batch}": _conv(batch, c, n, o, k, stride=s, padding=p)
    for batch, c, n, o, k, s, p in _SEVEN
}

GRID = {
    "3×3": _conv(16, 32, 28, 32, 3, padding=1),
    "3×3, one image": _conv(1, 16, 112, 16, 3, padding=1),
    "3×3, 4×4 maps": _conv(256, 64, 4, 64, 3, padding=1),
    "3×3, full padding": _conv(16, 32, 28, 32, 3, padding=2),
    "1×1": _conv(16, 64, 28, 64, 1),
    "1×1, stride 2": _conv(16, 64, 28, 128, 1, stride=2),
    "5×5": _conv(16, 16, 28, 32, 5, padding=2),
    "7×7, stride 2, three channels": _conv(4, 3, 112, 32, 7, stride=2, padding=3),
    "11×11, stride 4, three channels": _conv(4, 3, 112, 32, 11, stride=4, padding=2),
    "15×15": _conv(8, 8, 32, 8, 15, padding=7),
    "1×7": _conv(16, 32, 28, 32, (1, 7), padding=(0, 3)),
    "7×1": _conv(16, 32, 28, 32, (7, 1), padding=(3, 0)),
    "3×3, stride 2": _conv(16, 32, 28, 64, 3, stride=2, padding=1),
    "3×3, stride (2, 1)": _conv(16, 32, 28, 32, 3, stride=(2, 1), padding=1),
    "2×2, stride 3": _conv(16, 32, 56, 64, 2, stride=3),
    "3×3, dilation 2": _conv(16, 32, 28, 32, 3, dilation=2, padding=2),
    "3×3, dilation 4": _conv(16, 32, 28, 32, 3, dilation=4, padding=4),
    "3×3, dilation 2, stride 2": _conv(16, 32, 28, 64, 3, dilation=2, stride=2, padding=2),
    "3×3, 2 groups": _conv(16, 32, 28, 32, 3, groups=2, padding=1),
    "3×3, 8 groups": _conv(16, 64, 28, 64, 3, groups=8, padding=1),
    "3×3, 4 groups, dilation 2, stride 2": _conv(16, 64, 28, 64, 3, groups=4, dilation=2, stride=2, padding=2),
    "depthwise 3×3": _conv(16, 64, 28, 64, 3, groups=64, padding=1),
    "depthwise 3×3, stride 2": _conv(16, 64, 28, 64, 3, groups=64, stride=2, padding=1),
    "depthwise 5×5, dilation 2": _conv(16, 64, 28, 64, 5, groups=64, dilation=2, padding=4),
    "depthwise 3×3, two maps each": _conv(16, 32, 28, 64, 3, groups=32, padding=1),
    "depthwise 31×31": _conv(4, 16, 32, 16, 31, groups=16, padding=15),
    "3×3, padding ((0, 1), (2, 0))": _conv(16, 32, 28, 32, 3, padding=((0, 1), (2, 0))),
    "3×3, stride 2, padding ((0, 1), (0, 1))": _conv(16, 32, 28, 64, 3, stride=2, padding=((0, 1), (0, 1))),
    "transposed 3×3": _conv(16, 32, 28, 32, 3, transposed=True, padding=1),
    "transposed 3×3, stride 2": _conv(16, 32, 14, 32, 3, transposed=True, stride=2, padding=1, output_padding=1),
    "transposed 4×4, stride 2": _conv(16, 64, 14, 32, 4, transposed=True, stride=2, padding=1),
    "transposed 3×3, stride 2, 4 groups": _conv(16, 64, 14, 64, 3, transposed=True, stride=2, padding=1, groups=4),
    "transposed depthwise 4×4, stride 2": _conv(16, 32, 14, 32, 4, transposed=True, stride=2, padding=1, groups=32),
    "transposed 3×3, dilation 2": _conv(16, 32, 28, 32, 3, transposed=True, dilation=2, padding=2),
    "1-d, 9": _conv(16, 32, 1024, 32, 9, axes=1, padding=4),
    "1-d, 3, dilation 8, causal": _conv(16, 32, 1024, 32, 3, axes=1, dilation=8, padding=((16, 0),)),
    "1-d, depthwise 15": _conv(16, 64, 1024, 64, 15, axes=1, groups=64, padding=7),
    "3-d, 3×3×3": _conv(4, 16, 14, 16, 3, axes=3, padding=1),
    "3-d, depthwise 3×3×3": _conv(4, 32, 14, 32, 3, axes=3, groups=32, padding=1),
    "3×3, float64": _conv(16, 32, 28, 32, 3, padding=1, dtype="float64"),
}


def _each(value: Any, axes: int) -> Sequence[Any]:
    return [value] * axes if isinstance(value, int) else value


def outputs_of(options: Options) -> list[int]:
    """How many windows there are along each axis; of a transposed convolution, how many entries its image has."""
    size, kernel = options["size"], options["kernel"]
    if options.get("transposed"):
        return list(size)
    axes = len(size)
    stride, dilation, padding = (
        _each(options.get(name, default), axes) for name, default in (("stride", 1), ("dilation", 1), ("padding", 0))
    )
    return [
        (n + (2 * p if isinstance(p, int) else sum(p)) - d * (k - 1) - 1) // s + 1
        for n, k, s, d, p in zip(size, kernel, stride, dilation, padding, strict=True)
    ]


def dense(options: Options) -> Options:
    """The dense equivalent, as `DENSE` says."""
    groups, axes = options.get("groups", 1), len(options["size"])
    found = options | {
        "batch": options["batch"] * groups, "channels": options["channels"] // groups,
        "outputs": options["outputs"] // groups, "groups": 1, "dilation": 1, "padding": 0, "output_padding": 0,
    }  # fmt: skip
    if not options.get("transposed"):
        stride = _each(options.get("stride", 1), axes)
        found["size"] = [
            (o - 1) * s + k for o, s, k in zip(outputs_of(options), stride, options["kernel"], strict=True)
        ]
    return found


def multiplications(options: Options) -> int:
    """How many products the convolution adds up."""
    pairs = options["channels"] * options["outputs"] // options.get("groups", 1)
    return int(options["batch"] * pairs * math.prod(outputs_of(options)) * math.prod(options["kernel"]))
