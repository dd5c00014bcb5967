"""The primitives, by topic: each forward on arrays with its VJP on the next lines.

`comparison`, `arithmetic`, `elementary` and `activation` are element-wise;
`reduction`, `softmax`, `shape`, `joining`, `indexing` and `padding` move and add; `linear`, `convolution`,
`pooling`, `adaptive` and `unpooling` are what networks are made of. Importing the package registers them.
"""

from . import (
    activation,
    adaptive,
    arithmetic,
    comparison,
    convolution,
    elementary,
    indexing,
    joining,
    linear,
    loss,
    padding,
    pooling,
    reduction,
    shape,
    softmax,
    unpooling,
)

__all__ = [
    "activation",
    "adaptive",
    "arithmetic",
    "comparison",
    "convolution",
    "elementary",
    "indexing",
    "joining",
    "linear",
    "padding",
    "pooling",
    "reduction",
    "shape",
    "softmax",
    "unpooling",
    "loss",
]
