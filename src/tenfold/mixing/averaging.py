"""Pictures laid over each other as wholes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from tenfold.mixing.batches import Array
from tenfold.mixing.blends import beta, between_class, by_weights
from tenfold.mixing.mixer import Mixer, Numbers
from tenfold.params import param
from tenfold.rng import pixel_generator


@dataclass(frozen=True)
class Mixup(Mixer):
    """The weighted mean of two pictures, and of their labels with the same weight.

    x = l x1 + (1 - l) x2, y = l y1 + (1 - l) y2, l ~ Beta(alpha, alpha) (Zhang, Cisse, Dauphin &
    Lopez-Paz, "mixup: beyond empirical risk minimization", ICLR 2018, section 2).

    Args:
        alpha: 1 makes all weights equally likely, smaller ones mix less. The paper has 0.2 to
            0.4 for ImageNet and 1 for CIFAR.
    """

    name: ClassVar[str] = "mixup"

    alpha: float = param(0.2, "number", "of the Beta distribution", within=(1e-3, 1e3))

    def blend(self, pictures: Sequence[Array], numbers: Numbers) -> tuple[Array, tuple[float, ...]]:
        """One weight for the whole picture."""
        share = beta(self.alpha, numbers.uniforms[0], numbers.uniforms[1])
        return by_weights(share, *pictures), (share, 1 - share)


@dataclass(frozen=True)
class BCPlus(Mixer):
    """Two pictures added like sounds, each about its own mean and by its contrast.

    See `tenfold.mixing.blends.between_class` for the formula (Tokozume et al. 2018, BC+); the
    weight is uniform in (0, 1).
    """

    name: ClassVar[str] = "bc_plus"

    def blend(self, pictures: Sequence[Array], numbers: Numbers) -> tuple[Array, tuple[float, ...]]:
        """One weight for the whole picture."""
        share = float(numbers.uniforms[0])
        return between_class(share, *pictures), (share, 1 - share)


@dataclass(frozen=True)
class NoisyMixup(Mixer):
    """Mixup whose weight has some noise at each pixel.

    The weight of a pixel is normal about l ~ U(0, 1), clipped to [0, 1]; the label's weight is l
    (Summers & Dinneen, "Improved mixed-example data augmentation", WACV 2019, arXiv 1805.11272,
    noisy mixup).

    Args:
        deviation: standard deviation of a pixel's weight; the paper's is 0.025.
    """

    name: ClassVar[str] = "noisy_mixup"

    deviation: float = param(0.025, "number", "of a pixel's weight", within=(0, 1))

    def blend(self, pictures: Sequence[Array], numbers: Numbers) -> tuple[Array, tuple[float, ...]]:
        """One weight a pixel, the same for its channels."""
        share = float(numbers.uniforms[0])
        height, width = pictures[0].shape[:2]
        noise = pixel_generator(numbers.seed).standard_normal((height, width, 1), np.float32)
        weights = np.clip(np.float32(share) + np.float32(self.deviation) * noise, 0, 1)
        return by_weights(weights, *pictures), (share, 1 - share)
