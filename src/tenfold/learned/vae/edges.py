"""The edges' term: what a decoding lacks of the example's fine structure."""

from __future__ import annotations

from typing import Any

from tenfold.learned.backend import torch_module

_BANDS = 3


def edge_loss(decoded: Any, values: Any) -> Any:
    """Mean absolute difference of the bands of two Laplacian pyramids.

    Each band is an image less its 2x2 means, and weighs by its share of the pixels, so that a
    missing edge costs the same at each scale (Bojanowski et al., "Optimizing the latent space of
    generative networks", 2018, have the same with 2^-2j for band j).

    Args:
        decoded: (N, C, H, W) from 0 to 1.
        values: (N, C, H, W).

    Returns:
        A scalar: the mean over the examples of the sum over an example's values.
    """
    torch = torch_module()
    pool = torch.nn.functional.avg_pool2d
    grown = torch.nn.functional.interpolate
    rest, total = decoded - values, 0.0  # the pyramid is linear: of the difference it is enough
    for band in range(_BANDS):
        if min(rest.shape[2:]) < 2:
            break
        coarse = pool(rest, 2, ceil_mode=True, count_include_pad=False)
        fine = rest - grown(coarse, scale_factor=2)[:, :, : rest.shape[2], : rest.shape[3]]
        total = total + 4.0**band * fine.abs().sum() / len(decoded)
        rest = coarse
    return total
