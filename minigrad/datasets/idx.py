"""The IDX format of the MNIST files: a magic number, the sizes, and big-endian numbers."""

import math
import struct
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import DataError, DTypeError, ShapeError
from ..explaining import as_path
from ..files import gunzip, read_bytes, replace_atomically
from ..tensor import Array

__all__ = ["parse_idx", "read_idx", "write_idx"]

# Third byte of the magic number -> element type; the fourth byte counts the axes.
_DTYPES: dict[int, np.dtype[Any]] = {
    0x08: np.dtype(np.uint8),
    0x09: np.dtype(np.int8),
    0x0B: np.dtype(">i2"),
    0x0C: np.dtype(">i4"),
    0x0D: np.dtype(">f4"),
    0x0E: np.dtype(">f8"),
}
_CODES = {dtype.newbyteorder("="): code for code, dtype in _DTYPES.items()}


def parse_idx(contents: bytes | bytearray, source: object) -> Array:
    """Return the array in the contents of an IDX file; `source` names the file in errors.

    The array is writable, and shares the memory of a `bytearray` if its elements have one byte. Raises `DataError`
    for a wrong magic number and for contents that are shorter or longer than their header says.

    >>> from minigrad.datasets.idx import parse_idx
    >>> parse_idx(bytes([0, 0, 8, 1, 0, 0, 0, 2, 7, 9]), "two labels").tolist()
    [7, 9]
    """
    code, rank = (contents[2], contents[3]) if len(contents) >= 4 else (0, 0)
    if code not in _DTYPES or contents[0] or contents[1]:
        raise DataError(
            f"{source} is not an IDX file: it starts with the bytes {bytes(contents[:4]).hex(' ') or '(none)'}; an IDX "
            "file starts with 00 00, a type (08 for images and labels) and the number of axes. It may be another file, "
            "or a web site's error page"
        )
    header = 4 + 4 * rank
    if len(contents) < header:
        raise DataError(f"{source} is truncated: {len(contents)} bytes, but its IDX header alone has {header}")
    shape = struct.unpack(f">{rank}I", contents[4:header])
    size = header + math.prod(shape) * _DTYPES[code].itemsize
    if len(contents) != size:
        what = "is truncated" if len(contents) < size else "is too long"
        raise DataError(f"{source} {what}: {len(contents)} bytes; its IDX header says {shape}, which are {size} bytes")
    writable = contents if isinstance(contents, bytearray) else bytearray(contents)
    array: Array = np.frombuffer(writable, _DTYPES[code], offset=header).reshape(shape)
    return array.astype(array.dtype.newbyteorder("="), copy=False)


def read_idx(path: str | Path) -> Array:
    """Return the array in an IDX file, gzipped or not.

    Raises `DataError` for a file that is missing, truncated, damaged or not IDX.

    >>> import minigrad as mg, numpy as np, pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "labels"; mg.datasets.write_idx(path, np.array([5, 0], np.uint8))
    >>> mg.datasets.read_idx(path)
    array([5, 0], dtype=uint8)
    """
    path = as_path(path, "read_idx")
    try:
        return parse_idx(gunzip(read_bytes(path), path), path)
    except DataError as error:
        raise DataError(f"{error}. Get the file again from where it came") from error


def write_idx(path: str | Path, array: Array) -> None:
    """Write an array as an IDX file, gzipped if the name ends in .gz; the file appears whole or not at all.

    Raises `DTypeError` for a dtype that IDX lacks, `ShapeError` for more than 255 axes or a size of 2³² and more.

    >>> import minigrad as mg, numpy as np, pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "labels.gz"
    >>> mg.datasets.write_idx(path, np.array([1, 2], np.int32)); mg.datasets.read_idx(path).tolist()
    [1, 2]
    """
    path = as_path(path, "write_idx")
    if not isinstance(array, np.ndarray):
        raise DTypeError(f"write_idx got a {type(array).__name__}; it writes an array. The path comes first")
    code = _CODES.get(array.dtype.newbyteorder("="))
    if code is None:
        dtypes = ", ".join(map(str, _CODES))
        raise DTypeError(f"write_idx got dtype {array.dtype}; IDX holds {dtypes}. Convert it by astype")
    if array.ndim > 255 or any(size >= 2**32 for size in array.shape):
        raise ShapeError(f"write_idx got shape {array.shape}; IDX holds at most 255 axes, each below 2**32")
    header = struct.pack(f">4B{array.ndim}I", 0, 0, code, array.ndim, *array.shape)
    contents = header + array.astype(_DTYPES[code]).tobytes()
    if path.name.endswith(".gz"):
        import gzip

        contents = gzip.compress(contents, 9, mtime=0)
    with replace_atomically(path) as file:
        file.write(contents)
