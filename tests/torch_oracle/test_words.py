"""Words that scripts hold beside tensors and layers: modes, devices, switches, states, constructors, printing."""

import numpy as np
import pytest
import torch

import minigrad as mg
from minigrad import nn
from tests.torch_oracle.compare import agree, assert_same, both_refuse, dtype_name, leaf, normal

LIBRARIES = [mg, torch]
TYPES = ["Bool", "Byte", "Char", "Short", "Int", "Long", "Half", "Float", "Double"]


@pytest.mark.parametrize("library", LIBRARIES)
def test_inference_mode(library):
    x = library.ones(2, requires_grad=True)

    @library.inference_mode
    def bare(factor):
        return (x * factor).requires_grad

    @library.inference_mode()
    def called(factor):
        return (x * factor).requires_grad

    assert (bare(2), called(factor=3), (x * 2).requires_grad) == (False, False, True)
    with library.inference_mode():
        assert not (x * 2).requires_grad
        assert not library.is_grad_enabled()
        with library.inference_mode(mode=False):
            assert (x * 2).requires_grad
        assert not (x * 2).requires_grad
    with library.no_grad(), library.inference_mode(False):
        assert (x * 2).requires_grad
    assert library.is_grad_enabled()
    with pytest.raises(TypeError), library.inference_mode("yes"):
        pass


@pytest.mark.parametrize("library", LIBRARIES)
def test_cuda_and_backends_without_a_gpu(library):
    assert not library.cuda.is_available()
    assert not library.cuda.is_initialized()
    assert library.cuda.device_count() == 0
    assert library.cuda.manual_seed(1) is library.cuda.manual_seed_all(1) is library.cuda.empty_cache() is None
    for refused in ("current_device", "synchronize", "get_device_name"):
        with pytest.raises((AssertionError, ValueError)):
            getattr(library.cuda, refused)()
    for seed in (library.cuda.manual_seed, library.cuda.manual_seed_all):
        with pytest.raises((TypeError, ValueError)):
            seed("a")
    cudnn = library.backends.cudnn
    assert (cudnn.enabled, cudnn.benchmark, cudnn.deterministic, cudnn.allow_tf32) == (True, False, False, True)
    assert not cudnn.is_available()
    assert cudnn.version() is None
    assert not library.backends.mps.is_available()
    assert not library.backends.mps.is_built()
    for name, first in (("benchmark", False), ("deterministic", False), ("enabled", True)):
        setattr(cudnn, name, not first)
        assert getattr(cudnn, name) is not first
        setattr(cudnn, name, first)
    library.use_deterministic_algorithms(False)
    assert not library.are_deterministic_algorithms_enabled()
    library.use_deterministic_algorithms(True, warn_only=True)
    assert library.are_deterministic_algorithms_enabled()
    library.use_deterministic_algorithms(False)
    with pytest.raises(TypeError):
        library.use_deterministic_algorithms(1)


@pytest.mark.parametrize("library", LIBRARIES)
def test_states_of_the_generator(library):
    library.manual_seed(3)
    library.rand(3)
    state = library.get_rng_state()
    assert state.dtype == library.uint8
    first = library.randn(5).tolist()
    library.manual_seed(4)
    library.set_rng_state(state)
    assert library.initial_seed() == 3
    with library.random.fork_rng():
        assert library.randn(5).tolist() == first
        library.manual_seed(9)
    assert library.randn(5).tolist() == first
    library.set_rng_state(state)
    with library.random.fork_rng(enabled=False):
        library.randn(5)
    assert library.randn(5).tolist() != first
    for wrong in ([1], library.zeros(3), library.zeros(3, dtype=library.uint8)):
        with pytest.raises((TypeError, ValueError, RuntimeError)):
            library.set_rng_state(wrong)


@pytest.mark.parametrize("name", TYPES)
def test_constructors(name):
    ours, theirs = getattr(mg, f"{name}Tensor"), getattr(torch, f"{name}Tensor")
    values = ([0, 2, 1], [[1], [0]], (1, 2), np.ones(2), np.array([3, 0]), [], range(3), [True, False], [1.0, 0.0])
    for value in values:
        a, b = ours(value), theirs(value)
        assert (a.tolist(), dtype_name(a)) == (b.tolist(), dtype_name(b))
    assert ours(2, 3).shape == tuple(theirs(2, 3).shape)
    assert ours().shape == tuple(theirs().shape)
    assert dtype_name(ours(4)) == dtype_name(theirs(4))
    assert isinstance(ours(2), ours)
    assert isinstance(theirs(2), theirs)
    assert not isinstance([1], ours)
    for other in TYPES:
        kinds = getattr(mg, f"{other}Tensor"), getattr(torch, f"{other}Tensor")
        assert isinstance(ours(2), kinds[0]) == isinstance(theirs(2), kinds[1]) == (name == other)
        if name != other:
            both_refuse(lambda kinds=kinds: ours(kinds[0](2)), lambda kinds=kinds: theirs(kinds[1](2)))
    same = ours([1])
    assert ours(same).data_ptr() == same.data_ptr()
    for wrong in (1.5, True, "a", [[1, 2], [3]], None):
        both_refuse(lambda wrong=wrong: ours(wrong), lambda wrong=wrong: theirs(wrong))
    both_refuse(lambda: ours(-1), lambda: theirs(-1))
    both_refuse(lambda: ours(1, 2.5), lambda: theirs(1, 2.5))
    assert ours(2).type().partition(".")[2] == theirs(2).type().partition(".")[2] == f"{name}Tensor"
    for a, b in ((mg.ones(2).type(ours), torch.ones(2).type(theirs)),
                 (mg.ones(2).type(f"minigrad.{name}Tensor"), torch.ones(2).type(f"torch.{name}Tensor")),
                 (mg.ones(2).type(ours.dtype), torch.ones(2).type(theirs.dtype))):  # fmt: skip
        assert_same(a, b)


@pytest.mark.parametrize("library", LIBRARIES)
def test_questions_to_tensors(library):
    x = library.ones(2, 3)
    assert x.type(library.float32) is x
    assert (x.is_cuda, x.is_sparse, x.is_complex(), x.is_pinned(), x.get_device()) == (False, False, False, False, -1)
    assert (x.nbytes, x.itemsize, x.double().nbytes, x.bool().itemsize) == (24, 4, 48, 1)
    assert (x[:1].expand(4, 3).nbytes, library.zeros(0).nbytes) == (48, 0)
    assert isinstance(x.shape, library.Size)
    assert library.Size([2, 3]) == x.shape
    assert isinstance(x.dtype, library.dtype)
    with pytest.raises((TypeError, ValueError)):
        x.type("no dtype")


def test_pin_memory():
    """PyTorch refuses it without a GPU."""
    x = mg.ones(2)
    assert x.pin_memory() is x


# ----------------------------------------------------------------- printing

SHOWN = [
    [[True]], [True, False], [[True], [False]], True, False, [False, False], [[True, True], [True, True]],
    [True] * 1200, [False, True] * 600, [[1e-5, 1.0], [1e5, 2.5]], [1.0, 2.0], 1234.5, [1, 2], [0.0, float("nan")],
    [0.0, 0.0], [1e-10, 0.5, float("inf")], [1e9], [123456.0, 0.5], [1e6, 1.0], [], list(range(1200)),
    [-1.5, 1e-7, 3.0], [1.0] * 1200, [[0.25] * 30] * 3,
]  # fmt: skip
OPTIONS = [
    {}, {"sci_mode": True}, {"sci_mode": False}, {"profile": "short"}, {"profile": "full"}, {"profile": "default"},
    {"precision": 2}, {"precision": 6, "sci_mode": True}, {"profile": "short", "precision": 3, "edgeitems": 1},
    {"threshold": 2, "edgeitems": 1, "sci_mode": False}, {"profile": "full", "threshold": 10},
]  # fmt: skip


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_printing(options):
    try:
        mg.set_printoptions(**options)
        torch.set_printoptions(**options)
        for value in SHOWN:
            ours, theirs = repr(mg.tensor(value)), repr(torch.tensor(value))
            assert ours.split() == theirs.split(), value
            if len(theirs) < 75:
                assert ours == theirs
    finally:
        mg.set_printoptions(profile="default")
        torch.set_printoptions(profile="default")


# ------------------------------------------------------------------- modules


def extra(library, get=True, put=True):
    base = library.nn.Module

    class Inner(base):
        def __init__(self):
            super().__init__()
            self.layer = library.nn.Linear(1, 1)
            self.count = 3

        if get:

            def get_extra_state(self):
                return {"count": self.count}

        if put:

            def set_extra_state(self, state):
                self.count = state["count"]

    return library.nn.Sequential(Inner(), library.nn.ReLU(), Inner())


@pytest.mark.parametrize("library", LIBRARIES)
def test_extra_state(library):
    net, other = extra(library), extra(library)
    state = net.state_dict()
    assert type(state).__name__ == "OrderedDict"
    names = ["_extra_state", "layer.weight", "layer.bias"]
    assert list(state) == [f"{index}.{name}" for index in (0, 2) for name in names]
    net[2].count = 7
    result = other.load_state_dict(net.state_dict())
    assert (other[0].count, other[2].count) == (3, 7)
    assert repr(result) == str(result) == "<All keys matched successfully>"
    del state["2._extra_state"]
    with pytest.raises(RuntimeError, match=r"2\._extra_state"):
        other.load_state_dict(state)
    result = other.load_state_dict(state, strict=False)
    assert repr(result) == "_IncompatibleKeys(missing_keys=['2._extra_state'], unexpected_keys=[])"
    for get, put in ((True, False), (False, True)):
        net = extra(library, get, put)
        with pytest.raises(RuntimeError, match=r"0\._extra_state"):
            net.load_state_dict(net.state_dict())
    for call in (lambda: library.nn.ReLU().get_extra_state(), lambda: library.nn.ReLU().set_extra_state(1)):
        with pytest.raises(RuntimeError):
            call()


@pytest.mark.parametrize("library", LIBRARIES)
def test_set_submodule(library):
    layers = library.nn
    net = layers.Sequential(layers.Linear(1, 1), layers.Sequential(layers.ReLU()))
    net.set_submodule("1.0", layers.Tanh())
    net.set_submodule("7", layers.Tanh())
    net.set_submodule("7", layers.ReLU(), strict=True)
    assert list(dict(net.named_modules())) == ["", "0", "1", "1.0", "7"]
    assert (net._get_name(), net[1][0]._get_name(), net[2]._get_name()) == ("Sequential", "Tanh", "ReLU")
    for target, module, strict in (("", layers.ReLU(), False), ("5.0", layers.ReLU(), False), ("0", "a", False),
                                   ("8", layers.ReLU(), True), ("0.weight", layers.ReLU(), False),
                                   ("0.weight.x", layers.ReLU(), False)):  # fmt: skip
        with pytest.raises((AttributeError, ValueError, TypeError)):
            net.set_submodule(target, module, strict)


def test_full_backward_pre_hooks():
    def run(library):
        trace = []
        layer = library.nn.Linear(3, 2).to(library.float64)
        with library.no_grad():
            layer.weight.copy_(library.tensor(normal(2, 3)))
        layer.register_full_backward_hook(lambda m, gi, go: trace.append((gi[0].clone(), go[0].clone())))
        layer.register_full_backward_pre_hook(lambda m, go: (go[0] * 3,))
        layer.register_full_backward_pre_hook(lambda m, go: trace.append(go[0].clone()), prepend=True)
        gone = layer.register_full_backward_pre_hook(lambda m, go: trace.append("gone"))
        gone.remove()
        x = leaf(library, 4, 3)
        layer(x).sum().backward()
        alone = library.nn.Linear(3, 2, bias=False).to(library.float64)
        alone.register_full_backward_pre_hook(lambda m, go: (go[0] * 0,))
        alone(x).sum().backward()
        return trace, x.grad, layer.weight.grad, alone.weight.grad

    agree(run)


def test_what_a_backward_pre_hook_may_not_return():
    for wrong in (lambda go: go[0] * 2, lambda go: (go[0], go[0]), lambda go: ()):

        def run(library, wrong=wrong):
            layer = library.nn.Linear(3, 2)
            layer.register_full_backward_pre_hook(lambda m, go: wrong(go))
            layer(library.ones(4, 3)).sum().backward()

        both_refuse(lambda run=run: run(mg), lambda run=run: run(torch))


def test_initialisers():
    for shape in ((4, 3), (6, 2, 3, 3)):
        ours, theirs = nn.init._calculate_fan_in_and_fan_out, torch.nn.init._calculate_fan_in_and_fan_out
        assert ours(mg.zeros(shape)) == theirs(torch.zeros(shape))
    both_refuse(lambda: nn.init._calculate_fan_in_and_fan_out(mg.zeros(3)),
                lambda: torch.nn.init._calculate_fan_in_and_fan_out(torch.zeros(3)))  # fmt: skip
    for layers, library in ((nn, mg), (torch.nn, torch)):
        for sparsity, zeros in ((0.0, 0), (0.1, 20), (0.333, 67), (1.0, 200)):
            t = layers.init.sparse_(library.empty(200, 30), sparsity, std=0.5)
            assert (t == 0).sum(0).tolist() == [zeros] * 30
            assert zeros == 200 or abs(t[t != 0].std().item() - 0.5) < 0.05
    both_refuse(lambda: nn.init.sparse_(mg.empty(3), 0.5), lambda: torch.nn.init.sparse_(torch.empty(3), 0.5))
