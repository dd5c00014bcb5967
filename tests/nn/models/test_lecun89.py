"""Note E's simplified network."""

import pytest

import minigrad as mg
import nn
from minigrad.autograd import gradcheck
from minigrad.errors import ArgumentError, DTypeError, ShapeError
from minigrad.func import functional_call
from nn.models import LeCun89


def test_it_is_sound(sound):
    # Subsampling reads every second unit, and every unit has a bias: no gradient of any parameter is zero everywhere.
    assert sound(LeCun89(input_size=17, h=(2, 1), n_out=3), mg.randn(2, 1, 17, 17)).shape == (2, 3)


def test_derivatives_to_the_second_order():
    model = LeCun89(input_size=8, h=(1, 0)).double()
    names = [name for name, _ in model.named_parameters()]
    x = mg.randn(2, 1, 8, 8, dtype=mg.float64, requires_grad=True)

    def run(x, *parameters):
        return functional_call(model, dict(zip(names, parameters, strict=True)), (x,))

    assert gradcheck(run, (x, *model.parameters()), order=2)


def test_one_image_without_batch():
    assert LeCun89()(mg.zeros(1, 12, 12)).shape == (1,)


def test_places_of_the_parameters():
    assert [name for name, _ in LeCun89().named_parameters()] == [
        "features.0.weight", "features.0.bias", "features.3.weight", "features.3.bias", "classifier.0.weight"
    ]  # fmt: skip
    assert all(layer.k == 3 for layer in LeCun89(gain=3).modules() if isinstance(layer, nn.notes.Softplus))


def test_refusals():
    for h in (1, (1, 1, 1)):
        with pytest.raises(ArgumentError, match="the half-width of each of the two kernels"):
            LeCun89(h=h)
    with pytest.raises(ArgumentError, match=r"no unit is left: 6 − 2h = 4, every second 2, less 2h = 0"):
        LeCun89(input_size=6)
    with pytest.raises(ArgumentError, match=r"h=\(-1, 1\)"):
        LeCun89(h=(-1, 1))
    with pytest.raises(ArgumentError, match="k=0"):
        LeCun89(gain=0)
    with pytest.raises(ShapeError, match="every unit has a bias, so it takes one size only"):
        LeCun89()(mg.zeros(1, 1, 16, 16))
    with pytest.raises(DTypeError, match="got a list"):
        LeCun89()([1])
