"""Matrix products in all of NumPy's shapes, their gradients, and what is refused."""

import numpy as np
import pytest

import minigrad as mg
from minigrad.autograd import grad, gradcheck
from minigrad.errors import DTypeError, ShapeError
from tests.strategies import given, hnp, seeds, settings, st, whole_numbers

# Vectors, matrices and stacks that fit together, sizes from 0 on; the result's shape comes too.
factors = hnp.mutually_broadcastable_shapes(signature=np.matmul.signature, max_dims=2, min_side=0, max_side=3)


@settings(max_examples=300)
@given(factors, seeds)
def test_matmul_is_numpys_in_every_shape(shapes, seed):
    a, b = whole_numbers(seed, *shapes.input_shapes)
    y = mg.matmul(a, b)
    assert y.shape == shapes.result_shape
    assert np.array_equal(y.numpy(), np.matmul(a, b))
    assert mg.equal(mg.from_numpy(a) @ mg.from_numpy(b), y)


@settings(max_examples=150)
@given(factors, seeds)
def test_the_gradients_are_the_sums_over_what_each_element_met(shapes, seed):
    """⟨Ȳ, A·B⟩ is linear in A and in B: its coefficients are the gradients."""
    a, b, g = whole_numbers(seed, *shapes.input_shapes, shapes.result_shape)
    left, right = mg.from_numpy(a).requires_grad_(), mg.from_numpy(b).requires_grad_()
    by_left, by_right = grad(mg.matmul(left, right), [left, right], mg.from_numpy(g))
    assert by_left.shape == a.shape
    assert by_right.shape == b.shape
    for position in np.ndindex(*a.shape):
        unit = np.zeros(a.shape)
        unit[position] = 1
        assert by_left[position].item() == np.vdot(g, np.matmul(unit, b))
    for position in np.ndindex(*b.shape):
        unit = np.zeros(b.shape)
        unit[position] = 1
        assert by_right[position].item() == np.vdot(g, np.matmul(a, unit))


@settings(max_examples=40)
@given(factors)
def test_matmul_gradchecks_to_second_order(shapes):
    a, b = (mg.randn(shape, dtype=mg.float64, requires_grad=True) for shape in shapes.input_shapes)
    assert gradcheck(mg.matmul, [a, b], order=2)


def test_N110_the_weight_gradient_of_a_dense_layer():
    """Y = X·Wᵀ: W̄ = Ȳᵀ·X and X̄ = Ȳ·W (N109)."""
    x, w, g = (mg.randn(*shape, dtype=mg.float64) for shape in [(5, 3), (2, 3), (5, 2)])
    w.requires_grad_()
    x.requires_grad_()
    by_w, by_x = grad(x @ w.T, [w, x], g)
    assert mg.allclose(by_w, g.T @ x.detach(), rtol=1e-14)
    assert mg.allclose(by_x, g @ w.detach(), rtol=1e-14)


def test_products_by_rank():
    a, b = mg.from_numpy(np.arange(6.0).reshape(2, 3)), mg.from_numpy(np.arange(12.0).reshape(3, 4))
    v = mg.from_numpy(np.arange(3.0))
    assert np.array_equal(mg.mm(a, b).numpy(), np.arange(6).reshape(2, 3) @ np.arange(12).reshape(3, 4))
    assert mg.mv(a, v).tolist() == [5, 14]
    assert mg.dot(v, v).item() == 5
    stacks = mg.randn(2, 3, 4), mg.randn(2, 4, 5)
    assert mg.equal(mg.bmm(*stacks)[1], mg.mm(stacks[0][1], stacks[1][1]))


@settings(max_examples=40)
@given(hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=3), st.integers(0, 3), st.integers(0, 3), seeds)
def test_N94_linear_is_a_product_and_a_bias(lead, features, out, seed):
    x, w, b = whole_numbers(seed, (*lead, features), (out, features), (out,))
    assert np.array_equal(mg.linear(x, w, b).numpy(), x @ w.T + b)
    assert np.array_equal(mg.linear(x, w).numpy(), x @ w.T)


def test_linear_gradchecks_to_second_order():
    x, w, b = (mg.randn(*shape, dtype=mg.float64, requires_grad=True) for shape in [(2, 4, 3), (2, 3), (2,)])
    assert gradcheck(mg.linear, [x, w, b], order=2)
    assert mg.linear(x, w[0], b[0]).shape == (2, 4), "one output, without an axis"


@pytest.mark.parametrize(
    ("x", "w", "message"),
    [
        ((5, 3), (2, 4), r"linear got an input of shape \(5, 3\); its last axis must have 4 features, like \(2, 4\)'s"),
        ((5, 3), (2, 4), r"Make the layer Linear\(3, …\)"),
        ((5, 16, 5, 5), (2, 400), r"Flattened from axis 1 on it has: put nn\.Flatten\(1\) before the layer"),
        ((16, 5, 5), (2, 400), r"All its elements together are 400: is the batch axis missing\? Then use x\.unsqueeze"),
        ((800,), (2, 400), r"Was the batch axis flattened too\? Flatten\(\) keeps it, Flatten\(0\) does not"),
        ((2, 3, 5), (2, 4), r"Is a Flatten\(\) missing before it\? Then the layer is Linear\(15, …\)"),
        ((), (2, 4), r"linear got an input of shape \(\); its last axis must have 4 features"),
        ((3,), (2, 0), r"its last axis must have 0 features"),
        ((5, 4), (2, 3, 4), r"linear got a weight of shape \(2, 3, 4\); it needs \(out, in\)"),
    ],
)
def test_inputs_of_another_number_of_features_are_refused(x, w, message):
    with pytest.raises(ShapeError, match=message):
        mg.linear(mg.ones(x), mg.ones(w))


@pytest.mark.parametrize("shape", [(3,), (2, 1), (1, 1, 2)])
def test_a_bias_of_another_shape_is_refused(shape):
    with pytest.raises(
        ShapeError, match=r"linear got a bias of shape .* with a weight of shape \(2, 4\); it needs \(2,\)"
    ):
        mg.linear(mg.ones(5, 4), mg.ones(2, 4), mg.ones(shape))


def test_integers_multiply_exactly():
    x = mg.tensor([[2**40, 1], [1, 1]])
    assert (x @ x).tolist() == [[2**80 % 2**64 + 1, 2**40 + 1], [2**40 + 1, 2]]


def test_float32_stays_float32():
    assert (mg.ones(2, 3) @ mg.ones(3, 2)).dtype == np.float32
    assert (mg.ones(2, 3, dtype=mg.float16) @ mg.ones(3, dtype=mg.float16)).dtype == np.float16


@pytest.mark.parametrize(
    ("action", "message"),
    [
        (lambda: mg.ones(2, 3) @ mg.ones(2, 3), r"matmul of shapes \(2, 3\) and \(2, 3\): the last axis of the"),
        (lambda: mg.ones(2, 3) @ mg.ones(2, 3), r"has size 3, the second-last axis of the second 2; they are summed"),
        (lambda: mg.ones(2, 3) @ mg.ones(2), r"size 3, the only axis of the second 2"),
        (lambda: mg.ones(2) @ mg.ones(3, 2), r"the last axis of the first has size 2"),
        (lambda: mg.ones(2, 2) @ mg.tensor(1.0), r"a 0-d tensor has no axis to sum over; use \* instead"),
        (lambda: mg.ones(2, 2, 2) @ mg.ones(3, 2, 2), r"matmul of stacks of shapes \(2,\) and \(3,\)"),
        (lambda: mg.mm(mg.ones(2), mg.ones(2, 2)), r"mm got a tensor of shape \(2,\) where one with 2 axes belongs"),
        (lambda: mg.mv(mg.ones(2, 2), mg.ones(2, 2)), r"mv got a tensor of shape \(2, 2\) where one with 1 axes"),
        (lambda: mg.dot(mg.ones(2, 2), mg.ones(2)), r"dot got a tensor of shape \(2, 2\)"),
        (lambda: mg.bmm(mg.ones(1, 2, 2), mg.ones(3, 2, 2)), r"bmm of stacks of 1 and 3 matrices; both need as many"),
        (lambda: mg.bmm(mg.ones(2, 2), mg.ones(3, 2, 2)), r"bmm got a tensor of shape \(2, 2\)"),
    ],
)  # fmt: skip
def test_shapes_that_do_not_fit_are_refused(action, message):
    with pytest.raises(ShapeError, match=message):
        action()


def test_mixed_dtypes_are_refused_and_the_conversion_named():
    with pytest.raises(DTypeError, match=r"matmul .*float32.*float64.*do not promote.*\.to\(mg\.float64\)"):
        mg.ones(2, 2) @ mg.ones(2, 2, dtype=mg.float64)
    with pytest.raises(DTypeError, match=r"matmul .*float32.*int64"):
        mg.ones(2, 2) @ mg.ones(2, 2, dtype=mg.int64)
