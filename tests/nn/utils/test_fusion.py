"""A layer and the batch normalisation behind it as one layer."""

import pytest

import minigrad as mg
import nn
from minigrad.errors import ArgumentError, ShapeError


def trained(norm, *shape):
    """With statistics and parameters that are not the first ones."""
    norm = norm.double()
    norm(mg.randn(*shape, dtype=mg.float64) * 3 + 1)
    for one in norm.parameters():
        nn.init.normal_(one)
    return norm.eval()


@pytest.mark.parametrize("bias", [True, False])
def test_fused_layers_give_the_same(bias):
    norm = trained(nn.BatchNorm2d(4), 3, 4, 2, 2)
    x = mg.randn(2, 6, 5, 5, dtype=mg.float64)
    conv = nn.Conv2d(6, 4, 3, groups=2, bias=bias).double().eval()
    before = conv.weight.clone()
    assert mg.allclose(nn.utils.fuse_conv_bn_eval(conv, norm)(x), norm(conv(x)), 1e-10)
    assert mg.equal(conv.weight, before)
    transposed = nn.ConvTranspose2d(6, 4, 3, bias=bias).double().eval()
    assert mg.allclose(nn.utils.fuse_conv_bn_eval(transposed, norm, True)(x), norm(transposed(x)), 1e-10)
    linear, norm = nn.Linear(6, 4, bias=bias).double().eval(), trained(nn.BatchNorm1d(4), 5, 4)
    rows = mg.randn(3, 6, dtype=mg.float64)
    assert mg.allclose(nn.utils.fuse_linear_bn_eval(linear, norm)(rows), norm(linear(rows)), 1e-10)


def test_refusals_teach():
    conv, norm = nn.Conv2d(1, 2, 1), nn.BatchNorm2d(2)
    with pytest.raises(ArgumentError, match=r"in training.*Call eval\(\)"):
        nn.utils.fuse_conv_bn_eval(conv, norm.eval())
    with pytest.raises(ArgumentError, match="no running statistics"):
        nn.utils.fuse_conv_bn_eval(conv.eval(), nn.BatchNorm2d(2, track_running_stats=False).eval())
    with pytest.raises(ShapeError, match="3 features and a normalisation of 2"):
        nn.utils.fuse_linear_bn_eval(nn.Linear(3, 3).eval(), nn.BatchNorm1d(2).eval())
