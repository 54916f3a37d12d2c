"""The generator that bends: appearance from a sample, shape from its class."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from functools import cached_property
from typing import Any, ClassVar, Self

import numpy as np

from tenfold.errors import ModelError, RequestError, did_you_mean
from tenfold.learned.deformation.flow import Flow
from tenfold.learned.deformation.register import Registrar
from tenfold.learned.deformation.settings import DeformationSettings
from tenfold.learned.deformation.shapes import Shapes
from tenfold.learned.examples import Array, Examples
from tenfold.learned.generator import Generator, Variation
from tenfold.learned.latent.neighbours import neighbours
from tenfold.learned.latent.reference import Reference
from tenfold.rng import normal_rows, uniform_rows

DEFAULT_STRENGTH: dict[str, tuple[float, float]] = {
    "deformation": (0.8, 0.8),
    "interpolation": (0.0, 1.0),
    "extrapolation": (0.0, 0.5),
}
"""Ranges that strengths are drawn from where a variation has none."""

_MOST = 3.0  # strength: beyond, a flow leaves the frame
_STRENGTH, _CHOICE = 0, 1  # of a row's uniform numbers


class Deformation(Generator):
    """New shapes of given samples. It keeps the examples that it learned from.

    Methods, and what `Variation.strength` is in each:
        deformation: along a velocity drawn from the class's distribution; 1 is as far as
            neighbours in the class are from each other.
        interpolation: towards a neighbour of the class; the share of the way, 1 is its shape.
        extrapolation: the same way, backwards: away from the neighbour.

    Neighbours are near as the blurred pictures are (`metric` over their values). Latents are the
    velocities, in the model's modes, along which the class's template (its middlemost example)
    takes the sample's shape; decoding gives the shape back in the template's ink.

    A row's bytes don't depend on the other rows. On processors of another kind the last bit of a
    value may differ, as OpenCV's and NumPy's sums do.
    """

    kind: ClassVar[str] = "deformation"
    methods: ClassVar[tuple[str, ...]] = ("deformation", "interpolation", "extrapolation")

    def __init__(
        self, examples: Examples, templates: Array, shapes: Shapes, settings: DeformationSettings
    ) -> None:
        self.shape = examples.shape
        self.classes = examples.classes
        self.settings = settings
        self._examples = examples
        self._templates = templates
        self._shapes = shapes
        self._flow = Flow(self.shape[0], self.shape[1], settings.cells)
        self._registrar = Registrar(self.shape, settings)

    def encode(self, values: Array, labels: Array) -> Array:
        """(N, L) float32; see the class."""
        values, labels = self._checked(values, labels)
        fixed = [self._registrar.fix(self._registrar.looks(row)) for row in values]
        out = np.empty((len(values), len(self._shapes.modes)), np.float32)
        for row, (to, label) in enumerate(zip(fixed, labels, strict=True)):
            template = self._registrar.looks(self._template(label))
            out[row] = self._shapes.modes @ self._registrar.register(template, to)
        return out

    def decode(self, latents: Array, labels: Array) -> Array:
        """The classes' templates along these velocities: (N, H, W, C) float32 from 0 to 1."""
        latents = np.ascontiguousarray(latents, np.float32)
        labels = self._places(labels, len(latents))
        if latents.shape != (len(labels), len(self._shapes.modes)):
            raise RequestError(
                f"latents of this model are (N, {len(self._shapes.modes)}), got {latents.shape}"
            )
        out = np.empty((len(latents), *self.shape), np.float32)
        for row, (latent, label) in enumerate(zip(latents, labels, strict=True)):
            out[row] = self._flow.warp(self._template(label), latent @ self._shapes.modes)
        return out

    def sample(self, labels: Array, seeds: Array) -> Array:
        """Examples of these classes, chosen by the seeds and deformed."""
        labels = self._places(labels, len(seeds))
        chance = uniform_rows(np.asarray(seeds, np.int64), (2,))[:, _CHOICE]
        rows = [self._looks.rows[label] for label in labels]
        chosen = [int(r[int(c * len(r))]) for r, c in zip(rows, chance, strict=True)]
        values = self._examples.values[chosen]
        return self.vary(values, labels, seeds, Variation("deformation"))

    def vary(self, values: Array, labels: Array, seeds: Array, variation: Variation) -> Array:
        """Altered copies; see the class and the contract."""
        values, labels = self._checked(values, labels)
        seeds = np.ascontiguousarray(seeds, np.int64)
        if seeds.shape != labels.shape:
            raise RequestError(f"{len(labels)} samples need as many seeds, got {seeds.shape}")
        method, low, high = self._asked(variation)
        uniforms = uniform_rows(seeds, (2,))
        strengths = (low + (high - low) * uniforms[:, _STRENGTH]).astype(np.float32)
        if method == "deformation":
            normals = normal_rows(seeds, (len(self._shapes.modes),))
            velocities = [self._shapes.draw(*row) for row in zip(labels, normals, strict=True)]
        else:
            velocities = self._towards(values, labels, uniforms[:, _CHOICE], variation)
            strengths = -strengths if method == "extrapolation" else strengths
        out = np.empty_like(values)
        for row, velocity in enumerate(velocities):
            out[row] = self._flow.warp(values[row], strengths[row] * velocity)
        return out

    def state(self) -> tuple[Mapping[str, Array], Mapping[str, Any]]:
        """Its examples, templates and distributions; and the settings."""
        arrays = {
            "values": self._examples.values,
            "labels": self._examples.labels,
            "templates": self._templates,
            "modes": self._shapes.modes,
            "axes": self._shapes.axes,
        }
        told = {
            "classes": list(self.classes),
            "ids": list(self._examples.ids),
            "settings": asdict(self.settings),
        }
        return arrays, told

    @classmethod
    def restore(cls, arrays: Mapping[str, Array], told: Mapping[str, Any]) -> Self:
        """The model whose `state` this was."""
        try:
            settings = DeformationSettings(**told["settings"])
            examples = Examples(
                arrays["values"], arrays["labels"], tuple(told["classes"]), tuple(told["ids"])
            )
            templates = np.asarray(arrays["templates"], np.int64)
            shapes = Shapes(
                np.asarray(arrays["modes"], np.float32), np.asarray(arrays["axes"], np.float32)
            )
        except (KeyError, TypeError, ValueError, RequestError) as error:
            raise ModelError(f"no model of deformations: {error!s:.200}") from error
        classes, count = len(examples.classes), len(shapes.modes)
        wanted = {
            "templates": (templates.shape, (classes,)),
            "modes": (shapes.modes.shape, (count, 2 * (settings.cells + 3) ** 2)),
            "axes": (shapes.axes.shape, (classes, count, count)),
        }
        for name, (shape, right) in wanted.items():
            if shape != right:
                raise ModelError(f"'{name}' has shape {shape}, the model's is {right}")
        if len(examples.shape) != 3 or not np.isin(templates, np.arange(len(examples.ids))).all():
            raise ModelError("the examples aren't images, or a template is none of them")
        return cls(examples, templates, shapes, settings)

    @cached_property
    def _looks(self) -> Reference:
        """The examples, blurred and small: what is near to what."""
        return Reference(
            np.stack([self._look(v) for v in self._examples.values]),
            self._examples.labels,
            len(self.classes),
        )

    def _look(self, values: Array) -> Array:
        """(D,): every third pixel of the most blurred look; there is nothing finer in it."""
        return np.ascontiguousarray(self._registrar.looks(values)[0][1::3, 1::3]).ravel()

    def _template(self, label: int) -> Array:
        return np.asarray(self._examples.values[self._templates[label]])

    def _towards(
        self, values: Array, labels: Array, chance: Array, variation: Variation
    ) -> list[Array]:
        """For each sample the velocity to a neighbour's shape; none where it has no neighbour."""
        if not len(values):
            return []
        looks = np.stack([self._look(v) for v in values])
        near, counts = neighbours(
            looks, labels, self._looks, variation.neighbours, variation.metric
        )
        partners = [
            int(row[int(c * many)]) if many else -1
            for row, c, many in zip(near, chance, counts, strict=True)
        ]
        out = [np.zeros(self._shapes.modes.shape[1], np.float32)] * len(values)
        fixed, last = None, -1
        for row in sorted(range(len(values)), key=partners.__getitem__):
            if partners[row] < 0:
                continue
            if fixed is None or partners[row] != last:
                last = partners[row]
                fixed = self._registrar.fix(self._registrar.looks(self._examples.values[last]))
            out[row] = self._registrar.register(self._registrar.looks(values[row]), fixed)
        return out

    def _asked(self, variation: Variation) -> tuple[str, float, float]:
        """The method and the range of its strength."""
        method = variation.method or self.methods[0]
        if method not in self.methods:
            raise RequestError(
                f"deformations have no method '{method}'{did_you_mean(method, self.methods)}; "
                f"known: {', '.join(self.methods)}"
            )
        given = DEFAULT_STRENGTH[method] if variation.strength is None else variation.strength
        low, high = given if isinstance(given, tuple | list) else (given, given)
        if not 0 <= low <= high <= _MOST:
            raise RequestError(
                f"{method}: strength must be within 0..{_MOST:g}, or a rising pair of such, "
                f"got {given!r}"
            )
        return method, float(low), float(high)

    def _checked(self, values: Array, labels: Array) -> tuple[Array, Array]:
        values = np.ascontiguousarray(values, np.float32)
        if values.shape[1:] != self.shape:
            raise RequestError(
                f"the model was fitted on examples of shape {self.shape}, got {values.shape[1:]}"
            )
        return values, self._places(labels, len(values))

    def _places(self, labels: Array, count: int) -> Array:
        labels = np.ascontiguousarray(labels, np.int64)
        if labels.shape != (count,):
            raise RequestError(f"{count} samples need as many labels, got shape {labels.shape}")
        if count and not 0 <= labels.min() <= labels.max() < len(self.classes):
            raise RequestError(f"labels must be places in the model's {len(self.classes)} classes")
        return labels
