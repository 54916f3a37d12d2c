"""Invariances of position and shape: everything that lowers to one homography."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from tenfold.ops import matrices
from tenfold.ops.op import Op
from tenfold.ops.steps import Drawn, Steps, Warp
from tenfold.params import Chosen, OptionalRanged, Range, Ranged, param
from tenfold.samples.sample import Schema

AXES = ("horizontal", "vertical", "transpose")


def _centred(matrix: matrices.Matrix, schema: Schema) -> Steps:
    size = (schema.height, schema.width)
    return (Warp(matrices.about_centre(matrix, *size), *size),)


def _turned(quarters: NDArray[np.float64], schema: Schema) -> Warp:
    """Quarter turns that turn the frame too, so that no pixel is lost or mixed."""
    lies = quarters % 2 != 0
    height = np.where(lies, schema.width, schema.height)
    width = np.where(lies, schema.height, schema.width)
    to_origin = matrices.translation(-schema.width / 2, -schema.height / 2)
    turned = matrices.product(matrices.rotation(90.0 * quarters), to_origin)
    return Warp(
        matrices.product(matrices.translation(width / 2, height / 2), turned), height, width
    )


def _keeps_size(schema: Schema, what: str) -> Iterator[str]:
    if schema.fixed_size and schema.height != schema.width:
        yield (
            f"{what} would turn {schema.width}x{schema.height} images into "
            f"{schema.height}x{schema.width} ones, and an array has one size"
        )


@dataclass(frozen=True)
class Rotation(Op):
    """Turn about the centre.

    With `multiples_of` the multiples inside the range are drawn as whole numbers are (`Range.whole`
    of their numbers): all equally likely if the distribution is uniform. On the full circle -180
    and 180 degrees are one member, 180.
    """

    name: ClassVar[str] = "rotation"
    family: ClassVar[str] = "geometry"
    main: ClassVar[str] = "degrees"
    extra: ClassVar[tuple[str, ...]] = ("turn",)
    group: ClassVar[str] = "rotations"
    moves: ClassVar[bool] = True
    stacks: ClassVar[bool] = True

    degrees: Ranged = param(
        (-15, 15), "range", "angle, counter-clockwise",
        within=(-180, 180), unit="degrees", neutral=0, symmetric=True,
    )  # fmt: skip
    multiples_of: float | None = param(
        None, "number", "only multiples of this angle that lie in the range; at 90 or 180 the "
        "frame turns too, so that every pixel survives",
        within=(1, 180), unit="degrees", optional=True,
    )  # fmt: skip

    def problems(self) -> Iterator[str]:
        """Exact needs the full circle; multiples must divide it, and one must lie in the range."""
        if self.exact and (self.degrees.low, self.degrees.high) != (-180, 180):
            yield (
                f"exact means any angle is as good, but degrees is [{self.degrees.low:g}, "
                f"{self.degrees.high:g}]; set degrees: 180, or remove 'exact'"
            )
        if self.exact and self.degrees.distribution != "uniform":
            yield "exact means any angle is as likely; remove 'distribution'"
        if not self.multiples_of:
            return
        if (360 / self.multiples_of) % 1:
            yield f"multiples_of must divide 360, got {self.multiples_of:g}; did you mean 90?"
            return
        first, last = self._members(self.multiples_of)
        low, high = self.degrees.low, self.degrees.high
        if first > last or (first == last == 0 and low < high):
            only = "" if first > last else " but 0"
            reach = max(abs(low), abs(high))
            cure = f"multiples_of: {reach:g} or less, or " if reach >= 1 else ""
            yield (
                f"degrees [{low:g}, {high:g}] holds no multiple of {self.multiples_of:g}{only}, so "
                f"that nothing would ever turn; use {cure}degrees that reach {self.multiples_of:g}"
            )

    def _members(self, angle: float) -> tuple[int, int]:
        """The first and the last multiple of the angle inside the range, counted in angles."""
        low, high = self.degrees.low / angle, self.degrees.high / angle
        first = round(low) if math.isclose(low, round(low)) else math.ceil(low)
        last = round(high) if math.isclose(high, round(high)) else math.floor(high)
        return first, last

    def refusals(self, schema: Schema) -> Iterator[str]:
        """Quarter turns change the size of an array's rows unless they are square."""
        if self.multiples_of != 90:
            return
        first, last = self._members(90)
        if any(quarters % 2 for quarters in range(first, last + 1)):
            for why in _keeps_size(schema, "a quarter turn"):
                yield f"{why}; set multiples_of: 180 or give square images"

    def settle(self, drawn: Drawn) -> Drawn:
        """The angle, of those that there are."""
        degrees = drawn["degrees"]
        if not self.multiples_of:
            return {"degrees": degrees}
        first, last = self._members(self.multiples_of)
        full = math.isclose((last - first) * self.multiples_of, 360)  # from -180 to 180
        if full and self.degrees.distribution == "uniform":
            first += 1
        members = Range(first, last, self.degrees.distribution)
        degrees = members.whole(drawn["turn"]) * self.multiples_of
        return {"degrees": np.where(full & np.isclose(degrees, -180), 180.0, degrees)}

    def lower(self, drawn: Drawn, schema: Schema) -> Steps:
        """One matrix."""
        degrees = drawn["degrees"]
        if self.multiples_of and self.multiples_of % 90 == 0:
            return (_turned(np.rint(degrees / 90), schema),)
        return _centred(matrices.rotation(degrees), schema)


@dataclass(frozen=True)
class Reflection(Op):
    """Mirror: left and right (horizontal), top and bottom (vertical), rows and columns (transpose).

    Almost: with `probability`, along one of the axes. Exact: every element of the group that the
    axes generate is equally likely; with `transpose` and another axis that is all eight
    symmetries of the square (D4).
    """

    name: ClassVar[str] = "reflection"
    family: ClassVar[str] = "geometry"
    main: ClassVar[str] = "axes"
    extra: ClassVar[tuple[str, ...]] = ("first", "second", "third")
    group: ClassVar[str] = "reflections"
    moves: ClassVar[bool] = True
    stacks: ClassVar[bool] = True

    axes: Chosen = param(("horizontal",), "choices", "along which axes", options=AXES)
    probability: float = param(0.5, "number", "chance that a copy gets this", within=(0, 1))

    def refusals(self, schema: Schema) -> Iterator[str]:
        """A mirrored left hand is a right hand; a transposed array row has another size."""
        if schema.has_keypoints and schema.keypoint_pairs is None:
            yield (
                "would turn left keypoints into right ones, and nothing says which belong "
                "together; give keypoint_pairs: [[left, right], ...] in the recipe "
                "([] if there are no such pairs), or remove reflection"
            )
        if "transpose" in self.axes:
            for why in _keeps_size(schema, "transposing"):
                yield f"{why}; remove 'transpose' or give square images"

    def settle(self, drawn: Drawn) -> Drawn:
        """Which axes are mirrored: 0 or 1 each."""
        if not self.exact:
            last = len(self.axes) - 1
            one = np.minimum((drawn["first"] * len(self.axes)).astype(np.int64), last)
            places = [self.axes.index(axis) if axis in self.axes else -1 for axis in AXES]
            return {
                axis: (one == place).astype(np.int64)
                for axis, place in zip(AXES, places, strict=True)
            }
        possible = AXES if "transpose" in self.axes and len(self.axes) > 1 else self.axes
        coins = (drawn["first"], drawn["second"], drawn["third"])
        return {
            axis: ((coin < 0.5) & (axis in possible)).astype(np.int64)
            for axis, coin in zip(AXES, coins, strict=True)
        }

    def lower(self, drawn: Drawn, schema: Schema) -> Steps:
        """One matrix, exact on the pixel grid."""
        horizontal, vertical, transpose = (drawn[axis] != 0 for axis in AXES)
        x, y = np.where(horizontal, -1.0, 1.0), np.where(vertical, -1.0, 1.0)
        right = np.where(horizontal, float(schema.width), 0.0)
        low = np.where(vertical, float(schema.height), 0.0)
        if not transpose.any():
            matrix = matrices.matrix(x, 0, right, 0, y, low, 0, 0, 1)
            return (Warp(matrix, schema.height, schema.width),)
        a, b = np.where(transpose, 0.0, x), np.where(transpose, y, 0.0)
        c, d = np.where(transpose, x, 0.0), np.where(transpose, 0.0, y)
        e, f = np.where(transpose, low, right), np.where(transpose, right, low)
        height = np.where(transpose, schema.width, schema.height)
        width = np.where(transpose, schema.height, schema.width)
        return (Warp(matrices.matrix(a, b, e, c, d, f, 0, 0, 1), height, width),)


@dataclass(frozen=True)
class Translation(Op):
    """Shift."""

    name: ClassVar[str] = "translation"
    family: ClassVar[str] = "geometry"
    main: ClassVar[str] = "x"
    moves: ClassVar[bool] = True
    stacks: ClassVar[bool] = True

    x: Ranged = param(
        (-0.1, 0.1), "range", "to the right; and downwards, drawn on its own, if y is not given",
        within=(-1, 1), unit="of the width", neutral=0, symmetric=True,
    )  # fmt: skip
    y: OptionalRanged = param(
        None, "range", "downwards; a range like that of x if not given",
        within=(-1, 1), unit="of the height", neutral=0, symmetric=True, optional=True, like="x",
    )  # fmt: skip

    def lower(self, drawn: Drawn, schema: Schema) -> Steps:
        """One matrix."""
        matrix = matrices.translation(drawn["x"] * schema.width, drawn["y"] * schema.height)
        return (Warp(matrix, schema.height, schema.width),)


@dataclass(frozen=True)
class Scaling(Op):
    """Larger or smaller about the centre, the frame unchanged; also along one axis more."""

    name: ClassVar[str] = "scaling"
    family: ClassVar[str] = "geometry"
    main: ClassVar[str] = "factor"
    moves: ClassVar[bool] = True
    stacks: ClassVar[bool] = True

    factor: Ranged = param(
        Range(0.9, 1.1, "loguniform"), "range", "magnification",
        within=(0.05, 20), unit="times", neutral=1, symmetric=True,
    )  # fmt: skip
    anisotropy: Ranged = param(
        Range(1, 1), "range", "horizontal magnification over vertical magnification",
        within=(0.2, 5), unit="times", neutral=1, symmetric=True,
    )  # fmt: skip

    def lower(self, drawn: Drawn, schema: Schema) -> Steps:
        """One matrix; the area grows by the square of `factor` whatever the anisotropy."""
        stretch = np.sqrt(drawn["anisotropy"])
        return _centred(
            matrices.scaling(drawn["factor"] * stretch, drawn["factor"] / stretch), schema
        )


@dataclass(frozen=True)
class Shear(Op):
    """Slant about the centre."""

    name: ClassVar[str] = "shear"
    family: ClassVar[str] = "geometry"
    main: ClassVar[str] = "x"
    moves: ClassVar[bool] = True
    stacks: ClassVar[bool] = True

    x: Ranged = param(
        (-5, 5), "range", "lean of vertical lines",
        within=(-60, 60), unit="degrees", neutral=0, symmetric=True,
    )  # fmt: skip
    y: Ranged = param(
        (0, 0), "range", "lean of horizontal lines",
        within=(-60, 60), unit="degrees", neutral=0, symmetric=True,
    )  # fmt: skip

    def problems(self) -> Iterator[str]:
        """Both leans together must not flatten the picture."""
        x = max(abs(self.x.low), abs(self.x.high))
        y = max(abs(self.y.low), abs(self.y.high))
        if math.tan(math.radians(x)) * math.tan(math.radians(y)) >= 0.9:
            yield f"x and y together flatten the picture at {x:g} and {y:g} degrees; use less"

    def lower(self, drawn: Drawn, schema: Schema) -> Steps:
        """One matrix."""
        return _centred(matrices.shear(drawn["x"], drawn["y"]), schema)


@dataclass(frozen=True)
class Perspective(Op):
    """Seen from another angle: each corner moves on its own."""

    name: ClassVar[str] = "perspective"
    family: ClassVar[str] = "geometry"
    main: ClassVar[str] = "strength"
    extra: ClassVar[tuple[str, ...]] = ("x0", "y0", "x1", "y1", "x2", "y2", "x3", "y3")
    moves: ClassVar[bool] = True
    stacks: ClassVar[bool] = True

    strength: Ranged = param(
        (0, 0.08), "range", "how far a corner may move in each direction",
        within=(0, 0.24), unit="of the side", neutral=0,
    )  # fmt: skip

    def lower(self, drawn: Drawn, schema: Schema) -> Steps:
        """One homography; below a quarter of the side the corners stay convex."""
        size = np.array([schema.width, schema.height], dtype=np.float64)
        corners = np.array([[0, 0], [1, 0], [1, 1], [0, 1]]) * size
        unit = np.stack([drawn[name] for name in self.extra], axis=-1).reshape(-1, 4, 2) * 2 - 1
        moved = corners + drawn["strength"][:, None, None] * unit * size
        matrix = matrices.quadrilateral(corners, moved)
        return (Warp(matrix, schema.height, schema.width),)


@dataclass(frozen=True)
class Crop(Op):
    """A random part, resized (random resized crop, Szegedy et al. 2015, arXiv 1409.4842)."""

    name: ClassVar[str] = "crop"
    family: ClassVar[str] = "geometry"
    main: ClassVar[str] = "area"
    extra: ClassVar[tuple[str, ...]] = ("x", "y")
    moves: ClassVar[bool] = True
    stacks: ClassVar[bool] = True

    area: Ranged = param(
        (0.5, 1), "range", "size of the part", within=(0.01, 1), unit="of the area", neutral=1
    )
    aspect: Ranged = param(
        Range(3 / 4, 4 / 3, "loguniform"), "range",
        "aspect ratio of the part relative to the picture's", within=(0.2, 5), unit="times",
        neutral=1, symmetric=True,
    )  # fmt: skip
    height: int | None = param(
        None, "integer", "rows of the result; the picture's own if not given",
        within=(1, 32767), unit="px", optional=True,
    )  # fmt: skip
    width: int | None = param(
        None, "integer", "columns of the result; the picture's own if not given",
        within=(1, 32767), unit="px", optional=True,
    )  # fmt: skip

    def problems(self) -> Iterator[str]:
        """A size that only some copies get would break every batch."""
        if (self.height or self.width) and self.probability < 1:
            yield "with height or width every copy must get the size; set probability: 1"

    def refusals(self, schema: Schema) -> Iterator[str]:
        """Rows of an array share one size."""
        height, width = self.height or schema.height, self.width or schema.width
        if schema.fixed_size and (height, width) != (schema.height, schema.width):
            yield (
                f"would make {width}x{height} of {schema.width}x{schema.height} images, and an "
                "array has one size; remove height and width"
            )

    def lower(self, drawn: Drawn, schema: Schema) -> Steps:
        """One matrix: whole pixels are cut, so that a crop without resizing mixes nothing."""
        side, stretch = np.sqrt(drawn["area"]), np.sqrt(drawn["aspect"])
        width = np.clip(np.rint(schema.width * side * stretch), 1, schema.width)
        height = np.clip(np.rint(schema.height * side / stretch), 1, schema.height)
        x = np.floor(drawn["x"] * (schema.width - width + 1))
        y = np.floor(drawn["y"] * (schema.height - height + 1))
        rows, columns = self.height or schema.height, self.width or schema.width
        across, down = columns / width, rows / height
        matrix = matrices.matrix(across, 0, -x * across, 0, down, -y * down, 0, 0, 1)
        return (Warp(matrix, rows, columns),)
