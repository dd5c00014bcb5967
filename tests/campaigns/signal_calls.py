"""Valid calls of what `minigrad.signal` convolves, correlates, smooths and matches with, and of its kernels."""

from typing import Any

from minigrad import signal
from minigrad.signal import kernels
from tests.samples import normal
from tests.torch_oracle.examples import X, Y, call

LINE, VECTOR, IMAGES, BANK = normal(6), normal(3), normal(2, 4, 5, 5), normal(4, 2, 3, 3)
OPTIONS = [
    call(x=X, h=normal(2, 3), mode="same", by_name={"border": "reflect"}),
    call(x=LINE, h=VECTOR, mode="full", by_name={"border": "constant", "value": 2.0}),
    call(x=normal(2, 3, 6), h=normal(2, 3), mode="valid", by_name={"border": "edge"}),
    call(x=VECTOR, h=LINE, mode="valid"),
]
IN_TWO = [
    call(x=X, w=normal(2, 2), mode="same", by_name={"border": "wrap"}),
    call(x=IMAGES, w=BANK, mode="full", by_name={"stride": 2, "dilation": 1, "groups": 2, "border": "symmetric"}),
]


def kernel(entries: Any, operator: str, **words: Any) -> Any:
    """The entries of a kernel made of these, and its response to a line."""
    made = kernels.Kernel(entries, operator, **words)
    return made.as_convolution().weight, made.apply(normal(4, 6)[:, : 6 // made.entries.ndim])


def separable(factors: Any, operator: str) -> Any:
    """The response of a kernel made of factors."""
    return kernels.Kernel.separable(factors, operator).apply(X)


def weights(make: Any) -> Any:
    """A function that makes a kernel, giving its entries."""

    def made(*args: Any, **options: Any) -> Any:
        return make(*args, **options).weight

    return made


SIZED = [call(size=3), call(size=(2, 3))]

SIGNALS: dict[str, tuple[Any, list[Any]]] = {
    "signal.convolve": (signal.convolve, OPTIONS),
    "signal.correlate": (signal.correlate, OPTIONS),
    "signal.convolve2d": (signal.convolve2d, IN_TWO),
    "signal.correlate2d": (signal.correlate2d, IN_TWO),
    "signal.convolve_separable": (signal.convolve_separable, [
        call(x=X, factors=[normal(2), VECTOR], mode="same", by_name={"border": "constant", "value": 1.5}),
        call(x=LINE, factors=[VECTOR]),
    ]),
    "signal.convolve_sampled": (signal.convolve_sampled, [
        call(x=LINE, h=VECTOR, dt=0.5, mode="same", by_name={"border": "zero", "value": 0.0}),
        call(x=X, h=normal(2, 2), dt=(0.5, 2.0)),
    ]),
    "signal.rot180": (signal.rot180, [call(w=X), call(w=LINE)]),
    "signal.moving_average": (signal.moving_average, [
        call(x=X, m=1, mode="valid", by_name={"border": "reflect", "value": 0.0}), call(x=LINE, m=2),
    ]),
    "signal.normalized_correlation": (signal.normalized_correlation, [
        call(image=Y, template=normal(2, 2), mode="same", by_name={"border": "edge", "value": 0.0}),
        call(image=LINE, template=VECTOR),
    ]),
    "signal.toeplitz_matrix": (signal.toeplitz_matrix, [
        call(kernel=normal(2, 2), input_shape=(3, 4), by_name={"mode": "same", "border": "reflect", "sparse": False,
                                                              "operator": "convolution"}),
        call(kernel=BANK, input_shape=(4, 3, 4), by_name={"stride": 2, "padding": 1, "dilation": 1, "groups": 2}),
        call(kernel=VECTOR, input_shape=5),
    ]),
    "signal.kernels.Kernel": (kernel, [call(entries=VECTOR, operator="convolution", name="k", item="N23")]),
    "signal.kernels.Kernel.separable": (separable, [call(factors=[normal(2), VECTOR], operator="correlation")]),
    **{f"signal.kernels.{name}": (weights(getattr(kernels, name)), SIZED) for name in ("box", "binomial", "identity")},
    "signal.kernels.gaussian": (weights(kernels.gaussian), [
        call(size=5, sigma=1.2, normalize=True), call(size=(3, 4), sigma=(1.0, 2.0)),
    ]),
    "signal.kernels.derivative_of_gaussian": (weights(kernels.derivative_of_gaussian), [
        call(size=5, sigma=1.2, axis=0, normalize=False), call(size=(3, 4), sigma=(1.0, 2.0), axis=1),
    ]),
    "signal.kernels.sobel": (weights(kernels.sobel), [call(axis=1, as_correlation=True), call(axis=0)]),
    "signal.kernels.sharpen": (weights(kernels.sharpen), [call(amount=0.5), call(by_name={"blur": kernels.box(5)})]),
}  # fmt: skip

__all__ = ["SIGNALS"]
