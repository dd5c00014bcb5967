"""The LeNet-5 step in HIPS autograd, with its own differentiable `scipy.signal.convolve`."""

from typing import Any

import autograd.numpy as np
from autograd import value_and_grad
from autograd.scipy.signal import convolve

from . import Workload
from .numbers import LEARNING_RATE, LENET_SHAPES, MOMENTUM, STEPS, digits, named, weights


def _conv(x: Any, w: Any, b: Any) -> Any:
    """A correlation: the kernel is turned around before it is convolved."""
    y = convolve(x, w[:, :, ::-1, ::-1], axes=([2, 3], [2, 3]), dot_axes=([1], [1]), mode="valid")
    return y + b[:, None, None]


def _windows(x: Any) -> Any:
    n, c, h, w = x.shape
    return x.reshape(n, c, h // 2, 2, w // 2, 2)


def _average(x: Any) -> Any:
    return np.mean(_windows(x), axis=(3, 5))


def _largest(x: Any) -> Any:
    return np.max(np.max(_windows(x), axis=5), axis=3)


def lenet(library: str, variant: str, batch: int) -> Workload:
    """The step, with momentum by hand on the arrays."""
    activation, pool = {"tanh": (np.tanh, _average), "relu": (lambda x: np.maximum(x, 0), _largest)}[variant]
    images, labels = digits(batch)
    images = np.pad(images, ((0, 0), (0, 0), (2, 2), (2, 2)), "constant")
    parameters = weights(LENET_SHAPES)
    velocities = [np.zeros_like(one) for one in parameters]

    def loss(parameters: Any) -> Any:
        w1, b1, w2, b2, w3, b3, w4, b4, w5, b5 = parameters
        h = pool(activation(_conv(images, w1, b1)))
        h = pool(activation(_conv(h, w2, b2)))
        h = activation(_conv(h, w3, b3)).reshape(batch, -1)
        h = activation(np.dot(h, w4.T) + b4)
        scores = np.dot(h, w5.T) + b5
        shifted = scores - np.max(scores, axis=1, keepdims=True)
        logs = shifted - np.log(np.sum(np.exp(shifted), axis=1, keepdims=True))
        return -np.mean(logs[np.arange(batch), labels])

    both = value_and_grad(loss)

    def step() -> Any:
        value, gradients = both(parameters)
        for parameter, velocity, gradient in zip(parameters, velocities, gradients, strict=True):
            velocity *= MOMENTUM
            velocity += gradient
            parameter -= LEARNING_RATE * velocity
        return value, gradients

    def results() -> Any:
        first, gradients = step()
        for _ in range(STEPS):
            last, _ = step()
        return named(first, gradients, last)

    return Workload(step, results)
