"""What is kept of a picture to find it again: recompressed, resized, lightened, turned, mirrored.

Two pictures look the same if their perceptual hashes are a few bits apart (so that pairs are found
without comparing all of them) and their grey thumbnails correlate almost perfectly. A quarter
turn or a reflection changes a hash in a known way: it costs nothing to look for all eight.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from tenfold.evaluate.duplicates import SMALLEST, colours_of, pixel_digest, small_colours
from tenfold.ops.colour_science import LUMA_601
from tenfold.samples.sample import Array, Sample

TURNS = (
    "", "mirrored left to right", "mirrored top to bottom", "turned by 180 degrees",
    "mirrored along its diagonal", "turned by 90 degrees", "turned by 270 degrees",
    "mirrored along its other diagonal",
)  # fmt: skip
"""The eight ways to lay a square onto itself, by their numbers in `turned`."""

_LUMA = LUMA_601.astype(np.float32)
_ORBIT = 1 << 16
_CHUNK = 2048


@dataclass(frozen=True, slots=True)
class Look:
    """A picture's, in some 1,200 bytes.

    Attributes:
        digest: the same for the same pixels, see `pixel_digest`.
        orbit: the same for the same pixels however turned or mirrored; None for pictures of more
            than 65,536 pixels that have hashes, which find them too.
        hashes: (8,) uint64, of the picture laid in each of the `TURNS`; None for pictures too
            small or too plain to have one.
        detail: (32, 32) uint8, grey, from its darkest to its brightest; None where `hashes` is.
        why: "" or why there are no hashes: "small" or "plain".
    """

    digest: bytes
    orbit: bytes | None
    hashes: NDArray[np.uint64] | None = None
    detail: NDArray[np.uint8] | None = None
    why: str = ""

    @classmethod
    def of(cls, sample: Sample) -> Look:
        """The look of a sample's image."""
        image = sample.image
        small, _, why = small_colours(sample)
        brief = small is None or image.shape[0] * image.shape[1] <= _ORBIT
        digest = pixel_digest(image)
        orbit = _orbit_digest(image) if brief else None
        if small is None:
            return cls(digest, orbit, why=why)
        grey = _grey(small)
        low, high = float(grey.min()), float(grey.max())
        if high - low < 1 / 255:  # colours that differ, of one brightness
            return cls(digest, orbit, why="plain")
        detail = np.rint((grey - low) / (high - low) * 255).astype(np.uint8)
        return cls(digest, orbit, turned_hashes(grey), detail)


def grey_of(sample: Sample) -> NDArray[np.float32]:
    """(H, W), a sample's image in grey, 0 black and 1 white."""
    return _grey(colours_of(sample))


def _grey(colours: NDArray[np.float32]) -> NDArray[np.float32]:
    """As grey pictures are made of colours, so that they are found beside them."""
    return np.asarray(colours @ _LUMA if colours.shape[2] == 3 else colours.mean(axis=2))


def turned(image: Array, turn: int) -> Array:
    """An image (H, W, ...) laid in one of the eight `TURNS`; a view of it."""
    if turn & 2:
        image = image[::-1]
    if turn & 1:
        image = image[:, ::-1]
    return image.swapaxes(0, 1) if turn & 4 else image


def turned_hashes(grey: NDArray[np.float32]) -> NDArray[np.uint64]:
    """`perceptual_hash` of a (32, 32) picture in each of the eight `TURNS`, from one transform.

    A reflection changes the signs of the odd frequencies across it, a transposition exchanges rows
    and columns.
    """
    low = cv2.dct(np.ascontiguousarray(grey, np.float32))[1:9, 1:9]
    sign = np.where(np.arange(1, 9) % 2, -1.0, 1.0).astype(np.float32)
    laid = []
    for turn in range(8):
        parts = low * sign[:, None] if turn & 2 else low
        parts = parts * sign if turn & 1 else parts
        laid.append((parts.T if turn & 4 else parts).ravel())
    bits = np.packbits(np.array([part > np.median(part) for part in laid]), axis=1)
    return bits.view(">u8").ravel().astype(np.uint64)


def likeness(first: NDArray[np.uint8], second: NDArray[np.uint8]) -> NDArray[np.float64]:
    """How alike pairs of details are: their greatest correlation among shifts of one pixel.

    Args:
        first, second: (n, 32, 32), laid alike.

    Returns:
        (n,), -1 to 1.
    """
    found = np.full(len(first), -1.0)
    inner = SMALLEST - 2
    for start in range(0, len(first), _CHUNK):
        rows = slice(start, start + _CHUNK)
        middle = _unit(first[rows, 1:-1, 1:-1])
        for y in range(3):
            for x in range(3):
                other = _unit(second[rows, y : y + inner, x : x + inner])
                alike = np.einsum("ij,ij->i", middle, other)
                found[rows] = np.maximum(found[rows], alike)
    return found


def _unit(details: NDArray[np.uint8]) -> NDArray[np.float32]:
    flat = details.reshape(len(details), -1).astype(np.float32)
    flat -= flat.mean(axis=1, keepdims=True)
    return np.asarray(flat / np.maximum(np.linalg.norm(flat, axis=1, keepdims=True), 1e-6))


def _orbit_digest(image: Array) -> bytes:
    laid = (pixel_digest(np.ascontiguousarray(turned(image, turn))) for turn in range(8))
    return hashlib.blake2b(b"".join(sorted(laid)), digest_size=16).digest()
