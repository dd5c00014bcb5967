"""Questions about tensors and dtypes."""

import pytest

import minigrad as mg
from minigrad.errors import ShapeError


def test_answers():
    x = mg.zeros(2, 3)
    assert (mg.is_tensor(x), mg.is_tensor(x.numpy())) == (True, False)
    assert (mg.numel(x), mg.is_floating_point(x), mg.is_floating_point(x.long())) == (6, True, False)
    assert (mg.is_same_size(x, x + 1), mg.is_same_size(x, x.T)) == (True, False)
    assert mg.broadcast_shapes((2, 1), 3, (1, 1, 1)) == (1, 2, 3)
    assert mg.promote_types(mg.uint8, mg.int8) == mg.int16
    assert mg.result_type(mg.ones(1, dtype=mg.uint8), 300) == mg.uint8
    assert (mg.can_cast(mg.int64, mg.int8), mg.can_cast(mg.int8, mg.bool)) == (True, False)
    assert (x.stride(), x.T.stride(0), x.is_signed(), x.byte().is_signed()) == ((3, 1), 1, True, False)


def test_refusals():
    with pytest.raises(ShapeError, match="ambiguous"):
        mg.is_nonzero(mg.ones(2))
    with pytest.raises(ShapeError, match="must be equal or 1"):
        mg.broadcast_shapes((2,), (3,))
