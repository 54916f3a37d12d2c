"""Scans of labelled slices and volumes: tissues to attenuation, to counts, to an image in HU."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tenfold.errors import RequestError, did_you_mean
from tenfold.synth.tomography.beam import Beam, one_energy, tube
from tenfold.synth.tomography.detector import Detector
from tenfold.synth.tomography.fbp import fbp
from tenfold.synth.tomography.filters import check_filter
from tenfold.synth.tomography.geometry import Geometry, evenly
from tenfold.synth.tomography.iterative import PARTS, sart
from tenfold.synth.tomography.rays import Image, Rays
from tenfold.synth.tomography.tissues import (
    Given,
    Tissue,
    hounsfield,
    labels_of,
    painted,
    tissue_of,
)
from tenfold.synth.tomography.volumes import as_volume, ensure_memory

METHODS = ("fbp", "sart", "sirt")


@dataclass(frozen=True)
class Scanner:
    """A scanner and how it reconstructs.

    Attributes:
        views: projections taken.
        span: degrees over which they are spread; None for 180 with parallel rays, 360 in a fan.
            Less is a limited angle.
        first: angle of the first in degrees.
        source_mm: from the source to the centre of rotation; None for parallel rays.
        detector_mm: from there to the detector of a fan.
        detectors: elements; None for as many as see all of the slice.
        pitch_mm: their distance on the detector; None for the image's pixel where rays pass the
            centre.
        kev: energy of the photons.
        kvp: voltage of a tube, whose spectrum (`tube`) takes the place of `kev` and hardens; None
            for one energy.
        aluminium_mm: filter of the tube.
        detector: photons, noise and rings.
        method: "fbp", "sart" or "sirt".
        filter: of the back-projection, one of `FILTERS`.
        iterations: of SART or SIRT.

    Raises:
        RequestError: an unusable setting.
    """

    views: int = 720
    span: float | None = None
    first: float = 0.0
    source_mm: float | None = None
    detector_mm: float = 0.0
    detectors: int | None = None
    pitch_mm: float | None = None
    kev: float = 70.0
    kvp: float | None = None
    aluminium_mm: float = 6.0
    detector: Detector = field(default_factory=Detector)
    method: str = "fbp"
    filter: str = "ramp"
    iterations: int = 5

    def __post_init__(self) -> None:
        if self.method not in METHODS:
            cure = did_you_mean(str(self.method), METHODS) or f"; there are {', '.join(METHODS)}"
            raise RequestError(f"no method '{self.method!s:.60}'{cure}")
        check_filter(self.filter)
        if self.iterations < 1:
            raise RequestError(f"iterations must be 1 or more, got {self.iterations}")
        self.beam()
        self.angles()

    def beam(self) -> Beam:
        """Its photons."""
        return one_energy(self.kev) if self.kvp is None else tube(self.kvp, self.aluminium_mm)

    def angles(self) -> tuple[float, ...]:
        """Of the views, in degrees."""
        span = self.span
        if span is None:
            span = 180.0 if self.source_mm is None else 360.0
        return evenly(self.views, span, self.first)

    def geometry(self, reach_mm: float, pixel_mm: float) -> Geometry:
        """Its rays for an object of that radius and an image of such pixels."""
        magnified, half = 1.0, reach_mm
        if self.source_mm is not None:
            if self.source_mm <= reach_mm:
                raise RequestError(
                    f"the source is {self.source_mm:g} mm from the centre and so within the "
                    f"slice, which reaches {reach_mm:g} mm; move it out (source_mm)"
                )
            magnified = (self.source_mm + self.detector_mm) / self.source_mm
            half = reach_mm / math.sqrt(1 - (reach_mm / self.source_mm) ** 2)
        pitch = self.pitch_mm or pixel_mm * magnified
        detectors = self.detectors or math.ceil(2 * half * magnified / pitch) + 2
        return Geometry(self.angles(), detectors, pitch, self.source_mm, self.detector_mm)


@dataclass(frozen=True, eq=False)
class Scan:
    """What a scanner made of a slice.

    Attributes:
        image: (H, W) float32 in HU.
        sinogram: (V, D) float32, line integrals as they were measured.
        geometry: the rays.
        told: settings and doses, in types that JSON has.
    """

    image: Image
    sinogram: Image
    geometry: Geometry
    told: Mapping[str, Any]


def scan(
    labels: NDArray[Any],
    tissues: Mapping[int, Given],
    pixel_mm: float,
    scanner: Scanner | None = None,
    *,
    seed: int = 0,
    number: int = 0,
    fine: int = 1,
    reach_mm: float | None = None,
) -> Scan:
    """Scan a labelled slice.

    Args:
        labels: (H, W) whole numbers.
        tissues: what each label is: a tissue's name (`TISSUES`), a `Tissue`, or 1/cm. 0 is air
            where it isn't named.
        pixel_mm: size of the labels' pixels.
        scanner: how to scan it; None for a `Scanner` as it comes.
        seed: of the noise and the rings.
        number: of the slice in its volume, so that its noise is its own.
        fine: labels are so many times finer than the image, (H / fine, W / fine): then the image
            isn't made with the very pixels that it was projected from.
        reach_mm: radius of the circle that holds all that isn't air; None for the whole slice.

    Returns:
        The image in HU with its sinogram.

    Raises:
        RequestError: labels that are empty, not whole numbers or without attenuation, or more than
            there is memory for.
    """
    scanner = scanner or Scanner()
    labels = np.asarray(labels)
    if labels.ndim != 2:
        raise RequestError(f"a slice is (H, W), got shape {labels.shape}; see scan_volume")
    if not (math.isfinite(pixel_mm) and pixel_mm > 0):
        raise RequestError(f"pixel_mm must be above 0, got {pixel_mm!r:.60}")
    if fine < 1 or any(side % fine for side in labels.shape):
        raise RequestError(f"labels of {labels.shape} aren't {fine} times finer than an image")
    height, width = labels.shape
    if reach_mm is None:
        reach_mm = math.hypot(height, width) / 2 * pixel_mm
    geometry = scanner.geometry(reach_mm, pixel_mm * fine)
    ensure_memory(24 * labels.size + 90 * math.prod(geometry.shape), f"a slice of {labels.shape}")
    made = {label: tissue_of(label, tissues) for label in labels_of(labels)}
    rays, beam = Rays(geometry, (height, width), pixel_mm), scanner.beam()
    light = beam.light(_lengths(labels, made, beam, rays))
    sinogram = scanner.detector.read(light, seed, number)
    shape = height // fine, width // fine
    image = _reconstructed(sinogram, geometry, shape, pixel_mm * fine, scanner)
    told = _told(scanner, geometry, pixel_mm * fine, beam)
    return Scan(hounsfield(image, beam.water(), beam.effective("air")), sinogram, geometry, told)


def scan_slices(
    labels: NDArray[Any] | str | Path,
    tissues: Mapping[int, Given],
    pixel_mm: float | None = None,
    scanner: Scanner | None = None,
    *,
    seed: int = 0,
) -> Iterator[Scan]:
    """Scan a volume slice by slice, holding one at a time.

    Args:
        labels: (Z, H, W) whole numbers, or a file (`read_volume`).
        tissues: as `scan` has them.
        pixel_mm: size of pixels; None for what the file tells.
        scanner: how to scan it.
        seed: of the noise, each slice's its own, and of the rings, the same in all.

    Raises:
        RequestError: as `scan`, or a pixel size that nobody tells.
    """
    volume = as_volume(labels)
    size = pixel_mm if pixel_mm is not None else volume.pixel_mm
    if size is None:
        raise RequestError("nothing tells how large the volume's pixels are: give pixel_mm")
    for number, plane in enumerate(volume.labels):
        yield scan(plane, tissues, size, scanner, seed=seed, number=number)


def scan_volume(
    labels: NDArray[Any] | str | Path,
    tissues: Mapping[int, Given],
    pixel_mm: float | None = None,
    scanner: Scanner | None = None,
    *,
    seed: int = 0,
) -> NDArray[np.float32]:
    """Scan a volume: (Z, H, W) float32 in HU. Arguments and errors are those of `scan_slices`."""
    volume = as_volume(labels)
    ensure_memory(4 * volume.labels.size, f"an image of the volume {volume.labels.shape}")
    # Before hours are spent on slices whose last has a label that nobody knows.
    for label in sorted({label for plane in volume.labels for label in labels_of(plane)}):
        tissue_of(label, tissues)
    size = pixel_mm if pixel_mm is not None else volume.pixel_mm
    images = np.empty(volume.labels.shape, np.float32)
    for image, found in zip(
        images, scan_slices(volume.labels, tissues, size, scanner, seed=seed), strict=True
    ):
        image[:] = found.image
    return images


def _lengths(
    labels: NDArray[Any], made: Mapping[int, Tissue | float], beam: Beam, rays: Rays
) -> dict[str, Image]:
    """What `Beam.light` asks for: materials met by the rays."""
    if len(beam.kev) == 1:  # one projection tells all
        kev = beam.kev[0]
        values = {k: t.attenuation(kev) if isinstance(t, Tissue) else t for k, t in made.items()}
        return {"": rays.project(painted(labels, values))}
    materials = sorted({m for t in made.values() if isinstance(t, Tissue) for m in t.parts})
    found = {}
    for name in materials:
        densities = {k: t.parts.get(name, 0.0) if isinstance(t, Tissue) else 0.0
                     for k, t in made.items()}  # fmt: skip
        found[name] = rays.project(painted(labels, densities))
    plain = {k: 0.0 if isinstance(t, Tissue) else t for k, t in made.items()}
    if any(plain.values()) or not found:
        found[""] = rays.project(painted(labels, plain))
    return found


def _reconstructed(
    sinogram: Image, geometry: Geometry, shape: tuple[int, int], pixel_mm: float, scanner: Scanner
) -> Image:
    if scanner.method == "fbp":
        return fbp(sinogram, geometry, shape, pixel_mm, scanner.filter)
    parts = PARTS if scanner.method == "sart" else 1
    return sart(sinogram, geometry, shape, pixel_mm, iterations=scanner.iterations, parts=parts)


def _told(scanner: Scanner, geometry: Geometry, pixel_mm: float, beam: Beam) -> dict[str, Any]:
    angles, detector = scanner.angles(), scanner.detector
    full = 180.0 if scanner.source_mm is None else 360.0
    span = full if scanner.span is None else scanner.span
    told = {
        "pixel_mm": pixel_mm,
        "beam": "parallel" if scanner.source_mm is None else "fan",
        "views": len(angles),
        "span_degrees": span,
        "first_degrees": scanner.first,
        "detectors": geometry.detectors,
        "pitch_mm": geometry.pitch_mm,
        "source_mm": scanner.source_mm,
        "detector_mm": scanner.detector_mm if scanner.source_mm is not None else None,
        "kev": scanner.kev if scanner.kvp is None else None,
        "kvp": scanner.kvp,
        "water_per_cm": beam.water(),
        "photons": detector.photons,
        "electronic": detector.electronic,
        "offset": detector.offset,
        "rings": detector.rings,
        "method": scanner.method,
        "filter": scanner.filter if scanner.method == "fbp" else None,
        "iterations": scanner.iterations if scanner.method != "fbp" else None,
    }
    return {**told, "artefacts": _artefacts(scanner, geometry, span)}


def _artefacts(scanner: Scanner, geometry: Geometry, span: float) -> list[str]:
    """What the settings declare that the image will show."""
    detector = scanner.detector
    needed = 180 + math.degrees(2 * float(np.abs(geometry.fan_angles()).max()))
    found = [
        ("limited angle", span + span / scanner.views < (needed if geometry.fan else 180.0)),
        ("few views", scanner.views < 0.5 * geometry.detectors * span / 180),
        ("low dose", detector.photons is not None and detector.photons < 20_000),
        ("rings", detector.rings > 0),
        ("beam hardening", scanner.kvp is not None),
    ]
    return [name for name, there in found if there]
