"""What lies within cells in electron micrographs: mitochondria, vesicles, synaptic densities."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tenfold.synth.tissue.noise import Singles

Bools = NDArray[np.bool_]


def mitochondria(
    random: np.random.Generator, dark: Singles, gap: Singles, blocked: Bools, count: int,
    warp: Singles, strength: float,
) -> None:  # fmt: skip
    """Ovals with a dark rim and folds (cristae), where cells are wide enough.

    Args:
        random: where the numbers come from.
        dark: (H, W), made darker in place, in units of a membrane's darkness.
        gap: (H, W) pixels to the nearest membrane.
        blocked: (H, W) pixels that are taken; marked in place.
        count: how many to try.
        warp: (H, W) smooth noise that bends outlines and folds.
        strength: darkness of their insides.
    """
    height, width = dark.shape
    for _ in range(count):
        x, y = random.uniform(0, width), random.uniform(0, height)
        room = float(gap[int(y), int(x)])
        long = float(random.uniform(11, 30))
        short = min(room - 2.5, long * float(random.uniform(0.45, 0.75)), 19.0)
        angle, folds = random.uniform(0, np.pi), random.uniform(4.0, 6.5)
        tone = strength * random.uniform(0.6, 1.35)
        if short < 6:
            continue
        long = min(long, 2.2 * short)
        window = _window(x, y, long * 1.25, height, width)
        cos, sin = np.cos(angle), np.sin(angle)
        dx, dy = _offsets(window, x, y)
        along, across = cos * dx + sin * dy, cos * dy - sin * dx
        bent = warp[window]
        shape = np.sqrt((along / long) ** 2 + (across / short) ** 2) + 0.09 * bent
        # um of a mitochondrion never leave its cell.
        shape = np.maximum(shape, 1.35 - 0.35 * gap[window] / 3.0)
        if (blocked[window] & (shape < 1.1)).any():
            continue
        inside = np.clip((1 - shape) * short / 1.5, 0, 1)
        rim = np.clip(1 - np.abs(1 - shape) * short / 1.6, 0, 1)
        phase = (across + 0.25 * along + 3.0 * bent) / folds
        crista = np.abs(phase - np.floor(phase) - 0.5) * 4 - 1
        body = inside * (tone + 0.26 * np.clip(crista, -0.6, 0.8))
        dark[window] += (body + 0.6 * rim).astype(np.float32)
        blocked[window] |= shape < 1.1


def vesicles(
    random: np.random.Generator, dark: Singles, gap: Singles, blocked: Bools, count: int,
    strength: float,
) -> None:  # fmt: skip
    """Small rings, singly and in clusters, and dots (microtubules); see `mitochondria`."""
    height, width = dark.shape
    made = 0
    for _ in range(count):
        x, y = random.uniform(0, width), random.uniform(0, height)
        cluster = 1 if random.uniform() < 0.6 else int(random.integers(3, 14))
        spread = 3.5 * np.sqrt(cluster)
        for dx, dy in random.normal(0, spread, (cluster, 2)) * (cluster > 1):
            u, v = x + dx, y + dy
            radius = float(random.uniform(2.0, 3.6)) if random.uniform() < 0.75 else 1.0
            tone = strength * float(random.uniform(0.35, 1.0))
            if not (0 <= u < width and 0 <= v < height):
                continue
            if gap[int(v), int(u)] < radius + 2 or blocked[int(v), int(u)]:
                continue
            window = _window(u, v, radius + 3, height, width)
            ax, ay = _offsets(window, u, v)
            distance = np.sqrt(ax * ax + (1 + 0.3 * tone) * ay * ay)
            ring = np.clip(1 - np.abs(distance - radius) / 1.4, 0, 1) if radius > 1 else (
                np.clip(1 - distance / 2.2, 0, 1))  # fmt: skip
            dark[window] += (tone * ring).astype(np.float32)
            made += 1
        if made >= count:
            break


def densities(random: np.random.Generator, gap: Singles, count: int, warp: Singles) -> Singles:
    """Dark matter along membranes (synapses, walls cut flat): (H, W) from 0, 1 and more where dark.

    Args:
        random: where the numbers come from.
        gap: (H, W) pixels to the nearest membrane.
        count: how many to try.
        warp: (H, W) smooth noise.
    """
    height, width = gap.shape
    out = np.zeros_like(gap)
    for _ in range(count):
        x, y = random.uniform(0, width), random.uniform(0, height)
        long, thick = float(random.uniform(9, 24)), float(random.uniform(4, 9))
        strength = float(random.uniform(0.5, 1.1))
        if gap[int(y), int(x)] > 5:
            continue
        window = _window(x, y, 1.4 * long, height, width)
        dx, dy = _offsets(window, x, y)
        near = np.sqrt(dx * dx + dy * dy) / long + 0.2 * warp[window]
        amount = np.clip(1.4 * (1 - near), 0, 1) * np.clip(1.5 - gap[window] / thick, 0, 1)
        out[window] = np.maximum(out[window], (strength * amount).astype(np.float32))
    return out


def _window(x: float, y: float, reach: float, height: int, width: int) -> tuple[slice, slice]:
    return (
        slice(max(int(y - reach), 0), min(int(y + reach) + 2, height)),
        slice(max(int(x - reach), 0), min(int(x + reach) + 2, width)),
    )


def _offsets(
    window: tuple[slice, slice], x: float, y: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    rows, columns = window
    dx = np.arange(columns.start, columns.stop)[None, :] + 0.5 - x
    dy = np.arange(rows.start, rows.stop)[:, None] + 0.5 - y
    return dx, dy
