"""How a geometric pass and an occlusion act on all the rasters of a sample at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tenfold.declare.recipe import Recipe
from tenfold.errors import SampleError
from tenfold.ops.steps import Fill, GeometricStep
from tenfold.plan.instances import Keep
from tenfold.plan.journey import Cover
from tenfold.plan.kernels.fill import border_colour
from tenfold.plan.map import Map, safe_crop
from tenfold.plan.opacity import resample_picture
from tenfold.plan.resample import Fringe, Mode, resample
from tenfold.samples.sample import Array, Sample, Schema

_MOST = 2**31 - 1
_UNSEEN = Fringe("constant", np.zeros(1))


def border_mode(recipe: Recipe, schema: Schema) -> str:
    """The border mode in force: `auto` resolved by what the samples hold."""
    if recipe.border.mode != "auto":
        return recipe.border.mode
    if schema.has_boxes or schema.has_keypoints:
        return "background" if schema.plain_border else "crop"
    return "reflect"


def keep_rule(recipe: Recipe, schema: Schema) -> Keep:
    """The thresholds and pairs for instances."""
    return Keep(recipe.min_area, recipe.min_visibility, schema.keypoint_pairs or ())


def fused(
    steps: Sequence[GeometricStep], size: tuple[int, int], recipe: Recipe, schema: Schema
) -> Map:
    """Geometric steps on a picture of a size (height, width) as one map, safe crop included."""
    through = Map.of(steps, size)
    return safe_crop(through) if border_mode(recipe, schema) == "crop" else through


def move_sample(sample: Sample, through: Map, recipe: Recipe, schema: Schema) -> Sample:
    """A sample's rasters through a map: the image resampled once, masks by nearest neighbour.

    Its instances stay as they are: they move once, at the end (`Journey`).
    """
    mode = border_mode(recipe, schema)
    picture = sample.image, sample.alpha, sample.value_range
    fringe = image_fringe(mode, recipe.border.value, *picture)
    image = resample_picture(*picture, through, recipe.interpolation, fringe)
    masks = {name: _move_mask(mask, through, mode, recipe) for name, mask in sample.masks.items()}
    valid = sample.valid
    if recipe.validity:
        seen = np.ones(through.source, dtype=bool) if valid is None else valid
        valid = _through(seen.astype(np.uint8), through, _UNSEEN).astype(bool)
    return sample.replace(image=image, masks=masks, valid=valid)


def covered_by(fill: Fill, size: tuple[int, int]) -> Cover:
    """(H, W) bool, true under an occlusion."""
    covered = np.zeros(size, dtype=bool)
    for x0, y0, x1, y1 in fill.rectangles.tolist():
        covered[y0:y1, x0:x1] = True
    return covered


def hide_sample(sample: Sample, covered: Cover, ignore_masks: bool, recipe: Recipe) -> Sample:
    """What an occlusion does to a sample's other rasters: masks ignored, pixels not valid.

    Its instances stay as they are: what covers them is summed up till the end (`Journey`).
    """
    masks = dict(sample.masks)
    if ignore_masks:
        for name, mask in masks.items():
            hidden = mask.copy()
            hidden[covered] = recipe.ignore_value or 0
            masks[name] = hidden
    valid = sample.valid
    if recipe.validity:
        valid = ~covered if valid is None else valid & ~covered
    return sample.replace(masks=masks, valid=valid)


def image_fringe(
    mode: str, value: float, image: Array, alpha: bool, value_range: tuple[float, float]
) -> Fringe:
    """What lies beyond an image.

    Args:
        mode: the border mode in force.
        value: of a constant border, 0..1.
        image: (H, W, C).
        alpha: its last channel is opacity; there is none beyond.
        value_range: its black and white.
    """
    channels = image.shape[2]
    values = np.zeros(channels)
    if mode == "background":
        values = border_colour(image).astype(np.float64)
    elif mode == "constant":
        black, white = value_range
        values = np.full(channels, black + value * (white - black))
        if alpha:
            values[-1] = black
    return Fringe(_resampling_mode(mode), values)


def _resampling_mode(mode: str) -> Mode:
    if mode in ("background", "constant"):
        return "constant"
    if mode == "crop":  # nothing beyond is seen; rounding at the very edge repeats the edge pixel
        return "edge"
    assert mode in ("reflect", "edge", "wrap"), mode
    return mode  # type: ignore[return-value]


def _move_mask(mask: Array, through: Map, mode: str, recipe: Recipe) -> Array:
    """A label image: nearest neighbours; where the image shows no picture, the ignore value."""
    depth = 1 if mask.ndim == 2 else mask.shape[2]
    beyond = np.full(depth, float(recipe.ignore_value or 0))
    moved = _through(mask, through, Fringe(_resampling_mode(mode), beyond))
    if through.reflects and recipe.mask_pairs:
        moved = swap_values(moved, recipe.mask_pairs)
    return moved


def _through(raster: Array, through: Map, fringe: Fringe) -> Array:
    """A label raster of any integer dtype (or bool) whose values fit 32 bits."""
    flat = raster[:, :, None] if raster.ndim == 2 else raster
    if raster.dtype.kind in "iu" and raster.dtype.itemsize > 2:
        if raster.size and (raster.max() > _MOST or raster.min() < -_MOST):
            raise SampleError(
                f"masks hold values up to {_MOST}, this one has {raster.min()}..{raster.max()}"
            )
        flat = flat.astype(np.int32)
    elif raster.dtype == bool:
        flat = flat.astype(np.uint8)
    moved = resample(flat, through, "nearest", fringe).astype(raster.dtype, copy=False)
    return moved[:, :, 0] if raster.ndim == 2 else moved


def swap_values(mask: Array, pairs: Sequence[tuple[int, int]]) -> Array:
    """A mask with each pair's two values trading places."""
    swapped = mask.copy()
    for one, other in pairs:
        swapped[mask == one], swapped[mask == other] = other, one
    return swapped
