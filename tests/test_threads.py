"""Two threads at once get what each would get alone."""

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import minigrad as mg
import nn
import nn.functional as F
from minigrad.autograd import Observer, observe


def train(seed, steps=12, wait=None):
    """The parameters of a small network after some steps, all randomness from the thread's generator."""
    mg.manual_seed(seed)
    model = nn.Sequential(
        nn.Conv2d(1, 3, 3), nn.Tanh(), nn.MaxPool2d(2), nn.Flatten(), nn.Dropout(0.2), nn.Linear(27, 4)
    )
    optimizer = mg.optim.SGD(model.parameters(), lr=0.1, momentum=0.9, nesterov=True)
    losses = []
    for _ in range(steps):
        if wait is not None:
            wait()
        optimizer.zero_grad()
        x, labels = mg.randn(4, 1, 8, 8), mg.randint(0, 4, (4,))
        loss = F.cross_entropy(model(x), labels)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses, [p.detach().numpy().tobytes() for p in model.parameters()]


def test_two_networks_at_once_learn_as_each_would_alone():
    alone = [train(1), train(2)]
    assert alone[0] != alone[1]
    barrier = threading.Barrier(2, timeout=60)
    with ThreadPoolExecutor(2) as pool:
        together = list(pool.map(lambda seed: train(seed, wait=barrier.wait), (1, 2)))
    assert together == alone


def test_many_threads_take_turns_unharmed():
    alone = {seed: train(seed, steps=3) for seed in range(4)}
    with ThreadPoolExecutor(8) as pool:
        for seed, result in zip(
            [0, 1, 2, 3] * 4, pool.map(lambda seed: train(seed, steps=3), [0, 1, 2, 3] * 4), strict=True
        ):
            assert result == alone[seed]


@pytest.fixture
def other_thread():
    """A thread that goes on step by step, as the test says."""
    pool = ThreadPoolExecutor(1)
    yield lambda function: pool.submit(function).result(timeout=30)
    pool.shutdown()


def test_the_switch_of_one_thread_is_nothing_to_another(other_thread):
    x = mg.ones(1, requires_grad=True)
    with mg.no_grad():
        assert other_thread(mg.is_grad_enabled)
        assert other_thread(lambda: (x * 2).requires_grad)
        assert not (x * 2).requires_grad
    other_thread(lambda: mg.set_grad_enabled(False))
    assert mg.is_grad_enabled()
    assert not other_thread(mg.is_grad_enabled)
    assert (x * 2).requires_grad


def test_observers_see_their_own_thread_only(other_thread):
    class Names(Observer):
        def __init__(self):
            self.names = []

        def applied(self, primitive, inputs, outputs):
            self.names.append(primitive.name)

    with observe(Names()) as names:
        other_thread(lambda: mg.ones(1).exp())
        mg.ones(1).sin()
    assert names.names == ["sin"]


def test_a_graph_may_be_walked_in_another_thread(other_thread):
    x = mg.tensor(2.0, requires_grad=True)
    y = x**3
    other_thread(y.backward)
    assert x.grad.item() == 12.0


def test_both_walk_graphs_over_shared_parameters():
    shared = mg.ones(50, dtype=mg.float64, requires_grad=True)
    barrier = threading.Barrier(2, timeout=60)

    def gradient(scale):
        barrier.wait()
        return [mg.autograd.grad((shared * scale).sin().sum(), shared)[0].numpy() for _ in range(20)]

    with ThreadPoolExecutor(2) as pool:
        for scale, results in zip((2.0, 3.0), pool.map(gradient, (2.0, 3.0)), strict=True):
            for result in results:
                np.testing.assert_array_equal(result, np.full(50, scale * np.cos(scale)))
    assert shared.grad is None


def test_floating_point_settings_belong_to_the_thread(other_thread):
    with np.errstate(all="raise"):
        other_thread(lambda: mg.zeros(1).log())
        assert np.geterr()["divide"] == "raise"
        assert mg.zeros(1).log().item() == float("-inf")


@pytest.mark.parametrize("block", [mg.no_grad, mg.enable_grad, lambda: mg.set_grad_enabled(True)])
def test_a_block_that_is_left_in_another_thread_harms_neither(block, other_thread):
    def generator():
        with block():
            yield

    suspended = generator()
    other_thread(lambda: next(suspended))
    suspended.close()  # here: the block ends where it did not begin
    assert mg.is_grad_enabled()
    assert (mg.ones(1, requires_grad=True) * 2).requires_grad
