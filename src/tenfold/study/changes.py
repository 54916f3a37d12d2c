"""What an arm does to images or vectors: copies of the training part, or a change of all parts."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from tenfold.errors import RequestError
from tenfold.learned.examples import Array, Examples
from tenfold.learned.generator import Generator, Variation
from tenfold.rng import Key, draws

Apply = Callable[[Examples, int], Array]
"""(originals, number of the copy from 1) -> their copies, values of the same shape."""


class Change(ABC):
    """One step on the way from originals to copies.

    What it learns, it learns from the training part; the validation part may stop that.
    """

    @abstractmethod
    def fitted(self, train: Examples, validation: Examples, seed: int) -> Apply:
        """Ready to make copies, which are functions of (seed, sample, copy) only."""

    def said(self) -> str:
        """What it does, in full: equal words, equal copies."""
        return repr(self)


@dataclass(frozen=True)
class Same(Change):
    """Copies that are the originals: what more steps do without new data."""

    def fitted(self, train: Examples, validation: Examples, seed: int) -> Apply:
        """See `Change.fitted`."""
        return lambda examples, _: examples.values


@dataclass(frozen=True)
class Declared(Change):
    """Copies by a recipe's invariances.

    Attributes:
        recipe: a `Recipe`, without generators.
    """

    recipe: Any

    def said(self) -> str:
        """See `Change.said`."""
        return f"recipe {self.recipe.hash()}"

    def fitted(self, train: Examples, validation: Examples, seed: int) -> Apply:
        """See `Change.fitted`."""
        from tenfold.call.pipeline import Pipeline

        if len(train.shape) != 3:
            raise RequestError(
                "a recipe's invariances are those of images; for feature vectors take the arms "
                "noise, interpolation, extrapolation or mixture"
            )
        pipeline = Pipeline(self.recipe, seed=seed)

        def apply(examples: Examples, copy: int) -> Array:
            keys = [Key(seed, name, copy) for name in examples.ids]
            return np.asarray(pipeline.batch(examples.values, keys), np.float32)

        return apply


@dataclass(frozen=True)
class Learned(Change):
    """Copies by a generator that is fitted on the training part of each repetition.

    Attributes:
        kind: "vae", "autoencoder" or "deformation".
        method: of the generator, None for its first.
        settings: of the fit, as its own settings class takes them.
    """

    kind: str
    method: str | None = None
    settings: tuple[tuple[str, Any], ...] = ()

    def fitted(self, train: Examples, validation: Examples, seed: int) -> Apply:
        """See `Change.fitted`."""
        return self.by(self.generator(train, validation, seed), seed)

    def generator(self, train: Examples, validation: Examples, seed: int) -> Generator:
        """The generator, whatever the method: arms that differ in it only can share it."""
        return fit_generator(self.kind, train, validation, seed, dict(self.settings))

    def by(self, generator: Generator, seed: int) -> Apply:
        """Copies by a generator that was fitted."""
        return _varying(generator, Variation(self.method), seed)


@dataclass(frozen=True)
class Modelled(Change):
    """Copies by a generator that was fitted before, which may not have seen what is tested on.

    Attributes:
        folder: of the model.
        method: of the generator, None for its first.
    """

    folder: Path
    method: str | None = None

    def said(self) -> str:
        """See `Change.said`."""
        from tenfold.learned.store import fingerprint

        return f"model {fingerprint(self.folder)} {self.method}"

    def fitted(self, train: Examples, validation: Examples, seed: int) -> Apply:
        """See `Change.fitted`."""
        from tenfold.learned.store import load

        generator = load(self.folder)
        if generator.shape != train.shape or tuple(generator.classes) != train.classes:
            raise RequestError(
                f"{self.folder} was fitted on {generator.shape} and {len(generator.classes)} "
                f"classes, these data are {train.shape} with {len(train.classes)}"
            )
        return _varying(generator, Variation(self.method), seed)


@dataclass(frozen=True)
class Altered(Change):
    """Copies of feature vectors, altered as latents are but without a model.

    Attributes:
        method: "noise", "interpolation" (SMOTE's), "extrapolation", "prior", "mixture", "metric".
    """

    method: str

    def fitted(self, train: Examples, validation: Examples, seed: int) -> Apply:
        """See `Change.fitted`."""
        from tenfold.learned.latent import Reference, alter

        if len(train.shape) != 1:
            raise RequestError(
                f"'{self.method}' alters feature vectors; for images name a generator: "
                f"vae:{self.method}"
            )
        reference = Reference(train.values, train.labels, len(train.classes))
        variation = Variation(self.method)

        def apply(examples: Examples, copy: int) -> Array:
            seeds = copy_seeds(seed, examples.ids, copy)
            return alter(examples.values, examples.labels, seeds, reference, variation)

        return apply


def fit_generator(
    kind: str, train: Examples, validation: Examples, seed: int, settings: dict[str, Any]
) -> Generator:
    """A generator fitted on the training part.

    Raises:
        RequestError: no such kind, or the data can't be learned.
    """
    if kind == "deformation":
        from tenfold.learned.deformation import DeformationSettings, fit_deformation

        return fit_deformation(train, DeformationSettings(**settings))
    if kind in {"vae", "autoencoder"}:
        import dataclasses

        from tenfold.learned.vae import default_settings, fit_vae

        chosen = dataclasses.replace(
            default_settings(train), variational=kind == "vae", seed=seed, **settings
        )
        return fit_vae(train, validation, chosen)
    raise RequestError(f"no generator '{kind}'; there are vae, autoencoder and deformation")


def _varying(generator: Generator, variation: Variation, seed: int) -> Apply:
    if variation.method is not None and variation.method not in generator.methods:
        raise RequestError(
            f"{generator.kind} has no method '{variation.method}'; "
            f"there are {', '.join(generator.methods)}"
        )

    def apply(examples: Examples, copy: int) -> Array:
        seeds = copy_seeds(seed, examples.ids, copy)
        return generator.vary(examples.values, examples.labels, seeds, variation)

    return apply


def copy_seeds(seed: int, ids: tuple[str, ...], copy: int) -> Array:
    """One number from 0 to 2^53 for each sample's copy."""
    keys = [Key(seed, name, copy) for name in ids]
    return draws(keys, ["study"])[0].seeds


@dataclass(frozen=True)
class Preparation:
    """A change of all parts, test part included: a control, or a declared standard form.

    Attributes:
        kind: "blur" (a Gaussian, sigma in pixels) or "standardise" (each sample to mean 0.5 and
            standard deviation 0.25).
        options: its strengths, of which the validation part chooses one; one if it was given.
    """

    kind: str
    options: tuple[float, ...] = field(default=(0.0,))

    def apply(self, examples: Examples, option: float) -> Examples:
        """The examples, changed."""
        values = examples.values
        if self.kind == "blur":
            if len(examples.shape) != 3:
                raise RequestError("blur is for images; these are feature vectors")
            values = blurred(values, option)
        else:
            axes = tuple(range(1, values.ndim))
            mean, spread = (
                values.mean(axis=axes, keepdims=True),
                values.std(axis=axes, keepdims=True),
            )
            values = 0.5 + 0.25 * (values - mean) / np.maximum(spread, 1e-6)
        return Examples(values, examples.labels, examples.classes, examples.ids)


def blurred(values: Array, sigma: float) -> Array:
    """Images (N, H, W, C) float32, each blurred by a Gaussian of that many pixels."""
    import cv2

    if sigma == 0:
        return values
    out = np.empty_like(values)
    for k, image in enumerate(values):
        out[k] = cv2.GaussianBlur(image, (0, 0), sigma, borderType=cv2.BORDER_REPLICATE).reshape(
            image.shape
        )
    return out
