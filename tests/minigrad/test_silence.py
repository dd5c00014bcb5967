"""Floating-point warnings are off inside, and as they were outside."""

import threading
import warnings
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar

import numpy as np
import pytest

import minigrad as mg
from minigrad import silence
from minigrad.silence import SILENT, SILENTLY, WARNINGS, silent

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


def test_what_the_user_chose_comes_back():
    with np.errstate(divide="raise", under="warn"):
        before = np.geterr()
        with silent():
            assert np.geterr() != before
        mg.tensor([1.0]) / 0
        assert np.geterr() == before
        with pytest.raises(FloatingPointError):
            np.divide(ONE, ZERO)


def test_a_function_of_arrays_runs_silently():
    assert np.isinf(SILENTLY.run(np.divide, ONE, ZERO)).all()
    assert loud()
    assert SILENTLY.run(WARNINGS.get) is SILENT
    with pytest.raises(ValueError, match="broadcast"):
        SILENTLY.run(np.add, np.ones(2), np.ones(3))
    assert loud()


def test_each_thread_has_a_context_of_its_own():
    inside, done = threading.Barrier(4), []

    def work():
        SILENTLY.run(inside.wait, 10)  # four threads are inside at a time
        done.append(loud())

    with ThreadPoolExecutor(4) as pool:
        for future in [pool.submit(work) for _ in range(4)]:
            future.result()
    assert done == [True] * 4


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
    assert np.isinf(silence.Silence().run(np.divide, ONE, ZERO)).all()
    assert loud()


def test_the_setting_is_found():
    variable, setting = silence.found()
    assert variable is WARNINGS
    assert (setting is SILENT) is False, "each block of NumPy's builds its own"
    assert silence.KNOWN is not None
