"""Files read whole and written whole: gzip or not, and never half-written."""

import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from .errors import DataError

__all__ = ["GZIP_MAGIC", "gunzip", "read_bytes", "replace_atomically"]

GZIP_MAGIC = b"\x1f\x8b"


def read_bytes(path: Path, limit: int | None = None) -> bytes:
    """Return what the file holds, at most `limit` bytes; raises `DataError` if it cannot be read."""
    try:
        with path.open("rb") as file:
            return file.read(-1 if limit is None else limit)
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error}") from error


def gunzip(raw: bytes, source: object, limit: int | None = None) -> bytearray:
    """Return the contents of a gzip archive, or a copy of what is none.

    Raises `DataError`, naming `source`, for an archive that is truncated, damaged or holds more than `limit` bytes.
    """
    if not raw.startswith(GZIP_MAGIC):
        return bytearray(raw)
    contents = bytearray()
    while raw.startswith(GZIP_MAGIC):
        member = zlib.decompressobj(wbits=31)
        try:
            # One byte more than the limit tells too much from just enough; 0 means no limit to zlib.
            contents += member.decompress(raw, 0 if limit is None else limit + 1 - len(contents))
        except zlib.error as error:
            raise DataError(f"{source} is a damaged gzip archive: {error}") from error
        if limit is not None and len(contents) > limit:
            raise DataError(f"{source} unpacks to more than the {limit} bytes expected; it is another file")
        if not member.eof:
            raise DataError(
                f"{source} is a truncated gzip archive: its {len(raw)} bytes end after {len(contents)} bytes of "
                "contents, before the end mark"
            )
        raw = member.unused_data
    if raw.strip(b"\0"):
        raise DataError(f"{source} has {len(raw)} bytes after the end of its gzip archive")
    return contents


@contextmanager
def replace_atomically(path: Path) -> Iterator[BinaryIO]:
    """Open a temporary file beside `path` that takes its place when the block ends, or vanishes when it raises.

    Its contents are on the disk before it gets its name, and its name is when the block is left: whatever happens to
    the process or to the machine, there is the old file or the new one.

    >>> import tempfile
    >>> with replace_atomically(Path(tempfile.mkdtemp()) / "new" / "file") as file: _ = file.write(b"whole")
    """
    if not path.name:
        raise DataError(
            f"a file called {str(path)!r} was asked for, which is the name of a folder; give the name of a file"
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    # Not tempfile's: its files are readable by their owner alone, and would stay so.
    temporary = path.with_name(f".{path.name}.{os.urandom(6).hex()}.tmp")
    try:
        with temporary.open("x+b") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        with suppress(OSError):
            temporary.unlink()
        raise
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    """Have the names in a folder written to the disk, where the system can."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
