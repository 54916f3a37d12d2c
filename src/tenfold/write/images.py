"""Image files out: an original byte for byte, a copy encoded like its parent."""

from __future__ import annotations

from pathlib import Path

from tenfold.errors import SampleError
from tenfold.samples.codec import encode_image, format_named
from tenfold.samples.sample import Sample
from tenfold.write.atomic import write_bytes
from tenfold.write.writer import WriteOptions


def copy_file(source: Path, target: Path) -> str:
    """Copy a file as it is, whole or not at all.

    Returns:
        SHA-256 of the content, hex.

    Raises:
        SampleError: the original can't be read.
        OutputError: the target can't be written.
    """
    try:
        data = source.read_bytes()
    except OSError as error:
        raise SampleError(
            f"can't be read: {error.strerror or error}; check that it exists and its permissions"
        ) from None
    return write_bytes(target, data)


def write_image(target: Path, sample: Sample, options: WriteOptions) -> str:
    """Encode a sample's image in the asked format, or in that of its parent, and write it.

    Returns:
        SHA-256 of the file, hex.

    Raises:
        SampleError: the format can't hold the image.
        OutputError: the target can't be written.
    """
    name = format_named(options.format or sample.encoding.get("format") or target.suffix)
    data = encode_image(sample.image, name, sample.encoding, options.quality, sample.alpha)
    return write_bytes(target, data)
