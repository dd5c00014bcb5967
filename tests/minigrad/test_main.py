"""`python -m minigrad`."""

import os
import subprocess
import sys

import pytest

import minigrad as mg
from minigrad import __main__ as program


def test_report(environment):
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "minigrad"], env=environment, capture_output=True, text=True, timeout=120
    )
    assert (done.returncode, done.stderr) == (0, "")
    lines = dict(line.split(maxsplit=1) for line in done.stdout.splitlines())
    assert lines["minigrad"] == mg.__version__
    assert lines["Python"].startswith(".".join(map(str, sys.version_info[:3])))
    assert lines["self-test"].startswith("passed in ")
    assert set(lines) >= {"NumPy", "BLAS", "threads"}


def test_threads_are_those_of_the_environment(environment, capsys, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    program.main()
    assert any(line.split() == ["threads", "3"] for line in capsys.readouterr().out.splitlines())


def test_a_failing_self_test_says_so_and_fails(monkeypatch, capsys):
    rule, names = mg.tanh.rules["x"]
    monkeypatch.setitem(mg.tanh.rules, "x", (lambda *args: rule(*args) * 1.01, names))
    with pytest.raises(SystemExit, match=r"self-test FAILED: .*central differences"):
        program.main()
    assert "passed" not in capsys.readouterr().out


def test_importing_it_does_nothing(environment):
    done = subprocess.run(
        [sys.executable, "-c", "import minigrad.__main__"], env=environment, capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert os.environ.get("OMP_NUM_THREADS") == environment.get("OMP_NUM_THREADS")
