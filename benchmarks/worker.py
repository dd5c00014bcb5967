"""One library in a process of its own: a request a line on the standard input, an answer a line on the output.

python -m benchmarks.worker '{"library": "torch", "threads": 2}'

`{"build": kind, "options": {…}, "name": name, "save": file}` makes a workload and writes what it computes into an
.npz file; `{"run": n, "warm": m, "name": name}` answers with the times of n runs in nanoseconds, after m that are
not timed; `{"until": x, "most": n, "name": name}` runs until a run returns x or
more, at most n times, and answers with what they returned and the seconds of all;
`{"peak": n, "name": name}` runs n times and answers with the most memory that the process ever had;
`{"forget": true}` drops all workloads.
"""

import json
import os
import sys
import time
import traceback
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks import machine, parties, workloads


class Worker:
    """Holds workloads by name."""

    def __init__(self, library: str) -> None:
        self.library = library
        self.workloads: dict[str, workloads.Workload] = {}

    def answer(self, request: dict[str, Any]) -> Any:
        """What a request asks for."""
        if "forget" in request:
            self.workloads.clear()
            return None
        name = request["name"]
        if "build" in request:
            self.workloads[name] = workloads.build(self.library, request["build"], request["options"])
            found: dict[str, Any] = self.workloads[name].results()
            np.savez(request["save"], **found)
            return None
        workload = self.workloads[name]
        run = workload.run
        if "until" in request:
            return _until(run, request["until"], request["most"])
        if "peak" in request:
            for _ in range(request["peak"]):
                run()
            return machine.peak_memory()
        times = []
        for _ in range(request["warm"] + request["run"]):
            given = () if workload.before is None else (workload.before(),)
            start = time.perf_counter_ns()
            kept = run(*given)
            times.append(time.perf_counter_ns() - start)
            del kept, given  # what it holds is given back off the clock
        return times[request["warm"] :]


def _until(run: Callable[[], float], goal: float, most: int) -> dict[str, Any]:
    start = time.perf_counter()
    found: list[float] = []
    while not found or (found[-1] < goal and len(found) < most):
        found.append(run())
    return {"found": found, "seconds": time.perf_counter() - start}


def main() -> None:
    """Answer until the input ends."""
    asked = json.loads(sys.argv[1])
    # What a library prints goes to the error stream, so that the answers stay readable.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)

    def say(**answer: Any) -> None:
        print(json.dumps(answer), file=answers, flush=True)

    say(value=parties.start(**asked))
    worker = Worker(asked["library"])
    for line in sys.stdin:
        try:
            say(value=worker.answer(json.loads(line)))
        except Exception:
            say(error=traceback.format_exc())


if __name__ == "__main__":
    main()
