"""`Tensor`: NumPy arrays that remember how they were made.

The class is put together from mixins by topic: `core` (storage, tape, backward),
`operators` (+, @, [], …), `methods` (the named ones), `inplace` (with `views`),
`interop` (NumPy, Python numbers, copies) and `display`.
"""

from ..errors import DTypeError
from ..registry import lookup
from .core import TensorCore, edge_of, kept_graph, seeds_for
from .display import Display
from .inplace import InPlace
from .interop import Interop
from .methods import Methods
from .operators import Operators
from .views import Another, Array, Saved, Version, kept

__all__ = ["Another", "Array", "Saved", "Tensor", "Version", "edge_of", "kept", "kept_graph", "seeds_for"]


class Tensor(Operators, Methods, InPlace, Interop, Display, TensorCore):
    """An array of numbers that can remember how it was computed.

    Made by `minigrad.tensor` and the other creation functions rather than by
    calling the class. With `requires_grad`, operations on it are recorded, and
    `backward` of a scalar result fills `grad`.

    >>> import minigrad as mg
    >>> x = mg.tensor([[1., 2.], [3., 4.]], requires_grad=True)
    >>> (x ** 2).sum().backward()
    >>> x.grad
    tensor([[2., 4.],
            [6., 8.]])
    """

    __slots__ = ()

    def __new__(cls, *data: object) -> "Tensor":
        """PyTorch's constructor: of sizes, an uninitialised tensor; of lists or an array, their values in float32."""
        if data and all(isinstance(size, int) and not isinstance(size, bool) for size in data):
            return lookup("empty")(*data, dtype="float32").as_subclass(cls)  # type: ignore[no-any-return]
        if len(data) > 1:
            raise DTypeError(f"Tensor got {len(data)} arguments that are no sizes; use mg.tensor(values, dtype=…)")
        return lookup("tensor")(data[0] if data else [], dtype="float32").as_subclass(cls)  # type: ignore[no-any-return]
