"""Make the pictures of docs/synth-tomography.md.

python docs/make_synth_pictures_tomography.py
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from tenfold.synth.tomography import (
    Detector,
    Geometry,
    TomographySlice,
    drawn_ellipses,
    evenly,
    exact_projections,
    fbp,
    sart,
    shepp_logan,
)

PICTURES = Path(__file__).parent / "pictures"
SIDE, CAPTION, GAP = 300, 24, 6
COLOURS = np.array(
    [[0, 0, 0], [232, 196, 120], [176, 84, 84], [240, 236, 224], [150, 72, 40], [112, 60, 120],
     [190, 110, 60], [120, 160, 110], [60, 70, 80], [214, 48, 49], [70, 190, 220]], np.uint8
)  # fmt: skip


def grey(values: Any, low: float, high: float) -> Any:
    """Bytes between black and white."""
    return np.clip((np.asarray(values) - low) / (high - low) * 255, 0, 255).astype(np.uint8)


def sheet(panels: list[tuple[str, Any]], columns: int, path: Path, colours: int) -> None:
    """Panels with what they are, in rows."""
    rows = -(-len(panels) // columns)
    size = (columns * (SIDE + GAP) - GAP, rows * (SIDE + CAPTION + GAP) - GAP)
    page = Image.new("RGB", size, "white")
    draw, font = ImageDraw.Draw(page), ImageFont.load_default(size=15)
    for number, (caption, pixels) in enumerate(panels):
        x, y = number % columns * (SIDE + GAP), number // columns * (SIDE + CAPTION + GAP)
        page.paste(Image.fromarray(pixels).resize((SIDE, SIDE), Image.Resampling.BILINEAR), (x, y))
        draw.text((x + 2, y + SIDE + 3), caption, fill="black", font=font)
    page.quantize(colours, dither=Image.Dither.NONE).save(path, optimize=True)


def phantom() -> None:
    """The Shepp-Logan phantom and what scans make of it."""
    size = 256
    head = shepp_logan(size, scale=0.2)  # attenuation of 0.04 / cm in the brain
    shape, geometry = (size, size), Geometry(evenly(360), size)
    exact = exact_projections(head, geometry)
    low = Detector(photons=3000, electronic=5).read(np.exp(-exact).astype(np.float32), seed=1)
    part = Geometry(evenly(240, 120, 30), size)
    few = geometry.of_views(slice(None, None, 12))
    window = (0.0, 0.09)
    sheet(
        [
            ("phantom", grey(drawn_ellipses(head, shape), *window)),
            ("sinogram, 360 views", grey(exact, 0, exact.max())),
            ("filtered back-projection", grey(fbp(exact, geometry, shape), *window)),
            ("low dose, 3000 photons, Hann",
             grey(fbp(low, geometry, shape, filter="hann"), *window)),
            ("limited angle, 120 of 180 degrees",
             grey(fbp(exact_projections(head, part), part, shape), *window)),
            ("SART, 30 views, 10 iterations",
             grey(sart(exact[::12], few, shape, iterations=10), *window)),
        ],
        3, PICTURES / "synth-tomography.png", 64,
    )  # fmt: skip


def bodies() -> None:
    """Slices of bodies with their labels, and declared artefacts of one of them."""

    def slice_of(seed: int, **settings: Any) -> tuple[Any, Any]:
        made = TomographySlice(size=300, values="window", field_mm=380, **settings).make(seed)
        return made.image[..., 0], COLOURS[made.masks["semantic"]]

    spans = {"width_mm": (310.0, 350.0)}
    plain, labels = slice_of(0, **spans)
    other, others = slice_of(2, **spans)
    sheet(
        [
            ("a body, 50,000 to 300,000 photons", plain), ("its labels", labels),
            ("another body", other), ("its labels", others),
            ("the first, 10,000 photons", slice_of(0, photons=10_000.0, **spans)[0]),
            ("rings of 1 %", slice_of(0, rings=0.01, **spans)[0]),
            ("beam hardening, 80 kVp", slice_of(0, kvp=80.0, photons=0.0, **spans)[0]),
            ("160 of 180 degrees", slice_of(0, beam="parallel", span=160.0, **spans)[0]),
        ],
        4, PICTURES / "synth-ct.png", 200,
    )  # fmt: skip


if __name__ == "__main__":
    phantom()
    bodies()
