"""In which features sets are compared: pixels, their main directions, or a model's latents."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Literal, get_args

import numpy as np

from tenfold.errors import RequestError, did_you_mean
from tenfold.learned.examples import Array, Examples
from tenfold.learned.generator import Generator
from tenfold.richness.distances import Floats

Kind = Literal["pixels", "pca", "model"]
Features = Callable[[Examples], Floats]
"""Examples to (n, D) float64, the real set's mean at the origin."""

_DIRECTIONS = 64
_ROWS = 256


def features_of(kind: str, real: Examples, model: Generator | None = None) -> Features:
    """The features that a real set defines.

    - "pixels": all values. Sees everything, blur and noise too.
    - "pca": the real set's main directions, at most 64. Smooths single pixels away; what is
      foreign to the real set in all of these directions is not seen.
    - "model": the latents of a fitted generator, such as an autoencoder. Nearest to content.

    Args:
        kind: one of those.
        real: the set that defines the centre and the directions.
        model: for "model", fitted on such examples.

    Raises:
        RequestError: an unknown kind, a model that is missing or of another shape.
    """
    if kind not in get_args(Kind):
        raise RequestError(
            f"features must be pixels, pca or model, got '{kind}'"
            f"{did_you_mean(kind, get_args(Kind))}"
        )
    if (kind == "model") != (model is not None):
        raise RequestError(
            "features of a model need one: give --features model and --model DIR together"
        )
    if kind == "model" and model is not None:
        return _of_model(real, model)
    centre = _flat(real).mean(axis=0)
    if kind == "pixels":
        return lambda examples: _like(real, examples) - centre
    axes = _main_directions(_flat(real) - centre)
    return lambda examples: (_like(real, examples) - centre) @ axes


def model_of(folder: Path | None) -> Generator | None:
    """The model in a folder, if one is given."""
    if folder is None:
        return None
    from tenfold.learned.store import load

    return load(folder)


def _flat(examples: Examples) -> Floats:
    return examples.values.reshape(len(examples.values), -1).astype(np.float64)


def _like(real: Examples, examples: Examples) -> Floats:
    if examples.shape != real.shape:
        raise RequestError(
            f"examples of shape {examples.shape} can't be compared with {real.shape}; bring both "
            "to one size first (--size)"
        )
    return _flat(examples)


def _main_directions(centred: Floats) -> Floats:
    """(D, d) orthonormal, by the smaller of the two Gram matrices."""
    count, wide = centred.shape
    kept = min(_DIRECTIONS, count, wide)
    if wide <= count:
        _, axes = np.linalg.eigh(centred.T @ centred)
        return np.asarray(axes[:, ::-1][:, :kept])
    values, rows = np.linalg.eigh(centred @ centred.T)
    values, rows = values[::-1][:kept], rows[:, ::-1][:, :kept]
    there = values > 1e-12 * max(float(values[0]), 1e-300)
    return np.asarray(centred.T @ (rows[:, there] / np.sqrt(values[there])))


def _of_model(real: Examples, model: Generator) -> Features:
    def latents(examples: Examples) -> Floats:
        if examples.shape != tuple(model.shape):
            raise RequestError(
                f"the model takes examples of shape {tuple(model.shape)}, these are "
                f"{examples.shape}; give its size with --size"
            )
        labels = _their_labels(examples, model)
        rows = range(0, len(labels), _ROWS)
        made: list[Array] = [
            model.encode(examples.values[k : k + _ROWS], labels[k : k + _ROWS]) for k in rows
        ]
        return np.concatenate(made).astype(np.float64)

    centre = latents(real).mean(axis=0)
    return lambda examples: latents(examples) - centre


def _their_labels(examples: Examples, model: Generator) -> Array:
    """Labels as the model numbers them."""
    place = {str(name): k for k, name in enumerate(model.classes)}
    missing = [str(name) for name in examples.classes if str(name) not in place]
    if missing:
        raise RequestError(f"the model knows no class '{missing[0]}'; fit it on data that has it")
    return np.array([place[str(name)] for name in examples.classes])[examples.labels]
