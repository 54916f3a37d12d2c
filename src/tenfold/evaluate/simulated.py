"""A sheet of simulated individuals, each beside its masks in colours."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from tenfold.evaluate.contact import contact_sheet
from tenfold.evaluate.display import Picture, display_window, to_rgb
from tenfold.evaluate.palette import PALETTE
from tenfold.samples.sample import Array, Sample, value_range_of
from tenfold.synth.simulation import Simulation

_ODD = np.uint32(2654435761)  # Knuth: spreads neighbouring numbers


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
        made = simulation.make(seed)
        told = made.told.get("value_range")
        plain = Sample(
            name, made.image, value_range=tuple(told) if told else value_range_of(made.image)
        )
        # A row has one window of values: that of the picture is not that of the masks' colours.
        shown = Sample(name, to_rgb(made.image, display_window(plain)))
        masks = [
            Sample(mask_name, coloured(mask, legend.get(mask_name)))
            for mask_name, mask in made.masks.items()
        ]
        rows.append((shown, masks))
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
