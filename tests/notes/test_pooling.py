"""Subsampling, pyramids and pooling (N80–N93)."""

import itertools

import numpy as np
import pytest
import scipy.ndimage

import minigrad as mg
import nn
from minigrad import signal
from minigrad.autograd import grad, gradcheck
from minigrad.signal import kernels
from nn import notes
from nn.notes import functional as F
from tests.notes.golden import entry, golden
from tests.samples import normal, positive

# ------------------------------------------- subsampling and pyramids: N81–N85


def random(*shape, **options):
    return mg.randn(shape, dtype=mg.float64, **options)


def test_N80_pooled_maps_move_less_under_noise():
    mg.manual_seed(80)
    image = kernels.gaussian(9, 2.0).apply(random(1, 1, 24, 24)) * 5
    w = random(3, 1, 5, 5)

    def change(stage):
        of_clean, of_noisy = (stage(mg.conv2d(x, w)) for x in (image, image + random(1, 1, 24, 24)))
        return ((of_noisy - of_clean).square().sum() / of_clean.square().sum()).item()

    assert change(lambda maps: mg.avg_pool2d(maps, 4)) < 0.7 * change(lambda maps: maps)


def test_N81_the_rows_of_s_keep_every_other_sample():
    np.testing.assert_array_equal(signal.subsampling_matrix(5).numpy(), golden("subsampling_matrix_rows"))


@pytest.mark.parametrize(("rows", "columns", "step"), [*itertools.product((6, 7), (8, 9), (1, 2, 3))])
def test_N81_matrices_on_both_sides_are_slicing(rows, columns, step):
    x = random(rows, columns)
    left, right = (signal.subsampling_matrix(n, step, dtype=mg.float64) for n in (rows, columns))
    assert left.shape == (-(-rows // step), rows)
    assert (left @ x @ right.T).tolist() == x[::step, ::step].tolist() == signal.subsample(x, step).tolist()


def test_N81_N131_gradients_go_back_among_zeros():
    x = random(7, 6, requires_grad=True)
    y = signal.subsample(x)
    g = random(*y.shape)
    (back,) = grad(y, x, g)
    left, right = (signal.subsampling_matrix(n, dtype=mg.float64) for n in x.shape)
    assert back.tolist() == (left.T @ g @ right).tolist()


@pytest.mark.parametrize("m", [2, 3])
def test_N81_N88_average_pooling_is_a_matrix_on_each_side(m):
    x = random(6, 12)
    left, right = (
        sum(mg.roll(signal.subsampling_matrix(n, m, dtype=mg.float64), place, 1) for place in range(m)) / m
        for n in x.shape
    )
    pooled = mg.avg_pool2d(x[None, None], m)[0, 0]
    np.testing.assert_allclose((left @ x @ right.T).numpy(), pooled.numpy(), rtol=1e-12, atol=1e-15)
    assert not np.allclose((left @ x @ right.T).numpy(), signal.subsample(x, m).numpy()), "X68: pooling is not S·X·Sᵀ"


def test_N82_small_levels_keep_what_is_large_and_lose_noise():
    clean = np.sin(np.arange(64) / 10)[:, None] * np.cos(np.arange(64) / 12)
    noise = np.random.default_rng(82).normal(0, 0.5, clean.shape)
    levels = zip(signal.pyramid(clean, 2), signal.pyramid(clean + noise, 2), strict=True)
    errors = [(of_clean - of_noisy).std().item() for of_clean, of_noisy in levels]
    assert errors[0] > 2 * errors[1] > 4 * errors[2]
    small = signal.pyramid(clean, 2)[2][2:-2, 2:-2]
    np.testing.assert_allclose(small.numpy(), clean[::4, ::4][2:-2, 2:-2], atol=0.05)


@pytest.mark.parametrize("border", ["reflect", "zero", "wrap"])
def test_N83_X60_a_level_is_a_matrix_times_the_image(border):
    image = random(6, 5)
    projection = signal.projection_matrix((6, 5), border=border, dtype=mg.float64)  # Pᵀ, as X60 corrects it
    coefficients = projection @ image.flatten()
    level = signal.pyramid(image, 1, border=border)[1]
    np.testing.assert_allclose(coefficients.reshape(level.shape).numpy(), level.numpy(), rtol=1e-12, atol=1e-14)
    M, N = projection.shape
    assert (M, N) == (9, 30)
    vectors = projection.T  # P = [p₀ p₁ …]: as printed, P·I does not exist unless M = N
    with pytest.raises(ValueError, match="matmul"):
        vectors @ image.flatten()
    first = vectors[:, 0]
    assert (first @ image.flatten()).item() == pytest.approx(coefficients[0].item(), rel=1e-12)
    assert np.linalg.matrix_rank(projection.numpy()) == min(M, N)


def test_N83_a_line_of_the_matrix_is_s_after_h():
    h = np.array([1, 4, 6, 4, 1]) / 16
    smoothing = np.stack([scipy.ndimage.convolve1d(one, h, mode="mirror") for one in np.eye(9)], 1)
    expected = signal.subsampling_matrix(9).numpy() @ smoothing
    np.testing.assert_allclose(signal.projection_matrix(9).numpy(), expected, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize(("M", "N", "kind"), [(6, 6, "critical"), (9, 6, "over"), (4, 6, "under")])
def test_N84_sampling_regimes(M, N, kind):
    assert signal.sampling_kind(M, N) == kind
    source = np.random.default_rng(84)
    P, image = source.normal(size=(N, M)), source.normal(size=N)
    assert np.linalg.matrix_rank(P) == min(M, N)
    back = np.linalg.pinv(P.T) @ (P.T @ image)
    assert np.allclose(back, image) == (kind != "under")


def test_N85_sizes_and_pixels_of_the_sequence():
    levels = signal.pyramid(random(16, 16), 3)
    assert [one.shape for one in levels] == [(16, 16), (8, 8), (4, 4), (2, 2)]
    assert sum(one.numel() for one in levels) < 4 / 3 * levels[0].numel()


def test_N85_two_lines_are_one_square_filter():
    image, h = random(12, 9), np.array([1, 4, 6, 4, 1]) / 16
    square = signal.convolve(mg.pad(image, 2, "reflect"), mg.tensor(np.outer(h, h)), "valid")
    level = signal.pyramid(image, 1)[1]
    np.testing.assert_allclose(level.numpy(), square[::2, ::2].numpy(), rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("kernel", [None, [0.25, 0.5, 0.25], kernels.gaussian(5, 1.0)])
def test_N85_constants_are_kept(kernel):
    for level in signal.pyramid(mg.full((16, 16), 7.0, dtype=mg.float64), 3, kernel):
        np.testing.assert_allclose(level.numpy(), 7, rtol=1e-6)


# ------------------------------------------- pooling: N86–N93

EXAMPLE = {name: np.array(value) for name, value in entry("pooling_example_4x4").items()}
POOLS = [
    nn.MaxPool2d, nn.AvgPool2d, notes.L2Pool2d, lambda *sizes: notes.LpMeanPool2d(3, *sizes),
    lambda *sizes: notes.StochasticPool2d(*sizes).eval(),
]  # fmt: skip
IDS = ["max", "average", "L2", "power mean", "stochastic"]


def pooled(layer, x):
    """What a layer makes of one matrix."""
    return layer(mg.tensor(np.asarray(x, float))[None]).numpy()[0]


def gradient(layer, x, g):
    """The gradient of one matrix."""
    x = mg.tensor(np.asarray(x, float)[None], requires_grad=True)
    return mg.autograd.grad(layer(x), [x], mg.tensor(np.asarray(g, float)[None]))[0].numpy()[0]


@pytest.mark.parametrize("pool", POOLS, ids=IDS)
def test_N86_X8_windows_do_not_overlap_unless_asked(pool):
    x = mg.tensor(positive(2, 5, 6, 6))
    by_default, dense = pool(2)(x), pool(2, 1)(x)
    assert by_default.shape == (2, 5, 3, 3)
    assert dense.shape == (2, 5, 5, 5)  # the printed index i + p, j + q
    np.testing.assert_allclose(dense[..., ::2, ::2].numpy(), by_default.numpy(), rtol=1e-12)
    for c in range(5):
        np.testing.assert_allclose(pool(2)(x[:, c : c + 1]).numpy(), by_default[:, c : c + 1].numpy(), rtol=1e-12)


def test_X8_the_worked_example_needs_the_stride():
    x = golden("smile_relu_output")
    np.testing.assert_array_equal(pooled(nn.MaxPool2d(2), x), golden("smile_maxpool_output"))
    printed = np.array([[x[i : i + 2, j : j + 2].max() for j in range(3)] for i in range(3)])
    assert printed.shape == (3, 3) != golden("smile_maxpool_output").shape
    np.testing.assert_array_equal(pooled(nn.MaxPool2d(2, 1), x), printed)


def test_N87_the_largest_of_each_window():
    np.testing.assert_array_equal(pooled(nn.MaxPool2d(2), EXAMPLE["x"]), EXAMPLE["max"])
    assert pooled(nn.MaxPool2d(2, padding=1), -np.ones((4, 4))).max() == -1  # the border is −∞, not 0


def test_N88_the_mean_of_each_window_is_a_box_filter_and_subsampling():
    np.testing.assert_array_equal(pooled(nn.AvgPool2d(2), EXAMPLE["x"]), EXAMPLE["average"])
    x = normal(6, 6)
    box = kernels.box(3).apply(mg.tensor(x), mode="valid").numpy()
    np.testing.assert_allclose(pooled(nn.AvgPool2d(3), x), box[::3, ::3], rtol=1e-12)
    A = np.kron(np.eye(2), np.ones(3) / 3)
    np.testing.assert_allclose(pooled(nn.AvgPool2d(3), x), A @ x @ A.T, rtol=1e-12)


def test_N89_X7_the_root_of_the_sum_of_squares():
    np.testing.assert_allclose(pooled(notes.L2Pool2d(2), EXAMPLE["x"]), EXAMPLE["l2"], rtol=1e-12)
    for case in entry("l2_pooling_windows"):
        window = np.array(case["window"], float)
        printed = np.sqrt(window.sum() ** 2)
        assert printed == case["printed_formula"]
        right = pooled(notes.L2Pool2d(2), window.reshape(2, 2)).item()
        assert right == pytest.approx(case["correct"], rel=1e-14) != pytest.approx(printed)
    normalized = pooled(notes.L2Pool2d(2, normalize=True), EXAMPLE["x"])
    np.testing.assert_allclose(normalized, pooled(notes.LpMeanPool2d(2, 2), EXAMPLE["x"]), rtol=1e-12)
    np.testing.assert_allclose(normalized * 2, EXAMPLE["l2"], rtol=1e-12)


def test_N89_the_family_between_the_mean_and_the_largest():
    x = normal(6, 6)
    family = [pooled(notes.LpMeanPool2d(p, 3), x) for p in (1, 1.5, 2, 8, 64, 512, np.inf)]
    np.testing.assert_allclose(family[0], pooled(nn.AvgPool2d(3), abs(x)), rtol=1e-12)
    np.testing.assert_array_equal(family[-1], pooled(nn.MaxPool2d(3), abs(x)))
    for lower, higher in itertools.pairwise(family):
        assert (lower < higher).all()
    np.testing.assert_allclose(family[-2], family[-1], rtol=0.01)


@pytest.mark.parametrize("p", [1.0, 2.0, 3.0])
def test_N130_gradients_of_norms(p):
    x, g, m = normal(6, 6), normal(2, 2, seed=1), 9
    x[0, 0] = 0

    def whole(small):
        return np.kron(small, np.ones((3, 3)))

    y = pooled(notes.LpMeanPool2d(p, 3), x)
    expected = whole(g) * np.sign(x) * abs(x) ** (p - 1) * whole(y) ** (1 - p) / m
    np.testing.assert_allclose(gradient(notes.LpMeanPool2d(p, 3), x, g), expected, rtol=1e-10, atol=1e-15)
    l2 = pooled(notes.L2Pool2d(3), x)
    np.testing.assert_allclose(gradient(notes.L2Pool2d(3), x, g), whole(g) * x / whole(l2), rtol=1e-10, atol=1e-15)
    for layer in (notes.L2Pool2d(3), notes.LpMeanPool2d(p, 3)):
        assert not gradient(layer, np.zeros((3, 3)), [[1.0]]).any()


def test_N90_probabilities_and_the_mean_of_the_worked_window():
    case = entry("stochastic_pooling_window")
    window = np.array(case["window"], float).reshape(2, 2)
    layer = notes.StochasticPool2d(2, generator=np.random.default_rng(0))
    x = mg.tensor(np.tile(window, (100, 100))[None])
    drawn = layer(x).numpy().ravel()
    shares = [(drawn == value).mean() for value in case["window"]]
    assert len(drawn) == 10_000
    np.testing.assert_allclose(shares, case["probabilities"], atol=0.02)  # four standard deviations
    assert drawn.mean() == pytest.approx(case["inference_value"], abs=0.04)
    assert pooled(layer.eval(), window).item() == case["inference_value"] == 3


def test_N90_equal_seeds_draw_equally_and_negative_numbers_have_no_probability():
    x = mg.tensor(positive(1, 2, 8, 8))
    one, two, three = (notes.StochasticPool2d(2, generator=np.random.default_rng(s))(x).tolist() for s in (3, 3, 4))
    assert one == two != three
    with pytest.raises(mg.errors.ArgumentError, match="negative numbers"):
        notes.StochasticPool2d(2)(-x)


def test_N90_windows_of_zeros_draw_each_place_alike():
    x = mg.zeros(1, 200, 200, dtype=mg.float64, requires_grad=True)
    y = notes.StochasticPool2d(2, generator=np.random.default_rng(90))(x)
    (drawn,) = grad(y.sum(), [x])
    assert not y.any()
    shares = [drawn[0, i::2, j::2].mean().item() for i in (0, 1) for j in (0, 1)]
    np.testing.assert_allclose(shares, 0.25, atol=0.02)


@pytest.mark.parametrize(
    "layer",
    [
        notes.L2Pool2d(2), notes.L2Pool2d((2, 3), 1, normalize=True), notes.LpMeanPool2d(3, 2),
        notes.LpMeanPool2d(1.5, 3, 2), notes.StochasticPool2d(2).eval(), notes.StochasticPool2d(3, 1).eval(),
        notes.Subsample2d(skip=(1, 2)),
    ],
    ids=repr,
)  # fmt: skip
def test_N130_N131_gradients_by_finite_differences(layer):
    x = mg.tensor(positive(2, 5, 6), requires_grad=True)
    assert gradcheck(layer, x, order=2)


def test_N130_a_fixed_draw_by_finite_differences():
    """Away from where another place would be drawn, the drawn value is a linear function of the window."""
    a, step = positive(1, 4, 4), 1e-6
    run = lambda x: F.stochastic_pool2d(mg.tensor(x), 2, generator=np.random.default_rng(5)).sum().item()  # noqa: E731
    x = mg.tensor(a, requires_grad=True)
    (given,) = grad(F.stochastic_pool2d(x, 2, generator=np.random.default_rng(5)).sum(), [x])
    for place in np.ndindex(a.shape):
        up, down = a.copy(), a.copy()
        up[place] += step
        down[place] -= step
        assert (run(up) - run(down)) / (2 * step) == pytest.approx(given[place].item(), abs=1e-6)


def test_N130_gradients_of_stochastic_pooling():
    a, g = positive(4, 4), normal(2, 2, seed=1)
    a[:2, :2] = 0

    def run(x):
        return F.stochastic_pool2d(x, 2, generator=np.random.default_rng(1))

    y, given = pooled(run, a), gradient(run, a, g)
    for i, j in np.ndindex(2, 2):
        block, window = given[2 * i : 2 * i + 2, 2 * j : 2 * j + 2], a[2 * i : 2 * i + 2, 2 * j : 2 * j + 2]
        assert np.count_nonzero(block) == 1
        assert block[block != 0].item() == g[i, j]
        assert window[block != 0].item() == y[i, j]  # the drawn neuron gets it all
    mean = notes.StochasticPool2d(2).eval()
    y, given = pooled(mean, a), gradient(mean, a, g)
    total = np.add.reduceat(np.add.reduceat(a, [0, 2], 0), [0, 2], 1)
    whole = [np.kron(one, np.ones((2, 2))) for one in (g, y, np.where(total == 0, np.inf, total))]
    np.testing.assert_allclose(given, whole[0] * (2 * a - whole[1]) / whole[2], rtol=1e-10, atol=1e-15)


def test_N91_X21_the_worked_example_where_every_window_has_a_tie():
    x = golden("smile_relu_output")
    for i, j in np.ndindex(2, 2):
        window = x[2 * i : 2 * i + 2, 2 * j : 2 * j + 2]
        assert (window == window.max()).sum() > 1
    assert pooled(nn.MaxPool2d(2), x).tolist() == golden("smile_maxpool_output").tolist()
    first = np.array(entry("smile_backward")["dL_dconv"])
    np.testing.assert_array_equal(gradient(nn.MaxPool2d(2), x, np.ones((2, 2))), first)
    last = gradient(nn.MaxPool2d(2), x[::-1, ::-1].copy(), np.ones((2, 2)))[::-1, ::-1]
    assert (last != first).any()  # with the last winner instead, other weights would learn


def test_N91_the_whole_worked_example_forward_and_backward():
    expected = entry("smile_backward")
    x = mg.tensor(golden("smile_region_needed_5x5")[None], requires_grad=True)
    conv = notes.Conv2d.after_a(1, 1, 2).double()
    conv.load_state_dict({"weight": mg.tensor(golden("smile_filter_2x2")[None, None]), "bias": mg.zeros(1).double()})
    loss = nn.Sequential(conv, nn.ReLU(), nn.MaxPool2d(2))(x).sum()
    loss.backward()
    assert loss.item() == 94
    np.testing.assert_array_equal(conv.weight.grad.numpy()[0, 0], expected["dL_dW"])
    np.testing.assert_array_equal(x.grad.numpy()[0], expected["dL_dX"])
    assert conv.bias.grad.item() == expected["dL_db"]


def test_N92_a_network_without_pooling_learns_too():
    mg.manual_seed(0)
    model = nn.Sequential(nn.Conv2d(1, 4, 3, stride=2), nn.ReLU(), nn.Conv2d(4, 8, 3, stride=2), nn.ReLU(),
                          nn.Flatten(), nn.Linear(8 * 2 * 2, 2))  # fmt: skip
    x = mg.tensor(normal(16, 1, 12, 12), dtype=mg.float32)
    target = (x[:, 0, :6].sum((1, 2)) > x[:, 0, 6:].sum((1, 2))).long()
    optimizer = mg.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    losses = []
    for _ in range(40):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(x), target)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.2 * losses[0]


def test_N92_the_depth_stays_and_the_window_is_free():
    x = mg.zeros(1, 7, 12, 12)
    for kernel in (2, 3, 4, (2, 3)):
        assert nn.MaxPool2d(kernel)(x).shape[1] == 7


@pytest.mark.parametrize("pool", POOLS, ids=IDS)
def test_N93_four_maps_are_pooled_one_by_one(pool):
    x, order = mg.tensor(positive(1, 4, 6, 6)), [2, 0, 3, 1]
    np.testing.assert_array_equal(pool(2)(x[:, order]).numpy(), pool(2)(x)[:, order].numpy())
