"""`save` and `load`: which format, which file, and one error for all that can be wrong with it."""

import io
import os
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

from ..errors import ArgumentError, DataError, DTypeError, MinigradWarning, MissingFileError, MissingPackageError
from ..explaining import as_path
from ..files import replace_atomically
from ..tensor import Array
from . import archives, safetensors
from .structure import described, restored

__all__ = ["load", "save", "writer"]

_WRITERS = {"npz": archives.write, "safetensors": safetensors.write}


def save(obj: Any, path: str | Path, *, format: str | None = None) -> None:
    """Write `obj` to `path`, in one step: nested dicts, lists and tuples of tensors, arrays, numbers, strings, None.

    Dictionary keys are strings or integers. The format is "npz" or "safetensors"; without `format` it is safetensors
    for a path that ends so, and NumPy's archive for every other. In both, a flat dict of tensors can be read by other
    programs under the same names: by `numpy.load`, and by `safetensors.torch.load_file`. Nested values come back from
    `load`; other programs see their arrays under the keys joined by points. Files carry a checksum over all of their
    bytes. Raises `DTypeError`, leaving an existing file as it was, for anything else than the above, `ArgumentError`
    for another format, `MissingPackageError` where the package safetensors is needed and not installed, `DataError` for
    a path that is a folder or a device. An old file's permissions stay; a link stays, and where it leads is written.

    >>> import minigrad as mg, tempfile, pathlib
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "state.npz"
    >>> mg.save({"w": mg.ones(2), "epoch": 3}, path)
    >>> mg.load(path)
    {'w': tensor([1., 1.]), 'epoch': 3}
    """
    if not isinstance(path, str | os.PathLike):
        raise DTypeError(f"save got a path of type {type(path).__name__}; the object comes first: save(object, path)")
    path = Path(path)
    write = writer(path, format)
    arrays, text = described(obj)
    with replace_atomically(path) as file:
        write(file, arrays, text)


def writer(path: Path, format: str | None = None) -> Callable[[BinaryIO, dict[str, Array], str], None]:
    """The function that writes a format: the named one, or the one that the path's ending says."""
    if format is None:
        format = "safetensors" if path.suffix == ".safetensors" else "npz"
    if not isinstance(format, str) or format not in _WRITERS:
        raise ArgumentError(f"save got format={format!r}; it is 'npz' or 'safetensors', or None to go by the path")
    return _WRITERS[format]


def load(path: str | Path, map_location: Any = None, *, weights_only: bool = True) -> Any:
    """What `save` wrote to `path`; or a dict of tensors from an archive of `numpy.savez`, or from any safetensors file.

    The contents tell the format, not the name. Nothing in the file is executed, so `weights_only` makes no difference;
    tensors are in the CPU's memory whatever `map_location` says. Arrays may be packed, by `numpy.savez_compressed`;
    a file that says it unpacks to more than 64 MiB and 32 times its size is refused. While a file is loaded, there may
    be several copies of what it unpacks to in memory, beside the file's bytes. bfloat16, which only safetensors has,
    becomes float32 with a warning.

    Raises `DataError` for a file that is missing, damaged (one changed bit is enough, where `save` wrote the file), or
    of another making; for PyTorch's own files, which are pickles, it says how to convert them. Raises
    `MissingPackageError` where the package safetensors is needed and not installed.

    >>> import minigrad as mg, pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "ones.npz"; mg.save(mg.ones(2), path)
    >>> mg.load(path)
    tensor([1., 1.])
    """
    path = as_path(path, "load")
    try:
        data = _bytes(path)
        if _is_pickle(data):
            raise DataError(
                f"{path} is a pickle, as PyTorch's torch.save writes them; it can run code and is not read here. "
                "Write it there again, by safetensors.torch.save_file(state, 'model.safetensors') or by "
                "numpy.savez(path, **{name: t.numpy() for name, t in state.items()})"
            )
        return restored(safetensors.read(data) if safetensors.looks_like(data) else archives.read(data))
    except (DataError, MissingPackageError, MinigradWarning):
        raise
    except FileNotFoundError as error:
        raise MissingFileError(f"{path} is not there; give the path that save was given") from error
    except Exception as error:  # whatever damage and malice make the readers of Python and NumPy raise
        reason = str(error) if type(error) is ValueError else f"{type(error).__name__}: {error}"
        raise DataError(
            f"{path} cannot be loaded ({reason}); a complete file written by minigrad's save, "
            "by numpy.savez or as safetensors was expected"
        ) from error


def _bytes(path: Path) -> bytes:
    """What the file holds: as much as its size says, since there are files without an end."""
    with path.open("rb") as file:
        return file.read(os.fstat(file.fileno()).st_size)


def _is_pickle(data: bytes) -> bool:
    """Whether bytes are a pickle, or an archive with one in it, as PyTorch's files are."""
    if data[:2] in [b"\x80" + bytes([protocol]) for protocol in range(2, 6)]:
        return not safetensors.looks_like(data)
    if data[:2] != b"PK":
        return False
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return any(name.split("/")[-1] == "data.pkl" for name in archive.namelist())
    except Exception:
        return False
