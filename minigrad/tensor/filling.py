"""Filling a tensor with random numbers, in place."""

from typing import TYPE_CHECKING, Any

import numpy as np

from ..dtypes import as_dtype
from ..errors import ArgumentError, DTypeError
from ..random import chosen_generator
from ..registry import guarded, lookup
from ..silence import silent
from .core import TensorCore
from .inplace import writing

if TYPE_CHECKING:
    from . import Tensor


class Filling(TensorCore):
    """The distributions that a tensor can be filled from."""

    __slots__ = ()

    def _randomise(self, name: str, values: Any, whole: bool = False) -> "Tensor":
        if self.dtype.kind != "f" and not whole:
            raise DTypeError(f"{name} on a tensor of {self.dtype}: the values are fractions. Use a floating tensor")
        if writing(self, name, ()):
            lookup("assign")(self, ..., values.astype(self.dtype))
        else:
            with silent():
                np.copyto(self._array, values, casting="unsafe")
            self._storage.count += 1
        return self  # type: ignore[return-value]

    def uniform_(self, a: float = 0.0, b: float = 1.0, *, generator: Any = None, **words: float) -> "Tensor":
        """Fill with uniform values from [a, b); PyTorch's words for the bounds are `from` and `to`."""
        low, high = words.pop("from", a), words.pop("to", b)
        if words:
            raise DTypeError(f"uniform_ got {', '.join(words)}; it takes a and b (or from and to) and generator")
        return self._randomise("uniform_", lookup("uniform_array")(self.shape, low, high, self.dtype, generator))

    def normal_(self, mean: float = 0.0, std: float = 1.0, *, generator: Any = None) -> "Tensor":
        """Fill with normal values of the given mean and standard deviation."""
        return self._randomise("normal_", lookup("normal_array")(self.shape, mean, std, self.dtype, generator))

    @guarded
    def bernoulli_(self, p: float = 0.5, *, generator: Any = None) -> "Tensor":
        """Fill with ones with probability p, and zeros."""
        if not 0 <= p <= 1:
            raise ArgumentError(f"bernoulli_ got p={p}; it is a probability, from 0 to 1")
        uniform = lookup("uniform_array")(self.shape, 0.0, 1.0, as_dtype("float64"), generator)
        return self._randomise("bernoulli_", uniform < p, whole=True)

    @guarded
    def exponential_(self, lambd: float = 1, *, generator: Any = None) -> "Tensor":
        """Fill with exponentially distributed values of rate `lambd`."""
        if not lambd > 0:
            raise ArgumentError(f"exponential_ got lambd={lambd}; a rate is positive")
        with silent():
            values = chosen_generator(generator).exponential(size=self.shape) / lambd
        return self._randomise("exponential_", np.asarray(values))

    @guarded
    def log_normal_(self, mean: float = 1, std: float = 2, *, generator: Any = None) -> "Tensor":
        """Fill with values whose logarithms are normal, of the given mean and standard deviation."""
        if not std > 0:
            raise ArgumentError(f"log_normal_ got std={std}; it is positive")
        normal = lookup("normal_array")(self.shape, mean, std, as_dtype("float64"), generator)
        with silent():
            return self._randomise("log_normal_", np.exp(normal))

    @guarded
    def random_(self, *bounds: int, generator: Any = None, **words: Any) -> "Tensor":
        """Fill with whole numbers from `from` (0) to `to` − 1; without `to`, up to the largest of the dtype.

        Of a floating dtype that is the last of the whole numbers that it holds without gaps.
        """
        if len(bounds) > 2 or not words.keys() <= {"from", "to"}:
            raise DTypeError(f"random_ got {[*bounds, *words]}; it takes from and to, or to alone")
        if self.dtype.kind == "f":
            limit = 2 ** (np.finfo(self.dtype).nmant + 1) + 1
        else:
            limit = 2 if self.dtype.kind == "b" else int(np.iinfo(self.dtype).max) + 1
        low = words.get("from", bounds[0] if len(bounds) == 2 else 0)
        high = words.get("to", bounds[-1] if bounds else limit)
        with silent():
            inside = low < (limit if high is None else high) <= limit
        if not inside:
            raise ArgumentError(
                f"random_ from {low} to {high} in a tensor of {self.dtype}, which holds up to {limit - 1}"
            )
        values = chosen_generator(generator).integers(low, limit if high is None else high, self.shape)
        return self._randomise("random_", np.asarray(values), whole=True)
