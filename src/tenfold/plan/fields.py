"""How a geometric pass and an occlusion act on all the fields of a sample at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tenfold.declare.recipe import Recipe
from tenfold.errors import SampleError
from tenfold.ops.steps import Fill, GeometricStep
from tenfold.plan.instances import Counts, Keep, hide_instances, move_instances
from tenfold.plan.kernels.fill import border_colour
from tenfold.plan.map import Map, safe_crop
from tenfold.plan.resample import Fringe, Mode, resample
from tenfold.samples.sample import Array, Sample, Schema

_MOST = 2**31 - 1
_UNSEEN = Fringe("constant", np.zeros(1))


def border_mode(recipe: Recipe, schema: Schema) -> str:
    """The border mode in force: `auto` resolved by what the samples hold."""
    if recipe.border.mode != "auto":
        return recipe.border.mode
    return "background" if schema.has_boxes or schema.has_keypoints else "reflect"


def keep_rule(recipe: Recipe, schema: Schema) -> Keep:
    """The thresholds and pairs for instances."""
    return Keep(recipe.min_area, recipe.min_visibility, schema.keypoint_pairs or ())


def move_sample(
    sample: Sample, steps: Sequence[GeometricStep], recipe: Recipe, schema: Schema
) -> tuple[Sample, Counts]:
    """All fields of a sample through one fused map.

    The image is resampled once; masks by nearest neighbour; points, boxes and outlines exactly.
    """
    mode = border_mode(recipe, schema)
    through = Map.of(steps, (sample.height, sample.width))
    if mode == "crop":
        through = safe_crop(through)
    image = resample(
        sample.image, through, recipe.interpolation, _image_fringe(mode, sample, recipe)
    )
    masks = {name: _move_mask(mask, through, mode, recipe) for name, mask in sample.masks.items()}
    instances, counts = move_instances(sample.instances, through, keep_rule(recipe, schema))
    valid = sample.valid
    if recipe.validity:
        seen = np.ones(through.source, dtype=bool) if valid is None else valid
        valid = _through(seen.astype(np.uint8), through, _UNSEEN).astype(bool)
    moved = sample.replace(image=image, masks=masks, instances=instances, valid=valid)
    return moved, counts


def hide_sample(
    sample: Sample, fill: Fill, recipe: Recipe, schema: Schema
) -> tuple[Sample, Counts]:
    """What an occlusion does beside the image: hidden keypoints and objects, ignored masks."""
    if len(fill.rectangles) == 0:
        return sample, Counts()
    covered = np.zeros((sample.height, sample.width), dtype=bool)
    for x0, y0, x1, y1 in fill.rectangles.tolist():
        covered[y0:y1, x0:x1] = True
    instances, counts = hide_instances(sample.instances, covered, keep_rule(recipe, schema))
    masks = dict(sample.masks)
    if fill.ignore_masks:
        for name, mask in masks.items():
            hidden = mask.copy()
            hidden[covered] = recipe.ignore_value or 0
            masks[name] = hidden
    valid = sample.valid
    if recipe.validity:
        valid = ~covered if valid is None else valid & ~covered
    return sample.replace(instances=instances, masks=masks, valid=valid), counts


def _image_fringe(mode: str, sample: Sample, recipe: Recipe) -> Fringe:
    channels = sample.image.shape[2]
    values = np.zeros(channels)
    if mode == "background":
        values = border_colour(sample.image).astype(np.float64)
    elif mode == "constant":
        black, white = sample.value_range
        values = np.full(channels, black + recipe.border.value * (white - black))
        if sample.alpha:
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
