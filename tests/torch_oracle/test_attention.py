"""Scaled dot-product attention: shapes, masks, heads that are shared, refusals."""

# Functions made in a loop are called before it goes on.
# ruff: noqa: B023

import math

import numpy as np
import torch
import torch.nn.functional as G
from hypothesis import given
from hypothesis import strategies as st
from torch.nn.attention import SDPBackend, sdpa_kernel

import minigrad as mg
import minigrad.nn.functional as F
from tests.torch_oracle.compare import both_refuse, compare, drawn, functional, normal

NAME = "scaled_dot_product_attention"


def attention(**options):
    """The function of both libraries; PyTorch's by its formula, for its fast kernel has no second derivative."""

    def theirs(*operands):
        with sdpa_kernel(SDPBackend.MATH):
            return G.scaled_dot_product_attention(*operands, **options)

    return functional(NAME, **options)[0], theirs


@drawn(120)
@given(data=st.data())
def test_drawn_arguments(data):
    batch = tuple(data.draw(st.lists(st.integers(1, 3), max_size=2)))
    queries, keys, size, width = (data.draw(st.integers(0, 4)) for _ in range(4))
    narrow = tuple(1 if data.draw(st.booleans()) else n for n in batch)
    q, k, v = normal(*batch, queries, size), normal(*narrow, keys, size, seed=1), normal(*narrow, keys, width, seed=2)
    options = {"scale": data.draw(st.sampled_from([None, 0.25, -1.5]))}
    kind = data.draw(st.sampled_from(["none", "causal", "bool", "added"]))
    if kind == "causal":
        options["is_causal"] = True
    masks = [normal(queries, keys, seed=3)] if kind in ("bool", "added") else []
    if kind == "bool":
        masks = [masks[0] > 0]
    compare(*attention(**options), q, k, v, *masks)


def test_masks_that_broadcast():
    q, k, v = normal(2, 3, 4, 5), normal(2, 3, 6, 5, seed=1), normal(2, 3, 6, 2, seed=2)
    for shape in ((6,), (1, 6), (4, 1), (2, 1, 1, 6), (3, 4, 6)):
        compare(*attention(), q, k, v, normal(*shape, seed=3))
        if len(shape) > 1:  # PyTorch fails with a row of bools
            compare(*attention(), q, k, v, normal(*shape, seed=3) > 0)


def test_queries_that_may_look_at_nothing():
    q, k, v = normal(3, 4), normal(5, 4, seed=1), normal(5, 2, seed=2)
    mask = np.ones((3, 5), bool)
    mask[1] = False
    compare(*attention(), q, k, v, mask)
    compare(*attention(), q, k, v, np.zeros((3, 5), bool))
    added = mg.tensor(np.where(mask, 0.5, -math.inf)).numpy()
    compare(lambda *t: F.scaled_dot_product_attention(*t, mg.tensor(added).to(t[0].dtype)),
            lambda *t: G.scaled_dot_product_attention(*t, torch.tensor(added).to(t[0].dtype)), q, k, v)  # fmt: skip


def test_shared_heads():
    for heads, shared, values in ((4, 2, 2), (4, 1, 4), (6, 3, 2), (3, 3, 3)):
        for batch in ((), (2,)):
            compare(
                *attention(enable_gqa=True),
                normal(*batch, heads, 3, 4), normal(*batch, shared, 5, 4, seed=1),
                normal(*batch, values, 5, 2, seed=2),
            )  # fmt: skip


def test_dropout():
    q, k, v = normal(3, 4), normal(5, 4, seed=1), normal(5, 2, seed=2)
    compare(*attention(dropout_p=1.0), q, k, v, order=1)
    for side, library in ((F, mg), (G, torch)):
        library.manual_seed(5)
        y = side.scaled_dot_product_attention(
            library.zeros(20, 4), library.zeros(1000, 4), library.eye(1000), None, 0.25
        )
        kept = (y > 0).double().mean().item()
        assert abs(kept - 0.75) < 5 * math.sqrt(0.25 * 0.75 / 20_000)
        np.testing.assert_allclose(np.unique(y.numpy()), [0, 1e-3 / 0.75], rtol=1e-5)


def test_refusals():
    q, k, v = (3, 4), (5, 4), (5, 2)
    for shapes in (((4,), k, v), ((3, 3), k, v), (q, k, (6, 2)), ((2, 3, 4), (3, 5, 4), (3, 5, 2))):
        both_refuse(
            lambda: F.scaled_dot_product_attention(*map(mg.ones, shapes)),
            lambda: G.scaled_dot_product_attention(*map(torch.ones, shapes)),
            mg.errors.ShapeError,
        )
    for mask in (np.ones((4,), np.float32), np.ones((2, 3, 5), np.float32), np.ones((3, 5)), np.ones((3, 5), np.int64)):
        both_refuse(
            lambda: F.scaled_dot_product_attention(*map(mg.ones, (q, k, v)), mg.tensor(mask)),
            lambda: G.scaled_dot_product_attention(*map(torch.ones, (q, k, v)), torch.tensor(mask)),
        )
    for options in ({"is_causal": True, "attn_mask": True}, {"dropout_p": 1.5}, {"enable_gqa": True}):
        runs = []
        for side, library in ((F, mg), (G, torch)):
            chosen = {**options, "attn_mask": library.ones(3, 5)} if "attn_mask" in options else options
            arguments = [library.ones(*shape) for shape in (q, k, v)]
            runs.append(lambda s=side, a=arguments, o=chosen: s.scaled_dot_product_attention(*a, **o))
        both_refuse(*runs)
