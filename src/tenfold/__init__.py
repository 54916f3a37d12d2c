"""tenfold: ten times the labelled data, from what may change without changing the label.

The public names are imported when they are first used, so that `import tenfold` stays light.
"""

from __future__ import annotations

import importlib
import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

__all__ = [
    "AugmentedDataset",
    "Border",
    "Key",
    "Pipeline",
    "Range",
    "Recipe",
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
    from tenfold.augment import augment
    from tenfold.declare.parse import dump_recipe, load_recipe
    from tenfold.declare.presets import preset
    from tenfold.declare.recipe import Border, Recipe
    from tenfold.errors import TenfoldError
    from tenfold.loading import AugmentedDataset
    from tenfold.params import Range
    from tenfold.pipeline import Pipeline
    from tenfold.rng import Key
else:
    _HOMES = {
        "AugmentedDataset": "tenfold.loading",
        "Border": "tenfold.declare.recipe",
        "Key": "tenfold.rng",
        "Pipeline": "tenfold.pipeline",
        "Range": "tenfold.params",
        "Recipe": "tenfold.declare.recipe",
        "TenfoldError": "tenfold.errors",
        "augment": "tenfold.augment",
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

    class _Package(ModuleType):
        """This package: `tenfold.augment` is the function, also once its module is imported."""

        def __setattr__(self, name: str, value: Any) -> None:
            if name == "augment" and isinstance(value, ModuleType):
                value = value.augment
            super().__setattr__(name, value)

    sys.modules[__name__].__class__ = _Package
