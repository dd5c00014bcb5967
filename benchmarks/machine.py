"""The machine: what it is, whether it is idle, and what memory a process took."""

import os
import platform
import sys
import time
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

STAT = Path("/proc/stat")
TICKS = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100
VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def describe() -> dict[str, Any]:
    """What a reader needs to know of this machine to judge the figures."""
    blas = np.show_config(mode="dicts")["Build Dependencies"]["blas"]
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return {
        "processor": _processor(),
        "processors": usable,
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "numpy": np.__version__,
        "blas": f"{blas.get('name', 'unknown')} {blas.get('version', '')}".strip(),
        "environment": {name: os.environ[name] for name in VARIABLES if name in os.environ},
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or "unknown"
    facts = {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in lines)}
    wide = [name for name in ("avx2", "avx512f") if name in facts.get("flags", "").split()]
    return " ".join([facts.get("model name", platform.machine()), *wide])


class Load(NamedTuple):
    """How long the processors of the machine were at work until now, and this process with others of ours."""

    clock: float
    everybody: float
    ours: float

    @classmethod
    def now(cls, processes: list[int]) -> "Load | None":
        """None where the system does not say."""
        try:
            user, nice, system, _, _, irq, softirq, steal = map(int, STAT.read_text().split()[1:9])
            ours = sum(_worked(process) for process in [os.getpid(), *processes])
        except (OSError, ValueError, IndexError):
            return None
        everybody = (user + nice + system + irq + softirq + steal) / TICKS
        return cls(time.monotonic(), everybody, ours)

    def others_since(self, before: "Load") -> float:
        """How many processors others kept busy in the meantime, on average."""
        busy = (self.everybody - before.everybody) - (self.ours - before.ours)
        return max(busy / max(self.clock - before.clock, 1e-9), 0.0)


def _worked(process: int) -> float:
    """Seconds of processor time of a process, all its threads, and the children that it has waited for."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / TICKS


BUSY = 0.1  # of one processor


def wait_until_idle(processes: list[int], timeout: float, glance: float = 0.5) -> bool | None:
    """Wait until others keep less than a tenth of a processor busy; whether they do, None if nobody can tell."""
    end = time.monotonic() + timeout
    while (before := Load.now(processes)) is not None:
        time.sleep(glance)
        after = Load.now(processes)
        if after is None:
            return None
        if after.others_since(before) < BUSY:
            return True
        if time.monotonic() > end:
            return False
    return None


def peak_memory() -> int:
    """The most bytes that this process ever had in memory.

    Linux hands `ru_maxrss` on from the process that started this one; VmHWM begins anew.
    """
    try:
        lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) * 1024
    except (OSError, StopIteration):
        import resource

        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return most if sys.platform == "darwin" else most * 1024
