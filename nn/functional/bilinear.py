"""Maps that are linear in each of their inputs."""

import math

import minigrad as mg
from minigrad.errors import DTypeError, ShapeError
from minigrad.registry import guarded


@guarded
def bilinear(input1: mg.Tensor, input2: mg.Tensor, weight: mg.Tensor, bias: mg.Tensor | None = None) -> mg.Tensor:
    """y_o = x₁ᵀ·W_o·x₂ + b_o: (*, in1), (*, in2), (out, in1, in2), (out) -> (*, out)

    Raises `ShapeError` where the shapes do not fit, `DTypeError` for mixed dtypes.

    >>> import minigrad as mg, nn.functional as F
    >>> F.bilinear(mg.tensor([1., 2.]), mg.tensor([3.]), mg.ones(2, 2, 1))
    tensor([9., 9.])
    """
    x1, x2, w = (mg.as_operand(one, "bilinear") for one in (input1, input2, weight))
    b = None if bias is None else mg.as_operand(bias, "bilinear")
    dtypes = [one.dtype for one in (x1, x2, w, b) if one is not None]
    if len(set(dtypes)) > 1:
        raise DTypeError(
            f"bilinear got operands of {', '.join(map(str, dtypes))}; convert them to one, for example t.float()"
        )
    if w.ndim != 3:
        raise ShapeError(f"bilinear got a weight of shape {w.shape}; it needs (out, in1, in2)")
    out, first, second = w.shape
    fits = x1.ndim and x2.ndim and x1.shape[:-1] == x2.shape[:-1] and (x1.shape[-1], x2.shape[-1]) == (first, second)
    if not fits:
        raise ShapeError(
            f"bilinear got inputs of shapes {x1.shape} and {x2.shape} with a weight of shape {w.shape}; their last "
            f"axes need {first} and {second} features, all axes before them are equal"
        )
    if b is not None and b.shape[:1] != (out,):
        raise ShapeError(f"bilinear got a bias of shape {b.shape} with a weight of shape {w.shape}; it needs ({out},)")
    batch = math.prod(x1.shape[:-1])
    left = mg.matmul(x1.reshape(batch, first), w.permute(1, 0, 2).reshape(first, out * second))
    y = mg.matmul(left.reshape(batch, out, second), x2.reshape(batch, second, 1)).reshape(*x1.shape[:-1], out)
    return y if b is None else y + b
