"""How sharp made images are, beside real ones."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from tenfold.errors import RequestError
from tenfold.learned.examples import Array

_FINE = 0.5  # of the Nyquist frequency, from which a wave counts as fine


@dataclass(frozen=True, slots=True)
class Sharpness:
    """Each number is made over real: 1 is as sharp as the real ones, 0 is without any detail.

    Attributes:
        fine: the share of fine waves (half the Nyquist frequency and above, by radius) in the
            spectrum's power, the mean level left out.
        laplacian: the variance of the Laplacian (Pech-Pacheco et al., 2000).
        unsure: the share of values that are neither ink nor paper, 4 x (1 - x) on average; above
            1 is greyer than the real ones.
    """

    fine: float
    laplacian: float
    unsure: float


def sharpness(made: Array, real: Array) -> Sharpness:
    """Compare two sets of images of one size; they need not be the same in number.

    Args:
        made: (N, H, W, C) from 0 to 1.
        real: (M, H, W, C).

    Raises:
        RequestError: other shapes, no images, or flat real ones.
    """
    for images in (made, real):
        if images.ndim != 4 or not images.size or min(images.shape[1:3]) < 4:
            raise RequestError(
                f"sharpness is of images (N, H, W, C) of 4 pixels a side or more, "
                f"got shape {images.shape}"
            )
    if made.shape[1:] != real.shape[1:]:
        raise RequestError(f"images of {made.shape[1:]} can't be compared with {real.shape[1:]}")
    if np.ptp(real, axis=(1, 2)).max() == 0:
        raise RequestError("the real images are flat: there is no sharpness to compare with")
    parts = [
        [measure(np.asarray(images, np.float64)) for images in (made, real)]
        for measure in (_fine, _laplacian, _unsure)
    ]
    return Sharpness(*(_ratio(above, below) for above, below in parts))


def _ratio(above: float, below: float) -> float:
    return above / below if below > 0 else float("inf") if above > 0 else 1.0


def _fine(images: Array) -> float:
    power = np.abs(np.fft.fft2(images, axes=(1, 2))) ** 2
    power[:, 0, 0] = 0
    down, across = (np.fft.fftfreq(side) * 2 for side in images.shape[1:3])
    fine = np.hypot(down[:, None], across[None]) >= _FINE
    total = power.sum()
    return float(power[:, fine].sum() / total) if total else 0.0


def _laplacian(images: Array) -> float:
    planes = images.transpose(0, 3, 1, 2).reshape(-1, *images.shape[1:3])
    return float(np.mean([cv2.Laplacian(plane, cv2.CV_64F).var() for plane in planes]))


def _unsure(images: Array) -> float:
    return float((4 * images * (1 - images)).mean())
