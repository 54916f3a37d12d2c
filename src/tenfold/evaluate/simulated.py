"""A sheet of simulated individuals, each beside its masks in colours."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from tenfold.evaluate.contact import contact_sheet
from tenfold.evaluate.display import Picture, display_window, to_rgb
from tenfold.evaluate.palette import PALETTE
from tenfold.samples.sample import Array, Sample, value_range_of
from tenfold.synth.simulation import Simulation
from tenfold.synth.synthesiser import Simulated

Legends = Mapping[str, Mapping[int, str]]
"""What values mean, by the mask's name."""

_ODD = np.uint32(2654435761)  # Knuth: spreads neighbouring numbers


def pictures_of(made: Simulated, legends: Legends) -> list[tuple[str, Picture]]:
    """An individual's picture and its masks in colours, each with its name.

    The picture is shown within the window of values that it tells of, if it does (CT).
    """
    image, told = made.image, made.told
    sample = Sample("picture", image, value_range=value_range_of(image))
    low, high = display_window(sample)
    if "window" in told and "values" in told and image.dtype != np.uint8:
        values = told["values"]
        low, high = ((v - values["intercept"]) / values["slope"] for v in told["window"])
    shown = [("picture", to_rgb(image, (low, high)))]
    return shown + [(name, coloured(m, legends.get(name))) for name, m in made.masks.items()]


def meaning(legend: Mapping[int, str] | None) -> str:
    """What a mask's values mean, in a line; "" for those that count."""
    return "" if legend is None else ", ".join(f"{value} {word}" for value, word in legend.items())


def simulated_sheet(simulation: Simulation) -> Picture:
    """All individuals of a simulation in rows: the picture, then its masks.

    Values with a meaning have the colour of their place in it; those that count (cells) have
    one each.

    Returns:
        (H, W, 3) uint8, RGB.
    """
    rows = []
    legend = simulation.synthesiser.legend
    for name, seed in simulation.individuals():
        (_, picture), *masks = pictures_of(simulation.make(seed), legend)
        rows.append((Sample(name, picture), [Sample(title, mask) for title, mask in masks]))
    heads = ["picture", *(mask.id for mask in rows[0][1])]
    return contact_sheet(rows, title=simulation.name, heads=heads)


def coloured(mask: Array, legend: Mapping[int, str] | None) -> Picture:
    """A label image (H, W) as (H, W, 3) uint8: 0 is black."""
    if legend is not None:
        table = np.zeros((max(*legend, int(mask.max(initial=0)), 1) + 1, 3), np.uint8)
        for place, value in enumerate(sorted(v for v in legend if v > 0)):
            table[value] = PALETTE[place % len(PALETTE)]
        return table[mask]
    mixed = mask.astype(np.uint32) * _ODD
    out = np.stack([(mixed >> shift & 127) + 96 for shift in (8, 16, 24)], axis=-1)
    out[mask == 0] = 0
    return out.astype(np.uint8)
