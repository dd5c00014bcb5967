"""The nonlinearities at every float32 that there is, against float64: `python tests/campaigns/stability.py`.

Prints the largest error of each in units of the last digit, and where it is; it fails above 4. `--step 16` takes
every sixteenth number only.
"""

import argparse
import runpy
import sys
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

import minigrad as mg  # noqa: E402

SUITE = runpy.run_path(str(ROOT / "tests/test_stability.py"))


def largest(name, step, chunk=1 << 22):
    """The largest error of one function, and the argument that has it."""
    function, exact = SUITE["ELEMENTWISE"][name]
    worst, place = 0.0, 0.0
    for start in range(0, 1 << 32, chunk * step):
        bits = np.arange(start, min(start + chunk * step, 1 << 32), step, dtype=np.uint64).astype(np.uint32)
        x = bits.view(np.float32)
        x = x[~np.isnan(x)]
        if not len(x):
            continue
        errors = SUITE["ulps"](function(mg.tensor(x)).numpy(), exact(x.astype(np.float64)))
        index = int(errors.argmax())
        if errors[index] > worst:
            worst, place = float(errors[index]), float(x[index])
    return worst, place


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--step", type=int, default=1)
    step = parser.parse_args().step
    failed = False
    with np.errstate(all="ignore"):
        for name in SUITE["ELEMENTWISE"]:
            worst, place = largest(name, step)
            failed |= worst > 4
            print(f"{name:12} {worst:.3f} ulp at {place!r}", flush=True)
    sys.exit(failed)


if __name__ == "__main__":
    main()
