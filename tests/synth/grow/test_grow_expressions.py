"""Arithmetic in rules: it counts as Python does, and says nothing else."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenfold.errors import RequestError
from tenfold.synth.grow.expressions import expression

RANDOM = np.random.default_rng(0)
NUMBERS = st.floats(-9, 9).map(lambda x: repr(round(x, 2)))
TEXTS = st.recursive(
    NUMBERS | st.sampled_from(["s", "R"]),
    lambda inner: st.tuples(inner, st.sampled_from("+-*<>"), inner).map(
        lambda t: f"({t[0]} {t[1]} {t[2]})"
    ),
    max_leaves=8,
)


@given(text=TEXTS, s=st.floats(-5, 5), ratio=st.floats(0, 1))
@settings(max_examples=150, deadline=None)
def test_it_counts_as_python_does(text: str, s: float, ratio: float) -> None:
    values = {"s": s, "R": ratio}
    wanted = float(eval(text, {"__builtins__": {}}, values))
    assert expression(text, ("s", "R"))(values, RANDOM) == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("2 ** 3 % 5", 3),
        ("-s + +1", -1),
        ("not s > 1", 0),
        ("0 < s <= 2 and s != 1", 1),
        ("s < 0 or s == 2", 1),
        ("sqrt(16) + floor(2.7) + abs(-1)", 7),
        ("max(min(s, 5), 1)", 2),
        ("sin(30) + cos(60)", 1),
        ("acos(0)", 90),
        ("log(exp(2))", 2),
    ],
)
def test_what_can_be_said(text: str, wanted: float) -> None:
    assert expression(text, ("s",))({"s": 2.0}, RANDOM) == pytest.approx(wanted, abs=1e-12)


def test_numbers_are_drawn_anew_each_time() -> None:
    uniform = expression("uniform(a, 3)", ("a",))
    drawn = [uniform({"a": 2.0}, RANDOM) for _ in range(2000)]
    assert 2 <= min(drawn) < 2.01
    assert 2.99 < max(drawn) <= 3
    normal = expression("normal(5, 2)", ())
    drawn = [normal({}, RANDOM) for _ in range(4000)]
    assert np.mean(drawn) == pytest.approx(5, abs=4 * 2 / math.sqrt(4000))
    assert np.std(drawn) == pytest.approx(2, rel=0.06)


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os')",
        "().__class__",
        "s.real",
        "[s]",
        "s if s else 1",
        "lambda: 1",
        "(s := 1)",
        "'s'",
        "True",
        "1j",
        "s is 1",
        "s & 1",
        "uniform(low=1, high=2)",
        "sqrt(*s)",
        "1 +",
        "",
        "s s",
        "(" * 500 + "1" + ")" * 500,
        "-" * 100_000 + "1",
        "1" + "0" * 400,
    ],
)
def test_nothing_else_can_be_said(text: str) -> None:
    with pytest.raises(RequestError):
        expression(text, ("s",))


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("lenght * 2", "did you mean 'length'"),
        ("sqr(2)", "did you mean 'sqrt'"),
        ("sqrt(1, 2)", "takes 1 value, got 2"),
        ("uniform(1)", "takes 2 values, got 1"),
    ],
)
def test_errors_name_the_cure(text: str, part: str) -> None:
    with pytest.raises(RequestError, match=part.replace("(", r"\(")):
        expression(text, ("length",))


@pytest.mark.parametrize(
    "text",
    [
        "1 / s",
        "1 % s",
        "s ** -1",
        "log(s)",
        "10.0 ** 400",
        "(-1 + s) ** 0.5",
        "exp(1000)",
        "acos(2)",
        "uniform(1, s)",
        "normal(0, -1)",
    ],
)
def test_what_has_no_value_is_refused_with_the_numbers(text: str) -> None:
    with pytest.raises(RequestError, match="s = 0"):
        expression(text, ("s",))({"s": 0.0}, RANDOM)


def test_where_chance_has_no_place() -> None:
    with pytest.raises(RequestError, match="random"):
        expression("uniform(0, 1) > 0.5", (), draws=False)
