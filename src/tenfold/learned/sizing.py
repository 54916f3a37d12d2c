"""Pictures brought to another size."""

from __future__ import annotations

import numpy as np

from tenfold.learned.examples import Array
from tenfold.ops import matrices
from tenfold.plan.map import Homography, Map
from tenfold.plan.resample import Fringe, resample


def sized(picture: Array, height: int, width: int) -> Array:
    """A picture of another size: linear between pixels, averaged where it shrinks.

    Args:
        picture: (H, W, C) uint8, uint16 or float32.
        height, width: wanted.

    Returns:
        (height, width, C) of the same dtype; the picture itself if it has that size.
    """
    before = picture.shape[:2]
    if before == (height, width):
        return picture
    scale = matrices.scaling(width / before[1], height / before[0])
    through = Map((Homography(scale),), before, (height, width))
    out = resample(picture, through, "linear", Fringe("edge", np.zeros(picture.shape[2])))
    if out.dtype.kind == "f":  # weights sum to 1 but for rounding, and a mean is no more than all
        np.clip(out, picture.min(), picture.max(), out=out)
    return out
