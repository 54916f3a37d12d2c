"""Made-up images whose invariances and their ranges are known."""

from __future__ import annotations

import numpy as np

from tenfold.learned.examples import Array, Examples

SIDE = 20


def _grid() -> tuple[Array, Array]:
    y, x = np.mgrid[:SIDE, :SIDE] + 0.5 - SIDE / 2
    return x, y


def bars(count: int = 240, spread: float = 20.0, seed: int = 0) -> Examples:
    """Bars within `spread` degrees of level (class 0) or of upright (class 1).

    A bar turned by t is of the other class where its own angle and t are beyond 45 degrees, so
    that the share that keeps its class falls from t = 45 - spread on, linearly, by 1 / (2 spread)
    a degree; and any bar keeps it under half a turn.
    """
    rng = np.random.default_rng(seed)
    x, y = _grid()
    labels = np.arange(count) % 2
    angles = np.radians(rng.uniform(-spread, spread, count) + 90 * labels)[:, None, None]
    along, across = x * np.cos(angles) + y * np.sin(angles), y * np.cos(angles) - x * np.sin(angles)
    ink = np.clip(2.0 - np.abs(across), 0, 1) * np.clip(8.5 - np.abs(along), 0, 1)
    return Examples(ink[..., None].astype(np.float32), labels, ("level", "upright"))


def discs(count: int = 160, seed: int = 0) -> Examples:
    """Small and large discs about the centre: any turn keeps them, a size doesn't."""
    rng = np.random.default_rng(seed)
    x, y = _grid()
    labels = np.arange(count) % 2
    radii = (np.where(labels == 0, 3.5, 7.0) + rng.uniform(-0.3, 0.3, count))[:, None, None]
    ink = np.clip(radii + 0.5 - np.hypot(x, y), 0, 1)
    return Examples(ink[..., None].astype(np.float32), labels, ("small", "large"))


def greys(count: int = 160, seed: int = 0) -> Examples:
    """Flat images of brightness 0.35 to 0.4 and 0.6 to 0.65: the boundary is 0.5."""
    rng = np.random.default_rng(seed)
    labels = np.arange(count) % 2
    level = np.where(labels == 0, 0.35, 0.6) + rng.uniform(0, 0.05, count)
    images = level[:, None, None, None] + rng.normal(0, 0.01, (count, 8, 8, 1))
    return Examples(images.astype(np.float32), labels, ("dark", "light"))


def nothing(count: int = 120, seed: int = 0) -> Examples:
    """Noise whose labels mean nothing; each image is there twice."""
    rng = np.random.default_rng(seed)
    images = np.repeat(rng.random((count // 2, 6, 6, 1)), 2, axis=0)
    labels = np.repeat(rng.permutation(np.arange(count // 2) % 2), 2)
    return Examples(images.astype(np.float32), labels, ("a", "b"))
