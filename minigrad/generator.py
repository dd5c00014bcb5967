"""The generator of random numbers that can be seeded again."""

from typing import Any

import numpy as np

from .device import device as as_device
from .errors import ArgumentError, DTypeError

__all__ = ["Generator"]


class Generator(np.random.Generator):
    """A `numpy.random.Generator` that can be seeded again, as `torch.Generator` can.

    >>> import minigrad as mg
    >>> g = mg.Generator().manual_seed(0)
    >>> int(g.integers(100)) == int(mg.Generator().manual_seed(0).integers(100))
    True
    """

    _seed: int

    def __init__(self, device: Any = "cpu") -> None:
        if isinstance(device, np.random.BitGenerator):  # how NumPy's spawn() makes more of the kind
            super().__init__(device)
            self._seed = 0
            return
        as_device(device)
        super().__init__(np.random.PCG64())
        self.seed()

    def manual_seed(self, seed: int) -> "Generator":
        """Start the stream that belongs to `seed`, an integer; negative ones count back from 2**64."""
        try:
            self._seed = seed.__index__()
        except (AttributeError, TypeError):
            raise DTypeError(f"manual_seed got {seed!r}, a {type(seed).__name__}; a seed is an integer") from None
        self.bit_generator.state = np.random.PCG64(self._seed % 2**64).state
        return self

    def seed(self) -> int:
        """Seed from the operating system's entropy and return the seed."""
        fresh = int(np.random.SeedSequence().generate_state(1, np.uint64)[0])
        self.manual_seed(fresh)
        return fresh

    def initial_seed(self) -> int:
        """The seed that the stream was started from."""
        return self._seed

    def get_state(self) -> dict[str, Any]:
        """The state of the stream, as NumPy's bit generator gives it."""
        return dict(self.bit_generator.state)

    def set_state(self, state: dict[str, Any]) -> None:
        """Go back to a state that `get_state` gave."""
        try:
            self.bit_generator.state = state
        except (TypeError, ValueError, KeyError, OverflowError) as error:
            raise ArgumentError(f"set_state got a {type(state).__name__}; it takes what get_state gave") from error

    # Pickling goes through NumPy's constructor, which does not know our class.
    def __reduce__(self) -> Any:
        return _restore, (self._seed, self.get_state())


def _restore(seed: int, state: dict[str, Any]) -> Generator:
    generator = Generator().manual_seed(seed)
    generator.set_state(state)
    return generator
