"""The backward pass (N109–N133): what the notes derive by hand, beside the tape and finite differences."""

import itertools

import numpy as np
import pytest
import scipy.signal

import minigrad as mg
import nn
import nn.functional as F
from minigrad.autograd import grad, gradcheck
from minigrad.func import vjp
from tests.notes import by_hand
from tests.notes.golden import entry, golden

SOURCE = np.random.default_rng(109)


def tensor(values):
    return mg.tensor(np.array(values, float))


def leaf(values):
    return tensor(values).requires_grad_()


def image(values):
    """A matrix as a batch of one map."""
    return leaf(np.array(values, float)[None, None])


def close(found, expected, tolerance=1e-12):
    found = found.detach().numpy() if isinstance(found, mg.Tensor) else found
    np.testing.assert_allclose(found, expected, rtol=tolerance, atol=tolerance)


def differ(found, expected):
    """Whether two arrays are of different shapes, or far from each other."""
    return np.shape(found) != np.shape(expected) or bool(np.abs(np.subtract(found, expected)).max() > 1e-3)


def slope_of_tanh(p):
    return 1 - np.tanh(p) ** 2


# ------------------------------------------------------- dense layers (note C)


@pytest.fixture
def dense():
    """Two dense layers p = W a − b, a = tanh(p), of 4, 3 and 2 units, and ∂L/∂a at the top."""
    sizes = [4, 3, 2]
    weights = [SOURCE.standard_normal((o, i)) for i, o in itertools.pairwise(sizes)]
    biases = [SOURCE.standard_normal(o) for o in sizes[1:]]
    return SOURCE.standard_normal(4), weights, biases, SOURCE.standard_normal(2)


def dense_tape(a, weights, biases):
    """The leaves and every pre-activation and activation of the two layers."""
    leaves = [leaf(a), *map(leaf, weights), *map(leaf, biases)]
    values, held = [leaves[0]], []
    for w, b in zip(leaves[1:3], leaves[3:]):
        held.append(w @ values[-1] - b)
        values.append(mg.tanh(held[-1]))
    return leaves, held, values


def test_N109_the_dense_recursion_is_the_tapes(dense):
    a, weights, biases, top = dense
    (_, *_), held, values = dense_tape(a, weights, biases)
    by_input, by_middle = grad(values[-1], values[:2], tensor(top))
    slope = [slope_of_tanh(p.detach().numpy()) for p in held]
    middle = by_hand.dense_backward(weights[1], values[1].detach().numpy(), slope[1], top)[2]
    close(by_middle, middle)
    close(by_input, by_hand.dense_backward(weights[0], a, slope[0], middle)[2])


def test_N110_dense_weights_and_biases(dense):
    a, weights, biases, top = dense
    leaves, held, values = dense_tape(a, weights, biases)
    gradients = grad(values[-1], leaves[1:], tensor(top))
    below = top
    for layer in (1, 0):
        slope = slope_of_tanh(held[layer].detach().numpy())
        by_w, by_b, below = by_hand.dense_backward(weights[layer], values[layer].detach().numpy(), slope, below)
        close(gradients[layer], by_w)
        close(gradients[2 + layer], by_b)


def test_X34_the_recursion_needs_the_weights_of_the_layer_above(dense):
    _, weights, _, top = dense
    slope = np.ones(2)
    with pytest.raises(ValueError, match="mismatch"):
        (top * slope) @ weights[0]  # W of layer ℓ, as on the first slide: 3 rows for 2 error signals
    square = [SOURCE.standard_normal((3, 3)) for _ in range(2)]
    a, top = leaf(SOURCE.standard_normal(3)), SOURCE.standard_normal(3)
    middle = mg.tanh(tensor(square[0]) @ a)
    p = tensor(square[1]) @ middle
    (right,) = grad(mg.tanh(p), middle, tensor(top))
    signal = top * slope_of_tanh(p.detach().numpy())
    close(right, square[1].T @ signal)
    assert differ(square[0].T @ signal, right.numpy())


def test_X40_without_the_error_signal_it_is_not_the_gradient(dense):
    a, weights, biases, top = dense
    leaves, held, values = dense_tape(a, weights, biases)
    (by_w,) = grad(values[-1], leaves[2], tensor(top))
    printed = np.outer(slope_of_tanh(held[1].detach().numpy()), values[1].detach().numpy())
    close(top[:, None] * printed, by_w.numpy())
    assert differ(printed, by_w.numpy())


# ------------------------------------------------------------------ modularity


def test_N111_each_layer_needs_only_the_error_signal_above_it():
    weights = [leaf(SOURCE.standard_normal(shape)) for shape in ((2, 1, 3, 3), (3, 2, 2, 2))]
    layers = [
        lambda x: mg.conv2d(x, weights[0]), mg.tanh, lambda x: mg.max_pool2d(x, 2), lambda x: mg.conv2d(x, weights[1]),
        lambda x: mg.softplus(x, 2), lambda x: mg.avg_pool2d(x, 2), lambda x: mg.reshape(x, (1, -1)),
    ]  # fmt: skip
    x = leaf(SOURCE.standard_normal((1, 1, 12, 12)))
    inputs = [x]
    for layer in layers:
        inputs.append(layer(inputs[-1]))
    signal = tensor(SOURCE.standard_normal(inputs[-1].shape))
    whole = grad(inputs[-1], [x, *weights], signal)
    by_weights = []
    for number in reversed(range(len(layers))):
        below = inputs[number].detach()
        if number in (0, 3):
            _, pull = vjp(mg.conv2d, below, weights[number // 3].detach())
            signal, by_w = pull(signal)
            by_weights.insert(0, by_w)
        else:
            _, pull = vjp(layers[number], below)
            (signal,) = pull(signal)
    for alone, taped in zip([signal, *by_weights], whole):
        close(alone, taped.numpy())


def spaced(*shape):
    """Values no two of which are near each other or near 0: away from ties and kinks."""
    count = int(np.prod(shape))
    return (SOURCE.permutation(count) + 0.5 - count / 2).reshape(shape) * 0.2


ALONE = {
    "correlate": (mg.correlate, (1, 2, 4, 4), (3, 2, 2, 2)),
    "correlate_input": (mg.conv_transpose2d, (1, 3, 2, 2), (3, 2, 2, 2)),
    "correlate_weight": (lambda x, g: mg.correlate_weight(x, g, 2), (1, 1, 3, 3), (1, 2, 2, 2)),
    "pad": (lambda x: mg.pad(x, 1, "reflect"), (3, 3)),
    "max_pool": (lambda x: mg.max_pool2d(x, 2), (1, 1, 4, 4)),
    "window_sum": (lambda x: mg.avg_pool2d(x, 2), (1, 1, 4, 4)),
    "relu": (mg.relu, (2, 3)),
    "softplus": (lambda x: mg.softplus(x, 2), (2, 3)),
    "sigmoid": (mg.sigmoid, (2, 3)),
    "tanh": (mg.tanh, (2, 3)),
    "abs": (mg.abs, (2, 3)),
    "matmul": (mg.matmul, (2, 3), (3, 2)),
    "linear": (F.linear, (2, 3), (2, 3), (2,)),
    "squared_error": (F.mse_loss, (2, 3), (2, 3)),
    "log_softmax": (lambda x: mg.log_softmax(x, 1), (2, 3)),
    "add": (mg.add, (2, 3), (2, 3)),
    "cat": (lambda x, y: mg.cat([x, y], 1), (2, 3), (2, 1)),
    "getitem": (lambda x: x[::2, ::2], (5, 4)),
}


@pytest.mark.parametrize("name", ALONE)
def test_N111_primitives_of_the_notes_checked_alone(name):
    function, *shapes = ALONE[name]
    assert gradcheck(function, [leaf(spaced(*shape)) for shape in shapes])


def test_N111_every_primitive_with_a_derivative_says_it():
    """That each is right alone, the contract test says of the whole registry."""
    ours = [one for one in mg.primitives().values() if one.forward.__module__.startswith("minigrad.ops.")]
    assert len(ours) > 100
    for primitive in ours:
        assert bool(primitive.rules) == bool(primitive.vjp), f"{primitive.name} has a rule and no formula, or no rule"


# --------------------------------------------------------------- note A, one map


def a_layer(o, w, b):
    """A's layer on the tape, of bare matrices."""
    return mg.correlate2d(o, w) + b


@pytest.fixture
def one_map():
    """An input map, a rectangular kernel, a bias, and an error signal for the output."""
    return SOURCE.standard_normal((6, 5)), SOURCE.standard_normal((3, 2)), 0.7, SOURCE.standard_normal((4, 4))


def test_N112_both_forms_of_the_forward_pass(one_map):
    o, w, b, _ = one_map
    summed = by_hand.a_forward(o, w, b)
    close(scipy.signal.convolve2d(o, by_hand.rot180(w), "valid") + b, summed)
    close(a_layer(tensor(o), tensor(w), b), summed)


def test_N113_the_kernels_gradient(one_map):
    o, w, b, delta = one_map
    kernel = leaf(w)
    (taped,) = grad(a_layer(tensor(o), kernel, b), kernel, tensor(delta))
    close(by_hand.a_weight(o, delta), taped.numpy())
    close(by_hand.slopes(lambda v: (delta * by_hand.a_forward(o, v, b)).sum(), w), taped.numpy(), 1e-8)
    close(mg.correlate2d(tensor(o), tensor(delta)), taped.numpy())


def test_N113_N114_N128_the_smiling_face():
    block, w = golden("smile_region_needed_5x5"), golden("smile_filter_2x2")
    expected = {name: value for name, value in entry("smile_backward").items() if name != "loss"}
    x = by_hand.a_forward(block, w, 0)
    pooled, winners = by_hand.max_pool(np.maximum(x, 0), 2)
    assert pooled.sum() == 94
    delta = (x > 0) * by_hand.max_pool_backward(np.ones((2, 2)), winners, x.shape)
    assert delta.tolist() == expected["dL_dconv"]
    assert by_hand.a_weight(block, delta).tolist() == expected["dL_dW"]
    assert by_hand.a_output(delta, w, block.shape).tolist() == expected["dL_dX"]
    assert by_hand.a_bias(delta) == expected["dL_db"]

    leaves = [image(block), image(w), leaf([0.0])]
    mapped = mg.conv2d(*leaves)
    gradients = grad(mg.max_pool2d(mg.relu(mapped), 2).sum(), [mapped, leaves[1], leaves[0], leaves[2]])
    for name, gradient in zip(("dL_dconv", "dL_dW", "dL_dX"), gradients):
        assert gradient[0, 0].tolist() == expected[name]
    assert gradients[3].tolist() == [expected["dL_db"]]


def test_N114_the_error_signal_of_the_layer_below():
    """Two layers of A, with the mean squared error that its derivation starts from (N100)."""
    o, target = SOURCE.standard_normal((7, 6)), SOURCE.standard_normal((4, 4))
    w1, w2 = SOURCE.standard_normal((3, 2)), SOURCE.standard_normal((2, 2))
    x1 = by_hand.a_forward(o, w1, 0.1)
    x2 = by_hand.a_forward(np.tanh(x1), w2, -0.2)
    delta2 = 2 / target.size * (np.tanh(x2) - target) * slope_of_tanh(x2)
    delta1 = by_hand.a_delta(delta2, w2, slope_of_tanh(x1))

    leaves = [leaf(o), leaf(w1), leaf(w2)]
    first = a_layer(leaves[0], leaves[1], 0.1)
    second = a_layer(mg.tanh(first), leaves[2], -0.2)
    loss = F.mse_loss(mg.tanh(second), tensor(target))
    by_second, by_first, by_w2, by_w1, by_o = grad(loss, [second, first, leaves[2], leaves[1], leaves[0]])
    close(by_second, delta2)
    close(by_first, delta1)
    close(by_w2, by_hand.a_weight(np.tanh(x1), delta2))
    close(by_w1, by_hand.a_weight(o, delta1))
    close(by_o, by_hand.a_output(delta1, w1, o.shape))
    close(mg.full_convolve2d(tensor(delta1), tensor(w1)), by_o.numpy())


def test_N114_X17_the_outputs_that_a_pixel_reaches():
    """From (i' − k₁ + 1, j' − k₂ + 1) to (i', j'); the corner in print, with its signs exchanged, lies behind."""
    w = SOURCE.standard_normal((3, 2))
    for place in [(3, 3), (2, 1), (0, 0), (5, 4)]:
        o = np.zeros((6, 5))
        o[place] = 1
        reached = {(int(i), int(j)) for i, j in np.argwhere(by_hand.a_forward(o, w, 0))}
        rows = range(max(place[0] - 2, 0), min(place[0], 3) + 1)
        columns = range(max(place[1] - 1, 0), min(place[1], 3) + 1)
        assert reached == {(i, j) for i in rows for j in columns}
    o = np.zeros((6, 5))
    o[3, 3] = 1
    printed_corner = (3 + 3 - 1, 3 + 2 - 1)
    assert printed_corner not in set(map(tuple, np.argwhere(by_hand.a_forward(o, w, 0))))


def test_X15_the_sums_run_over_the_size_of_the_input_map(one_map):
    o, w, b, delta = one_map
    right = by_hand.slopes(lambda v: (delta * by_hand.a_forward(o, v, b)).sum(), w)
    h, width = delta.shape  # the reading "layer l has size h × w"
    short = np.zeros(w.shape)
    for m, n in np.ndindex(w.shape):
        for i in range(h - w.shape[0] + 1):
            for j in range(width - w.shape[1] + 1):
                short[m, n] += delta[i, j] * o[i + m, j + n]
    assert differ(short, right)
    close(by_hand.a_weight(o, delta), right, 1e-8)


def readings(left, right, full):
    """Both operations on an operand as it is and rotated, by name."""
    convolve, correlate = (
        (by_hand.full_convolve, by_hand.full_correlate) if full else (by_hand.convolve, by_hand.correlate)
    )
    return {
        "rotated, convolution": convolve(left, by_hand.rot180(right)),
        "rotated, correlation": correlate(left, by_hand.rot180(right)),
        "as it is, convolution": convolve(left, right),
        "as it is, correlation": correlate(left, right),
    }


def test_X16_four_readings(one_map):
    o, w, b, delta = one_map
    by_w = by_hand.slopes(lambda v: (delta * by_hand.a_forward(o, v, b)).sum(), w)
    right = {name for name, value in readings(o, delta, full=False).items() if not differ(value, by_w)}
    assert right == {"rotated, convolution", "as it is, correlation"}

    by_o = by_hand.slopes(lambda v: (delta * by_hand.a_forward(v, w, b)).sum(), o)
    right = {name for name, value in readings(delta, w, full=True).items() if not differ(value, by_o)}
    assert right == {"as it is, convolution", "rotated, correlation"}


def test_X19_the_bias_that_A_trains_gets_the_sum(one_map):
    o, w, b, delta = one_map
    bias = leaf(b)
    (taped,) = grad(a_layer(tensor(o), tensor(w), bias), bias, tensor(delta))
    assert taped.item() == pytest.approx(by_hand.a_bias(delta), rel=1e-13)
    up, down = ((delta * by_hand.a_forward(o, w, b + step)).sum() for step in (1e-4, -1e-4))
    assert (up - down) / 2e-4 == pytest.approx(by_hand.a_bias(delta), rel=1e-8)


@pytest.mark.parametrize("size", [(1, 1), (2, 2), (3, 3), (5, 5), (4, 4), (6, 6), (1, 4), (5, 2), (2, 7)])
def test_X20_any_rectangular_kernel(size):
    o, w = SOURCE.standard_normal((7, 7)), SOURCE.standard_normal(size)
    x, k = leaf(o), leaf(w)
    y = a_layer(x, k, 0)
    delta = SOURCE.standard_normal(y.shape)
    by_k, by_x = grad(y, [k, x], tensor(delta))
    close(by_k, by_hand.a_weight(o, delta))
    close(by_x, by_hand.a_output(delta, w, o.shape))


# ---------------------------------------------------------------- pooling (A)


@pytest.mark.parametrize("stride", [2, 1], ids=["apart", "overlapping"])
def test_N128_max_pooling_gives_the_whole_error_to_the_winner(stride):
    values = spaced(5, 5)
    x = image(values)
    y = mg.max_pool2d(x, 2, stride)
    g = SOURCE.standard_normal(y.shape[2:])
    (taped,) = grad(y, x, tensor(g[None, None]))

    expected = np.zeros((5, 5))
    for i, j in np.ndindex(g.shape):
        block = values[stride * i : stride * i + 2, stride * j : stride * j + 2]
        m, n = divmod(int(block.argmax()), 2)
        expected[stride * i + m, stride * j + n] += g[i, j]
    close(taped[0, 0], expected)
    assert taped.sum().item() == pytest.approx(g.sum(), rel=1e-12)
    if stride == 2:
        close(taped[0, 0], by_hand.max_pool_backward(g, by_hand.max_pool(values, 2)[1], (5, 5)))

    def pooled(v):
        return (g * mg.max_pool2d(tensor(v[None, None]), 2, stride)[0, 0].numpy()).sum()

    close(by_hand.slopes(pooled, values), expected, 1e-8)


def test_X21_every_window_of_the_example_has_a_tie():
    x = golden("smile_relu_output")
    blocks = x.reshape(2, 2, 2, 2).swapaxes(1, 2).reshape(4, 4)
    assert [int((block == block.max()).sum()) for block in blocks] == [2, 2, 2, 4]
    first = [int(block.argmax()) for block in blocks]
    _, winners = mg.max_pool2d(tensor(x[None, None]), 2, return_indices=True)
    taken = [divmod(int(place), 4) for place in winners.flatten().tolist()]
    corners = [(0, 0), (0, 2), (2, 0), (2, 2)]
    assert taken == [(i + n // 2, j + n % 2) for (i, j), n in zip(corners, first)]


def test_N129_X18_average_pooling_divides_by_n_times_n():
    x = image(SOURCE.standard_normal((6, 4)))
    g = SOURCE.standard_normal((3, 2))
    (taped,) = grad(mg.avg_pool2d(x, 2), x, tensor(g[None, None]))
    close(taped[0, 0], by_hand.average_pool_backward(g, 2))
    pooled = lambda v: (g * mg.avg_pool2d(tensor(v[None, None]), 2)[0, 0].numpy()).sum()  # noqa: E731
    close(by_hand.slopes(pooled, x.detach().numpy()[0, 0]), taped[0, 0].numpy(), 1e-8)
    assert taped.sum().item() == pytest.approx(g.sum(), rel=1e-12)
    printed = np.kron(g, np.ones((2, 2))) / (1 / 2 * 2)  # "divided by 1/n × n"
    assert differ(printed, taped[0, 0].numpy())
    assert differ(np.kron(g, np.ones((2, 2))) / (1 / (2 * 2)), taped[0, 0].numpy())


# ------------------------------------------------- note C, reversed kernels, − b


@pytest.fixture
def volume():
    """Two maps, kernels for three maps, a bias for each pair, and ∂L/∂a of the output."""
    return (
        SOURCE.standard_normal((2, 5, 6)), SOURCE.standard_normal((3, 2, 2, 3)), SOURCE.standard_normal((3, 2)),
        SOURCE.standard_normal((3, 4, 4)),
    )  # fmt: skip


def c_layer(a, w, b):
    """C's pre-activations on the tape: kernels reversed, a bias subtracted for every pair."""
    return mg.conv2d(a.unsqueeze(0), mg.flip(w, (2, 3)), -b.sum(1))[0]


def test_N115_the_activation_passes_the_signal_by_its_slope(volume):
    a, w, b, delta = volume
    pairs = [[c_layer(tensor(a[k : k + 1]), tensor(w[o : o + 1, k : k + 1]), tensor(b[o : o + 1, k : k + 1]))[0]
              for k in range(2)] for o in range(3)]  # fmt: skip
    held = [[leaf(pair.numpy()) for pair in row] for row in pairs]
    activations = [mg.tanh(row[0] + row[1]) for row in held]
    slope = slope_of_tanh(by_hand.c_forward(a, w, b))
    for o in range(3):
        for gradient in grad(activations[o], held[o], tensor(delta[o])):
            close(gradient, slope[o] * delta[o])


def test_N116_N117_N118_kernels_inputs_and_biases_of_C(volume):
    a, w, b, delta = volume
    p = by_hand.c_forward(a, w, b)
    leaves = [leaf(w), leaf(b), leaf(a)]
    taped = c_layer(leaves[2], leaves[0], leaves[1])
    close(taped, p)
    gradients = grad(mg.tanh(taped), leaves, tensor(delta))
    for found, expected in zip(gradients, by_hand.c_backward(a, w, slope_of_tanh(p), delta)):
        close(found, expected)

    def loss(a, w):
        return (delta * np.tanh(by_hand.c_forward(a, w, b))).sum()

    close(by_hand.slopes(lambda v: loss(a, v), w), gradients[0].numpy(), 1e-7)
    close(by_hand.slopes(lambda v: loss(v, w), a), gradients[2].numpy(), 1e-7)


def test_N116_X36_the_gradient_by_the_rotated_kernel_is_a_correlation(volume):
    a, w, b, delta = volume
    turned = leaf(w[..., ::-1, ::-1])
    p = mg.conv2d(tensor(a).unsqueeze(0), turned, -tensor(b).sum(1))[0]
    (taped,) = grad(mg.tanh(p), turned, tensor(delta))
    by_p = slope_of_tanh(p.detach().numpy()) * delta
    for o, k in np.ndindex(3, 2):
        close(taped[o, k], by_hand.correlate(a[k], by_p[o]))
        close(taped[o, k], by_hand.convolve(a[k], by_hand.rot180(by_p[o])))
        assert differ(by_hand.convolve(a[k], by_p[o]), taped[o, k].numpy()), "as printed"


def test_X37_one_gradient_for_each_input_channel(volume):
    a, w, b, delta = volume
    inputs = leaf(a)
    (taped,) = grad(c_layer(inputs, tensor(w), tensor(b)), inputs, tensor(delta))
    assert taped.shape == (2, 5, 6), "over k, not over the three outputs o"


def test_X38_the_slope_belongs_inside_the_convolution(volume):
    a, w, b, delta = volume
    slope = slope_of_tanh(by_hand.c_forward(a, w, b))
    outside = by_hand.full_convolve(delta[0], by_hand.rot180(w[0, 0]))
    with pytest.raises(ValueError, match="broadcast"):
        slope[0] * outside  # an output map against an input map
    single = w[:, :, :1, :1]
    slope = slope_of_tanh(by_hand.c_forward(a[:, :4, :4], single, b))
    right = by_hand.c_backward(a[:, :4, :4], single, slope, delta)[2]
    printed = [sum(slope[o] * by_hand.full_convolve(delta[o], single[o, k]) for o in range(3)) for k in range(2)]
    close(np.array(printed), right)


def test_X39_the_slope_belongs_inside_the_correlation():
    a, w, b = SOURCE.standard_normal((1, 5, 5)), SOURCE.standard_normal((1, 1, 3, 3)), np.zeros((1, 1))
    delta = SOURCE.standard_normal((1, 3, 3))
    slope = slope_of_tanh(by_hand.c_forward(a, w, b))
    right = by_hand.rot180(by_hand.c_backward(a, w, slope, delta)[0][0, 0])
    for operation in (by_hand.correlate, by_hand.convolve):
        printed = slope[0] * operation(a[0], delta[0])
        assert printed.shape == right.shape, "the sizes agree here, as 5 − 3 + 1 = 3"
        assert differ(printed, right)
    with pytest.raises(ValueError, match="broadcast"):
        slope[0] * by_hand.correlate(SOURCE.standard_normal((6, 6)), delta[0])


def test_X35_X41_a_bias_for_every_pair_acts_by_its_sum(volume):
    a, w, b, delta = volume
    other = b + np.array([1.0, -1.0])
    close(by_hand.c_forward(a, w, other), by_hand.c_forward(a, w, b))
    biases = leaf(b)
    (taped,) = grad(c_layer(tensor(a), tensor(w), biases), biases, tensor(delta))
    close(taped, -np.repeat(delta.sum((1, 2))[:, None], 2, axis=1))


def test_N119_one_by_one_maps_make_the_convolutional_formulas_dense():
    a, w, b, delta = (SOURCE.standard_normal(shape) for shape in (4, (3, 4), (3, 4), 3))
    maps = a[:, None, None], w[:, :, None, None], b
    p = by_hand.dense_forward(w, a, b.sum(1))
    close(by_hand.c_forward(*maps)[:, 0, 0], p)
    by_w, by_b, below = by_hand.dense_backward(w, a, slope_of_tanh(p), delta)
    slope, top = slope_of_tanh(p)[:, None, None], delta[:, None, None]
    conv_w, conv_b, conv_below = by_hand.c_backward(maps[0], maps[1], slope, top)
    close(conv_w[:, :, 0, 0], by_w)
    close(conv_below[:, 0, 0], below)
    close(conv_b, np.repeat(by_b[:, None], 4, axis=1))


# -------------------------------------------------- note D, a matrix of kernels


@pytest.fixture
def columns():
    """Two maps, a 3 × 2 matrix of kernels, and ∂E/∂Y of three maps."""
    return SOURCE.standard_normal((2, 5, 5)), SOURCE.standard_normal((3, 2, 3, 2)), SOURCE.standard_normal((3, 3, 4))


def test_N120_what_is_known_and_what_is_wanted(columns):
    x, kernels, by_y = columns
    b = SOURCE.standard_normal(3)
    leaves = [leaf(b), leaf(kernels), leaf(x)]
    y = mg.conv2d(leaves[2].unsqueeze(0), leaves[1], leaves[0])[0]
    close(y, by_hand.d_forward(x, kernels, b))
    shapes = [gradient.shape for gradient in grad(y, leaves, tensor(by_y))]
    assert shapes == [(3,), (3, 2, 3, 2), (2, 5, 5)]


@pytest.mark.parametrize("kind", ["scalar", "map", "pair"])
def test_N121_X45_three_kinds_of_bias(columns, kind):
    x, kernels, by_y = columns
    bias = leaf(SOURCE.standard_normal({"scalar": (3, 1, 1), "map": (3, 3, 4), "pair": (3, 2, 1, 1)}[kind]))
    y = mg.conv2d(tensor(x).unsqueeze(0), tensor(kernels))[0] + (-bias.sum(1) if kind == "pair" else bias)
    (taped,) = grad(y, bias, tensor(by_y))
    if kind == "pair":
        sums = -by_hand.d_bias(by_y, scalar=True)
        close(taped, np.stack([sums, sums], 1)[..., None, None])
    else:
        close(taped.reshape(-1), by_hand.d_bias(by_y, scalar=kind == "scalar").ravel())


def test_N122_N124_one_kernel():
    values = {name: np.array(value, float) for name, value in entry("single_kernel_backward_D").items()}
    x, k, delta = values["x"], values["k"], values["delta"]
    y = by_hand.d_forward(x[None], k[None, None], [0.0])[0]
    assert y.tolist() == values["y"].tolist()
    assert by_hand.d_kernels(x[None], delta[None])[0, 0].tolist() == values["dE_dK"].tolist()
    assert by_hand.d_input(delta[None], k[None, None])[0].tolist() == values["dE_dX"].tolist()
    assert by_hand.d_bias(delta[None], scalar=True).tolist() == [values["dE_dB"]]

    leaves = [image(x), image(k), leaf([0.0])]
    taped = mg.conv2d(*leaves)
    assert taped[0, 0].tolist() == values["y"].tolist()
    by_x, by_k, by_b = grad(taped, leaves, image(delta).detach())
    assert by_k[0, 0].tolist() == values["dE_dK"].tolist()
    assert by_x[0, 0].tolist() == values["dE_dX"].tolist()
    assert by_b.tolist() == [values["dE_dB"]]
    assert mg.equal(mg.correlate_weight(leaves[0], image(delta), 2), by_k)
    assert mg.equal(mg.full_convolve2d(image(delta), leaves[1]), by_x)


def test_N122_the_corner_of_the_kernel_meets_four_pixels():
    """The printed lines for a 2 × 2 kernel on 3 × 3 pixels, numbered from 1 as there."""
    x, k = spaced(3, 3), spaced(2, 2)
    lines = {
        (1, 1): [(1, 1), (1, 2), (2, 1), (2, 2)], (1, 2): [(1, 2), (1, 3), (2, 2), (2, 3)],
        (2, 1): [(2, 1), (2, 2), (3, 1), (3, 2)], (2, 2): [(2, 2), (2, 3), (3, 2), (3, 3)],
    }  # fmt: skip
    taped = mg.correlate2d(tensor(x), tensor(k))
    for (i, j), pixels in lines.items():
        sums = sum(x[row - 1, column - 1] * weight for (row, column), weight in zip(pixels, k.ravel()))
        assert taped[i - 1, j - 1].item() == pytest.approx(sums, rel=1e-13)


def test_X44_counting_from_one_the_formula_would_begin_at_x22():
    x, k = golden("patch_1_to_9"), golden("sample_filter_2x2")
    from_zero = by_hand.correlate(x, k)
    close(mg.correlate2d(tensor(x), tensor(k)), from_zero)
    x1, k1 = (np.pad(values, ((1, 0), (1, 0))) for values in (x, k))  # so that x1[1, 1] is x₁₁
    shifted = sum(x1[1 + m - 1, 1 + n - 1] * k1[m, n] for m in (1, 2) for n in (1, 2))
    assert shifted == from_zero[0, 0], "x_{i+l−1, j+m−1}"
    literal = sum(x1[1 + m, 1 + n] * k1[m, n] for m in (1, 2) for n in (1, 2))
    assert literal == from_zero[1, 1] != from_zero[0, 0], "x_{i+l, j+m}: the first pixel it meets is x₂₂"


def test_X43_what_D_calls_convolution_is_a_correlation():
    a, h = SOURCE.standard_normal((5, 5)), SOURCE.standard_normal((3, 3))
    summed = np.zeros((3, 3))
    for x, y in np.ndindex(3, 3):
        for u in (-1, 0, 1):
            for v in (-1, 0, 1):
                summed[x, y] += a[x + 1 + u, y + 1 + v] * h[u + 1, v + 1]
    close(scipy.signal.correlate2d(a, h, "valid"), summed)
    close(mg.correlate2d(tensor(a), tensor(h)), summed)
    assert differ(scipy.signal.convolve2d(a, h, "valid"), summed)


def test_N123_all_kernels(columns):
    x, kernels, by_y = columns
    weights = leaf(kernels)
    (taped,) = grad(mg.conv2d(tensor(x).unsqueeze(0), weights)[0], weights, tensor(by_y))
    close(taped, by_hand.d_kernels(x, by_y))
    close(by_hand.slopes(lambda v: (by_y * by_hand.d_forward(x, v, np.zeros(3))).sum(), kernels), taped.numpy(), 1e-8)


def test_N124_the_input_takes_the_transposed_matrix_of_kernels(columns):
    x, kernels, by_y = columns
    maps = leaf(x)
    (taped,) = grad(mg.conv2d(maps.unsqueeze(0), tensor(kernels))[0], maps, tensor(by_y))
    close(taped, by_hand.d_input(by_y, kernels))
    close(mg.full_convolve2d(tensor(by_y).unsqueeze(0), tensor(kernels))[0], taped.numpy())
    turned = by_hand.d_input(by_y, kernels[..., ::-1, ::-1])
    assert differ(turned, taped.numpy()), "the transpose leaves each kernel as it is"


# --------------------------------------------------- note E, the network of 1989

E_NAMES = ["w", "K4", "B4", "Y3", "K1", "B1", "Y0"]


@pytest.fixture
def enet():
    """The numbers of the golden instance as arrays."""
    return {name: np.array(value, float) for name, value in entry("enet_forward_backward").items()}


def e_tape(net):
    """The network of note E as one expression on the tape: the values by name, the leaves among them."""
    values = {name: leaf(net[name]) for name in ("Y0", "K1", "B1", "K4", "B4", "w")}

    def f(y):
        return mg.softplus(y, float(net["gain"]), np.inf)

    values["Y1"] = mg.correlate2d(values["Y0"], values["K1"]) + values["B1"]
    values["Y3"] = f(values["Y1"])[::2, ::2]
    values["Y4"] = mg.correlate2d(values["Y3"], values["K4"]) + values["B4"]
    values["Y6"] = f(values["Y4"])[::2, ::2]
    values["z"] = (values["w"] * values["Y6"]).sum()
    values["y"] = f(values["z"])
    values["loss"] = (values["y"] - float(net["t"])) ** 2 / 2
    return values


def test_N125_the_output_neuron(enet):
    values = by_hand.e_forward(enet)
    slope = (values["y"] - enet["t"]) * by_hand.softplus_slope(values["z"], enet["gain"])
    close(slope * values["Y6"], enet["dH_dw"])
    taped = e_tape(enet)
    close(grad(taped["loss"], taped["w"])[0], enet["dH_dw"])


def test_N125_N126_N127_every_gradient_by_hand_and_by_tape(enet):
    values, taped = by_hand.e_forward(enet), e_tape(enet)
    for name in ("Y3", "Y4", "Y6", "z", "y", "loss"):
        close(values[name], enet[name])
        close(taped[name], enet[name])
    by = by_hand.e_backward(enet, values)
    gradients = dict(zip(E_NAMES, grad(taped["loss"], [taped[name] for name in E_NAMES])))
    for name in E_NAMES:
        close(by[name], enet[f"dH_d{name}"])
        close(gradients[name], enet[f"dH_d{name}"])


def test_X63_the_half_takes_the_two_away(enet):
    values = by_hand.e_forward(enet)
    w, t = enet["w"], float(enet["t"])

    def output(v):
        return by_hand.softplus((v * values["Y6"]).sum(), enet["gain"])

    by_y = by_hand.slopes(output, w)
    half = by_hand.slopes(lambda v: (output(v) - t) ** 2 / 2, w)
    whole = by_hand.slopes(lambda v: (t - output(v)) ** 2, w)
    close(half, (values["y"] - t) * by_y, 1e-8)
    close(whole, 2 * (values["y"] - t) * by_y, 1e-8)
    assert differ((values["y"] - t) * by_y, whole), "as printed"


def test_X65_the_gain_is_one_number_and_the_kernels_row_another(enet):
    values = by_hand.e_forward(enet)
    for row in (0, 1):
        slope = (values["y"] - enet["t"]) * by_hand.softplus_slope(values["z"], row)
        assert differ(slope * values["Y6"], enet["dH_dw"])


def test_X66_one_term_of_the_sum_is_not_the_gradient(enet):
    terms = by_hand.e_kernel_terms(enet, by_hand.e_forward(enet))
    close(sum(terms.values()), enet["dH_dK4"])
    assert all(differ(term, enet["dH_dK4"]) for term in terms.values())


def test_X67_rows_counted_from_zero(enet):
    values = by_hand.e_forward(enet)
    kept = by_hand.softplus(values["Y4"], enet["gain"])
    close(kept[::2, ::2], values["Y6"])
    assert differ(kept[1::2, 1::2], values["Y6"]), "row 2r − 1 counted from 0 is one that S drops"
    # With r = 1 the row 2(r − 1) is 0, and a centred index k = −h asks for row −h of the map.
    reached = [2 * (r - 1) + k for r in (1, 2) for k in (-1, 0, 1)]
    assert min(reached) < 0
    shifted = [row + 1 for row in reached]
    assert (min(shifted), max(shifted)) == (0, len(enet["Y3"]) - 1)


def test_X68_subsampling_is_not_average_pooling(enet):
    values = by_hand.e_forward(enet)
    f = by_hand.softplus(np.pad(values["Y4"], (0, 1), "edge"), enet["gain"])
    s = by_hand.every_second(4)
    average = np.array([[0.5, 0.5, 0, 0], [0, 0, 0.5, 0.5]])
    close(s @ f @ s.T, enet["Y6"])
    assert differ(average @ f @ average.T, enet["Y6"])


# --------------------------------------------- other poolings, and subsampling


def l2_pool(x):
    return mg.sqrt(mg.avg_pool2d(x * x, 2, divisor_override=1))


def lp_pool(x, p):
    return mg.avg_pool2d(mg.abs(x) ** p, 2) ** (1 / p)


def weighted_pool(x):
    """What stochastic pooling gives at inference: Σ a²/Σ a."""
    return mg.avg_pool2d(x * x, 2) / mg.avg_pool2d(x, 2)


def blocks(y):
    """Each value over the 2 × 2 places of its window."""
    return np.kron(y, np.ones((2, 2)))


POOLS = {
    "L2": (l2_pool, lambda x, y: x / blocks(y)),
    "L3": (lambda x: lp_pool(x, 3), lambda x, y: np.sign(x) * np.abs(x) ** 2 * blocks(y) ** -2 / 4),
    "inference": (weighted_pool, lambda x, y: (2 * x - blocks(y)) / blocks(4 * mg.avg_pool2d(tensor(x), 2).numpy())),
}


@pytest.mark.parametrize("name", POOLS)
def test_N130_other_poolings(name):
    pool, slope = POOLS[name]
    values = np.abs(spaced(1, 4, 6)) if name == "inference" else spaced(1, 4, 6)
    x = leaf(values)
    y = pool(x)
    g = SOURCE.standard_normal(y.shape)
    (taped,) = grad(y, x, tensor(g))
    close(taped[0], blocks(g[0]) * slope(values, y.detach().numpy())[0])
    assert gradcheck(pool, [x])


def test_N131_subsampling_puts_zeros_between():
    y, g = SOURCE.standard_normal((5, 6)), SOURCE.standard_normal((3, 3))
    rows, columns = by_hand.every_second(5), by_hand.every_second(6)
    x = leaf(y)
    kept = x[::2, ::2]
    close(kept, rows @ y @ columns.T)
    (taped,) = grad(kept, x, tensor(g))
    close(taped, rows.T @ g @ columns)
    assert (kept.detach().numpy() * g).sum() == pytest.approx((y * taped.numpy()).sum(), rel=1e-12)


# --------------------------------------------------------- the general backward


@pytest.mark.parametrize(("stride", "padding", "dilation"), [(1, 0, 1), (2, 1, 1), (3, 2, 1), (2, 0, 2), (1, 1, 2)])
def test_N132_stride_padding_and_dilation(stride, padding, dilation):
    x, w = SOURCE.standard_normal((8, 7)), SOURCE.standard_normal((3, 2))
    leaves = [image(x), image(w)]
    y = mg.conv2d(*leaves, stride=stride, padding=padding, dilation=dilation)
    close(y[0, 0], by_hand.strided(x, w, stride, padding, dilation))
    g = SOURCE.standard_normal(y.shape[2:])
    by_x, by_w = grad(y, leaves, tensor(g[None, None]))
    close(by_w[0, 0], by_hand.strided_weight(x, g, w.shape, stride, padding, dilation))
    close(by_x[0, 0], by_hand.strided_input(g, w, x.shape, stride, padding, dilation))
    assert gradcheck(lambda x, w: mg.conv2d(x, w, stride=stride, padding=padding, dilation=dilation), leaves)


@pytest.mark.parametrize("mode", ["constant", "reflect", "symmetric", "edge", "wrap"])
def test_N132_borders_fold_the_gradient_back(mode):
    widths = ((2, 1), (1, 2))
    x, w = SOURCE.standard_normal((4, 5)), SOURCE.standard_normal((2, 3))
    image = leaf(x)
    padded = mg.pad(image, widths, mode)
    y = mg.correlate2d(padded, tensor(w))
    g = SOURCE.standard_normal(y.shape)
    (taped,) = grad(y, image, tensor(g))
    close(taped, by_hand.folded_back(by_hand.full_convolve(g, w), x.shape, widths, mode))
    assert gradcheck(lambda v: mg.pad(v, widths, mode), [image])


# ------------------------------------------------- one primitive, four derivations


def hand_a(x, kernels, b, held, by_a):
    """A knows one map, so its derivation stands for every pair; its sums over maps are the layer's."""
    delta = slope_of_tanh(held) * by_a
    by_w = np.array([[by_hand.a_weight(x[c], delta[o]) for c in range(len(x))] for o in range(len(kernels))])
    by_x = [sum(by_hand.a_output(delta[o], kernels[o, c], x[c].shape) for o in range(len(kernels)))
            for c in range(len(x))]  # fmt: skip
    return by_w, np.array(by_x), np.array([by_hand.a_bias(d) for d in delta]), delta


def hand_c(x, kernels, b, held, by_a):
    """C's weights are the kernels reversed and its biases are subtracted, a share for each pair; its δ is ∂L/∂a."""
    w, shares = kernels[..., ::-1, ::-1], -np.repeat(b[:, None] / len(x), len(x), axis=1)
    close(by_hand.c_forward(x, w, shares), held)
    by_w, by_b, below = by_hand.c_backward(x, w, slope_of_tanh(held), by_a)
    return by_w[..., ::-1, ::-1], below, -by_b[:, 0], slope_of_tanh(held) * by_a


def hand_d(x, kernels, b, held, by_a):
    """D's error is ∂E/∂Y, of the layer without its nonlinearity."""
    by_y = slope_of_tanh(held) * by_a
    close(by_hand.d_forward(x, kernels, b), held)
    return by_hand.d_kernels(x, by_y), by_hand.d_input(by_y, kernels), by_hand.d_bias(by_y, scalar=True), by_y


def hand_e(x, kernels, b, held, by_a):
    """E has matrices as biases, kernels with a centre, and writes the equations for one map to one map."""
    by_y = slope_of_tanh(held) * by_a
    seen = [sum(by_hand.e_correlate(x[c], kernels[o, c]) for c in range(len(x))) + b[o] for o in range(len(kernels))]
    close(np.array(seen), held)
    by_w = np.array([[by_hand.e_kernel(x[c], by_y[o]) for c in range(len(x))] for o in range(len(kernels))])
    by_x = [sum(by_hand.full_convolve(by_y[o], kernels[o, c]) for o in range(len(kernels))) for c in range(len(x))]
    return by_w, np.array(by_x), by_y.sum((1, 2)), by_y


@pytest.mark.parametrize("hand", [hand_a, hand_c, hand_d, hand_e], ids=["A", "C", "D", "E"])
@pytest.mark.parametrize("maps", [(1, 1), (2, 3)], ids=["one map", "two to three maps"])
def test_N133_X42_one_primitive_four_derivations(hand, maps):
    c, o = maps
    x, kernels, b = SOURCE.standard_normal((c, 6, 5)), SOURCE.standard_normal((o, c, 3, 3)), SOURCE.standard_normal(o)
    by_a = SOURCE.standard_normal((o, 4, 3))
    leaves = [leaf(kernels), leaf(x[None]), leaf(b)]
    held = mg.conv2d(leaves[1], leaves[0], leaves[2])
    activation = mg.tanh(held)
    taped = grad(activation, [*leaves, held, activation], tensor(by_a[None]))
    by_w, by_x, by_b, delta = hand(x, kernels, b, held.detach().numpy()[0], by_a)
    close(taped[0], by_w)
    close(taped[1][0], by_x)
    close(taped[2], by_b)
    close(taped[3][0], delta)
    close(taped[4][0], by_a)
    close(delta, slope_of_tanh(held.detach().numpy()[0]) * taped[4][0].numpy())
    assert differ(delta, by_a), "the two meanings of δ differ by the slope"


def layer_of(note, kernels, biases, size):
    """The layer of nn.notes after one note, with these weights."""
    c, o = kernels.shape[1], kernels.shape[0]
    layer = {
        "A": lambda: nn.notes.Conv2d.after_a(c, o, 3),
        "C": lambda: nn.notes.Conv2d.after_c(c, o, 3),
        "D": lambda: nn.notes.Conv2d.after_d(c, o, 3),
        "E": lambda: nn.notes.Conv2d.after_e(c, o, 1, size=size),
    }[note]().double()
    with mg.no_grad():
        layer.weight.copy_(tensor(kernels))
        layer.bias.copy_(tensor(biases))
    return layer


@pytest.mark.parametrize("note", ["A", "C", "D", "E"])
def test_N133_the_notes_own_layers_have_their_derivations_gradients(note):
    c, o = (1, 1) if note == "A" else (2, 3)
    x, kernels = SOURCE.standard_normal((c, 5, 5)), SOURCE.standard_normal((o, c, 3, 3))
    biases = SOURCE.standard_normal({"C": (o, c), "E": (o, 3, 3)}.get(note, (o,)))
    layer, maps, g = layer_of(note, kernels, biases, 5), leaf(x[None]), SOURCE.standard_normal((o, 3, 3))
    y = layer(maps)
    by_w, by_b, by_x = grad(y, [layer.weight, layer.bias, maps], tensor(g[None]))
    if note == "A":
        forward = by_hand.a_forward(x[0], kernels[0, 0], biases[0])[None]
        expected = by_hand.a_weight(x[0], g[0]), by_hand.a_bias(g[0]), by_hand.a_output(g[0], kernels[0, 0], (5, 5))
        expected = tuple(np.reshape(value, shape) for value, shape in zip(expected, (kernels.shape, (1,), x.shape)))
    elif note == "C":
        forward = by_hand.c_forward(x, kernels, biases)
        expected = by_hand.c_backward(x, kernels, np.ones(g.shape), g)
    else:
        forward = by_hand.d_forward(x, kernels, biases)
        expected = by_hand.d_kernels(x, g), by_hand.d_bias(g, scalar=note == "D"), by_hand.d_input(g, kernels)
    close(y[0], forward)
    for found, by in zip((by_w, by_b, by_x[0]), expected):
        close(found, by)
