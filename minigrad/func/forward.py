"""Functions made into their derivatives, in forward mode: `jvp`, `linearize`, `jacfwd`, and both modes together."""

from collections.abc import Callable
from typing import Any

from ..errors import ArgumentError, DTypeError, GradError
from ..mode import recording
from ..ops.joining import stack
from ..ops.shape import movedim, reshape
from ..tensor import Tensor
from .recorded import fitting, zeros_of
from .transforms import (
    Argnums,
    Chosen,
    Traced,
    grad_and_value,
    jacobian_tree,
    jacrev,
    named_after,
    unit_tensors,
)
from .tree import leaves_as, unflatten

__all__ = ["hessian", "hvp", "jacfwd", "jvp", "linearize"]


def _tangents(given: Any, traced: Traced, name: str) -> list[Tensor]:
    leaves = leaves_as(given, traced.chosen.structure, f"{name}: the tangents")
    return [
        fitting(one, tensor, f"{name}: tangent {number}")
        for number, (one, tensor) in enumerate(zip(leaves, traced.recorded.inputs, strict=True))
    ]


def _traced(func: Callable[..., Any], primals: Any, name: str, has_aux: bool = False) -> Traced:
    if not isinstance(primals, tuple):
        raise DTypeError(
            f"{name} got primals of type {type(primals).__name__}; they are a tuple, so that func(*primals) is the "
            "call: (x,) for one argument"
        )
    if not primals:
        raise ArgumentError(f"{name} got no primals; give the arguments to differentiate by")
    return Traced(Chosen(func, primals, {}, tuple(range(len(primals))), name), has_aux, name)


def jvp(
    func: Callable[..., Any], primals: Any, tangents: Any, *, strict: bool = False, has_aux: bool = False
) -> tuple[Any, ...]:
    """`func` at `primals`, and the derivative of its output along `tangents`, in forward mode: (y, J·t).

    `primals` is a tuple of arguments, each a tensor or a nested tuple, list or
    dictionary of tensors; `tangents` has its structure and shapes. (output, tangent),
    or (output, tangent, aux) where `func` returns (output, aux).

    Raises `GradError` for integer primals and, with `strict`, for an output that does
    not depend on them; `DTypeError`, `ArgumentError` or `ShapeError` for what does not fit.

    >>> import minigrad as mg
    >>> mg.func.jvp(lambda x: x ** 2, (mg.tensor(3.),), (mg.tensor(1.),))
    (tensor(9.), tensor(6.))
    """
    traced = _traced(func, primals, "jvp", has_aux)
    given = _tangents(tangents, traced, "jvp")
    if strict:
        for number, inputs in enumerate(traced.recorded.dependence()):
            if not any(inputs):
                raise GradError(
                    f"jvp(strict=True): output {number} of the function does not depend on the primals; without strict "
                    "its tangent is 0"
                )
    pushed = unflatten(traced.pushed(given), traced.structure)
    results = (traced.output(), pushed)
    return (*results, traced.aux()) if has_aux else results


def linearize(func: Callable[..., Any], *primals: Any) -> tuple[Any, Callable[..., Any]]:
    """`func` at `primals`, and the function t ↦ J·t there: many tangents for one recording.

    The function takes as many tangents as there are primals. Raises as `jvp`.

    >>> import minigrad as mg
    >>> y, push = mg.func.linearize(lambda x: x ** 2, mg.tensor(3.))
    >>> push(mg.tensor(1.)), push(mg.tensor(2.))
    (tensor(6.), tensor(12.))
    """
    traced = _traced(func, primals, "linearize")

    def push(*tangents: Any) -> Any:
        return unflatten(traced.pushed(_tangents(tangents, traced, "linearize")), traced.structure)

    return traced.output(), push


def columns(traced: Traced, number: int, record: bool) -> list[Tensor]:
    """The blocks of the Jacobian of one input: for each output a tensor of shape (*output, *input)."""
    inputs = traced.recorded.inputs
    found = []
    for unit in unit_tensors(inputs[number]):
        tangents: list[Tensor | None] = [None] * len(inputs)
        tangents[number] = unit
        found.append(traced.pushed(tangents, record))
    shape = inputs[number].shape
    if not found:
        return [zeros_of(tensor).new_zeros(tensor.shape + shape) for tensor in traced.outputs]
    with recording(record):
        return [
            reshape(movedim(stack([column[place] for column in found]), 0, -1), tensor.shape + shape)
            for place, tensor in enumerate(traced.outputs)
        ]


def jacfwd(
    func: Callable[..., Any], argnums: Argnums = 0, has_aux: bool = False, *, randomness: str = "error"
) -> Callable[..., Any]:
    """The function that computes the Jacobian of `func` in forward mode: one pass for each element of the arguments.

    (*n) -> (*m, *n) for an output (*m), as `jacrev`, which is the cheaper one where
    the output is the smaller one. `func` runs once, so that random numbers in it are the
    same for every column, whatever `randomness` says. Raises as `jvp`.

    >>> import minigrad as mg
    >>> mg.func.jacfwd(lambda x: x * x)(mg.tensor([1., 2.]))
    tensor([[2., 0.],
            [0., 4.]])
    """
    if randomness not in ("error", "different", "same"):
        raise ArgumentError(f"jacfwd got randomness={randomness!r}; it is 'error', 'different' or 'same'")

    @named_after(func)
    def jacobian(*args: Any, **kwargs: Any) -> Any:
        chosen = Chosen(func, args, kwargs, argnums, "jacfwd")
        traced = Traced(chosen, has_aux, "jacfwd")
        record = traced.recorded.records()
        blocks = [columns(traced, number, record) for number in range(len(chosen.leaves))]
        found = jacobian_tree(list(zip(*blocks, strict=True)), traced.structure, chosen.structure)
        return (found, traced.aux()) if has_aux else found

    return jacobian


def hessian(func: Callable[..., Any], argnums: Argnums = 0) -> Callable[..., Any]:
    """The function that computes the second derivatives of `func`: forward mode over reverse mode.

    (*n) -> (*m, *n, *n) for an output (*m). Raises as `jacrev`.

    >>> import minigrad as mg
    >>> mg.func.hessian(lambda x: (x ** 3).sum())(mg.tensor([1., 2.]))
    tensor([[ 6.,  0.],
            [ 0., 12.]])
    """
    return jacfwd(jacrev(func, argnums), argnums)


def hvp(func: Callable[..., Any], primals: Any, tangents: Any) -> tuple[Any, Any]:
    """A scalar function at `primals`, and its Hessian times `tangents`: (y, H·t), forward mode over reverse mode.

    It costs a few evaluations of `func`, and the Hessian is never made. Arguments as of
    `jvp`; the product has the structure of `primals`. Raises as `jvp` and `grad`.

    >>> import minigrad as mg
    >>> mg.func.hvp(lambda x: (x ** 3).sum(), (mg.tensor([1., 2.]),), (mg.tensor([1., 0.]),))
    (tensor(9.), (tensor([6., 0.]),))
    """
    if not isinstance(primals, tuple):
        raise DTypeError(f"hvp got primals of type {type(primals).__name__}; they are a tuple: (x,) for one argument")
    gradient = grad_and_value(func, tuple(range(len(primals))))
    _, product, value = jvp(lambda *args: gradient(*args), primals, tangents, has_aux=True)
    return value, product
