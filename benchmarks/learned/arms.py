"""The arms of the study: what the nine copies of each training sample are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from benchmarks.learned.ujipen import Array, Split
from tenfold import Key, Pipeline
from tenfold.declare.parse import load_recipe
from tenfold.learned.deformation import Deformation, fit_deformation
from tenfold.learned.generator import Generator, Variation
from tenfold.rng import draws

COPIES = 9
_AT_ONCE = 10_000  # rows a generator alters in one call
_RECIPE = """
version: 1
border: {{mode: constant, value: 0}}
invariances:
  - rotation: {turn}
  - shear: {turn}
  - scaling: {{factor: [{small}, {large}], anisotropy: [{flat}, {tall}]}}
  - translation: {shift}
  - elastic: {{amplitude: [0, {bend}], cells: 3}}
"""

Strength = float | tuple[float, float]


def affine_elastic(strength: float) -> str:
    """The recipe of the controls: at strength 1, 10 degrees, 12 %, 5 % shift, 2 % bend."""
    return _RECIPE.format(
        turn=10 * strength, shift=0.05 * strength, bend=0.02 * strength,
        small=1 - 0.12 * strength, large=1 + 0.12 * strength,
        flat=1 / (1 + 0.15 * strength), tall=1 + 0.15 * strength,
    )  # fmt: skip


@dataclass(frozen=True)
class Recipe:
    """How copies are made: a model's alteration, then declared transforms; either may be absent.

    Attributes:
        model: "deformation", "vae", "vae without tone curve" (decodings as they come, paler and
            softer), or "" for the samples themselves.
        method: of the model.
        strength: of the method.
        declared: strength of affine and elastic copies; 0 is without.
    """

    model: str = ""
    method: str = ""
    strength: Strength | None = None
    declared: float = 0.0

    def told(self) -> dict[str, object]:
        """What says it in a record: what isn't as it is without."""
        plain = Recipe()
        names = ("model", "method", "strength", "declared")
        return {n: getattr(self, n) for n in names if getattr(self, n) != getattr(plain, n)}


@dataclass(frozen=True)
class Arm:
    """One row of the table.

    Attributes:
        name: in the table.
        learned: whether a model has a part in it.
        recipes: candidates, chosen by validation; none is the samples alone, without copies.
        blurs: candidates too: everything, test samples included, is blurred so far (pixels).
    """

    name: str
    learned: bool
    recipes: Sequence[Recipe] = ()
    blurs: Sequence[float] = (0.0,)


_BLURS = (2.0, 3.0)
_DECLARED = (0.7, 1.0, 1.3)


def _varied(model: str, method: str, *strengths: Strength | None) -> list[Recipe]:
    return [Recipe(model, method, strength) for strength in strengths]


def _with(model: str, method: str, *pairs: tuple[Strength | None, float]) -> list[Recipe]:
    return [Recipe(model, method, strength, declared) for strength, declared in pairs]


_AE = [Recipe(declared=strength) for strength in _DECLARED]
_SHAPES = _varied("deformation", "deformation", 0.7, 1.0)
_BENT = _with("deformation", "deformation", (1.0, 0.5), (0.7, 0.7), (0.7, 1.0))
_TOWARDS: Strength = (0.0, 1.0)

ARMS: tuple[Arm, ...] = (
    Arm("plain baseline", False),
    Arm("duplication", False, [Recipe()]),
    Arm("blur", False, (), (2.0, 1.0, 3.0, 4.0)),
    Arm("affine + elastic", False, _AE),
    Arm("affine + elastic + blur", False, _AE, _BLURS),
    Arm("deformation", True, _SHAPES),
    Arm("deformation: interpolation", True, _varied("deformation", "interpolation", _TOWARDS)),
    Arm("deformation: extrapolation", True, _varied("deformation", "extrapolation", _TOWARDS)),
    Arm("deformation + blur", True, _SHAPES, _BLURS),
    Arm("deformation + affine + elastic + blur", True, _BENT, _BLURS),
    Arm("VAE: reconstruction only", False, _varied("vae", "reconstruction", None)),
    Arm("VAE: noise", True, _varied("vae", "noise", 0.5, 1.0)),
    Arm("VAE: interpolation", True, _varied("vae", "interpolation", 0.5, _TOWARDS)),
    Arm(
        "VAE without tone curve: interpolation", True,
        _varied("vae without tone curve", "interpolation", 0.5, _TOWARDS),
    ),
    Arm("VAE: extrapolation", True, _varied("vae", "extrapolation", 0.5, _TOWARDS)),
    Arm("VAE: prior", True, _varied("vae", "prior", None)),
    Arm("VAE: mixture", True, _varied("vae", "mixture", None)),
    Arm("VAE: metric-aware", True, _varied("vae", "metric", None)),
    Arm(
        "VAE: interpolation + affine + elastic + blur", True,
        _with("vae", "interpolation", (0.5, 1.0)), _BLURS,
    ),
)  # fmt: skip


@dataclass
class Maker:
    """Makes an assignment's copies; models are fitted, samples altered, when first asked for."""

    split: Split
    seed: int
    fit: Callable[[str, Split, int], Generator]
    _models: dict[str, Generator] = field(default_factory=dict)
    _varied: dict[tuple[object, ...], Array] = field(default_factory=dict)

    def copies(self, recipe: Recipe) -> Array:
        """(9 N, H, W) uint8: the first copies of all samples, then the second ones..."""
        plain = np.tile(self.split.train, (COPIES, 1, 1))
        images = self.varied(recipe) if recipe.model else plain
        if recipe.declared:
            pipeline = Pipeline(affine_elastic(recipe.declared), seed=self.seed)
            images = np.stack(
                [pipeline(image, key=self._key(place)) for place, image in enumerate(images)]
            )
        return images

    def varied(self, recipe: Recipe) -> Array:
        """The copies as the model alone makes them."""
        name = (recipe.model, recipe.method, recipe.strength)
        if name not in self._varied:
            if recipe.model not in self._models:
                self._models[recipe.model] = self.fit(recipe.model, self.split, self.seed)
            model, examples = self._models[recipe.model], self.split.examples("train")
            rows = np.tile(np.arange(len(examples.values)), COPIES)
            (drawn,) = draws([self._key(place) for place in range(len(rows))], ["learned"])
            variation = Variation(recipe.method, recipe.strength)
            made = np.empty((len(rows), *self.split.train.shape[1:]), np.uint8)
            for start in range(0, len(rows), _AT_ONCE):
                part = slice(start, start + _AT_ONCE)
                mine = rows[part]
                values = model.vary(
                    examples.values[mine], examples.labels[mine], drawn.seeds[part], variation
                )
                made[part] = np.rint(255 * np.clip(values[..., 0], 0, 1))
            self._varied[name] = made
        return self._varied[name]

    def _key(self, place: int) -> Key:
        copy, row = divmod(place, len(self.split.train))
        return Key(self.seed, f"#{row}", copy + 1)


def fitted(model: str, split: Split, seed: int) -> Generator:
    """A model of the training part; validation is watched where a fit can be stopped by it.

    Autoencoders are fitted through the declaration of the affine and elastic copies.
    """
    train = split.examples("train")
    if model == "deformation":
        shapes: Deformation = fit_deformation(train)
        return shapes
    from tenfold.fitting import declared_views
    from tenfold.learned.vae.fit import fit_vae
    from tenfold.learned.vae.settings import default_settings

    settings = replace(default_settings(train), seed=seed, tone=model == "vae")
    views = declared_views(train, load_recipe(affine_elastic(1.0)), seed)
    return fit_vae(train, split.examples("validation"), settings, views=views)
