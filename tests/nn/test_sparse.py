"""The layer Embedding."""

import numpy as np
import pytest

import minigrad as mg
import nn
from minigrad.errors import ArgumentError, IndexOutOfRangeError, ShapeError


def test_it_is_the_function_of_its_weight():
    layer = nn.Embedding(6, 3, 2, 0.5, 1.0, True)
    numbers = mg.tensor([[1, 2], [5, 1]])
    y = layer(numbers)
    np.testing.assert_allclose(y.detach().numpy(), layer.weight.detach().numpy()[numbers.numpy()])
    assert (abs(layer.weight[[1, 2, 5]]).sum(1) <= 0.5 + 1e-6).all()
    y.sum().backward()
    assert layer.weight.grad.sum(1).tolist() == [0, 3, 0, 0, 0, 3]


def test_initial_values():
    layer = nn.Embedding(400, 30, padding_idx=-1)
    values = layer.weight.detach().numpy()
    assert layer.padding_idx == 399
    assert not values[399].any()
    assert abs(values[:399].mean()) < 0.05
    assert abs(values[:399].std() - 1) < 0.05


def test_a_table_that_is_given():
    table = mg.randn(4, 2)
    frozen = nn.Embedding.from_pretrained(table)
    assert not frozen.weight.requires_grad
    assert np.shares_memory(frozen.weight.numpy(), table.numpy())
    assert nn.Embedding.from_pretrained(table, freeze=False).weight.requires_grad
    with pytest.raises(ShapeError, match=r"it needs \(rows, features\)"):
        nn.Embedding.from_pretrained(mg.ones(4))
    with pytest.raises(
        ShapeError, match=r"weight of shape \(4, 2\); num_embeddings=4 and embedding_dim=3 make \(4, 3\)"
    ):
        nn.Embedding(4, 3, _weight=table)


def test_options():
    assert nn.Embedding(4, 3, dtype=mg.float64).weight.dtype == mg.float64
    assert not nn.Embedding(4, 3, _freeze=True).weight.requires_grad
    assert repr(nn.Embedding(4, 3, 1, 2.0, 1.0, True)) == (
        "Embedding(4, 3, padding_idx=1, max_norm=2.0, norm_type=1.0, scale_grad_by_freq=True)"
    )


def test_refusals():
    with pytest.raises(ArgumentError, match="padding_idx=4 for 4 rows"):
        nn.Embedding(4, 3, 4)
    with pytest.raises(ArgumentError, match="sparse=True"):
        nn.Embedding(4, 3, sparse=True)
    with pytest.raises(IndexOutOfRangeError, match=r"number 4 for a table of 4 rows.*\[in Embedding\(4, 3\)\]"):
        nn.Embedding(4, 3)(mg.tensor([4]))
