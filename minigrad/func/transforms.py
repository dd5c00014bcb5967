"""Functions made into their derivatives, in reverse mode: `grad`, `vjp`, `jacrev` and their kin.

Every transform records a call of its function from sources of its own (see
`recorded`) and pulls cotangents back. It switches recording on for that, whatever it
is outside, touches no `grad`, and hands out results that are on the tape only where
something outside asks: an argument, a cotangent, or a tensor that the function
takes from its surroundings.
"""

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

from ..creation import eye
from ..errors import ArgumentError, DTypeError, GradError
from ..mode import MODE, recording
from ..ops.joining import stack
from ..ops.shape import reshape
from ..tensor import Tensor
from .recorded import Recorded, fitting, zeros_of
from .tree import Structure, flatten, leaves_as, tensors_in, unflatten

__all__ = ["grad", "grad_and_value", "jacrev", "value_and_grad", "vjp"]

Argnums = int | tuple[int, ...]


# -------------------------------------------------------------- arguments


class Chosen:
    """The arguments of a call that are differentiated, as a list of tensors, and how to call with others."""

    def __init__(
        self, func: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any], argnums: Argnums, name: str
    ) -> None:
        numbers = (argnums,) if isinstance(argnums, int) and not isinstance(argnums, bool) else argnums
        if not isinstance(numbers, tuple) or not all(isinstance(one, int) for one in numbers):
            raise DTypeError(f"{name} got argnums={argnums!r}; it is an integer or a tuple of integers")
        places = [number + len(args) if number < 0 else number for number in numbers]
        for number, place in zip(numbers, places, strict=True):
            if not 0 <= place < len(args):
                raise ArgumentError(
                    f"{name} got argnums={argnums!r}, and the function was called with {len(args)} positional "
                    f"arguments: there is no argument {number}. Keyword arguments are never differentiated"
                )
        if not places or len(set(places)) < len(places):
            raise ArgumentError(f"{name} got argnums={argnums!r}; name at least one argument, and each once")
        self.func, self.args, self.kwargs, self.places = func, args, kwargs, places
        chosen = args[places[0]] if isinstance(argnums, int) else tuple(args[place] for place in places)
        self.several = not isinstance(argnums, int)
        self.leaves, self.structure = tensors_in(chosen, name)
        if not self.leaves:
            raise ArgumentError(f"{name}: the arguments to differentiate by hold no tensor")

    def call(self, leaves: Sequence[Tensor]) -> Any:
        """The function's value at other tensors."""
        chosen = unflatten(leaves, self.structure)
        args = list(self.args)
        for place, value in zip(self.places, chosen if self.several else [chosen], strict=True):
            args[place] = value
        return self.func(*args, **self.kwargs)


def split_aux(value: Any, has_aux: bool, name: str) -> tuple[Any, Any]:
    """The output and the auxiliary value of a function that returns both."""
    if not has_aux:
        return value, None
    if not isinstance(value, tuple) or len(value) != 2:
        raise DTypeError(f"{name} with has_aux=True: the function returned a {type(value).__name__}, not (output, aux)")
    return value


class Traced:
    """A recorded call, with its output and its auxiliary value as trees."""

    def __init__(self, chosen: Chosen, has_aux: bool, name: str, outer: bool | None = None) -> None:
        joined = MODE.get().recording if outer is None else outer
        self.recorded = Recorded(chosen.call, chosen.leaves, name, joined)
        self.chosen = chosen
        output, aux = split_aux(self.recorded.value, has_aux, name)
        self.outputs, self.structure = tensors_in(output, f"{name}: the function's output")
        self._aux, self._aux_structure = flatten(aux)
        self.recorded.ends_at(self.outputs, self._aux)

    def output(self) -> Any:
        """What the function returned, as the world outside sees it."""
        return unflatten([self.recorded.handed_out(one) for one in self.outputs], self.structure)

    def aux(self) -> Any:
        """The auxiliary value, likewise."""
        return unflatten([self.recorded.handed_out(one) for one in self._aux], self._aux_structure)

    def pulled(
        self, cotangents: Sequence[Tensor | None], keep: bool = True, record: bool | None = None
    ) -> list[Tensor]:
        """The cotangents of the inputs; zeros where nothing arrives."""
        record = self.recorded.records(*cotangents) if record is None else record
        found = self.recorded.pull(cotangents, record=record, keep=keep)
        return [
            zeros_of(tensor) if one is None else one for one, tensor in zip(found, self.recorded.inputs, strict=True)
        ]

    def pushed(self, tangents: Sequence[Tensor | None], record: bool | None = None) -> list[Tensor]:
        """The tangents of the outputs; zeros where nothing arrives."""
        record = self.recorded.records(*tangents) if record is None else record
        found = self.recorded.push(tangents, record=record)
        return [zeros_of(tensor) if one is None else one for one, tensor in zip(found, self.outputs, strict=True)]


# --------------------------------------------------------------- gradients


def _scalar(traced: Traced, name: str) -> Tensor:
    output = traced.outputs[0] if traced.outputs else None
    if output is None or traced.structure.kind is not None:
        raise DTypeError(
            f"{name}: the function returned {traced.structure}, where * is a tensor; it returns one tensor"
        )
    if output.shape or output.dtype.kind != "f":
        raise GradError(
            f"{name}: the function returned a tensor of shape {output.shape} and dtype {output.dtype}; a gradient is "
            "that of a floating scalar. Reduce it, for example by mean(), or use vjp or jacrev"
        )
    return output


def _gradient_and_value(name: str, func: Callable[..., Any], argnums: Argnums, has_aux: bool) -> Callable[..., Any]:
    def derived(*args: Any, **kwargs: Any) -> tuple[Any, Any, Any]:
        chosen = Chosen(func, args, kwargs, argnums, name)
        traced = Traced(chosen, has_aux, name)
        one = zeros_of(_scalar(traced, name)) + 1
        gradients = traced.pulled([one], keep=False)
        return unflatten(gradients, chosen.structure), traced.output(), traced.aux()

    return derived


def named_after(func: Callable[..., Any]) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """`functools.wraps` for anything that can be called."""
    return wraps(func) if hasattr(func, "__name__") else lambda made: made


def grad(func: Callable[..., Any], argnums: Argnums = 0, has_aux: bool = False) -> Callable[..., Any]:
    """The function that computes the gradient of `func`, which returns a scalar.

    `argnums` says by which positional arguments: an integer, or a tuple, for which a
    tuple of gradients comes. An argument may be a nested tuple, list or dictionary of
    tensors, and its gradient is one too. With `has_aux`, `func` returns (scalar, aux),
    and the new function (gradient, aux).

    (*n) -> (*n). Raises `GradError` for an output that is no scalar and for integer
    arguments, `DTypeError` for anything but tensors, `ArgumentError` for `argnums` that do not fit.

    >>> import minigrad as mg
    >>> cube = lambda x: x ** 3
    >>> mg.func.grad(cube)(mg.tensor(2.)), mg.func.grad(mg.func.grad(cube))(mg.tensor(2.))
    (tensor(12.), tensor(12.))
    """
    derived = _gradient_and_value("grad", func, argnums, has_aux)

    @named_after(func)
    def gradient_of(*args: Any, **kwargs: Any) -> Any:
        gradient, _, aux = derived(*args, **kwargs)
        return (gradient, aux) if has_aux else gradient

    return gradient_of


def grad_and_value(func: Callable[..., Any], argnums: Argnums = 0, has_aux: bool = False) -> Callable[..., Any]:
    """The function that computes (gradient, value), or (gradient, (value, aux)); otherwise as `grad`.

    >>> import minigrad as mg
    >>> mg.func.grad_and_value(lambda x: x ** 2)(mg.tensor(3.))
    (tensor(6.), tensor(9.))
    """
    derived = _gradient_and_value("grad_and_value", func, argnums, has_aux)

    @named_after(func)
    def both(*args: Any, **kwargs: Any) -> Any:
        gradient, value, aux = derived(*args, **kwargs)
        return gradient, ((value, aux) if has_aux else value)

    return both


def value_and_grad(func: Callable[..., Any], argnums: Argnums = 0, has_aux: bool = False) -> Callable[..., Any]:
    """The function that computes (value, gradient), or ((value, aux), gradient); otherwise as `grad`.

    >>> import minigrad as mg
    >>> mg.func.value_and_grad(lambda x: x ** 2)(mg.tensor(3.))
    (tensor(9.), tensor(6.))
    """
    derived = _gradient_and_value("value_and_grad", func, argnums, has_aux)

    @named_after(func)
    def both(*args: Any, **kwargs: Any) -> Any:
        gradient, value, aux = derived(*args, **kwargs)
        return ((value, aux) if has_aux else value), gradient

    return both


# ---------------------------------------------------------------- products


def _refuse_integer_outputs(traced: Traced, name: str) -> None:
    for tensor in traced.outputs:
        if tensor.dtype.kind != "f":
            raise GradError(
                f"{name}: the function returned a tensor of {tensor.dtype}, which has no derivative. Return it as aux "
                "with has_aux=True"
            )


def vjp(func: Callable[..., Any], *primals: Any, has_aux: bool = False) -> tuple[Any, ...]:
    """`func` at `primals`, and the function that pulls cotangents of its output back to them: v ↦ (Jᵀ·v₁, …).

    (output, vjp_fn), or (output, vjp_fn, aux) where `func` returns (output, aux).
    `vjp_fn` takes cotangents of the structure of the output, as one tree or, of an
    output that is a tuple, as several arguments; it returns a tuple with one entry
    for each primal. It can be called as often as wanted.

    Raises `GradError` for integers among primals or outputs, `DTypeError` for what is
    no tensor; `vjp_fn` `ArgumentError` or `ShapeError` for cotangents that do not fit.

    >>> import minigrad as mg
    >>> y, pull = mg.func.vjp(lambda a, b: a * b, mg.tensor(2.), mg.tensor(5.))
    >>> y, pull(mg.tensor(1.))
    (tensor(10.), (tensor(5.), tensor(2.)))
    """
    if not primals:
        raise ArgumentError("vjp got no primals; give the arguments to differentiate by after the function")
    traced = Traced(Chosen(func, primals, {}, tuple(range(len(primals))), "vjp"), has_aux, "vjp")
    _refuse_integer_outputs(traced, "vjp")

    def pull(*cotangents: Any, retain_graph: bool = True, create_graph: bool | None = None) -> Any:
        tree = cotangents[0] if len(cotangents) == 1 else cotangents
        given = leaves_as(tree, traced.structure, "vjp: the cotangents")
        seeds = [
            fitting(one, tensor, f"vjp: cotangent {number}")
            for number, (one, tensor) in enumerate(zip(given, traced.outputs, strict=True))
        ]
        found = traced.pulled(seeds, keep=retain_graph, record=create_graph)
        return unflatten(found, traced.chosen.structure)

    results = (traced.output(), pull)
    return (*results, traced.aux()) if has_aux else results


# ---------------------------------------------------------------- Jacobians


def unit_tensors(tensor: Tensor) -> list[Tensor]:
    """The standard basis of the tensors of its shape: one for each element."""
    size = tensor._array.size
    rows = eye(size, dtype=tensor.dtype)
    return [reshape(rows[number], tensor.shape) for number in range(size)]


def jacobian_tree(blocks: Sequence[Sequence[Tensor]], outputs: Structure, inputs: Structure) -> Any:
    """The blocks of a Jacobian, a list over the outputs of lists over the inputs, as a tree of trees."""
    return unflatten([unflatten(block, inputs) for block in blocks], outputs)


def rows(traced: Traced, number: int, record: bool) -> list[Tensor]:
    """The blocks of the Jacobian of one output: for each input a tensor of shape (*output, *input)."""
    output, inputs = traced.outputs[number], traced.recorded.inputs
    found = []
    for unit in unit_tensors(output):
        seeds: list[Tensor | None] = [None] * len(traced.outputs)
        seeds[number] = unit
        found.append(traced.pulled(seeds, record=record))
    if not found:
        return [zeros_of(tensor).new_zeros(output.shape + tensor.shape) for tensor in inputs]
    with recording(record):
        return [
            reshape(stack([row[place] for row in found]), output.shape + tensor.shape)
            for place, tensor in enumerate(inputs)
        ]


def jacrev(
    func: Callable[..., Any], argnums: Argnums = 0, *, has_aux: bool = False, chunk_size: int | None = None
) -> Callable[..., Any]:
    """The function that computes the Jacobian of `func` in reverse mode: one walk back for each element of the output.

    (*n) -> (*m, *n) for an output (*m). Of an output that is a nested tuple, list or
    dictionary the Jacobian is one too, with the structure of the arguments in place of
    each tensor. `argnums` and `has_aux` as in `grad`. `chunk_size` is accepted, and
    changes nothing. Raises as `vjp`.

    >>> import minigrad as mg
    >>> mg.func.jacrev(lambda x: x * x)(mg.tensor([1., 2.]))
    tensor([[2., 0.],
            [0., 4.]])
    """
    if chunk_size is not None and chunk_size <= 0:
        raise ArgumentError(f"jacrev got chunk_size={chunk_size}; it is at least 1")

    @named_after(func)
    def jacobian(*args: Any, **kwargs: Any) -> Any:
        chosen = Chosen(func, args, kwargs, argnums, "jacrev")
        traced = Traced(chosen, has_aux, "jacrev")
        _refuse_integer_outputs(traced, "jacrev")
        record = traced.recorded.records()
        blocks = [rows(traced, number, record) for number in range(len(traced.outputs))]
        found = jacobian_tree(blocks, traced.structure, chosen.structure)
        return (found, traced.aux()) if has_aux else found

    return jacobian
