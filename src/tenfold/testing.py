"""The contracts as checks, shipped so that other people's parts can be checked too.

Each check raises `AssertionError` that names the rule and what broke it. tenfold's own ops,
sources, writers and engine pass the same ones.
"""

from __future__ import annotations

import json
import pickle
import tempfile
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from tenfold.declare.recipe import Recipe
from tenfold.engine.destination import prepare
from tenfold.engine.job import Job
from tenfold.engine.local import LocalEngine
from tenfold.engine.manifest import tree_hash
from tenfold.engine.run import Engine, execute
from tenfold.ops.op import Op
from tenfold.plan.plan import Plan, history_from_json, history_json
from tenfold.rng import Key
from tenfold.samples.sample import DTYPES, Array, Sample, value_range_of
from tenfold.samples.source import DatasetInfo, Source
from tenfold.synth.synthesiser import Simulated, Synthesiser
from tenfold.write.writer import WriteOptions
from tenfold.write.writers import writer_for

__all__ = ["check_engine", "check_op", "check_source", "check_synthesiser", "check_writer"]

_SIZES = ((1, 1), (3, 7), (16, 16), (33, 20))


def check_op(op: Op, draws: int = 4, sizes: Iterable[tuple[int, int]] = _SIZES) -> None:
    """Check the contract of an op.

    What it draws is a function of the key and survives JSON; what it does is a function of what
    it drew; dtype, channels and value range are kept; the input is never changed; `plain` gives
    the parameters back. Images for which the op refuses are passed over.

    Args:
        op: any parameters.
        draws: copies tried for each kind of image.
        sizes: heights and widths tried.
    """
    again = type(op)(**op.plain())
    assert again == op, f"{op.name}: plain() doesn't give the op back: {op.plain()}"
    plan = Plan(Recipe((op,), keypoint_pairs=()), DatasetInfo())
    for dtype in DTYPES:
        for channels in (1, 3, 4):
            for height, width in sizes:
                image = _noise_picture(height, width, channels, dtype.type)
                _check_op_on(op, plan, image, alpha=channels == 4, draws=draws)


def _check_op_on(op: Op, plan: Plan, image: Array, *, alpha: bool, draws: int) -> None:
    what = f"{op.name} on {image.dtype} {image.shape}"
    image.flags.writeable = False
    before = image.copy()
    sample = Sample("s", image, alpha=alpha, value_range=value_range_of(image))
    if list(plan.refusals(plan.schema(sample))):
        return
    keys = [Key(1, "s", copy) for copy in range(draws)]
    for key, history in zip(keys, plan.draw(keys), strict=True):
        assert plan.draw([key])[0] == history, f"{what}: drawing depends on more than the key"
        told = json.loads(json.dumps(history_json(history), allow_nan=False))
        assert history_from_json(told) == history, f"{what}: what it drew doesn't survive JSON"
        out = plan.run(sample, history).sample.image
        twice = plan.run(sample, history_from_json(told)).sample.image
        assert np.array_equal(out, twice), f"{what}: the same draw gives another result"
        assert np.array_equal(image, before), f"{what}: the input was changed"
        assert out.dtype == image.dtype, f"{what}: gives {out.dtype}"
        assert out.shape[2] == image.shape[2], f"{what}: gives {out.shape[2]} channels"
        low, high = sample.value_range
        assert np.isfinite(out).all(), f"{what}: gives NaN or infinite values"
        slack = 1e-5 * (high - low)
        inside = low - slack <= out.min() <= out.max() <= high + slack
        assert inside, f"{what}: gives {out.min()}..{out.max()}, outside of {low}..{high}"


def check_source(source: Source) -> None:
    """Check the contract of a source that can be read without errors.

    Items are sorted, their ids and files unique; it survives pickling; each item reads as a
    `Sample` of its id, twice the same; files lie under the root.
    """
    ids = [item.id for item in source.items]
    assert ids, "the source is empty"
    assert ids == sorted(ids), "items must be sorted by id"
    assert len(set(ids)) == len(ids), "ids must be unique"
    revived = pickle.loads(pickle.dumps(source))
    assert [item.id for item in revived.items] == ids, "pickling changes the items"
    folder = source.root if source.root.is_dir() else source.root.parent
    for item in source.items:
        sample, twin = source.read(item), revived.read(item)
        assert sample.id == item.id, f"{item.id}: reads as {sample.id}"
        assert sample.label == item.label, f"{item.id}: label {sample.label}, listed {item.label}"
        assert np.array_equal(sample.image, twin.image), f"{item.id}: reads differently each time"
        for name in item.files:
            assert (folder / name).is_file(), f"{item.id}: {name} isn't there"
            assert ".." not in Path(name).parts, f"{item.id}: {name} leaves the folder"


def check_writer(source: Source) -> None:
    """Check that the writer for a source gives back what the source held.

    All originals and one unchanged copy of each are written, and read again as the same layout:
    twice the samples, with equal labels, equal numbers of objects and equal pixels (files whose
    format loses something: nearly equal).
    """
    with tempfile.TemporaryDirectory(prefix="tenfold-check-") as folder:
        destination = Path(folder) / "out"
        job = _job(source, destination, Recipe(()))
        execute(job, LocalEngine(), prepare(job, "refuse", shared=False))
        root = destination if source.root.is_dir() else destination / source.root.name
        made = type(source).open(root)
        assert len(made.items) == 2 * len(source.items), (
            f"{len(source.items)} samples and a copy each read as {len(made.items)}"
        )
        _check_same_content(source, made)


def _check_same_content(source: Source, made: Source) -> None:
    def summary(of: Source, times: int) -> list[tuple[str, int, int]]:
        samples = [of.read(item) for item in of.items]
        told = [
            (str(s.label), len(s.instances), round(float(s.image.astype(np.float64).mean())))
            for s in samples
        ]
        return sorted(told * times)

    for expected, found in zip(summary(source, 2), summary(made, 1), strict=True):
        assert expected[:2] == found[:2], f"label and objects: {expected}, read again {found}"
        assert abs(expected[2] - found[2]) <= 2, f"mean value: {expected}, read again {found}"


def check_engine(engine: Engine, source: Source) -> None:
    """Check that an engine gives the same tree as the local one with one worker."""
    from tenfold.ops.geometry import Rotation
    from tenfold.ops.noise import GaussianNoise

    recipe = Recipe((Rotation(degrees=5), GaussianNoise()), keypoint_pairs=())
    with tempfile.TemporaryDirectory(prefix="tenfold-check-") as folder:
        hashes = []
        for number, worker in enumerate((LocalEngine(), engine)):
            job = _job(source, Path(folder) / str(number), recipe)
            result = execute(job, worker, prepare(job, "refuse", shared=False))
            assert result.complete, f"{result.left} shards were never committed"
            hashes.append(tree_hash(job.destination))
        assert hashes[0] == hashes[1], "the engine's bytes differ from the local engine's"


def check_synthesiser(synthesiser: Synthesiser, seeds: Iterable[int] = (0, 7, 2**53 - 1)) -> None:
    """Check the contract of a synthesiser.

    Its settings survive JSON and give it back; an individual depends on settings and seed only,
    and seeds give different ones; masks have the picture's size, values within their legend and
    instances their labels among the classes, inside the picture.

    Args:
        synthesiser: any settings; small ones are quicker.
        seeds: tried, two or more.
    """
    kind = synthesiser.kind
    told = json.loads(json.dumps(synthesiser.settings(), allow_nan=False))
    again = type(synthesiser).of(told)
    assert again.settings() == synthesiser.settings(), f"{kind}: settings don't give it back"
    carried: Synthesiser = pickle.loads(pickle.dumps(synthesiser))
    pictures = set()
    for seed in seeds:
        made, twice = synthesiser.make(seed), carried.make(seed)
        assert np.array_equal(made.image, twice.image), f"{kind}: seed {seed} gives two pictures"
        assert dict(made.files) == dict(twice.files), f"{kind}: seed {seed} gives other files"
        for name, mask in made.masks.items():
            same = np.array_equal(mask, twice.masks[name])
            assert same, f"{kind}: seed {seed} gives two masks '{name}'"
        json.dumps(made.told, allow_nan=False)
        _check_individual(synthesiser, made, f"{kind}, seed {seed}")
        pictures.add(made.image.tobytes())
    assert len(pictures) == len(set(seeds)), f"{kind}: different seeds give the same picture"


def _check_individual(synthesiser: Synthesiser, made: Simulated, what: str) -> None:
    sample = Sample(what, made.image, masks=dict(made.masks), instances=tuple(made.instances))
    for name, mask in made.masks.items():
        assert mask.dtype.kind in "bui", f"{what}: the mask '{name}' is {mask.dtype}"
        if (legend := synthesiser.legend.get(name)) is not None:
            strange = set(np.unique(mask).tolist()) - set(legend)
            assert not strange, f"{what}: the mask '{name}' has {strange}, not in its legend"
    for one in made.instances:
        known = one.label in synthesiser.classes
        assert known, f"{what}: an instance is a '{one.label}', none of {synthesiser.classes}"
        assert one.box is not None, f"{what}: an instance has no box"
        x0, y0, x1, y1 = one.box
        inside = 0 <= x0 < x1 <= sample.width and 0 <= y0 < y1 <= sample.height
        assert inside, f"{what}: the box {one.box} isn't inside the picture"


def _job(source: Source, destination: Path, recipe: Recipe) -> Job:
    writer = writer_for(source, destination, WriteOptions())
    return Job(source, writer, recipe, seed=1, split=None, copies=[1] * len(source.items))


def _noise_picture(height: int, width: int, channels: int, dtype: type[object]) -> Array:
    values = np.random.default_rng([height, width, channels]).random((height, width, channels))
    white = {np.uint8: 255, np.uint16: 65535}.get(dtype)
    return np.asarray(values if white is None else values * white).astype(dtype)
