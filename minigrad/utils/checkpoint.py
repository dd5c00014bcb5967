"""Checkpoints: the inside of a part of a network is computed again in backward instead of being kept."""

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from typing import Any

from ..errors import ArgumentError, DTypeError
from ..explaining import as_flag
from ..mode import is_grad_enabled
from ..recomputation import recomputed

__all__ = ["checkpoint", "checkpoint_sequential"]


def noop_context_fn() -> tuple[Any, Any]:
    """Two contexts that do nothing, for the first run and for the second.

    >>> import minigrad as mg
    >>> len(mg.utils.checkpoint.noop_context_fn())
    2
    """
    return nullcontext(), nullcontext()


def checkpoint(
    function: Callable[..., Any],
    *args: Any,
    use_reentrant: bool | None = None,
    preserve_rng_state: bool = True,
    context_fn: Callable[[], tuple[Any, Any]] = noop_context_fn,
    determinism_check: str = "default",
    debug: bool = False,
    early_stop: bool = True,
    **kwargs: Any,
) -> Any:
    """Call `function`, keeping of its inside nothing for backward, which runs it once more (Chen et al., 2016).

    (*), … -> what the function returns. Values and gradients, of arguments and of whatever else the function reads,
    are those without a checkpoint, bit for bit and to every order. Memory holds the arguments and the results
    instead of everything between them; the price is one more forward.

    The second run draws the same random numbers, from the thread's generator and from generators among the
    arguments. It leaves no trace: buffers that the function changes, such as running statistics, are put back. What
    else the function does, to variables and attributes of its own, it does twice. `use_reentrant`, `debug` and
    `early_stop` are accepted: there is one way only. With `determinism_check="none"` the values of the two runs are
    not compared.

    In backward raises `GradError` where an argument or a parameter was changed in place in the meantime, and where
    the second run does something else than the first.

    >>> import minigrad as mg
    >>> x = mg.ones(3, requires_grad=True)
    >>> mg.checkpoint(lambda x: (x.exp() * x).sin(), x).sum().backward(); x.grad
    tensor([-4.9566, -4.9566, -4.9566])
    """
    if not callable(function):
        raise DTypeError(
            f"checkpoint got a {type(function).__name__} as its function; give the function, then its arguments: "
            "checkpoint(layer, x)"
        )
    if not callable(context_fn):
        raise DTypeError(
            f"checkpoint got a {type(context_fn).__name__} as context_fn; it is a function that returns two contexts"
        )
    preserve_rng_state = as_flag(preserve_rng_state, "checkpoint", "preserve_rng_state")
    if not isinstance(determinism_check, str) or determinism_check not in ("default", "none"):
        raise ArgumentError(f"checkpoint got determinism_check={determinism_check!r}; it is 'default' or 'none'")
    if not is_grad_enabled():
        return function(*args, **kwargs)
    return recomputed(function, args, kwargs, preserve_rng_state, determinism_check == "default", context_fn())


def checkpoint_sequential(
    functions: Any, segments: int, input: Any, use_reentrant: bool | None = None, *, preserve_rng_state: bool = True
) -> Any:
    """Run a chain of functions, an `nn.Sequential` or a list, with a checkpoint for each segment but the last.

    Of n layers in √n segments, memory holds about 2√n values (Chen et al., 2016).

    Raises `ArgumentError` for fewer segments than one, or more than functions.

    >>> import minigrad as mg
    >>> x = mg.ones(2, requires_grad=True)
    >>> mg.utils.checkpoint.checkpoint_sequential([mg.sin, mg.cos, mg.exp], 3, x).sum().backward(); x.grad
    tensor([-0.7844, -0.7844])
    """
    chain: Sequence[Callable[[Any], Any]] = list(functions)
    if isinstance(segments, bool) or not isinstance(segments, int) or not 1 <= segments <= len(chain):
        raise ArgumentError(
            f"checkpoint_sequential got segments={segments!r} for {len(chain)} functions; it is a number from 1 to as "
            "many as there are"
        )
    size = len(chain) // segments

    def run(start: int, end: int) -> Callable[[Any], Any]:
        def segment(value: Any) -> Any:
            for one in chain[start:end]:
                value = one(value)
            return value

        return segment

    start = 0
    for _ in range(segments - 1):
        input = checkpoint(run(start, start + size), input, preserve_rng_state=preserve_rng_state)
        start += size
    return run(start, len(chain))(input)
