"""The lecture notes' own layers: their operators, signs, biases and sizes as arguments, here and nowhere else.

Everything else in `nn` follows PyTorch. What only the notes have stands here, thin
over the same primitives: true convolution, subtracted biases, biases per pair of
maps or per unit, total padding, skipped pixels, four-index dense layers, unshared
kernels, gains, smooth absolute values, contrast normalisation, and pooling by
norms or by drawing. `nn.notes.functional` has them as functions.
"""

from . import functional
from .activation import Abs, Gain, SmoothAbs, SmoothSign, Softplus
from .conv import Conv2d
from .counting import count_parameters, receptive_field
from .encoding import multi_hot, one_hot
from .linear import FullyConnectedMaps, Linear
from .local import LocallyConnected2d
from .loss import CrossEntropy, HalfSquaredError, SumSquaredError
from .matrix import KernelMatrix
from .normalization import BrightnessNorm, SubtractiveNorm
from .pooling import L2Pool2d, LpMeanPool2d, StochasticPool2d, Subsample2d

__all__ = [
    "Abs",
    "BrightnessNorm",
    "Conv2d",
    "CrossEntropy",
    "FullyConnectedMaps",
    "Gain",
    "HalfSquaredError",
    "KernelMatrix",
    "L2Pool2d",
    "Linear",
    "LocallyConnected2d",
    "LpMeanPool2d",
    "SmoothAbs",
    "SmoothSign",
    "Softplus",
    "StochasticPool2d",
    "Subsample2d",
    "SubtractiveNorm",
    "SumSquaredError",
    "count_parameters",
    "functional",
    "multi_hot",
    "one_hot",
    "receptive_field",
]
