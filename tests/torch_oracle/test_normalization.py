"""Normalisation layers and functions: values, derivatives, running statistics, empty and unbatched inputs."""

# Functions made in a loop are called before it goes on.
# ruff: noqa: B023

import warnings

import numpy as np
import pytest
import torch
import torch.nn.functional as G
from hypothesis import given
from hypothesis import strategies as st

import minigrad as mg
import minigrad.nn.functional as F
from minigrad import nn
from tests.torch_oracle.compare import assert_same, both_refuse, compare, drawn, functional, normal, positive
from tests.torch_oracle.modules import compare_layer, same_state, twins

# PyTorch's vectorised statistics of float64 keep fewer digits than the comparison asks for with small variances.
EPS = st.sampled_from([1e-5, 0.1])


def filled(pair, seed=5):
    """Parameters and statistics that are neither 0 nor 1, the same on both sides."""
    ours, theirs = pair
    state = {
        key: torch.from_numpy(positive(*value.shape, seed=seed + number)).to(value.dtype) if value.is_floating_point()
        else value
        for number, (key, value) in enumerate(theirs.state_dict().items())
    }  # fmt: skip
    theirs.load_state_dict(state)
    ours.load_state_dict(state)
    return pair


@st.composite
def batches(draw, axes=None, unbatched=False):
    """A shape (N, C, *n) with more than one value per channel, empty ones among them."""
    axes = draw(st.integers(1, 3)) if axes is None else axes
    shape = (
        draw(st.sampled_from([2, 1, 3, 0])),
        draw(st.integers(1, 3)),
        *(draw(st.integers(2, 4)) for _ in range(axes)),
    )
    return shape[1:] if unbatched and draw(st.booleans()) else shape


# ------------------------------------------------------------------ batch norm


@drawn(60)
@given(
    st.integers(1, 3), st.data(), EPS, st.sampled_from([0.1, None, 0.0, 1.0, 0.3]), st.booleans(), st.booleans(),
    st.booleans(), st.booleans(),
)  # fmt: skip
def test_batch_norm_layers(axes, data, eps, momentum, affine, track, bias, train):
    shape = data.draw(batches(axes))
    if axes == 1 and data.draw(st.booleans()):
        shape = (max(shape[0], 2), shape[1])
    options = {"eps": eps, "momentum": momentum, "affine": affine, "track_running_stats": track, "bias": bias}
    compare_layer(f"BatchNorm{axes}d", (shape[1],), options, normal(*shape), train=train, calls=2)


@pytest.mark.parametrize("momentum", [0.1, None, 0.7])
@pytest.mark.parametrize("affine", [True, False])
def test_running_statistics_over_calls(momentum, affine):
    """Several batches in training, then evaluation by what they left, then training again."""
    ours, theirs = filled(twins("BatchNorm2d", 3, momentum=momentum, affine=affine))
    for seed, train in enumerate([True, True, True, False, True, False]):
        ours.train(train)
        theirs.train(train)
        x = normal(2, 3, 4, 3, seed=seed) * 3 + 1
        compare(ours, theirs, x, single=False)
        same_state(ours, theirs)
    ours.reset_running_stats()
    theirs.reset_running_stats()
    same_state(ours, theirs)
    ours.reset_parameters()
    theirs.reset_parameters()
    same_state(ours, theirs)


@drawn(60)
@given(batches(), st.booleans(), st.booleans(), st.booleans(), EPS, st.sampled_from([0.1, 0.5]), st.booleans())
def test_batch_norm_function(shape, training, weighted, biased, eps, momentum, tracked):
    x, w, b = normal(*shape), normal(shape[1], seed=1), normal(shape[1], seed=2)
    mean, var = normal(shape[1], seed=3), positive(shape[1], seed=4)

    def run(side, library):
        def function(x, w, b):
            stats = (
                [library.tensor(one).to(x.dtype) for one in (mean, var)] if tracked or not training else [None, None]
            )
            y = side.batch_norm(x, *stats, w if weighted else None, b if biased else None, training, momentum, eps)
            return [y, *(stats if tracked else [])]

        return function

    # PyTorch's second derivative fails with a bias and no weight.
    compare(run(F, mg), run(G, torch), x, w, b, order=1 if biased and not weighted else 2)


def test_batch_norm_twice_in_one_graph():
    """The same layer on two batches, then one backward; and second derivatives through both."""
    ours, theirs = twins("BatchNorm1d", 3)

    def through(layer):
        return lambda x: layer(layer(x) ** 2 + layer(x * 2))

    compare(through(ours), through(theirs), normal(4, 3), single=False)
    same_state(ours, theirs)


def test_early_state_dicts_lack_the_count():
    for library in (mg, torch):
        layer = library.nn.Sequential(library.nn.BatchNorm1d(3), library.nn.Linear(3, 2))
        layer(library.tensor(normal(4, 3)).to(library.float32))
        state = {key: value for key, value in layer.state_dict().items() if "tracked" not in key}
        found = layer.load_state_dict(state)
        assert not found.missing_keys
        assert layer[0].num_batches_tracked.item() == 1


@pytest.mark.parametrize("kind", ["BatchNorm1d", "BatchNorm2d", "BatchNorm3d"])
def test_ranks_that_batch_norm_refuses(kind):
    taken = {"BatchNorm1d": (2, 3), "BatchNorm2d": (4,), "BatchNorm3d": (5,)}[kind]
    for rank in range(7):
        if rank not in taken:
            both_refuse(
                lambda: getattr(nn, kind)(2)(mg.ones((2,) * rank)),
                lambda: getattr(torch.nn, kind)(2)(torch.ones((2,) * rank)),
                mg.errors.ShapeError,
            )


@pytest.mark.parametrize(
    "call_it",
    [
        lambda side, lib: side.batch_norm(lib.ones(2, 3), None, None),
        lambda side, lib: side.batch_norm(lib.ones(2, 3), lib.ones(3), None),
        lambda side, lib: side.batch_norm(lib.ones(2, 3), None, lib.ones(3)),
        lambda side, lib: side.batch_norm(lib.ones(2, 3), lib.ones(2), lib.ones(3)),
        lambda side, lib: side.batch_norm(lib.ones(2, 3), lib.ones(3), lib.ones(2)),
        lambda side, lib: side.batch_norm(lib.ones(2, 3), lib.ones(3), lib.ones(3).double()),
        lambda side, lib: side.batch_norm(lib.ones(2, 3), None, None, lib.ones(2), training=True),
        lambda side, lib: side.batch_norm(lib.ones(2, 3), None, None, lib.ones(3), lib.ones(4), training=True),
        lambda side, lib: side.batch_norm(lib.ones(2, 3), None, None, lib.ones(3).double(), training=True),
        lambda side, lib: side.batch_norm(lib.ones(2, 3).double(), None, None, lib.ones(3), training=True),
        lambda side, lib: side.batch_norm(lib.ones(2, 3).long(), None, None, training=True),
        lambda side, lib: side.batch_norm(lib.ones(2, 3), None, None, training=True, eps=0.0),
        lambda side, lib: side.batch_norm(lib.ones(2, 3), None, None, training=True, eps=-1.0),
        lambda side, lib: side.batch_norm(lib.ones(3), None, None, training=True),
        lambda side, lib: side.batch_norm(lib.ones(1, 3), None, None, training=True),
        lambda side, lib: side.batch_norm(lib.ones(1, 3, 1, 1), None, None, training=True),
        lambda side, lib: side.instance_norm(lib.ones(2, 3)),
        lambda side, lib: side.instance_norm(lib.ones(2, 3, 1)),
        lambda side, lib: side.instance_norm(lib.ones(2, 3, 4), use_input_stats=False),
        lambda side, lib: side.instance_norm(lib.ones(2, 3, 4), lib.ones(3), use_input_stats=False),
        lambda side, lib: side.instance_norm(lib.ones(2, 3, 4), weight=lib.ones(2)),
        lambda side, lib: side.instance_norm(lib.ones(2, 3, 4).long()),
        lambda side, lib: side.layer_norm(lib.ones(2, 3), 3),
        lambda side, lib: side.layer_norm(lib.ones(2, 3), ()),
        lambda side, lib: side.layer_norm(lib.ones(2, 3), (2,)),
        lambda side, lib: side.layer_norm(lib.ones(3), (2, 3)),
        lambda side, lib: side.layer_norm(lib.ones(2, 3), (3,), lib.ones(2)),
        lambda side, lib: side.layer_norm(lib.ones(2, 3), (3,), lib.ones(3), lib.ones(1, 3)),
        lambda side, lib: side.layer_norm(lib.ones(2, 3), (3,), lib.ones(3).double()),
        lambda side, lib: side.layer_norm(lib.ones(2, 3).long(), (3,)),
        lambda side, lib: side.group_norm(lib.ones(2, 3, 4), 2),
        lambda side, lib: side.group_norm(lib.ones(2, 3, 4), 0),
        lambda side, lib: side.group_norm(lib.ones(3), 3),
        lambda side, lib: side.group_norm(lib.ones(1, 3), 3),
        lambda side, lib: side.group_norm(lib.ones(1, 3, 1), 3),
        lambda side, lib: side.group_norm(lib.ones(2, 3, 4), 3, lib.ones(2)),
        lambda side, lib: side.group_norm(lib.ones(2, 3, 4), 3, lib.ones(3).double()),
        lambda side, lib: side.rms_norm(lib.ones(2, 3), 3),
        lambda side, lib: side.rms_norm(lib.ones(2, 3), ()),
        lambda side, lib: side.rms_norm(lib.ones(2, 3), (2,)),
        lambda side, lib: side.rms_norm(lib.ones(2, 3), (3,), lib.ones(2)),
        lambda side, lib: side.rms_norm(lib.ones(2, 3).long(), (3,)),
        lambda side, lib: side.local_response_norm(lib.ones(2, 3), 2),
        lambda side, lib: side.local_response_norm(lib.ones(2, 3, 4), 0),
        lambda side, lib: lib.nn.GroupNorm(2, 3),
        lambda side, lib: lib.nn.GroupNorm(0, 3),
        lambda side, lib: lib.nn.GroupNorm(3, 3)(lib.ones(2, 6, 2)),
        lambda side, lib: lib.nn.BatchNorm1d(-3),
        lambda side, lib: lib.nn.BatchNorm1d(3)(lib.ones(1, 3)),
        lambda side, lib: lib.nn.BatchNorm1d(3)(lib.ones(2, 4)),
        lambda side, lib: lib.nn.LayerNorm(())(lib.ones(2, 4)),
        lambda side, lib: lib.nn.InstanceNorm2d(3, affine=True)(lib.ones(2, 5, 4, 4)),
        lambda side, lib: lib.nn.InstanceNorm2d(3)(lib.ones(5, 4)),
        lambda side, lib: lib.nn.InstanceNorm1d(3)(lib.ones(3, 1)),
        lambda side, lib: lib.nn.RMSNorm(4)(lib.ones(2, 3)),
        lambda side, lib: lib.nn.LocalResponseNorm(2)(lib.ones(2, 3)),
    ],
)
def test_refusals(call_it):
    both_refuse(lambda: call_it(F, mg), lambda: call_it(G, torch))


def test_a_refused_batch_leaves_the_running_statistics_alone():
    layer = nn.BatchNorm1d(3)
    both_refuse(lambda: layer(mg.ones(1, 3)), lambda: torch.nn.BatchNorm1d(3)(torch.ones(1, 3)), ValueError)
    assert layer.running_mean.tolist() == [0, 0, 0]
    assert layer.num_batches_tracked.item() == 0


# --------------------------------------------------------------- instance norm


@drawn(60)
@given(st.sampled_from(["InstanceNorm1d", "InstanceNorm2d", "InstanceNorm3d"]), st.data(), EPS,
       st.sampled_from([0.1, 0.4, None]), st.booleans(), st.booleans(), st.booleans(), st.booleans())  # fmt: skip
def test_instance_norm_layers(name, data, eps, momentum, affine, track, bias, train):
    axes = int(name[-2])
    shape = data.draw(batches(axes, unbatched=True))
    if (affine or track) and len(shape) == axes + 2:
        shape = (max(shape[0], 1), *shape[1:])  # of an empty batch PyTorch fails, or makes NaN of the statistics
    options = {"eps": eps, "momentum": momentum, "affine": affine, "track_running_stats": track, "bias": bias}
    compare_layer(name, (shape[-axes - 1],), options, normal(*shape), train=train, calls=2, atol=1e-10)


@pytest.mark.parametrize("affine", [True, False])
def test_instance_norm_by_running_statistics(affine):
    ours, theirs = filled(twins("InstanceNorm2d", 3, affine=affine, track_running_stats=True))
    for seed, train in enumerate([True, False, True, False]):
        ours.train(train)
        theirs.train(train)
        for shape in ((2, 3, 4, 3), (3, 2, 5)):
            compare(ours, theirs, normal(*shape, seed=seed) + 1, single=False)
            same_state(ours, theirs)


def test_another_number_of_channels_warns():
    x = normal(2, 5, 3)
    with pytest.warns(UserWarning, match="does not match"):
        expected = torch.nn.InstanceNorm1d(3)(torch.from_numpy(x))
    with pytest.warns(mg.errors.MinigradWarning, match="3 channels got an input with 5"):
        found = nn.InstanceNorm1d(3)(mg.tensor(x))
    assert_same(found, expected)


# ---------------------------------------------------------- layers and groups


@st.composite
def layered(draw):
    shape = (*draw(st.lists(st.integers(1, 4), max_size=2)), draw(st.integers(2, 4)))
    lead = tuple(draw(st.lists(st.integers(0, 3), max_size=2)))
    return lead, shape


@drawn(60)
@given(layered(), EPS, st.booleans(), st.booleans(), st.booleans())
def test_layer_norm(shapes, eps, affine, bias, as_list):
    lead, shape = shapes
    given_shape = shape[0] if len(shape) == 1 and as_list else list(shape) if as_list else shape
    options = {"eps": eps, "elementwise_affine": affine, "bias": bias}
    compare_layer("LayerNorm", (given_shape,), options, normal(*lead, *shape), atol=1e-10)
    parameters = normal(*shape, seed=1), normal(*shape, seed=2)
    compare(*functional("layer_norm", shape), normal(*lead, *shape), atol=1e-10)
    whole = lambda side: lambda x, w, b: side.layer_norm(x, shape, w, b, eps)  # noqa: E731
    compare(whole(F), whole(G), normal(*lead, *shape), *parameters, atol=1e-10)
    # PyTorch's second derivative fails with a bias and no weight.
    biased = lambda side: lambda x, b: side.layer_norm(x, shape, bias=b, eps=eps)  # noqa: E731
    compare(biased(F), biased(G), normal(*lead, *shape), parameters[1], order=1, atol=1e-10)


@drawn(60)
@given(layered(), st.sampled_from([None, 1e-5, 0.1]), st.booleans())
def test_rms_norm(shapes, eps, affine):
    lead, shape = shapes
    compare_layer("RMSNorm", (shape,), {"eps": eps, "elementwise_affine": affine}, normal(*lead, *shape), atol=1e-10)
    compare(
        lambda x, w: F.rms_norm(x, shape, w, eps), lambda x, w: G.rms_norm(x, shape, w, eps),
        normal(*lead, *shape), normal(*shape, seed=1), atol=1e-10,
    )  # fmt: skip


def test_rms_norm_near_zero_and_of_other_dtypes():
    for dtype, small in (("float64", 1e-8), ("float32", 1e-4), ("float16", 1e-3)):
        x = (normal(3, 4) * small).astype(dtype)
        compare(*functional("rms_norm", (4,)), x, order=0, rtol=2e-3 if dtype == "float16" else 1e-5)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # PyTorch remarks that it takes its slower way
        w = normal(4).astype(np.float32)
        compare(lambda x, w: F.rms_norm(x, (4,), w), lambda x, w: G.rms_norm(x, (4,), w), normal(3, 4), w, order=0)


@drawn(60)
@given(st.integers(1, 3), st.integers(1, 3), st.data(), EPS, st.booleans(), st.booleans())
def test_group_norm(groups, width, data, eps, affine, bias):
    batch = data.draw(st.sampled_from([2, 1, 0, 3]))
    space = data.draw(st.lists(st.integers(2, 4), min_size=1, max_size=3))
    shape = (batch, groups * width, *space)
    options = {"eps": eps, "affine": affine, "bias": bias}
    compare_layer("GroupNorm", (groups, groups * width), options, normal(*shape), atol=1e-10)
    parameters = normal(shape[1], seed=1), normal(shape[1], seed=2)
    for run in (
        lambda side: lambda x, w, b: side.group_norm(x, groups, w, b, eps),
        lambda side: lambda x, w, b: side.group_norm(x, groups, w, eps=eps),
    ):
        compare(run(F), run(G), normal(*shape), *parameters, atol=1e-10)


def test_group_norm_without_space_or_elements():
    compare(*functional("group_norm", 3), normal(4, 6), single=False)
    compare(*functional("group_norm", 1), normal(1, 6))
    compare(*functional("group_norm", 3), normal(2, 3, 0), order=1)
    compare(*functional("layer_norm", (0,)), normal(2, 0), order=1)
    compare(*functional("layer_norm", (1, 1)), normal(3, 1, 1), single=False)
    compare(*functional("batch_norm", None, None, training=True), normal(2, 3, 0), order=1)
    compare(*functional("instance_norm"), normal(2, 3, 0), order=1)
    compare(*functional("rms_norm", (0,)), normal(2, 0), order=1)


# --------------------------------------------------------- neighbouring channels


@drawn(60)
@given(batches(), st.integers(1, 6), st.sampled_from([1e-4, 0.5]), st.sampled_from([0.75, 0.5, 1.0]),
       st.sampled_from([1.0, 2]))  # fmt: skip
def test_local_response_norm(shape, size, alpha, beta, k):
    compare_layer("LocalResponseNorm", (size, alpha, beta, k), None, normal(*shape))
    compare(*functional("local_response_norm", size, alpha, beta, k), normal(*shape, 2) * 3)


def test_local_response_norm_at_its_edges():
    for shape in ((2, 0, 3), (2, 3, 0), (0, 3, 2)):
        compare(*functional("local_response_norm", 3), normal(*shape), order=1)


# ------------------------------------------------------- constants, dtypes, digits


def test_constant_inputs_have_finite_derivatives():
    x = np.full((3, 4, 2), 2.5)
    for name, arguments in (
        ("batch_norm", (None, None, None, None, True)), ("instance_norm", ()), ("layer_norm", ((4, 2),)),
        ("group_norm", (2,)), ("rms_norm", ((2,),)),
    ):  # fmt: skip
        ours, theirs = functional(name, *arguments)
        compare(ours, theirs, x, order=1, atol=1e-9, single=False)
        leaf = mg.tensor(x, requires_grad=True)
        ours(leaf).sum().backward()
        assert leaf.grad.isfinite().all()


def test_constants_without_eps():
    for name, arguments in (("layer_norm", ((4,),)), ("group_norm", (3,))):
        compare(*functional(name, *arguments, eps=0.0), normal(2, 3, 4))
        compare(*functional(name, *arguments, eps=0.0), np.ones((2, 3, 4)), order=0)


@pytest.mark.parametrize("narrow", [True, False])
@pytest.mark.parametrize(("name", "arguments"), [("BatchNorm1d", (3,)), ("InstanceNorm1d", (3,)), ("LayerNorm", (4,)),
                                                 ("GroupNorm", (3, 3)), ("RMSNorm", (4,))])  # fmt: skip
def test_float16(name, arguments, narrow):
    """Parameters of float16, or of float32 as under PyTorch's automatic mixed precision."""
    ours, theirs = twins(name, *arguments, double=False)
    if narrow:
        ours.half()
        theirs.half()
    x = (normal(5, 3, 4) * 200).astype(np.float16)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        compare(ours, theirs, x, order=1, rtol=4e-3, atol=2e-3)
    for key, value in ours.state_dict().items():
        assert_same(value, theirs.state_dict()[key], key, rtol=2e-3, atol=1e-3)


@pytest.mark.parametrize("name", ["batch_norm", "instance_norm", "layer_norm", "group_norm"])
def test_digits_of_float32_with_large_means(name):
    """No worse than PyTorch's float32; both against PyTorch's float64 of the same values."""
    arguments = {"batch_norm": (None, None, None, None, True), "instance_norm": (), "layer_norm": ((40,),),
                 "group_norm": (2,)}[name]  # fmt: skip
    x = (normal(30, 4, 40) + 3000).astype(np.float32)
    ours, theirs = functional(name, *arguments)
    exact = theirs(torch.from_numpy(x).double()).numpy()
    error = np.abs(ours(mg.tensor(x)).numpy() - exact).max()
    assert error <= np.abs(theirs(torch.from_numpy(x)).numpy() - exact).max() * 1.1 + 1e-6


# ------------------------------------------------------------------------ lazy


@pytest.mark.parametrize("affine", [True, False])
@pytest.mark.parametrize("track", [True, False])
@pytest.mark.parametrize(
    "kind",
    ["LazyBatchNorm1d", "LazyBatchNorm2d", "LazyBatchNorm3d", "LazyInstanceNorm1d", "LazyInstanceNorm2d",
     "LazyInstanceNorm3d"],
)  # fmt: skip
def test_lazy_layers(kind, track, affine):
    ours, theirs = (
        getattr(library.nn, kind)(momentum=0.3, affine=affine, track_running_stats=track) for library in (mg, torch)
    )
    assert list(ours.state_dict()) == list(theirs.state_dict())
    assert ours.has_uninitialized_params() == theirs.has_uninitialized_params()
    x = normal(3, 4, *(3,) * int(kind[-2]))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # without parameters PyTorch's never learns the number of channels
        ours.double()(mg.tensor(x))
        theirs.double()(torch.from_numpy(x))
        compare(ours, theirs, x, single=False)
    same_state(ours, theirs)
    assert type(ours).__name__ == type(theirs).__name__ == kind.removeprefix("Lazy")
