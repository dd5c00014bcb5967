"""Jacobians, Hessians and their products at given inputs, under the names of torch.autograd.functional.

Each calls the function once and returns numbers; `minigrad.func` has the transforms, which
return functions. What comes back is on the tape only with `create_graph`, and as far
as the inputs, or what else the function uses, require gradients. With `strict`, an
output that does not depend on an input is an error rather than a zero.
"""

from collections.abc import Callable
from typing import Any

from ..errors import ArgumentError, DTypeError, GradError
from ..func.forward import columns
from ..func.recorded import fitting, zeros_of
from ..func.transforms import Chosen, Traced, jacobian_tree, rows
from ..tensor import Tensor

__all__ = ["hessian", "hvp", "jacobian", "jvp", "vhp", "vjp"]

_STRATEGIES = ("reverse-mode", "forward-mode")


# ------------------------------------------------------ what comes in and goes out


def _tuple_of_tensors(given: Any, what: str) -> tuple[Tensor, ...]:
    listed = given if isinstance(given, tuple) else (given,)
    for one in listed:
        if not isinstance(one, Tensor):
            raise DTypeError(f"{what}: a {type(one).__name__} arrived; give a tensor or a tuple of tensors")
    if not listed:
        raise ArgumentError(f"{what}: an empty tuple arrived; give at least one tensor")
    return listed


class _Run:
    """One call of the function, recorded, with what the caller wants to come back."""

    def __init__(self, func: Callable[..., Any], inputs: Any, name: str, create_graph: bool, strict: bool) -> None:
        points = _tuple_of_tensors(inputs, f"{name}: the inputs")
        self.name = name
        self.several = isinstance(inputs, tuple)
        self.create_graph = create_graph
        self.strict = strict

        def called(*args: Tensor) -> Any:
            value = func(*args)
            _tuple_of_tensors(value, f"{name}: what the function returned")
            return value

        self.traced = Traced(Chosen(called, points, {}, tuple(range(len(points))), name), False, name, create_graph)
        self.asked = self.traced.recorded.asked
        self.inputs, self.outputs = self.traced.recorded.inputs, self.traced.outputs
        if strict:
            self._check_dependence(self.traced.recorded.dependence())

    def _check_dependence(self, reached: list[list[bool]]) -> None:
        """Refuse an input or output that stands alone, and for a Jacobian every pair without a connection."""
        for number, flags in enumerate(reached):
            for place, flag in enumerate(flags):
                alone = not any(flags) or not any(row[place] for row in reached)
                if not flag and (alone or self.name in ("jacobian", "hessian, of the gradient")):
                    raise GradError(
                        f"{self.name}: output {number} of the function does not depend on input {place}, which strict "
                        "forbids. Without strict the derivative is 0"
                    )

    def records(self, *vectors: Tensor) -> bool:
        """Whether the results are computed on the tape; with `strict` also to see whether they depend on the inputs."""
        return self.create_graph and (self.asked or self.strict or any(v.requires_grad for v in vectors))

    def finished(self, results: list[Tensor], vectors: tuple[Tensor, ...] = ()) -> list[Tensor]:
        """The derivatives as they are handed out."""
        if self.strict and self.create_graph:
            for number, result in enumerate(results):
                if not result.requires_grad:
                    raise GradError(
                        f"{self.name}: with create_graph, strict forbids a derivative (here that for input {number}) "
                        "which does not depend on the inputs: its own derivative would be 0"
                    )
        keep = self.create_graph and (self.asked or any(v.requires_grad for v in vectors))
        return results if keep else [result.detach() for result in results]

    def output(self) -> Any:
        """What the function returned."""
        return self.traced.output()

    def like_inputs(self, results: list[Tensor]) -> Any:
        """A tuple where the inputs came as one."""
        return tuple(results) if self.several else results[0]

    def vectors(self, given: Any, tensors: list[Tensor], alone: bool, whose: str) -> tuple[Tensor, ...]:
        """The vector v in parts that fit `tensors`; where it is missing, 1 for a single number."""
        if given is None:
            if not alone or len(tensors) != 1 or tensors[0]._array.size != 1:
                raise GradError(f"{self.name} got no v; it may be missing only where the {whose} is a single number")
            return (zeros_of(tensors[0]) + 1,)
        listed = _tuple_of_tensors(given, f"{self.name}: v")
        if len(listed) != len(tensors):
            raise GradError(f"{self.name} got a v of {len(listed)} tensors for the {len(tensors)} of the {whose}")
        found = [
            fitting(one, tensor, f"{self.name}: tensor {number} of v")
            for number, (one, tensor) in enumerate(zip(listed, tensors, strict=True))
        ]
        return tuple(found if self.create_graph else [one.detach() for one in found])


# --------------------------------------------------------------- first derivatives


def jacobian(
    func: Callable[..., Any],
    inputs: Any,
    create_graph: bool = False,
    strict: bool = False,
    vectorize: bool = False,
    strategy: str = "reverse-mode",
) -> Any:
    """The Jacobian of `func`, a function of tensors that returns a tensor or a tuple of them, at `inputs`.

    (*n) -> (*m, *n) for an output (*m); a tuple over the outputs of tuples over the inputs, where
    there are tuples. `strategy` 'forward-mode' takes a pass for each element of the
    inputs, 'reverse-mode' for each of the output. `vectorize` changes nothing.

    Raises `GradError` for integer inputs and where `strict` finds no dependence, `DTypeError`
    for anything but tensors, `ArgumentError` for an unknown strategy.

    >>> import minigrad as mg
    >>> mg.autograd.functional.jacobian(lambda x: x * x, mg.tensor([1., 2.]))
    tensor([[2., 0.],
            [0., 4.]])
    """
    if strategy not in _STRATEGIES:
        raise ArgumentError(f"jacobian got strategy={strategy!r}; it is 'reverse-mode' or 'forward-mode'")
    return _jacobian(func, inputs, create_graph, strict, strategy, "jacobian")


def _jacobian(func: Callable[..., Any], inputs: Any, create_graph: bool, strict: bool, strategy: str, name: str) -> Any:
    run = _Run(func, inputs, name, create_graph, strict)
    reverse = strategy == "reverse-mode"
    record = run.records()
    if reverse:
        blocks = [rows(run.traced, number, record) for number in range(len(run.outputs))]
    else:
        found = [columns(run.traced, number, record) for number in range(len(run.inputs))]
        blocks = [list(block) for block in zip(*found, strict=True)]
    blocks = [run.finished(block) for block in blocks]
    trees = jacobian_tree(blocks, run.traced.structure, run.traced.chosen.structure)
    if run.several:
        return trees
    return tuple(tree[0] for tree in trees) if run.traced.structure.kind is tuple else trees[0]


def vjp(
    func: Callable[..., Any], inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False
) -> tuple[Any, Any]:
    """(output, Jᵀ·v): a cotangent of the output pulled back to the inputs, in reverse mode.

    `v` has the shapes of the output, and may be left out for a single number. Raises as
    `jacobian`, and `GradError` or `ShapeError` for a `v` that does not fit.

    >>> import minigrad as mg
    >>> mg.autograd.functional.vjp(lambda x: x * x, mg.tensor([1., 2.]), mg.tensor([1., 1.]))
    (tensor([1., 4.]), tensor([2., 4.]))
    """
    run = _Run(func, inputs, "vjp", create_graph, strict)
    alone = run.traced.structure.kind is None
    vectors = run.vectors(v, run.outputs, alone, "output")
    found = run.finished(run.traced.pulled(vectors, record=run.records(*vectors)), vectors)
    return run.output(), run.like_inputs(found)


def jvp(
    func: Callable[..., Any], inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False
) -> tuple[Any, Any]:
    """(output, J·v): a tangent of the inputs pushed forward to the output, in forward mode.

    `v` has the shapes of the inputs, and may be left out for a single number. Raises as `vjp`.

    >>> import minigrad as mg
    >>> mg.autograd.functional.jvp(lambda x: x * x, mg.tensor([1., 2.]), mg.tensor([1., 1.]))
    (tensor([1., 4.]), tensor([2., 4.]))
    """
    run = _Run(func, inputs, "jvp", create_graph, strict)
    vectors = run.vectors(v, run.inputs, True, "input")
    found = run.finished(run.traced.pushed(vectors, run.records(*vectors)), vectors)
    return run.output(), tuple(found) if run.traced.structure.kind is tuple else found[0]


# -------------------------------------------------------------- second derivatives


def _single(func: Callable[..., Any], name: str) -> Callable[..., Tensor]:
    """`func`, of which a tensor with one element is required; it comes as a scalar."""

    def called(*args: Tensor) -> Tensor:
        value = func(*args)
        if not isinstance(value, Tensor) or value._array.size != 1:
            what = f"a tensor of shape {value.shape}" if isinstance(value, Tensor) else f"a {type(value).__name__}"
            raise GradError(f"{name}: the function returned {what}; second derivatives are taken of a single number")
        return value

    return called


class _Gradient:
    """The gradient of a function as a function, which remembers the function's value."""

    def __init__(self, func: Callable[..., Any], name: str, strict: bool) -> None:
        self.func, self.name, self.strict = _single(func, name), name, strict
        self.value: Any = None

    def __call__(self, *points: Tensor) -> tuple[Tensor, ...]:
        run = _Run(self.func, points, self.name, True, self.strict)
        self.value = run.outputs[0]
        found = run.traced.pulled([zeros_of(self.value) + 1], record=True)
        for number, gradient in enumerate(found if self.strict else ()):
            if not gradient.requires_grad:
                raise GradError(
                    f"{self.name}: the gradient for input {number} does not depend on the inputs, which strict "
                    "forbids. Without strict the second derivative is 0"
                )
        return tuple(found)


def hessian(
    func: Callable[..., Any],
    inputs: Any,
    create_graph: bool = False,
    strict: bool = False,
    vectorize: bool = False,
    outer_jacobian_strategy: str = "reverse-mode",
) -> Any:
    """The second derivatives at `inputs` of `func`, which returns a single number.

    (*n) -> (*n, *n); tuples of tuples where the inputs are a tuple. The gradient is taken
    in reverse mode, and its Jacobian by `outer_jacobian_strategy`. `vectorize` changes nothing. Raises as `jacobian`.

    >>> import minigrad as mg
    >>> mg.autograd.functional.hessian(lambda x: (x ** 3).sum(), mg.tensor([1., 2.]))
    tensor([[ 6.,  0.],
            [ 0., 12.]])
    """
    if outer_jacobian_strategy not in _STRATEGIES:
        raise ArgumentError(
            f"hessian got outer_jacobian_strategy={outer_jacobian_strategy!r}; it is 'reverse-mode' or 'forward-mode'"
        )
    points = _tuple_of_tensors(inputs, "hessian: the inputs")
    gradient = _Gradient(func, "hessian", strict)
    found = _jacobian(gradient, points, create_graph, strict, outer_jacobian_strategy, "hessian, of the gradient")
    return found if isinstance(inputs, tuple) else found[0][0]


def _second(
    func: Callable[..., Any], inputs: Any, v: Any, create_graph: bool, strict: bool, name: str
) -> tuple[_Run, Any, tuple[Tensor, ...]]:
    """The recorded gradient, the function's value, and v."""
    points = _tuple_of_tensors(inputs, f"{name}: the inputs")
    gradient = _Gradient(func, name, strict)
    run = _Run(gradient, points, name, create_graph, False)
    run.strict, run.several = strict, isinstance(inputs, tuple)
    value = run.traced.recorded.handed_out(gradient.value)
    return run, value, run.vectors(v, run.inputs, True, "input")


def vhp(
    func: Callable[..., Any], inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False
) -> tuple[Any, Any]:
    """(output, vᵀ·H) of a function that returns a single number, in reverse mode twice. Raises as `vjp`.

    >>> import minigrad as mg
    >>> mg.autograd.functional.vhp(lambda x: (x ** 3).sum(), mg.tensor([1., 2.]), mg.tensor([1., 0.]))
    (tensor(9.), tensor([6., 0.]))
    """
    run, value, vectors = _second(func, inputs, v, create_graph, strict, "vhp")
    found = run.finished(run.traced.pulled(vectors, record=run.records(*vectors)), vectors)
    return value, run.like_inputs(found)


def hvp(
    func: Callable[..., Any], inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False
) -> tuple[Any, Any]:
    """(output, H·v) of a function that returns a single number, in forward mode over reverse mode. Raises as `vjp`.

    >>> import minigrad as mg
    >>> mg.autograd.functional.hvp(lambda x: (x ** 3).sum(), mg.tensor([1., 2.]), mg.tensor([1., 0.]))
    (tensor(9.), tensor([6., 0.]))
    """
    run, value, vectors = _second(func, inputs, v, create_graph, strict, "hvp")
    found = run.finished(run.traced.pushed(vectors, run.records(*vectors)), vectors)
    return value, run.like_inputs(found)
