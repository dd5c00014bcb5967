"""`Function`: an operation whose forward and backward are both written on tensors, as PyTorch's.

A primitive has one VJP per argument; a `Function` has one `backward` for all of
them, and keeps what it likes on a context. Its applications are nodes like any
other: observers see them, saved values know their versions, and a backward that
is written in operations on tensors can be differentiated again.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from ..custom import Last
from ..errors import GradError, MissingForwardError
from ..mode import MODE, recording
from ..tensor import Tensor, edge_of
from .application import Application
from .context import FunctionCtx

__all__ = ["Function", "FunctionCtx", "once_differentiable"]


class Function:
    """An operation of one's own by a forward and a backward on tensors; subclass it, then call `apply`.

    `forward(ctx, *args)` computes, with recording off, a tensor or a tuple of tensors. `backward(ctx, *grad_outputs)`
    returns one gradient per argument of the forward, None where there is none. Both are static methods. With
    `setup_context(ctx, inputs, output)` the forward takes no context: what is kept is said there. A backward that is
    written in operations on tensors is differentiated like anything else.

    Calling raises `MissingForwardError` without a forward. The walk raises `GradError` without a backward, for a
    wrong number of gradients or wrong shapes, and for saved tensors that were changed in place.

    >>> import minigrad as mg
    >>> class Square(mg.autograd.Function):
    ...     @staticmethod
    ...     def forward(ctx, x):
    ...         ctx.save_for_backward(x)
    ...         return x * x
    ...     @staticmethod
    ...     def backward(ctx, g):
    ...         (x,) = ctx.saved_tensors
    ...         return 2 * g * x
    >>> x = mg.tensor([1., 3.], dtype=mg.float64, requires_grad=True)
    >>> Square.apply(x).grad_fn.name(), mg.autograd.gradcheck(Square.apply, x, order=2)
    ('SquareBackward', True)
    """

    _application: Application

    def __new__(cls, *args: Any, **kwargs: Any) -> "Function":
        """Refused: nothing is kept on an object."""
        raise GradError(
            f"{cls.__name__}(…) makes an object of a Function, which has none; call {cls.__name__}.apply(…). Its "
            "forward and backward are static methods, and what they share is kept on ctx"
        )

    @staticmethod
    def forward(*args: Any, **kwargs: Any) -> Any:
        """Compute the outputs from `ctx` and the arguments, or from these alone where there is a `setup_context`."""

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> Any:
        """Keep what backward needs of the forward's arguments and of what it returned."""

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Any) -> Any:
        """One gradient per argument of the forward, from those of the outputs."""

    vjp = backward

    @staticmethod
    def jvp(ctx: Any, *grad_inputs: Any) -> Any:
        """Accepted for PyTorch's scripts: forward mode differentiates `backward`, and needs nothing else."""

    @classmethod
    def apply(cls, *args: Any, **kwargs: Any) -> Any:
        """Run the forward and record it; what it returns, with tensors on the tape.

        Only arguments that are tensors themselves can have a gradient, not those in lists or dictionaries.
        """
        application = cls.__dict__.get("_application")
        if application is None or (application.forward, application.setup) != (cls.forward, cls.setup_context):
            if cls.forward is Function.forward:
                raise MissingForwardError(f"{cls.__name__} has no forward; define the static method forward(ctx, …)")
            application = cls._application = Application(cls, Function)
        return application.apply(args, kwargs)


def once_differentiable(fn: Callable[..., Any]) -> Callable[..., Any]:
    """Mark a `Function`'s backward as not differentiable again: it runs with recording off.

    Differentiating its result raises `GradError` instead of missing a term.

    >>> import minigrad as mg
    >>> class Square(mg.autograd.Function):
    ...     @staticmethod
    ...     def forward(ctx, x):
    ...         ctx.save_for_backward(x)
    ...         return x * x
    ...     @staticmethod
    ...     @mg.autograd.function.once_differentiable
    ...     def backward(ctx, g):
    ...         return 2 * g * ctx.saved_tensors[0]
    >>> x = mg.tensor(3., requires_grad=True)
    >>> (dx,) = mg.autograd.grad(Square.apply(x), x, create_graph=True)
    >>> dx.backward()
    Traceback (most recent call last):
    minigrad.errors.GradError: a gradient is differentiated whose backward is marked once_differentiable, ...
    """

    @wraps(fn)
    def once(ctx: Any, *args: Any) -> Any:
        with recording(False):
            result = fn(ctx, *args)
        node = ctx._node()
        if not MODE.get().recording or node is None:
            return result
        sources = [edge_of(one) for one in args if isinstance(one, Tensor) and one.requires_grad]
        edges = (*sources, *node.edges)
        several = isinstance(result, tuple)
        marked = []
        for one in result if several else (result,):
            if isinstance(one, Tensor) and one.dtype.kind == "f":
                one = _ONCE.ending(one, None, edges)
            marked.append(one)
        return tuple(marked) if several else marked[0]

    return once


_ONCE = Last(
    "once_differentiable",
    "a gradient is differentiated whose backward is marked once_differentiable, so it is not on the tape; write that "
    "backward in operations on tensors, and leave the mark out",
)
