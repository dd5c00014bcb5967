"""Many thousand random programs of views and changes in place, against tangents and against PyTorch.

MINIGRAD_CAMPAIGNS=1 PROGRAMS=20000 python -m pytest tests/campaigns/test_inplace_programs.py
"""

import os
import random
from collections import Counter

import pytest

import minigrad as mg
from tests import programs

NUMBER = int(os.environ.get("PROGRAMS", "20000"))
FIRST = int(os.environ.get("FIRST", "0"))


def drawn(seed, names):
    source = random.Random(seed)
    return [(source.choice(names), source.randrange(12), source.randrange(12)) for _ in range(source.randrange(1, 15))]


def shrunk(program, check):
    """The program without the steps that it does not need to fail."""

    def fails(candidate):
        try:
            check(candidate)
        except Exception:
            return True
        return False

    for number in reversed(range(len(program))):
        shorter = program[:number] + program[number + 1 :]
        if fails(shorter):
            program = shorter
    return program


def campaign(check, names):
    outcomes = Counter()
    for seed in range(FIRST, FIRST + NUMBER):
        program = drawn(seed, names)
        try:
            outcomes[check(program)] += 1
        except Exception as error:
            raise AssertionError(f"seed {seed}: {shrunk(program, check)}") from error
    print(outcomes)
    assert outcomes.total() == NUMBER


def test_programs_have_the_derivatives_of_their_tangents():
    campaign(lambda program: programs.check(mg, program), programs.NAMES)


def test_programs_agree_with_pytorch():
    pytest.importorskip("torch")
    from tests.torch_oracle.test_inplace_programs import NAMES, check

    campaign(check, NAMES)
