"""Bodies made of shapes: axial slices through an upper abdomen, every one another person's."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from tenfold.synth.tomography.shapes import Grid, Shape
from tenfold.synth.tomography.tissues import TISSUES, Tissue

CLASSES = (
    "fat", "muscle", "bone", "liver", "spleen", "kidney", "stomach", "gas", "vessel", "lesion",
)  # fmt: skip
"""Of tissues, by the values 1 and on of the semantic mask; 0 is the air around."""

_FILLING = ("fat", "muscle")
"""Classes that fill what is between objects, and aren't such."""


@dataclass(frozen=True)
class Thing:
    """One object of a body: its parts are one.

    Attributes:
        name: its class.
        tissue: what it is made of.
        shapes: what it covers, one or the other.
        within: numbers of the things that it may lie in; none where it may lie anywhere.
        part_of: number of the thing that it is a part of; 0 for one of its own.
    """

    name: str
    tissue: Tissue
    shapes: tuple[Shape, ...]
    within: tuple[int, ...] = ()
    part_of: int = 0


def drawn_body(things: Sequence[Thing], grid: Grid) -> NDArray[np.uint16]:
    """Which thing is at each pixel's centre: its number from 1, or 0; later ones lie on top."""
    picture = np.zeros((grid.size, grid.size), np.uint16)
    for number, thing in enumerate(things, start=1):
        for shape in thing.shapes:
            rows, columns = grid.around(shape)
            here = picture[rows, columns]
            there = shape.inside(*grid.points(rows, columns))
            if thing.within:
                there &= np.isin(here, (*thing.within, number))
            here[there] = number
    return picture


def abdomen(
    random: np.random.Generator, width_mm: float, lesions: int, contrast: float
) -> list[Thing]:
    """An upper abdomen, looked at from the feet: the liver is at the left, the spine at the bottom.

    Sizes follow an adult's: half axes of the body about `width_mm` / 2 and 0.68 of it, organs in
    proportion to the cavity, vertebra, aorta and ribs in mm; each differs by some tenths from one
    body to the next.

    Args:
        random: what is drawn from.
        width_mm: of the body, from side to side.
        lesions: how many to draw, in liver and kidneys; those that other organs cover are gone.
        contrast: of iodine in the blood, in mg/ml; organs take some of it up.
    """

    def about(value: float, share: float = 0.1) -> float:
        return value * float(random.uniform(1 - share, 1 + share))

    def turned(degrees: float) -> float:
        return degrees + float(random.uniform(-8, 8))

    a = width_mm / 2
    b = about(0.68 * a, 0.08)
    fat, wall = about(0.1 * a, 0.5), about(0.085 * a, 0.2)
    square = float(random.uniform(0.3, 0.6))
    ca, cb = a - fat - wall, b - fat - wall  # the cavity's
    things = [
        Thing("fat", TISSUES["fat"], (Shape((0, 0), (a, b), 0, square),)),
        Thing("muscle", _soft(1.05), (Shape((0, 0), (a - fat, b - fat), 0, square),)),
        Thing("fat", TISSUES["fat"], (Shape((0, 0), (ca, cb), 0, square),)),
    ]
    cavity = (3,)
    vertebra, aorta = about(20.0), about(11.5, 0.15)
    # The spinous process ends below the skin.
    spine = max(-cb + about(0.16 * cb), -b + about(8.0, 0.3) + 2.9 * vertebra)
    front = spine + vertebra
    beside = Shape((about(0.34 * ca), spine - 0.1 * cb), (0.2 * ca, about(0.26 * cb)), turned(20))
    other = Shape((-beside.centre[0], beside.centre[1]), beside.semi, -beside.turned)
    things.append(Thing("muscle", _soft(1.05), (beside, other)))
    enhanced = TISSUES["contrast"].parts["soft"]

    def organ(name: str, uptake: float, *shapes: Shape) -> None:
        tissue = _soft(about(enhanced, 0.01), about(contrast * uptake, 0.15))
        things.append(Thing(name, tissue, shapes, cavity))

    # What lies at the back comes first: organs take the room that is left.
    organ("vessel", 1.0, Shape((about(0.06 * ca, 0.5), front + aorta + 3), (aorta, aorta)))
    cava = Shape((about(-0.2 * ca), front + 6), (about(12.0), about(8.5, 0.2)), turned(0))
    organ("vessel", 0.8, cava)
    for side in (-1, 1):
        kidney = Shape(
            (about(side * 0.5 * ca), about(-0.42 * cb)),
            (about(0.14 * ca), about(0.23 * cb)),
            turned(-20 * side),
        )
        organ("kidney", 0.9, kidney)
    organ(
        "liver", 0.35,
        Shape((about(-0.46 * ca), about(0.16 * cb)), (about(0.5 * ca), about(0.64 * cb)),
              turned(12), 0.4),
        Shape((about(-0.08 * ca), about(0.46 * cb)), (about(0.36 * ca), about(0.26 * cb)),
              turned(-8), 0.2),
    )  # fmt: skip
    organ(
        "spleen", 0.45,
        Shape((about(0.72 * ca, 0.05), about(-0.16 * cb)), (about(0.17 * ca, 0.2),
              about(0.36 * cb, 0.15)), turned(-18)),
    )  # fmt: skip
    stomach = Shape(
        (about(0.44 * ca), about(0.42 * cb)), (about(0.32 * ca), about(0.3 * cb)), turned(-15)
    )
    organ("stomach", 0.05, stomach)
    # Gas is at the front of who lies on the back.
    bubble = (about(0.6 * stomach.semi[0]), about(0.4 * stomach.semi[1]))
    things.append(
        Thing("gas", TISSUES["air"],
              (Shape((stomach.centre[0], stomach.centre[1] + 0.45 * stomach.semi[1]), bubble,
                     turned(0)),), (len(things),))
    )  # fmt: skip
    _spine(things, random, spine, vertebra)
    _ribs(things, random, a - fat - wall / 2, b - fat - wall / 2, 0.3 * wall)
    _lesions(things, random, lesions)
    turn = float(random.uniform(-5, 5))
    x, y = random.uniform(-6, 6, 2).tolist()
    return [replace(t, shapes=tuple(s.moved(x, y, turn) for s in t.shapes)) for t in things]


def _spine(things: list[Thing], random: np.random.Generator, y: float, radius: float) -> None:
    """A vertebra: its body with a spongy core, arch and processes, the canal within."""
    arch = y - 1.75 * radius
    flat = 0.85 * radius
    things.append(
        Thing("bone", TISSUES["bone"].denser(float(random.uniform(0.55, 0.75))),
              (Shape((0, y), (1.15 * radius, flat)),
               Shape((0, arch + 0.35 * radius), (0.95 * radius, 0.7 * radius)),
               Shape((0, arch - 0.35 * radius), (0.16 * radius, 0.8 * radius)),
               Shape((-1.3 * radius, arch + 0.5 * radius), (0.75 * radius, 0.16 * radius), -15),
               Shape((1.3 * radius, arch + 0.5 * radius), (0.75 * radius, 0.16 * radius), 15)))
    )  # fmt: skip
    bone = len(things)
    spongy = TISSUES["spongy bone"].denser(float(random.uniform(0.92, 1.0)))
    things.append(
        Thing("bone", spongy, (Shape((0, y), (1.05 * radius, 0.9 * flat)),), (bone,), bone)
    )
    things.append(
        Thing("muscle", _soft(1.03),
              (Shape((0, arch + 0.5 * radius), (0.5 * radius, 0.4 * radius)),), (bone, bone + 1))
    )  # fmt: skip


def _ribs(
    things: list[Thing], random: np.random.Generator, a: float, b: float, thick: float
) -> None:
    """Ribs in the wall, each cut at a slant."""
    for side in (-1, 1):
        for degrees in (-52.0, -22.0, 8.0, 36.0):
            angle = math.radians(degrees + float(random.uniform(-7, 7)))
            cos, sin = math.cos(angle) * side, math.sin(angle)
            along = math.degrees(math.atan2(b * math.cos(angle) * side, -a * sin))
            size = (float(random.uniform(8, 17)), thick * float(random.uniform(0.85, 1.15)))
            tissue = TISSUES["bone"].denser(float(random.uniform(0.45, 0.65)))
            # Squarish walls lie a little outside of an ellipse between its axes.
            out = 1 + 0.09 * abs(math.sin(2 * angle))
            things.append(
                Thing("bone", tissue, (Shape((a * cos * out, b * sin * out), size, along),))
            )


def _lesions(things: list[Thing], random: np.random.Generator, count: int) -> None:
    """Round lesions that take up less contrast than what is around, or (few) more."""
    hosts = [n for n, t in enumerate(things, start=1) if t.name in ("liver", "kidney")]
    for _ in range(count):
        # The liver is the larger.
        host = hosts[int(random.choice(len(hosts), p=_shares(things, hosts)))]
        organ = things[host - 1]
        shape = organ.shapes[0]
        radius = min(float(random.uniform(3, 16)), 0.5 * min(shape.semi))
        away, angle = (
            math.sqrt(float(random.uniform(0, 0.6))),
            float(random.uniform(0, 2 * math.pi)),
        )
        u, v = shape.semi[0] * away * math.cos(angle), shape.semi[1] * away * math.sin(angle)
        turn = math.radians(shape.turned)
        centre = (
            shape.centre[0] + u * math.cos(turn) - v * math.sin(turn),
            shape.centre[1] + u * math.sin(turn) + v * math.cos(turn),
        )
        iodine = organ.tissue.parts.get("iodine", 0.0) * 1000
        change = float(random.uniform(0.25, 0.7)) if random.random() < 0.85 else 1.5
        tissue = _soft(float(random.uniform(1.0, 1.04)) if change < 1 else 1.06, iodine * change)
        round_ = float(random.uniform(0.75, 1.0))
        turned = float(random.uniform(0, 180))
        things.append(
            Thing("lesion", tissue, (Shape(centre, (radius, radius * round_), turned),), (host,))
        )


def _shares(things: Sequence[Thing], hosts: Sequence[int]) -> NDArray[np.float64]:
    areas = [math.prod(things[host - 1].shapes[0].semi) for host in hosts]
    return np.array(areas) / math.fsum(areas)


def _soft(density: float, iodine_mg: float = 0.0) -> Tissue:
    parts = {"soft": density}
    if iodine_mg > 0:
        parts["iodine"] = iodine_mg / 1000
    return Tissue("organ", parts)


def filling(name: str) -> bool:
    """Whether a class fills gaps rather than being an object."""
    return name in _FILLING
