"""`python -m minigrad`: versions, BLAS, threads, and a self-test of about a second."""

import os
import platform
import sys
import time

import numpy as np

import minigrad as mg


def _blas() -> str:
    found = np.show_config(mode="dicts")["Build Dependencies"]["blas"]
    return f"{found.get('name', 'unknown')} {found.get('version', '')}".strip()


def _self_test() -> str:
    """Gradients of a small convolutional network against differences, to second order."""
    mg.manual_seed(0)
    x = mg.randn(2, 2, 6, 6, dtype=mg.float64, requires_grad=True)
    w = mg.randn(3, 2, 3, 3, dtype=mg.float64, requires_grad=True)

    def network(x: mg.Tensor, w: mg.Tensor) -> mg.Tensor:
        return mg.logsumexp(mg.avg_pool2d(mg.tanh(mg.conv2d(x, w, padding=1)), 2).flatten(1), 1)

    start = time.perf_counter()
    mg.autograd.gradcheck(network, (x, w), order=2)
    return f"passed in {time.perf_counter() - start:.2f} s"


def main() -> None:
    """Print the report."""
    import scipy

    threads = (
        os.environ.get("OMP_NUM_THREADS")
        or os.environ.get("OPENBLAS_NUM_THREADS")
        or f"BLAS's choice of {os.cpu_count()}"
    )
    print(f"minigrad  {mg.__version__}")
    print(f"Python    {platform.python_version()} on {platform.system()} {platform.machine()}")
    print(f"NumPy     {np.__version__}, SciPy {scipy.__version__}")
    print(f"BLAS      {_blas()}")
    print(f"threads   {threads}")
    try:
        print(f"self-test {_self_test()}")
    except mg.errors.MinigradError as error:
        sys.exit(f"self-test FAILED: {error}")


if __name__ == "__main__":
    main()
