"""Einstein's summation, products with a sum, and other products."""

# Functions made in a loop are called before it goes on.
# ruff: noqa: B023

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import minigrad as mg
from tests.torch_oracle.compare import assert_same, both, both_refuse, compare, drawn, method, normal, same, whole


def einsum(equation):
    """The function of that equation in both libraries."""
    return (lambda *x: mg.einsum(equation, *x)), (lambda *x: torch.einsum(equation, *x))


SIZES = {"a": 2, "b": 3, "c": 1, "i": 2, "j": 3, "k": 4}


@st.composite
def equations(draw):
    """An equation and the shapes of its operands: repeated letters, broadcast axes, an ellipsis, or no arrow."""
    letters = st.lists(st.sampled_from(sorted(SIZES)), max_size=3)
    operands = draw(st.lists(letters, min_size=1, max_size=3))
    dots = draw(st.lists(st.booleans(), min_size=len(operands), max_size=len(operands)))
    shapes, texts = [], []
    for letters_of_one, with_dots in zip(operands, dots):
        size = {letter: 1 if draw(st.integers(0, 5)) == 0 else SIZES[letter] for letter in letters_of_one}
        place = draw(st.integers(0, len(letters_of_one)))
        free = tuple(draw(st.sampled_from([(), (2,), (1,), (3, 2), (1, 2)]))) if with_dots else ()
        text = "".join(letters_of_one)
        texts.append(text[:place] + "..." * with_dots + text[place:])
        shape = [size[letter] for letter in letters_of_one]
        shapes.append((*shape[:place], *free, *shape[place:]))
    equation = draw(st.sampled_from([",", " , "])).join(texts)
    if draw(st.booleans()):
        different = sorted({letter for one in operands for letter in one})
        result = draw(st.permutations(different))[: draw(st.integers(0, len(different)))]
        text = "".join(result)
        place = draw(st.integers(0, len(text)))
        equation += "->" + (text[:place] + "..." + text[place:] if any(dots) and draw(st.booleans()) else text)
    return equation, shapes


@drawn(150)
@given(equations())
def test_einsum(case):
    equation, shapes = case
    arrays = [normal(*shape, seed=number) for number, shape in enumerate(shapes)]
    compare(*einsum(equation), *arrays)


CHOSEN = [
    ("ij,jk->ik", (2, 3), (3, 4)), ("ij,jk", (2, 3), (3, 4)), ("bij,bjk->bik", (5, 2, 3), (5, 3, 4)), ("ii", (3, 3)),
    ("ii->i", (3, 3)), ("...ii->...i", (2, 3, 3)), ("i,i->", (3,), (3,)), ("i,j", (2,), (3,)), ("ba", (2, 3)),
    ("aB", (2, 3)), ("nchw,oc->nohw", (2, 3, 4, 4), (5, 3)), ("bhid,bhjd->bhij", (2, 2, 3, 4), (2, 2, 5, 4)),
    ("bhij,bhjd->bhid", (2, 2, 3, 5), (2, 2, 5, 4)), ("...,...->...", (2, 1), (3,)), ("->", ()), (",i->i", (), (3,)),
    ("ij->", (2, 3)), ("i...->...", (2, 3)), ("ij,kj,lj->ikl", (2, 3), (4, 3), (2, 3)), ("iij,jk", (2, 2, 3), (3, 4)),
    ("ij,ij->ij", (1, 3), (2, 3)), ("ij,jk->ik", (2, 0), (0, 3)), ("ij,jk->ik", (0, 2), (2, 3)), ("iii->i", (2, 2, 2)),
    ("nchw->nc", (2, 3, 4, 4)), ("nchw,nchw->n", (2, 3, 2, 2), (2, 3, 2, 2)), ("", ()),
]  # fmt: skip


@pytest.mark.parametrize("case", CHOSEN, ids=lambda case: case[0])
def test_einsum_of_plain_cases(case):
    equation, *shapes = case
    compare(*einsum(equation), *(normal(*shape, seed=number) for number, shape in enumerate(shapes)))


def test_einsum_called_otherwise():
    a, b, column = normal(2, 3), normal(3, 4), normal(3, 1)
    for other, arguments in (
        (b, lambda x, y: (x, [0, 1], y, [1, 2], [0, 2])), (b, lambda x, y: (x, [0, 1], y, [1, 2])),
        (b, lambda x, y: (x, [30, 2], y, [2, 0])), (b, lambda x, y: ("ij,jk", [x, y])),
        (b, lambda x, y: ("ij,jk", (x, y))), (column, lambda x, y: (x, [..., 1], y, [1, ...], [...])),
    ):  # fmt: skip
        compare(lambda x, y: mg.einsum(*arguments(x, y)), lambda x, y: torch.einsum(*arguments(x, y)), a, other)
    integers = whole(-3, 4, 2, 3), whole(-3, 4, 3, 2)
    compare(*einsum("ij,jk->ik"), *integers)
    compare(*einsum("ij->j"), integers[0])


@pytest.mark.parametrize(
    ("equation", "shapes"),
    [
        ("ij,jk->ik", [(2, 3), (4, 5)]), ("ij", [(2,)]), ("ij", [(2, 3, 4)]), ("i,j", [(2,)]), ("i->ij", [(2,)]),
        ("i->ii", [(2,)]), ("ii", [(2, 3)]), ("i1", [(2, 3)]), ("i....j", [(2, 3)]), ("...i...", [(2, 3)]),
        ("ij-ik", [(2, 3)]), ("...i,...i", [(2, 4), (3, 4)]),
    ],
)  # fmt: skip
def test_einsum_refuses(equation, shapes):
    both_refuse(
        lambda: mg.einsum(equation, *(mg.ones(shape) for shape in shapes)),
        lambda: torch.einsum(equation, *(torch.ones(shape) for shape in shapes)),
    )


def test_einsum_refuses_other_calls():
    for library in (mg, torch):
        x = library.ones(2, 2)
        for call in (
            lambda: library.einsum("ij,jk", x, x.double()), lambda: library.einsum(x, [0, 60]),
            lambda: library.einsum(x), lambda: library.einsum(x, 3),
        ):  # fmt: skip
            with pytest.raises(mg.errors.MinigradError if library is mg else Exception):
                call()


# ---------------------------------------------------------------- with a sum


IN_PLACE = {name[:-1]: name for name in "addmm_ addmv_ addr_ addbmm_ baddbmm_".split()}  # noqa: SIM905


@pytest.mark.parametrize("options", [{}, {"beta": 0.5, "alpha": 2}, {"beta": 0}])
@pytest.mark.parametrize(
    ("name", "shapes"),
    [
        ("addmm", [(2, 3), (3, 4)]), ("addmv", [(2, 3), (3,)]), ("addr", [(2,), (4,)]),
        ("addbmm", [(5, 2, 3), (5, 3, 4)]), ("baddbmm", [(5, 2, 3), (5, 3, 4)]),
    ],
)  # fmt: skip
def test_products_with_a_sum(name, shapes, options):
    result = {"addmv": (2,), "baddbmm": (5, 2, 4)}.get(name, (2, 4))
    for shape in (result, (1,), (), result[-1:], (1,) * len(result)):
        arrays = [normal(*one, seed=number) for number, one in enumerate([shape, *shapes])]
        compare(*both(name, **options), *arrays)
        same(method(name, **options), *arrays, order=1)
        if shape == result:
            in_place = method(IN_PLACE[name], **options)
            same(lambda x, *others: in_place(x * 1, *others), *arrays, order=1)
    large = normal(7, *result)
    both_refuse(
        lambda: getattr(mg, name)(mg.tensor(large), *(mg.ones(one, dtype=mg.float64) for one in shapes)),
        lambda: getattr(torch, name)(torch.tensor(large), *(torch.ones(one, dtype=torch.float64) for one in shapes)),
    )


def test_outer_and_inner():
    for first, second in (((3,), (3,)), ((2, 3), (3,)), ((2, 3), (4, 3)), ((), (2, 3)), ((2,), ()), ((0,), (0,))):
        compare(*both("inner"), normal(*first), normal(*second, seed=1))
        same(method("inner"), normal(*first), normal(*second, seed=1), order=1)
    for name in ("outer", "ger", "vdot", "kron"):
        compare(*both(name), normal(3), normal(3, seed=1))
        same(method(name), normal(3), normal(3, seed=1), order=1)
    for first, second in (((2, 3), (3, 2)), ((2,), (3, 2)), ((2, 1, 2), (3,)), ((), (2,)), ((0, 2), (2, 2))):
        compare(*both("kron"), normal(*first), normal(*second, seed=1))
    both_refuse(lambda: mg.outer(mg.ones(2, 2), mg.ones(2)), lambda: torch.outer(torch.ones(2, 2), torch.ones(2)))
    both_refuse(lambda: mg.inner(mg.ones(2), mg.ones(3)), lambda: torch.inner(torch.ones(2), torch.ones(3)))


@pytest.mark.parametrize(
    ("first", "second", "dims"),
    [
        ((2, 3, 4), (3, 4, 5), 2), ((2, 3), (4, 5), 0), ((2, 3), (3, 2), 1), ((2, 3, 4), (4, 3, 5), ([1, 2], [1, 0])),
        ((2, 3), (3, 4), ([-1], [0])), ((2, 1), (3, 4), 1), ((2, 0), (0, 3), 1), ((2, 3), (2, 3), ([0, 1], [0, 1])),
        ((2, 3), (3, 2), ((1,), (0,))),
    ],
)  # fmt: skip
def test_tensordot(first, second, dims):
    arrays = normal(*first), normal(*second, seed=1)
    compare(lambda a, b: mg.tensordot(a, b, dims), lambda a, b: torch.tensordot(a, b, dims), *arrays)


def test_tensordot_refuses():
    for dims in (3, -1, ([0], [0]), ([0, 1], [0]), ([5], [0])):
        both_refuse(
            lambda: mg.tensordot(mg.ones(2, 3), mg.ones(3, 2), dims),
            lambda: torch.tensordot(torch.ones(2, 3), torch.ones(3, 2), dims),
        )


def test_cross():
    for shapes, dim in (
        (((3,), (3,)), 0), (((2, 3), (2, 3)), 1), (((3, 2), (3, 2)), 0), (((1, 3), (2, 3)), -1),
    ):  # fmt: skip
        compare(*both("cross", dim=dim), *(normal(*one, seed=number) for number, one in enumerate(shapes)))
    both_refuse(
        lambda: mg.cross(mg.ones(2, 3), mg.ones(2, 3), 0), lambda: torch.cross(torch.ones(2, 3), torch.ones(2, 3), 0)
    )


def test_integers():
    a, b = whole(-3, 4, 2, 3), whole(-3, 4, 3, 2)
    compare(*both("addmm"), whole(0, 3, 2, 2), a, b)
    compare(*both("addmm", beta=2, alpha=3), whole(0, 3, 2, 2), a, b)
    compare(*both("inner"), a, a)
    assert_same(mg.outer(mg.tensor([1, 2]), mg.tensor([1.5])), torch.outer(torch.tensor([1, 2]), torch.tensor([1.5])))
