"""The autoencoder of the notes: sizes, halves, reconstruction."""

import pytest

import minigrad as mg
import nn
from minigrad.errors import ArgumentError
from nn.models import ConvAutoencoder


def sizes(model, part, x):
    """The sizes of the maps behind the convolutions of a half."""
    found = []
    for layer in part:
        if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d):
            layer.register_forward_hook(lambda module, args, output: found.append(output.shape[-1]))
    model(x)
    return found


def test_N134_N136_golden_sizes():
    model, x = ConvAutoencoder(), mg.zeros(1, 1, 28, 28)
    assert [28, *sizes(model, model.encoder, x)] == [28, 14, 7]
    assert [7, *sizes(model, model.decoder, x)] == [7, 14, 28]
    convolutions = [one for one in model.modules() if isinstance(one, nn.Conv2d | nn.ConvTranspose2d)]
    assert {(one.kernel_size, one.stride, one.padding) for one in convolutions} == {((3, 3), (2, 2), (1, 1))}
    assert {one.output_padding for one in convolutions} == {(0, 0), (1, 1)}


@pytest.mark.parametrize(("size", "channels", "widths", "latent"), [
    (28, 1, (16, 32), 32), (28, 1, (4,), 1), (32, 3, (4, 6, 8), 5), (16, 2, (3, 4, 5, 6), 7)])  # fmt: skip
def test_N134_output_like_input_and_latent_as_requested(sound, size, channels, widths, latent):
    model = ConvAutoencoder(size, channels, widths, latent)
    x = mg.randn(4, channels, size, size)
    assert model.encode(x).shape == (4, latent)
    assert model.decode(mg.zeros(4, latent)).shape == x.shape
    assert model.decode(model.encode(x)).tolist() == model(x).tolist()
    if latent > 1:
        assert sound(model, x).shape == x.shape


def test_values_and_logits():
    model, raw = ConvAutoencoder(8, 1, (3,), 4), ConvAutoencoder(8, 1, (3,), 4, logits=True)
    raw.load_state_dict(model.state_dict())
    x = mg.randn(2, 1, 8, 8)
    assert mg.allclose(model(x), raw(x).sigmoid())
    assert bool(((model(x) > 0) & (model(x) < 1)).all())
    assert type(raw.decoder[-1]) is nn.ConvTranspose2d


def test_N134_reconstruction_gets_better(learns):
    x = mg.zeros(4, 1, 28, 28)
    for number in range(4):
        x[number, 0, 5 * number : 5 * number + 8, 6:20] = 1.0
    learns(ConvAutoencoder(widths=(4, 8)), lambda model: nn.functional.mse_loss(model(x), x), 0.7, lr=1.0)


def test_number_of_parameters():
    encoder = 16 * 9 + 16 + 32 * 16 * 9 + 32 + 32 * 49 * 32 + 32
    decoder = 32 * 32 * 49 + 32 * 49 + 32 * 16 * 9 + 16 + 16 * 9 + 1
    assert sum(p.numel() for p in ConvAutoencoder().parameters()) == encoder + decoder


@pytest.mark.parametrize(("size", "widths"), [(28, (1, 2, 3)), (27, (4,)), (0, (4,)), (28, ())])
def test_sizes_that_cannot_be_halved(size, widths):
    with pytest.raises(ArgumentError, match=rf"input_size={size} and widths=.*multiple of {2 ** len(widths)}"):
        ConvAutoencoder(size, widths=widths)
