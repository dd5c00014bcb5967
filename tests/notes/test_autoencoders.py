"""Autoencoders, transposed convolution, skips and joined layers (N134–N140)."""

import itertools

import numpy as np
import pytest

import minigrad as mg
import nn
from minigrad.autograd import gradcheck
from minigrad.errors import ArgumentError, ShapeError
from minigrad.signal import full_convolve2d, output_size, transposed_output_size
from nn.models import ConvAutoencoder
from tests.notes.golden import entry, golden
from tests.samples import normal

X, K = golden("transposed_conv_input"), golden("transposed_conv_kernel")


def tensor(*shape, seed=0):
    """A leaf that requires gradients."""
    return mg.tensor(normal(*shape, seed=seed), requires_grad=True)


def transposed(x, kernel, stride=1):
    """The transposed convolution of one matrix."""
    return mg.conv_transpose2d(mg.tensor(x)[None], mg.tensor(kernel)[None, None], stride=stride).numpy()[0]


def scattered(x, kernel, stride):
    """Each number times the kernel, added at steps of the stride."""
    rows, columns = ((n - 1) * stride + k for n, k in zip(x.shape, kernel.shape, strict=True))
    y = np.zeros((rows, columns))
    for i, j in np.ndindex(x.shape):
        y[i * stride : i * stride + kernel.shape[0], j * stride : j * stride + kernel.shape[1]] += x[i, j] * kernel
    return y


# ------------------------------------------------------------------ autoencoders


def test_N134_sizes_and_the_latent_vector():
    sizes = entry("autoencoder_sizes")
    k, s, p, beyond = (sizes[name] for name in ("kernel", "stride", "pad", "out_pad"))
    down = up = mg.zeros(1, 1, 28, 28)
    encoder, decoder = [28], [7]
    for _ in range(2):
        down = nn.Conv2d(1, 1, k, s, p)(down)
        encoder.append(down.shape[-1])
    up = down
    for _ in range(2):
        up = nn.ConvTranspose2d(1, 1, k, s, p, beyond)(up)
        decoder.append(up.shape[-1])
    assert (encoder, decoder) == (sizes["encoder"], sizes["decoder"])
    model = ConvAutoencoder(widths=(4, 8), latent_size=6)
    x = mg.zeros(3, 1, 28, 28)
    assert model(x).shape == x.shape
    assert model.encode(x).shape == (3, 6)


def test_N134_the_reconstruction_improves():
    mg.manual_seed(0)
    model = ConvAutoencoder(input_size=8, widths=(4, 8), latent_size=6)
    x = mg.zeros(6, 1, 8, 8)
    for n in range(6):
        x[n, 0, :, n + 1] = 1
    optimizer = mg.optim.Adam(model.parameters(), lr=0.01)
    losses = []
    for _ in range(150):
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(model(x), x)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    best_constant = x.var(unbiased=False).item()
    assert losses[-1] < 0.6 * best_constant < 0.6 * losses[0]


# ------------------------------------------------------------------ transposed convolution


@pytest.mark.parametrize("stride", [1, 2, 3])
def test_N135_every_number_spreads_the_kernel(stride):
    x, w = normal(3, 4), normal(2, 3, seed=1)
    np.testing.assert_allclose(transposed(x, w, stride), scattered(x, w, stride), rtol=1e-10, atol=1e-13)
    if stride == 1:
        np.testing.assert_allclose(
            transposed(x, w), full_convolve2d(mg.tensor(x), mg.tensor(w)).numpy(), rtol=1e-10, atol=1e-13
        )


def test_N135_the_example_with_stride_two():
    np.testing.assert_array_equal(transposed(X, K, 2), golden("transposed_conv_stride2"))


@pytest.mark.parametrize(("stride", "padding"), [(1, 0), (2, 1), (3, 0)])
def test_N135_its_two_gradients(stride, padding):
    x, w = tensor(1, 1, 3, 4), tensor(1, 1, 3, 3, seed=1)

    def run(x, w):
        return mg.conv_transpose2d(x, w, stride=stride, padding=padding)

    y = run(x, w)
    g = normal(*y.shape, seed=2)
    by_x, by_w = mg.autograd.grad(y, [x, w], mg.tensor(g))
    whole = np.pad(g[0, 0], padding)  # what was cut from the output has no gradient
    expected_x, expected_w = np.zeros((3, 4)), np.zeros((3, 3))
    for i, j in np.ndindex(3, 4):
        block = whole[stride * i : stride * i + 3, stride * j : stride * j + 3]
        expected_x[i, j] = (block * w.detach().numpy()[0, 0]).sum()  # G ⋆ K with the stride
        expected_w += x[0, 0, i, j].item() * block
    np.testing.assert_allclose(by_x.numpy()[0, 0], expected_x, rtol=1e-10, atol=1e-13)
    np.testing.assert_allclose(by_w.numpy()[0, 0], expected_w, rtol=1e-10, atol=1e-13)
    assert gradcheck(run, (x, w), order=2)


def test_X29_it_is_the_adjoint_and_no_inverse():
    x, w = mg.tensor(normal(1, 1, 5, 5)), mg.tensor(normal(1, 1, 3, 3, seed=1))
    there_and_back = mg.conv_transpose2d(mg.conv2d(x, w), w)
    assert there_and_back.shape == x.shape
    ratio = (there_and_back / x).numpy()
    assert ratio.max() - ratio.min() > 1  # not even a multiple of x: "deconvolution" undoes nothing


SIZES = [
    (n, k, s, p) for n in range(1, 20) for k in range(1, 6) for s in range(1, 4) for p in range(3) if k <= n + 2 * p
]


def test_N136_its_size_undoes_that_of_the_convolution():
    for n, k, s, p in SIZES:
        o = output_size(n, k, s, p)
        beyond = (n + 2 * p - k) % s
        assert 0 <= beyond < s
        assert transposed_output_size(o, k, s, p, beyond) == (o - 1) * s - 2 * p + k + beyond == n


def test_N136_the_layer_gives_these_sizes():
    for n, k, s, p in SIZES[:: len(SIZES) // 40]:
        o, beyond = output_size(n, k, s, p), (n + 2 * p - k) % s
        layer = nn.ConvTranspose2d(1, 1, k, s, p, beyond, bias=False)
        assert layer(mg.zeros(1, 1, o, o)).shape == (1, 1, n, n)
    with pytest.raises(ArgumentError, match="output_padding"):
        nn.ConvTranspose2d(1, 1, 3, 2, output_padding=2)(mg.zeros(1, 1, 3, 3))


def test_X26_the_padding_of_the_transposed_formula_counts_each_side():
    o = output_size(28, 3, 1, pad_total=2)  # note B's own formula for a convolution: p is the total
    assert o == output_size(28, 3, 1, 1) == 28
    assert transposed_output_size(o, 3, 1, 1) == (o - 1) * 1 - 2 * 1 + 3 == 28
    assert transposed_output_size(o, 3, 1, 2) == 26 != 28  # the same p in both formulae does not lead back


def test_N137_X33_the_worked_example_and_its_four_parts():
    parts = entry("transposed_conv_partials")
    total = np.zeros((3, 3))
    for name, block in parts.items():  # printed in the order 00, 01, 11, 10; the names say where they belong
        i, j = int(name[1]), int(name[2])
        assert float(name.partition("=")[2]) == X[i, j]
        one = np.zeros_like(X)
        one[i, j] = X[i, j]
        part = transposed(one, K)
        np.testing.assert_array_equal(part[i : i + 2, j : j + 2], block)
        assert np.count_nonzero(part) == np.count_nonzero(block)
        total += part
    np.testing.assert_array_equal(total, golden("transposed_conv_output"))
    np.testing.assert_array_equal(transposed(X, K), golden("transposed_conv_output"))
    in_order = sorted(parts)
    assert list(parts) != in_order
    swapped = np.zeros((3, 3))  # read row by row the printed order would put 3·K and 2·K in each other's place
    for (i, j), block in zip(np.ndindex(2, 2), parts.values(), strict=True):
        swapped[i : i + 2, j : j + 2] += block
    assert (swapped != golden("transposed_conv_output")).any()


@pytest.mark.parametrize(("stride", "padding", "dilation"), list(itertools.product((1, 2, 3), (0, 1), (1, 2))))
def test_N138_the_two_are_adjoint(stride, padding, dilation):
    x, w = tensor(2, 3, 9, 8), tensor(4, 3, 3, 2, seed=1)
    sizes = {"stride": stride, "padding": padding, "dilation": dilation}
    forward = mg.conv2d(x, w, **sizes)
    u = mg.tensor(normal(*forward.shape, seed=2))
    layer = nn.ConvTranspose2d(4, 3, (3, 2), stride, padding, bias=False, dilation=dilation).double()
    layer.load_state_dict({"weight": w.detach()})  # the same array, not rotated
    back = layer(u, output_size=x.shape[2:])
    assert (forward * u).sum().item() == pytest.approx((x * back).sum().item(), rel=1e-10)
    (given,) = mg.autograd.grad(forward, [x], u)
    np.testing.assert_allclose(given.numpy(), back.detach().numpy(), rtol=1e-10, atol=1e-12)


# ------------------------------------------------------------------ skips and joined layers


def test_N139_a_skip_is_a_sum_and_the_gradient_goes_both_ways():
    block = nn.Conv2d(2, 2, 3, padding=1).double()
    x, g = tensor(1, 2, 4, 4), mg.tensor(normal(1, 2, 4, 4, seed=1))
    skip = nn.Residual(block)
    (through,) = mg.autograd.grad(block(x), [x], g)
    (given,) = mg.autograd.grad(skip(x), [x], g)
    np.testing.assert_allclose(given.numpy(), (through + g).numpy(), rtol=1e-12)
    assert gradcheck(skip, x, order=2)


def test_N139_a_block_of_zeros_is_the_identity():
    block = nn.Conv2d(2, 2, 3, padding=1)
    for parameter in block.parameters():
        nn.init.zeros_(parameter)
    x = mg.randn(1, 2, 4, 4)
    assert nn.Residual(block)(x).tolist() == x.tolist()


def test_N139_what_is_used_several_times_gathers_its_gradients():
    x = tensor(3)
    y = x * 2
    (y + mg.sin(y) + y * y).sum().backward()
    v = 2 * x.detach().numpy()
    np.testing.assert_allclose(x.grad.numpy(), 2 * (1 + np.cos(v) + 2 * v), rtol=1e-12)


def test_N140_joined_maps_and_their_gradients():
    first, second = nn.Conv2d(2, 3, 3, padding=1).double(), nn.Conv2d(2, 1, 1).double()
    x, g = tensor(1, 2, 4, 4), mg.tensor(normal(1, 4, 4, 4, seed=1))
    joined = nn.Concat(first, second)
    assert joined(x).shape == (1, 4, 4, 4)
    (given,) = mg.autograd.grad(joined(x), [x], g)
    (one,) = mg.autograd.grad(first(x), [x], g[:, :3])
    (other,) = mg.autograd.grad(second(x), [x], g[:, 3:])
    np.testing.assert_allclose(given.numpy(), (one + other).numpy(), rtol=1e-12)
    assert gradcheck(joined, x, order=2)


def test_N140_maps_of_other_sizes_cannot_be_joined():
    with pytest.raises(ShapeError, match="along which they are joined"):
        nn.Concat(nn.Identity(), nn.Conv2d(2, 2, 3))(mg.zeros(1, 2, 5, 5))


def test_N140_a_u_shaped_autoencoder():
    model = ConvAutoencoder(input_size=8, widths=(2, 3), latent_size=None, skip=True)
    x = mg.randn(2, 1, 8, 8, requires_grad=True)
    assert model(x).shape == x.shape
    model(x).sum().backward()
    assert all(p.grad is not None and p.grad.any() for p in model.parameters())
