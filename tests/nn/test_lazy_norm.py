"""Normalisation that takes the number of its channels from the first input."""

import pytest

import minigrad as mg
import nn
from minigrad.errors import ArgumentError, ShapeError

KINDS = [(kind, axes) for kind in ("BatchNorm", "InstanceNorm") for axes in (1, 2, 3)]


@pytest.mark.parametrize(("kind", "axes"), KINDS)
def test_the_first_input_gives_the_shapes(kind, axes):
    layer = getattr(nn, f"Lazy{kind}{axes}d")(eps=0.1, momentum=0.5)
    keys = list(layer.state_dict())
    with pytest.raises(ArgumentError):
        layer.weight.sum()
    x = mg.randn(2, 5, *(3,) * axes)
    y = layer(x)
    assert type(layer) is getattr(nn, f"{kind}{axes}d")
    plain = getattr(nn, f"{kind}{axes}d")(5, 0.1, 0.5, True, True)
    assert mg.equal(y, plain(x))
    assert repr(layer) == repr(plain)
    assert list(layer.state_dict()) == keys == list(plain.state_dict())
    assert all(mg.equal(layer.state_dict()[key], plain.state_dict()[key]) for key in keys)


def test_an_unbatched_instance():
    layer = nn.LazyInstanceNorm2d()
    assert layer(mg.ones(5, 4, 3)).shape == (5, 4, 3)
    assert layer.num_features == 5


def test_a_state_dict_gives_the_shapes_too():
    source = nn.BatchNorm1d(4)
    source(mg.randn(3, 4))
    layer = nn.LazyBatchNorm1d()
    layer.load_state_dict(source.state_dict())
    x = mg.randn(3, 4)
    assert mg.equal(layer.eval()(x), source.eval()(x))
    assert layer.num_features == 4


def test_without_parameters_or_statistics():
    layer = nn.LazyBatchNorm1d(affine=False, track_running_stats=False)
    assert not layer.has_uninitialized_params()
    assert layer(mg.randn(3, 4)).shape == (3, 4)
    assert list(nn.LazyBatchNorm1d(bias=False, track_running_stats=False).state_dict()) == ["weight"]
    half = nn.LazyBatchNorm1d(dtype=mg.float64)
    half(mg.ones(2, 3).double())
    assert half.running_mean.dtype == half.weight.dtype == mg.float64


def test_a_wrong_rank_leaves_it_waiting():
    layer = nn.LazyBatchNorm2d()
    with pytest.raises(ShapeError, match="3 axes; it takes 4"):
        layer(mg.ones(2, 3, 4))
    assert layer.has_uninitialized_params()
