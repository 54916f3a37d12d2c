"""A fitted generator in pictures: its latent space, what lies in it, what it does to samples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from tenfold.errors import RequestError
from tenfold.evaluate.display import Picture
from tenfold.evaluate.figure import INK, TEXT, centred, framed, paper
from tenfold.evaluate.names import readable, shorten
from tenfold.evaluate.scatter import Points, scatter
from tenfold.evaluate.tiles import Tiles, table
from tenfold.learned.examples import Examples
from tenfold.learned.generator import Generator, Variation
from tenfold.learned.latent import DEFAULT_STRENGTH
from tenfold.write.atomic import write_bytes

Array = NDArray[Any]

_ENDS = 2.0, 98.0  # percentiles of the latents between which a manifold is shown
_GRID, _GRID_A_CLASS = 20, 8
_PANELS = 10
_STEPS = 11
_NUMBERED = ("noise", "interpolation", "extrapolation")
_FIRST = ("reconstruction", *_NUMBERED)


@dataclass(frozen=True, eq=False)
class Plane:
    """Two directions of a latent space that are shown: z is about `centre + points @ axes`.

    Attributes:
        centre: (L,), the mean, or zero for a plane that is the whole space.
        axes: (2, L), orthonormal.
        names: of the axes.
        told: what the reader should know of them.
    """

    centre: Array
    axes: Array
    names: tuple[str, str]
    told: str

    def project(self, latents: Array) -> Points:
        """(N, L) to (N, 2)."""
        return np.asarray((latents - self.centre) @ self.axes.T, np.float64)

    def lift(self, points: Array) -> Array:
        """(N, 2) to (N, L) float32."""
        return np.asarray(self.centre + points @ self.axes, np.float32)


def plane_of(latents: Array) -> Plane:
    """The plane in which latents (N, L), L at least 2, are shown: their principal one."""
    wide = latents.shape[1]
    if wide == 2:
        told = "The latent space has two dimensions: this is all of it."
        return Plane(np.zeros(2), np.eye(2), ("latent dimension 1", "latent dimension 2"), told)
    if wide < 2:
        raise RequestError(f"a latent space of {wide} dimension can't be shown in a plane")
    centre = latents.mean(axis=0, dtype=np.float64)
    _, singular, axes = np.linalg.svd(latents - centre, full_matrices=False)
    axes = axes[:2] * np.sign(axes[:2, np.abs(axes[:2]).argmax(axis=1)].diagonal())[:, None]
    share = singular**2 / max(float((singular**2).sum()), 1e-12) * 100
    told = (
        f"The two principal directions (PCA) of a latent space with {wide} dimensions; together "
        f"they hold {share[:2].sum():.0f} % of its variance."
    )
    names = (
        f"first principal direction ({share[0]:.0f} %)",
        f"second principal direction ({share[1]:.0f} %)",
    )
    return Plane(centre, axes, names, told)


def write_pictures(
    model: Generator, examples: Examples, folder: Path, samples: int = 10, seed: int = 0,
    name: str = "",
) -> list[Path]:  # fmt: skip
    """Write all four pictures as PNG; they are drawn before the first is written.

    Args:
        model: fitted, with a latent space of at least two dimensions.
        examples: of the model's shape and classes.
        folder: made if it isn't there; pictures of the same names are replaced.
        samples: columns of the alterations, rows of the paths, at least 2.
        seed: of the choice of samples, and of the alterations.
        name: of the data, for the titles.

    Returns:
        Their paths.

    Raises:
        RequestError: examples that don't fit the model.
        OutputError: they can't be written.
    """
    pictures = {
        "space": space_picture(model, examples, name),
        "manifold": manifold_picture(model, examples, name),
        "alterations": alterations_picture(model, examples, samples, seed, name),
        "paths": paths_picture(model, examples, samples, seed, name),
    }
    paths = []
    for title, picture in pictures.items():
        paths.append(folder / f"{title}.png")
        small = [cv2.IMWRITE_PNG_COMPRESSION, 6]
        write_bytes(paths[-1], bytes(cv2.imencode(".png", picture[:, :, ::-1], small)[1]))
    return paths


def space_picture(model: Generator, examples: Examples, name: str = "") -> Picture:
    """Each example where the model puts it, coloured by class."""
    latents = model.encode(examples.values, examples.labels)
    plane = plane_of(latents)
    body = scatter(plane.project(latents), examples.labels, examples.classes, plane.names)
    return framed(body, _title("Latent space", name), [f"{len(latents):,} examples. {plane.told}"])


def manifold_picture(model: Generator, examples: Examples, name: str = "") -> Picture:
    """What decoding makes of a regular grid over the plane that `space_picture` shows.

    A panel for each class (the first ten) where the decoder is told the class.
    """
    latents = model.encode(examples.values, examples.labels)
    plane = plane_of(latents)
    points = plane.project(latents)
    told = [plane.told]
    if not _told_the_class(model, latents):
        body = _panel(model, plane, points, 0, _GRID, 1240 // _GRID, examples)
        body = _with_axes(body, plane.names)
        told.append("The grid covers the middle 96 % of the examples in each direction.")
        return framed(body, _title("Decoded from a grid over the latent space", name), told)
    shown = _present(examples)[:_PANELS]
    panels = []
    for label in shown:
        own = latents[examples.labels == label]
        through = replace(plane, centre=own.mean(axis=0, dtype=np.float64))
        grid = _panel(
            model,
            through,
            through.project(own),
            label,
            _GRID_A_CLASS,
            280 // _GRID_A_CLASS,
            examples,
        )
        panel = paper(grid.shape[0] + 44, grid.shape[1])
        centred(panel, readable(str(examples.classes[label])), grid.shape[1] / 2, 0, TEXT, INK)
        panel[44:] = grid
        panels.append(panel)
    across = min(5, len(panels))
    tall, wide = panels[0].shape[0] + 30, panels[0].shape[1] + 30
    body = paper(-(-len(panels) // across) * tall - 30, across * wide - 30)
    for place, panel in enumerate(panels):
        y, x = place // across * tall, place % across * wide
        body[y : y + panel.shape[0], x : x + panel.shape[1]] = panel
    told.append(
        "The decoder is told the class: one grid each, through the class's mean, over the middle "
        "96 % of its examples."
    )
    return framed(body, _title("Decoded from a grid over the latent space", name), told)


def alterations_picture(
    model: Generator, examples: Examples, samples: int = 10, seed: int = 0, name: str = ""
) -> Picture:
    """Originals beside what each of the model's methods makes of them: one column a sample."""
    chosen = _chosen(examples, samples, seed)
    values, labels = examples.values[chosen], examples.labels[chosen]
    methods = [m for m in _FIRST if m in model.methods]
    methods += [m for m in model.methods if m not in methods]
    rows: list[tuple[str, str, Array]] = [("original", "", values)]
    seeds = np.arange(len(chosen), dtype=np.int64) + 1000 * seed
    for method in methods:
        # Said with its number, so that the number is true of every kind of generator.
        strength = DEFAULT_STRENGTH[method] if method in _NUMBERED else None
        made = model.vary(values, labels, seeds, Variation(method, strength))
        rows.append((method, _MEANS.get(method, "").format(strength), made))
    heads = [shorten(readable(str(examples.classes[label])), 12) for label in labels]
    body = table(_tiles(examples, 120), rows, heads, breaks=[1])
    told = ["One column a sample; its class stands above it."]
    return framed(body, _title("Originals and what is made of them", name), told)


def paths_picture(
    model: Generator, examples: Examples, samples: int = 10, seed: int = 0, name: str = ""
) -> Picture:
    """Straight ways through the latent space: half within a class, half between two classes."""
    within, between = _pairs(examples, samples, seed)
    rows: list[tuple[str, str, Array]] = []
    for first, last in (*within, *between):
        ends = np.array([first, last])
        values, labels = examples.values[ends], examples.labels[ends]
        latents = model.encode(values, labels)
        share = np.linspace(0, 1, _STEPS, dtype=np.float32)[:, None]
        way = latents[0] + share * (latents[1] - latents[0])
        told = np.where(share[:, 0] < 0.5, labels[0], labels[1])
        made = model.decode(way.astype(np.float32), told)
        a, b = (shorten(readable(str(examples.classes[label])), 12) for label in labels)
        words = f"within {a}" if labels[0] == labels[1] else f"{a} to {b}"
        rows.append((words, "", np.concatenate([values[:1], made, values[1:]])))
    heads = ["original", *[f"{s:.1f}" for s in np.linspace(0, 1, _STEPS)], "original"]
    breaks = [len(within)] if within and between else []
    body = table(_tiles(examples, 104), rows, heads, breaks)
    told = ["Decoded at equal steps on the straight way between two samples' latents."]
    if _told_the_class(model, model.encode(examples.values[:1], examples.labels[:1])):
        told.append("The decoder is told the class of the nearer end.")
    return framed(body, _title("Paths through the latent space", name), told)


_MEANS = {
    "reconstruction": "encoded and decoded",
    "noise": "{} of the class's spread",
    "interpolation": "{} of the way to a neighbour",
    "extrapolation": "{} away from a neighbour",
    "prior": "drawn from the class's Gaussian",
    "mixture": "drawn from the class's mixture",
    "metric": "a walk where the class is dense",
    "deformation": "bent as the class varies",
}


def _title(words: str, name: str) -> str:
    return f"{words}: {readable(name)}" if name else words


def _tiles(examples: Examples, side: int) -> Tiles:
    if len(examples.shape) == 3:
        return Tiles(examples.shape, side)
    return Tiles(examples.shape, side, (float(examples.values.min()), float(examples.values.max())))


def _panel(
    model: Generator, plane: Plane, points: Points, label: int, count: int, side: int,
    examples: Examples,
) -> Picture:  # fmt: skip
    """Decoded on a grid over the points; the first axis to the right, the second upward."""
    low, high = np.percentile(points, _ENDS, axis=0)
    across, up = (np.linspace(low[k], high[k], count) for k in range(2))
    grid = np.stack(np.meshgrid(across, up[::-1]), axis=-1).reshape(-1, 2)
    made = model.decode(plane.lift(grid), np.full(len(grid), label, np.int64))
    return _tiles(examples, side).mosaic(made.reshape(count, count, *examples.shape))


def _with_axes(body: Picture, names: tuple[str, str]) -> Picture:
    tall, wide = body.shape[:2]
    sheet = paper(tall + 48, wide + 48)
    sheet[:tall, 48:] = body
    centred(sheet, names[0], 48 + wide / 2, tall + 12, TEXT, INK)
    upright = paper(40, tall)
    centred(upright, names[1], tall / 2, 2, TEXT, INK)
    sheet[:tall, :40] = np.rot90(upright)
    return sheet


def _told_the_class(model: Generator, latents: Array) -> bool:
    """Whether the same latent is decoded otherwise for another class."""
    if len(model.classes) < 2:
        return False
    same = np.repeat(latents[:1], 2, axis=0)
    one, other = model.decode(same, np.array([0, 1]))
    return not np.allclose(one, other, atol=1e-6)


def _present(examples: Examples) -> list[int]:
    return [int(label) for label in np.unique(examples.labels)]


def _shuffled(examples: Examples, label: int, seed: int) -> list[int]:
    rows = np.flatnonzero(examples.labels == label)
    order = np.random.Generator(np.random.PCG64([seed, label])).permutation(len(rows))
    return [int(row) for row in rows[order]]


def _chosen(examples: Examples, samples: int, seed: int) -> list[int]:
    """Places of examples, from as many classes as there are, in the classes' order."""
    present = _present(examples)
    step = max(1, len(present) // samples)
    queues = [_shuffled(examples, label, seed) for label in present[::step][:samples]]
    chosen: list[tuple[int, int]] = []
    turn = 0
    while len(chosen) < samples and any(turn < len(queue) for queue in queues):
        chosen += [(k, queue[turn]) for k, queue in enumerate(queues) if turn < len(queue)]
        turn += 1
    return [row for _, row in sorted(chosen[:samples])]


def _pairs(
    examples: Examples, samples: int, seed: int
) -> tuple[Sequence[tuple[int, int]], Sequence[tuple[int, int]]]:
    """Ends of paths: within classes, and between classes next to each other in a shuffle."""
    present = _present(examples)
    order = np.random.Generator(np.random.PCG64(seed)).permutation(len(present))
    queues = [_shuffled(examples, present[k], seed) for k in order]
    half = max(1, samples // 2)
    within = [(queue[0], queue[1]) for queue in queues if len(queue) > 1][:half]
    between = [(queues[k][0], queues[k + 1][0]) for k in range(len(queues) - 1)][: samples - half]
    return within, between
