"""Training leaves memory as it was, without the cyclic collector: nothing on the tape refers to itself."""

import gc
import tracemalloc
import weakref
from collections import Counter

import numpy as np
import pytest

import minigrad as mg
import nn
import nn.functional as F
from minigrad.serialization import save_checkpoint
from minigrad.tape import Node
from minigrad.utils.data import DataLoader, TensorDataset
from minigrad.utils.progress import progress

STEPS = 1000


@pytest.fixture
def no_collector():
    """The cyclic collector off, and nothing waiting for it; what was there before is left out of its counts."""
    gc.collect()
    gc.freeze()
    gc.disable()
    yield
    gc.enable()


def census():
    """How many objects of each class of ours are alive, and how many objects in all."""
    objects = gc.get_objects()
    ours = Counter(
        type(one).__name__ for one in objects if str(type(one).__module__).partition(".")[0] in ("minigrad", "nn")
    )
    return ours, len(objects)


def network():
    mg.manual_seed(0)
    model = nn.Sequential(
        nn.Conv2d(1, 2, 3),
        nn.Tanh(),
        nn.AvgPool2d(2),
        nn.Conv2d(2, 3, 2),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Dropout(0.1),
        nn.Flatten(),
        nn.Linear(3, 2),
    )
    return model, mg.optim.SGD(model.parameters(), lr=0.05, momentum=0.9, weight_decay=1e-3)


def step(model, optimizer, x, labels):
    optimizer.zero_grad()
    loss = F.cross_entropy(model(x), labels)
    loss.backward()
    optimizer.step()
    return loss.item()


def bytes_in_arrays():
    """What NumPy has allocated for arrays since tracing began and not given back."""
    own = tracemalloc.DomainFilter(True, np.lib.tracemalloc_domain)
    return sum(trace.size for trace in tracemalloc.take_snapshot().filter_traces([own]).traces)


def test_a_thousand_training_steps_leave_memory_flat(no_collector):
    model, optimizer = network()
    x, labels = mg.randn(2, 1, 8, 8), mg.tensor([0, 1])
    for _ in range(20):
        step(model, optimizer, x, labels)
    before, total = census()
    tracemalloc.start()
    try:
        for _ in range(3):
            step(model, optimizer, x, labels)
        low = bytes_in_arrays()
        tracemalloc.reset_peak()
        for _ in range(20):
            step(model, optimizer, x, labels)
        assert bytes_in_arrays() == low
        current, peak = tracemalloc.get_traced_memory()
        assert peak - current < 500_000
    finally:
        tracemalloc.stop()
    for _ in range(STEPS - 43):
        step(model, optimizer, x, labels)
    after, total_after = census()
    assert after == before
    assert total_after - total < 100  # objects in all; a cycle per step would leave thousands
    assert gc.collect() < 100


def test_a_run_with_everything_around_it_leaves_memory_flat(no_collector, tmp_path):
    mg.manual_seed(0)
    model = nn.models.ConvAutoencoder(8, 1, (2, 3), 4, downsampling="pool", upsampling="unpool", skip=True, noise=0.1)
    images = TensorDataset(mg.rand(12, 1, 8, 8))
    loader = DataLoader(images, 4, shuffle=True, prefetch_factor=2)
    distort = mg.transforms.Compose([mg.transforms.RandomDistortion(), mg.transforms.RandomErasing()])
    optimizer = mg.optim.Adam(model.parameters(), lr=1e-3)
    scheduler = mg.optim.lr_scheduler.CosineAnnealingLR(optimizer, 1000)
    best, stop = mg.utils.KeepBest(model), mg.utils.EarlyStopping(patience=10**6)
    run = {"model": model, "optimizer": optimizer, "scheduler": scheduler, "loader": loader, "best": best}

    def epochs(count):
        for _ in range(count):
            error = mg.metrics.MeanSquaredError()
            for (batch,) in progress(loader, "epoch"):
                optimizer.zero_grad()
                made = model(distort(batch))
                F.mse_loss(made, batch).backward()
                optimizer.step()
                scheduler.step()
                error.update(made, batch)
            best(error.compute())
            stop(error.compute())
            save_checkpoint(tmp_path / "run.npz", **run, epoch=count)

    epochs(4)
    before, total = census()
    tracemalloc.start()
    try:
        epochs(2)
        low = bytes_in_arrays()
        epochs(10)
        assert bytes_in_arrays() == low
    finally:
        tracemalloc.stop()
    epochs(30)
    after, total_after = census()
    assert after == before
    assert total_after - total < 100
    assert [path.name for path in tmp_path.iterdir()] == ["run.npz"]


def test_a_storage_that_stays_does_not_remember_what_looked_at_it(no_collector):
    weight, table = mg.randn(4, 4, requires_grad=True), mg.randn(4, 4)
    for _ in range(STEPS):
        y = weight.T * table[1]
        y[0].mul_(weight[0])
        y.sum().backward()
    assert max(len(one._storage.lookers or ()) for one in (weight, table)) < 64
    del y
    assert weight._storage.views(weight) == table._storage.views(table) == []


LOSSES = {
    "plain": lambda model, x, labels: F.cross_entropy(model(x), labels),
    "smoothed and weighted": lambda model, x, labels: F.cross_entropy(
        model(x), labels, mg.ones(2), label_smoothing=0.1
    ),
    "through views": lambda model, x, labels: sum(row[0] for row in model(x)[:, ::2].T.unbind(0)),
    "in place": lambda model, x, labels: model(x).mul_(2).add_(1).pow_(2).sum(),
    "written": lambda model, x, labels: written(model(x)),
    "written through views": lambda model, x, labels: written_through_views(model(x)),
    "reductions": lambda model, x, labels: (
        model(x).var() + model(x).std(1).sum() + model(x).max(1).values.sum() + model(x).prod()
    ),
    "joined": lambda model, x, labels: mg.stack([model(x), model(x)]).logsumexp(0).sum(),
    "identity": lambda model, x, labels: sum(one.sum() for one in mg.identity(model(x), model(x))),
}


def written(y):
    y[0] = y[1] * 2
    y[[0, 1], [1, 0]] = 3.0
    return y.sum()


def written_through_views(y):
    rows, saved = list(y), y.exp()
    rows[0].mul_(rows[1])
    y.T[0].zero_()
    buffer = mg.zeros(2, 2)
    for row, target in zip(rows, buffer, strict=True):
        target.copy_(row)
    return (buffer * saved).sum() + rows[1].sum()


def nodes_below(tensor):
    """Every node from which the tensor was computed."""
    found, stack = set(), [tensor.grad_fn]
    while stack:
        node = stack.pop()
        if node is not None and node not in found:
            found.add(node)
            stack.extend(below for below, _ in node.next_functions)
    return found


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("walk", ["none", "backward", "retained", "create_graph", "grad", "refused"])
def test_a_dropped_loss_takes_its_graph_along(name, walk, no_collector):
    model, _ = network()
    x, labels = mg.randn(2, 1, 8, 8, requires_grad=True), mg.tensor([0, 1])
    loss = LOSSES[name](model, x, labels)
    if walk == "backward":
        loss.backward()
    elif walk == "retained":
        loss.backward(retain_graph=True)
    elif walk == "create_graph":
        gradients = mg.autograd.grad(loss, [x, *model.parameters()], create_graph=True, allow_unused=True)
        second = sum((g * g).sum() for g in gradients if g is not None)
        second.backward()
        del gradients, second
    elif walk == "grad":
        mg.autograd.grad(loss, x)
    elif walk == "refused":
        loss.backward()
        with pytest.raises(mg.errors.GradError):
            loss.backward()
    leaves = {id(leaf._node) for leaf in (x, *model.parameters())}
    references = [weakref.ref(node) for node in nodes_below(loss) if id(node) not in leaves] + [weakref.ref(loss)]
    assert len(references) > 5
    del loss
    assert [reference() for reference in references if reference() is not None] == []


def test_hooks_observers_and_retained_gradients_make_no_cycle(no_collector):
    model, _ = network()
    for module in model.modules():
        module.register_full_backward_hook(lambda module, grad_input, grad_output: None)
        module.register_forward_hook(lambda module, args, output: None)
    x = mg.randn(2, 1, 8, 8, requires_grad=True)
    x.register_hook(lambda g: g)
    with mg.autograd.observe(mg.autograd.Observer()):
        y = model(x)
        y.retain_grad()
        y.register_hook(lambda g: g * 1)
        y.grad_fn.register_prehook(lambda cotangents: None)
        loss = y.sum()
        loss.backward()
    references = [
        weakref.ref(one)
        for one in (y, loss, y.grad, *nodes_below(loss))
        if not (isinstance(one, Node) and one is x._node)
    ]
    parameters = {id(p._node) for p in model.parameters()}
    references = [one for one in references if id(one()) not in parameters]
    del y, loss
    assert [reference() for reference in references if reference() is not None] == []


def test_an_exception_in_the_walk_keeps_nothing(no_collector):
    x = mg.ones(3, requires_grad=True)

    def failing():
        y = (x * x).exp()
        references.extend(weakref.ref(one) for one in (y, y.grad_fn))
        y.register_hook(lambda g: 1 / 0)
        y.sum().backward()

    references = []
    with pytest.raises(ZeroDivisionError) as raised:
        failing()
    raised.value.__traceback__ = None
    del raised
    assert [reference() for reference in references] == [None, None]


def test_a_walk_frees_each_value_once_it_is_used():
    """The peak of a backward pass over a long chain is a few values, not as many as the chain has."""
    x = mg.ones(100_000, requires_grad=True)
    y = x
    for _ in range(30):
        y = y.sin()
    saved = 30 * y.numel() * 4
    tracemalloc.start()
    try:
        y.sum().backward()
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < saved / 3


def test_under_no_grad_nothing_is_kept():
    tracemalloc.start()
    try:
        with mg.no_grad():
            y = mg.ones(100_000, requires_grad=True)
            for _ in range(30):
                y = y.sin()
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 5 * 100_000 * 4
