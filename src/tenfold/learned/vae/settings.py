"""What can be chosen of a variational autoencoder, and what to choose when nobody does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import get_args, get_type_hints

import numpy as np

from tenfold.errors import RequestError, did_you_mean
from tenfold.learned.examples import Examples

LIKELIHOODS = ("bernoulli", "gaussian", "logistic")

_STEPS = 2000  # of the optimiser, at most, that a fit with default settings takes
_EPOCHS = 30, 200
_TWO_TONED = 0.75  # share of nearly black and nearly white pixels from which images are ink


@dataclass(frozen=True, slots=True)
class VaeSettings:
    """The choices of `fit_vae`.

    Attributes:
        latent: dimensions of the latent space, from 2.
        likelihood: of a value given its decoding: "bernoulli" (ink on paper: values from 0 to 1
            are taken as shares of white), "gaussian" (a normal density whose spread is learned
            too) or "logistic" (a logistic distribution over 256 levels, its spread learned too).
        conditional: encoder and decoder are told the class.
        variational: False for a plain autoencoder, without noise and without a prior.
        beta: weight of the divergence from the prior; 1 is the evidence bound itself.
        warmup: share of the epochs during which that weight grows from 0.
        sharpness: weight of the edges' term (`edges.py`) beside the bound; 0 is without.
        tone: images are decoded in the grey levels of the training images (`tone.py`), which
            makes soft edges as steep as theirs.
        width: channels after the first of the image network's layers; a sixteenth of the units of
            a layer of the vector network.
        epochs: at most.
        batch: examples a step of the optimiser.
        learning_rate: its highest, reached after a tenth of the way and falling to 0 as a cosine.
        patience: epochs without a better validation loss after which the fit stops.
        seconds: after which the fit stops with the best weights so far; None is without a limit.
        seed: of the first weights, the order of the examples and the noise.

    Raises:
        RequestError: a value out of its range.
    """

    latent: int = 32
    likelihood: str = "bernoulli"
    conditional: bool = False
    variational: bool = True
    beta: float = 1.0
    warmup: float = 0.1
    sharpness: float = 0.0
    tone: bool = True
    width: int = 32
    epochs: int = 100
    batch: int = 64
    learning_rate: float = 2e-3
    patience: int = 30
    seconds: float | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        self._check_types()
        if self.likelihood not in LIKELIHOODS:
            raise RequestError(
                f"no likelihood '{self.likelihood}'{did_you_mean(self.likelihood, LIKELIHOODS)}; "
                f"known: {', '.join(LIKELIHOODS)}"
            )
        for name, least, most in (
            ("latent", 2, 4096), ("beta", 0, 1e6), ("warmup", 0, 1), ("sharpness", 0, 1e6),
            ("width", 1, 1024), ("epochs", 1, 10**6), ("batch", 2, 65536),
            ("learning_rate", 1e-8, 10), ("patience", 1, 10**6), ("seed", 0, 2**63 - 1),
            ("seconds", 0, 1e9),
        ):  # fmt: skip
            value = getattr(self, name)
            if value is not None and not least <= value <= most:  # a NaN fails too
                raise RequestError(f"{name} must be within {least:g}..{most:g}, got {value}")

    def _check_types(self) -> None:
        for name, hint in get_type_hints(VaeSettings).items():
            value = getattr(self, name)
            known = get_args(hint) or (hint,)
            whole_is_real = float in known and isinstance(value, int)
            if isinstance(value, bool) and bool not in known:
                raise RequestError(f"{name} must be a number, got {value}")
            if not isinstance(value, known) and not whole_is_real:
                wanted = " or ".join(getattr(t, "__name__", str(t)) for t in known)
                raise RequestError(f"{name} must be {wanted}, got {value!r:.60}")


def default_settings(train: Examples) -> VaeSettings:
    """Settings that suit the data: nothing is known but the examples.

    Ink on paper (three quarters of the pixels nearly black or white) gets the Bernoulli
    likelihood and the edges' term, other images the logistic one, feature vectors the Gaussian
    one. The epochs are as many as about 2,000 steps allow, within 30..200; batches
    are small, since few examples are learnt fastest (by the validation bound) in many steps.
    """
    count = len(train.values)
    batch = int(np.clip(2 ** round(np.log2(max(count, 1) / 48)), 16, 128))
    epochs = int(np.clip(_STEPS * batch // max(count, 1), *_EPOCHS))
    images = train.values.ndim == 4
    likelihood = _likelihood(train)
    return VaeSettings(
        latent=max(2, min(32 if images else 16, count - 1, int(np.prod(train.shape)))),
        likelihood=likelihood,
        sharpness=1.0 if likelihood == "bernoulli" else 0.0,
        epochs=epochs,
        batch=batch,
        learning_rate=5e-3 if images else 2e-3,
        width=16 if images else 32,
        patience=max(10, epochs // 4),
    )


def _likelihood(train: Examples) -> str:
    if train.values.ndim == 2:
        return "gaussian"
    values = train.values
    two_toned = float(((values < 0.1) | (values > 0.9)).mean())
    return "bernoulli" if two_toned >= _TWO_TONED else "logistic"
