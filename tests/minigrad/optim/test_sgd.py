"""SGD against its formula, written out on numbers."""

import itertools

import numpy as np
import pytest

import minigrad as mg
from minigrad.errors import AnomalyError, ArgumentError, StateDictError
from minigrad.optim import SGD

OPTIONS = [
    {
        "lr": lr,
        "momentum": momentum,
        "dampening": dampening,
        "weight_decay": decay,
        "nesterov": nesterov,
        "maximize": maximize,
    }
    for lr, momentum, dampening, decay, nesterov, maximize in itertools.product(
        (0.1,), (0.0, 0.9), (0.0, 0.5), (0.0, 0.2), (False, True), (False, True)
    )
    if not (nesterov and (momentum == 0 or dampening != 0))
]


def gradient(p):
    return 3 * p**2 - np.array([1.0, 2.0, -1.0])


def by_hand(p, steps, *, lr, momentum, dampening, weight_decay, nesterov, maximize):
    """The formula of the class's text, in float64."""
    velocity = None
    for _ in range(steps):
        g = -gradient(p) if maximize else gradient(p)
        g = g + weight_decay * p
        if momentum:
            velocity = g if velocity is None else momentum * velocity + (1 - dampening) * g
            g = g + momentum * velocity if nesterov else velocity
        p = p - lr * g
    return p


@pytest.mark.parametrize(
    "options", OPTIONS, ids=lambda o: " ".join(f"{k}={v}" for k, v in o.items() if v and k != "lr")
)
@pytest.mark.parametrize("set_to_none", [True, False])
def test_N141_steps_follow_the_formula(options, set_to_none):
    start = np.array([0.5, -0.25, 0.75])
    p = mg.tensor(start, requires_grad=True)
    optimizer = SGD([p], **options)
    for _ in range(4):
        optimizer.zero_grad(set_to_none)
        (p**3 - p * np.array([1.0, 2.0, -1.0])).sum().backward()
        optimizer.step()
    np.testing.assert_allclose(p.detach().numpy(), by_hand(start, 4, **options), rtol=1e-12)


def test_defaults_are_pytorchs():
    group = SGD([mg.ones(1, requires_grad=True)]).param_groups[0]
    assert {key: value for key, value in group.items() if key != "params"} == {
        "lr": 1e-3,
        "momentum": 0.0,
        "dampening": 0.0,
        "weight_decay": 0.0,
        "nesterov": False,
        "maximize": False,
    }


@pytest.mark.parametrize("dtype", [mg.float16, mg.float32, mg.float64])
def test_parameters_keep_dtype_identity_and_storage(dtype):
    p = mg.ones(3, dtype=dtype, requires_grad=True)
    view, array = p.detach(), p.detach().numpy()
    optimizer = SGD([p], lr=0.25, momentum=0.5, weight_decay=0.5, nesterov=True)
    (p * 2).sum().backward()
    optimizer.step()
    assert (p.dtype, p.is_leaf, p.requires_grad) == (dtype, True, True)
    assert view.tolist() == array.tolist() == p.tolist() == [1 - 0.25 * (2.5 + 0.5 * 2.5)] * 3
    assert optimizer.state[p]["momentum_buffer"].dtype == dtype


def test_parameters_without_gradient_are_left_alone():
    p, q, frozen = (mg.ones(1, requires_grad=True) for _ in range(3))
    frozen.requires_grad_(False)
    optimizer = SGD([p, q, frozen], lr=0.5, momentum=0.9, weight_decay=1.0)
    (p * 2).sum().backward()
    optimizer.step()
    assert (p.item(), q.item(), frozen.item()) == (1 - 0.5 * 3, 1.0, 1.0)
    assert set(optimizer.state) == {p}


def test_step_leaves_the_gradient_and_records_nothing():
    p = mg.ones(2, requires_grad=True)
    optimizer = SGD([p], lr=0.5, momentum=0.9)
    (p * p).sum().backward(create_graph=True)
    before = p.grad
    optimizer.step()
    assert p.grad is before
    assert before.tolist() == [2.0, 2.0]
    assert p.is_leaf
    assert not optimizer.state[p]["momentum_buffer"].requires_grad
    assert mg.is_grad_enabled()


def test_momentum_does_not_alias_the_gradient():
    p = mg.ones(1, requires_grad=True)
    optimizer = SGD([p], lr=0.0, momentum=0.9)
    (p * 2).sum().backward()
    optimizer.step()
    p.grad.zero_()
    assert optimizer.state[p]["momentum_buffer"].item() == 2.0


@pytest.mark.parametrize("options", [{"lr": -0.1}, {"momentum": -0.1}, {"weight_decay": -1}])
def test_options_outside_their_range(options):
    (name,) = options
    with pytest.raises(ArgumentError, match=rf"SGD got {name}="):
        SGD([mg.ones(1, requires_grad=True)], **options)


@pytest.mark.parametrize("options", [{}, {"momentum": 0.9, "dampening": 0.1}])
def test_nesterov_needs_momentum_without_dampening(options):
    with pytest.raises(ArgumentError, match="nesterov=True needs a momentum above 0 and no dampening"):
        SGD([mg.ones(1, requires_grad=True)], nesterov=True, **options)


def test_a_quadratic_is_minimised():
    p = mg.tensor([5.0, -3.0], requires_grad=True)
    optimizer = SGD([p], lr=0.1, momentum=0.5)
    for _ in range(100):
        optimizer.zero_grad()
        ((p - 1) ** 2).sum().backward()
        optimizer.step()
    assert p.tolist() == pytest.approx([1.0, 1.0], abs=1e-5)


# ------------------------------------------------------------------- in place


def in_tensors(p, gradients, *, lr, momentum, dampening, weight_decay, nesterov, maximize):
    """The formula, an operation at a time."""
    velocity = None
    for gradient in gradients:
        g = -gradient if maximize else gradient
        if weight_decay:
            g = g + p * weight_decay
        if momentum:
            velocity = g if velocity is None else velocity * momentum + g * (1 - dampening)
            g = g + velocity * momentum if nesterov else velocity
        p = p - g * lr
    return p


def fortran(array):
    return np.asfortranarray(array)


@pytest.mark.parametrize("options", OPTIONS, ids=lambda o: " ".join(f"{k}={v}" for k, v in o.items() if v))
@pytest.mark.parametrize("dtype", [np.float16, np.float32])
@pytest.mark.parametrize(
    ("shape", "lay"),
    [((), np.copy), ((0, 3), np.copy), ((7, 3, 2), fortran), ((300, 200), fortran), ((300, 200), np.copy),
     ((1, 70_000), np.copy)],
)  # fmt: skip
def test_steps_are_the_formula_to_the_bit_in_pieces_and_in_any_order(options, dtype, shape, lay):
    source = np.random.default_rng(0)
    start, *gradients = (source.standard_normal(shape).astype(dtype) for _ in range(4))
    p = mg.from_numpy(lay(start)).requires_grad_()
    optimizer = SGD([p], **options)
    for gradient in gradients:
        p.grad = mg.from_numpy(gradient.copy())
        optimizer.step()
        assert np.array_equal(p.grad.numpy(), gradient)
    expected = in_tensors(mg.from_numpy(start), map(mg.from_numpy, gradients), **options)
    assert np.array_equal(p.detach().numpy(), expected.numpy())


@pytest.mark.parametrize("lr", [np.float64(0.5), np.float32(0.5), mg.tensor(0.5), mg.tensor(0.5, dtype=mg.float64)])
def test_any_number_is_a_rate_and_widens_nothing(lr):
    p = mg.ones(2, requires_grad=True)
    optimizer = SGD([p], lr=lr, momentum=lr, weight_decay=lr)
    p.sum().backward()
    optimizer.step()
    assert p.dtype == optimizer.state[p]["momentum_buffer"].dtype == mg.float32
    assert p.tolist() == [0.25, 0.25]


def test_one_step_is_one_change():
    p = mg.ones(2, requires_grad=True)
    loss = (p * p).sum()
    p.grad = mg.ones(2)
    SGD([p], lr=0.5, momentum=0.9, nesterov=True).step()
    assert p._version == 1
    with pytest.raises(mg.errors.GradError, match="changed in place"):
        loss.backward()


@pytest.mark.parametrize("side", [3, 200])
def test_the_gradient_may_lie_in_the_parameter_itself(side):
    values = np.arange(float(side * side)).reshape(side, side)
    p = mg.tensor(values, requires_grad=True)
    p.grad = p.detach().T
    SGD([p], lr=0.5).step()
    assert np.array_equal(p.detach().numpy(), values - 0.5 * values.T)


def test_overflow_is_silent():
    p = mg.ones(2, dtype=mg.float16, requires_grad=True)
    p.grad = mg.full((2,), 60000.0, dtype=mg.float16)
    SGD([p], lr=1e9, weight_decay=1e9, momentum=0.9).step()
    assert np.isinf(p.detach().numpy()).all()


@pytest.mark.parametrize("kept", [lambda: mg.ones(2), lambda: 3.0, lambda: np.ones(3)])
def test_a_state_of_another_shape_is_refused_and_nothing_moves(kept):
    p = mg.ones(3, requires_grad=True)
    optimizer = SGD([p], lr=0.1, momentum=0.9)
    optimizer.state[p]["momentum_buffer"] = kept()
    p.grad = mg.ones(3)
    with pytest.raises(StateDictError, match=r"momentum_buffer of a parameter of shape \(3,\) is"):
        optimizer.step()
    assert p.tolist() == [1, 1, 1]


def test_a_state_of_another_dtype_becomes_the_parameters():
    p = mg.ones(2, requires_grad=True)
    optimizer = SGD([p], lr=0.5, momentum=0.5)
    optimizer.load_state_dict(
        {"state": {0: {"momentum_buffer": mg.ones(2, dtype=mg.float64)}}, "param_groups": [{"params": [0]}]}
    )
    p.grad = mg.ones(2)
    optimizer.step()
    assert optimizer.state[p]["momentum_buffer"].dtype == p.dtype == mg.float32
    assert p.tolist() == [0.25, 0.25]


def test_parameters_that_cannot_be_written_leave_no_state():
    p = mg.ones(1).expand(2).detach().requires_grad_()
    p.grad = mg.ones(2)
    optimizer = SGD([p], lr=0.1, momentum=0.9)
    with pytest.raises(ArgumentError, match="cannot be written"):
        optimizer.step()
    assert not optimizer.state


def test_observers_hear_of_every_parameter():
    p, q, frozen = (mg.ones(2, requires_grad=True) for _ in range(3))
    p.grad, q.grad = mg.ones(2), mg.ones(2)
    heard = []

    def applied(operation, inputs, outputs):
        heard.append((operation.name, [one.tolist() for one in inputs], [one.tolist() for one in outputs]))

    with mg.autograd.observe(applied=applied):
        SGD([p, q, frozen], lr=0.5).step()
    assert heard == [("SGD", [[1, 1], [1, 1]], [[0.5, 0.5]])] * 2
    assert p.is_leaf
    assert p._version == 1


def test_anomaly_mode_sees_a_step_to_nowhere():
    p = mg.ones(2, requires_grad=True)
    optimizer = SGD([p], lr=3e38)
    p.grad = mg.full((2,), 1e30)
    with mg.autograd.detect_anomaly(check_inf=True), pytest.raises(AnomalyError, match="SGD made an infinity"):
        optimizer.step()
