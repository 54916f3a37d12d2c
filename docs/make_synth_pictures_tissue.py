"""Make the pictures of docs/synth-tissue.md: `python docs/make_synth_pictures_tissue.py`."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from tenfold.samples.sample import Array
from tenfold.synth.dress.stain import Stain
from tenfold.synth.tissue.organ import Organ
from tenfold.synth.tissue.packed_cells import PackedCells
from tenfold.synth.tissue.painting import concentrations
from tenfold.synth.tissue.pancreas import PancreasSection
from tenfold.synth.tissue.plane import Plane
from tenfold.synth.tissue.section import cut

PICTURES = Path(__file__).parent / "pictures"
COLOURS = np.array(
    [[255, 255, 255], [236, 190, 205], [150, 95, 165], [110, 180, 120], [60, 110, 190],
     [195, 225, 245], [190, 60, 60], [250, 170, 160], [245, 225, 130]], np.uint8,
)  # fmt: skip
GAP = 8
UM = 1.25
SEED = 5


def section() -> Array:
    """A section, its tissue, and its cells with their nuclei, side by side."""
    made = PancreasSection(size=360, um_per_pixel=1.1).make(SEED)
    kinds = COLOURS[made.masks["semantic"]]
    cells = spread(made.masks["instance"])
    cells[made.masks["nucleus"] > 0] //= 3
    return beside([made.image, kinds, cells])


def volume() -> Array:
    """A block cut out of an organ: three planes at right angles, seen from a corner."""
    organ = PancreasSection(size=420).organ(SEED)
    side = 300
    half = side * UM / 2
    middle = (organ.low + organ.high) / 2
    faces = []
    for axis in range(3):
        at = middle.copy()
        at[axis] += half
        faces.append(face(organ, at, axis, side))
    out = np.full((2 * side + 8, int(np.sqrt(3) * side) + 8, 3), 255, np.uint8)

    def seen(x: float, y: float, z: float) -> tuple[float, float]:
        across = np.cos(np.pi / 6) * side
        return 4 + across * (1 + y - x), 4 + side * (1 + (x + y) / 2 - z)

    # Where each picture's corners lie, as its plane's own right and down have them.
    lay(out, faces[0], (seen(1, 0, 0), seen(1, 1, 0), seen(1, 1, 1), seen(1, 0, 1)))
    lay(out, faces[1], (seen(0, 1, 1), seen(1, 1, 1), seen(1, 1, 0), seen(0, 1, 0)))
    lay(out, faces[2], (seen(0, 0, 1), seen(1, 0, 1), seen(1, 1, 1), seen(0, 1, 1)))
    return out


def face(organ: Organ, at: Array, axis: int, side: int) -> Array:
    """The picture of a plane with its normal along an axis."""
    x, y, z = (float(v) for v in at)
    normal = [0.0, 0.0, 0.0]
    normal[axis] = 1.0
    plane = Plane((x, y, z), (normal[0], normal[1], normal[2]), 0.0, UM, side, side)
    return Stain().paint(concentrations(cut(organ, plane), SEED))


def lay(out: Array, picture: Array, corners: tuple[tuple[float, float], ...]) -> None:
    """Draw a picture with its four corners there."""
    height, width = picture.shape[:2]
    source = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    matrix = cv2.getPerspectiveTransform(source, np.array(corners, np.float32))
    size = (out.shape[1], out.shape[0])
    drawn = cv2.warpPerspective(picture, matrix, size, flags=cv2.INTER_AREA)
    inside = cv2.warpPerspective(np.full((height, width), 255, np.uint8), matrix, size)
    out[inside > 127] = drawn[inside > 127]


def packed() -> Array:
    """Packed cells, their membranes, and the cells."""
    made = PackedCells(size=360).make(2)
    grey = np.repeat(made.image, 3, axis=2)
    membranes = np.repeat(255 * (1 - made.masks["boundary"][:, :, None]), 3, axis=2)
    return beside([grey, membranes.astype(np.uint8), spread(made.masks["instance"])])


def spread(labels: Array) -> Array:
    """Each label in a colour of its own, 0 in white."""
    colours = np.random.default_rng(1).integers(90, 250, (int(labels.max()) + 1, 3), np.uint8)
    colours[0] = 255
    return colours[labels]


def beside(pictures: list[Array]) -> Array:
    """Pictures in a row."""
    gap = np.full((pictures[0].shape[0], GAP, 3), 255, np.uint8)
    row = [part for picture in pictures for part in (picture, gap)][:-1]
    return np.concatenate(row, axis=1)


def main() -> None:
    """Write them, in 96 colours so that they are small."""
    for name, picture in (("section", section()), ("volume", volume()), ("packed", packed())):
        image = Image.fromarray(picture).quantize(96, dither=Image.Dither.NONE)
        image.save(PICTURES / f"synth-{name}.png", optimize=True)


if __name__ == "__main__":
    main()
