"""A simulated dataset in one call: individuals with exact labels, and copies of them if wanted."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from tenfold.declare.recipe import Recipe
from tenfold.engine.destination import Existing
from tenfold.engine.local import LocalEngine
from tenfold.engine.run import RunResult
from tenfold.engine.state import State
from tenfold.errors import RequestError, SampleError
from tenfold.multiply import Prepared, carry_out, plan_job
from tenfold.places import Place, place_of
from tenfold.rng import fresh_seed
from tenfold.samples.codec import check_format
from tenfold.samples.sample import Sample
from tenfold.samples.source import MAX_PIXELS
from tenfold.synth.dress.style import Style
from tenfold.synth.simulation import Simulation, imported, synthesiser_of
from tenfold.synth.source import SynthSource
from tenfold.synth.synthesiser import Synthesiser
from tenfold.write.writer import WriteOptions

_TRIED = 3
"""Individuals that are made before anything is written; if none can be, none will."""


def plan_synthesis(
    synthesiser: Synthesiser | str,
    destination: str | Place,
    count: int,
    *,
    name: str | None = None,
    seed: int | None = None,
    style: Style | None = None,
    strength: float = 1.0,
    recipe: Recipe | str | Path | None = None,
    preset: str | None = None,
    copies: int = 0,
    options: WriteOptions = WriteOptions(),  # noqa: B008 (immutable)
    max_pixels: int = MAX_PIXELS,
    resume: bool = False,
) -> Prepared:
    """Check a request and make it a job; nothing is written. See `synthesise`."""
    declared = recipe is not None or preset is not None
    if copies and not declared:
        raise RequestError(f"{copies} copies of what? say with a recipe or a preset")
    if declared and not copies:
        raise RequestError("a recipe, but no copies; say how many with copies")
    if isinstance(synthesiser, str):
        name, synthesiser = synthesiser, synthesiser_of(synthesiser)
    if not isinstance(synthesiser, Synthesiser):
        raise RequestError(f"give a synthesiser or a preset's name, got {synthesiser!r:.60}")
    target = place_of(destination).absolute()
    begun = State(target).identity() if seed is None and resume else None
    drawn = seed is None and begun is None
    number = fresh_seed() if drawn else seed if begun is None else int(begun["seed"])
    assert number is not None
    kind = name or _import_path(synthesiser)
    simulation = Simulation(kind, synthesiser, count, number, style, strength)
    simulation.file()  # that its settings can be written shows before anything is
    source = SynthSource.of(simulation, max_pixels)
    first = _require_some(source)
    if options.format is not None:
        check_format(first.image.dtype, first.image.shape[2], first.alpha, options.format)
    prepared = plan_job(
        source, target,
        recipe=recipe if declared else Recipe((), name="no invariances"), preset=preset,
        copies=copies, seed=number, options=options, max_pixels=max_pixels,
    )  # fmt: skip
    return dataclasses.replace(prepared, seed_drawn=drawn, seed_begun=begun is not None)


def synthesise(
    synthesiser: Synthesiser | str,
    destination: str | Place,
    count: int,
    *,
    seed: int | None = None,
    workers: int = 1,
    style: Style | None = None,
    strength: float = 1.0,
    recipe: Recipe | str | Path | None = None,
    preset: str | None = None,
    copies: int = 0,
    options: WriteOptions = WriteOptions(),  # noqa: B008 (immutable)
    shard: tuple[int, int] = (0, 1),
    existing: Existing = "refuse",
) -> RunResult:
    """Write a simulated dataset; see `tenfold.write.synth` for its files.

    Args:
        synthesiser: a preset's name, or a synthesiser: a preset's with other settings
            (`tenfold.synth.simulation.synthesiser_of`) or your own, whose class can be imported
            by `module:Class`, so that files can be made again.
        destination: a new or empty folder, or its URL.
        count: of individuals, each from a seed of its own.
        seed: any integer; without one, one is drawn and recorded.
        workers: processes; the result doesn't depend on it.
        style: what the pictures are dressed in: `Style.of_folder("real/")`.
        strength: of the style, up to 1.
        recipe, preset, copies: of each individual, transformed copies, as `augment` makes them.
        options: names and encoding.
        shard, existing: see `tenfold.augment`.

    Returns:
        What was done.

    Raises:
        RequestError: the request can't be met; nothing was written.
        OutputError: the destination failed in mid-run; repeat with `existing="resume"`.
    """
    prepared = plan_synthesis(
        synthesiser, destination, count, seed=seed, style=style, strength=strength, recipe=recipe,
        preset=preset, copies=copies, options=options, resume=existing == "resume",
    )  # fmt: skip
    return carry_out(prepared, LocalEngine(workers), shard=shard, existing=existing)


def _require_some(source: SynthSource) -> Sample:
    """One of the first individuals; refuse settings with which none of them can be made."""
    failed: list[SampleError] = []
    for item in source.items[:_TRIED]:
        try:
            return source.read(item)
        except SampleError as error:
            failed.append(error)
    raise RequestError(str(failed[0])) from failed[0]


def _import_path(synthesiser: Synthesiser) -> str:
    """The name by which replay and other processes find its class."""
    kind = type(synthesiser)
    name = f"{kind.__module__}:{kind.__qualname__}"
    if kind.__module__ == "__main__" or "." in kind.__qualname__ or imported(name) is not kind:
        raise RequestError(
            f"{kind.__qualname__} can't be found again by its name, {name}; put it at the top of a "
            "module (a .py file) and import it from there, so that files can be made again"
        )
    return name
