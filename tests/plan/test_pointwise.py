"""The door for pixel steps: fusing, describing, filling."""

from __future__ import annotations

import numpy as np
import pytest

from tenfold.ops.colour_science import saturation_matrix
from tenfold.ops.occlusion import CoarseDropout, Erase, GridDropout
from tenfold.ops.steps import ChannelMatrix, Convolution, Curve, Fill, Filter, Noise, PixelStep
from tenfold.params import Range
from tenfold.plan.kernels.fill import border_colour
from tenfold.plan.kernels.pointwise import apply_pixels, describe_passes
from tenfold.rng import Key, draws
from tenfold.samples.sample import Array, Schema


def test_passes_are_fused_and_described() -> None:
    grey = ChannelMatrix(saturation_matrix(0.5))
    steps: list[PixelStep] = [
        Curve("shift", (0.1,)), Curve("power", (1.2,)), grey, grey, Curve("invert"),
        Convolution(np.full((2, 5), 0.2, np.float32), separable=True),
        Convolution(np.full((3, 5), 1 / 15, np.float32)), Filter("jpeg", (80.0, 1.0)),
        Noise("gaussian", (0.0123, 0.0), 1), Fill(np.zeros((2, 4), np.int64), "mean"),
    ]  # fmt: skip
    assert describe_passes(steps) == [
        "in one pass: one table of 2 curves: shift, power; one 3x4 matrix over the channels; "
        "one table of 1 curve: invert",
        "convolution, 5x5 separable",
        "convolution, 5x3",
        "filter: jpeg(80, 1)",
        "noise: gaussian(0.0123, 0)",
        "fill of 2 rectangles: mean",
    ]
    assert describe_passes([]) == []


def test_nothing_to_do_gives_the_input_itself() -> None:
    image = np.zeros((3, 4, 2), np.uint8)
    assert apply_pixels(image, [], False, (0, 255)) is image
    assert apply_pixels(image, [Filter("downscale", (1.0,))], True, (0, 255)) is image
    opacity = np.zeros((3, 4, 1), np.uint8)
    assert apply_pixels(opacity, [Curve("invert")], True, (0, 255)) is opacity


def test_one_rounding_for_a_run_of_curves() -> None:
    """Dark values survive a round trip within a run, which rounding in between would merge."""
    image = np.arange(256, dtype=np.uint8).reshape(16, 16, 1)
    there = Curve("contrast_mid", (0.1,))
    back = Curve("contrast_mid", (10.0,))
    assert np.array_equal(apply_pixels(image, [there, back], False, (0, 255)), image)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
@pytest.mark.parametrize("fill", ["constant", "mean", "background", "noise"])
def test_fill(dtype: str, fill: str) -> None:
    top = {"uint8": 255.0, "uint16": 65535.0, "float32": 4.0}[dtype]
    image = (np.random.default_rng(0).random((40, 50, 6)) * top).astype(dtype)
    box = np.array([[5, 7, 35, 30], [0, 39, 2, 40]])
    out = apply_pixels(image, [Fill(box, fill, 0.5, seed=3)], False, (0, top))
    covered = np.zeros((40, 50), bool)
    covered[7:30, 5:35] = covered[39:40, 0:2] = True
    assert np.array_equal(out[~covered], image[~covered])
    inside = out[covered].astype(float)
    if fill == "constant":
        assert np.abs(inside - top / 2).max() <= 0.5
    elif fill == "mean":
        assert np.abs(inside - image.mean(axis=(0, 1), dtype=float)).max() <= 0.5
    elif fill == "background":
        assert (inside == border_colour(image)).all()
    else:
        assert inside.mean() == pytest.approx(top / 2, rel=0.05)
        assert inside.std() == pytest.approx(top / np.sqrt(12), rel=0.05)
        assert np.abs(np.corrcoef(inside.T) - np.eye(6)).max() < 0.2


@pytest.mark.parametrize("shape", [(1, 1, 3), (3, 1, 9), (2, 2, 2), (3, 3, 1), (9, 8, 4)])
def test_border_colour_is_the_median_of_the_rim(shape: tuple[int, ...]) -> None:
    image = np.random.default_rng(1).integers(0, 255, shape, dtype=np.uint8)
    rim = np.ones(shape[:2], bool)
    rim[1:-1, 1:-1] = False
    for channel, colour in enumerate(border_colour(image)):
        values = np.sort(image[rim][:, channel])
        assert colour == values[(len(values) - 1) // 2]
    assert border_colour(image).dtype == image.dtype


def covered(op: Erase | CoarseDropout | GridDropout, height: int, width: int, n: int) -> Array:
    """(n, height, width) bool: what n draws of an occlusion cover."""
    out = np.zeros((n, height, width), bool)
    rows = op.draw(draws([Key(0, "s", i) for i in range(n)], [op.name])[0])
    for i, one in enumerate(rows):
        assert one is not None
        for step in op.steps(one, Schema(height, width, 3)):
            assert isinstance(step, Fill)
            x0, y0, x1, y1 = step.rectangles.T
            assert (x0 >= 0).all()
            assert (x0 < x1).all()
            assert (x1 <= width).all()
            assert (y0 >= 0).all()
            assert (y0 < y1).all()
            assert (y1 <= height).all()
            for a, b, c, d in step.rectangles.tolist():
                out[i, b:d, a:c] = True
    return out


def test_erase_covers_the_area_asked_for() -> None:
    op = Erase(probability=1.0, area=Range(0.1, 0.1), aspect=Range(0.5, 2, "loguniform"))
    masks = covered(op, 60, 80, 300)
    assert masks.mean(axis=(1, 2)) == pytest.approx(np.full(300, 0.1), abs=0.01)
    corner = masks[:, :6, :6].any(axis=(1, 2)).mean()
    assert corner > 0.01  # the whole image can be hit


def test_dropouts_cover_what_they_say() -> None:
    holes = covered(
        CoarseDropout(probability=1.0, holes=Range(1, 1), size=Range(0.1, 0.1)), 50, 90, 50
    )
    assert (holes.sum(axis=(1, 2)) == 25).all()
    grid = covered(
        GridDropout(probability=1.0, ratio=Range(0.5, 0.5), spacing=Range(0.2, 0.2)), 50, 100, 60
    )
    assert grid.mean() == pytest.approx(0.25, abs=0.01)
    assert grid.any(axis=0).all()  # every pixel is covered in some draw
