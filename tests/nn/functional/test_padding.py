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


def test_negative_widths_of_other_borders():
    x = mg.arange(4.0).reshape(1, 4)
    assert F.pad(x, (3, -2), "reflect").tolist() == [[3, 2, 1, 0, 1]]
    assert F.pad(x, (-4, 1), "reflect").tolist() == [[2]]
    assert F.pad(x, (-3, 4), "replicate").tolist() == [[3, 3, 3, 3, 3]]
    assert F.pad(x, (-1, 2), "circular").tolist() == [[1, 2, 3, 1, 2]]
    assert F.pad(x, (1, -2), "circular").tolist() == [[1, 0, 1]]
    assert F.pad(x, (2, -3), "symmetric").tolist() == [[1, 0, 0]]
    for mode, message in (("constant", "cut away"), ("reflect", "cut away"), ("circular", "cut away")):
        with pytest.raises(ShapeError, match=message):
            F.pad(x, (-5, 0), mode)


def test_the_result_is_a_tensor_of_its_own():
    x = mg.zeros(2, 3)
    for widths in ((), (0, 0)):
        for mode in ("constant", "reflect"):
            F.pad(x, widths, mode).add_(1)
    assert x.sum().item() == 0


def test_only_constant_borders_have_a_value():
    x = mg.ones(2, 3)
    assert F.pad(x, (1, 1), "reflect", 0).shape == (2, 5)
    with pytest.raises(ArgumentError, match=r"value=2.0 with mode='reflect'"):
        F.pad(x, (1, 1), "reflect", 2.0)
    with pytest.raises(ArgumentError, match="mode='zeros'; the modes are constant"):
        F.pad(x, (1, 1), "zeros")
