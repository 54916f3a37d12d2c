"""The generators of a recipe at work: which copies they make, and those copies.

Which generator makes a copy, and its seed, are pure functions of (seed, sample, copy). A copy is
made alone, on one thread, so that its bytes don't depend on what else is made.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import accumulate
from pathlib import Path
from typing import Any

import numpy as np

from tenfold.declare.generators import GeneratorUse
from tenfold.declare.recipe import Recipe
from tenfold.errors import ModelError, RequestError, SampleError, did_you_mean
from tenfold.learned.generator import Generator, Variation
from tenfold.learned.reading import check_labels, picture_of
from tenfold.learned.sizing import sized
from tenfold.learned.store import fingerprint, load
from tenfold.plan.kernels.values import from_unit
from tenfold.rng import Key, draws
from tenfold.samples.sample import Label, Sample
from tenfold.samples.source import Source

_DRAW = "generators"
"""The word that keys the draws, as an op's name does; no op is called so."""


@dataclass(frozen=True, slots=True)
class Making:
    """What was drawn for a copy that a generator makes.

    Attributes:
        number: which of the recipe's generators, from 0.
        seed: of the copy.
    """

    number: int
    seed: int


@dataclass(frozen=True)
class Model:
    """A model that a recipe names, found.

    Attributes:
        use: what the recipe says.
        folder: where it is, absolute.
        fingerprint: of its files, hex.
    """

    use: GeneratorUse
    folder: Path
    fingerprint: str

    @property
    def generator(self) -> Generator:
        """Loaded once a process.

        Raises:
            ModelError: it can't be loaded, or isn't the model that was found.
        """
        return _loaded(str(self.folder), self.fingerprint)

    @property
    def method(self) -> str:
        """How it alters samples."""
        return self.use.method or self.generator.methods[0]

    @property
    def variation(self) -> Variation:
        """The same with all that the recipe says of it."""
        use = self.use
        return Variation(self.method, use.strength, use.neighbours, use.metric)


@lru_cache(maxsize=8)
def _loaded(folder: str, expected: str) -> Generator:
    if fingerprint(Path(folder)) != expected:
        raise ModelError(f"the model {folder} was changed during the run; put it back")
    return load(Path(folder))


@dataclass(frozen=True)
class Generators:
    """The generators of a recipe, found; none of them for most recipes.

    Attributes:
        models: in the recipe's order.
    """

    models: tuple[Model, ...] = ()

    @classmethod
    def of(cls, recipe: Recipe, folders: Mapping[str, Path] | None = None) -> Generators:
        """Find the models that a recipe names.

        Args:
            recipe: the declaration.
            folders: where models are, by the name in the recipe; others are looked for beside the
                recipe's file and then in the working directory.

        Raises:
            ModelError: there is no such folder, or it holds no model.
        """
        if not recipe.generators:
            return cls()
        models = []
        for use in recipe.generators:
            folder = (folders or {}).get(use.model) or _found(use.model, recipe.folder)
            models.append(Model(use, folder.absolute(), fingerprint(folder)))
        return cls(tuple(models))

    @classmethod
    def again(
        cls, recipe: Recipe, fingerprints: Mapping[str, str], folders: Iterable[Path]
    ) -> Generators:
        """The models of a dataset that was made before, wherever they are now.

        Args:
            recipe: the declaration.
            fingerprints: of the models, by the name in the recipe.
            folders: where to look for them.

        Raises:
            ModelError: one is nowhere, or was changed.
        """
        there = {fingerprint(folder): folder for folder in folders if folder.is_dir()}
        for use in recipe.generators:
            if fingerprints[use.model] not in there:
                raise ModelError(
                    f"the model '{use.model}' that made this file is gone or was changed "
                    f"(fingerprint {fingerprints[use.model][:12]}); say where it is with --model"
                )
        return cls.of(recipe, {u.model: there[fingerprints[u.model]] for u in recipe.generators})

    def identity(self) -> dict[str, Any]:
        """What a job's identity tells of them; nothing if there are none."""
        if not self.models:
            return {}
        return {
            "models": {model.use.model: model.fingerprint for model in self.models},
            "model_folders": {model.use.model: str(model.folder) for model in self.models},
        }

    @property
    def libraries(self) -> tuple[str, ...]:
        """Libraries whose versions the bytes depend on."""
        found = (name for model in self.models for name in model.generator.libraries)
        return tuple(dict.fromkeys(found))

    def __bool__(self) -> bool:
        return bool(self.models)

    def draw(self, keys: Sequence[Key]) -> list[Making | None]:
        """For each copy what makes it; None where no generator does."""
        if not self.models or not keys:
            return [None] * len(keys)
        (drawn,) = draws(keys, [_DRAW])
        numbers = np.searchsorted(self._ends, drawn.uniforms[:, 0]).tolist()
        return [
            Making(number, seed) if number < len(self.models) else None
            for number, seed in zip(numbers, drawn.seeds.tolist(), strict=True)
        ]

    @cached_property
    def _ends(self) -> list[float]:
        """Where each share of (0, 1) ends; shares that sum to 1 leave nothing, for rounding."""
        ends = list(accumulate(model.use.share for model in self.models))
        return [*ends[:-1], 1.0 if ends[-1] > 1 - 1e-9 else ends[-1]]

    def make(self, sample: Sample, making: Making) -> Sample:
        """A new sample of the same class, size, dtype and value range.

        Args:
            sample: the original, checked by `check_sample`.
            making: from `draw`.
        """
        model = self.models[making.number]
        height, width, _ = model.generator.shape
        picture = sized(picture_of(sample), height, width)
        label = _place(model.generator, sample.label)
        with _one_thread():
            made = model.generator.vary(
                picture[None], np.array([label]), np.array([making.seed]), model.variation
            )[0]
        if not np.isfinite(made).all():
            raise SampleError(f"the model {model.use.model} made values that are no numbers")
        made = sized(np.ascontiguousarray(made, np.float32), sample.height, sample.width)
        image = from_unit(made.copy(), sample.image.dtype, sample.value_range)
        return sample.replace(image=image)

    def told(self, making: Making) -> dict[str, Any]:
        """What a manifest line tells of it."""
        model = self.models[making.number]
        return {
            "number": making.number,
            "model": model.use.model,
            "fingerprint": model.fingerprint,
            "kind": model.generator.kind,
            "method": model.method,
            "seed": making.seed,
        }

    def transforms(self, making: Making) -> bool:
        """Whether the recipe's invariances are applied to it, too."""
        return self.models[making.number].use.transforms

    def check_source(self, source: Source, split: str | None) -> None:
        """Refuse data of which the models can't make samples, before anything is written.

        Raises:
            RequestError: annotations, classes that a model doesn't know, a method that it lacks.
            ModelError: a model can't be loaded.
        """
        if not self.models:
            return
        try:
            check_labels(source, split)
        except RequestError as error:
            raise RequestError(
                f"generators: {error}; or remove 'generators' from the recipe"
            ) from None
        for model in self.models:
            generator, use = model.generator, model.use
            if len(generator.shape) != 3:
                raise RequestError(
                    f"generators: {use.model} was fitted on feature vectors, not on images"
                )
            if model.method not in generator.methods:
                cure = did_you_mean(model.method, generator.methods)
                raise RequestError(
                    f"generators: {use.model} ({generator.kind}) has no method '{model.method}'"
                    f"{cure or '; it has ' + ', '.join(generator.methods)}"
                )
            known = {str(name) for name in generator.classes}
            for item in source.items:
                if (split is None or item.split == split) and str(item.label) not in known:
                    raise RequestError(
                        f"generators: {use.model} doesn't know the class '{item.label}' "
                        f"({item.id}); fit it on this data, or take the class out"
                    )

    def try_on(self, sample: Sample) -> None:
        """Make a copy with each model, to see that it takes what the recipe asks of it.

        Raises:
            RequestError: it doesn't.
        """
        for number, model in enumerate(self.models):
            try:
                self.check_sample(sample)
                self.make(sample, Making(number, 0))
            except (SampleError, RequestError) as error:
                told = str(error).removeprefix(f"{sample.id}: ")
                raise RequestError(f"generators: {model.use.model}, {sample.id}: {told}") from None

    def check_sample(self, sample: Sample) -> None:
        """Raise `SampleError` if a model can't make copies of this sample."""
        for model in self.models:
            shape, use = model.generator.shape, model.use
            if sample.alpha:
                raise SampleError("a generator makes no opacity; save the image without it")
            if sample.image.shape[2] != shape[2]:
                raise SampleError(
                    f"{sample.image.shape[2]} channels, and the model {use.model} makes "
                    f"{shape[2]}; fit it on such images, or convert them"
                )
            if sample.image.shape != shape and not use.resize:
                raise SampleError(
                    f"{sample.width}x{sample.height}, and the model {use.model} makes "
                    f"{shape[1]}x{shape[0]}; fit it on such images, or add 'resize: true' to the "
                    "generator in the recipe"
                )
            _place(model.generator, sample.label)


def _found(name: str, beside: Path | None) -> Path:
    """A model's folder: beside the recipe's file, or in the working directory."""
    path = Path(name)
    places = [beside / path] if beside is not None and not path.is_absolute() else []
    places.append(path)
    for place in places:
        if place.is_dir():
            return place
    looked = " nor ".join(str(p.absolute().parent) for p in places)
    raise ModelError(f"no model '{name}' in {looked}; make it with: tenfold fit vae SRC -o {name}")


def _place(generator: Generator, label: Label | None) -> int:
    for place, name in enumerate(generator.classes):
        if str(name) == str(label):
            return place
    raise SampleError(f"the model doesn't know the class '{label}'")


@contextmanager
def _one_thread() -> Iterator[None]:
    """torch, if a model brought it, works on one thread: sums don't depend on the machine's."""
    torch: Any = sys.modules.get("torch")
    if torch is None:
        yield
        return
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
