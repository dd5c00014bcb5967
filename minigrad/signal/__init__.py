"""Signals and images: correlation and convolution as SciPy names them, differentiable, of tensors of any rank."""

from . import kernels, pictures
from .checking import is_linear, is_shift_invariant
from .convolving import (
    convolve,
    convolve2d,
    convolve_sampled,
    convolve_separable,
    correlate,
    correlate2d,
    full_convolve2d,
    rot180,
)
from .matching import normalized_correlation
from .pyramids import projection_matrix, pyramid, sampling_kind, subsample, subsampling_matrix
from .sampling import centred_grid, from_nchw, quantize, to_nchw
from .sizes import (
    convolution_parameters,
    dense_parameters,
    local_parameters,
    output_size,
    output_size_a,
    output_size_b,
    output_size_e,
    receptive_field,
    transposed_output_size,
)
from .smoothing import moving_average
from .toeplitz import toeplitz_matrix

__all__ = [
    "convolve", "convolve2d", "convolve_sampled", "convolve_separable", "correlate", "correlate2d", "full_convolve2d",
    "rot180",
    "moving_average", "normalized_correlation", "toeplitz_matrix",
    "pyramid", "subsample", "subsampling_matrix", "projection_matrix", "sampling_kind",
    "quantize", "centred_grid", "to_nchw", "from_nchw",
    "is_linear", "is_shift_invariant",
    "output_size", "output_size_a", "output_size_b", "output_size_e", "transposed_output_size", "receptive_field",
    "convolution_parameters", "local_parameters", "dense_parameters",
    "kernels", "pictures",
]  # fmt: skip
