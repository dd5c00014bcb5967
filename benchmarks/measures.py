"""Cases are measured, each giving one row."""

import json
import math
import statistics
import subprocess
import sys
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np

from . import machine
from .catalogue import Case
from .interleaving import ROOT, Disagreement, Entry, Failure, Workers, difference
from .machine import Load
from .parties import PARTIES

Row = dict[str, Any]
LEAST = 30  # runs, for the slow ones
STEPS = 50  # of training, for the peak of memory


@dataclass(frozen=True)
class Settings:
    """What the command line asks for."""

    repeats: int
    timeout: float
    left_out: tuple[str, ...]  # parties that are missing or not wanted


def measure(case: Case, workers: Workers, settings: Settings) -> Row:
    """Wait for an idle machine, measure, and note whether it stayed idle; memory is the same on a busy one."""
    timed = case.measure != "memory"
    idle = machine.wait_until_idle(workers.numbers(), settings.timeout) if timed else True
    begun = Load.now(workers.numbers())
    row: Row = {
        "group": case.group,
        "name": case.name,
        "measure": case.measure,
        "date": datetime.now().astimezone().isoformat(timespec="seconds"),
    }
    try:
        row |= KINDS[case.measure](case, workers, settings)
    except (Disagreement, Failure) as error:
        row["stopped"] = str(error)
    done = Load.now(workers.numbers())
    if not timed:
        row["busy"] = False
    elif begun is None or done is None:
        row["busy"] = None
    else:
        row["others"] = round(done.others_since(begun), 3)
        row["busy"] = not idle or row["others"] > machine.BUSY
    return row


def _present(case: Case, settings: Settings) -> list[Entry]:
    """The entries whose libraries take part."""
    return [entry for entry in case.entries if entry.party not in settings.left_out]


def _medians(case: Case, workers: Workers, settings: Settings) -> tuple[dict[str, float], Row]:
    """Check the results, then take medians of interleaved times."""
    workers.forget()
    ready, gaps, failed = workers.check(_present(case, settings), case.tolerance)
    if not ready or ready[0] is not case.entries[0]:
        raise Failure(failed.get(case.entries[0].label, "minigrad is left out"))
    repeats = min(settings.repeats, LEAST) if case.slow else settings.repeats
    found = workers.time(ready, repeats)
    per = 1e-9 / case.operations
    quartiles = {
        label: [quarter * per for quarter in statistics.quantiles(times, n=4)[::2]]
        for label, times in found.items()
        if len(times) > 1
    }
    return {label: statistics.median(times) * per for label, times in found.items()}, {
        "unit": "s",
        "runs": {label: len(times) for label, times in found.items()},
        "quartiles": quartiles,
        "threads": {entry.label: workers[entry.party].about["threads"] for entry in ready},
        "differences": gaps,
        "tolerance": case.tolerance,
        "failed": failed,
    }


def _compared(case: Case, values: dict[str, float]) -> Row:
    """The values, and our ratio to each other's with the figure to reach."""
    ours, *others = values
    return {
        "ours": ours,
        "values": values,
        "ratios": {label: values[ours] / values[label] for label in others},
        "at_most": {label: case.at_most[label] for label in others if label in case.at_most},
        "limit": case.limit,
    }


def _times(case: Case, workers: Workers, settings: Settings) -> Row:
    values, about = _medians(case, workers, settings)
    return about | _compared(case, values)


def _scaling(case: Case, workers: Workers, settings: Settings) -> Row:
    """The exponent of the cost: the slope of its logarithm over that of the size."""
    values, about = _medians(case, workers, settings)
    sizes = [float(label.removeprefix("×")) for label in values]
    slope = float(np.polyfit(np.log(sizes), np.log(list(values.values())), 1)[0])
    first, *_, last = values
    most = f"{last} takes ×{values[last] / values[first]:.1f}"
    return about | {
        "ours": "exponent", "values": {"exponent": slope}, "costs": values, "ratios": {}, "at_most": {},
        "limit": case.limit, "unit": "", "notes": [most, f"from {values[first] * 1e3:.2f} ms"],
        "threads": {"exponent": about["threads"][first]},
    }  # fmt: skip


IMPORT = """
import json, time
import numpy
start = time.perf_counter()
import {names}
print(json.dumps(time.perf_counter() - start))
"""


def _imports(case: Case, workers: Workers, settings: Settings) -> Row:
    """New processes in turn; the first of each fills the caches and is not counted."""
    entries = _present(case, settings)
    repeats = min(settings.repeats, LEAST)
    found: dict[str, list[float]] = {entry.label: [] for entry in entries}
    for number in range(repeats + 1):
        for entry in entries if number % 2 else entries[::-1]:
            library = PARTIES[entry.party].library
            names = "minigrad, nn" if library == "minigrad" else library
            done = subprocess.run(
                [sys.executable, "-c", IMPORT.format(names=names)], cwd=ROOT, capture_output=True, text=True
            )  # fmt: skip
            if done.returncode:
                raise Failure(f"{entry.label}: {done.stderr}")
            found[entry.label].append(json.loads(done.stdout.splitlines()[-1]))
    values = {label: statistics.median(times[1:]) for label, times in found.items()}
    return _compared(case, values) | {"unit": "s", "runs": dict.fromkeys(values, repeats)}


def _memory(case: Case, workers: Workers, settings: Settings) -> Row:
    """A new process for each, which builds, compares its results with the others' and trains."""
    values: dict[str, float] = {}
    gaps: dict[str, float] = {}
    failed: dict[str, str] = {}
    threads: dict[str, str] = {}
    first = None
    for entry in _present(case, settings):
        with Workers() as fresh:
            try:
                found = fresh.build(entry)
                values[entry.label] = fresh[entry.party].ask(peak=STEPS, name=entry.label)
            except Failure as error:
                failed[entry.label] = str(error)
                continue
            threads[entry.label] = fresh[entry.party].about["threads"]
        first = found if first is None else first
        gaps[entry.label], name = difference(found, first)
        if gaps[entry.label] > case.tolerance:
            raise Disagreement(f"{entry.label} differs by {gaps[entry.label]:.2g} in {name!r}")
    if case.entries[0].label not in values:
        raise Failure(failed.get(case.entries[0].label, "minigrad is left out"))
    return _compared(case, values) | {"unit": "B", "threads": threads, "differences": gaps, "failed": failed}


GOAL, MOST = 0.99, 12  # the share of test images read right, and the most epochs


def _goal(case: Case, workers: Workers, settings: Settings) -> Row:
    """Training until the goal is reached, once for each seed; medians over seeds."""
    workers.forget()
    ready, gaps, failed = workers.check(_present(case, settings), math.inf)
    seconds: dict[str, list[float]] = defaultdict(list)
    epochs: dict[str, list[str]] = defaultdict(list)
    for entry in ready:
        most = 1 if settings.repeats < LEAST else MOST
        found = workers[entry.party].ask(until=GOAL, most=most, name=entry.label)
        seconds[entry.party].append(found["seconds"])
        right = found["found"]
        epochs[entry.party].append(f"{len(right)}" if right[-1] >= GOAL else f"{len(right)} ({right[-1]:.2%} only)")
    if not seconds:
        raise Failure("; ".join(failed.values()))
    values = {party: statistics.median(times) for party, times in seconds.items()}
    return _compared(case, values) | {
        "unit": "s",
        "runs": {party: len(times) for party, times in seconds.items()},
        "threads": {party: workers[party].about["threads"] for party in values},
        "notes": [f"epochs of {PARTIES[party].title}: {', '.join(counts)}" for party, counts in epochs.items()],
        "failed": failed,
        "differences": gaps,
    }


KINDS = {"time": _times, "scaling": _scaling, "import": _imports, "memory": _memory, "goal": _goal}
