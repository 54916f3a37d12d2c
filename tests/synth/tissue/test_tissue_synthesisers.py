"""Pancreas sections and packed cells as synthesisers: what is promised of their samples."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

from tenfold.errors import RequestError
from tenfold.native.library import lib as loaded
from tenfold.samples import outline
from tenfold.synth.grow.swc import tree_of_swc
from tenfold.synth.synthesiser import Simulated, Synthesiser
from tenfold.synth.tissue.measure import BANDS, bands, measure, mixture
from tenfold.synth.tissue.noise import blurred, octaves, rough, smooth
from tenfold.synth.tissue.packed_cells import PackedCells
from tenfold.synth.tissue.pancreas import PancreasSection

SMALL: tuple[Synthesiser, ...] = (
    PancreasSection(size=160, um_per_pixel=1.2),
    PackedCells(size=160),
)
LEVELS = [f"v{level}" for level in range(2, loaded.tenfold_level() + 1)] or ["any"]


@pytest.fixture(scope="module", params=SMALL, ids=lambda s: s.kind)
def made(request: pytest.FixtureRequest) -> tuple[Synthesiser, Simulated]:
    return request.param, request.param.make(4)


def test_instances_are_the_labels_exactly(made: tuple[Synthesiser, Simulated]) -> None:
    synthesiser, one = made
    labels = one.masks["instance"]
    numbers = np.unique(labels)
    assert numbers.tolist() == list(range(int(numbers.max()) + 1))
    assert len(one.instances) == labels.max() > 5
    areas = np.bincount(labels.ravel())[1:]
    for instance, area in zip(one.instances, areas, strict=True):
        assert instance.label in synthesiser.classes
        assert sum(outline.area(p) for p in instance.polygons) == area
    for name, legend in synthesiser.legend.items():
        assert set(np.unique(one.masks[name]).tolist()) <= set(legend)
    assert one.told["cells"] == len(one.instances)


def test_ignored_are_the_cells_that_the_edge_cuts(made: tuple[Synthesiser, Simulated]) -> None:
    _, one = made
    labels, ignore = one.masks["instance"], one.masks["ignore"] > 0
    cut = set(np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]]).tolist()) - {0}
    assert set(np.unique(labels[ignore & (labels > 0)]).tolist()) == cut


def test_settings_come_back_and_seeds_differ(made: tuple[Synthesiser, Simulated]) -> None:
    synthesiser, one = made
    again = type(synthesiser).of(synthesiser.settings()).make(4)
    np.testing.assert_array_equal(again.image, one.image)
    assert (synthesiser.make(5).image != one.image).mean() > 0.5


DIGEST = """
import hashlib, sys
from tenfold.synth.tissue.packed_cells import PackedCells
from tenfold.synth.tissue.pancreas import PancreasSection
whole = hashlib.sha256()
for synthesiser in (PancreasSection(size=128), PackedCells(size=128)):
    made = synthesiser.make(9)
    for array in (made.image, *made.masks.values()):
        whole.update(array.tobytes())
print(whole.hexdigest())
"""


def test_the_same_bytes_on_every_level() -> None:
    digests = {
        subprocess.run([sys.executable, "-c", DIGEST], capture_output=True, text=True, check=True,
                       env={**os.environ, "TENFOLD_LEVEL": level}).stdout
        for level in LEVELS
    }  # fmt: skip
    assert len(digests) == 1


def test_a_pancreas_tells_its_plane_and_its_ducts() -> None:
    one = SMALL[0].make(4)
    tree = tree_of_swc(one.files[".swc"].decode())
    assert len(tree) > 100
    assert one.told["seed"] == 4
    axes = np.array([one.told["plane"][k] for k in ("right", "down", "normal")])
    np.testing.assert_allclose(axes @ axes.T, np.eye(3), atol=1e-12)
    assert sum(one.told["fractions"].values()) == pytest.approx(1)
    np.testing.assert_array_equal(one.masks["instance"][one.masks["nucleus"] > 0] > 0, True)


def test_a_pancreas_cut_outside() -> None:
    far: dict[str, Any] = {"size": 64, "origin": (0.0, 0.0, 1e5), "duct_generations": 3}
    with pytest.raises(RequestError, match="shows nothing of the organ"):
        PancreasSection(**far).make(0)
    empty = PancreasSection(**far, outside="empty").make(0)
    assert empty.told["empty"]
    assert not empty.instances
    assert (empty.image > 240).all()


@pytest.mark.parametrize("synthesiser", [PancreasSection, PackedCells])
@pytest.mark.parametrize("bad", [{"size": 7}, {"size": "big"}, {"nonsense": 1}])
def test_bad_settings_are_refused(synthesiser: type[Synthesiser], bad: dict[str, Any]) -> None:
    with pytest.raises(RequestError):
        synthesiser.of(bad)


@pytest.mark.parametrize(
    "bad", [{"slices": 0}, {"acinus": (0.9, 0.2)}, {"normal": [1, 2]}, {"um_per_pixel": -1}]
)
def test_a_pancreas_that_cannot_be(bad: dict[str, Any]) -> None:
    with pytest.raises(RequestError):
        PancreasSection.of(bad)


@pytest.mark.parametrize("bad", [{"diameters": [5.0]}, {"tones": [200.0, 100.0]}, {"grain": [1.0]}])
def test_packed_cells_that_cannot_be(bad: dict[str, Any]) -> None:
    with pytest.raises(RequestError):
        PackedCells.of(bad)


def test_what_is_measured_of_packed_cells_is_what_was_set() -> None:
    base = PackedCells(size=320)
    for settings in (
        base,
        PackedCells(size=320, membrane=9.0, diameters=(20.0, 30.0, 40.0), unevenness=6.0),
    ):
        made = [settings.make(seed) for seed in range(2)]
        found = measure([m.image for m in made], [m.masks["semantic"] for m in made])
        low, high = settings.membrane if isinstance(settings.membrane, tuple) else (9.0, 9.0)
        assert 0.7 * low < found["membrane"] < 1.35 * high
        assert found["diameters"][len(found["diameters"]) // 2] == pytest.approx(
            settings.diameters[len(settings.diameters) // 2], rel=0.35
        )
        np.testing.assert_allclose(found["tones"][1:-1], settings.tones[1:-1], atol=2.0)
        PackedCells.of({**found, "size": 64}).make(0)
        # Membranes are dark: the picture itself says where they are.
        assert found["profile"][-1] > 3 * max(found["profile"][0], 5)


def test_measuring_needs_pictures_with_cells_and_membranes() -> None:
    grey, mask = np.full((64, 64), 90, np.uint8), np.ones((64, 64), np.uint8)
    for images, masks, told in (
        ([], [], "as many masks"), ([grey], [], "as many masks"), ([grey], [mask], "no membrane"),
        ([grey], [mask * 0], "no cells"), ([grey], [mask[:9]], "its image"),
    ):  # fmt: skip
        with pytest.raises(RequestError, match=told):
            measure(images, masks)


def test_grain_is_mixed_so_that_its_bands_have_their_variances() -> None:
    wanted = np.array([100.0, 60.0, 70.0, 50.0, 90.0])
    strengths = mixture(wanted)
    random = np.random.default_rng(0)
    total = np.zeros((400, 400), np.float32)
    for sigma, strength in zip(BANDS, strengths, strict=True):
        field = blurred(rough(random, 400, 400), sigma)
        total += np.float32(strength / field.std()) * field
    np.testing.assert_allclose(bands(total, np.ones((400, 400), bool)), wanted, rtol=0.2)


def test_fields_have_mean_0_and_deviation_1() -> None:
    random = np.random.default_rng(0)
    for field in (rough(random, 300, 301), smooth(random, 700, 701, 7), smooth(random, 90, 90, 1.5),
                  octaves(random, 700, 700, 9, 3, 0.6)):  # fmt: skip
        assert abs(float(field.mean())) < 0.05
        assert float(field.std()) == pytest.approx(1, abs=0.05)
