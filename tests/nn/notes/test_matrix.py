"""Kernels as a matrix."""

import numpy as np
import pytest

import minigrad as mg
from minigrad.errors import ShapeError
from nn.notes import KernelMatrix
from tests.samples import normal

W = mg.tensor(normal(3, 2, 2, 3), requires_grad=True)


def test_parts():
    K = KernelMatrix(W)
    assert K.weight is W
    assert (K.shape, K.kernel_size) == ((3, 2), (2, 3))
    assert K[2, 1].tolist() == W[2, 1].tolist()
    assert repr(K) == "KernelMatrix(3, 2, kernel_size=(2, 3))"
    assert KernelMatrix(normal(1, 1, 2, 2)).shape == (1, 1)  # an array will do


def test_transposed_twice_is_the_matrix():
    K = KernelMatrix(W)
    assert K.T.shape == (2, 3)
    assert K.T[1, 2].tolist() == K[2, 1].tolist()
    assert K.T.T.weight.tolist() == W.tolist()


def test_gradients_reach_the_weight():
    x = mg.tensor(normal(2, 4, 5))
    (KernelMatrix(W) @ x).sum().backward()
    assert W.grad.shape == W.shape
    np.testing.assert_allclose(W.grad[0, 1].numpy(), W.grad[2, 1].numpy())
    W.grad = None


def test_batches_and_full_convolution():
    K, x = KernelMatrix(W), mg.tensor(normal(5, 2, 4, 5))
    assert (K @ x).shape == (5, 3, 3, 3)
    assert K.full_convolve(x).shape == (5, 3, 5, 7)
    np.testing.assert_allclose((K @ x)[1].detach().numpy(), (K @ x[1]).detach().numpy(), rtol=1e-12)


def test_refusals():
    with pytest.raises(ShapeError, match=r"KernelMatrix got a weight of shape \(2, 2\).*w\[None, None\]"):
        KernelMatrix(mg.ones(2, 2))
    with pytest.raises(ShapeError, match="weight reads 2 channels, the input has 3"):
        KernelMatrix(W.detach().float()) @ mg.ones(3, 4, 4)
