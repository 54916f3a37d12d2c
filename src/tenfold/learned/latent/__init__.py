"""Altering vectors: latents of a model, or plain features, towards others of their class."""

from tenfold.learned.latent.alterations import DEFAULT_STRENGTH, METHODS, alter
from tenfold.learned.latent.neighbours import METRICS
from tenfold.learned.latent.reference import Reference

__all__ = ["DEFAULT_STRENGTH", "METHODS", "METRICS", "Reference", "alter"]
