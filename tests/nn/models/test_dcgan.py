"""DCGAN: two networks that mirror each other."""

from itertools import pairwise

import pytest

import minigrad as mg
import nn
from minigrad.errors import ArgumentError
from nn.models import DCGANDiscriminator, DCGANGenerator


def test_numbers_of_parameters(count):
    """Five layers without bias, 4×4 windows, four normalisations; without bias, three."""
    widths = [100, 512, 256, 128, 64, 3]
    weights = sum(16 * a * b for a, b in pairwise(widths))
    assert count(DCGANGenerator) == weights + 2 * (512 + 256 + 128 + 64)
    widths = [3, 64, 128, 256, 512, 1]
    weights = sum(16 * a * b for a, b in pairwise(widths))
    assert count(DCGANDiscriminator) == weights + 2 * (128 + 256 + 512)


@pytest.mark.parametrize("size", [8, 16, 64])
def test_sizes(size):
    images = DCGANGenerator(7, 1, width=2, image_size=size)(mg.randn(2, 7, 1, 1))
    assert images.shape == (2, 1, size, size)
    assert float(images.abs().max()) <= 1
    verdict = DCGANDiscriminator(1, width=2, image_size=size)(images)
    assert verdict.shape == (2, 1, 1, 1)
    assert bool(((verdict >= 0) & (verdict <= 1)).all())


def test_logits():
    torn = DCGANDiscriminator(width=2, image_size=8, logits=True)
    sure = DCGANDiscriminator(width=2, image_size=8)
    sure.load_state_dict(torn.state_dict())
    x = mg.randn(3, 3, 8, 8)
    assert mg.allclose(sure(x), torn(x).sigmoid())


def test_initial_values():
    for model in (DCGANGenerator(width=16), DCGANDiscriminator(width=16)):
        for one in model.modules():
            if isinstance(one, nn.Conv2d | nn.ConvTranspose2d):
                assert float(one.weight.std()) == pytest.approx(0.02, rel=0.2)
            elif isinstance(one, nn.BatchNorm2d):
                assert float((one.weight - 1).abs().max()) < 0.12
                assert float(one.weight.std()) > 0.005
                assert not bool(one.bias.any())


def test_both_learn(sound, learns):
    sound(DCGANGenerator(6, width=3, image_size=16), mg.randn(4, 6, 1, 1))
    sound(DCGANDiscriminator(width=3, image_size=16), mg.randn(4, 3, 16, 16))
    real, fake, noise = mg.randn(8, 1, 16, 16), mg.rand(8, 1, 16, 16), mg.randn(8, 6, 1, 1)

    def judged(model):
        scores = mg.cat([model(real), -model(fake)]).flatten()
        return nn.functional.softplus(-scores).mean()

    learns(DCGANDiscriminator(1, width=4, image_size=16, logits=True), judged, 0.5)
    learns(DCGANGenerator(6, 1, width=4, image_size=16), lambda model: ((model(noise) - fake) ** 2).mean(), 0.8, lr=0.5)


@pytest.mark.parametrize("kind", [DCGANGenerator, DCGANDiscriminator])
@pytest.mark.parametrize("size", [4, 12, 28, 0])
def test_other_sizes(kind, size):
    with pytest.raises(ArgumentError, match=rf"{kind.__name__} got image_size={size}; it is 4 doubled"):
        kind(image_size=size)
