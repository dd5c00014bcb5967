"""`nn.utils`: clipping, vectors, fused layers, weight norm and spectral norm."""

# Functions made in a loop are called before it goes on.
# ruff: noqa: B023

import copy
import math
import warnings

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import minigrad as mg
from minigrad import nn
from tests.torch_oracle.compare import agree, assert_same, both_refuse, compare, drawn, normal, positive
from tests.torch_oracle.modules import same_state, twins


@pytest.fixture(autouse=True)
def _quiet():
    """PyTorch recommends its newer form of weight norm."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        yield


# -------------------------------------------------------------------- clipping


def with_gradients(library, sizes, dtype="float64", scale=1.0):
    """Parameters with gradients; the last one has none."""
    found = []
    for number, size in enumerate(sizes):
        one = library.nn.Parameter(library.tensor(normal(*size)).to(getattr(library, dtype)))
        if number < len(sizes) - 1:
            one.grad = library.tensor(normal(*size, seed=number) * scale).to(getattr(library, dtype))
        found.append(one)
    return found


SIZES = [(2, 3), (4,), (), (3, 1, 2), (2,)]


@drawn(80)
@given(
    st.floats(0.01, 20), st.sampled_from([2, 2.0, 1, 3.5, math.inf, -math.inf, 0, -1]),
    st.sampled_from(["float64", "float32", "float16"]),
)  # fmt: skip
def test_clip_grad_norm(max_norm, norm_type, dtype):
    def run(library):
        parameters = with_gradients(library, SIZES, dtype)
        total = library.nn.utils.clip_grad_norm_(iter(parameters), max_norm, norm_type)
        return [total, *[one.grad for one in parameters[:-1]]]

    tolerance = {"float64": 1e-9, "float32": 1e-5, "float16": 5e-3}[dtype]
    agree(run, rtol=tolerance, atol=tolerance)


@drawn(40)
@given(st.floats(0.0, 3))
def test_clip_grad_value(limit):
    def run(library):
        parameters = with_gradients(library, SIZES)
        assert library.nn.utils.clip_grad_value_(parameters, limit) is None
        return [one.grad for one in parameters[:-1]]

    agree(run)


def test_gradients_are_clipped_in_place():
    for library in (mg, torch):
        (one, _) = with_gradients(library, [(3,), (2,)])
        before = one.grad
        library.nn.utils.clip_grad_norm_(one, 0.1, foreach=False)
        assert one.grad is before
        library.nn.utils.clip_grad_value_(one, 0.01, foreach=True)
        assert one.grad is before
        assert abs(before).max() <= 0.01


def test_total_norm():
    for norm_type in (2.0, 1.0, math.inf, 0.0):
        agree(lambda side: side.nn.utils.get_total_norm([side.tensor(normal(3)), side.tensor(normal(2, 2))], norm_type))
    agree(lambda side: side.nn.utils.get_total_norm([]))
    agree(lambda side: side.nn.utils.clip_grad_norm_([side.nn.Parameter(side.ones(2))], 1.0))
    agree(lambda side: side.nn.utils.get_total_norm(side.tensor(normal(3))))
    agree(lambda side: side.nn.utils.get_total_norm([side.ones(3), side.ones(1).double()]), rtol=1e-6)

    def scaled(library):
        parameters = with_gradients(library, SIZES)
        library.nn.utils.clip_grads_with_norm_(parameters, 1.0, library.tensor(4.0))
        library.nn.utils.clip_grads_with_norm_(parameters, 1.0, library.tensor(0.5))
        return [one.grad for one in parameters[:-1]]

    agree(scaled, rtol=1e-6)


def test_norms_that_are_not_finite():
    for value in (math.nan, math.inf):

        def clipped(library):
            one = library.nn.Parameter(library.ones(2))
            one.grad = library.tensor([value, 1.0])
            return library.nn.utils.clip_grad_norm_(one, 1.0), one.grad

        agree(clipped, rtol=1e-6)
        both_refuse(
            lambda: nn.utils.get_total_norm([mg.tensor([value])], error_if_nonfinite=True),
            lambda: torch.nn.utils.get_total_norm([torch.tensor([value])], error_if_nonfinite=True),
            RuntimeError,
        )
    both_refuse(
        lambda: nn.utils.get_total_norm([mg.ones(2).long()]),
        lambda: torch.nn.utils.get_total_norm([torch.ones(2).long()]),
    )


# --------------------------------------------------------------------- vectors


def test_vectors():
    def there(library):
        return lambda *tensors: library.nn.utils.parameters_to_vector(tensors)

    compare(there(mg), there(torch), normal(2, 3), normal(4), normal())

    def back(library):
        parameters = with_gradients(library, SIZES)
        vector = library.tensor(normal(2 * 3 + 4 + 1 + 6 + 2 + 1))
        library.nn.utils.vector_to_parameters(vector, iter(parameters))
        vector[0] = 7.0
        return [one.detach() for one in parameters], [one.requires_grad for one in parameters]

    agree(back)
    for call_it in (
        lambda side: side.nn.utils.parameters_to_vector([]),
        lambda side: side.nn.utils.vector_to_parameters([1.0], [side.ones(1)]),
        lambda side: side.nn.utils.vector_to_parameters(side.ones(1), [side.ones(2)]),
    ):
        both_refuse(lambda: call_it(mg), lambda: call_it(torch))


# ---------------------------------------------------------------------- fusion


def filled(name, *arguments, **options):
    """The layer in evaluation, with positive values everywhere."""
    ours, theirs = twins(name, *arguments, **options)
    state = {
        key: torch.from_numpy(positive(*one.shape, seed=number)) if one.is_floating_point() else one
        for number, (key, one) in enumerate(theirs.state_dict().items())
    }
    ours.load_state_dict(state)
    theirs.load_state_dict(state)
    return ours.eval(), theirs.eval()


@pytest.mark.parametrize("affine", [True, False])
@pytest.mark.parametrize("bias", [True, False])
def test_fused_layers(affine, bias):
    for axes in (1, 2, 3):
        norms = filled(f"BatchNorm{axes}d", 4, affine=affine)
        x = mg.tensor(normal(2, 2, *(5,) * axes))
        for name, transpose, options in (("Conv", False, {"groups": 2}), ("ConvTranspose", True, {})):
            convs = filled(f"{name}{axes}d", 2, 4, 3, bias=bias, **options)
            fused = [
                side.nn.utils.fuse_conv_bn_eval(conv, norm, transpose)
                for side, conv, norm in zip((mg, torch), convs, norms, strict=True)
            ]
            same_state(*fused)
            assert [one.requires_grad for one in fused[0].parameters()] == [
                one.requires_grad for one in fused[1].parameters()
            ]
            assert_same(fused[0](x), torch.from_numpy(norms[0](convs[0](x)).detach().numpy()))
    for features in (4, 1):
        norms, layers = filled("BatchNorm1d", features), filled("Linear", 3, 4, bias=bias)
        fused = [
            side.nn.utils.fuse_linear_bn_eval(layer, norm)
            for side, layer, norm in zip((mg, torch), layers, norms, strict=True)
        ]
        if features == 4:
            same_state(*fused)
        else:
            assert_same(fused[0].weight.detach(), fused[1].weight.detach())


def test_fused_weights():
    values = [normal(4, 2, 3), normal(4, seed=1), normal(4, seed=2), positive(4, seed=3), normal(4, seed=4)]

    def run(side):
        w, b, mean, var, scale = (side.tensor(one) for one in values)
        return [
            one.detach()
            for pair in (
                side.nn.utils.fuse_conv_bn_weights(w, b, mean, var, 1e-5, scale, b),
                side.nn.utils.fuse_conv_bn_weights(w, None, mean, var, 1e-5, None, None),
                side.nn.utils.fuse_conv_bn_weights(w.movedim(0, 1), b, mean, var, 0.1, scale, None, transpose=True),
                side.nn.utils.fuse_linear_bn_weights(w[:, 0], b, mean, var, 1e-5, scale, b),
            )
            for one in pair
        ]

    agree(run)


def test_fusion_refusals():
    for call_it in (
        lambda lib: lib.nn.utils.fuse_conv_bn_eval(lib.nn.Conv2d(1, 2, 1), lib.nn.BatchNorm2d(2)),
        lambda lib: lib.nn.utils.fuse_conv_bn_eval(lib.nn.Conv2d(1, 2, 1).eval(), lib.nn.BatchNorm2d(2)),
        lambda lib: lib.nn.utils.fuse_conv_bn_eval(
            lib.nn.Conv2d(1, 2, 1).eval(), lib.nn.BatchNorm2d(2, track_running_stats=False).eval()
        ),
        lambda lib: lib.nn.utils.fuse_linear_bn_eval(lib.nn.Linear(3, 3).eval(), lib.nn.BatchNorm1d(2).eval()),
    ):
        both_refuse(lambda: call_it(mg), lambda: call_it(torch))


# --------------------------------------------------------- weight and spectral norm


def wrapped(pair, function, *arguments, **options):
    """Both layers after `nn.utils.function`, in the same state."""
    for side, layer in zip((mg, torch), pair, strict=True):
        assert getattr(side.nn.utils, function)(layer, *arguments, **options) is layer
    pair[0].load_state_dict(pair[1].state_dict())
    return pair


LAYERS = [
    ("Linear", (3, 4), (2, 3)),
    ("Conv1d", (2, 3, 2), (2, 2, 4)),
    ("Conv2d", (2, 3, (2, 3)), (2, 2, 4, 4)),
    ("ConvTranspose2d", (2, 3, 2), (2, 2, 3, 3)),
]


def equal_state(ours, theirs):
    """The same keys in the same order, and values; PyTorch's module cannot be copied to load the other's."""
    left, right = ours.state_dict(), theirs.state_dict()
    assert list(left) == list(right)
    assert [name for name, _ in ours.named_parameters()] == [name for name, _ in theirs.named_parameters()]
    for key in left:
        assert_same(left[key], right[key], key)


def same_layers(ours, theirs, shape, twice=True):
    """State, repr, values, and derivatives to second order by the inputs and the parameters."""
    equal_state(ours, theirs)
    assert repr(ours) == repr(theirs)
    names = [name for name, _ in theirs.named_parameters()]

    def run(library, layer):
        def function(x, *values):
            for name, value in zip(names, values, strict=True):
                setattr(layer, name, library.nn.Parameter(value.detach()))
            parameters = [getattr(layer, name) for name in names]
            y = layer(x)
            first = library.autograd.grad((y**2).sum(), [x, *parameters], create_graph=True)
            second = library.autograd.grad(sum((one**3).sum() for one in first), [x, *parameters]) if twice else []
            return [y.detach(), *[one.detach() for one in first], *second]

        return function

    values = [one.detach().numpy().copy() for _, one in theirs.named_parameters()]
    compare(run(mg, ours), run(torch, theirs), normal(*shape), *values, order=0, single=False, rtol=1e-8, atol=1e-8)
    equal_state(ours, theirs)


@pytest.mark.parametrize("dim", [0, 1, None, -1])
@pytest.mark.parametrize(("name", "arguments", "shape"), LAYERS)
def test_weight_norm(name, arguments, shape, dim):
    ours, theirs = wrapped(twins(name, *arguments), "weight_norm", dim=dim)
    # Along the first and last axis PyTorch's second derivatives are wrong: gradgradcheck of torch._weight_norm fails.
    same_layers(ours, theirs, shape, twice=dim in (None, -1))
    for side, layer in ((mg, ours), (torch, theirs)):
        assert not isinstance(layer.weight, side.nn.Parameter)
        assert layer.weight.requires_grad
        side.nn.utils.remove_weight_norm(layer)
        assert isinstance(layer.weight, side.nn.Parameter)
    same_layers(ours, theirs, shape)


@pytest.mark.parametrize("iterations", [1, 3])
@pytest.mark.parametrize(("name", "arguments", "shape"), LAYERS)
def test_spectral_norm(name, arguments, shape, iterations):
    ours, theirs = wrapped(twins(name, *arguments), "spectral_norm", n_power_iterations=iterations)
    x = normal(*shape)
    for _ in range(3):
        assert_same(ours(mg.tensor(x)).detach(), theirs(torch.from_numpy(x)).detach())
        equal_state(ours, theirs)
    same_layers(ours, theirs, shape)
    ours.eval()
    theirs.eval()
    same_layers(ours, theirs, shape)
    nn.utils.remove_spectral_norm(ours)
    torch.nn.utils.remove_spectral_norm(theirs)
    same_layers(ours, theirs, shape)


def test_two_forwards_before_a_backward():
    """The vectors of the power iteration move in between."""
    ours, theirs = wrapped(twins("Linear", 3, 4), "spectral_norm")
    grads = []
    for side, layer in ((mg, ours), (torch, theirs)):
        x = side.tensor(normal(2, 3))
        ((layer(x) ** 2).sum() + (layer(x * 2) ** 3).sum()).backward()
        grads.append(layer.weight_orig.grad)
    assert_same(*grads)


def test_spectral_norm_keeps_the_parameter_itself():
    for side in (mg, torch):
        layer = side.nn.Linear(2, 3)
        weight = layer.weight
        assert side.nn.utils.spectral_norm(layer).weight_orig is weight
        assert not layer.weight.requires_grad


@pytest.mark.parametrize(
    "call_it",
    [
        lambda lib: lib.nn.utils.weight_norm(lib.nn.utils.weight_norm(lib.nn.Linear(2, 3))),
        lambda lib: lib.nn.utils.remove_weight_norm(lib.nn.Linear(2, 3)),
        lambda lib: lib.nn.utils.weight_norm(lib.nn.Linear(2, 3), "nothing"),
        lambda lib: lib.nn.utils.weight_norm(lib.nn.Linear(2, 3, bias=False), "bias"),
        lambda lib: lib.nn.utils.weight_norm(lib.nn.Linear(2, 3), dim=5),
        lambda lib: lib.nn.utils.spectral_norm(lib.nn.utils.spectral_norm(lib.nn.Linear(2, 3))),
        lambda lib: lib.nn.utils.spectral_norm(lib.nn.Linear(2, 3), "nothing"),
        lambda lib: lib.nn.utils.spectral_norm(lib.nn.Linear(2, 3), n_power_iterations=0),
        lambda lib: lib.nn.utils.remove_spectral_norm(lib.nn.Linear(2, 3)),
    ],
)
def test_refusals(call_it):
    both_refuse(lambda: call_it(mg), lambda: call_it(torch))


def test_weight_norm_of_a_bias():
    ours, theirs = wrapped(twins("Linear", 3, 4), "weight_norm", "bias")
    equal_state(ours, theirs)
    assert_same(ours(mg.tensor(normal(2, 3))).detach(), theirs(torch.from_numpy(normal(2, 3))).detach())


def test_state_dicts_of_either_library_are_taken():
    source = torch.nn.utils.weight_norm(torch.nn.Linear(3, 4)).double()
    ours = nn.utils.weight_norm(nn.Linear(3, 4)).double()
    ours.load_state_dict(source.state_dict())
    x = normal(2, 3)
    assert_same(copy.deepcopy(ours)(mg.tensor(x)).detach(), source(torch.from_numpy(x)).detach())
    np.testing.assert_array_equal(ours.weight_g.detach().numpy(), source.weight_g.detach().numpy())
