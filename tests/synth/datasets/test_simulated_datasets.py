"""Simulated datasets on disk: exact, the same for any workers, resumed and made again."""

from __future__ import annotations

import dataclasses
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import yaml
from dots import Dots
from numpy.typing import NDArray

from tenfold.engine.manifest import read_lines
from tenfold.engine.replay import replay
from tenfold.engine.verify import verify
from tenfold.errors import RequestError
from tenfold.multiply import augment
from tenfold.rng import Key, draws
from tenfold.samples.sources import open_source
from tenfold.synth import simulation
from tenfold.synth.dress.style import Style
from tenfold.synth.simulation import Simulation, check_settings, synthesiser_of
from tenfold.synth.source import SynthSource
from tenfold.synth.tomography.slices import TomographySlice
from tenfold.synthesis import synthesise
from tenfold.testing import check_synthesiser
from tenfold.write.writer import WriteOptions

DOTS = Dots(size=32)
FLIP = "version: 1\ninvariances:\n  - reflection: {axes: vertical}\n"


def pixels(file: Path) -> NDArray[Any]:
    found = cv2.imread(str(file), cv2.IMREAD_UNCHANGED)
    assert found is not None
    return np.asarray(found)


def tree(folder: Path) -> str:
    found = verify(folder)
    assert not found.problems
    return found.tree


@pytest.fixture
def made(tmp_path: Path) -> Path:
    synthesise(DOTS, tmp_path / "out", 5, seed=3)
    return tmp_path / "out"


def test_pictures_masks_objects_and_facts_agree(made: Path) -> None:
    coco = json.loads((made / "annotations/instances.json").read_text())
    assert [c["name"] for c in coco["categories"]] == ["small", "large"]
    assert len(coco["images"]) == 5
    facts = [json.loads(line) for line in (made / "metadata.jsonl").read_text().splitlines()]
    for entry, told in zip(coco["images"], facts, strict=True):
        name = entry["file_name"]
        assert told["file"] == f"images/{name}"
        image = pixels(made / "images" / name)
        semantic = pixels(made / "masks" / name)
        number = pixels(made / "layers/instance" / name)
        assert np.array_equal(image == 200, semantic > 0)
        own = [a for a in coco["annotations"] if a["image_id"] == entry["id"]]
        assert len(own) == told["squares"] == number.max()
        assert (made / "files" / name).with_suffix(".txt").read_text() == f"{len(own)} squares\n"
        for one in own:
            x, y, w, h = map(round, one["bbox"])
            assert one["area"] == w * h
            part = semantic[y : y + h, x : x + w]
            assert (part == one["category_id"]).all()
        assert sum(a["area"] for a in own) == np.count_nonzero(semantic)
    ids = [a["id"] for a in coco["annotations"]]
    assert ids == list(range(1, len(ids) + 1))


def test_other_tools_and_augment_can_read_it(made: Path) -> None:
    objects = open_source(made)
    assert objects.layout == "coco"
    assert len(objects.items) == 5
    assert not objects.problems
    assert not objects.info.notes
    pairs = open_source(made, layout="pairs")
    assert len(pairs.items) == 5
    assert not pairs.problems
    sample = pairs.read(pairs.items[2])
    assert np.array_equal(sample.image[:, :, 0] == 200, sample.masks["mask"] > 0)


def test_workers_and_parts_make_the_same_files(made: Path, tmp_path: Path) -> None:
    whole = tree(made)
    synthesise(DOTS, tmp_path / "two", 5, seed=3, workers=2)
    assert tree(tmp_path / "two") == whole
    for part in (2, 0, 1):
        synthesise(DOTS, tmp_path / "parts", 5, seed=3, shard=(part, 3), existing="resume")
    assert tree(tmp_path / "parts") == whole
    synthesise(DOTS, tmp_path / "other", 5, seed=4)
    assert tree(tmp_path / "other") != whole


def test_a_run_without_a_seed_is_resumed_with_its_own(tmp_path: Path) -> None:
    out = tmp_path / "out"
    source = SynthSource.of(Simulation("dots:Dots", DOTS, 5, 77))
    first = synthesise(DOTS, out, 5, seed=77, shard=(0, 2))
    assert not first.complete
    assert synthesise(DOTS, out, 5, existing="resume").complete
    assert {line["item"] for line in read_lines(out / "manifest.jsonl")} == {
        item.id for item in source.items
    }
    assert yaml.safe_load((out / "synth.yaml").read_text())["seed"] == 77


def test_a_file_is_made_again_wherever_the_dataset_is(made: Path, tmp_path: Path) -> None:
    moved = tmp_path / "moved"
    shutil.move(made, moved)
    for file in ("images/dots-000003.png", "layers/instance/dots-000001.png"):
        assert replay(moved / file).identical
    (moved / "masks/dots-000003.png").write_bytes(b"spoiled")
    assert not replay(moved / "masks/dots-000003.png").on_disk


def test_another_setting_is_another_dataset(made: Path) -> None:
    with pytest.raises(RequestError, match="with other settings, or in another style"):
        synthesise(dataclasses.replace(DOTS, share=0.9), made, 5, seed=3, existing="resume")


def test_settings_may_be_numbers_of_numpy(tmp_path: Path) -> None:
    span = tuple(np.array([5.0, 6.0]))
    synthesise(Dots(size=np.int64(32), side=span), tmp_path / "out", 2, seed=1)  # type: ignore[arg-type]
    told = yaml.safe_load((tmp_path / "out/synth.yaml").read_text())["settings"]
    assert (told["size"], told["side"]) == (32, [5.0, 6.0])


def test_a_preset_may_be_named(tmp_path: Path) -> None:
    synthesise("packed-cells", tmp_path / "out", 1, seed=1)
    assert (tmp_path / "out/images/packed-cells-000000.png").exists()
    with pytest.raises(RequestError, match="give a synthesiser or a preset's name"):
        synthesise(Dots, tmp_path / "o", 1)  # type: ignore[arg-type]


def test_a_simulator_that_goes_wrong_is_told_of(tmp_path: Path) -> None:
    with pytest.raises(RequestError, match=r"stopped with ZeroDivisionError: .*check_synthesiser"):
        synthesise(Wrong(), tmp_path / "out", 3, seed=1)
    with pytest.raises(RequestError, match="make gave a int, and should give a Simulated"):
        synthesise(Wrong(size=96), tmp_path / "out", 3, seed=1)
    assert not (tmp_path / "out").exists()


def test_a_module_is_found_in_the_working_directory(tmp_path: Path) -> None:
    """By the command line, which doesn't have it in its path, and its processes."""
    text = (Path(__file__).parent / "dots.py").read_text()
    (tmp_path / "own_dots.py").write_text(text.replace('"dots"', '"own"'))
    script = Path(sys.executable).with_name("tenfold")
    words = ["synth", "own_dots:Dots", "out", "-n", "3", "--size", "32", "--workers", "2"]
    ran = subprocess.run(
        [script, *words], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    assert len(list((tmp_path / "out/images").iterdir())) == 3
    words[1] = "./own_dots.py:Dots"
    ran = subprocess.run(
        [script, *words], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 2
    assert "name the module as Python imports it: own_dots:Dots" in ran.stderr


def test_changed_code_is_another_simulation(monkeypatch: pytest.MonkeyPatch) -> None:
    before = Simulation("dots:Dots", DOTS, 3, 1).digest()
    assert Simulation("dots:Dots", DOTS, 3, 1).digest() == before
    monkeypatch.setattr(simulation, "_source_of", lambda _: b"other code")
    assert Simulation("dots:Dots", DOTS, 3, 1).digest() != before


def test_a_dressed_dataset_is_read_and_made_again(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    noise = [cv2.GaussianBlur(rng.normal(128, 60, (64, 64)), (0, 0), 2) for _ in range(2)]
    style = Style.of([np.clip(image, 0, 255).astype(np.uint8) for image in noise])
    out = tmp_path / "out"
    synthesise(DOTS, out, 2, seed=1, style=style, strength=0.3)
    assert open_source(out).layout == "coco"
    (image,) = list((out / "images").iterdir())[:1]
    assert replay(image).identical
    with pytest.raises(RequestError, match="these values are HU"):
        synthesise(TomographySlice(size=32, views=8), tmp_path / "o", 1, style=style)


def test_the_name_of_a_preset_is_no_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    synthesise(DOTS, "dots.Dots", 2, seed=1)
    monkeypatch.chdir(tmp_path / "dots.Dots")  # a dataset of tenfold itself
    synthesise(DOTS, "more", 2, seed=1)
    assert tree(tmp_path / "dots.Dots/more") == tree(tmp_path / "dots.Dots/more")


def test_a_simulated_dataset_can_be_augmented(made: Path, tmp_path: Path) -> None:
    result = augment(made, tmp_path / "more", preset="microscopy", copies=1, seed=1)
    assert (result.complete, result.quarantined) == (True, 0)
    copied = tmp_path / "copied"
    recipe = tmp_path / "flip.yaml"
    recipe.write_text(FLIP)
    synthesise(DOTS, copied, 2, seed=3, recipe=recipe, copies=1)
    with pytest.raises(RequestError, match="was made by tenfold"):
        augment(copied, tmp_path / "again", preset="microscopy", copies=1, seed=1)


def test_two_simulated_datasets_are_the_splits_of_one(tmp_path: Path) -> None:
    for split in ("train", "val"):
        synthesise(DOTS, tmp_path / "both" / split, 3, seed=len(split))
    both = open_source(tmp_path / "both")
    assert both.layout == "pairs"
    assert both.splits() == ("train", "val")
    assert len(both.items) == 6
    assert not both.problems


def test_a_hundred_are_the_first_of_a_thousand() -> None:
    few, many = Simulation("dots", DOTS, 10, 5), Simulation("dots", DOTS, 1000, 5)
    assert list(few.individuals()) == list(many.individuals())[:10]
    names, seeds = zip(*many.individuals(), strict=True)
    assert len(set(seeds)) == len(set(names)) == 1000
    assert sorted(names) == list(names)
    (drawn,) = draws([Key(5, "7", 0)], ["synth"])
    assert seeds[7] == drawn.seeds[0]


def test_very_many_are_listed_a_block_at_a_time() -> None:
    rows = Simulation("dots", DOTS, 10_000_000, 5).individuals()
    assert next(rows)[0] == "dots-0000000"
    some = list(Simulation("dots", DOTS, 40_000, 5).individuals())
    (drawn,) = draws([Key(5, "39999", 0)], ["synth"])
    assert some[-1] == ("dots-039999", drawn.seeds[0])


def test_copies_carry_their_labels_along(tmp_path: Path) -> None:
    recipe = tmp_path / "flip.yaml"
    recipe.write_text(FLIP)
    out = tmp_path / "out"
    synthesise(DOTS, out, 3, seed=1, recipe=recipe, copies=2)
    coco = json.loads((out / "annotations/instances.json").read_text())
    assert len(coco["images"]) == 9
    for entry in coco["images"]:
        image = pixels(out / "images" / entry["file_name"])
        semantic = pixels(out / "masks" / entry["file_name"])
        assert np.array_equal(image == 200, semantic > 0)
        filled = np.zeros_like(semantic)
        for one in (a for a in coco["annotations"] if a["image_id"] == entry["id"]):
            x, y, w, h = (round(v) for v in one["bbox"])
            filled[y : y + h, x : x + w] = one["category_id"]
        assert np.array_equal(filled, semantic)
    facts = [json.loads(line) for line in (out / "metadata.jsonl").read_text().splitlines()]
    assert [fact["copy"] for fact in facts] == [0, 1, 2] * 3
    for original, *copies in (facts[k : k + 3] for k in (0, 3, 6)):
        assert original["squares"] >= 0
        for copy in copies:
            assert copy["original"] == original["file"]
            assert "squares" not in copy
            assert copy["files"] == sorted(
                name.replace("images", folder) for folder in ("layers/instance", "masks")
                for name in [copy["file"]]
            )  # fmt: skip
    texts = sorted(p.name for p in (out / "files").iterdir())
    assert texts == [f"dots-00000{k}.txt" for k in range(3)]
    tree(out)


def test_settings_with_which_none_can_be_made_are_refused(tmp_path: Path) -> None:
    with pytest.raises(RequestError, match="bursts"):
        synthesise(Dots(size=32, burst=1), tmp_path / "out", 20, seed=0)
    assert not (tmp_path / "out").exists()


def test_an_individual_that_cant_be_made_is_left_out(tmp_path: Path) -> None:
    burst = Dots(size=32, burst=2)
    result = synthesise(burst, tmp_path / "out", 20, seed=1)
    bad = sum(seed % 2 == 0 for _, seed in Simulation("dots", DOTS, 20, 1).individuals())
    assert 0 < bad < 20
    assert result.quarantined == bad
    assert len(list((tmp_path / "out/images").iterdir())) == 20 - bad


class Strange(Dots):
    """Its labels are none of its classes."""

    def make(self, seed: int) -> Any:
        made = super().make(seed)
        odd = tuple(one.replace(label="odd") for one in made.instances)
        return dataclasses.replace(made, instances=odd)


class Wrong(Dots):
    """Goes wrong; large ones give something else."""

    def make(self, seed: int) -> Any:
        return seed // (self.size - 64)


class Outer:
    """Holds a class that can't be found by module and name."""

    class Hidden(Dots):
        """Hidden."""


Hidden = Outer.Hidden


BAD: dict[str, tuple[Callable[[Path], Any], str]] = {
    "no preset": (lambda _: synthesiser_of("packed-cell"), "did you mean 'packed-cells'"),
    "no setting": (lambda _: synthesiser_of("dots:Dots", {"sides": 3}), "did you mean 'side'"),
    "bad setting": (lambda _: synthesiser_of("dots:Dots", {"size": 20}), "multiple of 16"),
    "no module": (lambda _: synthesiser_of("nowhere.at:All"), "can't be imported"),
    "no class": (lambda _: synthesiser_of("dots:np"), "is no tenfold.synth.synthesiser.Synthe"),
    "none at all": (lambda p: synthesise(DOTS, p / "o", 0), "within 1..10000000, got 0"),
    "half a one": (lambda p: synthesise(DOTS, p / "o", 1.5), "a whole one"),  # type: ignore[arg-type]
    "copies of what": (lambda p: synthesise(DOTS, p / "o", 2, copies=3), "3 copies of what"),
    "a recipe for nothing": (
        lambda p: synthesise(DOTS, p / "o", 2, preset="microscopy"), "but no copies",
    ),
    "a list": (lambda _: check_settings([1], "c.yaml", "ct"), "c.yaml must be a mapping"),
    "for another": (
        lambda _: check_settings({"synthesiser": "ct"}, "c.yaml", "dots"),
        "is for ct, not for dots",
    ),
    "no settings": (
        lambda _: check_settings({"synthesiser": "ct", "settings": ["size"]}, "c.yaml", "ct"),
        "c.yaml: settings must be a mapping",
    ),
    "a format that can't hold it": (
        lambda p: synthesise(
            TomographySlice(size=32, views=8), p / "o", 2, options=WriteOptions(format="jpg")
        ),
        "jpg can't hold",
    ),
    "a class that can't be found again": (
        lambda p: synthesise(Hidden(size=32), p / "o", 2), "put it at the top of a module",
    ),
    "strange labels": (lambda p: synthesise(Strange(), p / "o", 2), "objects of the class 'odd'"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_what_cant_be_is_said(name: str, tmp_path: Path) -> None:
    call, message = BAD[name]
    with pytest.raises(RequestError, match=message):
        call(tmp_path)
    assert not (tmp_path / "o").exists()


def test_settings_are_read_back_from_a_dataset(made: Path) -> None:
    told = yaml.safe_load((made / "synth.yaml").read_text())
    assert check_settings(told, "it", "dots:Dots") == DOTS.settings()
    assert told["legend"] == {"semantic": {0: "ground", 1: "small", 2: "large"}}
    assert check_settings({"size": 32}, "it", "dots:Dots") == {"size": 32}
    assert check_settings(None, "it", "dots:Dots") == {}
    with pytest.raises(RequestError, match="unknown key 'sise'"):
        check_settings({**told, "sise": 3}, "it", "dots:Dots")


def test_the_contract_of_synthesisers() -> None:
    check_synthesiser(DOTS)

    class Forgetful(Dots):
        def make(self, seed: int) -> Any:
            return super().make(int(np.random.default_rng().integers(1 << 30)))

    with pytest.raises(AssertionError, match="gives two pictures"):
        check_synthesiser(_local(Forgetful))


def _local(kind: type[Dots]) -> Dots:
    """An instance that can be pickled though its class is a function's."""
    globals()[kind.__name__] = kind
    kind.__qualname__ = kind.__name__
    return kind(size=32)
