"""Medians, quantiles, counts and pairs: NumPy's values, shared gradients, refusals."""

import numpy as np
import pytest

import minigrad as mg
from minigrad.autograd import grad, gradcheck
from minigrad.errors import ArgumentError, DTypeError, IndexOutOfRangeError, ShapeError

A = np.random.default_rng(1).standard_normal((4, 5))
X = mg.tensor(A)


def test_values_are_numpys():
    for method in ("linear", "lower", "higher", "nearest", "midpoint"):
        for q in (0.0, 0.3, 0.5, 1.0):
            found = mg.quantile(X, q, 1, interpolation=method).numpy()
            assert np.allclose(found, np.quantile(A, q, 1, method=method), 1e-12)
    assert mg.quantile(X, mg.tensor([0.1, 0.9], dtype=mg.float64), 0, True).shape == (2, 1, 5)
    assert np.allclose(mg.nansum(mg.where(X > 0, X, mg.nan), 0).numpy(), np.where(A > 0, A, 0).sum(0))
    assert mg.count_nonzero(X > 0, (0, 1)).item() == (A > 0).sum()
    variance, mean = mg.var_mean(X, 0)
    assert np.allclose(variance.numpy(), A.var(0, ddof=1))
    assert np.allclose(mean.numpy(), A.mean(0))
    assert mg.std_mean(X)[0].item() == pytest.approx(A.std(ddof=1))
    counts = mg.histc(X, 6, -2, 2).tolist()
    assert counts == np.histogram(A, 6, (-2, 2))[0].tolist()


def test_the_lower_of_two_in_the_middle():
    assert mg.median(mg.tensor([4, 1, 3, 2])).item() == 2
    assert mg.median(mg.tensor([[4, 1], [3, 2]]), 1).indices.tolist() == [1, 1]
    assert np.isnan(mg.median(mg.tensor([1.0, mg.nan])).item())
    assert mg.nanmedian(mg.tensor([3.0, mg.nan, 1.0])).item() == 1


def test_equal_elements_share_the_gradient_of_the_median_of_all():
    x = mg.tensor([2.0, 2.0, 1.0, 5.0, 2.0], requires_grad=True)
    (gradient,) = grad(mg.median(x), x)
    assert np.allclose(gradient.numpy(), [1 / 3, 1 / 3, 0, 0, 1 / 3])
    smallest, largest = mg.aminmax(x)
    (gradient,) = grad(smallest + 10 * largest, x)
    assert gradient.tolist() == [0, 0, 1, 10, 0]


def test_gradients():
    leaf = mg.tensor(A, requires_grad=True)
    for call in (
        lambda x: mg.median(x, 1).values, lambda x: mg.quantile(x, 0.3, 0), lambda x: mg.var_mean(x, 1),
        lambda x: mg.nanmean(x, 0), lambda x: mg.mode(x, 1).values, lambda x: mg.nanquantile(x, 0.7),
    ):  # fmt: skip
        assert gradcheck(call, [leaf], order=2)


def test_counts():
    assert mg.bincount(mg.tensor([1, 3, 1]), minlength=6).tolist() == [0, 2, 0, 1, 0, 0]
    assert mg.bincount(mg.tensor([1, 1]), mg.tensor([0.5, 2.0])).tolist() == [0, 2.5]
    assert mg.histc(mg.tensor([1.0, 1.0]), 2).tolist() == [0, 2]
    confusion = mg.bincount(mg.tensor([0, 1, 1]) * 2 + mg.tensor([0, 1, 0]), minlength=4).reshape(2, 2)
    assert confusion.tolist() == [[1, 0], [1, 1]]


@pytest.mark.parametrize(
    ("call", "kind", "text"),
    [
        (lambda: mg.median(mg.zeros(0, 2), 0), IndexOutOfRangeError, "none in the middle"),
        (lambda: mg.mode(mg.zeros(2, 0)), IndexOutOfRangeError, "none is the most frequent"),
        (lambda: mg.quantile(X, 1.5), ArgumentError, r"q=1\.5"),
        (lambda: mg.quantile(X, 0.5, interpolation="cubic"), ArgumentError, "'cubic'; it is one of linear"),
        (lambda: mg.quantile(X, mg.tensor([0.5])), DTypeError, r"q\.to\(mg\.float64\)"),
        (lambda: mg.quantile(mg.zeros(0), 0.5), ShapeError, "none to pick"),
        (lambda: mg.quantile(mg.arange(3), 0.5), DTypeError, "quantile of a tensor of int64"),
        (lambda: mg.bincount(mg.tensor([-1])), ArgumentError, "elements from -1"),
        (lambda: mg.bincount(mg.ones(2)), DTypeError, "counts integers"),
        (lambda: mg.bincount(mg.arange(4).reshape(2, 2)), ShapeError, "takes a vector"),
        (lambda: mg.bincount(mg.arange(2), mg.ones(3)), ShapeError, "one for each"),
        (lambda: mg.histc(X, 0), ArgumentError, "0 bins"),
        (lambda: mg.histc(X, 3, 2, 1), ArgumentError, "from 2.0 to 1.0"),
    ],
)
def test_refusals(call, kind, text):
    with pytest.raises(kind, match=text):
        call()
