"""The synthesiser of CT slices: exact labels, the same bytes for a seed, values as told."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

from tenfold.errors import RequestError
from tenfold.native.library import lib
from tenfold.synth.tomography import TomographySlice
from tenfold.synth.tomography.body import CLASSES, abdomen, drawn_body
from tenfold.synth.tomography.shapes import Grid, Shape

SMALL = TomographySlice(size=96, views=200)


def test_shapes_cover_their_areas() -> None:
    """Ellipses and, at the other end, rectangles; turned and moved; only near where they are."""
    grid = Grid(400, 0.5)
    ellipse = Shape((13.0, -20.0), (40.0, 15.0), 30.0)
    rows, columns = grid.around(ellipse)
    inside = ellipse.inside(*grid.points(rows, columns))
    assert inside.sum() * 0.25 == pytest.approx(np.pi * 40 * 15, rel=2e-3)
    everywhere = ellipse.inside(*grid.points(slice(0, 400), slice(0, 400)))
    assert everywhere.sum() == inside.sum()
    y, x = np.nonzero(everywhere)
    assert ((x + 0.5) * 0.5 - 100).mean() == pytest.approx(13, abs=0.05)
    assert (100 - (y + 0.5) * 0.5).mean() == pytest.approx(-20, abs=0.05)
    box = Shape((0, 0), (40.0, 15.0), 0.0, 1.0)
    assert box.inside(*grid.points(slice(0, 400), slice(0, 400))).sum() == 160 * 60
    turned = Shape((30.0, 0.0), (10.0, 5.0)).moved(1.0, 2.0, 90.0)
    assert turned.centre == pytest.approx((1.0, 32.0))


def test_masks_are_the_drawn_body() -> None:
    made = SMALL.make(3)
    semantic, instance = made.masks["semantic"], made.masks["instance"]
    assert made.image.shape == (96, 96, 1)
    assert semantic.dtype == np.uint8
    assert set(np.unique(semantic)) <= set(SMALL.legend["semantic"])
    assert [int(i) for i in np.unique(instance)] == list(range(len(made.instances) + 1))
    for number, one in enumerate(made.instances, start=1):
        assert one.mask is not None
        assert one.box is not None
        assert np.array_equal(one.mask, instance == number)
        y, x = np.nonzero(one.mask)
        assert one.box.tolist() == [x.min(), y.min(), x.max() + 1, y.max() + 1]
        assert SMALL.legend["semantic"][int(np.bincount(semantic[one.mask]).argmax())] == one.label
    names = [one.label for one in made.instances]
    assert {"liver", "spleen", "kidney", "bone", "vessel", "stomach"} <= set(names)
    assert set(names) <= set(SMALL.classes)
    # Fat and muscle fill; they aren't objects.
    assert ((semantic > 2) >= (instance > 0)).mean() > 0.98


def test_values_are_those_of_the_tissues() -> None:
    """Inside of each class, without noise, the image is what the told slope makes of its HU."""
    quiet = TomographySlice(size=192, views=400, photons=0.0, electronic=0.0, lesions=2.0)
    made = quiet.make(1)
    hounsfields = (
        made.image[..., 0] * made.told["values"]["slope"] + made.told["values"]["intercept"]
    )
    semantic = made.masks["semantic"]
    spans = {
        "fat": (-125, -75), "muscle": (20, 80), "liver": (60, 140), "spleen": (60, 160),
        "kidney": (80, 250), "vessel": (90, 260), "air": (-1010, -980), "bone": (250, 1800),
    }  # fmt: skip
    for value, name in quiet.legend["semantic"].items():
        if name not in spans:
            continue
        inner = semantic == value
        for axis in (0, 1):
            for step in (-2, -1, 1, 2):
                inner &= np.roll(semantic, step, axis) == value
        low, high = spans[name]
        assert low < np.median(hounsfields[inner]) < high, name


def test_lesions_lie_in_their_organs_and_differ_from_them() -> None:
    things = abdomen(np.random.default_rng(2), 330.0, 40, 4.0)
    picture = drawn_body(things, Grid(256, 1.5))
    bare = drawn_body([t for t in things if t.name != "lesion"], Grid(256, 1.5))
    lesions = np.isin(picture, [n for n, t in enumerate(things, 1) if t.name == "lesion"])
    hosts = [n for n, t in enumerate(things, 1) if t.name in ("liver", "kidney")]
    assert lesions.any()
    assert np.isin(bare[lesions], hosts).all()
    # The spine and its process stay under the skin.
    bones = np.isin(bare, [n for n, t in enumerate(things, 1) if t.name == "bone"])
    y, x = np.nonzero(bones)
    assert (bare[np.minimum(y + 2, 255), x] > 0).all()


def test_a_seed_is_a_body() -> None:
    one, same, other = SMALL.make(11), SMALL.make(11), SMALL.make(12)
    assert np.array_equal(one.image, same.image)
    assert np.array_equal(one.masks["instance"], same.masks["instance"])
    assert json.dumps(one.told) == json.dumps(same.told)
    assert not np.array_equal(one.masks["semantic"], other.masks["semantic"])
    # The scan's settings leave the body alone.
    rings = TomographySlice(size=96, views=200, rings=0.02, photons=1000.0).make(11)
    assert np.array_equal(one.masks["instance"], rings.masks["instance"])
    assert rings.told["artefacts"] == ["low dose", "rings"]


@pytest.mark.skipif(lib.tenfold_level() < 3, reason="one level alone runs here")
def test_every_processor_makes_the_same_bytes() -> None:
    program = (
        "import hashlib; from tenfold.synth.tomography import TomographySlice as T\n"
        "for s in (dict(), dict(kvp=90.0, beam='parallel'), dict(method='sart', iterations=2)):\n"
        "    m = T(size=64, views=90, values='float32', **s).make(5)\n"
        "    print(hashlib.sha256(m.image.tobytes()).hexdigest())"
    )
    found = {
        subprocess.run(
            [sys.executable, "-c", program], env={**os.environ, "TENFOLD_LEVEL": f"v{level}"},
            capture_output=True, text=True, check=True,
        ).stdout
        for level in range(2, lib.tenfold_level() + 1)
    }  # fmt: skip
    assert len(found) == 1


def test_values_can_be_floats_or_a_window() -> None:
    sixteen = SMALL.make(4)
    settings = {**SMALL.settings(), "values": "float32"}
    exact = TomographySlice.of(settings).make(4).image
    assert exact.dtype == np.float32
    kept = np.clip(exact, -1024, 3071)
    assert np.abs(sixteen.image / 16 - 1024.0 - kept).max() <= 1 / 32 + 1e-3
    window = TomographySlice.of({**settings, "values": "window", "window": [-100, 155]}).make(4)
    assert window.image.dtype == np.uint8
    assert np.abs(window.image - np.clip(exact + 100, 0, 255)).max() <= 0.51
    assert window.told["window"] == [-100, 155]


def test_settings_come_back() -> None:
    assert TomographySlice.of(SMALL.settings()) == SMALL
    assert CLASSES[0] == "fat"


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"size": 4}, "size must be a whole number within 16..8192"),
        ({"views": 0}, "views must be"),
        ({"beam": "fann"}, "did you mean 'fan'"),
        ({"filter": "hamm"}, "did you mean 'hamming'"),
        ({"values": "uint8"}, "no values 'uint8'"),
        ({"width_mm": [300, 500]}, "width_mm must be within 20..380"),
        ({"photons": [5, 1]}, "low before high"),
        ({"source_mm": 150.0}, "move it out"),
        ({"window": [5, 5]}, "window"),
        ({"vews": 5}, "did you mean 'views'"),
    ],
)
def test_unusable_settings_are_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(RequestError, match=message):
        TomographySlice.of(settings)
