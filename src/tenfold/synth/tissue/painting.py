"""How a section takes up haematoxylin and eosin: a picture of amounts, before any colour."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tenfold.rng import uniform_rows
from tenfold.synth.synthesiser import generator_of
from tenfold.synth.tissue import organ as kinds
from tenfold.synth.tissue.noise import Singles, blurred, octaves, rough, smooth
from tenfold.synth.tissue.section import Section

_AMOUNTS = {
    kinds.OUTSIDE: (0.0, 0.0),
    kinds.STROMA: (0.05, 0.42),
    kinds.ACINUS: (0.30, 0.52),
    kinds.ISLET: (0.13, 0.34),
    kinds.DUCT: (0.20, 0.40),
    kinds.DUCT_LUMEN: (0.01, 0.03),
    kinds.VESSEL: (0.10, 0.60),
    kinds.VESSEL_LUMEN: (0.03, 0.10),
    kinds.FAT: (0.0, 0.015),
}
"""Haematoxylin and eosin that each kind of tissue takes up, 1 at a slide's strongest: what
pathology describes (basophilic acinar cells with eosinophilic granules inside, pale islets, pink
collagen, empty fat), put into numbers by eye."""
_NUCLEUS = (0.92, 0.28)
_WALL_UM = 0.9
_SHARPNESS_UM = 0.9


def concentrations(section: Section | Sequence[Section], seed: int) -> NDArray[np.float32]:
    """Amounts of haematoxylin and eosin in a section.

    Args:
        section: a plane, or several through the thickness of one section (see `thick`), whose
            amounts are averaged.
        seed: of the texture.

    Returns:
        (H, W, 2) float32, haematoxylin and eosin, 1 at a slide's strongest; for `Stain.paint`.
    """
    planes = [section] if isinstance(section, Section) else list(section)
    amounts = [_amounts(plane, seed) for plane in planes]
    total = amounts[0]
    for other in amounts[1:]:
        total += other
    total *= np.float32(1 / len(planes))
    return _textured(total, planes[len(planes) // 2], seed)


def _amounts(section: Section, seed: int) -> Singles:
    """What the structure alone takes up, (2, H, W)."""
    regions, step = section.regions, section.plane.um_per_pixel
    table = np.array([_AMOUNTS[k] for k in range(len(_AMOUNTS))], np.float32)
    out = np.stack([table[:, k][regions.kind] for k in range(2)])
    # Zymogen granules: acinar cells are pink towards their acinus' middle, blue at the outside.
    acinus = (regions.kind == kinds.ACINUS).astype(np.float32)
    inner = np.clip((np.float32(0.78) - regions.depth) * np.float32(1.6), 0, 1) * acinus
    out[0] -= np.float32(0.17) * inner
    out[1] += np.float32(0.22) * inner
    bore = np.clip((np.float32(0.12) - regions.depth) * np.float32(9), 0, 1) * acinus
    out *= 1 - np.float32(0.8) * bore
    # One cell isn't stained like the next.
    own = uniform_rows(section.catalogue.keys.sum(axis=1) ^ np.int64(seed), (2,))
    own = np.concatenate([[[0.5, 0.5]], own]).astype(np.float32)
    for k, spread in ((0, 0.5), (1, 0.3)):
        out[k] *= (1 + spread * (own[:, k] - np.float32(0.5)))[section.cells]
    has = section.cells > 0
    width = max(_WALL_UM, 0.5 * step)
    wall = np.clip(1 - section.wall / np.float32(width), 0, 1) * has
    fat = regions.kind == kinds.FAT
    out[1] += np.where(fat, np.float32(0.4), np.float32(0.1)) * wall
    soft = max(_SHARPNESS_UM, 0.6 * step)
    cover = np.clip(section.nucleus / np.float32(soft) + np.float32(0.5), 0, 1)
    for k in range(2):
        out[k] += cover * (_NUCLEUS[k] * (1 + 0.25 * (own[:, k] - np.float32(0.5)))[section.cells]
                           - out[k])  # fmt: skip
    return out


def _textured(total: Singles, section: Section, seed: int) -> NDArray[np.float32]:
    """Fibres, granules, blood, chromatin, uneven thickness; then the microscope's blur."""
    random = generator_of(seed, 0x7E)
    kind, step = section.regions.kind, section.plane.um_per_pixel
    height, width = kind.shape
    grain = rough(random, height, width)
    clots = octaves(random, height, width, max(9 / step, 2), 2, 0.7)
    wide = smooth(random, height, width, max(90 / step, 8))
    # Fibres follow the level lines of a smooth field.
    field = smooth(random, height, width, max(60 / step, 4)) * np.float32(4.2)
    field += clots * np.float32(0.25)
    fibres = np.abs(field - np.floor(field) - np.float32(0.5)) * 4 - 1
    stroma = ((kind == kinds.STROMA) | (kind == kinds.VESSEL)).astype(np.float32)
    blood = (kind == kinds.VESSEL_LUMEN) & (clots > -0.2)
    total[1] *= 1 + stroma * (np.float32(0.22) * fibres + np.float32(0.12) * clots)
    total[1][blood] += np.float32(0.62)
    # Tears: connective tissue parts here and there.
    gaps = np.clip((fibres - np.float32(0.4)) * np.float32(1.7), 0, 1)
    gaps *= np.clip(wide, 0, 1) * (kind == kinds.STROMA)
    for k in range(2):
        total[k] *= 1 - np.float32(0.5) * gaps
        total[k] *= (
            1 + np.float32(0.05) * wide + np.float32(0.10) * clots + np.float32(0.09) * grain
        )
    out = np.empty((height, width, 2), np.float32)
    for k in range(2):
        out[:, :, k] = np.maximum(blurred(total[k], 0.55), 0)
    return out
