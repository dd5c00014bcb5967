"""Random numbers: one generator per thread, seeded by `manual_seed`.

NumPy's global random state is never read or written. Every random function of
the library takes `generator=`; without it, the calling thread's own generator
is used, so two threads that seed themselves get the bits they would get alone.
NumPy's own generators take a while to import, and are when the first is made.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from .errors import ArgumentError, DTypeError
from .explaining import as_flag
from .registry import lookup

if TYPE_CHECKING:
    from .generator import Generator
    from .tensor import Tensor

__all__ = [
    "Generator",
    "chosen_generator",
    "default_generator",
    "fork_rng",
    "get_rng_state",
    "initial_seed",
    "manual_seed",
    "seed",
    "set_rng_state",
]


def __getattr__(name: str) -> Any:
    if name == "Generator":
        from .generator import Generator

        return Generator
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


class _PerThread(threading.local):
    generator: "Generator | None" = None
    stand_in: "Callable[[np.random.Generator], np.random.Generator] | None" = None


_threads = _PerThread()


def default_generator() -> "Generator":
    """The calling thread's generator, used wherever no `generator=` is given.

    >>> import minigrad as mg
    >>> mg.default_generator() is mg.manual_seed(0)
    True
    """
    generator = _threads.generator
    if generator is None:
        from .generator import Generator

        generator = _threads.generator = Generator()
    return generator if _threads.stand_in is None else _threads.stand_in(generator)  # type: ignore[return-value]


def chosen_generator(generator: "np.random.Generator | None") -> "np.random.Generator":
    """Return the generator to draw from: the given one, or the calling thread's."""
    if generator is None:
        return default_generator()
    if not isinstance(generator, np.random.Generator):
        raise DTypeError(
            f"generator={generator!r} arrived, a {type(generator).__name__}; give minigrad.Generator().manual_seed(0) "
            "or numpy.random.default_rng(0)"
        )
    return generator if _threads.stand_in is None else _threads.stand_in(generator)


@contextmanager
def stand_ins(
    default: "np.random.Generator", stand_in: "Callable[[np.random.Generator], np.random.Generator]"
) -> Iterator[None]:
    """In the calling thread, draw from what `stand_in` makes of each generator; `default` is the thread's own one.

    >>> import minigrad as mg
    >>> from minigrad.random import stand_ins
    >>> other = mg.Generator()
    >>> with stand_ins(mg.default_generator(), lambda generator: other): mg.default_generator() is other
    True
    """
    before = _threads.generator, _threads.stand_in
    outer = _threads.stand_in
    inner = stand_in if outer is None else lambda generator: stand_in(outer(generator))
    _threads.generator, _threads.stand_in = default, inner  # type: ignore[assignment]
    try:
        yield
    finally:
        _threads.generator, _threads.stand_in = before


def manual_seed(seed: int) -> "Generator":
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


# A state as bytes: the number and the increment of PCG64, half of a drawn number and whether it waits, and the seed.
_FIELDS = (16, 16, 4, 1, 32)


def get_rng_state() -> "Tensor":
    """The state of the calling thread's generator, as a tensor of bytes that can be saved.

    >>> import minigrad as mg
    >>> state = mg.get_rng_state(); a = mg.rand(3)
    >>> mg.set_rng_state(state); bool((a == mg.rand(3)).all())
    True
    """
    generator = default_generator()
    state = generator.get_state()
    numbers = (*state["state"].values(), state["uinteger"], state["has_uint32"], generator.initial_seed() % 2**256)
    text = b"".join(number.to_bytes(size, "little") for number, size in zip(numbers, _FIELDS, strict=True))
    return lookup("tensor")(np.frombuffer(text, np.uint8))


def set_rng_state(new_state: "Tensor") -> None:
    """Set the calling thread's generator to a state that `get_rng_state` gave.

    Raises `DTypeError` for what is no tensor of bytes, `ArgumentError` for one of another length.

    >>> import minigrad as mg
    >>> mg.set_rng_state(mg.get_rng_state())
    """
    kind = getattr(new_state, "dtype", None)
    if kind != np.uint8:
        found = type(new_state).__name__ if kind is None else f"tensor of {kind}"
        raise DTypeError(f"set_rng_state got a {found}; it takes the uint8 tensor that get_rng_state gave")
    text = np.array(new_state, np.uint8).tobytes()
    if len(text) != sum(_FIELDS):
        raise ArgumentError(
            f"set_rng_state got {len(text)} bytes; a state of get_rng_state has {sum(_FIELDS)}. One of PyTorch's "
            "belongs to another generator"
        )
    numbers = []
    for size in _FIELDS:
        numbers.append(int.from_bytes(text[:size], "little"))
        text = text[size:]
    number, increment, half, waits, start = numbers
    generator = default_generator()
    generator.manual_seed(start if start < 2**255 else start - 2**256)
    generator.set_state(
        {
            "bit_generator": "PCG64",
            "state": {"state": number, "inc": increment},
            "has_uint32": waits,
            "uinteger": half,
        }
    )


@contextmanager
def fork_rng(devices: Any = None, enabled: bool = True) -> Iterator[None]:
    """Go back to the state of the calling thread's generator after a block; `enabled=False` does nothing.

    `devices` is accepted: there is no other than the CPU.

    >>> import minigrad as mg
    >>> _ = mg.manual_seed(0)
    >>> with mg.random.fork_rng(): a = mg.rand(3)
    >>> bool((a == mg.rand(3)).all())
    True
    """
    if not as_flag(enabled, "fork_rng", "enabled"):
        yield
        return
    before = get_rng_state()
    try:
        yield
    finally:
        set_rng_state(before)
