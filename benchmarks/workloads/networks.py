"""Training steps of two networks in minigrad and in PyTorch."""

from collections.abc import Callable
from typing import Any

from . import Workload
from .numbers import LEARNING_RATE, LENET_SHAPES, MOMENTUM, STEPS, digits, named, weights
from .tapes import array, fill, modules


def lenet_model(nn: Any, variant: str) -> Any:
    """LeNet-5 for 28×28 images: tanh and average pooling, or ReLU and max pooling."""
    activation, pool = {"tanh": (nn.Tanh, nn.AvgPool2d), "relu": (nn.ReLU, nn.MaxPool2d)}[variant]
    return nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2), activation(), pool(2),
        nn.Conv2d(6, 16, 5), activation(), pool(2),
        nn.Conv2d(16, 120, 5), activation(), nn.Flatten(),
        nn.Linear(120, 84), activation(),
        nn.Linear(84, 10),
    )  # fmt: skip


def lenet(library: str, variant: str, batch: int) -> Workload:
    """LeNet-5 with cross-entropy."""
    T, nn, F = modules(library)
    model = lenet_model(nn, variant)
    fill(T, list(model.parameters()), weights(LENET_SHAPES))
    images, labels = map(T.from_numpy, digits(batch))
    return _training(T, model, lambda: F.cross_entropy(model(images), labels))


def autoencoder(library: str, batch: int) -> Workload:
    """Two convolutions of stride 2 and two transposed ones, with the mean squared error against the image."""
    T, nn, F = modules(library)
    model = nn.Sequential(
        nn.Conv2d(1, 16, 3, stride=2, padding=1), nn.ReLU(),
        nn.Conv2d(16, 32, 3, stride=2, padding=1), nn.ReLU(),
        nn.ConvTranspose2d(32, 16, 3, stride=2, padding=1, output_padding=1), nn.ReLU(),
        nn.ConvTranspose2d(16, 1, 3, stride=2, padding=1, output_padding=1),
    )  # fmt: skip
    parameters = list(model.parameters())
    fill(T, parameters, weights([tuple(one.shape) for one in parameters]))
    images = T.from_numpy(digits(batch)[0])
    return _training(T, model, lambda: F.mse_loss(model(images), images))


def _training(T: Any, model: Any, objective: Callable[[], Any]) -> Workload:
    """One step of SGD with momentum; compared are the first gradients and some steps."""
    optimizer = T.optim.SGD(model.parameters(), lr=LEARNING_RATE, momentum=MOMENTUM)

    def step() -> Any:
        optimizer.zero_grad()
        loss = objective()
        loss.backward()
        optimizer.step()
        return loss

    def results() -> Any:
        first = step().item()
        gradients = [array(parameter.grad) for parameter in model.parameters()]
        for _ in range(STEPS):
            last = step().item()
        return named(first, gradients, last)

    return Workload(step, results)
