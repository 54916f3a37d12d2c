"""Core-seconds and bytes an output, by recipe, codec and size of the picture."""

from __future__ import annotations

import dataclasses
import statistics
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from time import process_time

import cv2

from benchmarks.scale.costs import Case
from tenfold.declare.parse import load_recipe
from tenfold.declare.presets import preset
from tenfold.declare.recipe import Recipe
from tenfold.engine.destination import prepare
from tenfold.engine.job import Job
from tenfold.engine.local import single_threaded
from tenfold.engine.work import work_shard
from tenfold.evaluate.bench import measure_stages, write_photos
from tenfold.multiply import plan_job
from tenfold.places import Place
from tenfold.write.writer import WriteOptions

COPIES = 9
PHOTO, SMALL = (480, 640), (32, 32)
_FLIP = "version: 1\nname: flip\ninvariances: [reflection]\n"


@dataclass(frozen=True)
class Asked:
    """What to measure: recipe, format of the images, layout to write (None: files), size."""

    recipe: str
    format: str
    to: str | None
    size: tuple[int, int]


ASKED = (
    *(Asked(r, f, None, PHOTO) for r in ("flip", "natural", "medical") for f in ("jpg", "png")),
    Asked("natural", "jpg", "webdataset", PHOTO),
    Asked("natural", "jpg", "parquet", PHOTO),
    *(Asked(r, "jpg", None, SMALL) for r in ("flip", "natural", "medical")),
    Asked("natural", "png", None, SMALL),
    Asked("natural", "jpg", "webdataset", SMALL),
)


def pictures(folder: Path, size: tuple[int, int], form: str, count: int) -> Path:
    """A folder of made-up photographs of this size and format; made once."""
    height, width = size
    path = folder / f"{width}x{height}-{form}-{count}"
    if path.exists():
        return path
    write_photos(path, count, height, width)
    if form == "png":
        for file in path.rglob("*.jpg"):
            cv2.imwrite(str(file.with_suffix(".png")), cv2.imread(str(file)))
            file.unlink()
    return path


def recipe_named(name: str, folder: Path) -> Recipe:
    """A preset, or the recipe `flip`, which is a reflection and nothing else."""
    if name != "flip":
        return preset(name)
    path = folder / "flip.yaml"
    path.write_text(_FLIP, encoding="utf-8")
    return load_recipe(path)


def job_of(
    source: Path | Place, destination: Path | Place, recipe: Recipe, to: str | None = None,
    per_file: int | None = None, copies: int = COPIES,
) -> Job:  # fmt: skip
    """A job cut into shards of `per_file` items, whatever its layout."""
    options = WriteOptions(to=to, per_file=per_file if to else None)
    job = plan_job(
        source, destination, recipe=recipe, copies=copies, seed=0, options=options
    ).job  # fmt: skip
    job.writer.options = dataclasses.replace(options, per_file=per_file)
    return job


def measured(folder: Path, quick: bool) -> Iterator[Case]:
    """Each of `ASKED`, the least of some repeats."""
    for number, asked in enumerate(ASKED):
        count = 8 if quick else (24 if asked.size == PHOTO else 240)
        source = pictures(folder, asked.size, asked.format, count)
        recipe = recipe_named(asked.recipe, folder)
        wholes, stages = [], []
        for repeat in range(1 if quick else 3):
            where = folder / f"out-{number}-{repeat}"
            job = job_of(source, where, recipe, asked.to, per_file=24)
            wholes.append(core_seconds(job))
            bytes_out = _size(where, ".jsonl") / count / (COPIES + 1)
            with single_threaded():
                alone = job_of(source, folder / f"stages-{number}-{repeat}", recipe)
                stages.append(measure_stages(alone, count))
        least = {name: min(s[name] for s in stages) for name in stages[0]}
        size = f"{asked.size[1]}x{asked.size[0]}"
        yield Case(
            recipe=asked.recipe, format=asked.format, to=asked.to, size=size,
            seconds=min(wholes), stages=least, bytes_in=_size(source) / count, bytes_out=bytes_out,
            spread=(statistics.median(wholes) / min(wholes) - 1),
        )  # fmt: skip


def core_seconds(job: Job) -> float:
    """Processor time of all shards of a job, worked off in this process, by output."""
    prepare(job, "refuse", shared=False)
    made = 0
    with single_threaded():
        start = process_time()
        for shard in range(job.shard_count):
            done = work_shard(job, shard)
            assert done is not None
            assert not done.quarantined
            made += done.outputs
        return (process_time() - start) / made


def _size(folder: Path, but: str = "") -> int:
    """Bytes of all files but those with this suffix, and the state's note."""
    files = (p for p in folder.rglob("*") if p.is_file() and p.name != "job.json")
    return sum(p.stat().st_size for p in files if not but or p.suffix != but)
