"""nn.summary: the notes' sizes, counts and receptive fields, multiplications counted by hand, nothing disturbed."""

import itertools
import math

import numpy as np
import pytest

import minigrad as mg
import nn
from minigrad.errors import ArgumentError, DTypeError, ShapeError


def row(table, path):
    found = [one for one in table.rows if one.path == path]
    assert len(found) == 1, path
    return found[0]


def size(one):
    """The field's size, one number for square ones."""
    sizes = set(one.field.size)
    assert len(sizes) == 1
    return sizes.pop()


# ------------------------------------------------------------------- figures


def test_N104_N61_lenet():
    table = nn.summary(nn.models.LeNet5(), (1, 32, 32))
    layers = [row(table, f"features.{n}") for n in (0, 2, 3, 5, 6)]
    assert [one.output for one in layers] == [
        (1, 6, 28, 28), (1, 6, 14, 14), (1, 16, 10, 10), (1, 16, 5, 5), (1, 120, 1, 1)]  # fmt: skip
    assert [one.parameters for one in layers] == [156, 0, 2416, 0, 48_120]
    assert [size(one) for one in layers] == [5, 6, 14, 16, 32]
    assert [row(table, f"classifier.{n}").parameters for n in (1, 3)] == [10_164, 850]
    assert str(row(table, "classifier.1").field) == "all"
    assert (table.parameters, table.trainable, table.parameter_bytes) == (61_706, 61_706, 4 * 61_706)
    assert table.inputs == ((1, 1, 32, 32),)


def multiplications_of_conv(x, w, o, groups):
    """One product for each output, input channel of its group and kernel element, by counting."""
    count = 0
    for _ in range(x[0] * w[0]):
        for _ in range(math.prod(o)):
            for _ in range(x[1] // groups):
                count += math.prod(w[2:])
    return count


@pytest.mark.parametrize(("layer", "shape"), [
    (nn.Conv2d(4, 6, 3, 2, 1), (4, 7, 8)), (nn.Conv2d(4, 6, (2, 3), groups=2, bias=False), (4, 5, 5)),
    (nn.Conv1d(2, 3, 3, dilation=2), (2, 9)), (nn.Conv3d(1, 2, 2), (1, 3, 3, 3)),
    (nn.Conv2d(4, 4, 3, groups=4), (4, 5, 5)),
])  # fmt: skip
def test_multiplications_of_convolutions(layer, shape):
    table = nn.summary(layer, shape, batch_size=2)
    output = table.rows[0].output
    wanted = multiplications_of_conv((2, *shape), layer.weight.shape, output[2:], layer.groups)
    assert table.multiplications == table.rows[0].multiplications == wanted


def test_multiplications_of_transposed_convolutions():
    layer = nn.ConvTranspose2d(4, 6, 3, 2, 1, groups=2)
    # every input value meets every kernel element of the outputs of its group
    assert nn.summary(layer, (4, 5, 6)).multiplications == 4 * 5 * 6 * (6 // 2) * 9


def test_multiplications_of_products():
    assert nn.summary(nn.Linear(5, 7), (5,), batch_size=3).multiplications == 3 * 5 * 7
    assert nn.summary(nn.Linear(5, 7), (2, 4, 5)).multiplications == 2 * 4 * 5 * 7

    class Attention(nn.Module):
        def forward(self, x):
            return mg.softmax(x @ x.transpose(1, 2), -1) @ x

    assert nn.summary(Attention(), (4, 3), batch_size=2).multiplications == 2 * (4 * 4 * 3 + 4 * 3 * 4)


def test_they_belong_to_the_innermost_module():
    class Outer(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = nn.Linear(3, 4)
            self.weight = nn.Parameter(mg.ones(4, 5))

        def forward(self, x):
            return self.inner(x) @ self.weight

    table = nn.summary(Outer(), (3,))
    assert [(one.path, one.multiplications, one.parameters) for one in table.rows] == [("", 20, 20), ("inner", 12, 16)]
    assert (table.multiplications, table.parameters) == (32, 36)


# -------------------------------------------------------------------- fields


def support(model, shape):
    """The largest extent of what one output number depends on, per axis, by the gradient of the input."""
    x = mg.randn(1, *shape, dtype=mg.float64, requires_grad=True)
    y = model.double()(x)
    largest = [0] * (len(shape) - 1)
    middle = [
        range(max(o // 2 - 2, 0), min(o // 2 + 4, o)) for o in y.shape[2:]
    ]  # away from the borders, every phase of a stride
    for place in itertools.product(*middle):
        x.grad = None
        y[(slice(None), slice(None), *place)].sum().backward(retain_graph=True)
        seen = np.argwhere(x.grad.numpy()[0].any(0))
        largest = [max(a, int(b)) for a, b in zip(largest, seen.max(0) - seen.min(0) + 1, strict=True)]
    return tuple(largest)


def block():
    return nn.Sequential(nn.Conv2d(2, 2, 3, padding=1), nn.Tanh(), nn.Conv2d(2, 2, 3, padding=1))


@pytest.mark.parametrize("model", [
    nn.Sequential(nn.Conv2d(1, 2, 3, 2), nn.Tanh(), nn.Conv2d(2, 2, (3, 2)), nn.AvgPool2d(2)),
    nn.Sequential(nn.Conv2d(1, 2, 3, dilation=2), nn.Conv2d(2, 2, 2, stride=(1, 2))),
    nn.Sequential(nn.Conv2d(1, 2, 1), nn.Residual(block()), nn.Conv2d(2, 1, 3)),
    nn.Sequential(nn.Conv2d(1, 2, 3), nn.Concat(nn.Identity(), block(), nn.Conv2d(2, 1, 5, padding=2))),
    nn.Sequential(nn.Conv2d(1, 2, 3, 2, 1), nn.ConvTranspose2d(2, 2, 3, 2, 1, 1)),
    nn.Sequential(nn.ConvTranspose2d(1, 2, 3, 2), nn.Conv2d(2, 2, 3)),
    nn.Sequential(nn.ConvTranspose2d(1, 2, 4, 3), nn.ConvTranspose2d(2, 2, 3, 2), nn.Conv2d(2, 1, 2)),
    nn.Sequential(nn.Conv2d(1, 2, 3, 2), nn.Upsample(scale_factor=2), nn.Conv2d(2, 1, 3)),
    nn.Sequential(nn.Conv2d(1, 2, 2, 2), nn.Upsample(scale_factor=2, mode="bilinear"), nn.Conv2d(2, 1, 3)),
    nn.Sequential(nn.Conv2d(1, 4, 3, 2), nn.PixelShuffle(2), nn.Conv2d(1, 1, 3)),
    nn.Sequential(nn.Conv2d(1, 1, 3), nn.PixelUnshuffle(2), nn.Conv2d(4, 2, 2), nn.ZeroPad2d(2)),
    nn.Sequential(nn.Conv2d(1, 4, 2, 2), nn.ReflectionPad2d(1), nn.ChannelShuffle(2), nn.Conv2d(4, 2, 2, dilation=3)),
], ids=range(12))  # fmt: skip
def test_N61_fields_are_what_the_gradient_shows(model):
    table = nn.summary(model, (1, 20, 20))
    assert tuple(map(int, table.rows[0].field.size)) == support(model, (1, 20, 20))


def test_N61_published_fields():
    """The recurrence over whole networks; 427 of ResNet-50 is that of strides in the 3×3 convolutions."""
    for model, last, field in (
        (nn.models.resnet18(width=1), "layer4", "435×435"), (nn.models.resnet50(width=1), "layer4", "427×427"),
        (nn.models.vgg16(widths=(1,) * 5, hidden=1), "features", "212×212"),
        (nn.models.mobilenet_v2(width_mult=0.1, last_channel=8), "features", "491×491"),
    ):  # fmt: skip
        assert str(row(nn.summary(model, (3, 64, 64), depth=1), last).field) == field


@pytest.mark.parametrize("layer", [
    nn.AdaptiveAvgPool2d(1), nn.AdaptiveMaxPool2d((1, 1)), nn.Sequential(nn.Flatten(), nn.Linear(36, 2))])  # fmt: skip
def test_what_sees_everything(layer):
    table = nn.summary(nn.Sequential(nn.Conv2d(1, 1, 3), layer, nn.Identity()), (1, 8, 8))
    assert str(row(table, "1").field) == str(row(table, "2").field) == str(table.rows[0].field) == "all"


@pytest.mark.parametrize(("size", "field"), [((3, 2), "4×5"), (4, "–"), (6, "3×3")])
def test_adaptive_pooling(size, field):
    table = nn.summary(nn.Sequential(nn.Conv2d(1, 1, 3), nn.AdaptiveMaxPool2d(size)), (1, 8, 8))
    assert str(row(table, "1").field or "–") == field


@pytest.mark.parametrize("layer", [nn.BatchNorm2d(1), nn.Dropout(), nn.Hardswish(), nn.Dropout2d()])
def test_layers_that_work_position_by_position(layer):
    table = nn.summary(nn.Sequential(nn.Conv2d(1, 1, 3), layer), (1, 8, 8))
    assert str(row(table, "1").field) == "3×3"


def test_where_the_field_is_not_known():
    assert nn.summary(nn.Conv2d(3, 2, 3), (3, 8, 8), batch_size=None).rows[0].field is None  # which axes are space?
    assert nn.summary(nn.Unfold(3), (3, 8, 8)).rows[0].field is None

    class Unpooled(nn.Module):
        def __init__(self):
            super().__init__()
            self.pool, self.unpool = nn.MaxPool2d(2, return_indices=True), nn.MaxUnpool2d(2)

        def forward(self, x):
            return self.unpool(*self.pool(x))

    assert nn.summary(Unpooled(), (1, 8, 8)).rows[0].field is None
    with mg.no_grad():
        assert str(nn.summary(nn.Conv2d(3, 2, 3), mg.ones(1, 3, 8, 8)).rows[0].field) == "3×3"


def test_fields_of_signals_and_volumes():
    assert str(nn.summary(nn.Conv1d(1, 1, 3), (1, 9)).rows[0].field) == "3"
    assert str(nn.summary(nn.Conv3d(1, 1, (1, 2, 3)), (1, 4, 4, 4)).rows[0].field) == "1×2×3"


class Function(nn.Module):
    """A function as a module."""

    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, x):
        return self.function(x)


@pytest.mark.parametrize(("function", "field"), [
    (lambda x: x.relu() * 2 + 1, "3×3"), (lambda x: mg.cat([x, x], 1), "3×3"), (lambda x: x.flatten(1), "3×3"),
    (lambda x: x.flatten(1) @ mg.ones(36, 2), "all"), (lambda x: x.mean((2, 3)), "all"),
    (lambda x: x - x.mean((2, 3), keepdim=True), "all"), (lambda x: x.reshape(1, 1, 1, 6, 6), "3×3"),
    (lambda x: x.flip(2), "–"), (lambda x: x[:, :, :3], "–"), (lambda x: x.transpose(2, 3), "–"),
    (lambda x: mg.conv2d(x, mg.ones(1, 1, 3, 3)), "–"), (lambda x: x.mean(3), "–"), (lambda x: x.softmax(-1), "–"),
    (lambda x: nn.functional.adaptive_avg_pool2d(x, 1), "all"),
    (lambda x: nn.functional.adaptive_avg_pool2d(x, 4), "–"),
    (lambda x: mg.zeros(1, 2), "–"), (lambda x: x + x[:, :, :1], "–"), (lambda x: x[:, :, :1].relu() + x, "–"),
])  # fmt: skip
def test_fields_behind_functions(function, field):
    table = nn.summary(nn.Sequential(nn.Conv2d(1, 1, 3), Function(function)), (1, 8, 8))
    assert str(row(table, "1").field or "–") == field


# --------------------------------------------------------------------- memory


def test_outputs_are_counted_once():
    model = nn.Sequential(nn.Linear(4, 6), nn.Identity(), nn.ReLU(inplace=True), nn.Tanh())
    table = nn.summary(model, (4,), batch_size=2)
    assert [one.bytes for one in table.rows] == [0, 48, 0, 0, 48]
    assert table.activation_bytes == 96
    assert nn.summary(model.double(), (4,)).activation_bytes == 96


# ---------------------------------------------------------- shared and frozen


def test_shared_modules_are_shown_twice_and_counted_once():
    layer = nn.Linear(3, 3)
    table = nn.summary(nn.Sequential(layer, nn.ReLU(), layer), (3,))
    first, second = row(table, "0"), row(table, "2")
    assert (first.parameters, second.parameters, first.repeated, second.repeated) == (12, 0, False, True)
    assert first.multiplications == second.multiplications == 9
    assert (table.parameters, table.multiplications) == (12, 18)
    assert [line.split()[2:5] for line in str(table).splitlines() if line.startswith("  2")] == [["(1,", "3)", "again"]]


def test_a_layer_called_again_and_again():
    class Loop(nn.Module):
        def __init__(self):
            super().__init__()
            self.step = nn.Linear(2, 2)

        def forward(self, x):
            for _ in range(3):
                x = self.step(x)
            return x

    table = nn.summary(nn.Sequential(Loop()), (2,))
    assert [(one.path, one.repeated) for one in table.rows] == [
        ("", False), ("0", False), ("0.step", False), ("0.step", True), ("0.step", True)]  # fmt: skip
    assert (table.parameters, table.multiplications) == (6, 12)


def test_parameters_shared_between_layers():
    a, b = nn.Linear(3, 3), nn.Linear(3, 3)
    b.weight = a.weight
    table = nn.summary(nn.Sequential(a, b), (3,))
    assert [one.parameters for one in table.rows] == [0, 12, 3]
    assert table.parameters == 15


def test_frozen_parameters():
    model = nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 4))
    model[0].requires_grad_(False)
    model[1].bias.requires_grad_(False)
    table = nn.summary(model, (2,))
    assert [(one.parameters, one.trainable) for one in table.rows] == [(0, 0), (9, 0), (16, 12)]
    assert (table.parameters, table.trainable) == (25, 12)
    text = str(table)
    assert "9 (frozen)" in text
    assert "16 (part frozen)" in text
    assert "25, 13 of them frozen" in text


def test_what_is_never_called_is_shown():
    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            self.used = nn.Linear(2, 2)
            self.unused = nn.Sequential(nn.ReLU(), nn.Linear(3, 3))
            self.scales = nn.ParameterList([mg.ones(2)])

        def forward(self, x):
            return self.used(x) * self.scales[0]

    table = nn.summary(Model(), (2,))
    assert [(one.path, one.output, one.parameters) for one in table.rows] == [
        ("", (1, 2), 0), ("used", (1, 2), 6), ("unused.1", None, 12), ("scales", None, 2)]  # fmt: skip
    assert table.parameters == sum(one.parameters for one in table.rows) == 20
    assert "not called" in str(table)
    assert [one.parameters for one in nn.summary(Model(), (2,), depth=0).rows] == [20]


# -------------------------------------------------------------------- inputs


class Two(nn.Module):
    def forward(self, a, b):
        return {"sum": a + b, "both": [a, b]}


def test_several_inputs_and_outputs():
    for given in ([(3,), (3,)], ((3,), (3,)), [mg.ones(1, 3), (3,)]):
        table = nn.summary(Two(), given)
        assert table.inputs == ((1, 3), (1, 3))
        assert table.rows[0].output == ((1, 3), (1, 3), (1, 3))
    assert nn.summary(nn.Identity(), mg.ones(5, 2)).inputs == ((5, 2),)


def test_batch_and_dtype():
    model = nn.Linear(3, 2)
    assert nn.summary(model, (3,), batch_size=7).rows[0].output == (7, 2)
    assert nn.summary(model, (3,), batch_size=None).rows[0].output == (2,)
    seen = []
    probe = Function(lambda x: seen.append(x) or x)
    nn.summary(nn.Sequential(probe, nn.Linear(3, 2).double()), (3,))
    nn.summary(probe, (3,), dtype=mg.int64)
    nn.summary(probe, (3,))
    assert [one.dtype for one in seen] == [mg.float64, mg.int64, mg.float32]
    x = mg.ones(1, 3, requires_grad=True)
    nn.summary(probe, x)
    assert not seen[-1].requires_grad
    assert x.grad is None


def test_depth_folds():
    model = nn.Sequential(nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 4)), nn.Linear(4, 1))
    whole, folded = nn.summary(model, (2,)), nn.summary(model, (2,), depth=1)
    assert [(one.path, one.parameters, one.multiplications) for one in folded.rows] == [
        ("", 0, 0), ("0", 25, 18), ("1", 5, 4)]  # fmt: skip
    assert folded.rows[1].bytes == 4 * 7
    assert folded[2:] == whole[2:]


# ------------------------------------------------------------ left as it was


class Stateful(nn.Module):
    """Changes a buffer, replaces another and draws numbers, whatever the mode."""

    def __init__(self, fails=False):
        super().__init__()
        self.register_buffer("count", mg.tensor([0.0]))
        self.register_buffer("last", mg.tensor([float("nan")]))
        self.drop = nn.Dropout()
        self.fails = fails

    def forward(self, x):
        self.count += 1
        self.last = x.sum()
        mg.rand(3)
        if self.fails:
            raise ShapeError("too bad")
        return self.drop(x)


@pytest.mark.parametrize("fails", [False, True])
def test_nothing_is_disturbed(fails):
    model = nn.Sequential(nn.Linear(2, 2), Stateful(fails), nn.Dropout().eval())
    buffer, before = model[1].count, model[1].count.clone()
    last = model[1].last
    modes = [module.training for module in model.modules()]
    state = mg.default_generator().get_state()
    if fails:
        with pytest.raises(ShapeError, match=r"too bad \[in 1: Stateful.*summary ran the model on shape \(1, 2\)"):
            nn.summary(model, (2,))
    else:
        nn.summary(model, (2,))
    assert model[1].count is buffer
    assert model[1].last is last
    assert buffer.tolist() == before.tolist() == [0.0]
    assert math.isnan(last.item())
    assert [module.training for module in model.modules()] == modes == [True, True, True, True, False]
    assert mg.default_generator().get_state() == state
    assert all(not module._forward_hooks and not module._forward_pre_hooks for module in model.modules())
    assert all(p.grad is None for p in model.parameters())
    assert mg.is_grad_enabled()


def test_the_run_records_nothing_and_is_in_evaluation_mode():
    seen = []
    model = nn.Sequential(nn.Linear(2, 2), Function(lambda x: seen.append((x.requires_grad, model.training)) or x))
    nn.summary(model, (2,))
    assert seen == [(False, False)]


def test_hooks_of_the_model_run_and_stay():
    model, seen = nn.Linear(2, 2), []
    model.register_forward_hook(lambda module, args, output: seen.append(1))
    nn.summary(model, (2,))
    assert seen == [1]
    assert len(model._forward_hooks) == 1


def test_what_the_hooks_of_a_module_multiply_stands_in_its_row():
    model = nn.Sequential(nn.utils.spectral_norm(nn.Linear(5, 4)), nn.ReLU())
    table = nn.summary(model, (5,))
    inside, plain = table.rows[1].multiplications, nn.summary(nn.Linear(5, 4), (5,)).multiplications
    assert inside > plain, "those of the norm, before the forward"
    assert table.multiplications == sum(row.multiplications for row in table.rows) == inside


def test_a_module_that_catches_errors_of_a_layer():
    class Tries(nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.second = nn.Linear(9, 2), nn.Linear(2, 2)

        def forward(self, x):
            try:
                return self.first(x)
            except ShapeError:
                return self.second(x)

    table = nn.summary(Tries(), (2,))
    assert [(one.path, one.depth, one.output) for one in table.rows] == [
        ("", 0, (1, 2)), ("first", 1, ()), ("second", 1, (1, 2))]  # fmt: skip


def test_lazy_layers_stay_lazy():
    model = nn.Sequential(nn.LazyConv2d(4, 3), nn.ReLU(), nn.Flatten(), nn.LazyLinear(2))
    mg.manual_seed(3)
    wanted = mg.rand(3).tolist()
    mg.manual_seed(3)
    table = nn.summary(model, (2, 5, 5))
    assert [(one.kind, one.parameters) for one in table.rows[1:]] == [
        ("Conv2d", 76), ("ReLU", 0), ("Flatten", 0), ("Linear", 74)]  # fmt: skip
    assert table.parameters == 150
    assert type(model[0]) is nn.LazyConv2d
    assert all(nn.parameter.is_lazy(p) for p in model.parameters())
    assert mg.rand(3).tolist() == wanted
    assert model(mg.zeros(1, 3, 5, 5)).shape == (1, 2)


# -------------------------------------------------------------------- refused


def test_a_model_that_refuses_the_shape():
    with pytest.raises(ShapeError, match=r"\(1, 8, 1, 32, 32\).*\[in .*batch_size=None"):
        nn.summary(nn.models.LeNet5(), (8, 1, 32, 32))
    with pytest.raises(ShapeError, match=r"ran the model on shape \(8, 1, 28, 28\): batch_size"):
        nn.summary(nn.models.LeNet5(), mg.zeros(8, 1, 28, 28))


def test_what_is_no_model_and_no_shape():
    with pytest.raises(DTypeError, match=r"got a type where an nn\.Module belongs; write LeNet5\(\)"):
        nn.summary(nn.models.LeNet5, (1, 32, 32))
    with pytest.raises(DTypeError, match="got a function"):
        nn.summary(lambda x: x, (1,))
    for wrong in ("abc", None, (1.5, 2), [(1,), "a"]):
        with pytest.raises(DTypeError, match="give a shape without the batch axis"):
            nn.summary(nn.Identity(), wrong)
    for wrong in (0, -1, 1.5):
        with pytest.raises((ArgumentError, DTypeError), match=rf"batch_size={wrong}"):
            nn.summary(nn.Identity(), (1,), batch_size=wrong)


# ---------------------------------------------------------------------- text


def test_the_table():
    model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.Flatten(), nn.Linear(8, 3))
    assert str(nn.summary(model, (1, 4, 4))).splitlines() == [
        "layer  kind        output        parameters  multiplications  field  memory",
        "─" * 75,
        "model  Sequential  (1, 3)                 –                –    all       –",
        "  0    Conv2d      (1, 2, 2, 2)          20               72    3×3    32 B",
        "  1    Flatten     (1, 8)                 –                –    3×3    32 B",
        "  2    Linear      (1, 3)                27               24    all    12 B",
        "─" * 75,
        "input            (1, 1, 4, 4)",
        "parameters       47",
        "multiplications  96",
        "memory           76 B of activations, 188 B of parameters",
    ]


class Named(nn.Module):
    """Attributes that layers have, too, and another meaning."""

    def __init__(self, **attributes):
        super().__init__()
        for name, value in attributes.items():
            setattr(self, name, value)
        self.a, self.b = nn.Conv2d(1, 1, 3), nn.Conv2d(1, 1, 3)

    def forward(self, input):
        return self.b(self.a(input))


@pytest.mark.parametrize("attributes", [{"kernel_size": 3, "stride": 1}, {"mode": "bilinear"}, {"upscale_factor": 2}])
def test_attributes_of_other_modules_say_nothing_of_fields(attributes):
    rows = nn.summary(nn.Sequential(Named(**attributes), nn.Conv2d(1, 1, 3)), (1, 20, 20)).rows
    assert [str(row.field) for row in rows if row.kind in ("Named", "Conv2d")] == ["5×5", "3×3", "5×5", "7×7"]


class Subclass(nn.Conv2d):
    pass


def test_a_subclass_of_a_layer_has_its_field():
    rows = nn.summary(nn.Sequential(Subclass(1, 1, 3), nn.Conv2d(1, 1, 3)), (1, 20, 20)).rows
    assert [str(row.field) for row in rows if row.kind in ("Subclass", "Conv2d")] == ["3×3", "5×5"]
