"""The primitives, by topic: each forward on arrays with its VJP on the next lines.

`comparison`, `arithmetic`, `elementary` and `activation` are element-wise;
`reduction`, `softmax`, `shape`, `joining`, `indexing` and `padding` move and add; `linear`, `convolution`,
`pooling`, `adaptive` and `unpooling` are what networks are made of. Importing the package registers them.
"""

from . import activation, adaptive, aliases, arithmetic, comparison, contraction, convolution, cumulative, diagonals, elementary, exponential, indexing, joining, linear, loss, norms, padding, pooling, products, queries, reduction, repetition, resampling, scattering, selecting, shape, signs, softmax, sorting, special, stacking, statistics, trigonometric, unfolding, unpooling, windows

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
    "aliases",
    "cumulative",
    "diagonals",
    "contraction",
    "exponential",
    "norms",
    "products",
    "queries",
    "repetition",
    "scattering",
    "selecting",
    "signs",
    "sorting",
    "special",
    "stacking",
    "statistics",
    "trigonometric",
    "windows",
    "resampling",
    "unfolding",
]
