"""Structures that grow: rules, or competition for space, make a tree of tubes."""

from __future__ import annotations

from collections.abc import Mapping

from tenfold.synth.grow.collisions import collisions
from tenfold.synth.grow.draw import draw_tree
from tenfold.synth.grow.graphml import graphml_of, networkx_of, tree_of_graphml
from tenfold.synth.grow.grower import Grower
from tenfold.synth.grow.lsystem import LSystem
from tenfold.synth.grow.presets import Airways, Ducts, Plant
from tenfold.synth.grow.swc import swc_of, tree_of_swc
from tenfold.synth.grow.tree import Tree
from tenfold.synth.grow.vessels import Vessels, murray

GROWERS: Mapping[str, type[Grower]] = {
    cls.kind: cls for cls in (LSystem, Ducts, Airways, Vessels, Plant)
}
"""All that grows, by its word."""

__all__ = [
    "GROWERS",
    "Airways",
    "Ducts",
    "Grower",
    "LSystem",
    "Plant",
    "Tree",
    "Vessels",
    "collisions",
    "draw_tree",
    "graphml_of",
    "murray",
    "networkx_of",
    "swc_of",
    "tree_of_graphml",
    "tree_of_swc",
]
