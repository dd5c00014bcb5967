"""Schedulers after each other, at once and inside each other."""

import pytest

import minigrad as mg
from minigrad.errors import ArgumentError, DTypeError, StateDictError
from minigrad.optim import lr_scheduler as kinds


def sgd():
    return mg.optim.SGD([mg.ones(1, requires_grad=True)], lr=1.0)


def run(scheduler, steps):
    path = []
    for _ in range(steps):
        path.append(scheduler.get_last_lr()[0])
        scheduler.optimizer.step()
        scheduler.step()
    return path


def warm(optimizer):
    return kinds.LinearLR(optimizer, 0.25, 1.0, 3)


def fall(optimizer):
    return kinds.ExponentialLR(optimizer, 0.5)


def test_a_sequence_begins_each_scheduler_at_its_milestone():
    optimizer = sgd()
    scheduler = kinds.SequentialLR(optimizer, [warm(optimizer), fall(optimizer), kinds.StepLR(optimizer, 2)], [3, 5])
    assert run(scheduler, 9) == pytest.approx([0.25, 0.5, 0.75, 1, 0.5, 1, 1, 0.1, 0.1])


def test_a_chain_multiplies():
    optimizer = sgd()
    scheduler = kinds.ChainedScheduler([warm(optimizer), fall(optimizer)])
    assert run(scheduler, 5) == pytest.approx([0.25, 0.25, 0.75 / 4, 1 / 8, 1 / 16])


def test_schedulers_inside_schedulers_begin_as_they_do_alone():
    chain = lambda o: kinds.ChainedScheduler([warm(o), fall(o)])  # noqa: E731
    sequence = lambda o: kinds.SequentialLR(o, [warm(o), fall(o)], [2])  # noqa: E731
    alone = {one: run(one(sgd()), 4) for one in (chain, sequence, fall)}
    for first in alone:
        for second in alone:
            optimizer = sgd()
            outer = kinds.SequentialLR(optimizer, [first(optimizer), second(optimizer)], [4])
            assert run(outer, 8) == pytest.approx([*alone[first], *alone[second]])
    optimizer = sgd()
    both = kinds.ChainedScheduler([sequence(optimizer), fall(optimizer)])
    factors = [0.5**t for t in range(2)]
    assert run(both, 2) == pytest.approx([a * b for a, b in zip(alone[sequence], factors, strict=False)])


@pytest.mark.parametrize("middle", range(8))
def test_nested_states_go_on_to_the_bit(middle, tmp_path):
    def make():
        optimizer = sgd()
        chain = kinds.ChainedScheduler([warm(optimizer), fall(optimizer)])
        inner = kinds.SequentialLR(optimizer, [chain, kinds.StepLR(optimizer, 2)], [2])
        return kinds.SequentialLR(optimizer, [inner, kinds.CosineAnnealingLR(optimizer, 9)], [5])

    scheduler = make()
    run(scheduler, middle)
    mg.save([scheduler.optimizer.state_dict(), scheduler.state_dict()], tmp_path / "state.npz")
    fresh = make()
    for one, state in zip((fresh.optimizer, fresh), mg.load(tmp_path / "state.npz"), strict=True):
        one.load_state_dict(state)
    assert run(fresh, 9) == run(scheduler, 9)


def test_a_state_of_others_changes_nothing():
    optimizer = sgd()
    scheduler = kinds.SequentialLR(optimizer, [warm(optimizer), fall(optimizer)], [3])
    before = scheduler.state_dict()
    first, second = before["_schedulers"]
    for spoilt in ([first], [second, first], [first, None], None, [first, {**second, "gamma": "x"}]):
        with pytest.raises(StateDictError):
            scheduler.load_state_dict({**before, "last_epoch": 77, "_schedulers": spoilt})
        assert scheduler.state_dict() == before
    for spoilt in ({}, {**before, "_milestones": [1, 2]}, None):
        with pytest.raises(StateDictError):
            scheduler.load_state_dict(spoilt)
        assert scheduler.state_dict() == before


def test_what_is_no_list_of_schedulers_of_one_optimiser():
    optimizer = sgd()
    one, other = fall(optimizer), fall(sgd())
    for wrong, error in (
        (one, DTypeError), ([optimizer], DTypeError), (None, DTypeError), ([], ArgumentError), ([one, other],
        ArgumentError), ([kinds.ReduceLROnPlateau(optimizer)], ArgumentError),
    ):  # fmt: skip
        with pytest.raises(error, match="ChainedScheduler got"):
            kinds.ChainedScheduler(wrong)
        with pytest.raises(error, match="SequentialLR got"):
            kinds.SequentialLR(optimizer, wrong, [3])
    with pytest.raises(ArgumentError, match="another optimiser"):
        kinds.ChainedScheduler([one], sgd())
    with pytest.raises(DTypeError, match="as its optimizer"):
        kinds.ChainedScheduler([one], 3)
    for milestones, error in (([], ArgumentError), ([3, 4], ArgumentError), (3, DTypeError), (["a"], DTypeError)):
        with pytest.raises(error, match="SequentialLR got"):
            kinds.SequentialLR(optimizer, [one, fall(optimizer)], milestones)
    with pytest.raises(ArgumentError, match="rise"):
        kinds.SequentialLR(optimizer, [one, fall(optimizer), warm(optimizer)], [5, 3])
