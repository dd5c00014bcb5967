"""Module and Parameter: registration, walking, state, hooks, conversion, errors that name the layer."""

import copy
import gc
import pickle
import weakref

import numpy as np
import pytest

import minigrad as mg
import nn
from minigrad.errors import (
    ArgumentError,
    DTypeError,
    GradError,
    MinigradError,
    MinigradWarning,
    ShapeError,
    StateDictError,
)  # fmt: skip
from nn import Module, Parameter


class Scale(Module):
    """One parameter, one buffer, one buffer that is not saved."""

    def __init__(self, size=2):
        super().__init__()
        self.weight = Parameter(mg.ones(size))
        self.register_buffer("count", mg.tensor([0]))
        self.register_buffer("cache", mg.zeros(1), persistent=False)

    def forward(self, x):
        return x * self.weight


class Net(Module):
    def __init__(self):
        super().__init__()
        self.first = Scale()
        self.rest = nn.Sequential(Scale(), nn.ReLU())
        self.own = Parameter(mg.zeros(1))

    def forward(self, x):
        return self.rest(self.first(x)) + self.own


def names(pairs):
    return [name for name, _ in pairs]


def values(module):
    return {name: one.tolist() for name, one in module.state_dict().items()}


def snapshot(module):
    return {name: (one.tolist(), one.dtype, one._version) for name, one in module.state_dict(keep_vars=True).items()}


# -------------------------------------------------------------------------- parameters


def test_a_parameter_is_a_leaf_over_the_storage_it_is_given():
    data = mg.ones(2)
    parameter = Parameter(data)
    assert isinstance(parameter, mg.Tensor)
    assert (parameter.is_leaf, parameter.requires_grad, Parameter(data, requires_grad=False).requires_grad) == (
        True,
        True,
        False,
    )
    data.zero_()
    assert parameter.tolist() == [0.0, 0.0]
    assert Parameter(data * mg.ones(2, requires_grad=True)).is_leaf
    assert (Parameter([1.0, 2.0]).tolist(), Parameter().shape) == ([1.0, 2.0], (0,))


def test_what_is_computed_from_a_parameter_is_a_plain_tensor():
    parameter = Parameter(mg.ones(2))
    for one in (parameter * 2, parameter.detach(), parameter.clone(), parameter.data, parameter.double(), parameter[0]):
        assert type(one) is mg.Tensor
    assert repr(Parameter(mg.zeros(2))) == "Parameter containing:\ntensor([0., 0.], requires_grad=True)"


def test_a_parameter_of_integers_must_not_ask_for_gradients():
    with pytest.raises(GradError, match="int64"):
        Parameter(mg.tensor([1]))
    assert Parameter(mg.tensor([1]), requires_grad=False).dtype == mg.int64


# ------------------------------------------------------------------------ registration


def test_attributes_register_themselves_in_order():
    net = Net()
    assert names(net.named_parameters()) == ["own", "first.weight", "rest.0.weight"]
    assert names(net.named_buffers()) == ["first.count", "first.cache", "rest.0.count", "rest.0.cache"]
    assert names(net.named_modules()) == ["", "first", "rest", "rest.0", "rest.1"]
    assert names(net.named_children()) == ["first", "rest"]
    assert list(net.state_dict()) == ["own", "first.weight", "first.count", "rest.0.weight", "rest.0.count"]
    assert len(list(net.parameters())) == 3
    assert names(net.named_parameters(recurse=False)) == ["own"]
    assert names(net.named_parameters(prefix="net")) == ["net.own", "net.first.weight", "net.rest.0.weight"]


def test_reassigning_keeps_the_place():
    net = Net()
    net.first = Scale()
    net.own = Parameter(mg.ones(1))
    assert names(net.named_children()) == ["first", "rest"]
    layer = nn.Linear(2, 2)
    layer.weight = Parameter(mg.zeros(2, 2))
    assert names(layer.named_parameters()) == ["weight", "bias"]


def test_one_name_stands_for_one_thing():
    module = Scale()
    module.weight = nn.ReLU()
    assert names(module.named_parameters()) == []
    assert names(module.named_children()) == ["weight"]
    module.weight = Parameter(mg.ones(1))
    assert (names(module.named_parameters()), names(module.named_children())) == (["weight"], [])
    module.plain = 3
    module.plain = Parameter(mg.ones(1))
    assert "plain" not in vars(module)
    assert names(module.named_parameters()) == ["weight", "plain"]


@pytest.mark.parametrize(
    ("name", "value", "what"),
    [
        ("weight", mg.ones(2), "parameter"), ("weight", 3.0, "parameter"), ("weight", np.ones(2), "parameter"),
        ("count", 3, "buffer"), ("count", [1], "buffer"), ("cache", "text", "buffer"),
        ("inner", 5, "submodule"), ("inner", mg.ones(1), "submodule"), ("inner", print, "submodule"),
    ],
)  # fmt: skip
def test_nothing_leaves_the_registers_by_accident(name, value, what):
    module = Scale()
    module.inner = nn.ReLU()
    before = getattr(module, name)
    with pytest.raises(DTypeError, match=rf"Scale\.{name} is a {what} and was given a {type(value).__name__}"):
        setattr(module, name, value)
    assert getattr(module, name) is before


def test_none_keeps_the_place():
    module = Scale()
    module.weight = None
    module.count = None
    module.inner = nn.ReLU()
    module.inner = None
    assert (module.weight, module.count, module.inner) == (None, None, None)
    assert (list(module.parameters()), list(module.state_dict()), list(module.children())) == ([], [], [])
    module.weight = Parameter(mg.ones(1))
    assert names(module.named_parameters()) == ["weight"]


def test_buffers_take_tensors_and_stay_what_they_are():
    module = Scale()
    module.count = mg.tensor([5])
    module.cache = mg.ones(1)
    assert list(module.state_dict()) == ["weight", "count"]
    module.register_buffer("cache", mg.ones(1))
    assert list(module.state_dict()) == ["weight", "count", "cache"]
    module.register_buffer("nothing", None)
    assert module.nothing is None


def test_deletion():
    module = Scale()
    module.inner, module.plain = nn.ReLU(), 3
    for name in ("weight", "count", "cache", "inner", "plain"):
        delattr(module, name)
        assert not hasattr(module, name)
        with pytest.raises(AttributeError, match=name):
            delattr(module, name)
    assert list(module.state_dict()) == []


def test_missing_attributes_are_missing():
    with pytest.raises(AttributeError, match="'Scale' object has no attribute 'wieght'"):
        Scale().wieght  # noqa: B018
    assert {"weight", "count", "training", "forward"} <= set(dir(Scale()))


def test_super_init_comes_first():
    class Hasty(Module):
        def __init__(self, value):
            self.plain = 1
            self.weight = value

    for value in (Parameter(mg.ones(1)), nn.ReLU()):
        with pytest.raises(ArgumentError, match=r"Hasty\.weight is assigned before .*super\(\).__init__\(\)"):
            Hasty(value)


@pytest.mark.parametrize("register", ["register_parameter", "register_buffer", "add_module", "register_module"])
def test_registering_by_name(register):
    module = Scale()
    value = {"register_parameter": Parameter(mg.ones(1)), "register_buffer": mg.ones(1)}.get(register, nn.ReLU())
    getattr(module, register)("extra", value)
    assert module.extra is value
    getattr(module, register)("empty", None)
    assert module.empty is None
    for name in ("", "a.b"):
        with pytest.raises(ArgumentError, match=rf"cannot be called '{name}'"):
            getattr(module, register)(name, value)
    with pytest.raises(ArgumentError, match="has an attribute 'forward' already"):
        getattr(module, register)("forward", value)
    for wrong in (3, np.ones(1), [value]):
        with pytest.raises(DTypeError, match=f"got a {type(wrong).__name__}"):
            getattr(module, register)("other", wrong)
    assert not hasattr(module, "other")


def test_a_name_that_is_not_there_is_answered_with_those_that_are():
    with pytest.raises(
        AttributeError, match=r"'Scale' object has no attribute 'wieght'; registered in it are: weight, count, cache"
    ):
        _ = Scale().wieght
    model = nn.Sequential(*(nn.ReLU() for _ in range(11)))
    with pytest.raises(AttributeError, match=r"registered in it are: 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, …$"):
        _ = model.weight
    with pytest.raises(AttributeError, match=r"its submodules are: 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, …$"):
        model.get_submodule("11")
    with pytest.raises(AttributeError, match=r"no parameter 'w' \(path '0.w'\); its parameters are: weight, bias"):
        nn.Sequential(nn.Linear(2, 2)).get_parameter("0.w")
    with pytest.raises(DTypeError, match=r"got the class ReLU, which is to be called"):
        model.add_module("last", nn.ReLU)


def test_a_constructor_that_was_not_run_is_named():
    class Forgetful(Module):
        def __init__(self):
            self.slope = 0.1

    with pytest.raises(AttributeError, match=r"Module.__init__\(\) has not run"):
        Forgetful()(mg.ones(1))


def test_parameters_must_be_parameters_to_be_registered():
    with pytest.raises(DTypeError, match=r"got a Tensor; wrap it in nn\.Parameter"):
        Scale().register_parameter("w", mg.ones(1))
    module = Module()
    module.tensor = mg.ones(1)
    assert list(module.state_dict()) == []


@pytest.mark.parametrize("container", [list, tuple, lambda modules: dict(enumerate(modules))])
def test_modules_in_a_plain_list_are_warned_about_once(container):
    module = Module()
    module.layers = container([nn.Linear(2, 2), nn.ReLU()])
    with pytest.warns(MinigradWarning, match=r"Module\.layers is a plain .*ModuleList"):
        assert list(module.parameters()) == []
    assert list(module.parameters()) == []  # warnings are errors here


def test_parameters_in_a_list_that_is_filled_later_are_warned_about():
    module = Module()
    module.weights = []
    assert list(module.parameters()) == []
    module.weights.append(Parameter(mg.ones(1)))
    with pytest.warns(MinigradWarning, match=r"Module\.weights") as caught:
        module.parameters()
    assert caught[0].filename == __file__


def test_lists_of_what_is_registered_elsewhere_are_fine():
    module = Module()
    module.layers = [nn.Linear(2, 2), nn.ReLU()]
    module.net = nn.Sequential(*module.layers)
    module.numbers, module.nothing = [1, 2], ()
    assert len(list(module.parameters())) == 2


# ------------------------------------------------------------------------------ sharing


def test_shared_parameters_and_modules_count_once():
    first = nn.Linear(2, 2)
    second = nn.Linear(2, 2)
    second.weight = first.weight
    net = nn.Sequential(first, second, first)
    assert names(net.named_parameters()) == ["0.weight", "0.bias", "1.bias"]
    assert names(net.named_parameters(remove_duplicate=False)) == [
        "0.weight", "0.bias", "1.weight", "1.bias", "2.weight", "2.bias"]  # fmt: skip
    assert names(net.named_children()) == ["0", "1"]
    assert names(net.named_modules()) == ["", "0", "1"]
    assert names(net.named_modules(remove_duplicate=False)) == ["", "0", "1", "2"]
    assert list(net.state_dict()) == ["0.weight", "0.bias", "1.weight", "1.bias", "2.weight", "2.bias"]
    net(mg.ones(1, 2)).sum().backward()
    assert all(p.grad is not None for p in net.parameters())


def test_deepcopy_keeps_sharing_and_copies_the_rest():
    first, second = nn.Linear(2, 2), nn.Linear(2, 2)
    second.weight = first.weight
    net = nn.Sequential(first, second, first)
    net.eval()
    net(mg.ones(1, 2)).sum().backward()
    twin = copy.deepcopy(net)
    assert twin[0] is twin[2]
    assert twin[0].weight is twin[1].weight
    assert twin[0].weight is not net[0].weight
    assert type(twin[0].weight) is Parameter
    assert twin.training is False
    assert twin[0].weight.grad.tolist() == net[0].weight.grad.tolist()
    with mg.no_grad():
        twin[0].weight.zero_()
    assert net[0].weight.tolist() != twin[0].weight.tolist()
    twin[0].bias = None
    assert net[0].bias is not None


@pytest.mark.parametrize("twin", [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))])
def test_copies_work_and_register_on_their_own(twin):
    net = nn.Sequential(nn.Conv2d(1, 2, 3), nn.Flatten(), nn.Linear(8, 3), nn.Dropout())
    other = twin(net)
    assert repr(other) == repr(net)
    assert values(other) == values(net)
    other.append(nn.ReLU())
    assert (len(net), len(other)) == (4, 5)
    other(mg.ones(1, 1, 4, 4)).sum().backward()
    assert net[0].weight.grad is None


def test_hooks_go_with_a_copy_and_handles_stay():
    layer = nn.ReLU()
    calls = []
    handle = layer.register_forward_hook(lambda module, args, output: calls.append(module))
    twin = copy.deepcopy(layer)
    handle.remove()
    layer(mg.ones(1))
    twin(mg.ones(1))
    assert calls == [twin]


# --------------------------------------------------------------------------- finding, walking


def test_paths():
    net = Net()
    assert net.get_submodule("rest.1") is net.rest[1]
    assert net.get_submodule("") is net
    assert net.get_parameter("rest.0.weight") is net.rest[0].weight
    assert net.get_buffer("first.count") is net.first.count
    for attempt, missing in (
        (lambda: net.get_submodule("rest.7"), "'7'"),
        (lambda: net.get_submodule("first.weight"), "'weight'"),
        (lambda: net.get_parameter("first.count"), "'count'"),
        (lambda: net.get_parameter("nowhere.weight"), "'nowhere'"),
        (lambda: net.get_buffer("first.weight"), "'weight'"),
    ):
        with pytest.raises(AttributeError, match=missing):
            attempt()


def test_apply_goes_from_the_leaves_to_the_root():
    net, seen = Net(), []
    assert net.apply(seen.append) is net
    assert [type(one).__name__ for one in seen] == ["Scale", "Scale", "ReLU", "Sequential", "Net"]
    assert seen[-1] is net


def test_train_and_eval_reach_every_module_and_no_parameter():
    net = Net()
    assert net.training
    assert net.eval() is net
    assert [one.training for one in net.modules()] == [False] * 5
    assert net.train() is net
    net.rest.train(False)
    assert [one.training for one in net.modules()] == [True, True, False, False, False]
    assert all(p.requires_grad for p in net.parameters())


def test_freezing():
    net = Net()
    assert net.first.requires_grad_(False) is net.first
    net(mg.ones(2)).sum().backward()
    assert net.first.weight.grad is None
    assert net.rest[0].weight.grad is not None


@pytest.mark.parametrize("set_to_none", [True, False])
def test_zero_grad(set_to_none):
    net = Net()
    net(mg.ones(2)).sum().backward()
    net.zero_grad(set_to_none)
    assert [None if p.grad is None else p.grad.sum().item() for p in net.parameters()] == [
        None if set_to_none else 0.0
    ] * 3


# --------------------------------------------------------------------------------- state


def test_state_dict_shares_the_memory_and_is_off_the_tape():
    net = Net()
    state = net.state_dict()
    assert not any(one.requires_grad for one in state.values())
    state["own"].fill_(7)
    assert net.own.item() == 7.0
    assert net.state_dict(keep_vars=True)["own"] is net.own
    assert list(net.first.state_dict(prefix="x.")) == ["x.weight", "x.count"]


def test_load_copies_values_into_the_same_objects():
    net, other = Net(), Net()
    with mg.no_grad():
        for number, one in enumerate(other.state_dict().values()):
            one.fill_(number + 3)
    parameters, storages = list(net.parameters()), [p._storage for p in net.parameters()]
    assert net.load_state_dict(other.state_dict()) == ([], [])
    assert [p is q for p, q in zip(net.parameters(), parameters, strict=True)] == [True] * 3
    assert [p._storage for p in net.parameters()] == storages
    assert values(net) == values(other)
    other.own.data.zero_()
    assert net.own.item() == 3.0
    assert all(p.requires_grad and p.is_leaf for p in net.parameters())


def test_load_takes_arrays_lists_and_other_dtypes():
    module = Scale()
    module.load_state_dict({"weight": np.array([3.0, 4.0]), "count": [7]})
    assert (module.weight.tolist(), module.weight.dtype, module.count.tolist()) == ([3.0, 4.0], mg.float32, [7])


GOOD = {"weight": mg.tensor([5.0, 6.0]), "count": mg.tensor([9])}


@pytest.mark.parametrize(
    ("change", "strict", "message"),
    [
        ({"count": None}, True, "missing keys: count"),
        ({"extra": mg.ones(1), "more": mg.ones(1)}, True, "unexpected keys: extra, more"),
        ({"count": mg.tensor([1, 2])}, True, r"count has shape \(2,\), the module's has \(1,\)"),
        ({"count": mg.tensor([1, 2])}, False, r"count has shape \(2,\)"),
        ({"count": mg.tensor(1)}, True, r"count has shape \(\)"),
        ({"count": mg.tensor([1, 2]), "weight": mg.ones(3)}, True, r"weight has shape \(3,\).*count has shape \(2,\)"),
    ],
)
def test_load_is_all_or_nothing(change, strict, message):
    module = Scale()
    before = snapshot(module)
    state = {key: value for key, value in {**GOOD, **change}.items() if value is not None}
    with pytest.raises(StateDictError, match=message):
        module.load_state_dict(state, strict)
    assert snapshot(module) == before


@pytest.mark.parametrize("last", ["text", object(), [None], [[1, 2], [3]]], ids=repr)
def test_load_of_what_is_no_tensor_changes_nothing(last):
    module = Scale()
    before = snapshot(module)
    with pytest.raises(MinigradError):
        module.load_state_dict({"weight": mg.zeros(2), "count": last})
    assert snapshot(module) == before


def test_load_casts_fractions_into_integer_buffers_or_changes_nothing():
    module = Scale()
    before = snapshot(module)
    try:
        module.load_state_dict({"weight": mg.zeros(2), "count": mg.tensor([2.0])})
    except MinigradError:
        assert snapshot(module) == before
    else:
        assert (module.weight.tolist(), module.count.tolist()) == ([0.0, 0.0], [2])


def test_load_into_memory_that_cannot_be_written_changes_nothing():
    module = Scale()
    array = np.zeros(1, np.float32)
    array.flags.writeable = False
    module.last = Parameter(mg.from_numpy(array))
    before = values(module)
    try:
        module.load_state_dict({**GOOD, "last": mg.ones(1)})
    except MinigradError:
        assert values(module) == before
    else:
        assert module.last.tolist() == [1.0]


def test_load_by_assignment():
    module, state = Scale(), {"weight": mg.tensor([5.0, 6.0]), "count": mg.tensor([9])}
    assert module.load_state_dict(state, assign=True) == ([], [])
    assert (module.weight.tolist(), module.count.tolist()) == ([5.0, 6.0], [9])
    assert isinstance(module.weight, Parameter)
    assert module.weight.requires_grad
    module(mg.ones(2)).sum().backward()
    assert module.weight.grad.tolist() == [1.0, 1.0]


@pytest.mark.parametrize("last", [mg.tensor([1, 2, 3]), mg.tensor([1, 2]), "text"], ids=["shape", "integers", "text"])
def test_load_by_assignment_is_all_or_nothing(last):
    module = nn.Sequential(Scale(), Scale())
    before = values(module)
    state = {**module.state_dict(), "0.weight": mg.zeros(2), "1.weight": last}
    try:
        module.load_state_dict(state, assign=True)
    except MinigradError:
        assert values(module) == before
    else:
        assert values(module)["1.weight"] == [1.0, 2.0]
    assert all(p.is_floating_point() for p in module.parameters())


def test_load_without_strict_tells_what_it_left_out():
    module = Scale()
    result = module.load_state_dict({"weight": mg.zeros(2), "extra": mg.ones(1)}, strict=False)
    assert (result.missing_keys, result.unexpected_keys) == (["count"], ["extra"])
    assert module.weight.tolist() == [0.0, 0.0]


def test_load_from_its_own_memory():
    net = nn.Sequential(Scale(), Scale())
    net[1].weight.data.fill_(5)
    state = net.state_dict()
    state["0.weight"], state["1.weight"] = state["1.weight"], state["0.weight"]
    net.load_state_dict(state)
    assert (net[0].weight.tolist(), net[1].weight.tolist()) == ([5.0, 5.0], [1.0, 1.0])


@pytest.mark.parametrize("wrong", [None, 3, "state.npz", [("weight", 1)], Scale()], ids=lambda w: type(w).__name__)
def test_what_is_no_state_dict(wrong):
    module = Scale()
    before = snapshot(module)
    with pytest.raises((StateDictError, DTypeError), match=type(wrong).__name__):
        module.load_state_dict(wrong)
    assert snapshot(module) == before


def test_an_optimisers_state_dict_is_recognised():
    module = Scale()
    with pytest.raises(StateDictError, match="param_groups"):
        module.load_state_dict(mg.optim.SGD(module.parameters()).state_dict())


# ---------------------------------------------------------------------------- conversion


@pytest.mark.parametrize(
    "convert",
    [
        lambda m: m.double(),
        lambda m: m.to(mg.float64),
        lambda m: m.to("cpu", mg.float64),
        lambda m: m.to(dtype="float64"),
        lambda m: m.to(mg.ones(1, dtype=mg.float64)),
    ],
)
def test_conversion_of_floats_in_place(convert):
    net = Net()
    net(mg.ones(2)).sum().backward()
    parameters = list(net.parameters())
    assert convert(net) is net
    assert [p is q for p, q in zip(net.parameters(), parameters, strict=True)] == [True] * 3
    assert {p.dtype for p in net.parameters()} == {p.grad.dtype for p in net.parameters()} == {mg.float64}
    assert (net.first.count.dtype, net.first.cache.dtype) == (mg.int64, mg.float64)
    net.zero_grad()
    net(mg.ones(2, dtype=mg.float64)).sum().backward()
    assert {p.grad.dtype for p in net.parameters()} == {mg.float64}


def test_conversion_there_and_back_keeps_values_and_sharing():
    first, second = nn.Linear(2, 2), nn.Linear(2, 2)
    second.weight = first.weight
    net = nn.Sequential(first, second)
    before = values(net)
    net.double().float()
    assert values(net) == before
    assert net[1].bias.dtype == mg.float32
    assert net[0].weight is net[1].weight
    assert (net.half()[0].bias.dtype, net.cpu() is net) == (mg.float16, True)


@pytest.mark.parametrize(
    "arguments", [(mg.int64,), (mg.bool,), (mg.ones(1, dtype=mg.int32),), ("cuda",), ("float63",)], ids=str
)
def test_conversion_that_would_spoil_is_refused_first(arguments):
    net = Net()
    before = snapshot(net)
    with pytest.raises(MinigradError):
        net.to(*arguments)
    assert snapshot(net) == before


def test_there_is_no_cuda():
    net = Net()
    for ask in (net.cuda, mg.ones(1).cuda):
        with pytest.raises(ArgumentError, match=r"'cuda'.*device='cpu'"):
            ask()


def test_conversion_keeps_hooks_on_parameters():
    layer = Scale()
    seen = []
    layer.weight.register_hook(lambda g: seen.append(g.dtype))
    layer.double()(mg.ones(2, dtype=mg.float64)).sum().backward()
    assert seen == [mg.float64]


# ------------------------------------------------------------------------- forward hooks


def test_forward_hooks_see_and_replace():
    layer, seen = Scale(), []
    layer.register_forward_pre_hook(lambda module, args: seen.append(("pre", module is layer, args[0].tolist())))
    layer.register_forward_pre_hook(lambda module, args: args[0] + 1)
    layer.register_forward_pre_hook(lambda module, args: (args[0] * 2,))
    layer.register_forward_hook(lambda module, args, output: seen.append(("post", args[0].tolist(), output.tolist())))
    layer.register_forward_hook(lambda module, args, output: output * 100)
    assert layer(mg.tensor([1.0, 2.0])).tolist() == [400.0, 600.0]
    assert seen == [("pre", True, [1.0, 2.0]), ("post", [4.0, 6.0], [4.0, 6.0])]


def test_forward_hooks_with_keywords():
    class Shifted(Module):
        def forward(self, x, *, by=0):
            return x + by

    layer = Shifted()
    layer.register_forward_pre_hook(lambda module, args, kwargs: (args, {"by": kwargs["by"] * 10}), with_kwargs=True)
    layer.register_forward_hook(lambda module, args, kwargs, output: output * kwargs["by"], with_kwargs=True)
    assert layer(mg.tensor([1.0]), by=2).tolist() == [420.0]


def test_hooks_in_order_removable_and_first_on_demand():
    layer, seen = nn.ReLU(), []
    for register, count in (
        (layer.register_forward_pre_hook, 2),
        (layer.register_forward_hook, 3),
        (layer.register_full_backward_hook, 3),
    ):

        def record(*args, expected=count, mark="b"):
            assert len(args) == expected
            seen.append(mark)

        handle = register(record)
        register(lambda *args, record=record: record(*args, mark="a"), prepend=True)
        register(lambda *args, record=record: record(*args, mark="c"))
        layer(mg.ones(1, requires_grad=True)).sum().backward()
        assert seen[-3:] == ["a", "b", "c"]
        handle.remove()
        layer(mg.ones(1, requires_grad=True)).sum().backward()
        assert seen[-2:] == ["a", "c"]
        seen.clear()
        for table in (layer._forward_pre_hooks, layer._forward_hooks, layer._backward_hooks):
            table.clear()


def test_forward_hooks_after_a_failure_where_asked_for():
    layer, seen = nn.Linear(2, 2), []
    layer.register_forward_hook(lambda *args: seen.append("never"))
    layer.register_forward_hook(lambda module, args, output: seen.append(output), always_call=True)
    layer.register_forward_hook(lambda m, args, kwargs, output: seen.append(kwargs), with_kwargs=True, always_call=True)
    with pytest.raises(ShapeError, match="features"):
        layer(mg.ones(3))
    assert seen == [None, {}]


def test_a_raising_hook_leaves_the_module_usable():
    layer = nn.ReLU()
    with layer.register_forward_hook(lambda *args: 1 / 0), pytest.raises(ZeroDivisionError):
        layer(mg.ones(1))
    assert layer(mg.ones(1)).item() == 1.0


# ------------------------------------------------------------------------ backward hooks


class Mixed(Module):
    """Two outputs of several arguments, not all of which are tensors or take part."""

    def __init__(self):
        super().__init__()
        self.weight = Parameter(mg.tensor([2.0, 3.0]))

    def forward(self, a, number, b, label):
        return a * self.weight * number, b + 1, label


def test_full_backward_hook_of_several_inputs_and_outputs():
    layer, seen = Mixed(), []
    layer.register_full_backward_hook(
        lambda module, grad_input, grad_output: seen.append((module, grad_input, grad_output))
    )
    a, b, label = mg.ones(2, requires_grad=True), mg.ones(3, requires_grad=True), mg.tensor([1])
    first, _second, third = layer(a, 10, b, label)
    assert third is label
    (first * mg.tensor([1.0, 5.0])).sum().backward(retain_graph=True)
    ((module, grad_input, grad_output),) = seen
    assert module is layer
    assert [None if g is None else g.tolist() for g in grad_input] == [[20.0, 150.0], None, [0.0, 0.0, 0.0], None]
    assert grad_output[0].tolist() == [1.0, 5.0]
    assert grad_output[1] is None or grad_output[1].tolist() == [0.0, 0.0, 0.0]
    assert grad_output[2] is None
    assert (a.grad.tolist(), layer.weight.grad.tolist()) == ([20.0, 150.0], [10.0, 50.0])


@pytest.mark.parametrize("shape", [(1, 3), (4, 3), (3,)])
def test_full_backward_hook_of_one_input_and_output(shape):
    layer, seen = nn.Linear(3, 2), []
    layer.register_full_backward_hook(lambda module, grad_input, grad_output: seen.append((grad_input, grad_output)))
    x = mg.ones(*shape, requires_grad=True)
    y = layer(x)
    y.sum().backward()
    (((grad_input,), (grad_output,)),) = seen
    assert (grad_input.tolist(), grad_output.shape) == (x.grad.tolist(), y.shape)
    assert layer.weight.grad is not None


def test_full_backward_hook_may_replace_the_gradients_of_the_inputs():
    layer = Scale()
    layer.register_full_backward_hook(lambda module, grad_input, grad_output: (grad_input[0] * 10,))
    layer.register_full_backward_hook(lambda module, grad_input, grad_output: grad_input[0] + 1)
    x = mg.ones(2, requires_grad=True)
    layer(x).sum().backward()
    assert (x.grad.tolist(), layer.weight.grad.tolist()) == ([11.0, 11.0], [1.0, 1.0])


def test_full_backward_hook_where_no_input_asks_for_gradients():
    layer, seen = Scale(), []
    layer.register_full_backward_hook(
        lambda module, grad_input, grad_output: seen.append((grad_input, grad_output[0].tolist()))
    )
    layer(mg.ones(2)).sum().backward()
    assert seen == [((None,), [1.0, 1.0])]


def test_full_backward_hook_is_called_once_per_walk_and_not_under_no_grad():
    layer, seen = Scale(), []
    layer.register_full_backward_hook(lambda *args: seen.append(1))
    x = mg.ones(2, requires_grad=True)
    y = layer(layer(x)).sum()
    y.backward(retain_graph=True)
    y.backward()
    assert len(seen) == 4
    with mg.no_grad():
        layer(x)
    assert len(seen) == 4


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda gi: (), "0"),
        (lambda gi: (gi[0], gi[0]), "2"),
        (lambda gi: (mg.zeros(7),), r"\(7,\)"),
        (lambda gi: (3.0,), "float"),
        (lambda gi: (gi[0].double(),), "float64"),
    ],
)
def test_full_backward_hook_must_return_what_it_was_given(wrong, message):
    layer = Scale()
    layer.register_full_backward_hook(lambda module, grad_input, grad_output: wrong(grad_input))
    x = mg.ones(2, requires_grad=True)
    with pytest.raises(GradError, match=message) as raised:
        layer(x).sum().backward()
    assert "VJP of identity" not in str(raised.value)
    assert (x.grad, layer.weight.grad) == (None, None)


def test_full_backward_hook_is_part_of_second_derivatives():
    layer = Scale()
    layer.register_full_backward_hook(lambda module, grad_input, grad_output: (grad_input[0] * grad_input[0],))
    x = mg.ones(2, requires_grad=True)
    (first,) = mg.autograd.grad((layer(x) ** 2).sum(), x, create_graph=True)  # (2x)²
    assert first.tolist() == [4.0, 4.0]
    # Its derivative is 8x; the hook squares what passes through the layer in this walk too.
    assert mg.autograd.grad(first.sum(), x)[0].tolist() == [64.0, 64.0]


def test_full_backward_hook_keeps_named_tuples():
    class Largest(Module):
        def forward(self, x):
            return x.max(1)

    layer, seen = Largest(), []
    layer.register_full_backward_hook(lambda module, grad_input, grad_output: seen.append(grad_output))
    x = mg.tensor([[1.0, 5.0], [7.0, 3.0]], requires_grad=True)
    largest = layer(x)
    assert largest.indices.tolist() == [1, 0]
    largest.values.sum().backward()
    assert x.grad.tolist() == [[0.0, 1.0], [1.0, 0.0]]
    assert [None if g is None else g.tolist() for g in seen[0]] == [[1.0, 1.0], None]


def test_hooks_are_functions():
    layer = nn.ReLU()
    for register in (layer.register_forward_hook, layer.register_forward_pre_hook, layer.register_full_backward_hook):
        for wrong in (3, None, "print"):
            with pytest.raises(DTypeError, match=type(wrong).__name__):
                register(wrong)


def test_a_hook_with_keywords_returns_both():
    layer = nn.ReLU()
    layer.register_forward_pre_hook(lambda module, args, kwargs: args, with_kwargs=True)
    with pytest.raises(MinigradError, match=r"kwargs|keywords"):
        layer(mg.ones(1))


def test_full_backward_hook_makes_no_cycle():
    layer = Scale()
    layer.register_full_backward_hook(lambda *args: None)
    gc.disable()
    try:
        x = mg.ones(2, requires_grad=True)
        y = layer(x)
        z = y.sum()
        z.backward(retain_graph=True)
        references = [weakref.ref(one) for one in (y, y.grad_fn, z.grad_fn)]
        del x, y, z
        assert [reference() for reference in references] == [None] * 3
    finally:
        gc.enable()


# ------------------------------------------------------------------------ errors, display


def test_errors_name_the_layer_and_its_path():
    net = nn.Sequential(nn.ReLU(), nn.ModuleDict({"head": nn.Sequential(nn.Linear(3, 2))}))
    net[1].forward = lambda x: net[1]["head"](x)
    with pytest.raises(
        ShapeError, match=r"\[in 1\.head\.0: Linear\(in_features=3, out_features=2, bias=True\)\]$"
    ) as raised:
        net(mg.ones(1, 4))
    assert str(raised.value).count("[in ") == 1
    with pytest.raises(ShapeError, match=r"\[in Linear\("):
        net[1]["head"][0](mg.ones(1, 4))


def test_an_error_outside_any_layer_names_none():
    with pytest.raises(ShapeError) as raised:
        mg.ones(2) + mg.ones(3)
    assert "[in" not in str(raised.value)


def test_a_module_of_modules_is_named_by_its_class():
    class Broken(Module):
        def __init__(self):
            super().__init__()
            self.inner = nn.ReLU()

        def forward(self, x):
            return self.inner(x).reshape(7, 7)

    with pytest.raises(ShapeError, match=r"\[in 0: Broken\]$"):
        nn.Sequential(Broken())(mg.ones(2))


def test_foreign_errors_pass_unchanged():
    class Foreign(Module):
        def forward(self, x):
            raise KeyError("mine")

    with pytest.raises(KeyError) as raised:
        nn.Sequential(Foreign())(1)
    assert raised.value.args == ("mine",)


def test_a_module_without_forward():
    for module in (Module(), nn.ModuleList([nn.ReLU()]), nn.ModuleDict()):
        with pytest.raises(NotImplementedError, match=f"{type(module).__name__} has no forward") as raised:
            module(mg.ones(1))
        assert isinstance(raised.value, MinigradError)


def test_repr_nests():
    class Block(Module):
        def __init__(self):
            super().__init__()
            self.layers = nn.Sequential(nn.Linear(2, 3), nn.ReLU())
            self.nothing = None
            self.drop = nn.Dropout(0.25)

        def extra_repr(self):
            return "depth=2"

    assert repr(Block()) == (
        "Block(\n  depth=2\n  (layers): Sequential(\n    (0): Linear(in_features=2, out_features=3, bias=True)\n"
        "    (1): ReLU()\n  )\n  (drop): Dropout(p=0.25, inplace=False)\n)"
    )
    assert (repr(Module()), repr(nn.Sequential())) == ("Module()", "Sequential()")


def test_assigned_states_are_taken_as_they_are():
    layer = nn.Linear(2, 1)
    old = layer.weight
    weight = mg.ones(1, 2, dtype=mg.float64)
    layer.load_state_dict({"weight": weight, "bias": nn.Parameter(mg.zeros(1, dtype=mg.float64))}, assign=True)
    assert layer.weight is not old
    assert isinstance(layer.weight, nn.Parameter)
    assert layer.weight.dtype == mg.float64
    weight[0, 0] = 5
    assert layer.weight.tolist() == [[5.0, 1.0]]
