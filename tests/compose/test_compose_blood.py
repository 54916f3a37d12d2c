"""Real blood cells: rare classes come to balance, and boxes are where the picture changed."""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from tenfold.compose.composer import Composer
from tenfold.declare.compose import ComposeUse
from tenfold.declare.recipe import Recipe
from tenfold.engine.manifest import manifest_lines
from tenfold.engine.replay import replay
from tenfold.multiply import augment, plan_job
from tenfold.ops.geometry import Reflection
from tenfold.rng import Key
from tenfold.samples.validate import clean

IMAGES = 16


@pytest.fixture
def smears(shared_data: Path, tmp_path: Path) -> Path:
    """The first of them."""
    source, some = shared_data / "blood-cells-voc", tmp_path / "blood"
    for folder in ("JPEGImages", "Annotations"):
        (some / folder).mkdir(parents=True)
        for path in sorted((source / folder).iterdir())[:IMAGES]:
            shutil.copy(path, some / folder)
    return some


def test_rare_cells_come_to_balance(smears: Path, tmp_path: Path) -> None:
    use = ComposeUse(share=1, objects=(5, 9), backgrounds="inpainted", transforms=False)
    out = tmp_path / "out"
    augment(smears, out, recipe=Recipe((Reflection(),), compose=use), copies=4, seed=0)
    lines = list(manifest_lines(out))
    before = Counter(n for line in lines if line["copy"] == 0 for n in line["labels"])
    after = Counter(n for line in lines for n in line["labels"])
    assert before["RBC"] > 6 * max(before["WBC"], before["Platelets"])
    assert max(after.values()) <= 1.35 * min(after.values()), after
    assert replay(out / lines[-1]["file"]).identical


def test_boxes_are_where_the_picture_changed(smears: Path, tmp_path: Path) -> None:
    use = ComposeUse(share=1, objects=(1, 1), transforms=False, blend="none", overlap=0.1)
    recipe = Recipe((Reflection(axes=("horizontal", "vertical")),), compose=use)
    job = plan_job(smears, tmp_path / "out", recipe=recipe, copies=3, seed=0).job
    composer: Composer = job.composer
    off = []
    for item in job.source.items:
        sample, _, _ = clean(job.source.read(item), "clip")
        for seed in composer.draw([Key(0, item.id, copy) for copy in (1, 2, 3)]):
            assert seed is not None
            made = composer.make(item, sample, seed)
            if not made.told["parts"]:
                continue
            box = made.sample.instances[-1].box
            ys, xs = np.nonzero((made.sample.image != sample.image).any(axis=2))
            changed = np.array([xs.min(), ys.min(), xs.max() + 1, ys.max() + 1])
            assert box is not None
            off.append(np.abs(box - changed).max())
    assert len(off) > 25
    # A pixel for the grid; now and then an edge pixel is just as bright as what it hides.
    assert np.quantile(off, 0.9) <= 1
    assert max(off) <= 3
