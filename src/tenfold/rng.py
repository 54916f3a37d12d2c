"""Keyed randomness: every number is a pure function of (seed, sample, copy, op, slot).

There is no stream and no state, so any number of workers, any order and any resume draw the
same numbers. The generator is Philox4x32-10 (Salmon, Moraes, Dror & Shaw, "Parallel random
numbers: as easy as 1, 2, 3", SC 2011), evaluated for many keys in one call.
"""

from __future__ import annotations

import hashlib
import math
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from numbers import Integral

import numpy as np
from numpy.typing import NDArray

from tenfold.errors import RequestError

SLOTS = 16
"""Uniform numbers available to one op for one copy of one sample."""

_BLOCKS = SLOTS // 4 + 1  # the last block makes the op's seed for per-pixel randomness
_MULTIPLIERS = np.array([0xD2511F53, 0xCD9E8D57], dtype=np.uint64)
_WEYL = np.array([0x9E3779B9, 0xBB67AE85], dtype=np.uint64)
_LOW = np.uint64(0xFFFFFFFF)
_HALF = np.uint64(32)
_LOW_WORD = 0xFFFFFFFF
_ROWS = 1  # the counter's last word for `uniform_rows`; `draws` has 0 there
_COPIES = 2**32  # a copy's number is one 32-bit word of the counter


@dataclass(frozen=True, slots=True)
class Key:
    """What a copy's randomness depends on.

    Args:
        seed: any integer, of any size or sign.
        sample: the sample's id.
        copy: number of the copy (1, 2, ...), or an epoch; a whole number, 0 to 2**32 - 1.

    Raises:
        RequestError: `copy` is none of these.
    """

    seed: int
    sample: str
    copy: int

    def __post_init__(self) -> None:
        if isinstance(self.copy, bool) or not isinstance(self.copy, Integral):
            raise RequestError(
                f"copy must be a whole number, 0 to {_COPIES - 1}, got {self.copy!r:.60}"
            )
        if not 0 <= self.copy < _COPIES:
            raise RequestError(
                f"copy must be within 0..{_COPIES - 1}, got {self.copy}; "
                "number the copies (or epochs) from 0 or 1, and give another seed for more"
            )

    def words(self) -> tuple[int, int]:
        """The two 32-bit words of the Philox key (seed and sample, hashed)."""
        text = f"{self.seed}\0{self.sample}".encode("utf-8", "surrogateescape")
        digest = hashlib.blake2b(text, digest_size=8).digest()
        return int.from_bytes(digest[:4], "little"), int.from_bytes(digest[4:], "little")


@dataclass(frozen=True, slots=True)
class Draws:
    """The random numbers of one op for N keys.

    Attributes:
        uniforms: (N, SLOTS) float64 in the open interval (0, 1), resolution 2**-32.
        seeds: (N,) integers in [0, 2**53), which seed an op's per-pixel randomness; they
            survive JSON in every language.
    """

    uniforms: NDArray[np.float64]
    seeds: NDArray[np.uint64]


def philox4x32(counter: NDArray[np.uint64], key: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Philox4x32-10.

    Args:
        counter: (..., 4) words below 2**32.
        key: (..., 2) words below 2**32, broadcast against `counter`.

    Returns:
        (..., 4) random words below 2**32, as uint64.
    """
    # Both halves of a round at once: x holds words 0 and 2, y words 1 and 3.
    x, y = np.moveaxis(counter[..., 0::2], -1, 0), np.moveaxis(counter[..., 1::2], -1, 0)
    key = np.moveaxis(key, -1, 0)
    shape = (2, *[1] * (x.ndim - 1))
    multipliers, weyl = _MULTIPLIERS.reshape(shape), _WEYL.reshape(shape)
    for _ in range(10):
        product = (x * multipliers)[::-1]
        x, y = (product >> _HALF) ^ y ^ key, product & _LOW
        key = (key + weyl) & _LOW
    return np.stack([x[0], y[0], x[1], y[1]], axis=-1)


@lru_cache(maxsize=4096)
def op_word(name: str) -> int:
    """The 32-bit counter word of an op, from its name and occurrence (`"rotation"`, `"blur#2"`).

    It depends on the name only, so that adding or removing one op leaves the others' draws alone.
    """
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=4).digest(), "little")


def draws(keys: Sequence[Key], ops: Sequence[str]) -> list[Draws]:
    """Draw for every op and key in one call.

    Args:
        keys: N keys.
        ops: names of the ops, distinct.

    Returns:
        One `Draws` of N rows per op.
    """
    key = np.array([k.words() for k in keys], dtype=np.uint64)[:, None, None, :]
    counter = np.empty((len(keys), len(ops), _BLOCKS, 4), dtype=np.uint64)
    counter[..., 0] = np.arange(_BLOCKS, dtype=np.uint64)
    counter[..., 1] = np.array([op_word(name) for name in ops], dtype=np.uint64)[None, :, None]
    counter[..., 2] = np.array([k.copy for k in keys], dtype=np.uint64)[:, None, None]
    counter[..., 3] = 0
    words = philox4x32(counter, key)
    uniforms = words[:, :, :-1].reshape(len(keys), len(ops), SLOTS).astype(np.float64)
    uniforms = (uniforms + 0.5) * 2.0**-32
    last = words[:, :, -1]
    seeds = (last[..., 0] << np.uint64(21)) | (last[..., 1] >> np.uint64(11))
    return [Draws(uniforms[:, i], seeds[:, i]) for i in range(len(ops))]


def pixel_generator(seed: int) -> np.random.Generator:
    """A generator for per-pixel randomness, a pure function of an op's seed."""
    return np.random.Generator(np.random.SFC64(seed))


def derived_seed(seed: int) -> int:
    """A second seed, for an op that needs two independent streams of per-pixel randomness.

    Args:
        seed: an op's seed; `pixel_generator(seed)` is the first stream.

    Returns:
        An integer in [0, 2**53): the seed of the first child of NumPy's `SeedSequence(seed)`,
        which is what NumPy gives parallel streams, so that the two have nothing in common.
    """
    (word,) = np.random.SeedSequence(seed, spawn_key=(0,)).generate_state(1, np.uint64).tolist()
    return int(word) >> 11


def fresh_seed() -> int:
    """A seed from the operating system's entropy, for runs without one (63 bits)."""
    return secrets.randbits(63)


def uniform_rows(seeds: NDArray[np.int64], shape: tuple[int, ...]) -> NDArray[np.float64]:
    """Uniform numbers in (0, 1) for many copies: row k is a pure function of seed k.

    Args:
        seeds: (N,) of an op's seeds.
        shape: of each row.

    Returns:
        (N, *shape) float64, resolution 2**-32.
    """
    count = math.prod(shape)
    key = np.stack([seeds & _LOW_WORD, seeds >> 32], axis=-1).astype(np.uint64)[:, None, :]
    counter = np.zeros((len(seeds), (count + 3) // 4, 4), dtype=np.uint64)
    counter[..., 0] = np.arange(counter.shape[1], dtype=np.uint64)
    counter[..., 3] = _ROWS
    words = philox4x32(counter, key).reshape(len(seeds), -1)[:, :count]
    return ((words.astype(np.float64) + 0.5) * 2.0**-32).reshape(len(seeds), *shape)


def normal_rows(seeds: NDArray[np.int64], shape: tuple[int, ...]) -> NDArray[np.float64]:
    """Standard normal numbers for many copies, by Box and Muller (1958); see `uniform_rows`."""
    count = math.prod(shape)
    half = (count + 1) // 2
    uniform = uniform_rows(seeds, (2, half))
    radius = np.sqrt(-2 * np.log(uniform[:, 0]))
    angle = 2 * np.pi * uniform[:, 1]
    both = np.concatenate([radius * np.cos(angle), radius * np.sin(angle)], axis=1)
    return both[:, :count].reshape(len(seeds), *shape)
