"""The numbers of the lecture notes that functions of today give; a test for each names its item."""

import math

import numpy as np
import pytest
import scipy.signal

import minigrad as mg
import nn
import nn.functional as F
from minigrad.autograd import grad
from minigrad.geometry import Geometry


def tensor(values):
    return mg.tensor(np.array(values, float))


def image(values):
    """A matrix as a batch of one map."""
    return tensor(values).reshape(1, 1, *np.shape(values))


def signal(values):
    return tensor(values).reshape(1, 1, -1)


def flipped(kernel):
    return mg.flip(kernel, tuple(range(2, kernel.ndim)))


def picture(*rows):
    return np.array([[int(digit) for digit in row] for row in rows], float)


def close(y, expected, tolerance=1e-12):
    np.testing.assert_allclose(y.detach().numpy(), expected, rtol=tolerance, atol=tolerance)


# -------------------------------------------------- II: convolution, correlation


def test_N22_one_patch_convolved_and_correlated():
    numbers = image([[1, 2, 3], [4, 5, 6], [7, 8, 9]])
    assert mg.correlate(numbers, flipped(numbers)).item() == 165
    assert mg.correlate(numbers, numbers).item() == 285


def test_N22_the_flip_pairs_the_first_pixel_with_the_last_weight():
    patch, pairing = image([[1, 2, 3], [4, 5, 6], [7, 8, 9]]), "abcdefghi"
    met = {}
    for number, letter in enumerate(pairing):
        basis = np.zeros(9)
        basis[number] = 1
        met[int(mg.correlate(patch, flipped(image(basis.reshape(3, 3)))).item())] = letter
    assert "".join(met[pixel] for pixel in range(1, 10)) == "ihgfedcba"


# ----------------------------------------------------------- III: worked examples


def test_N23_smoothing_of_a_step():
    x, k = signal([0, 0, 0, 1, 1, 1, 1, 1, 0, 0, 0]), signal([0.25, 0.5, 0.25])
    smooth = [0, 0, 0.25, 0.75, 1, 1, 1, 0.75, 0.25, 0, 0]
    assert mg.correlate(x, k, padding="same").flatten().tolist() == smooth
    assert mg.correlate(x, flipped(k), padding="same").flatten().tolist() == smooth, "the kernel is symmetric"


def test_N24_the_difference_filter_tells_convolution_from_correlation():
    x, k = signal([0, 0, 0, 1, 1, 1, 1, 1, 1, 0, 0, 0]), signal([1, 0, -1])
    edges = [0, 0, 1, 1, 0, 0, 0, 0, -1, -1, 0, 0]
    assert mg.correlate(x, flipped(k), padding="same").flatten().tolist() == edges
    assert (-mg.correlate(x, k, padding="same")).flatten().tolist() == edges, "X82"


def test_N25_moving_average():
    x = signal([1, 4, 9, 16, 25, 36, 49, 64, 81])
    expected = [14 / 3, 29 / 3, 50 / 3, 77 / 3, 110 / 3, 149 / 3, 194 / 3]
    close(mg.avg_pool1d(x, 3, 1).flatten(), expected)
    close(mg.correlate(x, mg.full((1, 1, 3), 1 / 3, dtype=mg.float64)).flatten(), expected)


BOX_INPUT = [
    [0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
    [0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
    [0, 0, 0, 90, 90, 90, 90, 90, 0, 0],
    [0, 0, 0, 90, 90, 90, 90, 90, 0, 0],
    [0, 0, 0, 90, 90, 90, 90, 90, 0, 0],
    [0, 0, 0, 90, 0, 90, 90, 90, 0, 0],
    [0, 0, 0, 90, 90, 90, 90, 90, 0, 0],
    [0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
    [0, 0, 90, 0, 0, 0, 0, 0, 0, 0],
    [0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
]
BOX_OUTPUT = [
    [0, 10, 20, 30, 30, 30, 20, 10],
    [0, 20, 40, 60, 60, 60, 40, 20],
    [0, 30, 60, 90, 90, 90, 60, 30],
    [0, 30, 50, 80, 80, 90, 60, 30],
    [0, 30, 50, 80, 80, 90, 60, 30],
    [0, 20, 30, 50, 50, 60, 40, 20],
    [10, 20, 30, 30, 30, 30, 20, 10],
    [10, 10, 10, 0, 0, 0, 0, 0],
]


def test_N27_the_box_filter_over_the_ten_by_ten_picture():
    x = image(BOX_INPUT)
    box = mg.full((1, 1, 3, 3), 1 / 9, dtype=mg.float64)
    close(mg.conv2d(x, box)[0, 0], BOX_OUTPUT)
    close(mg.avg_pool2d(x, 3, 1)[0, 0], BOX_OUTPUT)
    close(mg.full_convolve2d(x[0, 0], box[0, 0])[2:-2, 2:-2], BOX_OUTPUT)


def test_N26_the_box_filter_sums_to_one_and_is_separable():
    box = mg.full((3, 3), 1 / 9, dtype=mg.float64)
    line = mg.full((3, 1), 1 / 3, dtype=mg.float64)
    assert box.sum().item() == pytest.approx(1, rel=1e-15)
    close(mg.full_convolve2d(line, line.T), box.numpy())


def test_N28_the_sobel_pair():
    first, second = [[1, 0, -1], [2, 0, -2], [1, 0, -1]], [[1, 2, 1], [0, 0, 0], [-1, -2, -1]]
    assert mg.full_convolve2d(tensor([[1], [2], [1]]), tensor([[1, 0, -1]])).tolist() == first
    assert tensor(first).T.tolist() == second
    assert tensor(first).sum().item() == 0
    ramp = tensor([[0, 1, 2, 3]] * 4)
    assert mg.full_convolve2d(ramp, tensor(first))[2:-2, 2:-2].tolist() == [[8, 8], [8, 8]], "convolution"
    assert mg.correlate2d(ramp, tensor(first)).tolist() == [[-8, -8], [-8, -8]], "correlation"


@pytest.mark.parametrize(
    ("kernel", "total", "constant", "ramp"),
    [
        ([[-1, -1, -1], [0, 0, 0], [1, 1, 1]], 0, 0, 6),  # horizontal edge, a ramp downwards
        ([[-1, 0, 1], [-1, 0, 1], [-1, 0, 1]], 0, 0, 0),  # vertical edge
        ([[-1, -1, -1], [-1, 8, -1], [-1, -1, -1]], 0, 0, 0),  # outline, as corrected (X5)
        ([[-1, -1, -1], [-1, 8, -1], [-1, -1, 1]], 2, 14, None),  # outline, as printed
        ([[-1, -1, 0], [-1, 1, 1], [0, 1, 1]], 1, 7, None),  # emboss keeps constants (X6)
    ],
)
def test_N29_classic_kernels(kernel, total, constant, ramp):
    k = tensor(kernel)
    assert k.sum().item() == total
    assert mg.correlate2d(mg.full((3, 3), 7.0, dtype=mg.float64), k).item() == constant
    if ramp is not None:
        down = tensor([[0, 0, 0], [1, 1, 1], [2, 2, 2]])
        assert mg.correlate2d(down, k).item() == ramp


def test_N29_the_vertical_edge_sees_a_ramp_to_the_right():
    assert mg.correlate2d(tensor([[0, 1, 2]] * 3), tensor([[-1, 0, 1]] * 3)).item() == 6


SMILE = picture(
    "000000000000000", "000222222222000", "002222222222000", "022999222999220", "022999222999220", "022999222999220",
    "022222222222220", "022222222222220", "022222222222220", "022992222299220", "022999222999220", "022299999992220",
    "022229999922220", "002222222222000", "000022222222000", "000000000000000",
)  # fmt: skip
SMILE_WIDE = picture(
    "00000000000000000000", "00022222222222000000", "00222222222222000000", "02299922299922000000",
    "02299922299922000000", "02299922299922000000", "02222222222222222220", "02222222222222222220",
    "02222222222222222220", "02299222299222000000", "02299922299922000000", "02229999999922222220",
    "02222999999222222220", "00222222222222000000", "00002222222222000000", "00000000000000000000",
)  # fmt: skip
SMILE_LOW = picture(
    "0000000000000000", "0002222222222000", "0022222222222000", "0229992229992200", "0229992229992200",
    "0229992229992200", "0222222222222200", "0222222222222200", "0222222222222200", "0229992222992200",
    "0229992229992200", "0222229999992200", "0222229999992200", "0000022222222000", "0000000000000000",
)  # fmt: skip
SMILE_BLOCK = [[0, 0, 2, 2, 2], [0, 2, 2, 2, 2], [2, 2, 9, 9, 9], [2, 2, 9, 9, 9], [2, 2, 9, 9, 9]]
SMILE_FILTER = [[1, 2], [3, -1]]
SMILE_OUTPUT = [[-2, 8, 10, 10], [8, 3, 24, 24], [10, 17, 45, 45], [10, 17, 45, 45]]
SMILE_MAP = [
    [0, 0, -2, 4, 4, 4, 4, 4, 4, 4, 4, 6, 0, 0],
    [0, -2, 8, 10, 10, 10, 10, 10, 10, 10, 10, 8, 0, 0],
    [-2, 8, 3, 24, 24, 31, 10, 10, 3, 24, 24, 27, 4, 6],
    [2, 10, 17, 45, 45, 38, 10, 10, 17, 45, 45, 38, 10, 8],
    [2, 10, 17, 45, 45, 38, 10, 10, 17, 45, 45, 38, 10, 8],
    [2, 10, 24, 31, 31, 17, 10, 10, 24, 31, 31, 17, 10, 8],
    [2, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 8],
    [2, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 8],
    [2, 10, 3, 24, 31, 10, 10, 10, 10, 3, 24, 31, 10, 8],
    [2, 10, 17, 45, 31, 31, 10, 10, 3, 38, 45, 38, 10, 8],
    [2, 10, 24, 24, 45, 31, 24, 24, 38, 45, 52, 17, 10, 8],
    [2, 10, 10, 24, 24, 45, 45, 45, 45, 52, 17, 10, 10, 8],
    [4, 4, 10, 10, 24, 31, 31, 31, 31, 17, 10, 12, 6, 2],
    [0, 4, 6, 4, 10, 10, 10, 10, 10, 10, 10, 8, 0, 0],
    [0, 0, 0, 4, 6, 6, 6, 6, 6, 6, 6, 2, 0, 0],
]


def test_N7_three_printings_share_the_block():
    for printing in (SMILE, SMILE_WIDE, SMILE_LOW):
        assert printing[1:6, 1:6].tolist() == SMILE_BLOCK


def test_N33_the_smiling_face():
    assert mg.correlate2d(tensor(SMILE_BLOCK), tensor(SMILE_FILTER)).tolist() == SMILE_OUTPUT
    assert mg.conv2d(image(SMILE_BLOCK), image(SMILE_FILTER))[0, 0].tolist() == SMILE_OUTPUT


def test_N33_true_convolution_gives_other_numbers():
    turned = [[2, 12, 10, 10], [12, 17, 31, 31], [10, 38, 45, 45], [10, 38, 45, 45]]
    assert mg.full_convolve2d(tensor(SMILE_BLOCK), tensor(SMILE_FILTER))[1:-1, 1:-1].tolist() == turned, "X11"
    assert mg.correlate2d(tensor(SMILE_BLOCK), mg.flip(tensor(SMILE_FILTER), (0, 1))).tolist() == turned


def test_N33_the_map_of_the_whole_picture():
    assert mg.correlate2d(tensor(SMILE), tensor(SMILE_FILTER)).tolist() == SMILE_MAP
    for printing in (SMILE, SMILE_WIDE, SMILE_LOW):
        assert mg.correlate2d(tensor(printing), tensor(SMILE_FILTER))[1:5, 1:5].tolist() == SMILE_OUTPUT


@pytest.mark.parametrize(
    "kernel",
    [
        [[-1, 2], [3, 0]],
        [[5, -2, 1, 0], [4, -3, 6, 2], [0, 1, -4, 3], [2, 0, -1, 4]],
        [
            [0, 4, -1, -5, 1, 2], [5, -2, 1, 5, -3, 0], [-2, 1, 0, 4, 2, 1], [4, -3, 6, 3, 1, 2], [0, 1, -4, -1, 5, 3],
            [2, 0, -1, 0, -4, 4],
        ],
    ],
    ids=["2x2", "4x4", "6x6"],
)  # fmt: skip
@pytest.mark.parametrize("mode", ["valid", "full"])
def test_N30_sample_filters_over_the_smiling_face(kernel, mode):
    y = mg.correlate2d(tensor(SMILE), tensor(kernel), mode)
    assert np.array_equal(y.numpy(), scipy.signal.correlate2d(SMILE, kernel, mode))


def test_N31_the_bivariate_gaussian():
    u = mg.arange(-11, 12, dtype=mg.float64)
    squared = u.unsqueeze(1) ** 2 + u**2
    raw = mg.exp(squared / (-2 * 3.8**2)) / (2 * math.pi * 3.8**2)
    half = [
        0.0015905263298595803, 0.003291066909894467, 0.006354139801760257, 0.011447246228926877, 0.019242854148805638,
        0.03018298282422438, 0.04417525141434698, 0.06032816395038053, 0.07687504642390182, 0.0914060367544254,
        0.1014118187681575, 0.10498481063195597,
    ]  # fmt: skip
    profile = np.array(half + half[-2::-1])
    close(raw, np.outer(profile, profile), 1e-14)
    assert raw[11, 11].item() == pytest.approx(0.011021810463427656, rel=1e-14)
    assert raw[0, 11].item() == pytest.approx(0.00016698110554544797, rel=1e-13)
    assert raw[0, 0].item() == pytest.approx(2.5297740059765857e-06, rel=1e-13)
    assert raw.sum().item() == pytest.approx(0.9951959391337157, rel=1e-14), "X31"
    assert (raw / raw.sum())[11, 11].item() == pytest.approx(0.01107501551204255, rel=1e-13)
    assert (raw / raw.sum())[0, 0].item() == pytest.approx(2.541985860772973e-06, rel=1e-13)


# ----------------------------------------------------------- IV: borders and sizes


def test_N34_three_modes_of_one_example():
    x, h = signal([1, 2, 3, 4, 5]), signal([1, 2, 3])
    correlation = {"full": [3, 8, 14, 20, 26, 14, 5], "same": [8, 14, 20, 26, 14], "valid": [14, 20, 26]}
    convolution = {"full": [1, 4, 10, 16, 22, 22, 15], "same": [4, 10, 16, 22, 22], "valid": [10, 16, 22]}
    for mode in ("full", "same", "valid"):
        assert mg.correlate(x, h, padding=mode).flatten().tolist() == correlation[mode]
        assert mg.correlate(x, flipped(h), padding=mode).flatten().tolist() == convolution[mode]


INNER = [[35, 19, 25, 6], [13, 22, 16, 53], [4, 3, 7, 10], [9, 8, 1, 3]]
BORDERS = {
    "constant": [
        [0, 0, 0, 0, 0, 0], [0, 35, 19, 25, 6, 0], [0, 13, 22, 16, 53, 0], [0, 4, 3, 7, 10, 0], [0, 9, 8, 1, 3, 0],
        [0, 0, 0, 0, 0, 0],
    ],
    "reflect": [
        [22, 13, 22, 16, 53, 16], [19, 35, 19, 25, 6, 25], [22, 13, 22, 16, 53, 16], [3, 4, 3, 7, 10, 7],
        [8, 9, 8, 1, 3, 1], [3, 4, 3, 7, 10, 7],
    ],
    "symmetric": [
        [35, 35, 19, 25, 6, 6], [35, 35, 19, 25, 6, 6], [13, 13, 22, 16, 53, 53], [4, 4, 3, 7, 10, 10],
        [9, 9, 8, 1, 3, 3], [9, 9, 8, 1, 3, 3],
    ],
    "edge": [
        [35, 35, 19, 25, 6, 6], [35, 35, 19, 25, 6, 6], [13, 13, 22, 16, 53, 53], [4, 4, 3, 7, 10, 10],
        [9, 9, 8, 1, 3, 3], [9, 9, 8, 1, 3, 3],
    ],
    "wrap": [
        [3, 9, 8, 1, 3, 9], [6, 35, 19, 25, 6, 35], [53, 13, 22, 16, 53, 13], [10, 4, 3, 7, 10, 4],
        [3, 9, 8, 1, 3, 9], [6, 35, 19, 25, 6, 35],
    ],
}  # fmt: skip


@pytest.mark.parametrize("mode", BORDERS)
def test_N35_N36_N37_borders(mode):
    assert mg.pad(tensor(INNER), 1, mode).tolist() == BORDERS[mode]


def test_N35_cropping_undoes_padding():
    assert mg.crop(tensor(BORDERS["constant"]), 1).tolist() == INNER


def test_N37_a_constant_border():
    y = mg.pad(tensor(INNER), 1, "constant", 7)
    assert y.tolist() == [[7] * 6, *([7, *row, 7] for row in INNER), [7] * 6]


# n, k, stride, padding per side, output
SIZES = [
    (32, 5, 1, 0, 28), (28, 2, 2, 0, 14), (14, 5, 1, 0, 10), (10, 2, 2, 0, 5), (5, 5, 1, 0, 1), (28, 3, 1, 1, 28),
    (28, 3, 1, 2, 30), (7, 3, 2, 0, 3), (8, 3, 2, 0, 3), (256, 16, 1, 0, 241), (227, 11, 4, 0, 55), (4, 3, 1, 1, 4),
]  # fmt: skip


@pytest.mark.parametrize(("n", "k", "s", "p", "out"), SIZES)
def test_N44_output_size_table(n, k, s, p, out):
    assert Geometry.window((n,), (k,), s, p).outputs == (out,)
    assert mg.correlate(mg.zeros(1, 1, n), mg.zeros(1, 1, k), stride=s, padding=p).shape == (1, 1, out)
    total = ((p, p),)
    assert Geometry.window((n,), (k,), s, total).outputs == (out,), "B's total padding, X26"


# ------------------------------------------------------------- VII: nonlinearities


def test_N67_N68_the_largest_slope_of_the_sigmoid():
    x = mg.linspace(-3, 3, 601, dtype=mg.float64).requires_grad_()
    (slope,) = grad(mg.sigmoid(x).sum(), x)
    assert abs(x[slope.argmax()].item()) < 1e-12
    assert slope.max().item() == 0.25
    z = mg.tensor(0.0, dtype=mg.float64, requires_grad=True)
    assert grad(mg.sigmoid(z), z)[0].item() == 0.25
    for depth, bound in [
        (1, 0.25),
        (2, 0.0625),
        (5, 0.0009765625),
        (10, 9.5367431640625e-07),
        (20, 9.094947017729282e-13),
    ]:
        y = z
        for _ in range(depth):
            y = mg.sigmoid(y - y.detach())  # every factor at its largest, 1/4
        assert grad(y, z)[0].item() == bound


@pytest.mark.parametrize(
    ("k", "expected"),
    [
        (1, [0.1269280110429725, 0.31326168751822286, 0.4740769841801067, 0.6931471805599453, 0.9740769841801067,
             1.3132616875182228, 2.1269280110429727]),
        (2, [0.009074963958904869, 0.06346400552148625, 0.15663084375911143, 0.34657359027997264, 0.6566308437591114,
             1.0634640055214863, 2.0090749639589047]),
        (10, [2.061153620314381e-10, 4.539889921686465e-06, 0.0006715348489118068, 0.06931471805599453,
              0.5006715348489118, 1.0000045398899218, 2.0000000002061156]),
        (10000, [0, 0, 0, 6.931471805599453e-05, 0.5, 1, 2]),
    ],
)  # fmt: skip
def test_N70_softplus_with_a_gain(k, expected):
    x = tensor([-2, -1, -0.5, 0, 0.5, 1, 2])
    y = mg.softplus(x, k, math.inf)
    np.testing.assert_allclose(y.numpy(), expected, rtol=1e-14, atol=1e-300)
    gap = (y - mg.relu(x)).numpy()
    assert gap.max() == pytest.approx(math.log(2) / k, rel=1e-14)
    assert gap.argmax() == 3, "the largest gap is at 0"


@pytest.mark.parametrize(
    ("k", "expected"),
    [
        (1, [1.7108803420275935, 0.24022901391655516, 0.00998337764329299, 0]),
        (4, [2.653429481816766, 0.6625013736789322, 0.03897674269391621, 0]),
        (20, [2.9306852819440055, 0.9306852821501208, 0.13250027473578646, 0]),
    ],
)
def test_N74_the_smooth_absolute_value_as_an_expression(k, expected):
    x = tensor([-3, -1, -0.2, 0, 0.2, 1, 3]).requires_grad_()
    y = 2 * mg.softplus(x, k, math.inf) - x - 2 / k * math.log(2)
    close(y, [*expected, *expected[-2::-1]], 1e-14)
    (slope,) = grad(y.sum(), x)
    close(slope, np.tanh(k * x.detach().numpy() / 2), 1e-14)


def test_N75_relu_of_the_smiling_face():
    y = mg.relu(tensor(SMILE_OUTPUT))
    assert y.tolist() == [[0, 8, 10, 10], [8, 3, 24, 24], [10, 17, 45, 45], [10, 17, 45, 45]]


def test_N79_brightness_normalisation_as_an_expression():
    x = tensor([[[-4, -3], [-2, -1]], [[0, 1], [2, 3]], [[4, 5], [6, 7]]])
    y = x / (2 + 0.1 * (x * x).sum(0)) ** 0.75
    expected = [
        [[-1.161602354380845, -0.835312994620578], [-0.4970442054794067, -0.21221676089642016]],
        [[0, 0.278437664873526], [0.4970442054794067, 0.6366502826892605]],
        [[1.161602354380845, 1.3921883243676298], [1.4911326164382201, 1.485517326274941]],
    ]
    close(y, expected, 1e-14)


# ----------------------------------------------------------------- IX: pooling


def test_N81_subsampling_as_matrices():
    s = tensor([[1, 0, 0, 0, 0], [0, 0, 1, 0, 0], [0, 0, 0, 0, 1]])
    y = mg.randn(5, 5, dtype=mg.float64, requires_grad=True)
    assert mg.equal(s @ y @ s.T, y[::2, ::2])
    g = mg.randn(3, 3, dtype=mg.float64)
    assert mg.equal(grad(y[::2, ::2], y, g)[0], s.T @ g @ s), "N131"


POOLING = [[1, 2, 5, 6], [3, 4, 7, 8], [9, 10, 13, 14], [11, 12, 15, 16]]


def test_N87_max_pooling():
    assert mg.max_pool2d(image(POOLING), 2)[0, 0].tolist() == [[4, 8], [12, 16]]


def test_N88_average_pooling():
    assert mg.avg_pool2d(image(POOLING), 2)[0, 0].tolist() == [[2.5, 6.5], [10.5, 14.5]]
    a = tensor([[0.5, 0.5, 0, 0], [0, 0, 0.5, 0.5]])
    assert (a @ tensor(POOLING) @ a.T).tolist() == [[2.5, 6.5], [10.5, 14.5]]


def l2_pool(x):
    return mg.sqrt(mg.avg_pool2d(x * x, 2, divisor_override=1))


def test_N89_l2_pooling_as_an_expression():
    expected = [[5.477225575051661, 13.19090595827292], [21.118712081942874, 29.086079144497972]]
    close(l2_pool(image(POOLING))[0, 0], expected)
    assert l2_pool(image([[3, -4], [0, 0]])).item() == 5, "not 1, X7"
    assert l2_pool(image([[1, 2], [3, 4]])).item() == pytest.approx(5.477225575051661, rel=1e-15)


def test_N90_the_mean_of_stochastic_pooling_as_an_expression():
    a = tensor([1, 2, 3, 4])
    assert (a / a.sum()).tolist() == [0.1, 0.2, 0.3, 0.4]
    assert ((a * a).sum() / a.sum()).item() == 3


def test_N91_the_smiling_face_forward_and_backward():
    x, w, b = image(SMILE_BLOCK), image(SMILE_FILTER), mg.zeros(1, dtype=mg.float64)
    for leaf in (x, w, b):
        leaf.requires_grad_()
    mapped = mg.conv2d(x, w, b)
    y = mg.max_pool2d(mg.relu(mapped), 2)
    assert y[0, 0].tolist() == [[8, 24], [17, 45]]
    assert y.sum().item() == 94
    by_map, by_w, by_x, by_b = grad(y.sum(), [mapped, w, x, b])
    assert by_map[0, 0].tolist() == [[0, 1, 0, 0], [0, 0, 1, 0], [0, 1, 1, 0], [0, 0, 0, 0]], "the first winner, X21"
    assert by_w[0, 0].tolist() == [[13, 22], [22, 29]]
    assert by_x[0, 0].tolist() == [[0, 1, 2, 0, 0], [0, 3, 0, 2, 0], [0, 1, 6, 1, 0], [0, 3, 2, -1, 0], [0, 0, 0, 0, 0]]
    assert by_b.tolist() == [4]


# ------------------------------------------------------------------- X: losses


def test_N97_N99_N100_squared_errors():
    y, t = tensor([0.2, 0.7, 0.1]).requires_grad_(), tensor([0, 1, 0])
    whole = F.mse_loss(y, t, reduction="sum")
    assert whole.item() == pytest.approx(0.14, rel=1e-15)
    assert (whole / 2).item() == pytest.approx(0.07, rel=1e-15)
    assert F.mse_loss(y, t).item() == pytest.approx(0.04666666666666667, rel=1e-15)
    close(grad(whole, y)[0], [0.4, -0.6, 0.2])


def test_N98_softmax_and_cross_entropy():
    softmax = [0.09003057317038046, 0.24472847105479764, 0.6652409557748218]
    close(mg.softmax(tensor([1, 2, 3]), 0), softmax, 1e-15)
    y, t = tensor([0.2, 0.7, 0.1]), tensor([0, 1, 0])
    assert (-(t * mg.log(y)).sum()).item() == pytest.approx(0.35667494393873245, rel=1e-15)
    z = mg.log(y).requires_grad_()  # logits whose softmax is y
    loss = F.cross_entropy(z, t)
    assert loss.item() == pytest.approx(0.35667494393873245, rel=1e-14)
    close(grad(loss, z)[0], [0.2, -0.3, 0.1], 1e-14)


# ----------------------------------------------------------- XI: architectures


def count(module):
    return sum(parameter.numel() for parameter in module.parameters())


def test_N104_N105_lenet_sizes():
    net = nn.models.LeNet5()
    y = mg.zeros(1, 1, 32, 32)
    sizes = [y.shape[2:]]
    for layer in net.features:
        y = layer(y)
        if y.shape[2:] != sizes[-1]:
            sizes.append(y.shape[2:])
    assert sizes == [(n, n) for n in (32, 28, 14, 10, 5, 1)]
    assert y.shape == (1, 120, 1, 1), "a vector"
    assert net.classifier(y).shape == (1, 10)


def test_N63_N104_lenet_parameters():
    net = nn.models.LeNet5()
    counts = [count(layer) for layer in (*net.features, *net.classifier) if count(layer)]
    assert counts == [156, 2416, 48120, 10164, 850]
    assert count(net) == 61706


def test_N63_shared_local_and_dense_weights():
    assert count(nn.Conv2d(1, 6, 5)) == 156
    assert 28 * 28 * count(nn.Conv2d(1, 6, 5)) == 122304, "one kernel for every place"
    assert count(nn.Linear(32 * 32, 28 * 28 * 6)) == 4821600, "every pixel to every place"
    assert count(nn.Conv2d(3, 1, 16)) == 769
    assert nn.Conv2d(3, 1, 5, bias=False).weight.numel() == 75


def test_N61_receptive_fields_of_lenet():
    x = mg.zeros(1, 1, 32, 32, requires_grad=True)
    y, fields = x, []
    for layer in nn.models.LeNet5().features:
        y = layer(y)
        middle = y[0, :, y.shape[2] // 2, y.shape[3] // 2].sum()
        (gradient,) = grad(middle, x, retain_graph=True)
        rows = np.flatnonzero(gradient[0, 0].numpy().any(axis=1))
        fields.append(int(rows[-1] - rows[0]) + 1)
    assert list(dict.fromkeys(fields)) == [5, 6, 14, 16, 32]


@pytest.mark.parametrize(("padding", "sizes"), [(((1, 1), (1, 1)), [28, 28, 14, 10, 5]), (2, [28, 30, 15, 11, 5])])
def test_N106_two_readings_of_a_padding_of_two(padding, sizes):
    net = nn.Sequential(
        nn.Conv2d(1, 6, 3, padding=padding), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5), nn.MaxPool2d(2), nn.Flatten(),
        nn.Linear(400, 120), nn.Linear(120, 84), nn.Linear(84, 10),
    )  # fmt: skip
    y = mg.zeros(1, 1, 28, 28)
    found = [28]
    for layer in net[:4]:
        y = layer(y)
        found.append(y.shape[2])
    assert found == sizes
    assert net[4](y).shape == (1, 400), "X27"
    assert [count(layer) for layer in net if count(layer)] == [60, 2416, 48120, 10164, 850]
    assert count(net) == 61610


# The simplified network of 1989: 12 by 12 in, softplus with gain 2, every second row and column, maps as biases.
ENET = {
    "Y3": [
        [0.189817866967, 0.165389058643, 0.091950370444, 0.072096739545, 0.098246592104],
        [0.374589750671, 0.161586046213, 0.088941991125, 0.200089363208, 0.122465138757],
        [0.054385280752, 0.138087801894, 0.051198003309, 0.052090099454, 0.052996931084],
        [0.092716816735, 0.240490130391, 0.262024822719, 0.113858203891, 0.192707488616],
        [0.223618588903, 0.174556893928, 0.123456116732, 0.223618588903, 0.071488773483],
    ],
    "Y4": [
        [0.002212087494, 0.071126240713, 0.048236606804],
        [0.301731343742, 0.080121410617, 0.190216554332],
        [0.091472526301, 0.218192135908, 0.171643891203],
    ],
    "Y6": [[0.347680857359, 0.371273360803], [0.394398748589, 0.439725057708]],
    "w": [[0.176194358672, 0.188150340504], [0.199869601958, 0.222839632654]],
    "K4": [
        [0.044452248599, 0.060290910395, 0.031480010644],
        [0.138562655094, 0.090856418181, 0.114627811554],
        [0.086477781802, 0.116566051545, 0.049776570794],
    ],
    "B4": [[0.126972848545, 0, -0.066399539671], [0, 0, 0], [0.207373906591, 0, 0.296455066298]],
    "by Y3": [
        [-0.021162141424, 0.063486424272, 0.011066589945, -0.033199769835, 0],
        [0, -0.042324282848, -0.042324282848, 0.02213317989, 0.02213317989],
        [-0.013400176341, 0.103686953295, 0.003010656611, 0.148227533149, -0.033199769835],
        [0, -0.06912463553, -0.06912463553, -0.098818355433, -0.098818355433],
        [0.034562317765, 0, 0.153096131012, 0, 0.148227533149],
    ],
    "K1": [
        [-0.04322649663, -0.036626728982, -0.028748041205],
        [-0.027596212344, 0.006631983152, 0.001513773681],
        [-0.001233257609, 0.007511484518, 0.02470150277],
    ],
    # of every second row and column: the others are skipped
    "B1": [
        [-0.006684896959, 0.017880028048, 0.00185898365, -0.004458057355, 0],
        [0, -0.011687881408, -0.006897185055, 0.007299517132, 0.004808231648],
        [-0.001381073288, 0.025021767501, 0.000293021136, 0.014665200456, -0.003338895255],
        [0, -0.026393367423, -0.028194707106, -0.020124351513, -0.03160524031],
        [0.012463439968, 0, 0.033496016629, 0, 0.019747830943],
    ],
    "Y0": [
        [0.00167122424, -0.00334244848, -0.004470007012, 0.008940014024, -0.000464745913, 0.000929491825,
         0.001114514339, -0.002229028677, 0, 0, 0, 0],
        [-0.00167122424, 0, 0.006141231252, 0, -0.004005261099, 0, -0.001579260251, 0, 0.001114514339, 0, 0, 0],
        [0.00334244848, 0.00334244848, -0.002675595192, -0.014783954728, -0.008145209585, -0.004378084353,
         -0.00052534243, 0.005878787243, 0.001026970765, 0.002404115824, 0, 0],
        [0, 0, -0.002921970352, 0, 0.001197674088, 0, 0.003549175547, 0, -0.000622821371, 0, -0.001202057912, 0],
        [0.000345268322, -0.000690536644, -0.000411501172, 0.018354824454, 0.009219277947, 0.003595103096,
         -0.003867466152, 0.003682841662, -0.005219150576, -0.004073563451, -0.002404115824, 0],
        [-0.000345268322, 0, 0.006600710197, 0, -0.006182186591, 0, 0.00359304483, 0, -0.004501023928, 0,
         0.000834723814, 0],
        [0.000690536644, 0.000690536644, -0.005222005251, -0.025707567462, -0.005608717542, -0.014243864121,
         -0.002448022918, -0.017394775984, 0.002238157477, -0.014133172528, 0.001669447627, 0],
        [0, 0, -0.006598341856, 0, -0.000450334921, 0, 0.002017588898, 0, -0.002870222199, 0, 0.007901310078, 0],
        [-0.003115859992, 0.006231719984, 0.013196683711, 0.013196683711, 0.018920033107, 0.030845361867,
         0.024159529309, 0.010062175756, 0.020927838176, 0.025676535627, 0.015802620155, 0],
        [0.003115859992, 0, -0.003115859992, 0, 0.008374004157, 0, -0.008374004157, 0, 0.004936957736, 0,
         -0.004936957736, 0],
        [-0.006231719984, -0.006231719984, -0.006231719984, 0, -0.016748008315, -0.016748008315, -0.016748008315, 0,
         -0.009873915471, -0.009873915471, -0.009873915471, 0],
        [0] * 12,
    ],
}  # fmt: skip


@pytest.fixture
def enet():
    """Leaves, interior maps and the loss of one forward pass."""
    i, j = np.indices((12, 12))
    values = {
        "Y0": (3 * i * i + 5 * j + i * j) % 11 / 11,
        "K1": [[-0.25, 0.5, 0], [0.25, 0, -0.25], [-0.5, -0.5, -0.5]],
        "B1": ((i * i + 2 * j) % 3 / 10)[:10, :10],
        "K4": [[-1 / 6, 1 / 2, 0], [0, -1 / 3, -1 / 3], [1 / 6, 0, 1 / 2]],
        "B4": ((2 * i + j * j) % 3 / 10)[:3, :3],
        "w": [[0.5, -0.25], [0.75, 1]],
    }
    net = {name: tensor(value).requires_grad_() for name, value in values.items()}

    def f(y):
        return mg.softplus(y, 2, math.inf)

    net["Y1"] = mg.correlate2d(net["Y0"], net["K1"]) + net["B1"]
    net["Y3"] = f(net["Y1"])[::2, ::2]
    net["Y4"] = mg.correlate2d(net["Y3"], net["K4"]) + net["B4"]
    net["Y6"] = f(net["Y4"])[::2, ::2]
    net["z"] = (net["w"] * net["Y6"]).sum()
    net["y"] = f(net["z"])
    net["loss"] = (net["y"] - 0.3) ** 2 / 2
    return net


def test_N107_forward(enet):
    for name in ("Y3", "Y4", "Y6"):
        close(enet[name], ENET[name], 1e-11)
    assert enet["z"].item() == pytest.approx(0.8165462076280144, rel=1e-13)
    assert enet["y"].item() == pytest.approx(0.9057551037994392, rel=1e-13)
    assert enet["loss"].item() == pytest.approx(0.18346962288953475, rel=1e-13)


def test_N125_N126_N127_backward(enet):
    names = ["w", "K4", "B4", "Y3", "K1", "B1", "Y0"]
    gradients = dict(zip(names, grad(enet["loss"], [enet[name] for name in names]), strict=True))
    for name in ("w", "K4", "B4", "K1", "Y0"):
        close(gradients[name], ENET[name], 1e-11)
    close(gradients["Y3"], ENET["by Y3"], 1e-11)
    skipped = np.zeros((10, 10))
    skipped[::2, ::2] = ENET["B1"]
    close(gradients["B1"], skipped, 1e-11)


def test_N126_one_term_of_the_sum_is_not_the_gradient(enet):
    y3, y4, w = (enet[name].detach() for name in ("Y3", "Y4", "w"))
    slope = (enet["y"] - 0.3).detach() * mg.sigmoid(2 * enet["z"]).detach()
    terms = [
        slope * w[r, s] * mg.sigmoid(2 * y4[2 * r, 2 * s]) * y3[2 * r : 2 * r + 3, 2 * s : 2 * s + 3]
        for r, s in np.ndindex(2, 2)
    ]
    close(sum(terms), ENET["K4"], 1e-11)
    assert not any(mg.allclose(term, tensor(ENET["K4"]), 1e-3) for term in terms), "X66"


# ----------------------------------------------------------- XII: the backward pass


def test_N122_N124_one_kernel_forward_and_backward():
    x, k = image([[1, 2, 3], [4, 5, 6], [7, 8, 9]]).requires_grad_(), image([[1, 0], [2, -1]]).requires_grad_()
    b = mg.zeros(1, dtype=mg.float64, requires_grad=True)
    y = mg.conv2d(x, k, b)
    assert y[0, 0].tolist() == [[4, 6], [10, 12]]
    delta = image([[1, -1], [0, 2]])
    by_k, by_x, by_b = grad(y, [k, x, b], delta)
    assert by_k[0, 0].tolist() == [[9, 11], [15, 17]]
    assert by_x[0, 0].tolist() == [[1, -1, 0], [2, -1, 1], [0, 4, -2]]
    assert by_b.tolist() == [2]
    assert mg.equal(mg.correlate_weight(x, delta, 2), by_k)
    assert mg.equal(mg.full_convolve2d(delta, k), by_x)


# --------------------------------------------------------------- XIII: transposed

TRANSPOSED_INPUT, TRANSPOSED_KERNEL = [[0, 1], [2, 3]], [[9, 8], [7, 6]]


def test_N135_transposed_convolution_with_stride_two():
    y = mg.conv_transpose2d(image(TRANSPOSED_INPUT), image(TRANSPOSED_KERNEL), stride=2)
    assert y[0, 0].tolist() == [[0, 0, 9, 8], [0, 0, 7, 6], [18, 16, 27, 24], [14, 12, 21, 18]]


def test_N137_transposed_convolution_and_its_partial_sums():
    expected = [[0, 9, 8], [18, 50, 30], [14, 33, 18]]
    kernel = image(TRANSPOSED_KERNEL)
    y = mg.conv_transpose2d(image(TRANSPOSED_INPUT), kernel)
    assert y[0, 0].tolist() == expected
    assert mg.full_convolve2d(tensor(TRANSPOSED_INPUT), tensor(TRANSPOSED_KERNEL)).tolist() == expected
    blocks = {
        (0, 0): [[0, 0], [0, 0]],
        (0, 1): [[9, 8], [7, 6]],
        (1, 1): [[27, 24], [21, 18]],
        (1, 0): [[18, 16], [14, 12]],
    }
    total = np.zeros((3, 3))
    for (i, j), block in blocks.items():
        alone = np.zeros((2, 2))
        alone[i, j] = TRANSPOSED_INPUT[i][j]
        part = mg.conv_transpose2d(image(alone), kernel)[0, 0]
        assert part[i : i + 2, j : j + 2].tolist() == block
        total += part.numpy()
    assert total.tolist() == expected


def test_N134_N136_sizes_of_an_autoencoder():
    x, w = mg.zeros(1, 1, 28, 28), mg.zeros(1, 1, 3, 3)
    sizes = [28]
    for _ in range(2):
        x = mg.conv2d(x, w, stride=2, padding=1)
        sizes.append(x.shape[2])
    for _ in range(2):
        x = mg.conv_transpose2d(x, w, stride=2, padding=1, output_padding=1)
        sizes.append(x.shape[2])
    assert sizes == [28, 14, 7, 14, 28]
