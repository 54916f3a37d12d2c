"""Random values a pixel: of photons, of sensors, and simpler ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from tenfold.ops.op import Op
from tenfold.ops.steps import Drawn, Noise, Steps
from tenfold.params import Range, Ranged, param
from tenfold.samples.sample import Schema

_LINEAR = "values are linear light already, not sRGB"
_SHARED = "the same noise in all channels"


@dataclass(frozen=True, kw_only=True)
class ShotNoise(Op):
    """Photon counting: Poisson noise in linear light, of variance x / photons at light x."""

    name: ClassVar[str] = "shot_noise"
    family: ClassVar[str] = "noise"
    main: ClassVar[str] = "photons"
    seeded: ClassVar[bool] = True
    stacks: ClassVar[bool] = True

    photons: Ranged = param(
        Range(200.0, 2000.0, "loguniform"), "range", "photons a pixel and channel at white",
        within=(1, 1e6), unit="photons",
    )  # fmt: skip
    linear: bool = param(False, "flag", _LINEAR)

    def lower(self, drawn: Drawn, schema: Schema) -> Steps:
        """One noise."""
        return (Noise("shot", (drawn["photons"], float(self.linear)), drawn["seed"]),)


@dataclass(frozen=True, kw_only=True)
class SensorNoise(Op):
    """Camera noise: variance gain * x + read_noise² at linear light x, normally distributed."""

    name: ClassVar[str] = "sensor_noise"
    family: ClassVar[str] = "noise"
    main: ClassVar[str] = "gain"
    seeded: ClassVar[bool] = True
    stacks: ClassVar[bool] = True

    gain: Ranged = param(
        Range(0.0001, 0.001, "loguniform"), "range", "variance at white that photons cause",
        within=(0, 1), unit="of white²", neutral=0.0,
    )  # fmt: skip
    read_noise: Ranged = param(
        Range(0.001, 0.006, "loguniform"), "range", "standard deviation in the dark",
        within=(0, 1), unit="of white", neutral=0.0,
    )  # fmt: skip
    linear: bool = param(False, "flag", _LINEAR)

    def lower(self, drawn: Drawn, schema: Schema) -> Steps:
        """One noise."""
        a, b = drawn["gain"], drawn["read_noise"] * drawn["read_noise"]
        acts = (a != 0) | (b != 0)
        return (Noise("sensor", (a, b, float(self.linear)), drawn["seed"], acts),)


@dataclass(frozen=True, kw_only=True)
class GaussianNoise(Op):
    """Normal noise added to every value."""

    name: ClassVar[str] = "gaussian_noise"
    family: ClassVar[str] = "noise"
    main: ClassVar[str] = "std"
    seeded: ClassVar[bool] = True
    stacks: ClassVar[bool] = True

    std: Ranged = param(
        Range(0.005, 0.03), "range", "standard deviation",
        within=(0, 2), unit="of white", neutral=0.0,
    )  # fmt: skip
    shared: bool = param(False, "flag", _SHARED)

    def lower(self, drawn: Drawn, schema: Schema) -> Steps:
        """One noise."""
        std = drawn["std"]
        return (Noise("gaussian", (std, float(self.shared)), drawn["seed"], std != 0),)


@dataclass(frozen=True, kw_only=True)
class MultiplicativeNoise(Op):
    """Speckle: every value multiplied by 1 + normal noise."""

    name: ClassVar[str] = "multiplicative_noise"
    family: ClassVar[str] = "noise"
    main: ClassVar[str] = "std"
    seeded: ClassVar[bool] = True
    stacks: ClassVar[bool] = True

    std: Ranged = param(
        Range(0.01, 0.08), "range", "standard deviation of the factor",
        within=(0, 2), neutral=0.0,
    )  # fmt: skip
    shared: bool = param(False, "flag", _SHARED)

    def lower(self, drawn: Drawn, schema: Schema) -> Steps:
        """One noise."""
        std = drawn["std"]
        return (Noise("multiplicative", (std, float(self.shared)), drawn["seed"], std != 0),)


@dataclass(frozen=True, kw_only=True)
class SaltAndPepper(Op):
    """Single pixels white or black, as by dead and hot photosites."""

    name: ClassVar[str] = "salt_and_pepper"
    family: ClassVar[str] = "noise"
    main: ClassVar[str] = "fraction"
    seeded: ClassVar[bool] = True
    stacks: ClassVar[bool] = True

    fraction: Ranged = param(
        Range(0.0005, 0.01, "loguniform"), "range", "chance that a pixel is hit",
        within=(0, 1), unit="of all pixels", neutral=0.0,
    )  # fmt: skip
    salt: Ranged = param(
        Range(0.5, 0.5), "range", "share of white among the pixels hit",
        within=(0, 1), unit="of pixels hit",
    )  # fmt: skip
    shared: bool = param(True, "flag", "all channels of a pixel are hit together")

    def lower(self, drawn: Drawn, schema: Schema) -> Steps:
        """One noise."""
        fraction = drawn["fraction"]
        numbers = (fraction, drawn["salt"], float(self.shared))
        return (Noise("salt_and_pepper", numbers, drawn["seed"], fraction != 0),)


@dataclass(frozen=True, kw_only=True)
class BlueNoise(Op):
    """Fine-grained noise: power in proportion to the spatial frequency, none in flat areas."""

    name: ClassVar[str] = "blue_noise"
    family: ClassVar[str] = "noise"
    main: ClassVar[str] = "std"
    seeded: ClassVar[bool] = True
    stacks: ClassVar[bool] = True

    std: Ranged = param(
        Range(0.005, 0.03), "range", "standard deviation",
        within=(0, 2), unit="of white", neutral=0.0,
    )  # fmt: skip
    shared: bool = param(False, "flag", _SHARED)

    def lower(self, drawn: Drawn, schema: Schema) -> Steps:
        """One noise."""
        std = drawn["std"]
        return (Noise("blue", (std, float(self.shared)), drawn["seed"], std != 0),)
