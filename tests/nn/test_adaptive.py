"""Adaptive pooling layers are the functions with their arguments."""

import pytest

import minigrad as mg
import nn
import nn.functional as F
from minigrad.errors import ShapeError

AVG = {
    1: (nn.AdaptiveAvgPool1d, F.adaptive_avg_pool1d),
    2: (nn.AdaptiveAvgPool2d, F.adaptive_avg_pool2d),
    3: (nn.AdaptiveAvgPool3d, F.adaptive_avg_pool3d),
}
MAX = {
    1: (nn.AdaptiveMaxPool1d, F.adaptive_max_pool1d),
    2: (nn.AdaptiveMaxPool2d, F.adaptive_max_pool2d),
    3: (nn.AdaptiveMaxPool3d, F.adaptive_max_pool3d),
}


@pytest.mark.parametrize("axes", [1, 2, 3])
@pytest.mark.parametrize("size", [2, (3, 2, 1)])
def test_layers_are_the_functions(axes, size):
    x = mg.randn(2, 3, *(7, 6, 5)[:axes])
    size = size if isinstance(size, int) else size[:axes]
    for layer, function in (AVG[axes], MAX[axes]):
        assert mg.equal(layer(size)(x), function(x, size))
        assert mg.equal(layer(size)(x[0]), function(x, size)[0])
    layer, function = MAX[axes]
    for one, other in zip(layer(size, True)(x), function(x, size, True)):
        assert mg.equal(one, other)


def test_repr_state_and_errors():
    assert repr(nn.AdaptiveAvgPool2d((3, None))) == "AdaptiveAvgPool2d(output_size=(3, None))"
    assert repr(nn.AdaptiveMaxPool1d(3, True)) == "AdaptiveMaxPool1d(output_size=3)"
    assert not nn.AdaptiveAvgPool2d(1).state_dict()
    with pytest.raises(ShapeError, match=r"\[in AdaptiveAvgPool2d\(output_size=1\)\]"):
        nn.AdaptiveAvgPool2d(1)(mg.ones(4, 4))
