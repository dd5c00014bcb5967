"""Residual and Concat: sums and joins of branches, and where their gradients go."""

import numpy as np
import pytest

import minigrad as mg
import nn
from minigrad.autograd import gradcheck
from minigrad.errors import ArgumentError, DTypeError, IndexOutOfRangeError, ShapeError


def zero(module):
    """The module with parameters that are zero."""
    for parameter in module.parameters():
        nn.init.zeros_(parameter)
    return module


def double(*shape):
    return mg.randn(*shape, dtype=mg.float64, requires_grad=True)


# -------------------------------------------------------------------- Residual


def test_N139_a_block_of_zeros_is_the_identity():
    x = double(2, 3, 4, 4)
    y = zero(nn.Residual(nn.Conv2d(3, 3, 3, padding=1)).double())(x)
    assert y.tolist() == x.tolist()
    seed = mg.randn(*x.shape, dtype=mg.float64)
    assert mg.autograd.grad(y, x, seed)[0].tolist() == seed.tolist()


def test_N139_the_gradient_goes_to_both_summands():
    block = nn.Conv2d(3, 3, 3, padding=1).double()
    x, seed = double(2, 3, 4, 4), mg.randn(2, 3, 4, 4, dtype=mg.float64)
    through, past = mg.autograd.grad(block(x), x, seed)[0], seed
    whole = mg.autograd.grad(nn.Residual(block)(x), x, seed)[0]
    np.testing.assert_allclose(whole.numpy(), (through + past).numpy(), rtol=1e-12)


def test_N139_fan_out_accumulates():
    twice = nn.Residual(nn.Identity())
    x = mg.ones(2, requires_grad=True)
    nn.Sequential(twice, twice, twice)(x).sum().backward()
    assert x.grad.tolist() == [8.0, 8.0]


def test_residual_with_a_projection():
    block, projection = nn.Conv2d(2, 4, 3, 2, 1), nn.Conv2d(2, 4, 1, 2)
    x = mg.randn(1, 2, 5, 5)
    y = nn.Residual(block, projection)(x)
    np.testing.assert_allclose(y.detach().numpy(), (block(x) + projection(x)).detach().numpy(), rtol=1e-6)


@pytest.mark.parametrize("make", [
    lambda: nn.Residual(nn.Sequential(nn.Conv2d(2, 2, 3, padding=1), nn.Tanh())),
    lambda: nn.Residual(nn.Conv2d(2, 3, 3, 2, 1), nn.Conv2d(2, 3, 1, 2)),
    lambda: nn.Concat(nn.Identity(), nn.Conv2d(2, 3, 3, padding=1)),
    lambda: nn.Concat(nn.Sequential(nn.Conv2d(2, 1, 1), nn.Sigmoid()), nn.Tanh(), dim=-3),
])  # fmt: skip
def test_gradients_against_differences(make):
    model = make().double()
    assert gradcheck(model, double(2, 2, 4, 4), order=2)


def test_state_and_repr_of_residual():
    plain, projected = nn.Residual(nn.Linear(2, 2)), nn.Residual(nn.Linear(2, 3), nn.Linear(2, 3))
    assert list(plain.state_dict()) == ["block.weight", "block.bias"]
    assert list(projected.state_dict()) == ["block.weight", "block.bias", "projection.weight", "projection.bias"]
    assert repr(plain) == (
        "Residual(\n  (block): Linear(in_features=2, out_features=2, bias=True)\n  (projection): None\n)"
    )


@pytest.mark.parametrize(("block", "shape", "message"), [
    (nn.Conv2d(3, 5, 3, padding=1), (1, 3, 4, 4),
     r"shape \(1, 5, 4, 4\) and its input \(1, 3, 4, 4\).*projection=nn\.Conv2d\(3, 5, 1\) \[in"),
    (nn.Conv2d(3, 5, 3, 2, 1), (1, 3, 8, 8), r"projection=nn\.Conv2d\(3, 5, 1, stride=2\) \[in"),
    (nn.Conv2d(3, 3, 3, 2, 1), (1, 3, 8, 8), r"projection=nn\.Conv2d\(3, 3, 1, stride=2\) \[in"),
    (nn.Conv2d(3, 3, 3), (1, 3, 8, 8), r"\. Keep the sizes with padding \(kernel_size − 1\)/2"),
    (nn.Conv2d(3, 5, 3), (1, 3, 8, 8), r"projection=nn\.Conv2d\(3, 5, 1\) and keep the sizes with padding"),
    (nn.Conv1d(3, 5, 3, padding=1), (1, 3, 8), r"projection=nn\.Conv1d\(3, 5, 1\) \[in"),
    (nn.Linear(4, 5), (2, 4), r"projection=nn\.Linear\(4, 5\) \[in"),
    (nn.Flatten(), (2, 3, 4), r"\(2, 12\) and its input \(2, 3, 4\).*projection that makes that shape"),
    (nn.Conv2d(3, 1, 1), (1, 3, 4, 4), "equal shapes"),  # would broadcast
])  # fmt: skip
def test_summands_of_other_shapes(block, shape, message):
    with pytest.raises(ShapeError, match=message):
        nn.Residual(block)(mg.zeros(*shape))


def test_a_projection_of_another_shape():
    with pytest.raises(ShapeError, match=r"\(1, 4, 3, 3\) and the projection \(1, 4, 6, 6\).*block's stride"):
        nn.Residual(nn.Conv2d(2, 4, 3, 2, 1), nn.Conv2d(2, 4, 1))(mg.zeros(1, 2, 6, 6))


class Pair(nn.Module):
    def forward(self, x):
        return x, x


def test_branches_give_one_tensor():
    for model in (nn.Residual(Pair()), nn.Residual(nn.Identity(), Pair()), nn.Concat(nn.Identity(), Pair())):
        with pytest.raises(DTypeError, match="Pair, which gave a tuple"):
            model(mg.zeros(1, 2))


@pytest.mark.parametrize("wrong", [5, nn.ReLU, [nn.ReLU()], lambda x: x], ids=lambda w: type(w).__name__)
def test_what_is_no_module(wrong):
    for attempt in (
        lambda: nn.Residual(wrong), lambda: nn.Residual(nn.ReLU(), wrong), lambda: nn.Concat(nn.ReLU(), wrong),
    ):  # fmt: skip
        with pytest.raises(DTypeError, match=rf"{type(wrong).__name__} where an nn\.Module belongs"):
            attempt()


# ---------------------------------------------------------------------- Concat


def test_N140_outputs_are_joined_in_order():
    a, b = nn.Conv2d(2, 1, 1), nn.Conv2d(2, 3, 3, padding=1)
    x = mg.randn(2, 2, 4, 4)
    y = nn.Concat(a, b, nn.Identity())(x)
    assert y.shape == (2, 6, 4, 4)
    assert y[:, :1].tolist() == a(x).tolist()
    assert y[:, 1:4].tolist() == b(x).tolist()
    assert y[:, 4:].tolist() == x.tolist()


def test_N140_each_branch_gets_its_slice_of_the_gradient():
    branches = [nn.Conv2d(2, 1, 1).double(), nn.Conv2d(2, 3, 3, padding=1).double()]
    x, seed = double(2, 2, 4, 4), mg.randn(2, 4, 4, 4, dtype=mg.float64)
    joined = mg.autograd.grad(nn.Concat(*branches)(x), [x, *(b.weight for b in branches)], seed)
    parts = [
        mg.autograd.grad(branch(x), [x, branch.weight], seed[:, part])
        for branch, part in zip(branches, (slice(0, 1), slice(1, 4)), strict=True)
    ]
    np.testing.assert_allclose(joined[0].numpy(), (parts[0][0] + parts[1][0]).numpy(), rtol=1e-12, atol=1e-14)
    for whole, part in zip(joined[1:], parts, strict=True):
        np.testing.assert_allclose(whole.numpy(), part[1].numpy(), rtol=1e-12, atol=1e-14)


def test_N140_a_u_shape_of_concatenated_skips():
    """The encoder and decoder of N134, each decoder stage reading the encoder's maps beside its own."""

    def level(channels, inside):
        down = nn.Conv2d(channels, 2 * channels, 3, 2, 1)
        up = nn.ConvTranspose2d(2 * channels if inside is None else 4 * channels, channels, 3, 2, 1, 1)
        middle = [] if inside is None else [inside]
        return nn.Concat(nn.Identity(), nn.Sequential(down, nn.ReLU(), *middle, up))

    model = nn.Sequential(level(2, level(4, None)), nn.Conv2d(4, 1, 1))
    x = mg.randn(2, 2, 28, 28)
    y = model(x)
    assert y.shape == (2, 1, 28, 28)
    y.sum().backward()
    assert all(bool((p.grad != 0).any()) for p in model.parameters())


def test_concat_is_a_list():
    branches = nn.Concat(nn.ReLU(), nn.Tanh(), dim=-1)
    branches.append(nn.Sigmoid())
    assert [type(one).__name__ for one in branches] == ["ReLU", "Tanh", "Sigmoid"]
    part = branches[1:]
    assert (type(part), part.dim, len(part), part[0] is branches[1]) == (nn.Concat, -1, 2, True)
    with pytest.raises(IndexOutOfRangeError, match="index 3 into a Concat of 3 modules"):
        branches[3]
    assert part(mg.zeros(2, 3)).shape == (2, 6)


def test_state_and_repr_of_concat():
    model = nn.Concat(nn.Linear(2, 1), nn.Identity())
    assert list(model.state_dict()) == ["0.weight", "0.bias"]
    assert repr(model) == ("Concat(\n  (0): Linear(in_features=2, out_features=1, bias=True)\n  (1): Identity()\n)")
    assert repr(nn.Concat(nn.Identity(), dim=0)) == "Concat(\n  dim=0\n  (0): Identity()\n)"


def test_concat_without_batch_axis():
    model, x = nn.Concat(nn.Identity(), nn.Conv2d(3, 2, 1), dim=0), mg.zeros(3, 4, 4)
    assert model(x).shape == (5, 4, 4)
    with pytest.raises(ShapeError, match=r"branch 1 of Concat gives shape \(2, 4, 4\) and branch 0 \(3, 4, 4\)"):
        nn.Concat(*model)(x)


def test_branches_of_other_sizes():
    model = nn.Concat(nn.Conv2d(2, 1, 3, padding=1), nn.Conv2d(2, 1, 1), nn.Conv2d(2, 1, 3))
    with pytest.raises(
        ShapeError,
        match=r"branch 2 of Concat gives shape \(1, 1, 3, 3\) and branch 0 \(1, 1, 5, 5\); all axes but 1.*padding",
    ):
        model(mg.zeros(1, 2, 5, 5))
    with pytest.raises(ShapeError, match="branch 1"):
        nn.Concat(nn.Identity(), nn.Flatten())(mg.zeros(1, 2, 5, 5))


def test_concat_of_nothing_and_along_nothing():
    with pytest.raises(ArgumentError, match="no branches"):
        nn.Concat()(mg.zeros(1))
    with pytest.raises(ShapeError, match=r"along axis 3, but its branches give shape \(2, 2\)"):
        nn.Concat(nn.ReLU(), dim=3)(mg.zeros(2, 2))
    with pytest.raises(DTypeError, match=r"dim=1\.5"):
        nn.Concat(nn.ReLU(), dim=1.5)


def test_an_empty_batch():
    assert nn.Concat(nn.Identity(), nn.Conv2d(2, 3, 1))(mg.zeros(0, 2, 4, 4)).shape == (0, 5, 4, 4)
    assert nn.Residual(nn.Conv2d(2, 2, 1))(mg.zeros(0, 2, 4, 4)).shape == (0, 2, 4, 4)
