"""`nn.init`: bounds, deviations and exact patterns."""

# Functions made in a loop are called before it goes on.
# ruff: noqa: B023

import inspect
import math

import numpy as np
import pytest
import torch

import minigrad as mg
from minigrad import nn
from tests.torch_oracle.compare import both_refuse

SHAPES = [(60, 50), (40, 12, 3), (30, 8, 3, 3), (50, 60)]
UNIFORM = [
    ("xavier_uniform_", {}), ("xavier_uniform_", {"gain": 2.0}), ("kaiming_uniform_", {}),
    ("kaiming_uniform_", {"a": 1.0}), ("kaiming_uniform_", {"mode": "fan_out"}),
    ("kaiming_uniform_", {"nonlinearity": "relu"}),
    ("kaiming_uniform_", {"a": math.sqrt(5), "nonlinearity": "leaky_relu"}), ("uniform_", {}),
    ("uniform_", {"a": -2.0, "b": 1.0}),
]  # fmt: skip
NORMAL = [
    ("xavier_normal_", {}), ("xavier_normal_", {"gain": 0.5}), ("kaiming_normal_", {}),
    ("kaiming_normal_", {"mode": "fan_out"}), ("kaiming_normal_", {"nonlinearity": "tanh"}), ("normal_", {}),
    ("normal_", {"mean": 3.0, "std": 0.1}),
]  # fmt: skip
TRUNCATED = [
    ("trunc_normal_", {}),
    ("trunc_normal_", {"mean": 1.0, "std": 0.5, "a": 0.5, "b": 1.2}),
    ("trunc_normal_", {"std": 0.1, "a": -9, "b": 9}),
]


def drawn_by_both(name, options, shape):
    tensors = []
    for library in (mg, torch):
        tensor = library.empty(shape)
        assert getattr(library.nn.init, name)(tensor, **options) is tensor
        tensors.append(np.asarray(tensor.numpy(), np.float64))
    return tensors


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(("name", "options"), UNIFORM)
def test_bounds(name, options, shape):
    ours, theirs = drawn_by_both(name, options, shape)
    width = theirs.max() - theirs.min()
    assert abs(ours.max() - theirs.max()) < 0.03 * width
    assert abs(ours.min() - theirs.min()) < 0.03 * width
    assert math.isclose(ours.std(), theirs.std(), rel_tol=0.08)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(("name", "options"), NORMAL + TRUNCATED)
def test_moments(name, options, shape):
    ours, theirs = drawn_by_both(name, options, shape)
    assert abs(ours.mean() - theirs.mean()) < 7 * theirs.std() / math.sqrt(theirs.size)
    assert math.isclose(ours.std(), theirs.std(), rel_tol=0.1)
    if name == "trunc_normal_":
        low, high = options.get("a", -2.0), options.get("b", 2.0)
        assert low <= ours.min() <= ours.max() <= high


@pytest.mark.parametrize("name", ["constant_", "ones_", "zeros_", "eye_", "dirac_"])
def test_patterns(name):
    shapes = {"eye_": [(3, 3), (2, 4), (4, 2)], "dirac_": [(4, 3, 3), (2, 5, 3, 4), (3, 3, 1, 2, 3), (4, 2, 3, 3)]}.get(
        name, [(2, 3), (4,)]
    )
    options = {"constant_": [{"val": 0.3}], "dirac_": [{}, {"groups": 2}]}.get(name, [{}])
    for shape in shapes:
        for one in options:
            if shape[0] % one.get("groups", 1):
                continue
            ours, theirs = drawn_by_both(name, one, shape)
            np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("shape", [(6, 6), (4, 9), (9, 4), (5, 3, 3), (8, 2, 2, 2)])
def test_orthogonal(shape):
    for library in (mg, torch):
        matrix = library.nn.init.orthogonal_(library.empty(shape), 2.0).reshape(shape[0], -1).numpy().astype(np.float64)
        gram = matrix @ matrix.T if matrix.shape[0] <= matrix.shape[1] else matrix.T @ matrix
        np.testing.assert_allclose(gram, 4 * np.eye(len(gram)), atol=1e-5)


@pytest.mark.parametrize(
    "nonlinearity",
    ["linear", "conv1d", "conv2d", "conv3d", "conv_transpose2d", "sigmoid", "tanh", "relu", "leaky_relu", "selu"],
)
def test_gain(nonlinearity):
    assert math.isclose(nn.init.calculate_gain(nonlinearity), torch.nn.init.calculate_gain(nonlinearity))
    assert math.isclose(nn.init.calculate_gain("leaky_relu", 0.3), torch.nn.init.calculate_gain("leaky_relu", 0.3))


@pytest.mark.parametrize("name", nn.init.__all__)
def test_signatures(name):
    ours, theirs = (inspect.signature(getattr(library.init, name)).parameters for library in (nn, torch.nn))
    assert [(key, one.default) for key, one in ours.items()] == [(key, one.default) for key, one in theirs.items()]


def test_what_both_refuse():
    for name, shape, options in [
        ("xavier_uniform_", (3,), {}), ("kaiming_normal_", (3,), {}),
        ("kaiming_uniform_", (3, 3), {"mode": "fan_avg"}), ("kaiming_uniform_", (3, 3), {"nonlinearity": "step"}),
        ("eye_", (3,), {}), ("dirac_", (3, 3), {}), ("orthogonal_", (3,), {}), ("dirac_", (3, 3, 3), {"groups": 2}),
    ]:  # fmt: skip
        both_refuse(
            lambda: getattr(nn.init, name)(mg.empty(shape), **options),
            lambda: getattr(torch.nn.init, name)(torch.empty(shape), **options),
        )


def test_parameters_stay_leaves_and_generators_are_taken():
    for library in (mg, torch):
        parameter = library.nn.Parameter(library.empty(3, 3))
        for name in ("xavier_normal_", "kaiming_uniform_", "orthogonal_", "normal_", "uniform_", "trunc_normal_"):
            drawn = []
            for _ in range(2):
                getattr(library.nn.init, name)(parameter, generator=library.Generator().manual_seed(3))
                drawn.append(parameter.tolist())
            assert drawn[0] == drawn[1]
            assert parameter.is_leaf
            assert parameter.requires_grad
