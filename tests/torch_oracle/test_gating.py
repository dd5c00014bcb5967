"""Nonlinearities that know axes: prelu, glu, the softmax family and draws from it, as functions and layers."""

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
from minigrad.errors import MinigradWarning
from tests.torch_oracle.compare import both_refuse, compare, drawn, functional, normal
from tests.torch_oracle.modules import compare_layer

SHAPES = st.lists(st.integers(0, 4), min_size=1, max_size=4).map(tuple)


# ----------------------------------------------------------------------- prelu


@drawn(100)
@given(shape=st.lists(st.integers(0, 4), max_size=5).map(tuple), single=st.booleans())
def test_prelu(shape, single):
    channels = 1 if single or len(shape) < 2 else shape[1]
    x = normal(*shape)
    compare(F.prelu, G.prelu, x, normal(channels, seed=1))
    if len(shape) > 0:
        compare_layer("PReLU", (channels, 0.5), None, x)
    if channels == 1:
        compare(F.prelu, G.prelu, x, np.array(0.3))


def test_prelu_at_its_corner_and_far_out():
    points = np.array([0.0, -0.0, 1.0, -1.0, 1e30, -1e30])
    # The second derivative by x and weight at 0 itself is a departure: the left branch's, where PyTorch gives 0.
    compare(F.prelu, G.prelu, points, np.array([0.25]), order=1)
    compare(F.prelu, G.prelu, points[2:], np.array([0.25]))
    compare(F.prelu, G.prelu, np.array([[0.0, 1.0], [-1.0, 0.0]]), np.array([0.0, -2.0]), order=1)
    for ends in ([np.inf, 1.0], [-np.inf, 1.0], [np.nan, 1.0], [np.inf, -np.inf, np.nan]):
        compare(F.prelu, G.prelu, np.array(ends), np.array([0.25]), order=1, single=False)


def test_prelu_refusals():
    for shape, weight in (((3,), (3,)), ((), (3,)), ((2, 3), (2,)), ((2, 3), (0,)), ((2, 3), (1, 3)), ((2, 3), (1, 1))):
        both_refuse(
            lambda s=shape, w=weight: F.prelu(mg.ones(s), mg.ones(w)),
            lambda s=shape, w=weight: G.prelu(torch.ones(s), torch.ones(w)),
            mg.errors.ShapeError,
        )
    both_refuse(
        lambda: F.prelu(mg.ones(2), mg.ones(1).double()),
        lambda: G.prelu(torch.ones(2), torch.ones(1).double()),
        mg.errors.DTypeError,
    )
    both_refuse(lambda: nn.PReLU(-1), lambda: torch.nn.PReLU(-1))


def test_prelu_layer():
    for library in (mg, torch):
        layer = library.nn.PReLU(3, 0.75, dtype=library.float64, device="cpu")
        assert (layer.num_parameters, layer.init, layer.weight.tolist()) == (3, 0.75, [0.75] * 3)
        assert layer.weight.dtype == library.float64
        with library.no_grad():
            layer.weight.zero_()
        layer.reset_parameters()
        assert layer.weight.tolist() == [0.75] * 3


# ------------------------------------------------------------------------- glu


@drawn(80)
@given(shape=SHAPES, data=st.data())
def test_glu(shape, data):
    dim = data.draw(st.integers(-len(shape), len(shape) - 1))
    doubled = [2 * n if axis == dim % len(shape) else n for axis, n in enumerate(shape)]
    x = normal(*doubled) * 2
    compare(lambda t: F.glu(t, dim), lambda t: G.glu(t, dim), x)
    compare_layer("GLU", (dim,), None, x)


def test_glu_far_out():
    for value in (1e30, -1e30, np.inf, -np.inf):
        compare(F.glu, G.glu, np.array([2.0, value]), order=1, single=False)
    compare(F.glu, G.glu, np.array([1e30, 1e30]), order=1, single=False)


def test_glu_refusals():
    for shape, dim in (((3,), -1), ((), -1), ((2, 3), 1), ((2, 4), 2), ((2, 4), -3)):
        both_refuse(lambda s=shape, d=dim: F.glu(mg.ones(s), d), lambda s=shape, d=dim: G.glu(torch.ones(s), d))


# ------------------------------------------------------------- softmax family


@pytest.mark.parametrize(
    ("name", "layer"), [("softmax", "Softmax"), ("log_softmax", "LogSoftmax"), ("softmin", "Softmin")]
)
@drawn(60)
@given(shape=st.lists(st.integers(0, 4), max_size=5).map(tuple), data=st.data())
def test_softmax_family(name, layer, shape, data):
    rank = max(1, len(shape))
    dim = data.draw(st.integers(-rank, rank - 1))
    x = normal(*shape) * 3
    compare(*functional(name, dim=dim), x)
    compare_layer(layer, (dim,), None, x)


@pytest.mark.parametrize("shape", [(), (3,), (2, 3), (2, 3, 4), (2, 3, 2, 2), (1, 2, 3, 1, 2)])
@pytest.mark.parametrize(
    ("name", "layer"), [("softmax", "Softmax"), ("log_softmax", "LogSoftmax"), ("softmin", "Softmin")]
)
def test_softmax_without_a_dim(name, layer, shape):
    """Both guess the same axis and warn."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        compare(*functional(name), normal(*shape))
        compare_layer(layer, (), None, normal(*shape))
    with pytest.warns(MinigradWarning, match="no dim"):
        getattr(F, name)(mg.ones(shape))
    with pytest.warns(UserWarning, match="Implicit dimension"):
        getattr(G, name)(torch.ones(shape))


def test_softmax_of_functions_with_dtype():
    for name in ("softmax", "log_softmax", "softmin"):
        for kind in ("int64", "float32", "float16"):
            x = normal(3, 4).astype(kind)
            compare(
                lambda t, f=name: getattr(F, f)(t, 1, dtype=mg.float64),
                lambda t, f=name: getattr(G, f)(t, 1, dtype=torch.float64),
                x, order=0,
            )  # fmt: skip
        both_refuse(
            lambda f=name: getattr(F, f)(mg.tensor([1, 2]), 0), lambda f=name: getattr(G, f)(torch.tensor([1, 2]), 0)
        )
        both_refuse(lambda f=name: getattr(F, f)(mg.ones(2), 3), lambda f=name: getattr(G, f)(torch.ones(2), 3))


def test_softmin_far_out():
    compare(*functional("softmin", dim=0), np.array([1e30, -1e30, 0.0]), order=1)
    compare(*functional("softmin", dim=0), np.array([np.inf, 1.0, 2.0]), order=1, single=False)


@pytest.mark.parametrize("shape", [(2, 3, 4, 5), (3, 4, 5), (0, 3, 2, 2), (2, 1, 1, 1), (3, 0, 2)])
def test_softmax2d(shape):
    compare_layer("Softmax2d", (), None, normal(*shape))


def test_softmax2d_refusals():
    for shape in ((), (2,), (2, 3), (1, 1, 1, 1, 1)):
        both_refuse(
            lambda s=shape: nn.Softmax2d()(mg.ones(s)), lambda s=shape: torch.nn.Softmax2d()(torch.ones(s)),
            mg.errors.ShapeError,
        )  # fmt: skip


# -------------------------------------------------------------- gumbel softmax


def noise_of(shape, seed):
    """The noise that a seed draws: with τ = 1 and no logits, the result's logarithm up to a constant per row."""
    drawn_values = F.gumbel_softmax(mg.zeros(shape, dtype=mg.float64), generator=mg.Generator().manual_seed(seed))
    return torch.from_numpy(drawn_values.numpy()).log()


@drawn(60)
@given(
    shape=st.lists(st.integers(1, 4), min_size=1, max_size=3).map(tuple),
    tau=st.sampled_from([0.25, 1, 3.0]),
    hard=st.booleans(),
    seed=st.integers(0, 1000),
)
def test_gumbel_softmax_with_its_noise(shape, tau, hard, seed):
    noise = noise_of(shape, seed)

    def theirs(logits):
        soft = torch.softmax((logits + noise.to(logits.dtype)) / tau, -1)
        if not hard:
            return soft
        chosen = torch.zeros_like(soft).scatter(-1, soft.argmax(-1, keepdim=True), 1.0)
        return chosen - soft.detach() + soft

    def ours(logits):
        return F.gumbel_softmax(logits, tau, hard, generator=mg.Generator().manual_seed(seed))

    compare(ours, theirs, normal(*shape))


@pytest.mark.parametrize("library", [mg, torch])
def test_gumbel_softmax_draws_by_the_softmax(library):
    """How often each class wins, against the softmax of the logits, in both libraries."""
    logits = np.array([0.0, 1.0, -1.0, 2.0])
    count = 20_000
    side = F if library is mg else G
    library.manual_seed(11)
    y = side.gumbel_softmax(library.tensor(np.tile(logits, (count, 1))), tau=0.5, hard=True).numpy()
    assert set(np.unique(np.round(y, 12))) == {0.0, 1.0}
    expected = np.exp(logits) / np.exp(logits).sum()
    assert (np.abs(y.mean(0) - expected) < 5 * np.sqrt(expected * (1 - expected) / count)).all()


@pytest.mark.parametrize("hard", [False, True])
def test_gumbel_softmax_shapes(hard):
    for shape, dim in (((), -1), ((), 0), ((3,), 0), ((2, 3), 0), ((2, 3, 4), 1), ((2, 3, 4), -3), ((0, 3), 1)):
        for library, side in ((mg, F), (torch, G)):
            y = side.gumbel_softmax(library.zeros(shape), hard=hard, dim=dim)
            assert tuple(y.shape) == shape
            np.testing.assert_allclose(y.sum(dim).numpy(), 1, rtol=1e-6)
    for dtype in (mg.float16, mg.float32, mg.float64):
        assert F.gumbel_softmax(mg.zeros(4, dtype=dtype), hard=hard).dtype == dtype


@pytest.mark.parametrize("hard", [False, True])
@pytest.mark.parametrize(("shape", "dim"), [((0, 3), -1), ((0, 3), 0), ((0,), 0), ((2, 0, 3), 2), ((2, 0, 3), 1)])
def test_gumbel_softmax_of_nothing(shape, dim, hard):
    """An empty batch has an empty result and gradient in both dtypes; of no classes, none can win."""
    options = {"hard": hard, "dim": dim}
    if hard and shape[dim] == 0:
        both_refuse(
            lambda: F.gumbel_softmax(mg.zeros(shape), **options),
            lambda: G.gumbel_softmax(torch.zeros(shape), **options),
        )
        return
    compare(*functional("gumbel_softmax", **options), normal(*shape), order=1)


def test_gumbel_softmax_refusals_and_eps():
    both_refuse(
        lambda: F.gumbel_softmax(mg.tensor([1, 2])), lambda: G.gumbel_softmax(torch.tensor([1, 2])),
        mg.errors.DTypeError,
    )  # fmt: skip
    both_refuse(lambda: F.gumbel_softmax(mg.ones(2), dim=3), lambda: G.gumbel_softmax(torch.ones(2), dim=3))
    both_refuse(
        lambda: F.gumbel_softmax(mg.ones(2, 0), hard=True), lambda: G.gumbel_softmax(torch.ones(2, 0), hard=True)
    )
    with pytest.warns(MinigradWarning, match="no effect"):
        F.gumbel_softmax(mg.ones(2), eps=1e-5)
    with pytest.warns(UserWarning, match="no effect"):
        G.gumbel_softmax(torch.ones(2), eps=1e-5)
