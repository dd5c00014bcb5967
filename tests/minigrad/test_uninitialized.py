"""Tensors without a shape: what they are, what they refuse, what they become."""

import copy
import pickle

import numpy as np
import pytest

import minigrad as mg
from minigrad.errors import ArgumentError, DTypeError, GradError


def test_it_becomes_a_tensor_in_place():
    t = mg.Uninitialized(requires_grad=True, dtype=mg.float64)
    holder = [t]
    assert (t.dtype, t.requires_grad, t.is_leaf, t.grad, repr(t)) == (mg.float64, True, True, None, "<Uninitialized>")
    t.materialize((2, 3))
    assert type(holder[0]) is mg.Tensor
    assert (t.shape, t.dtype, t.requires_grad, t.is_leaf) == ((2, 3), mg.float64, True, True)
    with mg.no_grad():
        t.fill_(2.0)
    (t * t).sum().backward()
    assert t.grad.tolist() == [[4.0] * 3] * 2


def test_dtype_can_change_before_and_while_it_materialises():
    t = mg.Uninitialized(requires_grad=True)
    t.retype(mg.float64)
    assert (t.dtype, t.is_floating_point()) == (mg.float64, True)
    t.materialize([2], dtype=mg.float32)
    assert t.dtype == mg.float32
    assert not mg.Uninitialized(dtype=mg.int64).is_floating_point()
    with pytest.raises(GradError, match="int64"):
        mg.Uninitialized(True, dtype=mg.int64)
    with pytest.raises(DTypeError):
        mg.Uninitialized(dtype="nonsense")
    with pytest.raises(ArgumentError, match="CPU"):
        mg.Uninitialized(device="cuda")


USES = {
    "shape": lambda t: t.shape,
    "size": lambda t: t.size(),
    "ndim": lambda t: t.ndim,
    "numel": lambda t: t.numel(),
    "len": len,
    "iteration": list,
    "addition": lambda t: t + 1,
    "addition from the right": lambda t: 1 + t,
    "addition of a tensor": lambda t: mg.ones(2) + t,
    "comparison": lambda t: t == 1,
    "index": lambda t: t[0],
    "assignment": lambda t: t.__setitem__(0, 1),
    "sum": lambda t: t.sum(),
    "function": mg.exp,
    "convolution": lambda t: mg.conv1d(mg.ones(1, 1, 3), t),
    "detach": lambda t: t.detach(),
    "data": lambda t: t.data,
    "clone": lambda t: t.clone(),
    "to": lambda t: t.double(),
    "in place": lambda t: t.zero_(),
    "requires_grad_": lambda t: t.requires_grad_(),
    "NumPy": np.asarray,
    "item": lambda t: t.item(),
    "bool": bool,
    "save": lambda t: mg.save({"t": t}, "never written.npz"),
}


@pytest.mark.parametrize("use", USES)
def test_every_use_is_refused(use, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ArgumentError, match=r"no shape and no values yet.*Call the model once"):
        USES[use](mg.Uninitialized())
    assert not list(tmp_path.iterdir())


def test_what_is_not_there_is_an_attribute_error():
    t = mg.Uninitialized()
    assert not hasattr(t, "nonsense")
    assert not hasattr(t, "__nonsense__")
    t.note = 1
    assert t.note == 1


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, lambda t: pickle.loads(pickle.dumps(t))])
def test_copies_are_uninitialised_too(copied):
    t = mg.Uninitialized(True, dtype=mg.float64)
    twin = copied(t)
    twin.materialize((1,))
    assert (type(t), type(twin)) == (mg.Uninitialized, mg.Tensor)
    assert (twin.dtype, twin.requires_grad) == (mg.float64, True)


@pytest.mark.parametrize("wish", [False, True])
def test_there_is_a_way_back(wish):
    t = mg.Uninitialized(requires_grad=wish, dtype="float64")
    back = t.way_back()
    back()
    for shape in ((2, 3), (4,)):
        t.materialize(shape)
        if wish:
            (t * 2).sum().backward()
            assert t.grad.shape == shape
        back()
        assert isinstance(t, mg.Uninitialized)
        assert t.dtype == "float64"
        with pytest.raises(ArgumentError, match="no shape"):
            t.shape  # noqa: B018
