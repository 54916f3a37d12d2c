"""Computed tomography as a synthesiser: a body is drawn, scanned and reconstructed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from tenfold.errors import RequestError, did_you_mean
from tenfold.samples.sample import Array, Instance
from tenfold.synth.synthesiser import (
    Simulated,
    Span,
    Synthesiser,
    check_span,
    drawn,
    generator_of,
)
from tenfold.synth.tomography.body import CLASSES, Thing, abdomen, drawn_body, filling
from tenfold.synth.tomography.detector import Detector
from tenfold.synth.tomography.scan import Scanner, scan
from tenfold.synth.tomography.shapes import Grid

VALUES = ("uint16", "float32", "window")
_SLOPE, _INTERCEPT = 1 / 16, -1024.0
_BODY, _SCAN = 0, 1  # parts of a seed's numbers


@dataclass(frozen=True)
class TomographySlice(Synthesiser):
    """An axial CT slice through an upper abdomen with exact labels.

    Attributes:
        size: pixels a side.
        field_mm: side of the picture.
        width_mm: of bodies from side to side, at most 0.95 of the field.
        lesions: how many are drawn, whole numbers.
        contrast: mg of iodine per ml of blood.
        beam: "fan" or "parallel".
        source_mm: from a fan's source to the centre of rotation.
        views: projections.
        span: degrees that they are spread over; 0 for all that the beam needs.
        kev: energy of the photons.
        kvp: voltage of a tube, whose spectrum hardens; 0 for one energy.
        photons: counted by an element with nothing in between; 0 for no noise.
        electronic: standard deviation of the readout's noise, in photons.
        offset: photons that readings are too high by.
        rings: standard deviation of the elements' sensitivities.
        method: "fbp", "sart" or "sirt".
        filter: of the back-projection.
        iterations: of SART or SIRT.
        values: "uint16" holds HU = value / 16 - 1024; "float32" HU; "window" bytes between the ends
            of `window`.
        window: HU that are black and white, for "window"; told in any case.
        fine: the body is scanned from pixels so many times finer than the image's.

    Numbers with two ends are drawn evenly between them, another one for each slice.
    """

    size: int = 512
    field_mm: float = 400.0
    width_mm: Span | float = (290.0, 370.0)
    lesions: Span | float = (0.0, 6.0)
    contrast: Span | float = (2.0, 6.0)
    beam: str = "fan"
    source_mm: float = 570.0
    views: int = 720
    span: Span | float = 0.0
    kev: float = 70.0
    kvp: float = 0.0
    photons: Span | float = (50_000.0, 300_000.0)
    electronic: Span | float = 5.0
    offset: Span | float = 0.0
    rings: Span | float = 0.0
    method: str = "fbp"
    filter: str = "hann"
    iterations: int = 5
    values: str = "uint16"
    window: tuple[float, float] = (-160.0, 240.0)
    fine: int = 2

    kind: ClassVar[str] = "ct"
    classes: ClassVar[tuple[str, ...]] = tuple(name for name in CLASSES if not filling(name))
    legend: ClassVar[Mapping[str, Mapping[int, str]]] = {
        "semantic": {0: "air", **dict(enumerate(CLASSES, start=1))}
    }

    def __post_init__(self) -> None:
        for name, low, high, unit in (
            ("field_mm", 50, 2000, "mm"), ("source_mm", 10, 1e5, "mm"), ("kev", 20, 200, "keV"),
            ("width_mm", 20, 0.95 * self.field_mm, "mm"), ("lesions", 0, 100, ""),
            ("contrast", 0, 50, "mg/ml"), ("span", 0, 360, "degrees"),
            ("electronic", 0, 1e6, "photons"), ("offset", 0, 1e6, "photons"),
            ("photons", 0, 1e9, ""), ("rings", 0, 0.5, ""), ("kvp", 0, 200, "kV"),
        ):  # fmt: skip
            check_span(self.kind, name, getattr(self, name), low, high, unit=unit)
        for name, least, most in (
            ("size", 16, 8192), ("views", 1, 100_000), ("iterations", 1, 10_000), ("fine", 1, 8),
        ):  # fmt: skip
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
                raise RequestError(
                    f"{self.kind}: {name} must be a whole number within {least}..{most}, "
                    f"got {value!r:.60}"
                )
        _one_of(self.kind, "beam", self.beam, ("fan", "parallel"))
        _one_of(self.kind, "values", self.values, VALUES)
        if len(self.window) != 2 or not self.window[0] < self.window[1]:
            raise RequestError(f"{self.kind}: window must be [low, high], got {self.window!r:.60}")
        self._scanner(np.random.default_rng(0)).geometry(self.field_mm / 2, 1.0)

    def make(self, seed: int) -> Simulated:
        """A body of this seed, scanned."""
        random = generator_of(seed, _BODY)
        width, contrast = drawn(self.width_mm, random), drawn(self.contrast, random)
        lesions = round(drawn(self.lesions, random))
        things = abdomen(random, width, lesions, contrast)
        pixel = self.field_mm / self.size
        objects = drawn_body(things, Grid(self.size, pixel))
        finer = objects
        if self.fine > 1:
            finer = drawn_body(things, Grid(self.size * self.fine, pixel / self.fine))
        scanner = self._scanner(generator_of(seed, _SCAN))
        made = scan(
            finer, {n: thing.tissue for n, thing in enumerate(things, start=1)}, pixel / self.fine,
            scanner, seed=seed, fine=self.fine, reach_mm=self.field_mm / 2,
        )  # fmt: skip
        semantic, instance, instances = _labels(objects, things)
        told = {
            **made.told, "values": self._meaning(), "window": list(self.window),
            "body_mm": width, "contrast_mg_per_ml": contrast,
        }  # fmt: skip
        return Simulated(
            self._pictured(made.image)[..., None],
            {"semantic": semantic, "instance": instance},
            instances,
            told,
        )

    def _scanner(self, random: np.random.Generator) -> Scanner:
        photons, span = drawn(self.photons, random), drawn(self.span, random)
        electronic, offset = drawn(self.electronic, random), drawn(self.offset, random)
        rings = drawn(self.rings, random)
        if photons < 1:
            detector = Detector(None, rings=rings)
        else:
            detector = Detector(photons, electronic, offset, rings)
        return Scanner(
            views=self.views,
            span=span or None,
            source_mm=self.source_mm if self.beam == "fan" else None,
            detector_mm=0.8 * self.source_mm if self.beam == "fan" else 0.0,
            kev=self.kev,
            kvp=self.kvp or None,
            detector=detector,
            method=self.method,
            filter=self.filter,
            iterations=self.iterations,
        )

    def _pictured(self, hounsfields: NDArray[np.float32]) -> Array:
        if self.values == "float32":
            return hounsfields
        if self.values == "uint16":
            return _levels(hounsfields, _INTERCEPT, _SLOPE, np.uint16)
        low, high = self.window
        return _levels(hounsfields, low, (high - low) / 255, np.uint8)

    def _meaning(self) -> dict[str, Any]:
        if self.values == "uint16":
            return {"unit": "HU", "slope": _SLOPE, "intercept": _INTERCEPT}
        if self.values == "float32":
            return {"unit": "HU", "slope": 1.0, "intercept": 0.0}
        low, high = self.window
        return {"unit": "HU", "slope": (high - low) / 255, "intercept": low}


def _levels(hounsfields: NDArray[np.float32], black: float, slope: float, kind: Any) -> Array:
    levels: Array = np.rint((hounsfields - np.float32(black)) * np.float32(1 / slope))
    return np.clip(levels, 0, np.iinfo(kind).max).astype(kind)


def _labels(
    objects: NDArray[np.uint16], things: Sequence[Thing]
) -> tuple[Array, Array, tuple[Instance, ...]]:
    """Semantic and instance masks, and the objects that can be seen."""
    values = np.array([0, *(CLASSES.index(thing.name) + 1 for thing in things)], np.uint8)
    numbers, found = np.zeros(len(things) + 1, np.uint16), list[Instance]()
    for number, thing in enumerate(things, start=1):
        if filling(thing.name) or thing.part_of:
            continue
        parts = [number, *(n for n, t in enumerate(things, start=1) if t.part_of == number)]
        mask = np.isin(objects, parts)
        rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
        if not len(rows):
            continue
        numbers[parts] = len(found) + 1
        box = np.array([columns[0], rows[0], columns[-1] + 1, rows[-1] + 1], float)
        found.append(Instance(thing.name, box, mask=mask))
    return values[objects], numbers[objects], tuple(found)


def _one_of(kind: str, name: str, value: str, options: Sequence[str]) -> None:
    if value not in options:
        cure = did_you_mean(str(value), options) or f"; there are {', '.join(options)}"
        raise RequestError(f"{kind}: no {name} '{value!s:.60}'{cure}")
