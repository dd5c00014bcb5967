"""Metrics against the same figures from PyTorch's functions."""

import math

import numpy as np
import pytest
import torch

from minigrad import metrics

RNG = np.random.default_rng(0)


@pytest.mark.parametrize(("k", "special"), [(1, math.inf), *((k, math.nan) for k in (1, 2, 5)), (3, -math.inf)])
def test_accuracy_is_that_of_topk(k, special):
    scores = RNG.permutation(200 * 7).reshape(200, 7).astype(np.float32)  # without ties
    scores[::3, 2] = special
    target = RNG.integers(0, 7, 200)
    first = torch.topk(torch.from_numpy(scores), k, dim=1).indices
    expected = (first == torch.from_numpy(target)[:, None]).any(1).double().mean().item()
    assert metrics.accuracy(scores, target, top_k=k) == pytest.approx(expected, abs=1e-12)


def test_confusions_are_counts_of_pairs():
    preds, target = RNG.integers(0, 6, (2, 300))
    expected = torch.bincount(torch.from_numpy(target * 6 + preds), minlength=36).reshape(6, 6)
    assert metrics.confusion_matrix(preds, target, 6).tolist() == expected.tolist()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_errors_are_those_of_the_loss(dtype):
    a, b = RNG.normal(size=(2, 30, 5)).astype(dtype)
    error = torch.nn.functional.mse_loss(torch.from_numpy(a).double(), torch.from_numpy(b).double()).item()
    assert metrics.mean_squared_error(a, b) == pytest.approx(error, rel=1e-12)
    assert metrics.peak_signal_noise_ratio(a, b, 2.0) == pytest.approx(-10 * math.log10(error / 4), rel=1e-12)
