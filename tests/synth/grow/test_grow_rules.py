"""L-systems: known words, chances, and what is refused with its place."""

from __future__ import annotations

import pickle
import re
import subprocess
import sys
import time
from typing import Any

import numpy as np
import pytest

from tenfold.errors import RequestError
from tenfold.synth.grow import LSystem, swc_of


def system(axiom: str, *rules: str, **settings: Any) -> LSystem:
    given: dict[str, Any] = {"constants": {}, "idle": "ABCXab", "generations": 1, **settings}
    return LSystem(axiom=axiom, rules=rules, **given)


def test_algae_grow_by_fibonacci() -> None:
    """Lindenmayer's first system: a -> ab, b -> a."""
    words = [system("a", "a -> ab", "b -> a", generations=n).word(0) for n in range(6)]
    assert words == ["a", "ab", "aba", "abaab", "abaababa", "abaababaabaab"]


def test_parameters_and_conditions_as_in_the_book() -> None:
    """The Algorithmic Beauty of Plants, section 1.10.1, equation 1.8 (figure 1.38)."""
    words = [
        system(
            "B(2)A(4, 4)",
            "A(x, y) : y <= 3 -> A(x*2, x+y)",
            "A(x, y) : y > 3 -> B(x)A(x/y, 0)",
            "B(x) : x < 1 -> C",
            "B(x) : x >= 1 -> B(x-1)",
            generations=n,
        ).word(0)
        for n in range(5)
    ]
    assert words == [
        "B(2)A(4, 4)",
        "B(1)B(4)A(1, 0)",
        "B(0)B(3)A(2, 1)",
        "CB(2)A(4, 3)",
        "CB(1)A(8, 7)",
    ]


@pytest.mark.parametrize("n", [1, 4, 9])
def test_forks_double_and_lengths_shrink(n: int) -> None:
    forks = system("A(10)", "A(s) -> F(s)[+A(s*R)][-A(s*R)]", generations=n, constants={"R": 0.5})
    tree = forks.grow(0)
    assert len(tree.segments()) == 2**n - 1
    assert len(tree.tips()) == 2 ** (n - 1)
    np.testing.assert_allclose(
        np.sort(tree.lengths()), np.sort([10 * 0.5**g for g in range(n) for _ in range(2**g)])
    )
    assert tree.generations()[tree.segments()].tolist().count(n - 1) == 2 ** (n - 1)


def test_koch_curve_has_its_length_and_ends_where_it_should() -> None:
    """Each generation makes 4 steps of 1; the curve's ends are 3^n steps apart."""
    koch = system("-F(1)", "F(s) -> F(s)+F(s)--F(s)+F(s)", generations=4, angle=60, dimensions=2)
    tree = koch.grow(0)
    assert len(tree.segments()) == 4**4
    assert tree.lengths().sum() == pytest.approx(4**4)
    distance = np.linalg.norm(tree.nodes[-1] - tree.nodes[0])
    assert distance == pytest.approx(3**4, rel=1e-12)


def test_rules_are_drawn_by_their_chances() -> None:
    count = 20_000
    word = system("A" * count, "A -> B @ 0.2", "A -> C @ q", constants={"q": 0.5}).word(5)
    for letter, chance in (("B", 0.2), ("C", 0.5), ("A", 0.3)):
        deviation = (count * chance * (1 - chance)) ** 0.5
        assert abs(word.count(letter) - count * chance) < 4.5 * deviation


def test_chance_can_depend_on_the_letter() -> None:
    word = system("A(0)" * 50 + "A(1)" * 50, "A(p) -> B @ p").word(0)
    assert word == "A(0)" * 50 + "B" * 50


def test_constants_differ_between_individuals_within_their_span() -> None:
    one = system("F(x)", constants={"x": (2.0, 3.0)}, generations=0)
    lengths = [float(one.grow(seed).lengths()[0]) for seed in range(300)]
    assert 2 <= min(lengths) < 2.05
    assert 2.95 < max(lengths) <= 3
    assert len(set(lengths)) == 300


def test_a_seed_is_one_individual_wherever_it_grows() -> None:
    one = LSystem(rules=("A(s) : s > 1 -> F(s)[+A(s*R)][-A(s*R)]F(uniform(1, 2)) @ 0.9",))
    first = swc_of(one.grow(7))
    assert swc_of(one.grow(7)) == first
    assert swc_of(pickle.loads(pickle.dumps(one)).grow(7)) == first
    assert swc_of(LSystem.of(one.settings()).grow(7)) == first
    assert swc_of(one.grow(8)) != first
    code = (
        "from tenfold.synth.grow import *; import sys; sys.stdout.write(swc_of(LSystem(rules=("
        "'A(s) : s > 1 -> F(s)[+A(s*R)][-A(s*R)]F(uniform(1, 2)) @ 0.9',)).grow(7)))"
    )
    elsewhere = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert elsewhere.stdout == first


@pytest.mark.parametrize(
    ("axiom", "rules", "generation"),
    [
        ("A", ["A -> AA"], 10),
        ("A", ["A -> A[A]A @ 0.99"], None),
        ("F(1)", ["F(s) : s > 0 -> F(s)F(s)F(s)F(s)"], 5),
    ],
)
def test_growth_without_end_is_refused_soon(
    axiom: str, rules: list[str], generation: int | None
) -> None:
    endless = system(axiom, *rules, generations=1000, most=1000)
    begun = time.process_time()
    with pytest.raises(RequestError, match=r"beyond 1,000 symbols in generation \d+ of 1000") as e:
        endless.grow(0)
    assert time.process_time() - begun < 0.5
    if generation is not None:
        assert f"generation {generation} of" in str(e.value)
        fits = system(axiom, *rules, generations=generation - 1, most=1000)
        assert len(re.sub(r"\(.*?\)", "", fits.word(0))) <= 1000


def test_growth_that_ended_costs_nothing_more() -> None:
    ended = system("A(8)", "A(s) : s > 1 -> F(s)A(s/2)", generations=1000)
    assert ended.word(0) == "F(8)F(4)F(2)A(1)"


@pytest.mark.parametrize(
    ("axiom", "rules", "told"),
    [
        ("A[+A", ["A -> F"], r"'\[' at place 2 is never closed"),
        ("A", ["A -> F]["], r"'\]' at place 7 closes no '\['"),
        ("A", ["A -> [[F]"], r"'\[' at place 6 is never closed"),
        ("Q", [], "'Q' at place 1 of axiom 'Q' is unknown"),
        ("A", ["A -> F Q"], "'Q' at place 8 of rule .* is unknown"),
        ("A", ["A -> F(1"], r"'\(' at place 7 is never closed"),
        ("A", ["A -> (1)"], r"'\(' at place 6 belongs to no letter"),
        ("A", ["A -> F(s)"], "place 6: unknown name 's'"),
        ("A", ["A -> F(1, 2)"], "has 2 parameters"),
        ("A", ["A -> !F"], "'!' at place 6 .* has 0 parameters"),
        ("A", ["A -> [(1)F]"], "takes no parameters"),
        ("A", ["A -> $(3)F"], "has 1 parameters"),
        ("A", ["A(s) -> F(s)"], "has 0 parameters; its rules take 1"),
        ("A(1)", ["A(s) -> F", "A(s, t) -> F"], "differ in their parameters"),
        ("A", ["A -> F", "A -> FF"], "2 rules for A always hold"),
        ("A", ["A F"], "has no '->'"),
        ("A", ["-> F"], "begin with the letter"),
        ("A", ["AB -> F"], "one letter with its names"),
        ("A(1)", ["A(1) -> F"], "'1' is no name"),
        ("A(1,1)", ["A(s,s) -> F"], "different names"),
        ("A", ["A : -> F"], "no condition"),
        ("A", ["A -> F @"], "no chance"),
        ("A", ["A : uniform(0,1) > 0.5 -> F"], "random"),
        ("", [], "axiom is empty"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(axiom: str, rules: list[str], told: str) -> None:
    with pytest.raises(RequestError, match=told):
        system(axiom, *rules)


@pytest.mark.parametrize(
    ("axiom", "rules", "told"),
    [
        ("A", ["A -> F @ 0.7", "A -> FF @ 0.7"], "0.7, 0.7; they must"),
        ("A", ["A -> F @ -1"], "-1; they must"),
        ("A(0)", ["A(s) -> F(1/s)"], "no value"),
        ("F(-1)", [], "goes -1 um"),
        ("!(0)F", [], "must be positive"),
        ("O(0)", [], "must be positive"),
    ],
)
def test_numbers_that_can_not_be_used(axiom: str, rules: list[str], told: str) -> None:
    with pytest.raises(RequestError, match=told):
        system(axiom, *rules).grow(0)


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"generations": -1}, "generations"),
        ({"generations": 2.5}, "generations"),
        ({"dimensions": 4}, "dimensions"),
        ({"constants": {"R": "x"}}, "constant R"),
        ({"constants": {"sqrt": 1.0}}, "named 'sqrt'"),
        ({"constants": {"R": (3.0, 2.0)}}, "low before high"),
        ({"draws": {}}, "draws is empty"),
        ({"draws": {"f": "x"}}, "go ahead without drawing"),
        ({"draws": {"FG": "x"}}, "letters"),
        ({"radius": 0.0}, "radius"),
        ({"size": 4}, "size"),
        ({"axiom": "&F", "dimensions": 2}, "out of the plane"),
        ({"tropism": (1.0, 2.0)}, "tropism"),
    ],
)
def test_settings_are_checked(settings: dict[str, Any], told: str) -> None:
    with pytest.raises(RequestError, match=told):
        LSystem(**{"axiom": "F", "rules": (), **settings})
