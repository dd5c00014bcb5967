"""A module called with other parameters and buffers than its own."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from ..errors import ArgumentError, DTypeError
from ..tensor import Tensor

__all__ = ["functional_call"]

Place = tuple[dict[str, Any], str]


def _merged(given: Any) -> dict[str, Any]:
    dicts = [given] if isinstance(given, Mapping) else given
    if not isinstance(dicts, Sequence) or not all(isinstance(one, Mapping) for one in dicts):
        raise ArgumentError(
            f"functional_call got a {type(given).__name__} for the parameters; give a dictionary such as "
            "dict(module.named_parameters()), or a tuple of them"
        )
    merged: dict[str, Any] = {}
    for one in dicts:
        twice = sorted(merged.keys() & one.keys())
        if twice:
            raise ArgumentError(f"functional_call: {', '.join(twice)} stands in two of the dictionaries; name it once")
        merged.update(one)
    for name, value in merged.items():
        if value is not None and not isinstance(value, Tensor):
            raise DTypeError(f"functional_call: {name} is a {type(value).__name__}; give a tensor, or None")
    return merged


def _places(module: Any) -> dict[str, Place]:
    """Where a module keeps its parameters and buffers, by path: those that are None and shared ones too."""
    if not callable(getattr(module, "named_modules", None)):
        raise DTypeError(f"functional_call got a {type(module).__name__}; its first argument is an nn.Module")
    return {
        f"{path}.{name}" if path else name: (kind, name)
        for path, one in module.named_modules(remove_duplicate=False)
        for kind in (one._parameters, one._buffers)
        for name in kind
    }


def _tied(merged: dict[str, Any], places: dict[str, Place]) -> dict[str, Any]:
    """`merged` with the same value under every path of a tensor that the module has under several."""
    paths: dict[int, list[str]] = {}
    for path, (kind, name) in places.items():
        if kind[name] is not None:
            paths.setdefault(id(kind[name]), []).append(path)
    complete = dict(merged)
    for group in paths.values():
        given = [path for path in group if path in merged]
        if any(merged[path] is not merged[given[0]] for path in given):
            raise ArgumentError(
                f"functional_call: {' and '.join(given)} are one tensor in the module and were given different ones; "
                "give it once, or use tie_weights=False"
            )
        if given:
            complete.update(dict.fromkeys(group, merged[given[0]]))
    return complete


@contextmanager
def _swapped(places: dict[str, Place], values: dict[str, Any]) -> Iterator[None]:
    before = [(kind, name, kind[name]) for kind, name in (places[path] for path in values)]
    try:
        for path, value in values.items():
            kind, name = places[path]
            kind[name] = value
        yield
    finally:
        for kind, name, value in before:
            kind[name] = value


def functional_call(
    module: Any,
    parameter_and_buffer_dicts: Mapping[str, Any] | Sequence[Mapping[str, Any]],
    args: Any = None,
    kwargs: Mapping[str, Any] | None = None,
    *,
    tie_weights: bool = True,
    strict: bool = False,
) -> Any:
    """Call a module with the tensors of a dictionary in place of its parameters and buffers, by path.

    So the module becomes a function of its parameters, for `grad` and its kin. What the
    dictionary does not name keeps the module's own value. `args` is a tuple, or one
    argument that is none. Buffers change as in any call: those given, and not
    the module's own; a dictionary is told of a buffer that the module assigned anew.
    With `tie_weights` a tensor that the module has under several paths is replaced under all of them.
    With `strict`, all must be named.

    Raises `ArgumentError` for paths that the module does not have, that are missing with
    `strict`, or contradict each other; `DTypeError` for what is no tensor.

    >>> import minigrad as mg, nn
    >>> layer = nn.Linear(2, 1, bias=False)
    >>> loss = lambda p, x: mg.func.functional_call(layer, p, x).sum()
    >>> mg.func.grad(loss)({"weight": mg.zeros(1, 2)}, mg.tensor([3., 4.]))
    {'weight': tensor([[3., 4.]])}
    """
    merged = _merged(parameter_and_buffer_dicts)
    places = _places(module)
    strangers = [path for path in merged if path not in places]
    if strangers:
        raise ArgumentError(
            f"functional_call: {type(module).__name__} has no parameter or buffer {', '.join(strangers)}; it has "
            f"{', '.join(places) or 'none'}"
        )
    values = _tied(merged, places) if tie_weights else merged
    missing = [path for path, (kind, name) in places.items() if path not in values and kind[name] is not None]
    if strict and missing:
        raise ArgumentError(f"functional_call(strict=True): {', '.join(missing)} missing from the dictionary")
    given = () if args is None else args if isinstance(args, tuple) else (args,)
    with _swapped(places, values):
        result = module(*given, **(kwargs or {}))
        left = {path: places[path][0][places[path][1]] for path in merged}
    for one in [parameter_and_buffer_dicts] if isinstance(parameter_and_buffer_dicts, Mapping) else ():
        for path, value in left.items():
            if value is not one[path]:
                one[path] = value  # type: ignore[index]
    return result
