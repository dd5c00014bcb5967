"""Cases are measured, each giving one row."""

import statistics
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from . import machine
from .catalogue import Case
from .interleaving import Disagreement, Failure, Workers
from .machine import Load

Row = dict[str, Any]


@dataclass(frozen=True)
class Settings:
    """What the command line asks for."""

    repeats: int
    timeout: float
    left_out: tuple[str, ...]  # parties that are missing or not wanted


def measure(case: Case, workers: Workers, settings: Settings) -> Row:
    """Wait for an idle machine, measure, and note whether it stayed idle."""
    idle = machine.wait_until_idle(workers.numbers(), settings.timeout)
    begun = Load.now(workers.numbers())
    row: Row = {
        "group": case.group, "name": case.name, "measure": case.measure,
        "date": datetime.now().astimezone().isoformat(timespec="seconds"),
    }  # fmt: skip
    try:
        row |= KINDS[case.measure](case, workers, settings)
    except (Disagreement, Failure) as error:
        row["stopped"] = str(error)
    done = Load.now(workers.numbers())
    if begun is not None and done is not None:
        row["others"] = round(done.others_since(begun), 3)
        row["busy"] = not idle or row["others"] > machine.BUSY
    else:
        row["busy"] = None
    return row


def _times(case: Case, workers: Workers, settings: Settings) -> Row:
    """Check the results, then take medians of interleaved times."""
    entries = [entry for entry in case.entries if entry.party not in settings.left_out]
    workers.forget()
    ready, gaps, failed = workers.check(entries, case.tolerance)
    if not ready or ready[0] is not case.entries[0]:
        raise Failure(failed.get(case.entries[0].label, "minigrad is left out"))
    found = workers.time(ready, settings.repeats)
    values = {label: statistics.median(times) / case.operations * 1e-9 for label, times in found.items()}
    return summary(case, values) | {
        "unit": "s",
        "runs": {label: len(times) for label, times in found.items()},
        "quartiles": {
            label: [quarter / case.operations * 1e-9 for quarter in statistics.quantiles(times, n=4)[::2]]
            for label, times in found.items()
            if len(times) > 1
        },
        "threads": {entry.label: workers[entry.party].about["threads"] for entry in ready},
        "differences": gaps,
        "tolerance": case.tolerance,
        "failed": failed,
    }  # fmt: skip


def summary(case: Case, values: dict[str, float]) -> Row:
    """The values, and our ratio to each other's with the figure to reach."""
    ours, *others = values
    return {
        "ours": ours,
        "values": values,
        "ratios": {label: values[ours] / values[label] for label in others},
        "at_most": {label: case.at_most[label] for label in others if label in case.at_most},
        "limit": case.limit,
    }


KINDS = {"time": _times}
