"""Structures whose rules are known: pancreas ducts, airways, a plant."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import ClassVar

import numpy as np

from tenfold.synth.grow.grower import Grower, check_whole
from tenfold.synth.grow.lsystem import LSystem
from tenfold.synth.grow.tree import Tree
from tenfold.synth.synthesiser import Span, check_span, drawn, generator_of

_AFTER = 8  # a part of an individual's randomness that no L-system draws from


@dataclass(frozen=True, kw_only=True)
class Ducts(Grower):
    """Pancreas ducts with acini at their free ends.

    D'Agostino, *Synthetic histological images of pancreas* (MSc thesis, University of Bologna,
    2020): A -> F(1)[+A][-A], F(s) -> F(s R), forks of 75 degrees to each side, the plane of
    forking turned by 90 degrees from one to the next, R = 0.7, length 10 and radius 1, radii
    shrinking by R too, and each acinus a sphere round a free end with the last branch's length as
    its radius. `thesis()` is that, 20 um to its unit; the defaults vary it. Here the factor R goes
    with the apex, so that the trunk has the same length in all generations.

    Attributes:
        generations: of branches; there are 2^generations - 1, and 2^(generations - 1) acini.
        length: of the trunk, um.
        radius: of the trunk, um.
        ratio: R, a branch's length and radius by its parent's.
        angle: of each branch to its parent's direction, degrees.
        irregularity: the share by which each branch's length differs at most; its angle differs by
            60 degrees times that (standard deviation).
        acinus: radius of the acini by the last branch's length.
    """

    generations: int = 7
    length: Span | float = (180.0, 220.0)
    radius: Span | float = (18.0, 22.0)
    ratio: Span | float = (0.67, 0.73)
    angle: Span | float = (60.0, 80.0)
    irregularity: Span | float = (0.05, 0.2)
    acinus: Span | float = 1.0

    kind: ClassVar[str] = "ducts"
    legend: ClassVar = {"kind": {0: "background", 1: "duct", 2: "acinus"}}

    def __post_init__(self) -> None:
        self.check_size()
        check_whole(self.kind, "generations", self.generations, 1, 16)
        check_span(self.kind, "length", self.length, 1e-3, 1e6, unit="um")
        check_span(self.kind, "radius", self.radius, 1e-3, 1e6, unit="um")
        check_span(self.kind, "ratio", self.ratio, 0.1, 1.5)
        check_span(self.kind, "angle", self.angle, 0, 180, unit="degrees")
        check_span(self.kind, "irregularity", self.irregularity, 0, 0.9)
        check_span(self.kind, "acinus", self.acinus, 0.01, 10)

    @classmethod
    def thesis(cls) -> Ducts:
        """The thesis's own numbers, all branches of a generation alike."""
        return cls(length=200.0, radius=20.0, ratio=0.7, angle=75.0, irregularity=0.0)

    def grow(self, seed: int) -> Tree:
        """The ducts of this seed, with spheres for the acini."""
        tree = self._system.grow(seed)
        factor = drawn(self.acinus, generator_of(seed, _AFTER))
        tips = tree.tips()
        spheres = np.zeros(len(tree))
        spheres[tips] = factor * tree.lengths()[np.searchsorted(tree.segments(), tips)]
        return replace(tree, spheres_at=spheres)

    @cached_property
    def _system(self) -> LSystem:
        step = "s*R*uniform(1-j, 1+j)"
        return LSystem(
            axiom="A(s0, r0)",
            rules=(
                f"A(s, r) -> !(r)F(s)/(90)[+(a+normal(0, 60*j))A({step}, r*R)]"
                f"[-(a+normal(0, 60*j))A({step}, r*R)]",
            ),
            generations=self.generations,
            constants={
                "s0": self.length,
                "r0": self.radius,
                "R": self.ratio,
                "a": self.angle,
                "j": self.irregularity,
            },
            draws={"F": "duct"},
        )


@dataclass(frozen=True, kw_only=True)
class Airways(Grower):
    """The bronchial tree from the trachea down, by flow.

    Kitaoka, Takaki & Suki, "A three-dimensional model of the human airway tree", J. Appl. Physiol.
    87 (1999): each airway forks in two within a plane, turned by 90 degrees from the last fork's;
    flow divides as r : 1 - r and goes with diameter^n, n = 2.8, so that d1 = d0 r^(1/n); a length
    is 3 diameters; the angles are Murray's of least volume, cos t1 = (d0^4 + d1^4 - d2^4) /
    (2 d0^2 d1^2). There r follows from the volume that each airway serves; here it is drawn at each
    fork, so the tree fills no given lung, and airways may cross.

    Attributes:
        trachea: diameter at first, um.
        least: airways thinner than this aren't drawn, um.
        share: the lesser r; each fork's lies evenly between it and its opposite, 1 - share.
        exponent: n.
        slender: length by diameter.
    """

    trachea: Span | float = (16_000.0, 20_000.0)
    least: float = 2_500.0
    share: Span | float = (0.2, 0.4)
    exponent: Span | float = 2.8
    slender: Span | float = (2.8, 3.2)

    kind: ClassVar[str] = "airways"
    legend: ClassVar = {"kind": {0: "background", 1: "airway"}}

    def __post_init__(self) -> None:
        self.check_size()
        check_span(self.kind, "trachea", self.trachea, 1, 1e6, unit="um")
        check_span(self.kind, "least", self.least, 1, 1e6, unit="um")
        if isinstance(self.least, tuple):
            check_span(self.kind, "least", None, 1, 1e6)
        check_span(self.kind, "share", self.share, 0.05, 0.5)
        check_span(self.kind, "exponent", self.exponent, 2, 4)
        check_span(self.kind, "slender", self.slender, 0.5, 20)

    def grow(self, seed: int) -> Tree:
        """The airways of this seed, hanging down from the origin."""
        return self._system.grow(seed)

    @cached_property
    def _system(self) -> LSystem:
        flow = "uniform(low, 1-low)"
        one = "acos((1 + r**(4/n) - (1-r)**(4/n)) / (2*r**(2/n)))"
        two = "acos((1 + (1-r)**(4/n) - r**(4/n)) / (2*(1-r)**(2/n)))"
        return LSystem(
            axiom=f"|A(d0, {flow})",
            rules=(
                f"A(d, r) : d >= least -> !(d/2)F(d*k)/(90)[+({one})A(d*r**(1/n), {flow})]"
                f"[-({two})A(d*(1-r)**(1/n), {flow})]",
            ),
            generations=200,
            constants={
                "d0": self.trachea,
                "least": self.least,
                "low": self.share,
                "n": self.exponent,
                "k": self.slender,
            },
            draws={"F": "airway"},
        )


@dataclass(frozen=True, kw_only=True)
class Plant(Grower):
    """A monopodial plant: one trunk, branches in a spiral, twigs in planes.

    Honda's model (J. Theor. Biol. 31, 1971) as an L-system: Prusinkiewicz & Lindenmayer, *The
    Algorithmic Beauty of Plants* (1990), figure 2.6, whose letters and constants are kept.

    Attributes:
        generations: of growth; there are 2^generations - 1 pieces.
        length, radius: of the lowest piece of the trunk, um.
        r1: a piece's length by that of the one below.
        r2: a branch's length by that of the piece that it leaves.
        a0, a2: angles of branches to the trunk and of twigs to branches, degrees.
        d: turn from one branch to the next, degrees; 137.5 is the golden angle.
        wr: a piece's radius by that of the one below.
    """

    generations: int = 10
    length: Span | float = (18_000.0, 22_000.0)
    radius: Span | float = (1300.0, 1600.0)
    r1: Span | float = (0.86, 0.92)
    r2: Span | float = (0.6, 0.8)
    a0: Span | float = (35.0, 50.0)
    a2: Span | float = (35.0, 50.0)
    d: Span | float = 137.5
    wr: Span | float = 0.707

    kind: ClassVar[str] = "plant"
    legend: ClassVar = {"kind": {0: "background", 1: "trunk", 2: "branch"}}

    def __post_init__(self) -> None:
        self.check_size()
        check_whole(self.kind, "generations", self.generations, 1, 16)
        check_span(self.kind, "length", self.length, 1e-3, 1e8, unit="um")
        check_span(self.kind, "radius", self.radius, 1e-3, 1e8, unit="um")
        for name in ("r1", "r2", "wr"):
            check_span(self.kind, name, getattr(self, name), 0.1, 1.5)
        for name in ("a0", "a2", "d"):
            check_span(self.kind, name, getattr(self, name), -360, 360, unit="degrees")

    def grow(self, seed: int) -> Tree:
        """The plant of this seed, upwards from the origin."""
        return self._system.grow(seed)

    @cached_property
    def _system(self) -> LSystem:
        return LSystem(
            axiom="A(l0, w0)",
            rules=(
                "A(l, w) -> !(w)F(l)[&(a0)B(l*r2, w*wr)]/(d)A(l*r1, w*wr)",
                "B(l, w) -> !(w)G(l)[-(a2)$C(l*r2, w*wr)]C(l*r1, w*wr)",
                "C(l, w) -> !(w)G(l)[+(a2)$B(l*r2, w*wr)]B(l*r1, w*wr)",
            ),
            generations=self.generations,
            constants={
                "l0": self.length,
                "w0": self.radius,
                "r1": self.r1,
                "r2": self.r2,
                "a0": self.a0,
                "a2": self.a2,
                "d": self.d,
                "wr": self.wr,
            },
            draws={"F": "trunk", "G": "branch"},
        )
