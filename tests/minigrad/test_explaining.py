"""Accidents inside a function become errors about its arguments."""

import numpy as np
import pytest

import minigrad as mg
from minigrad.errors import (
    ArgumentError,
    DTypeError,
    IndexOutOfRangeError,
    MinigradError,
    OutOfMemoryError,
    ShapeError,
)
from minigrad.explaining import as_flag, as_path, described, explained, iterable, misplaced
from minigrad.registry import guarded


def scaled(x, by: int = 1, fast: bool = False, word: str = "", share: float = 0.0, *, dim: int = 0, keepdim=False):
    if isinstance(x, Exception):
        raise x
    return x, by, dim, keepdim


called = guarded(scaled)


@pytest.mark.parametrize(
    ("keywords", "text"),
    [
        ({"by": "a"}, "scaled got by='a'; it is an integer"),
        ({"by": True}, "scaled got by=True; it is an integer"),
        ({"fast": "a"}, "scaled got fast='a'; it is True or False"),
        ({"word": 3}, "scaled got word=3; it is a word"),
        ({"share": [1]}, r"scaled got share=\[1\]; it is a number"),
        ({"share": np.ones(2)}, r"share=ndarray of shape \(2,\) and dtype float64; it is a number"),
    ],
)
def test_the_argument_that_is_not_what_the_signature_asks_for(keywords, text):
    with pytest.raises(DTypeError, match=text) as caught:
        called(ValueError("of NumPy's"), **keywords)
    assert str(caught.value.__cause__) == "of NumPy's"


@pytest.mark.parametrize(
    ("error", "kind", "text"),
    [
        (TypeError("?"), DTypeError, r"scaled cannot work with x=TypeError\('\?'\), by=2; help\(mg.scaled\)"),
        (AttributeError("?"), DTypeError, "cannot work with"),
        (ValueError("?"), ArgumentError, "cannot work with"),
        (ZeroDivisionError("?"), ArgumentError, "cannot work with"),
        (KeyError("?"), ArgumentError, "cannot work with"),
        (IndexError("?"), IndexOutOfRangeError, "cannot work with"),
        (OverflowError("?"), ArgumentError, "larger than any"),
        (MemoryError("?"), OutOfMemoryError, "no memory"),
        (ValueError("array is too big; more"), OutOfMemoryError, "no memory"),
    ],
)
def test_all_arguments_where_none_stands_out(error, kind, text):
    with pytest.raises(kind, match=text):
        called(error, 2)


@pytest.mark.parametrize("error", [ShapeError("ours"), AssertionError("a mistake in here"), RuntimeError("a hook's")])
def test_what_is_left_alone(error):
    with pytest.raises(type(error)) as caught:
        called(error)
    assert caught.value is error
    assert error.__cause__ is None


def test_a_wrong_call_is_told_by_python():
    with pytest.raises(TypeError, match="missing 1 required") as caught:
        called()
    assert not isinstance(caught.value, MinigradError)
    with pytest.raises(TypeError, match="unexpected keyword argument 'colour'") as caught:
        called(1, colour=2)
    assert not isinstance(caught.value, MinigradError)


def test_numpys_words():
    assert called(1, axis=3, keepdims=True) == (1, 1, 3, True)


def test_a_constructor_goes_by_the_name_of_its_class():
    class Sized:
        def __init__(self, size: int) -> None: ...

    assert "Sized got size='a'" in str(explained(Sized.__init__, (object.__new__(Sized), "a"), {}, ValueError()))


@pytest.mark.parametrize("value", [np.ones(2), np.array([]), mg.ones(2)], ids=["array", "empty", "tensor"])
def test_what_is_no_flag(value):
    with pytest.raises(DTypeError, match=r"(?s)sort got descending=.*it is True or False"):
        as_flag(value, "sort", "descending")
    assert as_flag(np.bool_(True), "sort")
    assert not as_flag(mg.tensor(0), "sort")


def test_paths():
    assert as_path("a", "load") == as_path(as_path("a", "load"), "load")
    for value in (3, None, b"a", mg.ones(1)):
        with pytest.raises(DTypeError, match=r"load got path=.*a str or a Path"):
            as_path(value, "load")


def test_what_can_be_gone_through():
    assert iterable([])
    assert iterable(np.ones(2))
    assert iterable(one for one in "a")
    assert not (iterable(3))
    assert not (iterable(np.ones(())))
    assert not (iterable(mg.tensor(1)))
    assert not (iterable(int))


def test_values_in_few_words():
    assert described(mg.ones(2, 3)) == "Tensor of shape (2, 3) and dtype float32"
    assert described(np.bool_(True)) == "np.True_"
    assert described("a" * 99) == "'" + "a" * 79 + "…"
    assert misplaced(3, "f", "", "a word") == "f got 3 where a word belongs"


# ------------------------------------------------------- in the functions themselves

X = mg.ones(3, 4)


@pytest.mark.parametrize(
    ("kind", "text", "call"),
    [
        (DTypeError, r"descending=.*True or False", lambda: mg.sort(X, descending=np.ones(2))),
        (DTypeError, r"keepdim=.*True or False", lambda: mg.sum(X, 0, keepdim=np.ones(2))),
        (DTypeError, r"mode=.*True or False", lambda: mg.set_grad_enabled(np.ones(2))),
        (DTypeError, r"create_graph=.*True or False", lambda: mg.ones(1, requires_grad=True).backward(create_graph=X)),
        (DTypeError, r"requires_grad=.*True or False", lambda: mg.ones(2).requires_grad_(np.ones(2))),
        (DTypeError, r"p=\[1\]; it is a number", lambda: mg.ones(2).bernoulli_([1])),
        (DTypeError, "size got dim=1.5", lambda: X.size(1.5)),
        (DTypeError, "precision='a'", lambda: mg.set_printoptions(precision="a")),
        (ArgumentError, "precision=1000", lambda: mg.set_printoptions(precision=1000)),
        (ArgumentError, r"element 9223372036854775807.*no memory", lambda: mg.bincount(mg.tensor([2**63 - 1]))),
        (ArgumentError, "no memory holds", lambda: mg.combinations(mg.arange(99), 40)),
        (OutOfMemoryError, "no memory", lambda: mg.zeros(2**58)),
        (ArgumentError, "70 axes", lambda: mg.zeros(*[1] * 70)),
        (ArgumentError, "holds nan", lambda: int(mg.tensor(float("nan")))),
        (DTypeError, "where a number belongs|a number", lambda: mg.linspace("a", 1, 3)),
        (ShapeError, "uneven lengths", lambda: mg.tensor([[1, 2], [3]])),
        (DTypeError, "object", lambda: mg.tensor([1, None])),
        (DTypeError, "dtype object", lambda: X + np.array([1, None])),
        (DTypeError, "<U1|str", lambda: mg.tensor(["a"])),
        (IndexOutOfRangeError, "too many indices, 3 of its 2 axes", lambda: X[0, 0, 0]),
        (IndexOutOfRangeError, "a boolean mask has the sizes", lambda: X[mg.tensor([True, False])]),
        (ArgumentError, "order=99.*the most", lambda: mg.autograd.gradcheck(mg.exp, X.double(), order=99)),
        (DTypeError, "the function to be checked", lambda: mg.autograd.gradcheck(3, X)),
        (DTypeError, "a list of transforms", lambda: mg.transforms.Compose(3)),
        (DTypeError, "place 0; a transform", lambda: mg.transforms.Compose([3])),
        (DTypeError, "list of numbers", lambda: mg.transforms.Normalize("a", 1)),
        (DTypeError, "write_idx got a list", lambda: mg.datasets.write_idx("a", [1])),
    ],
)
def test_refused_in_our_words(kind, text, call):
    with pytest.raises(kind, match=f"(?s){text}"):
        call()


def test_what_was_refused_or_wrong_and_is_taken():
    assert mg.sum(X, 0, keepdim=np.bool_(True)).shape == (1, 4)
    assert mg.lerp(X, X, np.full(4, 0.5)).tolist() == X.tolist()
    assert mg.linspace(mg.tensor(0), mg.tensor(2.0), 3).tolist() == [0, 1, 2]
    assert mg.zeros(1, dtype=mg.float64).copy_(1e38).item() == 1e38
    assert mg.zeros(2, dtype=mg.uint8).copy_(mg.tensor([1.5, 2.5])).tolist() == [1, 2]
    assert mg.repeat_interleave(mg.tensor([1, 2], dtype=mg.int32)).dtype == mg.int32
    assert mg.chunk(X, mg.tensor(3))[0].shape == (1, 4)
    low = mg.quantile(mg.tensor([float("-inf"), float("-inf"), 1.0]), 0.3, interpolation="lower")
    assert low.item() == float("-inf")
