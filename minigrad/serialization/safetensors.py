"""The format safetensors, through its library: a JSON header with names, dtypes and shapes, then the numbers."""

import json
import re
from typing import Any, BinaryIO

import numpy as np

from ..callers import warn
from ..errors import MissingPackageError, WidenedDTypeWarning
from ..tensor import Array
from .seals import BLANK, MARK, check, digest_of
from .structure import Contents, require

__all__ = ["looks_like", "read", "write"]

# Where `save` leaves the description of what it wrote, among the file's metadata, which other readers pass over.
_KEY = "minigrad"

# What the library reads at most.
_LONGEST_HEADER = 10**8

_DTYPES = {
    "BOOL": "?", "U8": "u1", "I8": "i1", "I16": "<i2", "I32": "<i4", "I64": "<i8", "F16": "<f2", "F32": "<f4",
    "F64": "<f8", "BF16": "<u2",
}  # fmt: skip


def _library() -> Any:
    try:
        import safetensors.numpy
    except ImportError as error:
        raise MissingPackageError(
            "the format safetensors needs the package safetensors: pip install safetensors. "
            "Without it, files whose names end in .npz can be written and read"
        ) from error
    return safetensors


def write(file: BinaryIO, arrays: dict[str, Array], text: str) -> None:
    """Write the arrays under their names, in C order, with the description and the checksum among the metadata."""
    metadata = {_KEY: text + (MARK + BLANK).decode()}
    ordered = {name: np.ascontiguousarray(array).reshape(array.shape) for name, array in arrays.items()}
    data = _library().numpy.save(ordered, metadata)
    # Only there does a quotation mark follow at once: those of the description are behind backslashes.
    start = data.index(MARK + BLANK + b'"') + len(MARK)
    view = memoryview(data)
    for piece in (view[:start], digest_of(data, start), view[start + len(BLANK) :]):
        file.write(piece)


def looks_like(data: bytes) -> bool:
    """Whether bytes begin as this format does: eight with a length that may be, then the header, a JSON object."""
    return data[8:9] == b"{" and int.from_bytes(data[:8], "little") < _LONGEST_HEADER


def read(data: bytes) -> Contents:
    """The arrays in a file's bytes, in the order of its header, and its description if it has one.

    bfloat16 becomes float32, which holds all of its numbers, with a warning. Raises `ValueError`, or another accident,
    for a file that is damaged or has dtypes that tensors do not have.
    """
    library = _library()
    length = int.from_bytes(data[:8], "little")
    require(length <= len(data) - 8, f"its header should have {length} bytes, the whole file has {len(data)}")
    header = data[8 : 8 + length]
    found = re.search(re.escape(MARK) + rb'([0-9a-f]{64})"', header)
    if found:
        check(data, 8 + found.start(1))
    try:
        entries = dict(library.deserialize(data))
    except library.SafetensorError as error:
        raise ValueError(str(error)) from error
    # The library has looked at the header: it is shallow, and its sizes are right.
    parsed = json.loads(header, object_pairs_hook=_once)
    metadata = parsed.pop("__metadata__", {})
    text = metadata.get(_KEY)
    require(not found or text is not None, "its checksum has no description")
    if short := [name for name, entry in entries.items() if entry["dtype"] == "BF16"]:
        warn(
            f"load: {len(short)} of {len(entries)} tensors are bfloat16, such as {min(short)!r:.80}; there is none "
            "here, and their numbers become float32, which holds them exactly",
            WidenedDTypeWarning,
        )
    arrays = {name: _array(name, entries.pop(name)) for name in parsed}
    if text is not None and found:
        text = text[: -len(MARK + BLANK)]
    return Contents(arrays, text, bool(found))


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    require(len(made) == len(pairs), "a name is there twice")
    return made


def _array(name: str, entry: dict[str, Any]) -> Array:
    dtype = entry["dtype"]
    require(dtype in _DTYPES, f"{name!r:.80} has the dtype {dtype}, which no tensor has here; convert it before")
    array = np.frombuffer(entry["data"], _DTYPES[dtype])
    if dtype == "BF16":  # the upper half of a float32
        array = (array.astype(np.uint32) << 16).view(np.float32)
    return array.reshape(entry["shape"])
