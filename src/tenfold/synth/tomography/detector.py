"""What a detector makes of the light that comes through: photons, noise, rings."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tenfold.errors import RequestError
from tenfold.native.library import ffi, lib
from tenfold.synth.synthesiser import generator_of
from tenfold.synth.tomography.beam import minus_log

_ROOM = 8  # times the open beam, up to which counts are drawn
_LEAST = 0.5  # photons below which a reading can't be told from none
_RINGS, _NOISE = 100, 101  # parts of a seed's numbers; a part for each slice from the last on


@dataclass(frozen=True)
class Detector:
    """A detector and its faults.

    Attributes:
        photons: that an element counts in each view with nothing in between; None for no noise
            of photons. A usual scan has some 100,000, a low dose 1,000 to 10,000.
        electronic: standard deviation of the readout's Gaussian noise, in photons.
        offset: photons that each reading is too high by, after the dark current was taken off.
        rings: standard deviation of the elements' sensitivities, which nobody corrected: each is
            wrong by the same share in all views, and leaves a ring. 0.01 to 0.05 show.

    Raises:
        RequestError: a number beyond its range.
    """

    photons: float | None = None
    electronic: float = 0.0
    offset: float = 0.0
    rings: float = 0.0

    def __post_init__(self) -> None:
        if self.photons is not None and not 1 <= self.photons <= 1e9:
            raise RequestError(f"photons must be 1 to 1e9 or none, got {self.photons!r:.60}")
        for name in ("electronic", "offset"):
            value = getattr(self, name)
            if not (math.isfinite(value) and value >= 0):
                raise RequestError(f"{name} must be 0 or more photons, got {value!r:.60}")
            if value and self.photons is None:
                raise RequestError(f"{name} is told in photons: say how many there are (photons)")
        if not 0 <= self.rings <= 0.5:
            raise RequestError(f"rings must be within 0..0.5, got {self.rings!r:.60}")

    def read(self, light: NDArray[Any], seed: int, number: int = 0) -> NDArray[np.float32]:
        """Line integrals as they are measured.

        Args:
            light: (V, D) share of the photons that comes through.
            seed: of the faults; all of them are functions of it.
            number: of the slice: its noise is its own, while rings are the same in all.

        Returns:
            float32 of the same shape: -ln(counts / photons). Readings below half a photon count
            as half a one.
        """
        light = np.ascontiguousarray(light, np.float32)
        if self.rings:
            errors = generator_of(seed, _RINGS).normal(0, self.rings, light.shape[-1])
            light = light * np.maximum(1 + errors, 0.1).astype(np.float32)
        if self.photons is None:
            return minus_log(np.maximum(light, np.float32(1e-30)))
        seeds = generator_of(seed, _NOISE + number).integers(0, 2**53, 2)
        counts = poisson(light, self.photons, int(seeds[0]))
        if self.electronic:
            noise = np.empty(light.shape, np.float32)
            own = np.array(seeds[1:2], np.int64)
            lib.pixel_normals(
                ffi.from_buffer("int64_t[]", own), 1, 0, 0, noise.size,
                ffi.from_buffer("float[]", noise),
            )  # fmt: skip
            counts += noise * np.float32(self.electronic)
        counts = np.maximum(counts + np.float32(self.offset), np.float32(_LEAST))
        return minus_log(counts * np.float32(1 / self.photons))


def poisson(light: NDArray[np.float32], photons: float, seed: int) -> NDArray[np.float32]:
    """Poisson numbers of means light * photons, float32, by the kernel that images' shot noise has.

    Args:
        light: means' shares of `photons`, 0 to 4.
        photons: mean where light is 1.
        seed: number i is a function of it, of mean i and of i.
    """
    light = np.ascontiguousarray(light, np.float32)
    out = np.empty_like(light)
    # The kernel clips to its white; the open beam is an eighth of that.
    lib.shot_noise_f32(
        ffi.from_buffer("float[]", light), light.size, seed, photons * _ROOM, 1, 0.0, _ROOM,
        ffi.from_buffer("float[]", out),
    )  # fmt: skip
    counts: NDArray[np.float32] = np.rint(out * np.float32(photons))
    return counts
