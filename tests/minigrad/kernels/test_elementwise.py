"""Formulae in pieces against the same on whole arrays, and choices by bits against NumPy's."""

import threading

import numpy as np
import pytest

import minigrad as mg
from minigrad.kernels import elementwise, threads
from minigrad.kernels.elementwise import (
    added,
    choose,
    drop,
    empty_in_order,
    in_order,
    in_pieces,
    inner,
    negative_size,
    not_negative,
    sum_in_pieces,
    with_sign,
)  # fmt: skip

RNG = np.random.default_rng(5)
SHAPE = (3, 4, 5, 6)
SPECIAL = [np.nan, -np.nan, np.inf, -np.inf, 0.0, -0.0, 1.5, -2.5, 1e-310]


def laid(order):
    array = RNG.standard_normal(SHAPE)
    return np.ascontiguousarray(array.transpose(order)).transpose(np.argsort(order))


ORDERS = [(0, 1, 2, 3), (2, 1, 3, 0), (3, 2, 1, 0)]
OPERANDS = {
    "alike": lambda order: (laid(order), laid(order)),
    "differently": lambda order: (laid(order), laid((1, 0, 3, 2))),
    "a number": lambda order: (laid(order), np.array(2.0)),
    "a number repeated": lambda order: (np.broadcast_to(np.array(2.0), SHAPE), laid(order)),
    "per channel": lambda order: (laid(order), RNG.standard_normal((4, 1, 1))),
    "with gaps": lambda order: (laid(order)[:, ::2], laid(order)[:, ::2]),
    "backwards": lambda order: (laid(order)[::-1], laid(order)[::-1]),
    "of size 1": lambda order: (laid(order)[:, :1], laid(order)[:, :1]),
}


@pytest.mark.parametrize("piece", [1, 7, 1000])
@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("operands", OPERANDS)
def test_pieces_change_nothing(operands, order, piece, monkeypatch):
    a, b = OPERANDS[operands](order)
    monkeypatch.setattr(elementwise, "PIECE", piece)
    y = in_pieces(lambda out, a, b: np.subtract(a * 2, b, out=out), a, b)
    np.testing.assert_array_equal(y, a * 2 - b)


@pytest.mark.parametrize("order", ORDERS)
def test_alike_means_one_stretch_after_another(order, monkeypatch):
    monkeypatch.setattr(elementwise, "PIECE", 100)
    a, seen = laid(order), []
    y = in_pieces(lambda out, a: (seen.append(a.shape), np.negative(a, out=out)), a)
    assert seen == [(100,)] * 3 + [(60,)]
    assert y.strides == a.strides


PRIMITIVES = {name: one for name, one in mg.primitives().items() if one.forward.__module__.endswith(
    ("activation", "rectifiers", "ops.loss", "comparison"))}  # fmt: skip
STATIC = {"slope": 0.1, "low": -1.0, "high": 0.5, "beta": 2.0, "threshold": 1.0, "alpha": 1.5, "scale": 0.5,
          "input_scale": 2.0, "delta": 0.5}  # fmt: skip


@pytest.mark.parametrize(
    "name", [name for name, one in PRIMITIVES.items() if one.broadcast and not name.startswith("bit")]
)
def test_primitives_in_pieces(name, monkeypatch):
    primitive = PRIMITIVES[name]
    arrays = [RNG.uniform(0.1, 0.9, (7, 5)) * (1 if "entropy" in name else 4) for _ in primitive.arguments]
    arrays[: primitive.conditions] = [one > 2 for one in arrays[: primitive.conditions]]
    if "entropy" not in name:
        arrays = [one if one.dtype == bool else one - 1.5 for one in arrays]
    static = {key: STATIC[key] for key in primitive.static}
    whole = primitive(*arrays, **static).numpy()
    monkeypatch.setattr(elementwise, "PIECE", 4)
    np.testing.assert_allclose(primitive(*arrays, **static).numpy(), whole, rtol=1e-14)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_choices_by_bits(dtype):
    with np.errstate(all="ignore"):
        x = np.array(SPECIAL).astype(dtype)
    y, mask = x[::-1].copy(), RNG.random(len(x)) < 0.5
    for chosen in (mask, ~mask):
        out = np.empty_like(x)
        drop(out, chosen, x)
        np.testing.assert_array_equal(out.tobytes(), np.where(chosen, dtype(0), x).tobytes())
        choose(out, chosen, x, y)
        np.testing.assert_array_equal(out.tobytes(), np.where(chosen, x, y).tobytes())


@pytest.mark.parametrize("dtype", [np.bool_, np.uint8, np.int8, np.int16, np.int32, np.int64])
def test_choices_of_integers(dtype):
    a, b, mask = (RNG.integers(0, high, 20).astype(kind) for high, kind in [(2, dtype), (100, dtype), (2, bool)])
    assert np.array_equal(in_pieces(choose, mask, a, b), np.where(mask, a, b))


def test_the_order_is_that_of_the_first_of_full_shape():
    a, b = laid((2, 1, 3, 0)), laid((0, 1, 2, 3))
    assert empty_in_order(np.ones(6), a, b).strides == a.strides
    assert empty_in_order(np.broadcast_to(1.0, SHAPE), a).strides == a.strides
    assert in_order(np.add, a, b).strides == a.strides
    assert in_order(np.add, b[:, :1, :1, :1], a).strides == a.strides
    assert empty_in_order(np.ones((3, 1)), np.ones(4)).shape == (3, 4)


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("operands", OPERANDS)
@pytest.mark.parametrize("piece", [7, 1000])
def test_sums_in_pieces(operands, order, piece, monkeypatch):
    a, b = OPERANDS[operands](order)
    monkeypatch.setattr(elementwise, "PIECE", piece)

    def compute(out, a, b):
        np.subtract(a, b, out=out)
        return inner(out, out)

    total, difference = sum_in_pieces(compute, a, b)
    np.testing.assert_array_equal(difference, a - b)
    assert total == pytest.approx(np.square(a - b).sum(), rel=1e-12)


def test_sums_of_single_numbers():
    total, out = sum_in_pieces(lambda out, a: added(np.negative(a, out=out)), np.array(2.0))
    assert (total, out.tolist(), out.shape) == (-2, -2, ())


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("size", [0, 5, 4096, 100_001])
def test_sums_are_not_rounded_away(size, dtype):
    a, b = RNG.random(size).astype(dtype), RNG.random(size).astype(dtype)
    rounding = 1e-6 if dtype == np.float32 else 1e-12
    right = (a.astype(np.float64) * b).sum()
    assert inner(a, b) == pytest.approx(right, rel=rounding)
    assert inner(a[::-1], b) == pytest.approx((a[::-1].astype(np.float64) * b).sum(), rel=rounding)
    assert added(a) == pytest.approx(a.sum(dtype=np.float64), rel=1e-6)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_signs_by_bits(dtype):
    with np.errstate(all="ignore"):
        x = np.array(SPECIAL).astype(dtype)
    size = RNG.random(len(x)).astype(dtype)
    right = np.copysign(size, x)
    np.testing.assert_array_equal(with_sign(x, size), right)
    assert (not_negative(x) == ~np.signbit(x)).all()
    np.testing.assert_array_equal(negative_size(x), -np.abs(x))
    assert np.signbit(negative_size(x)).all()


def test_pieces_are_shared_between_threads(monkeypatch):
    monkeypatch.setattr(elementwise, "PIECE", 10)
    monkeypatch.setattr(elementwise, "MANY", 40)
    names, met, a = set(), threading.Barrier(1, timeout=60), RNG.random(60)

    def compute(out, a):
        if (name := threading.current_thread().name) not in names:
            names.add(name)
            met.wait()
        np.tanh(a, out=out)
        return added(out)

    alone = sum_in_pieces(compute, a)
    assert len(names) == 1
    threads.share(2)
    try:
        names.clear()
        met = threading.Barrier(2, timeout=60)
        shared = sum_in_pieces(compute, a)
        assert len(names) == 2
        met = threading.Barrier(1)
        np.testing.assert_array_equal(in_pieces(compute, a), alone[1])
        names.clear()
        in_pieces(compute, a[:30])
        assert names == {threading.current_thread().name}
    finally:
        threads.share(1)
    assert shared[0] == alone[0]
    np.testing.assert_array_equal(shared[1], alone[1])
