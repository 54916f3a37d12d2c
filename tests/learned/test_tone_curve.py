"""The tone's curve: decodings get the real images' grey levels and keep their order."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from learned.tiny import bars
from tenfold.learned.sharpness import sharpness
from tenfold.learned.vae import VaeSettings, fit_vae
from tenfold.learned.vae.tone import tone_curve, toned

REAL = bars(30, (24, 24)).values
SOFT = np.stack([cv2.GaussianBlur(image, (0, 0), 1.5)[..., None] for image in REAL])


def test_levels_become_those_of_the_real_images() -> None:
    made = toned(SOFT, tone_curve(SOFT, REAL))
    shares = np.linspace(0.02, 0.98, 49)
    apart = np.abs(np.quantile(made, shares) - np.quantile(REAL, shares))
    assert np.quantile(apart, 0.9) < 0.02
    before, after = sharpness(SOFT, REAL), sharpness(made, REAL)
    assert 10 * before.laplacian < after.laplacian
    assert abs(after.unsure - 1) < 0.3 < abs(before.unsure - 1)


def test_a_lighter_place_stays_lighter() -> None:
    curves = tone_curve(SOFT, REAL)
    assert curves.shape == (1, 257)
    assert (np.diff(curves) >= 0).all()
    assert 0 <= curves.min() <= curves.max() <= 1


def test_real_levels_stay_as_they_are() -> None:
    levels = np.random.default_rng(0).uniform(0, 1, (20, 32, 32, 1)).astype(np.float32)
    np.testing.assert_allclose(tone_curve(levels, levels)[0], np.linspace(0, 1, 257), atol=0.01)


def test_channels_have_curves_of_their_own() -> None:
    rising = np.random.default_rng(1).uniform(0, 1, (9, 16, 16, 1)).astype(np.float32)
    real = np.concatenate([rising, 0.5 * rising], axis=-1)
    decoded = np.concatenate([rising, rising], axis=-1)
    np.testing.assert_allclose(toned(decoded, tone_curve(decoded, real)), real, atol=0.01)


def test_a_model_decodes_in_the_training_images_levels() -> None:
    pytest.importorskip("torch", reason="torch is the extra 'learn'")
    examples = bars(30, (24, 24))
    settings = VaeSettings(latent=3, width=4, epochs=40, batch=8, learning_rate=0.01)
    found = []
    for tone in (False, True):
        model = fit_vae(examples, None, replace(settings, tone=tone))
        made = model.decode(model.reference.latents, examples.labels)
        found.append(sharpness(made, examples.values).unsure)
    assert abs(found[1] - 1) < 0.2
    assert abs(found[1] - 1) < abs(found[0] - 1)
