"""Where a pass over a loader stands, in numbers that a file can hold."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from ...errors import MinigradError, StateDictError
from ...operands import as_integer
from ...random import default_generator, stand_ins

__all__ = ["Pass", "Position", "generator_of", "position_from", "set_state", "state_of"]

# What a state of a loader consists of. The last two say which loader it belongs to.
_KEYS = ("under_way", "batches", "start", "drawn_at", "drawn_from", "generator", "batch_size", "length")


def generator_of(sampler: Any) -> "np.random.Generator | None":
    """The generator that a sampler, or the sampler in a batch sampler, was given; None if there is none."""
    for owner in (sampler, getattr(sampler, "sampler", None)):
        generator = getattr(owner, "generator", None)
        if isinstance(generator, np.random.Generator):
            return generator
    return None


def state_of(generator: np.random.Generator) -> dict[str, Any]:
    """The state of a generator in dicts, lists, integers and strings."""
    state: dict[str, Any] = _plain(generator.bit_generator.state)
    return state


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(entry) for key, entry in value.items()}
    return value.tolist() if isinstance(value, np.ndarray | np.generic) else value


def set_state(generator: np.random.Generator, state: dict[str, Any]) -> None:
    """Go back to a state that `state_of` gave."""
    generator.bit_generator.state = state


class Position:
    """How many batches of a pass were handed out, and what its order can be drawn from again.

    A sampler draws its order once, or block by block. So two states of its generator are kept: that at the start of
    the pass, and that before the latest draw, with the batch that asked for it.
    """

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Stand between two passes."""
        self.under_way = False
        self.batches = 0
        self.start: dict[str, Any] | None = None
        self.drawn_at = -1
        self.drawn_from: dict[str, Any] | None = None

    def keys(self, ordered: Callable[[], Iterator[Any]], generator: np.random.Generator) -> Iterator[Any]:
        """What is left of the order: of a new one, or of the one that was under way.

        All generators are left in the states that they have, whatever is drawn again.
        """
        if not self.under_way:
            self.under_way, self.start = True, state_of(generator)
            return ordered()
        found: dict[int, tuple[np.random.Generator, Any]] = {}

        def noted(drawing: np.random.Generator) -> np.random.Generator:
            found.setdefault(id(drawing), (drawing, drawing.bit_generator.state))
            return drawing

        try:
            with stand_ins(default_generator(), noted):
                set_state(noted(generator), self.start or state_of(generator))
                keys = ordered()
                for batch in range(self.batches):
                    if batch == self.drawn_at and self.drawn_from is not None:
                        set_state(generator, self.drawn_from)
                    next(keys, None)
        finally:
            for drawing, state in found.values():
                drawing.bit_generator.state = state
        return keys

    def copy(self) -> "Position":
        """Another position at the same place."""
        other = Position()
        other.update(self.state_dict())
        return other

    def update(self, numbers: dict[str, Any]) -> None:
        """Stand where a position stood when it gave these numbers."""
        vars(self).update(numbers)

    def state_dict(self) -> dict[str, Any]:
        """The numbers of the position."""
        return {
            "under_way": self.under_way,
            "batches": self.batches,
            "start": self.start,
            "drawn_at": self.drawn_at,
            "drawn_from": self.drawn_from,
        }


class Pass(Iterator[Any]):
    """One pass: each batch is loaded when it is asked for, and counted in `position`."""

    def __init__(
        self,
        position: Position,
        ordered: Callable[[], Iterator[Any]],
        load: Callable[[Any], Any],
        generator: np.random.Generator,
    ) -> None:
        self.position = position
        self.load = load
        self.generator = generator
        self.keys = position.keys(ordered, generator)

    def __next__(self) -> Any:
        position, before = self.position, state_of(self.generator)
        try:
            key = next(self.keys)
        except StopIteration:
            position.clear()
            raise
        if state_of(self.generator) != before:
            position.drawn_at, position.drawn_from = position.batches, before
        position.batches += 1
        return self.load(key)


def position_from(
    state_dict: Any, generator: "np.random.Generator | None", batch_size: int, length: int
) -> tuple[Position, dict[str, Any] | None]:
    """The position in a loader's state dict, and the state of its generator; raises `StateDictError` for any other."""
    if not isinstance(state_dict, dict) or set(state_dict) != set(_KEYS):
        found = list(state_dict) if isinstance(state_dict, dict) else type(state_dict).__name__
        raise StateDictError(
            f"DataLoader.load_state_dict got {found}; a loader's state dict has the keys {', '.join(_KEYS)}. Is it "
            "another object's?"
        )
    numbers = {key: _integer(key, state_dict[key]) for key in ("under_way", "batches", "drawn_at", *_KEYS[-2:])}
    if (numbers["batch_size"], numbers["length"]) != (batch_size, length):
        raise StateDictError(
            f"DataLoader.load_state_dict got the state of a loader with batch_size={numbers['batch_size']} and length "
            f"{numbers['length']}; this one has batch_size={batch_size} and length {length}. Make the loader as it was "
            "made for the run that was saved (0 and -1 stand for none)"
        )
    if numbers["batches"] < 0 or (length >= 0 and numbers["batches"] > length):
        raise StateDictError(
            f"DataLoader.load_state_dict got the state of a pass after batches={numbers['batches']} of {length}; the "
            "file is damaged, or was edited"
        )
    drawing = default_generator() if generator is None else generator
    states = {key: _state(key, state_dict[key], drawing) for key in ("start", "drawn_from", "generator")}
    if (states["generator"] is None) != (generator is None):
        raise StateDictError(
            f"DataLoader.load_state_dict got the state of a loader {_with(states['generator'])}, and this one is made "
            f"{_with(generator)}; make both alike"
        )
    position = Position()
    fields = {**numbers, **states, "under_way": bool(numbers["under_way"])}
    position.update({key: fields[key] for key in position.state_dict()})
    return position, states["generator"]


def _with(generator: object) -> str:
    return "without generator=" if generator is None else "with generator="


def _integer(key: str, value: Any) -> int:
    try:
        return int(value) if isinstance(value, bool) else as_integer(value, "DataLoader.load_state_dict", key)
    except MinigradError as error:
        raise StateDictError(f"{error}; the file is damaged, or was edited") from error


def _state(key: str, value: Any, generator: np.random.Generator) -> dict[str, Any] | None:
    """A state that the generator can be set to; it is tried out."""
    if value is None:
        return None
    state: Any = _plain(value)
    now = generator.bit_generator.state
    try:
        set_state(generator, state)
        fits = state_of(generator) == state
    except (TypeError, ValueError, KeyError, IndexError, OverflowError):
        fits = False
    finally:
        generator.bit_generator.state = now
    if not fits:
        kind = type(generator.bit_generator).__name__
        raise StateDictError(
            f"DataLoader.load_state_dict: {key} is no state of the generator that this loader draws from, a {kind}. "
            "Was the loader saved with another kind of generator?"
        )
    return {**state}
