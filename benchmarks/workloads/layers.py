"""Single layers and losses in minigrad and in PyTorch, forward and with all their gradients."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from . import Workload
from .numbers import normal, weights
from .tapes import array, modules


def convolution(
    library: str, batch: int, channels: int, size: Sequence[int], outputs: int, kernel: Sequence[int], stride: Any = 1,
    padding: Any = 0, dilation: Any = 1, groups: int = 1, transposed: bool = False, output_padding: Any = 0,
    dtype: str = "float32", backward: bool = True, order: str = "C",
) -> Workload:  # fmt: skip
    """A convolution with bias and the gradients of image, kernel and bias, on any number of axes."""
    T, _, F = modules(library)
    axes = len(size)
    shape = (channels, outputs // groups) if transposed else (outputs, channels // groups)
    x, w, b = map(T.from_numpy, [normal(batch, channels, *size, dtype=dtype), *weights([(*shape, *kernel), (outputs,)],
                                                                                        dtype)])  # fmt: skip
    arguments: dict[str, Any] = {"stride": stride, "dilation": dilation, "groups": groups}
    if transposed:
        convolve = getattr(F, f"conv_transpose{axes}d")
        arguments |= {"padding": padding, "output_padding": output_padding}
    else:
        convolve = getattr(F, f"conv{axes}d")
        if library == "torch" and np.ndim(padding) == 2:  # what PyTorch's users write for it
            before = [side for pair in reversed(padding) for side in pair]
            return _layer(library, lambda x, w, b: convolve(F.pad(x, before), w, b, **arguments), [x, w, b], backward,
                          order)  # fmt: skip
        arguments["padding"] = padding
    return _layer(library, lambda x, w, b: convolve(x, w, b, **arguments), [x, w, b], backward, order)


def layer(
    library: str, function: str, shape: Sequence[int], order: str = "C", backward: bool = True, **arguments: Any
) -> Workload:
    """A function of `nn.functional` of one array, or batch normalisation in training."""
    T, _, F = modules(library)
    x = T.from_numpy(normal(*shape))
    if function != "batch_norm":
        apply = getattr(F, function)
        return _layer(library, lambda x: apply(x, **arguments), [x], backward, order)
    channels = shape[1]
    scale, shift = T.from_numpy(normal(channels, seed=3)), T.from_numpy(normal(channels, seed=4))
    mean, variance = T.zeros(channels), T.ones(channels)
    return _layer(library, lambda x, w, b: F.batch_norm(x, mean, variance, w, b, training=True), [x, scale, shift],
                  backward, order)  # fmt: skip


def loss(library: str, function: str, shape: Sequence[int]) -> Workload:
    """A loss of `nn.functional` and the gradient of its first argument."""
    T, _, F = modules(library)
    x = T.from_numpy(normal(*shape))
    if function in ("cross_entropy", "nll_loss"):
        target = np.random.default_rng(5).integers(0, shape[1], (shape[0], *shape[2:]))
    elif function == "binary_cross_entropy_with_logits":
        target = (normal(*shape, seed=5) > 0).astype("float32")
    else:
        target = normal(*shape, seed=5)
    apply, target = getattr(F, function), T.from_numpy(target)
    return _layer(library, lambda x: apply(x, target), [x], True, "C")


def _layer(
    library: str, apply: Callable[..., Any], inputs: list[Any], backward: bool, order: str
) -> Workload:  # fmt: skip
    """A layer of leaves, pulled back from random numbers, or from 1 where it gives one number.

    With order "own" the image and the cotangent of the output lie in memory as the library's own convolutions leave
    them, as they do inside a network; with "C" as a user's array does.
    """
    T, _, F = modules(library)
    if order == "own":
        inputs = [_from_a_convolution(T, F, inputs[0]), *inputs[1:]]
    for one in inputs:
        one.requires_grad_()
    like = apply(*inputs).detach()
    g = T.from_numpy(np.asarray(normal(*like.shape, seed=6, dtype=str(array(like).dtype))))
    if order == "own" and like.ndim > 2:
        g = _from_a_convolution(T, F, g)

    def run() -> Any:
        for one in inputs:
            one.grad = None
        y = apply(*inputs)
        if backward:
            y.backward(g)
        return y

    def results() -> Any:
        y = run()
        found = {"output": array(y)}
        return found | ({f"gradient {n}": array(one.grad) for n, one in enumerate(inputs)} if backward else {})

    return Workload(run, results)


def _from_a_convolution(T: Any, F: Any, x: Any) -> Any:
    """The same numbers, in the memory order of a convolution's output."""
    channels, axes = x.shape[1], x.ndim - 2
    kernel = T.from_numpy(np.eye(channels, dtype=array(x).dtype).reshape(channels, channels, *(1,) * axes))
    return getattr(F, f"conv{axes}d")(x, kernel).detach()
