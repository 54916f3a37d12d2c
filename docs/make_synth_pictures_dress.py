"""The pictures of docs/synth-dress.md: `python docs/make_synth_pictures_dress.py SHARED_DATA`.

SHARED_DATA is the folder that holds `em-membrane/image` and `blood-cells-voc/JPEGImages`.
"""

from __future__ import annotations

import sys
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from tenfold.samples.sample import Array
from tenfold.synth.dress import Stain, Staining, Style, in_style, read_images
from tenfold.synth.synthesiser import Simulated, generator_of
from tenfold.synth.tissue.packed_cells import PackedCells
from tenfold.synth.tissue.pancreas import PancreasSection

PICTURES = Path(__file__).parent / "pictures"
_CROP = 200


def drawn_plainly(cells: Simulated) -> Simulated:
    """The labels of packed cells as a drawing: dark membranes on flat grey."""
    wall = cells.masks["boundary"].astype(np.float32)
    image = 180 - 110 * cv2.GaussianBlur(wall, (0, 0), 1.5)
    return Simulated(np.rint(image).astype(np.uint8)[:, :, None], cells.masks)


def blood(seed: int, height: int = 480, width: int = 640) -> Simulated:
    """Red blood cells, and a white one, drawn with three colours."""
    random = generator_of(seed)
    image = np.full((height, width, 3), 215, np.float32)
    labels = np.zeros((height, width), np.int32)
    y, x = np.mgrid[:height, :width].astype(np.float32)
    places: list[Array] = [np.array([240.0, 320.0])]
    while len(places) < 24:
        place = random.random(2) * [height, width]
        if min(np.hypot(*(place - other)) for other in places) > 80:
            places.append(place)
    for number, (row, column) in enumerate(places, start=1):
        size = random.uniform(42, 50) if number > 1 else 62
        apart = np.hypot(y - row, (x - column) * random.uniform(1, 1.2)) / size
        inside = apart < 1
        labels[inside] = number
        image[inside] = (150, 110, 160) if number == 1 else (190, 160, 170)
        if number > 1:
            image[inside] *= (1 + 0.12 * np.exp(-((apart / 0.45) ** 2)))[inside][:, None]
        else:
            nucleus = np.hypot(y - row + 6, x - column) < size * 0.6
            image[nucleus], labels[nucleus] = (90, 50, 130), 1000
    soft = cv2.GaussianBlur(image, (0, 0), 1.0)
    return Simulated(np.clip(np.rint(soft), 0, 255).astype(np.uint8), {"instance": labels})


def middle(image: Array) -> Array:
    """The middle of an image."""
    top, left = ((side - _CROP) // 2 for side in image.shape[:2])
    return image[top : top + _CROP, left : left + _CROP]


def save(rows: list[list[Array]], name: str, colours: int = 32) -> None:
    """Pictures side by side, with few colours so that the file stays small."""
    gap = 6
    whole = [
        np.pad(np.broadcast_to(p, (*p.shape[:2], 3)), ((0, gap), (0, gap), (0, 0)),
               constant_values=255)
        for row in rows for p in row
    ]  # fmt: skip
    across = len(rows[0])
    lines = [np.hstack(whole[k : k + across]) for k in range(0, len(whole), across)]
    picture = Image.fromarray(np.vstack(lines)[:-gap, :-gap])
    picture.quantize(colours, dither=Image.Dither.NONE).save(PICTURES / name, optimize=True)


def main(shared: Path) -> None:
    """Every picture."""
    slices = read_images(shared / "em-membrane" / "image", most=4)
    style = Style.of(slices)
    rows = []
    for seed, make in ((3, drawn_plainly), (5, lambda cells: cells)):
        cells = make(PackedCells().make(seed))
        found = in_style(cells, style, seed)
        print(found.told["dressed"], style.distance(cells.image), style.distance(found.image))
        rows.append([middle(i) for i in (cells.image, slices[seed // 4], found.image)])
    save(rows, "synth-dress-cells.png")

    smears = read_images(shared / "blood-cells-voc" / "JPEGImages", most=6)
    style = Style.of(smears)
    cells = blood(1)
    found = in_style(cells, style, 1)
    print(found.told["dressed"], style.distance(cells.image), style.distance(found.image))
    shown = [
        cv2.resize(i, None, fx=0.4, fy=0.4, interpolation=cv2.INTER_AREA)
        for i in (cells.image, smears[0], found.image)
    ]
    save([shown], "synth-dress-blood.png", colours=96)

    slide = middle(PancreasSection().make(1).image)
    painted = [Stain().restained(slide, Staining().draw(seed)) for seed in range(4)]
    save([painted], "synth-dress-stain.png", colours=48)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
