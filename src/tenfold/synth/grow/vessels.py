"""Blood vessels that fill a volume, with Murray's law for their radii and no collisions."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from tenfold.errors import RequestError, did_you_mean
from tenfold.synth.grow.collisions import close_pairs
from tenfold.synth.grow.colonise import colonised, spread
from tenfold.synth.grow.grower import Grower, check_whole
from tenfold.synth.grow.tree import Floats, Ints, Tree
from tenfold.synth.synthesiser import Span, check_span, drawn, generator_of

_SHAPES = ("ellipsoid", "box")
_SMOOTHED = 3  # rounds of smoothing between forks


@dataclass(frozen=True, kw_only=True)
class Vessels(Grower):
    """A vessel tree that fills a volume from one inlet at the middle of its floor.

    Branches compete for evenly spread targets (`colonised`). Each free end carries the same flow,
    and radii follow Murray's law, r^p = r1^p + r2^p + ... at each fork with p = 3: the least work
    of pumping and of keeping blood (Murray, "The physiological principle of minimum work", PNAS 12,
    1926). Where two tubes would run into each other away from a fork, the thinner is cut there with
    all that it feeds, and the radii are those of what is left.

    Attributes:
        volume: width, depth and height of the volume, centred on the origin, um.
        shape: `ellipsoid` or `box`, within that size.
        targets: number of places to serve.
        tip: radius of the free ends, um.
        exponent: p.
        inertia: how straight branches are, 0 (not) to 2.
    """

    volume: tuple[float, float, float] = (1000.0, 1000.0, 800.0)
    shape: str = "ellipsoid"
    targets: int = 600
    tip: Span | float = (3.0, 4.0)
    exponent: Span | float = 3.0
    inertia: Span | float = (0.4, 0.8)

    kind: ClassVar[str] = "vessels"
    legend: ClassVar = {"kind": {0: "background", 1: "vessel"}}

    def __post_init__(self) -> None:
        self.check_size()
        if not isinstance(self.volume, tuple) or len(self.volume) != 3:
            raise RequestError(f"vessels: volume must be three lengths, got {self.volume!r:.60}")
        for side in self.volume:
            check_span(self.kind, "volume", side, 1e-3, 1e9, unit="um")
        if self.shape not in _SHAPES:
            cure = did_you_mean(str(self.shape), _SHAPES)
            raise RequestError(f"vessels: shape must be ellipsoid or box, got {self.shape!r}{cure}")
        check_whole(self.kind, "targets", self.targets, 1, 10_000)
        check_span(self.kind, "tip", self.tip, 1e-3, 1e6, unit="um")
        check_span(self.kind, "exponent", self.exponent, 1, 6)
        check_span(self.kind, "inertia", self.inertia, 0, 2)
        widest = self.tip[1] if isinstance(self.tip, tuple) else self.tip
        if widest > self._spacing() / 4:
            raise RequestError(
                f"vessels: {self.targets} targets are {self._spacing():.3g} um apart, too near for "
                f"free ends of radius {widest:g} um; fewer targets, or thinner ends"
            )

    def grow(self, seed: int) -> Tree:
        """The vessels of this seed."""
        random = generator_of(seed)
        tip, exponent = drawn(self.tip, random), drawn(self.exponent, random)
        inertia, spacing = drawn(self.inertia, random), self._spacing()
        nodes, parents = colonised(
            self._targets(random.random(3)),
            np.array([0.0, 0.0, -self.volume[2] / 2]),
            step=0.3 * spacing,
            reach=4 * spacing,
            kill=0.45 * spacing,
            inertia=inertia,
        )
        tree = Tree.of(
            _smoothed(nodes, parents), parents, murray(parents, tip, exponent), names=("vessel",)
        )
        return _cleared(tree, tip, exponent)

    def _spacing(self) -> float:
        """Distance of targets: the edge of the cube that each has to itself, um."""
        share = math.pi / 6 if self.shape == "ellipsoid" else 1.0
        return float((share * math.prod(self.volume) / self.targets) ** (1 / 3))

    def _targets(self, shift: Floats) -> Floats:
        sides = np.array(self.volume)
        if self.shape == "box":
            return np.asarray((spread(self.targets, shift) - 0.5) * sides)
        # 2.5 times as many as needed in the box leave enough in the ball (pi / 6 of it).
        places = spread(int(2.5 * self.targets) + 64, shift) - 0.5
        inside = (places**2).sum(axis=1) <= 0.25
        return np.asarray(places[inside][: self.targets] * sides)


def murray(parents: Ints, tip: float, exponent: float = 3.0) -> Floats:
    """(N,) radii with r^p = r1^p + r2^p + ... at each node, all free ends alike.

    Args:
        parents: (N,) parents first, -1 for roots.
        tip: radius of the free ends.
        exponent: p.
    """
    ends = [0] * len(parents)
    above = parents.tolist()
    for node in range(len(parents) - 1, -1, -1):
        ends[node] = ends[node] or 1
        if above[node] >= 0:
            ends[above[node]] += ends[node]
    return np.array([tip * n ** (1 / exponent) for n in ends])


def _smoothed(nodes: Floats, parents: Ints) -> Floats:
    """Nodes between forks drawn towards their neighbours' mean: rounder bends."""
    count = np.bincount(parents[1:], minlength=len(nodes))
    child = np.zeros(len(nodes), np.int64)
    child[parents[1:]] = np.arange(1, len(nodes))
    inner = np.flatnonzero((count == 1) & (parents >= 0))
    for _ in range(_SMOOTHED):
        moved = nodes.copy()
        moved[inner] = (nodes[inner] * 2 + nodes[parents[inner]] + nodes[child[inner]]) / 4
        nodes = moved
    return nodes


def _cleared(tree: Tree, tip: float, exponent: float) -> Tree:
    """The tree without what runs into thicker tubes.

    Cutting makes radii smaller only, so pairs that don't touch at first never do.
    """
    pairs = close_pairs(tree)
    alive = np.ones(len(tree), bool)
    radii = tree.radii
    while (hit := np.flatnonzero(pairs.colliding(radii))).size:
        for first, second in zip(pairs.first[hit], pairs.second[hit], strict=True):
            if alive[first] and alive[second]:
                thinner = first if radii[first] < radii[second] else second
                alive[thinner] = False
        alive = _with_all_above(tree.parents, alive)
        kept = np.flatnonzero(alive)
        place = np.cumsum(alive) - 1
        radii = np.full(len(tree), -np.inf)  # what is cut touches nothing
        radii[kept] = murray(_renumbered(tree.parents[kept], place), tip, exponent)
    kept = np.flatnonzero(alive)
    place = np.cumsum(alive) - 1
    return Tree.of(
        tree.nodes[kept], _renumbered(tree.parents[kept], place), radii[kept], names=tree.names
    )


def _with_all_above(parents: Ints, alive: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Who is alive when each needs its parent."""
    living = alive.tolist()
    for node, parent in enumerate(parents.tolist()):
        if parent >= 0 and not living[parent]:
            living[node] = False
    return np.array(living)


def _renumbered(parents: Ints, place: Ints) -> Ints:
    return np.where(parents >= 0, place[parents], -1)
