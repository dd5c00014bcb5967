"""Drawn programs: a dozen operations on a pool of matrices, compared to second order."""

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

import minigrad as mg
from tests.torch_oracle.compare import compare, drawn, normal

SHAPE = (3, 4)
ROWS, PLACES = np.array([2, 0, 2]), np.array([[3, 1, 1, 0], [0, 0, 2, 1], [1, 2, 3, 3]])


def written(library, a, b):
    t = a.clone()
    t[1:, ::2] = b[:2, 1::2] * 2
    t[library.tensor([True, False, True])] += b[0]
    return t


def changed(library, a, b):
    t = a * 1
    t += b
    t.mul_(0.5).sub_(a)
    return t


# Every operation takes two (3, 4) matrices of its library to one; values stay moderate.
OPERATIONS = {
    "add": lambda library, a, b: a + b * 0.5, "multiply": lambda library, a, b: a * b.tanh(),
    "divide": lambda library, a, b: a / (b * b + 1), "power": lambda library, a, b: (a.abs() + 0.5) ** b.sigmoid(),
    "waves": lambda library, a, b: a.sin() - b.cos(), "root": lambda library, a, b: (a * a + 0.1).sqrt() * b.sign(),
    "matmul": lambda library, a, b: (a @ b.T).tanh() @ b * 0.5, "centred": lambda library, a,
    b: (a - a.mean(1, keepdim=True)) / (b.var(0) + 1), "extremes": lambda library, a,
    b: library.maximum(a, b) - b.amax(0) + a.min(1, keepdim=True).values, "softmax": lambda library, a,
    b: library.softmax(a, 1) * b + library.log_softmax(b, 0) * 0.1, "logsumexp": lambda library, a,
    b: a - library.logsumexp(b, 1, keepdim=True), "where": lambda library, a, b: library.where(a > b, a * 2, b),
    "clamp": lambda library, a, b: a.clamp(-0.5, 0.7) + b.clamp(min=0), "reshape": lambda library, a,
    b: (a.reshape(4, 3) @ b).reshape(2, 8)[:, 1:7].reshape(3, 4) * 0.5, "transposed": lambda library, a,
    b: (a.T.contiguous().flatten()[:12].view(4, 3) * b.T).transpose(0, 1), "joined": lambda library, a,
    b: library.cat([a[:, :2], b[:1].expand(3, 4)[:, 2:]], 1).flip(0), "stacked": lambda library, a,
    b: library.stack([a, b, a * b], 2).sum(-1) * 0.5, "cut": lambda library, a,
    b: library.cat([part * (n + 1) * 0.5 for n, part in enumerate(a.chunk(3, 1))], 1) + b, "rows": lambda library, a,
    b: a[library.tensor(ROWS)] * b.index_select(0, library.tensor(ROWS)), "gathered": lambda library, a,
    b: a.gather(1, library.tensor(PLACES)) + b[:, [0, 2, 2, 1]], "masked": lambda library, a,
    b: a.masked_fill(b > 0.3, 0.25) * b, "written": written, "changed": changed, "padded": lambda library, a,
    b: library.nn.functional.pad(a, (1, -1, 0, 1))[1:] + b.narrow(1, 0, 1),
    "convolved": lambda library, a, b: library.conv1d(a[None], b.reshape(3, 1, 4)[:, :, :3], padding=1,
    groups=3)[0] * 0.5,
    "transposed convolution": lambda library, a, b: library.conv_transpose1d(
        a[None, :, :2], b[:, None, :2], stride=2, groups=3
    )[0],
    "pooled": lambda library, a, b: library.nn.functional.avg_pool2d(a[None], 3, 1, 1)[0]
    + library.nn.functional.max_pool2d(b[None], 3, 1, 1)[0], "gelu": lambda library, a,
    b: library.nn.functional.gelu(a) + library.nn.functional.elu(b), "lerp": lambda library, a,
    b: library.lerp(a, b, 0.3).addcmul(a, b, value=0.1),
    "recorded gradient": lambda library, a, b: a
    + 0.1 * library.autograd.grad((b.tanh() * a).sum(), b, create_graph=True, materialize_grads=True)[0],
}  # fmt: skip


@drawn(300)
@given(
    st.lists(
        st.tuples(st.sampled_from(sorted(OPERATIONS)), st.integers(0, 20), st.integers(0, 20)), min_size=1, max_size=9
    )
)
def test_programs(steps):
    """Each step applies one operation to two matrices made before; the last three are the results."""

    def run(library):
        def program(*inputs):
            pool = list(inputs)
            for name, first, second in steps:
                pool.append(OPERATIONS[name](library, pool[-1 - first % len(pool)], pool[-1 - second % len(pool)]))
            return tuple(pool[-3:])

        return program

    compare(run(mg), run(torch), normal(*SHAPE), normal(*SHAPE, seed=1), rtol=1e-8, atol=1e-10, single=len(steps) < 4)


def test_each_operation_alone():
    for name, operation in OPERATIONS.items():

        def run(library, operation=operation):
            return lambda a, b: operation(library, a, b)

        assert run(mg)(mg.ones(SHAPE, requires_grad=True), mg.ones(SHAPE, requires_grad=True)).shape == SHAPE, name
        compare(run(mg), run(torch), normal(*SHAPE), normal(*SHAPE, seed=1))
