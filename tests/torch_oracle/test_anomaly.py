"""Anomaly mode and the warnings about mistakes where PyTorch has them too: the names, the switches, what raises."""

import inspect
import warnings

import pytest
import torch

import minigrad as mg
import nn

BOTH = [mg, torch]


@pytest.fixture(autouse=True)
def no_notice_of_slowness():
    """PyTorch says on every entry that anomaly mode is slow."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Anomaly Detection has been enabled", UserWarning)
        yield


@pytest.mark.parametrize("name", ["detect_anomaly", "set_detect_anomaly"])
def test_the_arguments_begin_as_pytorchs(name):
    ours, theirs = (inspect.signature(getattr(library.autograd, name)).parameters for library in BOTH)
    assert list(ours)[: len(theirs)] == list(theirs)
    assert [ours[word].default for word in theirs] == [theirs[word].default for word in theirs]


def states(library):
    """What the questions answer in blocks of every kind."""

    def answers():
        return library.is_anomaly_enabled(), library.is_anomaly_check_nan_enabled()

    found = [answers()]
    with library.autograd.detect_anomaly():
        found.append(answers())
        with library.autograd.detect_anomaly(check_nan=False):
            found.append(answers())
        with library.autograd.set_detect_anomaly(False):
            found.append(answers())
        found.append(answers())
    with library.autograd.set_detect_anomaly(True, check_nan=False):
        found.append(answers())
    found.append(answers())
    library.autograd.set_detect_anomaly(True)
    found.append(answers())
    library.autograd.set_detect_anomaly(False)
    return [*found, answers()]


def test_the_switches_answer_as_pytorchs():
    assert states(mg) == states(torch)


def backward(library, **options):
    """The root of a number cut off behind it: 0·∞, in the backward pass alone."""
    x = library.tensor([0.0, 4.0], requires_grad=True)
    with library.autograd.detect_anomaly(**options):
        library.where(library.tensor([False, True]), library.sqrt(x), library.tensor(0.0)).sum().backward()
    return x.grad


@pytest.mark.parametrize("library", BOTH, ids=["minigrad", "torch"])
def test_nan_of_the_backward_pass_raises(library):
    with pytest.raises(RuntimeError, match=r"(?i)sqrt.* nan"):
        backward(library)
    gradient = backward(library, check_nan=False)
    assert bool(library.isnan(gradient)[0])
    assert gradient[1].item() == 0.25


def test_infinities_raise_here_only_unless_they_are_let_through():
    for library, options in ((torch, {}), (mg, {"check_inf": False})):
        x = library.tensor([0.0], requires_grad=True)
        with library.autograd.detect_anomaly(**options):
            library.sqrt(x).sum().backward()
        assert x.grad.item() == float("inf")


@pytest.mark.parametrize("library", BOTH, ids=["minigrad", "torch"])
@pytest.mark.parametrize("mistake", ["grad of a computed tensor", "copy by tensor"])
def test_both_warn(library, mistake):
    y = library.ones(2, requires_grad=True) * 2
    with pytest.warns(UserWarning, match=r"grad|clone") as caught:
        assert y.grad is None if mistake.startswith("grad") else library.tensor(y).shape == (2,)
    assert caught[0].filename == __file__


SHAPES = [(1, 3), (2, 3), (1, 3, 1), (1, 3, 2), (2, 3, 1), (1, 3, 1, 1), (2, 3, 1, 1), (1, 3, 1, 2), (1, 3, 1, 1, 1),
          (2, 3, 1, 1, 1), (1, 3, 2, 1, 1)]  # fmt: skip


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize(
    ("kind", "shape"),
    # A map has an axis of space.
    [(kind, shape) for kind in ("BatchNorm", "InstanceNorm") for shape in SHAPES if kind == "BatchNorm" or shape[2:]],
    ids=str,
)
def test_one_value_to_take_the_variance_of(kind, shape, training):
    refused = []
    for library, layers in ((mg, nn), (torch, torch.nn)):
        layer = getattr(layers, f"{kind}{max(len(shape) - 2, 1)}d")(3).train(training)
        try:
            layer(library.ones(shape))
            refused.append(False)
        except ValueError:
            refused.append(True)
    assert refused[0] == refused[1]
