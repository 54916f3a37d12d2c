"""A turtle that walks along a word and leaves a tree behind, in 2-D or 3-D.

Its signs are those of Prusinkiewicz & Lindenmayer, *The Algorithmic Beauty of Plants* (Springer
1990), sections 1.3, 1.5 and 1.10.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from tenfold.errors import RequestError
from tenfold.synth.grow.quaternion import Quaternion, Vector, about, frame, product, x_axis
from tenfold.synth.grow.tree import Tree

Word = Iterable[tuple[str, tuple[float, ...]]]
"""Letters with the numbers of their parameters."""

TURNS: Mapping[str, tuple[Vector, float]] = {
    "+": ((0, 0, 1), 1),
    "-": ((0, 0, 1), -1),
    "&": ((0, 1, 0), 1),
    "^": ((0, 1, 0), -1),
    "\\": ((1, 0, 0), 1),
    "/": ((1, 0, 0), -1),
}
"""Axis (heading x, left y, up z, as the turtle sees them) and sense of each sign that turns."""

SIGNS: Mapping[str, str] = {
    "f": "f(length): go ahead without drawing",
    "+": "+(angle): turn left",
    "-": "-(angle): turn right",
    "&": "&(angle): pitch down",
    "^": "^(angle): pitch up",
    "\\": "\\(angle): roll left",
    "/": "/(angle): roll right",
    "|": "|: turn round",
    "$": "$: roll until left is level",
    "!": "!(radius): draw with this radius from here on",
    "O": "O(radius): a sphere round this spot",
    "[": "[: remember where I am",
    "]": "]: go back to what was remembered last",
}
"""What each sign does beside the letters that draw."""

OUT_OF_PLANE = "&^\\/$"
BARE = "[]|$"  # signs without a parameter
NEEDY = "!"  # signs that need theirs


@dataclass(frozen=True, slots=True)
class Turtle:
    """How a word becomes a tree; lengths in um, angles in degrees.

    Attributes:
        draws: what letters draw: the kind of their segments, such as `{"F": "duct"}`.
        dimensions: 2 (in the plane z = 0, at first along y) or 3 (at first along z, left along y).
        angle: of a turn without a parameter.
        length: of a step without a parameter.
        radius: at first, and of spheres without a parameter.
        tropism: (x, y, z): where each drawn step bends to...
        bend: ...by how many degrees at most: times the sine of the angle to `tropism` (there,
            section 2.3.4); negative bends away.
    """

    draws: Mapping[str, str]
    dimensions: int
    angle: float
    length: float
    radius: float
    tropism: Vector = (0.0, 0.0, -1.0)
    bend: float = 0.0

    def walk(self, word: Word) -> Tree:  # noqa: PLR0915 (one branch for each sign)
        """The tree that a word draws.

        Raises:
            RequestError: a step is negative, a radius isn't positive, or a bracket has no partner.
        """
        names = tuple(dict.fromkeys(self.draws.values()))
        kind_of = {letter: names.index(kind) for letter, kind in self.draws.items()}
        nodes: list[Vector] = []
        parents: list[int] = []
        radii: list[float] = []
        kinds: list[int] = []
        spheres: dict[int, float] = {}

        def leave(spot: Vector, parent: int, radius: float, kind: int) -> int:
            nodes.append(spot)
            parents.append(parent)
            radii.append(radius)
            kinds.append(kind)
            return len(nodes) - 1

        turned = about((0, 0, 1), 90) if self.dimensions == 2 else about((0, 1, 0), -90)
        at: Vector = (0.0, 0.0, 0.0)
        # Where nothing is drawn yet, `node` is below 0: a number of its own for each such spot.
        radius, node, spots = self.radius, -1, 1
        roots: dict[int, int] = {}
        stack: list[tuple[Vector, Quaternion, float, int]] = []
        for letter, given in word:
            if letter in kind_of or letter == "f":
                step = given[0] if given else self.length
                if step < 0:
                    raise RequestError(
                        f"'{letter}' goes {step:g} um ahead: steps can't be negative"
                    )
                if step == 0:
                    continue
                ahead = x_axis(turned)
                spot = (at[0] + step * ahead[0], at[1] + step * ahead[1], at[2] + step * ahead[2])
                if letter == "f":
                    spots += 1
                    at, node = spot, -spots
                    continue
                if node < 0:
                    if node not in roots:
                        roots[node] = leave(at, -1, radius, kind_of[letter])
                    node = roots[node]
                at = spot
                node = leave(at, node, radius, kind_of[letter])
                if self.bend:
                    turned = self._bent(turned)
            elif letter in TURNS:
                axis, sense = TURNS[letter]
                degrees = given[0] if given else self.angle
                turned = product(turned, about(axis, sense * degrees))
            elif letter == "[":
                stack.append((at, turned, radius, node))
            elif letter == "]":
                if not stack:
                    raise RequestError("']' closes no '['")
                at, turned, radius, node = stack.pop()
            elif letter == "!":
                radius = given[0]
                if radius <= 0:
                    raise RequestError(f"'!' sets the radius {radius:g} um: it must be positive")
            elif letter == "O":
                size = given[0] if given else self.radius
                if size <= 0:
                    raise RequestError(f"'O' draws the radius {size:g} um: it must be positive")
                if node < 0:
                    if node not in roots:
                        roots[node] = leave(at, -1, radius, 0)
                    node = roots[node]
                spheres[node] = size
            elif letter == "|":
                turned = product(turned, about((0, 0, 1), 180))
            elif letter == "$":
                turned = _levelled(turned)
        if not nodes:
            leave(at, -1, radius, 0)
        round_nodes = [spheres.get(i, 0.0) for i in range(len(nodes))]
        return Tree.of(nodes, parents, radii, kinds, names, round_nodes)

    def _bent(self, turned: Quaternion) -> Quaternion:
        """Turned towards the tropism, about the axis across both."""
        (h0, h1, h2), (t0, t1, t2) = x_axis(turned), self.tropism
        across = (h1 * t2 - h2 * t1, h2 * t0 - h0 * t2, h0 * t1 - h1 * t0)
        size = math.hypot(*across)
        if size < 1e-9:
            return turned
        axis = (across[0] / size, across[1] / size, across[2] / size)
        return product(about(axis, self.bend * size / math.hypot(t0, t1, t2)), turned)


def _levelled(turned: Quaternion) -> Quaternion:
    """Rolled about the heading until left is level and up points up (there, section 2.3.2)."""
    _, left, up = frame(turned)
    if math.hypot(left[2], up[2]) < 1e-9:
        return turned  # the heading is upright: left is level however it rolls
    return product(turned, about((1, 0, 0), math.degrees(math.atan2(-left[2], up[2]))))
