"""What grows: settings and a seed make a tree, and a picture of it."""

from __future__ import annotations

import dataclasses
import json
from abc import abstractmethod
from dataclasses import dataclass
from typing import Any

from tenfold.errors import RequestError
from tenfold.synth.grow.draw import drawn_tree
from tenfold.synth.grow.graphml import graphml_of
from tenfold.synth.grow.swc import swc_of
from tenfold.synth.grow.tree import Tree
from tenfold.synth.synthesiser import Simulated, Synthesiser


@dataclass(frozen=True, kw_only=True)
class Grower(Synthesiser):
    """A synthesiser of trees; `grow` is the tree alone, `make` a picture of it with its files.

    Attributes:
        size: height and width of the picture, pixels.
    """

    size: int = 512

    @abstractmethod
    def grow(self, seed: int) -> Tree:
        """The tree of this seed, a pure function of the settings and the seed; lengths in um."""

    def make(self, seed: int) -> Simulated:
        """The tree drawn in 3-D.

        The mask "kind" says what each pixel shows (1 + the kind, spheres last), "segment" which of
        the tree's nodes it belongs to (1 + its index). Files: `.swc`, `.graphml` and `.json`.
        """
        tree = self.grow(seed)
        drawn = drawn_tree(tree, self.size)
        low, high = tree.bounds()
        return Simulated(
            image=drawn.image,
            masks={"kind": drawn.kinds, "segment": drawn.segments},
            told={
                "unit": "um",
                "nodes": len(tree),
                "tips": len(tree.tips()),
                "spheres": int((tree.spheres_at > 0).sum()),
                "kinds": list(tree.names),
                "low": low.tolist(),
                "high": high.tolist(),
                "um_per_pixel": drawn.um_per_pixel,
            },
            files={
                ".swc": swc_of(tree).encode(),
                ".graphml": graphml_of(tree).encode(),
                ".json": json.dumps(tree.to_json()).encode(),
            },
        )

    def __getstate__(self) -> dict[str, Any]:
        # What is cached (rules that were read) holds functions, which can't go to other processes.
        return {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}

    def check_size(self) -> None:
        """Raise `RequestError` unless the picture's size can be drawn."""
        check_whole(self.kind, "size", self.size, 16, 8192)


def check_whole(kind: str, name: str, value: object, low: int, high: int) -> None:
    """Raise `RequestError` unless `value` is a whole number in low..high."""
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise RequestError(
            f"{kind}: {name} must be a whole number within {low}..{high}, got {value!r:.60}"
        )
