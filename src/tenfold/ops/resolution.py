"""What the way to the file took away: resolution and compression."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from tenfold.ops.op import Op
from tenfold.ops.steps import Drawn, Filter, Steps
from tenfold.params import Range, Ranged, param
from tenfold.samples.sample import Schema

_JPEG_LIMIT = 65500  # the greatest side that libjpeg takes


@dataclass(frozen=True, kw_only=True)
class Downscale(Op):
    """Lower resolution: averaged to a smaller image (no aliasing) and interpolated back to size."""

    name: ClassVar[str] = "downscale"
    family: ClassVar[str] = "resolution"
    main: ClassVar[str] = "factor"
    stacks: ClassVar[bool] = True

    factor: Ranged = param(
        Range(1.0, 2.0), "range", "how many times fewer pixels along each side",
        within=(1, 64), neutral=1.0,
    )  # fmt: skip

    def lower(self, drawn: Drawn, schema: Schema) -> Steps:
        """One filter."""
        return (Filter("downscale", (drawn["factor"],), drawn["factor"] != 1),)


@dataclass(frozen=True, kw_only=True)
class Jpeg(Op):
    """JPEG compression and its artefacts.

    The format has 8 bits: uint16 and float images come back with the 256 levels it left them.
    Three colour channels are one RGB file; any other number is one grey file a channel.
    """

    name: ClassVar[str] = "jpeg"
    family: ClassVar[str] = "resolution"
    main: ClassVar[str] = "quality"
    stacks: ClassVar[bool] = True

    quality: Ranged = param(
        Range(50, 95), "range", "libjpeg quality", within=(1, 100), integral=True
    )
    subsampling: str = param(
        "4:2:0", "choice", "resolution of the colour differences", options=("4:2:0", "4:4:4")
    )

    def refusals(self, schema: Schema) -> Iterator[str]:
        """The format's own limit."""
        if max(schema.height, schema.width) > _JPEG_LIMIT:
            yield (
                f"a JPEG has at most {_JPEG_LIMIT} pixels a side, and these images have "
                f"{schema.width}x{schema.height}; remove jpeg or give smaller images"
            )

    def lower(self, drawn: Drawn, schema: Schema) -> Steps:
        """One filter."""
        return (Filter("jpeg", (drawn["quality"], float(self.subsampling == "4:2:0"))),)
