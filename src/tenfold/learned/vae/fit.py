"""Fitting an autoencoder."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from tenfold.errors import RequestError
from tenfold.learned.backend import torch_module
from tenfold.learned.examples import Examples
from tenfold.learned.generator import Progress, Views
from tenfold.learned.training import Schedule, Task, train
from tenfold.learned.vae.edges import edge_loss
from tenfold.learned.vae.likelihoods import decoded_mean, divergence, log_likelihood
from tenfold.learned.vae.model import Vae, reference_of
from tenfold.learned.vae.networks import Layout, Network
from tenfold.learned.vae.scale import Scale
from tenfold.learned.vae.settings import VaeSettings, default_settings

_LARGEST = 512  # pixels a side


def fit_vae(
    train_examples: Examples,
    validation: Examples | None,
    settings: VaeSettings | None = None,
    *,
    views: Views | None = None,
    folder: Path | None = None,
    progress: Progress | None = None,
) -> Vae:
    """Fit a variational (or plain) autoencoder.

    Args:
        train_examples: images from 4 to 512 pixels a side with any number of channels, or vectors,
            which are standardised inside; two of each class at least.
        validation: of the same shape and classes, to stop by; None trains all epochs.
        settings: None derives them from the data, see `default_settings`.
        views: the training examples as they may look in an epoch.
        folder: for the checkpoint of a run that may be killed; see `training.train`.
        progress: told after each epoch.

    Returns:
        The model with the best validation loss, on the processor. The same arguments give the
        same weights on the same machine with the same number of threads.

    Raises:
        RequestError: examples that don't fit each other or the settings.
        TenfoldError: the loss isn't finite.
        MissingExtraError: torch isn't installed.
    """
    settings = settings or default_settings(train_examples)
    _check(train_examples, validation, settings)
    torch = torch_module()
    scale = Scale.of(train_examples)
    scaled = scale.examples(train_examples)
    told = len(train_examples.classes) if settings.conditional else 0
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(settings.seed)
        network = Network(Layout(train_examples.shape, settings.latent, told, settings.width))
    if train_examples.values.ndim == 4:
        _start_at_mean(network, scaled, settings)
    history = train(
        _task(network, settings, scaled),
        scaled,
        None if validation is None else scale.examples(validation),
        Schedule(
            settings.epochs, settings.batch, settings.learning_rate, settings.patience,
            settings.seed, settings.seconds,
        ),
        views=None if views is None else lambda places, epoch: scale.inward(views(places, epoch)),
        folder=folder,
        progress=progress,
    )  # fmt: skip
    network.modules.to("cpu").eval()
    latents = reference_of(network, scaled)
    model = Vae(settings, network, scale, train_examples.classes, latents,
                train_examples.labels.copy(), asdict(history))  # fmt: skip
    image = train_examples.values.ndim == 4
    return model.with_tone_of(train_examples) if settings.tone and image else model


def _start_at_mean(network: Network, scaled: Examples, settings: VaeSettings) -> None:
    """The first decoding is the mean colour of the data: no epoch is spent on finding it."""
    mean = scaled.values.mean(axis=(0, 1, 2)).clip(0.01, 0.99)
    if settings.likelihood == "bernoulli":
        mean = np.log(mean / (1 - mean))
    torch = torch_module()
    with torch.no_grad():
        network.modules["outward"][-1].bias.copy_(torch.from_numpy(mean))


def _task(network: Network, settings: VaeSettings, examples: Examples) -> Task:
    torch = torch_module()
    count = len(examples.classes)

    def terms(values: Any, labels: Any, noise: Any) -> tuple[Any, Any, Any]:
        told = torch.nn.functional.one_hot(labels, count).float() if settings.conditional else None
        mean, log_variance = network.encode(values, told)
        latents = mean
        if settings.variational:
            wobble = torch.empty_like(mean).normal_(generator=noise)
            latents = mean + torch.exp(0.5 * log_variance) * wobble
        decoded = network.decode(latents, told)
        fits = log_likelihood(settings.likelihood, decoded, values, network.log_spread)
        apart = divergence(mean, log_variance) if settings.variational else torch.zeros_like(fits)
        return decoded, fits, apart

    def loss(values: Any, labels: Any, noise: Any, share: float) -> Any:
        decoded, fits, apart = terms(values, labels, noise)
        grown = min(1.0, share / settings.warmup) if settings.warmup else 1.0
        total = (settings.beta * grown * apart - fits).mean()
        if settings.sharpness and values.ndim == 4:
            total = total + settings.sharpness * edge_loss(
                decoded_mean(settings.likelihood, decoded, image=True), values
            )
        return total

    def judge(values: Any, labels: Any, noise: Any) -> Any:
        _, fits, apart = terms(values, labels, noise)
        return settings.beta * apart - fits

    digest = hashlib.sha256(examples.values.tobytes() + examples.labels.tobytes()).hexdigest()
    identity = json.dumps([asdict(settings), digest])
    return Task(network.modules, loss, judge, identity)


def _check(examples: Examples, validation: Examples | None, settings: VaeSettings) -> None:
    examples.require(2)
    count = len(examples.values)
    if settings.latent >= count:
        raise RequestError(
            f"{settings.latent} latent dimensions can't be learnt from {count} examples; "
            f"give at most {count - 1} (--latent)"
        )
    if len(examples.shape) == 3 and not (
        min(examples.shape[:2]) >= 4 and max(examples.shape[:2]) <= _LARGEST
    ):
        high, wide, _ = examples.shape
        raise RequestError(
            f"images of {wide} x {high} pixels: an autoencoder takes 4 to {_LARGEST} a side; "
            "resize them"
        )
    for part, name in ((examples, "training"), (validation, "validation")):
        if part is None or len(part.shape) == 1:
            continue
        if part.values.min() < 0 or part.values.max() > 1:
            raise RequestError(
                f"{name} images have values from {part.values.min():g} to "
                f"{part.values.max():g}; scale them to 0..1"
            )
    if len(examples.shape) == 1 and settings.likelihood != "gaussian":
        raise RequestError(
            f"the {settings.likelihood} likelihood is for images; vectors take 'gaussian'"
        )
    if validation is None:
        return
    if validation.shape != examples.shape or validation.classes != examples.classes:
        raise RequestError(
            f"the validation examples are of shape {validation.shape} in "
            f"{len(validation.classes)} classes, the training examples of shape {examples.shape} "
            f"in {len(examples.classes)}: both parts need the same shape and the same classes"
        )
