"""Data files with a known digest: checked whenever they are used, fetched from mirrors when asked for."""

import hashlib
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from ..errors import DataError
from ..files import GZIP_MAGIC, gunzip, read_bytes, replace_atomically
from ..tensor import Array
from .idx import parse_idx

__all__ = ["TIMEOUT", "Archive", "Resource", "download", "find", "read"]

# Seconds without a byte after which a mirror is given up.
TIMEOUT = 30.0

_CHUNK = 1 << 16

# Compression can add a little to what does not compress; an archive beyond this is not ours.
_ALLOWANCE = 1 << 16


class Remote(Protocol):
    """What can be fetched: a name for messages, the bytes to expect, the name at a mirror, a check, and a file name."""

    @property
    def name(self) -> str: ...
    @property
    def size(self) -> int: ...
    @property
    def address(self) -> str: ...
    def verify(self, raw: bytes, source: object) -> None: ...
    def file_name(self, raw: bytes) -> str: ...


class Resource(NamedTuple):
    """One data file: its name without .gz, and the size in bytes and SHA-256 of its contents."""

    name: str
    size: int
    sha256: str

    @property
    def address(self) -> str:
        """The name behind a mirror's address."""
        return f"{self.name}.gz"

    def verify(self, raw: bytes, source: object) -> None:
        """Raise `DataError`, naming `source`, if this is not the resource."""
        self.array(raw, source)

    def file_name(self, raw: bytes) -> str:
        """The name under which this is kept."""
        return self.address if raw.startswith(GZIP_MAGIC) else self.name

    def array(self, raw: bytes, source: object) -> Array:
        """Return the array in an archive, or in the plain file, if its contents are what they should be.

        Raises `DataError`, naming `source`, with what arrived and what was expected.
        """
        contents = gunzip(raw, source, self.size)
        array = parse_idx(contents, source)
        self.check(contents, source, f", shape {array.shape},")
        return array

    def check(self, contents: bytes | bytearray, source: object, what: str = "", cut: bool = False) -> None:
        """Raise `DataError`, naming `source`, for contents of another digest; `cut` if there may be more of them."""
        digest = hashlib.sha256(contents).hexdigest()
        if digest != self.sha256:
            least, what = ("at least ", f"{what}, those") if cut else ("", what)
            raise DataError(
                f"{source} does not hold {self.name}: its contents are {least}{len(contents)} bytes{what} with SHA-256 "
                f"{digest}; expected {self.size} bytes with SHA-256 {self.sha256}"
            )


class Archive(NamedTuple):
    """A .tar.gz of several resources: its name, and the size in bytes and SHA-256 of the file itself."""

    name: str
    size: int
    sha256: str

    @property
    def address(self) -> str:
        """The name behind a mirror's address."""
        return self.name

    def verify(self, raw: bytes, source: object) -> None:
        """Raise `DataError`, naming `source`, if this is not the archive."""
        Resource(*self).check(raw, source)

    def file_name(self, raw: bytes) -> str:
        """The name under which this is kept."""
        return self.name

    def members(self, raw: bytes, source: object, wanted: Sequence[Resource], limit: int) -> dict[str, bytes]:
        """Return the contents of the wanted members, checked; nothing is written, and no link is followed.

        Raises `DataError`, naming `source`, for an archive that is damaged, unpacks to more than `limit` bytes, or
        lacks one of them.
        """
        import io
        import tarfile

        sizes = {resource.name: resource.size for resource in wanted}
        found: dict[str, bytes] = {}
        names = []
        try:
            with tarfile.open(fileobj=io.BytesIO(gunzip(raw, source, limit)), mode="r:") as archive:
                for member in archive:
                    name = member.name.rpartition("/")[2]
                    names.append(name)
                    if name in sizes and name not in found and member.isreg() and not member.issparse():
                        file = archive.extractfile(member)
                        found[name] = b"" if file is None else file.read(sizes[name] + 1)
        # What tarfile makes of damaged headers.
        except (tarfile.TarError, OSError, EOFError, ValueError, RecursionError) as error:
            raise DataError(f"{source} is a damaged tar archive: {error}") from error
        for resource in wanted:
            if resource.name not in found:
                raise DataError(f"{source} lacks {resource.name}; it holds {', '.join(names[:12]) or 'nothing'}")
            resource.check(found[resource.name], f"{resource.name} in {source}")
        return found


def find(resource: Resource, folders: Sequence[Path]) -> Path | None:
    """Return the first file of the resource's name, plain or with .gz, in the folders; None if there is none."""
    for folder in folders:
        for name in (resource.name, f"{resource.name}.gz"):
            if (folder / name).is_file():
                return folder / name
    return None


def read(resource: Resource, path: Path) -> Array:
    """Return the verified array in a file; raises `DataError` for any other contents."""
    return resource.array(read_bytes(path, resource.size + _ALLOWANCE + 1), path)


def download(resource: Remote, mirrors: Sequence[str], folder: Path, timeout: float = TIMEOUT) -> Path:
    """Fetch a resource into `folder` from the first mirror that has it right, and return its path.

    A mirror is the address in front of its name there. What arrives is kept in memory until its contents are verified,
    so that nothing else is ever written. Raises `DataError` with what went wrong at each mirror.
    """
    failures = []
    for mirror in mirrors:
        address = f"{mirror.rstrip('/')}/{resource.address}"
        try:
            raw = _fetch(address, resource, timeout)
            resource.verify(raw, address)
        except DataError as error:
            failures.append(str(error))
            continue
        path = folder / resource.file_name(raw)
        try:
            with replace_atomically(path) as file:
                file.write(raw)
        except OSError as error:
            raise DataError(f"{path} cannot be written: {error}. Is there space, and permission to write?") from error
        return path
    raise DataError(
        f"{resource.name} could not be downloaded from any of {len(mirrors)} mirrors:\n"
        + "\n".join(f"  {failure}" for failure in failures)
        + f"\nIs this machine online? Otherwise put the file into {folder} yourself"
    )


def _fetch(address: str, resource: Remote, timeout: float) -> bytes:
    from http.client import HTTPException
    from urllib.error import HTTPError
    from urllib.request import Request, urlopen

    limit = resource.size + _ALLOWANCE
    received = bytearray()
    try:
        request = Request(address, headers={"User-Agent": "minigrad"})
        with urlopen(request, timeout=timeout) as response:
            announced = response.headers.get("Content-Length", "")
            total = int(announced) if announced.isdecimal() else None
            with _progress(address, total) as advance:
                while len(received) <= limit and (chunk := response.read(_CHUNK)):
                    received += chunk
                    advance(len(chunk))
    except HTTPError as error:
        error.close()
        raise DataError(f"{address}: the server answered {error.code} {error.reason}") from error
    except (OSError, HTTPException, ValueError) as error:
        reason = getattr(error, "reason", error)
        raise DataError(f"{address}: {type(error).__name__}: {reason}, after {len(received)} bytes") from error
    if len(received) > limit:
        raise DataError(f"{address}: sends more than the {limit} bytes that {resource.name} can take")
    if total is not None and len(received) != total:
        raise DataError(f"{address}: the connection ended after {len(received)} of {total} bytes")
    return bytes(received)


@contextmanager
def _progress(address: str, total: int | None) -> Iterator[Callable[[int], Any]]:
    """Yield a function to call with the size of each chunk: tqdm's bar, or a few lines on stderr without tqdm."""
    try:
        tqdm = import_module("tqdm").tqdm
    except ImportError:
        print(f"minigrad: fetching {address}" + (f", {total} bytes" if total else ""), file=sys.stderr)
        received = quarters = 0

        def advance(size: int) -> None:
            nonlocal received, quarters
            received += size
            if total and 4 * received // total > quarters:
                quarters = 4 * received // total
                print(f"minigrad: {25 * quarters} % of {address}", file=sys.stderr)

        yield advance
    else:
        with tqdm(total=total, unit="B", unit_scale=True, desc=address.rpartition("/")[2]) as bar:
            yield bar.update
