"""A short draw of `tests/campaigns/robustness.py`, and tests of what it judges by."""

import random
import warnings

import numpy as np
import pytest

import minigrad as mg
from minigrad import registry
from minigrad.errors import DTypeError, MinigradWarning, ShapeError
from tests.campaigns.arguments import SUPPORTED, changed_array, is_supported
from tests.campaigns.judging import fault_of, judged, walked
from tests.campaigns.layers import RANDOM
from tests.campaigns.robustness import drawn, optional_names, run
from tests.campaigns.targets import NOT_OURS, exported, targets, without_calls

EVERY = targets()
ROUNDS = 2


def test_every_public_function_has_a_valid_call():
    assert not without_calls()
    functions = {name for name in mg.__all__ if callable(getattr(mg, name)) and name not in NOT_OURS}
    functions -= {name for name in functions if isinstance(getattr(mg, name), np.dtype)}
    assert {f"minigrad.{name}" for name in functions} <= EVERY.keys()
    methods = {name for name in dir(mg.Tensor) if name[0] != "_" and callable(getattr(mg.Tensor, name))}
    assert {f"Tensor.{name}" for name in methods} <= EVERY.keys()


def test_every_public_name_of_nn_has_a_valid_call():
    drawn_at = EVERY.keys() | {f"nn.{name}" for name in RANDOM}
    assert not exported() - drawn_at
    assert {"nn.Conv2d", "functional.relu_", "init.dirac_", "utils.weight_norm", "models.UNet"} <= exported()
    assert all({f"nn.{name}.train", f"nn.{name}.eval"} <= EVERY.keys() for name in RANDOM)


@pytest.mark.parametrize("name", EVERY)
def test_a_short_draw(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(registry, "_primitives", dict(registry._primitives))  # some declare their own
    for turn in range(ROUNDS):
        case = drawn(EVERY[name], random.Random(f"suite/{turn}/{name}"), large=False)
        assert not run(case).fault, str(case)


# ------------------------------------------------------------------ the judge itself


def keeps(x):
    return x * 2


def changes(x):
    x._array[...] = 7
    return x


def changes_and_raises(x):
    x._array[...] = 7
    raise ShapeError("a message that is long enough")


def hangs(x):
    while True:
        pass


def warns(x):
    warnings.warn("not ours", RuntimeWarning, stacklevel=1)


def warns_ours(x):
    warnings.warn("ours", MinigradWarning, stacklevel=1)


def switches(x):
    np.seterr(all="raise")


FAULTS = [
    (keeps, ""),
    (changes, "argument 0 was changed"),
    (changes_and_raises, "argument 0 was changed, before"),
    (hangs, "does not end"),
    (warns, "warning RuntimeWarning"),
    (warns_ours, ""),
    (lambda x: np.ones(3) + np.ones(2), "ValueError: operands could not be broadcast"),
    (lambda x: 1 // 0, "ZeroDivisionError"),
    (lambda x: (_ for _ in ()).throw(AssertionError("mine")), "AssertionError"),
    (lambda: 0, ""),  # called with an argument: a wrong call, in Python's words
]


@pytest.mark.parametrize(("function", "fault"), FAULTS)
def test_faults_are_seen(function, fault):
    verdict = judged(function, (mg.ones(3),), {}, seconds=0.2)
    assert verdict.fault.find(fault) >= 0
    assert bool(verdict.fault) == bool(fault)


def test_a_switch_that_stays_is_seen():
    before = np.geterr()
    try:
        assert "NumPy's error state" in judged(switches, (1,), {}).fault
    finally:
        np.seterr(**before)


def test_the_receiver_of_a_method_in_place_may_change():
    assert not judged(changes, (mg.ones(3),), {}, changing=1).fault
    assert judged(changes_and_raises, (mg.ones(3),), {}, changing=1).fault


def test_words_of_numpy_are_no_words_of_ours():
    assert not fault_of(DTypeError("add got a dict; it takes tensors"))
    assert fault_of(DTypeError("ufunc 'add' did not contain a loop"))
    assert fault_of(TypeError("'NoneType' object is not subscriptable"))
    assert not fault_of(TypeError("add() missing 1 required positional argument: 'other'"))


def test_a_wrong_gradient_is_seen():
    x = mg.ones(3, requires_grad=True)
    assert not walked(x * 2, [x])
    y = x * 2
    y.register_hook(lambda gradient: gradient[:1])
    assert "backward" in walked(y, [x])


def test_drawn_arguments_are_the_same_each_time():
    first, second = (str(drawn(EVERY["minigrad.conv2d"], random.Random("5"), False)) for _ in range(2))
    assert first == second
    assert "input" in optional_names(mg.sort) or "dim" in optional_names(mg.sort)


def test_arrays_of_every_kind_are_drawn():
    rng = random.Random(0)
    arrays = [one for one in (changed_array(rng, np.ones((3, 4))) for _ in range(2500)) if isinstance(one, np.ndarray)]
    assert {one.dtype.name for one in arrays if is_supported(one)} == set(SUPPORTED)
    assert any(one.dtype.kind == "O" for one in arrays)
    assert {0, 1, 2, 3, 4, 5, 6} <= {one.ndim for one in arrays}
    for flag in ("c_contiguous", "f_contiguous", "writeable", "aligned"):
        assert {getattr(one.flags, flag) for one in arrays} == {True, False}
    assert any(step < 0 for one in arrays for step in one.strides)
    assert any(0 in one.strides for one in arrays)
    assert any(one.size == 0 for one in arrays)
    assert any(np.isnan(one).any() for one in arrays if one.dtype.kind == "f")
