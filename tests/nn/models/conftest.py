"""Checks that every network passes, and an initialisation that costs nothing."""

import numpy as np
import pytest

import minigrad as mg
import nn


def shapes_only(monkeypatch):
    """Leave the memory of weights untouched: networks of full size are made for their shapes alone."""
    for name in ("default_", "kaiming_normal_", "kaiming_uniform_", "normal_", "trunc_normal_", "uniform_"):
        monkeypatch.setattr(nn.init, name, lambda tensor, *args, **options: tensor)


@pytest.fixture
def count(monkeypatch):
    """The number of parameters of a network made by a function."""

    def counted(make):
        shapes_only(monkeypatch)
        return sum(p.numel() for p in make().parameters())

    return counted


def every_gradient(model, x):
    """Forward in training and evaluation, backward; every parameter gets a gradient that is finite and not zero."""
    model.eval()
    with mg.no_grad():
        first, second = model(x), model(x)
    assert first.tolist() == second.tolist()
    model.train()
    y = model(x)
    assert y.shape == first.shape
    (y * mg.tensor(np.random.default_rng(0).standard_normal(y.shape), dtype=y.dtype)).sum().backward()
    without = [key for key, p in model.named_parameters() if p.grad is None or not bool((p.grad != 0).any())]
    assert not without, f"no gradient: {without}"
    assert all(np.isfinite(p.grad.numpy()).all() for p in model.parameters())
    return y


@pytest.fixture
def sound():
    """The check that a network runs and learns everywhere."""
    return every_gradient


@pytest.fixture
def learns():
    """Whether 20 steps on one batch lower the loss to a part of what it was."""

    def trained(model, loss_of, part, lr=0.05):
        optimizer = mg.optim.SGD(model.parameters(), lr=lr, momentum=0.9)
        losses = []
        for _ in range(20):
            optimizer.zero_grad()
            loss = loss_of(model)
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        assert losses[-1] < part * losses[0], losses

    return trained


@pytest.fixture
def classes():
    """A loss of a classifier: random images of four classes."""
    generator = np.random.default_rng(0)

    def loss_of(channels, size):
        images = mg.tensor(generator.standard_normal((8, channels, size, size)), dtype=mg.float32)
        labels = mg.tensor(generator.integers(0, 4, 8))
        return lambda model: nn.functional.cross_entropy(model(images), labels)

    return loss_of
