"""Pictures under geometry: opacity weighs colours, and values stay within their range."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tenfold.plan.map import Map
from tenfold.plan.resample import Fringe, Interpolation, as_values, resample
from tenfold.samples.sample import Array


def resample_picture(
    image: Array,
    alpha: bool,
    value_range: tuple[float, float],
    through: Map,
    interpolation: Interpolation,
    fringe: Fringe,
) -> Array:
    """An image through a map; its last channel is opacity if `alpha`.

    Where the last channel is opacity, a new colour is the mean of the old ones weighed by it
    (Porter & Duff 1984: premultiplied), so that colours of transparent pixels, which nobody sees,
    don't bleed into those that are seen. Pixels that come out fully transparent keep the plain
    mean. Interpolation that overshoots doesn't take a float image out of its value range, unless
    the image was out of it before.
    """
    moved = resample(image, through, interpolation, fringe)
    if interpolation == "nearest" or through.grid is not None:
        return moved
    if alpha and not _one_opacity(image, fringe):
        moved = _weighed(image, value_range, moved, through, interpolation, fringe)
    if image.dtype.kind == "f":
        low, high = value_range
        np.clip(moved, min(low, image.min()), max(high, image.max()), out=moved)
    return moved


def _one_opacity(image: Array, fringe: Fringe) -> bool:
    """Whether all that new pixels are made of is equally opaque: weights would say nothing."""
    first = image[0, 0, -1]
    beyond = fringe.mode != "constant" or as_values(fringe.values, image.dtype)[-1] == first
    return bool(beyond and (image[:, :, -1] == first).all())


def _weighed(
    image: Array,
    value_range: tuple[float, float],
    plain: Array,
    through: Map,
    interpolation: Interpolation,
    fringe: Fringe,
) -> Array:
    """The plainly resampled image with colours weighed by opacity where there is any."""
    low, high = value_range
    dtype = image.dtype

    def premultiplied(values: NDArray[np.float32]) -> NDArray[np.float32]:
        weights = (values[..., -1:] - np.float32(low)) / np.float32(max(high - low, 1e-30))
        return np.concatenate([values[..., :-1] * weights, weights], axis=-1)

    beyond = premultiplied(fringe.values.astype(np.float32)).astype(np.float64)
    pixels = premultiplied(image.astype(np.float32))
    moved = resample(pixels, through, interpolation, Fringe(fringe.mode, beyond))
    weights = moved[..., -1:]
    seen = weights > (
        1e-6 if dtype.kind == "f" else 0.5 / max(high - low, 1)
    )  # else it rounds to transparent
    colours = moved[..., :-1] / np.where(seen, weights, 1)
    out = plain.copy()
    out[..., :-1] = np.where(seen, as_values(colours, dtype), plain[..., :-1])
    return out
