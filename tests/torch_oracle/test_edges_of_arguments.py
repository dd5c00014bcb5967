"""Arguments at the edge of what PyTorch takes: what it computes is the same, what it refuses is refused."""

import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st

import minigrad as mg
from minigrad import nn
from tests.torch_oracle.compare import both_refuse, compare, drawn, functional, normal
from tests.torch_oracle.modules import compare_layer

F, TF = mg.nn.functional, torch.nn.functional
sizes = st.integers(1, 3)


def computes(call):
    """Whether PyTorch computes it."""
    try:
        call()
    except (RuntimeError, ValueError, TypeError, IndexError, NotImplementedError):
        return False
    return True


def agree(name, *arrays, order=2, **options):
    """The function agrees where PyTorch computes, and is refused where it is not."""
    ours, theirs = functional(name, **options)

    def run(convert, function):
        return lambda: function(*(convert(array) for array in arrays))

    if computes(run(torch.from_numpy, theirs)):
        compare(ours, theirs, *arrays, order=order)
    else:
        both_refuse(run(mg.tensor, ours), run(torch.from_numpy, theirs))


@drawn(120)
@given(st.lists(sizes, max_size=2), st.lists(st.integers(1, 3), max_size=3))
def test_the_bias_of_a_linear_map_broadcasts(lead, bias):
    assume(len(bias) < 2 or len(lead) < 2)  # PyTorch joins the rows of stacks at times, and takes their bias then
    agree("linear", normal(*lead, 2), normal(3, 2, seed=1), normal(*bias, seed=2))


def test_the_bias_of_one_output_is_one_number():
    agree("linear", normal(2), normal(2, seed=1), normal(seed=2))
    for bias in ((1,), (1, 1)):
        agree("linear", normal(2), normal(2, seed=1), normal(*bias, seed=2))


@drawn(100)
@given(st.integers(1, 3), st.lists(sizes, max_size=1), st.lists(sizes, min_size=1, max_size=2))
def test_the_bias_of_a_bilinear_map_broadcasts(out, lead, bias):
    agree("bilinear", normal(*lead, 2), normal(*lead, 2, seed=1), normal(out, 2, 2, seed=2), normal(*bias, seed=3))


NAMES = ("relu", "relu6", "leaky_relu", "rrelu", "elu", "celu", "selu", "hardtanh", "hardsigmoid", "hardswish",
         "hardshrink", "softshrink", "gelu", "silu", "mish", "logsigmoid", "softsign", "tanhshrink",
         "softplus", "glu")  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("dtype", ["int64", "int32", "uint8", "bool"])
def test_integers_into_activations(name, dtype):
    x = normal(4).round().astype(dtype)
    agree(name, x, order=0)


@pytest.mark.parametrize("shape", [(2, 0, 4), (0, 2, 4), (0, 0, 4), (2, 2, 0), (2, 0, 1), (2, 0, 3, 3)])
def test_instances_without_channels_or_elements(shape):
    agree("instance_norm", normal(*shape), order=1)


def test_layers_of_no_channels():
    compare_layer("InstanceNorm1d", (0,), {"track_running_stats": True}, normal(2, 0, 4), order=1)


@pytest.mark.parametrize("name", ["batch_norm", "instance_norm"])
@pytest.mark.parametrize("given_", [(True, False), (False, True)])
def test_one_running_statistic_without_the_other(name, given_):
    mean, var = given_

    def call(library, function):
        return lambda: function(
            library.ones(2, 2, 3),
            library.zeros(2) if mean else None,
            library.ones(2) if var else None,
            None,
            None,
            True,
        )

    both_refuse(call(mg, getattr(F, name)), call(torch, getattr(TF, name)))


@pytest.mark.parametrize("name", ["stride", "padding", "dilation"])
@pytest.mark.parametrize("kind", ["Conv2d", "ConvTranspose2d"])
@pytest.mark.parametrize("value", [(1,), (2,), (0,)])
def test_one_entry_counts_for_every_axis(kind, name, value):
    if value == (0,) and name != "padding":
        return
    compare_layer(kind, (2, 3, 3), {name: value}, normal(2, 2, 6, 6))
    ours, theirs = getattr(nn, kind)(2, 3, 3, **{name: value}), getattr(torch.nn, kind)(2, 3, 3, **{name: value})
    assert getattr(ours, name) == getattr(theirs, name)


@pytest.mark.parametrize("widths", [(-4, 1), (-5, 2), (2, -5), (-2, -1), (-3, 0), (1, 1, -3, 0)])
def test_circular_padding_that_leaves_nothing(widths):
    agree("pad", normal(1, 2, 3), pad=widths, mode="circular", order=1)


@pytest.mark.parametrize("shape", [(1, 1, 1), (1, 2, 1, 4)])
@pytest.mark.parametrize("options", [{"scale_factor": 0.7}, {"size": 0}, {"size": -1}])
def test_means_over_stretches_to_nothing(shape, options):
    agree("interpolate", normal(*shape), mode="area", order=0, **options)  # PyTorch has no gradient of nothing


@pytest.mark.parametrize("axes", [1, 2, 3])
def test_unpooling_to_an_empty_plane(axes):
    x = normal(1, 1, *(1,) * axes)
    agree(
        f"max_unpool{axes}d", x, (x * 0).astype("int64"), kernel_size=2, padding=1, order=0
    )  # PyTorch has no gradient of nothing


@pytest.mark.parametrize("axes", [1, 2, 3])
@pytest.mark.parametrize("kind", ["avg_pool", "lp_pool", "max_pool"])
@pytest.mark.parametrize(("n", "k"), [(1, 2), (2, 3), (3, 3), (3, 4)])
@pytest.mark.parametrize("stride", [1, 2, 3])
def test_kernels_larger_than_the_input_in_ceil_mode(axes, kind, n, k, stride):
    options = {"norm_type": 2} if kind == "lp_pool" else {}
    agree(f"{kind}{axes}d", normal(1, 1, *(n,) * axes), kernel_size=k, stride=stride, ceil_mode=True, **options)


@pytest.mark.parametrize("axes", [1, 2, 3])
@pytest.mark.parametrize("k", [1, 2, 3])
@pytest.mark.parametrize("padding", [0, 1, 2, 3])
@pytest.mark.parametrize("dilation", [1, 2, 3])
def test_padding_is_at_most_half_the_kernel_without_its_gaps(axes, k, padding, dilation):
    x = normal(1, 1, *(9,) * axes)
    agree(f"max_pool{axes}d", x, kernel_size=k, stride=1, padding=padding, dilation=dilation, order=1)


@pytest.mark.parametrize("name", ["softmax", "log_softmax", "softmin"])
@pytest.mark.parametrize("dim", [0, -1, 1, -2, 5])
def test_axes_of_a_number(name, dim):
    agree(name, normal(), dim=dim)


@pytest.mark.parametrize("arguments", [(1, -1), (0, -1), (0, 1), (-2, 0), (-1, 0)])
def test_flattening_a_number(arguments):
    call = [
        lambda lib=lib, net=net: net.Flatten(*arguments)(lib.tensor(1.0)) for lib, net in ((mg, nn), (torch, torch.nn))
    ]
    if computes(call[1]):
        assert call[0]().shape == tuple(call[1]().shape)
    else:
        both_refuse(*call)


@pytest.mark.parametrize("assign", [False, True])
@pytest.mark.parametrize("shape", [(), (1,), (1, 1)])
def test_counters_of_one_element(shape, assign):
    def load(library, net):
        layer = net.BatchNorm1d(2)
        state = dict(layer.state_dict())
        state["num_batches_tracked"] = library.full(shape, 3)
        layer.load_state_dict(state, assign=assign)
        return layer.num_batches_tracked

    if shape == (1, 1):
        both_refuse(lambda: load(mg, nn), lambda: load(torch, torch.nn))
    else:
        assert load(mg, nn).item() == load(torch, torch.nn).item() == 3
        assert load(mg, nn).shape == tuple(load(torch, torch.nn).shape) == ()


@pytest.mark.parametrize(
    "build",
    [
        lambda net: net.Sequential(None),
        lambda net: net.Sequential(net.ReLU(), None),
        lambda net: net.ModuleList([None]),
        lambda net: net.ModuleList().append(None),
        lambda net: net.ModuleDict({"a": None, "b": net.ReLU()}),
        lambda net: net.Sequential(net.ReLU(), net.Tanh()).insert(2, net.ReLU()),
        lambda net: net.Sequential(net.ReLU(), net.Tanh()).insert(-1, net.ReLU()),
    ],
)
def test_containers_hold_places_for_none(build):
    assert repr(build(nn)) == repr(build(torch.nn))
    assert len(build(nn)) == len(build(torch.nn))


@pytest.mark.parametrize(
    "call",
    [
        lambda lib, net: net.Sequential(None)(lib.ones(2)),
        lambda lib, net: net.Sequential(net.ReLU()).insert(5, net.ReLU()),
        lambda lib, net: net.Sequential(net.ReLU()).insert(-2, net.ReLU()),
        lambda lib, net: net.Sequential(net.ReLU()).insert(0, None),
        lambda lib, net: net.ModuleDict({1: net.ReLU()}),
        lambda lib, net: net.ModuleDict({"training": net.ReLU()}),
        lambda lib, net: net.ModuleList(3),
        *(lambda lib, net, mode=mode: net.ReLU().train(mode) for mode in (3, 1, None, "a")),
        lambda lib, net: net.Linear(2, 2).register_buffer("weight", lib.ones(2)),
        lambda lib, net: net.BatchNorm1d(2).register_parameter("running_mean", net.Parameter(lib.ones(2))),
        lambda lib, net: net.Linear(2, 2).add_module("weight", net.ReLU()),
        lambda lib, net: net.ParameterDict({"keys": lib.ones(2)}),
        lambda lib, net: net.ParameterDict({"training": lib.ones(2)}).eval(),
        lambda lib, net: net.Unflatten(-1, (2, -1))(lib.tensor(1.0)),
    ],
)
def test_both_refuse(call):
    both_refuse(lambda: call(mg, nn), lambda: call(torch, torch.nn))


def test_a_parameter_called_training():
    ours, theirs = (net.ParameterDict({"training": lib.ones(2)}) for lib, net in ((mg, nn), (torch, torch.nn)))
    assert list(ours.state_dict()) == list(theirs.state_dict()) == ["training"]
    assert ours.training.tolist() == theirs.training.tolist()
    assert [name for name, _ in ours.named_parameters()] == [name for name, _ in theirs.named_parameters()]
