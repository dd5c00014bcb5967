"""Parameters as one vector, and back."""

import pytest

import minigrad as mg
import nn
from minigrad.errors import ArgumentError, DTypeError, ShapeError


def test_there_and_back():
    net = nn.Sequential(nn.Linear(3, 2), nn.ReLU(), nn.Linear(2, 1))
    vector = nn.utils.parameters_to_vector(net.parameters())
    assert vector.shape == (11,)
    nn.utils.vector_to_parameters(mg.arange(11).float(), net.parameters())
    assert net[0].weight.tolist() == [[0, 1, 2], [3, 4, 5]]
    assert net[2].bias.tolist() == [10]
    assert net[2].bias.requires_grad


def test_the_vector_is_on_the_tape():
    a = mg.ones(2, requires_grad=True)
    (nn.utils.parameters_to_vector([a, a]) * mg.tensor([1.0, 2.0, 3.0, 4.0])).sum().backward()
    assert a.grad.tolist() == [4, 6]


def test_the_parameters_share_the_vectors_memory():
    a, vector = nn.Parameter(mg.zeros(2)), mg.ones(3)
    nn.utils.vector_to_parameters(vector, [a])
    vector[0] = 5
    assert a.tolist() == [5, 1]


def test_refusals_change_nothing():
    a, b = nn.Parameter(mg.zeros(2)), nn.Parameter(mg.zeros(2))
    with pytest.raises(ShapeError, match=r"shape \(3,\) for parameters with 4 elements"):
        nn.utils.vector_to_parameters(mg.ones(3), [a, b])
    assert a.tolist() == [0, 0]
    with pytest.raises(DTypeError, match="got a list"):
        nn.utils.vector_to_parameters([1.0, 2.0], [a])
    with pytest.raises(ArgumentError, match="used up"):
        nn.utils.parameters_to_vector([])
