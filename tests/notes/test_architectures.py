"""The notes' networks (N102–N108)."""

import numpy as np
import pytest

import minigrad as mg
import nn
from minigrad.autograd import gradcheck
from minigrad.func import functional_call
from nn import notes
from nn.models import ClassicCNN, ConvNet28, LeCun89, LeNet5
from tests.notes.golden import entry
from tests.samples import normal

NET = {name: np.array(value) for name, value in entry("enet_forward_backward").items()}


def shapes(model, x):
    """The shape behind every layer, in the order of their paths."""
    found = {}
    for path, layer in model.named_modules():
        if not list(layer.children()):
            layer.register_forward_hook(lambda layer, args, y, path=path: found.__setitem__(path, tuple(y.shape[1:])))
    model(x)
    return found


def counts(model):
    """The number of parameters of every layer that has some."""
    return [sum(p.numel() for p in layer.parameters()) for layer in model.modules()
            if not list(layer.children()) and list(layer.parameters())]  # fmt: skip


# ------------------------------------------------------------------ layers and chains


@pytest.mark.parametrize("pooling", [True, False])
def test_N102_with_and_without_pooling(pooling):
    reducing = [nn.Conv2d(1, 2, 3), nn.ReLU(), nn.MaxPool2d(2)] if pooling else [nn.Conv2d(1, 2, 3, 2), nn.ReLU()]
    model = nn.Sequential(*reducing, nn.Flatten(), nn.Linear(2 * 3 * 3, 2)).double()
    names = [name for name, _ in model.named_parameters()]
    x = mg.tensor(normal(2, 1, 8, 8), requires_grad=True)
    assert model(x).shape == (2, 2)
    run = lambda x, *p: functional_call(model, dict(zip(names, p, strict=True)), (x,))  # noqa: E731
    assert gradcheck(run, (x, *model.parameters()))


def test_N103_the_chain_as_printed():
    kinds = {nn.Conv2d: "Conv", nn.ReLU: "ReLU", nn.MaxPool2d: "Pool", nn.Linear: "FC"}
    model = ClassicCNN()
    chain = ["Input"] + [kinds[type(layer)] for layer in model.modules() if type(layer) in kinds]
    assert chain == entry("architecture_chain_A")
    assert len(set(chain) - {"Input"}) == 4  # X14: three kinds are announced


def test_N103_X14_the_relu_behind_the_pooling_changes_nothing():
    model, other = ClassicCNN(input_size=12).double(), ClassicCNN(input_size=12, redundant_relu=False).double()
    other.load_state_dict(dict(zip(other.state_dict(), model.state_dict().values(), strict=True)))
    results = []
    for one in (model, other):
        x = mg.tensor(normal(2, 1, 12, 12), requires_grad=True)
        y = one(x)
        (y * mg.tensor(normal(*y.shape, seed=1))).sum().backward()
        results.append([y.detach().numpy(), x.grad.numpy(), *(p.grad.numpy() for p in one.parameters())])
    for first, second in zip(*results, strict=True):
        np.testing.assert_array_equal(first, second)
    assert len(list(model.modules())) == len(list(other.modules())) + 1


# ------------------------------------------------------------------ LeNet-5


def test_N104_sizes_parameters_and_receptive_fields():
    table, derived = entry("lenet5_table_D"), entry("lenet5_derived")
    model = LeNet5()
    found = shapes(model, mg.zeros(1, 1, 32, 32))
    places = ["features.0", "features.2", "features.3", "features.5", "features.6", "classifier.1", "classifier.3"]
    for (number, kind, maps, size, _), place in zip(table[1:], places, strict=True):
        expected = (size,) if kind == "FC" else (maps, *map(int, size.split("x")))
        assert found[place] == expected, f"layer {number}"
    assert counts(model) == list(derived["parameters"].values())
    assert notes.count_parameters(model) == derived["total"]
    fields = notes.receptive_field(model, (1, 32, 32))
    assert [1, *(fields[place][0] for place in places[:5])] == derived["receptive_fields"]


def test_N104_X83_averages_and_tanh():
    """The table says average pooling, and leaves the activations open: tanh, everywhere but at the output."""
    kinds = [type(layer).__name__ for layer in LeNet5().modules() if not list(layer.children())]
    stage = ["Conv2d", "Tanh", "AvgPool2d"]
    assert kinds == [*stage, *stage, "Conv2d", "Tanh", "Flatten", "Linear", "Tanh", "Linear"]
    small = LeNet5(input_size=28)
    small.load_state_dict(LeNet5().state_dict())
    x = mg.randn(2, 1, 28, 28)
    large = LeNet5()
    large.load_state_dict(small.state_dict())
    assert mg.allclose(small(x), large(mg.pad(x, [(0, 0), (0, 0), (2, 2), (2, 2)])), atol=1e-5)


def test_N104_X46_the_table_is_not_the_network_of_1998():
    model = LeNet5()
    full, links = counts(model)[1], 60  # of the 96 pairs of maps the original joins 60
    assert full == 16 * (6 * 25 + 1) == 2416
    assert links * 25 + 16 == 1516 != full
    assert not list(model.features[2].parameters())  # pooling has nothing to learn here
    assert isinstance(model.classifier[-1], nn.Linear)


def test_N105_the_last_convolution_is_a_vector():
    model, x = LeNet5().double(), mg.tensor(normal(2, 16, 5, 5), requires_grad=True)
    convolution, dense = model.features[6], nn.Linear(400, 120).double()
    dense.load_state_dict({"weight": convolution.weight.detach().reshape(120, 400), "bias": convolution.bias.detach()})
    g = mg.tensor(normal(2, 120, seed=1))
    results = []
    for layer, y in ((convolution, convolution(x)), (dense, dense(x.flatten(1)))):
        grads = mg.autograd.grad(y.flatten(1), [x, *layer.parameters()], g)
        results.append([y.detach().numpy().ravel(), *(one.numpy().ravel() for one in grads)])
    assert convolution(x).shape == (2, 120, 1, 1)
    for first, second in zip(*results, strict=True):
        np.testing.assert_allclose(first, second, rtol=1e-10, atol=1e-12)


# ------------------------------------------------------------------ B's network


@pytest.mark.parametrize("pool", ["max", "average"])
@pytest.mark.parametrize(("pad_total", "reading"), [(2, "total_padding_2"), (4, "per_side_padding_2")])
def test_N106_X27_both_readings_of_the_padding(pad_total, reading, pool):
    expected = entry("convnet28_sizes")
    model = ConvNet28(pad_total=pad_total, pool=pool)
    found = shapes(model, mg.zeros(1, 1, 28, 28))
    sizes = [found[f"features.{n}"] for n in (0, 2, 3, 5)]
    assert [28, *(size[-1] for size in sizes)] == expected[reading]
    assert found["classifier.0"] == (expected["flattened"],) == (400,)
    *parts, total = expected["parameters"].values()
    assert counts(model) == parts
    assert notes.count_parameters(model) == total == 61_610


def test_N106_X83_the_layers_as_printed():
    printed = entry("convnet28_B")
    layers = [layer for layer in ConvNet28().modules() if not list(layer.children())]
    kinds = [type(layer).__name__ for layer in layers]
    assert kinds == ["Conv2d", "Tanh", "MaxPool2d", "Conv2d", "Tanh", "MaxPool2d", "Flatten", "Linear", "Tanh",
                     "Linear", "Tanh", "Linear"]  # fmt: skip
    assert [layer.out_features for layer in layers if isinstance(layer, nn.Linear)] == [one[1] for one in printed[-3:]]
    assert [layer.out_channels for layer in layers if isinstance(layer, nn.Conv2d)] == [6, 16]
    assert [layer.kernel_size for layer in layers if isinstance(layer, nn.Conv2d)] == [(3, 3), (5, 5)]


def test_N106_N41_the_note_s_own_formula_counts_the_padding_in_total():
    layer = notes.Conv2d.after_b(1, 6, 3, pad_total=2)
    assert layer(mg.zeros(1, 28, 28)).shape == (6, 28, 28)
    first = ConvNet28().features[0]
    assert (layer.padding, first.padding) == (((1, 1), (1, 1)), (1, 1))


# ------------------------------------------------------------------ E's network


@pytest.fixture
def net():
    """The network with the numbers of the worked instance."""
    model = LeCun89(gain=NET["gain"].item()).double()
    values = [NET["K1"][None, None], NET["B1"][None], NET["K4"][None, None], NET["B4"][None], NET["w"][None, None]]
    model.load_state_dict(
        {name: mg.tensor(one) for (name, _), one in zip(model.named_parameters(), values, strict=True)}
    )
    return model


def test_N107_X64_forward(net):
    x, found = mg.tensor(NET["Y0"][None]), {}
    for number, layer in enumerate([*net.features, net.classifier[0]], 1):
        layer.register_forward_hook(lambda layer, args, y, number=number: found.__setitem__(number, y.detach().numpy()))
    y = net(x)
    for number in (3, 4, 6):  # conv 1, f 2, subsample 3, conv 4, f 5, subsample 6, neuron 7
        np.testing.assert_allclose(found[number][0], NET[f"Y{number}"], rtol=1e-12, atol=1e-14)
    assert found[7].item() == pytest.approx(NET["z"].item(), rel=1e-13)
    assert y.item() == pytest.approx(NET["y"].item(), rel=1e-13)


def test_N107_N125_N126_N127_backward(net):
    x = mg.tensor(NET["Y0"][None], requires_grad=True)
    third = {}
    net.features[2].register_forward_hook(lambda layer, args, y: third.update(y=y))
    loss = notes.HalfSquaredError()(net(x), mg.tensor([NET["t"].item()], dtype=mg.float64))
    assert loss.item() == pytest.approx(NET["loss"].item(), rel=1e-13)
    k1, b1, k4, b4, w = net.parameters()
    named = {"dH_dw": w, "dH_dK4": k4, "dH_dB4": b4, "dH_dY3": third["y"], "dH_dK1": k1, "dH_dB1": b1, "dH_dY0": x}
    assert named.keys() == {name for name in NET if name.startswith("dH_")}
    for (name, _), given in zip(named.items(), mg.autograd.grad(loss, list(named.values())), strict=True):
        np.testing.assert_allclose(
            given.numpy().reshape(NET[name].shape), NET[name], rtol=1e-10, atol=1e-13, err_msg=name
        )


@pytest.mark.parametrize(("size", "h"), [(12, (1, 1)), (13, (1, 1)), (13, (2, 1)), (16, (1, 2)), (11, (0, 1))])
def test_N107_other_sizes(size, h):
    """S keeps ⌈m/2⌉ rows, and each kernel takes its own 2h."""
    model, m, found = LeCun89(input_size=size, h=h), size, []
    for one in h:
        m -= 2 * one
        found.append(m)
        m = -(-m // 2)
        found.append(m)
    behind = shapes(model, mg.zeros(1, 1, size, size))
    assert [behind[f"features.{n}"][-1] for n in (0, 2, 3, 5)] == found
    assert [layer.kernel_size[0] for layer in model.modules() if isinstance(layer, notes.Conv2d)] == [
        2 * n + 1 for n in h
    ]


def test_N107_it_learns_a_toy_task():
    mg.manual_seed(0)
    model = LeCun89()
    lines = mg.zeros(8, 1, 12, 12)
    for n in range(4):
        lines[n, 0, 2 * n + 2] = 1  # a row
        lines[n + 4, 0, :, 2 * n + 2] = 1  # a column
    target = mg.tensor([[1.0]] * 4 + [[0.0]] * 4)
    optimizer = mg.optim.Adam(model.parameters(), lr=0.05)
    losses = []
    for _ in range(60):
        optimizer.zero_grad()
        loss = notes.HalfSquaredError()(model(lines), target)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.05 * losses[0]


# ------------------------------------------------------------------ summaries in the place of lost figures


@pytest.mark.parametrize(
    ("make", "shape", "sizes"),
    [
        (LeNet5, (1, 32, 32), [28, 14, 10, 5, 1]),
        (ConvNet28, (1, 28, 28), [28, 14, 10, 5]),
        (lambda: ConvNet28(pad_total=4), (1, 28, 28), [30, 15, 11, 5]),
        (LeCun89, (1, 12, 12), [10, 5, 3, 2]),
        (ClassicCNN, (1, 28, 28), [26, 13, 11, 5]),
    ],
)
def test_N108_summaries_list_the_sizes(make, shape, sizes):
    model = make()
    table = nn.summary(model, shape)
    behind = [row.output[-1] for row in table.rows if row.path.startswith("features.")]
    assert [size for number, size in enumerate(behind) if number == 0 or size != behind[number - 1]] == sizes
    assert table.parameters == notes.count_parameters(model)
    assert all(f"{size}, {size})" in str(table) for size in sizes)
