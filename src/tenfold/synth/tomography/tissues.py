"""What tissues do to X-rays: labels to attenuation, attenuation to Hounsfield units.

Mass attenuation coefficients (total, with coherent scattering) are those of Hubbell and Seltzer,
"Tables of X-ray mass attenuation coefficients", NIST Standard Reference Database 126 (2004), whose
human tissues and densities are ICRU Report 44's; between them straight lines in double logarithms.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tenfold.errors import RequestError, did_you_mean

LOWEST_KEV, HIGHEST_KEV = 20.0, 200.0

_KEV = (20.0, 30.0, 40.0, 50.0, 60.0, 80.0, 100.0, 150.0, 200.0)
_IODINE_KEV = (20.0, 30.0, 33.1694, 33.1694, 40.0, 50.0, 60.0, 80.0, 100.0, 150.0, 200.0)
# cm^2/g at these energies.
_TABLES: dict[str, tuple[tuple[float, ...], tuple[float, ...]]] = {
    "water": (_KEV, (0.8096, 0.3756, 0.2683, 0.2269, 0.2059, 0.1837, 0.1707, 0.1505, 0.1370)),
    "soft": (_KEV, (0.8230, 0.3790, 0.2688, 0.2264, 0.2048, 0.1823, 0.1693, 0.1492, 0.1358)),
    "adipose": (_KEV, (0.5677, 0.3063, 0.2396, 0.2123, 0.1974, 0.1800, 0.1688, 0.1500, 0.1368)),
    "bone": (_KEV, (4.001, 1.331, 0.6655, 0.4242, 0.3148, 0.2229, 0.1855, 0.1480, 0.1309)),
    "air": (_KEV, (0.7779, 0.3538, 0.2485, 0.2080, 0.1875, 0.1662, 0.1541, 0.1356, 0.1233)),
    "aluminium": (_KEV, (3.441, 1.128, 0.5685, 0.3681, 0.2778, 0.2018, 0.1704, 0.1378, 0.1223)),
    "iodine": (
        _IODINE_KEV,
        (25.43, 8.561, 6.553, 35.82, 22.10, 12.32, 7.579, 3.510, 1.942, 0.6978, 0.3663),
    ),
}
MATERIALS = tuple(_TABLES)


def mass_attenuation(material: str, kev: float) -> float:
    """Mass attenuation coefficient in cm^2/g.

    Args:
        material: one of `MATERIALS`.
        kev: energy of the photons, `LOWEST_KEV` to `HIGHEST_KEV`.

    Raises:
        RequestError: an unknown material, or an energy beyond the tables.
    """
    if material not in _TABLES:
        cure = did_you_mean(str(material), MATERIALS) or f"; there are {', '.join(MATERIALS)}"
        raise RequestError(f"no material '{material!s:.60}'{cure}")
    if not LOWEST_KEV <= kev <= HIGHEST_KEV:
        raise RequestError(f"energies are {LOWEST_KEV:g} to {HIGHEST_KEV:g} keV, got {kev!r:.60}")
    energies, values = _TABLES[material]
    above = min(bisect_right(energies, kev), len(energies) - 1)
    low, high = math.log(energies[above - 1]), math.log(energies[above])
    part = (math.log(kev) - low) / (high - low)
    first, last = math.log(values[above - 1]), math.log(values[above])
    return math.exp(first + part * (last - first))


@dataclass(frozen=True)
class Tissue:
    """What a label is made of.

    Attributes:
        name: its word.
        parts: g/cm^3 of each material (`MATERIALS`).
    """

    name: str
    parts: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for material, density in self.parts.items():
            mass_attenuation(material, 60.0)
            if not (math.isfinite(density) and density >= 0):
                raise RequestError(
                    f"{self.name}: {material} needs a density of 0 g/cm3 or more, got {density!r}"
                )

    def attenuation(self, kev: float) -> float:
        """In 1/cm."""
        return sum(density * mass_attenuation(m, kev) for m, density in self.parts.items())

    def denser(self, factor: float) -> Tissue:
        """The same, so many times as dense."""
        return Tissue(self.name, {m: density * factor for m, density in self.parts.items()})


def _named(*tissues: Tissue) -> dict[str, Tissue]:
    return {tissue.name: tissue for tissue in tissues}


TISSUES: Mapping[str, Tissue] = _named(
    Tissue("vacuum", {}),
    Tissue("air", {"air": 0.001205}),
    Tissue("water", {"water": 1.0}),
    Tissue("fat", {"adipose": 0.95}),
    Tissue("soft tissue", {"soft": 1.06}),
    Tissue("lung", {"soft": 0.26}),  # inflated
    Tissue("spongy bone", {"bone": 0.55, "soft": 0.65}),
    Tissue("bone", {"bone": 1.92}),  # cortical
    Tissue("contrast", {"soft": 1.06, "iodine": 0.01}),  # blood with 10 mg/ml of iodine
)
"""Tissues by their names. Densities are ICRU 44's, but for spongy bone (a mean of marrow and
trabeculae, about 1.2 g/cm3 together) and an inflated lung (0.26 g/cm3)."""

Given = Tissue | str | float
"""A tissue, the name of one, or an attenuation in 1/cm."""


def tissue_of(label: int, tissues: Mapping[int, Given]) -> Tissue | float:
    """What stands for a label.

    Raises:
        RequestError: nothing does, or an unknown name or an impossible attenuation.
    """
    if label not in tissues:
        if label == 0:
            return TISSUES["air"]
        raise RequestError(
            f"label {label} has no attenuation; name its tissue ({', '.join(TISSUES)}) or give "
            "a number in 1/cm"
        )
    given = tissues[label]
    if isinstance(given, Tissue):
        return given
    if isinstance(given, str):
        if given not in TISSUES:
            cure = did_you_mean(given, TISSUES) or f"; there are {', '.join(TISSUES)}"
            raise RequestError(f"label {label}: no tissue '{given:.60}'{cure}")
        return TISSUES[given]
    if isinstance(given, bool) or not (math.isfinite(given) and given >= 0):
        raise RequestError(f"label {label}: attenuation must be 0 or more 1/cm, got {given!r:.60}")
    return float(given)


def labels_of(labels: NDArray[Any]) -> list[int]:
    """The values of a label image, least first.

    Raises:
        RequestError: it isn't of whole numbers, or it is empty.
    """
    if labels.size == 0:
        raise RequestError(f"the labels are empty: shape {labels.shape}")
    if labels.dtype.kind == "f":
        if not np.isfinite(labels).all():
            raise RequestError("the labels have NaN or infinite values; mend them before the scan")
        if (labels != np.rint(labels)).any():
            raise RequestError(
                "the labels aren't whole numbers; to scan attenuations as they are, call project()"
            )
    elif labels.dtype.kind not in "biu":
        raise RequestError(f"labels are whole numbers, got {labels.dtype}")
    return [int(value) for value in np.unique(labels)]


def painted(labels: NDArray[Any], values: Mapping[int, float]) -> NDArray[np.float32]:
    """Labels to numbers, (H, W) float32."""
    keys = np.array(sorted(values))
    table = np.array([values[key] for key in keys.tolist()], np.float32)
    return table[np.searchsorted(keys, labels)]


def attenuation(
    labels: NDArray[Any], tissues: Mapping[int, Given], kev: float = 70.0
) -> NDArray[np.float32]:
    """A label image's attenuation at an energy.

    Args:
        labels: of whole numbers, any shape.
        tissues: what each label is; 0 is air where it isn't named.
        kev: energy of the photons.

    Returns:
        float32 of the same shape, in 1/cm.

    Raises:
        RequestError: a label without attenuation, an unknown tissue, or no labels at all.
    """
    values = {}
    for label in labels_of(labels):
        tissue = tissue_of(label, tissues)
        values[label] = tissue.attenuation(kev) if isinstance(tissue, Tissue) else tissue
    return painted(labels, values)


def hounsfield(image: NDArray[Any], water: float, air: float = 0.0) -> NDArray[np.float32]:
    """Attenuation in 1/cm to Hounsfield units: 0 for water, -1000 for air."""
    scaled: NDArray[np.float32] = (image - np.float32(water)) * np.float32(1000 / (water - air))
    return scaled.astype(np.float32)
