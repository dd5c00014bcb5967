"""Valid calls of what `nn.notes` has besides layers: functions, matrices of kernels, layers by a note's constructor."""

from collections.abc import Callable
from typing import Any

import nn
from tests.campaigns.arguments import Made
from tests.campaigns.layers import CHANCES, SHARES
from tests.samples import normal, positive
from tests.torch_oracle.examples import Call, X, call

notes = nn.notes
MAPS = normal(2, 2, 4, 4)
KERNELS = normal(3, 2, 2, 2)


def layer_of(kind: Any) -> Callable[..., Any]:
    """A layer's making and running."""

    def run(input: Any, **options: Any) -> Any:
        return kind(**options)(input.float() if hasattr(input, "float") else input)

    return run


def products(weight: Any, x: Any, g: Any) -> Any:
    """What a matrix of kernels makes of maps, and its transpose of other maps."""
    K = notes.KernelMatrix(weight)
    return [K @ x, K.T.full_convolve(g), K[0, 1], repr(K)]


def counted(model: Any, input_shape: Any) -> Any:
    """A model's fields and parameters."""
    return [notes.receptive_field(model, input_shape), notes.count_parameters(model)]


FUNCTIONS: dict[str, list[Call]] = {
    "brightness_norm": [call(input=MAPS, kappa=2.0, lam=0.1, mu=0.75, window=None),
                        call(input=MAPS, kappa=2.0, lam=0.1, mu=0.75, window=3)],
    "conv2d": [call(input=MAPS, weight=KERNELS, bias=normal(3, 2), stride=1, padding=1, dilation=1, flip=True,
                    bias_sign=-1),
               call(input=MAPS, weight=KERNELS, bias=normal(3, 3, 3), stride=1), call(input=MAPS, weight=KERNELS,
                                                                                      bias=normal(3))],
    "cross_entropy": [call(input=CHANCES, target=SHARES)],
    "fully_connected_maps": [call(input=MAPS, weight=normal(3, 2, 4, 4), bias=normal(3))],
    "gain": [call(input=MAPS, gain=normal(2))],
    "half_squared_error": [call(input=X, target=X + 1)],
    "l2_pool2d": [call(input=MAPS, kernel_size=2, stride=1, normalize=True)],
    "linear": [call(input=X, weight=normal(3, 4), bias=normal(3), bias_sign=-1)],
    "locally_connected2d": [call(input=MAPS, weight=normal(3, 2, 2, 2, 5, 5), bias=normal(3, 5, 5), stride=1,
                                 padding=1)],
    "lp_mean_pool2d": [call(input=MAPS, p=3.0, kernel_size=2, stride=1), call(input=MAPS, p=1.5, kernel_size=2)],
    "smooth_abs": [call(input=X, k=2.0, centered=False)],
    "smooth_sign": [call(input=X, k=2.0)],
    "softplus": [call(input=X, k=2.0)],
    "stochastic_pool2d": [call(input=positive(2, 2, 4, 4), kernel_size=2, stride=1, training=True, generator=None)],
    "subsample2d": [call(input=MAPS, step=2), call(input=MAPS, step=None, skip=(1, 0))],
    "subtractive_norm": [call(input=MAPS, sigma=1.5, size=3, border="reflect", literal=True),
                         call(input=MAPS, sigma=1.5, size=(1, 3), border="zero")],
    "sum_squared_error": [call(input=X, target=X + 1)],
}  # fmt: skip
OTHERS: dict[str, tuple[Callable[..., Any], list[Call]]] = {
    "KernelMatrix": (products, [call(weight=KERNELS, x=MAPS, g=normal(2, 3, 3, 3))]),
    "one_hot": (notes.one_hot, [call(labels=["b", "a"], classes=["a", "b", "c"], dtype="float64"),
                                call(labels=1, classes=3)]),
    "multi_hot": (notes.multi_hot, [call(labels=["b", "a"], classes=["a", "b", "c"], dtype="float64"),
                                    call(labels=[[0], [1, 2]], classes=3)]),
    "receptive_field": (counted, [call(module=Made(lambda: nn.Conv2d(1, 2, 3)), shape=(1, 6, 6))]),
    "count_parameters": (notes.count_parameters, [call(module=Made(lambda: nn.Linear(3, 2)))]),
    "Conv2d.after_a": (layer_of(notes.Conv2d.after_a), [
        call(input=MAPS, by_name={"c_in": 2, "c_out": 3, "kernel_size": 3, "stride": 2, "padding": 1})]),
    "Conv2d.after_b": (layer_of(notes.Conv2d.after_b), [
        call(input=MAPS, by_name={"c_in": 2, "c_out": 3, "kernel_size": 3, "stride": 2, "pad_total": 3})]),
    "Conv2d.after_c": (layer_of(notes.Conv2d.after_c), [
        call(input=MAPS, by_name={"c_in": 2, "c_out": 3, "kernel_size": 3})]),
    "Conv2d.after_d": (layer_of(notes.Conv2d.after_d), [
        call(input=MAPS, by_name={"c_in": 2, "c_out": 3, "kernel_size": 2, "mode": "same", "bias": "map", "size": 4})]),
    "Conv2d.after_e": (layer_of(notes.Conv2d.after_e), [
        call(input=MAPS, by_name={"c_in": 2, "c_out": 3, "h": 1, "size": 4, "skip": 1})]),
}  # fmt: skip


__all__ = ["FUNCTIONS", "OTHERS"]
