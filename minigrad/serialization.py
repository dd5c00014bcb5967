"""Saving and loading without pickle: arrays in an .npz archive beside a JSON description.

A file holds nested dictionaries, lists and tuples of tensors, arrays, numbers,
strings, booleans and None: state dicts of modules and optimisers, and what one
keeps with them. Loading executes nothing. Writing is atomic: the file is
complete, or it is the old one.
"""

import io
import json
import os
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from .dtypes import check_supported
from .errors import DataError, DTypeError, GradError, MissingFileError
from .explaining import as_path
from .files import replace_atomically
from .tensor import Array, Tensor

__all__ = ["load", "save"]

_FORMAT = "minigrad-1"
_STRUCTURE = "structure.json"


def save(obj: Any, path: str | Path) -> None:
    """Write `obj` to `path`, in one step: nested dicts, lists and tuples of tensors, arrays, numbers, strings, None.

    Dictionary keys are strings or integers. Raises `DTypeError`, leaving an
    existing file as it was, for anything else.

    >>> import minigrad as mg, tempfile, pathlib
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "state.npz"
    >>> mg.save({"w": mg.ones(2), "epoch": 3}, path)
    >>> mg.load(path)
    {'w': tensor([1., 1.]), 'epoch': 3}
    """
    if not isinstance(path, str | os.PathLike):
        raise DTypeError(f"save got a path of type {type(path).__name__}; the object comes first: save(object, path)")
    arrays: list[Array] = []
    structure = {"format": _FORMAT, "value": _described(obj, arrays, "")}
    with replace_atomically(Path(path)) as file, zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr(_STRUCTURE, json.dumps(structure))
        for number, array in enumerate(arrays):
            buffer = io.BytesIO()
            np.lib.format.write_array(buffer, array, allow_pickle=False)
            archive.writestr(f"{number}.npy", buffer.getvalue())


def _described(value: Any, arrays: list[Array], path: str) -> Any:
    """`value` as JSON, with arrays replaced by their numbers."""
    if isinstance(value, Tensor | np.ndarray):
        array = value._array if isinstance(value, Tensor) else value
        check_supported(array.dtype)
        # Arrays are written in C order of the axes as they lie in memory, and permuted back when loaded.
        order = sorted(range(array.ndim), key=lambda axis: -abs(array.strides[axis]))
        arrays.append(array.transpose(order))
        if isinstance(value, Tensor):
            return {"tensor": len(arrays) - 1, "order": order, "grad": value.requires_grad}
        return {"array": len(arrays) - 1, "order": order}
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, bool | int | str | float):
        return {"plain": value}
    if isinstance(value, dict):
        for key in value:
            if not isinstance(key, str | int) or isinstance(key, bool):
                raise DTypeError(
                    f"save: the key {key!r} at {path or 'the top'} is a {type(key).__name__}; keys are str or int"
                )
        return {"dict": [[key, _described(item, arrays, f"{path}[{key!r}]")] for key, item in value.items()]}
    if isinstance(value, list | tuple):
        kind = "list" if isinstance(value, list) else "tuple"
        return {kind: [_described(item, arrays, f"{path}[{number}]") for number, item in enumerate(value)]}
    raise DTypeError(
        f"save: a {type(value).__name__} at {path or 'the top'}; files hold dicts, lists and tuples of tensors, "
        "arrays, numbers, strings and None. For a module, save module.state_dict()"
    )


def load(path: str | Path, map_location: Any = None, *, weights_only: bool = True) -> Any:
    """What `save` wrote to `path`. Nothing in the file is executed, so `weights_only` makes no difference.

    Raises `DataError` for a file that is missing, damaged, or not of `save`'s making.

    >>> import minigrad as mg, pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "ones.npz"; mg.save(mg.ones(2), path)
    >>> mg.load(path)
    tensor([1., 1.])
    """
    path = as_path(path, "load")
    try:
        with zipfile.ZipFile(path) as archive:
            if any(name.endswith("/data.pkl") for name in archive.namelist()):
                raise DataError(
                    f"{path} was written by PyTorch as a pickle, which can run code and is not read here. Write it "
                    "there again by numpy.savez(path, **{name: t.numpy() for name, t in state.items()})"
                )
            structure = json.loads(archive.read(_STRUCTURE))
            if structure.get("format") != _FORMAT:
                raise DataError(
                    f"{path} has the format {structure.get('format')!r}, {_FORMAT!r} was expected; update minigrad"
                )
            return _restored(structure["value"], archive)
    except DataError:
        raise
    except FileNotFoundError as error:
        raise MissingFileError(f"{path} is not there; give the path that save was given") from error
    except (
        OSError,
        zipfile.BadZipFile,
        zlib.error,
        ValueError,
        KeyError,
        TypeError,
        AttributeError,
        EOFError,
        IndexError,
        MemoryError,
        RuntimeError,  # encryption, unknown methods, deep nesting
        DTypeError,
        GradError,
    ) as error:
        raise DataError(
            f"{path} cannot be loaded ({type(error).__name__}: {error}); a complete file written by minigrad's save "
            "was expected"
        ) from error


def _restored(described: dict[str, Any], archive: zipfile.ZipFile) -> Any:
    for kind, content in described.items():
        if kind == "plain":
            return content
        if kind == "dict":
            return {key: _restored(item, archive) for key, item in content}
        if kind == "list":
            return [_restored(item, archive) for item in content]
        if kind == "tuple":
            return tuple(_restored(item, archive) for item in content)
        if kind in ("tensor", "array"):
            raw = np.lib.format.read_array(io.BytesIO(archive.read(f"{content}.npy")), allow_pickle=False)
            check_supported(raw.dtype)
            array = raw.transpose(np.argsort(described["order"]))
            return Tensor._wrap(array).requires_grad_(described["grad"]) if kind == "tensor" else array
    raise ValueError(f"an entry of an unknown kind: {described}")
