"""Layer, group, root-mean-square and local response normalisation as layers."""

import pytest

import minigrad as mg
import nn
from minigrad.errors import ArgumentError, ShapeError


def test_shapes_and_parameters():
    assert [tuple(one.shape) for one in nn.LayerNorm([3, 4]).parameters()] == [(3, 4), (3, 4)]
    assert nn.LayerNorm(4).normalized_shape == (4,)
    assert list(nn.LayerNorm(4, bias=False).state_dict()) == ["weight"]
    assert list(nn.LayerNorm(4, elementwise_affine=False).state_dict()) == []
    assert list(nn.GroupNorm(2, 4, bias=False).state_dict()) == ["weight"]
    assert list(nn.RMSNorm((3, 4)).state_dict()) == ["weight"]
    assert nn.LayerNorm(4, dtype=mg.float64).weight.dtype == mg.float64
    for layer in (nn.LayerNorm(4), nn.GroupNorm(2, 4), nn.RMSNorm(4)):
        layer.weight.data.fill_(5)
        layer.reset_parameters()
        assert layer.weight.tolist() == [1] * 4


def test_groups_lie_between_layers_and_instances():
    x = mg.randn(2, 4, 3, 5, dtype=mg.float64)
    one, each = nn.GroupNorm(1, 4, affine=False), nn.GroupNorm(4, 4, affine=False)
    assert mg.allclose(one(x), nn.LayerNorm((4, 3, 5), elementwise_affine=False)(x))
    assert mg.allclose(each(x), nn.InstanceNorm2d(4)(x))


def test_training_and_evaluation_agree():
    x = mg.randn(2, 4, 3)
    for layer in (nn.LayerNorm(3), nn.GroupNorm(2, 4), nn.RMSNorm(3), nn.LocalResponseNorm(2)):
        assert mg.equal(layer(x), layer.eval()(x))


def test_root_mean_square_of_the_output_is_one():
    y = nn.RMSNorm(50)(mg.randn(3, 50) * 7 + 2)
    assert (y * y).mean(1).tolist() == pytest.approx([1, 1, 1], rel=1e-5)


def test_refusals_teach():
    with pytest.raises(ArgumentError, match="2 groups for 3 channels"):
        nn.GroupNorm(2, 3)
    with pytest.raises(ArgumentError, match="0 groups"):
        nn.GroupNorm(0, 3)
    with pytest.raises(ShapeError, match=r"normalized_shape \(4,\).*\[in LayerNorm"):
        nn.LayerNorm(4)(mg.ones(2, 3))


def test_large_norms_in_float32():
    x = mg.randn(4, 3, 6) + 1000
    for layer in (nn.LayerNorm(6), nn.GroupNorm(1, 3), nn.InstanceNorm1d(3), nn.BatchNorm1d(3)):
        exact = layer.double()(x.double()).detach()
        found = layer.float()(x).detach()
        assert (found.double() - exact).abs().max().item() < 5e-4
