"""X-ray beams: of one energy, or a tube's spectrum."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tenfold.errors import RequestError
from tenfold.native.library import ffi, lib
from tenfold.synth.tomography.tissues import (
    HIGHEST_KEV,
    LOWEST_KEV,
    TISSUES,
    mass_attenuation,
)

_STEP = 4.0  # keV between the energies of a spectrum
_ALUMINIUM = 2.699  # g/cm^3
_WATER_CM = 20.0  # of water by which a spectrum is calibrated


@dataclass(frozen=True)
class Beam:
    """Photons by energy.

    Attributes:
        kev: energies.
        weights: share of each among the photons counted with nothing in between; 1 together.
    """

    kev: tuple[float, ...]
    weights: tuple[float, ...]

    def water(self) -> float:
        """Attenuation of water in 1/cm that gives 0 HU: a spectrum's, through 20 cm of water."""
        return self.effective("water")

    def effective(self, tissue: str, centimetres: float = _WATER_CM) -> float:
        """Attenuation in 1/cm that a tissue of that thickness seems to have."""
        if len(self.kev) == 1:
            return TISSUES[tissue].attenuation(self.kev[0])
        left = math.fsum(
            weight * math.exp(-TISSUES[tissue].attenuation(kev) * centimetres)
            for kev, weight in zip(self.kev, self.weights, strict=True)
        )
        return -math.log(left) / centimetres

    def light(self, lengths: Mapping[str, NDArray[Any]]) -> NDArray[np.float32]:
        """The share of photons that comes through.

        Args:
            lengths: for each material the mass that a ray meets, in g/cm^2, all of one shape; the
                material "" holds line integrals without unit that are the same at all energies.

        Returns:
            float32 of that shape, above 0 unless almost nothing comes through.
        """
        names = list(lengths)
        stack = np.ascontiguousarray(np.stack([lengths[name] for name in names]), np.float32)
        table = np.array(
            [[mass_attenuation(name, e) if name else 1.0 for name in names] for e in self.kev]
        )
        weights, light = np.array(self.weights), np.empty(stack.shape[1:], np.float32)
        pointer = ffi.from_buffer
        lib.beam_light(
            pointer("float[]", stack), len(names), light.size, pointer("double[]", table),
            pointer("double[]", weights), len(weights), pointer("float[]", light),
        )  # fmt: skip
        return light


def one_energy(kev: float) -> Beam:
    """A beam of one energy.

    Raises:
        RequestError: an energy beyond the tables.
    """
    mass_attenuation("water", kev)
    return Beam((float(kev),), (1.0,))


def tube(kvp: float, aluminium_mm: float = 6.0) -> Beam:
    """A tube's spectrum: Kramers' bremsstrahlung behind aluminium, without the anode's lines.

    Photons of energy E are as many as (kVp / E - 1) exp(-mu(E) d) (Kramers, Phil. Mag. 46, 1923),
    from 20 keV in steps of 4; the detector counts photons.

    Args:
        kvp: the tube's voltage in kV, 40 to 200.
        aluminium_mm: filter of the beam.

    Raises:
        RequestError: numbers beyond these.
    """
    if not 40 <= kvp <= HIGHEST_KEV:
        raise RequestError(f"a tube's voltage is 40 to {HIGHEST_KEV:g} kV, got {kvp!r:.60}")
    if not (math.isfinite(aluminium_mm) and 0 <= aluminium_mm <= 100):
        raise RequestError(f"aluminium_mm must be within 0..100, got {aluminium_mm!r:.60}")
    count = int((kvp - LOWEST_KEV) // _STEP)
    kev = [LOWEST_KEV + _STEP * (n + 0.5) for n in range(count)]
    photons = [
        (kvp / e - 1) * math.exp(-mass_attenuation("aluminium", e) * _ALUMINIUM * aluminium_mm / 10)
        for e in kev
    ]
    total = math.fsum(photons)
    return Beam(tuple(kev), tuple(n / total for n in photons))


def minus_log(light: NDArray[np.float32]) -> NDArray[np.float32]:
    """-ln of positive numbers, float32; the same bytes on every machine."""
    light = np.ascontiguousarray(light, np.float32)
    lines = np.empty_like(light)
    lib.minus_log(ffi.from_buffer("float[]", light), light.size, ffi.from_buffer("float[]", lines))
    return lines
