"""Every kind of case runs in minigrad for a moment, and the dense equivalents are what they claim to be."""

import math

import numpy as np
import pytest

import minigrad as mg
from benchmarks import workloads
from benchmarks.catalogue import GROUPS
from benchmarks.geometries import GRID, dense, multiplications, outputs_of
from benchmarks.parties import PARTIES
from benchmarks.workloads import mnist

OURS = [
    pytest.param(entry, id=f"{group}: {case.name}: {entry.label}")
    for group, cases in GROUPS.items()
    for case in cases(True)
    for entry in case.entries
    if PARTIES[entry.party].library == "minigrad" and entry.kind
]


@pytest.mark.parametrize("entry", OURS)
def test_a_quick_case_runs(entry, monkeypatch):
    whole = mnist._data
    monkeypatch.setattr(mnist, "_data", lambda *given: [one[:320] for one in whole(*given)])
    workload = workloads.build("minigrad", entry.kind, entry.options)
    results = workload.results()
    assert results
    for name, values in results.items():
        assert np.isfinite(values).all(), name
    workload.run(*(() if workload.before is None else (workload.before(),)))


@pytest.mark.parametrize("quick", [False, True])
@pytest.mark.parametrize("group", GROUPS)
def test_cases_are_well_formed(group, quick):
    cases = GROUPS[group](quick)
    assert cases
    assert len({case.name for case in cases}) == len(cases)
    for case in cases:
        assert case.group == group
        assert PARTIES[case.entries[0].party].library == "minigrad"
        assert len({entry.label for entry in case.entries}) == len(case.entries)
        assert case.at_most.keys() <= {entry.label for entry in case.entries}


def test_the_cases_are_those_that_are_promised():
    assert len(GROUPS["lenet"](False)) == 8
    assert len(GROUPS["autoencoder"](False)) == 4
    assert len(GROUPS["layers"](False)) == 3 * 7
    assert len(GRID) == 40


def test_names_are_different_across_groups():
    names = [case.name for cases in GROUPS.values() for case in cases(False)]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("name", GRID)
def test_a_dense_equivalent_takes_as_many_multiplications(name):
    options, other = GRID[name], dense(GRID[name])
    assert multiplications(other) == multiplications(options)
    assert (other["groups"], other["dilation"], other["padding"]) == (1, 1, 0)
    assert other["channels"] * options.get("groups", 1) == options["channels"]
    assert outputs_of(other) == outputs_of(options)


@pytest.mark.parametrize("name", GRID)
def test_multiplications_are_those_that_the_profiler_counts(name):
    options = GRID[name] | {"batch": 1}
    workload = workloads.build("minigrad", "convolution", options | {"backward": False})
    with mg.profiler.profile() as prof:
        workload.run()
    counted = sum(row.flops for row in prof.key_averages())
    assert counted == 2 * multiplications(options)


def test_inside_a_network_the_numbers_are_the_same():
    plain, own = (
        workloads.build("minigrad", "layer", {"function": "max_pool2d", "shape": (2, 3, 4, 4), "kernel_size": 2,
                                              "order": order}).results()
        for order in ("C", "own")
    )  # fmt: skip
    for name, values in plain.items():
        np.testing.assert_array_equal(own[name], values)


def test_the_chain_goes_as_far_as_it_says():
    options = {"operation": "multiplied by a number", "direction": "both", "length": 7}
    found = workloads.build("minigrad", "chain", options).results()
    np.testing.assert_allclose(found["gradient"], math.pow(1.0001, 7), rtol=1e-6)
