"""unfold and fold: shapes with and without a batch; the arithmetic is the engine's."""

import pytest

import minigrad as mg
import nn.functional as F
from minigrad.errors import ArgumentError, ShapeError


def test_unfold_is_im2col_in_pytorchs_order_of_arguments():
    x = mg.randn(2, 3, 6, 7)
    columns = F.unfold(x, (2, 3), (1, 2), (1, 0), (2, 1))
    assert mg.equal(columns, mg.im2col(x, (2, 3), stride=(2, 1), padding=(1, 0), dilation=(1, 2)))
    assert mg.equal(F.unfold(x[0], (2, 3), (1, 2), (1, 0), (2, 1)), columns[0])
    assert F.unfold(x, kernel_size=(2, 3), dilation=2, padding=1, stride=3).shape == (2, 18, 4)


def test_fold_is_col2im_in_pytorchs_order_of_arguments():
    columns = mg.randn(2, 12, 12)
    y = F.fold(columns, (4, 5), 2)
    assert mg.equal(y, mg.col2im(columns, (4, 5), 2))
    assert mg.equal(F.fold(columns[0], (4, 5), 2), y[0])
    wide = mg.randn(1, 4, 6)
    assert mg.equal(
        F.fold(wide, (4, 5), 2, 2, 1, (3, 2)), mg.col2im(wide, (4, 5), 2, stride=(3, 2), padding=1, dilation=2)
    )


@pytest.mark.parametrize("axes", [1, 2, 3])
def test_as_many_axes_as_the_kernel_has_entries(axes):
    x = mg.randn(2, 3, *(4, 5, 6)[:axes])
    columns = F.unfold(x, (2,) * axes)
    assert columns.shape[:2] == (2, 3 * 2**axes)
    counts = F.fold(F.unfold(mg.ones(x.shape), (2,) * axes), x.shape[2:], (2,) * axes)
    assert mg.allclose(F.fold(columns, x.shape[2:], (2,) * axes), x * counts, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: F.unfold(mg.ones(4, 4), 2), ShapeError, r"\(4, 4\).*needs 4 axes.*or 3"),
        (lambda: F.unfold(mg.ones(1, 1, 1, 4, 4), 2), ShapeError, "needs 4 axes"),
        (lambda: F.unfold(mg.ones(1, 1, 4, 4), (2,)), ShapeError, "needs 3 axes.*or 2"),
        (lambda: F.unfold(mg.ones(1, 1, 4, 4), 2, stride=0), ArgumentError, "stride=0"),
        (lambda: F.unfold(mg.ones(1, 1, 4, 4), 2, padding=-1), ArgumentError, "padding=-1"),
        (lambda: F.fold(mg.ones(4), 2, 2), ShapeError, r"\(4,\)"),
        (lambda: F.fold(mg.ones(1, 1, 4, 4), 2, 2), ShapeError, r"\(1, 1, 4, 4\)"),
        (lambda: F.fold(mg.ones(12, 21), (5, 6), 2), ShapeError, "4 · 5 = 20 places.*it has 21"),
        (lambda: F.fold(mg.ones(13, 20), (5, 6), 2), ShapeError, "13 is no multiple"),
    ],
)
def test_refusals(call, error, message):
    with pytest.raises(error, match=message):
        call()
