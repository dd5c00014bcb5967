"""Changes in place: rebinding on the tape, the storage off it, and no gradient from a value that was changed."""

import numpy as np
import pytest

import minigrad as mg
from minigrad.autograd import Observer, observe
from minigrad.errors import ArgumentError, DTypeError, GradError, ShapeError

# ------------------------------------------------- saved values, over all primitives


def values(*shape):
    return mg.linspace(0.2, 1.7, int(np.prod(shape)), dtype=mg.float64).reshape(shape).detach().requires_grad_()


FURTHER = ["acos", "asin", "asinh", "atan", "atanh", "cosh", "erfc", "erfinv", "exp2", "sinc", "sinh", "tan"]


def corpus():
    """Results that together use every primitive that has a VJP, in forward passes or in recorded walks."""
    a, b, m, x, w = values(3, 4), values(3, 4), values(4, 2), values(2, 2, 6), values(3, 2, 2)
    yield from (f(a) for f in (mg.exp, mg.expm1, mg.log, mg.log1p, mg.sqrt, mg.rsqrt, mg.square, mg.reciprocal, mg.abs))
    yield from (f(a) for f in (mg.sign, mg.floor, mg.ceil, mg.round, mg.trunc, mg.sin, mg.cos, mg.erf, mg.neg))
    yield from (f(a) for f in (mg.relu, mg.elu, mg.hardswish, mg.tanh, mg.sigmoid, mg.softplus, mg.clone, mg.sum))
    yield from (f(a, b) for f in (mg.add, mg.sub, mg.mul, mg.div, mg.pow, mg.remainder, mg.maximum, mg.minimum))
    yield from (f(a) for f in (mg.leaky_relu, mg.hardtanh, mg.silu))
    yield from (a.clamp(0.5), a.clamp(max=0.5), a.clamp(0.5, 1), mg.where(a > 1, a, b), a.T.contiguous(), a.float())
    yield from (a.reshape(4, 3), a.T, a.flip(0), a[:1].expand(3, 4), mg.sum_to(a, (1, 4)), a @ m, a[1:], a[[0, 0, 1]])
    yield from (mg.identity(a, b), mg.cat([a, b]), a.split(2), mg.pad(a, 1), mg.pad(a, 1, "reflect"))
    yield from (mg.amax(a, 1), mg.amin(a, 1), mg.logsumexp(a, 1), mg.softmax(a, 1), mg.log_softmax(a, 1))
    yield from (mg.conv1d(x, w), mg.conv_transpose1d(values(2, 3, 4), w), mg.correlate_weight(x, values(2, 3, 5), 2))
    yield from (mg.conv1d(x, w, b[0, :3]), mg.conv_transpose1d(values(2, 3, 4), w, b[0, :2]))
    yield from (mg.max_pool1d(x, 2), mg.max_pool1d(x, 2, return_indices=True)[0], mg.avg_pool1d(x, 2))
    yield from (getattr(mg, name)(a * 0.1) for name in FURTHER)
    yield from (mg.acosh(b + 1), mg.lgamma(b), mg.polygamma(2, b), mg.logit(a * 0.1 + 0.5), mg.log2(b), mg.log10(b))
    yield from (getattr(mg, name)(a, b) for name in ["atan2", "hypot", "fmod", "copysign", "logaddexp", "logaddexp2"])
    yield from (mg.xlogy(a, b), mg.cumsum(a, 1), mg.diagonal(a), a.unfold(1, 2, 1))
    yield from (mg.binary_cross_entropy(a / 2, b / 2), mg.cross_entropy(a, mg.tensor([1, 0, 3])), a.mean(0))
    yield from (mg.im2col(x, 2), mg.adaptive_avg_pool1d(x, 4), mg.standardize(a, 1, 0.1, b, b))
    yield from (mg.linear(a, b), mg.linear(a, b, values(3)))
    losses = (mg.logistic_loss, mg.squared_error, mg.huber_error, mg.absolute_error)
    yield from (f(a, b) for f in losses)
    yield from (f(a, a * 0.5 + b, reduction="mean") for f in losses)
    yield mg.cross_entropy(a, mg.tensor([1, 0, 3]), reduction="mean")
    yield mg.max_unpool1d(*mg.max_pool1d(x, 2, return_indices=True), 2)
    written = a * 1
    written[1] = b[0]
    yield written


class Recorder(Observer):
    """Of each primitive's first recorded application, the inputs and the static arguments."""

    def __init__(self):
        self.cases = {}

    def applied(self, primitive, inputs, outputs):
        node = outputs[0].grad_fn
        if node is not None and node.operation is primitive:
            self.cases.setdefault(primitive.name, ([one.detach().clone() for one in inputs], dict(node.static)))


def recorded_cases():
    with observe(Recorder()) as recorder:
        for results in corpus():
            listed = list(results) if isinstance(results, tuple) else [results]
            seeds = [mg.ones_like(one, requires_grad=True) for one in listed]
            mg.autograd.backward(listed, seeds, create_graph=True)
    return recorder.cases


CASES = recorded_cases()


def test_every_primitive_with_a_vjp_has_a_case():
    ours = {name for name, one in mg.primitives().items() if one.rules and one.__module__.startswith("minigrad.")}
    missing = ours - CASES.keys()
    assert not missing, f"add them to the corpus: {missing}"


class Application:
    """One application of a primitive to leaves of their own, and what was saved of it."""

    def __init__(self, name, interior=False):
        inputs, static = CASES[name]
        self.inputs = [one.clone().requires_grad_(one.is_floating_point()) for one in inputs]
        taken = [one * 1 if interior and one.requires_grad else one for one in self.inputs]
        results = mg.primitives()[name](*taken, **static)
        self.outputs = list(results) if isinstance(results, tuple) else [results]
        # The outputs as they are now: a recorded change binds the objects anew.
        self.roots = [mg.Tensor._wrap(one._array, one._node, one._index) for one in self.outputs]
        storages = {id(kept.storage) for kept in self.outputs[0].grad_fn.saved.values() if hasattr(kept, "storage")}
        self.tensors = [*taken, *self.outputs]
        self.saved = [id(one._storage) in storages for one in self.tensors]

    def gradients(self):
        seeds = [
            mg.linspace(-1, 1, max(one.numel(), 1), dtype=one.dtype)[: one.numel()].reshape(one.shape)
            for one in self.roots
        ]
        leaves = [one for one in self.inputs if one.requires_grad]
        return [g.tolist() for g in mg.autograd.grad(self.roots, leaves, seeds, materialize_grads=True)]


def other(tensor):
    return ~tensor if tensor.dtype == mg.bool else tensor.detach() + (0.375 if tensor.is_floating_point() else 1)


@mg.no_grad()
def directly(tensor):
    tensor.copy_(other(tensor))


@mg.no_grad()
def through_a_view(tensor):
    tensor[...].T.copy_(other(tensor).T)


def through_detach(tensor):
    tensor.detach().copy_(other(tensor))


def through_data(tensor):
    tensor.data[...] = other(tensor)


def by_an_optimiser(tensor):
    if not (tensor.is_leaf and tensor.requires_grad):
        return directly(tensor)
    tensor.grad = mg.ones_like(tensor)
    mg.optim.SGD([tensor], lr=0.375).step()
    tensor.grad = None
    return None


WAYS = [directly, through_a_view, through_detach, through_data, by_an_optimiser]


@pytest.mark.parametrize("name", sorted(CASES))
def test_a_changed_value_is_refused_where_it_was_saved_and_harmless_where_not(name):
    right = Application(name).gradients()
    for place, saved in enumerate(Application(name).saved):
        for change in WAYS:
            application = Application(name)
            if not application.tensors[place]._array.flags.writeable:
                continue
            change(application.tensors[place])
            if saved:
                with pytest.raises(GradError, match=rf"VJP of {name} needs its .* changed in place.*clone\(\)"):
                    application.gradients()
                assert all(one.grad is None for one in application.inputs)
            else:
                assert application.gradients() == right


RECORDED = [
    lambda t: t.add_(0.375),
    lambda t: t.zero_(),
    lambda t: t[...].T.mul_(-3),
    lambda t: t.detach().add_(mg.full(t.shape, 0.375, dtype=t.dtype, requires_grad=True)),
    lambda t: t.__setitem__(t == t, 0.5),
]


@pytest.mark.parametrize("name", sorted(CASES))
def test_recorded_changes_leave_the_gradients_of_earlier_operations(name):
    """Also where the changed value was saved: the gradients are those of what was computed then."""
    right = Application(name).gradients()
    for place in range(len(Application(name).tensors)):
        for change in RECORDED:
            application = Application(name, interior=True)
            tensor = application.tensors[place]
            if tensor._array.flags.writeable and tensor.requires_grad:
                change(tensor)
                assert application.gradients() == right


SAVED = {
    "add": "", "mul": "ab", "exp": "y", "tanh": "y", "log": "x", "matmul": "ab", "correlate": "xw", "sum": "",
    "reshape": "", "sqrt": "y", "max_pool": "", "cat": "", "window_sum": "",
}  # fmt: skip


@pytest.mark.parametrize(("name", "expected"), SAVED.items())
def test_what_is_saved_is_what_the_formulae_need(name, expected):
    application = Application(name)
    names = [*mg.primitives()[name].arguments, "y"]
    names = [names[0]] * (len(application.saved) - len(names)) + names  # any number of arguments
    assert {n for n, saved in zip(names, application.saved, strict=True) if saved} == set(expected)


@pytest.mark.parametrize(
    ("name", "place"), [(n, p) for n in ("mul", "matmul", "correlate") for p in (0, 1)] + [("div", 0)]
)
def test_nothing_is_saved_for_an_operand_without_gradient(name, place):
    inputs, static = CASES[name]
    operands = [one.clone().requires_grad_(number == place) for number, one in enumerate(inputs)]
    result = mg.primitives()[name](*operands, **static)
    directly(operands[place])  # only the gradient of the other would need it
    result.backward(mg.ones_like(result))
    assert operands[1 - place].grad is None


def test_message_shows_versions_and_shape():
    x = mg.ones(2, 3, requires_grad=True)
    y = x * x
    with mg.no_grad():
        x.add_(1)
        x.add_(1)
    with pytest.raises(GradError, match=r"mul needs its argument '.' \(shape \(2, 3\)\).*\(version 2, saved at 0\)"):
        y.sum().backward()


@pytest.mark.parametrize(
    "look", [lambda t: t.detach(), lambda t: t.data, lambda t: t.reshape(-1), lambda t: t.T, lambda t: t[0]]
)
def test_a_change_through_a_view_is_seen(look):
    x = mg.ones(2, 2, requires_grad=True)
    y = x.square().sum()
    with mg.no_grad():
        look(x).mul_(3)
    with pytest.raises(GradError, match="square"):
        y.backward()


def test_an_optimiser_step_between_forward_and_backward_is_seen():
    x = mg.ones(2, requires_grad=True)
    optimizer = mg.optim.SGD([x], lr=0.1)
    first, second = (x * x).sum(), (x * x).sum()
    first.backward()
    optimizer.step()
    with pytest.raises(GradError, match="mul"):
        second.backward()
    assert x.grad.tolist() == [2.0, 2.0]


def test_a_change_that_only_an_unwanted_vjp_needs_is_harmless():
    x, y = mg.tensor(2.0, requires_grad=True), mg.tensor(3.0, requires_grad=True)
    z = x * y
    with mg.no_grad():
        x.add_(1)
    z.backward(inputs=[x])  # needs y alone
    assert x.grad.item() == 3.0


# -------------------------------------------------------------------------- on the tape


def test_every_name_and_every_view_sees_a_recorded_change():
    x = mg.tensor([1.0, 2.0], requires_grad=True)
    t = x * 1
    name, view, before = t, t[:], t.grad_fn
    t += 10
    assert name is t
    assert name.tolist() == view.tolist() == [11.0, 12.0]
    assert before is not t.grad_fn
    (t * view).sum().backward()  # (x + 10)²
    assert x.grad.tolist() == [22.0, 24.0]


def method(name):
    """A method without arguments: (in place, as a formula)."""
    return (lambda t, u: getattr(t, f"{name}_")()), (lambda t, u: getattr(t, name)())


UNARY = ["neg", "abs", "exp", "log", "sqrt", "tanh", "sigmoid", "relu", "round", "floor", "ceil"]
CHANGES = {
    "+=": (lambda t, u: t.__iadd__(u), lambda t, u: t + u),
    "-=": (lambda t, u: t.__isub__(u), lambda t, u: t - u),
    "*=": (lambda t, u: t.__imul__(u), lambda t, u: t * u),
    "/=": (lambda t, u: t.__itruediv__(u), lambda t, u: t / u),
    "**=": (lambda t, u: t.__ipow__(u), lambda t, u: t**u),
    "addcmul_": (lambda t, u: t.addcmul_(u, u, value=2), lambda t, u: t + u * u * 2),
    "addcdiv_": (lambda t, u: t.addcdiv_(u, t), lambda t, u: t + u / t),
    "lerp_": (lambda t, u: t.lerp_(u, 0.25), lambda t, u: mg.lerp(t, u, 0.25)),
    "clamp_": (lambda t, u: t.clamp_(1.2, 1.8), lambda t, u: t.clamp(1.2, 1.8)),
    "masked_fill_": (lambda t, u: t.masked_fill_(t > 1.5, 7), lambda t, u: mg.where(t > 1.5, 7, t)),
    "copy_": (lambda t, u: t.copy_(u), lambda t, u: u + 0 * t),
    "zero_": (lambda t, u: t.zero_(), lambda t, u: t * 0),
    "fill_": (lambda t, u: t.fill_(u[0]), lambda t, u: t * 0 + u[0]),
    **{f"{name}_": method(name) for name in UNARY},
}


def operands(requires_grad):
    x = mg.tensor([1.1, 1.6, 2.2], dtype=mg.float64, requires_grad=requires_grad)
    u = mg.tensor([2.0, 0.5, 1.5], dtype=mg.float64, requires_grad=requires_grad)
    return x, u


@pytest.mark.parametrize("name", CHANGES)
def test_recorded_changes_have_the_gradients_of_their_formulae(name):
    in_place, formula = CHANGES[name]
    results = []
    for run in (in_place, formula):
        x, u = operands(True)
        t = x * 1
        new = run(t, u)
        assert (new is t) == (run is in_place)
        gradients = mg.autograd.grad((new * mg.arange(1.0, 4.0)).sum(), [x, u], materialize_grads=True)
        results.append([new.tolist(), *(g.tolist() for g in gradients)])
    assert results[0] == results[1]


@pytest.mark.parametrize("name", CHANGES)
def test_off_the_tape_the_storage_is_overwritten_for_all_views(name):
    in_place, formula = CHANGES[name]
    t, u = operands(False)
    right = formula(t, u).tolist()
    array, view = t.numpy(), t[:]
    assert in_place(t, u) is t
    assert (t.tolist(), view.tolist(), array.tolist(), t._version) == (right, right, right, 1)


@pytest.mark.parametrize("name", CHANGES)
def test_leaves_that_require_gradients_refuse_and_stay(name):
    in_place, _ = CHANGES[name]
    x, u = operands(True)
    with pytest.raises(GradError, match=r"leaf that requires gradients \(shape \(3,\)\).*no_grad"):
        in_place(x, u)
    assert (x.tolist(), x._version, x.is_leaf) == ([1.1, 1.6, 2.2], 0, True)
    with mg.no_grad():
        assert in_place(x, u) is x
    assert (x._version, x.requires_grad, x.is_leaf) == (1, True, True)


LEAF_VIEWS = [
    lambda x: x[0],
    lambda x: x.T,
    lambda x: x.reshape(-1),
    lambda x: x[::-1, 1:].unsqueeze(0),
    lambda x: x.unbind(0)[1],
]


@pytest.mark.parametrize("view", LEAF_VIEWS)
@pytest.mark.parametrize(
    "change", [lambda v: v.add_(1), lambda v: v.zero_(), lambda v: v.__setitem__(0, 5.0), lambda v: v.uniform_()]
)
def test_views_of_leaves_refuse_as_the_leaf_does(view, change):
    x = mg.ones(2, 3, requires_grad=True)
    with pytest.raises(GradError, match=r"view of a leaf that requires gradients \(shape \(2, 3\)\).*no_grad"):
        change(view(x))
    assert (x.tolist(), x._version) == ([[1.0] * 3] * 2, 0)
    with mg.no_grad():
        change(view(x))
    assert (x._version, x.tolist() != [[1.0] * 3] * 2) == (1, True)


@pytest.mark.parametrize(("name", "args"), [("copy_", (2.0,)), ("fill_", (2.0,)), ("zero_", ())])
def test_refusals_name_the_method_that_was_called(name, args):
    x = mg.ones(3, requires_grad=True)
    with pytest.raises(GradError, match=rf"^{name} would change a leaf"):
        getattr(x, name)(*args)


@pytest.mark.parametrize("fill", ["uniform_", "normal_", "bernoulli_"])
def test_random_values_have_no_gradient(fill):
    x = mg.ones(3, requires_grad=True)
    with pytest.raises(GradError, match=rf"{fill} would change a leaf"):
        getattr(x, fill)()
    t = x * 7
    assert getattr(t[1:], fill)() is not t
    assert (t[0].item(), 7.0 in t[1:]) == (7.0, False)
    t.sum().backward()
    assert x.grad.tolist() == [7.0, 0.0, 0.0]
    plain = mg.full((3,), 7.0)
    view = plain[:]
    getattr(plain, fill)()
    assert 7.0 not in plain
    assert view.tolist() == plain.tolist()
    assert plain._version == 1


def test_a_buffer_joins_the_tape_when_a_recorded_value_is_written_into_it():
    x = mg.tensor([1.0, 2.0], requires_grad=True)
    buffer = mg.zeros(3)
    buffer[1:] = x * 3
    buffer[0] = x[1]
    assert buffer.tolist() == [2.0, 3.0, 6.0]
    (buffer * mg.tensor([1.0, 10.0, 100.0])).sum().backward()
    assert x.grad.tolist() == [30.0, 301.0]


def test_written_values_replace_and_so_stop_the_gradient():
    x = mg.tensor([1.0, 2.0, 3.0], requires_grad=True)
    t = x * 2
    t[1] = 5
    t[[2, 2]] = mg.tensor([7.0, 8.0])
    assert t.tolist() == [2.0, 5.0, 8.0]
    t.sum().backward()
    assert x.grad.tolist() == [2.0, 0.0, 0.0]


def test_a_change_of_itself_by_itself():
    x = mg.tensor([1.0, 2.0], requires_grad=True)
    t = x * 1
    t *= t
    t += t
    t[0] = t[1]
    t.sum().backward()  # 4·x₁²
    assert x.grad.tolist() == [0.0, 16.0]


def test_overlapping_copies_off_the_tape_read_before_they_write():
    t = mg.arange(5.0)
    t[1:] = t[:-1]
    assert t.tolist() == [0.0, 0.0, 1.0, 2.0, 3.0]
    t.copy_(t.flip(0))
    assert t.tolist() == [3.0, 2.0, 1.0, 0.0, 0.0]
    t[[0, 1, 2]] = t[2:]
    assert t.tolist() == [1.0, 0.0, 0.0, 0.0, 0.0]


def test_retained_gradient_moves_with_the_object():
    x = mg.tensor([1.0, 2.0], requires_grad=True)
    t = x * 1
    t.retain_grad()
    t *= 3
    assert t.retains_grad
    (t * 5).sum().backward()
    assert (t.grad.tolist(), x.grad.tolist()) == ([5.0, 5.0], [15.0, 15.0])


def test_what_earlier_operations_saved_stays_what_it_was():
    x = mg.tensor([1.0, 2.0, 3.0], requires_grad=True)
    t = x * 1
    square, root = t * t, t.exp()
    kept = root.tolist()
    t += 10
    root.zero_()
    t[1:].mul_(square[1:])
    ((square * 3).sum() + root.sum()).backward()
    assert x.grad.tolist() == [6.0, 12.0, 18.0]
    assert kept != root.tolist()
    assert t._version == 2


def test_what_is_saved_elsewhere_in_the_storage_is_not_copied():
    x = mg.ones(4, requires_grad=True)
    t = x * 1
    square = t[:2] * t[:2]
    saved = next(iter(square.grad_fn.saved.values()))
    before = saved.array
    t[2:] = 5.0
    assert saved.array is before
    t[0] = 5.0
    assert saved.array is not before
    square.sum().backward()
    assert x.grad.tolist() == [2.0, 2.0, 0.0, 0.0]


def test_a_write_off_the_tape_between_is_still_refused():
    x = mg.ones(2, requires_grad=True)
    t = x * 1
    square = t * t
    with mg.no_grad():
        t.mul_(3)
    t += 1  # which does not make the saved value right again
    with pytest.raises(GradError, match="changed in place"):
        square.sum().backward()


def test_hook_stays_with_the_value_it_was_put_on():
    x = mg.tensor([1.0], requires_grad=True)
    t = x * 1
    seen = []
    t.register_hook(lambda g: seen.append(g.item()))
    t *= 3
    (t * 5).sum().backward()
    assert seen == [15.0]


def test_in_place_inside_a_loop_adds_up():
    x = mg.tensor(0.5, dtype=mg.float64, requires_grad=True)
    total = mg.zeros((), dtype=mg.float64)
    for power in range(1, 5):
        total += x**power
    total.backward()
    assert x.grad.item() == sum(p * 0.5 ** (p - 1) for p in range(1, 5))


def test_change_under_no_grad_of_an_interior_tensor_keeps_its_node():
    x = mg.tensor([1.0, 2.0], requires_grad=True)
    t = x * 2
    view = t[:]
    with mg.no_grad():
        t.zero_()
    assert (view.tolist(), t.grad_fn.name()) == ([0.0, 0.0], "mul")
    t.sum().backward()
    assert x.grad.tolist() == [2.0, 2.0]


# ---------------------------------------------------------------------------- refusals


@pytest.mark.parametrize(
    ("attempt", "error", "message"),
    [
        (lambda t: t.add_(mg.ones(2, 3)), ShapeError, r"shape \(3,\) would give shape \(2, 3\)"),
        (lambda t: t.add_(mg.ones(2)), ShapeError, r"shapes \(3,\) and \(2,\)"),
        (lambda t: t.add_([1, 2, 3]), DTypeError, "got a list"),
        (lambda t: t.__setitem__(0, mg.ones(2)), ShapeError, r"place has shape \(\), the value \(2,\)"),
        (lambda t: t.__setitem__(slice(0, 2), mg.ones(3)), ShapeError, r"place has shape \(2,\), the value \(3,\)"),
        (lambda t: t.__setitem__(0, None), DTypeError, "NoneType"),
        (lambda t: t.__setitem__(0, [1.0]), DTypeError, "list"),
        (lambda t: t.copy_(mg.ones(2, 3)), ShapeError, "does not broadcast"),
        (lambda t: t.fill_(mg.ones(2)), ShapeError, r"\(2,\)"),
        (lambda t: t.masked_fill_(mg.ones(3), 1), DTypeError, "bool"),
        (lambda t: t.clamp_(), ArgumentError, "neither min nor max"),
        (lambda t: t.normal_(0, -1), ArgumentError, "cannot be negative"),
        (lambda t: t.uniform_(generator=7), DTypeError, r"generator=.*int"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("recorded", [False, True])
def test_refused_changes_leave_the_tensor(attempt, error, message, recorded):
    t = mg.arange(3.0)
    if recorded:
        t = t.requires_grad_() * 1
    node, version = t.grad_fn, t._version
    with pytest.raises(error, match=message):
        attempt(t)
    assert (t.tolist(), t._version) == ([0.0, 1.0, 2.0], version)
    assert t.grad_fn is node


@pytest.mark.parametrize(
    ("dtype", "attempt"),
    [
        (mg.int64, lambda t: t.div_(2)),
        (mg.int64, lambda t: t.add_(0.5)),
        (mg.int64, lambda t: t.__itruediv__(1)),
        (mg.int32, lambda t: t.exp_()),
        (mg.bool, lambda t: t.add_(1)),
        (mg.int64, lambda t: t.__setitem__(slice(None), mg.tensor([0.5, 0.5]))),
    ],
)
def test_a_kind_that_does_not_fit_is_refused(dtype, attempt):
    t = mg.ones(2, dtype=dtype)
    with pytest.raises(DTypeError, match=r"float|int64"):
        attempt(t)
    assert (t.tolist(), t.dtype, t._version) == ([1, 1], dtype, 0)


@pytest.mark.parametrize("dtype", [mg.uint8, mg.int8, mg.int32, mg.float16])
def test_a_wider_value_of_the_same_kind_is_cast(dtype):
    t = mg.ones(2, dtype=dtype)
    t += mg.tensor([1, 2]) if dtype.kind in "iu" else mg.tensor([1.0, 2.0], dtype=mg.float64)
    assert (t.tolist(), t.dtype) == ([2, 3], dtype)


@pytest.mark.parametrize("made", ["expanded", "broadcast", "read-only"])
@pytest.mark.parametrize(
    "attempt", [lambda t: t.add_(1), lambda t: t.zero_(), lambda t: t.uniform_(), lambda t: t.__setitem__(0, 1)]
)
def test_memory_that_cannot_be_written_is_refused(made, attempt):
    array = np.ones(3, np.float32)
    array.flags.writeable = False
    t = {
        "expanded": mg.ones(1).expand(3),
        "broadcast": mg.broadcast_to(mg.ones(1), (3,)),
        "read-only": mg.from_numpy(array),
    }[made]
    with pytest.raises(ArgumentError, match=r"cannot be written.*clone\(\)"):
        attempt(t)
    assert t.tolist() == [1.0] * 3
    assert t.clone().zero_().tolist() == [0.0] * 3


def test_augmented_operators_without_a_method_keep_other_names_too():
    mask = mg.tensor([True, True, False])
    name = mask
    mask &= mg.tensor([True, False, False])
    assert name is mask, "&= is in place, as in PyTorch and NumPy"
    mask |= mg.tensor([False, False, True])
    mask ^= mg.tensor([True, False, True])
    assert (name is mask, name.tolist()) == (True, [False, False, False])
    t = mg.tensor([5, 7])
    name = t
    t //= 2
    t %= 2
    assert name is t
