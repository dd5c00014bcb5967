"""All parameters as one vector, and back."""

import math
from collections.abc import Iterable

import minigrad as mg
from minigrad.errors import ArgumentError, DTypeError, ShapeError
from minigrad.registry import guarded

from .clipping import listed

__all__ = ["parameters_to_vector", "vector_to_parameters"]


@guarded
def parameters_to_vector(parameters: Iterable[mg.Tensor]) -> mg.Tensor:
    """The elements of all parameters, one after another; on the tape.

    Raises `ArgumentError` where there are none.

    >>> import minigrad as mg, nn
    >>> nn.utils.parameters_to_vector([mg.ones(2, 1), mg.zeros(1)])
    tensor([1., 1., 0.])
    """
    parts = [parameter.reshape(-1) for parameter in listed(parameters, "parameters_to_vector")]
    if not parts:
        raise ArgumentError("parameters_to_vector got no parameters. Was the generator of parameters() used up before?")
    return mg.cat(parts)


@guarded
def vector_to_parameters(vec: mg.Tensor, parameters: Iterable[mg.Tensor]) -> None:
    """Let the parameters be pieces of `vec`, in order and in their own shapes; they share its memory from then on.

    A surplus of elements is passed over. Raises `DTypeError` for what is no tensor,
    `ShapeError` where there are too few elements; nothing has been changed then.

    >>> import minigrad as mg, nn
    >>> w = nn.Parameter(mg.zeros(2)); nn.utils.vector_to_parameters(mg.tensor([1., 2.]), [w]); w.tolist()
    [1.0, 2.0]
    """
    if not isinstance(vec, mg.Tensor):
        raise DTypeError(
            f"vector_to_parameters got a {type(vec).__name__}; it takes a tensor, such as mg.tensor(values)"
        )
    parameters = listed(parameters, "vector_to_parameters")
    sizes = [math.prod(parameter.shape) for parameter in parameters]
    if vec.ndim != 1 or vec.shape[0] < sum(sizes):
        raise ShapeError(
            f"vector_to_parameters got a vector of shape {vec.shape} for parameters with {sum(sizes)} elements; it "
            "takes what parameters_to_vector gave of the same parameters"
        )
    start = 0
    for parameter, size in zip(parameters, sizes, strict=True):
        parameter.data = vec.detach()[start : start + size].reshape(parameter.shape)
        start += size
