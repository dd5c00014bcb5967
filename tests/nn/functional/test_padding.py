"""pad in PyTorch's order."""

import numpy as np
import pytest

import minigrad as mg
import nn.functional as F
from minigrad.errors import ArgumentError, DTypeError, MinigradError, ShapeError


@pytest.mark.parametrize(
    ("widths", "numpys"),
    [
        ((1, 2), ((0, 0), (0, 0), (1, 2))),
        ((1, 0, 0, 2), ((0, 0), (0, 2), (1, 0))),
        ((1, 1, 2, 2, 1, 0), ((1, 0), (2, 2), (1, 1))),
        ((), ((0, 0),) * 3),
    ],
)
@pytest.mark.parametrize(
    ("mode", "numpy_mode"),
    [
        ("constant", "constant"),
        ("reflect", "reflect"),
        ("replicate", "edge"),
        ("circular", "wrap"),
        ("symmetric", "symmetric"),
    ],
)
def test_N35_N36_pad_speaks_of_the_last_axis_first(widths, numpys, mode, numpy_mode):
    x = mg.arange(36.0).reshape(3, 3, 4)
    assert F.pad(x, widths, mode).tolist() == np.pad(x.numpy(), numpys, mode=numpy_mode).tolist()


def test_pad_with_a_value_and_negative_widths():
    x = mg.arange(4.0).reshape(2, 2)
    assert F.pad(x, (1, 0), value=7).tolist() == [[7.0, 0.0, 1.0], [7.0, 2.0, 3.0]]
    assert F.pad(x, (-1, 0)).tolist() == [[1.0], [3.0]]
    assert F.pad(x, (-1, 2, 1, -2)).tolist() == [[0.0, 0.0, 0.0]]
    assert F.pad(x, [1, 1], "constant", None).shape == (2, 4)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda x: F.pad(x, (1,)), ArgumentError, "1 widths for a tensor of shape"),
        (lambda x: F.pad(x, (1, 1, 1)), ArgumentError, "pair"),
        (lambda x: F.pad(x, (1,) * 6), ArgumentError, r"6 widths.*shape \(2, 3\)"),
        (lambda x: F.pad(x, (1, 1), "mirror"), ArgumentError, "mode='mirror'"),
        (lambda x: F.pad(x, (3, 0), "reflect"), ShapeError, "at most 2 on each side"),
        (lambda x: F.pad(x, (4, 0), "circular"), ShapeError, "at most 3 on each side"),
        (lambda x: F.pad(x, (0.5, 1)), DTypeError, "integer"),
        (lambda x: F.pad(x, 1), DTypeError, "int"),
        (lambda x: F.pad([1.0], (1, 1)), DTypeError, "list"),
    ],
)  # fmt: skip
def test_pad_refusals(call, error, message):
    with pytest.raises(error, match=message) as raised:
        call(mg.ones(2, 3))
    assert isinstance(raised.value, MinigradError)
