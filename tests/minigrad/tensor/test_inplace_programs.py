"""Random programs of views and changes in place mean what tangents in NumPy say; off the tape, what NumPy's mean."""

import operator

import numpy as np

import minigrad as mg
from tests import programs
from tests.strategies import given, settings, st

# ----------------------------------------------------------------- on the tape

place = st.integers(0, 11)
steps = st.lists(st.tuples(st.sampled_from(programs.NAMES), place, place), min_size=1, max_size=14)


@settings(max_examples=120)
@given(steps)
def test_programs_on_the_tape_have_the_derivatives_of_their_tangents(program):
    programs.check(mg, program)


# ---------------------------------------------------------------- off the tape

VIEW = {
    "slice": lambda v: v[-2:],
    "reverse": lambda v: v[:, ::-1],
    "transpose": lambda v: v.T,
    "new axis": lambda v: v[None][0],
}


def first_column_to_zero(v):
    v[..., 0] = 0


def first_row_to_the_last(v):
    v[0] = v[-1] + 0


WRITE = {
    "+=": lambda v: operator.iadd(v, 1),
    "*=": lambda v: operator.imul(v, v[:1] + 0),
    "[..., 0] =": first_column_to_zero,
    "[0] =": first_row_to_the_last,
}


@given(st.lists(st.tuples(st.sampled_from([*VIEW, *WRITE]), place), max_size=12))
def test_programs_off_the_tape_change_views_as_numpys_do(program):
    base = np.arange(12.0).reshape(3, 4)
    pairs = [(base, mg.tensor(base))]
    changes = 0
    for what, number in program:
        array, tensor = pairs[number % len(pairs)]
        if what in VIEW:
            pairs.append((VIEW[what](array), VIEW[what](tensor)))
        else:
            changes += 1
            WRITE[what](array)
            WRITE[what](tensor)
    for array, tensor in pairs:
        np.testing.assert_array_equal(tensor.numpy(), array)
        assert tensor._version == changes
