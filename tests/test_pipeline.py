"""The Python call against independent truth: NumPy's own flips and turns, and sums by hand."""

from __future__ import annotations

import copy
import json
import multiprocessing
import pickle
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tenfold
from tenfold import Key, Pipeline, Range, Recipe, load_recipe, preset
from tenfold.call.objects import BOX_FORMATS, boxes_in, boxes_out
from tenfold.call.targets import OPTIONS
from tenfold.declare.settings import SETTINGS
from tenfold.errors import RecipeError, RequestError, SampleError
from tenfold.ops import (
    Brightness,
    Elastic,
    GaussianNoise,
    Invert,
    Op,
    Reflection,
    Rotation,
    Translation,
)
from tenfold.ops.catalogue import OPS

H, W = 24, 40
IMAGE = np.random.default_rng(3).integers(0, 256, (H, W, 3), dtype=np.uint8)
MASK = np.random.default_rng(4).integers(0, 9, (H, W), dtype=np.uint8)
FLIP = Reflection(axes=["horizontal"], probability=1)
RICH = [Rotation(degrees=25), Reflection(), Elastic(), Brightness(), GaussianNoise()]


def turned_by(degrees: int) -> Rotation:
    near = (degrees + 90) % 360 - 90
    return Rotation(degrees=Range(near, near), multiples_of=90)


def pipeline(*ops: Op, **settings: Any) -> Pipeline:
    return Pipeline(ops, seed=5, **{"keypoint_pairs": [], **settings})


def same(a: dict[str, Any], b: dict[str, Any]) -> bool:
    return json.dumps(a["history"]) == json.dumps(b["history"]) and bool(
        (a["image"] == b["image"]).all()
    )


# --- truth ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("box_format", "box", "expected"),
    [
        ("pascal_voc", [4, 6, 14, 18], [26, 6, 36, 18]),
        ("coco", [4, 6, 10, 12], [26, 6, 10, 12]),
        ("yolo", [9 / 40, 12 / 24, 10 / 40, 12 / 24], [31 / 40, 12 / 24, 10 / 40, 12 / 24]),
    ],
)
def test_a_mirrored_box_in_every_format(box_format: Any, box: Any, expected: Any) -> None:
    out = pipeline(FLIP, bbox_format=box_format)(image=IMAGE, bboxes=[box])
    np.testing.assert_allclose(out["bboxes"], [expected], atol=1e-12)


def turn_points(points: Any, quarters: int, height: int, width: int) -> Any:
    """One quarter turn against the clock takes (x, y) to (y, width - x)."""
    points = np.array(points, dtype=float)
    for _ in range(quarters % 4):
        points = np.stack([points[..., 1], width - points[..., 0]], axis=-1)
        height, width = width, height
    return points


def box_round(points: Any) -> Any:
    return np.concatenate([points.min(axis=-2), points.max(axis=-2)], axis=-1)


@pytest.mark.parametrize("quarters", [0, 1, 2, 3])
def test_quarter_turns_agree_with_rot90(quarters: int) -> None:
    box = [4.0, 6, 14, 18]
    corners = np.array([[4.0, 6], [14, 6], [14, 18], [4, 18]])
    outline = np.array([[5.0, 7], [13, 8], [9, 17]])
    stencil = np.zeros((1, H, W), dtype=bool)
    stencil[0, 6:18, 4:14] = True
    points = np.array([[4.5, 6.5, 2], [30, 20, 1]])
    out = pipeline(turned_by(90 * quarters))(
        image=IMAGE, mask=MASK, bboxes=[box], oriented_bboxes=corners[None],
        instance_masks=stencil, keypoints=points, labels=["cell"],
    )  # fmt: skip
    np.testing.assert_array_equal(out["image"], np.rot90(IMAGE, quarters))
    np.testing.assert_array_equal(out["mask"], np.rot90(MASK, quarters))
    np.testing.assert_array_equal(out["instance_masks"][0], np.rot90(stencil[0], quarters))
    expected = turn_points(corners, quarters, H, W)
    np.testing.assert_allclose(out["bboxes"], [box_round(expected)], atol=1e-9)
    np.testing.assert_allclose(out["oriented_bboxes"], [expected], atol=1e-9)
    np.testing.assert_allclose(
        out["keypoints"][:, :2], turn_points(points[:, :2], quarters, H, W), atol=1e-9
    )
    np.testing.assert_array_equal(out["keypoints"][:, 2], points[:, 2])
    alone = pipeline(turned_by(90 * quarters))(image=IMAGE, polygons=[[outline]], bboxes=[box])
    expected = turn_points(outline, quarters, H, W)
    np.testing.assert_allclose(alone["polygons"][0][0], expected, atol=1e-9)
    np.testing.assert_allclose(alone["bboxes"], [box_round(expected)], atol=1e-9)


@given(
    st.lists(
        st.tuples(*[st.floats(0.05, 0.45), st.floats(0.05, 0.45)] * 2), min_size=1, max_size=5
    ),
    st.sampled_from(BOX_FORMATS),
)
def test_box_formats_there_and_back(shares: Any, box_format: Any) -> None:
    pixels = np.array([[x * W, y * H, (x + w) * W, (y + h) * H] for x, y, w, h in shares])
    there = boxes_out(pixels, box_format, H, W)
    np.testing.assert_allclose(boxes_in(there, box_format, H, W), pixels, atol=1e-9)


def test_boxes_come_from_what_is_tighter() -> None:
    disc = np.hypot(*(np.mgrid[:60, :60] + 0.5 - 30)) < 12
    angle = np.linspace(0, 2 * np.pi, 100, endpoint=False)
    outline = 30 + 12 * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    box = [18.0, 18, 42, 42]
    given: dict[str, Any] = {"image": np.zeros((60, 60), np.uint8), "bboxes": [box]}
    turn = pipeline(Rotation(degrees=(45, 45)))
    loose = np.diff(np.reshape(turn(**given)["bboxes"][0], (2, 2)), axis=0).max()
    masked = turn(**given, instance_masks=disc[None])["bboxes"][0]
    outlined = turn(**given, polygons=[[outline]])["bboxes"][0]
    assert loose == pytest.approx(24 * np.sqrt(2))
    np.testing.assert_allclose(masked, box, atol=1)
    np.testing.assert_allclose(outlined, box, atol=0.1)


def test_one_object_is_one_record() -> None:
    """What leaves the picture leaves every target, and what stays keeps its order."""
    boxes = np.array([[1.0, 1, 8, 8], [30, 2, 39, 10], [12, 12, 20, 20]])
    masks = np.zeros((3, H, W), np.uint8)
    for mask, (x0, y0, x1, y1) in zip(masks, boxes.astype(int), strict=True):
        mask[y0:y1, x0:x1] = 255
    polygons = [[[x0, y0, x1, y0, x1, y1, x0, y1]] for x0, y0, x1, y1 in boxes.tolist()]
    points = boxes.reshape(3, 2, 2)
    out = pipeline(Translation(x=(0.25, 0.25), y=0), border="background")(
        image=IMAGE, bboxes=boxes, polygons=polygons, instance_masks=masks,
        oriented_bboxes=np.array(polygons, dtype=float).reshape(3, 8), keypoints=points,
        labels=("a", "b", "c"),
    )  # fmt: skip
    right = np.array([10.0, 0, 10, 0])
    assert out["kept"].tolist() == [0, 2]
    assert out["labels"] == ("a", "c")
    np.testing.assert_allclose(out["bboxes"], boxes[[0, 2]] + right)
    np.testing.assert_allclose(out["polygons"][1], np.array(polygons[2]) + np.tile([10, 0], 4))
    np.testing.assert_allclose(
        out["oriented_bboxes"][0], np.array(polygons[0][0]) + np.tile([10, 0], 4)
    )
    np.testing.assert_array_equal(out["instance_masks"][1], np.roll(masks[2], 10, axis=1))
    assert set(np.unique(out["instance_masks"])) == {0, 255}
    np.testing.assert_allclose(out["keypoints"], points[[0, 2]] + [10, 0])
    assert out["keypoints_visible"].all()


def test_outlines_keep_their_form() -> None:
    flat = [2.0, 2, 10, 2, 10, 10]
    pairs = [(2.0, 2.0), (10.0, 2.0), (10.0, 10.0)]
    array = np.array(pairs, dtype=np.float32)
    out = pipeline(FLIP)(image=IMAGE, polygons=[[flat], [pairs], array, [array, array], []])
    expected = np.array([[38, 2], [30, 2], [30, 10]])
    (a,), (b,), c, (d, e), none = out["polygons"]
    assert isinstance(a[0], float)
    assert isinstance(b[0], tuple)
    assert c.dtype == d.dtype == e.dtype == np.float32
    assert none == []
    for found in (np.reshape(a, (-1, 2)), b, c, d, e):
        np.testing.assert_allclose(found, expected)


def test_keypoints_out_of_view_are_given_back_as_such() -> None:
    shift = pipeline(Translation(x=(0.5, 0.5), y=0), border="background")
    two = shift(image=IMAGE, keypoints=[[5, 5], [35, 5]])
    assert two["keypoints"] == [[25, 5], [55, 5]]
    assert two["keypoints_visible"] == [True, False]
    three = shift(image=IMAGE, keypoints=[(5, 5, 1), (35, 5, 2), (0, 0, 0)])
    assert [row[2] for row in three["keypoints"]] == [1, 0, 0]
    assert "keypoints_visible" not in three


def test_left_and_right_trade_places() -> None:
    swap = pipeline(FLIP, keypoint_pairs=[(0, 1)], mask_pairs=[(1, 2)])
    mask = np.zeros((H, W), np.uint8)
    mask[:, :10], mask[:, 30:] = 1, 2
    out = swap(image=IMAGE, mask=mask, keypoints=[[5, 5], [35, 7], [20, 9]])
    assert out["keypoints"] == [[5, 7], [35, 5], [20, 9]]
    np.testing.assert_array_equal(out["mask"], mask)
    with pytest.raises(RequestError, match="keypoint_pairs"):
        Pipeline([FLIP])(image=IMAGE, keypoints=[[5, 5]])


def test_validity_and_ignore_value_show_the_border() -> None:
    shift = pipeline(Translation(x=(0.25, 0.25), y=0), border="constant", validity=True,
                     ignore_value=255)  # fmt: skip
    out = shift(image=IMAGE, mask=MASK)
    assert not out["valid"][:, :10].any()
    assert out["valid"][:, 10:].all()
    assert (out["mask"][:, :10] == 255).all()
    np.testing.assert_array_equal(out["mask"][:, 10:], MASK[:, :-10])


# --- invalid boxes -------------------------------------------------------------------------------

BAD = {"inverted": [9, 9, 3, 3], "NaN": [1, 1, np.nan, 5], "outside": [30, 2, 70, 20]}


@pytest.mark.parametrize("kind", BAD)
def test_boxes_that_cannot_be_used(kind: str) -> None:
    boxes = [[1, 1, 5, 5], BAD[kind]]
    still = Brightness(probability=0)
    clipped = pipeline(still)(image=IMAGE, bboxes=boxes, labels=["cat", "dog"])
    assert clipped["labels"] == (["cat", "dog"] if kind == "outside" else ["cat"])
    if kind == "outside":
        assert clipped["bboxes"][1] == [30, 2, 40, 20]
    dropped = pipeline(still, invalid="drop")(image=IMAGE, bboxes=boxes, labels=["cat", "dog"])
    assert dropped["labels"] == ["cat"]
    assert clipped["kept"].tolist() == ([0, 1] if kind == "outside" else [0])
    said = {"inverted": "inverted or empty", "NaN": "not a number", "outside": "outside"}[kind]
    with pytest.raises(SampleError, match=rf"row 1, dog.*{said}.*invalid: clip or drop"):
        pipeline(still, invalid="raise")(image=IMAGE, bboxes=boxes, labels=["cat", "dog"])


@pytest.mark.parametrize("box_format", ["pascal_voc", "coco"])
def test_boxes_in_shares_are_refused_where_pixels_are_meant(box_format: Any) -> None:
    call = pipeline(FLIP, bbox_format=box_format)
    shares: list[Any] = [[[0.1, 0.1, 0.5, 0.5]], np.array([[0, 0, 1, 1], [0.2, 0.2, 0.9, 1]])]
    for boxes in shares:
        with pytest.raises(RequestError, match=r"shares of the size.*bbox_format='yolo'.*multiply"):
            call(image=IMAGE, bboxes=boxes)
    fine: list[Any] = [[], [[0.1, 0.1, 0.5, 0.5], [1, 2, 8, 9]], [[0, 0, 0, 0]], [[np.nan] * 4]]
    for boxes in fine:
        call(image=IMAGE, bboxes=boxes)
    assert call(image=IMAGE[:4, :4], bboxes=[[0, 0, 1, 1]])["kept"].tolist() == [0]


# --- settings ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [*OPTIONS, *SETTINGS])
def test_a_setting_in_a_call_is_sent_to_where_it_belongs(name: str) -> None:
    with pytest.raises(RequestError, match=rf"^{name}:.*goes to Pipeline\(\.\.\., {name}="):
        pipeline(FLIP)(image=IMAGE, **{name: 1})


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [("bbox_params", "bbox_format"), ("ignore_index", "ignore_value"), ("random_state", "seed"),
     ("padding_mode", "border"), ("sed", "seed")],
)  # fmt: skip
def test_settings_of_other_libraries_are_cured(theirs: str, ours: str) -> None:
    with pytest.raises(RequestError, match=f"unknown setting '{theirs}'; did you mean '{ours}'"):
        Pipeline([FLIP], **dict[str, Any]({theirs: 1}))


@pytest.mark.parametrize("dtype", [np.uint16, np.float32])
def test_the_value_range_says_what_black_and_white_are(dtype: Any) -> None:
    image = np.random.default_rng(0).integers(5, 4000, (H, W), dtype=np.uint16).astype(dtype)
    negative = Pipeline([Invert(probability=1)], value_range=[0, 4095])
    for boxes in ([], [(1, 2, 9, 9)]):
        out = negative(image=image, bboxes=boxes)["image"]
        assert out.dtype == dtype
        np.testing.assert_allclose(out, 4095 - image, atol=0 if dtype == np.uint16 else 1e-3)


@given(st.floats(0.001, 1), st.floats(0.001, 1), st.integers(1, 5000), st.integers(1, 5000))
def test_yolo_boxes_at_the_very_edge_are_fine(w: float, h: float, rows: int, columns: int) -> None:
    box = [1 - w / 2 + 1e-9, 1 - h / 2 + 1e-9, w, h]
    image = np.zeros((min(rows, 40), min(columns, 40)), np.uint8)
    strict = pipeline(Brightness(probability=0), invalid="raise", bbox_format="yolo")
    out = strict(image=image, bboxes=[box, [0.5, 0.5, 1.0 + 1e-7, 1.0 + 1e-7]])
    np.testing.assert_allclose(out["bboxes"][0], box, atol=1e-6)
    np.testing.assert_allclose(out["bboxes"][1], [0.5, 0.5, 1, 1], atol=1e-6)


# --- keys, history, processes --------------------------------------------------------------------


def test_a_key_says_all() -> None:
    one, other = pipeline(*RICH), pipeline(*RICH)
    keys: list[Any] = [3, "a.png", Key(5, "b", 2), np.int64(3)]
    for key in keys:
        assert same(one(image=IMAGE, key=key), other(image=IMAGE, key=key))
    assert same(one(image=IMAGE, key=3), one(image=IMAGE, key=np.uint8(3)))
    assert not same(one(image=IMAGE, key=3), one(image=IMAGE, key=4))
    assert not same(one(image=IMAGE, key=3), Pipeline(RICH, seed=6)(image=IMAGE, key=3))
    with pytest.raises(RequestError, match="key: must be an integer"):
        one(image=IMAGE, key=1.5)  # type: ignore[call-overload]


def test_calls_without_a_key_count() -> None:
    one, other = pipeline(*RICH), pipeline(*RICH)
    first = [one(image=IMAGE) for _ in range(70)]
    assert len({json.dumps(o["history"]) for o in first}) == 70
    for number in (0, 1, 31, 32, 69):
        assert same(first[number], other(image=IMAGE, key=number))
    assert Pipeline(RICH).seed != Pipeline(RICH).seed


def test_drawn_ahead_and_alone_is_the_same() -> None:
    one = pipeline(*RICH)
    keys: list[Any] = [4, "x"]
    for key, history in zip(keys, one.draw(keys), strict=True):
        assert same(one.replay(history, image=IMAGE), one(image=IMAGE, key=key))


@pytest.mark.parametrize("name", [*OPS])
def test_replay_from_json_gives_the_same_bytes(name: str) -> None:
    one = pipeline(OPS[name](probability=1))
    targets: dict[str, Any] = {
        "image": IMAGE, "mask": MASK, "bboxes": [[4, 6, 14, 18]], "keypoints": [[3, 4]],
    }  # fmt: skip
    out = one(**targets)
    again = pickle.loads(pickle.dumps(one)).replay(
        json.loads(json.dumps(out["history"])), **targets
    )
    assert again["history"] == out["history"]
    assert again["image"].tobytes() == out["image"].tobytes()
    assert again["mask"].tobytes() == out["mask"].tobytes()
    assert (again["bboxes"], again["keypoints"]) == (out["bboxes"], out["keypoints"])


def test_a_history_of_another_recipe_is_refused() -> None:
    history = pipeline(Rotation())(image=IMAGE)["history"]
    with pytest.raises(RecipeError, match="no op 'rotation'"):
        pipeline(FLIP).replay(history, image=IMAGE)
    for strange in ({"op": 1}, [1], [{"op": "rotation"}], None, "rotation"):
        with pytest.raises(RequestError, match="history: must be the list"):
            pipeline(Rotation()).replay(strange, image=IMAGE)  # type: ignore[arg-type]


def words_of(pipe: Pipeline, number: int) -> list[str]:
    return [json.dumps(pipe(image=IMAGE)["history"]) for _ in range(number)]


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_processes_do_not_repeat_each_other(method: str) -> None:
    if method not in multiprocessing.get_all_start_methods():
        pytest.skip(f"no {method} here")
    pipe = pipeline(Rotation())
    before = words_of(pipe, 3)  # the stream has drawn ahead by now
    with multiprocessing.get_context(method).Pool(2) as pool:
        parts = pool.starmap(words_of, [(pipe, 5)] * 4, chunksize=1)
    everything = before + words_of(pipe, 5) + [word for part in parts for word in part]
    assert len(set(everything)) == len(everything)
    assert everything[:8] == words_of(pipeline(Rotation()), 8)


def test_copies_do_not_repeat_each_other_and_keep_their_keys() -> None:
    pipe = pipeline(Rotation())
    copies = [pipe, copy.deepcopy(pipe), pickle.loads(pickle.dumps(pipe))]
    words = [word for one in copies for word in words_of(one, 3)]
    assert len(set(words)) == 9
    assert all(same(one(image=IMAGE, key=3), pipe(image=IMAGE, key=3)) for one in copies)


def test_threads_do_not_repeat_each_other() -> None:
    pipe = pipeline(Rotation())
    found: list[list[str]] = []
    threads = [threading.Thread(target=lambda: found.append(words_of(pipe, 100))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    words = [word for part in found for word in part]
    assert len(set(words)) == 400
    assert set(words) == set(words_of(pipeline(Rotation()), 400))


# --- the declaration -----------------------------------------------------------------------------


def test_every_form_of_a_declaration(tmp_path: Path) -> None:
    recipe = Recipe((Rotation(degrees=30),))
    text = "version: 1\ninvariances:\n  - rotation: 30\n"
    file = tmp_path / "my.yaml"
    file.write_text(text)
    assert load_recipe(file) == recipe
    plain = recipe.plain()
    for form in (
        recipe,
        text,
        plain,
        file,
        str(file),
        Rotation(degrees=30),
        [Rotation(degrees=30)],
    ):
        assert Pipeline(form).recipe == recipe
    assert Pipeline("natural").recipe == preset("natural")


@pytest.mark.parametrize(
    ("declaration", "settings", "words"),
    [
        ("microscpy", {}, "did you mean 'microscopy'"),
        ("missing.yaml", {}, "no such recipe file"),
        ([Rotation], {}, r"pass op objects \(Rotation\(\)\)"),
        (Rotation, {}, r"pass op objects \(Rotation\(\)\)"),
        ([lambda image: image], {}, "a pipeline is made of ops"),
        (7, {}, "a pipeline is made of ops, got 7"),
        ("natural", {"seed": "one"}, "seed: must be an integer"),
        ("natural", {"bbox_format": "voc"}, "bbox_format must be one of"),
        ("natural", {"border": "mirror"}, "border: "),
        ("natural", {"min_visability": 1}, "did you mean 'min_visibility'"),
        ("natural", {"p": 1}, "unknown setting 'p'; known: "),
    ],
)
def test_declarations_that_cannot_be_used(declaration: Any, settings: Any, words: str) -> None:
    with pytest.raises(RequestError, match=words):
        Pipeline(declaration, **settings)


@pytest.mark.parametrize("name", ["natural", "document", "medical", "microscopy", "satellite",
                                  "trivial", "rand"])  # fmt: skip
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_every_preset_serves_every_target(name: str, dtype: Any) -> None:
    white = np.iinfo(dtype).max / 255 if np.dtype(dtype).kind == "u" else 1 / 255
    image = (IMAGE.astype(np.float64) * white).astype(dtype)
    before = image.copy()
    pipe = Pipeline(name, seed=1, keypoint_pairs=[])
    for key in range(8):
        out = pipe(
            image=image, mask=MASK, bboxes=[[4, 6, 30, 20]], keypoints=[[9, 9]], labels=[1], key=key
        )
        assert out["image"].dtype == dtype
        assert out["image"].ndim == 3
        assert set(np.unique(out["mask"])) <= set(range(9))
        assert len(out["bboxes"]) == len(out["labels"]) == len(out["kept"])
    np.testing.assert_array_equal(image, before)


def test_an_image_alone_is_a_transform() -> None:
    pipe = pipeline(FLIP)
    np.testing.assert_array_equal(pipe(IMAGE), IMAGE[:, ::-1])
    np.testing.assert_array_equal(pipe(IMAGE, key=3), IMAGE[:, ::-1])
    call: Any = pipe
    for images, targets in (((IMAGE, MASK), {}), ((IMAGE,), {"mask": MASK})):
        with pytest.raises(RequestError, match="image=image, mask=mask"):
            call(*images, **targets)
    with pytest.raises(RequestError, match="image: is missing"):
        pipe(mask=MASK)


def test_explain_and_repr() -> None:
    pipe = pipeline(*RICH)
    assert "border reflect" in pipe.explain()
    assert "border background" in pipe.explain(targets=["image", "bboxes"])
    assert "rotation" in repr(pipe)
    assert "seed=5" in repr(pipe)
    with pytest.raises(RequestError, match="did you mean 'bboxes'"):
        pipe.explain(targets=["boxes"])


def test_no_op_changes_nothing_and_shares_nothing() -> None:
    out = Pipeline([])(image=IMAGE, bboxes=[[1, 2, 3, 4]])
    np.testing.assert_array_equal(out["image"], IMAGE)
    assert not np.may_share_memory(out["image"], IMAGE)
    assert out["history"] == []


# --- the package ---------------------------------------------------------------------------------


def test_the_public_names() -> None:
    for module in (tenfold, tenfold.ops):
        for name in module.__all__:
            assert getattr(module, name) is not None
            assert name in dir(module)
        with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
            getattr(module, "Nothing")  # noqa: B009
    assert {cls.__name__ for cls in OPS.values()} | {"Op"} == set(tenfold.ops.__all__)


@pytest.mark.parametrize(
    "first", ["import tenfold.multiply", "from tenfold.multiply import plan_job", "import tenfold"]
)
def test_augment_is_the_function_whatever_came_first(first: str) -> None:
    code = f"{first}\nimport tenfold\nfrom tenfold import augment\n"
    code += "assert callable(tenfold.augment) and tenfold.augment is augment"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_import_is_light() -> None:
    code = (
        "import sys, tenfold\n"
        "heavy = {'numpy', 'cv2', 'PIL', 'torch', 'ray', 'tifffile', 'yaml'} & {*sys.modules}\n"
        "assert not heavy, heavy\n"
        "from tenfold.ops import Rotation\n"
        "heavy = {'cv2', 'PIL', 'torch', 'ray', 'tifffile'} & {*sys.modules}\n"
        "assert not heavy, heavy\n"
        "from tenfold import Pipeline\n"
        "assert not {'torch', 'ray'} & {*sys.modules}\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
