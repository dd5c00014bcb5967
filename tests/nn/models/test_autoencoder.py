"""The autoencoder of the notes: sizes, halves, reconstruction."""

import pytest

import minigrad as mg
import nn
from minigrad.errors import ArgumentError, ShapeError
from nn.models import ConvAutoencoder


def sizes(model, part, x):
    """The sizes of the maps behind the convolutions of a half."""
    found = []
    for layer in part.modules():
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


# ------------------------------------------------------------------------ variants

VARIANTS = [
    {"downsampling": down, "upsampling": up, "skip": skip, "latent_size": latent}
    for down in ("stride", "pool") for up in ("transpose", "nearest", "bilinear", "unpool") for skip in (False, True)
    for latent in (5, None) if (down, up) != ("stride", "unpool")
]  # fmt: skip


def name_of(variant):
    return "-".join(str(value) for value in variant.values())


@pytest.mark.parametrize("variant", VARIANTS, ids=name_of)
def test_every_variant_gives_back_the_size_and_teaches_every_layer(sound, variant):
    model, x = ConvAutoencoder(16, 2, (3, 4), **variant), mg.rand(3, 2, 16, 16)
    sound(model, x)
    latent, kept = model.encoder(x)
    assert latent.shape == ((3, 5) if variant["latent_size"] else (3, 4, 4, 4))
    assert model.encode(x).tolist() == latent.tolist()
    assert model.decode(latent, kept).tolist() == model(x).tolist()
    if variant["skip"] or variant["upsampling"] == "unpool":
        with pytest.raises(ArgumentError, match=r"latent, kept = net\.encoder"):
            model.decode(latent)
    else:
        assert model.decode(latent).tolist() == model(x).tolist()


@pytest.mark.parametrize("variant", [one for one in VARIANTS if one["skip"]], ids=name_of)
def test_a_skip_reaches_the_output_past_the_latent_vector(variant):
    model, x = ConvAutoencoder(16, 2, (3, 4), **variant), mg.rand(1, 2, 16, 16)
    latent, kept = model.encoder(x)
    other = model.encoder(mg.rand(1, 2, 16, 16))[1]
    mixed = [one._replace(maps=two.maps) for one, two in zip(kept, other, strict=True)]
    assert not mg.allclose(model.decode(latent, kept), model.decode(latent, mixed))


def test_where_no_maps_join_the_latent_vector_is_enough():
    model = ConvAutoencoder(8, 1, (4,), 3, skip=True)
    assert model.decode(mg.zeros(2, 3)).shape == (2, 1, 8, 8)


@pytest.mark.parametrize("shape", [(1, 1, 27, 27), (1, 2, 28, 28), (1, 28, 28), (28, 28)])
def test_images_of_another_shape_are_refused(shape):
    with pytest.raises(ShapeError, match=r"it was made for \(N, 1, 28, 28\)"):
        ConvAutoencoder()(mg.zeros(shape))


def test_unpooling_puts_values_back_where_the_maxima_were():
    model = ConvAutoencoder(8, 1, (2,), None, downsampling="pool", upsampling="unpool", logits=True)
    maps = model.encoder(mg.rand(1, 1, 8, 8))[1][0].maps
    seen = []
    model.decoder.stages[0].enlarge.register_forward_hook(lambda module, args, output: seen.append(output))
    latent, kept = model.encoder(mg.rand(1, 1, 8, 8))
    model.decode(latent, kept)
    (spread,) = seen
    assert spread.shape == maps.shape
    hit = spread != 0
    assert mg.equal(spread[hit], kept[0].maps[hit])
    assert int(hit.sum()) == int((latent != 0).sum()) > 0


def test_noise_is_added_in_training_only_and_clipped():
    model, x = ConvAutoencoder(16, 1, (3,), noise=0.5), mg.full((64, 1, 16, 16), 0.5)
    mg.manual_seed(0)
    noisy = model.corrupt(x)
    assert (noisy.min().item(), noisy.max().item()) == (0, 1)
    inside = noisy[(noisy > 0) & (noisy < 1)]
    assert abs(len(inside) / x.numel() - 0.6827) < 0.02  # a normal variable within one standard deviation
    mg.manual_seed(0)
    expected = model.decode(model.encode(noisy))
    assert mg.equal(model(x), expected)
    assert mg.equal(model.eval()(x), model.decode(model.encode(x)))


@pytest.mark.parametrize(("options", "message"), [
    ({"downsampling": "maxpool"}, "downsampling='maxpool'; there are 'stride', 'pool'"),
    ({"upsampling": "deconv"}, "upsampling='deconv'; there are 'transpose', 'nearest', 'bilinear', 'unpool'"),
    ({"upsampling": "unpool"}, "goes with downsampling='pool'"),
    ({"noise": -0.1}, "noise=-0.1; it is a standard deviation"),
    ({"noise": float("nan")}, "noise=nan; it is a standard deviation"),
    ({"noise": float("inf")}, "noise=inf; it is a standard deviation"),
    ({"skip": None}, "skip=None; there are False, True"),
    ({"latent_size": 0}, "latent_size of 0; it counts"),
    ({"widths": (4, 0)}, "widths of 0; it counts"),
    ({"in_channels": 0}, "in_channels of 0; it counts"),
])  # fmt: skip
def test_variants_that_there_are_not(options, message):
    with pytest.raises(ArgumentError, match=message):
        ConvAutoencoder(**options)
