"""Dropout as functions."""

import numpy as np
import pytest

import minigrad as mg
import nn.functional as F
from minigrad.autograd import grad, gradcheck
from minigrad.errors import ArgumentError, DTypeError, MinigradWarning, ShapeError


def test_dropout_keeps_the_mean_and_scales_the_rest():
    x = mg.full((20_000,), 3.0, dtype=mg.float64, requires_grad=True)
    y = F.dropout(x, 0.25)
    assert np.unique(y.detach().numpy()).tolist() == [0.0, 4.0]
    assert y.mean().item() == pytest.approx(3, rel=0.02)
    y.sum().backward()
    np.testing.assert_array_equal(x.grad.numpy(), y.detach().numpy() / 3)


def test_dropout_of_nothing_and_everything():
    x = mg.ones(5, requires_grad=True)
    assert F.dropout(x, 0.0) is x
    assert F.dropout(x, 0.5, training=False) is x
    gone = F.dropout(x, 1.0)
    gone.sum().backward()
    assert (gone.tolist(), x.grad.tolist()) == ([0.0] * 5, [0.0] * 5)


@pytest.mark.parametrize("dtype", [mg.float16, mg.float32, mg.float64])
def test_dropout_keeps_dtype_and_drops_the_same_in_each(dtype):
    mg.manual_seed(4)
    y = F.dropout(mg.ones(50, dtype=dtype))
    mg.manual_seed(4)
    assert y.dtype == dtype
    assert y.tolist() == F.dropout(mg.ones(50)).tolist()


def test_dropout_in_place():
    x = mg.ones(50)
    assert F.dropout(x, inplace=True) is x
    assert sorted(set(x.tolist())) == [0.0, 2.0]


EVERY = {
    "dropout": (3, 4),
    "alpha_dropout": (3, 4),
    "feature_alpha_dropout": (3, 4, 2),
    "dropout1d": (3, 4, 2),
    "dropout2d": (3, 4, 2, 2),
    "dropout3d": (3, 4, 2, 1, 2),
}
S, A = 1.0507009873554805, 1.6732632423543772


def seeded(seed=1):
    return mg.Generator().manual_seed(seed)


@pytest.mark.parametrize("name", EVERY)
@pytest.mark.parametrize("dtype", [mg.float16, mg.float32, mg.float64])
def test_same_seed_same_bits(name, dtype):
    function, x = getattr(F, name), mg.ones(EVERY[name], dtype=dtype)
    y = function(x, 0.5, True, generator=seeded())
    assert y.dtype == dtype
    assert y.tolist() == function(x, 0.5, True, generator=seeded()).tolist()
    pattern = (y > 1).tolist()
    assert pattern == (function(x.double(), 0.5, True, generator=seeded()) > 1).tolist()
    assert pattern != (function(x, 0.5, True, generator=seeded(2)) > 1).tolist()


@pytest.mark.parametrize("name", EVERY)
def test_nothing_to_do(name):
    function, x = getattr(F, name), mg.ones(EVERY[name], requires_grad=True)
    assert function(x, 0.0, True) is x
    assert function(x, 0.7, False) is x
    gone = function(x, 1.0, True)
    assert not gone.any()
    assert not grad(gone.sum(), x)[0].any()
    assert function(mg.zeros((0, *EVERY[name][1:])), 0.5, True).shape == (0, *EVERY[name][1:])


@pytest.mark.parametrize("name", EVERY)
def test_by_default_only_those_that_pytorch_trains_by_default(name):
    y = getattr(F, name)(mg.ones(EVERY[name]), generator=seeded())
    assert (y == 1).all().item() == ("alpha" in name)


@pytest.mark.parametrize("name", EVERY)
def test_backward_uses_the_same_mask(name):
    function = getattr(F, name)
    x = mg.tensor(np.random.default_rng(2).standard_normal(EVERY[name]), requires_grad=True)
    assert gradcheck(lambda t: function(t, 0.4, True, generator=seeded()), x, order=2)


@pytest.mark.parametrize(("name", "leading"), [(name, 2) for name in EVERY if EVERY[name] != (3, 4)])
def test_whole_channels(name, leading):
    shape = (30, 40, *EVERY[name][2:])
    y = getattr(F, name)(mg.ones(shape), 0.5, True, generator=seeded()).numpy().reshape(30, 40, -1)
    assert (y == y[..., :1]).all()
    rows = y[..., 0]
    assert len(np.unique(rows)) == 2
    assert len({tuple(row) for row in rows}) == 30
    assert len({tuple(column) for column in rows.T}) == 40


@pytest.mark.parametrize(("name", "shape"), [("dropout1d", (40, 3)), ("dropout3d", (40, 2, 1, 3))])
def test_channels_without_a_batch_axis(name, shape):
    y = getattr(F, name)(mg.ones(shape), generator=seeded()).numpy().reshape(40, -1)
    assert (y == y[:, :1]).all()
    assert set(np.unique(y)) == {0, 2}


@pytest.mark.parametrize("p", [0.1, 0.5, 0.8])
def test_alpha_dropout_values_mean_and_variance(p):
    a = ((1 - p) * (1 + p * (S * A) ** 2)) ** -0.5
    b = a * p * S * A
    ones = F.alpha_dropout(mg.ones(1000, dtype=mg.float64), p, True, generator=seeded())
    np.testing.assert_allclose(np.unique(ones.numpy().round(10)), sorted([b - a * S * A, a + b]), rtol=1e-9)
    x = mg.randn(200_000, dtype=mg.float64, generator=seeded(3))
    y = F.alpha_dropout(x, p, True, generator=seeded(4))
    assert y.mean().item() == pytest.approx(0, abs=0.02)
    assert y.var().item() == pytest.approx(1, abs=0.03)
    dropped = np.isclose(y.numpy(), b - a * S * A).mean()
    assert dropped == pytest.approx(p, abs=5 * (p * (1 - p) / 200_000) ** 0.5)


@pytest.mark.parametrize("name", EVERY)
def test_in_place(name):
    x = mg.ones(EVERY[name])
    expected = getattr(F, name)(x, 0.5, True, generator=seeded()).tolist()
    assert getattr(F, name)(x, 0.5, True, True, generator=seeded()) is x
    assert x.tolist() == expected


def test_ranks_that_pytorch_has_given_up():
    for name, shape, words in (
        ("dropout2d", (40, 5, 2), r"\(40, 5, 2\), where \(N, C, H, W\) belongs.*first two axes"),
        ("dropout3d", (40, 5), r"dropout3d got shape \(40, 5\).*first axis for C"),
    ):
        with pytest.warns(MinigradWarning, match=words) as caught:
            y = getattr(F, name)(mg.ones(shape), generator=seeded())
        assert caught[0].filename.endswith("dropout.py")
        rows = y.numpy().reshape(*shape[: 2 if name == "dropout2d" else 1], -1)
        assert (rows == rows[..., :1]).all()
        assert set(np.unique(rows)) == {0, 2}


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: F.dropout1d(mg.ones(2)), ShapeError, r"dropout1d got shape \(2,\).*\(N, C, L\) or \(C, L\)"),
        (lambda: F.dropout1d(mg.ones(2, 3, 4, 5), training=False), ShapeError, r"\(2, 3, 4, 5\)"),
        (lambda: F.dropout2d(mg.ones(2)), ShapeError, r"\(2,\).*\(N, C, H, W\)"),
        (lambda: F.dropout3d(mg.tensor(1.0)), ShapeError, r"\(\).*\(C, D, H, W\)"),
        (lambda: F.feature_alpha_dropout(mg.ones(2), training=True), ShapeError, r"\(2,\).*\(N, C, \*\)"),
        (lambda: F.alpha_dropout(mg.ones(2), 2.0), ArgumentError, "alpha_dropout got p=2.0.*probability"),
        (lambda: F.dropout2d(mg.ones(1, 1, 1, 1), -1), ArgumentError, "dropout2d got p=-1"),
        (lambda: F.dropout(mg.ones(2, dtype=mg.int64)), DTypeError, "dropout got int64"),
        (lambda: F.alpha_dropout(mg.ones(2, dtype=mg.int64), training=True), DTypeError, "alpha_dropout got int64"),
        (lambda: F.dropout3d([1.0]), DTypeError, "dropout3d got a list"),
        (lambda: F.feature_alpha_dropout([1.0]), DTypeError, "feature_alpha_dropout got a list"),
    ],
)
def test_refusals(call, error, message):
    with pytest.raises(error, match=message):
        call()


@pytest.mark.parametrize("p", [-0.1, 1.1, float("nan"), 2])
def test_dropout_wants_a_probability(p):
    with pytest.raises(ArgumentError, match="probability of being dropped, from 0 to 1"):
        F.dropout(mg.ones(1), p)
