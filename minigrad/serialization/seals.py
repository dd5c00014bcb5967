"""Checksums by which damage to a file that `save` wrote is noticed, wherever in the file it is.

The checksum is the SHA-256 of all bytes of the file, its own 64 digits taken as zeros. It guards against accidents,
not against forgers, who can compute it as well.
"""

from typing import BinaryIO

from .structure import require

__all__ = ["BLANK", "MARK", "check", "digest_of", "seal"]

MARK = b"minigrad-sha256:"
BLANK = b"0" * 64

_PIECE = 2**20


def digest_of(data: bytes, position: int) -> bytes:
    """The checksum of a file's bytes, in which the checksum itself stands at `position`."""
    import hashlib

    digest, view = hashlib.sha256(), memoryview(data)
    for piece in (view[:position], BLANK, view[position + len(BLANK) :]):
        digest.update(piece)
    return digest.hexdigest().encode()


def seal(file: BinaryIO) -> None:
    """Overwrite the blank at the end of a file by the checksum of the file."""
    import hashlib

    file.flush()
    file.seek(0)
    digest = hashlib.sha256()
    while piece := file.read(_PIECE):
        digest.update(piece)
    file.seek(-len(BLANK), 2)
    file.write(digest.hexdigest().encode())


def check(data: bytes, position: int) -> None:
    """Raise `ValueError` where the checksum at `position` is not that of the bytes."""
    require(
        bytes(data[position : position + len(BLANK)]) == digest_of(data, position),
        "its checksum is that of other contents: it was damaged after it was written. Take an earlier copy",
    )
