"""`python -m minigrad.bench`."""

import json
import sys

import pytest

from minigrad.bench import RUNGS
from minigrad.bench import __main__ as program

QUICK = ["--problem", "small", "--batch", "2", "--seconds", "0.001"]


def run(monkeypatch, capsys, *arguments):
    monkeypatch.setattr(sys, "argv", ["minigrad.bench", *arguments])
    program.main()
    return capsys.readouterr().out


def test_every_rung_has_a_line(monkeypatch, capsys):
    output = run(monkeypatch, capsys, *QUICK)
    lines = output.splitlines()
    for rung in RUNGS:
        assert any(line.startswith(f"  {rung.name} ") and " ms " in line and "GFLOP/s" in line for line in lines)
    assert "images a second" in lines[-1]


def test_json(monkeypatch, capsys):
    found = json.loads(run(monkeypatch, capsys, *QUICK, "--json"))
    assert [one["name"] for one in found["ladder"]] == [rung.name for rung in RUNGS]
    assert found["training"]["batch"] == 2
    assert found["problem"]["kernel"] == 3


@pytest.mark.parametrize("wrong", [["--batch", "0"], ["--seconds", "-1"]])
def test_nonsense_is_refused(monkeypatch, capsys, wrong):
    with pytest.raises(SystemExit):
        run(monkeypatch, capsys, *wrong)
    assert "must be larger than 0" in capsys.readouterr().err
