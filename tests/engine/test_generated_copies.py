"""Copies that generators make, in jobs: the same promise as for all others."""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from engine.datasets import arrays, image_folder, pairs
from engine.fake_generator import fake_model, lightened
from tenfold import Pipeline
from tenfold.declare.generators import GeneratorUse
from tenfold.declare.parse import load_recipe
from tenfold.declare.recipe import Recipe
from tenfold.engine.local import LocalEngine
from tenfold.engine.manifest import manifest_lines, read_job, tree_hash
from tenfold.engine.replay import replay
from tenfold.engine.run import RunResult
from tenfold.engine.work import ShardDone
from tenfold.errors import ModelError, OutputError, RequestError, TenfoldError
from tenfold.learned.copies import Generators, Making, Model
from tenfold.multiply import augment, carry_out, plan_job
from tenfold.ops.geometry import Rotation
from tenfold.ops.luminosity import Brightness
from tenfold.rng import Key
from tenfold.samples.sources import open_source
from tenfold.write.writer import WriteOptions

OPS = (Rotation(degrees=20), Brightness(shift=0.2))
CLASSES = ("a", "b")
SHAPE = (24, 28, 3)


def recipe(*uses: GeneratorUse) -> Recipe:
    return Recipe(OPS, generators=uses)


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return fake_model(tmp_path / "model", SHAPE, CLASSES)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return image_folder(tmp_path / "data", train=6, test=2, side=24)


def made(source: Path, out: Path, use: GeneratorUse, **settings: Any) -> list[dict[str, Any]]:
    """The manifest lines of a job with four copies a sample."""
    augment(source, out, recipe=recipe(use), **{"copies": 4, "seed": 5, **settings})
    assert not (out / "quarantine.jsonl").exists()
    return list(manifest_lines(out))


def rgb(path: Path) -> Any:
    return np.asarray(cv2.imread(str(path), cv2.IMREAD_UNCHANGED))[:, :, ::-1]


# --- which copies ---------------------------------------------------------------------


def drawn(shares: list[float], keys: list[Key]) -> list[int | None]:
    models = tuple(Model(GeneratorUse("m", share=share), Path(), "") for share in shares)
    return [None if m is None else m.number for m in Generators(models).draw(keys)]


def test_shares_are_kept() -> None:
    keys = [Key(7, f"{i}.png", copy) for i in range(500) for copy in range(1, 11)]
    numbers = drawn([0.2, 0.5], keys)
    assert numbers.count(0) == pytest.approx(1000, abs=120)  # four standard deviations
    assert numbers.count(1) == pytest.approx(2500, abs=150)
    assert set(drawn([0.5, 0.5], keys)) == {0, 1}
    assert set(drawn([0.0], keys)) == {None}
    assert set(drawn([0.1] * 10, keys)) == set(range(10))


def test_what_a_copy_gets_depends_on_its_key_alone() -> None:
    keys = [Key(7, f"{i}.png", copy) for i in range(20) for copy in range(1, 6)]
    use = Generators((Model(GeneratorUse("m"), Path(), ""),))
    whole = use.draw(keys)
    assert [use.draw([key])[0] for key in keys] == whole
    seeds = [m.seed for m in whole if m is not None]
    assert len(set(seeds)) == len(seeds)
    assert all(0 <= seed < 2**53 for seed in seeds)
    assert use.draw([Key(8, key.sample, key.copy) for key in keys]) != whole


# --- what they look like ---------------------------------------------------------------------


def test_without_transforms_they_are_what_the_generator_made(
    source: Path, model: Path, tmp_path: Path
) -> None:
    use = GeneratorUse(str(model), share=0.5, transforms=False, strength=0.5)
    lines = made(source, tmp_path / "out", use)
    learned = [line for line in lines if "generator" in line]
    assert 0 < len(learned) < 24
    for line in learned:
        about = line["generator"]
        assert (about["kind"], about["method"], line["ops"]) == ("fake", "lighten", [])
        before = rgb(source / line["item"]).astype(np.float32) / 255
        wanted = lightened(before, CLASSES.index(line["label"]), about["seed"], 0.5)
        found = rgb(tmp_path / "out" / line["file"])
        np.testing.assert_allclose(found, wanted * 255, atol=0.502)
    assert all(line["ops"] for line in lines if line["kind"] == "copy" and "generator" not in line)


def test_transforms_are_applied_to_what_the_generator_made(
    source: Path, model: Path, tmp_path: Path
) -> None:
    """The same copies with and without: the ones are the recipe's ops on the others."""
    use = GeneratorUse(str(model), share=1.0)
    bent = made(source, tmp_path / "bent", use)
    plain = made(source, tmp_path / "plain", dataclasses.replace(use, transforms=False))
    pipeline = Pipeline(OPS)
    copies = [pair for pair in zip(bent, plain, strict=True) if pair[0]["kind"] == "copy"]
    assert len(copies) == 24
    for one, other in copies:
        assert one["generator"] == other["generator"]
        assert one["ops"]
        before = rgb(tmp_path / "plain" / other["file"])
        after = pipeline.replay(one["ops"], image=np.ascontiguousarray(before))["image"]
        np.testing.assert_array_equal(rgb(tmp_path / "bent" / one["file"]), after)


def test_other_copies_are_those_of_the_recipe_without_generators(
    source: Path, model: Path, tmp_path: Path
) -> None:
    lines = made(source, tmp_path / "out", GeneratorUse(str(model)))
    augment(source, tmp_path / "bare", recipe=Recipe(OPS), copies=4, seed=5)
    others = [line for line in lines if "generator" not in line]
    assert others
    for line in others:
        there = (tmp_path / "bare" / line["file"]).read_bytes()
        assert (tmp_path / "out" / line["file"]).read_bytes() == there


@pytest.mark.parametrize("to", [None, "webdataset", "parquet"])
@pytest.mark.parametrize("make", [image_folder, arrays])
def test_every_layout_with_labels_is_whole_and_replayed(
    tmp_path: Path, make: Any, to: str | None
) -> None:
    if make is arrays and to is not None:
        pytest.skip("arrays stay arrays")
    data = make(tmp_path / "data")
    sample = open_source(data).read(open_source(data).items[0])
    classes: Any = (0, 1, 2) if make is arrays else CLASSES
    where = fake_model(tmp_path / "model", sample.image.shape, classes)
    out = tmp_path / "out"
    lines = made(data, out, GeneratorUse(str(where), share=0.6), options=WriteOptions(to=to))
    learned = [line for line in lines if "generator" in line]
    assert learned
    for line in (learned[0], learned[-1]):
        assert replay(out / line["file"]).identical


def test_sixteen_bits_and_another_size(tmp_path: Path) -> None:
    for i in range(4):
        path = tmp_path / "data" / "ab"[i % 2] / f"{i}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        ramp = np.linspace(300 + i, 60000, 30 * 20).reshape(30, 20).astype(np.uint16)
        cv2.imwrite(str(path), ramp)
    where = fake_model(tmp_path / "model", (15, 10, 1), CLASSES)
    use = GeneratorUse(str(where), method="reconstruction", share=1, transforms=False)
    with pytest.raises(RequestError, match=r"20x30, and the model .* makes 10x15.*resize: true"):
        made(tmp_path / "data", tmp_path / "out", use)
    assert not (tmp_path / "out").exists()
    made(tmp_path / "data", tmp_path / "out", dataclasses.replace(use, resize=True))
    found = np.asarray(cv2.imread(str(tmp_path / "out/a/0_aug_0001.png"), cv2.IMREAD_UNCHANGED))
    assert found.dtype == np.uint16
    before = np.asarray(cv2.imread(str(tmp_path / "data/a/0.png"), cv2.IMREAD_UNCHANGED))
    inner = np.s_[4:-4, 4:-4]  # a ramp stays a ramp, but for its ends
    np.testing.assert_allclose(found[inner], before[inner], atol=60)


# --- the promise ---------------------------------------------------------------------


class Stopping:
    """An engine whose destination fills up after some shards."""

    def __init__(self, after: int) -> None:
        self.after = after

    def run(self, job: Any, shards: Any) -> Iterator[ShardDone]:
        for number, done in enumerate(LocalEngine().run(job, shards)):
            yield done
            if number + 1 == self.after:
                raise OutputError("disk full")


def test_resume_moved_and_changed_models(source: Path, model: Path, tmp_path: Path) -> None:
    rules = recipe(GeneratorUse(str(model)))
    settings: dict[str, Any] = {"recipe": rules, "copies": 3, "seed": 5}
    whole = tmp_path / "whole"
    augment(source, whole, **settings)
    out = tmp_path / "out"
    with pytest.raises(OutputError, match="disk full"):
        carry_out(plan_job(source, out, **settings), Stopping(2))
    shutil.rmtree(model)
    fake_model(model, SHAPE, CLASSES, salt=1)
    with pytest.raises(RequestError, match=r"begun with another model .*files have changed"):
        augment(source, out, existing="resume", **settings)
    shutil.rmtree(model)
    fake_model(model, SHAPE, CLASSES)
    result: RunResult = augment(source, out, existing="resume", **settings)
    assert result.complete
    assert result.resumed == 2
    assert tree_hash(out) == tree_hash(whole)


def test_where_the_model_lies_makes_no_difference(source: Path, tmp_path: Path) -> None:
    hashes = []
    for place in ("here", "there"):
        folder = tmp_path / place
        fake_model(folder / "model", SHAPE, CLASSES)
        (folder / "recipe.yaml").write_text(
            "version: 1\ngenerators: [{model: model}]\ninvariances: [rotation]\n"
        )
        rules = folder / "recipe.yaml"
        augment(source, folder / "out", recipe=rules, copies=2, seed=5)
        hashes.append(tree_hash(folder / "out"))
    assert hashes[0] == hashes[1]
    settings: dict[str, Any] = {"copies": 2, "seed": 5}
    begun = plan_job(source, tmp_path / "o", recipe=tmp_path / "here/recipe.yaml", **settings)
    with pytest.raises(OutputError, match="disk full"):
        carry_out(begun, Stopping(1))
    there = tmp_path / "there/recipe.yaml"
    augment(source, tmp_path / "o", recipe=there, existing="resume", **settings)
    assert tree_hash(tmp_path / "o") == hashes[0]
    out, moved = tmp_path / "here/out", tmp_path / "moved"
    (tmp_path / "here/model").rename(moved)
    file = out / next(line["file"] for line in manifest_lines(out) if "generator" in line)
    with pytest.raises(ModelError, match=r"'model' .*gone or was changed.*--model"):
        replay(file)
    assert replay(file, models=[moved]).identical
    shutil.rmtree(moved)
    fake_model(moved, SHAPE, CLASSES, salt=3)
    with pytest.raises(ModelError, match="changed"):
        replay(file, models=[moved])


def test_two_workers_give_the_bytes_of_one(tmp_path: Path) -> None:
    pytest.importorskip("sklearn")
    from tenfold.fitting import fit_model

    data = image_folder(tmp_path / "data", train=10, side=12)
    fit_model("deformation", data, tmp_path / "model", settings={"steps": 2, "cells": 2})
    rules = recipe(GeneratorUse(str(tmp_path / "model")))
    for workers in (1, 2):
        out = tmp_path / f"out{workers}"
        augment(data, out, recipe=rules, copies=3, seed=5, workers=workers)
    assert tree_hash(tmp_path / "out1") == tree_hash(tmp_path / "out2")
    lines = list(manifest_lines(tmp_path / "out1"))
    assert any(line.get("generator", {}).get("kind") == "deformation" for line in lines)


def test_identity_and_report_tell_of_the_model(source: Path, model: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    lines = made(source, out, GeneratorUse(str(model)))
    job = read_job(out)["job"]
    (fingerprint,) = job["models"].values()
    learned = [line for line in lines if "generator" in line]
    assert {line["generator"]["fingerprint"] for line in learned} == {fingerprint}
    assert load_recipe(out / "recipe.yaml").generators[0].model == str(model)
    page = (out / "report.html").read_text()
    assert f"<b>fake lighten (model)</b> made {len(learned)} copies" in page
    bare = tmp_path / "bare"
    augment(source, bare, recipe=Recipe(OPS), copies=1, seed=5)
    assert "models" not in read_job(bare)["job"]
    assert "Learned variety" not in (bare / "report.html").read_text()


# --- what is refused ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("classes", "shape", "use", "told"),
    [
        (("a",), SHAPE, {}, r"doesn't know the class 'b' \(.*1/|doesn't know the class 'b'"),
        (CLASSES, (8, 8, 3), {}, "makes 8x8.*resize: true"),
        (CLASSES, (24, 28, 1), {}, "3 channels, and the model .* makes 1"),
        (CLASSES, (40,), {}, "feature vectors, not on images"),
        (CLASSES, SHAPE, {"method": "lightn"}, "no method 'lightn'; did you mean 'lighten'"),
        (CLASSES, SHAPE, {"strength": 4.0}, r"model.*: lighten: strength must be at most 3"),
        (CLASSES, SHAPE, {"method": "dance"}, "no method 'dance'; it has lighten, reconst"),
    ],
)
def test_models_that_dont_fit(
    source: Path, tmp_path: Path, classes: Any, shape: Any, use: dict[str, Any], told: str
) -> None:
    where = fake_model(tmp_path / "model", shape, classes)
    with pytest.raises(RequestError, match=told):
        made(source, tmp_path / "out", GeneratorUse(str(where), **use))
    assert not (tmp_path / "out").exists()


def test_annotations_are_refused(tmp_path: Path, model: Path) -> None:
    with pytest.raises(RequestError, match=r"has masks.*without annotations.*remove 'generators'"):
        made(pairs(tmp_path / "data"), tmp_path / "out", GeneratorUse(str(model)))
    assert not (tmp_path / "out").exists()


def test_opacity_is_refused(tmp_path: Path) -> None:
    data = tmp_path / "data"
    for i in range(2):
        (data / "ab"[i]).mkdir(parents=True)
        picture = np.full((8, 8, 4), 40 * i, np.uint8)
        picture[:4, :, 3] = 255
        cv2.imwrite(str(data / "ab"[i] / "x.png"), picture)
    where = fake_model(tmp_path / "model", (8, 8, 4), CLASSES)
    with pytest.raises(RequestError, match="no opacity"):
        made(data, tmp_path / "out", GeneratorUse(str(where)))


def test_a_sample_of_another_size_is_quarantined(source: Path, model: Path, tmp_path: Path) -> None:
    cv2.imwrite(str(source / "train/b/zzz.png"), np.full((9, 9, 3), 70, np.uint8))
    rules = recipe(GeneratorUse(str(model)))
    result = augment(source, tmp_path / "out", recipe=rules, copies=2, seed=5)
    assert result.quarantined == 1
    assert "makes 28x24" in (tmp_path / "out/quarantine.jsonl").read_text()


def test_models_that_are_none(source: Path, model: Path, tmp_path: Path) -> None:
    def fails(name: Path | str, told: str) -> None:
        with pytest.raises(TenfoldError, match=told) as caught:
            made(source, tmp_path / "out", GeneratorUse(str(name)))
        assert caught.value.exit_code == 2
        assert not (tmp_path / "out").exists()

    fails("nowhere", "no model 'nowhere' in .*tenfold fit vae SRC -o nowhere")
    fails(source, "holds no model")
    weights = model / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-3])
    fails(model, "truncated or was changed")


def test_pipelines_refuse_generators(model: Path) -> None:
    rules = recipe(GeneratorUse(str(model)))
    with pytest.raises(RequestError, match=r"tenfold augment.*generators=\(\)"):
        Pipeline(rules)
    image = np.zeros((4, 4, 3), np.uint8)
    assert Pipeline(rules, generators=())(image).shape == (4, 4, 3)


def test_a_generator_that_makes_no_numbers(source: Path, model: Path, tmp_path: Path) -> None:
    prepared = plan_job(source, tmp_path / "out", recipe=recipe(GeneratorUse(str(model))), seed=5)
    generators = prepared.job.generators
    item = prepared.job.source.items[0]
    sample = prepared.job.source.read(item)
    broken = generators.models[0].generator
    broken.vary = lambda *_: np.full((1, *SHAPE), np.nan, np.float32)  # type: ignore[method-assign]
    try:
        with pytest.raises(TenfoldError, match="no numbers"):
            generators.make(sample, Making(0, 1))
    finally:
        del broken.vary
