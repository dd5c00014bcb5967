"""Where a pass over a loader stands, in numbers that a file can hold."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from ...errors import MinigradError, StateDictError
from ...operands import as_integer
from ...random import default_generator, stand_ins

__all__ = ["Pass", "Position", "generator_of", "position_from", "set_state", "state_of"]

# What a state of a loader consists of. The last two say which loader it belongs to.
_KEYS = ("under_way", "batches", "start", "drawn", "generator", "batch_size", "length")


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

    That is the state of the generator at the start of the pass, and those from which it was drawn later on, with the
    batch that asked for it, wherever something else had drawn in between. Of these only the latest is kept if no draw
    depends on those before it.
    """

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Stand between two passes."""
        self.under_way = False
        self.batches = 0
        self.start: dict[str, Any] | None = None
        self.drawn: list[list[Any]] = []

    def begin(self, ordered: Callable[[], Iterator[Any]], generator: np.random.Generator) -> Iterator[Any]:
        """The order of a new pass."""
        self.under_way, self.start = True, state_of(generator)
        return ordered()

    def again(
        self, ordered: Callable[[], Iterator[Any]], generator: np.random.Generator, given: np.random.Generator
    ) -> tuple[Iterator[Any], dict[str, Any]]:
        """What is left of the order of the pass that is under way, and where it leaves the generator.

        In a thread `generator` is a copy of the one that was `given`, and who draws past minigrad draws from the
        latter: both are set. All generators are left in the states that they have, whatever is drawn again.
        """
        found: dict[int, tuple[np.random.Generator, Any]] = {}

        def noted(drawing: np.random.Generator) -> np.random.Generator:
            found.setdefault(id(drawing), (drawing, drawing.bit_generator.state))
            return drawing

        drawn = dict(self.drawn)
        try:
            with stand_ins(default_generator(), noted):
                start = self.start or state_of(generator)
                for one in (generator, given):
                    set_state(noted(one), start)
                keys = ordered()
                for batch in range(self.batches):
                    if batch in drawn:
                        for one in (generator, given):
                            set_state(one, drawn[batch])
                    next(keys, None)
                left = state_of(generator)
        finally:
            for drawing, state in found.values():
                drawing.bit_generator.state = state
        return keys, left

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
            "drawn": self.drawn,
        }


class Pass(Iterator[Any]):
    """One pass: each batch is loaded when it is asked for, and counted in `position`.

    The order of a pass that was under way is drawn again where its first batch is asked for: a sampler keeps the
    generator that it found then. With `latest` only the latest draw is kept.
    """

    def __init__(
        self,
        position: Position,
        ordered: Callable[[], Iterator[Any]],
        load: Callable[[Any], Any],
        generator: np.random.Generator,
        latest: bool,
    ) -> None:
        self.position = position
        self.ordered = ordered
        self.load = load
        self.generator = self.given = generator
        self.latest = latest
        self.keys: Iterator[Any] | None = None if position.under_way else position.begin(ordered, generator)
        self.left = state_of(generator)

    def __next__(self) -> Any:
        position = self.position
        if self.keys is None:
            self.keys, self.left = position.again(self.ordered, self.generator, self.given)
        before = state_of(self.generator)
        try:
            key = next(self.keys)
        except StopIteration:
            position.clear()
            raise
        after = state_of(self.generator)
        if after != before:
            if before != self.left:  # a new list: others hold the old one
                position.drawn = [*([] if self.latest else position.drawn), [position.batches, before]]
            self.left = after
        position.batches += 1
        return self.load(key)


def position_from(
    state_dict: Any,
    generator: "np.random.Generator | None",
    drawing: np.random.Generator,
    batch_size: int,
    length: int,
) -> tuple[Position, dict[str, Any] | None]:
    """The position in a loader's state dict, and the state of its generator; raises `StateDictError` for any other.

    `generator` is the one that was given, `drawing` the one that the order is drawn from.
    """
    if not isinstance(state_dict, dict) or set(state_dict) != set(_KEYS):
        found = list(state_dict) if isinstance(state_dict, dict) else type(state_dict).__name__
        raise StateDictError(
            f"DataLoader.load_state_dict got {found}; a loader's state dict has the keys {', '.join(_KEYS)}. Is it "
            "another object's?"
        )
    numbers = {key: _integer(key, state_dict[key]) for key in ("under_way", "batches", *_KEYS[-2:])}
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
    states = {
        "start": _state("start", state_dict["start"], drawing),
        "generator": _state("generator", state_dict["generator"], drawing if generator is None else generator),
    }
    if (states["generator"] is None) != (generator is None):
        raise StateDictError(
            f"DataLoader.load_state_dict got the state of a loader {_with(states['generator'])}, and this one is made "
            f"{_with(generator)}; make both alike"
        )
    drawn = _drawn(state_dict["drawn"], numbers["batches"], drawing)
    position = Position()
    fields = {**numbers, **states, "drawn": drawn, "under_way": bool(numbers["under_way"])}
    position.update({key: fields[key] for key in position.state_dict()})
    return position, states["generator"]


def _with(generator: object) -> str:
    return "without generator=" if generator is None else "with generator="


def _integer(key: str, value: Any) -> int:
    try:
        return int(value) if isinstance(value, bool) else as_integer(value, "DataLoader.load_state_dict", key)
    except MinigradError as error:
        raise StateDictError(f"{error}; the file is damaged, or was edited") from error


def _drawn(value: Any, batches: int, generator: np.random.Generator) -> list[list[Any]]:
    """Batches in ascending order, each with the state that it was drawn from."""
    pairs = isinstance(value, list | tuple) and all(isinstance(one, list | tuple) and len(one) == 2 for one in value)
    places = [_integer("drawn", one[0]) for one in value] if pairs else []
    states = [_state("drawn", one[1], generator) for one in value] if pairs else [None]
    if None in states or places != sorted({place for place in places if 0 <= place < batches}):
        raise StateDictError(
            f"DataLoader.load_state_dict: drawn holds no pairs of a batch below {batches} and a state, in ascending "
            "order; the file is damaged, or was edited"
        )
    return [list(pair) for pair in zip(places, states, strict=True)]


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
