"""NumPy's archives: one .npy file per array, in a zip file, read without trusting any of it."""

import io
import zipfile
from typing import Any, BinaryIO

import numpy as np

from ..dtypes import check_supported
from ..tensor import Array
from .seals import BLANK, MARK, check, seal
from .structure import Contents, leads_outside, require

__all__ = ["read", "write"]

# Where the description does not fit into the archive's comment, it is a member of its own.
_STRUCTURE = "structure.json"
_LONGEST_COMMENT = 2**16 - 1 - len(MARK + BLANK)

# What a file may unpack to: compression of weights gains a factor of ten at most, of zeros a thousand.
_ALWAYS_ALLOWED, _ALLOWED_FACTOR = 2**26, 32

# The signature of a zip file's last part, of 22 bytes and the comment.
_END = b"PK\x05\x06"

_LONGEST_HEADER = 2000
_ENCRYPTED = 1


def write(file: BinaryIO, arrays: dict[str, Array], text: str) -> None:
    """Write an archive with one member for each array; the description and the checksum are its comment.

    `numpy.load` finds the arrays under their names, and nothing else unless the description is too long for a comment.
    """
    comment = text.encode("ascii")
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for name, array in arrays.items():
            with archive.open(_member(f"{name}.npy"), "w", force_zip64=array.nbytes >= 2**31) as member:
                np.lib.format.write_array(member, array, allow_pickle=False)
        if len(comment) > _LONGEST_COMMENT:
            archive.writestr(_member(_STRUCTURE), comment)
            comment = b""
        archive.comment = comment + MARK + BLANK
    seal(file)


def _member(name: str) -> zipfile.ZipInfo:
    """A member without a date, so that the same contents make the same file."""
    info = zipfile.ZipInfo(name)
    info.external_attr = 0o644 << 16
    return info


def read(data: bytes) -> Contents:
    """The arrays of an archive, as views of its bytes, and its description if it has one.

    Nothing larger is made than the file's size allows. Raises `ValueError`, or another accident, for an archive that
    is damaged or holds anything else.
    """
    end = data.rfind(_END)
    told = int.from_bytes(data[end + 20 : end + 22], "little")
    # zipfile takes a comment that was cut off for a short one, and then ours for one of NumPy's.
    require(0 <= end == len(data) - 22 - told, "it is no zip file, or not a complete one")
    sealed = data[-len(MARK + BLANK) : -len(BLANK)] == MARK
    if sealed:
        check(data, len(data) - len(BLANK))
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = {info.filename: info for info in archive.infolist()}
        _check_members(archive.infolist(), len(data))
        comment = archive.comment[: -len(MARK + BLANK)] if sealed else archive.comment
        if _STRUCTURE in members:
            info = members.pop(_STRUCTURE)
            require(info.compress_type == zipfile.ZIP_STORED, f"{_STRUCTURE} is compressed, which save never does")
            require(not comment, "it has two descriptions")
            comment = _contents(archive, info)
        text = comment.decode("ascii") if comment else None
        require(text is not None or bool(members), "it is an empty archive")
        arrays = {name.removesuffix(".npy"): _parsed(_contents(archive, info)) for name, info in members.items()}
    return Contents(arrays, text, sealed)


def _check_members(members: list[zipfile.ZipInfo], size: int) -> None:
    """Refuse members that are not ours or NumPy's, before one byte of them is unpacked."""
    seen: set[str] = set()
    for info in members:
        name = info.filename
        require(name not in seen, f"the member {name!r:.80} is there twice")
        seen.add(name)
        require(not leads_outside(name) and info.orig_filename == name, f"the member {name!r:.80} leads outside")
        require(name.endswith(".npy") or name == _STRUCTURE, f"the member {name!r:.80} is no array")
        require(not info.flag_bits & _ENCRYPTED, f"the member {name!r:.80} is encrypted")
        require(
            info.compress_type in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED),
            f"the member {name!r:.80} is packed by method {info.compress_type}",
        )
    packed, unpacked = (sum(getattr(info, key) for info in members) for key in ("compress_size", "file_size"))
    require(packed <= size, f"its members are {packed} bytes in a file of {size}: they overlap")
    require(
        unpacked <= _ALWAYS_ALLOWED + _ALLOWED_FACTOR * size,
        f"its {size} bytes would unpack to {unpacked}, more than arrays ever do",
    )


def _contents(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    """The bytes of a member: as many as it says, and no more are unpacked on the way; zipfile compares their CRC."""
    with archive.open(info) as member:
        contents = member.read(info.file_size)
        require(
            len(contents) == info.file_size and not member.read(1), f"the member {info.filename!r:.80} has another size"
        )
    return contents


def _parsed(contents: bytes) -> Array:
    """The array in the bytes of an .npy file, as a view of them."""
    file = io.BytesIO(contents)
    version = np.lib.format.read_magic(file)
    readers: dict[Any, Any] = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }
    require(version in readers, f"an array in version {version} of NumPy's format")
    shape, fortran, dtype = readers[version](file, max_header_size=_LONGEST_HEADER)
    check_supported(dtype.newbyteorder("="))
    numbers = contents[file.tell() :]
    # Python's integers: no shape is too large to be compared.
    size = dtype.itemsize
    for axis in shape:
        require(axis >= 0, f"an array of shape {shape}")
        size *= axis
    require(size == len(numbers), f"an array of shape {shape} and dtype {dtype} in {len(numbers)} bytes")
    return np.frombuffer(numbers, dtype).reshape(shape, order="F" if fortran else "C")
