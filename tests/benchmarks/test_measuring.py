"""How cases are measured: processes that take turns, results that must agree, an idle machine."""

import itertools
import subprocess
import sys

import numpy as np
import pytest

from benchmarks import interleaving, machine, measures
from benchmarks.catalogue import GROUPS, Case
from benchmarks.interleaving import Disagreement, Entry, Failure, Workers, difference
from benchmarks.machine import Load
from benchmarks.measures import Settings, measure

OPTIONS = {"operation": "tanh", "direction": "both", "length": 5}
CHAIN = Entry("minigrad", "minigrad", "chain", OPTIONS)
SETTINGS = Settings(repeats=3, timeout=0.0, left_out=())


@pytest.fixture(scope="module")
def workers():
    with Workers() as found:
        yield found


def test_a_process_builds_runs_and_forgets(workers):
    found = workers.build(CHAIN)
    assert found.keys() == {"output", "gradient"}
    assert workers.versions().keys() == {"minigrad"}
    times = workers.time([CHAIN], 7)
    assert len(times["minigrad"]) >= 7
    assert min(times["minigrad"]) > 0
    workers.forget()
    with pytest.raises(Failure, match="KeyError"):
        workers["minigrad"].ask(run=1, warm=0, name="minigrad")


def test_the_same_computation_agrees(workers):
    other = CHAIN._replace(label="again")
    ready, gaps, failed = workers.check([CHAIN, other], 0.0)
    assert (ready, gaps, failed) == ([CHAIN, other], {"minigrad": 0.0, "again": 0.0}, {})


def test_another_result_stops_the_case_with_the_numbers(workers):
    other = CHAIN._replace(label="longer", options=OPTIONS | {"length": 6})
    with pytest.raises(Disagreement, match=r"longer and minigrad differ by 0\.0\d+ .*the tolerance is 1e-04"):
        workers.check([CHAIN, other], 1e-4)
    row = measure(Case("operations", "two chains", (CHAIN, other)), workers, SETTINGS)
    assert "longer and minigrad differ" in row["stopped"]
    ready, _, _ = workers.check([CHAIN, other._replace(compared=False)], 1e-4)
    assert len(ready) == 2


def test_who_fails_is_named_and_left_out(workers):
    wrong = CHAIN._replace(label="wrong", options=OPTIONS | {"operation": "unknown"})
    ready, _, failed = workers.check([CHAIN, wrong], 0.0)
    assert ready == [CHAIN]
    assert "KeyError: 'unknown'" in failed["wrong"]


def test_a_row_has_medians_ratios_and_threads(workers):
    case = Case("operations", "a chain", (CHAIN, CHAIN._replace(label="again")), {"again": 2.0}, operations=5)
    row = measure(case, workers, SETTINGS)
    assert row["ratios"]["again"] == row["values"]["minigrad"] / row["values"]["again"]
    assert row["at_most"] == {"again": 2.0}
    assert row["runs"]["minigrad"] >= 3
    assert "BLAS" in row["threads"]["minigrad"]
    low, high = row["quartiles"]["minigrad"]
    assert low <= row["values"]["minigrad"] <= high


def test_scaling_finds_the_exponent(workers, monkeypatch):
    steps = [CHAIN._replace(label=f"×{size}", compared=False) for size in (1, 2, 4, 16)]
    monkeypatch.setattr(workers, "time", lambda entries, repeats: {
        entry.label: [round(float(entry.label[1:]) ** 1.5 * 1e6)] * 3 for entry in entries
    })  # fmt: skip
    row = measure(Case("scaling", "by length", tuple(steps), measure="scaling"), workers, SETTINGS)
    assert row["values"] == {"exponent": pytest.approx(1.5, abs=1e-3)}
    assert row["notes"][0] == "×16 takes ×64.0"


def test_peak_memory_is_measured_in_a_process_of_its_own(workers):
    row = measure(Case("memory", "of a chain", (CHAIN,), measure="memory"), workers, SETTINGS)
    assert 10e6 < row["values"]["minigrad"] < 2e9
    assert row["busy"] is False


def test_training_to_a_goal_counts_epochs(workers, monkeypatch):
    answers = iter([{"found": [0.97, 0.99], "seconds": 3.0}, {"found": [0.5] * 12, "seconds": 9.0}])
    entries = tuple(CHAIN._replace(label=f"seed {seed}") for seed in (1, 2))
    real = workers["minigrad"].ask
    monkeypatch.setattr(
        workers["minigrad"], "ask", lambda **asked: next(answers) if "until" in asked else real(**asked)
    )
    row = measure(Case("mnist", "to the goal", entries, measure="goal"), workers, SETTINGS)
    assert row["values"] == {"minigrad": 6.0}
    assert row["notes"] == ["epochs of minigrad: 2, 12 (50.00% only)"]


def test_a_process_runs_until_the_goal(workers):
    learning = GROUPS["mnist"](True)[1].entries[0]
    workers.build(learning)
    found = workers["minigrad"].ask(until=0.0, most=3, name=learning.label)
    assert len(found["found"]) == 1
    assert 0.2 < found["found"][0] <= 1


def test_imports_are_measured_in_new_processes(workers):
    row = measure(Case("import", "import", (CHAIN,), measure="import"), workers, Settings(1, 0.0, ()))
    assert 0 < row["values"]["minigrad"] < 60


def test_differences_are_parts_of_the_largest_number():
    wanted = {"a": np.array([100.0, 1.0]), "b": np.array([1.0])}
    assert difference({"a": np.array([100.0, 3.0]), "b": np.array([1.0])}, wanted) == (pytest.approx(0.02), "a")
    assert difference({"a": np.array([100.0, np.nan]), "b": np.array([1.0])}, wanted)[0] == float("inf")
    with pytest.raises(Disagreement, match="shapes"):
        difference({"a": np.array([100.0]), "b": np.array([1.0])}, wanted)
    with pytest.raises(Disagreement, match="named"):
        difference({"a": np.array([100.0])}, wanted)


# ------------------------------------------------------------------------- idleness


def loads(monkeypatch, *busy):
    """A machine on which others keep so many processors busy, from glance to glance."""
    clock = itertools.count()
    spent = itertools.accumulate(itertools.chain([0.0], busy, itertools.repeat(busy[-1])))
    monkeypatch.setattr(machine.time, "sleep", lambda seconds: None)
    monkeypatch.setattr(Load, "now", lambda processes: Load(float(next(clock)), 7.0 + next(spent), 0.0))


def test_what_others_work_is_everything_but_ours():
    before, after = Load(10.0, 100.0, 40.0), Load(12.0, 103.0, 42.0)
    assert after.others_since(before) == 0.5
    assert Load(12.0, 101.0, 42.0).others_since(before) == 0.0


def test_children_that_have_ended_are_ours():
    before = Load.now([])
    if before is None:
        pytest.skip("this system does not say who works")
    subprocess.run([sys.executable, "-c", "import time\nwhile time.process_time() < 0.3: pass"], check=True)
    assert Load.now([]).ours - before.ours >= 0.28


def test_an_idle_machine_is_not_waited_for(monkeypatch):
    loads(monkeypatch, 0.0)
    assert machine.wait_until_idle([], timeout=0.0) is True


def test_after_the_timeout_the_machine_is_called_busy(monkeypatch):
    loads(monkeypatch, 1.5)
    assert machine.wait_until_idle([], timeout=0.0) is False


def test_without_proc_nobody_can_tell(monkeypatch, tmp_path):
    monkeypatch.setattr(machine, "STAT", tmp_path / "missing")
    assert Load.now([]) is None
    assert machine.wait_until_idle([], timeout=9.0) is None


@pytest.mark.parametrize(("idle", "worked", "busy"), [(True, 0.0, False), (True, 0.5, True), (False, 0.0, True)])
def test_a_row_is_marked_busy(monkeypatch, idle, worked, busy):
    times = iter([Load(0.0, 0.0, 0.0), Load(1.0, worked, 0.0)])
    monkeypatch.setattr(Load, "now", lambda processes: next(times))
    monkeypatch.setattr(machine, "wait_until_idle", lambda processes, timeout: idle)
    monkeypatch.setitem(measures.KINDS, "nothing", lambda *given: {})
    with Workers() as none:
        row = measure(Case("group", "name", (), measure="nothing"), none, SETTINGS)
    assert (row["busy"], row["others"]) == (busy, worked)


def test_every_case_has_a_measure():
    assert {case.measure for cases in GROUPS.values() for case in cases(False)} == set(measures.KINDS)
    assert interleaving.BLOCK > 0
