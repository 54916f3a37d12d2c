"""Parametric, stochastic, bracketed L-systems with conditions, written as text.

Lindenmayer, "Mathematical models for cellular interactions in development", J. Theor. Biol. 18
(1968); Prusinkiewicz & Lindenmayer, *The Algorithmic Beauty of Plants* (Springer 1990), chapter 1.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from tenfold.errors import RequestError
from tenfold.synth.grow.expressions import FUNCTIONS, Values
from tenfold.synth.grow.grower import Grower, check_whole
from tenfold.synth.grow.rules import NO_NAMES, Rule, Symbol, read_rule, read_word
from tenfold.synth.grow.tree import Tree
from tenfold.synth.grow.turtle import BARE, NEEDY, OUT_OF_PLANE, SIGNS, Turtle
from tenfold.synth.synthesiser import Span, check_span, drawn, generator_of

Letters = list[tuple[str, tuple[float, ...]]]

_CONSTANTS, _REWRITING = 0, 1  # parts of an individual's randomness
_ROUNDING = 1e-9  # by which chances may exceed 1


@dataclass(frozen=True, kw_only=True)
class LSystem(Grower):
    """A structure that grows by rules which rewrite all letters of a word at once.

    Attributes:
        axiom: the word at first, such as `A(10)`.
        rules: `HEAD(names) : condition -> word @ chance`; names, condition and chance may be left
            out. Of the rules for a letter whose condition holds one is drawn by its chance (1
            where it isn't said); what remains to 1 leaves the letter as it is.
        generations: how often all letters are rewritten.
        constants: numbers that rules may name; [low, high] is drawn anew for each individual.
        draws: what letters draw: the kind of their segments.
        idle: letters that mean nothing to the turtle and have no rule.
        dimensions: 2 or 3.
        angle: of a turn without a parameter, degrees.
        length: of a step without a parameter, um.
        radius: at first, um.
        tropism, bend: see `Turtle`.
        most: refuse to grow beyond this number of symbols.
    """

    axiom: str = "A(10)"
    rules: tuple[str, ...] = ("A(s) -> F(s)[+A(s*R)][-A(s*R)]",)
    generations: int = 6
    constants: Mapping[str, Span | float] = field(default_factory=lambda: {"R": (0.65, 0.75)})
    draws: Mapping[str, str] = field(default_factory=lambda: {"F": "branch"})
    idle: str = ""
    dimensions: int = 3
    angle: Span | float = 30.0
    length: Span | float = 10.0
    radius: Span | float = 1.0
    tropism: tuple[float, float, float] = (0.0, 0.0, -1.0)
    bend: Span | float = 0.0
    most: int = 500_000

    kind: ClassVar[str] = "lsystem"

    def __post_init__(self) -> None:
        self.check_size()
        check_whole(self.kind, "generations", self.generations, 0, 1000)
        check_whole(self.kind, "most", self.most, 1, 20_000_000)
        if self.dimensions not in (2, 3):
            raise RequestError(f"lsystem: dimensions must be 2 or 3, got {self.dimensions!r:.60}")
        check_span(self.kind, "angle", self.angle, -360, 360, unit="degrees")
        check_span(self.kind, "length", self.length, 1e-6, 1e9, unit="um")
        check_span(self.kind, "radius", self.radius, 1e-6, 1e9, unit="um")
        check_span(self.kind, "bend", self.bend, -180, 180, unit="degrees")
        if not isinstance(self.tropism, tuple) or len(self.tropism) != 3:
            raise RequestError(f"lsystem: tropism must be [x, y, z], got {self.tropism!r:.60}")
        for part in self.tropism:
            check_span(self.kind, "tropism", part, -1e3, 1e3)
        object.__setattr__(self, "constants", _frozen_spans(self.constants))
        for name, value in self.constants.items():
            if not name.isidentifier() or name in (*FUNCTIONS, *NO_NAMES):
                raise RequestError(f"lsystem: a constant can't be named {name!r:.40}")
            check_span(self.kind, f"constant {name}", value, -1e12, 1e12)
        for letter, kind in self.draws.items():
            if not isinstance(letter, str) or len(letter) != 1 or not letter.isalpha() or not kind:
                raise RequestError(f"lsystem: draws must map letters to kinds, got {letter!r:.40}")
            if letter in SIGNS:
                raise RequestError(f"lsystem: draws can't hold '{letter}': {SIGNS[letter]}")
        if not self.draws:
            raise RequestError("lsystem: draws is empty: say which letter draws, as {F: branch}")
        _ = self._read  # raises what is wrong in the text

    def grow(self, seed: int) -> Tree:
        """The tree of this seed.

        Raises:
            RequestError: it would grow beyond `most` symbols, or a number of a rule can't be used
                (an endless length, chances above 1...).
        """
        random = generator_of(seed, _CONSTANTS)
        constants = {name: drawn(value, random) for name, value in self.constants.items()}
        turtle = Turtle(
            draws=self.draws,
            dimensions=self.dimensions,
            angle=drawn(self.angle, random),
            length=drawn(self.length, random),
            radius=drawn(self.radius, random),
            tropism=self.tropism,
            bend=drawn(self.bend, random),
        )
        return turtle.walk(self._rewritten(constants, generator_of(seed, _REWRITING)))

    def word(self, seed: int) -> str:
        """The word that this seed's tree is drawn from."""
        random = generator_of(seed, _CONSTANTS)
        constants = {name: drawn(value, random) for name, value in self.constants.items()}
        letters = self._rewritten(constants, generator_of(seed, _REWRITING))
        return "".join(
            letter + (f"({', '.join(f'{v:g}' for v in values)})" if values else "")
            for letter, values in letters
        )

    def _rewritten(self, constants: Values, random: np.random.Generator) -> Letters:
        axiom, rules = self._read
        word = _replaced(axiom, constants, random)
        for generation in range(1, self.generations + 1):
            grown: Letters = []
            active = False
            for symbol in word:
                several = rules.get(symbol[0])
                if several is None:
                    grown.append(symbol)
                    continue
                values = constants
                if symbol[1]:
                    values = {**constants, **dict(zip(several[0].names, symbol[1], strict=True))}
                rule, applies = _chosen(several, values, random)
                active = active or applies
                if rule is None:
                    grown.append(symbol)
                else:
                    grown += _replaced(rule.word, values, random)
                if len(grown) > self.most:
                    raise RequestError(
                        f"lsystem: grows beyond {self.most:,} symbols in generation {generation} "
                        f"of {self.generations}; ask for at most {generation - 1} generations, "
                        "end growth by a condition, or raise 'most'"
                    )
            if not active:
                break  # conditions hold no randomness, so no rule ever applies again
            word = grown
        return word

    @cached_property
    def _read(self) -> tuple[tuple[Symbol, ...], dict[str, tuple[Rule, ...]]]:
        """The axiom and the rules by their letter, checked."""
        if not isinstance(self.rules, tuple) or not all(isinstance(r, str) for r in self.rules):
            raise RequestError("lsystem: rules must be a list of texts")
        rules: dict[str, tuple[Rule, ...]] = {}
        for text in self.rules:
            rule = read_rule(text, tuple(self.constants))
            rules[rule.head] = (*rules.get(rule.head, ()), rule)
        for head, several in rules.items():
            if len({len(rule.names) for rule in several}) > 1:
                raise RequestError(f"lsystem: the rules for {head} differ in their parameters")
            always = [r for r in several if r.condition is None and r.chance is None]
            if len(always) > 1:
                raise RequestError(
                    f"lsystem: {len(always)} rules for {head} always hold; give each a chance, "
                    f"as @ {1 / len(always):.2g}"
                )
        axiom = read_word(str(self.axiom), tuple(self.constants), "axiom")
        if not axiom:
            raise RequestError("lsystem: the axiom is empty")
        self._check_symbols(axiom, f"axiom '{self.axiom}'", rules)
        for several in rules.values():
            for rule in several:
                self._check_symbols(rule.word, f"rule '{rule.text}'", rules)
        return axiom, rules

    def _check_symbols(
        self, word: tuple[Symbol, ...], where: str, rules: Mapping[str, tuple[Rule, ...]]
    ) -> None:
        for symbol in word:
            letter, given = symbol.letter, len(symbol.parameters)
            place = f"lsystem: '{letter}' at place {symbol.place} of {where}"
            if letter in OUT_OF_PLANE and self.dimensions == 2:
                raise RequestError(f"{place} turns out of the plane; use + and -, or 3 dimensions")
            if letter in rules:
                wanted = len(rules[letter][0].names)
                if given != wanted:
                    raise RequestError(f"{place} has {given} parameters; its rules take {wanted}")
            elif letter in SIGNS or letter in self.draws:
                if given > 1 or (given and letter in BARE) or (not given and letter in NEEDY):
                    meant = SIGNS.get(letter, f"{letter}(length): draw ahead")
                    raise RequestError(f"{place} has {given} parameters; it is {meant}")
            elif letter not in self.idle:
                known = "".join(dict.fromkeys([*rules, *self.draws, *SIGNS]))
                raise RequestError(
                    f"{place} is unknown: it has no rule and the turtle doesn't know it "
                    f"(known: {known}); put it into 'idle' if it means nothing"
                )


def _chosen(
    rules: tuple[Rule, ...], values: Values, random: np.random.Generator
) -> tuple[Rule | None, bool]:
    """The rule drawn, or None; and whether any could have been."""
    if len(rules) == 1 and rules[0].chance is None:
        (only,) = rules
        holds = only.condition is None or bool(only.condition(values, random))
        return only if holds else None, holds
    fit, chances = [], []
    for rule in rules:
        if rule.condition is None or rule.condition(values, random):
            fit.append(rule)
            chances.append(1.0 if rule.chance is None else rule.chance(values, random))
    if any(chance < 0 for chance in chances) or sum(chances) > 1 + _ROUNDING:
        told = ", ".join(f"{chance:g}" for chance in chances)
        raise RequestError(
            f"lsystem: the chances of the rules for {rules[0].head} are {told}; they must be at "
            "least 0 and add up to at most 1, or have conditions that exclude each other"
        )
    if not fit or (len(fit) == 1 and chances[0] == 1):
        return (fit[0] if fit else None), bool(fit)
    left = random.random()
    for rule, chance in zip(fit, chances, strict=True):
        left -= chance
        if left < 0:
            return rule, True
    return None, True


def _replaced(word: tuple[Symbol, ...], values: Values, random: np.random.Generator) -> Letters:
    return [
        (s.letter, tuple([p(values, random) for p in s.parameters]) if s.parameters else ())
        for s in word
    ]


def _frozen_spans(constants: Any) -> dict[str, Span | float]:
    if not isinstance(constants, Mapping):
        raise RequestError(f"lsystem: constants must be a mapping, got {constants!r:.60}")
    return {str(k): tuple(v) if isinstance(v, list) else v for k, v in constants.items()}
