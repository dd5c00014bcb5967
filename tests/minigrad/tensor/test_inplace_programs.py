"""Random programs with changes in place mean what they mean without them, or what NumPy's mean."""

import operator

import numpy as np

import minigrad as mg
from tests.strategies import given, st

# ----------------------------------------------------------------- on the tape


def overwritten(t, u):
    return mg.cat([u[2:], t[1:]])


def overwrite(t, u):
    t[0] = u[2]


MAKE = {"view": lambda t, u: t[:], "add": operator.add, "mul": operator.mul}
# A change in place, and the value it stands for.
CHANGE = {
    "+=": (operator.iadd, operator.add),
    "-=": (operator.isub, operator.sub),
    "*=": (operator.imul, operator.mul),
    "fill_": (lambda t, u: t.fill_(u[1]), lambda t, u: t * 0 + u[1]),
    "tanh_": (lambda t, u: t.tanh_(), lambda t, u: t.tanh()),
    "[0] =": (overwrite, overwritten),
}


class Box:
    """What a name stands for, where nothing is changed in place: a change puts another value into the box."""

    def __init__(self, value):
        self.value = value


def in_place(program, x):
    names = [x * 1, x * x]
    for what, i, j in program:
        t, u = names[i % len(names)], names[j % len(names)]
        if what in CHANGE:
            CHANGE[what][0](t, u)
        else:
            names.append(t if what == "alias" else MAKE[what](t, u))
    return names


def in_boxes(program, x):
    names = [Box(x * 1), Box(x * x)]
    for what, i, j in program:
        t, u = names[i % len(names)], names[j % len(names)]
        if what in CHANGE:
            t.value = CHANGE[what][1](t.value, u.value)
        else:
            names.append(t if what == "alias" else Box(MAKE[what](t.value, u.value)))
    return [name.value for name in names]


place = st.integers(0, 9)


@given(st.lists(st.tuples(st.sampled_from([*CHANGE, *MAKE, "alias"]), place, place), min_size=1, max_size=12))
def test_recorded_programs_mean_what_they_mean_without_changes_in_place(program):
    results = []
    for run in (in_place, in_boxes):
        x = mg.tensor([0.5, -0.25, 0.75], dtype=mg.float64, requires_grad=True)
        names = run(program, x)
        sum((one * (number + 1)).sum() for number, one in enumerate(names)).backward()
        results.append(([one.tolist() for one in names], x.grad.numpy()))
    assert results[0][0] == results[1][0]
    np.testing.assert_allclose(results[0][1], results[1][1], rtol=1e-9, atol=1e-12)


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
