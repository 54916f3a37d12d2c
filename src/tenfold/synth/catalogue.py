"""What can be simulated by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tenfold.synth.grow.lsystem import LSystem
from tenfold.synth.grow.presets import Airways, Ducts, Plant
from tenfold.synth.grow.vessels import Vessels
from tenfold.synth.synthesiser import Synthesiser
from tenfold.synth.tissue.packed_cells import PackedCells
from tenfold.synth.tissue.pancreas import PancreasSection
from tenfold.synth.tomography.slices import TomographySlice


@dataclass(frozen=True)
class Preset:
    """A synthesiser under a name.

    Attributes:
        synthesiser: its class.
        about: a line that says what comes out.
        settings: that differ from the class's own.
    """

    synthesiser: type[Synthesiser]
    about: str
    settings: Mapping[str, Any] = field(default_factory=dict)


PRESETS: dict[str, Preset] = {
    PancreasSection.kind: Preset(
        PancreasSection, "a section of a pancreas: ducts, acini, islets, vessels, fat, every cell"
    ),
    PackedCells.kind: Preset(
        PackedCells, "cells packed without gaps, membranes between them, as in electron microscopy"
    ),
    TomographySlice.kind: Preset(
        TomographySlice, "a CT slice through an upper abdomen: body, projections, reconstruction"
    ),
    Ducts.kind: Preset(Ducts, "pancreas ducts with acini at their ends, a tree drawn in 3-D"),
    Airways.kind: Preset(Airways, "a bronchial tree, drawn in 3-D"),
    Vessels.kind: Preset(Vessels, "a vessel tree that fills a volume, drawn in 3-D"),
    Plant.kind: Preset(Plant, "a plant, drawn in 3-D"),
    LSystem.kind: Preset(LSystem, "a tree by the rules of an L-system of your own (--config)"),
}
