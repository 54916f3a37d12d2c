"""Writing Pascal VOC, read back with the standard library."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from annotated import parse_voc, run, save_voc, voc_object
from tenfold.errors import SampleError
from tenfold.samples.sample import Instance
from tenfold.samples.sources.voc import VocSource
from tenfold.write.voc import VocWriter
from tenfold.write.writer import WriteOptions

PART = (
    "<part><name>{}</name><bndbox>"
    "<xmin>3</xmin><ymin>4</ymin><xmax>5</xmax><ymax>6</ymax></bndbox></part>"
)
POINT = "<point><x>7</x><y>8</y></point>"


def write_one(source: VocSource, out: Path, *instances: Instance) -> Path:
    (item,) = source.items
    sample = source.read(item).replace(instances=instances)
    run(source, VocWriter(source, out, WriteOptions()), {(item.id, 1): sample})
    return out / "Annotations" / f"{Path(item.id).stem}_aug_0001.xml"


def test_unchanged_copies_say_the_same(tmp_path: Path) -> None:
    objects = voc_object("cat", (1, 2, 10, 20), "<actions><run>1</run></actions>")
    objects += voc_object("person", (3, 4, 40, 30), PART.format("head") + POINT)
    save_voc(tmp_path / "in", "a", objects)
    source = VocSource.open(tmp_path / "in")
    path = write_one(source, tmp_path / "out", *source.read(source.items[0]).instances)
    original = tmp_path / "in/Annotations/a.xml"
    assert (tmp_path / "out/Annotations/a.xml").read_bytes() == original.read_bytes()
    assert parse_voc(path) == parse_voc(original)
    before, after = ET.parse(original).getroot(), ET.parse(path).getroot()
    assert after.findtext("filename") == "a_aug_0001.png"
    assert after.find("path") is None
    assert after.findtext("source/database") == "ours"
    assert [after.findtext(f"size/{t}") for t in ("width", "height", "depth")] == ["40", "30", "3"]
    for one, other in zip(before.iter("object"), after.iter("object"), strict=True):
        ours = "".join(ET.tostring(other, encoding="unicode").split())
        assert ours == "".join(ET.tostring(one, encoding="unicode").split())
    again = VocSource.open(tmp_path / "out")
    assert len(again.items) == 2
    assert not again.problems


def test_parts_follow_their_object(tmp_path: Path) -> None:
    parts = PART.format("head") + PART.format("hand") + POINT
    save_voc(tmp_path / "in", "a", voc_object("person", (1, 2, 10, 20), parts) * 2)
    source = VocSource.open(tmp_path / "in")
    _, _, _, second, _, hand = source.read(source.items[0]).instances
    assert second.keypoints is not None
    second = second.replace(keypoints=second.keypoints * [1, 1, 0])  # out of the picture
    hand = hand.replace(box=np.array([20.0, 21, 22, 23]))
    path = write_one(source, tmp_path / "out", second, hand)
    (element,) = ET.parse(path).getroot().iter("object")
    assert element.find("point") is None
    (part,) = element.findall("part")
    assert part.findtext("name") == "hand"
    assert [e.text for e in part.iter() if e.tag in ("xmin", "ymin", "xmax", "ymax")] == [
        "21", "22", "22", "23",
    ]  # fmt: skip


def test_clipped_objects_are_truncated(tmp_path: Path) -> None:
    objects = voc_object("in", (5, 5, 10, 20)) + voc_object("edge", (1, 5, 10, 20))
    save_voc(tmp_path / "in", "a", objects)
    source = VocSource.open(tmp_path / "in")
    inside, edge = source.read(source.items[0]).instances
    clipped = inside.replace(box=np.array([30.2, 5, 40, 20]))
    path = write_one(source, tmp_path / "out", clipped, inside, edge)
    flags = [e.findtext("truncated") for e in ET.parse(path).getroot().iter("object")]
    assert flags == ["1", "0", "0"]


def test_lists_get_copies_and_flags_fall(tmp_path: Path) -> None:
    root, out = tmp_path / "in", tmp_path / "out"
    for stem in ("a", "b", "c"):
        save_voc(root, stem, voc_object("cat", (1, 2, 10, 20)))
    lists = {
        "Main/train.txt": "a\nb\ngone\n",
        "Main/val.txt": "c\n",
        "Main/trainval.txt": "a\nb\nc\n",
        "Main/cat_train.txt": "a  1\nb  1\n",
        "Main/dog_train.txt": "a -1\nb -1\n",
        "Segmentation/train.txt": "a\n",
        "Action/jump_train.txt": "a  1  1\n",
    }
    for name, text in lists.items():
        (root / "ImageSets" / name).parent.mkdir(parents=True, exist_ok=True)
        (root / "ImageSets" / name).write_text(text)
    source = VocSource.open(root)
    a, b = (source.read(i) for i in source.items[:2])
    copies = {
        (source.items[0].id, 1): a,
        (source.items[0].id, 2): a.replace(instances=()),
        (source.items[1].id, 1): b,
    }
    run(source, VocWriter(source, out, WriteOptions()), copies)
    read = {name: (out / "ImageSets" / name).read_text().split("\n")[:-1] for name in lists}
    assert read["Main/train.txt"] == ["a", "a_aug_0001", "a_aug_0002", "b", "b_aug_0001"]
    assert read["Main/val.txt"] == ["c"]
    assert read["Main/trainval.txt"] == [*read["Main/train.txt"], "c"]
    assert read["Main/cat_train.txt"] == [
        "a  1", "a_aug_0001  1", "a_aug_0002 -1", "b  1", "b_aug_0001  1",
    ]  # fmt: skip
    assert all(row.endswith(" -1") for row in read["Main/dog_train.txt"])
    assert read["Segmentation/train.txt"] == ["a", "a_aug_0001", "a_aug_0002"]
    assert read["Action/jump_train.txt"] == ["a 1  1"]


def test_masks_keep_their_palette_and_follow_the_objects(tmp_path: Path) -> None:
    root, out = tmp_path / "in", tmp_path / "out"
    save_voc(root, "a", voc_object("cat", (1, 1, 10, 10)) + voc_object("dog", (11, 1, 20, 10)))
    indices = np.zeros((30, 40), np.uint8)
    indices[:10, :10], indices[:10, 10:20], indices[12] = 1, 2, 255
    palette = [v for i in range(256) for v in (i, 255 - i, i // 2)]
    for folder in ("SegmentationClass", "SegmentationObject"):
        (root / folder).mkdir()
        image = Image.fromarray(indices)
        image.putpalette(palette)
        image.save(root / folder / "a.png")
    source = VocSource.open(root)
    _, dog = source.read(source.items[0]).instances
    write_one(source, out, dog)
    classes = Image.open(out / "SegmentationClass/a_aug_0001.png")
    assert classes.mode == "P"
    assert classes.getpalette() == palette
    np.testing.assert_array_equal(np.asarray(classes), indices)
    objects = np.asarray(Image.open(out / "SegmentationObject/a_aug_0001.png"))
    expected = indices.copy()
    expected[indices == 1], expected[indices == 2] = 255, 1
    np.testing.assert_array_equal(objects, expected)


def test_names_with_line_breaks(tmp_path: Path) -> None:
    save_voc(tmp_path, "a\nb", "")
    source = VocSource.open(tmp_path)
    writer = VocWriter(source, tmp_path / "out", WriteOptions())
    with pytest.raises(SampleError, match="line break"):
        writer.copy(source.items[0])
    with pytest.raises(SampleError, match="line break"):
        writer.write(source.items[0], 1, source.read(source.items[0]))


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(st.integers(1, 20), st.integers(1, 15), st.integers(20, 40), st.integers(15, 30)),
        max_size=4,
    )
)
def test_whole_boxes_survive_exactly(tmp_path: Path, boxes: list[tuple[int, ...]]) -> None:
    save_voc(tmp_path / "in", "a", "".join(voc_object("cat", b) for b in boxes))
    source = VocSource.open(tmp_path / "in")
    path = write_one(source, tmp_path / "out", *source.read(source.items[0]).instances)
    assert parse_voc(path) == [("cat", tuple(map(float, b))) for b in boxes]


def test_thin_and_outside_boxes_stay_valid(tmp_path: Path) -> None:
    save_voc(tmp_path / "in", "a", voc_object("cat", (1, 1, 2, 2)))
    source = VocSource.open(tmp_path / "in")
    (cat,) = source.read(source.items[0]).instances
    boxes = [(39.8, 29.8, 40, 30), (5.4, 5.4, 5.45, 5.6), (0, 0, 0.2, 0.2), (-3, 4, 99, 8)]
    moved = [cat.replace(box=np.array(b, dtype=np.float64)) for b in boxes]
    for _, (xmin, ymin, xmax, ymax) in parse_voc(write_one(source, tmp_path / "out", *moved)):
        assert 1 <= xmin <= xmax <= 40
        assert 1 <= ymin <= ymax <= 30
