"""Composed copies in jobs: the same promise as for all others."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from annotated import parse_voc, parse_yolo
from compose.shapes import SIDE, coco, pairs, voc, yolo
from engine.datasets import image_folder
from tenfold import Pipeline
from tenfold.cli.main import run
from tenfold.compose.parts import lacking
from tenfold.declare.compose import ComposeUse
from tenfold.declare.parse import dump_recipe, load_recipe
from tenfold.declare.recipe import Recipe
from tenfold.engine.manifest import manifest_lines, tree_hash
from tenfold.engine.replay import replay
from tenfold.errors import RequestError
from tenfold.multiply import augment
from tenfold.ops.geometry import Reflection, Rotation
from tenfold.richness.leaks import check_leakage
from tenfold.richness.lineage import Lineage
from tenfold.samples.sample import Sample
from tenfold.samples.sources import open_source

OPS = (Rotation(degrees=20), Reflection())


def made(source: Path, out: Path, use: ComposeUse, **settings: Any) -> list[dict[str, Any]]:
    """The manifest lines of a job with three copies a sample."""
    augment(source, out, recipe=Recipe(OPS, compose=use), **{"copies": 3, "seed": 5, **settings})
    assert not (out / "quarantine.jsonl").exists()
    return list(manifest_lines(out))


def read_all(out: Path) -> dict[str, Sample]:
    source = open_source(out)
    assert not source.problems
    return {item.id: source.read(item) for item in source.items}


@pytest.mark.parametrize(
    ("make", "backgrounds"),
    [(coco, "set"), (voc, "inpainted"), (yolo, "set"), (pairs, "inpainted")],
)
def test_every_layout_is_the_same_for_all_workers_and_replayed(
    tmp_path: Path, make: Any, backgrounds: Any
) -> None:
    source = make(tmp_path / "data")
    use = ComposeUse(share=0.6, backgrounds=backgrounds)
    lines = made(source, tmp_path / "out", use)
    made(source, tmp_path / "two", use, workers=2)
    assert tree_hash(tmp_path / "out") == tree_hash(tmp_path / "two")
    composed = [line for line in lines if "composed" in line]
    assert 0 < len(composed) < sum(line["kind"] == "copy" for line in lines)
    assert all("train" in line["item"] or make in (voc, pairs) for line in composed)
    for line in composed[:3]:
        found = replay(tmp_path / "out" / line["file"])
        assert found.identical, found.why
    read_all(tmp_path / "out")


def test_shards_and_resumed_runs_give_the_same(tmp_path: Path) -> None:
    source = coco(tmp_path / "data", 70)
    use = ComposeUse(share=1, objects=(1, 2))
    made(source, tmp_path / "out", use, copies=1)
    for part in (1, 0):
        augment(
            source, tmp_path / "parts", recipe=Recipe(OPS, compose=use), copies=1, seed=5,
            shard=(part, 2),
        )  # fmt: skip
    assert tree_hash(tmp_path / "out") == tree_hash(tmp_path / "parts")


def test_labels_written_are_those_made(tmp_path: Path) -> None:
    """Numbers of objects in the files, by readers that aren't tenfold's."""
    use = ComposeUse(share=1, transforms=False)
    for make, count in ((voc, _in_voc), (yolo, _in_yolo), (coco, _in_coco)):
        out = tmp_path / make.__name__
        lines = made(make(tmp_path / f"{make.__name__}-in"), out, use)
        told = Counter(str(label) for line in lines for label in line["labels"])
        assert count(out) == told


def _in_voc(out: Path) -> Counter[str]:
    return Counter(n for p in (out / "Annotations").iterdir() for n, _ in parse_voc(p))


def _in_yolo(out: Path) -> Counter[str]:
    names = ["square", "disc", "bar"]
    files = (out / "labels" / "train").iterdir()
    return Counter(names[c] for p in files for c, _ in parse_yolo(p))


def _in_coco(out: Path) -> Counter[str]:
    found: Counter[str] = Counter()
    for path in (out / "annotations").iterdir():
        document = json.loads(path.read_text())
        names = {c["id"]: c["name"] for c in document["categories"]}
        ids = [a["id"] for a in document["annotations"]]
        assert len(set(ids)) == len(ids)
        found.update(names[a["category_id"]] for a in document["annotations"])
    return found


def test_voc_segmentations_number_the_objects_as_the_annotation_does(tmp_path: Path) -> None:
    use = ComposeUse(share=1, transforms=False, scale=(1, 1), rotation=0, blend="none", overlap=0)
    out = tmp_path / "out"
    lines = made(voc(tmp_path / "data", masks=True), out, use)
    names = ["square", "disc", "bar"]
    more = 0
    for line in lines:
        stem = Path(line["file"]).stem
        objects = np.asarray(Image.open(out / "SegmentationObject" / f"{stem}.png"))
        classes = np.asarray(Image.open(out / "SegmentationClass" / f"{stem}.png"))
        written = parse_voc(out / "Annotations" / f"{stem}.xml")
        more += len(line.get("composed", {}).get("parts", ()))
        assert set(np.unique(objects).tolist()) == {*range(len(written) + 1)}
        np.testing.assert_array_equal(objects > 0, classes > 0)
        for number, (name, (x0, y0, x1, y1)) in enumerate(written, 1):
            ys, xs = np.nonzero(objects == number)
            assert [xs.min() + 1, ys.min() + 1, xs.max() + 1, ys.max() + 1] == [x0, y0, x1, y1]
            assert set(np.unique(classes[ys, xs]).tolist()) == {names.index(name) + 1}
    assert more > 10


def test_lineage_knows_all_parents(tmp_path: Path) -> None:
    out = tmp_path / "out"
    lines = made(coco(tmp_path / "data"), out, ComposeUse(share=1, objects=(2, 4)))
    lineage, source = Lineage([out]), open_source(out)
    items = {item.id: item for item in source.items}
    for line in lines:
        families, what = lineage.of(source, items[line["file"]]) or ((), "")
        told = {part["parent"] for part in line.get("composed", {}).get("parts", ())}
        assert {name for _, name in families} == {line["item"], *told}
        assert families[0][1] == line["item"]
        assert what == ("a copy" if line["kind"] == "copy" else "the original")


def test_a_composed_copy_leaks_its_parents(tmp_path: Path) -> None:
    """Trained on a composed copy, tested on the sample whose object it has."""
    out = tmp_path / "out"
    lines = made(coco(tmp_path / "data"), out, ComposeUse(share=1), originals=False, copies=1)
    line = next(one for one in lines if one.get("composed", {}).get("parts"))
    parent = line["composed"]["parts"][0]["parent"]
    other = next(o for o in lines if o["item"] == parent and o["kind"] == "copy")
    for name, file in (("a", line["file"]), ("b", other["file"])):
        (tmp_path / "two" / name / "x").mkdir(parents=True)
        (tmp_path / "two" / name / "x" / Path(file).name).write_bytes((out / file).read_bytes())
    sources = [open_source(tmp_path / "two" / name) for name in "ab"]
    found = check_leakage(sources, lineage=Lineage([out]))
    assert [leak.kind for leak in found.leaks] == ["lineage"]


def test_other_copies_are_those_of_the_recipe_without(tmp_path: Path) -> None:
    source = coco(tmp_path / "data")
    lines = made(source, tmp_path / "out", ComposeUse(share=0.5))
    augment(source, tmp_path / "bare", recipe=Recipe(OPS), copies=3, seed=5)
    others = [line for line in lines if "composed" not in line]
    assert others
    for line in others:
        there = (tmp_path / "bare" / line["file"]).read_bytes()
        assert (tmp_path / "out" / line["file"]).read_bytes() == there


def test_rare_classes_come_first(tmp_path: Path) -> None:
    """17 squares a bar: brought near balance, or kept as they are."""
    source = coco(tmp_path / "data", 12)
    even = ComposeUse(
        share=1, objects=(3, 5), backgrounds="inpainted", transforms=False, scale=(0.8, 1)
    )
    counts = Counter(n for o in made(source, tmp_path / "a", even, copies=8) for n in _train(o))
    assert max(counts.values()) <= 1.3 * min(counts.values())
    plain = ComposeUse(share=1, objects=(3, 5), backgrounds="inpainted", rare_first=False)
    counts = Counter(n for o in made(source, tmp_path / "b", plain) for n in _train(o))
    assert max(counts.values()) >= 4 * min(counts.values())


def _train(line: dict[str, Any]) -> list[str]:
    return list(line["labels"]) if line["split"] == "train" else []


@pytest.mark.parametrize(
    ("held", "budget", "wanted"),
    [
        ({"a": 10.0, "b": 2.0, "c": 4.0}, 8.0, {"a": 0, "b": 5, "c": 3}),
        ({"a": 10.0, "b": 2.0, "c": 4.0}, 1.0, {"a": 0, "b": 1, "c": 0}),
        ({"a": 10.0, "b": 2.0, "c": 4.0}, 17.0, {"a": 1, "b": 9, "c": 7}),
        ({"a": 3.0}, 5.0, {"a": 5}),
    ],
)
def test_what_is_lacking(held: Any, budget: float, wanted: Any) -> None:
    assert lacking(held, budget) == pytest.approx(wanted)


# --- what can't be ---------------------------------------------------------------------


def test_images_with_classes_alone_are_refused(tmp_path: Path) -> None:
    source = image_folder(tmp_path / "data", train=4, test=1)
    with pytest.raises(RequestError, match=r"no labelled objects.*boxes.*'generators'.*mixing"):
        made(source, tmp_path / "out", ComposeUse())
    assert not (tmp_path / "out").exists()


def test_label_images_that_are_no_objects_are_refused(tmp_path: Path) -> None:
    source = pairs(tmp_path / "colours", 3)
    for path in (source / "masks").iterdir():
        Image.fromarray(np.random.default_rng(0).integers(0, 9, (SIDE, SIDE, 3), "u1")).save(path)
    with pytest.raises(RequestError, match="colours; convert it"):
        made(source, tmp_path / "out", ComposeUse())
    source = pairs(tmp_path / "noise", 3)
    for path in (source / "masks").iterdir():
        Image.fromarray(np.zeros((SIDE, SIDE), "u1")).save(path)
    with pytest.raises(RequestError, match=r"give no objects.*remove 'compose'"):
        made(source, tmp_path / "out", ComposeUse())


def test_pipelines_refuse_it() -> None:
    with pytest.raises(RequestError, match="one sample at a time"):
        Pipeline(Recipe(OPS, compose=ComposeUse()))


def test_it_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = voc(tmp_path / "data")
    rules = tmp_path / "r.yaml"
    rules.write_text("version: 1\ncompose: {share: 0.5, objects: 2}\ninvariances: [rotation]\n")
    out = str(tmp_path / "out")
    asked = ["augment", str(source), out, "--recipe", str(rules), "--seed", "1"]
    assert run([*asked, "--dry-run"]) == 0
    said = capsys.readouterr().out
    assert "0.5 of the copies: composed, with 2 objects of other samples, then the passes" in said
    assert "of the objects pasted: bar" in said
    assert run([*asked, "--quiet", "--copies", "2"]) == 0
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    assert report["copies_composed"] > 0
    assert "got objects of other samples" in (tmp_path / "out" / "report.html").read_text()
    line = next(o for o in manifest_lines(tmp_path / "out") if o.get("composed", {}).get("parts"))
    capsys.readouterr()
    assert run(["replay", str(tmp_path / "out" / line["file"])]) == 0
    assert f"of {line['composed']['parts'][0]['parent']})" in capsys.readouterr().out


def test_recipes_keep_it() -> None:
    text = "version: 1\ncompose: {objects: [2, 5], blend: poisson}\ninvariances: [rotation]\n"
    recipe = load_recipe(text)
    assert recipe.compose == ComposeUse(objects=(2, 5), blend="poisson")
    assert dump_recipe(recipe) == text
    assert load_recipe(dump_recipe(recipe, full=True)) == recipe
    one = load_recipe(text.replace("[2, 5]", "3")).compose
    assert one is not None
    assert one.objects == (3, 3)
    assert load_recipe(text.replace("{objects: [2, 5], blend: poisson}", "{}")).compose == (
        ComposeUse()
    )
