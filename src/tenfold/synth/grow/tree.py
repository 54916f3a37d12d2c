"""A grown structure: nodes in space joined to their parents, with radii and kinds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from tenfold.errors import RequestError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Tree:
    """A tree (or several) of tubes. Lengths are in um.

    Each node but a root ends the segment that comes from its parent. A segment is a tapered
    capsule: it has its node's radius at the end, and at the start its parent's if it alone goes on
    from there, else (at a fork and at a root) its own.

    Attributes:
        nodes: (N, 3) float64, positions x, y, z.
        parents: (N,) int64, each parent's index, lower than its own; -1 for a root.
        radii: (N,) float64, positive.
        kinds: (N,) int64, indices of `names`: what the segment that ends here is.
        names: the kinds' names.
        spheres_at: (N,) float64, radius of a sphere round the node (an acinus); 0 for none.

    Raises:
        RequestError: shapes don't agree, a number isn't finite, or a parent comes after its child.
    """

    nodes: Floats
    parents: Ints
    radii: Floats
    kinds: Ints
    names: tuple[str, ...]
    spheres_at: Floats

    def __post_init__(self) -> None:
        count = len(self.nodes)
        if count == 0 or self.nodes.shape != (count, 3):
            raise RequestError(f"tree: nodes must be (N, 3), N >= 1, got {self.nodes.shape}")
        for name in ("parents", "radii", "kinds", "spheres_at"):
            shape = getattr(self, name).shape
            if shape != (count,):
                raise RequestError(
                    f"tree: {name} must be ({count},) as there are nodes, got {shape}"
                )
        for name in ("nodes", "radii", "spheres_at"):
            if not np.isfinite(getattr(self, name)).all():
                raise RequestError(f"tree: {name} must be finite")
        if not (self.radii > 0).all() or not (self.spheres_at >= 0).all():
            raise RequestError("tree: radii must be positive")
        if not ((self.parents >= -1) & (self.parents < np.arange(count))).all():
            raise RequestError("tree: each node must come after its parent (roots have -1)")
        if not ((self.kinds >= 0) & (self.kinds < len(self.names))).all():
            raise RequestError(f"tree: kinds must be indices of {list(self.names)}")

    @classmethod
    def of(
        cls,
        nodes: Any,
        parents: Any,
        radii: Any,
        kinds: Any = None,
        names: tuple[str, ...] = ("branch",),
        spheres_at: Any = None,
    ) -> Self:
        """A tree from anything that NumPy reads as arrays; see the attributes."""
        try:
            nodes = np.ascontiguousarray(nodes, dtype=np.float64)
            count = len(nodes)
            return cls(
                nodes=nodes,
                parents=_array(parents, count, np.int64),
                radii=_array(radii, count, np.float64),
                kinds=_array(kinds, count, np.int64),
                names=tuple(names),
                spheres_at=_array(spheres_at, count, np.float64),
            )
        except RequestError:
            raise
        except (TypeError, ValueError, OverflowError) as error:
            raise RequestError(f"tree: its lists must be of numbers: {error}") from None

    def __len__(self) -> int:
        return len(self.nodes)

    def segments(self) -> Ints:
        """(M,) indices of the nodes that end a segment: all but the roots, in order."""
        return np.flatnonzero(self.parents >= 0)

    def lengths(self) -> Floats:
        """(M,) length of each segment, um."""
        ends = self.segments()
        steps = self.nodes[ends] - self.nodes[self.parents[ends]]
        return np.asarray(np.sqrt((steps**2).sum(axis=1)))

    def capsules(self) -> tuple[Floats, Floats, Floats, Floats]:
        """The segments as tapered capsules.

        Returns:
            Starts (M, 3), ends (M, 3), radii at the starts (M,), radii at the ends (M,); float64.
        """
        ends = self.segments()
        parents = self.parents[ends]
        goes_on = (self.children()[parents] == 1) & (self.parents[parents] >= 0)
        starts = np.where(goes_on, self.radii[parents], self.radii[ends])
        return self.nodes[parents], self.nodes[ends], starts, self.radii[ends]

    def spheres(self) -> tuple[Floats, Floats]:
        """Centres (K, 3) and radii (K,) of the spheres round nodes, float64."""
        at = self.spheres_at > 0
        return self.nodes[at], self.spheres_at[at]

    def children(self) -> Ints:
        """(N,) number of children of each node."""
        return np.bincount(self.parents[self.parents >= 0], minlength=len(self)).astype(np.int64)

    def tips(self) -> Ints:
        """Indices of the free ends: nodes without children that end a segment."""
        return np.flatnonzero((self.children() == 0) & (self.parents >= 0))

    def generations(self) -> Ints:
        """(N,) centrifugal branch order: the number of forks between the root and the segment."""
        forks = (self.children() > 1).tolist()
        found: list[int] = []
        for parent in self.parents.tolist():
            found.append(0 if parent < 0 else found[parent] + forks[parent])
        return np.array(found, dtype=np.int64)

    def strahler(self) -> Ints:
        """(N,) Strahler numbers: 1 at free ends; elsewhere the highest, 1 more if it comes twice.

        Strahler, "Quantitative analysis of watershed geomorphology", Trans. AGU 38 (1957).
        """
        highest = [0] * len(self)
        times = [0] * len(self)
        numbers = [1] * len(self)
        for node in range(len(self) - 1, -1, -1):
            if highest[node]:
                numbers[node] = highest[node] + (times[node] > 1)
            parent = int(self.parents[node])
            if parent >= 0:
                if numbers[node] > highest[parent]:
                    highest[parent], times[parent] = numbers[node], 1
                elif numbers[node] == highest[parent]:
                    times[parent] += 1
        return np.array(numbers, dtype=np.int64)

    def bounds(self) -> tuple[Floats, Floats]:
        """Corners (3,) and (3,) of the box that holds all tubes and spheres, um."""
        reach = np.maximum(self.radii, self.spheres_at)[:, None]
        return (self.nodes - reach).min(axis=0), (self.nodes + reach).max(axis=0)

    def to_json(self) -> dict[str, Any]:
        """The attributes as lists, which JSON has; `of_json` reads them back exactly."""
        return {
            "unit": "um",
            "names": list(self.names),
            "nodes": self.nodes.tolist(),
            "parents": self.parents.tolist(),
            "radii": self.radii.tolist(),
            "kinds": self.kinds.tolist(),
            "spheres_at": self.spheres_at.tolist(),
        }

    @classmethod
    def of_json(cls, told: Mapping[str, Any]) -> Self:
        """The tree that `to_json` gave.

        Raises:
            RequestError: a key is missing or the tree is none.
        """
        wanted = ("nodes", "parents", "radii", "kinds", "names", "spheres_at")
        missing = [name for name in wanted if name not in told]
        if missing:
            raise RequestError(f"tree: no {missing[0]!r} in it; it needs {', '.join(wanted)}")
        return cls.of(**{name: told[name] for name in wanted})


def _array(values: Any, count: int, dtype: type) -> Any:
    return np.zeros(count, dtype) if values is None else np.ascontiguousarray(values, dtype=dtype)
