"""Arms: what is compared, as a person writes it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from tenfold.errors import RequestError, did_you_mean
from tenfold.study.changes import (
    Altered,
    Change,
    Declared,
    Learned,
    Modelled,
    Preparation,
    Same,
)

VECTOR_METHODS = ("noise", "interpolation", "extrapolation", "prior", "mixture", "metric")
GENERATORS = ("vae", "autoencoder", "deformation")
WORDS = (
    "none", "duplicate", "blur", "standardise", "recipe:", "only:", "each:", "without:",
    "model:", *GENERATORS, *VECTOR_METHODS,
)  # fmt: skip
_SIGMAS = (0.5, 1.0, 1.5, 2.0, 3.0)


@dataclass(frozen=True)
class Arm:
    """One way to treat the data.

    Attributes:
        name: as written.
        changes: steps from an original to a copy, in this order; none if it makes no copies.
        preparations: changes of all parts, in this order.
    """

    name: str
    changes: tuple[Change, ...] = ()
    preparations: tuple[Preparation, ...] = ()

    @property
    def control(self) -> bool:
        """Whether it shows what is had without variety: repetition, or a change of all parts."""
        return all(isinstance(change, Same) for change in self.changes)

    @cached_property
    def fingerprint(self) -> str:
        """What it does, in sixteen hexadecimal digits: another recipe or model, other digits."""
        parts = [change.said() for change in self.changes] + [repr(p) for p in self.preparations]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]

    @property
    def learned(self) -> bool:
        """Whether a generator makes its copies."""
        return any(isinstance(c, Learned | Modelled | Altered) for c in self.changes)


def arms_of(text: str, recipe: str | None = None) -> list[Arm]:
    """The arms that a list names, parted by commas; steps of one arm are joined by `+`.

    - `none`: the originals; `duplicate`: copies that are the originals.
    - `blur`, `blur:1.5`: all parts blurred (sigma in pixels; the validation part chooses it where
      none is given); `standardise`: all samples to one mean and spread.
    - `recipe:NAME` or `recipe:FILE`: copies by a preset or a recipe; `only:INVARIANCE` of it (or
      with its default settings); `each:NAME`: an arm for every invariance of a recipe alone;
      `without:NAME`: an arm for every invariance of it left out.
    - `vae:METHOD`, `autoencoder:METHOD`, `deformation:METHOD`: copies by a generator that is fitted
      on the training part of each repetition; `model:FOLDER:METHOD`: by one fitted before.
    - `noise`, `interpolation`, `extrapolation`, `prior`, `mixture`, `metric`: of feature vectors.

    Args:
        text: "none,duplicate,recipe:natural,vae:interpolation+recipe:natural+blur".
        recipe: whose settings `only:` takes.

    Raises:
        RequestError: a word that isn't known, a recipe that can't be read, an arm named twice.
    """
    arms: list[Arm] = []
    for written in (part.strip() for part in text.split(",")):
        if not written:
            raise RequestError("an arm without a name; part arms by single commas")
        arms += _spread(written, recipe)
    names = [arm.name for arm in arms]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise RequestError(f"the arm '{twice[0]}' is there twice")
    if "none" not in names:
        arms.insert(0, Arm("none"))
    return arms


def _spread(written: str, recipe: str | None) -> Iterator[Arm]:
    """An arm, or all that `each:` and `without:` stand for."""
    steps = written.split("+")
    for place, step in enumerate(steps):
        word, _, rest = step.partition(":")
        if word not in {"each", "without"}:
            continue
        whole = read_recipe(_needed(rest, step, "a recipe"))
        for op in whole.ops:
            name = f"only:{op.name}" if word == "each" else f"{rest} without {op.name}"
            left = (op,) if word == "each" else tuple(o for o in whole.ops if o is not op)
            if not left:
                raise RequestError(f"'{step}': the recipe has one invariance only")
            change = Declared(_with_ops(whole, left))
            yield _joined([*steps[:place], name, *steps[place + 1 :]], {place: change}, recipe)
        return
    yield _joined(steps, {}, recipe)


def _joined(steps: Sequence[str], made: dict[int, Change], recipe: str | None) -> Arm:
    changes: list[Change] = []
    preparations: list[Preparation] = []
    for place, step in enumerate(steps):
        found = made.get(place) or _step(step.strip(), recipe)
        if isinstance(found, Preparation):
            preparations.append(found)
        elif found is not None:
            changes.append(found)
    return Arm("+".join(steps), tuple(changes), tuple(preparations))


def _step(step: str, recipe: str | None) -> Change | Preparation | None:
    word, _, rest = step.partition(":")
    if word == "none" and not rest:
        return None
    if word == "duplicate" and not rest:
        return Same()
    if word == "blur":
        return Preparation("blur", (_sigma(rest),) if rest else _SIGMAS)
    if word == "standardise" and not rest:
        return Preparation("standardise")
    if word == "recipe":
        return Declared(read_recipe(_needed(rest, step, "a recipe")))
    if word == "only":
        return Declared(_only(_needed(rest, step, "an invariance"), recipe))
    if word in GENERATORS:
        return Learned(word, rest or None)
    if word == "model":
        folder, _, method = _needed(rest, step, "a folder").rpartition(":")
        return Modelled(Path(folder or method), method if folder else None)
    if word in VECTOR_METHODS and not rest:
        return Altered(word)
    hint = did_you_mean(word, [w.rstrip(":") for w in WORDS])
    raise RequestError(f"no arm '{step}'{hint}; there are {', '.join(WORDS)}")


def _needed(rest: str, step: str, what: str) -> str:
    if not rest:
        raise RequestError(f"'{step}' needs {what}: {step.rstrip(':')}:NAME")
    return rest


def _sigma(text: str) -> float:
    try:
        sigma = float(text)
    except ValueError:
        sigma = -1.0
    if not 0 < sigma <= 100:
        raise RequestError(f"blur: sigma must be within 0..100 pixels, got '{text}'")
    return sigma


def read_recipe(name: str) -> Any:
    """The recipe in that file, or the preset of that name."""
    from tenfold.call.declaration import as_recipe

    recipe = as_recipe(name)
    if recipe.generators:
        raise RequestError(
            f"{name} has generators; in a study name them as steps of the arm: "
            "vae:interpolation+recipe:natural"
        )
    if recipe.compose is not None:
        raise RequestError(f"{name} has 'compose', which a study of classes can't use; take it out")
    return recipe


def _only(name: str, recipe: str | None) -> Any:
    from tenfold.declare.recipe import Recipe
    from tenfold.ops.catalogue import OPS

    if recipe is not None:
        whole = read_recipe(recipe)
        return _with_ops(whole, (whole.op_named(name),))
    if name not in OPS:
        raise RequestError(f"no invariance '{name}'{did_you_mean(name, OPS)}")
    return Recipe((OPS[name](),))


def _with_ops(recipe: Any, ops: tuple[Any, ...]) -> Any:
    import dataclasses

    return dataclasses.replace(recipe, ops=ops)
