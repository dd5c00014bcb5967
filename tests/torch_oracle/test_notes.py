"""The layers of `nn.notes` against PyTorch: values, first and second derivatives, by formulae written there anew."""

import numpy as np
import pytest
import torch
import torch.nn.functional as G

import minigrad as mg
import nn.notes.functional as F
from nn import notes
from tests.torch_oracle import notes_layers
from tests.torch_oracle.compare import compare, normal, positive
from tests.torch_oracle.modules import compare_modules

MAPS = normal(2, 3, 6, 7)


@pytest.mark.parametrize("flip", [False, True], ids=["correlation", "convolution"])
@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("bias", ["channel", "pair", "map", None])
def test_conv2d(bias, sign, flip):
    options = {"flip": flip, "bias_sign": sign}
    ours = notes.Conv2d(
        3, 2, (2, 3), stride=(2, 1), padding=((1, 0), (2, 1)), dilation=(1, 2), bias=bias,
        size=(6, 7) if bias == "map" else None, **options,
    )  # fmt: skip
    shape = () if ours.bias is None else ours.bias.shape
    theirs = notes_layers.Conv2d(
        3, 2, (2, 3), stride=(2, 1), padding=((1, 0), (2, 1)), dilation=(1, 2), bias=shape, **options
    )
    ours.load_state_dict(theirs.state_dict())
    compare_modules(ours, theirs, MAPS)
    compare_modules(ours, theirs, MAPS[0])


def locally(x, w, b):
    """Each place with a kernel of its own."""
    channels, *kernel = w.shape[1:4]
    columns = G.unfold(x, tuple(kernel), stride=2, padding=1).reshape(len(x), channels, *kernel, *w.shape[4:])
    return torch.einsum("ncklrs,ocklrs->nors", columns, w) + b


def test_locally_connected2d():
    w, b = normal(2, 3, 3, 2, 3, 4), normal(2, 3, 4)
    compare(lambda x, w, b: F.locally_connected2d(x, w, b, 2, 1), locally, normal(2, 3, 6, 6), w, b)


def test_fully_connected_maps():
    compare(
        F.fully_connected_maps,
        lambda x, w, b: torch.einsum("njrs,ijrs->ni", x, w) + b,
        MAPS, normal(4, 3, 6, 7), normal(4),
    )  # fmt: skip


def test_linear():
    compare(
        lambda a, w, b: F.linear(a, w, b, -1), lambda a, w, b: G.linear(a, w) - b,
        normal(2, 3), normal(4, 3), normal(4),
    )  # fmt: skip


@pytest.mark.parametrize("k", [0.5, 3.0])
def test_smooth_functions(k):
    compare(lambda x: F.softplus(x, k), lambda x: torch.log1p(torch.exp(k * x)) / k, MAPS)
    compare(lambda x: F.smooth_sign(x, k), lambda x: 2 * torch.sigmoid(k * x) - 1, MAPS)
    compare(lambda x: F.smooth_abs(x, k), lambda x: 2 / k * torch.log(torch.cosh(k * x / 2)), MAPS)


def test_gain():
    compare(F.gain, lambda x, g: x * g[:, None, None], MAPS, normal(3))


@pytest.mark.parametrize("border", ["reflect", "replicate", "circular"])
def test_subtractive_norm(border):
    grid = torch.arange(-1, 2, dtype=torch.float64)
    window = torch.exp(-(grid[:, None] ** 2 + grid**2) / (2 * 1.3**2))
    window = (window / window.sum())[None, None]

    def theirs(x):
        mean = G.pad(x.mean(1, keepdim=True), (1, 1, 1, 1), border)
        return x - G.conv2d(mean, window.to(x.dtype))

    compare(lambda x: F.subtractive_norm(x, 1.3, 3, border), theirs, MAPS)


@pytest.mark.parametrize("channels", [3, 4])
def test_N79_brightness_norm_is_a_local_response_norm_over_all_maps(channels):
    x, every = normal(2, channels, 4, 5), 2 * channels - 1
    kappa, lam, mu = 2.0, 0.3, 0.75
    compare(
        lambda x: F.brightness_norm(x, kappa, lam, mu),
        lambda x: G.local_response_norm(x, every, lam * every, mu, kappa), x,
    )  # fmt: skip
    for window in (1, 2, 3):
        compare(
            lambda x, window=window: F.brightness_norm(x, kappa, lam, mu, window),
            lambda x, window=window: G.local_response_norm(x, window, lam * window, mu, kappa), x,
        )  # fmt: skip


def windows(x, k, s):
    """(N, C, k·k, places)"""
    return G.unfold(x, k, stride=s).reshape(*x.shape[:2], k * k, -1)


def test_pools():
    x = positive(2, 3, 6, 6)
    compare(lambda x: F.subsample2d(x, skip=(0, 2)), lambda x: x[..., ::3], MAPS)
    for k, s in ((2, 2), (3, 1)):
        compare(lambda x, k=k, s=s: F.l2_pool2d(x, k, s), lambda x, k=k, s=s: G.lp_pool2d(x, 2, k, s), MAPS)
        for p in (1, 1.5, 3):
            compare(
                lambda x, k=k, s=s, p=p: F.lp_mean_pool2d(x, p, k, s).flatten(2),
                lambda x, k=k, s=s, p=p: (windows(x, k, s).abs() ** p).mean(2) ** (1 / p), MAPS,
            )  # fmt: skip
        compare(
            lambda x, k=k, s=s: F.stochastic_pool2d(x, k, s, training=False).flatten(2),
            lambda x, k=k, s=s: (windows(x, k, s) ** 2).sum(2) / windows(x, k, s).sum(2), x,
        )  # fmt: skip


def test_losses():
    y, t = positive(3, 4), normal(3, 4)
    compare(F.sum_squared_error, lambda y, t: G.mse_loss(y, t, reduction="sum"), y, t)
    compare(F.half_squared_error, lambda y, t: G.mse_loss(y, t, reduction="sum") / 2, y, t)
    shares = y / y.sum(1, keepdims=True)
    compare(F.cross_entropy, lambda y, t: -(t * torch.log(y)).sum(), shares, positive(3, 4, seed=1))


def test_N98_of_the_logits_the_cross_entropy_is_pytorchs():
    z, labels = normal(5, 4), np.array([0, 3, 1, 1, 2])
    targets = notes.one_hot(labels, 4, dtype=mg.float64)
    compare(
        lambda z: F.cross_entropy(mg.softmax(z, 1), targets.to(z.dtype)),
        lambda z: G.cross_entropy(z, torch.from_numpy(labels), reduction="sum"), z,
    )  # fmt: skip
