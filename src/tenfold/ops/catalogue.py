"""All ops by name."""

from __future__ import annotations

import inspect
from types import ModuleType

from tenfold.ops import (
    colour,
    contrast,
    deformation,
    geometry,
    luminosity,
    noise,
    occlusion,
    policy,
    resolution,
    sharpness,
)
from tenfold.ops.op import Op


def _ops_of(*modules: ModuleType) -> dict[str, type[Op]]:
    found: dict[str, type[Op]] = {}
    for module in modules:
        for cls in vars(module).values():
            if (
                inspect.isclass(cls)
                and issubclass(cls, Op)
                and not inspect.isabstract(cls)
                and cls.__module__ == module.__name__
            ):
                found[cls.name] = cls
    return found


OPS: dict[str, type[Op]] = _ops_of(
    geometry,
    deformation,
    luminosity,
    contrast,
    colour,
    sharpness,
    noise,
    resolution,
    occlusion,
    policy,
)
"""Every op class by its name in recipes, in the order of the catalogue."""
