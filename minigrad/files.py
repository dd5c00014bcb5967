"""Files read whole and written whole: gzip or not, and never half-written."""

import glob
import os
import stat
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from .errors import DataError

__all__ = ["GZIP_MAGIC", "destination", "gunzip", "read_bytes", "replace_atomically", "sweep", "twin"]

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


def destination(path: Path) -> Path:
    """The file that writing to `path` makes or replaces: `path` itself, or where it leads if it is a link.

    Raises `DataError` for what is no file and must not become one: folders, devices, pipes.

    >>> from minigrad.files import destination
    >>> destination(Path("run.npz")).name
    'run.npz'
    """
    if path.name in ("", ".."):
        raise DataError(
            f"a file called {str(path)!r} was asked for, which is the name of a folder; give the name of a file"
        )
    mode = _mode(path)
    if mode is not None and not stat.S_ISREG(mode):
        what = "a folder" if stat.S_ISDIR(mode) else "a link to itself" if stat.S_ISLNK(mode) else "a device or a pipe"
        raise DataError(f"{path} is {what}, which no file takes the place of; give the name of a file")
    return Path(os.path.realpath(path)) if path.is_symlink() else path


def _mode(path: Path) -> int | None:
    """The kind and the permissions of what is there, at the end of links; None for nothing."""
    try:
        return path.stat().st_mode
    except FileNotFoundError:
        return None
    except OSError:  # a link that leads to itself; or all fails, and this says why
        return path.lstat().st_mode


def _aside(path: Path) -> Path:
    # Not tempfile's names: those of a file's own can be told from those of another.
    return path.with_name(f".{path.name}.{os.urandom(6).hex()}.tmp")


def sweep(path: Path) -> None:
    """Remove what processes that were killed while they wrote to `path` have left.

    >>> import tempfile
    >>> from minigrad.files import sweep
    >>> path = Path(tempfile.mkdtemp()) / "run.npz"
    >>> left = path.with_name(".run.npz.0123456789ab.tmp"); left.touch()
    >>> sweep(path); left.exists()
    False
    """
    for left in path.parent.glob(f".{glob.escape(path.name)}.{'[0-9a-f]' * 12}.tmp"):
        with suppress(OSError):
            left.unlink()


@contextmanager
def replace_atomically(path: Path, ready: Callable[[], object] | None = None) -> Iterator[BinaryIO]:
    """Open a temporary file beside `path` that takes its place when the block ends, or vanishes when it raises.

    Its contents are on the disk before it gets its name, and its name is when the block is left: whatever happens to
    the process or to the machine, there is the old file or the new one. Between the two, `ready` is called. An old
    file's permissions stay; a link stays, and the file that it leads to is replaced.

    Raises `DataError`, before anything is written, for folders and devices.

    >>> import tempfile
    >>> with replace_atomically(Path(tempfile.mkdtemp()) / "new" / "file") as file: _ = file.write(b"whole")
    """
    path = destination(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    mode, temporary = _mode(path), _aside(path)
    try:
        with _created(temporary, mode) as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        if ready is not None:
            ready()
        temporary.replace(path)
    except BaseException:
        with suppress(OSError):
            temporary.unlink()
        raise
    _sync_folder(path.parent)


def _created(path: Path, mode: int | None) -> BinaryIO:
    """A new file with the permissions in `mode`, never with more; None means those that the umask leaves."""
    if mode is None:
        return path.open("x+b")
    file: BinaryIO = open(path, "x+b", opener=lambda name, flags: os.open(name, flags, 0o600))  # noqa: SIM115
    with suppress(OSError):  # a file system without permissions
        path.chmod(stat.S_IMODE(mode))
    return file


def twin(path: Path) -> Path:
    """A temporary name for the file at `path`, which keeps it when another takes its place; or a copy, on the disk.

    >>> import tempfile
    >>> from minigrad.files import twin
    >>> path = Path(tempfile.mkdtemp()) / "run.npz"; _ = path.write_bytes(b"1")
    >>> twin(path).read_bytes()
    b'1'
    """
    made = _aside(path)
    try:
        os.link(path, made)
    except OSError:  # a file system without hard links
        try:
            with _created(made, _mode(path)) as file:
                file.write(path.read_bytes())
                file.flush()
                os.fsync(file.fileno())
        except BaseException:
            made.unlink(missing_ok=True)
            raise
    return made


def _sync_folder(folder: Path) -> None:
    """Have the names in a folder written to the disk, where the system can."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
