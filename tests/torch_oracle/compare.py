"""The same computation in minigrad and in PyTorch: values, dtypes, first and second derivatives."""

from collections.abc import Callable, Sequence
from typing import Any

import hypothesis
import numpy as np
import torch

import minigrad as mg

LOOSE = {"rtol": 2e-4, "atol": 2e-5}


def drawn(examples: int) -> Callable[[Any], Any]:
    """A property test of that many examples, the same ones on every run."""
    return hypothesis.settings(max_examples=examples, derandomize=True, database=None, deadline=None)


def normal(*shape: int, seed: int = 0) -> np.ndarray:
    """Normal float64 values."""
    return np.random.default_rng([seed, *shape]).standard_normal(shape)


def positive(*shape: int, seed: int = 0) -> np.ndarray:
    """Values from [0.5, 2)."""
    return np.random.default_rng([seed, *shape]).uniform(0.5, 2, shape)


def whole(low: int, high: int, *shape: int, seed: int = 0) -> np.ndarray:
    """Integers from low to high − 1."""
    return np.random.default_rng([seed, *shape]).integers(low, high, shape)


# ------------------------------------------------------------ single results


def dtype_name(tensor: Any) -> str:
    """The element type of either library's tensor, by name."""
    return str(tensor.dtype).removeprefix("torch.")


def array_of(tensor: Any) -> np.ndarray:
    """The values of either library's tensor."""
    return np.array(tensor.detach().numpy(force=True))


def assert_close(ours: Any, theirs: Any, what: str, rtol: float, atol: float) -> None:
    """Equal shapes and values, NaN and infinities included; `atol` counts in units of the largest value."""
    left, right = np.asarray(ours), np.asarray(theirs)
    assert left.shape == right.shape, f"{what}: minigrad {left.shape}, PyTorch {right.shape}"
    if right.dtype.kind == "f":
        finite = np.abs(right[np.isfinite(right)])
        scale = max(1.0, float(finite.max())) if finite.size else 1.0
        agree = np.isclose(left, right, rtol=rtol, atol=atol * min(scale, 1e100), equal_nan=True)
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


class Library:
    """What the comparison needs of one of the two libraries."""

    def __init__(self, operand: Callable[[Any], Any], kind: type, grad: Callable[..., Any], constant: Any) -> None:
        self.operand = operand
        self.kind = kind
        self.grad = grad
        self.constant = constant

    def leaf(self, array: np.ndarray) -> Any:
        return self.operand(array)

    def gradients(self, outputs: Sequence[Any], inputs: Sequence[Any], seeds: Sequence[Any]) -> list[Any]:
        """One gradient per input, recorded; None where the outputs do not depend on it."""
        chosen = [(y, v) for y, v in zip(outputs, seeds, strict=True) if y.requires_grad]
        if not chosen or not inputs:
            return [None] * len(inputs)
        ys, vs = zip(*chosen, strict=True)
        return list(self.grad(ys, inputs, vs, create_graph=True, allow_unused=True))

    def run(self, function: Callable[..., Any], arrays: Sequence[Any], order: int) -> dict[str, Any]:
        """The outputs, and for each order of derivative the gradients as arrays."""
        operands = [self.operand(value) for value in arrays]
        inputs = [one for one in operands if isinstance(one, self.kind) and one.requires_grad]
        result = function(*operands)
        outputs = [y for y in leaves(result) if isinstance(y, self.kind) and np.dtype(dtype_name(y)).kind == "f"]
        found = {"result": result, "outputs": outputs, "inputs": inputs, "orders": []}
        seeds = [self.leaf(seed_like(y, 10 + number)) for number, y in enumerate(outputs)]
        values, points = outputs, inputs
        for depth in range(order):
            gradients = self.gradients(values, points, seeds)
            found["orders"].append(
                [np.zeros(tuple(p.shape)) if g is None else array_of(g) for g, p in zip(gradients, points, strict=True)]
            )
            found.setdefault("dtypes", []).append([None if g is None else dtype_name(g) for g in gradients])
            # The next order: the projected gradient, as a function of the inputs and of the cotangents.
            points = [*points, *seeds]
            values = [g for g in gradients if g is not None]
            numbers_of = [number for number, g in enumerate(gradients) if g is not None]
            seeds = [self.leaf(seed_like(g, 100 * (depth + 1) + n)) for n, g in zip(numbers_of, values, strict=True)]
        return found


def seed_like(tensor: Any, seed: int) -> np.ndarray:
    """A random cotangent for either library's tensor."""
    shape = tuple(tensor.shape)
    return np.random.default_rng([seed, *shape]).standard_normal(shape).astype(dtype_name(tensor))


OURS = Library(ours_of, mg.Tensor, mg.autograd.grad, mg.tensor)
THEIRS = Library(theirs_of, torch.Tensor, torch.autograd.grad, torch.tensor)


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
    left, right = OURS.run(ours, arrays, order), THEIRS.run(theirs, arrays, order)
    assert_same(left["result"], right["result"], rtol=rtol, atol=atol)
    on_tape = [[y.requires_grad for y in side["outputs"]] for side in (left, right)]
    assert on_tape[0] == on_tape[1], f"requires_grad of the outputs: minigrad {on_tape[0]}, PyTorch {on_tape[1]}"
    for depth, (a, b) in enumerate(zip(left["orders"], right["orders"], strict=True), 1):
        for number, (g, h) in enumerate(zip(a, b, strict=True)):
            assert_close(g, h, f"derivative of order {depth}, operand {number}", rtol, atol * 10 ** (depth - 1))
    if single and any(as_single(one) is not one for one in arrays):
        narrow = [as_single(one) for one in arrays]
        depth = min(order, 1)
        left, right = OURS.run(ours, narrow, depth), THEIRS.run(theirs, narrow, depth)
        assert_same(left["result"], right["result"], "float32 output", **LOOSE)
        for a, b in zip(left["orders"], right["orders"], strict=True):
            for number, (g, h) in enumerate(zip(a, b, strict=True)):
                assert_close(g, h, f"float32 gradient of operand {number}", **LOOSE)
        for kinds, inputs in zip(left.get("dtypes", []), [left["inputs"]], strict=False):
            for kind, point in zip(kinds, inputs, strict=True):
                assert kind in (None, dtype_name(point)), f"a gradient of {kind} for an operand of {dtype_name(point)}"


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
