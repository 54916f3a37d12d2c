"""What colours there are: saturation, hue, white balance, channels, and tone effects."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from tenfold.ops.colour_science import (
    hue_matrix,
    light_gains,
    permutation_matrix,
    saturation_matrix,
)  # fmt: skip
from tenfold.ops.op import Op
from tenfold.ops.steps import ChannelMatrix, Curve, Drawn, Filter, Steps
from tenfold.params import Range, Ranged, param
from tenfold.rng import pixel_generator
from tenfold.samples.sample import Schema

_DAYLIGHT = 6500.0


def _not_rgb(schema: Schema, name: str) -> Iterator[str]:
    if schema.colours not in (1, 3):
        yield (
            f"needs RGB (or grey) images, and these have {schema.colours} colour channels; "
            f"remove {name} from the recipe, or give the three channels that are RGB"
        )


@dataclass(frozen=True, kw_only=True)
class Saturation(Op):
    """Stronger or paler colours: a blend with the grey picture.

    Grey images have no saturation and stay as they are.
    """

    name: ClassVar[str] = "saturation"
    family: ClassVar[str] = "colour"
    main: ClassVar[str] = "factor"
    stacks: ClassVar[bool] = True

    factor: Ranged = param(
        Range(0.7, 1.3), "range", "0 is grey, 1 the picture itself",
        within=(0, 10), neutral=1.0,
    )  # fmt: skip

    def refusals(self, schema: Schema) -> Iterator[str]:
        """Luma is defined for RGB."""
        return _not_rgb(schema, self.name)

    def lower(self, drawn: Drawn, schema: Schema) -> Steps:
        """One matrix."""
        if schema.colours != 3:
            return ()
        factor = drawn["factor"]
        return (ChannelMatrix(saturation_matrix(factor), factor != 1),)


@dataclass(frozen=True, kw_only=True)
class Hue(Op):
    """Colours turned round the colour circle.

    `hsv` is the exact rotation in HSV (saturation and value stay, as in torchvision and Pillow);
    `matrix` the linear rotation of SVG and CSS, which keeps luma. Grey images stay as they are.
    """

    name: ClassVar[str] = "hue"
    family: ClassVar[str] = "colour"
    main: ClassVar[str] = "degrees"
    stacks: ClassVar[bool] = True

    degrees: Ranged = param(
        Range(-10.0, 10.0), "range", "angle; positive turns red towards yellow",
        within=(-180, 180), unit="degrees", neutral=0.0, symmetric=True,
    )  # fmt: skip
    method: str = param(
        "hsv", "choice", "which rotation", options=("hsv", "matrix")
    )  # fmt: skip

    def refusals(self, schema: Schema) -> Iterator[str]:
        """Hue is defined for RGB."""
        return _not_rgb(schema, self.name)

    def lower(self, drawn: Drawn, schema: Schema) -> Steps:
        """One filter, or one matrix."""
        degrees = drawn["degrees"]
        if schema.colours != 3:
            return ()
        if self.method == "matrix":
            return (ChannelMatrix(hue_matrix(degrees), degrees != 0),)
        return (Filter("hsv_hue", (degrees,), degrees != 0),)


@dataclass(frozen=True, kw_only=True)
class Temperature(Op):
    """White balance: warmer or cooler light, along the colours of a glowing body.

    The image is taken to be lit by 6500 K; R, G and B are multiplied in linear light by the ratio
    of the two blackbodies, and grey keeps its luminance. Grey images stay as they are.
    """

    name: ClassVar[str] = "temperature"
    family: ClassVar[str] = "colour"
    main: ClassVar[str] = "kelvin"
    stacks: ClassVar[bool] = True

    kelvin: Ranged = param(
        Range(5200.0, 8200.0, "loguniform"), "range", "of the new light; lower is warmer",
        within=(2000, 25000), unit="kelvin", neutral=_DAYLIGHT,
    )  # fmt: skip
    linear: bool = param(False, "flag", "values are linear light already, not sRGB")

    def refusals(self, schema: Schema) -> Iterator[str]:
        """The light's colour is known in RGB."""
        return _not_rgb(schema, self.name)

    def lower(self, drawn: Drawn, schema: Schema) -> Steps:
        """One curve a channel."""
        if schema.colours != 3:
            return ()
        kelvin = drawn["kelvin"]
        gains = light_gains(kelvin, _DAYLIGHT)
        return (Curve("light_gain", (float(self.linear), *gains), kelvin != _DAYLIGHT),)


@dataclass(frozen=True, kw_only=True)
class ChannelShuffle(Op):
    """Colour channels in another order.

    Almost: any order but the original. Exact: every order equally likely, the original included.
    """

    name: ClassVar[str] = "channel_shuffle"
    family: ClassVar[str] = "colour"
    group: ClassVar[str] = "permutations of the channels"
    seeded: ClassVar[bool] = True

    probability: float = param(0.5, "number", "chance that a copy gets this", within=(0, 1))

    def lower(self, drawn: Drawn, schema: Schema) -> Steps:
        """One matrix."""
        count = schema.colours
        if count == 1:
            return ()
        generator, original = pixel_generator(drawn["seed"]), np.arange(count)
        order = generator.permutation(count)
        while not self.exact and np.array_equal(order, original):
            order = generator.permutation(count)
        if np.array_equal(order, original):
            return ()
        return (ChannelMatrix(permutation_matrix(order)),)


@dataclass(frozen=True, kw_only=True)
class ChannelDropout(Op):
    """Some colour channels replaced by a constant; at least one stays."""

    name: ClassVar[str] = "channel_dropout"
    family: ClassVar[str] = "colour"
    main: ClassVar[str] = "count"
    seeded: ClassVar[bool] = True

    probability: float = param(0.5, "number", "chance that a copy gets this", within=(0, 1))
    count: Ranged = param(
        Range(1, 1), "range", "channels to drop", within=(0, 512), integral=True, neutral=0.0,
    )  # fmt: skip
    value: float = param(
        0.0, "number", "what they show: 0 black, 1 white", within=(0, 1), unit="of white"
    )

    def lower(self, drawn: Drawn, schema: Schema) -> Steps:
        """One matrix."""
        channels = schema.colours
        count = min(int(drawn["count"]), channels - 1)
        if count == 0:
            return ()
        dropped = pixel_generator(drawn["seed"]).permutation(channels)[:count]
        matrix = np.eye(channels, channels + 1)
        matrix[dropped] = 0
        matrix[dropped, -1] = self.value
        return (ChannelMatrix(matrix),)


@dataclass(frozen=True, kw_only=True)
class Grayscale(Op):
    """Colours taken away: every channel shows the BT.601 luma."""

    name: ClassVar[str] = "grayscale"
    family: ClassVar[str] = "colour"
    stacks: ClassVar[bool] = True

    probability: float = param(0.5, "number", "chance that a copy gets this", within=(0, 1))

    def refusals(self, schema: Schema) -> Iterator[str]:
        """Luma is defined for RGB."""
        return _not_rgb(schema, self.name)

    def lower(self, drawn: Drawn, schema: Schema) -> Steps:
        """One matrix."""
        return (ChannelMatrix(saturation_matrix(0)),) if schema.colours == 3 else ()


@dataclass(frozen=True, kw_only=True)
class Invert(Op):
    """The negative: black for white.

    Almost: with `probability`. Exact: picture and negative equally likely.
    """

    name: ClassVar[str] = "invert"
    family: ClassVar[str] = "colour"
    group: ClassVar[str] = "picture and negative"
    extra: ClassVar[tuple[str, ...]] = ("side",)
    stacks: ClassVar[bool] = True

    probability: float = param(0.5, "number", "chance that a copy gets this", within=(0, 1))

    def lower(self, drawn: Drawn, schema: Schema) -> Steps:
        """One curve."""
        return (Curve("invert", (), drawn["side"] >= 0.5 if self.exact else True),)


@dataclass(frozen=True, kw_only=True)
class Solarize(Op):
    """Values above a threshold inverted."""

    name: ClassVar[str] = "solarize"
    family: ClassVar[str] = "colour"
    main: ClassVar[str] = "threshold"
    stacks: ClassVar[bool] = True

    probability: float = param(0.5, "number", "chance that a copy gets this", within=(0, 1))
    threshold: Ranged = param(
        Range(0.6, 1.0), "range", "values above it are inverted",
        within=(0, 1), unit="of white", neutral=1.0,
    )  # fmt: skip

    def lower(self, drawn: Drawn, schema: Schema) -> Steps:
        """One curve."""
        return (Curve("solarize", (drawn["threshold"],), drawn["threshold"] != 1),)


@dataclass(frozen=True, kw_only=True)
class Posterize(Op):
    """Fewer levels: the highest bits of each 8-bit value kept, the rest 0.

    16-bit and float images get the same levels as 8-bit ones.
    """

    name: ClassVar[str] = "posterize"
    family: ClassVar[str] = "colour"
    main: ClassVar[str] = "bits"
    stacks: ClassVar[bool] = True

    probability: float = param(0.5, "number", "chance that a copy gets this", within=(0, 1))
    bits: Ranged = param(
        Range(4, 7), "range", "bits kept of eight", within=(1, 8), unit="bits", integral=True
    )

    def lower(self, drawn: Drawn, schema: Schema) -> Steps:
        """One curve."""
        return (Curve("posterize", (drawn["bits"],)),)
