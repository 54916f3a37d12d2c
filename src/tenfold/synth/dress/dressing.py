"""A simulated image dressed in a style, while its edges stay.

Coarse to fine, as in Elnekave & Weiss, "Generating natural images with direct patch distribution
matching" (ECCV 2022): on each level the image descends the sliced Wasserstein distance between its
patches' distribution and the style's (Rabin et al. 2011; for textures Heitz et al., "A sliced
Wasserstein loss for neural texture synthesis", CVPR 2021), here with the filters of `bank` instead
of a network's layers. Between two steps it is drawn back to the content: strongly where edges have
to stay, weakly elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tenfold.errors import RequestError, SampleError
from tenfold.samples.sample import Array
from tenfold.synth.dress.bank import REACH, padded_of
from tenfold.synth.dress.edges import Displacement, edge_displacement, edge_map, edges_seen
from tenfold.synth.dress.pyramid import (
    Planes,
    detail,
    doubled,
    halved,
    image_of,
    planes_of,
    pyramid,
)
from tenfold.synth.dress.style import Style, grain, levels_of
from tenfold.synth.dress.transport import toned, towards
from tenfold.synth.synthesiser import generator_of

PART = 0xD8E5
"""The part of an individual's randomness that dresses it; see `generator_of`."""

_BATCH = 12  # filters a step
_STEPS = (14, 20, 26, 32, 40)  # by level, finest first
_FORCE = 0.8  # of the descent; above 1 it may overshoot
_HOLD_EDGES = 0.2  # share by which a step draws back to the content, where edges have to stay
_HOLD_REST = (0.01, 0.02, 0.03, 0.08, 0.3)  # and elsewhere, by level, finest first
_GAIN = np.float32(3)  # greatest factor on the content's contrast
_LOST = 0.25  # greatest share of edges that may vanish
_LESS = (1.0, 0.8, 0.6, 0.4, 0.2)  # of the strength asked for, in turn


@dataclass(frozen=True, eq=False)
class Dressed:
    """An image in a style, and what it took.

    Attributes:
        image: of the shape and dtype that it had.
        strength: at which its edges stayed, at most the one asked for.
        displacement: of its edges.
    """

    image: Array
    strength: float
    displacement: Displacement


def dress(
    image: Array, style: Style, seed: int, *, strength: float = 1.0, keep: Array | None = None
) -> Array:
    """An image in a style: its texture and colours are the style's, its edges its own.

    Args:
        image: (H, W), (H, W, 1) or (H, W, 3); uint8, uint16, or float32 within 0..1.
        style: of the same number of channels.
        seed: 0 to 2^53 - 1; another seed is another texture.
        strength: 0 to 1; 0 is the image itself, between the two are mixed.
        keep: what stays: (H, W) labels or a map of edges, see `edge_map`. None for the edges that
            the image shows.

    Returns:
        Of the image's shape and dtype. A pure function of the arguments.

    Raises:
        RequestError: an image that doesn't fit the style, or a strength beyond 0..1.
    """
    if not (isinstance(strength, int | float) and 0 <= strength <= 1):
        raise RequestError(f"style: strength must be within 0..1, got {strength!r:.40}")
    own = style.planes(image)
    edges = edges_seen(image) if keep is None else edge_map(keep, own.shape[1:])
    if strength == 0:
        return np.array(image)
    full = _dressed(own, style, edges, generator_of(seed, PART))
    return _mixed(own, full, strength, image)


def dress_within(
    image: Array,
    style: Style,
    seed: int,
    *,
    strength: float = 1.0,
    keep: Array | None = None,
    limit: float = 1.0,
) -> Dressed:
    """`dress` with as much of the strength as leaves labels true.

    Four fifths, three, two and one fifth of the strength are tried until the median displacement
    of edges is within the limit and no more than a quarter of them are lost.

    Args:
        image, style, seed, strength, keep: see `dress`.
        limit: px, median displacement of edges.

    Raises:
        RequestError: see `dress`.
        SampleError: even the least strength moves the edges too far.
    """
    full = dress(image, style, seed, strength=strength, keep=keep)
    own, other = planes_of(_deep(image)), planes_of(_deep(full))
    for share in _LESS:
        mixed = full if share == 1 else _mixed(own, other, share, image)
        moved = edge_displacement(image, mixed, keep)
        if moved.median <= limit and moved.lost <= _LOST:
            return Dressed(mixed, share * strength, moved)
    raise SampleError(
        f"style: edges move by {moved.median:g} px and {moved.lost:.0%} are lost even at strength "
        f"{share * strength:g}; the limit is {limit:g} px: take a style nearer to the image"
    )


def _deep(image: Array) -> Array:
    return image[:, :, None] if image.ndim == 2 else image


def _mixed(own: Planes, other: Planes, share: float, image: Array) -> Array:
    mixed = own + (other - own) * np.float32(share)
    return image_of(mixed, image.dtype).reshape(image.shape)


def _dressed(
    own: Planes, style: Style, edges: NDArray[np.float32], random: np.random.Generator
) -> Planes:
    levels = min(len(style.tables), levels_of(own))
    contents, holds = pyramid(_toned(own, style), levels), pyramid(_band(edges), levels)
    planes = contents[-1].copy()
    for level in reversed(range(levels)):
        if level < levels - 1:
            fine = detail(contents[level])
            planes = doubled(planes, fine.shape[1:])
            planes += fine
            content = planes.copy()
            missing = style.details[level] ** 2 - grain(fine) ** 2
            noise = random.standard_normal(fine.shape, np.float32)
            noise *= np.sqrt(np.maximum(missing, 0))[:, None, None]
            planes += noise
        else:
            content = planes.copy()
        rest = np.float32(_HOLD_REST[level])
        hold = rest + np.maximum(np.float32(_HOLD_EDGES) - rest, 0) * holds[level]
        for _ in range(_STEPS[level]):
            _descend(planes, style, level, random)
            planes += _coarse(content - planes) * hold
    return planes


def _descend(planes: Planes, style: Style, level: int, random: np.random.Generator) -> None:
    """One step against the distance, estimated with a few filters of the bank."""
    padded = padded_of(planes)
    change = np.zeros_like(padded)
    channels = len(planes)
    for number in (channels + random.permutation(len(style.bank) - channels)[:_BATCH]).tolist():
        gap = towards(style.bank.respond(number, padded), style.tables[level, number])
        style.bank.give_back(number, gap, change)
    planes += change[:, REACH:-REACH, REACH:-REACH] * np.float32(_FORCE / _BATCH)


def _toned(own: Planes, style: Style) -> Planes:
    """The content in the style's colours: a rising curve a channel, which moves no edge.

    Half of it is the straight one to the style's mean and spread, half the one to its
    distribution: that alone would tear apart what lies close together where the two images hold
    unlike shares of dark and bright. The style is looked at in half its size, with less grain.
    """
    tables = style.tables[min(1, len(style.tables) - 1)]
    out = np.empty_like(own)
    for plane, table, into in zip(own, tables, out, strict=False):
        mean, spread = plane.mean(), max(plane.std(), np.float32(1e-3))
        straight = (plane - mean) * min(table.std() / spread, _GAIN) + table.mean()
        np.add(straight, toned(plane, table), out=into)
    out *= np.float32(0.5)
    return out


def _coarse(planes: Planes) -> Planes:
    """Without grain: that is the style's, at edges too."""
    return doubled(halved(planes), planes.shape[1:])


def _band(edges: NDArray[np.float32]) -> Planes:
    """(1, H, W): edges and a soft pixel to each side."""
    wide = np.pad(edges, 2, mode="edge")
    rows = np.maximum(np.maximum(wide[:-2], wide[1:-1]), wide[2:])
    thick = np.maximum(np.maximum(rows[:, :-2], rows[:, 1:-1]), rows[:, 2:])
    soft = thick[:-2] + 2 * thick[1:-1] + thick[2:]
    soft = soft[:, :-2] + 2 * soft[:, 1:-1] + soft[:, 2:]
    band: Planes = (soft * np.float32(1 / 16))[None]
    return band
