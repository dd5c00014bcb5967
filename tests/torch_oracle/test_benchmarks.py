"""The benchmarks compute the same in every library that is installed."""

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import pytest

import minigrad
from benchmarks.catalogue import GROUPS
from benchmarks.interleaving import difference
from benchmarks.workloads import build, written_for

ROOT = Path(minigrad.__file__).parents[1]
CHECKED = [
    pytest.param(case, id=case.name)
    for group in ("autoencoder", "layers", "pointwise", "grid")
    for case in GROUPS[group](False)
    if group != "autoencoder" or case.name.endswith("32")
]


@pytest.mark.parametrize("case", CHECKED)
def test_pytorch_computes_the_same(case):
    ours = case.entries[0]
    options = ours.options
    if "channels" in options:  # the batch only takes time
        options = options | {"batch": 2}
    found, wanted = (build(library, ours.kind, options).results() for library in ("minigrad", "torch"))
    assert difference(found, wanted)[0] <= case.tolerance


@pytest.mark.parametrize("library", [one for one in written_for("lenet")[1:] if importlib.util.find_spec(one)])
def test_a_peer_takes_the_same_step(library, tmp_path):
    command = [sys.executable, str(ROOT / "benchmarks" / "run.py"), "--quick", "--cases", "lenet", "operations"]
    done = subprocess.run(
        [*command, "--peers", library, "--out", tmp_path / "found.json"], capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    rows = json.loads((tmp_path / "found.json").read_text(encoding="utf-8"))["rows"]
    assert not [row for row in rows if "stopped" in row or row["failed"]]
    assert library in rows[0]["values"]
