"""Training LeNet-5 on MNIST: batches through the loader, and until 99 % of the test images are read."""

import os
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import numpy as np

from . import Array, Workload
from .networks import lenet_model
from .numbers import LENET_SHAPES, named, weights
from .tapes import array, fill, modules

COMPARED = 5  # steps
DECAY = 0.7  # of the learning rate, from epoch to epoch


def _data(name: str, train: bool) -> tuple[Array, Array]:
    """(N, 1, 28, 28), normalised, and (N,): MNIST from the folder MINIGRAD_DATA, or the sample."""
    from minigrad import datasets

    raw = datasets.mnist_sample(train) if name == "sample" else datasets.MNIST(os.environ["MINIGRAD_DATA"], train)
    images = (raw.data.numpy()[:, None] / np.float32(255) - np.float32(0.1307)) / np.float32(0.3081)
    return np.ascontiguousarray(images, np.float32), raw.targets.numpy()


class _Training:
    """A network, its optimizer and a step."""

    def __init__(self, library: str, variant: str, rate: float, seed: int = 1) -> None:
        self.T, nn, self.F = modules(library)
        self.model = lenet_model(nn, variant)
        fill(self.T, list(self.model.parameters()), weights(LENET_SHAPES, seed=seed))
        self.optimizer = self.T.optim.SGD(self.model.parameters(), lr=rate, momentum=0.9)

    def step(self, images: Any, labels: Any) -> Any:
        """One step of training; the loss."""
        self.optimizer.zero_grad()
        loss = self.F.cross_entropy(self.model(images), labels)
        loss.backward()
        self.optimizer.step()
        return loss

    def right(self, images: Any, labels: Any) -> float:
        """The share of images that are read right."""
        found = 0
        with self.T.no_grad():
            for start in range(0, len(labels), 500):
                scores = self.model(images[start : start + 500])
                found += int((scores.argmax(1) == labels[start : start + 500]).sum().item())
        return found / len(labels)


def loader(library: str, data: str, batch: int, batches: int) -> Workload:
    """So many batches from the shuffling loader, each with a step of training; when the data end they begin again."""
    training = _Training(library, "tanh", 0.01)
    tools = import_module(f"{library}.utils.data")
    images, labels = map(training.T.from_numpy, _data(data, True))
    dataset: Any = tools.TensorDataset(images, labels)

    def endless() -> Iterator[Any]:
        while True:
            yield from tools.DataLoader(dataset, batch_size=batch, shuffle=True)

    source = endless()

    def run() -> None:
        for _ in range(batches):
            x, y = next(source)
            training.step(x, y)

    def results() -> Any:
        fixed = iter(tools.DataLoader(dataset, batch_size=batch))
        losses = [training.step(*next(fixed)).item() for _ in range(COMPARED)]
        return named(losses[0], [array(one.grad) for one in training.model.parameters()], losses[-1])

    return Workload(run, results)


def learning(library: str, data: str, batch: int, seed: int) -> Workload:
    """One epoch of ReLU and max pooling, and then the share of test images read right; all draw the same batches."""
    training = _Training(library, "relu", 0.02, seed)
    images, labels = map(training.T.from_numpy, _data(data, True))
    test = [training.T.from_numpy(one) for one in _data(data, False)]
    random = np.random.default_rng(seed)

    def run() -> float:
        order = random.permutation(len(labels))
        for start in range(0, len(order), batch):
            chosen = training.T.from_numpy(order[start : start + batch])
            training.step(images[chosen], labels[chosen])
        for group in training.optimizer.param_groups:
            group["lr"] *= DECAY
        return training.right(*test)

    def results() -> Any:
        return {"right before training": np.asarray(training.right(*test))}

    return Workload(run, results)
