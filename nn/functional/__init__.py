"""The layers as functions, by PyTorch's names.

Those that the engine has itself are the same objects: `F.conv2d is minigrad.conv2d`.
"""

from minigrad import (
    avg_pool1d,
    avg_pool2d,
    avg_pool3d,
    conv1d,
    conv2d,
    conv3d,
    conv_transpose1d,
    conv_transpose2d,
    conv_transpose3d,
    linear,
    log_softmax,
    max_pool1d,
    max_pool2d,
    max_pool3d,
    sigmoid,
    softmax,
    softplus,
    tanh,
)

from .activation import elu, gelu, hardtanh, leaky_relu, logsigmoid, relu, relu6, silu, softsign
from .dropout import dropout
from .interpolation import interpolate, upsample, upsample_bilinear, upsample_nearest
from .loss import cross_entropy, mse_loss, nll_loss
from .padding import pad
from .sampling import affine_grid, grid_sample
from .shuffling import channel_shuffle, pixel_shuffle, pixel_unshuffle
from .sparse import one_hot
from .unfolding import fold, unfold

__all__ = [
    "affine_grid",
    "grid_sample",
    "channel_shuffle",
    "fold",
    "interpolate",
    "pixel_shuffle",
    "pixel_unshuffle",
    "unfold",
    "upsample",
    "upsample_bilinear",
    "upsample_nearest",
    "avg_pool1d",
    "avg_pool2d",
    "avg_pool3d",
    "conv1d",
    "conv2d",
    "conv3d",
    "conv_transpose1d",
    "conv_transpose2d",
    "conv_transpose3d",
    "cross_entropy",
    "dropout",
    "elu",
    "gelu",
    "hardtanh",
    "leaky_relu",
    "linear",
    "log_softmax",
    "logsigmoid",
    "max_pool1d",
    "max_pool2d",
    "max_pool3d",
    "mse_loss",
    "nll_loss",
    "one_hot",
    "pad",
    "relu",
    "relu6",
    "sigmoid",
    "silu",
    "softmax",
    "softplus",
    "softsign",
    "tanh",
]
