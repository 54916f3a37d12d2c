"""The text of an L-system's words and rules, read once and checked with the place of each error."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from tenfold.errors import RequestError
from tenfold.synth.grow.expressions import Expression, expression

NO_NAMES: tuple[str, ...] = ("and", "or", "not")


@dataclass(frozen=True, slots=True)
class Symbol:
    """A letter of a word with the expressions of its parameters; `place` is its column from 1."""

    letter: str
    parameters: tuple[Expression, ...]
    place: int


@dataclass(frozen=True, slots=True)
class Rule:
    """`HEAD(names) : condition -> word @ chance`.

    Attributes:
        text: as it was written.
        head: the letter that it rewrites.
        names: of the head's parameters.
        condition: None where it always holds.
        word: what takes the head's place.
        chance: None where it isn't said: 1.
    """

    text: str
    head: str
    names: tuple[str, ...]
    condition: Expression | None
    word: tuple[Symbol, ...]
    chance: Expression | None


def read_word(text: str, names: Collection[str], where: str) -> tuple[Symbol, ...]:
    """Read a word such as `F(s*R)[+A][-A]`; blanks mean nothing.

    Args:
        text: single letters or signs, each with or without parameters in parentheses.
        names: what the parameters may name.
        where: what this is a part of, for errors.

    Raises:
        RequestError: a bracket has no partner, or a parameter can't be read; told with the place.
    """
    found: list[Symbol] = []
    opened: list[int] = []
    at = 0
    while at < len(text):
        letter, place = text[at], at + 1
        at += 1
        if letter.isspace():
            continue
        if letter in "()":
            raise RequestError(f"{where}: '{letter}' at place {place} belongs to no letter: {text}")
        if letter == "[":
            opened.append(place)
        elif letter == "]":
            if not opened:
                raise RequestError(f"{where}: ']' at place {place} closes no '[': {text}")
            opened.pop()
        parameters: tuple[Expression, ...] = ()
        start = at
        while start < len(text) and text[start].isspace():
            start += 1
        if start < len(text) and text[start] == "(":
            if letter in "[]":
                raise RequestError(
                    f"{where}: '{letter}' at place {place} takes no parameters: {text}"
                )
            end = _closing(text, start, where)
            parameters = _parameters(text[start + 1 : end], names, f"{where}, place {place}")
            at = end + 1
        found.append(Symbol(letter, parameters, place))
    if opened:
        raise RequestError(f"{where}: '[' at place {opened[-1]} is never closed: {text}")
    return tuple(found)


def read_rule(text: str, constants: Collection[str]) -> Rule:
    """Read `HEAD(names) : condition -> word @ chance`; names, condition and chance may be left out.

    Args:
        text: the rule.
        constants: names known beside those of the head.

    Raises:
        RequestError: it isn't one; told with the place.
    """
    where = f"rule '{text.strip():.100}'"
    left, arrow, right = text.partition("->")
    if not arrow:
        raise RequestError(f"{where} has no '->'; write it as A(s) : s > 1 -> F(s)[+A(s/2)] @ 0.5")
    head, colon, condition = left.partition(":")
    letter, names = _head(head, where)
    for name in names:
        if name in constants:
            raise RequestError(f"{where}: the parameter '{name}' is a constant's name too")
    known = (*names, *constants)
    word, at_sign, chance = _split_chance(right)
    if colon and not condition.strip():
        raise RequestError(f"{where}: there is no condition after ':'")
    if at_sign and not chance.strip():
        raise RequestError(f"{where}: there is no chance after '@'")
    try:
        holds = expression(condition, known, draws=False) if colon else None
        weight = expression(chance, known) if at_sign else None
    except RequestError as error:
        raise RequestError(f"{where}: {error}") from None
    # Blanks in place of what stands before, so that places count from the start of the rule.
    before = " " * (len(left) + len(arrow))
    return Rule(text.strip(), letter, names, holds, read_word(before + word, known, where), weight)


def _head(text: str, where: str) -> tuple[str, tuple[str, ...]]:
    text = text.strip()
    letter, rest = text[:1], text[1:].strip()
    if not letter or letter in "()[]:@":
        raise RequestError(f"{where} must begin with the letter that it rewrites")
    if not rest:
        return letter, ()
    if not (rest.startswith("(") and rest.endswith(")")):
        raise RequestError(
            f"{where}: before '->' stands one letter with its names, such as A(s, r)"
        )
    names = tuple(name.strip() for name in rest[1:-1].split(","))
    for name in names:
        if not name.isidentifier() or name in NO_NAMES:
            raise RequestError(f"{where}: '{name}' is no name for a parameter")
    if len(set(names)) < len(names):
        raise RequestError(f"{where}: its parameters must have different names")
    return letter, names


def _closing(text: str, start: int, where: str) -> int:
    """Index of the parenthesis that closes the one at `start`."""
    depth = 0
    for at in range(start, len(text)):
        depth += (text[at] == "(") - (text[at] == ")")
        if depth == 0:
            return at
    raise RequestError(f"{where}: '(' at place {start + 1} is never closed: {text}")


def _parameters(text: str, names: Collection[str], where: str) -> tuple[Expression, ...]:
    parts, depth, begin = [], 0, 0
    for at, letter in enumerate(text):
        depth += (letter == "(") - (letter == ")")
        if letter == "," and depth == 0:
            parts.append(text[begin:at])
            begin = at + 1
    parts.append(text[begin:])
    try:
        return tuple(expression(part, names) for part in parts)
    except RequestError as error:
        raise RequestError(f"{where}: {error}") from None


def _split_chance(text: str) -> tuple[str, str, str]:
    word, sign, chance = text.rpartition("@")
    return (word, sign, chance) if sign else (text, "", "")
