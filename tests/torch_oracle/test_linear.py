"""Matrix products in all shapes, and the linear map."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import minigrad as mg
from tests.torch_oracle.compare import compare, drawn, normal


@st.composite
def matmul_shapes(draw):
    """Two shapes that matmul takes: vectors, matrices and stacks that broadcast, zero sizes included."""
    size = st.integers(0, 3)
    inner, rows, columns = draw(size), draw(size), draw(size)
    batch = draw(st.lists(st.integers(0, 2), max_size=2))

    def side(matrix, vector):
        if draw(st.booleans()) and not batch:
            return vector
        lead = [1 if draw(st.booleans()) else n for n in batch][draw(st.integers(0, len(batch))) :]
        return (*lead, *matrix)

    return side((rows, inner), (inner,)), side((inner, columns), (inner,))


@drawn(180)
@given(matmul_shapes())
def test_matmul(shapes):
    a, b = shapes
    compare(mg.matmul, torch.matmul, normal(*a), normal(*b, seed=1))


@pytest.mark.parametrize("shapes", [((3,), (3,)), ((2, 3), (3,)), ((3,), (3, 2)), ((5, 2, 3), (3,)), ((3,), (5, 3, 2)),
                                    ((2, 3), (5, 3, 4)), ((5, 2, 3), (3, 4)), ((4, 1, 2, 3), (5, 3, 2))])  # fmt: skip
def test_matmul_of_each_rank(shapes):
    a, b = shapes
    compare(lambda x, y: x @ y, lambda x, y: x @ y, normal(*a), normal(*b, seed=1))


def test_named_products():
    for name, a, b in [
        ("mm", (2, 3), (3, 4)),
        ("bmm", (5, 2, 3), (5, 3, 4)),
        ("mv", (2, 3), (3,)),
        ("dot", (3,), (3,)),
    ]:
        compare(getattr(mg, name), getattr(torch, name), normal(*a), normal(*b, seed=1))
        compare(
            lambda x, y, name=name: getattr(x, name)(y),
            lambda x, y, name=name: getattr(x, name)(y),
            normal(*a),
            normal(*b),
        )
