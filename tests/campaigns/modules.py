"""Modules that hold others, state dicts, models and summaries, as functions of which the arguments are drawn."""

from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import numpy as np

import minigrad as mg
import nn
from nn import models
from tests.campaigns.arguments import POOLS, Made
from tests.campaigns.nn_calls import MODULES, NAMES, PARAMETERS
from tests.samples import normal
from tests.torch_oracle.examples import Call, X, Y, call


class Scaled(nn.Module):
    """A module with a parameter, two buffers and an extra state."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(mg.ones(3, 4))
        self.register_buffer("count", mg.tensor(2))
        self.register_buffer("mean", mg.zeros(4))
        self.inner = nn.Linear(4, 2)
        self.extra: Any = None

    def forward(self, input: Any) -> Any:
        """The input, scaled."""
        return self.inner(input * self.scale)

    def get_extra_state(self) -> Any:
        """A number."""
        return 3

    def set_extra_state(self, state: Any) -> None:
        """Keep it."""
        self.extra = state


class Strange(OrderedDict):
    """A dictionary with a length that is none."""

    def __len__(self) -> int:
        return 99


def state(**changes: Any) -> dict[Any, Any]:
    """The state of `Scaled` with other values."""
    return {**Scaled().state_dict(), **{name.replace("__", "."): value for name, value in changes.items()}}


SCALED = Made(Scaled)
LINEAR = Made(lambda: nn.Linear(4, 4))
VALUES: list[Any] = [
    None, 3, 2.5, "a", b"a", {}, [], [1, [2]], (1, 2), set(), len, 1j, 10**400, float("nan"), np.float16(1),
    *(Made(one) for one in (
        object, lambda: np.ones((3, 4)), lambda: np.ones((3, 4), object), lambda: np.ones((3, 4), complex),
        lambda: np.ones((3, 4), ">f4"), lambda: np.ones((3, 4), "U3"), lambda: np.ones((4, 3)), lambda: np.ones(0),
        lambda: mg.ones(3, 4), lambda: mg.ones(3, 4, dtype=mg.float16), lambda: mg.ones(4, 3), lambda: mg.ones(1),
        lambda: np.asfortranarray(np.ones((3, 4))), lambda: np.broadcast_to(1.0, (3, 4)), lambda: mg.tensor(True),
        lambda: nn.UninitializedParameter(), lambda: nn.Parameter(mg.ones(3, 4)), lambda: np.full((3, 4), np.nan),
        lambda: mg.ones(3, 4, requires_grad=True) * 2, lambda: np.full((3, 4), 1e300), lambda: mg.zeros(3, 4).int(),
        lambda: nn.Linear(2, 2), lambda: np.ma.ones((3, 4)), lambda: np.array(None), lambda: np.array("2020", "M8"),
    )),
]  # fmt: skip
DICTS: list[Any] = [
    None, {}, [], "a", 3, {1: 2}, {None: 1}, {"scale": 1}, {("a",): 1}, [("scale", 1)], len, dict,
    *(Made(one) for one in (
        state, lambda: list(state().items()), lambda: OrderedDict(state()), lambda: Strange(state()),
        lambda: {key: value.tolist() if key != "_extra_state" else value for key, value in state().items()},
        lambda: dict.fromkeys(state()), lambda: {key.encode(): one for key, one in state().items()},
        lambda: {f"module.{key}": one for key, one in state().items()}, lambda: {**state(), 3: 4, None: 5},
        lambda: {**state(), "": mg.ones(1)}, lambda: {**state(), "inner": mg.ones(1)}, lambda: {"_extra_state": len},
        lambda: {**state(), "inner.weight.x": mg.ones(1)}, lambda: Scaled(), lambda: iter(state()),
        lambda: state().items(), lambda: nn.LazyLinear(2).state_dict(), lambda: set(state()),
    )),
    *(Made(lambda one=one, key=key: state(**{key: one.make() if isinstance(one, Made) else one}))
      for one in VALUES for key in ("scale", "count", "mean", "inner__weight")),
]  # fmt: skip
LISTS: list[Any] = [
    None, [], (), "a", 3, {}, {"a": 1}, [None], [1], ["a"], nn.ReLU, len, {"": 1}, {1: None},
    *(Made(one) for one in (
        lambda: [nn.ReLU()], lambda: (nn.ReLU(), None), lambda: [nn.ReLU], lambda: [nn.ReLU(), 3],
        lambda: {"a": nn.ReLU()}, lambda: {"a.b": nn.ReLU()}, lambda: {1: nn.ReLU()}, lambda: {"": nn.ReLU()},
        lambda: {"forward": nn.ReLU()}, lambda: OrderedDict(a=nn.Linear(2, 2)), lambda: [("a", nn.ReLU())],
        lambda: [("a", nn.ReLU(), 1)], lambda: [("a",)], lambda: ["ab"], lambda: iter([nn.ReLU()]),
        lambda: nn.ModuleDict({"b": nn.ReLU()}), lambda: nn.ModuleList([nn.ReLU()]), nn.Module, nn.ReLU,
        lambda: mg.ones(2), lambda: [mg.ones(2), nn.Parameter(mg.ones(1))], lambda: {"b": mg.ones(2), "a": 1},
        lambda: nn.ParameterDict({"c": mg.ones(1)}), lambda: {"b": mg.ones(2), 3: 1}, lambda: np.array([1, None]),
        lambda: [np.ones(2)], lambda: {"a": np.ones(2)}, lambda: {"training": mg.ones(1)}, lambda: [["a", mg.ones(1)]],
        lambda: {"keys": mg.ones(1)}, lambda: [[[], mg.ones(1)]], lambda: mg.tensor(1), lambda: np.array(1),
    )),
]  # fmt: skip
# Sizes of models that are made in a moment, or not at all.
SLIGHT: list[Any] = [
    *range(-2, 5), 8, 11, 14, 16, 2**62, -(2**63), 10**30, True, None, "a", 1.5, 0.25, float("nan"), float("inf"),
    1e-300, (1, 2), [1], [[1, 2]], {}, np.int8(3), np.float16(0.5), *(Made(one) for one in (
        lambda: mg.tensor(2), lambda: np.array(2), lambda: np.array([1, 2]), lambda: iter([1, 2]), lambda: np.ones(2),
    )),
]  # fmt: skip
MORE_POOLS: dict[str, list[Any]] = {
    "state_dict": DICTS, "parameters": PARAMETERS, "name": NAMES, "target": NAMES, "prefix": NAMES, "key": NAMES,
    **dict.fromkeys(["module", "block", "projection", "conv", "bn", "linear", "branch", "downsample"], MODULES),
    **dict.fromkeys(["modules", "values", "others", "entries"], LISTS),
    **dict.fromkeys(["param", "buffer", "filling"], VALUES),
}  # fmt: skip


# ------------------------------------------------------------------ functions of them


def method(name: str, make: Callable[[], Any] = Scaled) -> Callable[..., Any]:
    """The method of a new module, and what it leaves behind where the method returns nothing."""

    def called(*args: Any, **options: Any) -> Any:
        module = make()
        result = getattr(module, name)(*args, **options)
        return list(result) if hasattr(result, "__next__") else result

    return called


def loaded(state_dict: Any, strict: Any, assign: Any) -> Any:
    """What loading leaves; a refusal must leave the module as it was."""
    module = Scaled()
    before = [(name, one, one.tolist()) for name, one in module.named_parameters()]
    try:
        return [module.load_state_dict(state_dict, strict, assign), repr(module), list(module.parameters())]
    except Exception as error:
        after = list(module.named_parameters())
        for (name, one, values), (other, two) in zip(before, after, strict=True):
            if name != other or one is not two or two.tolist() != values:
                raise AssertionError(f"{name} was changed by a refused load") from error
        raise


def loaded_lazily(state_dict: Any) -> Any:
    """A lazy layer that gets its shape from a dict."""
    module = nn.LazyLinear(2)
    return [module.load_state_dict(state_dict), module(mg.ones(2, 3))]


def residual(block: Any, projection: Any, input: Any) -> Any:
    """A residual connection's output."""
    return nn.Residual(block, projection)(input)


def joined(a: Any, b: Any, input: Any, dim: Any) -> Any:
    """The joined outputs of two branches."""
    return nn.Concat(a, b, dim=dim)(input)


def sequence(*modules: Any) -> Any:
    """What a `Sequential` makes of an input."""
    *before, input = modules
    return nn.Sequential(*before)(input)


def three(kind: Any) -> Callable[[], Any]:
    """A container of three layers."""
    return lambda: kind(nn.Linear(4, 4), nn.ReLU(), nn.Linear(4, 2))


def listed() -> Any:
    """A `ModuleList` of two."""
    return nn.ModuleList([nn.ReLU(), nn.Linear(2, 2)])


def named() -> Any:
    """A `ModuleDict` of two."""
    return nn.ModuleDict({"a": nn.ReLU(), "weight": nn.Linear(2, 2)})


def parameters() -> Any:
    """A `ParameterList` of three."""
    return nn.ParameterList([mg.ones(2), mg.zeros(1), 5])


def dictionary() -> Any:
    """A `ParameterDict` of two."""
    return nn.ParameterDict({"a": mg.ones(2), "weight": mg.zeros(1)})


def attribute(name: Any, filling: Any) -> Any:
    """Assign to a module."""
    module = Scaled()
    setattr(module, name if isinstance(name, str) and name[:1] != "_" else "scale", filling)
    return list(module.parameters())


def materialized(size: Any, dtype: Any) -> Any:
    """A lazy parameter that gets a shape."""
    parameter = nn.UninitializedParameter()
    parameter.materialize(size, dtype=dtype)
    return parameter


def summed(model: Any, input_shape: Any, **options: Any) -> str:
    """A summary in words."""
    return str(nn.summary(model, input_shape, **options))


INDEX = {"index_of": 1}
HELD: dict[str, tuple[Callable[..., Any], list[Call]]] = {
    "nn.Module": (nn.Module, [call()]),
    "nn.Module.load_state_dict": (loaded, [call(state_dict=Made(state), strict=True, assign=False),
                                           call(state_dict=Made(state), strict=False, assign=True)]),
    "nn.LazyLinear.load_state_dict": (loaded_lazily, [call(state_dict=Made(lambda: nn.Linear(3, 2).state_dict()))]),
    "nn.Module.state_dict": (method("state_dict"), [call(by_name={"prefix": "a.", "keep_vars": True})]),
    "nn.Module.register_parameter": (method("register_parameter"), [call(name="w", param=Made(lambda: nn.Parameter(
        mg.ones(2))))]),
    "nn.Module.register_buffer": (method("register_buffer"), [call(name="w", buffer=X, persistent=True)]),
    "nn.Module.add_module": (method("add_module"), [call(name="w", module=LINEAR)]),
    "nn.Module.setattr": (attribute, [call(name="scale", filling=None), call(name="inner", filling=LINEAR)]),
    "nn.Module.get_submodule": (method("get_submodule"), [call(target="inner")]),
    "nn.Module.get_parameter": (method("get_parameter"), [call(target="inner.weight")]),
    "nn.Module.get_buffer": (method("get_buffer"), [call(target="mean")]),
    "nn.Module.set_submodule": (method("set_submodule"), [call(target="inner", module=LINEAR, strict=True)]),
    "nn.Module.named_modules": (method("named_modules"), [call(memo=None, prefix="a", remove_duplicate=True)]),
    "nn.Module.named_parameters": (method("named_parameters"), [call(prefix="a", recurse=True,
                                                                     remove_duplicate=True)]),
    "nn.Module.named_buffers": (method("named_buffers"), [call(prefix="a", recurse=True, remove_duplicate=True)]),
    "nn.Module.parameters": (method("parameters"), [call(recurse=True)]),
    "nn.Module.buffers": (method("buffers"), [call(recurse=True)]),
    "nn.Module.train": (method("train"), [call(mode=True)]),
    "nn.Module.requires_grad_": (method("requires_grad_"), [call(requires_grad=True)]),
    "nn.Module.zero_grad": (method("zero_grad"), [call(set_to_none=True)]),
    "nn.Module.apply": (method("apply"), [call(fn=Made(lambda: lambda module: None))]),
    "nn.Module.to": (method("to"), [call(dtype="float64"), call(device="cpu"), call(device="cpu", dtype="float32")]),
    **{f"nn.Module.{name}": (method(name), [call(hook=Made(lambda: lambda *given: None), by_name={"prepend": True})])
       for name in ("register_forward_pre_hook", "register_forward_hook", "register_full_backward_hook",
                    "register_full_backward_pre_hook")},
    "nn.Sequential": (sequence, [call(a=LINEAR, b=Made(nn.ReLU), input=normal(2, 4)),
                                 call(modules=Made(lambda: {"a": nn.Linear(4, 2)}), input=normal(2, 4))]),
    "nn.ModuleList": (nn.ModuleList, [call(modules=Made(lambda: [nn.ReLU()]))]),
    "nn.ModuleDict": (nn.ModuleDict, [call(modules=Made(lambda: {"a": nn.ReLU()}))]),
    "nn.ParameterList": (nn.ParameterList, [call(values=Made(lambda: [mg.ones(2)]))]),
    "nn.ParameterDict": (nn.ParameterDict, [call(values=Made(lambda: {"a": mg.ones(2)}))]),
    "nn.Residual": (residual, [call(block=LINEAR, projection=None, input=normal(2, 4)),
                               call(block=LINEAR, projection=LINEAR, input=normal(2, 4))]),
    "nn.Concat": (joined, [call(branch=LINEAR, projection=LINEAR, input=normal(2, 4), dim=1)]),
    "nn.Parameter": (nn.Parameter, [call(data=X, requires_grad=True), call(data=Y)]),
    "nn.UninitializedParameter": (nn.UninitializedParameter, [call(requires_grad=True, device="cpu", dtype="float32")]),
    "nn.UninitializedParameter.materialize": (materialized, [call(size=(2, 3), dtype=None)]),
    "nn.UninitializedBuffer": (nn.UninitializedBuffer, [call(requires_grad=False, device="cpu", dtype="float32",
                                                             persistent=True)]),
    "nn.summary": (summed, [call(module=LINEAR, shape=(4,), by_name={"batch_size": 2, "dtype": None, "depth": 1}),
                            call(module=Made(lambda: nn.Conv2d(1, 2, 3)), shape=X[None], by_name={"batch_size": None}),
                            ]),
}  # fmt: skip
for kind, make in (("Sequential", three(nn.Sequential)), ("ModuleList", listed), ("Concat", three(nn.Concat))):
    HELD |= {
        f"nn.{kind}[]": (method("__getitem__", make), [call(**INDEX)]),
        f"nn.{kind}[]=": (method("__setitem__", make), [call(**INDEX, module=LINEAR)]),
        f"nn.{kind}.del": (method("__delitem__", make), [call(**INDEX)]),
        f"nn.{kind}.append": (method("append", make), [call(module=LINEAR)]),
        f"nn.{kind}.extend": (method("extend", make), [call(modules=Made(lambda: [nn.ReLU()]))]),
        f"nn.{kind}.insert": (method("insert", make), [call(index=1, module=LINEAR)]),
        f"nn.{kind}.pop": (method("pop", make), [call(**INDEX)]),
    }
HELD |= {
    "nn.Sequential+": (method("__add__", three(nn.Sequential)), [call(others=Made(lambda: [nn.ReLU()]))]),
    "nn.Sequential*": (method("__mul__", three(nn.Sequential)), [call(times=2)]),
    "nn.Sequential+=": (method("__iadd__", three(nn.Sequential)), [call(others=Made(lambda: [nn.ReLU()]))]),
    "nn.Sequential*=": (method("__imul__", three(nn.Sequential)), [call(times=2)]),
    "nn.ModuleList+": (method("__add__", listed), [call(others=Made(lambda: [nn.ReLU()]))]),
    "nn.ModuleDict[]": (method("__getitem__", named), [call(key="a")]),
    "nn.ModuleDict[]=": (method("__setitem__", named), [call(key="a", module=LINEAR)]),
    "nn.ModuleDict.del": (method("__delitem__", named), [call(key="a")]),
    "nn.ModuleDict.pop": (method("pop", named), [call(key="a")]),
    "nn.ModuleDict.update": (method("update", named), [call(modules=Made(lambda: {"a": nn.ReLU()}))]),
    "nn.ModuleDict.in": (method("__contains__", named), [call(key="a")]),
    "nn.ParameterList[]": (method("__getitem__", parameters), [call(**INDEX)]),
    "nn.ParameterList[]=": (method("__setitem__", parameters), [call(**INDEX, filling=X)]),
    "nn.ParameterList.append": (method("append", parameters), [call(filling=X)]),
    "nn.ParameterList.extend": (method("extend", parameters), [call(values=Made(lambda: [mg.ones(2)]))]),
    "nn.ParameterDict[]": (method("__getitem__", dictionary), [call(key="a")]),
    "nn.ParameterDict[]=": (method("__setitem__", dictionary), [call(key="a", filling=X)]),
    "nn.ParameterDict.del": (method("__delitem__", dictionary), [call(key="a")]),
    "nn.ParameterDict.pop": (method("pop", dictionary), [call(key="a")]),
    "nn.ParameterDict.get": (method("get", dictionary), [call(key="a", default=None)]),
    "nn.ParameterDict.setdefault": (method("setdefault", dictionary), [call(key="b", default=None)]),
    "nn.ParameterDict.update": (method("update", dictionary), [call(values=Made(lambda: {"a": mg.ones(2)}))]),
    "nn.ParameterDict.fromkeys": (method("fromkeys", dictionary), [call(entries=["a", "b"], default=1)]),
    "nn.ParameterDict|": (method("__or__", dictionary), [call(values=Made(lambda: {"a": mg.ones(2)}))]),
    "nn.ParameterDict|=": (method("__ior__", dictionary), [call(values=Made(lambda: {"a": mg.ones(2)}))]),
    "nn.ParameterDict.popitem": (method("popitem", dictionary), [call()]),
}  # fmt: skip

# ------------------------------------------------------------------ models

IMAGE, SMALL = normal(1, 3, 32, 32), normal(1, 4, 6, 6)
# Constructors with sizes that make a model of a moment, and an input.
MODELS: dict[str, tuple[dict[str, Any], np.ndarray]] = {
    "BasicBlock": ({"inplanes": 4, "planes": 4, "stride": 1, "downsample": None}, SMALL),
    "Bottleneck": ({"inplanes": 4, "planes": 1, "stride": 1, "downsample": None}, SMALL),
    "CifarResNet": ({"depth": 8, "num_classes": 3, "in_channels": 3, "width": 2}, IMAGE[..., :8, :8].copy()),
    "ClassicCNN": ({"num_classes": 3, "in_channels": 1, "input_size": 14, "widths": (2, 3), "kernel_size": 3,
                    "pool_size": 2, "redundant_relu": True}, normal(1, 1, 14, 14)),
    "ConvNet28": ({"num_classes": 3, "in_channels": 1, "pad_total": 4, "pool": "average"}, normal(1, 1, 28, 28)),
    "ConvAutoencoder": ({"input_size": 8, "in_channels": 1, "widths": (2, 3), "latent_size": 2, "logits": True},
                        normal(1, 1, 8, 8)),
    "DCGANDiscriminator": ({"in_channels": 3, "width": 2, "image_size": 16, "logits": True}, normal(1, 3, 16, 16)),
    "DCGANGenerator": ({"latent_size": 3, "out_channels": 1, "width": 2, "image_size": 16}, normal(2, 3, 1, 1)),
    "DenseNet": ({"growth_rate": 2, "block_config": (1, 1), "num_init_features": 4, "bn_size": 2, "drop_rate": 0.1,
                  "num_classes": 3, "in_channels": 3}, IMAGE),
    "GoogLeNet": ({"num_classes": 3, "in_channels": 3, "dropout": 0.2, "width": 0.1, "init_weights": False}, IMAGE),
    "Inception": ({"in_channels": 4, "ch1x1": 1, "ch3x3red": 1, "ch3x3": 2, "ch5x5red": 1, "ch5x5": 2, "pool_proj": 1},
                  SMALL),
    "InvertedResidual": ({"inp": 4, "oup": 4, "stride": 1, "expand_ratio": 2}, SMALL),
    "LeCun89": ({"gain": 2.0, "input_size": 12, "h": (1, 1), "n_out": 2}, normal(1, 1, 12, 12)),
    "LeNet5": ({"num_classes": 3, "in_channels": 1, "input_size": 28}, normal(1, 1, 28, 28)),
    "MobileNetV1": ({"num_classes": 3, "in_channels": 3, "width": 0.1, "dropout": 0.1}, IMAGE),
    "MobileNetV2": ({"num_classes": 3, "width_mult": 0.1, "inverted_residual_setting": [[1, 8, 1, 1]],
                     "round_nearest": 8, "dropout": 0.1, "in_channels": 3, "last_channel": 8}, IMAGE),
    "ResNet": ({"block": models.BasicBlock, "layers": (1, 1, 1, 1), "num_classes": 3, "zero_init_residual": True,
                "in_channels": 3, "width": 2}, IMAGE),
    "UNet": ({"in_channels": 3, "num_classes": 2, "width": 2, "depth": 2, "bilinear": True}, IMAGE[..., :8, :8].copy()),
    "VGG": ({"depth": 11, "num_classes": 3, "in_channels": 3, "batch_norm": True, "dropout": 0.1,
             "widths": (1, 1, 1, 1, 1), "hidden": 2, "init_weights": False}, IMAGE),
    **{f"densenet{depth}": ({"growth_rate": 1, "num_init_features": 2, "num_classes": 2}, IMAGE)
       for depth in (121, 161, 169, 201)},
    "googlenet": ({"num_classes": 3, "width": 0.05, "init_weights": False}, IMAGE),
    "mobilenet_v1": ({"num_classes": 3, "width": 0.05}, IMAGE),
    "mobilenet_v2": ({"num_classes": 3, "width_mult": 0.05, "last_channel": 4}, IMAGE),
    **{f"resnet{depth}": ({"num_classes": 2, "width": 1, "in_channels": 3}, IMAGE)
       for depth in (18, 20, 32, 34, 44, 50, 56, 101, 110, 152)},
    **{f"vgg{depth}{norm}": ({"num_classes": 2, "widths": (1, 1, 1, 1, 1), "hidden": 2, "init_weights": False}, IMAGE)
       for depth in (11, 13, 16, 19) for norm in ("", "_bn")},
}  # fmt: skip


def model_of(name: str) -> Callable[..., Any]:
    """A model's making and running."""

    def run(input: Any, **options: Any) -> Any:
        model = getattr(models, name)(**options).eval()
        if isinstance(input, mg.Tensor) and input.is_floating_point():
            model.to(input.dtype)
        return model(input)

    return run


FACTORS = [one for one in SLIGHT if not isinstance(one, int) or not 1 < one < 99 or one == 8]
MORE_POOLS |= {
    name: FACTORS if name.startswith("width") or name == "depth" else SLIGHT
    for options, _ in MODELS.values() for name, value in options.items()
    if name not in {**POOLS, **MORE_POOLS} and not isinstance(value, bool) and name not in ("dropout", "drop_rate")
}  # fmt: skip


__all__ = ["HELD", "MODELS", "MORE_POOLS", "model_of"]
