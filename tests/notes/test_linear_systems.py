"""Linear systems, convolution and correlation (N9–N22), with the errata X1, X2, X4, X24, X25 and X32."""

import numpy as np
import pytest
import scipy.signal

import minigrad as mg
import nn
from minigrad import signal
from minigrad.autograd import gradcheck
from minigrad.signal import (
    convolve,
    convolve2d,
    convolve_sampled,
    correlate,
    correlate2d,
    kernels,
    normalized_correlation,
    pictures,
    rot180,
)
from tests.notes.golden import entry, golden

SOURCE = np.random.default_rng(20)
PAIRS = [((5,), (3,)), ((4,), (4,)), ((3,), (6,)), ((5, 4), (3, 2)), ((4, 4), (2, 3)), ((3, 4, 2), (2, 2, 3))]


def whole(*shape):
    return SOURCE.integers(-5, 6, shape).astype(float)


def summed(terms):
    """Σ over the terms {place: value} of a formula that is written as a loop."""
    total = {}
    for place, value in terms:
        total[place] = total.get(place, 0) + value
    return total


def normal(t, sigma):
    return np.exp(-(t**2) / (2 * sigma**2)) / (np.sqrt(2 * np.pi) * sigma)


# ------------------------------------------ linear and time-invariant: N9, N18


def by_a_ramp(x):
    return x * mg.arange(x.shape[0], dtype=x.dtype)


@pytest.mark.parametrize(("system", "linear", "invariant"), [
    (lambda x: signal.convolve(x, np.array([1.0, -2.0, 0.5], np.float32), "same"), True, True),
    (lambda x: signal.correlate(x, np.array([1.0, -2.0, 0.5], np.float32), "full"), True, True),
    (lambda x: signal.moving_average(x, 2), True, True),
    (lambda x: x * x, False, True),
    (lambda x: x**3 / (x * x).sum(), False, True),
    (by_a_ramp, True, False),
    (lambda x: mg.flip(x), True, False),
    (lambda x: x + 1, False, True),
], ids=["convolution", "correlation", "average", "square", "scaling only", "ramp", "reversal", "offset"])  # fmt: skip
def test_N9_X4_both_properties_are_needed(system, linear, invariant):
    """The square is time-invariant and the ramp linear: the formula that the note prints says half of it."""
    assert signal.is_linear(system, 24) is linear
    assert signal.is_shift_invariant(system, 24, 2) is invariant


def test_N18_wrapped_borders_make_it_exact():
    x, w = mg.randn(9, 8, dtype=mg.float64), mg.randn(3, 4, dtype=mg.float64)

    def filtered(image):
        return signal.convolve(image, w, "same", border="wrap")

    for shift in ((1, 0), (0, 1), (-3, 5)):
        moved, expected = filtered(mg.roll(x, shift, (0, 1))), mg.roll(filtered(x), shift, (0, 1))
        np.testing.assert_allclose(moved.numpy(), expected.numpy(), rtol=1e-12, atol=1e-14)
    assert signal.is_shift_invariant(filtered, (9, 8), (2, 3), margin=0, dtype=mg.float64)


def test_N18_zero_borders_spoil_the_margin_only():
    x, w = mg.randn(20, dtype=mg.float64), mg.randn(5, dtype=mg.float64)
    wrong = mg.roll(signal.convolve(x, w, "same"), 3) - signal.convolve(mg.roll(x, 3), w, "same")
    spoilt = np.nonzero(np.abs(wrong.numpy()) > 1e-12)[0]
    assert set(spoilt) <= {0, 1, 2, 3, 4, 18, 19}, "the shift and half a kernel at the left, half a kernel at the right"
    assert len(spoilt) > 0

    def filtered(signal_in):
        return signal.convolve(signal_in, w, "same")

    assert not signal.is_shift_invariant(filtered, 20, 3, margin=0, dtype=mg.float64)
    assert signal.is_shift_invariant(filtered, 20, 3, margin=5, dtype=mg.float64)


@pytest.mark.parametrize("stride", [2, 3])
def test_N18_a_strided_convolution_follows_whole_strides(stride):
    w = mg.randn(1, 1, 3)

    def strided(x):
        padded = mg.pad(x, 1, "wrap")
        return mg.conv1d(padded[None, None], w, stride=stride)[0, 0]

    for shift in range(1, 7):
        if shift % stride == 0:
            assert signal.is_shift_invariant(strided, 12, shift, stride=stride, margin=0)
        else:
            assert not signal.is_shift_invariant(strided, 12, shift, margin=0)


def test_N18_dense_layers_follow_no_shift():
    assert signal.is_linear(nn.Linear(10, 10, bias=False), 10)
    assert not signal.is_shift_invariant(nn.Linear(10, 10, bias=False), 10)


def test_N18_a_maximum_stays_while_its_winner_is_in_the_window():
    x = mg.zeros(1, 1, 8)
    x[0, 0, 4] = 5
    pooled = [mg.max_pool1d(mg.roll(x, shift, 2), 4).flatten().tolist() for shift in range(5)]
    assert pooled == [[0, 5]] * 4 + [[5, 0]]


# ------------------------------------------------------- continuous and sampled


@pytest.mark.parametrize("dt", [0.2, 0.1, 0.05])
def test_N10_N11_two_normal_densities_make_a_third(dt):
    t = dt * np.arange(-round(8 / dt), round(8 / dt) + 1)
    y = convolve_sampled(normal(t, 0.8), normal(t, 0.6), dt, "same").numpy()
    assert np.abs(y - normal(t, 1.0)).max() < 1e-9


def test_N11_two_boxes_make_a_triangle_and_the_error_falls_with_the_step():
    errors = []
    for n in (4, 8, 16, 32, 64):
        dt = 1 / n
        t = dt * np.arange(2 * n - 1)
        y = convolve_sampled(np.ones(n), np.ones(n), dt).numpy()
        errors.append(np.abs(y - np.minimum(t, 2 - t)).max())
    assert np.allclose(errors, 1 / np.array([4, 8, 16, 32, 64]))


def test_N10_the_rectangles_of_a_plane_have_two_sides():
    """∬ of a box of 1 × 1 over itself is 1, however far apart the samples are along each axis."""
    for rows, columns in ((4, 4), (2, 5)):
        box, steps = np.ones((rows, columns)), (1 / rows, 1 / columns)
        for dt in [steps, *([steps[0]] if rows == columns else [])]:
            y = convolve_sampled(box, box, dt)
            assert y.max().item() == pytest.approx(1, rel=1e-12)
            assert y.sum().item() * steps[0] * steps[1] == pytest.approx(1, rel=1e-12)


def test_N11_a_layer_of_one_axis_correlates_with_the_reversed_kernel():
    example = entry("modes_1d_example")
    layer = nn.Conv1d(1, 1, 3, padding=2, bias=False).double()
    layer.load_state_dict({"weight": mg.tensor(np.array(example["h"][::-1], float)[None, None])})
    assert layer(mg.tensor(np.array(example["x"], float)[None]))[0].tolist() == example["convolution"]["full"]


@pytest.mark.parametrize("mode", ["full", "same", "valid"])
def test_N11_the_sum_over_the_filter_is_numpys(mode):
    x, h = whole(7), whole(4)
    full = summed((i + n, h[n] * x[i]) for i in range(7) for n in range(4))
    assert convolve(x, h).tolist() == [full[i] for i in range(10)]
    assert np.array_equal(convolve(x, h, mode).numpy(), np.convolve(x, h, mode))


def test_X32_an_index_that_runs_over_the_filter_indexes_the_filter():
    f, g = whole(6), whole(3)

    def at(signal, i):
        return signal[i] if 0 <= i < len(signal) else 0.0

    y = convolve(f, g).tolist()
    by_filter = [sum(at(f, n - m) * g[m] for m in range(3)) for n in range(8)]
    as_printed = [sum(f[m] * at(g, n - m) for m in range(3)) for n in range(8)]
    assert y == by_filter == [sum(f[m] * at(g, n - m) for m in range(6)) for n in range(8)]
    assert y != as_printed


# ------------------------------------------------------------------ two dimensions


@pytest.mark.parametrize("mode", ["full", "same", "valid"])
def test_N12_convolution_of_images_is_the_double_sum_and_scipys(mode):
    x, h = whole(5, 6), whole(3, 2)
    terms = summed(
        ((i + m, j + n), h[m, n] * x[i, j]) for i in range(5) for j in range(6) for m in range(3) for n in range(2)
    )
    full = np.array([[terms[i, j] for j in range(7)] for i in range(7)])
    begin, sizes = {"full": ((0, 0), (7, 7)), "same": ((1, 0), (5, 6)), "valid": ((2, 1), (3, 5))}[mode]
    expected = full[begin[0] : begin[0] + sizes[0], begin[1] : begin[1] + sizes[1]]
    assert np.array_equal(convolve(x, h, mode).numpy(), expected)
    assert np.array_equal(convolve2d(x, h, mode).numpy(), scipy.signal.convolve2d(x, h, mode))


@pytest.mark.parametrize(("n", "k"), PAIRS)
def test_N13_convolution_is_correlation_with_the_kernel_rotated(n, k):
    x, h = whole(*n), whole(*k)
    assert np.array_equal(convolve(x, h).numpy(), correlate(x, np.flip(h).copy()).numpy())
    if len(k) <= 2:
        assert mg.equal(convolve(x, h), correlate(x, rot180(h)))


def test_X1_one_sign_cannot_stand_for_both_operators():
    x, h = whole(5, 5), whole(3, 3)
    y = convolve(x, h)
    assert mg.equal(y, correlate(x, rot180(h)))
    assert not mg.equal(y, convolve(x, rot180(h))), "the sign × read as convolution in both of note A's places"


def test_X2_the_printed_indices_do_not_depend_on_the_column():
    x, h = whole(6, 6), whole(3, 2)
    printed = [[sum(h[m, n] * x[i + m, i + n] for m in range(3) for n in range(2)) for _ in range(5)] for i in range(4)]
    mended = [[sum(h[m, n] * x[i + m, j + n] for m in range(3) for n in range(2)) for j in range(5)] for i in range(4)]
    assert correlate2d(x, h).tolist() == mended != printed
    assert all(len(set(row)) == 1 for row in printed)


# ------------------------------------------------------------------ correlation


def test_N14_correlation_is_numpys_and_scipys():
    x, h = whole(8), whole(3)
    for mode in ("full", "same", "valid"):
        assert np.array_equal(correlate(x, h, mode).numpy(), np.correlate(x, h, mode))
        assert np.array_equal(correlate(x, h, mode).numpy(), scipy.signal.correlate(x, h, mode, method="direct"))
    assert correlate(x, h, "valid").tolist() == [sum(h[n] * x[i + n] for n in range(3)) for i in range(6)]


def test_N15_the_four_notations_are_one_correlation():
    image, kernel, h = whole(6, 7), whole(3, 3), 1
    y = correlate(image, kernel, "valid").numpy()
    assert np.array_equal(y, scipy.signal.correlate2d(image, kernel, "valid"))
    for i, j in np.ndindex(y.shape):
        note_a = sum(kernel[m, n] * image[i + m, j + n] for m, n in np.ndindex(3, 3))
        filter_first = sum(kernel[a, b] * image[i + a, j + b] for a, b in np.ndindex(3, 3))
        note_c = sum(image[i + r, j + s] * kernel[r, s] for r, s in np.ndindex(3, 3))
        x, y_ = i + h, j + h
        note_d = sum(image[x + u, y_ + v] * kernel[u + h, v + h] for u in (-1, 0, 1) for v in (-1, 0, 1))
        assert y[i, j] == note_a == filter_first == note_c == note_d
    centred = correlate(image, kernel, "same").numpy()
    assert np.array_equal(centred[h:-h, h:-h], y), "note D's centred window stands at the middle"


@pytest.mark.parametrize(("n", "k"), PAIRS)
def test_N19_X24_swapped_operands_reverse_the_correlation(n, k):
    x, h = whole(*n), whole(*k)
    assert np.array_equal(correlate(h, x).numpy(), np.flip(correlate(x, h).numpy()))
    assert not mg.equal(correlate(h, x), correlate(x, h))


# ------------------------------------------------------------------ its algebra


@pytest.mark.parametrize(("n", "k"), PAIRS)
def test_N16_the_algebra_of_full_convolution(n, k):
    f, g, h = whole(*n), whole(*k), whole(*k[::-1])
    assert mg.equal(convolve(f, g), convolve(g, f))
    assert mg.equal(convolve(convolve(f, g), h), convolve(f, convolve(g, h)))
    other = whole(*k)
    assert mg.equal(convolve(f, g + other), convolve(f, g) + convolve(f, other))
    assert mg.equal(convolve(f, 3 * g), 3 * convolve(f, g))
    assert mg.equal(convolve(f, np.ones((1,) * len(n))), mg.from_numpy(f))
    for size in (2, 3, 4):
        delta = kernels.identity((size,) * len(n))
        assert mg.equal(correlate(f, delta, "same"), mg.from_numpy(f))
        if size % 2:
            assert mg.equal(convolve(f, delta, "same"), mg.from_numpy(f))


def test_N16_correlation_keeps_neither_law_and_same_does_not_associate():
    f, g, h = whole(6), whole(3), whole(3)
    assert not mg.equal(correlate(f, g), correlate(g, f))
    assert not mg.equal(correlate(correlate(f, g), h), correlate(f, correlate(g, h)))
    assert not mg.equal(convolve(convolve(f, g, "same"), h, "same"), convolve(f, convolve(g, h), "same"))


def test_N17_a_derivative_goes_to_either_factor():
    f, g, difference = whole(7), whole(4), np.array([1.0, -1.0])
    both = convolve(difference, convolve(f, g))
    assert mg.equal(both, convolve(convolve(difference, f), g))
    assert mg.equal(both, convolve(f, convolve(difference, g)))


def test_N17_a_smooth_derivative_goes_to_either_factor():
    dt = 0.05
    t = dt * np.arange(-160, 161)
    f, g = normal(t, 0.8), normal(t, 0.6)
    of_f, of_g = -t / 0.8**2 * f, -t / 0.6**2 * g
    derivative = -t * normal(t, 1.0)
    for a, b in ((of_f, g), (f, of_g)):
        assert np.abs(convolve_sampled(a, b, dt, "same").numpy() - derivative).max() < 1e-6


@pytest.mark.parametrize("axis", [0, 1])
def test_N17_the_derivative_of_a_gaussian_is_its_slope(axis):
    """g′ on the grid is −u/σ²·g; normalised, an image that rises by 1 gives 1."""
    size, sigma = (9, 7), (1.3, 1.1)
    grid, g = signal.centred_grid(size, dtype=mg.float64), kernels.gaussian(size, sigma, normalize=False).entries
    raw = kernels.derivative_of_gaussian(size, sigma, axis, normalize=False)
    np.testing.assert_allclose(raw.entries, -grid[axis].numpy() / sigma[axis] ** 2 * g, rtol=1e-12)
    slope = kernels.derivative_of_gaussian(size, sigma, axis)
    ramps = np.indices((12, 12)).astype(float)
    np.testing.assert_allclose(convolve(ramps[axis], slope, "valid").numpy(), 1, rtol=1e-12)
    np.testing.assert_allclose(convolve(ramps[1 - axis], slope, "valid").numpy(), 0, atol=1e-12)


def test_N17_convolution_is_differentiable_in_both():
    x, h = mg.randn(4, 3, dtype=mg.float64, requires_grad=True), mg.randn(2, 2, dtype=mg.float64, requires_grad=True)
    assert gradcheck(convolve, [x, h], order=3)


# ------------------------------------------------------------------- similarity


def test_N19_autocorrelation_peaks_where_nothing_is_shifted():
    for _ in range(20):
        f = whole(9)
        y = correlate(f, f).numpy()
        assert y[8] == (f**2).sum() == y.max()
        assert np.array_equal(y, y[::-1])


def test_N19_both_eyes_of_the_smiling_face_are_found():
    eye = pictures.SMILE[3:7, 2:7]
    y = normalized_correlation(pictures.SMILE, eye)
    assert y.max().item() == pytest.approx(1)
    assert np.argwhere(y.numpy() > 0.999).tolist() == [[3, 2], [3, 8]]


def test_N19_a_bright_spot_outshines_the_template_unless_it_is_normalised():
    eye = pictures.SMILE[2:7, 2:7].astype(float)
    scene = 1e-3 * np.random.default_rng(0).normal(size=(14, 14))
    scene[1:6, 8:13] += 0.5 * eye
    scene[8:13, 1:6] += 40
    plain, normalised = correlate(scene, eye, "valid"), normalized_correlation(scene, eye)
    assert divmod(int(plain.argmax()), 10) == (8, 1)
    assert divmod(int(normalised.argmax()), 10) == (1, 8)


# --------------------------------------------------------------- in the networks


def test_N20_layers_correlate_and_flip_convolves():
    mg.manual_seed(0)
    plain, flipped = nn.notes.Conv2d(2, 3, (3, 2)), nn.notes.Conv2d(2, 3, (3, 2), flip=True)
    with mg.no_grad():
        flipped.weight.copy_(rot180(plain.weight))
        flipped.bias.copy_(plain.bias)
    x = mg.randn(2, 2, 5, 6)
    y, z = plain(x), flipped(x)
    assert mg.allclose(y, z, atol=1e-6)
    assert mg.allclose(y, correlate2d(x, plain.weight) + plain.bias.reshape(1, -1, 1, 1), atol=1e-6)
    assert mg.allclose(z, convolve2d(x, flipped.weight, "valid") + plain.bias.reshape(1, -1, 1, 1), atol=1e-6)
    g = mg.randn(y.shape)
    y.backward(g)
    z.backward(g)
    assert mg.allclose(flipped.weight.grad, rot180(plain.weight.grad), atol=1e-5)
    with mg.no_grad():
        flipped.weight.copy_(plain.weight)
    assert not mg.allclose(plain(x), flipped(x), atol=1e-2), "on an asymmetric kernel the flag matters"


def test_N21_weights_used_as_they_stand_convolve_with_the_rotated_kernel():
    x, w = mg.randn(2, 6, 6, dtype=mg.float64), mg.randn(2, 3, 3, dtype=mg.float64)
    k = rot180(w)
    fused = sum(convolve2d(x[i], k[i], "valid") for i in range(2))
    assert mg.allclose(fused, correlate2d(x[None], w[None])[0, 0])


# ------------------------------------------------------------------ the 3×3 patch


def test_N22_the_patch_by_both_operators():
    patch, values = golden("patch_1_to_9"), entry("patch_flip_values")
    kernel = np.array(values["kernel"], float)
    assert convolve(patch, kernel, "valid").item() == values["convolution"]
    assert correlate(patch, kernel, "valid").item() == values["correlation"]
    assert np.array_equal(patch, pictures.PATCH)


def test_N22_each_letter_of_the_kernel_meets_the_pixel_that_the_slide_says():
    flipped = entry("patch_flip_coefficients")
    patch = golden("patch_1_to_9")
    for place, letter in zip(np.ndindex(3, 3), "abcdefghi", strict=True):
        basis = np.zeros((3, 3))
        basis[place] = 1
        assert correlate(patch, basis, "valid").item() == patch[place]
        met = patch[np.array(flipped) == letter]
        assert convolve(patch, basis, "valid").item() == met.item()


def test_X25_the_second_sign_is_a_product_place_by_place():
    patch = golden("patch_1_to_9")
    kernel = patch.copy()
    flipped = np.flip(kernel).copy()
    assert (patch * flipped).sum() == 165 == convolve(patch, kernel, "valid").item()
    assert convolve(patch, flipped, "valid").item() == 285
