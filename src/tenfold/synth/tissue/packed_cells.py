"""Cells packed without gaps, with membranes between them, as electron microscopes show them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar

import numpy as np

from tenfold.errors import RequestError
from tenfold.synth.synthesiser import (
    Simulated,
    Span,
    Synthesiser,
    check_span,
    drawn,
    generator_of,
)
from tenfold.synth.tissue.measure import BANDS, PROFILE, QUANTILES, mixture
from tenfold.synth.tissue.nearest import Ints, Singles, Sites
from tenfold.synth.tissue.noise import blurred, octaves, rough, smooth
from tenfold.synth.tissue.organelles import densities, mitochondria, vesicles
from tenfold.synth.tissue.outlines import instances
from tenfold.synth.tissue.packing import Packing, packed

_DEPTHS = (-1.0, -0.33, 0.33, 1.0)
"""Planes through the thickness of a section, in halves of it."""


@dataclass(frozen=True)
class PackedCells(Synthesiser):
    """Cell-packed pictures: grey, with masks of membranes and of cells.

    `measure` finds the settings marked with * in a few real pictures with masks.

    Attributes:
        size: of the square picture, pixels.
        diameters: * quantiles, evenly spaced, of the diameters of discs of the cells' areas,
            pixels.
        slenderness: 0 for round cells to 1 for many long ones.
        membrane: * mean width of labelled membranes, pixels.
        profile: * grey levels by which the picture is darker than cells' insides at distances
            from the labels' border (`measure.PROFILE`).
        thickness: of the section, pixels: walls that run aslant through it are wide and faint.
        slope: of walls against the normal of the section (tangent, standard deviation).
        waviness: how far walls bend, pixels.
        unevenness: * standard deviation of cells' mean grey levels.
        grain: * standard deviation of the grain in bands (`measure.BANDS`), grey levels.
        tones: * quantiles, evenly spaced, of the picture's grey levels; the picture gets them.
        mitochondria, vesicles, densities: for 512 x 512 pixels, how many places are tried.
    """

    size: int = 512
    diameters: tuple[float, ...] = (
        5.3, 14.1, 17.3, 20.8, 23.9, 28.9, 35.4, 43.1, 54.2, 71.5, 147.3,
    )  # fmt: skip
    slenderness: Span | float = (0.6, 1.0)
    membrane: Span | float = (6.2, 7.4)
    profile: tuple[float, ...] = (2.3, 3.0, 5.0, 11.0, 25.8, 52.8, 71.2, 75.1)
    thickness: Span | float = (5.0, 10.0)
    slope: Span | float = (0.15, 0.4)
    waviness: Span | float = (3.5, 6.5)
    unevenness: Span | float = (12.0, 20.0)
    grain: tuple[float, ...] = (10.1, 8.8, 9.4, 9.1, 20.5)
    tones: tuple[float, ...] = (
        1.6, 47.4, 58.6, 66.2, 73.0, 79.0, 84.6, 89.6, 94.8, 99.8, 104.4, 109.0, 113.6, 117.8,
        122.6, 126.6, 131.0, 135.0, 139.0, 143.2, 147.2, 151.0, 154.8, 158.6, 162.0, 165.6, 169.4,
        173.0, 177.2, 181.4, 186.8, 194.2, 251.8,
    )  # fmt: skip
    mitochondria: Span | float = (60.0, 180.0)
    vesicles: Span | float = (100.0, 500.0)
    densities: Span | float = (5.0, 30.0)

    kind: ClassVar[str] = "packed-cells"
    classes: ClassVar[tuple[str, ...]] = ("cell",)
    legend: ClassVar[Mapping[str, Mapping[int, str]]] = {
        "semantic": {0: "membrane", 1: "cell"},
        "boundary": {0: "cell", 1: "membrane"},
        "ignore": {0: "use", 1: "cell cut by the picture's edge"},
    }

    def __post_init__(self) -> None:
        if not isinstance(self.size, int) or not 32 <= self.size <= 8192:
            raise RequestError(f"{self.kind}: size must be 32 to 8192 pixels, got {self.size!r}")
        for name, low, high in (
            ("slenderness", 0, 1), ("membrane", 1, 40), ("thickness", 0, 60), ("slope", 0, 3),
            ("waviness", 0, 40), ("unevenness", 0, 80), ("mitochondria", 0, 5000),
            ("vesicles", 0, 5000), ("densities", 0, 5000),
        ):  # fmt: skip
            check_span(self.kind, name, getattr(self, name), low, high)
        for name, count, low, high, rising in (
            ("diameters", 0, 4, 2000, True), ("tones", 0, 0, 255, True),
            ("grain", len(BANDS), 0, 100, False), ("profile", len(PROFILE), -255, 255, False),
        ):  # fmt: skip
            values = getattr(self, name)
            fits = isinstance(values, tuple) and len(values) == count if count else (
                isinstance(values, tuple) and len(values) >= 2)  # fmt: skip
            if not fits or not all(isinstance(v, int | float) and low <= v <= high for v in values):
                wanted = f"{count} numbers" if count else "at least 2 numbers"
                raise RequestError(
                    f"{self.kind}: {name} must be {wanted} within {low}..{high}, got {values!r:.60}"
                )
            if rising and any(b < a for a, b in pairwise(values)):
                raise RequestError(f"{self.kind}: {name} must rise, they are quantiles")

    def make(self, seed: int) -> Simulated:
        """A picture (size, size, 1) uint8; masks "semantic", "instance", "boundary", "ignore"."""
        random = generator_of(seed, 0)
        told = {
            name: drawn(getattr(self, name), random)
            for name in ("slenderness", "membrane", "thickness", "slope", "waviness",
                         "unevenness", "mitochondria", "vesicles", "densities")
        }  # fmt: skip
        size = self.size
        layout = packed(
            generator_of(seed, 1), size, size, self.diameters, told["slenderness"], told["slope"]
        )
        line, gap, owner = self._walls(layout, generator_of(seed, 2), told)
        image, membrane = self._developed(line, gap, owner, generator_of(seed, 3), told)
        cells = _connected(np.where(membrane, 0, owner + 1).astype(np.int32))
        edge = np.zeros(int(cells.max()) + 1, bool)
        for side in (cells[0], cells[-1], cells[:, 0], cells[:, -1]):
            edge[side] = True
        edge[0] = False
        names = dict.fromkeys(range(1, len(edge)), "cell")
        return Simulated(
            image=image[:, :, None],
            masks={
                "semantic": (cells > 0).astype(np.uint8),
                "instance": cells.astype(np.uint16 if len(edge) < 1 << 16 else np.int32),
                "boundary": (cells == 0).astype(np.uint8),
                "ignore": edge[cells].astype(np.uint8),
            },
            instances=instances(cells, names),
            told={**told, "cells": len(edge) - 1, "seed": seed},
        )

    def _walls(
        self, layout: Packing, random: np.random.Generator, told: Mapping[str, float]
    ) -> tuple[Singles, Singles, Ints]:
        """How dark walls are at each pixel (1 at most), pixels to the nearest, and whose it is."""
        size = self.size
        bend = told["waviness"]
        grid = np.zeros((3, size, size), np.float32)
        middle = np.arange(size, dtype=np.float32) + np.float32(0.5)
        grid[0], grid[1] = middle[None, :], middle[:, None]
        for axis in range(2):
            grid[axis] += np.float32(0.9 * bend) * smooth(random, size, size, 42)
            grid[axis] += np.float32(0.3 * bend) * smooth(random, size, size, 13)
        line = np.zeros((size, size), np.float32)
        # The line's own width: what is labelled is as wide as it looks.
        half = np.float32(0.33 * told["membrane"]) * (
            1 + np.float32(0.18) * smooth(random, size, size, 30)
        )
        half = np.maximum(half, 0.6)
        levels = []
        for depth in _DEPTHS:
            at = np.zeros((len(layout.at), 3))
            at[:, :2] = layout.at + layout.drift * (depth * told["thickness"] / 2)
            sites = Sites(at, layout.radii**2, owners=layout.owners)
            levels.append(sites.nearest(grid, reach=6.0, far=400.0))
        for found in levels:
            line += np.clip(np.float32(1.5) - found.gap / half, 0, 1)
        line *= np.float32(1 / len(levels))
        near = levels[1]
        # Where a wall is too slanted to be dark its line in the middle is still drawn.
        line = np.maximum(line, np.clip(np.float32(1.2) - near.gap / half, 0, 0.55))
        owner = layout.owners.astype(np.int32)[near.site]
        gap = np.minimum.reduce([found.gap for found in levels])
        return line, gap, owner

    def _developed(
        self, line: Singles, gap: Singles, owner: Ints, random: np.random.Generator,
        told: Mapping[str, float],
    ) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
        """The picture (H, W) uint8, and where its membranes are, bool."""
        size = self.size
        warp = smooth(random, size, size, 9)
        share = size * size / 512**2
        dense = densities(random, gap, round(12 * told["densities"] * share), warp)
        faint = np.float32(0.88) + np.float32(0.14) * smooth(random, size, size, 22)
        walls = np.maximum(line * faint, dense)
        walls = np.minimum(walls, 1.15)
        membrane = (line > 0.5) | (dense > 0.62)
        dark = walls.copy()
        blocked = np.zeros((size, size), bool)
        inside = gap - np.float32(1.5)
        mitochondria(random, dark, inside, blocked, round(told["mitochondria"] * share), warp, 0.42)
        vesicles(random, dark, inside, blocked, round(told["vesicles"] * share), 0.85)
        own = random.normal(0, told["unevenness"], int(owner.max()) + 1).astype(np.float32)
        own = np.clip(own, -2.2 * told["unevenness"], 1.3 * told["unevenness"])
        contrast = max(self.profile) - max(min(self.profile), 0.0)
        picture = 170 + own[owner] * np.clip(1 - walls, 0, 1) - np.float32(1.2 * contrast) * dark
        picture = blurred(picture, 0.8)
        strengths = mixture(np.square(self.grain)) * (0.87, 0.85, 0.5, 0.22, 0.1)
        # Most of the coarse grain is there already: what cells hold, and their unevenness.
        for sigma, strength in zip(BANDS, strengths, strict=True):
            field = blurred(rough(random, size, size), sigma)
            norm = 1.0 if sigma == 0 else 2 * np.sqrt(np.pi) * sigma
            picture += np.float32(strength * norm) * field
        picture += np.float32(4) * octaves(random, size, size, 160, 2, 0.6)
        return _toned(picture, self.tones), membrane


def _toned(picture: Singles, tones: tuple[float, ...]) -> np.ndarray:
    """The picture with these quantiles of grey levels, uint8."""
    places = np.linspace(0, 1, max(QUANTILES, len(tones)))
    have = np.quantile(picture, places)
    want = np.interp(places, np.linspace(0, 1, len(tones)), tones)
    return np.clip(np.rint(np.interp(picture, have, want)), 0, 255).astype(np.uint8)


def _connected(labels: Ints) -> Ints:
    """Labels (H, W) with each 4-connected part a number of its own, in the order of first pixels.

    Parts of fewer than 12 pixels become membrane (0).
    """
    import cv2

    out = np.zeros_like(labels)
    # Neighbouring cells are always apart by a membrane or have walls too faint to be one.
    split = labels.copy()
    split[:, 1:][labels[:, 1:] != labels[:, :-1]] = 0
    split[1:][labels[1:] != labels[:-1]] = 0
    count, parts, stats, _ = cv2.connectedComponentsWithStats(
        (split > 0).astype(np.uint8), connectivity=4
    )
    kept = stats[:, cv2.CC_STAT_AREA] >= 12
    kept[0] = False
    number = np.zeros(count, np.int32)
    number[kept] = np.arange(1, int(kept.sum()) + 1)
    out[:] = number[parts]
    return out
