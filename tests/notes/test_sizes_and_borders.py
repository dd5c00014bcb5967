"""Modes, borders and sizes (N34–N45), with the errata X12, X26, X28, X52, X59, X76, X77, X80 and X81."""

import itertools
import math

import numpy as np
import pytest
import scipy.ndimage
import scipy.signal

import minigrad as mg
import nn
from minigrad import signal
from minigrad.autograd import grad, gradcheck
from minigrad.errors import ArgumentError, ShapeError
from minigrad.signal import convolve, correlate, pictures
from tests.notes.golden import entry, golden

BORDERS = ["reflect", "symmetric", "edge", "wrap"]

# ------------------------------------------------------- modes and borders: N34–N37


@pytest.mark.parametrize(("n", "k"), [(n, k) for n in range(1, 9) for k in range(1, n + 1)])
def test_N34_sizes_and_values_of_the_modes(n, k):
    source = np.random.default_rng(n * 10 + k)
    x, h = source.integers(-9, 10, n).astype(float), source.integers(-9, 10, k).astype(float)
    for mode, size in (("full", n + k - 1), ("same", n), ("valid", n - k + 1)):
        y = convolve(x, h, mode)
        assert y.shape == correlate(x, h, mode).shape == (size,)
        assert np.array_equal(y.numpy(), np.convolve(x, h, mode))
    begin = (k - 1) // 2
    assert mg.equal(convolve(x, h, "same"), convolve(x, h)[begin : begin + n])


@pytest.mark.parametrize(("operator", "function"), [("convolution", convolve), ("correlation", correlate)])
def test_N34_the_example(operator, function):
    example = entry("modes_1d_example")
    for mode, expected in example[operator].items():
        assert function(np.array(example["x"]), np.array(example["h"]), mode).tolist() == expected


@pytest.mark.parametrize(("n", "k"), [(n, k) for n in range(2, 8) for k in range(1, 8)])
def test_X81_same_for_even_kernels(n, k):
    """Correlation begins ⌊(k − 1)/2⌋ before the image; convolution where NumPy's does, with the sides exchanged."""
    source = np.random.default_rng(n * 10 + k)
    x, h = source.integers(-9, 10, n).astype(float), source.integers(-9, 10, k).astype(float)
    before, behind = (k - 1) // 2, k // 2
    padded = np.pad(x, (before, behind))
    assert correlate(x, h, "same").tolist() == [h @ padded[i : i + k] for i in range(n)]
    layer = nn.functional.conv1d(mg.from_numpy(x)[None, None], mg.from_numpy(h)[None, None], padding="same")
    assert mg.equal(correlate(x, h, "same"), layer[0, 0])
    padded = np.pad(x, (behind, before))
    assert convolve(x, h, "same").tolist() == [h[::-1] @ padded[i : i + k] for i in range(n)]
    theirs = scipy.signal.correlate(x, h, "same")
    assert np.allclose(theirs, [h @ np.pad(x, (behind, before))[i : i + k] for i in range(n)])
    if k % 2:
        assert np.allclose(theirs, correlate(x, h, "same").numpy())
    else:
        assert np.allclose(theirs[1:], correlate(x, h, "same")[:-1].numpy())


def test_N35_the_zero_border_of_note_a():
    inner, padded = golden("zero_padding_inner_4x4"), golden("zero_padding_result_6x6")
    assert np.array_equal(mg.pad(inner, 1).numpy(), padded)
    assert np.array_equal(mg.crop(padded, 1).numpy(), inner)
    assert np.array_equal(pictures.PIXELS_4X4, inner)
    leaf, g = mg.from_numpy(inner).requires_grad_(), mg.randn(6, 6, dtype=mg.float64)
    assert mg.equal(grad(mg.pad(leaf, 1), leaf, g)[0], mg.crop(g, 1)), "the VJP of padding is cropping"


@pytest.mark.parametrize("size", [1, 3, 5, 7])
def test_N35_half_of_an_odd_kernel_keeps_the_size(size):
    x, w = mg.randn(1, 1, 9, 8, dtype=mg.float64), mg.randn(1, 1, size, size, dtype=mg.float64)
    y = mg.conv2d(x, w, padding=(size - 1) // 2)
    assert y.shape == x.shape
    assert mg.allclose(y[0, 0], correlate(x[0, 0], w[0, 0], "same"))


@pytest.mark.parametrize("name", entry("border_modes_4x4"))
def test_N36_N37_the_border_of_every_kind(name):
    """Under the identity with room for a border, 'full' shows the padded image itself."""
    inner, delta = golden("zero_padding_inner_4x4"), np.zeros((3, 3))
    delta[1, 1] = 1
    border, value = ("constant", 7.0) if name == "constant_7" else (name, 0.0)
    expected = np.array(entry("border_modes_4x4")[name], float)
    assert np.array_equal(correlate(inner, delta, "full", border=border, value=value).numpy(), expected)
    assert np.array_equal(mg.pad(inner, 1, border, value).numpy(), expected)


@pytest.mark.parametrize("border", [*BORDERS, "constant"])
@pytest.mark.parametrize("k", [(3, 3), (4, 2), (2, 5)])
def test_N36_N37_X81_the_border_before_and_behind_an_even_kernel(border, k):
    """The sides of 'same' differ for an even size, and those of a convolution are exchanged."""
    source = np.random.default_rng(36)
    x, h = source.integers(-9, 10, (5, 6)).astype(float), source.integers(-9, 10, k).astype(float)
    fill = {"constant_values": 3.0} if border == "constant" else {}
    options = {"border": border, "value": 3.0} if border == "constant" else {"border": border}
    before, behind = [(n - 1) // 2 for n in k], [n // 2 for n in k]
    for function, kernel, first, last in (
        (correlate, h, before, behind),
        (convolve, h[::-1, ::-1], behind, before),
    ):
        padded = np.pad(x, list(zip(first, last, strict=True)), border, **fill)
        expected = scipy.signal.correlate2d(padded, kernel, "valid")
        assert np.array_equal(function(x, h, "same", **options).numpy(), expected)
        assert np.array_equal(function(x, h, "same", border=padded).numpy(), expected), "the padded image as an array"


@pytest.mark.parametrize("function", [convolve, correlate])
def test_N34_a_kernel_that_is_larger_than_the_image(function):
    """'valid' lets the smaller one slide inside the larger, in the order of 'full'."""
    source = np.random.default_rng(34)
    x, h = source.integers(-9, 10, (2, 3)).astype(float), source.integers(-9, 10, (4, 6)).astype(float)
    theirs = {convolve: scipy.signal.convolve, correlate: scipy.signal.correlate}[function]
    assert np.array_equal(function(x, h, "valid").numpy(), theirs(x, h, "valid", method="direct"))


@pytest.mark.parametrize(("ours", "scipys"), [("reflect", "mirror"), ("symmetric", "reflect")])
def test_X80_scipys_names_for_the_two_reflections_are_the_other_way_round(ours, scipys):
    image, kernel = golden("zero_padding_inner_4x4"), np.arange(9.0).reshape(3, 3)
    y = correlate(image, kernel, "same", border=ours).numpy()
    assert np.array_equal(y, scipy.ndimage.correlate(image, kernel, mode=scipys))
    other = {"mirror": "symmetric", "reflect": "reflect"}[scipys]
    assert not np.array_equal(y, correlate(image, kernel, "same", border=other).numpy())


@pytest.mark.parametrize("border", BORDERS)
def test_N36_the_gradient_of_the_border_is_added_on_its_source(border):
    """The border is linear in the image: x -> R₁·x·R₂ᵀ, so its gradient is R₁ᵀ·g·R₂."""
    x, g = mg.randn(4, 3, dtype=mg.float64, requires_grad=True), mg.randn(6, 7, dtype=mg.float64)
    widths = ((1, 1), (2, 2))
    rows, columns = (np.pad(np.eye(n), (width, (0, 0)), border) for n, width in zip(x.shape, widths, strict=True))
    (pulled,) = grad(mg.pad(x, widths, border), x, g)
    assert np.allclose(pulled.numpy(), rows.T @ g.numpy() @ columns)
    kernel = mg.randn(3, 2, dtype=mg.float64, requires_grad=True)
    assert gradcheck(lambda x, h: convolve(x, h, "same", border=border), [x, kernel], order=2)


def test_N37_a_border_of_ones_own():
    image, kernel = golden("zero_padding_inner_4x4"), np.arange(9.0).reshape(3, 3)
    frame = np.full((6, 6), 5.0)
    expected = correlate(image, kernel, "same", border="constant", value=5.0)
    assert mg.equal(correlate(image, kernel, "same", border=frame), expected)
    assert mg.equal(correlate(image, kernel, "same", border=lambda x, widths: mg.pad(x, widths, value=5.0)), expected)
    frame[1:-1, 1:-1] = np.nan
    assert mg.equal(correlate(image, kernel, "same", border=frame), expected), "what lies under the image is not read"
    leaf = mg.from_numpy(image).requires_grad_()
    for border in (frame, lambda x, widths: mg.pad(x, widths, "reflect") * 2):
        assert gradcheck(lambda x, border=border: correlate(x, kernel, "same", border=border), [leaf])
    assert gradcheck(lambda x: correlate(x, kernel, "same", border="constant", value=5.0), [leaf])


def test_N37_wrapped_round_a_convolution_commutes_with_every_shift():
    source = np.random.default_rng(37)
    x, h = source.integers(-9, 10, (5, 6)).astype(float), source.integers(-9, 10, (3, 2)).astype(float)
    y = convolve(x, h, "same", border="wrap").numpy()
    for shift in np.ndindex(5, 6):
        moved = convolve(np.roll(x, shift, (0, 1)), h, "same", border="wrap").numpy()
        assert np.array_equal(moved, np.roll(y, shift, (0, 1)))
    below, y = convolve(np.roll(x, 1, 0), h, "same").numpy(), convolve(x, h, "same").numpy()
    assert not np.array_equal(below, np.roll(y, 1, 0)), "with zeros outside it does not"


# -------------------------------------------------- strides and sizes: N38–N45


@pytest.mark.parametrize("stride", [(1, 1), (2, 2), (2, 3), (4, 1)])
def test_N38_a_stride_keeps_every_sth_window(stride):
    x = mg.randn(2, 3, 9, 10, dtype=mg.float64, requires_grad=True)
    w = mg.randn(4, 3, 3, 2, dtype=mg.float64, requires_grad=True)
    strided, dense = mg.conv2d(x, w, stride=stride), mg.conv2d(x, w)[..., :: stride[0], :: stride[1]]
    np.testing.assert_allclose(strided.detach().numpy(), dense.detach().numpy(), rtol=1e-12, atol=1e-12)
    g = mg.randn(*strided.shape, dtype=mg.float64)
    for of_strided, of_dense in zip(
        mg.autograd.grad(strided, (x, w), g), mg.autograd.grad(dense, (x, w), g), strict=True
    ):
        np.testing.assert_allclose(of_strided.numpy(), of_dense.numpy(), rtol=1e-11, atol=1e-11)
    for pool in (mg.max_pool2d, mg.avg_pool2d):
        strided, dense = pool(x, 3, stride), pool(x, 3, 1)[..., :: stride[0], :: stride[1]]
        np.testing.assert_allclose(strided.detach().numpy(), dense.detach().numpy(), rtol=1e-12, atol=1e-15)
        g = mg.randn(*strided.shape, dtype=mg.float64)
        (of_strided,), (of_dense,) = (mg.autograd.grad(y, x, g) for y in (strided, dense))
        np.testing.assert_allclose(of_strided.numpy(), of_dense.numpy(), rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize(
    ("mode", "stride", "dilation"), [*itertools.product(["full", "same", "valid"], [1, 2], [1, 3])]
)
def test_N34_N38_modes_with_strides_and_dilated_kernels(mode, stride, dilation):
    """A dilated kernel reaches as far as one with zeros between its entries, and a stride keeps every second result."""
    source = np.random.default_rng(38)
    x, h = source.integers(-9, 10, (9, 8)).astype(float), source.integers(-9, 10, (3, 2)).astype(float)
    wide = np.zeros([dilation * (n - 1) + 1 for n in h.shape])
    wide[::dilation, ::dilation] = h
    options = {"stride": stride, "dilation": dilation}
    for slid, whole in ((signal.correlate2d, correlate), (signal.convolve2d, convolve)):
        expected = whole(x, wide, mode)[::stride, ::stride]
        if mode != "same" or stride == 1:
            assert mg.equal(slid(x, h, mode, **options), expected)
        layer = nn.notes.Conv2d(1, 1, h.shape, mode=mode, flip=whole is convolve, bias=None, **options).double()
        layer.load_state_dict({"weight": mg.tensor(h[None, None])})
        assert mg.equal(layer(mg.tensor(x[None]))[0], expected)


@pytest.mark.parametrize("dilation", [1, 3])
def test_N38_X81_same_with_a_stride_is_that_of_the_layers(dilation):
    """As many zeros as the strided windows need, so that the first begins where the slice of the dense map may not."""
    source = np.random.default_rng(81)
    x, h = source.integers(-9, 10, (9, 8)).astype(float), source.integers(-9, 10, (2, 3)).astype(float)
    images, bank = (mg.from_numpy(values)[None, None] for values in (x, h))
    layer = mg.conv2d(images, bank, stride=2, padding="same", dilation=dilation)[0, 0]
    y = signal.correlate2d(x, h, "same", stride=2, dilation=dilation)
    assert y.shape == (5, 4)
    assert mg.equal(y, layer)
    turned = signal.convolve2d(signal.rot180(x), h, "same", stride=2, dilation=dilation)
    assert mg.equal(signal.rot180(turned), y), "a convolution exchanges the sides"
    assert not mg.equal(y, correlate(x, h, "same")[::2, ::2]) or dilation > 1


def test_N39_X77_the_skipping_factor_is_one_less_than_the_stride():
    x = mg.randn(1, 1, 9, 8)
    layer = nn.notes.Conv2d(1, 1, 3, skip=1)
    whole = nn.notes.Conv2d(1, 1, 3)
    whole.load_state_dict(layer.state_dict())
    y = whole(x)[0, 0]
    rows, columns = (signal.subsampling_matrix(n) for n in y.shape)
    np.testing.assert_allclose(layer(x)[0, 0].detach().numpy(), (rows @ y @ columns.T).detach().numpy(), rtol=1e-6)
    for n, k, skip in itertools.product(range(4, 12), range(1, 4), range(4)):
        assert signal.output_size(n, k, skip=skip) == signal.output_size(n, k, skip + 1)
    with pytest.raises(ArgumentError, match="the same in two ways"):
        signal.output_size(9, 3, 2, skip=1)
    for layer in (lambda: nn.notes.Conv2d(1, 1, 3, stride=2, skip=1), lambda: nn.notes.Subsample2d(2, 1)):
        with pytest.raises(ArgumentError, match=r"skip \+ 1"):
            layer()
    for skip in (0, (1, 2), (3, 0)):
        layer = nn.notes.Conv2d(1, 1, 3, skip=skip)
        layer.load_state_dict(whole.state_dict())
        down, right = skip if isinstance(skip, tuple) else (skip, skip)
        np.testing.assert_allclose(layer(x)[0, 0].tolist(), y[:: down + 1, :: right + 1].tolist(), rtol=1e-6)
        assert nn.notes.Subsample2d(skip=skip)(x).tolist() == x[..., :: down + 1, :: right + 1].tolist()
    after_e = nn.notes.Conv2d.after_e(1, 1, 1, size=(9, 8), skip=(1, 2))
    assert after_e.bias.shape == after_e(x[0]).shape == (1, 4, 2)


def windows(n, k, s, before, after):
    """How many windows of k lie inside n elements and their padding, counted one by one."""
    return sum(start + k <= n + before + after for start in range(0, n + before + after, s))


def test_N44_every_size_is_what_counting_windows_gives():
    for n, k, s, p in itertools.product(range(1, 25), range(1, 7), range(1, 5), range(4)):
        count = windows(n, k, s, p, p)
        if count == 0:
            with pytest.raises(ShapeError, match="smaller kernel"):
                signal.output_size(n, k, s, p)
            continue
        assert signal.output_size(n, k, s, p) == count
        if n % 4:  # the other ways to say it are sums of the same numbers
            continue
        assert signal.output_size(n, k, s, pad_total=2 * p) == count
        assert signal.output_size(n, k, skip=s - 1, padding=p) == count
        assert signal.output_size_a(n, k, p, s) == count
        assert signal.output_size_b(n, k, 2 * p, s) == count
        if p == 0 and k % 2:
            assert signal.output_size_e(n, k // 2, s - 1) == count


def test_N44_dilation_and_uneven_padding():
    for n, k, s, d, (before, after) in itertools.product(
        (7, 12), (1, 2, 3), (1, 2, 3), (1, 2, 3), ((0, 0), (0, 1), (2, 1))
    ):
        count = windows(n, d * (k - 1) + 1, s, before, after)
        assert signal.output_size(n, k, s, ((before, after),), d) == (count,)


@pytest.mark.parametrize("row", entry("output_size_table"), ids=lambda row: f"{row['n']}k{row['k']}s{row['stride']}")
def test_N44_the_table(row):
    n, k, s, p, out = row["n"], row["k"], row["stride"], row["pad_per_side"], row["out"]
    assert signal.output_size(n, k, s, p) == out
    assert signal.output_size_a(n, k, p, s) == out
    assert signal.output_size_b(n, k, row["pad_total_B"], s) == out
    if row["h_E"] is not None and p == 0:
        assert signal.output_size_e(n, row["h_E"], row["skip_E"]) == out
    assert signal.output_size(n, k, skip=row["skip_E"], pad_total=row["pad_total_B"]) == out
    assert nn.Conv2d(1, 1, k, s, p)(mg.zeros(1, 1, n, n)).shape == (1, 1, out, out)


def test_N40_X12_the_formula_of_note_a_is_rounded_down():
    assert (8 - 3) / 2 + 1 == 3.5, "as printed"
    assert signal.output_size_a(8, 3, 0, 2) == nn.Conv1d(1, 1, 3, 2)(mg.zeros(1, 1, 8)).shape[2] == 3
    with pytest.raises(ArgumentError, match="5 is no multiple of 2"):
        signal.output_size_a(8, 3, 0, 2, exact=True)
    assert signal.output_size_a(7, 3, 0, 2, exact=True) == 3
    layer = nn.Conv2d(1, 5, 3, 2)(mg.zeros(1, 1, 8, 9))
    assert layer.numel() == signal.output_size_a(8, 3, 0, 2) * signal.output_size_a(9, 3, 0, 2) * 5, "N is per axis"


def test_N41_X26_X76_note_bs_padding_is_that_of_both_sides():
    assert signal.output_size_b(28, 3, 2) == signal.output_size_a(28, 3, 1) == 28
    assert signal.output_size_a(28, 3, 2) == 30, "the same number, read per side"
    assert signal.output_size(28, 3, pad_total=2) == 28
    assert nn.notes.Conv2d.after_b(1, 1, 3, pad_total=2)(mg.zeros(1, 1, 28, 28)).shape == (1, 1, 28, 28)
    assert signal.output_size_b(28, 4, 3) == 28, "an odd total has no half"
    with pytest.raises(ArgumentError, match="counts one side"):
        signal.output_size(28, 3, padding=1, pad_total=2)


@pytest.mark.parametrize("mode", ["full", "same", "valid"])
def test_N44_the_modes_of_note_d_are_total_paddings(mode):
    for n, k in itertools.product(range(6, 12), range(1, 6)):
        total = {"full": 2 * (k - 1), "same": k - 1, "valid": 0}[mode]
        size = {"full": n + k - 1, "same": n, "valid": n - k + 1}[mode]
        assert signal.output_size(n, k, padding=mode) == signal.output_size(n, k, pad_total=total) == size
        assert signal.output_size_b(n, k, total) == size


def test_N41_the_printed_formula_comes_out_or_is_refused():
    for n, k, p, s in itertools.product(range(5, 10), (1, 2, 3), range(4), (1, 2, 3)):
        printed = (n - k + p + s) / s
        if printed == int(printed):
            assert signal.output_size_b(n, k, p, s, exact=True) == printed
        else:
            assert signal.output_size_b(n, k, p, s) == int(printed)
            with pytest.raises(ArgumentError, match="no multiple of"):
                signal.output_size_b(n, k, p, s, exact=True)


def test_X28_an_output_may_be_larger_than_the_input():
    assert signal.output_size(5, 3, padding=2) == mg.conv1d(mg.zeros(1, 1, 5), mg.zeros(1, 1, 3), padding=2).shape[2]
    assert signal.output_size(5, 3, padding=2) == 7 > 5


@pytest.mark.parametrize(("m", "h"), [*itertools.product(range(7, 12), range(4))])
def test_N42_X52_a_valid_map_loses_2h(m, h):
    valid = mg.conv1d(mg.zeros(1, 1, m), mg.zeros(1, 1, 2 * h + 1)).shape[2]
    assert signal.output_size_e(m, h, exact=True) == valid == m - 2 * h
    same = mg.conv1d(mg.zeros(1, 1, m), mg.zeros(1, 1, 2 * h + 1), padding="same").shape[2]
    assert same == m, "the other slide's size holds for 'same'"


def test_N43_X59_the_skipping_formula_is_rounded_up():
    for m, h, skip in itertools.product(range(1, 25), range(4), range(4)):
        if m > 2 * h:
            printed = (m - 2 * h) / (skip + 1)
            assert signal.output_size_e(m, h, skip) == math.ceil(printed)
            assert signal.output_size_e(m, h, skip) == (m - 2 * h - 1) // (skip + 1) + 1
    assert (7 - 2 * 1) / (1 + 1) == 2.5, "as printed"
    assert signal.output_size_e(7, 1, 1) == mg.conv1d(mg.zeros(1, 1, 7), mg.zeros(1, 1, 3), stride=2).shape[2] == 3
    with pytest.raises(ArgumentError, match="no multiple of 2"):
        signal.output_size_e(7, 1, 1, exact=True)


def test_N44_pooling_by_its_window_leaves_the_rest_out():
    for n, m in itertools.product(range(4, 12), range(1, 5)):
        x = mg.zeros(1, 1, n)
        assert signal.output_size(n, m, m) == mg.max_pool1d(x, m).shape[2] == n // m
        assert signal.output_size(n, m, m, ceil_mode=True) == mg.max_pool1d(x, m, ceil_mode=True).shape[2]
        assert signal.output_size(n, m, m, ceil_mode=True) == -(-n // m)


@pytest.mark.parametrize(("word", "meaning"), [("wide", "full"), ("narrow", "valid"), ("same", "same")])
def test_N45_wide_is_full_and_narrow_is_valid(word, meaning):
    x, h = mg.randn(9), mg.randn(4)
    assert signal.convolve(x, h, word).tolist() == signal.convolve(x, h, meaning).tolist()
    layers = [nn.notes.Conv2d(1, 2, (3, 4), mode=mode) for mode in (word, meaning)]
    layers[1].load_state_dict(layers[0].state_dict())
    first, second = (layer(mg.ones(1, 1, 6, 7)) for layer in layers)
    assert first.tolist() == second.tolist()
    assert first.shape[2:] == signal.output_size((6, 7), (3, 4), padding=meaning)


def test_N45_the_repr_of_a_layer_shows_its_hyperparameters():
    shown = repr(nn.Conv2d(3, 16, 5, stride=2, padding=1, dilation=3))
    assert all(one in shown for one in ("3, 16", "kernel_size=(5, 5)", "stride=(2, 2)", "padding=(1, 1)", "dilation"))


def test_N136_the_transposed_size_undoes_the_size():
    for n, k, s, p in itertools.product(range(1, 20), range(1, 6), range(1, 4), range(3)):
        if n + 2 * p < k:
            continue
        o, extra = signal.output_size(n, k, s, p), (n + 2 * p - k) % s
        assert signal.transposed_output_size(o, k, s, p, extra) == n
        assert signal.transposed_output_size(o, k, s, p, extra) == (o - 1) * s - 2 * p + k + extra
        with pytest.raises(ArgumentError, match="output_padding"):
            signal.transposed_output_size(o, k, s, p, s)
