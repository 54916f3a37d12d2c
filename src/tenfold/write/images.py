"""Files of a sample out: an original's byte for byte, a copy's image encoded like its parent's.

A sample is often several files (image, mask, label file). All are read or encoded before the
first is written, so that a sample that can't be used leaves nothing behind.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath

from tenfold.errors import SampleError, TenfoldError
from tenfold.places import Place
from tenfold.samples.codec import encode_image, format_named
from tenfold.samples.sample import Sample
from tenfold.write.atomic import write_soon
from tenfold.write.writer import WriteOptions


def copy_files(source: Place, destination: Place, files: Sequence[str]) -> dict[str, str]:
    """Copy the files of a sample as they are: all, or none if one of them can't be read.

    Args:
        source: the dataset's folder.
        destination: where they go, under the same names.
        files: paths relative to it.

    Returns:
        SHA-256 of each content, hex, by path.

    Raises:
        SampleError: one can't be read; the message names it where the sample has several.
        OutputError: one can't be written.
    """
    contents: dict[str, bytes] = {}
    for file in files:
        try:
            contents[file] = (source / file).read_bytes()
        except OSError as error:
            which = f"{file} " if len(files) > 1 else ""
            raise SampleError(
                f"{which}can't be read: {error.strerror or error}; check that it exists and its "
                "permissions"
            ) from None
    return write_files(destination, contents)


def image_bytes(target: str, sample: Sample, options: WriteOptions) -> bytes:
    """A sample's image in the asked format, or in that of its parent, or as `target` ends.

    Raises:
        SampleError: the format can't hold the image.
    """
    suffix = PurePosixPath(target).suffix
    name = format_named(options.format or sample.encoding.get("format") or suffix)
    return encode_image(sample.image, name, sample.encoding, options.quality, sample.alpha)


def write_files(destination: Place, contents: Mapping[str, bytes]) -> dict[str, str]:
    """Write the files of a sample; if one can't be written, those before it are removed.

    Args:
        destination: the dataset's folder.
        contents: by path relative to it.

    Returns:
        SHA-256 of each content, hex, by path.

    Raises:
        OutputError: one can't be written.
    """
    digests: dict[str, str] = {}
    try:
        for path, data in contents.items():
            digests[path] = write_soon(destination / path, data)
    except TenfoldError:
        for path in digests:
            with contextlib.suppress(OSError, TenfoldError):
                (destination / path).unlink()
        raise
    return digests
