"""Altered vectors: what is done to the latent of a sample, or to a plain feature vector."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from tenfold.errors import RequestError, did_you_mean
from tenfold.learned.examples import Array
from tenfold.learned.generator import Variation
from tenfold.learned.latent.covariance import spread_by
from tenfold.learned.latent.metric import TRAJECTORIES, metric_of
from tenfold.learned.latent.mixture import Mixture, fit_mixture
from tenfold.learned.latent.neighbours import neighbours
from tenfold.learned.latent.reference import Reference
from tenfold.rng import normal_rows, uniform_rows

DEFAULT_STRENGTH: dict[str, float] = {
    "interpolation": 0.5,
    "extrapolation": 0.5,
    "noise": 0.5,
    "prior": 1.0,
    "mixture": 1.0,
    "metric": 1.0,
    "reconstruction": 0.0,
}
METHODS = tuple(DEFAULT_STRENGTH)
"""The words for them, the default first; `alter` says what each does."""

_STRENGTH, _CHOICE, _WALK = 0, 1, 2  # a row's uniform numbers: its strength, its partner, its walk


def alter(
    latents: Array, labels: Array, seeds: Array, reference: Reference, variation: Variation
) -> Array:
    """Altered copies of vectors, one a row. c is the row, s its strength.

    `interpolation`: c + s (c_k - c), c_k one of the K nearest of its class;
    `extrapolation`: c + s (c - c_k);
    `noise`: c + s X, X normal with each dimension's spread within the class
    (all three: DeVries & Taylor, "Dataset augmentation in feature space", 2017; default s 0.5);
    `prior`: a draw from a Gaussian fitted to the class, its standard deviations times s (1);
    `mixture`: the same from a mixture of Gaussians (`fit_mixture`);
    `metric`: the end of a walk from c over the density of the class (`Metric`), its reach times s;
    `reconstruction`: c.

    A row depends on itself, its label and its seed alone, never on the other rows, and is the same
    bytes wherever covariances and exponentials (`prior`, `mixture`, `metric`, "mahalanobis") come
    out the same: on one machine always; elsewhere a last bit may differ.

    Args:
        latents: (N, L).
        labels: (N,) places of their classes in the reference.
        seeds: (N,) int64 from 0 to 2^53, one a copy.
        reference: vectors of the training examples.
        variation: see there; method None is interpolation.

    Returns:
        (N, L) float32.

    Raises:
        RequestError: an unknown method or metric, a strength that isn't a finite number of at
            least 0 (or a rising range of them), a class too small for the method, other lengths.
    """
    latents = np.asarray(latents, np.float32)
    labels, seeds = np.asarray(labels, np.int64), np.asarray(seeds, np.int64)
    _check(latents, labels, seeds, reference)
    method = METHODS[0] if variation.method is None else variation.method
    if method not in METHODS:
        raise RequestError(
            f"no alteration '{method}'{did_you_mean(method, METHODS)}; known: {', '.join(METHODS)}"
        )
    low, high = _range(method, variation.strength)
    if method == "reconstruction" or not len(latents):
        return latents.copy()
    _require(labels, reference, method)
    uniforms = uniform_rows(seeds, (_WALK + TRAJECTORIES,))
    strengths = (low + (high - low) * uniforms[:, _STRENGTH])[:, None]
    start = latents.astype(np.float64)
    if method in {"interpolation", "extrapolation"}:
        partners = _partners(start, labels, uniforms[:, _CHOICE], reference, variation)
        sign = 1 if method == "interpolation" else -1
        out = start + sign * strengths * (partners - start)
    elif method == "noise":
        spreads = reference.spreads[labels]
        out = start + strengths * spreads * normal_rows(seeds, start.shape[1:])
    elif method == "metric":
        normals = normal_rows(seeds, (TRAJECTORIES, start.shape[1]))
        out = np.stack(
            [
                metric_of(reference, label).walk(row, momenta, numbers, strength)
                for row, label, momenta, numbers, strength in zip(
                    start, labels.tolist(), normals, uniforms[:, _WALK:], strengths[:, 0],
                    strict=True,
                )
            ]
        )  # fmt: skip
    else:
        fit = _gaussian if method == "prior" else _mixture
        out = _drawn(labels, seeds, uniforms[:, _CHOICE], strengths, reference, method, fit)
    return out.astype(np.float32)


def _partners(
    start: Array, labels: Array, choice: Array, reference: Reference, variation: Variation
) -> Array:
    """(N, L): for each row one of its neighbours; itself where all its class is the same."""
    near, count = neighbours(start, labels, reference, variation.neighbours, variation.metric)
    which = np.minimum((choice * count).astype(np.int64), np.maximum(count - 1, 0))
    chosen = near[np.arange(len(near)), which]
    return np.where((chosen >= 0)[:, None], reference.latents[chosen].astype(np.float64), start)


def _drawn(
    labels: Array, seeds: Array, choice: Array, strengths: Array, reference: Reference,
    method: str, fit: Callable[[Reference, int], Mixture],
) -> Array:  # fmt: skip
    """Draws from what was fitted to each row's class."""
    normals = normal_rows(seeds, reference.latents.shape[1:])
    out = np.empty(normals.shape)
    for label in np.unique(labels).tolist():
        mine = np.flatnonzero(labels == label)
        mixture = reference.keep((method, label), partial(fit, reference, label))
        ends = np.cumsum(mixture.weights)[:-1]
        component = np.searchsorted(ends, choice[mine], side="right")
        out[mine] = mixture.means[component] + strengths[mine] * spread_by(
            mixture.root, normals[mine]
        )
    return out


def _gaussian(reference: Reference, label: int) -> Mixture:
    root = np.linalg.cholesky(reference.covariance(label))
    return Mixture(np.ones(1), reference.means[label][None], root)


def _mixture(reference: Reference, label: int) -> Mixture:
    return fit_mixture(reference.latents[reference.rows[label]], reference.within)


def _range(method: str, strength: float | tuple[float, float] | None) -> tuple[float, float]:
    if strength is None:
        strength = DEFAULT_STRENGTH[method]
    try:
        low, high = strength if isinstance(strength, tuple | list) else (strength, strength)
        low, high = float(low), float(high)
    except (TypeError, ValueError):
        low, high = np.nan, np.nan
    if not (0 <= low <= high < np.inf):
        raise RequestError(
            f"{method}: strength must be a number of at least 0, or a rising pair of them, "
            f"got {strength!r}"
        )
    if method == "metric" and low == 0:
        raise RequestError("metric: strength must be above 0; reconstruction changes nothing")
    return low, high


def _check(latents: Array, labels: Array, seeds: Array, reference: Reference) -> None:
    wide = reference.latents.shape[1]
    if latents.ndim != 2 or latents.shape[1] != wide:
        raise RequestError(f"vectors to alter must be (N, {wide}), got shape {latents.shape}")
    if labels.shape != latents.shape[:1] or seeds.shape != latents.shape[:1]:
        raise RequestError(
            f"{len(latents)} vectors need as many labels and seeds, "
            f"got {labels.shape} and {seeds.shape}"
        )
    if len(labels) and not (labels.min() >= 0 and labels.max() < reference.classes):
        raise RequestError(f"labels must be places in the {reference.classes} classes")


def _require(labels: Array, reference: Reference, method: str) -> None:
    """Every method learns from the others of the class."""
    for label in np.unique(labels).tolist():
        if len(reference.rows[label]) < 2:
            raise RequestError(
                f"{method}: class number {label} has {len(reference.rows[label])} in the "
                "reference, at least 2 are needed: add some or leave the class out"
            )
