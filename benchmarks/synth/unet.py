"""A small U-Net (Ronneberger et al., arXiv 1505.04597) and how it is trained here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

Array = NDArray[Any]
Batch = Callable[[int], tuple[Array, Array]]
"""A step's images (N, S, S) uint8 and membranes (N, S, S) bool."""

_WIDTHS = (8, 16, 32)


class UNet(nn.Module):
    """Two halvings and back; one logit a pixel: is it membrane?"""

    def __init__(self) -> None:
        super().__init__()
        before = 1
        down = []
        for wide in _WIDTHS:
            down.append(_block(before, wide))
            before = wide
        self.down = nn.ModuleList(down)
        pairs = list(zip(_WIDTHS[::-1], _WIDTHS[-2::-1], strict=False))
        self.shrink = nn.ModuleList([nn.ConvTranspose2d(a, b, 2, 2) for a, b in pairs])
        self.up = nn.ModuleList([_block(2 * b, b) for _, b in pairs])
        self.last = nn.Conv2d(_WIDTHS[0], 1, 1)

    def forward(self, values: Any) -> Any:
        """(N, 1, H, W) to logits (N, H, W); sides are multiples of four."""
        kept = []
        for number, block in enumerate(self.down):
            if number:
                values = nn.functional.max_pool2d(values, 2)
            values = block(values)
            kept.append(values)
        for shrink, block, beside in zip(self.shrink, self.up, kept[-2::-1], strict=True):
            values = block(torch.cat([shrink(values), beside], dim=1))
        return self.last(values)[:, 0]


def _block(before: int, wide: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(before, wide, 3, padding=1), nn.BatchNorm2d(wide), nn.ReLU(),
        nn.Conv2d(wide, wide, 3, padding=1), nn.BatchNorm2d(wide), nn.ReLU(),
    )  # fmt: skip


def train(network: UNet, batch: Batch, steps: int, rate: float = 2e-3) -> None:
    """Some steps of AdamW with a cosine schedule; the loss is cross entropy."""
    network.train()
    optimiser = torch.optim.AdamW(network.parameters(), rate, weight_decay=1e-4)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
    for step in range(steps):
        images, membranes = batch(step)
        logits = network(scaled(images))
        wanted = torch.from_numpy(membranes.astype(np.float32))
        loss = nn.functional.binary_cross_entropy_with_logits(logits, wanted)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()


def probabilities(network: UNet, image: Array) -> Array:
    """Of membrane, (H, W) float32, for an image (H, W) uint8."""
    network.eval()
    with torch.no_grad():
        found: Array = torch.sigmoid(network(scaled(image[None])))[0].numpy()
    return found


def scaled(images: Array) -> Any:
    """(N, H, W) uint8 to (N, 1, H, W) with mean and spread of EM pictures."""
    return torch.from_numpy((images.astype(np.float32) - 128) / 48)[:, None]
