"""`Module`: what every layer and model is."""

from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Self

import minigrad as mg
from minigrad.autograd import HookTable, RemovableHandle, observers
from minigrad.errors import ArgumentError, DTypeError, MinigradError, MissingForwardError
from minigrad.explaining import misplaced

from .calling import (
    EVERYWHERE,
    check_constructors,
    check_name,
    described,
    hooked,
    locate,
    names_of,
    observed,
    registered,
    warn_about_unregistered,
)
from .parameter import Parameter
from .state import IncompatibleKeys, as_target, collect, convert, get_extra_state, load, set_extra_state

__all__ = ["Module"]

_KINDS = ("_parameters", "_buffers", "_modules")


class Module:
    """Base class of layers and models.

    Parameters, buffers and submodules register themselves when they are
    assigned to attributes. Subclasses call `super().__init__()` first and define
    `forward`; calling the module runs it, and the hooks.

    >>> import minigrad as mg, nn
    >>> class Affine(nn.Module):
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.scale = nn.Parameter(mg.ones(1))
    ...     def forward(self, x):
    ...         return x * self.scale
    >>> [name for name, _ in Affine().named_parameters()]
    ['scale']
    """

    training: bool
    _parameters: dict[str, Parameter | None]
    _buffers: dict[str, mg.Tensor | None]
    _modules: "dict[str, Module | None]"
    _transient: set[str]
    _optional: tuple[str, ...] = ()  # state that a state dict may lack
    _warned: set[str]
    _forward_hooks: HookTable
    _forward_pre_hooks: HookTable
    _backward_hooks: HookTable
    _backward_pre_hooks: HookTable

    def __init_subclass__(cls, **options: Any) -> None:
        """The constructors of this library's own layers are checked; those of users' are theirs."""
        super().__init_subclass__(**options)
        check_constructors(cls, Module)

    def __init__(self) -> None:
        set_plain = super().__setattr__
        set_plain("training", True)
        set_plain("_parameters", {})
        set_plain("_buffers", {})
        set_plain("_modules", {})
        set_plain("_transient", set())
        set_plain("_warned", set())
        set_plain("_forward_hooks", HookTable())
        set_plain("_forward_pre_hooks", HookTable())
        set_plain("_backward_hooks", HookTable())
        set_plain("_backward_pre_hooks", HookTable())

    # ------------------------------------------------------------ running

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """What the module computes; defined by subclasses."""
        raise MissingForwardError(f"{type(self).__name__} has no forward; define forward(self, …) in the class")

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run `forward`, with the hooks; an error of minigrad's says in which layer it arose."""
        try:
            watching = observers()
            if watching:
                return observed(self, args, kwargs, watching)
            own = self._forward_hooks or self._forward_pre_hooks or self._backward_hooks or self._backward_pre_hooks
            if own or EVERYWHERE:
                return hooked(self, args, kwargs)
            return self.forward(*args, **kwargs)
        except MinigradError as error:
            locate(error, self)
            raise

    def register_forward_pre_hook(
        self, hook: Callable[..., Any], *, prepend: bool = False, with_kwargs: bool = False
    ) -> RemovableHandle:
        """Call `hook(module, args)` before `forward`; what it returns replaces the arguments."""
        return self._forward_pre_hooks.register(hook, mg.as_flag(prepend, "a hook", "prepend"), with_kwargs)

    def register_forward_hook(
        self,
        hook: Callable[..., Any],
        *,
        prepend: bool = False,
        with_kwargs: bool = False,
        always_call: bool = False,
    ) -> RemovableHandle:
        """Call `hook(module, args, output)` after `forward`; what it returns replaces the output.

        With `always_call` it is called with the output None where `forward` raised.
        """
        return self._forward_hooks.register(hook, mg.as_flag(prepend, "a hook", "prepend"), with_kwargs, always_call)

    def register_full_backward_hook(self, hook: Callable[..., Any], prepend: bool = False) -> RemovableHandle:
        """Call `hook(module, grad_input, grad_output)` when the gradients of the inputs are known.

        Both are tuples, with None for what is no tensor or needs no gradient;
        what the hook returns replaces `grad_input`.
        """
        return self._backward_hooks.register(hook, mg.as_flag(prepend, "a hook", "prepend"))

    def register_full_backward_pre_hook(self, hook: Callable[..., Any], prepend: bool = False) -> RemovableHandle:
        """Call `hook(module, grad_output)` before the module's gradients are computed.

        `grad_output` is a tuple; what the hook returns replaces it.
        """
        return self._backward_pre_hooks.register(hook, mg.as_flag(prepend, "a hook", "prepend"))

    # -------------------------------------------------------- registering

    def __setattr__(self, name: str, value: Any) -> None:
        registers = self.__dict__.get("_parameters")
        if registers is None:
            if isinstance(value, Parameter | Module):
                raise ArgumentError(
                    f"{type(self).__name__}.{name} is assigned before Module.__init__() has run; call "
                    "super().__init__() first"
                )
            super().__setattr__(name, value)
            return
        if isinstance(value, Parameter):
            self._put(self._parameters, name, value)
        elif isinstance(value, Module):
            self._put(self._modules, name, value)
        elif name in self._buffers and (value is None or isinstance(value, mg.Tensor)):
            self._buffers[name] = value
        elif (kind := self._kind_of(name)) is None:
            super().__setattr__(name, value)
        elif value is None:
            kind[name] = None
        else:
            what = "parameter" if kind is self._parameters else "buffer" if kind is self._buffers else "submodule"
            raise DTypeError(
                f"{type(self).__name__}.{name} is a {what} and was given a {type(value).__name__}, which would take it "
                f"out of the module silently. Assign another {what} (for parameters an nn.Parameter), None, or del it"
            )

    def _put(self, kind: dict[str, Any], name: str, value: Any) -> None:
        """Register under `name`, in the place that it has already, if it has one."""
        for other in (self._parameters, self._buffers, self._modules):
            if other is not kind:
                other.pop(name, None)
        if kind is not self._buffers:
            self._transient.discard(name)
        self.__dict__.pop(name, None)
        kind[name] = value

    def _kind_of(self, name: str) -> dict[str, Any] | None:
        for kind in (self._parameters, self._buffers, self._modules):
            if name in kind:
                return kind
        return None

    def __getattr__(self, name: str) -> Any:
        own = self.__dict__
        for kind in _KINDS:
            if kind in own and name in own[kind]:
                return own[kind][name]
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}; {registered(self)}")

    def __delattr__(self, name: str) -> None:
        kind = self._kind_of(name)
        if kind is None:
            super().__delattr__(name)
        else:
            del kind[name]
            self._transient.discard(name)

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *self._parameters, *self._buffers, *self._modules})

    def register_parameter(self, name: str, param: Parameter | None) -> None:
        """Register a parameter, or None as the place of one."""
        check_name(self, name, "parameter")
        if param is not None and not isinstance(param, Parameter):
            raise DTypeError(f"register_parameter({name!r}) got a {type(param).__name__}; wrap it in nn.Parameter")
        self._put(self._parameters, name, param)

    def register_buffer(self, name: str, tensor: mg.Tensor | None, persistent: bool = True) -> None:
        """Register a tensor that is state but not learnt; `persistent` ones are part of the state dict."""
        check_name(self, name, "buffer")
        persistent = mg.as_flag(persistent, "register_buffer", "persistent")
        if tensor is not None and not isinstance(tensor, mg.Tensor):
            raise DTypeError(f"register_buffer({name!r}) got a {type(tensor).__name__}; give a tensor or None")
        self._put(self._buffers, name, tensor)
        self._transient.discard(name)
        if not persistent:
            self._transient.add(name)

    def add_module(self, name: str, module: "Module | None") -> None:
        """Register a submodule, or None as the place of one."""
        check_name(self, name, "module")
        if module is not None and not isinstance(module, Module):
            raise DTypeError(f"add_module({name!r}) got {described(module)}; give an nn.Module")
        self._put(self._modules, name, module)

    register_module = add_module

    # ------------------------------------------------------------ walking

    def named_modules(
        self, memo: set[int] | None = None, prefix: str = "", remove_duplicate: bool = True
    ) -> Iterator[tuple[str, "Module"]]:
        """This module and all below it with their paths; a shared one once."""
        if memo is not None and not isinstance(memo, set):
            raise DTypeError(f"named_modules got memo={memo!r}; it is the set of modules that came already, or None")
        as_target(prefix, "named_modules", "prefix")
        seen = set() if memo is None else memo
        if id(self) in seen and remove_duplicate:
            return
        seen.add(id(self))
        yield prefix, self
        for name, module in self._modules.items():
            if module is not None:
                yield from module.named_modules(seen, f"{prefix}.{name}" if prefix else name, remove_duplicate)

    def modules(self, remove_duplicate: bool = True) -> "Iterator[Module]":
        """This module and all below it."""
        return (module for _, module in self.named_modules(remove_duplicate=remove_duplicate))

    def named_children(self) -> "Iterator[tuple[str, Module]]":
        """The direct submodules with their names; a shared one once."""
        seen: set[int] = set()
        for name, module in self._modules.items():
            if module is not None and id(module) not in seen:
                seen.add(id(module))
                yield name, module

    def children(self) -> "Iterator[Module]":
        """The direct submodules."""
        return (module for _, module in self.named_children())

    def _named(self, kind: str, prefix: str, recurse: bool, once: bool) -> Iterator[tuple[str, Any]]:
        as_target(prefix, f"named{kind}", "prefix")
        once = mg.as_flag(once, f"named{kind}", "remove_duplicate")
        recurse = mg.as_flag(recurse, f"named{kind}", "recurse")
        modules = self.named_modules(prefix=prefix, remove_duplicate=once) if recurse else [(prefix, self)]
        seen: set[int] = set()
        for path, module in modules:
            for name, tensor in getattr(module, kind).items():
                if tensor is not None and not (once and id(tensor) in seen):
                    seen.add(id(tensor))
                    yield (f"{path}.{name}" if path else name), tensor

    def named_parameters(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Parameter]]:
        """The parameters with their paths, in the order of registration; a shared one once."""
        warn_about_unregistered(self)
        return self._named("_parameters", prefix, recurse, remove_duplicate)

    def parameters(self, recurse: bool = True) -> Iterator[Parameter]:
        """The parameters, in the order of registration."""
        return (parameter for _, parameter in self.named_parameters(recurse=recurse))

    def named_buffers(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, mg.Tensor]]:
        """The buffers with their paths."""
        return self._named("_buffers", prefix, recurse, remove_duplicate)

    def buffers(self, recurse: bool = True) -> Iterator[mg.Tensor]:
        """The buffers."""
        return (buffer for _, buffer in self.named_buffers(recurse=recurse))

    def get_submodule(self, target: str) -> "Module":
        """The module at a path such as 'features.0'; this one for ''."""
        module: Module = self
        path = as_target(target, "get_submodule")
        for name in path.split(".") if path else ():
            found = module._modules.get(name)
            if found is None:
                there = names_of(name for name, one in module._modules.items() if one is not None)
                raise AttributeError(
                    f"{type(module).__name__} has no submodule {name!r} (path {target!r}); its submodules are: {there}"
                )
            module = found
        return module

    def set_submodule(self, target: str, module: "Module", strict: bool = False) -> None:
        """Put a module at a path, whose last name may be new unless `strict`; those before it are there already."""
        path, _, name = as_target(target, "set_submodule").rpartition(".")
        if not name:
            raise ArgumentError(f"set_submodule got the path {target!r}; give one such as 'features.0'")
        if not isinstance(module, Module):
            raise DTypeError(f"set_submodule({target!r}) got {described(module)}; give an nn.Module")
        parent = self.get_submodule(path)
        if mg.as_flag(strict, "set_submodule", "strict") or hasattr(parent, name):
            parent.get_submodule(name)
        setattr(parent, name, module)

    def get_parameter(self, target: str) -> Parameter:
        """The parameter at a path such as 'features.0.weight'."""
        return self._at(target, "_parameters")  # type: ignore[no-any-return]

    def get_buffer(self, target: str) -> mg.Tensor:
        """The buffer at a path."""
        return self._at(target, "_buffers")  # type: ignore[no-any-return]

    def _at(self, target: str, kind: str) -> Any:
        path, _, name = as_target(target, f"get{kind[:-1]}").rpartition(".")
        module = self.get_submodule(path)
        found = getattr(module, kind).get(name)
        if found is None:
            there = names_of(name for name, one in getattr(module, kind).items() if one is not None)
            raise AttributeError(
                f"{type(module).__name__} has no {kind[1:-1]} {name!r} (path {target!r}); its {kind[1:]} are: {there}"
            )
        return found

    # -------------------------------------------------------------- state

    def state_dict(self, *, prefix: str = "", keep_vars: bool = False) -> OrderedDict[str, Any]:
        """Parameters and persistent buffers by path, detached, sharing the module's memory; and extra states."""
        warn_about_unregistered(self)
        return collect(self, prefix, keep_vars)

    get_extra_state = get_extra_state
    set_extra_state = set_extra_state

    def load_state_dict(
        self, state_dict: Mapping[str, Any], strict: bool = True, assign: bool = False
    ) -> IncompatibleKeys:
        """Copy values by path into parameters and buffers, or with `assign` put them in their place: all, or none.

        Raises `StateDictError` where shapes differ, or, with `strict`, where
        keys are missing or left over; nothing has been changed then.
        """
        warn_about_unregistered(self)
        return load(self, state_dict, strict, assign)

    def train(self, mode: bool = True) -> Self:
        """Switch to training (dropout active, …) or, with False, to evaluation; `ArgumentError` for what is no bool."""
        if not isinstance(mode, bool):
            raise ArgumentError(f"train got {mode!r}; it is True, or False for evaluation")
        warn_about_unregistered(self)
        for module in self.modules():
            module.training = mode
        return self

    def eval(self) -> Self:
        """Switch to evaluation."""
        return self.train(False)

    def requires_grad_(self, requires_grad: bool = True) -> Self:
        """Let all parameters ask for gradients, or stop asking: freezing."""
        requires_grad = mg.as_flag(requires_grad, "requires_grad_", "requires_grad")
        for parameter in self.parameters():
            parameter.requires_grad_(requires_grad)
        return self

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the parameters' gradients, or set them to zero."""
        set_to_none = mg.as_flag(set_to_none, "zero_grad", "set_to_none")
        for parameter in self.parameters():
            if parameter.grad is not None:
                parameter.grad = None if set_to_none else mg.zeros_like(parameter.grad)

    def apply(self, fn: "Callable[[Module], object]") -> Self:
        """Call `fn` on every module below, then on this one; for initialisation."""
        if not callable(fn):
            raise DTypeError(misplaced(fn, "apply", "fn", "a function of a module"))
        for module in self.children():
            module.apply(fn)
        fn(self)
        return self

    def to(self, *args: Any, **kwargs: Any) -> Self:
        """Convert floating parameters, gradients and buffers in place, as `Tensor.to`; the CPU is the only device."""
        target = mg.empty(0).to(*args, **kwargs)  # refuses what cannot be, before anything is changed
        if not target.is_floating_point():
            raise DTypeError(
                f"{type(self).__name__}.to({target.dtype}): parameters are learnt, so they stay floating-point numbers"
            )
        warn_about_unregistered(self)
        convert(self, args, kwargs)
        return self

    def double(self) -> Self:
        """Floating parameters and buffers in float64."""
        return self.to(mg.float64)

    def float(self) -> Self:
        """Floating parameters and buffers in float32."""
        return self.to(mg.float32)

    def half(self) -> Self:
        """Floating parameters and buffers in float16."""
        return self.to(mg.float16)

    def cpu(self) -> Self:
        """This module: it is on the CPU."""
        return self

    def cuda(self, device: Any = "cuda") -> Self:
        """Refused: there is no device but the CPU."""
        return self.to("cuda")

    # ------------------------------------------------------------ display

    def _get_name(self) -> str:
        return type(self).__name__

    def extra_repr(self) -> str:
        """What stands between the brackets of `repr`; defined by layers."""
        return ""

    def __repr__(self) -> str:
        extra = self.extra_repr()
        children = [f"({name}): {_indented(repr(module))}" for name, module in self._modules.items()]
        above = extra.split("\n") if extra else []
        if not children and len(above) < 2:
            return f"{self._get_name()}({extra})"
        body = "".join(f"  {line}\n" for line in above + children)
        return f"{self._get_name()}(\n{body})"


def _indented(text: str) -> str:
    return text.replace("\n", "\n  ")
