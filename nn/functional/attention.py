"""Scaled dot-product attention (Vaswani et al., 2017)."""

import math
from typing import Any

import minigrad as mg
from minigrad.errors import ArgumentError, DTypeError, ShapeError
from minigrad.registry import guarded

from .dropout import dropout


@guarded
def scaled_dot_product_attention(
    query: mg.Tensor,
    key: mg.Tensor,
    value: mg.Tensor,
    attn_mask: mg.Tensor | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
    generator: Any = None,
) -> mg.Tensor:
    """softmax(q·kᵀ·scale + mask)·v: each query's mean of the values, weighted by its likeness to their keys.

    (*, L, E), (*, S, E), (*, S, D) -> (*, L, D), the leading axes broadcast. The scale is 1/√E unless given. A mask,
    which broadcasts to (*, L, S), is bool, True where a key may be looked at, or is added; `is_causal` lets query i
    look at keys 0 … i. A query that may look at nothing gets zeros. With `enable_gqa` the heads on axis −3 of key and
    value are shared by groups of the query's. Weights are dropped with probability `dropout_p`, in evaluation too.
    Raises `ShapeError` and `DTypeError` for operands that do not fit, `ArgumentError` for a mask beside `is_causal`.

    >>> import minigrad as mg, nn.functional as F
    >>> F.scaled_dot_product_attention(mg.zeros(1, 4), mg.zeros(2, 4), mg.tensor([[1.], [2.]]))
    tensor([[1.5000]])
    """
    name = "scaled_dot_product_attention"
    query, key, value = (mg.as_operand(one, name) for one in (query, key, value))
    shapes = f"{query.shape}, {key.shape} and {value.shape}"
    if min(query.ndim, key.ndim, value.ndim) < 2:
        raise ShapeError(f"{name} got {shapes}; it takes query (*, L, E), key (*, S, E) and value (*, S, D)")
    if not query.dtype == key.dtype == value.dtype or query.dtype.kind != "f":
        raise DTypeError(
            f"{name} got {query.dtype}, {key.dtype} and {value.dtype}; they are of one floating dtype. Convert, for "
            "example by key.to(query.dtype)"
        )
    if key.shape[-1] != query.shape[-1] or key.shape[-2] != value.shape[-2]:
        raise ShapeError(
            f"{name} got {shapes}: query and key have the same last axis, key and value as many rows, for query "
            "(*, L, E), key (*, S, E) and value (*, S, D)"
        )
    if query.dtype == mg.float16:  # scores may be too large for it
        wide = attn_mask.float() if isinstance(attn_mask, mg.Tensor) and attn_mask.dtype == mg.float16 else attn_mask
        return scaled_dot_product_attention(
            query.float(), key.float(), value.float(), wide, dropout_p, is_causal, scale, enable_gqa, generator
        ).to(mg.float16)
    if enable_gqa:
        key, value = (_shared_by_heads(one, query, name) for one in (key, value))
    size = query.shape[-1]
    factor = scale if scale is not None else 1 / math.sqrt(size) if size else 1.0
    scores = mg.matmul(query * factor, key.transpose(-2, -1))
    if is_causal:
        if attn_mask is not None:
            raise ArgumentError(f"{name} got a mask and is_causal=True; make the causal part a part of the mask")
        attn_mask = mg.arange(scores.shape[-2]).unsqueeze(1) >= mg.arange(scores.shape[-1])
    weights = mg.softmax(scores, -1) if attn_mask is None else _masked_softmax(scores, attn_mask, name)
    return mg.matmul(dropout(weights, dropout_p, generator=generator), value)


def _shared_by_heads(tensor: mg.Tensor, query: mg.Tensor, name: str) -> mg.Tensor:
    """Each head on axis −3 repeated for its group of the query's heads."""
    if min(tensor.ndim, query.ndim) < 3 or not tensor.shape[-3] or query.shape[-3] % tensor.shape[-3]:
        raise ShapeError(
            f"{name} with enable_gqa got heads on axis -3 of shapes {query.shape} and {tensor.shape}; the number of "
            "the query's must be a multiple of the other"
        )
    *batch, heads, rows, size = tensor.shape
    group = query.shape[-3] // heads
    return tensor.unsqueeze(-3).expand(*batch, heads, group, rows, size).reshape(*batch, heads * group, rows, size)


def _masked_softmax(scores: mg.Tensor, mask: mg.Tensor, name: str) -> mg.Tensor:
    """Softmax along the last axis of what the mask leaves, zeros where it leaves nothing."""
    mask = mg.as_operand(mask, name)
    if mask.dtype.kind == "b":
        mask = mg.where(mask, 0.0, -math.inf).to(scores.dtype)
    elif mask.dtype != scores.dtype:
        raise DTypeError(
            f"{name} got a mask of {mask.dtype} for {scores.dtype}; it is bool, True where a key may be looked at, or "
            "is added and of the same dtype. Use mask.bool(), or mask.to(query.dtype)"
        )
    scores = scores + mg.broadcast_to(mask, scores.shape)
    nothing = (scores.detach() == -math.inf).all(-1, keepdim=True)
    return mg.masked_fill(mg.softmax(mg.masked_fill(scores, nothing, 0), -1), nothing, 0)
