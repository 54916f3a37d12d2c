"""The contract of an op: declare parameters, lower what was drawn to steps. No pixels here."""

from __future__ import annotations

import dataclasses
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from tenfold.errors import RequestError
from tenfold.ops.parameter_names import parameter_cure
from tenfold.ops.steps import Drawn, Steps
from tenfold.params import Range, Spec, param, specs
from tenfold.rng import SLOTS, Draws
from tenfold.samples.sample import Schema

Columns = dict[str, Any]
"""What an op drew for N copies: names to (N,) arrays."""


@dataclass(frozen=True, kw_only=True)
class Op(ABC):
    """One invariance: something that may change without changing the label.

    A subclass is a frozen dataclass whose fields are made by `tenfold.params.param`; it says what
    it is in the class variables and implements `lower`. Drawing is done here, for all ops alike:
    each `range` parameter takes one uniform, then each name in `extra`, in order.

    Class variables:
        name: in recipes, snake_case.
        family: heading in the catalogue (geometry, deformation, luminosity, contrast, colour,
            sharpness, noise, resolution, occlusion, policy).
        main: the parameter that a bare value in a recipe sets (`- rotation: 15`), or "".
        extra: further uniforms in (0, 1), which `settle` and `lower` find under these names.
        seeded: `drawn` gets a `seed` for per-pixel randomness.
        group: name of the group that the op's members form when any member is as good as any
            other ("" if they form none); only then `exact` may be set.
        moves: the op moves pixels (geometry).
        stacks: `settle` and `lower` take many copies at once: what was drawn comes as (N,) arrays
            in place of numbers, and what they make has N along a first axis. That is what makes
            small images fast; an op without it is lowered copy by copy, to the same steps.

    Args:
        probability: chance that a copy gets this op, 0 to 1.
        exact: every member of the group is equally likely, the identity included; `probability`
            doesn't apply. False means almost: the label survives within the given ranges.
    """

    name: ClassVar[str]
    family: ClassVar[str]
    main: ClassVar[str] = ""
    extra: ClassVar[tuple[str, ...]] = ()
    seeded: ClassVar[bool] = False
    group: ClassVar[str] = ""
    moves: ClassVar[bool] = False
    stacks: ClassVar[bool] = False

    probability: float = param(
        1.0, "number", "chance that a copy gets this", within=(0, 1), unit=""
    )
    exact: bool = param(False, "flag", "any member of the group is as good as any other")

    def __new__(cls, *_: object, **given: object) -> Self:
        """Refuse parameters that the op doesn't have, and name the one that is meant."""
        known = specs(cls)
        for name in given:
            if known and name not in known:
                cure = parameter_cure(name, known, cls.main)
                raise RequestError(f"{cls.name}: unknown parameter '{name}'{cure}")
        return super().__new__(cls)

    def __post_init__(self) -> None:
        for name, spec in specs(type(self)).items():
            value = spec.coerce(f"{self.name}: {name}", getattr(self, name))
            object.__setattr__(self, name, value)
        if self.exact and not self.group:
            raise RequestError(
                f"{self.name}: can't be exact, since its members form no group; "
                "remove 'exact' and give a range within which the label survives"
            )
        for problem in self.problems():
            raise RequestError(f"{self.name}: {problem}")
        if 1 + len(self.ranges()) + len(self.extra) > SLOTS:
            raise TypeError(f"{self.name} draws more than {SLOTS - 1} numbers")

    def problems(self) -> Iterator[str]:
        """What is wrong with the parameters taken together; a hook, nothing by default."""
        yield from ()

    def refusals(self, schema: Schema) -> Iterator[str]:
        """Why this op can't serve such images, each with the cure; a hook, nothing by default."""
        yield from ()

    @abstractmethod
    def lower(self, drawn: Drawn, schema: Schema) -> Steps:
        """What was drawn, as steps for images of this schema (its size is the current one).

        Of an op that `stacks`, the values drawn are (N,) arrays, and the same number of steps
        comes back whatever they are: `acts` says where one changes nothing.
        """

    @classmethod
    def summary(cls) -> str:
        """First line of the docstring."""
        return (cls.__doc__ or cls.__name__).strip().splitlines()[0]

    def ranges(self) -> dict[str, tuple[Spec, Range]]:
        """The parameters that are drawn for each copy, with the ranges in force."""
        found = {}
        for name, spec in specs(type(self)).items():
            value = self._drawn_from(name, spec)
            if value is not None:
                found[name] = (spec, value)
        return found

    def _drawn_from(self, name: str, spec: Spec) -> Range | None:
        """The range of a `range` parameter, its own or the one it is like."""
        if spec.kind != "range":
            return None
        value: Range | None = getattr(self, name)
        return getattr(self, spec.like) if value is None and spec.like else value

    def columns(self, draws: Draws) -> tuple[NDArray[np.bool_], Columns]:
        """Draw for N copies.

        Returns:
            (N,) whether the op acts; and what was drawn, (N,) arrays, settled if the op `stacks`.
        """
        u = draws.uniforms
        columns: Columns = {}
        slot = 1
        for name, spec in specs(type(self)).items():
            if spec.kind != "range":
                continue
            value = self._drawn_from(name, spec)
            if value is not None:
                columns[name] = spec.draw(value, u[:, slot])
            slot += 1
        for name in self.extra:
            columns[name] = u[:, slot]
            slot += 1
        if self.seeded:
            columns["seed"] = draws.seeds.astype(np.int64)
        active = u[:, 0] < self.probability
        if self.exact:
            active[:] = True
        return active, self.settle(columns) if self.stacks else columns

    def draw(self, draws: Draws) -> list[Drawn | None]:
        """Draw for N copies; None where the op doesn't act."""
        active, columns = self.columns(draws)
        rows: list[Drawn] = [{} for _ in active]
        for name, column in columns.items():
            for row, value in zip(rows, column.tolist(), strict=True):
                row[name] = value
        settled = rows if self.stacks else [self.settle(row) for row in rows]
        return [row if acts else None for row, acts in zip(settled, active.tolist(), strict=True)]

    def steps(self, drawn: Drawn, schema: Schema) -> Steps:
        """The steps of one copy that do anything; what `lower` makes of it, alone."""
        if not self.stacks:
            return tuple(step for step in self.lower(drawn, schema) if step.acts)
        alone = {name: np.array([value]) for name, value in drawn.items()}
        steps = (step.row(0) for step in self.lower(alone, schema))
        return tuple(step for step in steps if step.acts)

    def settle(self, drawn: Drawn) -> Drawn:
        """Turn raw uniforms into numbers that mean something to who reads a manifest.

        A hook: what was drawn, as it is, by default. `lower` gets what this returns. Of an op that
        `stacks`, the values are (N,) arrays.
        """
        return drawn

    def plain(self) -> dict[str, Any]:
        """The parameters that differ from their defaults, in plain types."""
        out = {}
        for f in dataclasses.fields(self):
            value = getattr(self, f.name)
            default = f.metadata["spec"].coerce(f.name, f.default)
            if value != default:
                plain = value.plain() if isinstance(value, Range) else value
                out[f.name] = list(plain) if isinstance(plain, tuple) else plain
        return out
