"""Random programs of views and changes in place, step by step the same tensors, flags and derivatives as PyTorch's."""

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

import minigrad as mg
from tests import programs
from tests.torch_oracle.compare import drawn

# A change through `.data` that a derivative needs is refused here, and not noticed by PyTorch.
NAMES = [name for name in programs.COMMON if name != "data"]


def outcome(library, program):
    inputs = [library.tensor(one, requires_grad=True) for one in programs.leaves(0)]
    directions = [library.tensor(one) for one in programs.leaves(1)]
    tensors, refused, _ = programs.run(library, program, inputs)
    assert not refused, refused
    try:
        return tensors, programs.derivatives(library, programs.total(library, tensors), inputs, directions)
    except RuntimeError as error:
        return tensors, str(error)


def check(program):
    """Both agree, or PyTorch refuses the gradient because a saved value was changed."""
    (ours, mine), (theirs, right) = outcome(mg, program), outcome(torch, program)
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(a.detach().numpy(), b.detach().numpy(), rtol=1e-9, atol=1e-9)
        if a.numel():  # no memory is shared with a view that has no elements
            assert (a.requires_grad, a.is_leaf, a._base is None) == (b.requires_grad, b.is_leaf, b._base is None)
    if isinstance(right, str):
        assert "modified by an inplace operation" in right
        if isinstance(mine, str):
            assert "changed in place" in mine
            return "both refuse"
        return "PyTorch refuses"
    assert not isinstance(mine, str), mine
    np.testing.assert_allclose(mine, right, rtol=1e-7, atol=1e-7)
    return "the same"


place = st.integers(0, 11)


@drawn(200)
@given(st.lists(st.tuples(st.sampled_from(NAMES), place, place), min_size=1, max_size=14))
def test_programs_of_views_and_changes(program):
    check(program)
