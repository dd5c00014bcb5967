"""The LeNet-5 step in MyGrad, with its own convolution, max pooling and loss."""

from typing import Any

import mygrad
import numpy as np
from mygrad.nnet.activations import relu
from mygrad.nnet.layers import conv_nd, max_pool
from mygrad.nnet.losses import softmax_crossentropy

from . import Workload
from .numbers import LEARNING_RATE, LENET_SHAPES, MOMENTUM, STEPS, digits, named, weights


def _average(x: Any) -> Any:
    n, c, h, w = x.shape
    return x.reshape(n, c, h // 2, 2, w // 2, 2).mean(axis=(3, 5))


def _largest(x: Any) -> Any:
    return max_pool(x, (2, 2), 2)


def lenet(library: str, variant: str, batch: int) -> Workload:
    """The step, with momentum by hand on the arrays."""
    activation, pool = {"tanh": (mygrad.tanh, _average), "relu": (relu, _largest)}[variant]
    images, labels = digits(batch)
    parameters = [mygrad.Tensor(one) for one in weights(LENET_SHAPES)]
    velocities = [np.zeros_like(one.data) for one in parameters]

    def step() -> float:
        w1, b1, w2, b2, w3, b3, w4, b4, w5, b5 = parameters
        h = pool(activation(conv_nd(images, w1, stride=1, padding=2) + b1.reshape(1, -1, 1, 1)))
        h = pool(activation(conv_nd(h, w2, stride=1) + b2.reshape(1, -1, 1, 1)))
        h = activation(conv_nd(h, w3, stride=1) + b3.reshape(1, -1, 1, 1)).reshape(batch, -1)
        h = activation(h @ w4.T + b4)
        loss = softmax_crossentropy(h @ w5.T + b5, labels)
        loss.backward()
        for parameter, velocity in zip(parameters, velocities, strict=True):
            velocity *= MOMENTUM
            velocity += parameter.grad
            parameter.data -= LEARNING_RATE * velocity
        return loss.item()

    def results() -> Any:
        first = step()
        gradients = [np.array(one.grad) for one in parameters]
        for _ in range(STEPS):
            last = step()
        return named(first, gradients, last)

    return Workload(step, results)
