"""Absolute, squared, smooth and Huber losses against their formulae, and the shapes that newcomers bring."""

import numpy as np
import pytest

import minigrad as mg
import nn.functional as F
from minigrad.autograd import gradcheck
from minigrad.errors import ArgumentError, DTypeError, MinigradError, ShapeError

POINTWISE = [F.l1_loss, F.mse_loss, F.smooth_l1_loss, F.huber_loss]
Z = np.array([-3.0, -1.2, -0.6, -0.1, 0.2, 0.7, 1.1, 4.0])


def by_formula(name, z, width):
    size = np.abs(z)
    return {
        "l1_loss": size,
        "mse_loss": z**2,
        "smooth_l1_loss": np.where(size < width, z**2 / (2 * width), size - width / 2),
        "huber_loss": np.where(size < width, z**2 / 2, width * (size - width / 2)),
    }[name]


@pytest.mark.parametrize("width", [0.5, 1.0, 2.0])
@pytest.mark.parametrize("name", ["l1_loss", "mse_loss", "smooth_l1_loss", "huber_loss"])
def test_N97_N100_formulae_and_reductions(name, width):
    options = {"smooth_l1_loss": {"beta": width}, "huber_loss": {"delta": width}}.get(name, {})
    right = by_formula(name, Z, width)
    t = np.linspace(-1, 1, 8)

    def loss(y, t, reduction="none"):
        return getattr(F, name)(y, t, reduction=reduction, **options)

    y, target = mg.tensor(Z + t, requires_grad=True), mg.tensor(t, requires_grad=True)
    np.testing.assert_allclose(loss(y, target).detach().numpy(), right, rtol=1e-13)
    assert loss(y, target, "sum").item() == pytest.approx(right.sum(), rel=1e-13)
    assert loss(y, target, "mean").item() == pytest.approx(right.mean(), rel=1e-13)
    assert gradcheck(loss, (y, target), order=2)


def test_smooth_l1_is_huber_over_beta_and_l1_without_a_rounded_part():
    y, t = mg.tensor(Z), mg.zeros(8, dtype=mg.float64)
    for width in (0.3, 2.0):
        np.testing.assert_allclose(
            F.smooth_l1_loss(y, t, "none", width).numpy(), F.huber_loss(y, t, "none", width).numpy() / width, rtol=1e-13
        )
    assert F.smooth_l1_loss(y, t, beta=0).item() == F.l1_loss(y, t).item()


def test_slopes_at_the_kinks():
    x = mg.tensor([0.0, 1.0, -1.0], requires_grad=True)
    for loss, slopes in ((F.l1_loss, [0, 1, -1]), (F.smooth_l1_loss, [0, 1, -1]), (F.huber_loss, [0, 1, -1])):
        x.grad = None
        loss(x, mg.zeros(3), reduction="sum").backward()
        assert x.grad.tolist() == slopes


@pytest.mark.parametrize("loss", POINTWISE)
def test_large_errors_in_float32(loss):
    x = mg.tensor([1e4, -1e4], requires_grad=True)
    loss(x, mg.zeros(2)).backward()
    assert np.isfinite(x.grad.numpy()).all()


@pytest.mark.parametrize("reduction", ["none", "sum", "mean"])
def test_weights(reduction):
    y, t, w = mg.tensor([1.0, 2.0, 4.0]), mg.tensor([0.0, 0.0, 1.0]), mg.tensor([1.0, 0.5, 2.0])
    right = {
        "mse_loss": {"none": [1.0, 2.0, 18.0], "sum": 21.0, "mean": 21 / 3.5},
        "l1_loss": {"none": [1.0, 1.0, 6.0], "sum": 8.0, "mean": 8 / 3.5},
        "huber_loss": {"none": [0.5, 0.75, 5.0], "sum": 6.25, "mean": 6.25 / 3},
    }
    for name, values in right.items():
        loss = getattr(F, name)
        assert loss(y, t, reduction=reduction, weight=w).tolist() == pytest.approx(values[reduction])
        with pytest.raises(ShapeError, match=rf"{name} got a weight of shape \(2,\) for an input of shape \(3,\)"):
            loss(y, t, reduction=reduction, weight=w[:2])


@pytest.mark.parametrize("dtype", [mg.float16, mg.float32, mg.float64])
def test_dtype_is_kept(dtype):
    for loss in POINTWISE:
        assert loss(mg.ones(3, dtype=dtype), mg.zeros(3, dtype=dtype)).dtype == dtype


def test_arrays_are_taken_as_tensors():
    for loss in POINTWISE:
        assert loss(mg.zeros(2), np.zeros(2, np.float32)).item() == 0


@pytest.mark.parametrize("loss", POINTWISE)
@pytest.mark.parametrize(
    ("arguments", "options", "error", "message"),
    [
        (
            (mg.ones(4, 1), mg.ones(4)),
            {},
            ShapeError,
            r"\(4, 1\) and a target of shape \(4,\).*target\.reshape\(4, 1\)",
        ),
        ((mg.ones(4), mg.ones(4, 1)), {}, ShapeError, r"target\.reshape\(4,\)"),
        ((mg.ones(4, 2), mg.ones(2)), {}, ShapeError, "broadcasting would compare"),
        ((mg.ones(4), 1.0), {}, ShapeError, r"shape \(\)"),
        ((mg.ones(1), [1.0]), {}, DTypeError, "list"),
        ((mg.ones(1, dtype=mg.int64), mg.ones(1, dtype=mg.int64)), {}, DTypeError, r"int64|t\.float"),
        ((mg.ones(2), mg.ones(2)), {"reduction": "average"}, ArgumentError, "'none', 'mean' or 'sum'"),
        ((mg.ones(2), mg.ones(2)), {"reduction": "batchmean"}, ArgumentError, "'none', 'mean' or 'sum'"),
    ],
)
def test_refusals(loss, arguments, options, error, message):
    with pytest.raises(error, match=message) as raised:
        loss(*arguments, **options)
    assert isinstance(raised.value, MinigradError)


@pytest.mark.parametrize("width", [-1.0, float("nan")])
def test_widths_that_are_none(width):
    with pytest.raises(ArgumentError, match=f"beta={width}.*not negative"):
        F.smooth_l1_loss(mg.ones(2), mg.ones(2), beta=width)
    with pytest.raises(ArgumentError, match=f"delta={width}.*positive"):
        F.huber_loss(mg.ones(2), mg.ones(2), delta=width)
    with pytest.raises(ArgumentError, match="delta=0"):
        F.huber_loss(mg.ones(2), mg.ones(2), delta=0)


def test_integers_for_huber():
    with pytest.raises(DTypeError, match=r"huber_loss got an input of int64.*\(input, target\)"):
        F.huber_loss(mg.tensor([1, 2]), mg.tensor([1.5, 2.5]))
