"""The same computation in minigrad and in PyTorch: values, dtypes, first and second derivatives."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import hypothesis
import numpy as np
import torch

import minigrad as mg
from tests.samples import normal as normal
from tests.samples import positive as positive
from tests.samples import whole as whole

LOOSE = {"rtol": 1e-4, "atol": 1e-5}


def drawn(examples: int) -> Callable[[Any], Any]:
    """A property test of that many examples, the same ones on every run."""
    return hypothesis.settings(max_examples=examples, derandomize=True, database=None, deadline=None)


# ------------------------------------------------------------ single results


def dtype_name(tensor: Any) -> str:
    """The element type of either library's tensor, by name."""
    return str(tensor.dtype).removeprefix("torch.")


def array_of(tensor: Any) -> np.ndarray:
    """The values of either library's tensor."""
    return np.array(tensor.detach().numpy(force=True))


def assert_close(ours: Any, theirs: Any, what: str, rtol: float, atol: float) -> None:
    """Equal shapes and values, NaN and infinities included; `atol` counts in units of the largest value, up to 1000."""
    left, right = np.asarray(ours), np.asarray(theirs)
    assert left.shape == right.shape, f"{what}: minigrad {left.shape}, PyTorch {right.shape}"
    if right.dtype.kind == "f":
        finite = np.abs(right[np.isfinite(right)])
        scale = float(np.clip(finite.max(initial=1), 1, 1000))
        agree = np.isclose(left, right, rtol=rtol, atol=atol * scale, equal_nan=True)
    else:
        agree = left == right
    if not agree.all():
        wrong = [tuple(map(int, index)) for index in np.argwhere(~agree)]
        first = ", ".join(f"{index}: minigrad {left[index]}, PyTorch {right[index]}" for index in wrong[:4])
        raise AssertionError(f"{what} differs at {len(wrong)} of {right.size} places: {first}")


def leaves(result: Any) -> list[Any]:
    """The tensors, numbers and None in nested tuples and lists, in order."""
    if isinstance(result, tuple | list):
        return [leaf for one in result for leaf in leaves(one)]
    return [result]


def assert_same(ours: Any, theirs: Any, what: str = "output", rtol: float = 1e-9, atol: float = 1e-11) -> None:
    """The same structure, shapes, dtypes and values."""
    left, right = leaves(ours), leaves(theirs)
    assert len(left) == len(right), f"{what}: minigrad gives {len(left)} results, PyTorch {len(right)}"
    for number, (a, b) in enumerate(zip(left, right, strict=True)):
        label = f"{what} {number}" if len(left) > 1 else what
        if not isinstance(b, torch.Tensor):
            assert not isinstance(a, mg.Tensor), f"{label}: minigrad gives a tensor, PyTorch {b!r}"
            assert a == b, f"{label}: minigrad {a!r}, PyTorch {b!r}"
            continue
        assert isinstance(a, mg.Tensor), f"{label}: minigrad gives {a!r}, PyTorch a tensor"
        assert dtype_name(a) == dtype_name(b), f"{label}: minigrad {dtype_name(a)}, PyTorch {dtype_name(b)}"
        assert_close(array_of(a), array_of(b), label, rtol, atol)


# ------------------------------------------------------------------ operands


def _as_array(value: Any) -> Any:
    """A NumPy scalar, as indexing an array to the end gives it, as a 0-d array."""
    return np.asarray(value) if isinstance(value, np.generic) else value


def ours_of(value: Any) -> Any:
    """A NumPy array as a minigrad tensor, which requires gradients if it is floating; all else as it is."""
    value = _as_array(value)
    if isinstance(value, np.ndarray):
        return mg.tensor(value, requires_grad=value.dtype.kind == "f")
    return value


def theirs_of(value: Any) -> Any:
    """A NumPy array as a PyTorch tensor, which requires gradients if it is floating; all else as it is."""
    value = _as_array(value)
    if isinstance(value, np.ndarray):
        return torch.from_numpy(value.copy()).requires_grad_(value.dtype.kind == "f")
    return value


def leaf(library: Any, *shape: int, seed: int = 0) -> Any:
    """Normal values as a leaf of either library that requires gradients."""
    return library.tensor(normal(*shape, seed=seed), requires_grad=True)


def as_single(value: Any) -> Any:
    """float64 arrays as float32."""
    if not isinstance(value, np.ndarray | np.generic) or value.dtype != np.float64:
        return value
    with np.errstate(all="ignore"):
        return value.astype(np.float32)


# --------------------------------------------------------------- derivatives


class Run(NamedTuple):
    """What one library made of a function: its result, what of that is on the tape, and each order's gradients."""

    result: Any
    on_tape: list[bool]
    gradients: list[list[np.ndarray]]
    dtypes: list[list[tuple[str, str | None]]]  # of each operand and its gradient


class Library(NamedTuple):
    """What the comparison needs of one of the two libraries."""

    operand: Callable[[Any], Any]
    kind: type
    grad: Callable[..., Any]

    def derive(self, outputs: Sequence[Any], points: Sequence[Any], seeds: Sequence[Any]) -> list[Any]:
        """One gradient per point, recorded; None where the outputs do not depend on it."""
        chosen = [(y, v) for y, v in zip(outputs, seeds, strict=True) if y.requires_grad]
        if not chosen or not points:
            return [None] * len(points)
        ys, vs = zip(*chosen, strict=True)
        return list(self.grad(ys, points, vs, create_graph=True, allow_unused=True))

    def run(
        self, function: Callable[..., Any], arrays: Sequence[Any], order: int, parameters: Sequence[Any] = ()
    ) -> Run:
        """Call the function; differentiate by its floating operands and by the parameters that it reads besides."""
        operands = [self.operand(value) for value in arrays]
        points = [one for one in operands if isinstance(one, self.kind) and one.requires_grad]
        points += [one for one in parameters if one.requires_grad]
        result = function(*operands)
        outputs = [y for y in leaves(result) if isinstance(y, self.kind) and np.dtype(dtype_name(y)).kind == "f"]
        run = Run(result, [y.requires_grad for y in outputs], [], [])
        numbered = list(enumerate(outputs))
        for depth in range(order):
            seeds = [self.operand(seed_like(y, 100 * depth + number)) for number, y in numbered]
            gradients = self.derive([y for _, y in numbered], points, seeds)
            run.gradients.append(
                [np.zeros(tuple(p.shape)) if g is None else array_of(g) for g, p in zip(gradients, points, strict=True)]
            )
            run.dtypes.append(
                [(dtype_name(p), None if g is None else dtype_name(g)) for g, p in zip(gradients, points, strict=True)]
            )
            # The next order: the projected gradient, as a function of the points so far and of the cotangents.
            points = [*points, *seeds]
            numbered = [(number, g) for number, g in enumerate(gradients) if g is not None]
        return run


def seed_like(tensor: Any, seed: int) -> np.ndarray:
    """A random cotangent for either library's tensor."""
    return normal(*tensor.shape, seed=1000 + seed).astype(dtype_name(tensor))


OURS = Library(ours_of, mg.Tensor, mg.autograd.grad)
THEIRS = Library(theirs_of, torch.Tensor, torch.autograd.grad)


def compare_runs(left: Run, right: Run, what: str, rtol: float, atol: float) -> None:
    """The same results and gradients; each gradient of minigrad's has the dtype of its operand."""
    assert_same(left.result, right.result, f"{what}output", rtol, atol)
    assert left.on_tape == right.on_tape, f"requires_grad: minigrad {left.on_tape}, PyTorch {right.on_tape}"
    for depth, (ours, theirs) in enumerate(zip(left.gradients, right.gradients, strict=True)):
        for number, (g, h) in enumerate(zip(ours, theirs, strict=True)):
            assert_close(g, h, f"{what}derivative of order {depth + 1}, operand {number}", rtol, atol * 10**depth)
    for operand, gradient in [pair for order in left.dtypes for pair in order]:
        assert gradient in (None, operand), f"{what}a gradient of {gradient} for an operand of {operand}"


def compare(
    ours: Callable[..., Any],
    theirs: Callable[..., Any],
    *arrays: Any,
    order: int = 2,
    single: bool = True,
    rtol: float = 1e-9,
    atol: float = 1e-11,
) -> None:
    """Both functions of the same operands agree, with their derivatives up to `order`.

    Floating NumPy arrays become leaves that require gradients, other arrays
    constants, anything else is passed on. Derivatives are compared by random
    cotangents; the second order is the gradient of the projected gradient with
    respect to the inputs and the cotangents. With `single`, float32 operands
    follow: the same dtypes, and values and gradients that agree loosely.
    """
    compare_runs(OURS.run(ours, arrays, order), THEIRS.run(theirs, arrays, order), "", rtol, atol)
    narrow = [as_single(one) for one in arrays]
    if single and any(a is not b for a, b in zip(arrays, narrow, strict=True)):
        depth = min(order, 1)
        compare_runs(OURS.run(ours, narrow, depth), THEIRS.run(theirs, narrow, depth), "float32 ", **LOOSE)


# ------------------------------------------------- the same call on both sides


def both(
    name: str, *arguments: Any, of: tuple[Any, Any] = (mg, torch), **options: Any
) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """The function of that name of both libraries, with more arguments behind the operands."""
    ours, theirs = (lambda *operands, side=side: getattr(side, name)(*operands, *arguments, **options) for side in of)
    return ours, theirs


def functional(name: str, *arguments: Any, **options: Any) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """The function of that name of both `nn.functional`."""
    return both(name, *arguments, of=(mg.nn.functional, torch.nn.functional), **options)


def method(name: str, *arguments: Any, **options: Any) -> Callable[..., Any]:
    """The method of that name of the first operand, with the other operands and more arguments behind them."""
    return lambda tensor, *operands: getattr(tensor, name)(*operands, *arguments, **options)


def same(function: Callable[..., Any], *arrays: Any, **options: Any) -> None:
    """An expression in methods and operators means the same in both libraries."""
    compare(function, function, *arrays, **options)


def agree(run: Callable[[Any], Any], rtol: float = 1e-9, atol: float = 1e-11) -> None:
    """What `run` makes of a library is the same for both: tensors, numbers and texts, nested in tuples and lists."""
    assert_same(run(mg), run(torch), "result", rtol, atol)


def refusal(call: Callable[[], Any], library: str) -> Exception:
    """The error that `call` raises."""
    try:
        result = call()
    except Exception as error:
        return error
    raise AssertionError(f"{library} computes {result!r}")


def both_refuse(
    ours: Callable[[], Any], theirs: Callable[[], Any], kind: type[Exception] = mg.errors.MinigradError
) -> None:
    """Neither library computes this; minigrad's refusal is one of its own errors, and also of `kind`."""
    refusal(theirs, "PyTorch")
    error = refusal(ours, "minigrad")
    assert isinstance(error, mg.errors.MinigradError), f"minigrad raised {error!r}, not an error of its own"
    assert isinstance(error, kind), f"minigrad raised {error!r}, which is no {kind.__name__}"
