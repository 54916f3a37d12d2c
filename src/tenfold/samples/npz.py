"""NumPy `.npz` files (zip archives of `.npy` members), read lazily and written piecewise.

Format: numpy.lib.format, "A simple file format for NumPy arrays" (NEP 1). Nothing is ever
unpickled.
"""

from __future__ import annotations

import io
import mmap
import struct
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, cast

import numpy as np

from tenfold.errors import RequestError, SampleError
from tenfold.places import Place, local_copy
from tenfold.samples.sample import Array

_PIECE = 1 << 22
_IN_MEMORY = 1 << 28
"""Compressed members larger than this are unpacked into a temporary file, not into memory."""
_EPOCH = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Member:
    """One array of the file, from its header.

    Attributes:
        name: of the array (without `.npy`).
        shape, dtype, fortran: as in the header; dtype is `object` for pickled content.
        compressed: deflated in the archive.
        start: bytes of the `.npy` header.
    """

    name: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    fortran: bool
    compressed: bool
    start: int

    @property
    def nbytes(self) -> int:
        """Bytes of the array."""
        return int(np.prod(self.shape, dtype=np.int64)) * self.dtype.itemsize


def read_members(path: Place) -> list[Member]:
    """The arrays in a file, in its order; reads headers only.

    Raises:
        RequestError: it isn't a readable `.npz` file.
    """
    try:
        with zipfile.ZipFile(local_copy(path)) as archive:
            return [_header(archive, info) for info in archive.infolist()
                    if info.filename.endswith(".npy")]  # fmt: skip
    except (zipfile.BadZipFile, ValueError, EOFError, NotImplementedError, struct.error) as error:
        raise RequestError(
            f"{path} is truncated or not an .npz file ({error}); copy it again or save it "
            "with numpy.savez"
        ) from None
    except OSError as error:
        raise RequestError(f"{path} can't be read: {error.strerror or error}") from None


def _header(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Member:
    with archive.open(info) as handle:
        version = np.lib.format.read_magic(handle)
        if version == (1, 0):
            shape, fortran, dtype = np.lib.format.read_array_header_1_0(handle)
        else:  # versions 2 and 3 differ in the encoding of field names only
            shape, fortran, dtype = np.lib.format.read_array_header_2_0(handle)
        start = handle.tell()
    compressed = info.compress_type != zipfile.ZIP_STORED
    return Member(info.filename[:-4], shape, dtype, fortran, compressed, start)


def load_member(place: Place, member: Member) -> Array:
    """An array as a read-only view: mapped where it is stored plain, else unpacked once.

    Raises:
        SampleError: the file is gone or damaged, or the array holds Python objects.
    """
    if member.dtype.hasobject:
        raise SampleError(f"array '{member.name}' holds Python objects, which are never unpickled")
    try:
        path = local_copy(place)
        with zipfile.ZipFile(path) as archive:
            info = archive.getinfo(member.name + ".npy")
            if info.file_size - member.start < member.nbytes:
                raise SampleError(f"array '{member.name}' is cut off; copy the file again")
            if member.nbytes == 0:
                return _shaped(b"", 0, member)
            if not member.compressed:
                offset = _data_offset(path, info) + member.start
                with path.open("rb") as handle:
                    mapped = mmap.mmap(handle.fileno(), 0, access=mmap.ACCESS_READ)
                return _shaped(mapped, offset, member)
            with archive.open(info) as packed:
                return _unpacked(packed, member)
    except (zipfile.BadZipFile, OSError, EOFError, KeyError, ValueError, struct.error) as error:
        raise SampleError(f"{place.name} is damaged ({error}); copy it again") from error


def _unpacked(packed: IO[bytes], member: Member) -> Array:
    packed.read(member.start)
    if member.nbytes <= _IN_MEMORY:
        return _shaped(packed.read(), 0, member)
    with tempfile.TemporaryFile() as handle:
        while piece := packed.read(_PIECE):
            handle.write(piece)
        handle.flush()
        return _shaped(mmap.mmap(handle.fileno(), 0, access=mmap.ACCESS_READ), 0, member)


def _shaped(buffer: Any, offset: int, member: Member) -> Array:
    count = int(np.prod(member.shape, dtype=np.int64))
    flat = np.frombuffer(buffer, member.dtype, count, offset) if count else np.empty(
        0, member.dtype)  # fmt: skip
    return flat.reshape(member.shape, order="F" if member.fortran else "C")


def _data_offset(path: Path, info: zipfile.ZipInfo) -> int:
    with path.open("rb") as handle:
        handle.seek(info.header_offset)
        header = handle.read(30)
    name, extra = struct.unpack_from("<HH", header, 26)
    return info.header_offset + 30 + int(name) + int(extra)


def raw_member(path: Place, name: str) -> Iterator[bytes]:
    """A member's bytes as they are, header included, in pieces."""
    with zipfile.ZipFile(local_copy(path)) as archive, archive.open(name + ".npy") as handle:
        while piece := handle.read(_PIECE):
            yield piece


def npy_header(dtype: np.dtype[Any], shape: tuple[int, ...]) -> bytes:
    """The header of a `.npy` member in C order."""
    out = io.BytesIO()
    fields = {
        "descr": np.lib.format.dtype_to_descr(dtype),
        "fortran_order": False,
        "shape": shape,
    }
    try:
        np.lib.format.write_array_header_1_0(out, fields)
    except ValueError:  # longer than 64 KiB (structured dtypes)
        out = io.BytesIO()
        np.lib.format.write_array_header_2_0(out, fields)
    return out.getvalue()


Content = Callable[[], Iterable[bytes | memoryview]]


class _Sink(io.RawIOBase):
    """Collects what the zip writer gives until it is fetched."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self.pieces.append(bytes(data))
        return len(data)

    def fetch(self) -> Iterator[bytes]:
        pieces, self.pieces = self.pieces, []
        yield from pieces


def npz_chunks(members: Iterable[tuple[str, bool, Content]]) -> Iterator[bytes]:
    """The bytes of an `.npz` file, the same for the same content (no times of day in it).

    Args:
        members: name, whether to compress, and a function that gives the member's bytes
            (header included) in pieces.

    Yields:
        The file in pieces; no more than one is held in memory.
    """
    sink = _Sink()
    with zipfile.ZipFile(cast("IO[bytes]", sink), "w", allowZip64=True) as archive:
        for name, compress, content in members:
            info = zipfile.ZipInfo(name + ".npy", _EPOCH)
            info.compress_type = zipfile.ZIP_DEFLATED if compress else zipfile.ZIP_STORED
            with archive.open(info, "w", force_zip64=True) as handle:
                for piece in content():
                    handle.write(piece)
                    yield from sink.fetch()
    yield from sink.fetch()
