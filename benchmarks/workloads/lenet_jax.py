"""The LeNet-5 step in JAX, compiled as a whole by `jax.jit`."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from . import Workload
from .numbers import LEARNING_RATE, LENET_SHAPES, MOMENTUM, STEPS, digits, named, weights


def _conv(x: Any, w: Any, b: Any, padding: int = 0) -> Any:
    y = lax.conv_general_dilated(
        x, w, (1, 1), [(padding, padding)] * 2, dimension_numbers=("NCHW", "OIHW", "NCHW")
    )  # fmt: skip
    return y + b[:, None, None]


def _average(x: Any) -> Any:
    return lax.reduce_window(x, 0.0, lax.add, (1, 1, 2, 2), (1, 1, 2, 2), "VALID") / 4


def _largest(x: Any) -> Any:
    return lax.reduce_window(x, -jnp.inf, lax.max, (1, 1, 2, 2), (1, 1, 2, 2), "VALID")


def lenet(library: str, variant: str, batch: int) -> Workload:
    """The step as one compiled function of parameters and velocities."""
    activation, pool = {"tanh": (jnp.tanh, _average), "relu": (jax.nn.relu, _largest)}[variant]

    def loss(parameters: Any, x: Any, labels: Any) -> Any:
        w1, b1, w2, b2, w3, b3, w4, b4, w5, b5 = parameters
        h = pool(activation(_conv(x, w1, b1, padding=2)))
        h = pool(activation(_conv(h, w2, b2)))
        h = activation(_conv(h, w3, b3)).reshape(x.shape[0], -1)
        h = activation(h @ w4.T + b4)
        scores = jax.nn.log_softmax(h @ w5.T + b5)
        return -jnp.take_along_axis(scores, labels[:, None], axis=1).mean()

    @jax.jit
    def update(parameters: Any, velocities: Any, x: Any, labels: Any) -> Any:
        value, gradients = jax.value_and_grad(loss)(parameters, x, labels)
        velocities = [MOMENTUM * v + g for v, g in zip(velocities, gradients, strict=True)]
        parameters = [p - LEARNING_RATE * v for p, v in zip(parameters, velocities, strict=True)]
        return parameters, velocities, value

    images, labels = map(jnp.asarray, digits(batch))
    parameters = [jnp.asarray(one) for one in weights(LENET_SHAPES)]
    velocities = [jnp.zeros_like(one) for one in parameters]

    def step() -> Any:
        nonlocal parameters, velocities
        parameters, velocities, value = jax.block_until_ready(update(parameters, velocities, images, labels))
        return value

    def results() -> Any:
        gradients = [np.asarray(one) for one in jax.grad(loss)(parameters, images, labels)]
        losses = [float(step()) for _ in range(STEPS + 1)]
        return named(losses[0], gradients, losses[-1])

    return Workload(step, results)
