"""Sections of a simulated pancreas."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from tenfold.errors import RequestError
from tenfold.synth.dress.staining import Staining
from tenfold.synth.grow.presets import Ducts
from tenfold.synth.grow.swc import swc_of
from tenfold.synth.synthesiser import (
    Simulated,
    Span,
    Synthesiser,
    check_span,
    drawn,
    generator_of,
)
from tenfold.synth.tissue import organ as kinds
from tenfold.synth.tissue.nearest import Ints
from tenfold.synth.tissue.organ import KINDS, Filling, Organ
from tenfold.synth.tissue.outlines import instances
from tenfold.synth.tissue.painting import concentrations
from tenfold.synth.tissue.plane import Plane
from tenfold.synth.tissue.section import Cutter, Section, checked_outside
from tenfold.synth.tissue.steering import islets, steered, vessels
from tenfold.synth.tissue.tubes import Tubes

CELL_NAMES = {
    kinds.ACINUS: "acinar_cell",
    kinds.ISLET: "islet_cell",
    kinds.STROMA: "stromal_cell",
    kinds.DUCT: "duct_cell",
    kinds.VESSEL: "vessel_cell",
    kinds.FAT: "fat_cell",
}


@dataclass(frozen=True)
class PancreasSection(Synthesiser):
    """Haematoxylin and eosin sections of a pancreas with every pixel labelled.

    Each seed is another organ, cut by a plane of random direction near its middle (unless
    `normal` and `origin` say where), and stained in its own way (`dress.staining.Staining`).

    Attributes:
        size: of the square picture, pixels.
        um_per_pixel: side of a pixel, um.
        thickness: of the section, um; the picture is the mean of `slices` planes through it, and
            the labels are the middle one's (of an even number the lower).
        slices: planes.
        normal: of the plane; None: drawn.
        origin: of the picture's centre from the organ's, um; None: drawn within a twentieth of
            the picture.
        outside: "error" or "empty" (a picture flagged so) where no tissue is in it.
        acinus, islet, fat, vessel: shares of the organ, as far as there is room for them; ducts
            take what they take, the rest is stroma.
        cell_um: cube root of an acinar cell's volume.
        nucleus: a nucleus' share of its cell.
        acinus_um: width of acini.
        septum_um: of connective tissue between lobules.
        duct_generations: of branches of the duct tree.
    """

    size: int = 512
    um_per_pixel: float = 1.4
    thickness: Span | float = (2.0, 4.0)
    slices: int = 2
    normal: tuple[float, float, float] | None = None
    origin: tuple[float, float, float] | None = None
    outside: str = "error"
    acinus: Span | float = (0.55, 0.7)
    islet: Span | float = (0.01, 0.04)
    fat: Span | float = (0.01, 0.1)
    vessel: Span | float = (0.01, 0.03)
    cell_um: Span | float = (9.0, 10.5)
    nucleus: Span | float = (0.08, 0.14)
    acinus_um: Span | float = (36.0, 44.0)
    septum_um: Span | float = (8.0, 18.0)
    duct_generations: int = 8

    kind: ClassVar[str] = "pancreas"
    classes: ClassVar[tuple[str, ...]] = tuple(CELL_NAMES.values())
    legend: ClassVar[Mapping[str, Mapping[int, str]]] = {
        "semantic": KINDS,
        "nucleus": {0: "none", 1: "nucleus"},
        "boundary": {0: "none", 1: "cell's border"},
        "ignore": {0: "use", 1: "cell cut by the picture's edge, or outside of the organ"},
    }

    def __post_init__(self) -> None:
        for name, low, high in (("size", 32, 8192), ("slices", 1, 32), ("duct_generations", 1, 12)):
            value = getattr(self, name)
            if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
                raise RequestError(
                    f"{self.kind}: {name} must be a whole number within {low}..{high}, got "
                    f"{value!r:.60}"
                )
        for name, low_, high_, unit in (
            ("um_per_pixel", 0.05, 20, "um"), ("thickness", 0, 100, "um"), ("acinus", 0, 1, ""),
            ("islet", 0, 0.5, ""), ("fat", 0, 1, ""), ("vessel", 0, 0.3, ""),
            ("cell_um", 2, 40, "um"), ("nucleus", 0, 0.5, ""), ("acinus_um", 10, 200, "um"),
            ("septum_um", 0, 200, "um"),
        ):  # fmt: skip
            check_span(self.kind, name, getattr(self, name), low_, high_, unit=unit)
        if isinstance(self.um_per_pixel, tuple):
            raise RequestError(f"{self.kind}: um_per_pixel must be one number")
        for name in ("normal", "origin"):
            value = getattr(self, name)
            if value is not None and not (isinstance(value, tuple) and len(value) == 3):
                raise RequestError(f"{self.kind}: {name} must be three numbers, got {value!r:.60}")

    def make(self, seed: int) -> Simulated:
        """The section of this seed.

        Masks: "semantic" (`organ.KINDS`), "instance" (cells, from 1), "nucleus", "boundary",
        "ignore". Files: the duct tree as ".swc".

        Raises:
            RequestError: `origin` puts the picture outside of the organ.
        """
        organ, tree, random = self._organ(seed)
        plane = self._plane(organ, random)
        thickness = drawn(self.thickness, random)
        places = (np.arange(self.slices) - (self.slices - 1) // 2) * (thickness / self.slices)
        cutter = Cutter(organ, plane, float(places[0]), float(places[-1]))
        sections = [cutter.cut(float(place)) for place in places]
        section = sections[(self.slices - 1) // 2]
        checked_outside(organ, section, self.outside)
        stain = Staining().draw(seed)  # no two slides are stained alike
        masks, names = labels_of(section)
        return Simulated(
            image=stain.paint(concentrations(sections, seed)),
            masks=masks,
            instances=instances(masks["instance"], names),
            told={
                "seed": seed,
                "plane": section.plane.told(),
                "thickness_um": thickness,
                "empty": section.empty,
                "cells": len(names),
                "fractions": section.fractions(),
                "stain": {
                    "vectors": stain.vectors.tolist(),
                    "depth": stain.depth.tolist(),
                    "light": stain.light.tolist(),
                },
                "organ": {"low_um": organ.low.tolist(), "high_um": organ.high.tolist()},
            },
            files={".swc": tree},
        )

    def organ(self, seed: int) -> Organ:
        """The organ that `make` cuts."""
        return self._organ(seed)[0]

    def _organ(self, seed: int) -> tuple[Organ, bytes, np.random.Generator]:
        random = generator_of(seed, 0)
        base = int(random.integers(1 << 62))
        shares = {n: drawn(getattr(self, n), random) for n in
                  ("acinus", "fat", "cell_um", "nucleus", "acinus_um", "septum_um")}  # fmt: skip
        filling = Filling(**shares)
        islet, vessel = drawn(self.islet, random), drawn(self.vessel, random)
        tree = _ducts(self.duct_generations).grow(seed)
        low, high = tree.bounds()
        middle = (low + high) / 2
        half = np.maximum((high - low) / 2 + 30, 0.78 * self.size * self.um_per_pixel)
        tips, radii = tree.spheres()
        organ = Organ(middle - half, middle + half, filling, base, Tubes(*tree.capsules()),
                      tips=tips, tip_radii=radii)  # fmt: skip
        organ = organ.replace(
            islets=islets(organ, islet, (40.0, 95.0)), vessels=vessels(organ, vessel, (7.0, 28.0))
        )
        return steered(organ), swc_of(tree).encode(), random

    def _plane(self, organ: Organ, random: np.random.Generator) -> Plane:
        normal = random.normal(size=3)
        shift = random.uniform(-0.05, 0.05, 3) * (self.size * self.um_per_pixel)
        turn = float(random.uniform(0, 360))
        if self.normal is not None:
            normal = np.array(self.normal, dtype=np.float64)
        if self.origin is not None:
            shift = np.array(self.origin, dtype=np.float64)
        x, y, z = (float(v) for v in (organ.low + organ.high) / 2 + shift)
        a, b, c = (float(v) for v in normal)
        return Plane((x, y, z), (a, b, c), turn, self.um_per_pixel, self.size, self.size)


def labels_of(section: Section) -> tuple[dict[str, NDArray[Any]], dict[int, str]]:
    """A section's masks, its cells renumbered without gaps, and their classes.

    Masks: semantic uint8; instance uint16 (int32 where more are needed); nucleus, boundary (pixels
    whose right or lower neighbour is of another cell), ignore (cells that the picture's edge cuts,
    and what is outside of the organ) uint8.
    """
    kind = section.regions.kind
    present = np.bincount(section.cells.ravel(), minlength=len(section.catalogue) + 1) > 0
    present[0] = False
    number = np.zeros(len(present), np.int32)
    number[present] = np.arange(1, int(present.sum()) + 1)
    cells = number[section.cells]
    names = {k + 1: CELL_NAMES[int(c)] for k, c in
             enumerate(section.catalogue.kinds[np.flatnonzero(present) - 1])}  # fmt: skip
    cut = np.zeros(len(names) + 1, bool)
    for side in (cells[0], cells[-1], cells[:, 0], cells[:, -1]):
        cut[side] = True
    cut[0] = False
    masks: dict[str, NDArray[Any]] = {
        "semantic": kind,
        "instance": cells.astype(np.uint16) if len(names) < 1 << 16 else cells,
        "nucleus": ((section.nucleus > 0) & (cells > 0)).astype(np.uint8),
        "boundary": borders(cells),
        "ignore": (cut[cells] | (kind == kinds.OUTSIDE)).astype(np.uint8),
    }
    return masks, names


def borders(cells: Ints) -> NDArray[np.uint8]:
    """(H, W) 1 where the right or the lower neighbour is another cell, or none."""
    out = np.zeros(cells.shape, np.uint8)
    out[:, :-1] |= cells[:, 1:] != cells[:, :-1]
    out[:-1] |= cells[1:] != cells[:-1]
    return out


@lru_cache(maxsize=8)
def _ducts(generations: int) -> Ducts:
    return Ducts(
        generations=generations, length=(330.0, 400.0), radius=(26.0, 36.0), ratio=(0.72, 0.77),
        acinus=(0.4, 0.5),
    )  # fmt: skip
