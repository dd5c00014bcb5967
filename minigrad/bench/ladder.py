"""Climbing: each rung is run, compared with the one before it, and timed."""

import math
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import NamedTuple

import numpy as np

from ..errors import MissingPackageError
from ..tensor import Array
from ..threads import get_num_threads, set_num_threads
from .rungs import RUNGS, Maps, Rung

__all__ = ["PROBLEMS", "Problem", "Step", "ladder", "threaded"]

TOLERANCE = 1e-4  # of the largest number of an array


class Problem(NamedTuple):
    """A convolution of square maps with stride 1 and no padding.

    >>> from minigrad.bench import PROBLEMS
    >>> PROBLEMS["lenet"].products
    15360000
    """

    batch: int
    channels: int
    size: int
    outputs: int
    kernel: int

    @property
    def products(self) -> int:
        """How many products one map adds up: N·O·C·o·o·k·k."""
        places = (self.size - self.kernel + 1) ** 2
        return self.batch * self.outputs * self.channels * places * self.kernel**2

    def arrays(self) -> tuple[Array, Array, Array]:
        """Random x (N, C, n, n), w (O, C, k, k) and g (N, O, o, o), always the same."""
        random, side = np.random.default_rng(0), self.size - self.kernel + 1
        shapes = (
            (self.batch, self.channels, self.size, self.size),
            (self.outputs, self.channels, self.kernel, self.kernel),
            (self.batch, self.outputs, side, side),
        )
        x, w, g = (random.standard_normal(shape, np.float32) for shape in shapes)
        return x, w / np.float32(math.sqrt(w[0].size)), g


PROBLEMS = {
    "small": Problem(2, 2, 8, 3, 3),
    "lenet": Problem(64, 6, 14, 16, 5),
    "wide": Problem(16, 64, 28, 64, 3),
}


class Step(NamedTuple):
    """What a rung took: seconds for the three maps, and how many times faster than the first rung that is."""

    name: str
    seconds: float
    factor: float
    gflops: float
    extrapolated: bool


def ladder(problem: Problem = PROBLEMS["lenet"], seconds: float = 0.5, rungs: Sequence[Rung] = RUNGS) -> list[Step]:
    """Run and time each rung for about so many seconds, and check that all compute the same.

    The loops run for one image of the batch, and their time is multiplied by the number of images. Raises
    `AssertionError` if a rung differs by more than 1e-4 of the largest number.

    >>> from minigrad.bench import Problem, ladder
    >>> steps = ladder(Problem(1, 1, 6, 1, 3), seconds=0.01)
    >>> steps[0].factor, steps[0].extrapolated
    (1.0, True)
    """
    x, w, g = problem.arrays()
    wanted = {images: _reference(x[:images], w, g[:images]) for images in {1, problem.batch}}
    steps: list[Step] = []
    for rung in rungs:
        images = 1 if rung.one_image else problem.batch
        operands = rung.laid(x[:images]), w, rung.laid(g[:images])
        _assert_equal(rung, rung.run(*operands), wanted[images])
        took = timed(partial(rung.run, *operands), seconds) * (problem.batch / images)
        first = steps[0].seconds if steps else took
        # Two operations for each product of each of the three maps.
        steps.append(Step(rung.name, took, first / took, 6 * problem.products / took / 1e9, rung.one_image))
    return steps


def _reference(x: Array, w: Array, g: Array) -> Maps:
    """The maps in double precision, by the second rung."""
    return RUNGS[1].run(*(one.astype(np.float64) for one in (x, w, g)))


def _assert_equal(rung: Rung, found: Maps, wanted: Maps) -> None:
    for name, have, want in zip(("output", "image gradient", "kernel gradient"), found, wanted, strict=True):
        gap = np.abs(have - want).max() / np.abs(want).max()
        assert gap < TOLERANCE, f"{rung.name}: the {name} is wrong by {gap:.1e}"


def timed(run: Callable[[], object], seconds: float) -> float:
    """The median of as many runs as fit into the time, three at least unless one alone takes all of it."""
    times: list[float] = []
    begun = time.perf_counter()
    while not times or (((spent := time.perf_counter() - begun) < seconds or len(times) < 3) and spent < 4 * seconds):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


@contextmanager
def _threads(number: int) -> Iterator[None]:
    """So many threads of the library's own, and afterwards as before."""
    before = get_num_threads()
    set_num_threads(number)
    try:
        yield
    finally:
        set_num_threads(before if before > 1 else None)


def threaded(problem: Problem = PROBLEMS["wide"], seconds: float = 0.5, number: int = 2) -> list[Step] | str:
    """The library as it comes, and with threads of its own; a sentence where there are none to be had.

    Handing work to another core takes tens of microseconds, so only large layers gain.

    >>> from minigrad.bench import PROBLEMS, threaded
    >>> steps = threaded(PROBLEMS["small"], seconds=0.01)
    >>> len(steps) == 2 or isinstance(steps, str)
    True
    """
    before = ladder(problem, seconds, RUNGS[-1:])
    try:
        with _threads(number):
            (after,) = ladder(problem, seconds, RUNGS[-1:])
    except MissingPackageError as error:
        return str(error)
    name = f"this library, {number} threads"
    return [*before, after._replace(name=name, factor=before[0].seconds / after.seconds)]
