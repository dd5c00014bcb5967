"""Filters and worked examples (N23–N33), with the errata X5, X6, X9, X10, X11, X30, X31, X49, X50 and X82."""

import numpy as np
import pytest
import scipy.ndimage
import scipy.signal

import minigrad as mg
from minigrad.signal import (
    convolve,
    convolve_separable,
    correlate,
    correlate2d,
    kernels,
    moving_average,
    pictures,
    rot180,
)
from tests.notes.golden import entry, golden

ROWS, COLUMNS = np.indices((9, 8)).astype(float)

# A scene with edges, slopes and texture, in place of the photographs that the slides show.
SCENE = np.where(np.hypot(*(np.indices((40, 48)) - 18)) < 11, 0.9, 0.2) + np.indices((40, 48))[1] / 100
SCENE = SCENE + 0.05 * np.random.default_rng(32).normal(size=SCENE.shape)


# --------------------------------------------------------------- one dimension


def test_N23_X30_smoothing_the_step():
    signal, kernel = golden("smoothing1d_signal"), kernels.smoothing()
    assert kernel.entries.tolist() == entry("smoothing1d_kernel")
    for y in (convolve(signal, kernel, "same"), correlate(signal, kernel, "same"), kernel.apply(signal)):
        assert y.tolist() == entry("smoothing1d_output")
    # The frame shows three numbers: two zeros, and the first quarter, at the place before the step.
    zero, also_zero, quarter = entry("smoothing1d_output_as_printed")
    assert entry("smoothing1d_output")[0:3] == [zero, also_zero, quarter]


def test_N24_X82_the_difference_is_a_true_convolution():
    signal, kernel = golden("difference1d_signal"), kernels.difference()
    assert kernel.entries.tolist() == entry("difference1d_kernel")
    assert kernel.operator == "convolution"
    y = convolve(signal, kernel, "same")
    assert y.tolist() == entry("difference1d_output")
    assert y[1:-1].tolist() == (signal[2:] - signal[:-2]).tolist()
    assert mg.equal(correlate(signal, kernel, "same"), -y)


def test_N25_the_moving_average():
    example = entry("moving_average_1d")
    y = moving_average(np.array(example["signal"]), example["m"], "valid")
    assert np.allclose(y.numpy(), example["valid"], rtol=1e-15)
    assert moving_average(mg.full((9,), 7.0), 3).tolist() == [7.0] * 9


def test_N25_white_noise_keeps_one_nth_of_its_variance():
    noise = np.random.default_rng(25).normal(size=200_000)
    for m in (1, 3, 7):
        assert moving_average(noise, m, "valid").var().item() == pytest.approx(1 / (2 * m + 1), rel=0.02)


def test_X49_the_printed_sum_is_not_centred():
    f, m = {j: float(j * j) for j in range(-6, 7)}, 2
    size = 2 * m + 1
    centred = [sum(f[j] for j in range(i - m, i + m + 1)) / size for i in range(-4, 5)]
    y = moving_average(np.array([f[j] for j in range(-6, 7)]), m, "valid")
    assert np.allclose(y.numpy(), centred)
    assert not list(range(m, -m + 1)), "from m up to −m there is nothing"
    turned_round = [sum(f[j] for j in range(-m, m + 1)) / size for _ in range(-4, 5)]
    assert len(set(turned_round)) == 1 < len(set(centred))


def test_N26_the_box_filter_is_a_mean_and_separable():
    kernel = kernels.box(3)
    assert np.array_equal(kernel.entries, golden("box_filter_3x3"))
    for size in (1, 2, 5, (3, 4)):
        box = kernels.box(size)
        assert box.entries.sum() == pytest.approx(1)
        assert np.allclose(np.multiply.outer(*box.factors), box.entries)
        assert mg.allclose(convolve_separable(SCENE, box.factors), convolve(SCENE, box))


def test_X50_from_n_down_to_minus_n_the_sum_is_empty():
    f, g, n = np.arange(25.0).reshape(5, 5), np.arange(9.0).reshape(3, 3), 1

    def weighted(places):
        return sum(f[2 + k, 2 + l] * g[1 - k, 1 - l] for k in places for l in places)

    assert convolve(f, g, "same")[2, 2].item() == weighted(range(-n, n + 1))
    assert weighted(range(n, -n + 1)) == 0


def test_N27_the_picture_of_ten_by_ten():
    x, expected = golden("box10_input"), golden("box10_output")
    image = mg.from_numpy(x)
    ninth = mg.full((3, 3), 1 / 9, dtype=mg.float64)
    assert mg.allclose(convolve(image, kernels.box(3), "valid"), mg.from_numpy(expected), rtol=1e-14)
    assert mg.allclose(mg.conv2d(image[None, None], ninth[None, None])[0, 0], mg.from_numpy(expected), rtol=1e-14)
    assert mg.allclose(mg.avg_pool2d(image[None, None], 3, 1)[0, 0], mg.from_numpy(expected), rtol=1e-14)
    assert np.array_equal(convolve(x, np.ones((3, 3)), "valid").numpy() / 9, expected)
    assert np.array_equal(pictures.BOX_PICTURE, x)
    assert not np.array_equal(x, x.T), "a picture that shows a transposed input"


# --------------------------------------------------------------- named kernels


def test_N28_the_sobel_pair():
    first, second = kernels.sobel(1), kernels.sobel(0)
    assert np.array_equal(first.entries, golden("sobel_1"))
    assert np.array_equal(second.entries, golden("sobel_2"))
    assert np.array_equal(first.entries.T, second.entries)
    assert np.array_equal(np.outer([1, 2, 1], entry("difference1d_kernel")), first.entries)
    assert first.entries.sum() == second.entries.sum() == 0
    smoothed = convolve(4 * kernels.smoothing().to(mg.float64)[:, None], kernels.difference().to(mg.float64)[None])
    assert np.array_equal(smoothed.numpy(), first.entries)


def test_N28_X82_a_slope_of_1_gives_8_under_convolution_and_its_negative_under_correlation():
    for kernel, ramp in ((kernels.sobel(1), COLUMNS), (kernels.sobel(0), ROWS)):
        assert kernel.operator == "convolution"
        assert (convolve(ramp, kernel, "valid") == 8).all()
        assert (correlate(ramp, kernel, "valid") == -8).all()
        for form in (kernel, kernel.as_correlation()):
            assert (form.apply(ramp, "valid") == 8).all()
    rotated = kernels.sobel(1, as_correlation=True)
    assert mg.equal(rotated.weight, rot180(kernels.sobel(1).weight))
    assert (correlate(COLUMNS, rotated, "valid") == 8).all()
    down, right = (kernels.sobel(axis).apply(3 * ROWS + 4 * COLUMNS, "valid").numpy() for axis in (0, 1))
    assert np.allclose(np.hypot(down, right), 8 * 5)


@pytest.mark.parametrize(
    ("name", "total"), [("horizontal_edge", 0), ("vertical_edge", 0), ("outline", 0), ("emboss", 1)]
)
def test_N29_the_classic_kernels(name, total):
    kernel = getattr(kernels, name)()
    assert np.array_equal(kernel.entries, golden(f"kernel_{name}"))
    assert kernel.entries.sum() == total
    assert kernel.operator == "correlation"
    assert (kernel.apply(np.full((5, 5), 3.0)) == 3 * total).all()


def test_N29_X82_edges_answer_to_a_slope_of_1_with_6():
    for kernel, ramp in ((kernels.vertical_edge(), COLUMNS), (kernels.horizontal_edge(), ROWS)):
        assert (correlate(ramp, kernel, "valid") == 6).all()
        assert (convolve(ramp, kernel, "valid") == -6).all()


def test_X5_the_outline_as_printed_lets_constants_through():
    printed, constant = kernels.outline_as_printed(), np.full((5, 5), 7.0)
    assert np.array_equal(printed.entries, golden("kernel_outline_as_printed"))
    assert printed.entries.sum() == 2
    assert (printed.apply(constant) == 14).all()
    assert (kernels.outline().apply(constant) == 0).all()
    assert np.argwhere(printed.entries != kernels.outline().entries).tolist() == [[2, 2]]


def test_X6_emboss_is_the_identity_and_an_antisymmetric_slope():
    emboss = kernels.emboss().entries
    slope = emboss - kernels.identity(3).entries
    assert np.array_equal(np.rot90(slope, 2), -slope)
    assert (kernels.emboss().apply(np.full((4, 4), 7.0)) == 7).all()
    assert not np.array_equal(emboss, [[-2, -1, 0], [-1, 1, 1], [0, 1, 2]])


@pytest.mark.parametrize("size", [2, 4, 6])
@pytest.mark.parametrize("mode", ["full", "same", "valid"])
def test_N30_filters_of_even_sizes(size, mode):
    kernel, face = golden(f"sample_filter_{size}x{size}"), golden("smile_picture_16x15")
    assert np.array_equal(getattr(pictures, f"SAMPLE_{size}X{size}"), kernel)
    assert np.array_equal(convolve(face, kernel, mode).numpy(), scipy.signal.convolve2d(face, kernel, mode))
    y = correlate(face, kernel, mode).numpy()
    if mode == "same":
        whole = scipy.signal.correlate2d(face, kernel)
        assert np.array_equal(y, whole[size // 2 :, size // 2 :][:16, :15]), "X81: half a kernel, rounded down, before"
    else:
        assert np.array_equal(y, scipy.signal.correlate2d(face, kernel, mode))


def test_N31_X31_the_sampled_density_of_a_normal_distribution():
    stats = entry("gaussian23_stats")
    raw = kernels.gaussian(stats["size"], stats["sigma"], normalize=False)
    assert np.allclose(raw.entries, golden("gaussian23_raw"), rtol=1e-13, atol=0)
    for factor in raw.factors:
        assert np.allclose(factor, golden("gaussian23_profile_1d"), rtol=1e-13, atol=0)
    assert raw.entries.sum() == pytest.approx(stats["raw_sum"], rel=1e-13)
    assert raw.entries[11, 11] == pytest.approx(stats["centre"], rel=1e-13)
    assert raw.entries[0, 11] == pytest.approx(stats["edge_mid"], rel=1e-13)
    assert raw.entries[0, 0] == pytest.approx(stats["corner"], rel=1e-13)
    normalised = kernels.gaussian(stats["size"], stats["sigma"])
    assert normalised.entries.sum() == pytest.approx(1, rel=1e-14)
    assert normalised.entries[11, 11] == pytest.approx(stats["normalised_centre"], rel=1e-13)
    assert normalised.entries[0, 0] == pytest.approx(stats["normalised_corner"], rel=1e-13)


def test_N31_two_passes_are_the_filter():
    kernel = kernels.gaussian(23, 3.8)
    assert np.allclose(np.outer(*kernel.factors), kernel.entries, rtol=1e-14)
    once = convolve(SCENE, kernel, "same", border="reflect")
    assert mg.allclose(convolve_separable(SCENE, kernel.factors, "same", border="reflect"), once, rtol=1e-12)
    assert mg.allclose(kernel.apply(SCENE), once, rtol=1e-12)


@pytest.mark.parametrize(
    ("border", "scipys"), [("zero", "constant"), ("reflect", "mirror"), ("symmetric", "reflect"), ("edge", "nearest")]
)
def test_N32_a_scene_blurred_and_its_edges_are_scipys(border, scipys):
    blur = kernels.gaussian(23, 3.8).apply(SCENE, border=border)
    expected = scipy.ndimage.gaussian_filter(SCENE, 3.8, radius=11, mode=scipys)
    assert np.allclose(blur.numpy(), expected, atol=1e-12)
    for axis in (0, 1):
        edges = kernels.sobel(axis).apply(SCENE, border=border)
        assert np.allclose(edges.numpy(), scipy.ndimage.sobel(SCENE, axis, mode=scipys), atol=1e-12)


# ---------------------------------------------------------------- the smiling face


FACES = ["16x20", "16x15", "15x16"]


def test_N33_the_worked_example():
    block, kernel = golden("smile_region_needed_5x5"), golden("smile_filter_2x2")
    y = correlate2d(block, kernel)
    assert np.array_equal(y.numpy(), golden("smile_conv_output"))
    assert np.array_equal(kernel, pictures.SMILE_FILTER)
    steps = [(kernel * block[i : i + 2, j : j + 2]).ravel().tolist() for i, j in ((0, 0), (0, 1), (0, 2), (0, 3))]
    assert steps[0] == [0, 0, 0, -2]
    assert [sum(step) for step in steps] == [-2, 8, 10, 10]


def test_X9_the_printed_region_is_a_row_and_a_column_short():
    y = correlate2d(golden("smile_region_printed_4x4"), golden("smile_filter_2x2"))
    assert y.shape == (3, 3)
    assert np.array_equal(y.numpy(), golden("smile_conv_output")[:3, :3])


def test_X11_the_worked_example_is_no_true_convolution():
    y = convolve(golden("smile_region_needed_5x5"), golden("smile_filter_2x2"), "valid")
    assert np.array_equal(y.numpy(), golden("smile_true_convolution_output"))
    assert not np.array_equal(y.numpy(), golden("smile_conv_output"))


@pytest.mark.parametrize("face", FACES)
def test_N33_X10_the_output_stands_in_the_map_of_every_printing(face):
    picture = golden(f"smile_picture_{face}")
    assert np.array_equal(picture[1:6, 1:6], golden("smile_region_needed_5x5"))
    y = correlate2d(picture, golden("smile_filter_2x2")).numpy()
    assert np.array_equal(y[1:5, 1:5], golden("smile_conv_output"))
    if face == "16x15":
        assert np.array_equal(y, golden("smile_feature_map_16x15"))


def test_N33_the_block_is_symmetric_so_it_cannot_show_a_transposed_input():
    block, kernel = golden("smile_region_needed_5x5"), golden("smile_filter_2x2")
    assert np.array_equal(block, block.T)
    assert mg.equal(correlate2d(block.T.copy(), kernel), correlate2d(block, kernel))
