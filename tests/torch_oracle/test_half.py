"""float16: what would overflow on the way to a result that does not is computed in float32, as in PyTorch."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import minigrad as mg
import minigrad.nn as nn
from tests.torch_oracle.compare import both, compare, drawn, functional

HALF = {"order": 1, "single": False, "rtol": 2e-2, "atol": 2e-3}
SCALES = st.sampled_from([0.01, 1.0, 30.0, 200.0, 1000.0, 15000.0])


def half(*shape: int, scale: float = 1.0, seed: int = 0) -> np.ndarray:
    """Normal values of that size in float16, none of them beyond its largest."""
    values = np.random.default_rng([seed, *shape]).standard_normal(shape) * scale
    return np.clip(values, -60000, 60000).astype(np.float16)


ACTIVATIONS = [
    ("hardswish", {}), ("hardsigmoid", {}), ("gelu", {}), ("gelu", {"approximate": "tanh"}), ("silu", {}), ("mish", {}),
    ("softplus", {}), ("softplus", {"beta": -0.5}), ("softplus", {"beta": 3.0}), ("logsigmoid", {}), ("softsign", {}),
    ("elu", {}), ("celu", {}), ("selu", {}), ("tanhshrink", {}),
]  # fmt: skip


@drawn(150)
@given(st.sampled_from(ACTIVATIONS), SCALES, st.integers(0, 99))
def test_activations(case, scale, seed):
    name, options = case
    compare(*functional(name, **options), half(3, 4, scale=scale, seed=seed), **HALF)


@drawn(100)
@given(st.sampled_from([1.0, 2.0, math.inf]), SCALES, st.integers(0, 99))
def test_distances(p, scale, seed):
    x, y = (half(3, 4, scale=min(scale, 1000.0), seed=seed + more) for more in (0, 100))
    compare(*functional("normalize", p=p), x, **HALF)
    compare(*functional("pairwise_distance", p=p), x, y, **HALF)
    compare(*both("norm", p), x, **HALF)
    compare(*both("norm", p, 1), x, **HALF)
    compare(*both("dist", p), x, y, **HALF)


@pytest.mark.parametrize("p", [0.5, 3.0, 4.0])
def test_norms_of_other_orders(p):
    x, y = half(3, 4, scale=200.0), half(3, 4, scale=200.0, seed=1)
    forward = {**HALF, "order": 0}  # PyTorch's gradients overflow
    compare(*functional("pairwise_distance", p=p), x, y, **forward)
    compare(*both("norm", p, 1), x, **forward)


@drawn(80)
@given(SCALES, st.integers(0, 99))
def test_likeness_and_spread(scale, seed):
    x, y = (half(3, 4, scale=scale, seed=seed + more) for more in (0, 100))
    compare(*functional("cosine_similarity"), *(one.clip(-5000, 5000) for one in (x, y)), **HALF)
    compare(*both("std"), x, **HALF)
    compare(*both("mean"), x, **HALF)


@drawn(80)
@given(
    st.sampled_from([0.1, 1.0, 30.0, 200.0]), st.sampled_from(["none", "causal", "bool", "added"]), st.integers(0, 9)
)
def test_attention(scale, mask, seed):
    query = half(2, 3, 4, scale=scale, seed=seed)
    key, value = (half(2, 5, 4, scale=scale, seed=seed + more) for more in (100, 200))
    options = {"is_causal": mask == "causal"}
    masks = {"bool": [np.arange(15).reshape(3, 5) % 4 < 3], "added": [half(3, 5)]}.get(mask, [])
    # Beyond, a softmax is a choice, whose gradient is its rounding. PyTorch has none by an added mask of float16.
    order = 1 if scale <= 1 and mask != "added" else 0
    functions = functional("scaled_dot_product_attention", **options)
    compare(*functions, query, key, value, *masks, **{**HALF, "order": order})


def test_attention_of_equal_large_vectors():
    x = np.full((1, 2, 3, 4), 200, np.float16)
    compare(*functional("scaled_dot_product_attention"), x, x, x, **{**HALF, "order": 0})


@pytest.mark.parametrize("max_norm", [1.0, 100.0])
@pytest.mark.parametrize("order", [1.0, 2.0, 3.0, math.inf])
@pytest.mark.parametrize("values", [[[300.0, 400.0], [1000.0]], [[40000.0], [40000.0]], [[60000.0, 60000.0]]])
def test_clipping_gradients_whose_squares_overflow(values, order, max_norm):
    found = []
    for library, utils in ((mg, nn.utils), (torch, torch.nn.utils)):
        parameters = [library.zeros(len(row), dtype=library.float16, requires_grad=True) for row in values]
        for parameter, row in zip(parameters, values, strict=True):
            parameter.grad = library.tensor(row, dtype=library.float16)
        total = utils.clip_grad_norm_(parameters, max_norm, order)
        assert total.dtype == library.float16
        found.append([total.item(), *(parameter.grad.tolist() for parameter in parameters)])
    for ours, theirs in zip(*found, strict=True):
        assert ours == pytest.approx(theirs, rel=5e-3)
