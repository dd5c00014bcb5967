"""Every primitive has its count of operations; convolutions and products agree with counting by hand."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import minigrad as mg
import nn
import nn.functional as F
from minigrad.errors import ArgumentError, DTypeError
from minigrad.profiler import count_flops, profile, register_flop_formula
from minigrad.profiler.flops import FORMULAE


def flops(prof, name, direction=None):
    rows = [row for row in prof.key_averages() if row.key == name and direction in (None, row.direction)]
    return sum(row.flops for row in rows)


def test_every_primitive_has_a_count():
    ours = {name for name, one in mg.primitives().items() if one.__module__.startswith("minigrad.")}
    assert ours - FORMULAE.keys() == set(), "give them an entry in minigrad/profiler/flops.py"
    assert FORMULAE.keys() - ours == set(), "no such primitives"


# From the layers of LeNet-5: multiply-adds of C1, C3, C5, F6 and the output, for one image of 32 × 32.
CONVOLUTIONS = [28 * 28 * 6 * 25, 10 * 10 * 16 * 6 * 25, 120 * 16 * 25]
PRODUCTS = [120 * 84, 84 * 10]


@pytest.mark.parametrize("batch", [1, 3])
def test_lenet_by_hand(batch):
    model, x = nn.models.LeNet5(), mg.randn(batch, 1, 32, 32)
    with profile() as prof:
        model(x).sum().backward()
    assert sum(CONVOLUTIONS) + sum(PRODUCTS) == nn.summary(model, (1, 32, 32)).multiplications
    assert flops(prof, "correlate_bias") == 2 * batch * sum(CONVOLUTIONS)
    assert flops(prof, "correlate_weight") == 2 * batch * sum(CONVOLUTIONS)
    assert flops(prof, "correlate_input") == 2 * batch * sum(CONVOLUTIONS[1:])  # none for the image
    assert flops(prof, "linear", "forward") == 2 * batch * sum(PRODUCTS)
    assert flops(prof, "matmul", "backward") == 2 * batch * sum(PRODUCTS)
    assert flops(prof, "project", "backward") == 2 * batch * sum(PRODUCTS)
    assert flops(prof, "tanh") == batch * (28 * 28 * 6 + 10 * 10 * 16 + 120 + 84)
    assert flops(prof, "window_sum") == batch * 4 * (14 * 14 * 6 + 5 * 5 * 16)
    by_layer = {row.layer: (row.forward_flops, row.backward_flops) for row in prof.layers()}
    assert by_layer["LeNet5.features.3"][0] == 2 * batch * CONVOLUTIONS[1]
    assert by_layer["LeNet5.features.3"][1] == 4 * batch * CONVOLUTIONS[1] + batch * 10 * 10 * 16
    assert sum(row.flops for row in prof.key_averages()) == sum(map(sum, by_layer.values()))


@settings(max_examples=60)
@given(st.data())
def test_the_three_maps_take_the_same_products(data):
    axes = data.draw(st.integers(1, 3))
    drawn = [data.draw(st.tuples(*[st.integers(1, 3)] * axes)) for _ in range(4)]
    kernel, stride, dilation, surplus = drawn
    groups, batch, per_group, out = (data.draw(st.integers(1, 3)) for _ in range(4))
    size = [d * (k - 1) + 1 + more for d, k, more in zip(dilation, kernel, surplus, strict=True)]
    x = mg.randn(batch, groups * per_group, *size, requires_grad=True)
    w = mg.randn(groups * out, per_group, *kernel, requires_grad=True)
    with profile() as prof:
        y = mg.correlate(x, w, stride=stride, dilation=dilation, groups=groups)
        y.sum().backward()
    windows = math.prod(y.shape[2:])
    by_hand = 2 * batch * groups * out * windows * per_group * math.prod(kernel)
    assert [flops(prof, name) for name in ("correlate", "correlate_input", "correlate_weight")] == [by_hand] * 3


def test_transposed_convolution_counts_its_inputs():
    x, w = mg.randn(2, 3, 4, 4), mg.randn(3, 5, 2, 2)
    with profile() as prof:
        F.conv_transpose2d(x, w, stride=2)
    assert flops(prof, "correlate_input") == 2 * (2 * 3 * 16) * 5 * 4


@pytest.mark.parametrize(
    ("compute", "name", "count"),
    [
        (lambda x: x @ x.mT, "matmul", 2 * 2 * 3 * 3 * 4),
        (lambda x: x @ mg.ones(4), "matmul", 2 * 2 * 3 * 4),
        (lambda x: x + mg.ones(5, 1, 1, 1), "add", 5 * 24),
        (mg.exp, "exp", 24),
        (mg.tanh, "tanh", 24),
        (lambda x: x.sum(1), "sum", 24),
        (lambda x: x.amax(), "amax", 24),
        (lambda x: F.max_pool1d(x, 2), "max_pool", 2 * (2 * 3 * 2)),
        (lambda x: F.avg_pool1d(x, 2, stride=1), "window_sum", 2 * (2 * 3 * 3)),
        (lambda x: x.softmax(-1), "softmax", 5 * 24),
        (lambda x: x.reshape(-1), "reshape", 0),
        (lambda x: x.clone(), "clone", 0),
        (lambda x: mg.arange(4) + 1, "add", 0),
        (lambda x: x > 0, "gt", 24),
    ],
)
def test_counts_by_hand(compute, name, count):
    x = mg.randn(2, 3, 4)
    with profile() as prof:
        compute(x)
    assert name in [row.key for row in prof.key_averages()]
    assert flops(prof, name) == count


def test_without_counting():
    with profile(with_flops=False) as prof:
        mg.ones(3).exp()
    assert flops(prof, "exp") == 0
    assert "MFLOP" not in str(prof)


def test_formulae_of_ones_own(monkeypatch):
    x = mg.ones(3)
    monkeypatch.setitem(FORMULAE, "exp", FORMULAE["exp"])
    register_flop_formula("exp", lambda inputs, outputs, static: 20 * outputs[0].numel())
    assert count_flops(mg.exp, [x], [x], {}) == 60
    monkeypatch.delitem(FORMULAE, "exp")
    assert count_flops(mg.exp, [x], [x], {}) == 0
    with pytest.raises(ArgumentError, match=r"got 'exq'; mg\.primitives"):
        register_flop_formula("exq", lambda *_: 0)
    with pytest.raises(DTypeError, match="got a int for exp; give a function"):
        register_flop_formula("exp", 3)
