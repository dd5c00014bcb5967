"""Why it is fast, on your own machine: from seven nested loops to these kernels, each rung runnable and checked.

`python -m minigrad.bench` climbs the ladder, trains LeNet-5 for a moment and prints what it measured.

>>> from minigrad.bench import PROBLEMS, ladder
>>> [step.name for step in ladder(PROBLEMS["small"], seconds=0.01)][:2]
['seven nested loops', 'loops over the kernel']
"""

from .ladder import PROBLEMS, Problem, Step, ladder, threaded
from .rungs import RUNGS, Rung
from .training import Training, training

__all__ = ["PROBLEMS", "RUNGS", "Problem", "Rung", "Step", "Training", "ladder", "threaded", "training"]
