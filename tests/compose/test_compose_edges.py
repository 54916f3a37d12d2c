"""Composed copies where something is missing: labels, objects, room, memory, a healthy machine."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from annotated import parse_voc, parse_yolo
from compose.shapes import SIDE, coco, pairs, voc, yolo
from tenfold.compose import parents as kept_parents
from tenfold.compose.cutting import cut_out
from tenfold.compose.parents import Parents
from tenfold.compose.placing import linear, pose
from tenfold.declare.compose import ComposeUse
from tenfold.declare.parse import dump_recipe, load_recipe
from tenfold.declare.recipe import Recipe
from tenfold.engine.manifest import manifest_lines
from tenfold.engine.replay import replay
from tenfold.errors import OutputError, RecipeError, RequestError, SampleError
from tenfold.multiply import augment, plan_job
from tenfold.places import place_of
from tenfold.samples.sample import Instance
from tenfold.samples.sources import open_source
from tenfold.write.voc import _renumbered

STILL: dict[str, Any] = {"share": 1, "transforms": False, "scale": (1, 1), "rotation": 0}


def recipe(**settings: Any) -> Recipe:
    return Recipe((), compose=ComposeUse(**{**STILL, "objects": (1, 1), **settings}))


def copies(source: Path, **settings: Any) -> tuple[Path, list[dict[str, Any]]]:
    """The destination, and the lines of the copies; each is replayed."""
    out = source.parent / "out"
    augment(source, out, recipe=recipe(**settings), copies=2, seed=1)
    assert not (out / "quarantine.jsonl").exists()
    lines = [line for line in manifest_lines(out) if line["copy"]]
    for line in lines[-3:]:
        found = replay(out / line["file"])
        assert found.identical, found.why
    return out, lines


def bare(number: int) -> Any:
    """A picture without objects."""
    image = np.full((SIDE, SIDE, 3), 20, np.uint8)
    image[0, 0] = number
    return Image.fromarray(image)


def test_what_is_put_into_an_unlabelled_picture_is_labelled(tmp_path: Path) -> None:
    for make, image, labels, parse in (
        (yolo, "images/train/50.png", "labels/train/{}.txt", parse_yolo),
        (voc, "JPEGImages/50.png", "Annotations/{}.xml", parse_voc),
    ):
        source = make(tmp_path / make.__name__ / "data")
        bare(50).save(source / image)
        out, lines = copies(source)
        those = [line for line in lines if line["item"] == image]
        assert len(those) == 2
        items = {item.id: item for item in open_source(out).items}
        for line in those:
            labelled = labels.format(Path(line["file"]).stem)
            assert labelled in line["files"]
            assert len(parse(out / labelled)) == len(line["composed"]["parts"]) == 1
            assert len(items[line["file"]].labels) == 1
        assert not (out / labels.format("50")).exists()  # the original stays as it was


def test_objects_in_a_picture_of_none_are_kept_where_there_are_masks_too(tmp_path: Path) -> None:
    """Masks beside labelled objects: they follow the objects, and aren't objects themselves."""
    source = voc(tmp_path / "data", masks=True)
    bare(50).save(source / "JPEGImages" / "050.png")
    stray = np.zeros((SIDE, SIDE), np.uint8)
    for folder in ("SegmentationClass", "SegmentationObject"):
        Image.fromarray(stray).save(source / folder / "050.png")
    stray[5:25, 70:90] = 3  # of a class, and nobody's object
    Image.fromarray(stray).save(source / "SegmentationClass" / "050.png")
    (source / "Annotations" / "050.xml").write_text(
        f"<annotation><filename>050.png</filename><size><width>{SIDE}</width><height>{SIDE}"
        "</height><depth>3</depth></size></annotation>"
    )
    out, lines = copies(source, backgrounds="inpainted")
    those = [line for line in lines if line["item"].endswith("050.png")]
    for line in those:
        stem = Path(line["file"]).stem
        objects = np.asarray(Image.open(out / "SegmentationObject" / f"{stem}.png"))
        assert len(parse_voc(out / "Annotations" / f"{stem}.xml")) == len(line["labels"]) == 1
        assert np.unique(objects).tolist() == [0, 1]
    assert len(those) == 2
    assert all(part["parent"] != those[0]["item"] for o in lines for part in o["composed"]["parts"])


def test_voc_with_more_objects_than_a_mask_numbers() -> None:
    """254 have numbers; the others are "ignore", and none takes another's."""
    objects = [Instance("x", np.array([0.0, 0, 4, 4]), extra={"voc_object": n}) for n in range(300)]
    mask = np.arange(256, dtype=np.uint8).reshape(16, 16)
    np.testing.assert_array_equal(_renumbered(mask, objects, 300), mask)
    moved = _renumbered(mask, objects[10:], 300)  # ten are gone: all numbers fall by ten
    np.testing.assert_array_equal(moved.ravel()[11:255], np.arange(1, 245))
    assert (moved.ravel()[1:11] == 255).all()
    assert moved[0, 0] == 0
    assert moved[15, 15] == 255


def test_a_class_that_cannot_be_cut_starves_no_other(tmp_path: Path) -> None:
    """The rarest has one object, at the picture's edge."""
    source = coco(tmp_path / "data", 6, form="boxes", held=0)
    file = source / "annotations" / "instances_train.json"
    document = json.loads(file.read_text())
    document["categories"].append({"id": 9, "name": "edge", "supercategory": ""})
    edge = {"id": 900, "image_id": 1, "category_id": 9, "bbox": [0, 40, 12, 12], "iscrowd": 0}
    document["annotations"].append(edge)
    file.write_text(json.dumps(document))
    _, lines = copies(source, objects=(2, 2), overlap=1)
    pasted = [len(line["composed"]["parts"]) for line in lines]
    assert min(pasted) == 2


def test_copies_with_fewer_objects_than_asked_are_told(tmp_path: Path) -> None:
    source = coco(tmp_path / "data", 4, held=0)
    out, lines = copies(source, objects=(2, 2), scale=(8, 8))  # larger than the picture
    for line in lines:
        assert line["composed"]["parts"] == []
        assert line["composed"]["missing"] == 2
    report = json.loads((out / "report.json").read_text())
    assert report["copies_composed_short"] == len(lines) == 8
    assert "8 of them got fewer than asked" in (out / "report.html").read_text()


def test_objects_moved_by_whole_pixels_stay_inside() -> None:
    """Boxes at fractions of a pixel, at all places of a picture hardly larger than they."""
    rng = np.random.default_rng(0)
    image = np.zeros((40, 40, 3), np.uint8)
    whole = 0
    for room in (0.0, 0.3, 1.4, 9.6):
        for _ in range(60):
            box = np.array([4.3, 4.2, 14.7, 12.9]) + rng.random(4)
            cutout = cut_out(Instance("x", box), image, "box")
            turned = linear(90 * int(rng.integers(4)), 1.0, ())
            span = np.full(2, room)
            matrix = pose(cutout, turned, rng.random(2) * span, span)
            points = cutout.points @ matrix[:2, :2].T + matrix[:2, 2]
            assert points.min() >= -1e-6
            size = points.max(axis=0) - points.min(axis=0)
            assert (points.max(axis=0) <= size + room + 1e-6).all()
            whole += bool((matrix[:2, 2] % 1 == 0).all())
    assert whole >= 120


def failing(name: str, number: int) -> Callable[..., int]:
    """`os.open` that fails for a file as a machine in trouble does."""
    real = os.open

    def opened(path: Any, *rest: Any, **named: Any) -> int:
        if str(path).endswith(name):
            raise OSError(number, os.strerror(number), str(path))
        return real(path, *rest, **named)

    return opened


@pytest.mark.parametrize("number", [errno.ESTALE, errno.EMFILE])
def test_a_machines_error_decides_nothing(
    tmp_path: Path, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = open_source(place_of(pairs(tmp_path / "data", 4)))
    use = recipe().compose
    assert use is not None
    job = plan_job(source, tmp_path / "out", recipe=recipe(), copies=1, seed=1)
    for name in ("images/001.png", "masks/001.png"):
        parents = Parents(source, recipe(), use)
        with monkeypatch.context() as broken:
            broken.setattr(os, "open", failing(name, number))
            with pytest.raises(SampleError, match="can't be read"):
                parents.get(source.items[1])
            with pytest.raises((SampleError, OutputError)):
                plan_job(source, tmp_path / "out", recipe=recipe(), copies=1, seed=1)
        found = parents.get(source.items[1])
        assert found is not None
        assert found.usable
    monkeypatch.setattr(os, "open", failing("images/001.png", number))
    with pytest.raises(OutputError, match="short of something"):
        list(_worked(job))


def _worked(prepared: Any) -> Any:
    from tenfold.engine.local import LocalEngine
    from tenfold.multiply import carry_out

    yield carry_out(prepared, LocalEngine(1))


def test_a_sample_that_is_gone_is_no_parent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = open_source(place_of(pairs(tmp_path / "data", 3)))
    use = recipe().compose
    assert use is not None
    monkeypatch.setattr(os, "open", failing("images/001.png", errno.ENOENT))
    assert Parents(source, recipe(), use).get(source.items[1]) is None


def test_parents_are_kept_up_to_a_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = open_source(place_of(coco(tmp_path / "data", 12, held=0)))
    use = recipe().compose
    assert use is not None
    parents = Parents(source, recipe(), use)
    first = parents.get(source.items[0])
    assert first is not None
    pixels = first.sample.image.nbytes + sum(
        np.asarray(i.mask).nbytes for i in first.sample.instances
    )
    assert first.size > pixels + 4096
    monkeypatch.setattr(kept_parents, "KEPT_BYTES", 4 * first.size)
    for item in source.items:
        parents.get(item)
        kept = [parent for parent in parents._kept.values() if parent is not None]
        assert parents._held == sum(parent.size for parent in kept) <= 4 * first.size
    assert 1 < len(kept) <= 8
    monkeypatch.setattr(Parents, "with_objects", _refused)
    for item in source.items:
        parents.get(item)
        assert parents._held <= 4 * first.size  # what can't be read is counted, too


def _refused(*_: object) -> Any:
    raise SampleError("can't be used")


def test_recipes_that_only_compose_are_read_again() -> None:
    for full in (False, True):
        assert load_recipe(dump_recipe(recipe(), full)) == recipe()
    assert load_recipe(dump_recipe(Recipe(()), full=True)) == Recipe(())
    with pytest.raises(RecipeError, match="invariances is empty; list what may change"):
        load_recipe("version: 1\ninvariances: []\n")
    with pytest.raises(RecipeError, match="invariances is empty"):
        load_recipe("version: 1\ncompose: {}\ninvariances:\n")


def test_simulated_individuals_are_not_composed(tmp_path: Path) -> None:
    from tenfold.synth.tissue.packed_cells import PackedCells
    from tenfold.synthesis import plan_synthesis

    with pytest.raises(RequestError, match=r"compose: simulated.*remove 'compose'"):
        plan_synthesis(PackedCells(size=64), tmp_path / "o", 2, seed=1, recipe=recipe(), copies=1)
