"""Making tensors: values, shapes, dtypes, and the statistics of random ones."""

# Functions made in a loop are called before it goes on.
# ruff: noqa: B023

import math

import numpy as np
import pytest
import torch

import minigrad as mg
from tests.torch_oracle.compare import agree, assert_same, both_refuse, compare, dtype_name


@pytest.mark.parametrize("data", [
    1, 1.5, True, [], [1, 2], [1.0, 2], [True, False], [[1, 2], [3, 4]], [True, 1], [True, 1.5], [1, 2.5], [[]],
    [[], []], (1, 2), [(1, 2), (3, 4)], 2**40, [2**40], -1, float("inf"), [float("nan")], [[[1.0]]], 16777217, 1e40,
])  # fmt: skip
def test_tensor_of_python_values(data):
    agree(lambda library: library.tensor(data))
    agree(lambda library: library.as_tensor(data))


@pytest.mark.parametrize("dtype", ["bool", "uint8", "int8", "int16", "int32", "int64", "float16", "float32", "float64"])
def test_tensor_of_arrays_and_dtypes(dtype):
    array = np.array([[0, 1], [2, 3]]).astype(dtype)
    agree(lambda library: library.tensor(array))
    agree(lambda library: library.as_tensor(array))
    agree(lambda library: library.from_numpy(array))
    agree(lambda library: library.tensor([[0, 1], [2, 3]], dtype=getattr(library, dtype)))
    agree(lambda library: library.tensor([[0.0, 1.0]], dtype=getattr(library, dtype)))
    agree(lambda library: library.as_tensor([0, 1], dtype=getattr(library, dtype)))
    agree(lambda library: library.tensor(array[0, 1]))
    agree(lambda library: library.tensor([array[0, 1], array[1, 1]]))
    for name in ("zeros", "ones"):
        agree(lambda library: getattr(library, name)(2, 3, dtype=getattr(library, dtype)))
    assert dtype_name(mg.empty(2, dtype=getattr(mg, dtype))) == dtype
    agree(lambda library: library.full((2, 3), 1, dtype=getattr(library, dtype)))
    agree(lambda library: library.eye(3, dtype=getattr(library, dtype)))
    agree(lambda library: library.arange(5, dtype=getattr(library, dtype)) if dtype != "bool" else 0)
    agree(lambda library: library.zeros_like(library.tensor(array)))
    agree(lambda library: library.ones_like(library.tensor(array)))
    agree(lambda library: library.full_like(library.tensor(array), 1))
    agree(lambda library: library.zeros_like(library.ones(2), dtype=getattr(library, dtype)))
    agree(lambda library: library.full_like(library.ones(2), 1, dtype=getattr(library, dtype)))
    agree(lambda library: library.tensor(array).new_zeros(2, 3))
    agree(lambda library: library.tensor(array).new_zeros((2, 3)))
    agree(lambda library: library.tensor(array).new_ones(2))
    agree(lambda library: library.tensor(array).new_full((2,), 1))
    agree(lambda library: library.tensor(array).new_tensor([0, 1]))
    assert dtype_name(mg.empty_like(mg.tensor(array))) == dtype_name(torch.empty_like(torch.tensor(array)))


@pytest.mark.parametrize("size", [(), (0,), (3,), (2, 3), (2, 0, 3)])
def test_constants(size):
    for name in ("zeros", "ones"):
        agree(lambda library: getattr(library, name)(size))
        agree(lambda library: getattr(library, name)(*size) if size else 0)
        agree(lambda library: getattr(library, name)(list(size)))
    agree(lambda library: library.full(size, 2))
    agree(lambda library: library.full(size, 2.5))
    agree(lambda library: library.full(size, True))
    agree(lambda library: library.full(size, library.tensor(3.5)))
    assert mg.empty(size).shape == tuple(torch.empty(size).shape)


def test_sharing_of_memory():
    array = np.zeros(2, np.float32)
    for library in (mg, torch):
        shared, copied = library.from_numpy(array), library.tensor(array)
        viewed = library.as_tensor(array)
        array[0] += 1
        assert shared[0] == viewed[0] == array[0] != copied[0]
        shared[1] = 7
        assert array[1] == 7
        tensor = library.ones(2)
        assert library.as_tensor(tensor) is tensor
        numpy = tensor.numpy()
        numpy[0] = 5
        assert tensor[0] == 5


@pytest.mark.parametrize("arguments", [
    (5,), (0,), (2, 7), (2, 7, 2), (7, 2, -2), (5, 5), (0.0, 1.0, 0.25), (1.0,), (2.5,), (0, 1, 0.1), (1, 0, -0.3),
    (0.5, 3), (0, 2, 0.2), (-1, 1, 1e-1), (1, 2, 1 / 3), (2.0, 1.0, -0.25), (3, 3, 1),
])  # fmt: skip
def test_arange(arguments):
    assert_same(mg.arange(*arguments), torch.arange(*arguments), rtol=1e-6, atol=1e-7)
    agree(lambda library: library.arange(*arguments, dtype=library.float64))


def test_arange_by_keywords_and_refusals():
    agree(lambda library: library.arange(start=1, end=4))
    agree(lambda library: library.arange(end=4))
    agree(lambda library: library.arange(1, 9, step=3))
    for arguments in ((1, 0), (0, 1, -1), (0, 1, 0)):
        both_refuse(lambda: mg.arange(*arguments), lambda: torch.arange(*arguments))


@pytest.mark.parametrize(
    "arguments", [(0, 1, 5), (0, 1, 1), (3, 3, 4), (5, -5, 11), (0.1, 0.7, 7), (0, 1, 0), (1, 2, 2)]
)
def test_linspace(arguments):
    agree(lambda library: library.linspace(*arguments, dtype=library.float64))
    ours, theirs = mg.linspace(*arguments), torch.linspace(*arguments)
    assert_same(ours, theirs, rtol=1e-6, atol=1e-7)


def test_eye():
    for arguments in ((0,), (3,), (2, 4), (4, 2)):
        agree(lambda library: library.eye(*arguments))


def test_requires_grad_of_new_tensors():
    for make in (
        lambda library, **options: library.tensor([1.0], **options),
        lambda library, **options: library.zeros(2, **options),
        lambda library, **options: library.ones(2, **options),
        lambda library, **options: library.full((2,), 1.0, **options),
        lambda library, **options: library.rand(2, **options),
        lambda library, **options: library.randn(2, **options),
        lambda library, **options: library.arange(2.0, **options),
        lambda library, **options: library.linspace(0, 1, 2, **options),
        lambda library, **options: library.eye(2, **options),
        lambda library, **options: library.empty(2, **options),
        lambda library, **options: library.normal(0.0, 1.0, (2,), **options),
        lambda library, **options: library.zeros_like(library.ones(2), **options),
        lambda library, **options: library.rand_like(library.ones(2), **options),
    ):
        for library in (mg, torch):
            made = make(library, requires_grad=True, device="cpu")
            assert made.requires_grad
            assert made.is_leaf
            assert not make(library).requires_grad
    both_refuse(lambda: mg.tensor([1], requires_grad=True), lambda: torch.tensor([1], requires_grad=True))


def test_defaults_follow_the_default_dtype():
    results = []
    for library in (mg, torch):
        library.set_default_dtype(library.float64)
        try:
            assert library.get_default_dtype() == library.float64
            results.append([
                library.tensor(1.5), library.zeros(1), library.arange(1.5), library.tensor([1]) / 2,
                library.rand(1) * 0, library.tensor([1], dtype=library.int32) * 1.5, library.full((1,), 1.5),
                library.linspace(0, 1, 2), library.tensor([1]).exp(), library.eye(1),
                library.normal(0.0, 1.0, (1,)) * 0,
            ])  # fmt: skip
        finally:
            library.set_default_dtype(library.float32)
    assert_same(*results)


# ------------------------------------------------------------------- random

COUNT = 20_000


def moments(tensor):
    values = np.asarray(tensor.numpy(), np.float64)
    return values.mean(), values.std(), values.min(), values.max()


@pytest.mark.parametrize("make", [
    lambda library: library.rand(COUNT), lambda library: library.rand(COUNT, dtype=library.float64),
    lambda library: library.randn(COUNT), lambda library: library.normal(2.0, 0.5, (COUNT,)),
    lambda library: library.randint(3, 9, (COUNT,)), lambda library: library.randint(9, (COUNT,)),
    lambda library: library.bernoulli(library.full((COUNT,), 0.3)),
    lambda library: library.empty(COUNT).uniform_(-1, 3), lambda library: library.empty(COUNT).normal_(1, 2),
    lambda library: library.empty(COUNT).bernoulli_(0.25), lambda library: library.rand_like(library.empty(COUNT)),
    lambda library: library.randn_like(library.empty(COUNT, dtype=library.float64)),
])  # fmt: skip
def test_distributions(make):
    """Mean and deviation agree within 5 standard errors; the same dtype and range."""
    ours, theirs = make(mg), make(torch)
    assert dtype_name(ours) == dtype_name(theirs)
    assert ours.shape == tuple(theirs.shape)
    a, b = moments(ours), moments(theirs)
    error = 5 * b[1] * math.sqrt(2 / COUNT)
    assert abs(a[0] - b[0]) < error, f"means {a[0]} and {b[0]}"
    assert abs(a[1] - b[1]) < error, f"deviations {a[1]} and {b[1]}"
    assert abs(a[2] - b[2]) < b[1], f"smallest {a[2]} and {b[2]}"
    assert abs(a[3] - b[3]) < b[1], f"largest {a[3]} and {b[3]}"


def test_normal_of_tensors():
    """Means and deviations may be tensors, which broadcast."""
    for library in (mg, torch):
        mean, std = library.arange(3.0).reshape(3, 1).expand(3, COUNT), library.full((3, COUNT), 0.1)
        drawn = library.normal(mean, std)
        assert tuple(drawn.shape) == (3, COUNT)
        np.testing.assert_allclose(drawn.mean(1).numpy(), [0, 1, 2], atol=0.01)
        assert tuple(library.normal(mean, 0.1).shape) == (3, COUNT)
        assert tuple(library.normal(0.5, std).shape) == (3, COUNT)


def test_randperm():
    for library in (mg, torch):
        order = library.randperm(50)
        assert sorted(order.tolist()) == list(range(50))
        assert order.tolist() != list(range(50))
        assert dtype_name(order) == "int64"


def test_generators():
    """Seeds, states, and one's own generator, by the same names."""
    for library in (mg, torch):
        first = library.manual_seed(5)
        assert first is library.manual_seed(5)
        assert library.initial_seed() == 5 == first.initial_seed()
        a = library.rand(3)
        library.manual_seed(5)
        assert (library.rand(3) == a).all()
        generator = library.Generator().manual_seed(7)
        state = generator.get_state()
        b = library.randn(3, generator=generator)
        generator.set_state(state)
        assert (library.randn(3, generator=generator) == b).all()
        assert generator.initial_seed() == 7
        assert isinstance(library.seed(), int)
        assert isinstance(library.Generator().seed(), int)
        assert library.Generator(device="cpu").manual_seed(-1) is not None
        same = [library.randperm(9, generator=library.Generator().manual_seed(1)).tolist() for _ in range(2)]
        assert same[0] == same[1]
        for draw in (
            lambda g: library.rand(3, generator=g), lambda g: library.randint(0, 9, (3,), generator=g),
            lambda g: library.normal(0.0, 1.0, (3,), generator=g),
            lambda g: library.bernoulli(library.full((9,), 0.5), generator=g),
            lambda g: library.empty(3).uniform_(generator=g), lambda g: library.empty(3).normal_(generator=g),
        ):  # fmt: skip
            pairs = [draw(library.Generator().manual_seed(1)) for _ in range(2)]
            assert (pairs[0] == pairs[1]).all()


def test_zero_probability_and_certainty():
    # Of a constant: in PyTorch the result counts as differentiable, with gradient 0 (a departure).
    compare(lambda p: mg.bernoulli(p.detach()), lambda p: torch.bernoulli(p.detach()), np.array([0.0, 1.0, 0.0, 1.0]))
