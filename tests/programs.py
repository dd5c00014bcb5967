"""Random programs of views and changes in place, run by minigrad, by PyTorch, and by NumPy with tangents.

A program is a list of (name, i, j): the step `name` on the i-th tensor that there is by then, with the j-th as
operand where it takes one. `run` runs it with a library of tensors. `Dual` is a pair of NumPy arrays, a value and
its derivative along one direction, of which every view is a pair of views: forward differentiation, in which a
change in place needs no thought at all. What `Dual` says of a program is what the tape must say.
"""

import numpy as np

# ----------------------------------------------------------------------- views


def diagonal(a):
    view = a.diagonal() if a.ndim == 2 else None
    if isinstance(view, np.ndarray):
        view.flags.writeable = a.flags.writeable  # NumPy's are read-only by default
    return view


def parts(a, k):
    """The k-th of two parts along the first axis; PyTorch refuses to write to what `split` returns."""
    if not a.ndim or len(a) < 2:
        return None
    half = (len(a) + 1) // 2
    listed = a.split(half) if type(a).__module__.startswith("minigrad") else [a[:half], a[half:]]
    return listed[k % len(listed)]


def rows(a, k):
    return a[k % len(a), ...] if a.ndim and len(a) else None


VIEWS = {
    "row": rows,
    "rest": lambda a, k: a[1:] if a.ndim else None,
    "every other": lambda a, k: a[..., k % 2 :: 2] if a.ndim else None,
    "column": lambda a, k: a[..., k % a.shape[-1]] if a.ndim and a.shape[-1] else None,
    "all": lambda a, k: a[...],
    "new axis": lambda a, k: a[:, None] if 0 < a.ndim < 4 else a[None] if not a.ndim else None,
    "transpose": lambda a, k: a.swapaxes(0, -1) if a.ndim > 1 else None,
    "flat": lambda a, k: a.reshape(-1) if contiguous(a) else None,
    "square": lambda a, k: a.reshape(2, -1) if contiguous(a) and size(a) % 2 == 0 and size(a) else None,
    "squeeze": lambda a, k: a.squeeze(),
    "diagonal": lambda a, k: diagonal(a),
    "part": lambda a, k: parts(a, k % 2),
}
BACKWARDS = {
    "reverse": lambda a, k: a[::-1] if a.ndim else None,
    "mirror": lambda a, k: a[..., ::-2] if a.ndim else None,
}


def size(a):
    return a.size if isinstance(a, np.ndarray) else a.numel()


def contiguous(a):
    """Whether the elements follow each other in memory, so that every library can view them in another shape."""
    return a.flags.c_contiguous if isinstance(a, np.ndarray) else a.is_contiguous()


# --------------------------------------------------------------------- tangents


class Dual:
    """A value and its derivative along one direction, in NumPy."""

    def __init__(self, value, tangent):
        self.value = value
        self.tangent = np.empty_like(value)  # in the same order in memory, so that both are viewed alike
        self.tangent[...] = tangent

    def seen(self, view, k):
        """A view, with a view of the tangent."""
        value = view(self.value, k)
        if value is None:
            return None
        other = object.__new__(Dual)
        other.value, other.tangent = value, view(self.tangent, k)
        return other

    def put(self, other, recorded=True):
        self.value[...] = other.value
        if recorded:
            self.tangent[...] = other.tangent

    def copy(self):
        return Dual(self.value.copy(order="K"), self.tangent)

    def unary(self, function, slope):
        return Dual(function(self.value), slope(self.value) * self.tangent)

    def sin(self):
        return self.unary(np.sin, np.cos)

    def tanh(self):
        return self.unary(np.tanh, lambda v: 1 - np.tanh(v) ** 2)

    def relu(self):
        return self.unary(lambda v: np.maximum(v, 0), lambda v: v > 0)

    def clamp(self, low, high):
        return self.unary(lambda v: np.clip(v, low, high), lambda v: (v > low) & (v < high))

    def flip(self, axis):
        return Dual(self.value[::-1].copy(), self.tangent[::-1]) if self.value.ndim else self.copy()

    def sum(self):
        return Dual(np.asarray(self.value.sum()), self.tangent.sum())

    def __add__(self, other):
        other = other if isinstance(other, Dual) else Dual(np.asarray(other), 0)
        return Dual(np.asarray(self.value + other.value), self.tangent + other.tangent)

    def __mul__(self, other):
        other = other if isinstance(other, Dual) else Dual(np.asarray(other), 0)
        return Dual(np.asarray(self.value * other.value), self.tangent * other.value + self.value * other.tangent)


def operand(u, shape):
    """`u` if it has that shape, else a number made of it."""
    return u if (u.value if isinstance(u, Dual) else u).shape == shape else u.sum() * 0.1


def at(part):
    """An index that is no view: of the first or of every other place along the first axis."""
    return [0] if part else slice(None, None, 2)


# Each change: what it does to a tensor, and the value that it stands for.
def of(name):
    return (lambda t, u: getattr(t, f"{name}_")()), (lambda t, u: getattr(t, name)())


CHANGES = {
    "add_": (lambda t, u: t.add_(u), lambda t, u: t + u),
    "*=": (lambda t, u: t.__imul__(u.tanh()), lambda t, u: t * u.tanh()),
    "scale": (lambda t, u: t.mul_(-0.5), lambda t, u: t * -0.5),
    "copy_": (lambda t, u: t.copy_(u), lambda t, u: t * 0 + u),
    "zero_": (lambda t, u: t.zero_(), lambda t, u: t * 0),
    "fill_": (lambda t, u: t.fill_(u.sum()), lambda t, u: t * 0 + u.sum()),
    "itself": (lambda t, u: t.mul_(t), lambda t, u: t * t),
    "clamp_": (lambda t, u: t.clamp_(-0.4, 0.6), lambda t, u: t.clamp(-0.4, 0.6)),
    "exchange": (lambda t, u: t.copy_(t.flip(0) if t.ndim else t), lambda t, u: t.flip(0)),
    "addcmul_": (lambda t, u: t.addcmul_(u, t, value=0.5), lambda t, u: t + u * t * 0.5),
    **{f"{name}_": of(name) for name in ("sin", "tanh", "relu")},
}


def set_rows(t, u):
    t[[0]] = (u.sum() if u.ndim else u).sin()


def set_where(t, u):
    t[t > 0] = u.sum() * 0.5


def add_to_row(t, u):
    t[0] += u.sum() * 0.5


PARTIAL = {
    "[[0]] =": (set_rows, lambda t, u: (np.arange(len(t.value)) == 0, u.sum().sin())),
    "[mask] =": (set_where, lambda t, u: (t.value > 0, u.sum() * 0.5)),
    "[0] +=": (add_to_row, None),
}
OFF = {
    "no_grad": (lambda t, u: t.mul_(0.5), lambda t, u: t * 0.5),
    "detached": (lambda t, u: t.detach().add_(0.25), lambda t, u: t + 0.25),
    "data": (lambda t, u: t.data.add_(u), lambda t, u: t + u),
}
META = {
    "t_": (lambda t: t.t_(), lambda a: a.T, lambda n: n == 2),
    "unsqueeze_": (lambda t: t.unsqueeze_(0), lambda a: a[None], lambda n: n < 4),
    "squeeze_": (lambda t: t.squeeze_(), lambda a: a.squeeze(), lambda n: True),
}
MAKES = {
    "product": lambda a, u: a * u,
    "sine": lambda a, u: a.sin(),
    "twice": lambda a, u: (a + a) * 0.5,
}
COMMON = [*VIEWS, *CHANGES, *PARTIAL, *OFF, *META, *MAKES, "take", "detach", "alias", "expand"]
NAMES = [*COMMON, *BACKWARDS]

SHAPES = [(3, 4), (2, 3)]


def leaves(seed):
    source = np.random.default_rng(seed)
    return [source.uniform(-1, 1, shape) for shape in SHAPES]


# -------------------------------------------------------------------- with tensors


def run(library, program, inputs):
    """The tensors that the program leaves behind; refused steps, and whether it wrote off the tape."""
    x, y = inputs
    pool = [x * 1.5, y.sin(), library.ones(3, 4, dtype=library.float64), library.zeros(2, 3, dtype=library.float64)]
    pool.append(y.swapaxes(0, 1) * 1.5)  # its columns lie together in memory
    last, refused, off = [], [], False
    for number, (name, i, j) in enumerate(program):
        t, u = pool[i % len(pool)], pool[j % len(pool)]
        assert [one.grad_fn for one in pool]  # PyTorch binds views anew when they are asked
        try:
            off |= step(library, name, t, u, j, pool, last)
        except RuntimeError as error:
            refused.append((number, name, str(error)))
    return pool + last, refused, off


def step(library, name, t, u, k, pool, last):
    """One step; returns whether it changed memory that the tape may not know of."""
    made = None
    if name in VIEWS or name in BACKWARDS:
        made = (VIEWS.get(name) or BACKWARDS[name])(t, k)
    elif name in CHANGES:
        given = operand(u, t.shape)
        if name == "copy_" and library.__name__ == "torch":  # overlapping places are undefined there
            given = given.clone()
        CHANGES[name][0](t, given)
        return not t.requires_grad
    elif name in PARTIAL:
        if t.ndim and len(t):
            PARTIAL[name][0](t, u)
        return not t.requires_grad
    elif name in OFF:
        if name == "no_grad":
            with library.no_grad():
                OFF[name][0](t, u)
        else:
            OFF[name][0](t, operand(u, t.shape))
        return True
    elif name in META:
        change, _, fits = META[name]
        if fits(t.ndim):
            change(t)
    elif name in MAKES:
        made = MAKES[name](t, operand(u, t.shape))
    elif name == "take":
        made = t[[0, 0]] if t.ndim and len(t) else None
    elif name == "detach":
        made = t.detach()
    elif name == "alias":
        made = t
    else:
        last.append(t.expand((2, *t.shape)))
    if made is not None:
        pool.append(made)
    return False


def total(library, tensors):
    """One number of all tensors, each element with a weight of its own."""
    parts = []
    for number, one in enumerate(tensors):
        weights = library.linspace(-1, 1, max(one.numel(), 1), dtype=library.float64)[: one.numel()]
        parts.append((one * weights.reshape(one.shape)).sum() * (number + 1))
    return sum(parts)


# ---------------------------------------------------------------------- with duals


def run_duals(program, inputs, directions):
    """The same with tangents along the directions; the derivative of `total`, and the values."""
    x, y = (Dual(value, tangent) for value, tangent in zip(inputs, directions, strict=True))
    pool = [x * 1.5, y.sin(), Dual(np.ones((3, 4)), 0), Dual(np.zeros((2, 3)), 0)]
    pool.append(y.seen(VIEWS["transpose"], 0) * 1.5)
    last = []
    for name, i, j in program:
        step_of_duals(name, pool[i % len(pool)], pool[j % len(pool)], j, pool, last)
    tensors = pool + last
    derivative = 0.0
    for number, one in enumerate(tensors):
        weights = np.linspace(-1, 1, max(one.value.size, 1))[: one.value.size].reshape(one.value.shape)
        derivative += (one.tangent * weights).sum() * (number + 1)
    return [one.value for one in tensors], derivative


def step_of_duals(name, t, u, k, pool, last):
    made = None
    if name in VIEWS or name in BACKWARDS:
        made = t.seen(VIEWS.get(name) or BACKWARDS[name], k)
    elif name in CHANGES:
        t.put(CHANGES[name][1](t, operand(u, t.value.shape)))
    elif name in PARTIAL and t.value.ndim and len(t.value):
        if name == "[0] +=":
            row = t.seen(rows, 0)
            row.put(row + u.sum() * 0.5)
        else:
            place, value = PARTIAL[name][1](t, u)
            t.value[place], t.tangent[place] = value.value, value.tangent
    elif name in OFF:
        t.put(OFF[name][1](t, operand(u, t.value.shape)), recorded=False)
    elif name in META and META[name][2](t.value.ndim):
        t.value, t.tangent = META[name][1](t.value), META[name][1](t.tangent)
    elif name in MAKES:
        made = MAKES[name](t, operand(u, t.value.shape))
    elif name == "take" and t.value.ndim and len(t.value):
        made = Dual(t.value[[0, 0]], t.tangent[[0, 0]])
    elif name == "detach":
        made = t.seen(lambda a, k: a[...], 0)
        made.tangent = np.zeros_like(made.value)
    elif name == "alias":
        made = t
    elif name == "expand":
        made = object.__new__(Dual)
        made.value, made.tangent = (np.broadcast_to(a, (2, *a.shape)) for a in (t.value, t.tangent))
        last.append(made)
        made = None
    if made is not None:
        pool.append(made)


# -------------------------------------------------------------------------- the check


def check(mg, program, seed=0):
    """minigrad and tangents agree about a program: values, gradient, and the second derivative along the direction.

    Returns "stale" where the gradient was refused since memory had been changed off the tape, which must be so.
    """
    inputs, directions = leaves(seed), leaves(seed + 1)
    asking = [mg.tensor(one, requires_grad=True) for one in inputs]
    tensors, refused, off = run(mg, program, asking)
    assert not refused, refused
    arrays, derivative = run_duals(program, inputs, directions)
    for number, (ours, right) in enumerate(zip(tensors, arrays, strict=True)):
        np.testing.assert_allclose(ours.detach().numpy(), right, 1e-9, 1e-9, err_msg=f"tensor {number}")
    try:
        along, twice = derivatives(mg, total(mg, tensors), asking, [mg.tensor(one) for one in directions])
    except mg.errors.GradError as error:
        if off and "changed in place" in str(error):
            return "stale"
        raise
    np.testing.assert_allclose(along, derivative, rtol=1e-7, atol=1e-7)
    if not off and all(name != "detach" for name, _, _ in program):  # else the gradient is not that of the values
        sides = []
        for sign in (1, -1):
            moved = [one + sign * 1e-5 * way for one, way in zip(inputs, directions, strict=True)]
            sides.append(run_duals(program, moved, directions)[1])
        np.testing.assert_allclose(twice, (sides[0] - sides[1]) / 2e-5, rtol=1e-4, atol=1e-4)
    return "right"


def derivatives(mg, loss, leaves, directions):
    """The first and the second derivative of a loss along a direction."""
    along, twice = loss * 0, loss * 0
    if loss.requires_grad:
        first = mg.autograd.grad(loss, leaves, create_graph=True, materialize_grads=True)
        along = sum((g * way).sum() for g, way in zip(first, directions, strict=True))
        if along.requires_grad:
            second = mg.autograd.grad(along, leaves, materialize_grads=True)
            twice = sum((g * way).sum() for g, way in zip(second, directions, strict=True))
    return along.item(), twice.item()
