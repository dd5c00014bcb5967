"""Batch and instance normalisation as layers: buffers over calls, ranks, state, memory."""

import copy
import gc

import numpy as np
import pytest

import minigrad as mg
import nn
from minigrad.errors import MinigradWarning, ShapeError, StateDictError

RNG = np.random.default_rng(10)
BATCHES = [mg.from_numpy(RNG.standard_normal((5, 2, 3))) for _ in range(4)]


def test_the_buffers_follow_the_batches():
    layer = nn.BatchNorm1d(2, momentum=0.25, dtype=mg.float64)
    mean, var = np.zeros(2), np.ones(2)
    for number, batch in enumerate(BATCHES):
        assert layer.num_batches_tracked.item() == number
        layer(batch)
        mean = 0.75 * mean + 0.25 * batch.numpy().mean((0, 2))
        var = 0.75 * var + 0.25 * batch.numpy().var((0, 2), ddof=1)
    np.testing.assert_allclose(layer.running_mean.numpy(), mean, rtol=1e-12)
    np.testing.assert_allclose(layer.running_var.numpy(), var, rtol=1e-12)
    layer.eval()(BATCHES[0])
    assert layer.num_batches_tracked.item() == 4
    assert (layer.num_batches_tracked.dtype, layer.num_batches_tracked.shape) == (mg.int64, ())


def test_without_momentum_they_are_the_mean_over_the_batches():
    layer = nn.BatchNorm1d(2, momentum=None, dtype=mg.float64)
    for batch in BATCHES:
        layer(batch)
    means = [batch.numpy().mean((0, 2)) for batch in BATCHES]
    np.testing.assert_allclose(layer.running_mean.numpy(), np.mean(means, 0), rtol=1e-12)
    layer.reset_running_stats()
    assert layer.running_mean.tolist() == [0, 0]
    assert layer.running_var.tolist() == [1, 1]
    assert layer.num_batches_tracked.item() == 0


def test_training_and_evaluation():
    layer = nn.BatchNorm1d(2, dtype=mg.float64)
    y = layer(BATCHES[0] * 3 + 2)
    np.testing.assert_allclose(y.detach().mean((0, 2)).numpy(), 0, atol=1e-12)
    assert not np.allclose(layer.eval()(BATCHES[0] * 3 + 2).detach().numpy(), y.detach().numpy())
    alone = nn.BatchNorm1d(2, track_running_stats=False, dtype=mg.float64)
    assert mg.equal(alone(BATCHES[0]), alone.eval()(BATCHES[0]))
    assert dict(alone.named_buffers()) == {}


def test_a_layer_used_twice_in_one_graph():
    layer = nn.BatchNorm1d(2, dtype=mg.float64)
    x = BATCHES[0].clone().requires_grad_()
    (layer(layer(x) * 2) ** 3).sum().backward()
    assert layer.weight.grad.isfinite().all()
    (gradient,) = mg.autograd.grad((layer(x) ** 3).sum(), x, create_graph=True)
    layer(x)  # moves the buffers
    (gradient**2).sum().backward()
    assert layer.num_batches_tracked.item() == 4


def test_what_is_learnt():
    assert list(nn.BatchNorm2d(3).state_dict()) == [
        "weight", "bias", "running_mean", "running_var", "num_batches_tracked"
    ]  # fmt: skip
    assert list(nn.InstanceNorm2d(3).state_dict()) == []
    assert [name for name, _ in nn.BatchNorm2d(3, bias=False).named_parameters()] == ["weight"]
    layer = nn.BatchNorm2d(3)
    layer.weight.data.fill_(5)
    layer.reset_parameters()
    assert layer.weight.tolist() == [1, 1, 1]
    assert layer.bias.tolist() == [0, 0, 0]
    assert nn.BatchNorm2d(3).half().running_var.dtype == mg.float16


def test_an_early_state_dict_has_no_count():
    layer = nn.BatchNorm1d(2)
    layer(mg.ones(3, 2))
    early = {key: value for key, value in nn.BatchNorm1d(2).state_dict().items() if key != "num_batches_tracked"}
    assert layer.load_state_dict(early).missing_keys == []
    assert layer.running_mean.tolist() == [0, 0]
    assert layer.num_batches_tracked.item() == 1
    del early["running_var"]
    with pytest.raises(StateDictError, match="missing keys: running_var"):
        layer.load_state_dict(early)


def test_copies_have_statistics_of_their_own():
    layer = nn.BatchNorm1d(2)
    twin = copy.deepcopy(layer)
    layer(mg.randn(4, 2))
    assert twin.num_batches_tracked.item() == 0
    assert twin.running_mean.tolist() == [0, 0]


def test_a_refused_batch_changes_nothing():
    layer = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3))
    with pytest.raises(ShapeError, match=r"one value per channel in training.*\[in 1: BatchNorm1d"):
        layer(mg.ones(1, 2))
    assert layer[1].num_batches_tracked.item() == 0


@pytest.mark.parametrize(
    ("layer", "taken"),
    [(nn.BatchNorm1d, {2, 3}), (nn.BatchNorm2d, {4}), (nn.BatchNorm3d, {5}), (nn.InstanceNorm1d, {2, 3}),
     (nn.InstanceNorm2d, {3, 4}), (nn.InstanceNorm3d, {4, 5})],
)  # fmt: skip
def test_ranks(layer, taken):
    for rank in range(1, 7):
        x = mg.ones((2,) * rank)
        if rank in taken:
            assert layer(2)(x).shape == x.shape
        else:
            with pytest.raises(ShapeError, match=f"{rank} axes; it takes {' or '.join(map(str, sorted(taken)))}"):
                layer(2)(x)


def test_another_number_of_channels():
    with pytest.raises(ShapeError, match="running_mean of shape"):
        nn.BatchNorm1d(2)(mg.ones(3, 4))
    with pytest.raises(ShapeError, match="num_features=4"):
        nn.InstanceNorm1d(2, affine=True)(mg.ones(3, 4, 5))
    with pytest.warns(MinigradWarning, match="for 2 channels"):
        nn.InstanceNorm1d(2)(mg.ones(3, 4, 5))


def test_an_unbatched_instance():
    x = mg.randn(2, 5, 4)
    layer = nn.InstanceNorm2d(2)
    assert mg.equal(layer(x), layer(x.unsqueeze(0))[0])


def test_training_leaves_no_cycles_behind():
    layer = nn.BatchNorm1d(2)
    gc.collect()
    gc.disable()
    try:
        for _ in range(3):
            layer(mg.randn(4, 2)).sum().backward()
        assert gc.collect() == 0
    finally:
        gc.enable()


@pytest.mark.parametrize("spatial", [1, 2, 3])
def test_one_value_alone_has_no_variance(spatial):
    batch, instance = (getattr(nn, f"{kind}Norm{spatial}d")(3) for kind in ("Batch", "Instance"))
    ones = (1,) * (spatial - 1)
    alone, two_samples, two_places = (1, 3, *ones, 1), (2, 3, *ones, 1), (1, 3, *ones, 2)
    for layer, shapes in ((batch, [alone]), (instance, [alone, two_samples])):
        for shape in shapes:
            with pytest.raises(ShapeError, match=r"one value per (channel|map)"):
                layer(mg.ones(shape))
        assert layer(mg.ones(two_places)).tolist() == mg.zeros(two_places).tolist()
    assert batch.eval()(mg.zeros(alone)).shape == alone
