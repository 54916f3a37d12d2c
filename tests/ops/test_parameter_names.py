"""Parameters of other libraries, given to an op in Python, are answered with ours."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from typing import Any

import pytest

from tenfold.errors import RequestError
from tenfold.ops import GaussianBlur, Op, Reflection, Rotation, Translation


@pytest.mark.parametrize(
    ("cls", "theirs", "ours"),
    [
        (Rotation, "limit", "degrees"),
        (Rotation, "degree", "degrees"),
        (Reflection, "p", "probability"),
        (Translation, "dx", "x"),
        (GaussianBlur, "severity", "sigma"),
    ],
)
def test_the_parameter_that_is_meant_is_named(cls: type[Op], theirs: str, ours: str) -> None:
    given: dict[str, Any] = {theirs: 1}
    with pytest.raises(RequestError, match=rf"{cls.name}: .*'{theirs}'; did you mean '{ours}'\?"):
        cls(**given)


def test_where_none_is_near_all_are_told() -> None:
    given: dict[str, Any] = {"zzz": 1}
    with pytest.raises(RequestError, match=r"'zzz'; it has .*degrees.*multiples_of"):
        Rotation(**given)


def test_ops_are_copied_and_pickled_as_before() -> None:
    op = Rotation(degrees=3)
    assert copy.deepcopy(op) == op == pickle.loads(pickle.dumps(op)) == dataclasses.replace(op)
