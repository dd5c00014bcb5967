"""Floating-point warnings are off inside, and as they were outside."""

import threading
import warnings
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar

import numpy as np
import pytest

import minigrad as mg
from minigrad import silence
from minigrad.silence import SILENT, WARNINGS, hush, silent, speak

ONE, ZERO = np.ones(1, np.float32), np.zeros(1, np.float32)
MINE = ContextVar("mine", default="nobody's")


def loud():
    """Whether a division by zero warns."""
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        np.divide(ONE, ZERO)
    return bool(seen)


def test_a_block_is_silent_and_the_rest_is_not():
    assert loud()
    with silent():
        assert not loud()
        with silent():
            assert not loud()
        assert not loud()
    assert loud()
    with pytest.raises(KeyError), silent():
        raise KeyError
    assert loud()


def test_the_setting_is_that_of_errstate():
    with silent():
        assert np.geterr() == dict.fromkeys(("divide", "over", "under", "invalid"), "ignore")
    with np.errstate(all="ignore"):
        assert not loud()


def test_the_buffer_of_ufuncs_is_small_inside_and_as_it_was_outside():
    with np.errstate():
        np.setbufsize(4096)
        with silent():
            assert np.getbufsize() == silence.BUFFER
        assert np.getbufsize() == 4096
    assert np.getbufsize() != silence.BUFFER


def test_what_the_user_chose_comes_back():
    with np.errstate(divide="raise", under="warn"):
        before = np.geterr()
        with silent():
            assert np.geterr() != before
        mg.tensor([1.0]) / 0
        assert np.geterr() == before
        with pytest.raises(FloatingPointError):
            np.divide(ONE, ZERO)


def test_two_calls_are_a_block():
    token = hush()
    assert not loud()
    speak(token)
    assert loud()


def test_each_thread_is_silent_by_itself():
    inside, done = threading.Barrier(4), []

    def work():
        token = hush()
        inside.wait(10)  # four threads are inside at a time
        speak(token)
        done.append(loud())

    with ThreadPoolExecutor(4) as pool:
        for future in [pool.submit(work) for _ in range(4)]:
            future.result()
    assert done == [True] * 4


def test_what_interrupts_a_forward_sees_the_context_of_its_caller(monkeypatch):
    """As the handler of a signal does, wherever it comes."""
    seen = []

    def interrupted(x):
        y = mg.tensor([1.0], requires_grad=True) * 2  # may itself silence warnings
        seen.append((MINE.get(), y.requires_grad))
        return np.exp(x)

    monkeypatch.setattr(mg.primitives()["log"], "forward", interrupted)
    token = MINE.set("mine")
    try:
        with mg.no_grad():
            mg.primitives()["log"](mg.ones(1))
    finally:
        MINE.reset(token)
    assert seen == [("mine", False)]
    assert loud()


def test_a_users_forward_keeps_the_context_of_its_caller():
    seen = []

    @mg.primitive("y = x")
    def look(x):
        seen.append((MINE.get(), loud()))
        return x + 1

    token = MINE.set("mine")
    try:
        look(mg.ones(1))
    finally:
        MINE.reset(token)
    assert seen == [("mine", False)]


def test_a_numpy_that_keeps_its_setting_elsewhere(monkeypatch):
    monkeypatch.setattr(silence, "KNOWN", None)
    with silent():
        assert not loud()
    assert loud()
    block = silence._entered()
    assert not loud()
    silence._left(block)
    assert loud()


def test_the_setting_is_found():
    variable, setting = silence.found()
    assert variable is WARNINGS
    assert (setting is SILENT) is False, "each block of NumPy's builds its own"
    assert silence.KNOWN is not None
