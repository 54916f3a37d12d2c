"""The recipe that `recipe init` writes fits the data, says why, and loads."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenfold.declare.init import choose_base, starter_recipe
from tenfold.declare.parse import load_recipe
from tenfold.declare.presets import PRESETS
from tenfold.declare.survey import Facts, sign_of, survey
from tenfold.errors import RequestError, SampleError
from tenfold.ops.catalogue import OPS
from tenfold.ops.geometry import Reflection, Rotation
from tenfold.samples.sample import Label, Sample, Schema
from tenfold.samples.source import DatasetInfo, Item, Source

PHOTOS = Facts("holiday", "folder", 900, 64, (300, 400), (600, 800), classes=("cat", "dog"))


def facts(**changes: object) -> Facts:
    return dataclasses.replace(PHOTOS, **changes)  # type: ignore[arg-type]


DIGITS = facts(
    name="digits", smallest=(8, 8), largest=(8, 8), channels=(1,), grey=True, background=0.0,
    classes=tuple("0123456789"),
)  # fmt: skip


class Fake(Source):
    """A source in memory; `None` can't be read."""

    layout: ClassVar[str] = "folder"

    def __init__(
        self,
        images: Sequence[np.ndarray | None],
        labels: Sequence[Label],
        splits: Sequence[str | None] | None = None,
        info: DatasetInfo | None = None,
    ) -> None:
        self.root, self.problems, self.max_pixels = Path("/data/things"), (), 10**6
        self.images = {f"{i:04d}": image for i, image in enumerate(images)}
        splits = splits or [None] * len(images)
        self.items = [
            Item(name, split, label)
            for name, label, split in zip(self.images, labels, splits, strict=True)
        ]
        self.info = info or DatasetInfo()
        self.reads: list[str] = []

    @classmethod
    def detect(cls, root: Path) -> bool:
        return False

    @classmethod
    def open(cls, root: Path, max_pixels: int = 1) -> Source:
        raise NotImplementedError

    def read(self, item: Item) -> Sample:
        self.reads.append(item.id)
        image = self.images[item.id]
        if image is None:
            raise SampleError("truncated")
        return Sample(item.id, image)


def _page(tone: int, size: tuple[int, int] = (20, 30)) -> np.ndarray:
    page = np.full((*size, 1), tone, np.uint8)
    page[5:9, 4:12] = 255 - tone
    return page


def test_survey_measures() -> None:
    source = Fake([_page(250), _page(252, (24, 28)), None, _page(255)], ["a", "a", "b", "b"])
    found = survey(source)
    assert (found.name, found.layout, found.samples, found.looked_at) == ("things", "folder", 4, 3)
    assert found.smallest == (20, 28)
    assert found.largest == (24, 30)
    assert found.channels == (1,)
    assert found.dtypes == ("uint8",)
    assert found.grey
    assert found.background == pytest.approx(252 / 255)
    assert found.classes == ("a", "b")
    assert (found.fewest, found.most) == (2, 2)


def test_survey_sees_pictures_without_a_background() -> None:
    rng = np.random.default_rng(3)
    photos = [rng.integers(0, 256, (30, 30, 3), dtype=np.uint8) for _ in range(5)]
    found = survey(Fake(photos, ["x"] * 5))
    assert found.background is None
    assert not found.grey
    grey = [np.repeat(p[..., :1], 3, axis=2) for p in photos]
    assert survey(Fake(grey, ["x"] * 5)).grey
    # uniform borders of very different tones are no common background
    assert survey(Fake([_page(t) for t in (0, 80, 160, 250)], ["x"] * 4)).background is None


def test_survey_is_deterministic_and_reads_the_training_part_only() -> None:
    images: list[np.ndarray | None] = [_page(200)] * 300
    splits = ["train" if i % 3 else "test" for i in range(300)]
    sources = [Fake(images, list(range(300)), splits) for _ in range(2)]
    first, second = (survey(s, limit=20) for s in sources)
    assert first == second
    assert sources[0].reads == sources[1].reads
    assert len(set(sources[0].reads)) == 20
    assert not [r for r in sources[0].reads if int(r) % 3 == 0]
    assert first.samples == 200
    assert int(sources[0].reads[-1]) > 270  # spread over all of it


def test_survey_of_nothing() -> None:
    with pytest.raises(RequestError, match="no samples"):
        survey(Fake([], []))
    with pytest.raises(RequestError, match="none of the 2 samples looked at can be read"):
        survey(Fake([None, None], ["a", "b"]))


@pytest.mark.parametrize(
    ("name", "sign"),
    [("7", "7"), ("07", "7"), ("seven", "7"), ("digit_7", "7"), ("Letter-b", "b"), ("class 3", "3"),
     ("b_lower", "b"), ("cat", ""), ("12", ""), ("a b", ""), ("", ""), ("007", "")],
)  # fmt: skip
def test_signs(name: str, sign: str) -> None:
    assert sign_of(name) == sign


def test_digits_are_not_mirrored_or_turned_upside_down() -> None:
    text = starter_recipe(DIGITS)
    recipe = load_recipe(text)
    assert "reflection" not in recipe.op_names()
    rotation = recipe.op_named("rotation")
    assert isinstance(rotation, Rotation)
    assert rotation.degrees.high <= 15
    assert rotation.multiples_of is None
    assert "6/9" in text
    assert "2/5" in text
    assert recipe.border.mode == "background"
    assert "jpeg" not in recipe.op_names()
    assert "gaussian_blur" not in recipe.op_names()


def test_letters() -> None:
    letters = facts(classes=tuple("abcdefghijklmnopqrstuvwxyz"))
    assert {"b/d", "p/q"} <= set(letters.mirrored_signs())
    assert {"n/u", "d/p", "b/q", "m/w"} <= set(letters.turned_signs())
    for base in PRESETS:
        recipe = load_recipe(starter_recipe(letters, base))
        assert "reflection" not in recipe.op_names()


def test_handed_and_directed_classes() -> None:
    for names in (("LeftHand", "RightHand"), ("turn-left", "go"), ("eye_right", "eye_left")):
        text = starter_recipe(facts(classes=names))
        assert "reflection" not in load_recipe(text).op_names()
        assert "say left or right" in text
    arrows = facts(classes=("arrow_up", "arrow_down"))
    rotation = load_recipe(starter_recipe(arrows, "satellite")).op_named("rotation")
    assert isinstance(rotation, Rotation)
    assert rotation.degrees.high <= 10
    assert not facts(classes=("bright", "leftover", "cupcake")).handed()
    assert not facts(classes=("cupcake", "puppy", "topaz")).directed()


def test_keypoints_without_pairs_are_not_mirrored() -> None:
    without = starter_recipe(facts(has_keypoints=True))
    assert "reflection" not in load_recipe(without).op_names()
    assert "keypoint_pairs" in without
    both = starter_recipe(facts(has_keypoints=True, keypoint_pairs=True))
    assert "reflection" in load_recipe(both).op_names()


def test_targets() -> None:
    boxes = load_recipe(starter_recipe(facts(has_boxes=True)))
    assert boxes.border.mode == "background"
    assert boxes.min_visibility == 0.3
    assert "ignore_value: 255" in starter_recipe(facts(has_masks=True))


def test_arrays_that_are_not_square_are_not_turned() -> None:
    flat = facts(name="cells", fixed_size=True, smallest=(60, 80), largest=(60, 80))
    recipe = load_recipe(starter_recipe(flat))
    reflection = recipe.op_named("reflection")
    assert isinstance(reflection, Reflection)
    assert reflection.axes == ("horizontal", "vertical")
    schema = Schema(height=60, width=80, channels=3, fixed_size=True)
    assert not [why for op in recipe.ops for why in op.refusals(schema)]


@pytest.mark.parametrize("channels", [1, 2, 3, 5, 13])
@pytest.mark.parametrize("base", PRESETS)
def test_no_op_refuses_what_was_seen(channels: int, base: str) -> None:
    seen = facts(channels=(channels,), grey=channels == 1)
    recipe = load_recipe(starter_recipe(seen, base))
    schema = Schema(height=300, width=400, channels=channels)
    assert not [why for op in recipe.ops for why in op.refusals(schema)]


@pytest.mark.parametrize(
    ("changes", "base"),
    [
        ({"classes": ("RBC", "WBC", "Platelets")}, "microscopy"),
        ({"name": "em-membrane"}, "microscopy"),
        ({"classes": ("NORMAL", "PNEUMONIA"), "name": "chest_xray"}, "medical"),
        ({"classes": ("AnnualCrop", "Forest", "Highway", "Residential")}, "satellite"),
        ({"channels": (13,)}, "satellite"),
        ({"dtypes": ("uint16",)}, "medical"),
        ({"grey": True}, "medical"),
        ({"grey": True, "background": 0.98}, "document"),
        ({"classes": tuple("0123456789")}, "document"),
        ({}, "natural"),
    ],
)
def test_the_base_fits(changes: dict[str, object], base: str) -> None:
    chosen, why = choose_base(facts(**changes))
    assert chosen == base
    assert why in starter_recipe(facts(**changes))


@pytest.mark.parametrize("base", PRESETS)
def test_every_commented_line_is_a_recipe_too(base: str) -> None:
    """All ops are listed, and removing the '# ' before a dash gives a recipe that loads."""
    text = starter_recipe(facts(has_masks=True, has_boxes=True), base)
    whole = "\n".join(
        row.replace("# - ", "- ", 1) if row.startswith("  # - ") else row
        for row in text.splitlines()
    )
    names = set(load_recipe(whole).op_names())
    assert names >= {name for name, cls in OPS.items() if cls.family != "policy"}
    for row in text.splitlines():
        assert len(row) <= 140


_names = st.text(max_size=12) | st.sampled_from(["a: b", "#", "- x", "\n", '"', "\\", "'", "%"])


@settings(max_examples=60, deadline=None)
@given(
    name=_names,
    classes=st.lists(_names, max_size=12).map(tuple),
    side=st.integers(1, 3000),
    channels=st.sampled_from([(1,), (3,), (1, 3), (4,), (13,)]),
    grey=st.booleans(),
    background=st.none() | st.floats(0, 1),
    targets=st.tuples(st.booleans(), st.booleans(), st.booleans(), st.booleans(), st.booleans()),
    base=st.none() | st.sampled_from(PRESETS),
)
def test_whatever_the_data_it_loads(
    name: str, classes: tuple[str, ...], side: int, channels: tuple[int, ...], grey: bool,
    background: float | None, targets: tuple[bool, ...], base: str | None,
) -> None:  # fmt: skip
    masks, boxes, keypoints, pairs, fixed = targets
    seen = facts(
        name=name, classes=classes, smallest=(side, side + 3), largest=(side, side + 3),
        channels=channels, grey=grey, background=background, has_masks=masks, has_boxes=boxes,
        has_keypoints=keypoints, keypoint_pairs=pairs, fixed_size=fixed,
    )  # fmt: skip
    assert load_recipe(starter_recipe(seen, base)).ops
