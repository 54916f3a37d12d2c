"""A dataset in, a fitted generator out: what `tenfold fit` does, in one call."""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any, Literal

import numpy as np

from tenfold.call.pipeline import Pipeline
from tenfold.declare.fit import misfits
from tenfold.declare.parse import load_recipe
from tenfold.declare.presets import preset as preset_named
from tenfold.declare.recipe import Recipe
from tenfold.engine.job import choose_split
from tenfold.errors import RequestError, SampleError, did_you_mean
from tenfold.learned.backend import torch_module
from tenfold.learned.examples import Array, Examples
from tenfold.learned.generator import Generator, Progress, Views
from tenfold.learned.reading import check_labels, examples_of, held_out
from tenfold.learned.store import REST, require_free, save
from tenfold.places import Place, place_of
from tenfold.plan.plan import Plan
from tenfold.rng import Key
from tenfold.samples.sample import Sample
from tenfold.samples.source import DatasetInfo, Item, Quarantined, Source
from tenfold.samples.sources import open_source

Kind = Literal["vae", "deformation"]
KINDS: tuple[Kind, ...] = ("vae", "deformation")

_VALIDATION = "val"
_LEAST = 2  # examples of a class: partners are drawn from the others


@dataclass(frozen=True)
class Fitted:
    """A fitted model and how the fit went.

    Attributes:
        generator: the model, saved in `folder`.
        folder: where it is.
        train: examples learned from.
        watched: examples of the validation part; 0 if there was none.
        seconds: that the fit took, reading not included.
        recipe: through which it was fitted; None without one.
        unusable: images passed over, and why.
        warnings: what is allowed but rarely meant.
    """

    generator: Generator
    folder: Path
    train: int
    watched: int
    seconds: float
    recipe: Recipe | None
    unusable: tuple[Quarantined, ...]
    warnings: tuple[str, ...]

    @property
    def history(self) -> Mapping[str, Any]:
        """Losses by epoch, as the fit tells them; empty where it has no epochs."""
        found: Mapping[str, Any] = getattr(self.generator, "history", {})
        return found


def fit_model(
    kind: Kind,
    source: str | Place | Source,
    folder: str | Path,
    *,
    recipe: Recipe | str | Path | None = None,
    preset: str | None = None,
    settings: Mapping[str, Any] | None = None,
    split: str | None = None,
    size: tuple[int, int] | None = None,
    validate: float = 0.1,
    group: str | None = None,
    seed: int = 0,
    overwrite: bool = False,
    layout: str | None = None,
    label_column: str | None = None,
    reading: Callable[[int], Callable[[int], None]] = lambda _: lambda _: None,
    progress: Progress | None = None,
) -> Fitted:
    """Fit a generator on a dataset with one label an image, and save it.

    Args:
        kind: "vae" or "deformation".
        source: a dataset on disk, as `tenfold.multiply.augment` takes it.
        folder: of the model; new or empty, or another model's with `overwrite`.
        recipe: for a vae, what may change in an image: it is applied anew to each example in each
            epoch, so that the model learns it; also gives the images' value range. A recipe, its
            file, or `preset`, a preset's name. Without either, images are taken as they are.
        settings: of the fit by name, `VaeSettings` or `DeformationSettings`; what isn't said is
            derived from the data.
        split: to learn from; `train` where there are splits.
        size: (height, width) to which the images are brought.
        validate: for a vae, share of the examples held out where there is no validation split.
        group: regular expression on the images' ids: its first group names the writer, patient...
            and examples of one are held out together, see `held_out`.
        seed: of the model, of what is held out and of the views; any integer from 0. Learned
            deformations need none.
        overwrite: replace a model that is there, and forget an interrupted fit.
        layout, label_column: of the source, where they can't be told.
        reading: given the number of images, gives what is told of each one read.
        progress: told how the fit goes.

    Returns:
        The model and how it went.

    Raises:
        RequestError: the request can't be met; nothing was written.
        MissingExtraError: torch isn't installed.
    """
    if kind not in KINDS:
        raise RequestError(f"no generator '{kind}'{did_you_mean(kind, KINDS)}")
    target = Path(folder)
    _require_target(target, overwrite)
    origin = source if isinstance(source, Source) else open_source(
        place_of(source), layout, label_column=label_column
    )  # fmt: skip
    declared = _recipe(recipe, preset)
    part = choose_split(origin, split)
    check_labels(origin, part)
    warnings = _checked(declared, origin)
    if kind == "vae":
        torch_module()  # before hours are spent on reading
    held = validate if kind == "vae" else 0
    train, watched, unusable = _read(origin, part, size, declared, held, group, seed, reading)
    train.require(_LEAST)
    views = None if declared is None else declared_views(train, declared, seed)
    started = perf_counter()
    chosen = settings or {}
    rest = _checkpoint(target)
    if overwrite:
        shutil.rmtree(rest, ignore_errors=True)
    if kind == "vae":
        generator = _vae(train, watched, {**chosen, "seed": seed}, views, rest, progress)
    else:
        generator = _deformation(train, chosen, progress)
    seconds = perf_counter() - started
    save(generator, target)
    shutil.rmtree(rest, ignore_errors=True)
    return Fitted(
        generator, target, len(train.values), 0 if watched is None else len(watched.values),
        seconds, declared, tuple(unusable), warnings,
    )  # fmt: skip


def declared_views(examples: Examples, recipe: Recipe, seed: int = 0) -> Views:
    """Examples as a declaration lets them look: drawn by (seed, example, epoch).

    Args:
        examples: images.
        recipe: what may change; its `generators` and `compose` are left out.
        seed: any integer.

    Raises:
        RequestError: the recipe can't serve such images, or changes their size.
    """
    plain = dataclasses.replace(
        recipe, generators=(), compose=None, value_range=(0.0, 1.0), validity=False
    )
    sample = Sample(examples.ids[0], examples.values[0], value_range=(0.0, 1.0))
    plan = Plan(plain, DatasetInfo(fixed_size=True))
    plan.check(plan.schema(sample))
    pipeline = Pipeline(plain, seed=seed, alpha=False)

    def views(places: Array, epoch: int) -> Array:
        keys = [Key(seed, examples.ids[place], epoch) for place in np.asarray(places).tolist()]
        seen = pipeline.batch(examples.values[places], keys)
        return np.clip(seen, 0, 1, out=seen)

    return views


def _require_target(folder: Path, overwrite: bool) -> None:
    require_free(folder)
    if (folder / REST).exists() and not overwrite:
        raise RequestError(f"{folder} holds a model; give another folder, or --overwrite it")


def _checkpoint(folder: Path) -> Path:
    """Where an interrupted fit is kept, beside the model's folder."""
    whole = folder.absolute()
    return whole.with_name(f".{whole.name}.fitting")


def _recipe(recipe: Recipe | str | Path | None, preset: str | None) -> Recipe | None:
    if recipe is not None and preset is not None:
        raise RequestError("give --recipe or --preset, not both")
    if preset is not None:
        return preset_named(preset)
    return recipe if isinstance(recipe, Recipe) or recipe is None else load_recipe(recipe)


def _checked(recipe: Recipe | None, source: Source) -> tuple[str, ...]:
    if recipe is None:
        return ()
    fit = misfits(source, recipe)
    if fit.refusals:
        raise RequestError("\n".join(fit.refusals))
    return fit.warnings


def _read(
    source: Source,
    split: str | None,
    size: tuple[int, int] | None,
    recipe: Recipe | None,
    validate: float,
    group: str | None,
    seed: int,
    reading: Callable[[int], Callable[[int], None]],
) -> tuple[Examples, Examples | None, list[Quarantined]]:
    """What to learn from, what to watch, and what couldn't be read."""
    unusable: list[Quarantined] = []

    def pass_over(item: Item, error: SampleError) -> None:
        unusable.append(Quarantined(item.id, str(error).removeprefix(f"{item.id}: ")))

    parts = [split]
    if validate and split is not None and split != _VALIDATION and _VALIDATION in source.splits():
        parts.append(_VALIDATION)
        check_labels(source, _VALIDATION)
    advance = reading(sum(split is None or item.split in parts for item in source.items))
    value_range = None if recipe is None else recipe.value_range

    def read(part: str | None, like: Examples | None = None) -> Examples:
        return examples_of(
            source, split=part, value_range=value_range, unusable=pass_over, progress=advance,
            size=size if like is None else size or (like.shape[0], like.shape[1]),
            classes=None if like is None else like.classes,
        )  # fmt: skip

    train = read(split)
    if len(parts) > 1:
        return train, read(_VALIDATION, train), unusable
    return *held_out(train, validate, seed=seed, group=group), unusable


def _vae(
    train: Examples,
    watched: Examples | None,
    chosen: Mapping[str, Any],
    views: Views | None,
    folder: Path,
    progress: Progress | None,
) -> Generator:
    from tenfold.learned.vae import default_settings, fit_vae

    settings = dataclasses.replace(default_settings(train), **chosen)
    return fit_vae(train, watched, settings, views=views, folder=folder, progress=progress)


def _deformation(
    train: Examples, chosen: Mapping[str, Any], progress: Progress | None
) -> Generator:
    from tenfold.learned.deformation import DeformationSettings, fit_deformation

    return fit_deformation(train, DeformationSettings(**chosen), progress=progress)
