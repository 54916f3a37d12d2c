"""Class fractions as asked for: the limits of an organ's scores that give them."""

from __future__ import annotations

import numpy as np

from tenfold.errors import RequestError
from tenfold.synth.synthesiser import generator_of
from tenfold.synth.tissue import organ as kinds
from tenfold.synth.tissue.organ import Organ
from tenfold.synth.tissue.plane import Plane
from tenfold.synth.tissue.scene import Scene
from tenfold.synth.tissue.tubes import Tubes

_LOOKS = ((0, 0, 1, 0.25), (0, 1, 0, 0.4), (1, 0, 0, 0.6), (0.3, 0.5, 0.8, 0.75))
"""Normals of the planes that are looked at, and how deep each lies in the organ."""
_SIZE = 88


def steered(organ: Organ) -> Organ:
    """The organ with limits that make acini and fat take the shares its filling asks for.

    A unit of the lattice is fat or an acinus if its score is below a limit. The limits are the
    quantiles that give these shares over four planes right through the organ.
    """
    open_ = organ.replace(fat_limit=-1.0, acinus_limit=2.0)
    fat, acinus, total = [], [], 0
    for x, y, z, depth in _LOOKS:
        extent = organ.high - organ.low
        origin = organ.low + extent * [0.5 if not v else depth for v in (x, y, z)]
        a, b, c = (float(v) for v in origin)
        plane = Plane((a, b, c), (x, y, z), 0.0, float(extent.max()) / _SIZE, _SIZE, _SIZE)
        scene = Scene(open_, plane)
        regions = scene.regions()
        inside = regions.kind != kinds.OUTSIDE
        total += int(inside.sum())
        units = regions.unit[regions.kind == kinds.ACINUS]
        fat.append(scene.units.fat[units])
        acinus.append(scene.units.acinus[units])
    fats, acini = np.concatenate(fat), np.concatenate(acinus)
    given = acini < 0  # acini at ducts' ends stay what they are
    fat_limit = _limit(fats[~given], organ.filling.fat * total)
    rest = (fats >= fat_limit) & ~given
    acinus_limit = _limit(acini[rest], organ.filling.acinus * total - int(given.sum()))
    return organ.replace(fat_limit=fat_limit, acinus_limit=acinus_limit)


def _limit(scores: np.ndarray, count: float) -> float:
    """A number that so many scores lie below; 2 (above all) if there aren't as many."""
    if count <= 0:
        return -0.5
    if count >= len(scores):
        return 2.0 - 1e-6
    return float(np.sort(scores)[int(count)])


def islets(organ: Organ, share: float, radius: tuple[float, float], part: int = 31) -> Tubes:
    """Balls at random places that take this share of an organ, their radii evenly drawn, um.

    They keep clear of each other.
    """
    if not 0 <= share <= 0.5:
        raise RequestError(f"tissue: islets must take 0 to 0.5 of the organ, got {share}")
    random = generator_of(organ.base, part)
    extent = organ.high - organ.low
    left = share * float(extent.prod())
    at: list[np.ndarray] = []
    radii: list[float] = []
    for _ in range(20_000):
        if left <= 0:
            break
        size = float(random.uniform(*radius))
        place = organ.low + extent * random.uniform(size=3)
        if radii:
            apart = np.sqrt(((np.array(at) - place) ** 2).sum(axis=1))
            if (apart < np.array(radii) + size).any():
                continue
        at.append(place)
        radii.append(size)
        left -= 4 / 3 * np.pi * size**3
    return Tubes.balls(np.array(at).reshape(-1, 3), np.array(radii))


def vessels(organ: Organ, share: float, radius: tuple[float, float], part: int = 32) -> Tubes:
    """Winding tubes right through an organ that take this share of it.

    Each is a random walk whose radius goes slowly from one drawn number to another, um.
    """
    if not 0 <= share <= 0.3:
        raise RequestError(f"tissue: vessels must take 0 to 0.3 of the organ, got {share}")
    random = generator_of(organ.base, part)
    extent = organ.high - organ.low
    step = float(extent.max()) / 14
    left = share * float(extent.prod())
    starts, ends, first, last = [], [], [], []
    for _ in range(400):
        if left <= 0:
            break
        at = organ.low + extent * random.uniform(size=3)
        along = random.normal(size=3)
        thick = float(np.exp(random.uniform(*np.log(radius))))
        for _ in range(int(random.integers(4, 16))):
            along = along / np.sqrt((along * along).sum()) + 0.35 * random.normal(size=3)
            unit = along / np.sqrt((along * along).sum())
            after = thick * float(random.uniform(0.88, 1.05))
            nxt = at + step * unit
            starts.append(at)
            ends.append(nxt)
            first.append(thick)
            last.append(after)
            if organ.inside(nxt[None])[0]:
                left -= np.pi * step * thick * after
            at, thick = nxt, after
    return Tubes(
        np.array(starts).reshape(-1, 3), np.array(ends).reshape(-1, 3), np.array(first),
        np.array(last),
    )  # fmt: skip
