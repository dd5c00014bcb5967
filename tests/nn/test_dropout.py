"""Dropout: noise in training, nothing in evaluation."""

import pytest

import minigrad as mg
import nn
import nn.functional as F
from minigrad.errors import ArgumentError, DTypeError


def test_trains_and_evaluates():
    layer, x = nn.Dropout(0.25), mg.ones(1000)
    y = layer(x)
    assert sorted(set(y.tolist())) == pytest.approx([0.0, 4 / 3])
    assert 650 < (y > 0).sum().item() < 850
    assert layer.eval()(x) is x
    assert layer.train()(x).tolist() != y.tolist()


def test_draws_from_the_threads_generator():
    layer, x = nn.Dropout(), mg.ones(100)
    mg.manual_seed(1)
    first = layer(x).tolist()
    mg.manual_seed(1)
    assert layer(x).tolist() == first


def test_in_place():
    x = mg.ones(100)
    assert nn.Dropout(inplace=True)(x) is x
    assert 0.0 in x


def test_evaluation_of_a_model_is_deterministic():
    model = nn.Sequential(nn.Linear(4, 4), nn.Dropout(0.5), nn.Linear(4, 1)).eval()
    x = mg.ones(2, 4)
    assert model(x).tolist() == model(x).tolist()


@pytest.mark.parametrize("p", [-0.1, 1.1, float("nan")])
def test_wants_a_probability(p):
    with pytest.raises(ArgumentError, match=r"Dropout got p=.*probability"):
        nn.Dropout(p)


def test_wants_a_tensor():
    for layer in (nn.Dropout(), nn.Dropout().eval(), nn.Dropout(0.0)):
        with pytest.raises(DTypeError, match=r"list.*\[in Dropout"):
            layer([1.0])


KINDS = {
    nn.Dropout: (F.dropout, (3, 4)),
    nn.Dropout1d: (F.dropout1d, (3, 4, 2)),
    nn.Dropout2d: (F.dropout2d, (3, 4, 2, 2)),
    nn.Dropout3d: (F.dropout3d, (3, 4, 2, 1, 2)),
    nn.AlphaDropout: (F.alpha_dropout, (3, 4)),
    nn.FeatureAlphaDropout: (F.feature_alpha_dropout, (3, 4, 2)),
}


@pytest.mark.parametrize("kind", KINDS)
def test_layers_are_the_functions(kind):
    function, shape = KINDS[kind]
    layer, x = kind(0.25), mg.randn(shape)
    mg.manual_seed(6)
    y = layer(x)
    mg.manual_seed(6)
    assert y.tolist() == function(x, 0.25, True).tolist() != x.tolist()
    assert layer.eval()(x) is x
    assert repr(layer) == f"{kind.__name__}(p=0.25, inplace=False)"
    assert list(layer.state_dict()) == []
    with pytest.raises(ArgumentError, match=rf"{kind.__name__} got p=2"):
        kind(2)


@pytest.mark.parametrize("kind", KINDS)
def test_in_place_where_pytorch_is(kind):
    x = mg.ones(KINDS[kind][1])
    assert (kind(inplace=True)(x) is x) == ("Alpha" not in kind.__name__)
