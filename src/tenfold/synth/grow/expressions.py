"""Arithmetic written as text, without `eval`: only what is listed here can be said."""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Collection, Mapping
from functools import partial

import numpy as np

from tenfold.errors import RequestError, did_you_mean

Values = dict[str, float]
Expression = Callable[[Values, np.random.Generator], float]
"""Its value, given those of its names, and random numbers for `uniform` and `normal`."""

_OPERATIONS: Mapping[type, Callable[[float, float], float]] = {
    ast.Add: lambda a, b: a + b,
    ast.Sub: lambda a, b: a - b,
    ast.Mult: lambda a, b: a * b,
    ast.Div: lambda a, b: a / b,
    ast.Mod: lambda a, b: a % b,
    ast.Pow: math.pow,
}
_COMPARISONS: Mapping[type, Callable[[float, float], bool]] = {
    ast.Lt: lambda a, b: a < b,
    ast.LtE: lambda a, b: a <= b,
    ast.Gt: lambda a, b: a > b,
    ast.GtE: lambda a, b: a >= b,
    ast.Eq: lambda a, b: a == b,
    ast.NotEq: lambda a, b: a != b,
}
_FUNCTIONS: Mapping[str, tuple[int, Callable[..., float]]] = {
    "sqrt": (1, math.sqrt),
    "abs": (1, abs),
    "floor": (1, math.floor),
    "exp": (1, math.exp),
    "log": (1, math.log),
    "sin": (1, lambda a: math.sin(math.radians(a))),
    "cos": (1, lambda a: math.cos(math.radians(a))),
    "acos": (1, lambda a: math.degrees(math.acos(a))),
    "min": (2, min),
    "max": (2, max),
}
_DRAWS = ("uniform", "normal")
FUNCTIONS = (*_FUNCTIONS, *_DRAWS)
"""Names that expressions can call; angles are in degrees."""


def expression(text: str, names: Collection[str], *, draws: bool = True) -> Expression:
    """Read an expression.

    It may hold numbers, `names`, + - * / % **, comparisons, `and`, `or`, `not`, and `FUNCTIONS`:
    `uniform(low, high)` and `normal(mean, deviation)` are drawn anew each time.

    Args:
        text: as in Python.
        names: what may be named in it.
        draws: whether `uniform` and `normal` may be called.

    Returns:
        A function of the names' values and of a generator of random numbers; it raises
        `RequestError` where the value isn't a finite number (division by zero...).

    Raises:
        RequestError: the text is anything else.
    """
    try:
        tree = ast.parse(text.strip(), mode="eval").body
        found = _read(tree, text, names)
        if not draws and any(isinstance(n, ast.Name) and n.id in _DRAWS for n in ast.walk(tree)):
            raise RequestError(f"{text.strip()!r:.80} can't hold random numbers here")
    except (SyntaxError, ValueError, OverflowError) as error:
        if isinstance(error, RequestError):
            raise
        raise RequestError(f"can't read the expression {text.strip()!r:.80}") from None
    except (RecursionError, MemoryError):
        raise RequestError(f"the expression {text.strip()!r:.40} is nested too deeply") from None

    def value(values: Values, random: np.random.Generator) -> float:
        try:
            result = float(found(values, random))
        except (ArithmeticError, ValueError) as error:
            raise RequestError(
                f"{text.strip()!r:.80} has no value: {error}{_given(values)}"
            ) from None
        if not math.isfinite(result):
            raise RequestError(f"{text.strip()!r:.80} is not finite{_given(values)}")
        return result

    return value


def _given(values: Values) -> str:
    told = ", ".join(f"{name} = {value:g}" for name, value in list(values.items())[:8])
    return f" ({told})" if told else ""


def _read(node: ast.expr, text: str, names: Collection[str]) -> Expression:
    read = partial(_read, text=text, names=names)
    match node:
        case ast.Constant(value=int() | float() as number) if not isinstance(number, bool):
            constant = float(number)
            return lambda _values, _random: constant
        case ast.Name(id=name) if name in names:
            return lambda values, _random: values[name]
        case ast.Name(id=name):
            cure = did_you_mean(name, names) or f"; known: {', '.join(names) or 'none'}"
            raise RequestError(f"unknown name '{name}' in {text.strip()!r:.80}{cure}")
        case ast.BinOp(left, op, right) if type(op) in _OPERATIONS:
            act, a, b = _OPERATIONS[type(op)], read(left), read(right)
            return lambda values, random: act(a(values, random), b(values, random))
        case ast.UnaryOp(ast.USub(), operand):
            a = read(operand)
            return lambda values, random: -a(values, random)
        case ast.UnaryOp(ast.UAdd(), operand):
            return read(operand)
        case ast.UnaryOp(ast.Not(), operand):
            a = read(operand)
            return lambda values, random: not a(values, random)
        case ast.BoolOp(op, parts):
            every, several = isinstance(op, ast.And), [read(part) for part in parts]
            if every:
                return lambda values, random: all(part(values, random) for part in several)
            return lambda values, random: any(part(values, random) for part in several)
        case ast.Compare(left, ops, rights) if all(type(op) in _COMPARISONS for op in ops):
            return _compared(
                [read(n) for n in (left, *rights)], [_COMPARISONS[type(o)] for o in ops]
            )
        case ast.Call(ast.Name(id=name), args, keywords) if name in FUNCTIONS and not keywords:
            return _called(name, [read(arg) for arg in args], text)
        case ast.Call(ast.Name(id=name)):
            cure = did_you_mean(name, FUNCTIONS) or f"; known: {', '.join(FUNCTIONS)}"
            raise RequestError(f"unknown function '{name}' in {text.strip()!r:.80}{cure}")
    raise RequestError(
        f"{text.strip()!r:.80} holds more than numbers, names, arithmetic and comparisons"
    )


def _compared(
    parts: list[Expression], comparisons: list[Callable[[float, float], bool]]
) -> Expression:
    if len(parts) == 2:
        a, b, compare = parts[0], parts[1], comparisons[0]
        return lambda values, random: compare(a(values, random), b(values, random))

    def chained(values: Values, random: np.random.Generator) -> float:
        found = [part(values, random) for part in parts]
        return all(c(found[i], found[i + 1]) for i, c in enumerate(comparisons))

    return chained


def _called(name: str, args: list[Expression], text: str) -> Expression:
    wanted = 2 if name in _DRAWS else _FUNCTIONS[name][0]
    if len(args) != wanted:
        raise RequestError(
            f"{name} takes {wanted} value{'s' * (wanted > 1)}, got {len(args)} "
            f"in {text.strip()!r:.80}"
        )
    if name == "uniform":
        low, high = args
        return lambda values, random: random.uniform(low(values, random), high(values, random))
    if name == "normal":
        mean, deviation = args
        return lambda values, random: random.normal(mean(values, random), deviation(values, random))
    act = _FUNCTIONS[name][1]
    if wanted == 1:
        (only,) = args
        return lambda values, random: act(only(values, random))
    a, b = args
    return lambda values, random: act(a(values, random), b(values, random))
