"""Image and mask files, in and out."""

from tenfold.samples.codec.decode import (
    DecodedImage,
    DecodedMask,
    decode_image,
    decode_mask,
    image_bytes,
    image_of,
    jpeg_size,
    mask_of,
    shrink_for,
)
from tenfold.samples.codec.encode import (
    FORMATS,
    SUFFIXES,
    check_format,
    encode_image,
    encode_mask,
    format_named,
    mask_format,
)

__all__ = [
    "FORMATS",
    "SUFFIXES",
    "DecodedImage",
    "DecodedMask",
    "check_format",
    "decode_image",
    "decode_mask",
    "encode_image",
    "encode_mask",
    "format_named",
    "image_bytes",
    "image_of",
    "jpeg_size",
    "mask_format",
    "mask_of",
    "shrink_for",
]
