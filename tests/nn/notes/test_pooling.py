"""Subsampling and the notes' pools."""

import numpy as np
import pytest

import minigrad as mg
from minigrad.autograd import gradcheck
from minigrad.errors import ArgumentError, DTypeError, ShapeError
from nn import notes
from nn.notes import functional as F
from tests.samples import normal, positive

LAYERS = [
    notes.Subsample2d(), notes.Subsample2d(3), notes.Subsample2d(skip=(0, 1)), notes.L2Pool2d(2),
    notes.L2Pool2d(3, 1, normalize=True), notes.LpMeanPool2d(1, 2), notes.LpMeanPool2d(1.5, (2, 3), (1, 2)),
    notes.LpMeanPool2d(6, 2), notes.LpMeanPool2d(mg.inf, 2), notes.StochasticPool2d(2).eval(),
    notes.StochasticPool2d(3, 1).eval(),
]  # fmt: skip


@pytest.mark.parametrize("layer", LAYERS, ids=repr)
def test_derivatives_to_the_second_order(layer):
    assert gradcheck(layer, mg.tensor(positive(2, 3, 5, 6), requires_grad=True), order=2)


@pytest.mark.parametrize("layer", LAYERS, ids=repr)
def test_one_image_and_float32(layer):
    x = mg.tensor(positive(2, 3, 5, 6), dtype=mg.float32)
    assert layer(x).dtype == mg.float32
    np.testing.assert_allclose(layer(x[1]).numpy(), layer(x)[1].numpy(), rtol=1e-6)


def test_repr():
    assert repr(LAYERS[0]) == "Subsample2d(step=(2, 2), skip=(1, 1))"
    assert repr(LAYERS[4]) == "L2Pool2d(kernel_size=(3, 3), stride=(1, 1), normalize=True)"
    assert repr(LAYERS[6]) == "LpMeanPool2d(p=1.5, kernel_size=(2, 3), stride=(1, 2))"
    assert repr(notes.StochasticPool2d(2)) == "StochasticPool2d(kernel_size=(2, 2), stride=(2, 2))"


def test_step_and_skip_together():
    with pytest.raises(ArgumentError, match=r"step=2 and skip=1, which say the same"):
        notes.Subsample2d(2, skip=1)
    with pytest.raises(ArgumentError, match="step=0"):
        notes.Subsample2d(0)


@pytest.mark.parametrize("p", [1, 1.5, 2, 3, 200, mg.inf])
def test_power_means_of_zeros_and_of_extreme_numbers(p):
    for scale in (0.0, 1e-30, 1e30):
        x = mg.tensor([[[1.0, -1.0], [1.0, 1.0]]]) * scale
        x.requires_grad_()
        y = F.lp_mean_pool2d(x, p, 2)
        y.sum().backward()
        assert y.item() == pytest.approx(scale)
        assert np.isfinite(x.grad.numpy()).all()
        if not scale:
            assert not x.grad.any()


def test_second_derivatives_exist_where_a_value_is_zero():
    x = mg.tensor([[[0.0, 2.0], [1.0, 3.0]]], requires_grad=True)
    (g,) = mg.autograd.grad(F.lp_mean_pool2d(x, 1.5, 2).sum(), [x], create_graph=True)
    (h,) = mg.autograd.grad(g.square().sum(), [x])
    assert np.isfinite(h.numpy()).all()


@pytest.mark.parametrize("layer", [notes.L2Pool2d(2), notes.LpMeanPool2d(2, 2), notes.LpMeanPool2d(3, 2)], ids=repr)
def test_second_derivatives_are_right_where_a_value_is_zero(layer):
    x = normal(1, 4, 4) * np.array([[1.0, 0, 1, 1], [1, 1, 1, 0]] * 2)
    assert gradcheck(layer, mg.tensor(x, requires_grad=True), order=2)


@pytest.mark.parametrize("scale", [1e-30, 1e30])
def test_norms_and_means_of_extreme_numbers(scale):
    x = mg.tensor([[[3.0, 4.0], [0.0, 0.0]]]) * scale
    x.requires_grad_()
    y = F.l2_pool2d(x, 2)
    y.sum().backward()
    assert y.item() == pytest.approx(5 * scale)
    np.testing.assert_allclose(x.grad.numpy(), [[[0.6, 0.8], [0, 0]]], rtol=1e-6)
    assert F.stochastic_pool2d(x, 2, training=False).item() == pytest.approx(25 / 7 * scale)


def test_the_largest_numbers_that_there_are():
    x = mg.full((1, 2, 2), 1e308, dtype=mg.float64)
    assert F.stochastic_pool2d(x, 2).item() == F.stochastic_pool2d(x, 2, training=False).item() == 1e308
    x[0, 0, 0] = mg.inf
    assert [F.lp_mean_pool2d(x, p, 2).item() for p in (1, 2, 3, mg.inf)] == [mg.inf] * 4


@pytest.mark.parametrize("p", [0.5, mg.nan])
def test_orders_below_one(p):
    with pytest.raises(ArgumentError, match=rf"LpMeanPool2d got p={p}; a norm has p of at least 1"):
        notes.LpMeanPool2d(p, 2)
    with pytest.raises(ArgumentError, match=rf"lp_mean_pool2d got p={p}; a norm has p of at least 1"):
        F.lp_mean_pool2d(mg.ones(1, 2, 2), p, 2)


# --------------------------------------------------------------- stochastic pooling


def test_the_same_generator_draws_the_same_places():
    x = mg.tensor(positive(2, 3, 6, 6))
    draws = [notes.StochasticPool2d(2, generator=np.random.default_rng(seed))(x).tolist() for seed in (1, 1, 2)]
    assert draws[0] == draws[1] != draws[2]
    layer = notes.StochasticPool2d(2)
    mg.manual_seed(5)
    first = layer(x).tolist()
    mg.manual_seed(5)
    assert layer(x).tolist() == first != layer(x).tolist()


def test_the_gradient_goes_to_the_place_that_was_drawn():
    x = mg.arange(1.0, 37.0, dtype=mg.float64).reshape(1, 1, 6, 6).requires_grad_()
    y = notes.StochasticPool2d(3, 1, generator=np.random.default_rng(0))(x)
    g = mg.tensor(normal(*y.shape))
    y.backward(g)
    expected = np.zeros(36)
    np.add.at(expected, y.detach().numpy().astype(int).ravel() - 1, g.numpy().ravel())  # each value says where it stood
    np.testing.assert_allclose(x.grad.numpy().ravel(), expected, rtol=1e-12)


def test_a_draw_is_linear_where_the_places_stay():
    x = mg.tensor(positive(1, 2, 4, 4), requires_grad=True)
    assert gradcheck(lambda x: F.stochastic_pool2d(x, 2, generator=np.random.default_rng(3)), x, order=2)


def test_zeros_are_never_drawn_beside_something_else():
    x = mg.zeros(1, 1, 2, 200)
    x[..., 1, ::2] = 1e-30
    assert (notes.StochasticPool2d(2)(x) == mg.tensor(1e-30)).all()


def test_windows_of_zeros():
    x = mg.zeros(1, 1, 200, 2, requires_grad=True)
    layer = notes.StochasticPool2d(2)
    layer(x).sum().backward()
    places = x.grad.reshape(100, 4).sum(0)
    assert (places > 10).all()  # each of the four, about 25 times
    x.grad = None
    layer.eval()(x).sum().backward()
    assert not x.grad.any()


@pytest.mark.parametrize("bad", [-1e-6, mg.inf, mg.nan])
@pytest.mark.parametrize("training", [True, False])
def test_only_finite_numbers_from_zero_on(bad, training):
    with pytest.raises(ArgumentError, match=r"draws with probabilities a/Σa.*such as nn\.ReLU"):
        F.stochastic_pool2d(mg.tensor([[[1.0, bad]]]), 1, training=training)


def test_refusals():
    for function in (F.l2_pool2d, lambda x, k: F.lp_mean_pool2d(x, 2, k), F.stochastic_pool2d):
        with pytest.raises(ShapeError, match="kernel spans 3"):
            function(mg.ones(1, 2, 2), 3)
        with pytest.raises(DTypeError, match="tensor of int64"):
            function(mg.ones(1, 2, 2).long(), 2)
        with pytest.raises(ShapeError, match=r"maps \(N, C, H, W\) or \(C, H, W\)"):
            function(mg.ones(2, 2), 2)
