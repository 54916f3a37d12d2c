"""Variational autoencoders of images and of feature vectors."""

from tenfold.learned.vae.fit import fit_vae
from tenfold.learned.vae.model import Vae
from tenfold.learned.vae.settings import LIKELIHOODS, VaeSettings, default_settings

__all__ = ["LIKELIHOODS", "Vae", "VaeSettings", "default_settings", "fit_vae"]
