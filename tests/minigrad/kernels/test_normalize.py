"""Standardising in slices against its formula on whole arrays."""

import numpy as np
import pytest

from minigrad.kernels import normalize

RNG = np.random.default_rng(7)


@pytest.mark.parametrize("piece", [1, 50, 1 << 15])
@pytest.mark.parametrize("axes", [(0, 2), (1, 2), (0,), (0, 1, 2)])
def test_slices_change_nothing(axes, piece, monkeypatch):
    monkeypatch.setattr(normalize, "PIECE", piece)
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
