"""Tasks, images and filters that detect (N1–N8), with the errata X10, X22 and X74."""

import numpy as np
import pytest

import minigrad as mg
import nn
import nn.functional as F
from minigrad import signal
from minigrad.autograd import gradcheck
from minigrad.signal import kernels, pictures
from tests.notes.golden import entry, golden

SCENE = np.add.outer(np.linspace(-20, 20, 24), np.linspace(-20, 20, 24) ** 2 / 10)


def test_N1_a_feed_forward_network_learns_from_raw_pixels():
    """Two kinds of pictures, upright and lying stripes, told apart by a small network trained by backpropagation."""
    mg.manual_seed(0)
    source = np.random.default_rng(0)
    upright = np.where(np.arange(8) % 4 < 2, 1.0, 0.0)[None, None, None] + source.normal(0, 0.3, (16, 1, 8, 8))
    lying = np.where(np.arange(8) % 4 < 2, 1.0, 0.0)[None, None, :, None] + source.normal(0, 0.3, (16, 1, 8, 8))
    images = mg.tensor(np.concatenate([upright, lying])).float()
    labels = mg.tensor([0] * 16 + [1] * 16)
    model = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(36, 2))
    optimizer = mg.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    losses = []
    for _ in range(40):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(images), labels)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.05 < 0.5 < losses[0]
    assert (model(images).argmax(1) == labels).all().item()


@pytest.mark.parametrize("task", entry("task_targets"), ids=lambda task: task["task"])
def test_N2_X22_targets_of_the_three_tasks(task):
    names, target = task["labels"], task["target"]
    present = [name for name, there in zip(names, target, strict=True) if there]
    if task["kind"] == "multi-label":
        assert sum(target) == 4, "several at once: no one-hot code says that"
        assert nn.notes.multi_hot(present, names).tolist() == target
    else:
        assert nn.notes.one_hot(present[0], names).tolist() == target
        assert nn.notes.multi_hot(present, names).tolist() == target


def test_N2_each_kind_of_target_has_its_loss():
    many, one = (mg.tensor(np.array(task["target"], float)) for task in entry("task_targets")[:2])
    z = mg.randn(6, dtype=mg.float64, requires_grad=True)
    assert gradcheck(lambda z: F.binary_cross_entropy_with_logits(z, many), z)
    F.binary_cross_entropy_with_logits(z, many, reduction="sum").backward()
    np.testing.assert_allclose(z.grad.numpy(), (mg.sigmoid(z) - many).tolist(), rtol=1e-12)
    scores = mg.randn(1, 4, dtype=mg.float64, requires_grad=True)
    assert gradcheck(lambda z: F.cross_entropy(z, one[None]), scores)
    F.cross_entropy(scores, one[None]).backward()
    np.testing.assert_allclose(scores.grad[0].numpy(), (mg.softmax(scores, 1)[0] - one).tolist(), rtol=1e-12)


def test_N3_X74_an_image_is_an_integer_matrix():
    image = pictures.INTEGER_IMAGE
    assert image.dtype.kind == "i"
    np.testing.assert_array_equal(image, golden("integer_image_5x8"))
    assert (image.shape, image.max()) == ((5, 8), 200)
    assert image[4, 4] == 20, "the garbled cell"
    assert image[1, 2] == 12, "row 1 downwards, column 2 to the right"


@pytest.mark.parametrize("step", [1, 5, 0.25])
def test_N3_quantisation_errs_by_half_a_step_at_most(step):
    levels = signal.quantize(SCENE, step).numpy()
    assert 0.9 * step / 2 < np.abs(levels - SCENE).max() <= step / 2
    np.testing.assert_allclose(levels / step, np.rint(levels / step), atol=1e-9)
    assert signal.quantize(pictures.INTEGER_IMAGE).tolist() == pictures.INTEGER_IMAGE.tolist()


@pytest.mark.parametrize(("kind", "channels"), entry("colour_depths").items())
def test_N4_channels_of_grey_coloured_and_transparent_images(kind, channels):
    stored = np.arange(5 * 8 * channels).reshape((5, 8) if channels == 1 else (5, 8, channels))
    layout = "HW" if channels == 1 else "HWC"
    batch = signal.to_nchw(stored, layout)
    assert batch.shape == (1, channels, 5, 8)
    np.testing.assert_array_equal(signal.from_nchw(batch, layout).numpy(), stored)
    layer = nn.Conv2d(channels, 2, 3)
    assert layer(batch.float()).shape == (1, 2, 3, 6), kind


def test_N5_centred_coordinates():
    line = signal.centred_grid(23)
    assert line.tolist() == list(range(-11, 12))
    assert signal.centred_grid(4).tolist() == [-1.5, -0.5, 0.5, 1.5], "an even size has its middle between two pixels"
    down, right = signal.centred_grid((23, 23))
    assert (down[11, 11].item(), right[11, 11].item()) == (0, 0)
    assert (down[0, 22].item(), right[0, 22].item()) == (-11, 11), "f₋ₙ,ₙ is the upper right corner"
    gaussian = mg.exp(-(down * down + right * right) / (2 * 3.8**2)) / (2 * np.pi * 3.8**2)
    np.testing.assert_allclose(gaussian.numpy(), golden("gaussian23_raw"), rtol=1e-5)
    assert gaussian.argmax().item() == 11 * 23 + 11


def mean_square(error):
    return (error * error).mean().item()


@pytest.mark.parametrize("clean", [np.full((24, 24), 5.0), np.where(np.arange(24) < 12, 0.0, 8.0) + np.zeros((24, 1))])
def test_N6_smoothing_removes_noise(clean):
    noisy = clean + np.random.default_rng(6).normal(0, 2, clean.shape)
    smooth = kernels.box(3).apply(mg.tensor(noisy))
    assert mean_square(smooth.numpy() - clean) < 0.5 * mean_square(noisy - clean)


def test_N6_sharpening_keeps_constants_and_edges_ignore_them():
    constant = mg.full((7, 7), 5.0, dtype=mg.float64)
    assert kernels.sharpen().weight.sum().item() == pytest.approx(1, abs=1e-6)
    np.testing.assert_allclose(kernels.sharpen().apply(constant).numpy(), 5, rtol=1e-12)
    blur, one = kernels.box(3).entries, kernels.identity(3).entries
    np.testing.assert_allclose(kernels.sharpen().entries, one + (one - blur), rtol=1e-12)
    for name in ("horizontal_edge", "vertical_edge", "outline"):
        np.testing.assert_allclose(getattr(kernels, name)().apply(constant).numpy(), 0, atol=1e-12)
    step = mg.tensor(np.where(np.arange(9) < 5, 0.0, 1.0) + np.zeros((9, 1)))
    sharp = kernels.sharpen().apply(step)
    assert sharp.max().item() > 1.1, "the bright side of the step is brighter, the dark side darker"
    assert sharp.min().item() < -0.1


def test_N6_every_pixel_gets_a_label():
    """'same' convolutions keep the size, so the output is a picture of labels: bright pixels in lines or alone."""
    mg.manual_seed(0)
    model = nn.Sequential(nn.Conv2d(1, 6, 3, padding="same"), nn.ReLU(), nn.Conv2d(6, 2, 3, padding="same"))
    image = np.zeros((12, 12))
    image[2, 1:11] = image[5:10, 4] = image[7, 8] = image[10, 10] = 1
    labels = np.zeros((12, 12), int)
    labels[2, 1:11] = labels[5:10, 4] = 1
    x, t = signal.to_nchw(image, "HW").float(), mg.tensor(labels[None])
    assert model(x).shape == (1, 2, 12, 12)
    optimizer = mg.optim.Adam(model.parameters(), lr=0.03)
    for _ in range(80):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), t)
        loss.backward()
        optimizer.step()
    assert (model(x).argmax(1) == t).float().mean().item() == 1


def test_N7_X10_three_printings_of_the_smiling_face():
    printed = {"16x15": pictures.SMILE, "16x20": pictures.SMILE_16X20, "15x16": pictures.SMILE_15X16}
    for name, picture in printed.items():
        np.testing.assert_array_equal(picture, golden(f"smile_picture_{name}"))
        assert set(np.unique(picture)) == {0, 2, 9}
        np.testing.assert_array_equal(picture[1:6, 1:6], golden("smile_region_needed_5x5"))
    np.testing.assert_array_equal(pictures.SMILE_BLOCK, golden("smile_region_needed_5x5"))
    np.testing.assert_array_equal(pictures.SMILE_REGION, golden("smile_region_printed_4x4"))
    features = {name: picture == 9 for name, picture in printed.items()}
    assert (features["16x15"] == features["16x15"][:, ::-1]).all(), "the canonical one has symmetric eyes and mouth"
    for name in ("16x20", "15x16"):
        rows, columns = np.nonzero(features[name])
        framed = features[name][rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
        assert (framed != framed[:, ::-1]).any(), name


def test_N8_the_first_values_are_random_and_belong_to_their_seed():
    def first(seed):
        mg.manual_seed(seed)
        return nn.Conv2d(1, 4, (2, 5)).weight.tolist()

    assert first(3) == first(3)
    assert first(3) != first(4)
    assert np.shape(first(3)) == (4, 1, 2, 5)


@pytest.mark.parametrize("axis", [0, 1])
def test_N8_training_finds_the_sobel_kernel(axis):
    """One 3×3 filter, shown pictures and their Sobel responses, becomes N28's kernel, turned for correlation."""
    mg.manual_seed(0)
    wanted = kernels.sobel(axis, as_correlation=True).weight.numpy()
    images = mg.randn(8, 1, 10, 10)
    responses = signal.convolve2d(images, mg.tensor(golden(f"sobel_{2 - axis}")[None, None]).float(), "valid")
    layer = nn.Conv2d(1, 1, 3, bias=False)
    before = layer.weight.tolist()
    optimizer = mg.optim.SGD(layer.parameters(), lr=0.2)
    for _ in range(60):
        optimizer.zero_grad()
        F.mse_loss(layer(images), responses).backward()
        optimizer.step()
    assert layer.weight.tolist() != before
    np.testing.assert_allclose(layer.weight[0, 0].detach().numpy(), wanted, atol=1e-3)
