"""Valid calls of the optimisers and schedulers: each is made, and steps a few times."""

from collections.abc import Callable
from typing import Any

import minigrad as mg
from minigrad import optim
from tests.campaigns.arguments import Made
from tests.torch_oracle.examples import call


def stepped(kind: Any) -> Callable[..., Any]:
    """A parameter after three steps of an optimiser with the given options."""

    def run(*given: Any, **options: Any) -> Any:
        parameter = mg.ones(3, requires_grad=True)
        optimizer = kind([parameter], *given, **options)

        def closure() -> Any:
            optimizer.zero_grad()
            loss = (parameter * parameter).sum()
            loss.backward()
            return loss

        for _ in range(3):
            optimizer.step(closure)
        return parameter.detach()

    return run


def followed(kind: Any, *arguments: Any) -> Callable[..., Any]:
    """The rate after three steps of a scheduler with the given options, and its state loaded."""

    def run(*given: Any, **options: Any) -> Any:
        optimizer = optim.SGD([mg.ones(3, requires_grad=True)], lr=0.5, momentum=0.9)
        scheduler = kind(optimizer, *map(harmless, given), **options)
        for _ in range(3):
            optimizer.step()
            scheduler.step(*arguments)
        scheduler.load_state_dict(scheduler.state_dict())
        return scheduler.get_last_lr()

    return run


def harmless(value: Any) -> Any:
    """A function of numbers in the place of any function: what a user's own raises is not looked at."""
    if isinstance(value, list | tuple):
        return [harmless(one) for one in value]
    return abs if callable(value) else value


def placed(kind: Any, **options: Any) -> Callable[..., Any]:
    """The rate at an epoch that is given."""

    def run(epoch: Any) -> Any:
        scheduler = kind(optim.SGD([mg.ones(3, requires_grad=True)], lr=0.5), **options)
        scheduler.step(epoch)
        return scheduler.get_last_lr()

    return run


def restored(state: Any) -> Any:
    """The state of an optimiser that has loaded one."""
    parameter = mg.ones(3, requires_grad=True)
    optimizer = optim.Adam([parameter])
    optimizer.load_state_dict(state)
    parameter.grad = mg.ones(3)
    optimizer.step()
    return optimizer.state_dict()


def saved() -> Any:
    """The state of an optimiser that has stepped."""
    parameter = mg.ones(3, requires_grad=True)
    parameter.grad = mg.ones(3)
    optimizer = optim.Adam([parameter])
    optimizer.step()
    return optimizer.state_dict()


def together(kind: Any) -> Callable[..., Any]:
    """The rate after three steps of schedulers that work together."""

    def run(schedulers: Any, *given: Any) -> Any:
        optimizer = optim.SGD([mg.ones(3, requires_grad=True)], lr=0.5)
        inner = schedulers
        if isinstance(schedulers, list | tuple):
            inner = [one(optimizer, 0.5) if isinstance(one, type) else one for one in schedulers]
        scheduler = kind(inner, *given) if kind is RATES.ChainedScheduler else kind(optimizer, inner, *given)
        for _ in range(3):
            optimizer.step()
            scheduler.step()
        return scheduler.get_last_lr()

    return run


RATES = optim.lr_scheduler
LEAF = Made(lambda: mg.ones(3, dtype=mg.float64, requires_grad=True))
FIVE = {"lr": 0.1, "betas": (0.9, 0.99), "eps": 1e-6, "weight_decay": 0.1}
OPTIONS: dict[str, dict[str, Any]] = {
    "Adam": {**FIVE, "amsgrad": True},
    "AdamW": {**FIVE, "amsgrad": True},
    "Adamax": {**FIVE, "foreach": None},
    "NAdam": {**FIVE, "momentum_decay": 0.01, "decoupled_weight_decay": True},
    "RAdam": {**FIVE, "decoupled_weight_decay": True},
    "RMSprop": {"lr": 0.1, "alpha": 0.9, "eps": 1e-6, "weight_decay": 0.1, "momentum": 0.9, "centered": True},
    "Adagrad": {"lr": 0.1, "lr_decay": 0.1, "weight_decay": 0.1, "initial_accumulator_value": 0.1, "eps": 1e-6},
    "Adadelta": {"lr": 1.0, "rho": 0.9, "eps": 1e-6, "weight_decay": 0.1},
    "LBFGS": {
        "lr": 0.5,
        "max_iter": 4,
        "max_eval": 6,
        "tolerance_grad": 1e-5,
        "tolerance_change": 1e-8,
        "history_size": 3,
        "line_search_fn": "strong_wolfe",
    },
}
SWITCHES = {"maximize": True, "differentiable": False}

SCHEDULED: dict[str, list[Any]] = {
    "StepLR": [call(step_size=2, gamma=0.5)],
    "MultiStepLR": [call(milestones=[1, 2], gamma=0.5)],
    "ExponentialLR": [call(gamma=0.5)],
    "ConstantLR": [call(factor=0.5, total_iters=2)],
    "LinearLR": [call(start_factor=0.5, end_factor=1.0, total_iters=2)],
    "PolynomialLR": [call(total_iters=5, power=2.0)],
    "CosineAnnealingLR": [call(T_max=5, eta_min=0.1)],
    "CosineAnnealingWarmRestarts": [call(T_0=2, T_mult=2, eta_min=0.1)],
    "LambdaLR": [call(lr_lambda=abs)],
    "MultiplicativeLR": [call(lr_lambda=abs)],
    "CyclicLR": [
        call(base_lr=0.1, max_lr=1.0, step_size_up=2, step_size_down=2, mode="triangular2", gamma=0.5, scale_fn=None,
             scale_mode="cycle", cycle_momentum=True, base_momentum=0.8, max_momentum=0.9),
    ],
    "OneCycleLR": [
        call(max_lr=1.0, total_steps=10, epochs=None, steps_per_epoch=None, pct_start=0.3, anneal_strategy="cos",
             by_name={"cycle_momentum": True, "base_momentum": 0.8, "max_momentum": [0.9], "div_factor": 25.0,
                      "final_div_factor": 100.0, "three_phase": True}),
        call(max_lr=[1.0], total_steps=None, epochs=2, steps_per_epoch=5),
    ],
}  # fmt: skip

OPTIMISERS: dict[str, tuple[Any, list[Any]]] = {
    **{f"optim.{name}": (getattr(optim, name), [call(params=[LEAF], lr=0.1)]) for name in OPTIONS},
    **{
        f"optim.{name}.step": (
            stepped(getattr(optim, name)),
            [call(**options, by_name={} if name == "LBFGS" else SWITCHES)],
        )
        for name, options in OPTIONS.items()
    },
    "optim.Adam.load_state_dict": (restored, [call(state=Made(saved))]),
    **{f"lr_scheduler.{name}": (followed(getattr(RATES, name)), calls) for name, calls in SCHEDULED.items()},
    "lr_scheduler.LRScheduler": (RATES.StepLR, [call(optimizer=Made(lambda: optim.SGD([LEAF.make()])), step_size=2)]),
    "lr_scheduler.ReduceLROnPlateau": (
        followed(RATES.ReduceLROnPlateau, 1.0),
        [
            call(
                mode="max", factor=0.5, patience=1, threshold=0.1, threshold_mode="abs", cooldown=1, min_lr=0.1, eps=0.0
            )
        ],
    ),
    "lr_scheduler.ReduceLROnPlateau.step": (placed(RATES.ReduceLROnPlateau), [call(epoch=0.5)]),
    "lr_scheduler.StepLR.step": (placed(RATES.StepLR, step_size=2), [call(epoch=3)]),
    "lr_scheduler.CosineAnnealingWarmRestarts.step": (
        placed(RATES.CosineAnnealingWarmRestarts, T_0=2, T_mult=2),
        [call(epoch=2.5)],
    ),
    "lr_scheduler.SequentialLR": (
        together(RATES.SequentialLR),
        [call(schedulers=[RATES.ConstantLR, RATES.ExponentialLR], milestones=[2])],
    ),
    "lr_scheduler.ChainedScheduler": (
        together(RATES.ChainedScheduler),
        [call(schedulers=[RATES.ConstantLR, RATES.ExponentialLR])],
    ),
}
