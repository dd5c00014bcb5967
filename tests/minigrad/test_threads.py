"""`set_num_threads`: consent to threads, and BLAS at one of its own meanwhile."""

import importlib
import sys
import types

import numpy as np
import pytest

import minigrad as mg
from minigrad import threads
from minigrad.errors import ArgumentError, DTypeError, MissingPackageError
from minigrad.kernels import threads as kernels


class Limits:
    """What threadpoolctl's function of that name does, written down."""

    def __init__(self, told):
        self.told = told

    def threadpool_limits(self, limits, user_api):
        self.told.append((limits, user_api))
        return self

    def restore_original_limits(self):
        self.told.append("restored")


@pytest.fixture
def told(monkeypatch):
    """A stand-in for threadpoolctl, and what it was told."""
    said = []
    limits = Limits(said)
    module = types.ModuleType("threadpoolctl")
    module.threadpool_limits = limits.threadpool_limits
    monkeypatch.setitem(sys.modules, "threadpoolctl", module)
    yield said
    mg.set_num_threads(None)


@pytest.fixture
def without(monkeypatch):
    """No threadpoolctl, and no word in the environment."""
    real = importlib.import_module

    def missing(name, *rest):
        if name == "threadpoolctl":
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.setattr(threads.importlib, "import_module", missing)
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
        monkeypatch.delenv(name, raising=False)


def test_blas_gets_one_thread_and_its_own_number_back(told):
    mg.set_num_threads(2)
    assert mg.get_num_threads() == 2
    mg.set_num_threads(3)
    assert mg.get_num_threads() == 3
    mg.set_num_threads(None)
    assert mg.get_num_threads() == 1
    mg.set_num_threads(None)
    assert told == [(1, "blas"), "restored"]


def test_refused_without_the_package_and_nothing_changes(without):
    with pytest.raises(MissingPackageError, match=r"needs the package threadpoolctl.*pip install threadpoolctl"):
        mg.set_num_threads(2)
    assert mg.get_num_threads() == 1
    mg.set_num_threads(None)


@pytest.mark.parametrize("name", ["OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"])
def test_blas_that_was_started_with_one_thread_needs_no_package(without, monkeypatch, name):
    monkeypatch.setenv(name, "1")
    mg.set_num_threads(2)
    assert mg.get_num_threads() == 2
    mg.set_num_threads(None)
    assert mg.get_num_threads() == 1


@pytest.mark.parametrize("threads", [0, -1, 1025])
def test_refused_numbers(threads):
    with pytest.raises(ArgumentError, match=rf"set_num_threads\({threads}\): .* from 1 to 1024, or None"):
        mg.set_num_threads(threads)


def test_refused_kinds():
    with pytest.raises(DTypeError, match="set_num_threads"):
        mg.set_num_threads("two")


@pytest.mark.parametrize("transposed", [False, True])
@pytest.mark.parametrize("axes", [1, 2, 3])
def test_shared_convolutions_agree_and_repeat_to_the_last_bit(told, monkeypatch, axes, transposed):
    monkeypatch.setattr(kernels, "_LARGE", 0)
    generator = np.random.default_rng(axes)
    x = mg.tensor(generator.standard_normal((2, 4, 9, 8, 7)[: axes + 2]), requires_grad=True)
    w = mg.tensor(generator.standard_normal((4, 2, 3, 2, 2)[: axes + 2]), requires_grad=True)
    b = mg.tensor(generator.standard_normal(4), requires_grad=True)
    convolution = getattr(mg, f"conv_transpose{axes}d" if transposed else f"conv{axes}d")

    def results():
        y = convolution(x, w, b, stride=2, padding=1, groups=2)
        return [one.numpy() for one in (y.detach(), *mg.autograd.grad(y.square().sum(), [x, w, b]))]

    alone = results()
    mg.set_num_threads(3)
    shared, again = results(), results()
    for one, two, three in zip(alone, shared, again):
        np.testing.assert_allclose(two, one, rtol=1e-12, atol=1e-12)
        assert two.tobytes() == three.tobytes()
