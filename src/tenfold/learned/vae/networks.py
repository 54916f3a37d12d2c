"""The networks of the autoencoder: convolutions for images, layers of units for vectors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tenfold.learned.backend import torch_module

_COARSEST = 9  # pixels: images are halved until their smaller side is at most this
_UNITS = 16  # of the vector network, times the width


@dataclass(frozen=True, slots=True)
class Layout:
    """What decides the shapes of all weights.

    Attributes:
        shape: of an example, (H, W, C) or (D,).
        latent: dimensions.
        told: number of classes if the network is told the class, else 0.
        width: see `VaeSettings`.
    """

    shape: tuple[int, ...]
    latent: int
    told: int
    width: int

    @property
    def halvings(self) -> int:
        """How often an image is halved."""
        side, count = min(self.shape[:2]), 0
        while side > _COARSEST and count < 4:
            side, count = -(-side // 2), count + 1
        return max(count, 1)

    @property
    def channels(self) -> list[int]:
        """Of the maps, from the finest to the coarsest."""
        return [self.width * min(2**i, 4) for i in range(self.halvings)]

    @property
    def coarse(self) -> tuple[int, int]:
        """Height and width of the coarsest maps."""
        step = 2**self.halvings
        return -(-self.shape[0] // step), -(-self.shape[1] // step)

    @property
    def padding(self) -> tuple[int, int, int, int]:
        """Left, right, top, bottom: what makes a side a multiple of the coarsest maps'."""
        step = 2**self.halvings
        high, wide = (step * c - s for c, s in zip(self.coarse, self.shape, strict=False))
        return wide // 2, wide - wide // 2, high // 2, high - high // 2


class Network:
    """Encoder and decoder, on tensors.

    Args:
        layout: of the weights, which are torch's random first ones.

    Attributes:
        modules: a `torch.nn.ModuleDict` of all that has weights.
    """

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        image = len(layout.shape) == 3
        self.modules = _image_modules(layout) if image else _vector_modules(layout)
        nn = torch_module().nn
        # One logarithm of a spread for all values; the Bernoulli likelihood has no use for it.
        self.modules["spread"] = nn.ParameterDict(
            {"log": nn.Parameter(torch_module().full((), -2.0 if image else 0.0))}
        )
        if image:
            self.modules.to(memory_format=torch_module().channels_last)

    @property
    def log_spread(self) -> Any:
        """Logarithm of the spread of a value about its decoding, a scalar tensor."""
        return self.modules["spread"]["log"]

    def encode(self, values: Any, told: Any | None) -> tuple[Any, Any]:
        """Means and logarithms of the variances.

        Args:
            values: (N, C, H, W) or (N, D).
            told: (N, classes) with a one at the class, or None.

        Returns:
            Two (N, L).
        """
        torch = torch_module()
        if values.ndim == 4:
            values = torch.nn.functional.pad(values, self.layout.padding, mode="replicate")
        features = self.modules["inward"](values).flatten(1)
        if told is not None:
            features = torch.cat([features, told], dim=1)
        mean, log_variance = self.modules["heads"](features).chunk(2, dim=1)
        return mean, log_variance.clamp(-12, 6)

    def decode(self, latents: Any, told: Any | None) -> Any:
        """(N, L) to what the likelihood makes of: (N, C, H, W) or (N, D), unbounded."""
        if told is not None:
            latents = torch_module().cat([latents, told], dim=1)
        features = self.modules["opening"](latents)
        if len(self.layout.shape) == 1:
            return self.modules["outward"](features)
        high, wide = self.layout.coarse
        features = features.unflatten(1, (self.layout.channels[-1], high, wide))
        features = features.contiguous(memory_format=torch_module().channels_last)
        left, _, top, _ = self.layout.padding
        whole = self.modules["outward"](features)
        return whole[:, :, top : top + self.layout.shape[0], left : left + self.layout.shape[1]]


def _image_modules(layout: Layout) -> Any:
    nn = torch_module().nn
    channels, (high, wide) = layout.channels, layout.coarse
    inward: list[Any] = []
    before = layout.shape[2]
    for count in channels:
        inward += [nn.Conv2d(before, count, 4, 2, 1), nn.LeakyReLU(0.1, inplace=True)]
        before = count
    outward: list[Any] = []
    for count in channels[-2::-1]:
        outward += [nn.ConvTranspose2d(before, count, 4, 2, 1), nn.LeakyReLU(0.1, inplace=True)]
        before = count
    outward.append(nn.ConvTranspose2d(before, layout.shape[2], 4, 2, 1))
    coarse = channels[-1] * high * wide
    return nn.ModuleDict(
        {
            "inward": nn.Sequential(*inward),
            "heads": nn.Linear(coarse + layout.told, 2 * layout.latent),
            "opening": nn.Sequential(
                nn.Linear(layout.latent + layout.told, coarse), nn.LeakyReLU(0.1, inplace=True)
            ),
            "outward": nn.Sequential(*outward),
        }
    )


def _vector_modules(layout: Layout) -> Any:
    nn = torch_module().nn
    units, (length,) = _UNITS * layout.width, layout.shape
    return nn.ModuleDict(
        {
            "inward": nn.Sequential(
                nn.Linear(length, units), nn.SiLU(), nn.Linear(units, units), nn.SiLU()
            ),
            "heads": nn.Linear(units + layout.told, 2 * layout.latent),
            "opening": nn.Sequential(nn.Linear(layout.latent + layout.told, units), nn.SiLU()),
            "outward": nn.Sequential(nn.Linear(units, units), nn.SiLU(), nn.Linear(units, length)),
        }
    )
