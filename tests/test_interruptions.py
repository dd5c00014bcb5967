"""Short draws of the campaigns against training runs: killed processes and damaged checkpoint files."""

import signal

import pytest

from tests.campaigns import corruption, killing


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no SIGKILL on this system")
def test_a_killed_run_ends_with_the_weights_of_one_that_was_not(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    kills, _, different = killing.campaign(kills=1, seed=0, epochs=3, kinds=("RMSprop",))
    assert kills >= 1
    assert different == 0


def test_damaged_files_are_refused_and_leave_everything_as_it_was(monkeypatch):
    pytest.importorskip("safetensors")
    counted, faults = corruption.campaign(cases=200, forgeries=100, seed=0)
    assert not faults
    assert counted["refused"] == 200
    assert counted["forged: refused"] > 50


def test_a_campaign_sees_a_fault(monkeypatch):
    """A checksum that is not compared lets changed files through."""
    pytest.importorskip("safetensors")
    for module in ("archives", "safetensors"):
        monkeypatch.setattr(f"minigrad.serialization.{module}.check", lambda data, position: None)
    _, faults = corruption.campaign(cases=120, forgeries=0, seed=0)
    assert any("loaded" in fault for fault in faults)


def test_every_accident_damages():
    import random

    raw, other = bytes(range(256)) * 40, bytes(range(255, -1, -1)) * 50
    for accident in corruption.ACCIDENTS:
        assert any(accident(raw, random.Random(seed), other) != raw for seed in range(5)), accident.__name__
