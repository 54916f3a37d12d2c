"""A cut through an organ: every pixel labelled."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tenfold.errors import RequestError
from tenfold.synth.tissue import organ as kinds
from tenfold.synth.tissue.cells import (
    DUCT_TAG,
    ISLET_TAG,
    STROMA_TAG,
    UNIT_TAG,
    VESSEL_TAG,
    Cells,
    cells_of,
)
from tenfold.synth.tissue.nearest import Ints, Singles, Sites
from tenfold.synth.tissue.organ import Organ
from tenfold.synth.tissue.plane import Plane
from tenfold.synth.tissue.scene import Regions, Scene

_MATRIX = 0.75
"""How far a stromal cell reaches from its middle, in sizes of a cell; what is beyond is fibres."""


@dataclass(frozen=True, eq=False)
class Section:
    """A plane of an organ. All arrays are (H, W).

    Attributes:
        plane: where it lies.
        regions: what each pixel is.
        cells: int32, number of the cell, from 1; 0 where there is none. Sections of one stack
            number alike.
        wall: float32, um to the nearest wall of the pixel's cell against one of its kind.
        nucleus: float32, um to the surface of the cell's nucleus, positive within; the distance
            is that of a ball drawn out alike.
        catalogue: the cells: number k is its entry k - 1.
        empty: no tissue is in the picture.
    """

    plane: Plane
    regions: Regions
    cells: Ints
    wall: Singles
    nucleus: Singles
    catalogue: Cells
    empty: bool

    def fractions(self) -> dict[str, float]:
        """Share of each kind of tissue in the picture's tissue."""
        count = np.bincount(self.regions.kind.ravel(), minlength=len(kinds.KINDS))
        tissue = max(int(count[1:].sum()), 1)
        return {kinds.KINDS[k]: float(count[k]) / tissue for k in range(1, len(kinds.KINDS))}


class Cutter:
    """Cuts sections of an organ that lie near each other and number their cells alike.

    Args:
        organ: what is cut.
        plane: the section, or the stack's middle.
        below, above: um to either side of the plane within which it will be cut.
    """

    def __init__(self, organ: Organ, plane: Plane, below: float = 0.0, above: float = 0.0) -> None:
        self.scene = Scene(organ, plane, below, above)
        self.cells = cells_of(self.scene)
        fat = self.cells.kinds == kinds.FAT
        self._compact = np.flatnonzero(~fat)
        chosen = self._compact
        self._sites = Sites(self.cells.at[chosen], 0.0, self.cells.tags[chosen])
        self._fat = np.zeros(len(self.scene.units.at) + 1, np.int32)
        self._fat[self.cells.tags[fat] - UNIT_TAG] = np.flatnonzero(fat) + 1
        # A pixel asks for the cells of its kind; those of acini for their own.
        self._tag_of_kind = np.full(len(kinds.KINDS), -1, np.int32)
        for kind, tag in ((kinds.STROMA, STROMA_TAG), (kinds.ISLET, ISLET_TAG),
                          (kinds.DUCT, DUCT_TAG), (kinds.VESSEL, VESSEL_TAG)):  # fmt: skip
            self._tag_of_kind[kind] = tag

    def cut(self, above: float = 0.0) -> Section:
        """The section so many um above the plane."""
        scene, size = self.scene, self.scene.organ.filling.cell_um
        if not scene.below <= above <= scene.above:
            raise RequestError(
                f"section: {above} um lies outside of {scene.below}..{scene.above}, "
                "for which cells were made"
            )
        regions = scene.regions(above)
        kind = regions.kind
        tags = self._tag_of_kind[kind]
        acinus = kind == kinds.ACINUS
        tags[acinus] = regions.unit[acinus] + UNIT_TAG
        found = self._sites.nearest(self.scene.plane.grid(above), tags, reach=1.5, far=4 * size)
        cells = np.append(self._compact + 1, 0).astype(np.int32)[found.site]
        fibres = (kind == kinds.STROMA) & (found.power > (_MATRIX * size) ** 2)
        cells[fibres] = 0
        wall = found.gap
        fat = kind == kinds.FAT
        cells[fat] = self._fat[regions.unit[fat]]
        wall[fat] = regions.wall[fat]
        return Section(
            scene.plane.raised(above), regions, cells, wall, self._nuclei(cells, above),
            self.cells, not kind.any(),
        )  # fmt: skip

    def _nuclei(self, cells: Ints, above: float) -> Singles:
        """Distance to the surface of each pixel's nucleus."""
        own = self.cells
        table = np.zeros((len(own) + 1, 8), np.float32)
        table[1:, :3], table[1:, 3:6] = own.nuclei, own.axes
        table[1:, 6], table[1:, 7] = own.flat, own.radii
        table[:, 2] = above - table[:, 2]
        rows = table[cells]
        grid = self.scene.plane.grid(0.0)
        x, y, z = grid[0] - rows[..., 0], grid[1] - rows[..., 1], rows[..., 2]
        along = x * rows[..., 3] + y * rows[..., 4] + z * rows[..., 5]
        square = x * x + y * y + z * z + rows[..., 6] * along * along
        inner = rows[..., 7] - np.sqrt(np.maximum(square, 0))
        return np.where(rows[..., 7] > 0, inner, np.float32(-1e3)).astype(np.float32)


def cut(organ: Organ, plane: Plane, *, outside: str = "error") -> Section:
    """A section.

    Args:
        organ: what is cut.
        plane: where.
        outside: what to do where the picture shows no tissue at all: "error", or "empty" for a
            section flagged as such.

    Raises:
        RequestError: the picture lies outside of the organ.
    """
    section = Cutter(organ, plane).cut()
    checked_outside(organ, section, outside)
    return section


def stack(
    organ: Organ, plane: Plane, count: int, spacing: float, *, outside: str = "error"
) -> list[Section]:
    """Serial sections, `spacing` um from one to the next along the normal, the first at `plane`.

    Cells have the same numbers in all of them.

    Raises:
        RequestError: fewer than one section, or one outside of the organ; see `cut`.
    """
    if count < 1 or not spacing > 0:
        raise RequestError(f"stack: count must be 1 or more and spacing above 0, got {count}, "
                           f"{spacing}")  # fmt: skip
    cutter = Cutter(organ, plane, 0.0, (count - 1) * spacing)
    sections = [cutter.cut(k * spacing) for k in range(count)]
    for section in sections:
        checked_outside(organ, section, outside)
    return sections


def checked_outside(organ: Organ, section: Section, outside: str) -> None:
    """Raise `RequestError` for an empty section, unless `outside` is "empty"."""
    if outside not in ("error", "empty"):
        raise RequestError(f"section: outside must be 'error' or 'empty', got {outside!r}")
    if section.empty and outside == "error":
        raise RequestError(
            f"section: the plane at {tuple(round(v, 1) for v in section.plane.origin)} um shows "
            f"nothing of the organ, which lies from {organ.low.round(1).tolist()} to "
            f"{organ.high.round(1).tolist()} um; move the origin there, or ask for "
            "outside='empty'"
        )
