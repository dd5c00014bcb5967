"""The optimisers that keep averages: formulae on numbers, in place and in pieces, states, resuming, memory."""

import copy
import math
import tracemalloc

import numpy as np
import pytest

import minigrad as mg
import nn
import nn.functional as F
from minigrad.errors import AnomalyError, ArgumentError, DTypeError, StateDictError
from minigrad.optim.optimizer import pieces

DECAYS = [{}, {"weight_decay": 0.2}, {"weight_decay": 0.2, "maximize": True}]


def adam(p, gradients, *, lr=0.1, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0, amsgrad=False, decoupled=False):
    m = v = top = 0.0
    for t, gradient in enumerate(gradients, 1):
        g = gradient(p)
        p, g = (p - lr * weight_decay * p, g) if decoupled else (p, g + weight_decay * p)
        m, v = betas[0] * m + (1 - betas[0]) * g, betas[1] * v + (1 - betas[1]) * g * g
        top = max(top, v)
        corrected = (top if amsgrad else v) / (1 - betas[1] ** t)
        p = p - lr * m / (1 - betas[0] ** t) / (math.sqrt(corrected) + eps)
    return p


def adamax(p, gradients, *, lr=0.1, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0):
    m = u = 0.0
    for t, gradient in enumerate(gradients, 1):
        g = gradient(p) + weight_decay * p
        m, u = betas[0] * m + (1 - betas[0]) * g, max(betas[1] * u, abs(g) + eps)
        p = p - lr / (1 - betas[0] ** t) * m / u
    return p


def nadam(p, gradients, *, lr=0.1, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0, momentum_decay=4e-3):
    m, v, product = 0.0, 0.0, 1.0
    for t, gradient in enumerate(gradients, 1):
        g = gradient(p) + weight_decay * p
        now, then = (betas[0] * (1 - 0.5 * 0.96 ** (one * momentum_decay)) for one in (t, t + 1))
        product *= now
        m, v = betas[0] * m + (1 - betas[0]) * g, betas[1] * v + (1 - betas[1]) * g * g
        d = math.sqrt(v / (1 - betas[1] ** t)) + eps
        p = p - lr * (1 - now) / (1 - product) * g / d - lr * then / (1 - product * then) * m / d
    return p


def radam(p, gradients, *, lr=0.1, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0):
    m = v = 0.0
    longest = 2 / (1 - betas[1]) - 1
    for t, gradient in enumerate(gradients, 1):
        g = gradient(p) + weight_decay * p
        m, v = betas[0] * m + (1 - betas[0]) * g, betas[1] * v + (1 - betas[1]) * g * g
        corrected, known = m / (1 - betas[0] ** t), 1 - betas[1] ** t
        length = longest - 2 * t * betas[1] ** t / known
        if length > 5:
            r = (length - 4) * (length - 2) * longest / ((longest - 4) * (longest - 2) * length)
            corrected *= math.sqrt(r * known) / (math.sqrt(v) + eps)
        p = p - lr * corrected
    return p


def rmsprop(p, gradients, *, lr=0.1, alpha=0.99, eps=1e-8, weight_decay=0.0, momentum=0.0, centered=False):
    v = a = b = 0.0
    for gradient in gradients:
        g = gradient(p) + weight_decay * p
        v, a = alpha * v + (1 - alpha) * g * g, alpha * a + (1 - alpha) * g
        b = momentum * b + g / (math.sqrt(v - a * a if centered else v) + eps)
        p = p - lr * b
    return p


def adagrad(p, gradients, *, lr=0.1, lr_decay=0.0, eps=1e-10, weight_decay=0.0, initial_accumulator_value=0.0):
    s = initial_accumulator_value
    for t, gradient in enumerate(gradients):
        g = gradient(p) + weight_decay * p
        s += g * g
        p = p - lr / (1 + t * lr_decay) * g / (math.sqrt(s) + eps)
    return p


def adadelta(p, gradients, *, lr=1.0, rho=0.9, eps=1e-6, weight_decay=0.0):
    v = u = 0.0
    for gradient in gradients:
        g = gradient(p) + weight_decay * p
        v = rho * v + (1 - rho) * g * g
        delta = math.sqrt(u + eps) / math.sqrt(v + eps) * g
        u, p = rho * u + (1 - rho) * delta * delta, p - lr * delta
    return p


CASES = [
    ("Adam", adam, {}),
    ("Adam", adam, {"weight_decay": 0.2, "amsgrad": True, "betas": (0.5, 0.6)}),
    ("AdamW", lambda *given, **options: adam(*given, decoupled=True, **options), {"weight_decay": 0.2}),
    ("Adamax", adamax, {"weight_decay": 0.2}),
    ("Adamax", adamax, {"betas": (0.5, 0.6), "eps": 0.1}),
    ("NAdam", nadam, {"weight_decay": 0.2, "momentum_decay": 0.3}),
    ("RAdam", radam, {"weight_decay": 0.2}),
    ("RAdam", radam, {"betas": (0.5, 0.7)}),
    ("RMSprop", rmsprop, {"weight_decay": 0.2}),
    ("RMSprop", rmsprop, {"momentum": 0.9, "alpha": 0.5}),
    ("RMSprop", rmsprop, {"centered": True, "momentum": 0.5, "eps": 0.1}),
    ("Adagrad", adagrad, {"weight_decay": 0.2, "lr_decay": 0.5}),
    ("Adagrad", adagrad, {"initial_accumulator_value": 0.5, "eps": 0.1}),
    ("Adadelta", adadelta, {"weight_decay": 0.2, "lr": 0.5}),
]
NAMES = sorted({name for name, _, _ in CASES})


@pytest.mark.parametrize(("name", "by_hand", "options"), CASES)
@pytest.mark.parametrize("maximize", [False, True])
def test_steps_follow_the_formula(name, by_hand, options, maximize):
    sign = -1 if maximize else 1
    start = [0.5, -0.25, 0.75]
    p = mg.tensor(np.array(start), requires_grad=True)
    options = options if "lr" in options else {"lr": 0.1, **options}
    optimizer = getattr(mg.optim, name)([p], **options, maximize=maximize)
    for step in range(12):
        optimizer.zero_grad()
        (p**3 * (1 + step % 3) - p).sum().backward()
        optimizer.step()
    gradients = [lambda p, step=step: sign * (3 * p**2 * (1 + step % 3) - 1) for step in range(12)]
    expected = [by_hand(one, gradients, **options) for one in start]
    # NAdam's product of momenta is a float32, as in PyTorch.
    np.testing.assert_allclose(p.detach().numpy(), expected, rtol=1e-6 if name == "NAdam" else 1e-10)


# ------------------------------------------------------------------- in place


EXTRA = {
    "Adam": {"amsgrad": True},
    "RMSprop": {"momentum": 0.9, "centered": True},
    "NAdam": {"decoupled_weight_decay": True},
    "Adagrad": {"lr_decay": 0.1},
}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("dtype", [np.float16, np.float32])
@pytest.mark.parametrize(("shape", "order"), [((), "C"), ((0, 3), "C"), ((7, 3, 2), "F"), ((300, 200), "F"),
                                              ((1, 70_000), "C")])  # fmt: skip
def test_steps_are_the_same_bits_in_pieces_and_in_any_order(name, dtype, shape, order):
    source = np.random.default_rng(0)
    start, *gradients = (source.standard_normal(shape).astype(dtype) for _ in range(4))
    whole = mg.from_numpy(start.copy(order=order)).requires_grad_()
    kept = whole._array
    few = [mg.from_numpy(one.reshape(1).copy()).requires_grad_() for one in start.reshape(-1)[:50]]
    options = {"weight_decay": 0.1, **EXTRA.get(name, {})}
    optimizers = [getattr(mg.optim, name)(params, **options) for params in ([whole], few or [mg.ones(1)])]
    for gradient in gradients:
        whole.grad = mg.from_numpy(gradient.copy(order=order))
        for one, value in zip(few, gradient.reshape(-1), strict=False):
            one.grad = mg.tensor([value.item()], dtype=start.dtype)
        for optimizer in optimizers:
            optimizer.step()
        assert np.array_equal(whole.grad.numpy(), gradient)
    assert whole._array is kept
    assert whole.dtype == start.dtype
    expected = [one.item() for one in few]
    assert np.array_equal(whole.detach().numpy().reshape(-1)[:50], np.array(expected, dtype))
    for value in optimizers[0].state[whole].values():
        assert value.dtype == (start.dtype if value.shape == shape and shape else value.dtype)


@pytest.mark.parametrize("name", NAMES)
def test_no_temporary_is_as_large_as_a_parameter(name):
    p = mg.ones(2000, 1000, requires_grad=True)
    p.grad = mg.ones(2000, 1000)
    optimizer = getattr(mg.optim, name)([p], weight_decay=0.1, maximize=True, **EXTRA.get(name, {}))
    optimizer.step()
    tracemalloc.start()
    try:
        optimizer.step()
        assert tracemalloc.get_traced_memory()[1] < p.numel() * 4 / 4
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("side", [3, 200])
def test_the_gradient_may_lie_in_the_parameter_itself(name, side):
    values = np.arange(1.0, side * side + 1).reshape(side, side)
    ends = []
    for shared in (True, False):
        p = mg.tensor(values, requires_grad=True)
        p.grad = p.detach().T if shared else p.detach().T.clone()
        getattr(mg.optim, name)([p], lr=0.5, weight_decay=0.1).step()
        ends.append(p.detach().numpy())
    assert np.array_equal(*ends)


@pytest.mark.parametrize("name", NAMES)
def test_overflow_is_silent(name):
    p = mg.ones(2, dtype=mg.float16, requires_grad=True)
    optimizer = getattr(mg.optim, name)([p], lr=1e9, eps=0)
    for value in (60000.0, 0.0, float("nan")):
        p.grad = mg.full((2,), value, dtype=mg.float16)
        optimizer.step()
    assert not np.isfinite(p.detach().numpy()).any()


@pytest.mark.parametrize("name", NAMES)
def test_parameters_without_a_gradient_stay_and_steps_record_nothing(name):
    p, q = (mg.ones(1, requires_grad=True) for _ in range(2))
    optimizer = getattr(mg.optim, name)([p, q], weight_decay=1.0)
    (p * p).sum().backward(create_graph=True)
    before = p.grad
    optimizer.step()
    assert q.item() == 1 != p.item()
    assert p.is_leaf
    assert p.grad is before
    assert p._version == 1
    assert not any(value.requires_grad for value in optimizer.state[p].values())
    assert [value.item() for value in optimizer.state[q].values()] == ([0, 0] if name == "Adagrad" else [])


@pytest.mark.parametrize("name", NAMES)
def test_observers_and_anomaly_mode_see_steps(name):
    p = mg.ones(2, requires_grad=True)
    p.grad = mg.ones(2)
    heard = []
    with mg.autograd.observe(applied=lambda operation, inputs, outputs: heard.append(operation.name)):
        getattr(mg.optim, name)([p]).step()
    assert heard == [name]
    p.grad = mg.full((2,), 1e30 if name == "RAdam" else float("inf"))  # its first steps divide by nothing
    with (
        mg.autograd.detect_anomaly(check_inf=True),
        pytest.raises(AnomalyError, match=f"{name} made (NaN|an infinity)"),
    ):
        getattr(mg.optim, name)([p], lr=3e38).step()


# ---------------------------------------------------------------------- options


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"lr": -1}, ArgumentError, "lr=-1; it must be 0 or more"),
        ({"lr": float("nan")}, ArgumentError, "lr=nan"),
        ({"lr": "0.1"}, DTypeError, "number"),
        ({"lr": mg.ones(2)}, DTypeError, "number"),
        ({"eps": -1}, ArgumentError, "eps=-1"),
        ({"weight_decay": None}, DTypeError, "weight_decay"),
        ({"maximize": "yes"}, DTypeError, "maximize"),
        ({"differentiable": True}, ArgumentError, "write it with tensor operations"),
    ],
)
def test_options_outside_their_range(name, options, error, message):
    with pytest.raises(error, match=f"{name}.*{message}"):
        getattr(mg.optim, name)([mg.ones(1, requires_grad=True)], **options)


@pytest.mark.parametrize("name", ["Adam", "AdamW", "Adamax", "NAdam", "RAdam"])
@pytest.mark.parametrize(
    ("betas", "error"),
    [((0.9, 1.0), ArgumentError), ((-0.1, 0.9), ArgumentError), (0.9, DTypeError), ((0.9,), DTypeError),
     ((0.9, "0.99"), DTypeError), ((0.9, float("nan")), ArgumentError), (np.array([0.9, 0.99]), DTypeError)],
)  # fmt: skip
def test_betas_outside_their_range(name, betas, error):
    with pytest.raises(error, match=f"{name}.*betas"):
        getattr(mg.optim, name)([mg.ones(1, requires_grad=True)], betas=betas)


def test_what_chooses_between_implementations_makes_no_difference():
    for name in NAMES:
        known = mg.optim.__dict__[name].__init__.__annotations__
        ends = []
        for value in (None, False, True):
            p = mg.ones(2, requires_grad=True)
            p.grad = mg.ones(2)
            switches = {one: value for one in ("foreach", "fused", "capturable") if one in known}
            assert switches
            optimizer = getattr(mg.optim, name)([p], **switches)
            optimizer.step()
            assert not switches.keys() & optimizer.param_groups[0].keys()
            ends.append(p.tolist())
        assert ends[0] == ends[1] == ends[2]


# ------------------------------------------------------------------------ state


def test_a_loaded_state_of_another_shape_is_refused_and_counts_nothing():
    p = mg.ones(3, requires_grad=True)
    optimizer = mg.optim.Adam([p])
    optimizer.load_state_dict({"state": {0: {"exp_avg": mg.ones(2), "step": 4}}, "param_groups": [{"params": [0]}]})
    p.grad = mg.ones(3)
    with pytest.raises(StateDictError, match=r"exp_avg of a parameter of shape \(3,\) is of shape \(2,\)"):
        optimizer.step()
    assert p.tolist() == [1, 1, 1]
    assert optimizer.state[p]["step"].item() == 4


@pytest.mark.parametrize(
    "step", [3, 3.0, np.float32(3), np.array(3.0), mg.tensor(3), mg.tensor([3.0]), mg.tensor(3.0, dtype=mg.float16)]
)
def test_a_count_of_any_kind_goes_on(step):
    p = mg.ones(1, requires_grad=True)
    optimizer = mg.optim.Adam([p])
    zero = np.zeros(1)
    state = {0: {"step": step, "exp_avg": zero, "exp_avg_sq": zero}}
    optimizer.load_state_dict({"state": state, "param_groups": [{"params": [0]}]})
    p.grad = mg.ones(1)
    optimizer.step()
    assert optimizer.state[p]["step"].item() == 4
    assert optimizer.state[p]["step"].dtype != mg.float16  # which could not count beyond 2048
    assert optimizer.state[p]["exp_avg"].dtype == mg.float32
    assert zero == 0


def test_options_of_a_state_dict_are_checked_before_anything_changes():
    p = mg.ones(1, requires_grad=True)
    optimizer = mg.optim.Adam([p], lr=0.5)
    for options in ({"lr": -1}, {"betas": (2, 2)}, {"maximize": "yes"}):
        state = {"state": {0: {"step": 7}}, "param_groups": [{"params": [0], **options}]}
        with pytest.raises((ArgumentError, DTypeError)):
            optimizer.load_state_dict(state)
        assert optimizer.param_groups[0]["lr"] == 0.5
        assert not optimizer.state


def network(seed=0):
    mg.manual_seed(seed)
    return nn.Sequential(nn.Conv2d(1, 3, 3), nn.Tanh(), nn.AvgPool2d(2), nn.Flatten(), nn.Linear(12, 3))


def train(model, optimizer, scheduler, steps):
    for step in steps:
        generator = np.random.default_rng(step)
        x = mg.from_numpy(generator.standard_normal((4, 1, 6, 6)).astype(np.float32))

        def closure(x=x):
            optimizer.zero_grad()
            loss = F.cross_entropy(model(x), mg.tensor([0, 1, 2, 1]))
            loss.backward()
            return loss

        optimizer.step(closure)
        scheduler.step()


@pytest.mark.parametrize("name", [*NAMES, "SGD", "LBFGS"])
def test_a_run_goes_on_from_a_file_to_the_bit(name, tmp_path):
    options = {"SGD": {"momentum": 0.9, "lr": 0.1}, "LBFGS": {"max_iter": 3, "line_search_fn": "strong_wolfe"}}

    def begin():
        model = network()
        optimizer = getattr(mg.optim, name)(model.parameters(), **options.get(name, EXTRA.get(name, {})))
        return model, optimizer, mg.optim.lr_scheduler.CosineAnnealingLR(optimizer, 20)

    model, optimizer, scheduler = begin()
    train(model, optimizer, scheduler, range(7))
    parts = {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "scheduler": scheduler.state_dict()}
    mg.save(parts, tmp_path / "training.npz")
    train(model, optimizer, scheduler, range(7, 15))

    other, fresh, resumed = begin()
    loaded = mg.load(tmp_path / "training.npz")
    other.load_state_dict(loaded["model"])
    fresh.load_state_dict(loaded["optimizer"])
    resumed.load_state_dict(loaded["scheduler"])
    train(other, fresh, resumed, range(7, 15))
    for one, another in zip(model.parameters(), other.parameters(), strict=True):
        assert np.array_equal(one.detach().numpy(), another.detach().numpy())


@pytest.mark.parametrize("name", [*NAMES, "LBFGS"])
def test_memory_does_not_grow_with_steps(name):
    model = network()
    options = {"max_iter": 2, "history_size": 3} if name == "LBFGS" else EXTRA.get(name, {})
    optimizer = getattr(mg.optim, name)(model.parameters(), **options)
    scheduler = mg.optim.lr_scheduler.StepLR(optimizer, 5)
    train(model, optimizer, scheduler, range(12))
    tracemalloc.start()
    try:
        train(model, optimizer, scheduler, range(3))
        peaks = []
        for _ in range(2):
            tracemalloc.reset_peak()
            before = tracemalloc.get_traced_memory()[0]
            train(model, optimizer, scheduler, range(15))
            now, peak = tracemalloc.get_traced_memory()
            peaks.append((now - before, peak - before))
    finally:
        tracemalloc.stop()
    assert peaks[1][0] < 5_000
    assert peaks[1][1] < peaks[0][1] + 20_000


def test_a_copy_of_an_optimiser_has_its_own_averages():
    p = mg.ones(2, requires_grad=True)
    optimizer = mg.optim.Adam([p])
    p.grad = mg.ones(2)
    optimizer.step()
    q, twin = copy.deepcopy((p, optimizer))
    twin.step()
    assert optimizer.state[p]["step"].item() == 1
    assert twin.state[q]["step"].item() == 2
    assert optimizer.state[p]["exp_avg"].tolist() != twin.state[q]["exp_avg"].tolist()


def test_counts_are_wide_where_the_default_is():
    mg.set_default_dtype(mg.float64)
    try:
        p = mg.ones(2, requires_grad=True)
        optimizer = mg.optim.NAdam([p])
        p.grad = mg.ones(2)
        optimizer.step()
        assert optimizer.state[p]["step"].dtype == optimizer.state[p]["mu_product"].dtype == mg.float64
    finally:
        mg.set_default_dtype(mg.float32)


def test_pieces_are_many():
    """What the tests above rely on."""
    assert len(pieces(np.zeros((300, 200)))) > 1
