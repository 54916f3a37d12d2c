"""How far apart light and dark are: contrast, and the methods that spread the histogram."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from tenfold.ops.op import Op
from tenfold.ops.steps import Curve, Drawn, Filter, Steps
from tenfold.params import Range, Ranged, param
from tenfold.samples.sample import Schema


@dataclass(frozen=True, kw_only=True)
class Contrast(Op):
    """More or less contrast: distances from a pivot multiplied by a factor.

    The pivot is the mean luma of the image (as in torchvision and Pillow) or mid-grey.
    """

    name: ClassVar[str] = "contrast"
    family: ClassVar[str] = "contrast"
    main: ClassVar[str] = "factor"
    stacks: ClassVar[bool] = True

    factor: Ranged = param(
        Range(0.8, 1.25, "loguniform"), "range", "contrast factor; 1 leaves the image as it is",
        within=(0, 10), neutral=1.0,
    )  # fmt: skip
    pivot: str = param(
        "mean", "choice", "what stays where it is: the image's mean, or mid-grey",
        options=("mean", "mid"),
    )  # fmt: skip

    def lower(self, drawn: Drawn, schema: Schema) -> Steps:
        """One curve."""
        factor = drawn["factor"]
        return (Curve(f"contrast_{self.pivot}", (factor,), factor != 1),)


@dataclass(frozen=True, kw_only=True)
class Autocontrast(Op):
    """Contrast stretched until the darkest value is black and the brightest white.

    Each channel on its own, as in Pillow and torchvision, or all with the same stretch (`joint`),
    which keeps the hues.
    """

    name: ClassVar[str] = "autocontrast"
    family: ClassVar[str] = "contrast"
    main: ClassVar[str] = "cutoff"
    stacks: ClassVar[bool] = True

    probability: float = param(0.5, "number", "chance that a copy gets this", within=(0, 1))
    cutoff: Ranged = param(
        Range(0.0, 0.01), "range", "pixels that may be clipped at each end of the histogram",
        within=(0, 0.49), unit="share of all pixels",
    )  # fmt: skip
    joint: bool = param(False, "flag", "one stretch for all channels")

    def lower(self, drawn: Drawn, schema: Schema) -> Steps:
        """One curve, measured on the image."""
        return (Curve("autocontrast", (drawn["cutoff"], float(self.joint))),)


@dataclass(frozen=True, kw_only=True)
class Equalize(Op):
    """Histogram equalised: every value equally common, each channel on its own."""

    name: ClassVar[str] = "equalize"
    family: ClassVar[str] = "contrast"
    stacks: ClassVar[bool] = True

    probability: float = param(0.5, "number", "chance that a copy gets this", within=(0, 1))

    def lower(self, drawn: Drawn, schema: Schema) -> Steps:
        """One curve, measured on the image."""
        return (Curve("equalize"),)


@dataclass(frozen=True, kw_only=True)
class Clahe(Op):
    """Local contrast: contrast-limited adaptive histogram equalisation (Zuiderveld 1994).

    Of RGB images the luma is equalised; other channels are treated one by one. Measured at 256
    levels whatever the image's depth; finer differences are kept.
    """

    name: ClassVar[str] = "clahe"
    family: ClassVar[str] = "contrast"
    main: ClassVar[str] = "clip_limit"
    stacks: ClassVar[bool] = True

    probability: float = param(0.5, "number", "chance that a copy gets this", within=(0, 1))
    clip_limit: Ranged = param(
        Range(1.0, 3.0), "range", "how far a bin may rise above the histogram's mean",
        within=(1, 40), unit="times the mean",
    )  # fmt: skip
    tiles: int = param(8, "integer", "tiles along each side of the image", within=(1, 64))

    def lower(self, drawn: Drawn, schema: Schema) -> Steps:
        """One filter."""
        return (Filter("clahe", (drawn["clip_limit"], float(self.tiles))),)
