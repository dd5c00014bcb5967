"""The convolution layer (N46–N56), as each of the notes writes it."""

import itertools
import tracemalloc

import numpy as np
import pytest

import minigrad as mg
import nn
from minigrad.errors import ShapeError
from minigrad.signal import convolve2d, correlate2d, rot180, toeplitz_matrix
from nn.notes import Conv2d, FullyConnectedMaps, KernelMatrix, Linear, count_parameters
from tests.notes.golden import entry, golden
from tests.samples import normal


def tensor(*shape, seed=0):
    """A leaf that requires gradients."""
    return mg.tensor(normal(*shape, seed=seed), requires_grad=True)


def correlated(x, w):
    """x ⋆ w of two matrices, by loops."""
    rows, columns = (n - k + 1 for n, k in zip(x.shape, w.shape, strict=True))
    return np.array(
        [[(x[i : i + w.shape[0], j : j + w.shape[1]] * w).sum() for j in range(columns)] for i in range(rows)]
    )


def same(ours, expected):
    """Equal to the last digits."""
    np.testing.assert_allclose(ours.detach().numpy(), np.asarray(expected), rtol=1e-10, atol=1e-12)


def filled(layer, weight, bias=None):
    """The layer in float64, with these values."""
    state = {"weight": mg.tensor(weight)} | ({} if bias is None else {"bias": mg.tensor(bias)})
    layer.double().load_state_dict(state)
    return layer


# ------------------------------------------------------------------ one operation


def test_N20_with_flip_the_layer_is_a_true_convolution():
    x, w = tensor(1, 2, 5, 6), normal(3, 2, 2, 3)
    flipped, plain = filled(Conv2d(2, 3, (2, 3), flip=True, bias=None), w), Conv2d(2, 3, (2, 3), bias=None)
    filled(plain, w[..., ::-1, ::-1].copy())
    same(flipped(x), plain(x).detach().numpy())
    g = mg.tensor(normal(1, 3, 4, 4, seed=1))
    for layer in (flipped, plain):
        (layer(x) * g).sum().backward()
    same(flipped.weight.grad, plain.weight.grad.numpy()[..., ::-1, ::-1])
    same(flipped(x)[0, 1], sum(convolve2d(x[0, c], mg.tensor(w[1, c]), "valid").detach().numpy() for c in (0, 1)))


def test_N20_X11_the_flag_is_load_bearing():
    region = mg.tensor(golden("smile_region_needed_5x5"))[None]
    weight = golden("smile_filter_2x2")[None, None]
    same(filled(Conv2d(1, 1, 2, bias=None), weight)(region)[0], golden("smile_conv_output"))
    same(filled(Conv2d(1, 1, 2, bias=None, flip=True), weight)(region)[0], golden("smile_true_convolution_output"))
    assert (golden("smile_conv_output") != golden("smile_true_convolution_output")).any()


def test_N21_weights_used_unflipped_are_a_convolution_with_their_rotation():
    x, w = tensor(6, 7), tensor(3, 2, seed=1)
    same(convolve2d(x, rot180(w), "valid"), correlate2d(x, w).detach().numpy())


# ------------------------------------------------------------------ several maps


def test_N46_a_layer_sums_correlations_over_the_input_maps():
    x, w = tensor(3, 6, 5), normal(2, 3, 2, 3)
    y = filled(Conv2d.after_a(3, 2, (2, 3)), w, np.zeros(2))(x)
    for o in range(2):
        same(y[o], sum(correlated(x[c].detach().numpy(), w[o, c]) for c in range(3)))


def test_N46_a_kernel_is_as_deep_as_the_input():
    for channels in (1, 2, 4):
        with pytest.raises(ShapeError, match=f"weight reads 3 channels, the input has {channels}"):
            Conv2d(3, 2, 2)(mg.zeros(1, channels, 5, 5))


def test_X23_the_kernel_moves_along_two_axes_and_the_volume_may_grow():
    x = mg.zeros(3, 8, 8)
    assert Conv2d(3, 2, 3)(x).shape == (2, 6, 6)  # note A's figure: the depth is summed away
    assert Conv2d(3, 16, 3)(x).numel() > x.numel()
    assert Conv2d(3, 3, 3, mode="full")(x).numel() > x.numel()


def test_N47_one_number_per_filter_is_added():
    x, w, b = tensor(2, 5, 5), normal(3, 2, 3, 3), normal(3)
    without = filled(Conv2d(2, 3, 3, bias=None), w)(x)
    same(filled(Conv2d.after_b(2, 3, 3), w, b)(x), without.detach().numpy() + b[:, None, None])


def test_N48_the_matrix_of_kernels():
    x, w, b = tensor(2, 5, 6), tensor(3, 2, 2, 3, seed=1), normal(3)
    K = KernelMatrix(w)
    for o in range(3):
        rows = [correlated(x[c].detach().numpy(), w[o, c].detach().numpy()) for c in (0, 1)]
        same((K @ x)[o], rows[0] + rows[1])
    layer = filled(Conv2d.after_d(2, 3, (2, 3)), w.detach().numpy(), b)
    same(layer(x), (K @ x).detach().numpy() + b[:, None, None])
    g = mg.tensor(normal(3, 4, 4, seed=2))
    (given,) = mg.autograd.grad(K @ x, [x], g)
    same(K.T.full_convolve(g), given.numpy())  # N124: rows and columns change places, the kernels stay as they are


def test_N49_a_matrix_of_biases_per_map():
    layer = Conv2d.after_e(3, 4, (1, 2), size=(7, 9))
    assert layer.weight.shape == (4, 3, 3, 5)  # (2h₁ + 1) × (2h₂ + 1)
    assert layer.bias.shape == (4, 5, 5) == layer(mg.zeros(3, 7, 9)).shape
    same(layer(mg.zeros(3, 7, 9)), layer.bias.detach().numpy())


def unit(bias, kernels, maps, h, r, s):
    """Note E's formula for unit (r, s) of one map, the kernel counted from its centre."""
    total = bias[r, s]
    for k, y in zip(kernels, maps, strict=True):
        for u, v in itertools.product(range(-h[0], h[0] + 1), range(-h[1], h[1] + 1)):
            total += k[u + h[0], v + h[1]] * y[r + h[0] + u, s + h[1] + v]  # X67: shifted by h into the map
    return total


def test_N50_X51_the_formula_of_one_unit_is_a_correlation():
    h, x = (1, 2), normal(2, 6, 7)
    layer = Conv2d.after_e(2, 3, h, size=(6, 7)).double()
    y, w, b = (t.detach().numpy() for t in (layer(mg.tensor(x)), layer.weight, layer.bias))
    for i, r, s in np.ndindex(y.shape):
        assert y[i, r, s] == pytest.approx(unit(b[i], w[i], x, h, r, s))
    flipped = unit(b[0], w[0, :, ::-1, ::-1], x, h, 0, 0)  # what (8) would mean: a true convolution
    assert abs(flipped - y[0, 0, 0]) > 1e-3


def test_X67_an_unshifted_centre_leaves_the_map():
    x = np.arange(1.0, 10.0).reshape(3, 3)
    kernel = np.zeros((3, 3))
    kernel[0, 0] = 1
    shifted = unit(np.zeros((1, 1)), [kernel], [x], (1, 1), 0, 0)
    assert shifted == x[0, 0] == correlated(x, kernel)[0, 0]
    assert x[0 - 1, 0 - 1] == x[2, 2] != shifted  # at r = s = 0 the index −1 is outside; NumPy reads the other end


def test_X53_weights_are_stored_output_first():
    layer = Conv2d.after_e(2, 5, 1, size=4)
    assert layer.weight.shape[:2] == (5, 2)
    x = mg.zeros(2, 4, 4)
    x[1] = 1
    (g,) = mg.autograd.grad(layer(x)[3].sum(), [layer.weight])
    assert sorted(set(zip(*(axis.tolist() for axis in np.nonzero(g.numpy())[:2]), strict=True))) == [(3, 1)]


def test_X54_a_map_has_as_many_units_as_its_two_sizes_give():
    maps, rows, columns = Conv2d.after_e(3, 4, 1, size=(7, 9)).bias.shape
    assert (maps, rows, columns) == (4, 5, 7)
    assert rows * columns == 35 != maps * rows  # printed: m₁·m₂ units


def test_N51_X79_note_c_convolves_and_subtracts():
    a, w, b = tensor(2, 5, 6), normal(3, 2, 2, 3), normal(3, 2)
    layer = filled(Conv2d.after_c(2, 3, (2, 3)), w, b)
    for o in range(3):
        turned = w[o, :, ::-1, ::-1]
        p = sum(correlated(a[k].detach().numpy(), turned[k]) - b[o, k] for k in (0, 1))
        same(layer(a)[o], p)
    plain = filled(Conv2d(2, 3, (2, 3)), w[..., ::-1, ::-1].copy(), -b.sum(1))
    same(layer(a), plain(a).detach().numpy())
    same(layer.kernels @ a, (plain.kernels @ a).detach().numpy())  # the kernels as they lie on the input
    g = mg.tensor(normal(3, 4, 4, seed=1))
    for one in (layer, plain):
        (one(a) * g).sum().backward()
    same(layer.weight.grad, plain.weight.grad.numpy()[..., ::-1, ::-1])
    same(layer.bias.grad, -np.repeat(plain.bias.grad.numpy()[:, None], 2, axis=1))


def test_N51_the_dense_counterpart():
    layer, a = Linear(3, 2, bias_sign=-1).double(), tensor(3)
    w, b = layer.weight.detach().numpy(), layer.bias.detach().numpy()
    same(layer(a), w @ a.detach().numpy() - b)


@pytest.mark.parametrize("sign", [1, -1])
def test_N52_N121_X45_gradients_of_every_kind_of_bias(sign):
    x, g = tensor(2, 3, 5, 5), normal(2, 4, 3, 3, seed=1)
    per_map = sign * g.sum((0, 2, 3))
    for bias, expected in (
        ("channel", per_map),
        ("pair", np.repeat(per_map[:, None], 3, axis=1)),  # the same for every input map
        ("map", sign * g.sum(0)),
    ):
        layer = Conv2d(3, 4, 3, bias=bias, bias_sign=sign, size=5 if bias == "map" else None).double()
        (layer(x) * mg.tensor(g)).sum().backward()
        same(layer.bias.grad, expected)


def test_N52_values_of_every_kind_of_bias():
    x, w = tensor(3, 5, 5), normal(4, 3, 3, 3)
    without = filled(Conv2d(3, 4, 3, bias=None), w)(x).detach().numpy()
    channel, pair, units = normal(4), normal(4, 3, seed=1), normal(4, 3, 3, seed=2)
    same(filled(Conv2d(3, 4, 3), w, channel)(x), without + channel[:, None, None])
    same(filled(Conv2d(3, 4, 3, bias="pair"), w, pair)(x), without + pair.sum(1)[:, None, None])
    same(filled(Conv2d(3, 4, 3, bias="map", size=5, bias_sign=-1), w, units)(x), without - units)


def test_X35_of_a_bias_per_pair_only_the_sum_acts():
    x, w, b = tensor(2, 5, 5), normal(3, 2, 3, 3), normal(3, 2)
    other = b + np.array([1.5, -1.5])
    same(filled(Conv2d.after_c(2, 3, 3), w, other)(x), filled(Conv2d.after_c(2, 3, 3), w, b)(x).detach().numpy())


@pytest.mark.parametrize("channels", entry("colour_depths").values())
def test_N53_images_go_the_way_of_feature_maps(channels):
    layer = Conv2d.after_e(channels, 2, 1, size=6)
    assert layer(mg.zeros(channels, 6, 6)).shape == layer(mg.zeros(1, channels, 6, 6))[0].shape == (2, 4, 4)


# ------------------------------------------------------------------ dense and convolutional


def test_N54_one_by_one_kernels_on_one_by_one_maps_are_a_dense_layer():
    x, w, b = tensor(5, 2), normal(3, 2), normal(3)
    dense = filled(Linear(2, 3), w, b)
    layer = filled(Conv2d.after_d(2, 3, 1), w[..., None, None], b)
    same(layer(x[..., None, None])[..., 0, 0], dense(x).detach().numpy())
    same(KernelMatrix(mg.tensor(w[..., None, None])) @ x[0, :, None, None], (w @ x[0].detach().numpy())[:, None, None])


def test_N54_the_layer_as_one_matrix():
    w = normal(1, 1, 2, 3)
    layer = filled(Conv2d(1, 1, (2, 3), bias=None), w)
    basis = mg.eye(4 * 5, dtype=mg.float64).reshape(20, 1, 4, 5)
    T = layer(basis).detach().numpy().reshape(20, 9).T
    x, g = tensor(1, 4, 5), normal(1, 3, 3, seed=1)
    same(layer(x).flatten(), T @ x.detach().numpy().ravel())
    (given,) = mg.autograd.grad(layer(x), [x], mg.tensor(g))
    same(given.flatten(), T.T @ g.ravel())
    assert sorted(set(T[T != 0])) == sorted(w.ravel())  # sharing: the same six numbers again and again
    assert (T != 0).sum(1).tolist() == [6] * 9  # locality: zeros elsewhere


@pytest.mark.parametrize("operator", ["correlation", "convolution"])
@pytest.mark.parametrize(
    "options",
    [
        {"mode": "valid"}, {"mode": "same"}, {"mode": "full"}, {"stride": (2, 1), "padding": 1},
        {"dilation": 2, "mode": "same"}, {"mode": "same", "border": "reflect"}, {"mode": "same", "border": "wrap"},
    ],
    ids=str,
)  # fmt: skip
def test_N54_the_matrix_and_its_transpose(operator, options):
    """T·vec(x) is the map, Tᵀ·vec(g) the input's gradient (N124), dense or sparse; even kernels, uneven sides."""
    x, w = tensor(4, 5), tensor(2, 3, seed=1)
    T = toeplitz_matrix(w, (4, 5), operator=operator, **options).detach()
    if "padding" in options:
        kernel = rot180(w) if operator == "convolution" else w
        y = mg.conv2d(x[None, None], kernel[None, None], **options)[0, 0]
    else:
        y = (convolve2d if operator == "convolution" else correlate2d)(x, w, **options)
    same(y.flatten(), (T @ x.detach().flatten()).numpy())
    g = mg.tensor(normal(*y.shape, seed=2))
    (given,) = mg.autograd.grad(y, [x], g)
    same(given.flatten(), (T.T @ g.flatten()).numpy())
    sparse = toeplitz_matrix(w, (4, 5), operator=operator, sparse=True, **options)
    np.testing.assert_array_equal(sparse.toarray(), T.numpy())


@pytest.mark.parametrize("groups", [1, 2])
def test_N54_the_matrix_of_a_bank_of_kernels(groups):
    x, w = tensor(2, 4, 5), tensor(4, 2 // groups, 2, 3, seed=1)
    T = toeplitz_matrix(w, (2, 4, 5), groups=groups)
    same(mg.conv2d(x[None], w, groups=groups).flatten(), (T @ x.flatten()).detach().numpy())


def test_N55_X13_a_kernel_of_16_by_16_on_a_colour_image():
    layer, image = Conv2d.after_a(3, 1, 16), mg.randn(3, 256, 256)
    assert layer.weight.numel() == 768  # 16·16·3: a kernel is as deep as the image
    assert count_parameters(layer) == entry("parameter_counts")["A_16x16x3_one_filter_with_bias"]
    with mg.no_grad():
        layer(image[:, :32, :32])  # what is kept between calls is in place
        tracemalloc.start()
        y = layer(image)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert y.shape == (1, 241, 241)
    patches = 241 * 241 * 768 * 4
    assert peak < patches / 4, "all patches side by side were in memory"
    patch = image[:, 100:116, 37:53]
    assert y[0, 100, 37].item() == pytest.approx((patch * layer.weight[0]).sum().item() + layer.bias.item(), rel=1e-4)


def test_N55_the_products_of_patches_with_the_kernel():
    x, w = tensor(1, 2, 5, 6), normal(3, 2, 2, 3)
    columns = mg.im2col(x, (2, 3))
    same(columns[0, :, 5], x.detach().numpy()[0, :, 1:3, 1:4].ravel())  # place (1, 1), row by row
    y = mg.tensor(w.reshape(3, 12)) @ columns[0]
    same(y.reshape(3, 4, 4), filled(Conv2d(2, 3, (2, 3), bias=None), w)(x)[0].detach().numpy())
    ones, back = mg.ones(1, 12, 16, dtype=mg.float64), mg.tensor(normal(1, 12, 16))
    adjoint = mg.col2im(back, (5, 6), (2, 3))
    assert (columns * back).sum().item() == pytest.approx((x * adjoint).sum().item())
    assert mg.col2im(ones, (5, 6), (2, 3)).max().item() == 6  # an inner pixel is in six patches


def test_N56_without_a_detector_two_convolutions_are_one():
    first, second = normal(2, 1, 3, 2), normal(1, 2, 2, 3, seed=1)
    x = tensor(1, 7, 8)
    layers = [filled(Conv2d(1, 2, (3, 2), bias=None), first), filled(Conv2d(2, 1, (2, 3), bias=None), second)]
    # (x ⋆ a) ⋆ b = x ⋆ (a *_full b), summed over the maps in between
    joint = sum(convolve2d(mg.tensor(first[c, 0]), mg.tensor(second[0, c]), "full").numpy() for c in (0, 1))
    one = filled(Conv2d(1, 1, (4, 4), bias=None), joint[None, None])
    linear = nn.Sequential(layers[0], nn.Identity(), layers[1])
    detecting = nn.Sequential(layers[0], nn.ReLU(), layers[1])
    same(linear(x), one(x).detach().numpy())
    assert (detecting(x) - one(x)).abs().max().item() > 0.1


def test_N56_convolution_detector_pooling():
    stage = nn.Sequential(Conv2d.after_a(1, 4, 3), nn.ReLU(), nn.MaxPool2d(2), FullyConnectedMaps(4, 5, 3))
    assert stage(mg.randn(2, 1, 12, 12)).shape == (2, 3)
