"""Training LeNet-5 for a moment."""

import math
import time
from typing import Any, NamedTuple

import numpy as np

from ..creation import from_numpy
from ..ops.activation import tanh
from ..ops.convolution import conv2d
from ..ops.indexing import gather
from ..ops.linear import linear
from ..ops.pooling import avg_pool2d
from ..ops.softmax import log_softmax
from ..optim import SGD
from ..tensor import Tensor
from .ladder import timed

__all__ = ["Training", "training"]

SHAPES = ((6, 1, 5, 5), (6,), (16, 6, 5, 5), (16,), (120, 16, 5, 5), (120,), (84, 120), (84,), (10, 84), (10,))


class Training(NamedTuple):
    """Seconds of one step of training, and what follows from it."""

    batch: int
    seconds: float

    @property
    def images_per_second(self) -> float:
        """How many images are learnt from in a second."""
        return self.batch / self.seconds


def training(batch: int = 64, seconds: float = 1.0) -> Training:
    """Time the step of LeNet-5 on 28×28 images: tanh, average pooling, cross-entropy, SGD with momentum (N104).

    >>> from minigrad.bench import training
    >>> training(4, seconds=0.01).images_per_second > 0
    True
    """
    random = np.random.default_rng(0)
    parameters = []
    bound = 1.0
    for shape in SHAPES:
        if len(shape) > 1:
            bound = 1 / math.sqrt(math.prod(shape[1:]))
        values = random.uniform(-bound, bound, shape).astype(np.float32)
        parameters.append(from_numpy(values).requires_grad_())
    images = from_numpy(random.standard_normal((batch, 1, 28, 28), np.float32))
    labels = from_numpy(random.integers(0, 10, (batch, 1)))
    optimizer = SGD(parameters, lr=0.01, momentum=0.9)

    def step() -> None:
        optimizer.zero_grad()
        _loss(parameters, images, labels).backward()
        optimizer.step()

    end = time.perf_counter() + seconds / 4
    step()
    while time.perf_counter() < end:  # the first steps fill caches
        step()
    return Training(batch, timed(step, seconds))


def _loss(parameters: Any, images: Tensor, labels: Tensor) -> Tensor:
    """The mean cross-entropy of the network on a batch."""
    w1, b1, w2, b2, w3, b3, w4, b4, w5, b5 = parameters
    h = avg_pool2d(tanh(conv2d(images, w1, b1, padding=2)), 2)
    h = avg_pool2d(tanh(conv2d(h, w2, b2)), 2)
    h = tanh(conv2d(h, w3, b3)).flatten(1)
    scores = linear(tanh(linear(h, w4, b4)), w5, b5)
    return -gather(log_softmax(scores, 1), 1, labels).mean()
