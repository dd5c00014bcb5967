"""Why convolution and not a dense layer (N57–N64), with the errata X48 and X73."""

import numpy as np
import pytest

import minigrad as mg
import nn
import nn.functional as F
from minigrad import signal
from minigrad.autograd import gradcheck
from tests.notes.golden import entry

DOUBLE = {"dtype": mg.float64}


def close(found, expected, tolerance=1e-11):
    np.testing.assert_allclose(found.detach().numpy(), expected.detach().numpy(), rtol=tolerance, atol=tolerance)


def trained(model, images, labels, steps=60):
    """The losses of a model that is shown all images at each step."""
    optimizer = mg.optim.Adam(model.parameters(), lr=0.02)
    losses = []
    for _ in range(steps):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(images), labels)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


def test_N57_a_dense_net_does_not_know_which_pixels_are_neighbours():
    """The same permutation of every image's pixels, and of the first layer's weights: nothing changes."""
    mg.manual_seed(0)
    images, labels = mg.randn(12, 36), mg.arange(12) % 3
    order = mg.randperm(36)
    first = nn.Sequential(nn.Linear(36, 8), nn.Tanh(), nn.Linear(8, 3))
    second = nn.Sequential(nn.Linear(36, 8), nn.Tanh(), nn.Linear(8, 3))
    state = first.state_dict()
    second.load_state_dict({**state, "0.weight": state["0.weight"][:, order]})
    losses = trained(first, images, labels), trained(second, images[:, order], labels)
    np.testing.assert_allclose(*losses, rtol=1e-3, atol=1e-5)
    conv = nn.Conv2d(1, 2, 3)
    shuffled = images[:, order]
    of_both = [conv(one.reshape(12, 1, 6, 6)).flatten() for one in (images, shuffled)]
    assert (of_both[0].sort()[0] - of_both[1].sort()[0]).abs().max().item() > 0.1, "a convolution sees the difference"


def test_N58_the_number_of_images():
    counts = entry("pattern_counts_32x32")
    assert 2 ** (32 * 32) == 2**1024
    assert 256 ** (32 * 32) == 256**1024 == 2**8192
    assert len(str(2**1024)) == counts["black_white_decimal_digits"]
    # Python writes no longer integers by default, so these digits are counted by comparing.
    assert 10 ** (counts["gray_decimal_digits"] - 1) <= 2**8192 < 10 ** counts["gray_decimal_digits"]


def bars(column):
    """An upright and a lying bar at one place of a picture, away from its border."""
    upright, lying = mg.zeros(1, 16, 20), mg.zeros(1, 16, 20)
    upright[:, 5:10, column + 2] = 1
    lying[:, 7, column : column + 5] = 1
    return mg.stack([upright, lying])


def test_N59_a_dense_net_that_learnt_one_place_does_not_know_the_next():
    """Two bars are learnt, then moved to pixels that were never lit: to the dense net, both are a blank picture."""
    mg.manual_seed(0)
    dense = nn.Sequential(nn.Flatten(), nn.Linear(320, 40), nn.ReLU(), nn.Linear(40, 2))
    nn.init.zeros_(dense[1].weight)  # all that it knows of a pixel is what it learns
    convolution = nn.Sequential(nn.Conv2d(1, 4, 5), nn.ReLU(), nn.AdaptiveMaxPool2d(1), nn.Flatten(), nn.Linear(4, 2))
    assert nn.notes.count_parameters(dense) == 12922 > 100 * nn.notes.count_parameters(convolution)
    known, moved, labels = bars(4), bars(9), mg.tensor([0, 1])
    for model in (dense, convolution):
        assert trained(model, known, labels)[-1] < 0.3
        assert model(known).argmax(1).tolist() == [0, 1]
    assert convolution(moved).tolist() == convolution(known).tolist()
    assert dense(moved).tolist() == dense(mg.zeros(2, 1, 16, 20)).tolist()


# ------------------------------------------------- locality and sharing: N60–N63


def local_layer(c_in=2, c_out=3, kernel_size=(2, 3), size=(4, 5)):
    layer = nn.notes.LocallyConnected2d(c_in, c_out, kernel_size, size).double()
    return layer, layer.weight.shape[-2:]


def test_N60_X48_local_connections_written_out():
    """y_i = Σ_c Σ_{j∈L_p} w^c_ij x^c_j + b_i, the weight with an index for the unit, the channel and the place."""
    layer, (rows, columns) = local_layer()
    x, w, b = mg.randn(1, 2, 4, 5, **DOUBLE), layer.weight, layer.bias
    expected = np.zeros((3, rows, columns))
    for o, r, s in np.ndindex(expected.shape):
        patch = x[0, :, r : r + 2, s : s + 3]
        expected[o, r, s] = (w[o, :, :, :, r, s] * patch).sum().item() + b[o, r, s].item()
    close(layer(x)[0], mg.tensor(expected))
    with mg.no_grad():
        layer.weight.copy_(layer.weight[:, :1].expand(layer.weight.shape).clone())
    # Weights without an index for the channel merely filter the sum of the channels.
    close(layer(x), layer(x.sum(1, keepdim=True).expand(1, 2, 4, 5) / 2))


def test_N60_a_masked_dense_layer_is_a_local_one():
    layer, (rows, columns) = local_layer()
    x = mg.randn(2, 2, 4, 5, **DOUBLE)
    matrix = mg.zeros(3 * rows * columns, 2 * 4 * 5, **DOUBLE)
    for unit, (o, r, s) in enumerate(np.ndindex(3, rows, columns)):
        seen = mg.zeros(2, 4, 5, **DOUBLE)
        seen[:, r : r + 2, s : s + 3] = layer.weight[o, :, :, :, r, s].detach()
        matrix[unit] = seen.flatten()
    assert (matrix != 0).sum().item() == layer.weight.numel(), "the mask leaves so many weights"
    dense = F.linear(x.flatten(1), matrix, layer.bias.flatten())
    close(layer(x).flatten(1), dense)


def test_N60_tied_weights_make_it_a_convolution():
    layer, places = local_layer()
    shared = mg.randn(3, 2, 2, 3, **DOUBLE)
    with mg.no_grad():
        layer.weight.copy_(shared[..., None, None].expand(3, 2, 2, 3, *places).clone())
        layer.bias.zero_()
    x = mg.randn(2, 2, 4, 5, **DOUBLE)
    close(layer(x), mg.conv2d(x, shared))


@pytest.mark.parametrize(("stride", "padding"), [(2, 0), (1, 1), ((2, 3), (2, 1))])
def test_N60_with_stride_and_padding(stride, padding):
    layer = nn.notes.LocallyConnected2d(2, 3, (2, 3), (4, 5), stride=stride, padding=padding).double()
    x, shared = mg.randn(2, 2, 4, 5, **DOUBLE), mg.randn(3, 2, 2, 3, **DOUBLE)
    with mg.no_grad():
        layer.weight.copy_(shared[..., None, None].expand(layer.weight.shape).clone())
        layer.bias.zero_()
    close(layer(x), mg.conv2d(x, shared, stride=stride, padding=padding))


def test_N60_local_connections_have_a_gradient():
    layer, _ = local_layer()
    x = mg.randn(1, 2, 4, 5, requires_grad=True, **DOUBLE)
    assert gradcheck(lambda x, w, b: nn.notes.functional.locally_connected2d(x, w, b), (x, layer.weight, layer.bias))


def test_N62_the_gradient_of_a_shared_kernel_is_the_sum_of_the_unshared_ones():
    layer, places = local_layer()
    shared = mg.randn(3, 2, 2, 3, requires_grad=True, **DOUBLE)
    with mg.no_grad():
        layer.weight.copy_(shared[..., None, None].expand(3, 2, 2, 3, *places).clone())
    x, g = mg.randn(2, 2, 4, 5, **DOUBLE), mg.randn(2, 3, *places, **DOUBLE)
    mg.conv2d(x, shared).backward(g)
    layer(x).backward(g)
    close(shared.grad, layer.weight.grad.sum((-2, -1)))
    close(layer.bias.grad, g.sum(0))


def test_N61_receptive_fields_of_lenet():
    wanted = entry("lenet5_derived")["receptive_fields"]
    layers = [(5, 1), (2, 2), (5, 1), (2, 2), (5, 1)]
    assert signal.receptive_field(layers) == wanted == [1, 5, 6, 14, 16, 32]
    x = mg.randn(1, 1, 32, 32, requires_grad=True, **DOUBLE)
    y = x
    for (kernel, stride), field in zip(layers, wanted[1:], strict=True):
        if stride == 1:
            y = mg.tanh(mg.conv2d(y, mg.rand(1, 1, kernel, kernel, **DOUBLE) + 0.1))
        else:
            y = mg.avg_pool2d(y, kernel)
        (reached,) = mg.autograd.grad(y[0, 0, 0, 0], x, retain_graph=True)
        rows, columns = np.nonzero(reached[0, 0].numpy())
        assert (rows.max() + 1, columns.max() + 1, rows.min(), columns.min()) == (field, field, 0, 0)


@pytest.mark.parametrize("layers", [[(3, 2, 2), (2, 1), (3, 1, 3)], [((3, 2), (1, 2)), (2, 2), ((2, 5), 1, (2, 1))]])
def test_N61_with_dilation_and_by_axis(layers):
    """What the recursion says is what the gradient of one unit reaches."""
    fields = signal.receptive_field(layers)
    last = fields[-1] if isinstance(fields[-1], tuple) else (fields[-1],) * 2
    x = y = mg.zeros(1, 1, *last, requires_grad=True, **DOUBLE)
    for kernel, stride, *dilation in layers:
        size = kernel if isinstance(kernel, tuple) else (kernel, kernel)
        y = mg.conv2d(y, mg.ones(1, 1, *size, **DOUBLE), stride=stride, dilation=dilation[0] if dilation else 1)
    assert y.shape == (1, 1, 1, 1), "the field is just large enough for one unit"
    y.backward()
    rows, columns = np.nonzero(x.grad[0, 0].numpy())
    assert (rows.min(), columns.min(), rows.max() + 1, columns.max() + 1) == (0, 0, *last)


def test_N61_a_field_spans_the_whole_depth():
    assert (
        signal.convolution_parameters(3, 1, 5, bias=False)
        == entry("parameter_counts")["A_receptive_field_5x5x3_weights"]
    )
    x = mg.randn(1, 3, 9, 9, requires_grad=True)
    mg.conv2d(x, mg.ones(1, 3, 5, 5))[0, 0, 2, 1].backward()
    assert (x.grad != 0).sum().item() == 75


def test_N63_parameter_counts():
    counts = entry("parameter_counts")
    assert signal.convolution_parameters(1, 6, 5) == counts["lenet_C1_shared"] == 156
    assert signal.local_parameters(1, 6, 5, 28) == counts["lenet_C1_local_unshared"] == 122304
    assert signal.dense_parameters(32 * 32, 6 * 28 * 28) == counts["lenet_C1_fully_connected"] == 4821600
    assert signal.convolution_parameters(3, 1, 16) == counts["A_16x16x3_one_filter_with_bias"] == 769
    map_size = signal.output_size(256, 16) ** 2
    assert signal.dense_parameters(256 * 256 * 3, map_size) == counts["A_same_map_fully_connected"] == 11419247329


def test_N63_layers_have_as_many_as_the_formulae_say():
    shared, local = nn.Conv2d(1, 6, 5), nn.notes.LocallyConnected2d(1, 6, 5, size=32)
    assert nn.notes.count_parameters(shared) == 156
    assert nn.notes.count_parameters(local) == 122304
    local.weight.requires_grad_(False)
    assert nn.notes.count_parameters(local) == 6 * 28 * 28, "what is frozen is not learnt"
    assert nn.notes.count_parameters(nn.models.LeNet5()) == sum(entry("lenet5_derived")["parameters"].values())


# ----------------------------------------------------------------- XOR: N64


POINTS, XOR = mg.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]), mg.tensor([0, 1, 1, 0])


def most_right(model, steps=150):
    """The most points that a model got right at any step of its training."""
    optimizer = mg.optim.Adam(model.parameters(), lr=0.1)
    best = 0
    for _ in range(steps):
        optimizer.zero_grad()
        z = model(POINTS)[:, 0]
        best = max(best, int(((z > 0) == (XOR == 1)).sum().item()))
        F.binary_cross_entropy_with_logits(z, XOR.float()).backward()
        optimizer.step()
    return best


def test_N64_one_layer_cannot_do_xor_and_a_hidden_one_can():
    for seed in range(3):
        mg.manual_seed(seed)
        assert most_right(nn.Linear(2, 1)) < 4
    mg.manual_seed(0)
    assert most_right(nn.Sequential(nn.Linear(2, 4), nn.Tanh(), nn.Linear(4, 1))) == 4
    # No half-plane does it: the two sums of opposite corners are equal, whatever the weights.
    for w, b in np.random.default_rng(0).normal(0, 3, (1000, 2, 2)):
        z = POINTS.numpy() @ w + b[0]
        assert z[0] + z[3] == pytest.approx(z[1] + z[2], abs=1e-5)


def stepped(points, weight, bias):
    return (F.linear(points, mg.tensor(weight), mg.tensor(bias)) > 0).float()


def test_N64_hand_set_weights_give_xor():
    hidden = stepped(POINTS, [[1.0, 1.0], [1.0, 1.0]], [-0.5, -1.5])  # or, and
    assert stepped(hidden, [[1.0, -1.0]], [-0.5])[:, 0].tolist() == XOR.tolist()


def test_X73_one_hidden_layer_gives_a_region_that_is_not_convex():
    """The union of two half-planes, x > 1 or x < −1, from two hidden units: both ends are in it, the middle is not."""
    line = mg.tensor([[-2.0, 0.0], [0.0, 0.0], [2.0, 0.0]])
    hidden = stepped(line, [[1.0, 0.0], [-1.0, 0.0]], [-1.0, -1.0])
    assert stepped(hidden, [[1.0, 1.0]], [-0.5])[:, 0].tolist() == [1, 0, 1]
