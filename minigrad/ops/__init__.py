"""The primitives, by topic: each forward on arrays with its VJP on the next lines.

`comparison`, `arithmetic`, `elementary` and `activation` are element-wise;
`reduction`, `softmax`, `shape`, `joining`, `indexing` and `padding` move and add; `linear`, `convolution` and
`pooling` are what networks are made of; `unfolding` and `resampling` rearrange and resize maps. Importing the
package registers them.
"""

from . import (
    activation,
    arithmetic,
    comparison,
    convolution,
    elementary,
    indexing,
    joining,
    linear,
    padding,
    pooling,
    reduction,
    resampling,
    shape,
    softmax,
    unfolding,
)

__all__ = [
    "activation",
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
    "resampling",
    "shape",
    "softmax",
    "unfolding",
]
