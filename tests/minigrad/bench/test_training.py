"""The step that is timed is a step of training."""

import numpy as np

import minigrad as mg
import nn
import nn.functional as F
from minigrad.bench import Training
from minigrad.bench import training as measure
from minigrad.bench.training import SHAPES, _loss


def test_images_a_second():
    assert Training(64, 0.004).images_per_second == 16_000
    assert measure(3, seconds=0.01).batch == 3


def test_the_network_is_lenet():
    model = nn.models.LeNet5(input_size=28)
    parameters = list(model.parameters())
    assert [tuple(one.shape) for one in parameters] == list(SHAPES)
    images, labels = mg.randn(5, 1, 28, 28), mg.tensor([1, 0, 9, 3, 3])
    found = _loss(parameters, images, labels.unsqueeze(1))
    np.testing.assert_allclose(found.item(), F.cross_entropy(model(images), labels).item(), rtol=1e-5)
