"""Scaled dot-product attention against its formula, its masks, its refusals."""

import math

import numpy as np
import pytest

import minigrad as mg
import nn.functional as F
from minigrad.autograd import grad, gradcheck
from minigrad.errors import ArgumentError, DTypeError, ShapeError

attend = F.scaled_dot_product_attention


def operands(*batch, queries=3, keys=5, size=4, width=2):
    source = np.random.default_rng([*batch, queries, keys])
    shapes = ((*batch, queries, size), (*batch, keys, size), (*batch, keys, width))
    return [mg.tensor(source.standard_normal(shape), requires_grad=True) for shape in shapes]


def formula(q, k, v, mask=0.0, scale=None):
    scores = q @ np.swapaxes(k, -1, -2) * (1 / math.sqrt(q.shape[-1]) if scale is None else scale) + mask
    weights = np.exp(scores - scores.max(-1, keepdims=True))
    return weights / weights.sum(-1, keepdims=True) @ v


@pytest.mark.parametrize("batch", [(), (2,), (2, 3)])
@pytest.mark.parametrize("scale", [None, 0.3, -1.0, 0.0])
def test_formula_and_derivatives(batch, scale):
    qkv = operands(*batch)
    arrays = [one.detach().numpy() for one in qkv]
    np.testing.assert_allclose(attend(*qkv, scale=scale).detach().numpy(), formula(*arrays, scale=scale), rtol=1e-12)
    if batch != (2, 3):
        assert gradcheck(lambda *args: attend(*args, scale=scale), qkv, order=2)


def test_masks():
    qkv = operands(2)
    arrays = [one.detach().numpy() for one in qkv]
    allowed = np.array([[1, 0, 1, 1, 0], [0, 1, 0, 0, 0], [1, 1, 1, 1, 1]], bool)
    added = np.where(allowed, 0.5, -math.inf)
    expected = formula(*arrays, mask=added)
    np.testing.assert_allclose(attend(*qkv, mg.tensor(allowed)).detach().numpy(), expected, rtol=1e-12)
    np.testing.assert_allclose(attend(*qkv, mg.tensor(added)).detach().numpy(), expected, rtol=1e-12)
    mask = mg.tensor(np.random.default_rng(2).standard_normal((3, 5)), requires_grad=True)
    assert gradcheck(attend, (*qkv, mask), order=2)


def test_causal():
    qkv = operands()
    allowed = np.tril(np.ones((3, 5), bool))
    assert attend(*qkv, is_causal=True).tolist() == attend(*qkv, mg.tensor(allowed)).tolist()
    np.testing.assert_allclose(attend(*qkv, is_causal=True)[0].detach().numpy(), qkv[2][0].detach().numpy())


@pytest.mark.parametrize("mask", [mg.zeros(1, 5).bool(), mg.full((1, 5), -math.inf, dtype=mg.float64)])
def test_a_query_that_may_look_at_nothing(mask):
    qkv = operands()
    others = mg.ones(2, 5, dtype=mask.dtype)
    y = attend(*qkv, mg.cat([mask, others]))
    assert y[0].tolist() == [0, 0]
    gradients = grad(y.sum(), qkv)
    assert all(mg.isfinite(one).all() for one in gradients)
    assert gradients[0][0].tolist() == [0] * 4


def test_shared_heads():
    q, _, _ = operands(2, 6)
    _, k, v = operands(2, 3)
    y = attend(q, k, v, enable_gqa=True)
    assert y.shape == (2, 6, 3, 2)
    for head in range(6):
        one = attend(q[:, head], k[:, head // 2], v[:, head // 2])
        np.testing.assert_allclose(y[:, head].detach().numpy(), one.detach().numpy(), rtol=1e-12)


def test_dropout_of_the_weights():
    q, k, v = mg.zeros(1, 4), mg.zeros(1000, 4), mg.eye(1000)
    y = attend(q, k, v, dropout_p=0.25, generator=mg.Generator().manual_seed(1))
    assert y.tolist() == attend(q, k, v, dropout_p=0.25, generator=mg.Generator().manual_seed(1)).tolist()
    np.testing.assert_allclose(np.unique(y.numpy()), [0, 1e-3 / 0.75], rtol=1e-5)
    assert 650 < (y > 0).sum().item() < 850
    assert not attend(q, k, v, dropout_p=1.0).any()


def test_of_nothing():
    for queries, keys, size in ((0, 5, 4), (3, 0, 4), (3, 5, 0), (0, 0, 0)):
        q, k, v = operands(queries=queries, keys=keys, size=size)
        expected = np.zeros((queries, 2)) if keys == 0 else np.tile(v.detach().numpy().mean(0), (queries, 1))
        if queries and size == 0:
            np.testing.assert_allclose(attend(q, k, v).detach().numpy(), expected)
        assert attend(q, k, v).shape == (queries, 2)
        assert attend(q, k, v, is_causal=True).shape == (queries, 2)


ONES = mg.ones(3, 4), mg.ones(5, 4), mg.ones(5, 2)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: attend(mg.ones(4), *ONES[1:]), ShapeError, r"got \(4,\), \(5, 4\) and \(5, 2\)"),
        (lambda: attend(mg.ones(3, 3), *ONES[1:]), ShapeError, "query and key have the same last axis"),
        (lambda: attend(*ONES[:2], mg.ones(6, 2)), ShapeError, "key and value as many rows"),
        (lambda: attend(mg.ones(2, 3, 4), mg.ones(3, 5, 4), mg.ones(3, 5, 2)), ShapeError, "broadcast"),
        (lambda: attend(ONES[0].double(), *ONES[1:]), DTypeError, "float64, float32 and float32"),
        (lambda: attend(*(one.long() for one in ONES)), DTypeError, "int64"),
        (lambda: attend(*ONES, mg.ones(3, 5), is_causal=True), ArgumentError, "a mask and is_causal=True"),
        (lambda: attend(*ONES, mg.ones(3, 5, dtype=mg.int64)), DTypeError, "mask of int64 for float32"),
        (lambda: attend(*ONES, mg.ones(4)), ShapeError, r"\(4,\) does not broadcast to \(3, 5\)"),
        (lambda: attend(*ONES, mg.ones(2, 3, 5)), ShapeError, r"\(2, 3, 5\) does not broadcast to \(3, 5\)"),
        (lambda: attend(*ONES, dropout_p=1.5), ArgumentError, "p=1.5"),
        (lambda: attend(*ONES, enable_gqa=True), ShapeError, "heads on axis -3"),
        (lambda: attend(mg.ones(4, 3, 4), mg.ones(3, 5, 4), mg.ones(3, 5, 2), enable_gqa=True), ShapeError, "multiple"),
        (lambda: attend([1.0], *ONES[1:]), DTypeError, "list"),
    ],
)
def test_refusals(call, error, message):
    with pytest.raises(error, match=message):
        call()
