"""Every network of `nn.models` against its own source executed on PyTorch: state, outputs, gradients, buffers."""

import inspect

import numpy as np
import pytest
import torch

import minigrad as mg
from minigrad import nn
from tests.torch_oracle.compare import LOOSE, OURS, THEIRS, compare_runs, normal
from tests.torch_oracle.modules import same_state
from tests.torch_oracle.sources import MODELS, in_torch

IMAGE = (3, 3, 64, 64)
# Name, arguments, shape of the input. Small widths; no dropout, whose numbers the libraries draw differently.
CASES = [
    ("LeNet5", {}, (2, 1, 32, 32)),
    ("LeNet5", {"num_classes": 5, "in_channels": 2, "input_size": 28}, (2, 2, 28, 28)),
    ("ConvAutoencoder", {"widths": (3, 4), "latent_size": 5}, (2, 1, 28, 28)),
    ("ConvAutoencoder", {"input_size": 16, "in_channels": 2, "widths": (3, 4, 5), "logits": True}, (2, 2, 16, 16)),
    ("ConvAutoencoder", {"widths": (3, 4), "latent_size": 5, "downsampling": "pool", "upsampling": "unpool"},
     (2, 1, 28, 28)),
    ("ConvAutoencoder", {"input_size": 8, "widths": (3, 4), "downsampling": "pool", "upsampling": "nearest",
                         "skip": True}, (2, 1, 8, 8)),
    ("ConvAutoencoder", {"input_size": 16, "widths": (3, 4, 2), "latent_size": None, "upsampling": "bilinear"},
     (2, 1, 16, 16)),
    ("ConvAutoencoder", {"input_size": 16, "in_channels": 2, "widths": (3, 4, 2), "latent_size": 6, "skip": True},
     (2, 2, 16, 16)),
    ("ClassicCNN", {}, (2, 1, 28, 28)),
    ("ClassicCNN", {"num_classes": 4, "in_channels": 2, "input_size": 17, "widths": (3, 5), "kernel_size": 2,
                    "pool_size": 3, "redundant_relu": False}, (2, 2, 17, 17)),
    ("ConvNet28", {}, (2, 1, 28, 28)),
    ("ConvNet28", {"num_classes": 3, "in_channels": 2, "pad_total": 4, "pool": "average"}, (2, 2, 28, 28)),
    ("LeCun89", {}, (3, 1, 12, 12)),
    ("LeCun89", {"gain": 3.0, "input_size": 17, "h": (2, 0), "n_out": 4}, (2, 1, 17, 17)),
    ("VGG", {"depth": 11, "num_classes": 4, "widths": (2, 3, 4, 5, 5), "hidden": 6, "dropout": 0.0}, IMAGE),
    ("vgg16_bn", {"num_classes": 4, "widths": (2, 3, 4, 5, 5), "hidden": 6, "dropout": 0.0}, IMAGE),
    ("vgg19", {"num_classes": 4, "in_channels": 1, "widths": (4,) * 5, "hidden": 5, "dropout": 0.0}, (1, 1, 32, 32)),
    ("resnet18", {"num_classes": 5, "width": 2}, IMAGE),
    ("resnet34", {"num_classes": 5, "width": 2, "in_channels": 1}, (3, 1, 64, 64)),
    ("resnet50", {"num_classes": 5, "width": 2}, IMAGE),
    ("CifarResNet", {"depth": 14, "num_classes": 5, "width": 2}, (3, 3, 16, 16)),
    ("resnet20", {"num_classes": 5, "width": 2, "in_channels": 1}, (3, 1, 12, 12)),
    ("DenseNet", {"growth_rate": 3, "block_config": (2, 3, 2, 2), "num_init_features": 4, "num_classes": 5}, IMAGE),
    ("GoogLeNet", {"num_classes": 5, "width": 0.05, "dropout": 0.0}, IMAGE),
    ("MobileNetV1", {"num_classes": 5, "width": 0.1}, IMAGE),
    ("MobileNetV2", {"num_classes": 5, "width_mult": 0.25, "round_nearest": 2, "last_channel": 8, "dropout": 0.0},
     IMAGE),
    ("UNet", {"in_channels": 2, "num_classes": 3, "width": 3, "depth": 2}, (2, 2, 12, 16)),
    ("UNet", {"width": 2, "depth": 3, "bilinear": True}, (2, 1, 16, 16)),
    ("DCGANGenerator", {"latent_size": 5, "width": 3, "image_size": 16}, (3, 5, 1, 1)),
    ("DCGANDiscriminator", {"width": 3, "image_size": 16}, (3, 3, 16, 16)),
    ("DCGANDiscriminator", {"in_channels": 1, "width": 3, "image_size": 8, "logits": True}, (3, 1, 8, 8)),
]  # fmt: skip
IDS = [f"{name}-{number}" for number, (name, _, _) in enumerate(CASES)]


def pair(name, options, double=True):
    """The network in both libraries, with PyTorch's weights."""
    theirs = getattr(MODELS, name)(**options)
    ours = getattr(nn.models, name)(**options)
    with torch.no_grad():
        for key, buffer in theirs.named_buffers():  # not those of a fresh network
            if buffer.is_floating_point():
                buffer.uniform_(0.5, 1.5) if key.endswith("var") else buffer.uniform_(-0.3, 0.3)
        for parameter in theirs.parameters():
            if parameter.dim() > 1:  # the initial weights of some are so small that nothing would arrive
                torch.nn.init.kaiming_normal_(parameter)
            else:
                parameter.uniform_(0.2, 1.0)  # biases that keep units alive
    if double:
        ours.double()
        theirs.double()
    ours.load_state_dict(theirs.state_dict())
    return ours, theirs


@pytest.mark.parametrize("train", [True, False], ids=["train", "eval"])
@pytest.mark.parametrize(("name", "options", "shape"), CASES, ids=IDS)
def test_networks(name, options, shape, train):
    networks = pair(name, options)
    for network in networks:
        network.train(train)
    same_state(*networks)
    runs = [
        side.run(network, [normal(*shape)], 1, list(network.parameters()))
        for side, network in zip((OURS, THEIRS), networks, strict=True)
    ]
    compare_runs(*runs, f"{name} ", 1e-9, 1e-10)
    same_state(*networks)
    assert all(np.abs(gradient).max() > 0 for gradient in runs[1].gradients[0]), "a gradient that tests nothing"


@pytest.mark.parametrize("train", [True, False], ids=["train", "eval"])
@pytest.mark.parametrize(("name", "options", "shape"), CASES, ids=IDS)
def test_networks_in_float32(name, options, shape, train):
    networks = pair(name, options, double=False)
    for network in networks:
        network.train(train)
    runs = [
        side.run(network, [normal(*shape).astype(np.float32)], 1, list(network.parameters()))
        for side, network in zip((OURS, THEIRS), networks, strict=True)
    ]
    # In training, tens of layers divide by deviations of few numbers, which magnifies what either library rounds.
    limits = {"rtol": 1e-3, "atol": 1e-4} if train else LOOSE
    compare_runs(*runs, f"{name} in float32 ", **limits)
    same_state(*networks, **LOOSE)


@pytest.mark.parametrize(("name", "options", "shape"), CASES, ids=IDS)
def test_repr_names_the_same_layers(name, options, shape):
    ours, theirs = pair(name, options)
    assert [(path, type(one).__name__) for path, one in ours.named_modules()] == [
        (path, type(one).__name__) for path, one in theirs.named_modules()
    ]


def test_every_network_is_compared():
    networks = {name for name in nn.models.__all__ if inspect.isclass(getattr(nn.models, name))}
    parts = {"BasicBlock", "Bottleneck", "Inception", "InvertedResidual"}
    compared = {type(getattr(nn.models, name)(**options)).__name__ for name, options, _ in CASES}
    assert compared == networks - parts


def test_initial_values_have_the_same_spread():
    """The mean and deviation of every weight, where it has enough of them to tell."""
    for name, options in (
        ("VGG", {"depth": 11, "widths": (16, 16, 16, 16, 16), "hidden": 64, "num_classes": 64}),
        ("resnet18", {"width": 8}), ("resnet50", {"width": 8, "zero_init_residual": True}), ("resnet20", {}),
        ("MobileNetV2", {"width_mult": 0.5}), ("MobileNetV1", {"width": 0.5}), ("GoogLeNet", {"width": 0.2}),
        ("DenseNet", {"block_config": (2, 2), "num_init_features": 32}), ("DCGANGenerator", {"width": 8}),
        ("DCGANDiscriminator", {"width": 8}),
    ):  # fmt: skip
        ours, theirs = getattr(nn.models, name)(**options), getattr(MODELS, name)(**options)
        for (key, p), q in zip(ours.named_parameters(), theirs.parameters(), strict=True):
            a, b = p.detach().numpy(), q.detach().numpy()
            if b.std() == 0:
                np.testing.assert_array_equal(a, b, err_msg=f"{name} {key}")
            elif b.size > 1000:
                np.testing.assert_allclose(a.std(), b.std(), rtol=0.15, err_msg=f"{name} {key}")
                assert abs(a.mean()) < 6 * b.std() / np.sqrt(b.size) + abs(b.mean()), f"{name} {key}"


@pytest.mark.parametrize(("name", "count"), [
    ("vgg11", 132_863_336), ("vgg16", 138_357_544), ("resnet18", 11_689_512), ("resnet34", 21_797_672),
    ("resnet50", 25_557_032), ("resnet101", 44_549_160), ("resnet152", 60_192_808), ("densenet121", 7_978_856),
    ("densenet161", 28_681_000), ("densenet169", 14_149_480), ("densenet201", 20_013_928),
    ("mobilenet_v1", 4_231_976), ("mobilenet_v2", 3_504_872), ("googlenet", 6_624_904),
])  # fmt: skip
def test_published_numbers_of_parameters(name, count):
    with torch.device("meta"):
        assert sum(p.numel() for p in getattr(MODELS, name)().parameters()) == count


def test_the_source_is_changed_in_its_imports_only():
    errors = "from minigrad.errors import ShapeError\nx = mg.ones(1)\n"
    assert in_torch("import minigrad as mg\nfrom ..conv import Conv2d\n" + errors) == (
        "import torch as mg\nfrom torch.nn import Conv2d\n" + errors
    )
    with pytest.raises(AssertionError, match="from minigrad import"):
        in_torch("from minigrad import random\n")


def test_both_refuse_with_the_same_words():
    for name, options, shape in (
        ("UNet", {"depth": 2, "width": 1}, (1, 1, 10, 12)), ("LeNet5", {}, (1, 1, 28, 28)),
    ):  # fmt: skip
        texts = []
        for library, models in ((mg, nn.models), (torch, MODELS)):
            with pytest.raises(mg.errors.ShapeError) as caught:
                getattr(models, name)(**options)(library.zeros(shape))
            texts.append(str(caught.value))
        assert texts[0].startswith(texts[1].replace("torch.Size([1, 1, 28, 28])", "(1, 1, 28, 28)"))
