"""The public functions of `minigrad` and of `nn`, each with valid calls: from them the cases start."""

import operator
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

import minigrad as mg
import nn
from tests.campaigns.arguments import POOLS
from tests.campaigns.layers import LAYERS, RANDOM, Made, layer_calls
from tests.campaigns.modules import HELD, MODELS, MORE_POOLS, model_of
from tests.campaigns.nn_calls import FIXED, INITIALISERS, NOISY, UTILS, functional_calls
from tests.campaigns.notes_calls import FUNCTIONS as NOTES
from tests.campaigns.notes_calls import OTHERS as NOTES_OTHERS
from tests.campaigns.optimiser_calls import OPTIMISERS
from tests.campaigns.own_calls import MAKING, METHODS, OTHERS, OWN, call
from tests.torch_oracle.examples import COUNTS, EXAMPLES, MASK, SHAPED, Call, X, Y, Z


class Target(NamedTuple):
    """A function with valid calls of it; `receiver`: its first argument is the tensor whose method it is."""

    name: str
    function: Callable[..., Any]
    calls: list[Call]
    receiver: bool = False
    changing: int = 0  # so many of the first arguments may change
    shaped: bool = False  # the values are random


# Names of `minigrad.__all__` that are called, and are not functions of ours.
NOT_OURS = {"Size": "Python's tuple", "dtype": "NumPy's", "finfo": "NumPy's", "iinfo": "NumPy's"}


def functions() -> Iterator[Target]:
    """What `minigrad` exports."""
    for name in mg.__all__:
        function = getattr(mg, name)
        if not callable(function) or name in NOT_OURS or isinstance(function, np.dtype):
            continue
        calls = [*EXAMPLES.get(name, []), *SHAPED.get(name, []), *OWN.get(name, [])]
        yield Target(f"minigrad.{name}", function, calls, shaped=name in SHAPED or name in MAKING)


def methods() -> Iterator[Target]:
    """The methods of a tensor, with `self` as their first argument."""
    for name in dir(mg.Tensor):
        method = getattr(mg.Tensor, name)
        if name[0] == "_" or not callable(method):
            continue
        base = name.rstrip("_")
        calls = METHODS.get(name) or [*EXAMPLES.get(base, []), *SHAPED.get(base, [])]
        calls = [one for one in calls if isinstance(next(iter(one.positional.values()), None), np.ndarray)]
        random = base in SHAPED or name in MAKING
        yield Target(f"Tensor.{name}", method, calls, True, name[-1] == "_" or name == "backward", random)


def _set(attribute: str) -> Callable[[Any, Any], None]:
    def assign(self: mg.Tensor, value: Any) -> None:
        setattr(self, attribute, value)

    return assign


def operators() -> Iterator[Target]:
    """Python's operators, reflected and in place too, and its functions of tensors."""
    binary = [call(self=X, other=Z), call(self=X, other=2.0), call(self=Y, other=Y)]
    whole = [call(self=COUNTS, other=COUNTS[0]), call(self=COUNTS, other=3)]
    for name in ("add", "sub", "mul", "truediv", "pow", "mod", "floordiv", "lt", "le", "gt", "ge", "eq", "ne"):
        yield Target(f"operator.{name}", getattr(operator, name), binary, True)
        if name not in ("lt", "le", "gt", "ge", "eq", "ne"):
            yield Target(f"operator.i{name}", getattr(operator, f"i{name}"), binary, True, True)
            yield Target(f"Tensor.__r{name}__", getattr(mg.Tensor, f"__r{name}__"), binary, True)
    for name in ("and_", "or_", "xor"):
        yield Target(f"operator.{name}", getattr(operator, name), whole, True)
        yield Target(f"Tensor.__i{name.strip('_')}__", getattr(mg.Tensor, f"__i{name.strip('_')}__"), whole, True, True)
    yield Target("operator.matmul", operator.matmul, [call(self=X, other=Z), call(self=X, other=Y.T.copy())], True)
    for one in (operator.neg, operator.pos, abs, len, bool, float, int, list, repr, str, hash, iter):
        yield Target(f"operator.{one.__name__}", one, [call(self=X), call(self=Z[:1]), call(self=Z[0])], True)
    yield Target("operator.invert", operator.invert, [call(self=COUNTS), call(self=MASK)], True)
    yield Target("operator.index", operator.index, [call(self=COUNTS[0, 0]), call(self=COUNTS[0, :1])], True)
    yield Target("operator.contains", operator.contains, [call(self=X, value=0.5), call(self=COUNTS, value=3)], True)
    yield Target("format", format, [call(self=X, specification=""), call(self=Z[0], specification=".2f")], True)
    places = [call(self=X, index_of=1), call(self=X, index_of=(0, slice(None, 2))), call(self=X, index_of=MASK)]
    yield Target("operator.getitem", operator.getitem, places, True)
    values = [call(**one.positional, value=value) for one in places for value in (0.5, X[0, 0])]
    yield Target("operator.setitem", operator.setitem, [*values, call(self=X, index_of=0, value=Z)], True, True)
    for name, value in (("grad", X), ("data", X), ("requires_grad", True)):
        yield Target(f"Tensor.{name}=", _set(name), [call(self=X, value=value)], True, True)
    for name in ("T", "mT", "data", "shape", "is_leaf", "grad_fn", "device", "nbytes", "retains_grad"):
        yield Target(f"Tensor.{name}", operator.attrgetter(name), [call(self=X)], True)


def numpys() -> Iterator[Target]:
    """NumPy's functions on tensors."""
    one, two = [call(self=Y)], [call(self=X, other=Z)]
    for name in ("exp", "sqrt", "isnan", "sum", "mean", "argmax", "ravel", "sort", "cumsum", "asarray", "array"):
        yield Target(f"numpy.{name}", getattr(np, name), one, True)
    for name in ("add", "multiply", "matmul", "greater", "maximum", "power", "bitwise_and", "arctan2", "allclose"):
        yield Target(f"numpy.{name}", getattr(np, name), two, True)
    yield Target("numpy.clip", np.clip, [call(self=X, a_min=-0.5, a_max=0.5)], True)
    yield Target("numpy.reshape", np.reshape, [call(self=X, shape=(4, 3))], True)


def others() -> Iterator[Target]:
    """The functions and classes of the submodules."""
    for name, (function, calls) in {**OTHERS, **OPTIMISERS}.items():
        yield Target(name, function, calls, changing=9 if name == "autograd.backward" else 0, shaped=True)


def layers() -> Iterator[Target]:
    """The layers, made, run and walked back through."""
    for name in LAYERS:
        for fixed in (True, False) if name in RANDOM else (None,):
            mode = {True: ".train", False: ".eval", None: ""}[fixed]
            yield Target(f"nn.{name}{mode}", Made(name, fixed), layer_calls(name, fixed), shaped=fixed is True)


def of_layers() -> Iterator[Target]:
    """What `nn` and its submodules export besides layers."""
    for name in nn.functional.__all__:
        function = getattr(nn.functional, name)
        changing = {"batch_norm": 3, "instance_norm": 3, "embedding": 2}.get(name, int(name[-1] == "_"))
        yield Target(f"functional.{name}", function, functional_calls(name), False, changing, name in NOISY)
    for name in nn.init.__all__:
        function = getattr(nn.init, name)
        yield Target(f"init.{name}", function, INITIALISERS.get(name, []), False, name.endswith("_"), name not in FIXED)
    for name in nn.utils.__all__:
        yield Target(f"utils.{name}", getattr(nn.utils, name), UTILS.get(name, []), changing=9, shaped=True)
    for name in nn.notes.functional.__all__:
        function = getattr(nn.notes.functional, name)
        yield Target(f"notes.functional.{name}", function, NOTES.get(name, []), shaped=name.startswith("stochastic"))
    for name, (function, calls) in NOTES_OTHERS.items():
        yield Target(f"nn.notes.{name}", function, calls, changing=9, shaped=True)
    for name, (function, calls) in HELD.items():
        yield Target(name, function, calls, changing=9, shaped=True)
    for name in nn.models.__all__:
        options, input = MODELS.get(name, ({}, np.zeros(0)))
        calls = [Call({"input": input}, options)] if name in MODELS else []
        yield Target(f"models.{name}", model_of(name), calls, shaped=True)


def exported() -> set[str]:
    """The names that `nn` and its submodules export, as targets are called; layers that are random have two."""
    found = {f"functional.{name}" for name in nn.functional.__all__} | {f"init.{name}" for name in nn.init.__all__}
    found |= {f"utils.{name}" for name in nn.utils.__all__} | {f"models.{name}" for name in nn.models.__all__}
    found |= {f"notes.functional.{name}" for name in nn.notes.functional.__all__}
    found |= {f"nn.notes.{name}" for name in nn.notes.__all__ if callable(getattr(nn.notes, name))}
    return found | {f"nn.{name}" for name in nn.__all__ if callable(getattr(nn, name))}


def targets() -> dict[str, Target]:
    """Every target by its name."""
    POOLS.update(MORE_POOLS)
    every = [*functions(), *methods(), *operators(), *numpys(), *others(), *layers(), *of_layers()]
    return {target.name: target for target in every}


def without_calls() -> list[str]:
    """The public functions that no valid call is known of."""
    return [name for name, target in targets().items() if not target.calls]


__all__ = ["NOT_OURS", "Target", "exported", "targets", "without_calls"]
