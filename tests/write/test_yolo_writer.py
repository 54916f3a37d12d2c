"""Writing YOLO, read back with a parser of its own."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from annotated import parse_yolo, picture, run, save_yolo
from tenfold.errors import SampleError
from tenfold.samples.sample import Instance
from tenfold.samples.sources.yolo import YoloSource
from tenfold.write.writer import WriteOptions
from tenfold.write.yolo import YoloWriter, adjusted

NAMES = "names: [cat, dog]\n"


def write_one(source: YoloSource, out: Path, *instances: Instance) -> Path:
    item = source.items[0]
    sample = source.read(item).replace(instances=instances)
    run(source, YoloWriter(source, out, WriteOptions()), {(item.id, 1): sample})
    return out / "labels" / "a_aug_0001.txt"


@pytest.mark.parametrize(
    ("more", "rows"),
    [
        ("", ["1 0.500000 0.500000 0.250000 0.200000"]),
        ("", ["0 0.100000 0.100000 0.500000 0.100000 0.500000 0.900000"]),
        ("task: obb\n", ["0 0.3 0.1 0.5 0.3 0.4 0.4 0.2 0.2"]),
        ("kpt_shape: [2, 3]\n", ["1 0.5 0.5 0.2 0.2 0.25 0.5 2 0 0 0"]),
        ("kpt_shape: [2, 2]\n", ["1 0.5 0.5 0.2 0.2 0.25 0.5 0 0"]),
        ("", []),
    ],
)
def test_unchanged_copies_say_the_same(tmp_path: Path, more: str, rows: list[str]) -> None:
    root, out = tmp_path / "in", tmp_path / "out"
    save_yolo(root, "images/a.png", "".join(f"{row}\n" for row in rows))
    (root / "data.yaml").write_text(NAMES + more)
    source = YoloSource.open(root)
    path = write_one(source, out, *source.read(source.items[0]).instances)
    assert (out / "labels/a.txt").read_bytes() == (root / "labels/a.txt").read_bytes()
    assert (out / "images/a.png").read_bytes() == (root / "images/a.png").read_bytes()
    assert (out / "data.yaml").read_text() == NAMES + more
    assert parse_yolo(path) == parse_yolo(root / "labels/a.txt")
    again = YoloSource.open(out)
    assert len(again.items) == 2
    assert not again.problems


def test_no_label_file_stays_none(tmp_path: Path) -> None:
    save_yolo(tmp_path / "in", "images/a.png", None)
    (tmp_path / "in" / "data.yaml").write_text(NAMES)
    assert not write_one(YoloSource.open(tmp_path / "in"), tmp_path / "out").exists()
    assert (tmp_path / "out/images/a_aug_0001.png").is_file()


def test_moved_geometry_stays_within_the_picture(tmp_path: Path) -> None:
    save_yolo(tmp_path / "in", "images/a.png", "1 0.5 0.5 0.25 0.2\n")
    (tmp_path / "in" / "data.yaml").write_text(NAMES)
    source = YoloSource.open(tmp_path / "in")
    corners = np.array([[-3.0, 5], [10, 31], [20, 20], [8, -1]])
    parts = (np.array([[0.0, 0], [8, 0], [8, 6]]), np.array([[20.0, 15], [40, 15], [40, 30]]))
    path = write_one(
        source,
        tmp_path / "out",
        Instance("cat", np.array([-2.0, 3, 20, 33])),
        Instance("dog", oriented=corners),
        Instance("cat", polygons=parts),
    )
    box, oriented, outline = parse_yolo(path)
    assert (box[0], oriented[0], outline[0]) == (0, 1, 0)
    np.testing.assert_allclose(box[1], [0.25, 0.55, 0.5, 0.9], atol=1e-6)
    assert all(0 <= v <= 1 for _, numbers in (oriented, outline) for v in numbers)
    shape = np.array(outline[1], dtype=np.float32).reshape(-1, 2) * [40, 30]
    expected = sum(cv2.contourArea(p.astype(np.float32)) for p in parts)
    assert cv2.contourArea(shape.astype(np.float32)) == pytest.approx(expected, abs=1e-2)


def test_lists_get_copies(tmp_path: Path) -> None:
    root, out = tmp_path / "in", tmp_path / "out"
    for name in ("a", "b"):
        save_yolo(root, f"images/{name}.png", "0 0.5 0.5 0.1 0.1\n")
    (root / "lists").mkdir()
    (root / "lists/train.txt").write_text("../images/a.png\n/home/me/images/b.png\nimages/a.png\n")
    (root / "data.yaml").write_text(NAMES + "train: lists/train.txt\n")
    source = YoloSource.open(root)
    write_one(source, out)
    assert (out / "lists/train.txt").read_text().split("\n") == [
        "../images/a.png", "../images/a_aug_0001.png", "./../images/b.png",
        "images/a.png", "images/a_aug_0001.png", "",
    ]  # fmt: skip
    assert [i.split for i in YoloSource.open(out).items] == ["train"] * 3


def test_class_names_in_a_text_file_are_kept(tmp_path: Path) -> None:
    save_yolo(tmp_path / "in", "images/a.png", "1 0.5 0.5 0.25 0.2\n")
    (tmp_path / "in/labels/classes.txt").write_text("cat\ndog\n")
    write_one(YoloSource.open(tmp_path / "in"), tmp_path / "out")
    assert (tmp_path / "out/labels/classes.txt").read_text() == "cat\ndog\n"


@pytest.mark.parametrize(
    ("text", "changes"),
    [
        (NAMES + "train: images/train  # ours\n", {}),
        (NAMES + "path: .\ntrain: ../images/train\n", {}),
        (NAMES + "path: images\ntrain: train\n", {}),
        ("path: /home/me/x # here\n" + NAMES + "train: images/train\n", {"path": ""}),
        ("path: ../datasets/x\n" + NAMES + "train: images/train\n", {"path": ""}),
        (
            NAMES + "path: /home\ntrain: me/x/images/train\n",
            {"path": "", "train": "images/train"},
        ),
        (NAMES + "train: /home/x/images/train\n", {"train": "images/train"}),
        (
            NAMES + "train:\n  - /home/x/images/train\n  - more\n",
            {"train": ["images/train", "more"]},
        ),
    ],
)
def test_data_yaml_is_changed_only_where_needed(
    tmp_path: Path, text: str, changes: dict[str, object]
) -> None:
    (tmp_path / "images" / "train").mkdir(parents=True)
    data = yaml.safe_load(text)
    after = adjusted(text, data, tmp_path)
    assert yaml.safe_load(after) == {**data, **changes}
    assert (after == text) is not bool(changes)


def test_an_absolute_path_is_named_in_a_comment(tmp_path: Path) -> None:
    text = f"path: /home/me/x\n{NAMES}"
    assert adjusted(text, yaml.safe_load(text), tmp_path) == (
        f"path: ''  # was /home/me/x\n{NAMES}"
    )


def test_names_with_line_breaks(tmp_path: Path) -> None:
    save_yolo(tmp_path / "in", "images/a\nb.png", "0 0.5 0.5 0.25 0.2\n")
    source = YoloSource.open(tmp_path / "in")
    writer = YoloWriter(source, tmp_path / "out", WriteOptions())
    with pytest.raises(SampleError, match="line break"):
        writer.copy(source.items[0])
    with pytest.raises(SampleError, match="line break"):
        writer.write(source.items[0], 1, source.read(source.items[0]))


def test_an_unknown_class(tmp_path: Path) -> None:
    save_yolo(tmp_path / "in", "images/a.png", "")
    (tmp_path / "in" / "data.yaml").write_text(NAMES)
    with pytest.raises(SampleError, match="no class 'bird'"):
        write_one(YoloSource.open(tmp_path / "in"), tmp_path, Instance("bird", np.zeros(4)))


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(*[st.floats(0, 0.4999)] * 4), min_size=1, max_size=4), st.booleans())
def test_boxes_survive(tmp_path: Path, boxes: list[tuple[float, ...]], exact: bool) -> None:
    picture(tmp_path / "in/images/a.png", 37, 23)
    save_yolo(tmp_path / "in", "images/a.png", "", 37, 23)
    source = YoloSource.open(tmp_path / "in")
    size = np.array([37, 23, 37, 23])
    instances = [Instance(0, np.array([a, b, 0.5 + c, 0.5 + d]) * size) for a, b, c, d in boxes]
    path = write_one(source, tmp_path / "out", *instances)
    for instance, (number, (x, y, w, h)) in zip(instances, parse_yolo(path), strict=True):
        assert number == 0
        back = np.array([x - w / 2, y - h / 2, x + w / 2, y + h / 2]) * size
        assert instance.box is not None
        np.testing.assert_allclose(back, instance.box, atol=1e-6 * 37)
