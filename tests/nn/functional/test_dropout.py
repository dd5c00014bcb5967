"""Dropout as functions."""

import numpy as np
import pytest

import minigrad as mg
import nn.functional as F
from minigrad.errors import ArgumentError


def test_dropout_keeps_the_mean_and_scales_the_rest():
    x = mg.full((20_000,), 3.0, dtype=mg.float64, requires_grad=True)
    y = F.dropout(x, 0.25)
    assert np.unique(y.detach().numpy()).tolist() == [0.0, 4.0]
    assert y.mean().item() == pytest.approx(3, rel=0.02)
    y.sum().backward()
    np.testing.assert_array_equal(x.grad.numpy(), y.detach().numpy() / 3)


def test_dropout_of_nothing_and_everything():
    x = mg.ones(5, requires_grad=True)
    assert F.dropout(x, 0.0) is x
    assert F.dropout(x, 0.5, training=False) is x
    gone = F.dropout(x, 1.0)
    gone.sum().backward()
    assert (gone.tolist(), x.grad.tolist()) == ([0.0] * 5, [0.0] * 5)


@pytest.mark.parametrize("dtype", [mg.float16, mg.float32, mg.float64])
def test_dropout_keeps_dtype_and_drops_the_same_in_each(dtype):
    mg.manual_seed(4)
    y = F.dropout(mg.ones(50, dtype=dtype))
    mg.manual_seed(4)
    assert y.dtype == dtype
    assert y.tolist() == F.dropout(mg.ones(50)).tolist()


def test_dropout_in_place():
    x = mg.ones(50)
    assert F.dropout(x, inplace=True) is x
    assert sorted(set(x.tolist())) == [0.0, 2.0]


@pytest.mark.parametrize("p", [-0.1, 1.1, float("nan"), 2])
def test_dropout_wants_a_probability(p):
    with pytest.raises(ArgumentError, match="probability, from 0 to 1"):
        F.dropout(mg.ones(1), p)
