"""Local connections without sharing."""

import numpy as np
import pytest

import minigrad as mg
from minigrad.autograd import gradcheck
from minigrad.errors import ArgumentError, DTypeError, ShapeError
from nn.notes import LocallyConnected2d
from nn.notes.functional import locally_connected2d
from tests.samples import normal


def test_derivatives_to_the_second_order():
    x, w, b = (mg.tensor(normal(*shape), requires_grad=True) for shape in ((2, 2, 4, 5), (3, 2, 2, 3, 3, 2), (3, 3, 2)))
    assert gradcheck(lambda x, w, b: locally_connected2d(x, w, b, (1, 2), ((0, 0), (0, 1))), (x, w, b), order=2)


def test_every_place_has_a_kernel_of_its_own():
    layer = LocallyConnected2d(2, 3, (2, 3), (4, 5), stride=(1, 2), padding=1).double()
    x = mg.tensor(normal(2, 2, 4, 5))
    w, b, y = layer.weight.detach().numpy(), layer.bias.detach().numpy(), layer(x).detach().numpy()
    padded = np.pad(x.numpy(), ((0, 0), (0, 0), (1, 1), (1, 1)))
    assert y.shape == (2, 3, *w.shape[4:]) == (2, 3, 5, 3)
    for r in range(5):
        for s in range(3):
            window = padded[:, :, r : r + 2, 2 * s : 2 * s + 3]
            expected = np.einsum("nckl,ockl->no", window, w[..., r, s]) + b[:, r, s]
            np.testing.assert_allclose(y[:, :, r, s], expected, rtol=1e-10)


def test_initial_values_by_the_fan_in():
    layer = LocallyConnected2d(4, 5, 5, 9)
    for parameter in layer.parameters():
        assert 0.09 < parameter.detach().abs().max().item() <= 0.1


def test_repr_and_one_image():
    layer = LocallyConnected2d(1, 2, 3, 5, bias=False)
    assert repr(layer) == (
        "LocallyConnected2d(1, 2, kernel_size=(3, 3), size=(5, 5), stride=(1, 1), padding=((0, 0), (0, 0)), bias=False)"
    )
    assert layer(mg.ones(1, 5, 5)).shape == (2, 3, 3)


def test_refusals():
    layer = LocallyConnected2d(1, 2, 3, 5)
    with pytest.raises(ShapeError, match=r"3×3 has 4×4 places there, so the weight must be \(2, 1, 3, 3, 4, 4\)"):
        layer(mg.ones(1, 1, 6, 6))
    with pytest.raises(ShapeError, match="another size"):
        layer(mg.ones(1, 2, 5, 5))
    with pytest.raises(ShapeError, match=r"needs \(O, C, kh, kw, oh, ow\)"):
        locally_connected2d(mg.ones(1, 5, 5), mg.ones(2, 1, 3, 3))
    with pytest.raises(ShapeError, match=r"bias of shape \(2,\); its maps have shape \(2, 3, 3\)"):
        locally_connected2d(mg.ones(1, 5, 5), mg.ones(2, 1, 3, 3, 3, 3), mg.ones(2))
    with pytest.raises(DTypeError, match="an input of float64 and a weight of float32"):
        layer(mg.ones(1, 1, 5, 5, dtype=mg.float64))
    with pytest.raises(ShapeError, match="kernel spans 6"):
        LocallyConnected2d(1, 1, 6, 5)
    with pytest.raises(ArgumentError, match="c_in=0"):
        LocallyConnected2d(0, 1, 3, 5)
