"""The two checkers, on systems that are known."""

import numpy as np
import pytest

import minigrad as mg
import nn
from minigrad import signal
from minigrad.errors import ArgumentError, DTypeError

KERNEL = mg.tensor([0.5, -1.0, 2.0])


def filtered(x):
    return mg.conv1d(x[None, None], KERNEL[None, None], padding="same")[0, 0]


def wrapped(x):
    return mg.conv1d(mg.pad(x, 1, "wrap")[None, None], KERNEL[None, None])[0, 0]


def backwards(x):
    return mg.flip(x)


@pytest.mark.parametrize(("system", "linear", "invariant"), [
    (filtered, True, True),
    (wrapped, True, True),
    (lambda x: x * x, False, True),
    (lambda x: x + 1, False, True),
    (lambda x: x.abs(), False, True),
    (lambda x: x * mg.arange(24.0), True, False),
    (backwards, True, False),
    (lambda x: mg.cumsum(x, 0)[:12], True, False),
    (lambda x: x / 0 * 0, False, False),
])  # fmt: skip
def test_known_systems(system, linear, invariant):
    assert signal.is_linear(system, 24) is linear
    assert signal.is_shift_invariant(system, 24) is invariant


def test_superposition_alone_is_not_enough_and_neither_is_scaling():
    def by_the_largest(x):  # homogeneous, not additive
        return x * (x.max() / x.abs().max())

    def rounded(x):  # scaling by random numbers and sums both fail
        return mg.round(x)

    assert not signal.is_linear(lambda x: x.abs() * x.sign().prod(), 5)
    assert not signal.is_linear(by_the_largest, 9)
    assert not signal.is_linear(rounded, 9)


def test_the_margin_decides_about_the_border():
    assert signal.is_shift_invariant(wrapped, 16, 5, margin=0)
    assert not signal.is_shift_invariant(filtered, 16, 1, margin=0)
    assert signal.is_shift_invariant(filtered, 16, -3, margin=4)
    assert not signal.is_shift_invariant(filtered, 16, 4, margin=3)


def test_short_signals_have_a_margin_too():
    for n in range(5, 12):
        assert signal.is_shift_invariant(filtered, n)
    assert not signal.is_shift_invariant(lambda x: x * mg.arange(3.0), 3)


def test_strides_move_the_output_by_whole_steps():
    def halved(x):
        return wrapped(x)[::2]

    assert not signal.is_shift_invariant(halved, 16, 1, margin=0)
    assert signal.is_shift_invariant(halved, 16, 4, stride=2, margin=0)


def test_layers_and_images():
    mg.manual_seed(0)
    conv = nn.Conv2d(2, 3, 3, padding=1, padding_mode="circular", bias=False)
    assert signal.is_linear(conv, (1, 2, 8, 9))
    assert signal.is_shift_invariant(conv, (1, 2, 8, 9), (1, -2), margin=0)
    assert not signal.is_linear(nn.Conv2d(2, 3, 3), (1, 2, 8, 9))
    assert not signal.is_shift_invariant(nn.Linear(8, 8), (1, 8), (1,))
    assert conv.weight.grad is None


def test_outputs_of_other_sizes():
    assert signal.is_shift_invariant(lambda x: mg.conv1d(x[None, None], KERNEL[None, None], padding=2)[0, 0], 20, 2)
    assert not signal.is_shift_invariant(lambda x: x.sum(), 20)
    sizes = iter([4, 5, 4, 5])
    assert not signal.is_linear(lambda x: x[: next(sizes)], 20)


def test_the_generator_and_the_dtype_are_those_given():
    seen = []
    for _ in range(2):
        generator = mg.Generator().manual_seed(3)
        signal.is_linear(lambda x: seen.append(x) or x, 4, dtype=mg.float64, generator=generator)
    assert all(one.dtype == mg.float64 for one in seen)
    assert [one.tolist() for one in seen[: len(seen) // 2]] == [one.tolist() for one in seen[len(seen) // 2 :]]
    state = mg.get_rng_state().tolist()
    assert signal.is_shift_invariant(lambda x: np.asarray(x) ** 2, 8, generator=mg.Generator())
    assert mg.get_rng_state().tolist() == state


def test_the_tolerance_is_relative():
    def nearly(x):
        return 1e6 * (x + 1e-3 * x * x)

    assert not signal.is_linear(nearly, 50)
    assert signal.is_linear(nearly, 50, tolerance=0.1)


@pytest.mark.parametrize(("call", "error", "text"), [
    (lambda: signal.is_linear(3, 8), DTypeError, "a function, or a layer"),
    (lambda: signal.is_linear(lambda x: x.tolist(), 8), DTypeError, "returned a list"),
    (lambda: signal.is_linear(abs, 8, dtype=int), DTypeError, "int"),
    (lambda: signal.is_linear(abs, 8, generator=3), DTypeError, "generator=3"),
    (lambda: signal.is_linear(abs, 0), ArgumentError, "at least 1"),
    (lambda: signal.is_shift_invariant(abs, 8, (1, 1)), ArgumentError, "an axis for each shift"),
    (lambda: signal.is_shift_invariant(abs, 8, 1, stride=2), ArgumentError, "a multiple of the stride"),
    (lambda: signal.is_shift_invariant(abs, 8, margin=4), ArgumentError, "nothing is left"),
    (lambda: signal.is_shift_invariant(abs, 8, 0), ArgumentError, "moves nothing"),
    (lambda: signal.is_shift_invariant(abs, (3, 8), (3, -8)), ArgumentError, "moves nothing"),
    (lambda: signal.is_shift_invariant(abs, 8, 0.5), DTypeError, "an integer"),
])  # fmt: skip
def test_mistakes(call, error, text):
    with pytest.raises(error, match=text):
        call()
