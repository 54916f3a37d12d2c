"""Images as their annotations see them: upright, or as stored where the annotations say so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from tenfold.errors import SampleError
from tenfold.places import Place
from tenfold.samples.codec import DecodedImage, decode_image
from tenfold.samples.codec.exif import upright
from tenfold.samples.sample import Sample, value_range_of

_INVERSE = {6: 8, 8: 6}
"""A quarter turn is undone by the opposite one; all other orientations undo themselves."""


def decode_sized(
    path: Place, max_pixels: int, sizes: Sequence[tuple[object, object]], said_by: str
) -> DecodedImage:
    """Decode an image whose annotations say what size it is.

    Where that is the upright size (or both are equal), the image is turned as EXIF says, like
    anywhere else. Where it is the size before turning, the annotations were drawn on the stored
    pixels, and the image stays as stored.

    Args:
        path: of the image.
        max_pixels: limit on width times height.
        sizes: (width, height) as stated; entries that are not whole positive numbers say nothing.
        said_by: what states it, for the message.

    Raises:
        SampleError: like `decode_image`, or the size is neither.
    """
    return as_stated(decode_image(path, max_pixels), sizes, said_by)


def as_stated(
    decoded: DecodedImage, sizes: Sequence[tuple[object, object]], said_by: str
) -> DecodedImage:
    """Like `decode_sized`, for an image that is decoded already."""
    height, width = decoded.image.shape[:2]
    raw = tuple(decoded.encoding.get("raw_size", (width, height)))
    stated = {(w, h) for w, h in sizes if _is_size(w) and _is_size(h)}
    if not stated or stated == {(width, height)}:
        return decoded
    if stated == {raw}:
        orientation = decoded.encoding["orientation"]
        stored = upright(decoded.image, _INVERSE.get(orientation, orientation))
        encoding = {
            k: v for k, v in decoded.encoding.items() if k not in ("orientation", "raw_size")
        }
        return replace(decoded, image=stored, encoding=encoding)
    listed = " and ".join(sorted(f"{w}x{h}" for w, h in stated))
    raise SampleError(
        f"{said_by} says the image is {listed}, the file is {width}x{height}; restore the image "
        "that was annotated, or correct the size together with the coordinates"
    )


def sample_of(id: str, decoded: DecodedImage, **fields: Any) -> Sample:  # noqa: A002
    """A sample of a decoded image and further fields."""
    encoding = {**decoded.encoding, **fields.pop("encoding", {})}
    return Sample(
        id,
        decoded.image,
        alpha=decoded.alpha,
        value_range=value_range_of(decoded.image),
        encoding=encoding,
        **fields,
    )


def _is_size(value: object) -> bool:
    whole = isinstance(value, int) or (isinstance(value, float) and value.is_integer())
    return whole and value > 0  # type: ignore[operator]
