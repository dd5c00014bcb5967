"""Every optimiser over 100 steps, with drawn options; and states that change sides in the middle."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import minigrad as mg
from tests.samples import normal
from tests.torch_oracle.compare import both_refuse, drawn

STEPS = 100
SHAPES = ((3, 2), (4,), ())

# How PyTorch runs the step, not what it computes: taken, not kept (a departure).
RUN = {"foreach", "differentiable", "fused", "capturable"}


def numbers(low, high):
    return st.floats(low, high, width=32)


BETAS = st.tuples(numbers(0, 0.96875), numbers(0.25, 0.99951171875))
DECAY = {"weight_decay": st.sampled_from([0, 0.1, 0.5]), "maximize": st.booleans()}
BASE = {"lr": numbers(2.0**-10, 0.25), "eps": st.sampled_from([1e-8, 1e-4, 0.1]), **DECAY}
OPTIONS = {
    "SGD": {
        "lr": BASE["lr"],
        "momentum": st.sampled_from([0.5, 0.9]),
        "dampening": st.sampled_from([0, 0.3]),
        **DECAY,
    },
    "Adam": {**BASE, "betas": BETAS, "amsgrad": st.booleans(), "decoupled_weight_decay": st.booleans()},
    "AdamW": {**BASE, "betas": BETAS, "amsgrad": st.booleans()},
    "Adamax": {**BASE, "betas": BETAS},
    "NAdam": {
        **BASE,
        "betas": BETAS,
        "momentum_decay": st.sampled_from([0, 0.004, 0.5]),
        "decoupled_weight_decay": st.booleans(),
    },
    "RAdam": {**BASE, "betas": BETAS, "decoupled_weight_decay": st.booleans()},
    "RMSprop": {
        **BASE,
        "alpha": numbers(0.25, 0.99951171875),
        "momentum": st.sampled_from([0, 0.5, 0.9]),
        "centered": st.booleans(),
    },
    "Adagrad": {
        **BASE,
        "lr_decay": st.sampled_from([0, 0.01, 0.5]),
        "initial_accumulator_value": st.sampled_from([0, 0.1, 2]),
    },
    "Adadelta": {**BASE, "lr": numbers(0.125, 4), "rho": numbers(0.25, 0.99951171875)},
}
NAMES = sorted(OPTIONS)


def parameters(library, dtype=np.float64):
    return [
        library.tensor(normal(*shape, seed=seed).astype(dtype), requires_grad=True) for seed, shape in enumerate(SHAPES)
    ]


def gradients(step, dtype=np.float64):
    """Those of the parameters in a step; now and then one has none, and some are much smaller or 0."""
    for seed, shape in enumerate(SHAPES):
        value = np.asarray(normal(*shape, seed=100 * step + seed + 7) * 10.0 ** (seed - 1))
        value[value > 1.5] = 0
        yield None if (step + seed) % 11 == 3 else value.astype(dtype)


def follow(library, params, optimizer, steps, dtype=np.float64):
    for step in steps:
        for param, gradient in zip(params, gradients(step, dtype), strict=True):
            param.grad = None if gradient is None else library.tensor(gradient)
        optimizer.step()
    return [param.detach().numpy() for param in params]


def make(library, name, options, dtype=np.float64):
    """Two groups, of which one has half the rate."""
    first, *others = params = parameters(library, dtype)
    groups = [{"params": [first], "lr": options["lr"] / 2}, {"params": others}]
    return params, getattr(library.optim, name)(groups, **options)


def close(ours, theirs, dtype=np.float64):
    for left, right in zip(ours, theirs, strict=True):
        scale = max(np.abs(right).max(), 1.0)
        assert left.dtype == right.dtype == dtype
        np.testing.assert_allclose(left, right, rtol=0, atol=scale * (1e-12 if dtype == np.float64 else 1e-4))


def drawn_options(name):
    return st.fixed_dictionaries({}, optional={key: one for key, one in OPTIONS[name].items() if key != "lr"}).flatmap(
        lambda rest: OPTIONS[name]["lr"].map(lambda lr: {"lr": lr, **rest})
    )


@pytest.mark.parametrize("name", NAMES)
def test_a_hundred_steps_with_drawn_options(name):
    @drawn(25)
    @given(drawn_options(name), st.sampled_from([np.float64, np.float64, np.float32]))
    def run(options, dtype):
        close(*(follow(library, *make(library, name, options, dtype), range(STEPS), dtype) for library in (mg, torch)),
              dtype)  # fmt: skip

    run()


def converted(value, leaf):
    """A state dict with every tensor made by `leaf`."""
    if isinstance(value, dict):
        return {key: converted(one, leaf) for key, one in value.items()}
    if isinstance(value, list):
        return [converted(one, leaf) for one in value]
    return leaf(value.detach().numpy().copy()) if isinstance(value, mg.Tensor | torch.Tensor) else value


@pytest.mark.parametrize("name", NAMES)
def test_states_change_sides(name):
    """The first half there and the second half here, by way of arrays, and the other way round."""

    @drawn(8)
    @given(drawn_options(name))
    def run(options):
        half, whole = range(STEPS // 2), range(STEPS // 2, STEPS)
        sides = {library: make(library, name, options) for library in (mg, torch)}
        for library, (params, optimizer) in sides.items():
            follow(library, params, optimizer, half)
            optimizer.param_groups[0]["lr"] *= 0.5
        states = {library: optimizer.state_dict() for library, (_, optimizer) in sides.items()}
        assert_same_keys(states[mg], states[torch])
        ends = []
        for library, other, leaf in ((mg, torch, np.asarray), (torch, mg, torch.from_numpy)):
            params, fresh = make(library, name, {"lr": 3.0})
            for param, (source, _) in zip(params, [(one, None) for one in sides[other][0]], strict=True):
                param.data = library.tensor(source.detach().numpy())
            fresh.load_state_dict(converted(states[other], leaf))
            ends.append(follow(library, params, fresh, whole))
        ends.append(follow(torch, *sides[torch], whole))
        tolerance = 1e-5 if name == "NAdam" else 1e-12  # PyTorch makes a float64 of what it has multiplied in float32
        for ours, *others in zip(*ends, strict=True):
            for theirs in others:
                np.testing.assert_allclose(ours, theirs, rtol=tolerance, atol=tolerance)

    run()


def assert_same_keys(ours, theirs):
    assert sorted(ours["state"]) == sorted(theirs["state"])
    for number, state in theirs["state"].items():
        assert ours["state"][number].keys() == state.keys()
        for key, value in state.items():
            left = ours["state"][number][key].detach().numpy()
            assert (left.shape, left.dtype) == (value.numpy().shape, value.numpy().dtype), key
    for left, right in zip(ours["param_groups"], theirs["param_groups"], strict=True):
        assert [*left] == [key for key in right if key not in RUN]


def test_a_state_dict_of_pytorchs_is_loaded_as_it_is():
    params, optimizer = make(torch, "Adam", {"lr": 0.1, "amsgrad": True})
    follow(torch, params, optimizer, range(3))
    ours, fresh = make(mg, "Adam", {"lr": 3.0})
    for param, source in zip(ours, params, strict=True):
        param.data = mg.tensor(source.detach().numpy())
    state = optimizer.state_dict()
    fresh.load_state_dict(state)
    assert fresh.state[ours[0]]["exp_avg"].data_ptr() != state["state"][0]["exp_avg"].data_ptr()
    close(follow(mg, ours, fresh, range(3, 9)), follow(torch, params, optimizer, range(3, 9)))


def test_adagrad_begins_its_sums_at_once():
    states = [
        library.optim.Adagrad([library.ones(2, requires_grad=True)], initial_accumulator_value=0.5).state_dict()
        for library in (mg, torch)
    ]
    assert_same_keys(*states)
    assert states[0]["state"][0]["sum"].tolist() == states[1]["state"][0]["sum"].tolist() == [0.5, 0.5]


@pytest.mark.parametrize("name", [*NAMES, "LBFGS"])
def test_defaults_and_options_are_kept_under_the_same_names(name):
    ours, theirs = (getattr(library.optim, name)([library.ones(1, requires_grad=True)]) for library in (mg, torch))
    assert [*ours.defaults.items()] == [item for item in theirs.defaults.items() if item[0] not in RUN]
    assert [line for line in repr(theirs).splitlines() if line.split(":")[0].strip() not in RUN] == repr(
        ours
    ).splitlines()


def test_kinds():
    for library in (mg, torch):
        assert issubclass(library.optim.AdamW, library.optim.Adam)
        for name in NAMES:
            assert issubclass(getattr(library.optim, name), library.optim.Optimizer)


def test_a_decoupled_decay_stays_decoupled():
    for library in (mg, torch):
        p = library.ones(1, requires_grad=True)
        optimizer = library.optim.AdamW([p], lr=0.5, weight_decay=0.5)
        optimizer.load_state_dict(library.optim.Adam([p], lr=0.5, weight_decay=0.5).state_dict())
        p.grad = library.ones(1)
        optimizer.step()
        assert p.item() == pytest.approx(0.25)


@pytest.mark.parametrize("name", [*NAMES, "LBFGS"])
@pytest.mark.parametrize("shape", [(), (1,), (2,)])
def test_rates_may_be_tensors_of_one_element(name, shape):
    def run(library):
        rate = library.full(shape, 0.25, dtype=library.float64)
        p = library.tensor(np.ones(3), requires_grad=True)
        optimizer = getattr(library.optim, name)([p], lr=rate)
        for _ in range(3):
            optimizer.step(lambda: closure(optimizer, p))
            if name != "LBFGS":  # PyTorch's remembers the rate itself, as the length of the last step
                rate.mul_(0.5)
        return p.detach().numpy()

    if shape == (2,):
        both_refuse(lambda: run(mg), lambda: run(torch))
    else:
        np.testing.assert_allclose(run(mg), run(torch), rtol=1e-10)


def closure(optimizer, p):
    optimizer.zero_grad()
    loss = (p**4).sum() + ((p * 3 - 1) ** 2).sum()
    loss.backward()
    return loss


WRONG = {
    "Adam": [{"lr": -1}, {"betas": (1.0, 0.9)}, {"betas": (0.9, -0.1)}, {"eps": -1}, {"weight_decay": -1}],
    "AdamW": [{"lr": -1}, {"betas": (0.9, 1.0)}, {"eps": -1}, {"weight_decay": -1}],
    "Adamax": [{"lr": -1}, {"betas": (1.0, 0.9)}, {"eps": -1}, {"weight_decay": -1}],
    "NAdam": [{"lr": -1}, {"betas": (1.0, 0.9)}, {"eps": -1}, {"weight_decay": -1}, {"momentum_decay": -1}],
    "RAdam": [{"lr": -1}, {"betas": (1.0, 0.9)}, {"eps": -1}, {"weight_decay": -1}],
    "RMSprop": [{"lr": -1}, {"alpha": -1}, {"eps": -1}, {"weight_decay": -1}, {"momentum": -1}],
    "Adagrad": [{"lr": -1}, {"lr_decay": -1}, {"eps": -1}, {"weight_decay": -1}, {"initial_accumulator_value": -1}],
    "Adadelta": [{"lr": -1}, {"rho": 1.5}, {"rho": -1}, {"eps": -1}, {"weight_decay": -1}],
    "LBFGS": [{"lr": -1}],
}


@pytest.mark.parametrize(("name", "options"), [(name, one) for name, every in WRONG.items() for one in every])
def test_what_both_refuse(name, options):
    both_refuse(
        *[
            lambda library=library: getattr(library.optim, name)([library.ones(1, requires_grad=True)], **options)
            for library in (mg, torch)
        ],
        ValueError,
    )


@pytest.mark.parametrize("name", NAMES)
def test_a_small_convolutional_net(name):
    """Through the layers and a loss: every parameter after 100 steps, one of them with a closure."""

    def run(library):
        nn = library.nn
        model = nn.Sequential(nn.Conv2d(1, 3, 3), nn.Tanh(), nn.AvgPool2d(2), nn.Flatten(), nn.Linear(12, 3)).double()
        for seed, param in enumerate(model.parameters()):
            param.data = library.tensor(normal(*param.shape, seed=seed) * 0.3)
        x, labels = library.tensor(normal(4, 1, 6, 6, seed=9)), library.tensor(np.array([0, 1, 2, 1]))
        optimizer = getattr(library.optim, name)(model.parameters(), weight_decay=0.01)

        def loss():
            optimizer.zero_grad()
            value = nn.functional.cross_entropy(model(x), labels)
            value.backward()
            return value

        for _ in range(STEPS - 1):
            loss()
            optimizer.step()
        last = optimizer.step(loss).item()
        return [np.asarray(last), *(param.detach().numpy() for param in model.parameters())]

    for ours, theirs in zip(run(mg), run(torch), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-8, atol=1e-10)
