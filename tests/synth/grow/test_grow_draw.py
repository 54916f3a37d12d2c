"""Pictures of trees show what stands there, at its scale."""

from __future__ import annotations

import json

import numpy as np
import pytest

from tenfold.synth.grow import GROWERS, Ducts, Tree, draw_tree, tree_of_graphml, tree_of_swc
from tenfold.synth.grow.draw import drawn_tree


def test_a_ball_is_a_disc() -> None:
    ball = Tree.of([[3, 4, 5]], [-1], [1.0], spheres_at=[7.0])
    drawn = drawn_tree(ball, 300)
    assert (drawn.kinds == 2).sum() * drawn.um_per_pixel**2 == pytest.approx(np.pi * 49, rel=0.005)
    assert set(np.unique(drawn.segments)) == {0, 1}
    y, x = np.nonzero(drawn.kinds)
    assert x.mean() == pytest.approx(149.5, abs=0.6)
    assert y.mean() == pytest.approx(149.5, abs=0.6)


@pytest.mark.parametrize(("r0", "r1"), [(2.0, 2.0), (4.0, 1.0)])
def test_a_tapered_tube_across_the_view_has_its_area(r0: float, r1: float) -> None:
    """Two discs' parts and the trapezium between their common tangents."""
    length = 30.0
    tube = Tree.of([[0, 0, 0], [0, 9, 0], [0, 9 + length, 0]], [-1, 0, 1], [r0, r0, r1])
    drawn = drawn_tree(tube, 600)
    tilt = np.arcsin((r0 - r1) / length)
    wanted = (
        np.sqrt(length**2 - (r0 - r1) ** 2) * (r0 + r1)
        + r0**2 * (np.pi / 2 + tilt)
        + r1**2 * (np.pi / 2 - tilt)
        + 2 * r0 * 9
    )
    found = (drawn.segments > 0).sum() * drawn.um_per_pixel**2
    assert found == pytest.approx(wanted, rel=0.01)
    assert set(np.unique(drawn.segments)) == {0, 2, 3}


def test_what_is_seen_is_what_rays_meet() -> None:
    """Against marching along each ray through the balls that make up the tubes."""
    random = np.random.default_rng(4)
    tree = Tree.of(
        random.normal(0, 10, (7, 3)),
        [-1, 0, 1, 1, 2, 2, 3],
        random.uniform(1, 2.5, 7),
        spheres_at=[0, 0, 0, 0, 3.0, 0, 0],
    )
    turn, rise = 20.0, 50.0
    drawn = drawn_tree(tree, 64, turn=turn, rise=rise)
    a, e = np.radians([turn, rise])
    back = np.array([np.cos(e) * np.cos(a), np.cos(e) * np.sin(a), np.sin(e)])
    right = np.array([-np.sin(a), np.cos(a), 0])
    up = np.cross(back, right)
    starts, ends, first, last = tree.capsules()
    share = np.linspace(0, 1, 400)
    balls = [
        (start + t * (end - start), r0 + t * (r1 - r0), owner + 1)
        for start, end, r0, r1, owner in zip(
            starts, ends, first, last, tree.segments(), strict=True
        )
        for t in share
    ]
    balls.append((tree.nodes[4], 3.0, 5))
    centres = np.array([b[0] for b in balls])
    radii = np.array([b[1] for b in balls])
    owners = np.array([b[2] for b in balls])
    seen = centres @ np.stack([right, up, back], axis=1)
    low = (seen - radii[:, None]).min(axis=0)
    high = (seen + radii[:, None]).max(axis=0)
    middle = (low + high) / 2
    pixels = (np.arange(64) + 0.5 + 0.25 - 32) * drawn.um_per_pixel  # the fine pixel that is told
    agree = 0
    for row in range(64):
        for column in range(64):
            x, y = middle[0] + pixels[column], middle[1] - pixels[row]
            q = radii**2 - (seen[:, 0] - x) ** 2 - (seen[:, 1] - y) ** 2
            depth = np.where(q > 0, seen[:, 2] + np.sqrt(np.maximum(q, 0)), -np.inf)
            wanted = owners[depth.argmax()] if np.isfinite(depth.max()) else 0
            agree += int(drawn.segments[row, column] == wanted)
    assert agree / 64**2 > 0.995


def test_a_flat_tree_is_seen_from_above_with_y_up() -> None:
    tree = Tree.of([[0, 0, 0], [0, 40, 0], [30, 40, 0]], [-1, 0, 1], [1.0, 1, 1])
    drawn = drawn_tree(tree, 100)
    rows, columns = np.nonzero(drawn.segments == 3)
    assert rows.max() < 30
    assert columns.max() > 75


@pytest.mark.parametrize("kind", sorted(GROWERS))
def test_each_makes_a_picture_with_masks_and_files(kind: str) -> None:
    grower = GROWERS[kind](size=96)
    made = grower.make(2)
    tree = grower.grow(2)
    assert made.image.shape == (96, 96, 3)
    assert made.image.dtype == np.uint8
    assert made.masks["kind"].shape == made.masks["segment"].shape == (96, 96)
    assert np.array_equal(made.masks["kind"] > 0, made.masks["segment"] > 0)
    assert 0.01 < (made.masks["kind"] > 0).mean() < 0.8
    json.dumps(made.told, allow_nan=False)
    for suffix, read in ((".swc", tree_of_swc), (".graphml", tree_of_graphml)):
        assert read(made.files[suffix].decode()).to_json() == tree.to_json()
    assert Tree.of_json(json.loads(made.files[".json"])).to_json() == tree.to_json()
    again = grower.make(2)
    assert np.array_equal(again.image, made.image)
    assert again.files == made.files
    told = grower.legend.get("kind", {})
    assert set(np.unique(made.masks["kind"])) <= set(told) or not told


def test_the_picture_fills_its_frame_whatever_the_unit() -> None:
    small = Ducts.thesis().grow(0)
    large = Tree.of(
        small.nodes * 1e4, small.parents, small.radii * 1e4, spheres_at=small.spheres_at * 1e4
    )
    a, b = draw_tree(small, 128), draw_tree(large, 128)
    assert np.abs(a.astype(int) - b).mean() < 0.5
    background = a[0, 0]
    rows = np.flatnonzero((a != background).any(axis=(1, 2)))
    columns = np.flatnonzero((a != background).any(axis=(0, 2)))
    assert max(rows[-1] - rows[0], columns[-1] - columns[0]) > 0.86 * 128
