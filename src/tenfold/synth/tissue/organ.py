"""An organ like the pancreas, described so that any point of it can be asked what it is."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from tenfold.errors import RequestError
from tenfold.synth.tissue.plane import Floats
from tenfold.synth.tissue.tubes import Tubes

OUTSIDE, STROMA, ACINUS, ISLET, DUCT, DUCT_LUMEN, VESSEL, VESSEL_LUMEN, FAT = range(9)
KINDS = {
    OUTSIDE: "outside",
    STROMA: "stroma",
    ACINUS: "acinus",
    ISLET: "islet",
    DUCT: "duct",
    DUCT_LUMEN: "duct_lumen",
    VESSEL: "vessel",
    VESSEL_LUMEN: "vessel_lumen",
    FAT: "fat",
}
"""What a place can be."""


@dataclass(frozen=True)
class Filling:
    """How an organ is filled. Lengths in um.

    Attributes:
        acinus: share of the organ that acini take, 0 to 1; as much as there is room for.
        fat: share of fat cells.
        acinus_um: spacing of the lattice of acini and fat cells; acini are about as wide.
        lobule_um: spacing of the lobules.
        septum_um: thickness of the connective tissue between lobules.
        collar_um: connective tissue round ducts and vessels.
        lumen: a duct's bore as a share of its radius.
        bore: a vessel's, likewise.
        cell_um: cube root of an acinar cell's volume; other cells follow from it.
        nucleus: a nucleus' share of its cell's volume, where cells are compact.
    """

    acinus: float = 0.72
    fat: float = 0.06
    acinus_um: float = 40.0
    lobule_um: float = 420.0
    septum_um: float = 13.0
    collar_um: float = 7.0
    lumen: float = 0.5
    bore: float = 0.8
    cell_um: float = 10.0
    nucleus: float = 0.1

    def __post_init__(self) -> None:
        for name, low, high in (
            ("acinus", 0, 1), ("fat", 0, 1), ("acinus_um", 5, 1000), ("lobule_um", 20, 1e5),
            ("septum_um", 0, 1e4), ("collar_um", 0, 1e3), ("lumen", 0, 0.95), ("bore", 0, 0.97),
            ("cell_um", 1, 100), ("nucleus", 0, 0.6),
        ):  # fmt: skip
            value = getattr(self, name)
            if not low <= value <= high:
                raise RequestError(f"tissue: {name} must be within {low}..{high:g}, got {value!r}")
        if self.acinus + self.fat > 1:
            raise RequestError(
                f"tissue: acinus {self.acinus} and fat {self.fat} together are more than all; "
                "lower one of them"
            )
        if self.cell_um > self.acinus_um / 2:
            raise RequestError(
                f"tissue: cells of {self.cell_um} um don't fit into acini of {self.acinus_um} um; "
                "lower cell_um or raise acinus_um"
            )


@dataclass(frozen=True, eq=False)
class Organ:
    """A filled organ.

    Attributes:
        low, high: (3,) float64, corners of the box that it fills, um.
        filling: how.
        base: of all its random numbers, 0 to 2^62 - 1.
        ducts, vessels: tubes.
        tips, tip_radii: (K, 3), (K,) acini that are given; others fill the room between.
        islets: balls.
        fat_limit: units of the lattice whose score is lower are fat.
        acinus_limit: of the others those with a lower score are acini. See `steering.steered`.
    """

    low: Floats
    high: Floats
    filling: Filling = field(default_factory=Filling)
    base: int = 0
    ducts: Tubes = field(default_factory=Tubes.none)
    vessels: Tubes = field(default_factory=Tubes.none)
    tips: Floats = field(default_factory=lambda: np.zeros((0, 3)))
    tip_radii: Floats = field(default_factory=lambda: np.zeros(0))
    islets: Tubes = field(default_factory=Tubes.none)
    fat_limit: float = -1.0
    acinus_limit: float = 2.0

    def __post_init__(self) -> None:
        if not (self.high > self.low).all():
            raise RequestError(f"tissue: the organ's box is empty: {self.low} to {self.high}")
        if not 0 <= self.base < 1 << 62:
            raise RequestError(f"tissue: base must be within 0..2^62 - 1, got {self.base}")

    def replace(self, **changes: object) -> Organ:
        """A copy with some attributes changed."""
        return dataclasses.replace(self, **changes)  # type: ignore[arg-type]

    def inside(self, at: Floats) -> NDArray[np.bool_]:
        """Which points (N, 3) of space lie in the organ's box."""
        return np.asarray(((at >= self.low) & (at <= self.high)).all(axis=1))
