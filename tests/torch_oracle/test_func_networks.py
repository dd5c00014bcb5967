"""Derivatives of networks by minigrad.func and torch.func: drawn ones, and products with the Hessian of LeNet-5."""

import numpy as np
import pytest
import torch
import torch.nn.functional as G
from hypothesis import given
from hypothesis import strategies as st

import minigrad as mg
import minigrad.nn.functional as F
from minigrad import nn
from tests.torch_oracle.compare import drawn, normal
from tests.torch_oracle.test_func import agree, assert_same_tree

FUNCTIONS = {mg: F, torch: G}

# Layers on (N, 2, 4, 4) maps that keep the number of channels and two axes.
LAYERS = {
    "conv": lambda lib, f, x, w: f.conv2d(x, w, padding=1),
    "strided": lambda lib, f, x, w: f.conv2d(x, w, stride=2, padding=(1, 2)),
    "dilated": lambda lib, f, x, w: f.conv2d(x, w, dilation=2, padding=2),
    "grouped": lambda lib, f, x, w: f.conv2d(x, w[:, :1], padding=1, groups=2),
    "transposed": lambda lib, f, x, w: f.conv_transpose2d(x, w, padding=1),
    "max": lambda lib, f, x, w: f.max_pool2d(x, 2, stride=1, padding=1),
    "average": lambda lib, f, x, w: f.avg_pool2d(x, 2, stride=1, padding=1, count_include_pad=False),
    "adaptive": lambda lib, f, x, w: f.adaptive_avg_pool2d(x, (3, 2)),
    "batch norm": lambda lib, f, x, w: f.batch_norm(x, None, None, w[0, :, 0, 0], w[0, :, 0, 1], training=True),
    "layer norm": lambda lib, f, x, w: f.layer_norm(x, x.shape[-2:]),
    "group norm": lambda lib, f, x, w: f.group_norm(x, 1, w[0, :, 1, 0], w[0, :, 1, 1]),
    "response norm": lambda lib, f, x, w: f.local_response_norm(x, 2, alpha=0.5),
    "tanh": lambda lib, f, x, w: lib.tanh(x),
    "relu": lambda lib, f, x, w: f.relu(x),
    "gelu": lambda lib, f, x, w: f.gelu(x),
    "softplus": lambda lib, f, x, w: f.softplus(x),
    "elu": lambda lib, f, x, w: f.elu(x),
    "softmax": lambda lib, f, x, w: f.softmax(x, 1),
    "reflected": lambda lib, f, x, w: f.pad(x, (1, 0, 0, 1), mode="reflect"),
    "padded": lambda lib, f, x, w: f.pad(x, (1, 0, 0, 1), value=0.5),
    "resized": lambda lib, f, x, w: f.interpolate(x, scale_factor=2, mode="bilinear"),
    "skip": lambda lib, f, x, w: x + lib.sigmoid(x),
    "joined": lambda lib, f, x, w: lib.cat([x, x * x], 2),
    "turned": lambda lib, f, x, w: lib.flip(x.transpose(2, 3), (2,)),
}

# From logits (N, 3) and labels (N,) to a number.
LOSSES = {
    "cross entropy": lambda lib, f, z, t: f.cross_entropy(z, t),
    "smooth": lambda lib, f, z, t: f.cross_entropy(z, t, label_smoothing=0.1),
    "likelihood": lambda lib, f, z, t: f.nll_loss(z.tanh(), t),
    "squares": lambda lib, f, z, t: f.mse_loss(z, f.one_hot(t, 3).to(z.dtype)),
    "huber": lambda lib, f, z, t: f.smooth_l1_loss(z, f.one_hot(t, 3).to(z.dtype), beta=0.7),
    "binary": lambda lib, f, z, t: f.binary_cross_entropy_with_logits(z, f.one_hot(t, 3).to(z.dtype)),
    "divergence": lambda lib, f, z, t: f.kl_div(
        f.log_softmax(z, 1), f.softmax(f.one_hot(t, 3).to(z.dtype), 1), reduction="batchmean"
    ),
}


def network(lib, layers, loss):
    f = FUNCTIONS[lib]

    def value(parameters, x):
        for name in layers:
            x = LAYERS[name](lib, f, x, parameters["w"])
        features = x.mean((2, 3))
        logits = features @ parameters["v"]
        return LOSSES[loss](lib, f, logits, lib.tensor([0, 2]))

    return value


PARAMETERS = {"v": normal(2, 3, seed=1), "w": normal(2, 2, 3, 3) / 3}
TANGENTS = {"v": normal(2, 3, seed=2), "w": normal(2, 2, 3, 3, seed=3)}
IMAGES = normal(2, 2, 4, 4)


@drawn(80)
@given(st.lists(st.sampled_from(sorted(LAYERS)), min_size=1, max_size=4), st.sampled_from(sorted(LOSSES)))
def test_drawn_networks(layers, loss):
    def derivatives(lib, f, parameters, tangents, x):
        value = network(lib, layers, loss)
        output, pushed = f.jvp(value, (parameters, x), (tangents, x))
        gradient, same = f.grad_and_value(value, (0, 1))(parameters, x)
        of_parameters = lambda p: f.grad(value)(p, x)  # noqa: E731
        (reverse,) = f.vjp(of_parameters, parameters)[1](tangents)
        # PyTorch's forward mode over reverse mode stops at some layers; the Hessian is symmetric.
        forward = f.jvp(of_parameters, (parameters,), (tangents,))[1] if lib is mg else reverse
        return output, pushed, gradient, same, forward, reverse

    agree(derivatives, PARAMETERS, TANGENTS, IMAGES)


@pytest.mark.parametrize("loss", LOSSES)
def test_jacobians_and_hessians_of_losses(loss):
    def derivatives(lib, f, z):
        value = lambda z: LOSSES[loss](lib, FUNCTIONS[lib], z, lib.tensor([0, 2]))  # noqa: E731
        return f.jacrev(value)(z), f.jacfwd(value)(z), f.hessian(value)(z), f.jacrev(f.jacrev(value))(z)

    agree(derivatives, normal(2, 3))


@pytest.mark.parametrize("layer", LAYERS)
def test_jacobians_of_layers(layer):
    def derivatives(lib, f, x, w):
        value = lambda x, w: LAYERS[layer](lib, FUNCTIONS[lib], x, w) + w.sum()  # noqa: E731
        return [getattr(f, mode)(value, (0, 1))(x, w) for mode in ("jacrev", "jacfwd")]

    agree(derivatives, normal(1, 2, 3, 3), normal(2, 2, 3, 3, seed=1))


# ---------------------------------------------------------------------- LeNet-5


def lenets(activation, pooling):
    """The same network in both libraries, in float64."""
    ours = nn.models.LeNet5(activation=getattr(nn, activation), pooling=getattr(nn, pooling)).double()
    act, pool = getattr(torch.nn, activation), getattr(torch.nn, pooling)
    theirs = torch.nn.Module()
    theirs.features = torch.nn.Sequential(
        torch.nn.Conv2d(1, 6, 5), act(), pool(2), torch.nn.Conv2d(6, 16, 5), act(), pool(2),
        torch.nn.Conv2d(16, 120, 5), act(),
    )  # fmt: skip
    theirs.classifier = torch.nn.Sequential(
        torch.nn.Flatten(), torch.nn.Linear(120, 84), act(), torch.nn.Linear(84, 10)
    )
    theirs.forward = lambda x: theirs.classifier(theirs.features(x))
    theirs.double()
    theirs.load_state_dict({name: torch.from_numpy(one.numpy()) for name, one in ours.state_dict().items()})
    return {mg: ours, torch: theirs}


@pytest.mark.parametrize(("activation", "pooling"), [("Tanh", "AvgPool2d"), ("ReLU", "MaxPool2d")])
def test_products_with_the_hessian_of_lenet(activation, pooling):
    mg.manual_seed(0)
    networks = lenets(activation, pooling)
    start = {name: one.detach().numpy().copy() for name, one in networks[mg].named_parameters()}
    images, labels = normal(2, 1, 32, 32), np.array([3, 7])
    direction = {name: normal(*one.shape, seed=5) for name, one in start.items()}
    found = {}
    for lib in (mg, torch):
        f = lib.func
        x, t = lib.tensor(images), lib.tensor(labels)
        parameters = {name: lib.tensor(one) for name, one in start.items()}
        v = {name: lib.tensor(one) for name, one in direction.items()}

        def loss(parameters, lib=lib, f=f, x=x, t=t):
            return FUNCTIONS[lib].cross_entropy(f.functional_call(networks[lib], parameters, (x,)), t)

        gradient, forward = f.jvp(f.grad(loss), (parameters,), (v,))
        (reverse,) = f.vjp(f.grad(loss), parameters)[1](v)
        found[lib] = loss(parameters), gradient, forward, reverse
        if lib is mg:
            assert_forward_is_reverse(forward, reverse)
            value, (product,) = f.hvp(loss, (parameters,), (v,))
            assert value.item() == found[mg][0].item()
            assert_forward_is_reverse(product, reverse)
    assert_same_tree(found[mg], found[torch])


def assert_forward_is_reverse(forward, reverse):
    for name, one in forward.items():
        assert np.allclose(one.numpy(), reverse[name].numpy(), 1e-9, 1e-12), name
