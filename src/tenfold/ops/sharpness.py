"""How sharp the picture is: sharpening, and blurs by lens, movement and smoothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from tenfold.ops.kernel_shapes import (
    Kernel,
    disk_kernel,
    gaussian_factors,
    motion_kernel,
    sharpness_kernel,
)  # fmt: skip
from tenfold.ops.op import Op
from tenfold.ops.steps import Convolution, Drawn, Filter, Steps
from tenfold.params import Range, Ranged, param
from tenfold.samples.sample import Schema


def _convolution(kernel: Kernel) -> Steps:
    return () if kernel.size == 1 else (Convolution(kernel),)


@dataclass(frozen=True, kw_only=True)
class Sharpness(Op):
    """Sharper or softer: away from or towards a slightly smoothed picture (as in Pillow)."""

    name: ClassVar[str] = "sharpness"
    family: ClassVar[str] = "sharpness"
    main: ClassVar[str] = "factor"
    stacks: ClassVar[bool] = True

    factor: Ranged = param(
        Range(0.5, 2.0, "loguniform"), "range", "0 smoothed, 1 the picture itself, 2 sharper",
        within=(0, 10), neutral=1.0,
    )  # fmt: skip

    def lower(self, drawn: Drawn, schema: Schema) -> Steps:
        """One convolution, 3x3."""
        factor = drawn["factor"]
        return (Convolution(sharpness_kernel(factor), acts=factor != 1),)


@dataclass(frozen=True, kw_only=True)
class GaussianBlur(Op):
    """Blur with a Gaussian."""

    name: ClassVar[str] = "gaussian_blur"
    family: ClassVar[str] = "sharpness"
    main: ClassVar[str] = "sigma"

    sigma: Ranged = param(
        Range(0.2, 1.2), "range", "standard deviation of the Gaussian",
        within=(0, 50), unit="px", neutral=0.0,
    )  # fmt: skip

    def lower(self, drawn: Drawn, schema: Schema) -> Steps:
        """One separable convolution; below 0.1 px it would change nothing."""
        if drawn["sigma"] < 0.1:
            return ()
        return (Convolution(gaussian_factors(drawn["sigma"]), separable=True),)


@dataclass(frozen=True, kw_only=True)
class MotionBlur(Op):
    """Blur by a straight movement during the exposure."""

    name: ClassVar[str] = "motion_blur"
    family: ClassVar[str] = "sharpness"
    main: ClassVar[str] = "length"

    length: Ranged = param(
        Range(1.0, 5.0), "range", "how far the picture moved",
        within=(0, 100), unit="px", neutral=0.0,
    )  # fmt: skip
    angle: Ranged = param(
        Range(0.0, 180.0), "range", "direction, counter-clockwise from horizontal",
        within=(-360, 360), unit="degrees",
    )  # fmt: skip

    def lower(self, drawn: Drawn, schema: Schema) -> Steps:
        """One convolution."""
        if drawn["length"] == 0:
            return ()
        return _convolution(motion_kernel(drawn["length"], drawn["angle"]))


@dataclass(frozen=True, kw_only=True)
class MedianBlur(Op):
    """Each pixel the median of its neighbourhood: small details go, edges stay."""

    name: ClassVar[str] = "median_blur"
    family: ClassVar[str] = "sharpness"
    main: ClassVar[str] = "radius"
    stacks: ClassVar[bool] = True

    probability: float = param(0.5, "number", "chance that a copy gets this", within=(0, 1))
    radius: Ranged = param(
        Range(1, 2), "range", "reach of the window, 1 for 3x3 pixels",
        within=(0, 25), unit="px", integral=True, neutral=0.0,
    )  # fmt: skip

    def lower(self, drawn: Drawn, schema: Schema) -> Steps:
        """One filter."""
        return (Filter("median", (drawn["radius"],), drawn["radius"] != 0),)


@dataclass(frozen=True, kw_only=True)
class Defocus(Op):
    """Blur of a lens out of focus: a disk."""

    name: ClassVar[str] = "defocus"
    family: ClassVar[str] = "sharpness"
    main: ClassVar[str] = "radius"

    radius: Ranged = param(
        Range(0.5, 2.0), "range", "radius of the disk that a point becomes",
        within=(0, 50), unit="px", neutral=0.0,
    )  # fmt: skip

    def lower(self, drawn: Drawn, schema: Schema) -> Steps:
        """One convolution; a disk within one pixel changes nothing."""
        return _convolution(disk_kernel(drawn["radius"])) if drawn["radius"] > 0.5 else ()
