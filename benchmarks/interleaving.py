"""Workers that take turns: started once, checked against each other, timed in blocks whose order changes."""

import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from .parties import PARTIES
from .workloads import Array

ROOT = Path(__file__).resolve().parents[1]
BLOCK = 0.15  # seconds, about
PAUSE = 0.02  # seconds between blocks: threads of the one before may still be waiting for work


class Entry(NamedTuple):
    """One of the things that a case compares: a workload, and who runs it."""

    label: str
    party: str
    kind: str
    options: dict[str, Any]
    compared: bool = True  # whether it computes the same as the first


class Failure(Exception):
    """A worker could not do what it was asked for."""


class Disagreement(Exception):
    """Two libraries computed different numbers."""


class Process:
    """The other end of a worker."""

    def __init__(self, party: str) -> None:
        chosen = PARTIES[party]
        asked = json.dumps({"library": chosen.library, "threads": chosen.threads})
        self.party = party
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.worker", asked], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            text=True, cwd=ROOT,
        )  # fmt: skip
        self.number = self._process.pid
        self.about: dict[str, Any] = self._answer()

    def ask(self, **request: Any) -> Any:
        """Send a request and wait for its answer; raises `Failure`."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(request) + "\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            raise Failure(f"{self.party}: the process has ended") from None
        return self._answer()

    def _answer(self) -> Any:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise Failure(f"{self.party}: the process ended with {self._process.wait()}")
        answer = json.loads(line)
        if "error" in answer:
            raise Failure(f"{self.party}: {answer['error']}")
        return answer["value"]

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()


def difference(found: dict[str, Array], wanted: dict[str, Array]) -> tuple[float, str]:
    """The largest difference between two sets of results, as a part of each array's largest number, and where."""
    if found.keys() != wanted.keys():
        raise Disagreement(f"results named {sorted(found)} and {sorted(wanted)}")
    worst = (0.0, "")
    for name, want in wanted.items():
        have = found[name]
        if have.shape != want.shape:
            raise Disagreement(f"{name} has the shapes {have.shape} and {want.shape}")
        if want.size:
            scale = float(np.abs(want).max()) or 1.0
            gap = float(np.abs(have.astype(float) - want.astype(float)).max()) / scale
            worst = max(worst, (gap if np.isfinite(gap) else float("inf"), name))
    return worst


class Workers:
    """The processes of one measurement, started when first needed; a context manager."""

    def __init__(self) -> None:
        self._processes: dict[str, Process] = {}
        self._folder = tempfile.TemporaryDirectory()

    def __enter__(self) -> "Workers":
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._processes.values():
            process.close()
        self._folder.cleanup()

    def __getitem__(self, party: str) -> Process:
        if party not in self._processes:
            self._processes[party] = Process(party)
        return self._processes[party]

    def numbers(self) -> list[int]:
        """The numbers of all processes."""
        return [process.number for process in self._processes.values()]

    def versions(self) -> dict[str, str]:
        """Library -> version, of all that were started."""
        return {PARTIES[party].library: process.about["version"] for party, process in self._processes.items()}

    def forget(self) -> None:
        """Drop all workloads."""
        for process in self._processes.values():
            process.ask(forget=True)

    def build(self, entry: Entry) -> dict[str, Array]:
        """Make a workload, and return what it computes."""
        file = Path(self._folder.name, "results.npz")
        self[entry.party].ask(build=entry.kind, options=entry.options, name=entry.label, save=str(file))
        with np.load(file) as found:
            return dict(found)

    def check(self, entries: Iterable[Entry], tolerance: float) -> tuple[list[Entry], dict[str, float], dict[str, str]]:
        """Build all workloads; which are ready, how far each is from the first, and which failed with what.

        Raises `Disagreement` if one that is to be compared is further away than `tolerance`.
        """
        ready: list[Entry] = []
        gaps: dict[str, float] = {}
        failed: dict[str, str] = {}
        first: dict[str, Array] | None = None
        for entry in entries:
            try:
                found = self.build(entry)
            except Failure as error:
                failed[entry.label] = str(error)
                continue
            ready.append(entry)
            if not entry.compared:
                continue
            first = found if first is None else first
            gaps[entry.label], name = difference(found, first)
            if gaps[entry.label] > tolerance:
                raise Disagreement(
                    f"{entry.label} and {ready[0].label} differ by {gaps[entry.label]:.2g} of the largest number in "
                    f"{name!r}; the tolerance is {tolerance:.0e}"
                )
        return ready, gaps, failed

    def time(self, entries: Sequence[Entry], repeats: int) -> dict[str, list[int]]:
        """Nanoseconds of at least `repeats` runs of each, in blocks that take turns."""
        counts = {}
        for entry in entries:
            fastest = min(self[entry.party].ask(run=min(3, repeats), warm=1, name=entry.label))
            counts[entry.label] = max(1, min(10, repeats, int(BLOCK * 1e9 / max(fastest, 1))))
        times: dict[str, list[int]] = {entry.label: [] for entry in entries}
        shuffle = random.Random(0).shuffle
        while unfinished := [entry for entry in entries if len(times[entry.label]) < repeats]:
            shuffle(unfinished)
            for entry in unfinished:
                time.sleep(PAUSE)
                times[entry.label] += self[entry.party].ask(run=counts[entry.label], warm=1, name=entry.label)
        return times
