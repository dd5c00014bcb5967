"""Words for shapes and arrays."""

import numpy as np
import pytest

from minigrad.drawing.describe import array_lines, number_text, shape_text, short


@pytest.mark.parametrize(
    ("shape", "dtype", "text"),
    [((), None, "scalar"), ((3,), None, "(3,)"), ((2, 3), np.float32, "2×3"), ((2, 0), np.int64, "2×0 int64")],
)
def test_shapes(shape, dtype, text):
    assert shape_text(shape, dtype) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(2.0, "2"), (-0.125, "-0.125"), (1e-9, "1e-9"), (123456.0, "1.235e5"), (1e12, "1e12"), (np.nan, "nan"),
     (-np.inf, "-inf"), (7, "7"), (True, "True")],
)  # fmt: skip
def test_numbers(value, text):
    assert number_text(np.array(value)) == text


@pytest.mark.parametrize(
    ("array", "lines"),
    [
        (np.zeros((0, 3)), ["empty"]),
        (np.array(1.5), ["1.5"]),
        (np.array([1.0, 2.5]), ["[1, 2.5]"]),
        (np.array([[1.0, -2.5], [10, 0]]), ["[ 1 -2.5]", "[10    0]"]),
        (np.array([[[3.0]]]), ["3"]),
        (np.arange(8.0), ["0 … 7, mean 3.5"]),
        (np.arange(8) > 5, ["2 of 8 true"]),
        (np.array([np.nan, np.inf, -np.inf, 1, 2, 3, 4]), ["1 … 4, mean 2.5", "1 NaN and 2 inf"]),
        (np.full(9, np.nan), ["9 NaN"]),
    ],
)
def test_arrays(array, lines):
    assert array_lines(array) == lines


def test_long_texts_lose_their_middle():
    assert short("abc", 8) == "abc"
    assert short("abcdefghij", 7) == "ab…ghij"
    assert len(short("x" * 99, 20)) == 20
