"""Writes through views: the base and all its views see them, with the right gradients; and what refuses."""

import gc
import threading
import weakref
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import minigrad as mg
import nn
import nn.functional as F
from minigrad.errors import ArgumentError, GradError
from minigrad.kernels.indexing import Places
from minigrad.tensor.views import Version


def leaf(*shape):
    return mg.linspace(-1, 1, int(np.prod(shape)), dtype=mg.float64).reshape(shape).detach().requires_grad_()


def set_flat(y):
    y.view(-1)[3] = 0


def add_to_rows(y):
    for row in y:
        row.add_(1)


def add_parts(y):
    a, b = y.chunk(2, 1)
    a.add_(b)


# What is written through a view of y, and the value that y has then.
WRITES = {
    "row.zero_": (lambda y: y[0].zero_(), lambda y: mg.cat([y[:1] * 0, y[1:]])),
    "columns.mul_": (lambda y: y[:, 1:].mul_(2), lambda y: mg.cat([y[:, :1], y[:, 1:] * 2], 1)),
    "clamp_": (
        lambda y: y[:, 0::2].clamp_(-0.5, 0.5),
        lambda y: mg.stack([y[:, k].clamp(-0.5, 0.5) if k % 2 == 0 else y[:, k] for k in range(4)], 1),
    ),
    "F.relu": (lambda y: F.relu(y[:, :1], inplace=True), lambda y: mg.cat([y[:, :1].relu(), y[:, 1:]], 1)),
    "rows": (add_to_rows, lambda y: y + 1),
    "chunk": (add_parts, lambda y: mg.cat([y[:, :2] + y[:, 2:], y[:, 2:]], 1)),
    "view": (set_flat, lambda y: mg.cat([y.reshape(-1)[:3], y.new_zeros(1), y.reshape(-1)[4:]]).reshape(3, 4)),
    "T": (lambda y: y.T[0].fill_(1), lambda y: mg.cat([y[:, :1] * 0 + 1, y[:, 1:]], 1)),
    "diagonal": (lambda y: y.diagonal().exp_(), lambda y: mg.where(mg.eye(3, 4) > 0, y.exp(), y)),
    "of a view": (lambda y: y[1:][:, ::2].T[0][1:].neg_(), lambda y: mg.cat([y[:2], y[2:] * mg.tensor([-1, 1, 1, 1])])),
    "backwards": (lambda y: y[::-1][0].sin_(), lambda y: mg.cat([y[:2], y[2:].sin()])),
    "dropout": (lambda y: F.dropout(y[0], 1.0, inplace=True), lambda y: mg.cat([y[:1] * 0, y[1:]])),
    "unsqueeze_": (lambda y: y[0].unsqueeze_(0).mul_(3), lambda y: mg.cat([y[:1] * 3, y[1:]])),
    "itself": (lambda y: y[0].mul_(y[0]), lambda y: mg.cat([y[:1] * y[:1], y[1:]])),
    "masked": (lambda y: y[1:].masked_fill_(y[1:] > 0, 2), lambda y: mg.cat([y[:1], mg.where(y[1:] > 0, 2, y[1:])])),
    "index_add_": (
        lambda y: y.T.index_add_(0, mg.tensor([0, 0]), y.T[:2] * 1),
        lambda y: mg.cat([y[:, :1] * 2 + y[:, 1:2], y[:, 1:]], 1),
    ),
    "mask of a row": (
        lambda y: y[0].__setitem__(y[0] < 0, y[1, 0]),
        lambda y: mg.cat([mg.where(y[:1] < 0, y[1, 0], y[:1]), y[1:]]),
    ),
    "layer": (lambda y: nn.Hardtanh(-0.2, 0.2, inplace=True)(y[2]), lambda y: mg.cat([y[:2], y[2:].clamp(-0.2, 0.2)])),
}  # fmt: skip


@pytest.mark.parametrize("name", WRITES)
@pytest.mark.parametrize("order", ["C", "F"])
def test_a_write_through_a_view_changes_the_base(name, order):
    write, formula = WRITES[name]
    if (name, order) == ("view", "F"):
        pytest.skip("the memory order allows no view")

    def base(x):
        return x * 1.5 if order == "C" else (x.T * 1.5).contiguous().T.clone()

    def changed(x):
        y = base(x)
        views = y[1], y.T, y[:, ::2]
        write(y)
        for view, read in zip(views, (lambda t: t[1], lambda t: t.T, lambda t: t[:, ::2]), strict=True):
            assert view.tolist() == read(y).tolist()
        return y, *views

    def described(x):
        y = formula(base(x))
        return y, y[1], y.T, y[:, ::2]

    x = leaf(3, 4)
    weights = [mg.randn(one.shape, dtype=mg.float64) for one in described(x)]
    results = []
    for function in (changed, described):
        loss = sum((one.sin() * w).sum() for one, w in zip(function(x), weights, strict=True))
        (first,) = mg.autograd.grad(loss, x, create_graph=True)
        (second,) = mg.autograd.grad((first.cos() * first).sum(), x)
        results.append((loss.item(), first.detach().numpy(), second.numpy()))
    for ours, right in zip(*results, strict=True):
        np.testing.assert_allclose(ours, right, rtol=1e-12, atol=1e-12)


def test_second_derivatives_through_views():
    def program(x, u):
        y = x * u
        v, w = y[0], y[:, 1]
        v.mul_(w[:1])
        w.exp_()
        y.T[2] += v[:1]
        return y, v * w.sum()

    mg.autograd.gradcheck(program, [leaf(2, 3), leaf(2, 3)], order=3)


def test_every_alias_sees_a_recorded_write():
    x = leaf(3)
    y = x * 1
    detached, array, view = y.detach(), y.detach().numpy(), y[1:]
    view.zero_()
    assert detached.tolist() == array.tolist() == y.tolist() == [-1.0, 0.0, 0.0]
    assert detached._version == y._version == 1


def test_a_detached_write_is_real_and_not_recorded():
    x = leaf(3)
    y = x * 2
    late = y * y
    y.detach()[1:].zero_()
    assert y.tolist() == [-2.0, 0.0, 0.0]
    (y * 3).sum().backward()
    assert x.grad.tolist() == [6.0, 6.0, 6.0]
    with pytest.raises(GradError, match="changed in place"):
        late.sum().backward()


def test_data_takes_recorded_values_and_no_history():
    x, b = leaf(2), mg.ones(2, dtype=mg.float64)
    twin = b.data.mul_(0.9).add_(x)
    assert b.tolist() == twin.tolist() == [0.9 - 1, 0.9 + 1]
    assert (b.requires_grad, twin.requires_grad) == (False, True)


def test_a_buffer_and_its_views_join_the_tape():
    x = leaf(2)
    o = mg.empty(3, 2, dtype=mg.float64)
    rows = list(o)
    array = o.numpy()
    for k, row in enumerate(rows):
        row.copy_(x * (k + 1))
    assert all(one.requires_grad and not one.is_leaf for one in (o, *rows))
    assert array.tolist() == [[-1.0, 1.0], [-2.0, 2.0], [-3.0, 3.0]]
    (o * o).sum().backward(retain_graph=True)
    assert x.grad.tolist() == [-28.0, 28.0]
    x.grad = None
    (rows[0] * rows[2]).sum().backward()
    assert x.grad.tolist() == [-6.0, 6.0]


def test_views_of_a_buffer_that_is_written_whole():
    x, buffer = leaf(3), mg.zeros(3, dtype=mg.float64)
    view, wide = buffer[1:], buffer.expand(2, 3)
    assert buffer.add_(x) is buffer
    (view.sum() + wide.sum()).backward()
    assert x.grad.tolist() == [2.0, 3.0, 3.0]


def test_views_made_without_recording():
    x = leaf(2, 2)
    y, buffer = x * 2, mg.zeros(2, 2, dtype=mg.float64)
    with mg.no_grad():
        frozen, part, of_leaf = y[0], buffer[0], x[0]
    with pytest.raises(GradError, match=r"view made under no_grad of a recorded tensor \(shape \(2, 2\)\)"):
        frozen.add_(1)
    with mg.no_grad():
        frozen.add_(1)
    part.copy_(x[1])
    assert buffer.requires_grad
    buffer.sum().backward()
    assert x.grad.tolist() == [[0.0, 0.0], [1.0, 1.0]]
    with pytest.raises(GradError, match="view of a leaf"):
        of_leaf.add_(x[1])
    of_leaf.add_(1)  # as PyTorch: nothing asks for gradients
    assert x[0].tolist() != [-1.0, -1 / 3]
    assert x._version == 1


def test_a_leaf_that_is_a_view_is_not_lost():
    x, flat = leaf(2), mg.zeros(4, dtype=mg.float64)
    weight = flat[:2].requires_grad_()
    for change in (lambda: flat.add_(1.0 * mg.cat([x, x])), lambda: flat[:3].mul_(x[0]), lambda: weight[0].zero_()):
        with pytest.raises(GradError, match=r"view of a leaf that requires gradients \(shape \(2,\)\)"):
            change()
    flat[2:].add_(x)
    assert (weight.is_leaf, flat.requires_grad) == (True, True)
    with mg.no_grad():
        flat.add_(1)
    assert weight.tolist() == [1.0, 1.0]
    (weight * x.detach()).sum().backward()
    assert weight.grad.tolist() == x.tolist()


def test_hooks_stay_and_retained_gradients_move():
    x = leaf(3)
    y = x * 1
    view = y[1:]
    seen = []
    y.register_hook(lambda g: seen.append(g.tolist()))
    y.retain_grad()
    view.retain_grad()
    view.mul_(3)
    assert y.retains_grad
    assert view.retains_grad
    (view.sum() * 5 + y.sum()).backward()
    assert seen == [[1.0, 18.0, 18.0]]
    assert (y.grad.tolist(), view.grad.tolist()) == ([1.0, 6.0, 6.0], [5.0, 5.0])
    assert x.grad.tolist() == [1.0, 18.0, 18.0]


def test_each_result_of_identity_is_a_view_of_its_own_argument():
    x = leaf(2)
    y = x * 1
    twin = y.detach()
    a, b = mg.identity(y, twin)
    assert a._base is y
    assert b._base is twin
    b.mul_(x)
    assert (y.tolist(), y.grad_fn.name(), twin.grad_fn.name()) == ([1.0, 1.0], "mul", "setitem")


def test_a_view_knows_its_base():
    y = leaf(2, 3) * 1
    assert y._base is None
    assert y[0][1:].T._base is y
    assert y.detach()._base is None
    assert y[[0]]._base is None
    assert (y + 0)._base is None


def test_detach_in_place_is_refused_on_views():
    y = leaf(3) * 1
    with pytest.raises(GradError, match=r"detach_\(\) on a view \(shape \(2,\)\)"):
        y[1:].detach_()
    view = y[1:]
    y.detach_()
    assert (y.requires_grad, view.requires_grad) == (False, True)


def test_other_storage_leaves_the_views_behind():
    x = leaf(3)
    y = x * 1
    view, other = y[1:], y[:2]
    y.data = mg.zeros(3, dtype=mg.float64)
    view.mul_(5)
    assert (y.tolist(), other.tolist()) == ([0.0, 0.0, 0.0], [-1.0, 0.0])
    (other.sum() + view.sum()).backward()
    assert x.grad.tolist() == [1.0, 10.0, 5.0]
    view.data = mg.ones(2, dtype=mg.float64)
    view.add_(1)
    assert other.tolist() == [-1.0, 0.0]


def test_subclasses_of_a_recorded_tensor_are_views():
    class Named(mg.Tensor):
        pass

    x = leaf(2)
    y = x * 1
    named = y.as_subclass(Named)
    named.mul_(4)
    assert (type(named), type(y)) == (Named, mg.Tensor)
    y.sum().backward()
    assert x.grad.tolist() == [4.0, 4.0]


LAYERS = {
    "ReLU": {}, "ReLU6": {}, "LeakyReLU": {}, "RReLU": {"lower": 0.2, "upper": 0.2}, "ELU": {}, "CELU": {}, "SELU": {},
    "Threshold": {"threshold": 0.1, "value": 2.0}, "Hardtanh": {}, "Hardsigmoid": {}, "Hardswish": {}, "SiLU": {},
    "Mish": {}, "Dropout": {"p": 0.5}, "Dropout1d": {"p": 0.5},
}  # fmt: skip


@pytest.mark.parametrize("name", LAYERS)
@pytest.mark.parametrize(
    "part", [lambda y: y, lambda y: y[:, 1:], lambda y: y.transpose(1, 2), lambda y: y[::2, :, 0:1]]
)
def test_layers_in_place_after_layers_that_save(name, part):
    results = []
    for inplace in (True, False):
        mg.manual_seed(0)
        x = leaf(4, 3, 5)
        body = nn.Sequential(nn.BatchNorm1d(3), nn.Conv1d(3, 3, 3, padding=1), nn.Sigmoid(), nn.BatchNorm1d(3)).double()
        y = body(x)
        late = y.exp()
        z = getattr(nn, name)(**LAYERS[name], inplace=inplace)(part(y))
        if inplace:
            assert part(y).tolist() == z.tolist()
        loss = (z * z).sum() + late.sum()
        results.append([loss.item(), *mg.autograd.grad(loss, [x, *body.parameters()])])
    for ours, right in zip(*results, strict=True):
        np.testing.assert_allclose(ours, right, rtol=1e-10, atol=1e-12)


# --------------------------------------------------------------------------- copies


def test_a_write_that_view_could_not_pass_on_is_refused():
    x = leaf(2, 3)
    for y in (x.T * 1, (x * 1).T):
        flat = y.view(-1)
        for change in (lambda t: t.zero_(), lambda t: t[0].add_(1), lambda t: t.__setitem__(0, 1.0)):
            with pytest.raises(ArgumentError, match=r"which is a copy here.*clone\(\)"):
                change(flat)
        with mg.no_grad(), pytest.raises(ArgumentError, match="copy here"):
            flat.add_(1)
    turned = x.T * 1
    flat = turned.reshape(-1)
    with pytest.raises(ArgumentError, match="copy here"):
        flat.add_(1)
    flat.clone().add_(1)
    del turned  # then nobody can miss the write
    flat.add_(1)
    assert flat[0].item() == 0.0


def test_reshaping_in_a_chain_can_be_written():
    x = leaf(2, 3)
    flat = (x.T * 1).view(-1)
    flat.relu_()
    flat.sum().backward()
    assert x.grad.tolist() == [[0.0, 0.0, 0.0], [1.0, 1.0, 1.0]]


def test_flip_is_a_copy():
    t = mg.arange(3.0)
    t.flip(0).zero_()
    t.flipud().zero_()
    assert t.tolist() == [0.0, 1.0, 2.0]


# ------------------------------------------------------------------------ the parts


CUBE = np.arange(24.0).reshape(2, 3, 4)
WHOLES = [CUBE, CUBE.T, np.arange(48.0).reshape(2, 6, 4)[:, ::2], CUBE[::-1, :, ::-1], CUBE.swapaxes(0, 1)]


@pytest.mark.parametrize("whole", WHOLES)
def test_places_are_found_from_memory(whole):
    parts = [whole[1], whole[..., 1:], whole.T[0], whole[:, ::2, 1], whole[0, 0, 0, ...], whole[None][..., None, 0]]
    for part in [*parts, whole[:, ::-1], np.broadcast_to(whole[0, 0], (5, whole.shape[-1])), whole[:0]]:
        index = Places(whole, part)
        np.testing.assert_array_equal(index.read(whole), part)
        if part.flags.writeable:
            target = np.zeros_like(whole)
            index.write(target, 7.0)
            assert target.sum() == 7 * part.size


def test_a_value_is_saved_once():
    x = mg.ones(3, requires_grad=True)
    y = x * 2
    first, second = (y * y).grad_fn, (y * x).grad_fn
    assert first.saved["a"] is first.saved["b"] is second.saved["a"] is y._storage
    part = y[1:]
    third = (part * part).grad_fn.saved["a"]
    assert third is not y._storage
    assert (part * 2.0).grad_fn.saved.get("a") is None
    assert (part * part).grad_fn.saved["a"] is third
    with mg.no_grad():
        x.add_(1)
    fourth = (x * x).grad_fn.saved["a"]
    assert fourth is not second.saved["b"], "what was saved before the change stays outdated"
    assert (x * x).grad_fn.saved["a"] is fourth


def test_what_was_saved_first_is_copied_once_for_all_who_saved_it():
    x = mg.full((3,), 2.0, requires_grad=True)
    y = x * 1
    square, cube = y * y, y * y * y
    shown = y.detach()
    y.mul_(10)
    assert square.grad_fn.saved["a"].array is cube.grad_fn.saved["b"].array is not y._array
    assert shown.tolist() == [20.0] * 3
    later = y * y
    (square + cube + later).sum().backward()
    assert x.grad.tolist() == [4.0 + 12.0 + 400.0] * 3
    y = x * 1
    square = y * y
    (first,) = mg.autograd.grad(square.sum(), x, create_graph=True)
    y.mul_(10)
    first.sum().backward()
    assert x.grad.tolist() == [416.0 + 2.0] * 3


def test_threads_agree_on_the_version_of_a_tensor():
    for _ in range(200):
        x, start = mg.ones(2), threading.Barrier(2)

        def version(x=x, start=start):
            start.wait()
            return x._storage

        with ThreadPoolExecutor(2) as pool:
            one, other = (future.result() for future in [pool.submit(version) for _ in range(2)])
        assert one is other is x._storage


def test_a_storage_forgets_the_dead():
    storage = Version()
    lookers = [_Looker() for _ in range(3)]
    for one in lookers:
        storage.watch(one)
    for _ in range(1000):
        storage.watch(_Looker())
    assert len(storage.lookers) < 50
    assert storage.living() == lookers


class _Looker:
    pass


def test_views_make_no_cycle():
    gc.collect()
    gc.disable()
    try:
        x = leaf(4)
        y = x * 1
        views = [y[k : k + 2] for k in range(3)]
        views[0].mul_(views[1])
        y.add_(1)
        loss = (y * views[2].sum()).sum()
        references = [weakref.ref(one) for one in (y, loss, *views, y.grad_fn, views[0].grad_fn)]
        del y, views, loss
        assert [one() for one in references] == [None] * len(references)
    finally:
        gc.enable()
