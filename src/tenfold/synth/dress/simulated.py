"""A simulated individual in a style: its picture changes, its labels stay true."""

from __future__ import annotations

import dataclasses

import numpy as np

from tenfold.errors import RequestError
from tenfold.samples.sample import Array
from tenfold.synth.dress.dressing import dress_within
from tenfold.synth.dress.edges import edge_map
from tenfold.synth.dress.style import Style
from tenfold.synth.synthesiser import Simulated

_NO_EDGES = ("ignore",)
"""Masks whose boundaries aren't edges of anything in the picture."""


def in_style(
    simulated: Simulated, style: Style, seed: int, *, strength: float = 1.0, limit: float = 1.0
) -> Simulated:
    """An individual in a style, see `dress_within`: all its masks' boundaries are kept.

    A grey picture in a coloured style becomes RGB.

    Returns:
        The individual with another image, and in `told["dressed"]` the strength and the
        displacement of its edges in px.

    Raises:
        RequestError: a picture that doesn't fit the style, or whose values are measurements.
        SampleError: its edges move too far at any strength.
    """
    image = simulated.image
    if "values" in simulated.told and image.dtype != np.uint8:
        unit = simulated.told["values"].get("unit", "a unit")
        raise RequestError(
            f"style: these values are {unit}, and a style would make others of them; simulate "
            "pictures for the eye instead (of ct, values=window)"
        )
    if style.channels == 3 and image.shape[2] == 1:
        image = np.repeat(image, 3, axis=2)
    keep: Array | None = None
    for name, mask in simulated.masks.items():
        if name not in _NO_EDGES:
            edges = edge_map(mask, image.shape[:2])
            keep = edges if keep is None else np.maximum(keep, edges)
    found = dress_within(image, style, seed, strength=strength, keep=keep, limit=limit)
    told = {
        "strength": round(found.strength, 3),
        "edges_moved_px": found.displacement.median,
        "edges_lost": found.displacement.lost,
    }
    return dataclasses.replace(
        simulated, image=found.image, told={**simulated.told, "dressed": told}
    )
