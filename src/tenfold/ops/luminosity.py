"""How much light there is: brightness, exposure, gamma."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from tenfold.ops.op import Op
from tenfold.ops.steps import Curve, Drawn, Steps
from tenfold.params import Range, Ranged, param
from tenfold.samples.sample import Schema


@dataclass(frozen=True, kw_only=True)
class Brightness(Op):
    """Lighter or darker: the same amount added to every value."""

    name: ClassVar[str] = "brightness"
    family: ClassVar[str] = "luminosity"
    main: ClassVar[str] = "shift"
    stacks: ClassVar[bool] = True

    shift: Ranged = param(
        Range(-0.15, 0.15), "range", "what is added to every value",
        within=(-1, 1), unit="of white", neutral=0.0, symmetric=True,
    )  # fmt: skip

    def lower(self, drawn: Drawn, schema: Schema) -> Steps:
        """One curve."""
        return (Curve("shift", (drawn["shift"],), drawn["shift"] != 0),)


@dataclass(frozen=True, kw_only=True)
class Exposure(Op):
    """More or less light on the sensor: a factor in linear light, as a camera's exposure time."""

    name: ClassVar[str] = "exposure"
    family: ClassVar[str] = "luminosity"
    main: ClassVar[str] = "stops"
    stacks: ClassVar[bool] = True

    stops: Ranged = param(
        Range(-0.5, 0.5), "range", "powers of two of the light",
        within=(-8, 8), unit="stops", neutral=0.0, symmetric=True,
    )  # fmt: skip
    linear: bool = param(False, "flag", "values are linear light already, not sRGB")

    def lower(self, drawn: Drawn, schema: Schema) -> Steps:
        """One curve."""
        gain = np.power(2.0, drawn["stops"])
        return (Curve("light_gain", (float(self.linear), gain), drawn["stops"] != 0),)


@dataclass(frozen=True, kw_only=True)
class Gamma(Op):
    """Lighter or darker midtones: values (0..1) raised to a power; black and white stay."""

    name: ClassVar[str] = "gamma"
    family: ClassVar[str] = "luminosity"
    main: ClassVar[str] = "gamma"
    stacks: ClassVar[bool] = True

    gamma: Ranged = param(
        Range(0.8, 1.25, "loguniform"), "range", "exponent; above 1 is darker",
        within=(0.05, 20), neutral=1.0,
    )  # fmt: skip

    def lower(self, drawn: Drawn, schema: Schema) -> Steps:
        """One curve."""
        return (Curve("power", (drawn["gamma"],), drawn["gamma"] != 1),)
