"""The fitted autoencoder."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, fields
from typing import Any, ClassVar, Self

import numpy as np

from tenfold.errors import ModelError, RequestError, did_you_mean
from tenfold.learned.backend import torch_module
from tenfold.learned.examples import Array, Examples, Label
from tenfold.learned.generator import Generator, Variation
from tenfold.learned.latent.alterations import alter
from tenfold.learned.latent.reference import Reference
from tenfold.learned.training import tensor
from tenfold.learned.vae.evidence import evidence
from tenfold.learned.vae.likelihoods import decoded_mean
from tenfold.learned.vae.networks import Layout, Network
from tenfold.learned.vae.scale import Scale
from tenfold.learned.vae.settings import VaeSettings
from tenfold.learned.vae.tone import tone_curve, toned

_ROWS = 256  # that are worked on at once


class Vae(Generator):
    """A fitted autoencoder with the latents of its training examples.

    It works on the processor, so that what it makes doesn't depend on an accelerator's presence.

    Attributes:
        settings: it was fitted with.
        reference: the latents and labels of the training examples, where partners come from.
        history: of the fit, as `training.History` has it.
        curves: of the tone, (C, 257); None for vectors or without it.
    """

    kind: ClassVar[str] = "vae"
    methods: ClassVar[tuple[str, ...]] = (
        "interpolation", "extrapolation", "noise", "prior", "mixture", "metric", "reconstruction",
    )  # fmt: skip
    libraries: ClassVar[tuple[str, ...]] = ("torch",)

    def __init__(
        self,
        settings: VaeSettings,
        network: Network,
        scale: Scale,
        classes: tuple[Label, ...],
        latents: Array,
        labels: Array,
        history: Mapping[str, Any],
        curves: Array | None = None,
    ) -> None:
        self.settings, self.network, self.scale = settings, network, scale
        self.shape, self.classes = network.layout.shape, classes
        self.reference = Reference(latents, labels, len(classes))
        self.history, self.curves = dict(history), curves

    def encode(self, values: Array, labels: Array) -> Array:
        """The means of the latents, (N, L) float32; see `Generator.encode`."""
        values, labels = self._checked(values, labels)
        return encoded(self.network, self.scale.inward(values), labels)[0]

    def decode(self, latents: Array, labels: Array) -> Array:
        """(N, L) to (N, *shape) float32; images from 0 to 1."""
        latents = np.ascontiguousarray(latents, np.float32)
        if latents.ndim != 2 or latents.shape[1] != self.settings.latent:
            raise RequestError(
                f"latents must be (N, {self.settings.latent}), got shape {latents.shape}"
            )
        labels = self._labels(labels, len(latents))
        torch, image = torch_module(), len(self.shape) == 3
        out = np.empty((len(latents), *self.shape), np.float32)
        with torch.inference_mode():
            for rows in _blocks(len(latents)):
                told = _told(self.network, labels[rows])
                raw = self.network.decode(torch.from_numpy(latents[rows]), told)
                mean = decoded_mean(self.settings.likelihood, raw, image)
                out[rows] = (mean.permute(0, 2, 3, 1) if image else mean).numpy()
        return self.scale.outward(out) if self.curves is None else toned(out, self.curves)

    def with_tone_of(self, examples: Examples) -> Self:
        """The same model with the tone's curves fitted to these examples, its training images."""
        plain = self.decode(self.reference.latents, self.reference.labels)
        self.curves = tone_curve(plain, examples.values)
        return self

    def sample(self, labels: Array, seeds: Array) -> Array:
        """New examples: from the prior if the decoder knows the class, else the class's mixture."""
        labels = self._labels(labels, len(np.atleast_1d(labels)))
        method = "prior" if self.settings.conditional and self.settings.variational else "mixture"
        nowhere = np.zeros((len(labels), self.settings.latent), np.float32)
        return self.decode(self._alter(nowhere, labels, seeds, Variation(method)), labels)

    def vary(self, values: Array, labels: Array, seeds: Array, variation: Variation) -> Array:
        """Copies altered in the latent space; see `Generator.vary`."""
        labels = self._labels(labels, len(values))
        latents = self.encode(values, labels)
        return self.decode(self._alter(latents, labels, seeds, variation), labels)

    def _alter(self, latents: Array, labels: Array, seeds: Array, variation: Variation) -> Array:
        method = variation.method or self.methods[0]
        if method not in self.methods:
            raise RequestError(
                f"a vae has no method '{method}'{did_you_mean(method, self.methods)}; "
                f"known: {', '.join(self.methods)}"
            )
        seeds = np.ascontiguousarray(seeds, np.int64)
        if seeds.shape != (len(latents),):
            raise RequestError(f"{len(latents)} rows need as many seeds, got shape {seeds.shape}")
        if method == "reconstruction":
            return latents
        return alter(latents, labels, seeds, self.reference, variation)

    def elbo(
        self, examples: Examples, draws: int = 1, *, weighted: bool = False, seed: int = 0
    ) -> Array:
        """The evidence lower bound of each example.

        Args:
            examples: of the model's shape and classes.
            draws: from the posterior; more make it less noisy.
            weighted: the tighter, importance-weighted bound (Burda et al., 2016), which nears the
                log-likelihood as the draws grow.
            seed: of the draws.

        Returns:
            (N,) float64 in nats; of vectors it is the density in standardised units. With the
            Gaussian likelihood it is a density and may be above 0.

        Raises:
            RequestError: another shape, a label out of range, or a plain autoencoder.
        """
        if not self.settings.variational:
            raise RequestError("a plain autoencoder has no evidence bound")
        values, labels = self._checked(examples.values, examples.labels)
        inward = self.scale.inward(values)
        kind = self.settings.likelihood
        return evidence(self.network, kind, inward, labels, draws, weighted, seed)

    def state(self) -> tuple[Mapping[str, Array], Mapping[str, Any]]:
        """Weights, scale and reference; settings, shape, classes and history."""
        arrays = {
            f"network.{name}": value.numpy()
            for name, value in self.network.modules.state_dict().items()
        }
        arrays |= {"scale.centre": self.scale.centre, "scale.spread": self.scale.spread}
        arrays |= {"reference.latents": self.reference.latents}
        arrays |= {"reference.labels": self.reference.labels}
        if self.curves is not None:
            arrays |= {"tone.curves": self.curves}
        told = {"settings": asdict(self.settings), "shape": list(self.shape)}
        # Without the time it took: two equal fits are equal models.
        history = {name: value for name, value in self.history.items() if name != "seconds"}
        return arrays, told | {"classes": list(self.classes), "history": history}

    @classmethod
    def restore(cls, arrays: Mapping[str, Array], told: Mapping[str, Any]) -> Self:
        """The model whose `state` this was; ModelError if something doesn't fit."""
        torch = torch_module()
        try:
            known = {each.name for each in fields(VaeSettings)}
            settings = VaeSettings(**{k: v for k, v in told["settings"].items() if k in known})
            shape, classes = tuple(map(int, told["shape"])), tuple(told["classes"])
            count = len(classes) if settings.conditional else 0
            with torch.random.fork_rng(devices=[]):
                network = Network(Layout(shape, settings.latent, count, settings.width))
            network.modules.load_state_dict(
                {
                    name.removeprefix("network."): torch.from_numpy(np.array(value))
                    for name, value in arrays.items()
                    if name.startswith("network.")
                }
            )
            scale = Scale(arrays["scale.centre"], arrays["scale.spread"])
            latents, labels = arrays["reference.latents"], arrays["reference.labels"]
            if latents.shape != (len(labels), settings.latent):
                raise ValueError(f"reference latents of shape {latents.shape}")
            network.modules.eval()
            curves = None
            if settings.tone and len(shape) == 3:
                curves = arrays["tone.curves"]
                if curves.shape[0] != shape[2]:
                    raise ValueError(f"tone curves of shape {curves.shape}")
            return cls(settings, network, scale, classes, latents, labels, told["history"], curves)
        except (KeyError, TypeError, ValueError, RuntimeError, AttributeError) as error:
            raise ModelError(f"not a whole autoencoder: {error}; fit it anew") from error

    def _checked(self, values: Array, labels: Array) -> tuple[Array, Array]:
        values = np.ascontiguousarray(values, np.float32)
        if values.shape[1:] != self.shape:
            raise RequestError(
                f"the model was fitted on examples of shape {self.shape}, "
                f"got {values.shape[1:]}; resize them, or fit a model on these"
            )
        return values, self._labels(labels, len(values))

    def _labels(self, labels: Array, count: int) -> Array:
        labels = np.ascontiguousarray(labels, np.int64)
        if labels.shape != (count,):
            raise RequestError(f"{count} rows need as many labels, got shape {labels.shape}")
        if count and not 0 <= labels.min() <= labels.max() < len(self.classes):
            raise RequestError(
                f"labels must be places in the model's {len(self.classes)} classes, "
                f"got {labels.min()}..{labels.max()}"
            )
        return labels


def reference_of(network: Network, scaled: Examples) -> Array:
    """The means of examples that are inward already."""
    return encoded(network, scaled.values, scaled.labels)[0]


def encoded(network: Network, inward: Array, labels: Array) -> tuple[Array, Array]:
    """Means and logarithms of the variances, each (N, L) float32."""
    torch = torch_module()
    out = np.empty((2, len(inward), network.layout.latent), np.float32)
    with torch.inference_mode():
        for rows in _blocks(len(inward)):
            pair = network.encode(tensor(inward[rows], "cpu"), _told(network, labels[rows]))
            out[0, rows], out[1, rows] = pair[0].numpy(), pair[1].numpy()
    return out[0], out[1]


def _told(network: Network, labels: Array) -> Any:
    torch, count = torch_module(), network.layout.told
    if not count:
        return None
    return torch.nn.functional.one_hot(torch.from_numpy(np.array(labels)), count).float()


def _blocks(count: int) -> Iterator[slice]:
    for first in range(0, count, _ROWS):
        yield slice(first, min(first + _ROWS, count))
