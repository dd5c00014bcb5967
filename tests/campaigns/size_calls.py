"""Valid calls of what `minigrad.signal` has for sizes, sampling, pyramids and systems."""

from typing import Any

import numpy as np

import minigrad as mg
from minigrad import signal
from minigrad.random import Generator
from tests.campaigns.arguments import Made
from tests.samples import normal
from tests.torch_oracle.examples import COUNTS, X, Y, Z, call

LINE = np.array([0.25, 0.5, 0.25])
SYSTEM = {"tolerance": 1e-3, "dtype": "float64", "generator": Made(Generator)}

SIZES: dict[str, tuple[Any, list[Any]]] = {
    "signal.output_size": (signal.output_size, [
        call(n=9, kernel_size=3, stride=2, padding=1, dilation=1, by_name={"ceil_mode": True}),
        call(n=(9, 8), kernel_size=(3, 2), by_name={"pad_total": 3, "skip": (1, 0)}),
    ]),
    "signal.output_size_a": (signal.output_size_a, [call(W=9, F=3, P=1, S=2, by_name={"exact": True})]),
    "signal.output_size_b": (signal.output_size_b, [call(h_in=9, k_h=3, p_h=2, s_h=2, by_name={"exact": False})]),
    "signal.output_size_e": (signal.output_size_e, [call(m=9, h=1, skip=1, by_name={"exact": False})]),
    "signal.transposed_output_size": (signal.transposed_output_size, [
        call(n=4, kernel_size=3, stride=2, padding=1, output_padding=1, dilation=1), call(n=(4, 5), kernel_size=2),
    ]),
    "signal.receptive_field": (signal.receptive_field, [
        call(layers=[(5, 1), (2, 2), (3, 1, 2)]), call(layers=[((5, 3), 1), (2, (2, 1))]),
    ]),
    "signal.convolution_parameters": (signal.convolution_parameters, [
        call(c_in=3, c_out=4, kernel_size=5, bias=True), call(c_in=3, c_out=4, kernel_size=(5, 2)),
    ]),
    "signal.local_parameters": (signal.local_parameters, [
        call(c_in=3, c_out=4, kernel_size=5, output_size=(4, 6), bias=False),
    ]),
    "signal.dense_parameters": (signal.dense_parameters, [call(n_in=30, n_out=10, bias=True)]),
    "signal.quantize": (signal.quantize, [call(x=X, step=0.5), call(x=COUNTS, step=2)]),
    "signal.centred_grid": (signal.centred_grid, [
        call(size=5, by_name={"dtype": "float64"}), call(size=(3, 4)),
    ]),
    "signal.to_nchw": (signal.to_nchw, [call(x=X, layout="HW"), call(x=normal(3, 4, 2), layout="HWC")]),
    "signal.from_nchw": (signal.from_nchw, [
        call(x=normal(1, 1, 3, 4), layout="HW"), call(x=normal(2, 3, 4, 5), layout="NHWC"),
    ]),
    "signal.subsample": (signal.subsample, [call(x=X, step=2), call(x=normal(2, 3, 5), step=(1, 3)), call(x=Z)]),
    "signal.subsampling_matrix": (signal.subsampling_matrix, [call(n=5, step=2, by_name={"dtype": "float64"})]),
    "signal.pyramid": (signal.pyramid, [
        call(image=normal(8, 7), levels=2, kernel=LINE, border="symmetric"), call(image=Y, levels=1),
    ]),
    "signal.projection_matrix": (signal.projection_matrix, [
        call(shape=(4, 5), kernel=LINE, step=2, border="edge", by_name={"dtype": "float64"}), call(shape=6),
    ]),
    "signal.sampling_kind": (signal.sampling_kind, [call(M=4, N=9)]),
    "signal.is_linear": (signal.is_linear, [call(T=mg.tanh, shape=8, by_name=SYSTEM), call(T=mg.flip, shape=(3, 4))]),
    "signal.is_shift_invariant": (signal.is_shift_invariant, [
        call(T=mg.tanh, shape=8, shift=2, by_name={"stride": 1, "margin": 1, **SYSTEM}),
        call(T=mg.tanh, shape=(6, 8), shift=(1, -2)),
    ]),
}  # fmt: skip

__all__ = ["SIZES"]
