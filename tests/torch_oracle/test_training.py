"""LeNet-5 in both libraries from the same weights: the same losses over 20 steps of training."""

import numpy as np
import pytest
import torch

import minigrad as mg
from minigrad import nn
from tests.torch_oracle.compare import assert_close, normal, whole


def lenet(layers, activation, pooling):
    """The network of `nn.models.LeNet5` for 28×28 images, written in the layers of either library."""

    class Net(layers.Module):
        def __init__(self):
            super().__init__()
            self.features = layers.Sequential(
                layers.Conv2d(1, 6, 5, padding=2), activation(), pooling(2),
                layers.Conv2d(6, 16, 5), activation(), pooling(2), layers.Conv2d(16, 120, 5), activation(),
            )  # fmt: skip
            self.classifier = layers.Sequential(
                layers.Flatten(), layers.Linear(120, 84), activation(), layers.Linear(84, 10)
            )

        def forward(self, x):
            return self.classifier(self.features(x))

    return Net()


def losses(library, network, steps, dtype, **options):
    """Train on batches that repeat; the loss of every step, and the final parameters."""
    optimizer = library.optim.SGD(network.parameters(), lr=0.05, momentum=0.9, **options)
    images = library.tensor(normal(4, 8, 1, 28, 28).astype(dtype))
    labels = library.tensor(whole(0, 10, 4, 8))
    functional = library.nn.functional
    found = []
    for step in range(steps):
        optimizer.zero_grad()
        loss = functional.cross_entropy(network(images[step % 4]), labels[step % 4])
        loss.backward()
        optimizer.step()
        found.append(loss.item())
    return np.array(found)


@pytest.mark.parametrize(("activation", "pooling"), [("Tanh", "AvgPool2d"), ("ReLU", "MaxPool2d")])
def test_lenet(activation, pooling):
    theirs = lenet(torch.nn, getattr(torch.nn, activation), getattr(torch.nn, pooling)).double()
    ours = nn.models.LeNet5(input_size=28, activation=getattr(nn, activation), pooling=getattr(nn, pooling)).double()
    ours.load_state_dict({key: value.numpy() for key, value in theirs.state_dict().items()})
    a, b = losses(mg, ours, 20, np.float64), losses(torch, theirs, 20, np.float64)
    np.testing.assert_allclose(a, b, rtol=1e-9)
    assert b[-1] < b[0]
    for (key, p), q in zip(ours.named_parameters(), theirs.parameters(), strict=True):
        assert_close(p.detach().numpy(), q.detach().numpy(), key, 1e-8, 1e-9)


def test_lenet_in_float32():
    theirs = lenet(torch.nn, torch.nn.Tanh, torch.nn.AvgPool2d)
    ours = lenet(nn, nn.Tanh, nn.AvgPool2d)
    ours.load_state_dict({key: value.numpy() for key, value in theirs.state_dict().items()})
    a, b = losses(mg, ours, 10, np.float32, weight_decay=0.01), losses(torch, theirs, 10, np.float32, weight_decay=0.01)
    np.testing.assert_allclose(a, b, rtol=2e-4)
    assert {str(p.dtype) for p in ours.parameters()} == {"float32"}
    assert {str(p.grad.dtype) for p in ours.parameters()} == {"float32"}


def test_autoencoder():
    """Strided convolutions and their transposes, trained on a squared error with Nesterov's momentum."""

    def network(layers):
        return layers.Sequential(
            layers.Conv2d(1, 4, 3, stride=2, padding=1), layers.ReLU(), layers.Conv2d(4, 8, 3, stride=2, padding=1),
            layers.GELU(), layers.ConvTranspose2d(8, 4, 3, stride=2, padding=1, output_padding=1),
            layers.LeakyReLU(), layers.ConvTranspose2d(4, 1, 3, stride=2, padding=1, output_padding=1),
            layers.Sigmoid(),
        )  # fmt: skip

    theirs, ours = network(torch.nn).double(), network(nn).double()
    ours.load_state_dict({key: value.numpy() for key, value in theirs.state_dict().items()})
    paths = []
    for library, net in ((mg, ours), (torch, theirs)):
        optimizer = library.optim.SGD(net.parameters(), lr=0.2, momentum=0.9, nesterov=True, weight_decay=1e-3)
        images = library.tensor(np.abs(normal(4, 1, 16, 16)) / 3)
        path = []
        for _ in range(20):
            optimizer.zero_grad()
            loss = library.nn.functional.mse_loss(net(images), images)
            loss.backward()
            optimizer.step()
            path.append(loss.item())
        paths.append(path)
    np.testing.assert_allclose(*paths, rtol=1e-9)
    assert paths[1][-1] < paths[1][0]
