"""The contract of a synthesiser: settings and a seed make a sample with exact labels."""

from __future__ import annotations

import dataclasses
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

import numpy as np

from tenfold.errors import RequestError, did_you_mean
from tenfold.samples.sample import Array, Instance

Span = tuple[float, float]
"""A number that differs from one individual to the next: drawn evenly from low to high."""


@dataclass(frozen=True, eq=False)
class Simulated:
    """One individual: a picture of it, and all that is known of it.

    Attributes:
        image: (H, W, C) uint8, uint16 or float32; RGB where C is 3.
        masks: label images by name ("semantic", "instance", "boundary"...), each (H, W) of an
            integer dtype; 0 is background.
        instances: labelled objects, each with its mask or outlines and its box.
        told: what is known beside (pose of the plane, um per pixel, what was drawn...), in types
            that JSON has.
        files: whole files about it, content by suffix (".swc", ".graphml"...).
    """

    image: Array
    masks: Mapping[str, Array] = field(default_factory=dict)
    instances: tuple[Instance, ...] = ()
    told: Mapping[str, Any] = field(default_factory=dict)
    files: Mapping[str, bytes] = field(default_factory=dict)


class Synthesiser(ABC):
    """A simulator.

    A concrete one is a frozen dataclass whose fields, all with defaults, are its settings:
    numbers, flags, words, and tuples or mappings of them. `__post_init__` checks them and raises
    `RequestError` with the cure.

    Class variables:
        kind: the word for it in configurations and on the command line.
        classes: names of the instances' labels.
        legend: what the values of each mask mean, by the mask's name; instance masks, which
            count, have none.
    """

    kind: ClassVar[str]
    classes: ClassVar[tuple[str, ...]] = ()
    legend: ClassVar[Mapping[str, Mapping[int, str]]] = {}

    @abstractmethod
    def make(self, seed: int) -> Simulated:
        """The individual of this seed, a pure function of the settings and the seed.

        Args:
            seed: 0 to 2^53 - 1; see `generator_of`.
        """

    def settings(self) -> dict[str, Any]:
        """All settings by name, in plain types."""
        return {f.name: _plain(getattr(self, f.name)) for f in dataclasses.fields(self._checked())}

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> Self:
        """A synthesiser with these settings; those left out are at their defaults.

        Raises:
            RequestError: an unknown name or an unusable value.
        """
        names = [f.name for f in dataclasses.fields(cls)]  # type: ignore[arg-type]
        for name in settings:
            if name not in names:
                cure = did_you_mean(str(name), names) or f"; it has {', '.join(names)}"
                raise RequestError(f"{cls.kind}: no setting '{name}'{cure}")
        return cls(**{name: _frozen(value) for name, value in settings.items()})

    def _checked(self) -> Any:
        if not dataclasses.is_dataclass(self):
            raise TypeError(f"{type(self).__name__} must be a dataclass")
        return self


def generator_of(seed: int, part: int = 0) -> np.random.Generator:
    """Random numbers of an individual.

    Each `part` of the simulation has numbers of its own, so that a change of one leaves the
    others' draws alone. Philox4x64-10 (Salmon et al., "Parallel random numbers: as easy as
    1, 2, 3", SC 2011).
    """
    return np.random.Generator(np.random.Philox(key=[seed, part]))


def drawn(span: Span | float, random: np.random.Generator) -> float:
    """A number of this span; a plain number is itself."""
    if isinstance(span, tuple):
        return float(random.uniform(*span))
    return float(span)


def check_span(
    kind: str, name: str, value: object, low: float, high: float, *, unit: str = ""
) -> None:
    """Raise `RequestError` unless `value` is a number, or a pair of rising ones, in low..high."""
    ends = value if isinstance(value, tuple) else (value, value)
    told = f"{kind}: {name} must be"
    if len(ends) != 2 or not all(
        isinstance(end, int | float) and not isinstance(end, bool) for end in ends
    ):
        raise RequestError(f"{told} a number or [low, high], got {value!r:.60}")
    if not all(low <= end <= high for end in ends):
        unit = unit and f" {unit}"
        raise RequestError(f"{told} within {low:g}..{high:g}{unit}, got {value!r:.60}")
    if ends[0] > ends[1]:
        raise RequestError(f"{told} low before high, got [{ends[0]:g}, {ends[1]:g}]")


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    if isinstance(value, tuple):
        return [_plain(v) for v in value]
    if isinstance(value, Mapping):
        return {k: _plain(v) for k, v in value.items()}
    return value


def _frozen(value: Any) -> Any:
    return tuple(_frozen(v) for v in value) if isinstance(value, list) else value
