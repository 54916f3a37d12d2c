"""Pictures that occur more than once, exactly or nearly, found without comparing all pairs.

Exact duplicates have the same decoded pixels, whatever their files look like. Near duplicates
have perceptual hashes a few bits apart and, since hashes of plain or similar pictures collide,
thumbnails that correlate almost perfectly. Some 250 bytes are kept of each picture.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from tenfold.errors import RequestError
from tenfold.samples.sample import Array, Sample

HASH_BITS = 64
SMALLEST = 32
"""Shorter side below which near duplicates aren't looked for: the hash is made of 32 x 32 pixels,
and so little detail as there is in smaller pictures makes different ones look alike."""

_THUMB = 8
_BANDS = 4
_BAND_BITS = HASH_BITS // _BANDS
_LEADERS = 32
_CHUNK = 1 << 20
_STEP = 127 / 4  # thumbnails are held to four standard deviations


def pixel_digest(image: Array) -> bytes:
    """16 bytes that are the same for the same pixels, shape and dtype, and else differ."""
    digest = hashlib.blake2b(f"{image.dtype.str}{image.shape}".encode(), digest_size=16)
    digest.update(np.ascontiguousarray(image).data)
    return digest.digest()


def perceptual_hash(grey: NDArray[np.float32]) -> int:
    """The 64-bit DCT hash of a 32 x 32 grey image.

    Bit k tells whether the k-th of the 8 x 8 lowest frequencies (rows and columns 1 to 8, so
    without the mean) is above their median. Zauner, "Implementation and benchmarking of
    perceptual image hash functions" (2010), section 3.2.1.
    """
    low = cv2.dct(grey.astype(np.float32))[1:9, 1:9].ravel()
    bits = np.packbits(low > np.median(low))
    return int.from_bytes(bits.tobytes(), "big")


def colours_of(sample: Sample) -> NDArray[np.float32]:
    """Colour channels (at most three) as float32 in units of the value range."""
    low, high = sample.value_range
    image = sample.image
    colours = image[..., :-1] if sample.alpha and image.shape[2] > 1 else image
    scaled = (colours[..., :3].astype(np.float32) - low) / max(high - low, 1e-12)
    return np.nan_to_num(np.asarray(scaled, np.float32))


def small_colours(sample: Sample) -> tuple[NDArray[np.float32] | None, float, str]:
    """A sample's picture as its hash is made of: (32, 32, C) float32, C at most three.

    Returns:
        The picture, or None if it is too small or too plain to tell it from others; the deviation
        that rounding or noise would make in it; and "", "small" or "plain".
    """
    # Plain: after averaging, deviations no larger than rounding or noise would make them.
    faint = 2 / 255 if sample.image.dtype == np.uint8 else 2e-4
    if min(sample.height, sample.width) < SMALLEST:
        return None, faint, "small"
    small = cv2.resize(colours_of(sample), (SMALLEST, SMALLEST), interpolation=cv2.INTER_AREA)
    small = small.reshape(SMALLEST, SMALLEST, -1)
    if float(small.std(axis=(0, 1)).max()) < faint:
        return None, faint, "plain"
    return np.asarray(small, np.float32), faint, ""


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What is kept of one picture to find its duplicates.

    Attributes:
        digest: see `pixel_digest`.
        hash: see `perceptual_hash`; None for pictures too small or too plain to have one.
        thumb: (192,) int8, an 8 x 8 RGB thumbnail with mean 0 and its deviations in steps of
            4/127 standard deviations; None where `hash` is.
        why: "" or why there is no hash: "small" or "plain".
    """

    digest: bytes
    hash: int | None = None
    thumb: NDArray[np.int8] | None = None
    why: str = ""

    @classmethod
    def of(cls, sample: Sample) -> Fingerprint:
        """The fingerprint of a sample's image."""
        digest = pixel_digest(sample.image)
        small, faint, why = small_colours(sample)
        if small is None:
            return cls(digest, why=why)
        thumb = cv2.resize(small, (_THUMB, _THUMB), interpolation=cv2.INTER_AREA)
        thumb = thumb.reshape(_THUMB, _THUMB, -1)
        if thumb.shape[2] == 2:
            thumb = thumb[..., [0, 1, 1]]
        thumb = np.broadcast_to(thumb, (_THUMB, _THUMB, 3)).ravel()
        deviation = float(thumb.std())
        if deviation < faint / 4:
            return cls(digest, why="plain")
        steps = np.clip(np.rint((thumb - thumb.mean()) / deviation * _STEP), -127, 127)
        return cls(digest, perceptual_hash(small.mean(axis=2)), steps.astype(np.int8))


class DuplicateFinder:
    """Collects fingerprints, then groups them.

    Args:
        distance: greatest number of differing hash bits (of 64) of near duplicates, 0 to 16.
        correlation: least correlation of their thumbnails, 0 to 1.
    """

    def __init__(self, distance: int = 8, correlation: float = 0.98) -> None:
        if isinstance(distance, bool) or not 0 <= distance <= 16:
            raise RequestError(f"distance must be within 0..16 bits, got {distance}")
        if not 0 <= correlation <= 1:
            raise RequestError(f"correlation must be within 0..1, got {correlation}")
        self.distance, self.correlation = distance, correlation
        self._by_digest: dict[bytes, list[int]] = {}
        self._hashes: list[int] = []
        self._owners: list[int] = []
        self._thumbs = bytearray()
        self.small = 0
        self.plain = 0

    def add(self, index: int, print_: Fingerprint) -> None:
        """Add picture number `index`."""
        same = self._by_digest.setdefault(print_.digest, [])
        same.append(index)
        self.small += print_.why == "small"
        self.plain += print_.why == "plain"
        if len(same) == 1 and print_.hash is not None and print_.thumb is not None:
            self._hashes.append(print_.hash)
            self._owners.append(index)
            self._thumbs += print_.thumb.tobytes()

    def exact(self) -> list[list[int]]:
        """Groups of pictures with the same pixels, each rising, in order of their first."""
        return sorted(g for g in self._by_digest.values() if len(g) > 1)

    def near(self) -> list[list[int]]:
        """Groups of pictures that look alike, exact duplicates counted once (by their first).

        A group is connected by pairs: its ends may look less alike than its neighbours.
        """
        if len(self._owners) < 2:
            return []
        hashes = np.array(self._hashes, np.uint64)
        thumbs = np.frombuffer(bytes(self._thumbs), np.int8).reshape(len(hashes), -1)
        parent = list(range(len(hashes)))
        leaders = self._leaders(hashes, thumbs, parent)
        for first, second in _close_pairs(hashes[leaders], self.distance):
            a, b = leaders[first], leaders[second]
            like = _correlation(thumbs[a], thumbs[b]) >= self.correlation
            for i, j in zip(a[like].tolist(), b[like].tolist(), strict=True):
                _join(parent, i, j)
        groups: dict[int, list[int]] = {}
        for i, owner in enumerate(self._owners):
            groups.setdefault(_root(parent, i), []).append(owner)
        return sorted(sorted(g) for g in groups.values() if len(g) > 1)

    def _leaders(
        self, hashes: NDArray[np.uint64], thumbs: NDArray[np.int8], parent: list[int]
    ) -> NDArray[np.int64]:
        """One picture of each kind among those with the very same hash.

        Keeps the search from growing quadratically where many pictures share a hash (frames of a
        film); beyond 32 kinds a hash is too coarse to tell anything, and later ones are left.
        """
        order = np.argsort(hashes, kind="stable")
        leaders: list[int] = []
        start = 0
        for i, position in enumerate(order.tolist()):
            if i and hashes[position] != hashes[order[i - 1]]:
                start = len(leaders)
            mine = leaders[start:]
            if mine:
                like = _correlation(thumbs[mine], thumbs[[position]])
                best = int(np.argmax(like))
                if like[best] >= self.correlation:
                    _join(parent, mine[best], position)
                    continue
            if len(mine) < _LEADERS:
                leaders.append(position)
        return np.array(sorted(leaders), np.int64)


def _correlation(a: NDArray[np.int8], b: NDArray[np.int8]) -> NDArray[np.float64]:
    x, y = a.astype(np.float64), b.astype(np.float64)
    power = np.sqrt((x * x).sum(axis=1) * (y * y).sum(axis=1))
    return np.asarray((x * y).sum(axis=1) / np.maximum(power, 1e-9))


def _close_pairs(
    hashes: NDArray[np.uint64], distance: int
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """All pairs of hashes at most `distance` bits apart, in batches; a pair may come repeatedly."""
    for first, second in close_between(hashes, hashes, distance):
        keep = first < second
        if keep.any():
            yield first[keep], second[keep]


def close_between(
    queries: NDArray[np.uint64], hashes: NDArray[np.uint64], distance: int
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Places of queries and of hashes at most `distance` bits apart, in batches, some repeatedly.

    Multi-index hashing: of four bands of 16 bits, one differs in at most a quarter of the bits,
    so only hashes that nearly agree in a band are compared. Norouzi, Punjani & Fleet, "Fast
    exact search in Hamming space with multi-index hashing" (2014).
    """
    masks = _masks(distance // _BANDS)
    low = np.uint64((1 << _BAND_BITS) - 1)
    for band in range(_BANDS):
        shift = np.uint64(band * _BAND_BITS)
        keys = ((hashes >> shift) & low).astype(np.int64)
        asked = ((queries >> shift) & low).astype(np.int64)
        order = np.argsort(keys, kind="stable")
        numbers = np.bincount(keys, minlength=1 << _BAND_BITS)
        starts = np.cumsum(numbers) - numbers
        for mask in masks:
            begin, length = starts[asked ^ mask], numbers[asked ^ mask]
            for rows in _batches(length):
                first = np.repeat(rows, length[rows])
                offset = np.arange(len(first)) - np.repeat(
                    np.cumsum(length[rows]) - length[rows], length[rows]
                )
                second = order[np.repeat(begin[rows], length[rows]) + offset]
                near = np.bitwise_count(queries[first] ^ hashes[second]) <= distance
                if near.any():
                    yield first[near], second[near]


def _masks(bits: int) -> Sequence[int]:
    """All 16-bit numbers with at most `bits` bits set."""
    return [m for m in range(1 << _BAND_BITS) if m.bit_count() <= bits]


def _batches(length: NDArray[np.int64]) -> Iterator[NDArray[np.int64]]:
    """Rows in runs whose lengths add up to about a million, so that memory stays bounded."""
    rows = np.nonzero(length)[0]
    if len(rows) == 0:
        return
    batch = np.cumsum(length[rows]) // _CHUNK
    yield from np.split(rows, np.nonzero(np.diff(batch))[0] + 1)


def _root(parent: list[int], i: int) -> int:
    while parent[i] != i:
        parent[i] = parent[parent[i]]
        i = parent[i]
    return i


def _join(parent: list[int], i: int, j: int) -> None:
    a, b = _root(parent, i), _root(parent, j)
    if a != b:
        parent[max(a, b)] = min(a, b)
