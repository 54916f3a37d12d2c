"""The recipes that come with tenfold, each a commented file that says what it assumes."""

from __future__ import annotations

from importlib.resources import files

from tenfold.declare import yaml_text
from tenfold.declare.aliases import hint
from tenfold.declare.parse import recipe_from_plain
from tenfold.declare.recipe import Recipe
from tenfold.errors import RequestError

PRESETS: tuple[str, ...] = (
    "natural",
    "document",
    "medical",
    "tissue",
    "microscopy",
    "satellite",
    "trivial",
    "rand",
)
"""Names of all presets: six fields of work, and two policies."""

_ALIASES = {
    "photo": "natural", "photos": "natural", "imagenet": "natural", "default": "natural",
    "text": "document", "ocr": "document", "handwriting": "document", "scan": "document",
    "digits": "document", "ct": "medical", "mri": "medical", "xray": "medical",
    "radiology": "medical", "dermoscopy": "tissue", "endoscopy": "tissue", "skin": "tissue",
    "dermatology": "tissue", "colonoscopy": "tissue",
    "histology": "microscopy", "cells": "microscopy",
    "pathology": "microscopy", "em": "microscopy", "microscope": "microscopy",
    "aerial": "satellite", "remote_sensing": "satellite", "drone": "satellite",
    "trivial_augment": "trivial", "trivialaugment": "trivial", "trivial_augment_wide": "trivial",
    "randaugment": "rand", "rand_augment": "rand",
}  # fmt: skip


def preset(name: str) -> Recipe:
    """The preset of that name.

    Raises:
        RequestError: there is none; the message names the nearest.
    """
    return recipe_from_plain(*yaml_text.read(preset_text(name), f"preset {name}"))


def preset_text(name: str) -> str:
    """The preset's file as it is, with its comments (YAML)."""
    if name not in PRESETS:
        cure = hint(name, PRESETS, _ALIASES) or f"; known: {', '.join(PRESETS)}"
        raise RequestError(f"unknown preset '{name}'{cure}")
    return (files("tenfold.declare") / "presets" / f"{name}.yaml").read_text(encoding="utf-8")
