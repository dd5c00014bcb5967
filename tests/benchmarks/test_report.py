"""Rows become tables; what was written is read again; the command works from end to end."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

import minigrad
from benchmarks import report
from benchmarks.catalogue import GROUPS
from benchmarks.figures import FIGURES
from benchmarks.run import merged

ROOT = Path(minigrad.__file__).parents[1]


def row(name="a step", group="lenet", ratio=0.5, **more):
    return {
        "group": group, "name": name, "ours": "minigrad", "unit": "s", "busy": False,
        "values": {"minigrad": 0.002 * ratio, "torch": 0.002}, "ratios": {"torch": ratio}, "at_most": {"torch": 0.75},
        "limit": None, "threads": {"minigrad": "BLAS 2", "torch": "2"}, **more,
    }  # fmt: skip


def whole(*rows, **more):
    about = {"processor": "a processor", "processors": 2, "system": "Linux", "python": "3.11", "numpy": "2.4",
             "blas": "openblas", "environment": {}}  # fmt: skip
    return {"date": "2000-01-02T03:04:05+00:00", "machine": about, "versions": {"minigrad": "0.1", "torch": "2"},
            "missing": ["jax"], "repeats": 30, "rows": list(rows), **more}  # fmt: skip


def cells(row):
    (line,) = report.lines([row])
    return line


def test_a_line_of_the_table():
    line = cells(row())
    assert line == ("a step", "1.00 ms", "PyTorch", "2.00 ms", "0.50", "0.75", "yes", "BLAS 2 / 2", "")
    assert cells(row(ratio=0.8)).reached == "NO"
    assert cells(row(at_most={})).reached == ""


def test_what_went_wrong_stands_in_the_notes():
    assert cells(row(busy=True)).notes == "busy"
    assert cells(row(busy=True)).reached == "?"
    assert cells(row(busy=None)).notes == "idleness unknown"
    assert cells(row(failed={"jax": "Traceback …\nValueError: no"})).notes == "JAX failed: ValueError: no"
    line = cells({"name": "a step", "group": "lenet", "busy": False, "stopped": "they differ"})
    assert (line.ratio, line.notes) == ("", "stopped: they differ")


def test_a_limit_of_our_own_stands_in_a_line_of_its_own():
    own, other = report.lines([row(limit=0.0005)])
    assert (own.ours, own.peer, own.at_most, own.reached) == ("1.00 ms", "", "500 µs", "NO")
    assert other.peer == "PyTorch"


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [(1.5, "s", "1.50 s"), (0.0123, "s", "12.3 ms"), (4e-6, "s", "4.00 µs"), (4e-7, "s", "0.400 µs"),
     (123456.0, "s", "123456 s"), (3 * 2**20, "B", "3.00 MB"), (0.987, "", "0.987"), (0.0, "s", "0 µs")],
)  # fmt: skip
def test_numbers_have_three_digits(value, unit, text):
    assert report.quantity(value, unit) == text


def test_means_are_geometric():
    rows = [row(str(number), "autoencoder", ratio) for number, ratio in enumerate((0.5, 2.0))]
    (line,) = report.summary(rows)
    assert (line.ratio, line.at_most, line.reached) == ("1.00", "0.90", "NO")
    (line,) = report.summary([*rows, row("busy", "autoencoder", busy=True)])
    assert line.reached == "?"


def test_of_other_figures_the_worst_case_counts():
    rows = [row(f"LeNet-5 step, batch {batch}", "lenet", ratio) for batch, ratio in ((32, 0.7), (64, 0.6), (128, 5.0))]
    small, large = report.summary(rows)
    assert (small.ratio, small.reached) == ("0.70", "yes")
    assert small.notes == "the worst of 2: LeNet-5 step, batch 32"
    assert (large.ratio, large.reached, large.notes) == ("5.00", "NO", "")


def test_only_the_layers_with_their_gradients_count():
    rows = [row(f"{n}, forward + backward", "layers", 1.0) for n in "ab"]
    rows.append(row("a, forward", "layers", 100.0))
    rows.append(row("a, forward + backward, inside a network", "layers", 100.0))
    (line,) = report.summary(rows)
    assert line.ratio == "1.00"


@pytest.mark.parametrize("figure", FIGURES, ids=str)
def test_every_figure_has_its_cases(figure):
    cases = [case for case in GROUPS[figure.group](False) if re.search(figure.pattern, case.name)]
    found = [case for case in cases if figure.against in {entry.label for entry in case.entries}]
    assert found
    assert figure.mean or all(case.at_most.get(figure.against, figure.at_most) == figure.at_most for case in found)


def test_tables_say_on_which_machine():
    made = report.markdown(whole(row()))
    assert "2000-01-02, a processor" in made
    assert "PyTorch 2" in made
    assert "Not installed: JAX." in made
    assert "| a step | 1.00 ms | PyTorch | 2.00 ms | 0.50 | 0.75 | yes | BLAS 2 / 2 |" in made
    assert "a step  1.00 ms   PyTorch" in report.text(whole(row()))


def test_a_report_is_read_as_it_was_written(tmp_path):
    report.save(whole(row()), tmp_path / "found.json")
    assert report.load(tmp_path / "found.json") == whole(row())


def test_an_update_keeps_the_other_rows(tmp_path):
    file = tmp_path / "found.json"
    report.save(whole(row("old"), row("both", ratio=0.1), row("late", "scaling")), file)
    found = merged(whole(row("both", ratio=0.2), row("new", "layers")), file)
    assert [(one["name"], one["ratios"]["torch"]) for one in found["rows"]] == [
        ("old", 0.5), ("both", 0.2), ("new", 0.5), ("late", 0.5)
    ]  # fmt: skip


def test_an_update_from_elsewhere_is_refused(tmp_path):
    file = tmp_path / "found.json"
    report.save(whole(versions={"torch": "1"}), file)
    with pytest.raises(SystemExit, match="other versions"):
        merged(whole(row()), file)


def test_the_command_measures_writes_and_shows(tmp_path):
    files = [tmp_path / "found.json", tmp_path / "found.md"]
    command = [sys.executable, "-W", "error", str(ROOT / "benchmarks" / "run.py")]
    done = subprocess.run(
        [*command, "--quick", "--cases", "lenet", "operations", "scaling", "--peers", "--out", files[0], "--markdown",
         files[1]], capture_output=True, text=True, timeout=300, cwd=tmp_path,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    found = json.loads(files[0].read_text(encoding="utf-8"))
    assert {one["group"] for one in found["rows"]} == {"lenet", "operations", "scaling"}
    assert not [one for one in found["rows"] if "stopped" in one]
    assert "| LeNet-5 step" in files[1].read_text(encoding="utf-8")
    shown = subprocess.run([*command, "--show", files[0]], capture_output=True, text=True, timeout=60, cwd=tmp_path)
    assert shown.stdout.strip() in done.stdout
