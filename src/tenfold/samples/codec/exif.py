"""EXIF orientation: how a camera says which way is up.

Tag 0x0112 (274) of the first image file directory, "Exchangeable image file format for digital
still cameras: Exif Version 2.3", CIPA DC-008, section 4.6.4. Only this tag is read, from the raw
block, so that a block which is odd elsewhere neither fails nor prints anything.
"""

from __future__ import annotations

import struct

import numpy as np

from tenfold.samples.sample import Array

ORIENTATION_TAG = 0x0112


def orientation_of(block: bytes) -> int:
    """The orientation in an EXIF block (with or without its `Exif` prefix).

    Returns:
        1 to 8; 1 (upright) where there is none or the block can't be understood, as viewers do.
    """
    if block.startswith(b"Exif\0\0"):
        block = block[6:]
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(block[:4])
    if order is None:
        return 1
    try:
        (start,) = struct.unpack_from(order + "I", block, 4)
        (count,) = struct.unpack_from(order + "H", block, start)
        for i in range(count):
            tag, kind, _, value = struct.unpack_from(order + "HHIH", block, start + 2 + 12 * i)
            if tag == ORIENTATION_TAG:
                return int(value) if kind == 3 and 1 <= value <= 8 else 1
    except struct.error:  # the block ends early: no orientation can be told
        return 1
    return 1


def upright(image: Array, orientation: int) -> Array:
    """Turn stored pixels the right way up.

    Args:
        image: (H, W, ...).
        orientation: 1 to 8. 2 to 4 mirror or turn by 180 degrees; 5 to 8 trade the sides.

    Returns:
        (H, W, ...) or (W, H, ...), contiguous.
    """
    if orientation >= 5:
        image = np.swapaxes(image, 0, 1)
    if orientation in (3, 4, 7, 8):
        image = image[::-1]
    if orientation in (2, 3, 6, 7):
        image = image[:, ::-1]
    return np.ascontiguousarray(image)
