"""The tensor itself: what it says of itself, its gradient, its storage and the version that views share."""

import gc
import weakref

import numpy as np
import pytest

import minigrad as mg
from minigrad.errors import DTypeError, GradError, ShapeError


def leaf(*values):
    return mg.tensor(values, requires_grad=True)


def test_says_what_it_is():
    t = mg.zeros(2, 3, dtype=mg.float64)
    assert (t.shape, t.ndim, t.dtype, str(t.device)) == ((2, 3), 2, mg.float64, "cpu")
    assert (t.size(), t.size(1), t.size(-1), t.dim(), t.numel(), t.element_size()) == ((2, 3), 3, 3, 2, 6, 8)
    assert (t.requires_grad, t.is_leaf, t.grad_fn, t.grad) == (False, True, None, None)
    assert t.is_floating_point()
    assert not mg.ones(1, dtype=mg.int64).is_floating_point()


def test_leaves_and_results():
    x = leaf(1.0)
    y = x * 2
    assert (x.requires_grad, x.is_leaf, x.grad_fn) == (True, True, None)
    assert (y.requires_grad, y.is_leaf, y.grad_fn.name()) == (True, False, "mul")
    assert (y.detach().requires_grad, y.detach().is_leaf) == (False, True)


@pytest.mark.parametrize("dtype", [mg.bool, mg.uint8, mg.int8, mg.int16, mg.int32, mg.int64])
def test_only_floats_have_gradients(dtype):
    t = mg.ones(2, dtype=dtype)
    for ask in (lambda: t.requires_grad_(), lambda: mg.ones(2, dtype=dtype, requires_grad=True)):
        with pytest.raises(GradError, match=rf"requires_grad on a tensor of {dtype}.*dtype=mg.float32"):
            ask()
    with pytest.raises(GradError, match="only floating"):
        t.requires_grad = True
    assert not t.requires_grad
    assert t.requires_grad_(False) is t


@pytest.mark.parametrize("dtype", [mg.float16, mg.float32, mg.float64])
def test_floats_have_gradients_of_their_dtype(dtype):
    x = mg.ones(2, dtype=dtype, requires_grad=True)
    (x * 2 + mg.ones(2, dtype=mg.float64)).sum().backward()
    assert (x.grad.dtype, x.grad.tolist()) == (dtype, [2.0, 2.0])


def test_requires_grad_can_be_taken_back_on_leaves_only():
    x = leaf(1.0)
    y = x * 2
    x.requires_grad = False
    assert not (x * 3).requires_grad
    with pytest.raises(GradError, match=r"requires_grad_\(False\) on the result of <mul.*detach\(\)"):
        y.requires_grad_(False)
    assert y.requires_grad_(True) is y


def test_integer_results_are_not_recorded():
    x = leaf(1.5, -2.5)
    for result in (x > 0, x == x, x.argmax(), x.isnan(), x.long(), x.bool(), x.any()):
        assert not result.requires_grad


# -------------------------------------------------------------------------- grad


def test_grad_takes_a_tensor_of_its_kind_or_none():
    x = leaf(1.0, 2.0)
    x.grad = mg.tensor([3.0, 4.0])
    with pytest.raises(ShapeError, match=r"shape \(3,\) and dtype float32 for a tensor of shape \(2,\)"):
        x.grad = mg.zeros(3)
    with pytest.raises(ShapeError, match="dtype float64"):
        x.grad = mg.zeros(2, dtype=mg.float64)
    for wrong in (np.zeros(2, np.float32), 0.0, [0.0, 0.0]):
        with pytest.raises(DTypeError, match=f"given a {type(wrong).__name__}.*None to clear"):
            x.grad = wrong
    assert x.grad.tolist() == [3.0, 4.0]
    x.grad = None
    assert x.grad is None


def test_a_gradient_that_was_assigned_is_added_to():
    x = leaf(1.0, 2.0)
    x.grad = mg.tensor([10.0, 20.0])
    (x * 2).sum().backward()
    assert x.grad.tolist() == [12.0, 22.0]


@pytest.mark.parametrize("given", ["expanded", "recorded", "read-only"])
def test_a_gradient_that_cannot_be_written_is_replaced_by_the_sum(given):
    x = leaf(1.0, 2.0)
    values = np.full(2, 5.0, np.float32)
    values.flags.writeable = False
    made = {
        "expanded": mg.tensor([5.0]).expand(2),
        "recorded": leaf(5.0, 5.0) * 1,
        "read-only": mg.from_numpy(values),
    }[given]
    x.grad = made
    (x * 2).sum().backward()
    assert x.grad.tolist() == [7.0, 7.0]
    assert not x.grad.requires_grad
    assert made.tolist() == [5.0, 5.0]


def test_a_gradient_can_be_deleted():
    x = leaf(1.0)
    x.sum().backward()
    del x.grad
    assert x.grad is None


# -------------------------------------------------------------------------- data


def test_data_shares_the_storage_outside_the_tape():
    x = leaf(1.0, 2.0)
    assert not x.data.requires_grad
    x.data[0] = 7
    assert x.tolist() == [7.0, 2.0]


def test_data_can_be_replaced():
    x = leaf(1.0, 2.0)
    x.data = mg.tensor([3.0, 4.0])
    (x * x).sum().backward()
    assert x.grad.tolist() == [6.0, 8.0]
    with pytest.raises(DTypeError, match="data was given a list"):
        x.data = [1.0, 2.0]
    assert x.tolist() == [3.0, 4.0]


def test_data_of_another_shape_or_dtype_gets_gradients_of_that_kind():
    x = leaf(1.0, 2.0)
    x.data = mg.ones(3, dtype=mg.float64)
    (x * 2).sum().backward()
    assert (x.grad.tolist(), x.grad.dtype) == ([2.0] * 3, mg.float64)


@pytest.mark.parametrize("new", [mg.zeros(3), mg.zeros(2, dtype=mg.float64)], ids=["shape", "dtype"])
def test_a_gradient_that_no_longer_fits_is_never_kept(new):
    x = leaf(1.0, 2.0)
    y = (x * 2).sum()
    x.data = new
    try:
        y.backward()
    except GradError:
        assert x.grad is None
    else:
        assert x.grad is None or (x.grad.shape, x.grad.dtype) == (x.shape, x.dtype)


# ------------------------------------------------------------------------ versions

VIEWS = {
    "reshape": lambda t: t.reshape(3, 2),
    "view": lambda t: t.view(-1),
    "flatten": lambda t: t.flatten(),
    "transpose": lambda t: t.transpose(0, 1),
    "T": lambda t: t.T,
    "permute": lambda t: t.permute(1, 0),
    "backwards": lambda t: t[::-1],
    "getitem": lambda t: t[0],
    "element": lambda t: t[1, 2],
    "slice": lambda t: t[:, ::2],
    "newaxis": lambda t: t[None],
    "ellipsis": lambda t: t[...],
    "narrow": lambda t: t.narrow(1, 1, 2),
    "squeeze": lambda t: t.unsqueeze(0).squeeze(0),
    "expand": lambda t: t.expand(4, 2, 3),
    "split": lambda t: t.split(1)[1],
    "unbind": lambda t: t.unbind(0)[1],
    "detach": lambda t: t.detach(),
    "data": lambda t: t.data,
    "view of a view": lambda t: t.detach().T[1:].reshape(2, 2)[0],
}
COPIES = {
    "clone": lambda t: t.clone(),
    "contiguous": lambda t: t.T.contiguous(),
    "reshape": lambda t: t.T.reshape(-1),
    "list": lambda t: t[[0, 1]],
    "mask": lambda t: t[t >= 0],
    "index tensor": lambda t: t[mg.tensor([0, 1])],
    "to": lambda t: t.double(),
    "cat": lambda t: mg.cat([t]),
    "tensor": lambda t: mg.tensor(t),
    "sum": lambda t: t.sum(),
}


@pytest.mark.parametrize("name", VIEWS)
def test_views_share_storage_and_version(name):
    base = mg.arange(6.0).reshape(2, 3)
    view = VIEWS[name](base)
    assert view._version == base._version == 0
    base.fill_(7)
    assert (view._version, base._version) == (1, 1)
    assert np.all(view.numpy() == 7)
    if name != "expand":  # whose elements share their places, so that it cannot be written
        view.zero_()
        assert (view._version, base._version) == (2, 2)
        assert np.any(base.numpy() == 0)


@pytest.mark.filterwarnings("ignore::minigrad.errors.CopiedTensorWarning")
@pytest.mark.parametrize("name", COPIES)
def test_copies_share_neither(name):
    base = mg.arange(6.0).reshape(2, 3)
    copy = COPIES[name](base)
    before = copy.tolist()
    base.fill_(-1)
    assert (copy._version, base._version) == (0, 1)
    assert copy.tolist() == before
    copy.fill_(5)
    assert base.tolist() == [[-1.0] * 3] * 2


def test_every_change_counts():
    t = mg.ones(3)
    changes = [
        lambda: t.add_(1), lambda: t.zero_(), lambda: t.__setitem__(0, 5), lambda: t.copy_(mg.ones(3)),
        lambda: t.uniform_(), lambda: t.normal_(), lambda: t.bernoulli_(), lambda: t.__iadd__(1), lambda: t.relu_(),
        lambda: t.masked_fill_(t > 0, 1), lambda: t.clamp_(0, 1),
    ]  # fmt: skip
    for number, change in enumerate(changes):
        change()
        assert t._version == number + 1


def test_a_refused_change_does_not_count():
    t = mg.ones(3)
    with pytest.raises(ShapeError):
        t.add_(mg.ones(2, 3))
    with pytest.raises(ShapeError):
        t[0] = mg.ones(2)
    assert (t._version, t.tolist()) == (0, [1.0] * 3)


# -------------------------------------------------------------------------- lifetime


def test_no_cycles_between_tensors_nodes_and_gradients():
    gc.disable()
    try:
        x = leaf(1.0, 2.0)
        y = (x * x).exp()
        z = y.sum()
        z.backward(retain_graph=True)
        references = [weakref.ref(one) for one in (y, z, y.grad_fn, z.grad_fn, x, x.grad)]
        del x, y, z
        assert [reference() for reference in references] == [None] * 6
    finally:
        gc.enable()


def test_only_what_the_vjps_need_is_kept_alive():
    x = leaf(1.0, 2.0)
    summed, squared = x + 1, x + 2
    first, second = weakref.ref(summed._array), weakref.ref(squared._array)
    total, product = (summed + 3).sum(), (squared * squared).sum()
    del summed, squared
    assert first() is None, "the sum needs no values"
    assert second() is not None, "the product needs its factors"
    del product
    assert second() is None
    total.backward()
    assert x.grad.tolist() == [1.0, 1.0]


def test_tensors_take_attributes_and_weak_references():
    t = mg.ones(1)
    t.note = "kept"
    assert t.note == "kept"
    assert weakref.ref(t)() is t
    assert len({t, t, mg.ones(1)}) == 2
