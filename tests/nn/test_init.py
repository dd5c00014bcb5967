"""Initial values: intervals, deviations, structure; in place, unrecorded, by the given generator."""

import math

import numpy as np
import pytest

import minigrad as mg
import nn
from minigrad.errors import ArgumentError, MinigradError, ShapeError
from nn import init

CONV = (64, 32, 3, 3)  # fan in 288, fan out 576


def drawn(fill, shape=CONV, **options):
    mg.manual_seed(0)
    tensor = mg.empty(*shape, requires_grad=True)
    assert fill(tensor, **options) is tensor
    assert (tensor.is_leaf, tensor.requires_grad) == (True, True)
    return tensor.detach().numpy()


@pytest.mark.parametrize(
    ("fill", "options", "bound"),
    [
        (init.uniform_, {"a": -3.0, "b": 3.0}, 3.0),
        (init.xavier_uniform_, {}, math.sqrt(6 / (288 + 576))),
        (init.xavier_uniform_, {"gain": 2.0}, 2 * math.sqrt(6 / (288 + 576))),
        (init.kaiming_uniform_, {}, math.sqrt(2) * math.sqrt(3 / 288)),
        (init.kaiming_uniform_, {"a": math.sqrt(5)}, math.sqrt(2 / 6) * math.sqrt(3 / 288)),
        (init.kaiming_uniform_, {"mode": "fan_out", "nonlinearity": "relu"}, math.sqrt(2) * math.sqrt(3 / 576)),
        (init.kaiming_uniform_, {"nonlinearity": "tanh"}, 5 / 3 * math.sqrt(3 / 288)),
    ],
)
def test_uniform_intervals(fill, options, bound):
    values = drawn(fill, **options)
    assert abs(values).max() <= bound
    assert abs(values).max() > 0.99 * bound
    assert values.mean() == pytest.approx(0, abs=0.02 * bound)
    assert values.std() == pytest.approx(bound / math.sqrt(3), rel=0.02)


@pytest.mark.parametrize(
    ("fill", "options", "deviation"),
    [
        (init.normal_, {"mean": 0.0, "std": 3.0}, 3.0),
        (init.xavier_normal_, {}, math.sqrt(2 / (288 + 576))),
        (init.kaiming_normal_, {}, math.sqrt(2 / 288)),
        (init.kaiming_normal_, {"mode": "fan_out", "nonlinearity": "linear"}, math.sqrt(1 / 576)),
    ],
)
def test_normal_deviations(fill, options, deviation):
    values = drawn(fill, **options)
    assert values.std() == pytest.approx(deviation, rel=0.02)
    assert values.mean() == pytest.approx(0, abs=0.03 * deviation)


def test_truncated():
    values = drawn(init.trunc_normal_, (20_000,), mean=1.0, std=2.0, a=0.0, b=3.0)
    assert (values.min() >= 0, values.max() <= 3) == (True, True)
    assert values.mean() == pytest.approx(1.4133, abs=0.02)  # of N(1, 2²) between 0 and 3
    far = drawn(init.trunc_normal_, (20_000,), a=4.0, b=5.0)
    assert (far.min() >= 4, far.max() <= 5) == (True, True)
    assert far.mean() == pytest.approx(4.2168, abs=0.01)  # of N(0, 1) between 4 and 5
    assert drawn(init.trunc_normal_, (2,), mean=1.0, std=0.0).tolist() == [1.0, 1.0]
    assert abs(drawn(init.trunc_normal_, (20_000,), a=-math.inf, b=math.inf)).max() < 8
    for options in (
        {"mean": 10.0},
        {"std": -1.0},
        {"a": 2.0, "b": 1.0},
        {"a": 100.0, "b": 101.0},
        {"a": -101.0, "b": -100.0},
    ):
        with pytest.raises(ArgumentError, match="hardly any value lies there"):
            init.trunc_normal_(mg.zeros(3), **options)


def test_constants():
    assert (drawn(init.constant_, (2,), val=3.5) == 3.5).all()
    assert (drawn(init.ones_, (2,)) == 1).all()
    assert (drawn(init.zeros_, (2,)) == 0).all()
    np.testing.assert_array_equal(drawn(init.eye_, (2, 3)), np.eye(2, 3))


@pytest.mark.parametrize("shape", [(5, 3), (3, 5), (4, 4), (6, 2, 3), (2, 3, 2, 2)])
def test_orthogonal(shape):
    matrix = drawn(init.orthogonal_, shape, gain=2.0).reshape(shape[0], -1)
    product = matrix @ matrix.T if matrix.shape[0] <= matrix.shape[1] else matrix.T @ matrix
    np.testing.assert_allclose(product, 4 * np.eye(min(matrix.shape)), atol=1e-5)


@pytest.mark.parametrize("axes", [1, 2, 3])
@pytest.mark.parametrize("groups", [1, 2])
def test_dirac_passes_the_input_through(axes, groups):
    layer = (nn.Conv1d, nn.Conv2d, nn.Conv3d)[axes - 1](4, 4, 3, padding=1, groups=groups, bias=False)
    init.dirac_(layer.weight, groups)
    x = mg.randn(2, 4, *(5,) * axes)
    np.testing.assert_allclose(layer(x).detach().numpy(), x.numpy(), rtol=1e-6)


@pytest.mark.parametrize(
    ("nonlinearity", "param", "gain"),
    [
        ("linear", None, 1),
        ("conv2d", None, 1),
        ("conv_transpose3d", None, 1),
        ("sigmoid", None, 1),
        ("tanh", None, 5 / 3),
        ("relu", None, math.sqrt(2)),
        ("leaky_relu", None, math.sqrt(2 / 1.0001)),
        ("leaky_relu", 0.5, math.sqrt(2 / 1.25)),
        ("selu", None, 0.75),
    ],
)
def test_gains(nonlinearity, param, gain):
    assert init.calculate_gain(nonlinearity, param) == pytest.approx(gain)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: init.calculate_gain("swish"), ArgumentError, "'swish'; it knows linear"),
        (lambda: init.xavier_uniform_(mg.zeros(3)), ShapeError, r"shape \(3,\): it needs an out and an in axis"),
        (lambda: init.kaiming_normal_(mg.zeros(3)), ShapeError, "out and an in axis"),
        (lambda: init.kaiming_normal_(mg.zeros(3, 3), mode="fan"), ArgumentError, "'fan_in' or 'fan_out'"),
        (lambda: init.kaiming_normal_(mg.zeros(3, 3), nonlinearity="swish"), ArgumentError, "swish"),
        (lambda: init.eye_(mg.zeros(3)), ShapeError, "matrices"),
        (lambda: init.dirac_(mg.zeros(3, 3)), ShapeError, r"\(out, in, \*kernel\)"),
        (lambda: init.dirac_(mg.zeros(3, 3, 3), groups=2), ShapeError, "groups dividing out"),
        (lambda: init.orthogonal_(mg.zeros(3)), ShapeError, "at least two axes"),
        (lambda: init.normal_(mg.zeros(3), std=-1.0), ArgumentError, "negative"),
    ],
)  # fmt: skip
def test_refusals(call, error, message):
    with pytest.raises(error, match=message) as raised:
        call()
    assert isinstance(raised.value, MinigradError)


def test_nothing_is_recorded_and_views_see_it():
    layer = nn.Linear(3, 2)
    view = layer.weight.detach()
    layer.apply(lambda m: init.ones_(m.weight) if isinstance(m, nn.Linear) else None)
    assert view.tolist() == [[1.0] * 3] * 2
    assert layer.weight.grad_fn is None
    assert mg.is_grad_enabled()
