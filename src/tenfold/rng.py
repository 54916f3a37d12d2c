"""Keyed randomness: every number is a pure function of (seed, sample, copy, op, slot).

There is no stream and no state, so any number of workers, any order and any resume draw the
same numbers. The generator is Philox4x32-10 (Salmon, Moraes, Dror & Shaw, "Parallel random
numbers: as easy as 1, 2, 3", SC 2011), evaluated for many keys in one call (`native/philox.c`).
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
from tenfold.native.library import ffi, lib

SLOTS = 16
"""Uniform numbers available to one op for one copy of one sample."""

_ROWS = 1  # of a seed's streams that for a copy's own numbers; pixels have 0
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
        seeds: (N,) int64 in [0, 2**53), which seed an op's per-pixel randomness; they survive
            JSON in every language.
    """

    uniforms: NDArray[np.float64]
    seeds: NDArray[np.int64]


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
    words: dict[tuple[int, str], tuple[int, int]] = {}
    for key in keys:
        if (key.seed, key.sample) not in words:
            words[key.seed, key.sample] = key.words()
    each = np.array([words[key.seed, key.sample] for key in keys], dtype=np.uint32).reshape(-1, 2)
    return draws_of_words(each, np.array([key.copy for key in keys], dtype=np.uint32), ops)


def draws_of_words(
    words: NDArray[np.uint32], copies: NDArray[np.uint32], ops: Sequence[str]
) -> list[Draws]:
    """`draws` for keys given by their words (`Key.words`) (N, 2) and copies (N,)."""
    count = len(copies)
    names = np.array([op_word(name) for name in ops], dtype=np.uint32)
    uniforms = np.empty((len(ops), SLOTS, count))
    seeds = np.empty((len(ops), count), dtype=np.int64)
    pointer = ffi.from_buffer
    lib.draw_uniforms(
        pointer("uint32_t[]", words), pointer("uint32_t[]", copies), count,
        pointer("uint32_t[]", names), len(ops),
        pointer("double[]", uniforms), pointer("int64_t[]", seeds),
    )  # fmt: skip
    return [Draws(uniforms[i].T, seeds[i]) for i in range(len(ops))]


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
    out = np.empty((len(seeds), *shape))
    seeds = np.ascontiguousarray(seeds, dtype=np.int64)
    lib.row_uniforms(
        ffi.from_buffer("int64_t[]", seeds), len(seeds), math.prod(shape),
        ffi.from_buffer("double[]", out),
    )  # fmt: skip
    return out


def normal_rows(seeds: NDArray[np.int64], shape: tuple[int, ...]) -> NDArray[np.float32]:
    """Standard normal numbers for many copies, (N, *shape); row k depends on seed k alone.

    The method is that of `native/random.c`.
    """
    out = np.empty((len(seeds), *shape), np.float32)
    seeds = np.ascontiguousarray(seeds, dtype=np.int64)
    lib.pixel_normals(
        ffi.from_buffer("int64_t[]", seeds), len(seeds), _ROWS, 0, math.prod(shape),
        ffi.from_buffer("float[]", out),
    )  # fmt: skip
    return out
