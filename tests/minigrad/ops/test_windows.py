"""unfold: against slices, added back where windows overlap, refusals."""

import numpy as np
import pytest

import minigrad as mg
from minigrad.autograd import grad
from minigrad.errors import ArgumentError, ShapeError


@pytest.mark.parametrize(("size", "step"), [(1, 1), (3, 1), (2, 2), (3, 2), (2, 3), (0, 2), (6, 1)])
def test_windows_are_slices(size, step):
    a = np.arange(18.0).reshape(3, 6)
    y = mg.tensor(a).unfold(1, size, step)
    expected = np.stack([a[:, k : k + size] for k in range(0, 6 - size + 1, step)], 1)
    assert np.array_equal(y.numpy(), expected)


def test_the_gradient_counts_the_windows():
    x = mg.zeros(6, requires_grad=True)
    (gradient,) = grad(x.unfold(0, 3, 2).sum(), x)
    assert gradient.tolist() == [1, 1, 2, 1, 1, 0]


def test_patches_make_a_convolution():
    x, w = mg.randn(2, 3, 6, 6), mg.randn(4, 3, 3, 3)
    patches = x.unfold(2, 3, 1).unfold(3, 3, 1)
    assert mg.allclose(mg.einsum("nchwij,ocij->nohw", patches, w), mg.conv2d(x, w), atol=1e-4)


def test_windows_share_memory_and_cannot_be_written():
    x = mg.zeros(4)
    y = x.unfold(0, 2, 1)
    x[1] = 5
    assert y.tolist() == [[0, 5], [5, 0], [0, 0]]
    with pytest.raises(ArgumentError, match="cannot be written"):
        y.add_(1)


@pytest.mark.parametrize(
    ("call", "kind", "text"),
    [
        (lambda: mg.ones(3).unfold(0, 4, 1), ShapeError, "windows of 4 elements do not fit an axis of size 3"),
        (lambda: mg.ones(3).unfold(0, 2, 0), ArgumentError, "step 0"),
        (lambda: mg.ones(3).unfold(0, -1, 1), ArgumentError, "size -1"),
        (lambda: mg.tensor(1.0).unfold(0, 2, 1), ShapeError, "axis of size 1"),
    ],
)
def test_refusals(call, kind, text):
    with pytest.raises(kind, match=text):
        call()
