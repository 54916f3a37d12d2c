"""The main job in one call: a dataset in, ten times the dataset out, and a report."""

from __future__ import annotations

import contextlib
import dataclasses
import platform
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from time import perf_counter
from typing import Any

import tenfold
from tenfold.compose.composer import Composer
from tenfold.declare.fit import misfits
from tenfold.declare.init import choose_base, starter_recipe, survey
from tenfold.declare.parse import dump_recipe, load_recipe
from tenfold.declare.presets import preset
from tenfold.declare.recipe import Recipe
from tenfold.engine.destination import Existing, prepare
from tenfold.engine.job import Job, choose_split, copies_of, library_versions
from tenfold.engine.local import LocalEngine
from tenfold.engine.making import make_copies
from tenfold.engine.manifest import MANIFEST, QUARANTINE, read_lines
from tenfold.engine.run import Engine, RunResult, execute
from tenfold.engine.state import State
from tenfold.engine.work import ShardDone
from tenfold.errors import RequestError, SampleError
from tenfold.evaluate.names import heading
from tenfold.evaluate.pictures import Example, example, example_of
from tenfold.evaluate.report import (
    Parameter,
    ReportData,
    collect,
    parameters_of,
    write_report,
)
from tenfold.evaluate.saturation import saturation_note
from tenfold.evaluate.simulated import meaning, pictures_of
from tenfold.evaluate.tally import ClassCounts
from tenfold.learned.copies import Generators
from tenfold.places import Place, nothing_written_yet, place_of
from tenfold.plan.explain import explain
from tenfold.plan.plan import Plan
from tenfold.rng import Key, fresh_seed
from tenfold.samples.codec.encode import check_format
from tenfold.samples.sample import Sample, Schema
from tenfold.samples.source import MAX_PIXELS, Item, Quarantined, Source
from tenfold.samples.sources import open_source
from tenfold.samples.validate import clean
from tenfold.synth.source import SynthSource
from tenfold.write.writer import WriteOptions
from tenfold.write.writers import writer_for

_NO_VALIDITY = {
    "arrays": "an array file has no place for validity masks",
    "folder": "in an image folder, a folder of validity masks would be a class",
    "webdataset": "shards of samples have no place for validity masks",
    "parquet": "shards of samples have no place for validity masks",
}
_PROBES = 16
_EXAMPLES, _EXAMPLE_COPIES = 6, 5

Told = tuple[Sample, dict[str, Any]]
"""A copy with the part of its manifest line that tells how it came to be."""


@dataclass(frozen=True)
class Prepared:
    """A job that has been checked, with what its first readable sample looks like.

    Attributes:
        job: what will be made.
        schema: of the first readable sample to be multiplied; None if there are no copies.
        warnings: what is allowed but rarely meant.
        seed_drawn: nobody gave a seed, so one was drawn now.
        seed_begun: nobody gave a seed, and the begun run's was taken.
        recipe_made: nobody gave a recipe: it was made for this data from this preset.
    """

    job: Job
    schema: Schema | None
    warnings: tuple[str, ...]
    seed_drawn: bool
    seed_begun: bool = False
    recipe_made: str | None = None

    def explain(self) -> list[str]:
        """The passes over the pixels, one line each."""
        return explain(self.job.plan, self.schema) if self.schema is not None else []

    @property
    def outputs(self) -> int:
        """Samples that will be written, if none is quarantined."""
        return sum(self.job.outputs(i) for i in range(len(self.job.source.items)))


def choose_recipe(
    source: Source, recipe: Recipe | str | Path | None, preset_name: str | None
) -> tuple[Recipe, str | None]:
    """The recipe that was asked for, and None; without one, a starter and its preset's name."""
    if recipe is not None and preset_name is not None:
        raise RequestError("give --recipe or --preset, not both")
    if isinstance(recipe, Recipe):
        return recipe, None
    if recipe is not None:
        return load_recipe(recipe), None
    if preset_name is not None:
        return preset(preset_name), None
    facts = survey(source)
    base, _ = choose_base(facts)
    return load_recipe(starter_recipe(facts)), base


@nothing_written_yet()
def plan_job(
    source: str | Place | Source,
    destination: str | Place,
    *,
    recipe: Recipe | str | Path | None = None,
    preset: str | None = None,
    copies: int = 9,
    seed: int | None = None,
    split: str | None = None,
    originals: bool = True,
    balance: bool = False,
    options: WriteOptions = WriteOptions(),  # noqa: B008 (immutable)
    layout: str | None = None,
    label_column: str | None = None,
    max_pixels: int = MAX_PIXELS,
    resume: bool = False,
) -> Prepared:
    """Check a request and make it a job; nothing is written. See `augment` for the arguments."""
    if copies < 0 or copies > 1_000_000:
        raise RequestError(f"copies must be within 0..1000000, got {copies}; did you mean 9?")
    if copies == 0 and not originals:
        raise RequestError("copies 0 without originals leaves nothing; did you mean copies 9?")
    origin = (
        source
        if isinstance(source, Source)
        else open_source(place_of(source), layout, max_pixels, label_column=label_column)
    )
    target = place_of(destination).absolute()
    begun = State(target).identity() if seed is None and resume else None
    if begun is not None:
        seed = int(begun["seed"])
    seed_drawn = seed is None
    if seed is None:
        seed = fresh_seed()
    part = choose_split(origin, split)
    asked: dict[str, object] = {"copies": copies, "balance": balance}
    if column := getattr(origin, "label_column", None):
        asked["label_column"] = column
    chosen, made_from = choose_recipe(origin, recipe, preset)
    generators = Generators.of(chosen)
    generators.check_source(origin, part)
    numbers = copies_of(origin, part, copies, balance=balance, originals=originals)
    job = Job(
        source=origin,
        writer=writer_for(origin, target, options),
        recipe=chosen,
        seed=seed,
        split=part,
        copies=numbers,
        originals=originals,
        asked=asked,
        generators=generators,
        composer=Composer.of(chosen, origin, numbers, originals),
    )
    if job.recipe.validity and job.writer.layout in _NO_VALIDITY:
        raise RequestError(
            f"validity: {_NO_VALIDITY[job.writer.layout]}; remove it from the recipe, or keep the "
            "data in a layout with annotations (image and mask pairs, COCO...)"
        )
    sample = next(iter(readable(job, 1)), None)
    if sample is None:
        return Prepared(job, None, (), seed_drawn, begun is not None, made_from)
    schema = job.plan.schema(sample)
    job.plan.check(schema)
    generators.try_on(sample)
    fit = misfits(origin, job.recipe)
    if fit.refusals:
        raise RequestError("\n".join(fit.refusals))
    if options.format is not None:
        check_format(schema.dtype, schema.channels, schema.alpha, options.format)
    warnings = (*fit.warnings, *job.plan.warnings(schema))
    return Prepared(job, schema, warnings, seed_drawn, begun is not None, made_from)


def augment(
    source: str | Place | Source,
    destination: str | Place,
    *,
    recipe: Recipe | str | Path | None = None,
    preset: str | None = None,
    copies: int = 9,
    seed: int | None = None,
    workers: int = 1,
    split: str | None = None,
    originals: bool = True,
    balance: bool = False,
    options: WriteOptions = WriteOptions(),  # noqa: B008 (immutable)
    layout: str | None = None,
    label_column: str | None = None,
    max_pixels: int = MAX_PIXELS,
    shard: tuple[int, int] = (0, 1),
    existing: Existing = "refuse",
) -> RunResult:
    """Multiply a dataset on disk.

    Args:
        source: a folder or file in any layout that `open_source` knows, or its URL, or a `Source`.
        destination: a new or empty folder, or its URL.
        recipe: a `Recipe` or a recipe file; `preset`: a preset's name. Without either, a recipe
            that fits the data is made and kept in the destination.
        copies: new samples for each sample of the split.
        seed: any integer; without one, one is drawn and recorded.
        workers: processes; the result doesn't depend on it.
        split: which split to multiply (`train` by default); the others pass through untouched.
        originals: keep the multiplied samples' originals in the result.
        balance: more copies for rare classes, up to the size of the largest.
        options: names and encoding of the copies.
        layout: of the source, where it can't be told from the files.
        label_column: of the source's table of labels, where it can't be told.
        max_pixels: images with more pixels are quarantined unread.
        shard: (i, n): do only every n-th shard from the i-th; the run that finds no shard left
            finishes the dataset.
        existing: what to do with a destination that isn't empty: `refuse`, `resume`, `overwrite`.

    Returns:
        What was done.

    Raises:
        RequestError: the request can't be met; nothing was written.
        OutputError: the destination failed in mid-run; repeat with `existing="resume"`.
    """
    if seed is None and shard[1] > 1:
        raise RequestError("shards of one job need one seed; give seed")
    prepared = plan_job(
        source, destination, recipe=recipe, preset=preset, copies=copies, seed=seed, split=split,
        originals=originals, balance=balance, options=options, layout=layout,
        label_column=label_column, max_pixels=max_pixels, resume=existing == "resume",
    )  # fmt: skip
    return carry_out(prepared, LocalEngine(workers), shard=shard, existing=existing)


def carry_out(
    prepared: Prepared,
    engine: Engine,
    *,
    shard: tuple[int, int] = (0, 1),
    existing: Existing = "refuse",
    command: Sequence[str] = (),
    progress: Callable[[ShardDone], None] = lambda _: None,
) -> RunResult:
    """Run a checked job with an engine, and write the report once the dataset is whole.

    Args:
        prepared: from `plan_job`.
        engine: who works.
        shard, existing: see `augment`.
        command: the command line, for the report.
        progress: told of each committed shard.
    """
    index, count = shard
    if not 0 <= index < count:
        raise RequestError(f"shard {index}/{count}: the first number runs from 0 to {count - 1}")
    started, clock = datetime.now(UTC), perf_counter()
    job = prepared.job
    state = prepare(job, existing, shared=count > 1)

    def publish(result: RunResult) -> None:
        seconds = perf_counter() - clock
        write_report(job.destination, report_data(prepared, result, command, started, seconds))

    return execute(job, engine, state, shard, progress, publish)


def report_data(
    prepared: Prepared, result: RunResult, command: Sequence[str], started: datetime, seconds: float
) -> ReportData:
    """What the report tells of a finished dataset."""
    job, recipe = prepared.job, prepared.job.recipe
    parameters = parameters_of(
        zip(recipe.op_names(), (op.ranges() for op in recipe.ops), strict=True)
    )
    log = [name for name, parameter in parameters.items() if parameter.log]
    notes = [*job.source.info.notes, *prepared.warnings]
    if result.resumed:
        notes.append("The run was resumed or shared; time and rate are those of its last part.")
    examples, lost = _examples(job, parameters)
    if lost is not None:
        notes.append(lost)
    return ReportData(
        title=heading(job.source.root.name, recipe.name if any(job.copies) else ""),
        command=command,
        source=str(job.source.root),
        layout=job.source.layout,
        destination=str(job.destination),
        seed=job.seed,
        seed_drawn=prepared.seed_drawn,
        recipe_name=recipe.name,
        recipe_hash=job.recipe_hash,
        recipe_yaml=dump_recipe(recipe, full=True),
        assumes=recipe.assumes,
        passes=prepared.explain(),
        versions=versions(),
        started=started,
        seconds=seconds,
        inputs=len(job.source.items),
        totals=collect(read_lines(job.destination / MANIFEST), log),
        before=ClassCounts.of_items(job.source.items),
        parameters=parameters,
        classes=job.source.info.classes,
        ops=recipe.op_names(),
        made=result.outputs if result.resumed else None,
        quarantined=_quarantined(job),
        examples=examples,
        notes=notes,
    )


def versions() -> dict[str, str]:
    """Versions of everything that the bytes depend on."""
    return {
        "tenfold": tenfold.__version__,
        "python": platform.python_version(),
        **library_versions(),
    }


def readable(job: Job, wanted: int) -> Iterator[Sample]:
    """Some readable samples of the part that is multiplied, of different classes if possible."""
    for _, _, sample in _spread(job, wanted):
        yield sample


def _spread(job: Job, wanted: int, plain: bool = False) -> Iterator[tuple[Item, int, Sample]]:
    """Some items with their numbers of copies, and what they read as.

    With `plain` the first ones, if a job makes no copies.
    """
    chosen: list[tuple[Item, int]] = []
    seen: set[object] = set()
    rest: list[tuple[Item, int]] = []
    for item, copies in zip(job.source.items, job.copies, strict=True):
        if not copies:
            continue
        label = item.label if item.label is not None else frozenset(item.labels)
        if label not in seen:
            seen.add(label)
            chosen.append((item, copies))
        elif len(rest) < _PROBES:
            rest.append((item, copies))
        if len(chosen) >= wanted + _PROBES:
            break
    if not chosen and plain:
        chosen = [(item, 0) for item in islice(job.source.items, wanted + _PROBES)]
    found = 0
    for item, copies in chosen + rest:
        try:
            sample, _, _ = clean(
                job.source.read(item), job.recipe.invalid, value_range=job.recipe.value_range
            )
        except SampleError:
            continue
        yield item, copies, sample
        found += 1
        if found == wanted:
            return


def preview_rows(job: Job, rows: int, copies: int) -> list[tuple[Sample, list[Told]]]:
    """Some samples of the job, each with its first copies; nothing is written."""
    return [(sample, _copies(job, item, sample, copies)) for item, _, sample in _spread(job, rows)]


def _copies(
    job: Job, item: Item, sample: Sample, number: int, validity: bool = False
) -> list[Told]:
    """The first copies of a sample, each with the part of its manifest line that tells of it.

    With `validity` the copies tell which pixels show the original, whatever the recipe says.
    """
    plan: Plan = job.plan
    if validity and not job.recipe.validity:
        plan = Plan(dataclasses.replace(job.recipe, validity=True), job.source.info)
    keys = [Key(job.seed, item.id, copy) for copy in range(1, number + 1)]
    copies = make_copies(plan, job.generators, job.composer, item, sample, keys)
    return [
        (made.outcome.sample, {"copy": key.copy, **made.told()})
        for key, made in zip(keys, copies, strict=True)
    ]


def _examples(job: Job, parameters: Mapping[str, Parameter]) -> tuple[list[Example], str | None]:
    """Examples for the report, and what should be said of values that their copies lost."""
    if isinstance(job.source, SynthSource) and not any(job.copies):
        return _simulated(job.source), None
    units = {name: p.unit for name, p in parameters.items()}
    neutrals = {name: p.neutral for name, p in parameters.items() if p.neutral is not None}
    examples: list[Example] = []

    def rows() -> Iterator[tuple[Sample, list[Sample]]]:
        for item, copies, sample in _spread(job, _EXAMPLES, plain=True):
            try:
                made = _copies(job, item, sample, min(copies, _EXAMPLE_COPIES), validity=True)
            except SampleError:
                continue
            written = made
            if not job.recipe.validity:
                written = [(copy.replace(valid=sample.valid), line) for copy, line in made]
            examples.append(
                example(
                    sample,
                    written,
                    classes=job.source.info.classes,
                    ignore_value=job.recipe.ignore_value,
                    units=units,
                    neutrals=neutrals,
                )
            )
            yield sample, [copy for copy, _ in made]

    lost = saturation_note(rows())
    return examples, lost


def _simulated(source: SynthSource) -> list[Example]:
    """Some individuals beside their masks: boxes and names of thousands of cells would hide all."""
    legends = source.simulation.synthesiser.legend
    examples = []
    for item in islice(source.items, _EXAMPLES):
        with contextlib.suppress(SampleError):
            shown = pictures_of(source.made(item), legends)
            told = [(name, picture, meaning(legends.get(name))) for name, picture in shown]
            examples.append(example_of(item.id, told))
    return examples


def _quarantined(job: Job) -> list[Quarantined]:
    path = job.destination / QUARANTINE
    if not path.exists():
        return []
    return [Quarantined(entry["item"], entry["reason"]) for entry in read_lines(path)]
