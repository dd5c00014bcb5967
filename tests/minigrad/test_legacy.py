"""The old constructors: of sizes, of values, and as kinds."""

import numpy as np
import pytest

import minigrad as mg
from minigrad.errors import ArgumentError, DTypeError, ShapeError


def test_sizes_and_values():
    assert mg.FloatTensor(2, np.int64(3)).shape == (2, 3)
    assert mg.LongTensor([1.7, -1.7]).tolist() == [1, -1]
    assert mg.DoubleTensor(range(2)).dtype == mg.float64
    assert mg.FloatTensor(mg.ones(2, 3).shape).tolist() == [2, 3], "a shape is a tuple of values"
    array = np.zeros(2, np.float32)
    made = mg.FloatTensor(array)
    made[0] = 1
    assert array.tolist() == [0, 0]
    assert repr(mg.IntTensor) == "<class 'minigrad.IntTensor'>"
    assert isinstance(mg.ones(1), mg.FloatTensor)
    assert not isinstance(np.ones(1, np.float32), mg.FloatTensor)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: mg.FloatTensor(mg.ones(2, dtype=mg.int64)), DTypeError, r"tensor of int64.*t\.to\(mg\.float32\)"),
        (lambda: mg.FloatTensor(2.5), DTypeError, "got 2.5, a float"),
        (lambda: mg.FloatTensor("ab"), DTypeError, "a str"),
        (lambda: mg.FloatTensor(2, [1]), DTypeError, "2 arguments, not all"),
        (lambda: mg.FloatTensor([[1, 2], [3]]), ShapeError, "uneven"),
        (lambda: mg.ByteTensor([300]), ArgumentError, "300"),
        (lambda: mg.FloatTensor(2, device="cuda"), ArgumentError, "cuda"),
        (lambda: mg.ones(2).type("cuda.FloatTensor"), DTypeError, "cuda.FloatTensor"),
    ],
)
def test_what_is_refused(call, error, message):
    with pytest.raises(error, match=message):
        call()
