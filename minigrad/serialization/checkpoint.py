"""Checkpoints of a training run: everything that it needs to go on as if it had never stopped, in one file."""

import copy
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ..errors import ArgumentError, DataError, DTypeError, StateDictError
from ..explaining import ACCIDENTS, as_path
from ..files import destination, replace_atomically, sweep, twin
from ..generator import Generator
from ..optim import Optimizer
from ..random import default_generator
from ..tensor import Tensor
from ..uninitialized import Uninitialized
from ..utils.data.position import set_state, state_of
from .saving import load, writer
from .structure import described

__all__ = ["load_checkpoint", "save_checkpoint"]

_FORMAT = "minigrad-checkpoint-1"
_RANDOM = "the random numbers of this thread"


def save_checkpoint(path: str | Path, *, keep: int = 1, **entries: Any) -> None:
    """Write a training run to one file, from which `load_checkpoint` lets it go on with the same bits.

    Each keyword is an entry. Whatever has `state_dict` and `load_state_dict` is saved by its state: modules,
    optimisers, schedulers, loaders, objects of your own. A generator of random numbers is saved by its state as well;
    that of the calling thread, which dropout and shuffling draw from, always is. Lists, tuples and dicts of all these
    may be entries, too. Any other value is kept as it is, if `save` can write it: the epoch, a history of losses.

    The file is written aside and takes the place of the old one when it is complete and on the disk, so that a process
    that is killed leaves one of the two. With `keep=3` the two before it stay beside `run.npz`, as `run.1.npz` and,
    older, `run.2.npz`; none of them is given up before the new one is on the disk. An old file's permissions stay, and
    where the path is a link, all of this happens where it leads. One process at a time writes to a path: what a killed
    one has left unfinished is removed.

    Gradients, and the switch between training and evaluation, are no part of it: save after `optimizer.step()`, and
    call `model.train()` as usual. Raises `DTypeError` for what cannot be saved, `ArgumentError` for `keep` below 1,
    `DataError` for a path that is a folder or a device.

    >>> import minigrad as mg, nn, pathlib, tempfile
    >>> from minigrad.serialization import load_checkpoint, save_checkpoint
    >>> model = nn.Linear(2, 1); optimizer = mg.optim.SGD(model.parameters(), lr=0.1)
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "run.npz"
    >>> save_checkpoint(path, model=model, optimizer=optimizer, epoch=3)
    >>> load_checkpoint(path, model=model, optimizer=optimizer)
    {'epoch': 3}
    """
    path = as_path(path, "save_checkpoint")
    if isinstance(keep, bool) or not isinstance(keep, int) or keep < 1:
        raise ArgumentError(f"save_checkpoint got keep={keep!r}; it is how many files to keep, at least 1")
    states: dict[str, Any] = {}
    values: dict[str, Any] = {}
    for name, entry in entries.items():
        if _has_state(entry, name):
            states.update((part.name, part.state()) for part in _parts(entry, name))
        else:
            values[name] = entry
    random = _generator_state(default_generator())
    content = {"checkpoint": _FORMAT, "random": random, "states": states, "values": values}
    arrays, text = described(content)
    write = writer(path)
    path = destination(path)
    sweep(path)
    with replace_atomically(path, ready=partial(_step_back, path, keep)) as file:
        write(file, arrays, text)


def load_checkpoint(path: str | Path, **entries: Any) -> dict[str, Any]:
    """Bring all objects to the states that `save_checkpoint` wrote; returns its other values by name.

    The keywords are those of `save_checkpoint` whose values have a state, with objects made as they were made then. The
    calling thread's random numbers go on from where they were. Everything is loaded, or nothing: the file is checked
    as a whole first, and if one object refuses its state, those before it get back theirs.

    To look into a checkpoint without a run, use `load`: `load(path)["states"]["model"]` is the model's state dict.

    Raises `DataError` for a file that is missing, damaged or no checkpoint, `StateDictError` for states that do not
    fit, or are missing on either side, `DTypeError` for a keyword without a state.
    """
    path = as_path(path, "load_checkpoint")
    for name, entry in entries.items():
        if not _has_state(entry, name) and not _is_empty(entry, name):
            raise DTypeError(
                f"load_checkpoint got {name}={entry!r:.80}, which has no state to load; values like this are returned"
            )
    states, values, random = _content(path)
    for name in entries.keys() & values.keys():
        if not _is_empty(values[name], name):
            raise StateDictError(f"{path} holds a value as {name}, without a state; an empty container of objects came")
    parts = {part.name: part for name, entry in entries.items() for part in _parts(entry, name)}
    if missing := sorted(parts.keys() - states.keys()):
        held = ", ".join(states) or "nothing"
        raise StateDictError(f"{path} holds the state of {held}; there is none of {', '.join(missing)}")
    if unused := sorted(states.keys() - parts.keys()):
        raise StateDictError(
            f"{path} also holds the state of {', '.join(unused)}, without which the run would go on otherwise; give "
            "all that it holds, or take single states out of minigrad.load(path)['states']"
        )
    thread = (_generator_part(default_generator(), _RANDOM), random)
    # First, so that the way back leads to the numbers of before; and last, since loading may draw.
    _load_all(path, [thread, *((part, states[name]) for name, part in parts.items()), thread])
    return {name: value for name, value in values.items() if name not in entries}


class _Part(NamedTuple):
    """Something with a state: its name, itself, how its state is read, and how it is set."""

    name: str
    thing: Any
    state: Callable[[], Any]
    set_state: Callable[[Any], Any]


def _stateful(value: Any) -> bool:
    if isinstance(value, np.random.Generator):
        return True
    has = [callable(getattr(value, method, None)) for method in ("state_dict", "load_state_dict")]
    return all(has) and not isinstance(value, type)


def _leaves(entry: Any, name: str) -> Iterator[tuple[str, Any]]:
    """What lies in an entry's lists, tuples and dicts, with its name and place, such as 'schedulers[0]'."""
    if isinstance(entry, Mapping) and not _stateful(entry):
        for key, value in entry.items():
            yield from _leaves(value, f"{name}[{key!r}]")
    elif isinstance(entry, list | tuple) and not _stateful(entry):
        for number, value in enumerate(entry):
            yield from _leaves(value, f"{name}[{number}]")
    else:
        yield name, entry


def _has_state(entry: Any, name: str) -> bool:
    """Whether an entry consists of objects with a state; raises `DTypeError` where only some of it do."""
    try:
        leaves = list(_leaves(entry, name))
    except RecursionError:
        raise ArgumentError(f"{name} contains itself, so it cannot be saved") from None
    with_state = [_stateful(value) for _, value in leaves]
    if any(with_state) and not all(with_state):
        place, value = leaves[with_state.index(False)]
        raise DTypeError(
            f"{place} is a {type(value).__name__} beside objects with a state; give it a keyword of its own"
        )
    return any(with_state)


def _is_empty(entry: Any, name: str) -> bool:
    """Whether an entry is containers with nothing in them: no objects, as much as no values."""
    return not _stateful(entry) and not list(_leaves(entry, name))


def _parts(entry: Any, name: str) -> Iterator[_Part]:
    for place, value in _leaves(entry, name):
        if isinstance(value, np.random.Generator):
            yield _generator_part(value, place)
        elif isinstance(value, Optimizer):
            yield _Part(place, value, value.state_dict, partial(_set_optimizer_state, value))
        else:
            yield _Part(place, value, value.state_dict, value.load_state_dict)


def _generator_part(generator: np.random.Generator, name: str) -> _Part:
    return _Part(name, generator, partial(_generator_state, generator), partial(_set_generator_state, generator))


def _generator_state(generator: np.random.Generator) -> dict[str, Any]:
    """The state as numbers, text and lists of numbers; with the seed, if it is one of ours."""
    seed = generator.initial_seed() if isinstance(generator, Generator) else None
    return {"state": state_of(generator), "seed": seed}


def _set_generator_state(generator: np.random.Generator, saved: dict[str, Any]) -> None:
    state, kind = saved["state"], type(generator.bit_generator).__name__
    if state["bit_generator"] != kind:
        raise StateDictError(f"a state of {state['bit_generator']} arrived, the generator is one of {kind}")
    if isinstance(generator, Generator) and saved["seed"] is not None:
        generator.manual_seed(saved["seed"])
    set_state(generator, state)


def _set_optimizer_state(optimizer: Optimizer, state: Any) -> None:
    """Load a state whose tensors fit the parameters, which an optimiser itself would only see when it steps."""
    params = [param for group in optimizer.param_groups for param in group["params"]]
    whole = sum(param.numel() for param in params)
    entries = state.get("state") if isinstance(state, dict) else None
    for key, kept in entries.items() if isinstance(entries, dict) else ():
        param = params[int(key)]
        for name, value in kept.items() if isinstance(kept, dict) else ():
            # A number; all parameters in a row, as L-BFGS has them; or the parameter's shape, perhaps summed over axes.
            if not isinstance(value, Tensor) or value.numel() in (1, whole) or value.ndim < param.ndim:
                continue
            if value.ndim > param.ndim or any(n not in (1, m) for n, m in zip(value.shape, param.shape, strict=True)):
                raise StateDictError(f"{name} of parameter {key} has shape {value.shape}, the parameter {param.shape}")
    optimizer.load_state_dict(state)


def _content(path: Path) -> tuple[dict[str, Any], dict[str, Any], Any]:
    """The states, the other values and the thread's random numbers in a checkpoint."""
    content = load(path)
    if not isinstance(content, dict) or content.get("checkpoint") != _FORMAT:
        raise DataError(
            f"{path} is no checkpoint that save_checkpoint of this version wrote; minigrad.load reads other files"
        )
    states, values = content.get("states"), content.get("values")
    if not isinstance(states, dict) or not isinstance(values, dict) or "random" not in content:
        raise DataError(f"{path} is a checkpoint without states, values or random numbers")
    return states, values, content["random"]


def _lazy(state: Any) -> Iterator[Uninitialized]:
    """The tensors in a state that have no values yet."""
    if isinstance(state, Uninitialized):
        yield state
    elif isinstance(state, Mapping | list | tuple):
        for value in state.values() if isinstance(state, Mapping) else state:
            yield from _lazy(value)


def _load_all(path: Path, pairs: list[tuple[_Part, Any]]) -> None:
    """Set all states, or none: each is copied before it is set."""
    undone: list[Callable[[], None]] = []
    name = ""
    try:
        for part, state in pairs:
            name = part.name
            undone.append(_way_back(part))
            part.set_state(state)
    except BaseException as error:
        for go_back in reversed(undone):
            go_back()
        if not isinstance(error, (*ACCIDENTS, RuntimeError)):
            raise
        raise StateDictError(f"{path}: the state of {name} does not fit ({error}); nothing was loaded") from error


def _way_back(part: _Part) -> Callable[[], None]:
    """A function that brings something back to the state that it has now."""
    now, thing = part.state(), part.thing
    lazy = [tensor.way_back() for tensor in _lazy(now)]
    state = copy.deepcopy(now)
    # What loading leaves behind beside the state, such as where a loader's next pass is to begin, or an option.
    beside = [vars(thing)] if hasattr(thing, "__dict__") else []
    if isinstance(thing, Optimizer):
        beside += thing.param_groups
    held = [(one, dict(one)) for one in beside]

    def go_back() -> None:
        for forget in lazy:
            forget()
        with suppress(Exception):
            part.set_state(state)
        for one, before in held:
            one.clear()
            one.update(before)

    return go_back


def _step_back(path: Path, keep: int) -> None:
    """Let the file at `path`, and those kept from before, step back by one name; at `path` itself it stays as well."""
    kept = [path.with_name(f"{path.stem}.{number}{path.suffix}") for number in range(1, keep)]
    if not kept or not path.exists():
        return
    if kept[0].exists() and kept[0].samefile(path):  # a process was killed just here
        return
    second = twin(path)  # before any name changes: a full disk may refuse it
    try:
        for newer, older in reversed(list(pairwise(kept))):
            if newer.exists():
                newer.replace(older)
        second.replace(kept[0])
    except BaseException:
        second.unlink(missing_ok=True)
        raise
