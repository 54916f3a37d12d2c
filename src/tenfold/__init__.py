"""tenfold: ten times the labelled data, from what may change without changing the label.

The public names are imported when they are first used, so that `import tenfold` stays light.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

__all__ = [
    "AugmentedDataset",
    "Border",
    "FeatureResampler",
    "ImageResampler",
    "Key",
    "Loader",
    "Pipeline",
    "Range",
    "Recipe",
    "SourceDataset",
    "TenfoldError",
    "__version__",
    "augment",
    "dump_recipe",
    "load_recipe",
    "ops",
    "preset",
]

if TYPE_CHECKING:
    from tenfold import ops
    from tenfold.call.feature_resampler import FeatureResampler
    from tenfold.call.loader import Loader
    from tenfold.call.loading import AugmentedDataset
    from tenfold.call.pipeline import Pipeline
    from tenfold.call.resampler import ImageResampler
    from tenfold.call.source_dataset import SourceDataset
    from tenfold.declare.parse import dump_recipe, load_recipe
    from tenfold.declare.presets import preset
    from tenfold.declare.recipe import Border, Recipe
    from tenfold.errors import TenfoldError
    from tenfold.multiply import augment
    from tenfold.params import Range
    from tenfold.rng import Key
else:
    _HOMES = {
        "AugmentedDataset": "tenfold.call.loading",
        "Border": "tenfold.declare.recipe",
        "FeatureResampler": "tenfold.call.feature_resampler",
        "ImageResampler": "tenfold.call.resampler",
        "Key": "tenfold.rng",
        "Loader": "tenfold.call.loader",
        "Pipeline": "tenfold.call.pipeline",
        "Range": "tenfold.params",
        "Recipe": "tenfold.declare.recipe",
        "SourceDataset": "tenfold.call.source_dataset",
        "TenfoldError": "tenfold.errors",
        "augment": "tenfold.multiply",
        "dump_recipe": "tenfold.declare.parse",
        "load_recipe": "tenfold.declare.parse",
        "preset": "tenfold.declare.presets",
    }

    def __getattr__(name: str) -> Any:
        if name == "ops":
            return importlib.import_module("tenfold.ops")
        if name not in _HOMES:
            raise AttributeError(f"module 'tenfold' has no attribute '{name}'")
        value = getattr(importlib.import_module(_HOMES[name]), name)
        globals()[name] = value
        return value

    def __dir__() -> list[str]:
        return sorted({*globals(), *__all__})
