"""Steps: what ops lower to. Data only; `tenfold.plan` knows how each kind acts on each field.

All of a step's randomness is in its numbers (or its seed), so the same step does the same thing
wherever and whenever it runs. Image values are in units of the value range: 0 black, 1 white.

A step holds the numbers of one copy, or, where the op lowers many copies at once
(`tenfold.ops.op.Op.stacks`), those of N copies stacked along a first axis, and `row` picks one.
`acts` is false for copies in which the step would change nothing; such a step is left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

Acts = bool | np.bool_ | NDArray[np.bool_]
Number = Any
"""A number of one copy, or an array (N,) of those of N copies."""


def _of(value: Any, k: int, single: int = 0) -> Any:
    """Copy k's part of a value: itself if it is the same for all (of `single` axes)."""
    if not isinstance(value, np.ndarray) or value.ndim == single:
        return value
    return value[k] if single else value[k].item()


@dataclass(frozen=True, eq=False)
class Warp:
    """A homography (flips, turns, affine maps, perspective, crops, resizing).

    Attributes:
        matrix: (3, 3) float64, input to output coordinates (continuous, pixel centres at +0.5).
        height, width: of the output, pixels.
    """

    matrix: NDArray[np.float64]
    height: Number
    width: Number
    acts: Acts = True

    def row(self, k: int) -> Self:
        """The step of copy k."""
        return type(self)(
            _of(self.matrix, k, 2), _of(self.height, k), _of(self.width, k), _of(self.acts, k)
        )


@dataclass(frozen=True, eq=False)
class Displacement:
    """A smooth deformation, held as the control grid of a uniform cubic B-spline.

    An output point x shows the input at x + d(x). Grid point (i, j) sits at
    ((j - 1) * width / (columns - 3), (i - 1) * height / (rows - 3)).

    Attributes:
        control: (rows, columns, 2) float64, displacement (dx, dy) in pixels; rows, columns >= 4.

    Raises:
        ValueError: the grid isn't such a one.
    """

    control: NDArray[np.float64]
    acts: Acts = True

    def __post_init__(self) -> None:
        *_, rows, columns, axes = self.control.shape
        if rows < 4 or columns < 4 or axes != 2:
            raise ValueError(f"a control grid is 4x4x2 at least, got {rows}x{columns}x{axes}")

    def row(self, k: int) -> Self:
        """The step of copy k."""
        return type(self)(_of(self.control, k, 3), _of(self.acts, k))


@dataclass(frozen=True, eq=False)
class Curve:
    """A function of each value on its own (or of the values' histogram); curves fuse to one table.

    Attributes:
        function: name in `tenfold.plan.kernels.tone.CURVES`.
        parameters: its numbers.
    """

    function: str
    parameters: tuple[Number, ...] = ()
    acts: Acts = True

    def row(self, k: int) -> Self:
        """The step of copy k."""
        return type(self)(
            self.function, tuple(_of(p, k) for p in self.parameters), _of(self.acts, k)
        )


@dataclass(frozen=True, eq=False)
class ChannelMatrix:
    """An affine map of the colour channels: out = matrix @ (channels, 1); values 0..1.

    Attributes:
        matrix: (C, C + 1) float64 over the colour channels.
    """

    matrix: NDArray[np.float64]
    acts: Acts = True

    def row(self, k: int) -> Self:
        """The step of copy k."""
        return type(self)(_of(self.matrix, k, 2), _of(self.acts, k))


@dataclass(frozen=True, eq=False)
class Convolution:
    """Convolution with a kernel, the same for every colour channel; reflecting borders.

    Attributes:
        kernel: (kh, kw) float32, odd sizes; or (2, k) float32 row and column factors of a
            separable one if `separable`.
        separable: see `kernel`.

    Raises:
        ValueError: the kernel isn't such a one.
    """

    kernel: NDArray[np.float32]
    separable: bool = False
    acts: Acts = True

    def __post_init__(self) -> None:
        rows, columns = self.kernel.shape[-2:]
        if rows % 2 == int(self.separable) or columns % 2 == 0 or (self.separable and rows != 2):
            wanted = "two rows of an odd length" if self.separable else "of odd sides"
            raise ValueError(f"a kernel is {wanted}, got {rows}x{columns}")

    def row(self, k: int) -> Self:
        """The step of copy k."""
        return type(self)(_of(self.kernel, k, 2), self.separable, _of(self.acts, k))


@dataclass(frozen=True, eq=False)
class Filter:
    """A named local or global filter that is neither linear nor pointwise.

    Attributes:
        function: name in `tenfold.plan.kernels.filters.FILTERS` (median, clahe, hsv, jpeg,
            downscale...).
        parameters: its numbers.
    """

    function: str
    parameters: tuple[Number, ...] = ()
    acts: Acts = True

    def row(self, k: int) -> Self:
        """The step of copy k."""
        return type(self)(
            self.function, tuple(_of(p, k) for p in self.parameters), _of(self.acts, k)
        )


@dataclass(frozen=True, eq=False)
class Noise:
    """Random values a pixel.

    Attributes:
        function: name in `tenfold.plan.kernels.noise.NOISES`.
        parameters: its numbers.
        seed: everything random comes from it.
    """

    function: str
    parameters: tuple[Number, ...]
    seed: int
    acts: Acts = True

    def row(self, k: int) -> Self:
        """The step of copy k."""
        return type(self)(
            self.function,
            tuple(_of(p, k) for p in self.parameters),
            _of(self.seed, k),
            _of(self.acts, k),
        )


@dataclass(frozen=True, eq=False)
class Fill:
    """Rectangles covered by something else.

    Attributes:
        rectangles: (N, 4) int64 x0, y0, x1, y1 in pixels, end excluded, inside the image.
        fill: `constant`, `mean` (of the image, a channel), `background` (median of the image's
            outermost pixels) or `noise` (uniform).
        value: for `constant`, 0..1.
        seed: for `noise`.
        ignore_masks: masks get the ignore value under the rectangles.
    """

    rectangles: NDArray[np.int64]
    fill: str
    value: float = 0.0
    seed: int = 0
    ignore_masks: bool = False
    acts: Acts = True

    def row(self, k: int) -> Self:
        """The step itself: it holds the rectangles of one copy, or of all alike."""
        return self


GeometricStep = Warp | Displacement
PixelStep = Curve | ChannelMatrix | Convolution | Filter | Noise | Fill
Step = GeometricStep | PixelStep
Steps = tuple[Step, ...]
Drawn = dict[str, Any]
"""What an op drew for one copy: names to numbers that survive JSON without loss."""
