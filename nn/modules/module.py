"""Hooks on every module: they run before a module's own hooks of their kind.

Without any, a call of a module asks once whether there are some.
"""

from collections.abc import Callable
from typing import Any

from minigrad.autograd import RemovableHandle

from ..calling import EVERYWHERE
from ..module import Module

__all__ = [
    "Module",
    "register_module_forward_hook",
    "register_module_forward_pre_hook",
    "register_module_full_backward_hook",
    "register_module_full_backward_pre_hook",
]


def register_module_forward_pre_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Call `hook(module, args)` before the `forward` of every module; what it returns replaces the arguments.

    >>> import minigrad as mg, nn
    >>> with nn.modules.module.register_module_forward_pre_hook(lambda module, args: print(module)):
    ...     _ = nn.Sequential(nn.ReLU())(mg.ones(1))
    Sequential(
      (0): ReLU()
    )
    ReLU()
    """
    return EVERYWHERE.register(hook, False, "forward pre", False)


def register_module_forward_hook(
    hook: Callable[..., Any], *, with_kwargs: bool = False, always_call: bool = False
) -> RemovableHandle:
    """Call `hook(module, args, output)` after the `forward` of every module; what it returns replaces the output.

    `with_kwargs` and `always_call` as in `Module.register_forward_hook`.

    >>> import minigrad as mg, nn
    >>> with nn.modules.module.register_module_forward_hook(lambda module, args, output: output * 2):
    ...     nn.ReLU()(mg.ones(1))
    tensor([2.])
    """
    return EVERYWHERE.register(hook, False, "forward", with_kwargs, always_call)


def register_module_full_backward_pre_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Call `hook(module, grad_output)` before the gradients of every module; what it returns replaces `grad_output`.

    >>> import minigrad as mg, nn
    >>> with nn.modules.module.register_module_full_backward_pre_hook(lambda module, grads: print(grads)):
    ...     nn.ReLU()(mg.ones(1, requires_grad=True)).backward()
    (tensor([1.]),)
    """
    return EVERYWHERE.register(hook, False, "backward pre")


def register_module_full_backward_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Call `hook(module, grad_input, grad_output)` when the gradients of every module's inputs are known.

    What it returns replaces `grad_input`.

    >>> import minigrad as mg, nn
    >>> with nn.modules.module.register_module_full_backward_hook(lambda module, gi, go: print(gi, go)):
    ...     nn.ReLU()(mg.ones(1, requires_grad=True)).backward()
    (tensor([1.]),) (tensor([1.]),)
    """
    return EVERYWHERE.register(hook, False, "backward")
