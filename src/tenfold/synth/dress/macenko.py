"""Stain vectors and depths from real slides.

Macenko et al., "A method for normalizing histology slides for quantitative analysis" (ISBI 2009):
pixels of two stains lie, in optical density, in a plane between the two stains' vectors. So the
plane is that of the two greatest principal axes, and the vectors are the extreme directions in it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tenfold.errors import RequestError
from tenfold.samples.sample import Array
from tenfold.synth.dress.density import Light, background_light, density_of
from tenfold.synth.dress.reading import several
from tenfold.synth.dress.stain import Stain, degrees_between

_FEWEST = 100
_DIGITS = 6  # estimates are rounded to these, so that they don't depend on a linear algebra library


def estimate_stain(
    images: Sequence[Array] | Array,
    *,
    light: Light | None = None,
    least_density: float = 0.15,
    percent: float = 1.0,
) -> Stain:
    """The stain of one or several slides that were stained alike.

    Args:
        images: (H, W, 3) uint8, RGB.
        light: of the empty slide; None for that which the images show, see `background_light`.
        least_density: pixels whose optical density is shorter count as empty. (The paper takes
            that for each channel, which drops pure eosin, as it takes hardly any red away.)
        percent: of pixels beyond each of the two extreme directions, and beyond the depth.

    Raises:
        RequestError: no images, another shape, too few stained pixels, or pixels of one colour
            only.
    """
    densities = []
    lights = []
    for image in several(images, "stain"):
        lights.append(np.asarray(background_light(image) if light is None else light, np.float64))
        density = density_of(image, lights[-1]).reshape(-1, 3)
        densities.append(density[(density**2).sum(axis=1) > least_density**2])
    stained = np.concatenate(densities)
    if len(stained) < _FEWEST:
        raise RequestError(
            f"stain: only {len(stained)} stained pixels (optical density above "
            f"{least_density:g}); give images with more tissue, or lower least_density"
        )
    vectors = _extremes(stained, percent)
    solve = np.linalg.pinv(vectors)
    amounts = np.maximum(stained @ solve, 0)
    depth = np.percentile(amounts, 100 - percent, axis=0)
    if (depth <= 0).any():
        raise RequestError("stain: the images show one stain only; give some that show both")
    return Stain(np.round(vectors, _DIGITS), np.round(depth, _DIGITS), np.mean(lights, axis=0))


def _extremes(stained: NDArray[np.float64], percent: float) -> NDArray[np.float64]:
    """(2, 3): unit vectors of haematoxylin (more red taken away) and eosin."""
    _, axes = np.linalg.eigh(np.cov(stained.T))
    plane = axes[:, :0:-1].T
    plane *= np.where(plane.sum(axis=1) < 0, -1.0, 1.0)[:, None]
    across = stained @ plane.T
    angles = np.arctan2(across[:, 1], across[:, 0])
    low, high = np.percentile(angles, [percent, 100 - percent])
    found = np.array([np.cos(a) * plane[0] + np.sin(a) * plane[1] for a in (low, high)])
    found = np.asarray(np.maximum(found, 0), np.float64)
    found /= np.sqrt((found**2).sum(axis=1))[:, None]
    if degrees_between(found[0], found[1]) < 2:
        raise RequestError(
            "stain: all pixels have one colour, so that two stains can't be told apart; give "
            "images with nuclei and stroma"
        )
    return found if found[0, 0] > found[1, 0] else found[::-1]
