"""Where the rays of a scan run: parallel ones, or a fan from a source to a flat detector.

Frame: from the image's centre x to the right, y up, in mm. A view at angle a has its
detector along (cos a, sin a) and its central ray along (-sin a, cos a), so that a parallel scan is
what scikit-image's `radon` means by its `theta`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from tenfold.errors import RequestError

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Geometry:
    """A scan's rays.

    Attributes:
        angles: of the views, in degrees, in any order.
        detectors: elements of the detector.
        pitch_mm: from one element to the next, on the detector.
        source_mm: from the source to the centre of rotation; None for parallel rays.
        detector_mm: from the centre of rotation to the detector of a fan.
        shift: elements by which the detector's middle lies beside the central ray (0.25 for the
            quarter offset).
        axis_mm: (x, y) of the centre of rotation. scikit-image's images with an even number of
            pixels a side, 1 mm each, turn about (0.5, -0.5), with a shift of -0.5.

    Raises:
        RequestError: no views, or a number that can't be.
    """

    angles: tuple[float, ...]
    detectors: int
    pitch_mm: float = 1.0
    source_mm: float | None = None
    detector_mm: float = 0.0
    shift: float = 0.0
    axis_mm: tuple[float, float] = (0.0, 0.0)

    def __post_init__(self) -> None:
        object.__setattr__(self, "angles", tuple(float(angle) for angle in self.angles))
        if not self.angles:
            raise RequestError("a scan needs one view at least, got zero angles")
        if not all(math.isfinite(angle) for angle in self.angles):
            raise RequestError("the views' angles must be finite degrees")
        if isinstance(self.detectors, bool) or int(self.detectors) != self.detectors:
            raise RequestError(f"detectors must be a whole number, got {self.detectors!r:.60}")
        if self.detectors < 1:
            raise RequestError(f"a scan needs one detector element at least, got {self.detectors}")
        _positive("pitch_mm", self.pitch_mm)
        if self.source_mm is not None:
            _positive("source_mm", self.source_mm)
        if not (math.isfinite(self.detector_mm) and self.detector_mm >= 0):
            raise RequestError(f"detector_mm must be 0 or more, got {self.detector_mm!r:.60}")
        if not math.isfinite(self.shift):
            raise RequestError(f"shift must be a finite number, got {self.shift!r:.60}")
        if len(self.axis_mm) != 2 or not all(math.isfinite(part) for part in self.axis_mm):
            raise RequestError(f"axis_mm must be finite (x, y), got {self.axis_mm!r:.60}")

    @property
    def fan(self) -> bool:
        """Rays from a source and not parallel ones."""
        return self.source_mm is not None

    @property
    def shape(self) -> tuple[int, int]:
        """Of its sinograms: (views, detectors)."""
        return len(self.angles), self.detectors

    @property
    def spacing_mm(self) -> float:
        """From one ray to the next where they pass the centre of rotation."""
        if self.source_mm is None:
            return self.pitch_mm
        return self.pitch_mm * self.source_mm / (self.source_mm + self.detector_mm)

    @property
    def middle(self) -> float:
        """Place of the central ray among the elements, counted from 0."""
        return (self.detectors - 1) / 2 - self.shift

    def across_mm(self) -> Floats:
        """(D,) where rays pass the line through the centre that is parallel to the detector."""
        return (np.arange(self.detectors, dtype=np.float64) - self.middle) * self.spacing_mm

    def directions(self) -> tuple[Floats, Floats]:
        """Cosines and sines of the views, each (V,)."""
        turned = [math.radians(angle) for angle in self.angles]
        return np.array([math.cos(a) for a in turned]), np.array([math.sin(a) for a in turned])

    def lines(self) -> tuple[Floats, Floats, Floats]:
        """All rays as lines: normals (cos, sin) and distances from the image's centre, (V, D)."""
        cos, sin = (part[:, None] for part in self.directions())
        across = self.across_mm()[None, :]
        if self.source_mm is None:
            normal_x, normal_y, distance = np.broadcast_arrays(cos, sin, across)
        else:
            # A ray's direction is source_mm times the central one plus `across` times the
            # detector's.
            length = np.sqrt(self.source_mm**2 + across**2)
            normal_x = (self.source_mm * cos + across * sin) / length
            normal_y = (self.source_mm * sin - across * cos) / length
            distance = np.broadcast_to(self.source_mm * across / length, self.shape)
        x, y = self.axis_mm
        return normal_x, normal_y, distance + (x * normal_x + y * normal_y)

    def fan_angles(self) -> Floats:
        """(D,) radians between each ray and the central one; zeros for parallel rays."""
        if self.source_mm is None:
            return np.zeros(self.detectors)
        return np.array([math.atan(s / self.source_mm) for s in self.across_mm().tolist()])

    def of_views(self, which: slice) -> Geometry:
        """The same with some of its views."""
        return replace(self, angles=self.angles[which])


def evenly(views: int, span: float = 180.0, first: float = 0.0) -> tuple[float, ...]:
    """So many angles in degrees, evenly over `span`, whose end isn't among them.

    Raises:
        RequestError: no views, or a span that isn't above 0 and at most 360.
    """
    if views < 1:
        raise RequestError(f"a scan needs one view at least, got {views}")
    if not 0 < span <= 360:
        raise RequestError(f"the views' span must be above 0 and at most 360 degrees, got {span:g}")
    return tuple(first + span * view / views for view in range(views))


def view_weights(angles: Sequence[float], period: float) -> Floats:
    """What each view stands for, in radians: half the way to its neighbours on both sides.

    A gap much wider than the others (a missing wedge) belongs to nobody.

    Args:
        angles: degrees, in any order.
        period: degrees after which a view comes again: 180 for parallel rays, 360 for a fan.
    """
    folded = np.mod(np.asarray(angles, float), period)
    order = np.argsort(folded, kind="stable")
    gaps = np.diff(folded[order], append=folded[order[0]] + period)
    if len(gaps) > 1:
        usual = float(np.median(gaps[gaps > 1e-9]))
        gaps[gaps > 3 * usual] = usual
    weights = np.empty(len(gaps))
    weights[order] = (gaps + np.roll(gaps, 1)) / 2
    return weights * (math.pi / 180)


def _positive(name: str, value: float) -> None:
    if not (math.isfinite(value) and value > 0):
        raise RequestError(f"{name} must be above 0, got {value!r:.60}")
