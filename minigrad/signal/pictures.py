"""The pictures, signals and small filters that the lecture notes print, as constants that cannot be written to.

All hold float32, the default dtype, so they go together with tensors made of
Python's numbers; `INTEGER_IMAGE` alone holds integers, which is its point.
`mg.tensor(SMILE)` is a tensor of its own, to change and to differentiate.

>>> import minigrad as mg
>>> from minigrad.signal.pictures import SMILE_BLOCK, SMILE_FILTER
>>> mg.correlate2d(SMILE_BLOCK, SMILE_FILTER)[0].tolist()
[-2.0, 8.0, 10.0, 10.0]
"""

from typing import Any

import numpy as np

from ..tensor import Array

__all__ = [
    "BOX_PICTURE",
    "DIFFERENCE_SIGNAL",
    "INTEGER_IMAGE",
    "PATCH",
    "PIXELS_4X4",
    "SAMPLE_2X2",
    "SAMPLE_4X4",
    "SAMPLE_6X6",
    "SMILE",
    "SMILE_15X16",
    "SMILE_16X20",
    "SMILE_BLOCK",
    "SMILE_FILTER",
    "SMILE_REGION",
    "SMOOTHING_SIGNAL",
    "TRANSPOSED_INPUT",
    "TRANSPOSED_KERNEL",
]


def _fixed(values: Any, dtype: Any = np.float32) -> Array:
    """The values as an array that owns its memory and refuses to be written to."""
    array = np.array(values, dtype)
    array.flags.writeable = False
    return array


def _picture(rows: str, scale: int = 1) -> Array:
    """A picture from one digit per pixel."""
    return _fixed([[scale * int(digit) for digit in row] for row in rows.split()])


# The smiling face: background 0, skin 2, eyes and mouth 9. Printed three times, in three sizes (N7, X10); this
# printing is the only one whose eyes and mouth are mirror-symmetric.
SMILE = _picture("""
    000000000000000
    000222222222000
    002222222222000
    022999222999220
    022999222999220
    022999222999220
    022222222222220
    022222222222220
    022222222222220
    022992222299220
    022999222999220
    022299999992220
    022229999922220
    002222222222000
    000022222222000
    000000000000000
""")
SMILE_16X20 = _picture("""
    00000000000000000000
    00022222222222000000
    00222222222222000000
    02299922299922000000
    02299922299922000000
    02299922299922000000
    02222222222222222220
    02222222222222222220
    02222222222222222220
    02299222299222000000
    02299922299922000000
    02229999999922222220
    02222999999222222220
    00222222222222000000
    00002222222222000000
    00000000000000000000
""")
SMILE_15X16 = _picture("""
    0000000000000000
    0002222222222000
    0022222222222000
    0229992229992200
    0229992229992200
    0229992229992200
    0222222222222200
    0222222222222200
    0222222222222200
    0229992222992200
    0229992229992200
    0222229999992200
    0222229999992200
    0000022222222000
    0000000000000000
""")
# What the worked example reads of it, rows and columns 1 to 5 of all three, and the 4×4 part that is printed (X9).
SMILE_BLOCK = _fixed(SMILE[1:6, 1:6])
SMILE_REGION = _fixed(SMILE[1:5, 1:5])
SMILE_FILTER = _fixed([[1, 2], [3, -1]])  # N33: meant for correlation (X11)

# A bright block with a hole, and a lone pixel: what a box filter does to each (N27).
BOX_PICTURE = _picture(
    """
    0000000000
    0000000000
    0001111100
    0001111100
    0001111100
    0001011100
    0001111100
    0000000000
    0010000000
    0000000000
    """,
    scale=90,
)

# An image as it is stored: integers on a grid (N3), the garbled cell completed to 20 (X74).
INTEGER_IMAGE = _fixed(
    [
        [79, 5, 6, 90, 12, 34, 2, 1],
        [8, 90, 12, 34, 26, 78, 34, 5],
        [8, 1, 3, 90, 12, 34, 11, 61],
        [77, 90, 12, 34, 200, 2, 9, 45],
        [1, 3, 90, 12, 20, 1, 6, 23],
    ],
    np.int64,
)

PATCH = _fixed([[1, 2, 3], [4, 5, 6], [7, 8, 9]])  # N22
PIXELS_4X4 = _fixed([[35, 19, 25, 6], [13, 22, 16, 53], [4, 3, 7, 10], [9, 8, 1, 3]])  # what borders grow on: N35

SMOOTHING_SIGNAL = _fixed([0, 0, 0, 1, 1, 1, 1, 1, 0, 0, 0])  # N23
DIFFERENCE_SIGNAL = _fixed([0, 0, 0, 1, 1, 1, 1, 1, 1, 0, 0, 0])  # N24

# Filters of sizes that layers really have, even ones among them (N30, X20).
SAMPLE_2X2 = _fixed([[-1, 2], [3, 0]])
SAMPLE_4X4 = _fixed([[5, -2, 1, 0], [4, -3, 6, 2], [0, 1, -4, 3], [2, 0, -1, 4]])
SAMPLE_6X6 = _fixed(
    [
        [0, 4, -1, -5, 1, 2],
        [5, -2, 1, 5, -3, 0],
        [-2, 1, 0, 4, 2, 1],
        [4, -3, 6, 3, 1, 2],
        [0, 1, -4, -1, 5, 3],
        [2, 0, -1, 0, -4, 4],
    ]
)

TRANSPOSED_INPUT = _fixed([[0, 1], [2, 3]])  # N137
TRANSPOSED_KERNEL = _fixed([[9, 8], [7, 6]])
