"""Random numbers: one generator per thread, seeded by `manual_seed`.

NumPy's global random state is never read or written. Every random function of
the library takes `generator=`; without it, the calling thread's own generator
is used, so two threads that seed themselves get the bits they would get alone.
"""

import threading
from typing import Any

import numpy as np

from .device import device as as_device
from .errors import DTypeError

__all__ = ["Generator", "chosen_generator", "default_generator", "initial_seed", "manual_seed", "seed"]


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
        self.bit_generator.state = state

    # Pickling goes through NumPy's constructor, which does not know our class.
    def __reduce__(self) -> Any:
        return _restore, (self._seed, self.get_state())


def _restore(seed: int, state: dict[str, Any]) -> Generator:
    generator = Generator().manual_seed(seed)
    generator.set_state(state)
    return generator


class _PerThread(threading.local):
    def __init__(self) -> None:
        self.generator = Generator()


_threads = _PerThread()


def default_generator() -> Generator:
    """The calling thread's generator, used wherever no `generator=` is given.

    >>> import minigrad as mg
    >>> mg.default_generator() is mg.manual_seed(0)
    True
    """
    return _threads.generator


def chosen_generator(generator: np.random.Generator | None) -> np.random.Generator:
    """Return the generator to draw from: the given one, or the calling thread's."""
    if generator is None:
        return default_generator()
    if not isinstance(generator, np.random.Generator):
        raise DTypeError(
            f"generator={generator!r} arrived, a {type(generator).__name__}; give minigrad.Generator().manual_seed(0) "
            "or numpy.random.default_rng(0)"
        )
    return generator


def manual_seed(seed: int) -> Generator:
    """Seed the calling thread's generator and return it.

    >>> import minigrad as mg
    >>> _ = mg.manual_seed(0); a = mg.rand(3)
    >>> _ = mg.manual_seed(0); bool((a == mg.rand(3)).all())
    True
    """
    return default_generator().manual_seed(seed)


def seed() -> int:
    """Seed the calling thread's generator from the operating system and return the seed.

    >>> import minigrad as mg
    >>> mg.seed() == mg.initial_seed()
    True
    """
    return default_generator().seed()


def initial_seed() -> int:
    """The seed that the calling thread's generator was started from.

    >>> import minigrad as mg
    >>> _ = mg.manual_seed(7); mg.initial_seed()
    7
    """
    return default_generator().initial_seed()
