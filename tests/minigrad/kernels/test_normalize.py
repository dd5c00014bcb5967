"""Standardising in slices against its formula on whole arrays."""

import numpy as np
import pytest

from minigrad.kernels import normalize, threads

RNG = np.random.default_rng(7)


@pytest.mark.parametrize("piece", [1, 50, 1 << 15])
@pytest.mark.parametrize("axes", [(0, 2), (1, 2), (0,), (0, 1, 2)])
@pytest.mark.parametrize(("far", "row", "long"), [(16, 512, 2048), (-1, 512, 2048), (16, 2, 2), (-1, 1, 16)])
def test_slices_change_nothing(axes, piece, far, row, long, monkeypatch):
    for name, value in {"PIECE": piece, "FAR": far, "ROW": row, "LONG": long}.items():
        monkeypatch.setattr(normalize, name, value)
    x, g, w = (RNG.standard_normal((6, 5, 7)) for _ in range(3))
    for gain in (w, w[:1, :, :1], w[:1, :1, :1]):
        y, mean, var = normalize.standardize(x, gain, gain + 1, axes, 0.1)
        level = x.mean(axes, keepdims=True)
        spread = ((x - level) ** 2).mean(axes, keepdims=True)
        z = (x - level) / np.sqrt(spread + 0.1)
        np.testing.assert_allclose(y, gain * z + gain + 1, rtol=1e-10, atol=1e-12)
        np.testing.assert_allclose(mean, level, rtol=1e-10, atol=1e-14)
        np.testing.assert_allclose(var, spread, rtol=1e-10)
        h = g * gain
        expected = h - h.mean(axes, keepdims=True) - z * (h * z).mean(axes, keepdims=True)
        found = normalize.standardize_vjp(g, x, mean, var, gain, axes, 0.1)
        np.testing.assert_allclose(found, expected / np.sqrt(spread + 0.1), rtol=1e-9, atol=1e-12)
        summed = tuple(axis for axis, size in enumerate(gain.shape) if size == 1)
        found = normalize.standardize_weight(g, x, mean, var, gain.shape, 0.1)
        np.testing.assert_allclose(found, (g * z).sum(summed, keepdims=True), rtol=1e-9, atol=1e-12)
        together = normalize.standardize_vjps(g, x, mean, var, gain, gain.shape, axes, 0.1)
        assert (together is None) == any(gain.shape[axis] != 1 for axis in axes)
        if together is not None:
            expected = expected / np.sqrt(spread + 0.1), found, g.sum(summed, keepdims=True)
            for one, other in zip(together, expected, strict=True):
                np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("axes", [(0, 2), (0,), (1, 2)])
def test_means_may_be_small_or_large(axes, dtype):
    """Whichever number is subtracted first, nothing of more than a few roundings is lost."""
    for level in (0, 1, 3.9, 4.1, 100, 1e4):
        x = (RNG.standard_normal((40, 6, 50)) + level).astype(dtype)
        g = RNG.standard_normal(x.shape).astype(dtype)
        w = np.ones((), dtype)
        exact = normalize.standardize(*(one.astype(np.longdouble).astype(np.float64) for one in (x, w, w)), axes, 1e-5)
        y, mean, var = normalize.standardize(x, w, w, axes, 1e-5)
        rounding = 4 * np.finfo(dtype).eps * max(level, 4)
        assert np.abs(y - exact[0]).max() < rounding
        np.testing.assert_allclose(var, exact[2], rtol=100 * np.finfo(dtype).eps)
        slope = normalize.standardize_vjp(g, x, mean, var, w, axes, 1e-5)
        expected = normalize.standardize_vjp(*(one.astype(np.float64) for one in (g, x, *exact[1:], w)), axes, 1e-5)
        assert np.abs(slope - expected).max() < rounding


@pytest.mark.parametrize("value", [1e20, -1e20, np.inf, np.nan])
def test_squares_that_are_too_large_harm_nobody_else(value):
    x = RNG.standard_normal((200, 3)).astype(np.float32)
    x[:, 1] = value
    with np.errstate(all="ignore"):
        y, mean, var = normalize.standardize(x, np.ones(3, np.float32), np.zeros(3, np.float32), (0,), 1e-5)
    np.testing.assert_allclose(var[0, [0, 2]], x[:, [0, 2]].astype(float).var(0), rtol=1e-6)
    assert np.isfinite(y[:, [0, 2]]).all()
    if np.isfinite(value):
        assert (mean[0, 1], var[0, 1]) == (np.float32(value), 0)


@pytest.mark.parametrize("shape", [(12, 3, 50), (40, 120)])
def test_any_number_of_threads_gives_the_same_bits(shape, monkeypatch):
    monkeypatch.setattr(normalize, "PIECE", 100)
    monkeypatch.setattr(normalize, "LARGE", 1)
    x, g = (RNG.standard_normal(shape).astype(np.float32) for _ in range(2))
    w = RNG.standard_normal((shape[1], *(1,) * (len(shape) - 2))).astype(np.float32)
    axes, found = (0, *range(2, len(shape))), []
    before = threads.sharing()
    try:
        for number in (1, 2, 3):
            threads.share(number)
            y, mean, var = normalize.standardize(x, w, w, axes, 1e-5)
            gradients = normalize.standardize_vjps(g, x, mean, var, w, w.shape, axes, 1e-5)
            found.append([one.tobytes() for one in (y, mean, var, *gradients)])
    finally:
        threads.share(before)
    assert found[0] == found[1] == found[2]
