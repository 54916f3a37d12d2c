"""The recipe that `recipe init` writes fits the data, says why, and loads."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenfold.declare.init import choose_base, starter_recipe
from tenfold.declare.names import sign_of
from tenfold.declare.parse import load_recipe
from tenfold.declare.presets import PRESETS
from tenfold.declare.survey import Facts, survey
from tenfold.declare.whites import Values, white_of
from tenfold.errors import RequestError, SampleError
from tenfold.ops.catalogue import OPS
from tenfold.ops.geometry import Reflection, Rotation, Scaling
from tenfold.ops.luminosity import Exposure
from tenfold.params import Range
from tenfold.places import Place
from tenfold.samples.sample import Instance, Label, Sample, Schema, value_range_of
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
    def detect(cls, root: Place) -> bool:
        return False

    @classmethod
    def open(cls, root: Place, max_pixels: int = 1) -> Source:
        raise NotImplementedError

    def read(self, item: Item) -> Sample:
        self.reads.append(item.id)
        image = self.images[item.id]
        if image is None:
            raise SampleError("truncated")
        return Sample(item.id, image, value_range=value_range_of(image))


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


def test_numbers_of_classes_are_no_digits() -> None:
    for names in (("0", "1"), ("1", "2"), ("a", "b"), ("class_0", "class_1")):
        assert not facts(classes=names).signs()
        assert "reflection" in load_recipe(starter_recipe(facts(classes=names))).op_names()
    assert facts(classes=("6", "9")).signs()


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
    assert boxes.border.mode == "crop"  # no mirrored objects, and no frame of one tone
    assert load_recipe(starter_recipe(facts(has_keypoints=True))).border.mode == "crop"
    plain = load_recipe(starter_recipe(facts(has_boxes=True, background=0.9)))
    assert plain.border.mode == "background"
    assert boxes.min_visibility == 0.1
    told = starter_recipe(facts(has_boxes=True, has_outlines=True, has_object_masks=True))
    assert "with boxes, outlines (polygons), masks of objects (RLE), which move" in told
    paired = starter_recipe(facts(has_keypoints=True, keypoint_pairs=True))
    assert "which keypoints are left and right" in paired
    assert "1 class: thing" in starter_recipe(facts(classes=("thing",)))


def test_the_ignore_value_is_one_that_no_mask_has() -> None:
    def proposed(**changes: Any) -> str:
        text = starter_recipe(facts(has_masks=True, **changes))
        return "".join(re.findall(r"# ignore_value: (\d+)", text))

    assert proposed() == "255"
    assert proposed(mask_values=(255,)) == "254"
    assert proposed(mask_values=(1, 254, 255)) == "253"
    assert proposed(mask_values=tuple(range(1, 400)), mask_top=65535) == "65535"
    assert proposed(mask_values=tuple(range(1, 256))) == ""
    full = starter_recipe(facts(has_masks=True, mask_values=tuple(range(1, 256))))
    assert "All values up to 255 are taken" in full


def test_masks_with_several_values_may_have_pairs() -> None:
    assert "# mask_pairs: [[1, 2]]" in starter_recipe(facts(has_masks=True, mask_values=(1, 2)))
    for values in ((1,), tuple(range(1, 300))):
        assert "mask_pairs" not in starter_recipe(facts(has_masks=True, mask_values=values))


def test_twelve_bits_in_sixteen() -> None:
    seen = facts(channels=(1,), grey=True, dtypes=("uint16",), values=Values(0, 3, 1900, 2263))
    for base in ("medical", "microscopy", "satellite"):
        text = starter_recipe(seen, base)
        assert load_recipe(text).value_range == (0, 4095)
        assert "measured: 0..2263; 12 bits in 16" in text
    whole = facts(dtypes=("uint16",), values=Values(0, 100, 60000, 65535))
    assert load_recipe(starter_recipe(whole)).value_range is None


@pytest.mark.parametrize(
    ("values", "white"),
    [
        ((0, 3, 1900, 2263), (0, 4095)),
        ((0, 3, 200, 255), (0, 255)),
        ((0, 0, 0, 0), (0, 255)),
        ((300, 310, 4000, 4095), (0, 4095)),
        ((300, 310, 4000, 4096), (0, 10000)),
        ((300, 310, 9000, 10000), (0, 10000)),
        ((300, 310, 9000, 10001), (0, 16383)),
        ((0, 310, 4000, 65535), (0, 4095)),  # clouds and dead pixels
        ((0, 10, 32000, 33000), (0, 32767)),
        ((0, 10, 40000, 65535), None),
        ((31768, 31800, 34000, 35768), (31744, 35839)),  # Hounsfield units plus 32768
        ((60000, 60010, 65000, 65535), (59392, 65535)),
    ],
)
def test_where_white_is(values: tuple[int, int, int, int], white: tuple[int, int] | None) -> None:
    assert white_of("uint16", Values(*values)) == white
    assert white_of("uint8", Values(*values)) is None
    assert white_of("float32", Values(*values)) is None


def test_survey_measures_values() -> None:
    image = np.random.default_rng(1).integers(20, 3000, (200, 200, 3), dtype=np.uint16)
    image[0, 0] = 3500
    image[0, 1] = 7
    found = survey(Fake([image, image // 2], ["a", "b"]))
    assert found.values is not None
    assert (found.values.least, found.values.most) == (3, 3500)
    exact = np.percentile(np.concatenate([image, image // 2]), [0.1, 99.9])
    assert found.values.low == pytest.approx(exact[0], abs=5)
    assert found.values.high == pytest.approx(exact[1], abs=15)
    mixed = Fake([image, np.zeros((9, 9, 3), np.uint8)], ["a", "b"])
    assert survey(mixed).values is None


def test_a_border_is_uniform_against_the_data() -> None:
    """12 bits in 16: a spread of 1000 would be 1.5 % of uint16, and is most of the picture."""
    rng = np.random.default_rng(4)
    dim = [rng.integers(0, 2000, (40, 40, 1), dtype=np.uint16) for _ in range(4)]
    assert survey(Fake(dim, ["x"] * 4)).background is None
    for image in dim:
        image[[0, -1]] = image[:, [0, -1]] = 410
    background = survey(Fake(dim, ["x"] * 4)).background
    assert background == pytest.approx(410 / 2047, abs=0.001)


def test_survey_sees_masks_and_files() -> None:
    source = Fake([_page(9)], ["x"])
    mask = np.array([[0, 1], [3, 255]], np.uint16)
    outline = np.array([[0.0, 0], [1, 0], [1, 1]])
    sample = Sample(
        "0000", np.zeros((2, 2, 1), np.uint8), masks={"mask": mask},
        instances=(Instance(polygons=(outline,)), Instance(mask=mask > 1)),
        encoding={"format": "jpg"},
    )  # fmt: skip
    source.read = lambda item: sample  # type: ignore[method-assign]
    found = survey(source)
    assert found.mask_values == (1, 3, 255)
    assert found.mask_top == 65535
    assert found.jpeg
    assert found.has_outlines
    assert found.has_object_masks


def test_satellite_keeps_its_border() -> None:
    tiles = facts(name="eurosat", background=0.3)
    assert load_recipe(starter_recipe(tiles)).border.mode == "crop"
    many = load_recipe(starter_recipe(facts(name="eurosat", background=0.3, channels=(13,))))
    assert many.border.mode == "reflect"
    boxes = facts(name="eurosat", channels=(13,), has_boxes=True)
    assert load_recipe(starter_recipe(boxes)).border.mode == "crop"


def test_many_bands() -> None:
    text = starter_recipe(facts(name="sentinel", channels=(13,), dtypes=("uint16",)))
    recipe = load_recipe(text)
    assert not {"contrast", "gamma"} & set(recipe.op_names())
    assert "the ratios of the bands" in text
    exposure, scaling = recipe.op_named("exposure"), recipe.op_named("scaling")
    assert isinstance(exposure, Exposure)
    assert exposure.linear
    assert exposure.stops == Range(-0.25, 0.25)
    assert isinstance(scaling, Scaling)
    assert scaling.factor == Range(0.95, 1.05, "loguniform")
    rotation = load_recipe(starter_recipe(facts(name="eurosat"))).op_named("rotation")
    assert isinstance(rotation, Rotation)
    assert rotation.degrees == Range(-4, 4)


def test_microscopy_depends_on_the_data() -> None:
    cells = facts(name="cells", jpeg=True, has_boxes=True)
    recipe = load_recipe(starter_recipe(cells))
    assert recipe.border.mode == "crop"
    assert "rotation" not in recipe.op_names()
    scaling = recipe.op_named("scaling")
    assert isinstance(scaling, Scaling)
    assert scaling.factor.low == 1
    assert recipe.op_names()[-1] == "jpeg"
    electrons = load_recipe(
        starter_recipe(facts(name="em", grey=True, channels=(1,), has_masks=True))
    )
    assert "jpeg" not in electrons.op_names()
    assert electrons.op_names()[:2] == ("reflection", "rotation")
    rotation = electrons.op_named("rotation")
    assert isinstance(rotation, Rotation)
    assert rotation.degrees == Range(-45, 45)
    for name in ("exposure", "shot_noise"):
        assert getattr(electrons.op_named(name), "linear") is True  # noqa: B009 (any op)


def test_bright_ink_on_a_dark_ground() -> None:
    recipe = load_recipe(starter_recipe(DIGITS))
    assert not {"brightness", "contrast"} & set(recipe.op_names())
    pale = recipe.op_named("exposure")
    assert isinstance(pale, Exposure)
    assert pale.linear  # a factor about black
    for name in ("gamma", "gaussian_noise"):
        assert recipe.op_named(name).probability == 0.3
    paper = load_recipe(starter_recipe(dataclasses.replace(DIGITS, background=0.95)))
    assert {"brightness", "contrast"} <= set(paper.op_names())


def test_small_photographs_get_no_noise() -> None:
    tiny = load_recipe(starter_recipe(facts(smallest=(32, 32), largest=(32, 32))))
    assert "sensor_noise" not in tiny.op_names()


def test_signs_on_the_road_are_not_mirrored() -> None:
    for changes in ({"name": "gtsrb"}, {"classes": ("stop sign", "yield sign")}):
        text = starter_recipe(facts(**changes))
        assert "preset 'natural'" in text
        assert "reflection" not in load_recipe(text).op_names()


def test_what_does_not_fit_is_named_in_the_list() -> None:
    text = starter_recipe(facts(name="sentinel", channels=(13,)))
    colour = next(row for row in text.splitlines() if row.startswith("  #   colour:"))
    fits, _, not_this = colour.partition("; not ")
    assert "channel_dropout" in fits
    assert "saturation" in not_this
    assert len(text.splitlines()) < 90


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
        ({"classes": ("melanoma", "nevus")}, "tissue"),
        ({"name": "kvasir-polyps"}, "tissue"),
        ({"name": "ChestXRay14"}, "medical"),
        ({"name": "chestxray"}, "medical"),
        ({"name": "cxr8"}, "medical"),
        ({"name": "diabetic-retinopathy"}, "medical"),
        ({"classes": ("normal", "viralpneumonia")}, "medical"),
        ({"name": "dicoms"}, "medical"),
        ({"name": "gtsrb"}, "natural"),
        ({"classes": ("cell phone", *"abcdefgh", "car", "stop sign")}, "natural"),
        ({"name": "platform-textures", "classes": ("digital", "orchestra")}, "natural"),
        ({"classes": ("NORMAL", "PNEUMONIA"), "name": "chest_xray"}, "medical"),
        ({"classes": ("AnnualCrop", "Forest", "Highway", "Residential")}, "satellite"),
        ({"channels": (13,)}, "satellite"),
        ({"dtypes": ("uint16",)}, "medical"),
        ({"grey": True}, "medical"),
        ({"grey": True, "background": 0.98}, "document"),
        ({"classes": tuple("0123456789"), "grey": True}, "document"),
        ({"classes": tuple("0123456789"), "background": 0.5}, "document"),
        ({"classes": tuple("0123456789")}, "natural"),  # numbered classes of photographs
        ({"classes": ("0", "1"), "name": "brain-mri", "grey": True}, "medical"),
        ({"classes": tuple("0123"), "name": "brain-mri", "grey": True}, "medical"),
        ({}, "natural"),
    ],
)
def test_the_base_fits(changes: dict[str, object], base: str) -> None:
    chosen, why = choose_base(facts(**changes))
    assert chosen == base
    assert why in starter_recipe(facts(**changes))


@pytest.mark.parametrize("base", PRESETS)
def test_every_op_is_named(base: str) -> None:
    """A line a family for those not used; and those left out load without the '# '."""
    text = starter_recipe(facts(has_masks=True, has_boxes=True), base)
    whole = "\n".join(
        row.replace("# - ", "- ", 1) if row.startswith("  # - ") else row
        for row in text.splitlines()
    )
    named = set(load_recipe(whole).op_names())
    for row in text.splitlines():
        assert len(row) <= 170
        if row.startswith("  #   "):
            named |= set(re.findall(r"\w+", row.partition(":")[2]))
    assert named >= {name for name, cls in OPS.items() if cls.family != "policy"}


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
