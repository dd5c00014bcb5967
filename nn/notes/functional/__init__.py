"""The notes' layers as functions."""

from .activation import gain, smooth_abs, smooth_sign, softplus
from .convolution import conv2d, fully_connected_maps, linear, locally_connected2d
from .loss import cross_entropy, half_squared_error, sum_squared_error
from .normalization import brightness_norm, subtractive_norm
from .pooling import l2_pool2d, lp_mean_pool2d, stochastic_pool2d, subsample2d

__all__ = [
    "brightness_norm",
    "conv2d",
    "cross_entropy",
    "fully_connected_maps",
    "gain",
    "half_squared_error",
    "l2_pool2d",
    "linear",
    "locally_connected2d",
    "lp_mean_pool2d",
    "smooth_abs",
    "smooth_sign",
    "softplus",
    "stochastic_pool2d",
    "subsample2d",
    "subtractive_norm",
    "sum_squared_error",
]
