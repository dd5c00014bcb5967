"""Contrast normalisation."""

import numpy as np
import pytest

import minigrad as mg
import nn
from minigrad.autograd import gradcheck
from minigrad.errors import ArgumentError, DTypeError
from nn.notes import BrightnessNorm, SubtractiveNorm
from nn.notes import functional as F
from tests.samples import normal

LAYERS = [
    SubtractiveNorm(1.2, 3), SubtractiveNorm(1.2, (3, 5), "wrap", literal=True), SubtractiveNorm(0.7, 3, "zero"),
    SubtractiveNorm(2.0, 9, "symmetric"),
    BrightnessNorm(2.0, 0.3, 0.75), BrightnessNorm(2.0, 0.3, 0.75, window=2), BrightnessNorm(1.0, 0.0, 1.0),
]  # fmt: skip


@pytest.mark.parametrize("layer", LAYERS, ids=repr)
def test_derivatives_to_the_second_order(layer):
    assert gradcheck(layer, mg.tensor(normal(2, 3, 4, 6), requires_grad=True), order=2)


@pytest.mark.parametrize("layer", LAYERS, ids=repr)
def test_one_image_and_float32(layer):
    x = mg.tensor(normal(2, 3, 4, 6), dtype=mg.float32)
    assert layer(x).dtype == mg.float32
    np.testing.assert_allclose(layer(x[1]).numpy(), layer(x)[1].numpy(), rtol=1e-5, atol=1e-6)


def test_repr():
    assert repr(LAYERS[1]) == "SubtractiveNorm(sigma=1.2, size=(3, 5), border='wrap', literal=True)"
    assert repr(LAYERS[5]) == "BrightnessNorm(kappa=2.0, lam=0.3, mu=0.75, window=2)"


def test_a_border_of_zeros_does_not_cancel_a_constant_at_the_border():
    y = SubtractiveNorm(1.0, 3, "zero").double()(mg.full((1, 5, 5), 2.0, dtype=mg.float64)).numpy()[0]
    np.testing.assert_allclose(y[1:-1, 1:-1], 0, atol=1e-14)
    assert (y[0] > 0.1).all()
    assert (y[:, -1] > 0.1).all()


def test_the_window_over_neighbours_is_local_response_normalisation():
    x = mg.tensor(normal(2, 5, 3, 3))
    theirs = nn.LocalResponseNorm(4, alpha=0.3 * 4, beta=0.75, k=2.0)
    np.testing.assert_allclose(BrightnessNorm(2.0, 0.3, 0.75, window=4)(x).numpy(), theirs(x).numpy(), rtol=1e-12)


def test_refusals():
    for size in (4, (3, 2)):
        with pytest.raises(ArgumentError, match=r"the window needs a centre, so its sizes are odd: 2h \+ 1"):
            SubtractiveNorm(1.0, size)
    for sigma in (0, -1, mg.nan):
        with pytest.raises(ArgumentError, match="sigma="):
            SubtractiveNorm(sigma, 3)
    with pytest.raises(ArgumentError, match="border='mirrored'"):
        SubtractiveNorm(1, 3, "mirrored")(mg.ones(1, 4, 4))
    with pytest.raises(DTypeError, match="int64"):
        SubtractiveNorm(1, 3)(mg.ones(1, 4, 4).long())
    with pytest.raises(ArgumentError, match="kappa=0"):
        BrightnessNorm(0, 1, 1)
    for lam, mu in ((-1, 1), (mg.nan, 1), (mg.inf, 1), (1, mg.nan), (1, -mg.inf)):
        for normalise in (BrightnessNorm, lambda *constants: F.brightness_norm(mg.ones(1, 4, 4), *constants)):
            with pytest.raises(ArgumentError, match=r"lam=.* and mu=.*; both are finite, and lam, which weighs the"):
                normalise(1, lam, mu)
    with pytest.raises(ArgumentError, match="window=0"):
        BrightnessNorm(1, 1, 1, window=0)
